"""Every state has a look of its own: empty, filtered, down, signed out, conflict, batch, taken, leftovers."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from modtui.domain.items import Claim, Member
from modtui.domain.subjects import SubjectRef
from modtui.errors import AuthError, ModtuiError, NetworkError, RateLimited, RightsError, SiteError, WrongSite
from modtui.text import Foreign
from tests.core.fakes import START_MS, until
from tests.ui.world import HOUR, golden, rows, stage

pytestmark = pytest.mark.anyio


async def test_an_empty_lane_accounts_for_everything(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("a", "a", "d", "2", "b", "1", "b", "m", "i", "i")
        assert "All caught up" not in it.text(), "rows that wait or were put aside are still listed"
        await it.clock.advance(70)
        await until(lambda: it.desk.outbox().on_their_way == 0)
        await it.shows("Nothing is waiting in Reports.")
        text = it.flat()
        assert "You decided 5 in 1 min: kept 2, ignored 2, removed 1." in text
        assert "1 put aside" in text and "at 23:13" in text
        assert "1 not for me" in text
        assert "F is:mine shows all 2" in text
        assert "q leave (it asks)" in it.lines()[-1]
        await it.press("F", *"is:mine", "enter")
        await it.shows("later, back in")
        await it.shows("not for me")
        await it.press("F", *["backspace"] * 7, *"is:marked", "enter")
        await it.shows("Nothing matches is:marked.")
        assert "2 others are hidden. Esc clears the filter" in it.text()


async def test_the_empty_lane_says_what_is_not_out_yet_and_where_to_go(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        backend = first.backend
        held = msgspec.structs.replace(rows(backend)[1], lane="pending", kind="held post")
    async with stage(tmp_path / "b", size=(80, 24), items=[held]) as it:
        await it.shows("Nothing is waiting in Reports.")
        golden("empty-elsewhere", it.text())
        await it.press("2")
        await it.shows("quietbyte77")
        assert "approve" in it.lines()[-1]


TROUBLE: dict[str, tuple[ModtuiError, str, str]] = {
    "offline": (NetworkError("The site cannot be reached.", sent=False), "OFFLINE since 22:13", "You can go on. "),
    "down": (SiteError("It stumbled.", status=503), "SITE DOWN (503) since 22:13", "You can go on. "),
    "signed-out": (AuthError("The key was withdrawn."), "SIGNED OUT: modtui login harbour", "sign in, and come back"),
    "no-rights": (RightsError("No queue for you."), "NO RIGHTS since 22:13", "Ask an administrator"),
    "wrong-site": (WrongSite("It answers HTML."), "WRONG SITE since 22:13: It answers HTML.", "modtui doctor"),
    "too-fast": (RateLimited("Too fast.", wait_s=24), "TOO FAST: the site asks to wait 24 s", ""),
}


@pytest.mark.parametrize("name", TROUBLE)
async def test_trouble_of_the_line_has_its_own_words(tmp_path: Path, name: str) -> None:
    error, top, notice = TROUBLE[name]
    async with stage(tmp_path, size=(80, 24)) as it:
        it.site.down = error
        await it.press("R")
        await it.shows(top)
        assert error.message in it.lines()[-2], "the message line says why"
        if notice:
            assert notice in it.flat()
            assert it.lines()[2].endswith("as of 22:13")
        if name == "offline":
            golden("offline", re.sub(r"try in \d s", "try in 2 s", it.text()))
        await it.press("a")
        await it.shows("Kept #4121")
        assert "Waits" in it.text() and "u takes it back (free)" in it.flat()
        if notice:
            assert notice.split()[0] in it.text(), "it stands long enough to be read"
            await it.clock.advance(3)
            await it.press("j")
            assert notice not in it.flat(), "once per outage"
        it.site.down = None
        await it.press("u")
        await it.shows("Taken back")


async def test_the_page_of_a_conflict(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("a")
        await it.clock.advance(12)
        it.site.change("4121", source="Sorry, war ein langer Tag.", edits=1, edited_ms=START_MS + 5000)
        await it.clock.advance(30)
        await it.shows("Not sent: #4121 is not what you saw")
        assert "conflict 1: U" in it.lines()[1]
        await it.press("k", "enter")
        await it.shows("Your decision was NOT sent, because the post is not what you saw.")
        await it.shows("the text was edited")
        golden("conflict", it.text())
        await it.press("t")
        await it.shows("Dropped: theirs stays.")
        assert it.on_site("4121") == "open"
        await it.press("q")
        assert "conflict" not in it.lines()[1]


async def test_a_conflict_where_the_site_takes_no_second_decision(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("a")
        await it.clock.advance(12)
        it.site.handle("4121", "removed", "kestrel")
        it.site.change("4121", handled_ms=START_MS + 12_000)
        await it.clock.advance(30)
        await it.shows("conflict 1: U")
        await it.press("U", "enter")
        await it.shows("kestrel removed it")
        assert "not possible: It was handled already" in it.text()
        assert "m send mine" not in it.lines()[-1]
        await it.press("m")
        await it.shows("It was handled already.")
        assert it.site.writes == []


async def test_a_decision_on_many_shows_how_far_it_is(tmp_path: Path) -> None:
    async with stage(tmp_path / "one") as first:
        one = rows(first.backend)[1]
    many = [
        msgspec.structs.replace(one, ref=SubjectRef(one.ref.community, "post", str(n)), number=str(n))
        for n in range(5000, 5006)
    ]
    async with stage(tmp_path / "two", size=(80, 24), items=many) as it:
        it.site.faults.extend(["refuse", "", "rate"])
        await it.press("*")
        assert " 6 MARKED " in it.lines()[1]
        await it.press("i", "y")
        await it.shows("Ignored 6 posts")
        await it.clock.advance(16)
        await it.shows("batch 2 of 6, refused 1")
        for _ in range(12):
            await it.clock.advance(10)
            await it.rest()
        await it.shows("6 posts decided: 5 ignored, 1 not: U shows them.")
        assert "failed 1: U" in it.lines()[1]
        await it.press("U")
        await it.shows("half")
        await it.press("enter")
        await it.shows("The site says no")


async def test_mine_over_many_conflicts_is_one_question_that_types_the_number(tmp_path: Path) -> None:
    async with stage(tmp_path / "one") as first:
        one = rows(first.backend)[1]
    many = [
        msgspec.structs.replace(one, ref=SubjectRef(one.ref.community, "post", str(n)), number=str(n))
        for n in range(5000, 5003)
    ]
    async with stage(tmp_path / "two", items=many) as it:
        await it.press("*", "i", "y")
        await it.shows("Ignored 3 posts")
        for n in range(5000, 5003):
            it.site.change(str(n), source="Something else.", edits=1)
        await it.clock.advance(30)
        await it.shows("conflict 3: U")
        await it.press("U", "m")
        await it.shows("Type 3 to go on: yours goes out for all 3 that changed")
        await it.press("2", "enter")
        await it.shows("2 is not 3: nothing was done.")
        assert it.site.writes == []
        await it.press("m", "3", "enter")
        await until(lambda: [it.on_site(str(n)) for n in range(5000, 5003)] == ["ignored"] * 3)


async def test_what_others_do_while_i_read(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("enter")
        it.site.change("4121", claim=Claim(by=Foreign("kestrel"), since_ms=START_MS))
        await it.press("R")
        await it.shows("kestrel took this while you were reading.")
        await it.shows("TAKEN by kestrel just now")
        assert "Das ist jetzt das dritte Mal" in it.text(), "the text does not vanish"
        await it.press("d", "2")
        await it.shows("Remove it anyway? y/N")
        await it.press("n")
        assert it.desk.outbox().held == 0
        it.site.handle("4121", "removed", "kestrel")
        await it.press("R")
        await it.shows("kestrel removed #4121 while you were reading. Nothing of yours was sent.")
        await it.press("q")
        assert any("removed by kestrel" in line for line in it.lines()), "the row stays until it is left"
        await it.press("a")
        await it.shows("not possible here")


async def test_old_decisions_are_asked_about_at_the_start(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("a")
        await it.shows("Kept #4121")
    async with stage(tmp_path, size=(80, 24), resume_after_s=-1) as it:
        await it.shows("NOT SENT (1)")
        golden("leftovers", it.text())
        await it.press("a")
        await it.shows("a does nothing here")
        await it.press("q")
        await it.shows("waiting 1: g o")
        assert it.on_site("4121") == "open"


async def test_a_sign_up_shows_what_the_new_member_wrote(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        row = rows(first.backend)[1]
    text = Foreign("username: newcomer\nbio: I sell the best SEO packages.\nwebsite: https://seo.example")
    body = msgspec.structs.replace(row.body, text=text) if row.body is not None else None
    author = Member(native="9", username=Foreign("newcomer"), name=Foreign("Real Name"), since_ms=START_MS - HOUR)
    sign_up = msgspec.structs.replace(
        row, lane="pending", kind="sign-up", author=author, body=body, source=text, title=Foreign("newcomer")
    )
    async with stage(tmp_path / "b", size=(80, 24), items=[sign_up]) as it:
        await it.press("2", "enter")
        await it.shows("new account")
        golden("sign-up", it.text())


async def test_an_anonymous_author_is_named_to_moderators_only(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        row = msgspec.structs.replace(rows(first.backend)[0], anonymous=True)
    for size in ((80, 24), (120, 40)):
        async with stage(tmp_path / str(size), size=size, items=[row]) as it:
            await it.shows("members see no name")
            await it.press("enter")
            await it.shows("members see no name")
