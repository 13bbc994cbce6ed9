"""Keys of the list and the item that the other files do not press: marks, likeness, later, repeat, pages, the mouse."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
import pytest

from modtui.desk.events import ItemsChanged
from modtui.domain.items import Body, Dossier, Item, Member, Note, Penalty
from modtui.text import Foreign
from tests.core.fakes import START_MS, FakeBackend, make_item, until
from tests.ui.world import PictureBackend, golden, rows, stage

pytestmark = pytest.mark.anyio


async def test_a_sequence_shows_what_may_follow(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await it.press("g")
        hint = it.lines()[-1]
        assert "g then" in hint and "g first" in hint and "q questions" in hint
        await it.press("p")
        await it.shows("Nothing is waiting in Pending.")


def wave(backend: FakeBackend) -> list[Item]:
    """Near-identical posts, and one that only speaks of them."""
    community = backend.connection.community
    texts = (
        "Genuine licence keys 80% off for all versions, message me now and save money today",
        "Genuine license keys 80 % off for all versions, message me now and save money today!",
        "genuine licence keys 75% off for all versions, message me now and save money today",
        "Warning, somebody writes genuine licence keys 80% off for all versions, message me now and save - a fraud",
        "Which keyboard do you all use?",
    )
    return [
        make_item(community, str(9000 + n), author=f"keybyte{n}", text=text, title=Foreign(f"Thread {n}"))
        for n, text in enumerate(texts)
    ]


async def test_alike_posts_are_listed_least_alike_first_and_doubtful_ones_are_not_marked(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        items = wave(first.backend)
    async with stage(tmp_path / "b", size=(80, 24), items=items) as it:
        await it.press("X")
        await it.shows("NOT marked: 1.")
        golden("alike", it.text())
        lines = it.lines()
        assert "3 MARKED" in lines[1] and "least alike first" in lines[1]
        assert "Warning, somebody writes" in lines[3] and lines[3].startswith(">  ")
        assert "Which keyboard" not in it.text()
        await it.press("M")
        await it.shows("Only the 3 marked items")
        assert "Warning" not in it.text()
        await it.press("M")
        await it.shows("Warning")
        await it.press("!")
        await it.shows("SPAM: remove 3 posts by 3 accounts?")
        await it.press("b")
        await it.shows("Type 3 to go on")
        await it.press("3", "enter")
        await it.shows("Removed 3 posts")
        await it.press("u")
        await it.shows("Taken back: 3 posts")
        await it.press("escape", "g", "v")
        await it.shows("3 marked again.")


async def test_one_forgotten_mark_asks_which(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("x", "j", "j", "a")
        assert "1 post is marked (#4121), you see #4123. Keep which?" in it.flat()
        await it.press("t")
        await it.shows("Kept #4123")
        assert "1 MARKED" in it.lines()[1]
        await it.press("k", "B")
        assert "A ban is for one item at a time" in it.flat()


async def test_ranges_and_all(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("v", "j", "j", "v")
        await it.shows("3 more marked, 3 in all.")
        await it.press("v", "q")
        await it.shows("The range is forgotten.")
        await it.press("*")
        await it.shows("7 marked.")
        await it.press("*")
        await it.shows("No marks. g v brings them back.")
        await it.press("space", "space")
        assert "2 MARKED" in it.lines()[1] and it.lines()[7].startswith(">")


async def test_later_until_it_changes(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("b", "4")
        await it.shows("#4121 comes back when it changes.")
        assert "later, when it changes: Export bricht ab" in it.text()
        it.site.change("4121", source=Foreign("Edited since."), edits=1)
        await it.press("R")
        await until(lambda: not it.desk.state_of(rows(it.backend)[0].id).letter)


async def test_repeating_what_reached_a_person_opens_the_line_filled_in(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("d", "b", "3")
        await it.shows("Removed #4121 by pixelwurm, reason 3, ban 7 days, message.")
        decision = it.desk.store.journal.history(1)[0]
        told = decision.targets[0].intent(decision.intent).message or ""
        assert "Dauer der Einschränkung deines Kontos: 7 Tage\n- Sie endet: Tue 21 Nov" in told
        await it.press(".")
        await it.shows("REMOVE this 1 post by quietbyte77")
        assert "[x] ban 7 days" in it.text() and ">3 hate" in it.text()
        assert it.desk.outbox().held == 1, "nothing is decided by opening it"
        await it.press("enter")
        await it.shows("Removed #4122 by quietbyte77, reason 3, ban 7 days, message.")
        await it.press("i", ".")
        assert it.desk.outbox().held == 4, "what reached nobody is repeated at once"
        await it.press("g", "b")
        await it.shows("held.")


class KnownBackend(PictureBackend):
    """A member about whom the site tells more than its list."""

    asked = 0

    async def dossier(self, member: str) -> Dossier:
        self.asked += 1
        return known(member)


def known(native: str, *, more: bool = True) -> Dossier:
    """What is known of the author, before and after a colleague acted."""
    who = Member(native=native, username=Foreign("pixelwurm"), posts=812, removed=1, since_ms=START_MS - 10**10)
    before = Dossier(member=who, bio=Foreign("I like backups."))
    ban = Penalty(kind="ban", until_ms=START_MS + 10**9, by=Foreign("kestrel"), reason=Foreign("spam"))
    note = Note(id="1", by=Foreign("kestrel"), text=Foreign("helps a lot"), created_ms=START_MS)
    after = msgspec.structs.replace(before, member=msgspec.structs.replace(who, penalties=(ban,)), notes=(note,))
    return after if more else before


async def test_the_author_is_fetched_when_the_page_opens(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=KnownBackend) as it:
        await it.press("p")
        await it.shows("I like backups.")
        assert isinstance(it.backend, KnownBackend) and it.backend.asked == 1
        assert "banned until Sun 26 Nov 12:00 by kestrel, spam" in it.text()
        assert "kestrel now: helps a lot" in it.text()


async def test_links_are_harmless_until_asked(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        item = rows(first.backend)[0]
    html = '<p><a href="https://xn--hrbour-bua.example/login">harbour.example/login</a> and @bo <img src="/x.png"></p>'
    item = msgspec.structs.replace(item, body=Body(Foreign(html), "html"))
    async with stage(tmp_path / "b", size=(80, 24), items=[item]) as it:
        await it.press("f")
        await it.shows("hxxps://xn--hrbour-bua[.]example/login")
        golden("page-links-imitating", it.text())
        await it.press("y")
        await it.shows("The harmless form: sent to your terminal's clipboard.")
        assert it.app.clipboard == "hxxps://xn--hrbour-bua[.]example/login"
        await it.press("Y", "n")
        assert it.app.clipboard.startswith("hxxps"), "the real one is copied only after a yes"
        await it.press("Y", "y")
        assert it.app.clipboard == "https://xn--hrbour-bua.example/login"


async def test_the_mouse_moves_opens_and_changes_the_lane_but_never_decides(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await it.pilot.click("#list", offset=(20, 3))
        await it.shows("#4123 reported post by jardin_libre")
        await it.pilot.click("#list", offset=(20, 3))
        await it.rest()
        assert "enter read" not in it.lines()[-1], "a second click reads the item"
        await it.press("q")
        await it.pilot.click("#bars", offset=(it.lines()[0].index("2 Pending") + 2, 0))
        await it.shows("Nothing is waiting in Pending.")
        await it.pilot.click("#bars", offset=(it.lines()[0].index("1 Reports") + 2, 0))
        await it.shows("#4123 reported post by jardin_libre")
        assert it.desk.outbox().held == 0


async def test_several_communities(tmp_path: Path) -> None:
    def second(backend: FakeBackend) -> list[Item]:
        community = backend.connection.community
        names = ("lagooner", "超長いユーザー名前前前前前", "x" * 60)
        titles = ("日本語のタイトルはとても長いので切られるはずです", "👩‍👩‍👧‍👦 family", "e\u0301" * 90)
        return [
            make_item(community, str(9001 + n), author=name, title=Foreign(title))
            for n, (name, title) in enumerate(zip(names, titles, strict=True))
        ]

    async with stage(tmp_path, size=(80, 24), second=second) as it:
        assert "all communities" in it.lines()[0] and "REPORTS 10" in it.lines()[0]
        await it.press("G")
        await it.shows("lagoon | ")
        golden("wide-signs", it.text())
        await it.press(">", ">")
        assert it.lines()[0].startswith(" lagoon") and "REPORTS 3" in it.lines()[0]
        await it.press("<")
        assert it.lines()[0].startswith(" harbour")
        await it.press("g", "c", "2")
        assert it.lines()[0].startswith(" lagoon")
        await it.press("0", "g", "g", "x", "G", "x", "i")
        await it.shows("1 in harbour, 1 in lagoon.")
        await it.press("y")
        await it.shows("Ignored 2 posts")


async def test_the_editor_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        item = msgspec.structs.replace(rows(first.backend)[1], lane="pending", kind="held post")
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("VISUAL", str(script))
    async with stage(tmp_path / "b", size=(80, 24), items=[item]) as it:
        await it.press("2", "E")
        await it.shows("> Text of #4122")
        await it.press(*"New ")
        await it.press("ctrl+g")
        assert "what you wrote is kept" in it.flat()
        await it.press("E")
        await it.shows("This is your draft from before.")
        assert "New Genuine licence keys" in it.text()
        await it.press("ctrl+e")
        await it.shows("cannot be started" if os.name == "nt" else "The editor")
        assert "New Genuine licence keys" in it.text(), "a failing editor costs nothing"
        await it.press("ctrl+o")
        await it.shows("Edited #4122")
        assert it.desk.is_sender(it.desk.communities[0].id), "sending goes on"


async def test_the_item_under_the_cursor_vanishes(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await it.press("j")
        id = it.desk.view("reports", community=it.desk.communities[0].id).id_at(1)
        await it.desk.store.cache.drop_items([id])
        it.desk.events.tell(ItemsChanged((id,)))
        await it.shows("This item is not here any more.")
        await it.press("a")
        await it.shows("There is nothing here to decide on.")
        await it.press("j")
        await it.shows("#4123 reported post")

