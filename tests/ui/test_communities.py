"""Several communities on the screen: one queue, batches over them, and how each stands."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Budget
from modtui.desk.overview import Absent
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import Item
from modtui.errors import AuthError, NetworkError, Refused
from modtui.text import Foreign
from tests.core.fakes import START_MS, FakeBackend, FakeWire, make_item, until
from tests.ui.world import HOUR, PictureBackend, Stage, golden, offers, stage

pytestmark = pytest.mark.anyio

HAS_NOT = ("ban", "note")


class Differing(PictureBackend):
    """The lagoon's platform has neither bans nor notes."""

    def plan(self, item: Item, intent: Intent) -> Plan:
        lacks = "lagoon" in self.connection.url
        if lacks and (intent.verb in HAS_NOT or intent.sanction is not None):
            raise Refused("This platform has no such action.")
        return super().plan(item, intent)

    async def identify(self):  # type: ignore[no-untyped-def]
        if "lagoon" in self.connection.url:
            verbs = {name: able for name, able in self._capabilities.verbs.items() if name not in HAS_NOT}
            self._capabilities = msgspec.structs.replace(self._capabilities, verbs=verbs)
        return await super().identify()


def lagoon(backend: FakeBackend) -> list[Item]:
    """Three reports of another community, of different ages."""
    community = backend.connection.community
    named = (("lagooner", "Wave of spam"), ("bo", "A question that is none"), ("cy", "Third thing"))
    return [
        make_item(
            community, str(9001 + n), author=author, title=Foreign(title), offers=offers(),
            since_ms=START_MS - (3 + n * 9) * HOUR, language="en",
        )
        for n, (author, title) in enumerate(named)
    ]  # fmt: skip


def place(it: Stage) -> str:
    """The first word of line 1."""
    return it.lines()[0].split()[0]


@pytest.mark.parametrize(("size", "name"), [((80, 24), "all-narrow"), ((130, 32), "all-wide")])
async def test_one_queue_says_of_each_row_whose_it_is(tmp_path: Path, size: tuple[int, int], name: str) -> None:
    async with stage(tmp_path, size=size, second=lagoon) as it:
        await it.press("j", "j")
        await it.shows("lagoon")
        rows = [line[2:7].strip() for line in it.lines()[3:9]]
        assert rows == ["har", "har", "lag", "har", "har", "lag"], "by what is due, whichever community it is"
        assert "REPORTS 10" in it.lines()[0]
        golden(name, it.text())
        await it.press("enter")
        await it.shows("lagoon (Fake)")


async def test_in_16_colours_and_in_none_the_letters_tell(tmp_path: Path) -> None:
    for theme in ("ansi", "plain"):
        async with stage(tmp_path / theme, size=(80, 24), second=lagoon, theme=theme) as it:
            assert {line[2:7].strip() for line in it.lines()[3:9]} == {"har", "lag"}


async def test_the_cursor_stands_in_each_community_where_it_stood(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), second=lagoon) as it:
        await it.press("j", "j", "j")
        assert "jardin_libre" in it.text()
        await it.press(">", ">", "j")
        assert place(it) == "lagoon" and " co " not in it.lines()[2]
        there = it.desk.view("reports", community=it.desk.communities[1].id).id_at(1)
        await it.press("0")
        assert place(it) == "all" and " co " in it.lines()[2]
        assert "jardin_libre" in next(line for line in it.lines() if line.startswith(">"))
        await it.press("<")
        assert it.app.screen.current_id == there  # type: ignore[attr-defined]


async def test_the_filter_keeps_to_a_community(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon) as it:
        await it.press("F", *"community:lag", "enter")
        await it.shows("3 match; 7 others are hidden")
        await it.press("F", "space", *"author:nobody", "enter")
        await it.shows("Nothing matches")
        await it.press("escape", "F", *"community:swamp", "enter")
        await it.shows("There are harbour, lagoon.")


async def test_a_batch_over_two_platforms_says_what_does_not_offer_it(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon, backend_type=Differing) as it:
        await it.press("x", "j", "x", "j", "x", "d", "b")
        await it.shows("lagoon: this platform has no such action")
        await it.press("q", "m", *"seen", "enter")
        await it.shows("2 in harbour, 1 in lagoon.")
        assert "1 of 3 stays as it is: lagoon (Fake) has no note." in it.flat()
        await it.press("y")
        await it.shows("1 left out")
        assert len(it.desk.outbox().decisions[0].targets) == 2


