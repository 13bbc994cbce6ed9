"""The composer: from a key to the site, with nothing lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.color import ColorType

from modtui.domain.decisions import Answer
from modtui.domain.items import Answered, Body, Question
from modtui.screens.compose.screen import ComposerPage
from modtui.text import Foreign
from tests.core.fakes import START_MS, until
from tests.ui.test_colours import kinds
from tests.ui.world import Stage, golden, stage
from tests.ui.writing import WritingBackend, question

pytestmark = pytest.mark.anyio

NARROW, WIDE = (80, 24), (160, 45)


def site(tmp_path: Path, size: tuple[int, int] = NARROW, **how: Any) -> Any:
    """A stage with one question in German."""
    return stage(tmp_path, size=size, backend_type=WritingBackend, items=[], second=None, **how)


async def ask(it: Stage, **fields: Any) -> WritingBackend:
    """Put the question there and open the lane of questions."""
    backend = it.backend
    assert isinstance(backend, WritingBackend)
    it.site.items["77"] = question(backend, **fields)
    await it.press("3")
    await it.shows("Umlaute kaputt")
    return backend


async def write(it: Stage, text: str) -> None:
    """Open the composer and type."""
    await it.press("r")
    await until(lambda: isinstance(it.app.screen, ComposerPage))
    await typed(it, text)


async def typed(it: Stage, text: str) -> None:
    """Type as fast as a terminal sends."""
    for sign in text:
        it.app.simulate_key(sign)
    await it.rest()


async def kept(it: Stage, text: str) -> None:
    """Wait until the newest draft is this text."""
    await until(lambda: [one.text for one in it.desk.drafts.all()][:1] == [text], f"a draft {text!r}", 30)


async def test_a_saved_reply_in_the_askers_language_takes_five_keys(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await it.press("r", "ctrl+t", "enter", "ctrl+o", "enter")
        await it.shows("u takes it back and opens the text again")
        await it.clock.advance(61)
        await until(lambda: backend.sent(), seconds=30)
        (sent,) = backend.sent()
        assert sent["text"].startswith("Hallo @zimtstern,") and "rookmoor" in sent["text"]
        assert sent["audience"] == "public" and not sent["accept"] and not sent["close"]
        await until(lambda: not it.desk.drafts.all(), "no draft is left of what was sent", 30)


async def test_keys_typed_ahead_are_not_lost(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        for key in ("r", *"Hallo!", "ctrl+o", "enter"):
            it.app.simulate_key(key)
        await it.shows("u takes it back and opens the text again")
        await it.clock.advance(61)
        await until(lambda: [one["text"] for one in backend.sent()] == ["Hallo!"], seconds=30)


async def test_keys_that_move_and_delete_keep_their_turn(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "")
        for key in ("a", "c", "left", "b", "end", "x", "backspace", "d", "enter", "e", "home", "f", "ctrl+z"):
            it.app.simulate_key(key)
        await kept(it, "abcd\ne")


async def test_leaving_keeps_the_draft_and_r_offers_it_beside_a_new_text(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "first")
        await it.press("ctrl+g")
        await it.shows("the draft is kept")
        await it.shows(">d")
        await it.press("r")
        await it.shows("1 DRAFT OF YOURS WAITS FOR #77")
        await it.press("n", *"second")
        await kept(it, "second")
        await it.press("ctrl+g", "r", "2")
        await until(lambda: isinstance(it.app.screen, ComposerPage))
        await it.shows("first")
        await it.press("ctrl+g")
        assert sorted(one.text for one in it.desk.drafts.all()) == ["first", "second"]
        await it.press("g", "d")
        await it.shows("2 drafts")
        golden("page-drafts", it.text())
        await it.press("D")
        await it.shows("Throw away this draft")
        await it.press("y")
        await it.shows("1 draft,")
        await it.press("enter")
        await until(lambda: isinstance(it.app.screen, ComposerPage))
        await it.press("ctrl+g", "q")
        assert len(it.desk.drafts.all()) == 1


async def test_an_empty_text_leaves_no_draft(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "a")
        await kept(it, "a")
        await it.press("backspace", "ctrl+g")
        await it.shows("nothing was written")
        await until(lambda: not it.desk.drafts.all(), seconds=30)


async def test_u_opens_the_text_again(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "Hallo Welt")
        await it.press("ctrl+o", "enter")
        await it.shows("u takes it back and opens the text again")
        await it.press("u")
        await until(lambda: isinstance(it.app.screen, ComposerPage), seconds=30)
        await it.press("!")
        await kept(it, "Hallo Welt!")
        await it.clock.advance(100)
        assert backend.sent() == []


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    name = "narrow" if size == NARROW else "wide"
    async with site(tmp_path, size) as it:
        backend = await ask(it)
        backend.busy = ("tobin_b",)
        await write(it, "Hallo **zimtstern**, siehe {link}.")
        await it.shows("{link} is empty")
        await it.shows("tobin_b is WRITING HERE")
        await it.clock.advance(1)
        await it.shows("draft saved")
        await until(lambda: not it.desk.drafts.saving)
        it.app.screen.refresh_top()
        await it.rest()
        golden(f"composer-{name}", it.text())
        await it.press("ctrl+t")
        await it.shows("House rules")
        golden(f"composer-picker-{name}", it.text())
        await it.press("ctrl+g", *["backspace"] * 7, "ctrl+o")
        await it.shows("SEND this PUBLIC REPLY")
        golden(f"composer-send-{name}", it.text())


async def test_an_empty_placeholder_blocks_and_a_solved_thread_fills_it(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "Siehe {link}!")
        await it.press("ctrl+o")
        await it.shows("{link} is empty: it cannot be sent like this.")
        assert it.desk.outbox().held == 0
        await typed(it, "hier")
        await kept(it, "Siehe hier!")


async def test_similar_threads_are_one_key_from_being_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        found = Answered(id="9", title=Foreign("CSV [mit] Umlauten"), url="https://harbour.example/t/9",
                         by=Foreign("tante_erna"), thanks=14, at_ms=START_MS - 86_400_000, language="de")  # fmt: skip
        monkeypatch.setattr(it.desk.solved, "known", lambda item: (found,))
        await write(it, "Siehe {link} und ")
        await it.press("ctrl+t")
        await it.shows("solved by tante_erna, 24h, 14 thanks, DE")
        await it.press("enter")
        await kept(it, "Siehe https://harbour.example/t/9 und ")
        await it.press("end", "ctrl+t", *"umlauten", "enter")
        await kept(it, "Siehe https://harbour.example/t/9 und [CSV \\[mit\\] Umlauten](https://harbour.example/t/9)")


async def test_the_picker_filters_shows_gaps_and_previews(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "replies"
    folder.mkdir(parents=True)
    (folder / "csv-encoding.en.md").write_text("---\ntitle: CSV encoding\nkeys: csv\n---\nUse *UTF-8*, {author}.\n")
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "")
        await it.press("ctrl+t")
        lines = it.lines()
        assert lines.index(next(line for line in lines if "Einzelheiten" in line)) < lines.index(
            next(line for line in lines if "CSV encoding" in line)
        ), "the asker's language comes first"
        await typed(it, "csv")
        await it.shows("no DE")
        await it.shows("Use UTF-8, zimtstern.")
        await typed(it, "qqq")
        await it.shows("Nothing fits what is typed.")
        await it.press("enter", "backspace", "backspace", "backspace", "enter")
        await kept(it, "Use *UTF-8*, zimtstern.")


async def test_a_note_that_becomes_public_asks_once(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "")
        await it.press("ctrl+r")
        await it.shows("STAFF NOTE  about zimtstern")
        await it.press(*"secret", "ctrl+r")
        await it.shows("PRIVATE MESSAGE  only to zimtstern")
        await it.press("ctrl+r")
        await until(lambda: "Make it a PUBLIC REPLY, that everybody can read? y/N" in it.flat(), it.text())
        await it.press("n")
        await it.shows("PRIVATE MESSAGE  only to zimtstern")
        await it.press("ctrl+r", "y")
        await it.shows("PUBLIC REPLY  to zimtstern")
        await it.press("ctrl+r", "ctrl+r", "ctrl+r")
        assert "y/N" not in it.text(), "it asks once"
        await it.press("ctrl+r", "ctrl+o", "enter")
        await it.clock.advance(61)
        await until(lambda: [one["audience"] for one in backend.sent()] == ["staff"], seconds=30)


async def test_kinds_that_the_site_lacks_are_not_chosen(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        backend._capabilities = replace(backend._capabilities, features={})
        await write(it, "")
        await it.press("ctrl+r")
        await it.shows("Only a public reply is possible here: this platform has no such thing.")
        await it.shows("(staff note)")


async def test_the_send_line_marks_the_answer_and_dims_what_cannot_be(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "So geht es.")
        await it.press("ctrl+o")
        await it.shows("not possible: closing needs trust 4 or")
        await it.press("c")
        await until(lambda: "closing needs trust 4 or staff." in it.flat(), it.text())
        assert it.desk.outbox().held == 0
        await it.press("q")
        await it.press(*" Gut.", "ctrl+o", "a")
        await it.shows("as the answer")
        await it.clock.advance(61)
        await until(lambda: backend.sent(), seconds=30)
        assert backend.sent()[0]["accept"] and backend.sent()[0]["text"] == "So geht es. Gut."


async def test_an_answer_by_another_is_shown_before_sending(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "Hallo")
        old = backend.site.items["77"]
        assert isinstance(old.question, Question)
        it.site.change("77", question=replace(old.question, last="502", last_by=Foreign("tobin_b"),
                                              last_ms=START_MS + 5000))  # fmt: skip
        await it.desk.refresh("questions")
        await it.shows("tobin_b HAS ANSWERED HERE")
        await it.press("ctrl+o")
        await it.shows("SEND this PUBLIC REPLY")
        await it.shows("tobin_b HAS ANSWERED HERE")
        await it.press("enter")
        await it.clock.advance(61)
        await until(lambda: backend.sent(), "what was seen is no conflict", 30)


async def test_what_the_desk_refuses_stays_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "one")
        await it.press("ctrl+o", "enter")
        await it.shows("u takes it back and opens")
        await write(it, "two")
        await it.press("ctrl+o", "enter")
        await it.shows("NOT sent:")
        await it.shows("two")
        await kept(it, "two")


async def test_names_are_completed(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await it.shows("no answer")
        await write(it, "@bob")
        await it.shows("@bob_the_second")
        await it.press("down", "tab", *"ok #exp")
        await it.shows("#export")
        await it.press("tab")
        await kept(it, "@bobbel ok #export ")


async def test_the_preview_is_below_in_a_small_terminal(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "- **one**")
        await it.press("ctrl+p")
        await it.shows("-- as it will look")
        await until(lambda: any(line.strip() == "- one" for line in it.lines()), it.text())
        await it.press("ctrl+p")
        await until(lambda: "as it will look" not in it.text())


async def test_quoting_hostile_text_shows_and_keeps_its_signs(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it, body=Body(Foreign("a\u202eb")))
        await write(it, "")
        await it.press("ctrl+n")
        await it.shows("> a\u2039202E\u203ab")
        await kept(it, "> a\u202eb\n\n")


async def test_what_the_site_holds_for_approval_is_said_to_be_held(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        it.site.answers["reply"] = Answer(held=True, data={"pending": 1})
        await write(it, "Hallo")
        await it.press("ctrl+o", "enter")
        await it.clock.advance(61)
        await until(lambda: "holds" in it.flat() and "approval" in it.flat(), it.text(), 30)


async def test_help_and_every_small_size(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "Hallo")
        await it.press("f1")
        await it.shows("Help for the composer")
        await it.press("q")
        for size in ((60, 16), (60, 15), (200, 60), NARROW):
            await it.pilot.resize_terminal(*size)
            await it.rest()
            await it.shows("Hallo")
            await it.shows("PUBLIC REPLY")
            await it.press("ctrl+o")
            await it.shows("enter send")
            await it.press("q")


async def test_the_post_to_which_one_went_is_answered_and_quoted(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        backend = await ask(it)
        await it.press("t")
        await it.shows("1 zimtstern")
        await it.press("J")
        await it.press("r")
        await it.shows("PUBLIC REPLY  to tante_erna")
        await it.shows("| tante_erna, 2h: Use the export")
        await it.press("ctrl+n")
        await it.shows("> Use the export with *BOM*")
        await it.press("ctrl+o", "enter")
        await it.clock.advance(61)
        await until(lambda: [one["post"] for one in backend.sent()] == ["502"], seconds=30)


async def test_without_colours_the_text_is_drawn_in_the_terminals_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with site(tmp_path) as it:
        await ask(it)
        await write(it, "Hallo")
        await it.shows("Hallo")
        assert kinds(it) <= {ColorType.DEFAULT}


async def test_read_only_says_so(tmp_path: Path) -> None:
    async with site(tmp_path, read_only=True) as it:
        await ask(it)
        await it.press("r")
        await it.shows("Reply is not possible here: modtui was started read-only.")
