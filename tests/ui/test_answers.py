"""Which post is the answer, and texts that an earlier session left."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.domain.items import Question
from modtui.screens.compose.screen import ComposerPage
from modtui.text import Foreign
from tests.core.fakes import until
from tests.ui.test_composer import ask, kept, site, write
from tests.ui.world import golden

pytestmark = pytest.mark.anyio


async def test_the_last_post_is_proposed_and_another_can_be_chosen(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await it.press("A")
        await it.shows("WHICH POST ANSWERS")
        lines = it.lines()
        begin = next(n for n, line in enumerate(lines) if "WHICH POST" in line)
        golden("accept-narrow", "\n".join(lines[begin:]))
        await it.press("k", "enter")
        await it.shows("u takes it back")
        await it.clock.advance(61)
        await until(lambda: [c.args["post"] for _, c in it.site.applied if c.name == "accept"] == ["502"], seconds=30)


async def test_j_and_k_go_through_the_thread_and_the_answer_is_the_post_one_stands_on(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await it.press("enter")
        await it.shows("THREAD")
        await it.press("J")
        await it.shows(">   2 tante_erna")
        await it.press("A")
        await it.shows("WHICH POST ANSWERS")
        assert any(line.startswith(">   2 ") for line in it.lines()), it.text()
        await it.press("q", "J")
        await it.shows(">   3 bo_lind")
        await it.press("J")
        await it.shows("The last post of the thread.")
        await it.press("K")
        await it.shows(">   2 tante_erna")
        await it.press("A", "enter")
        await it.shows("u takes it back")
        await it.clock.advance(61)
        await until(lambda: [c.args["post"] for _, c in it.site.applied if c.name == "accept"] == ["502"], seconds=30)


async def test_on_the_accepted_post_the_mark_is_taken_off(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        old = backend.site.items["77"].question
        assert old is not None
        it.site.change("77", question=replace(old, accepted="503"))
        await it.desk.refresh("questions")
        await it.press("A")
        await it.shows("ACCEPTED")
        await it.press("enter")
        await it.clock.advance(61)
        await until(lambda: "unaccept" in [call.name for _, call in it.site.applied], seconds=30)


async def test_where_nobody_has_answered_there_is_nothing_to_accept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as it:
        monkeypatch.setattr("tests.ui.writing.posts_of", lambda item: ())
        await ask(it)
        await it.press("A")
        await until(lambda: "Nobody has answered yet" in it.flat(), it.text())


async def test_a_text_that_was_being_written_is_offered_at_the_start(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "Hallo, das ist")
        await kept(it, "Hallo, das ist")
        await it.desk.drafts.flush()
    async with site(tmp_path) as it:
        await it.shows("DRAFT (1)")
        await it.shows("Hallo, das ist")
        golden("start-draft", it.text())
        await it.press("enter")
        await until(lambda: isinstance(it.app.screen, ComposerPage), seconds=30)
        await it.press(*" neu", "ctrl+g")
        await until(lambda: "> Start" not in it.text(), "what was left on purpose is not asked about again")
        await it.shows("draft 1: g d")
    async with site(tmp_path) as it:
        await it.shows("1 draft waits to be sent: g d")


async def test_set_aside_until_they_write(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "Welche Version?")
        await it.press("ctrl+o", "w")
        await it.shows("u takes it back")
        await it.clock.advance(61)
        await until(lambda: backend.sent(), seconds=30)
        id = backend.site.items["77"].id
        await until(lambda: id in it.desk.aside, seconds=30)

        async def last(by: str, post: str) -> None:
            old = backend.site.items["77"].question
            assert isinstance(old, Question)
            it.site.change("77", question=replace(old, last=post, last_by=Foreign(by)))
            await it.desk.refresh("questions")
            await until(lambda: (found := it.desk.item(id)) is not None and found.question is not None
                        and found.question.last == post, seconds=30)  # fmt: skip

        await last("rookmoor", "510")
        assert id in it.desk.aside, "our own answer does not bring it back"
        await last("zimtstern", "511")
        await until(lambda: id not in it.desk.aside, "the asker does", 30)


async def test_an_answer_that_came_while_ours_was_held_stops_it_and_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "Welche Version?")
        await it.press("ctrl+o", "enter")
        await it.shows("u takes it back")
        old = backend.site.items["77"].question
        assert old is not None
        when = backend.site.clock.now_ms() + 1000
        it.site.change("77", question=replace(old, last="502", last_by=Foreign("tante_erna"), last_ms=when))
        await it.clock.advance(61)
        await it.shows("conflict 1: U")
        assert backend.sent() == []
        await it.press("U", "enter")
        await it.shows("WHAT WAS ANSWERED MEANWHILE")
        await it.shows("tante_erna: Use the export")
        await it.shows("tante_erna answered")
        golden("conflict-answer", it.text())
        await it.press("t")
        await until(lambda: [one.text for one in it.desk.drafts.all()] == ["Welche Version?"], "the text is kept", 30)