async def test_one_decision_one_undo_one_line_of_the_journal(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon, backend_type=Differing) as it:
        await it.press("x", "j", "j", "x", "d", "1")
        await it.shows("1 in harbour, 1 in lagoon.")
        await it.press("y")
        await it.shows("Removed 2 posts")
        await it.press("U")
        await it.shows("2 posts: 1 har, 1 lag")
        assert "(1 harbour, 1 lagoon)" in it.flat()
        await it.press("enter")
        await it.shows("lagoon #9003")
        await it.press("q", "q", "u")
        await it.shows("Taken back: 2 posts are open again")
        assert it.desk.outbox().held == 0


async def test_one_line_that_is_down_leaves_the_rows_of_the_other_as_they_are(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon) as it:
        sites = [one.backend.site for one in it.desk.communities]  # type: ignore[attr-defined]
        sites[1].down = NetworkError("lagoon.example cannot be reached.")
        await it.press("R")
        await it.shows("lagoon: lagoon.example cannot be reached. The others are up to date.")
        assert "lag as of" in it.text() and "lagoon: OFFLINE since" in it.text()
        assert "The others go on as usual." in it.flat()
        await it.press("x", "j", "j", "x", "i", "y")
        await it.shows("lagoon is offline: 1 there waits until it is back.")
        await it.clock.advance(16)
        await until(lambda: it.on_site("4121") == "ignored")
        assert it.desk.outbox().held == 1


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_the_page_of_communities_says_how_each_stands(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWire, "budget", property(lambda self: Budget(20, 14)))
    async with stage(tmp_path, size=size, second=lagoon) as it:
        it.desk.absent = (Absent("swamp", "openedx", "No key for swamp. modtui login swamp adds one."),)
        sites = [one.backend.site for one in it.desk.communities]  # type: ignore[attr-defined]
        sites[1].down = AuthError("The site does not know this key.")
        await it.press("x", "i", "y", "R", "g", "s")
        await it.shows("> Communities")
        await it.shows("modtui login lagoon")
        text = it.flat()
        assert size[0] < 100 or "3 communities, 1 live" in text
        assert "har harbour Fake rookmoor, moderator" in text
        assert "14 of 20 a minute" in text and "held 1" in text and "reports 6" in text
        assert "SIGNED OUT" in text and "swamp not opened" in text and "modtui login swamp adds one" in text
        sites[1].down = None
        await it.press("j", "R")
        await it.shows("lagoon is up to date.")
        await it.press("enter")
        assert place(it) == "lagoon" and "lagooner" in it.text()
        await it.press("g", "s", "0")
        assert place(it) == "all"


async def test_a_lane_that_one_of_two_has_is_possible_for_both_together(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon) as it:
        backend = it.desk.communities[1].backend
        lanes = {"reports": backend.capabilities.lane("reports"), "pending": Blocked("platform", "it has none")}
        backend._capabilities = msgspec.structs.replace(  # type: ignore[attr-defined]
            backend.capabilities, lanes=lanes
        )
        await it.press("2")
        await it.shows("Nothing is waiting in Pending.")
        await it.press(">", ">")
        await it.shows("Pending is not possible here.")


async def test_an_item_of_the_journal_is_shown_in_its_own_community(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40), second=lagoon) as it:
        await it.press(">", ">", "i")
        await it.shows("Ignored #")
        await it.press("<", "g", "b")
        assert place(it) == "lagoon"


async def test_leaving_does_not_wait_in_vain_for_a_site_that_is_down(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), second=lagoon) as it:
        it.desk.communities[1].backend.site.down = NetworkError("No line.")  # type: ignore[attr-defined]
        await it.press("R")
        await it.shows("OFFLINE")
        await it.press("x", "j", "j", "x", "i", "y")
        await it.shows("Ignored 2 posts")
        await it.press("q", "s")
        await until(lambda: it.on_site("4121") == "ignored", "the harbour's part")
        await it.clock.advance(3)
        await it.shows("1 for lagoon cannot go out now. x leaves: it waits for the next start.")
        await it.press("ctrl+g")
        await it.shows("Still here.")
