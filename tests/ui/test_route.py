"""The route line: `e`, a letter, a note, enter. What it says is what will be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from modtui.backends.base import ChoiceKind
from modtui.domain.capability import ALLOWED, Blocked, Capabilities
from modtui.domain.decisions import Call, Intent, Plan, PlannedStep
from modtui.domain.items import Choice, Item
from modtui.errors import UsageError
from modtui.text import Foreign
from tests.core.fakes import until
from tests.core.routes_world import FakeRoute
from tests.ui.world import PictureBackend, Stage, golden, stage

pytestmark = pytest.mark.anyio


def routes() -> list[FakeRoute]:
    """Four departments, one of them out of order."""
    legal = FakeRoute("legal", "l", due_ms=4 * 3_600_000, share=False)
    legal.where, legal.stays = "e-mail to legal@harbour.example", "an e-mail that is sent stays sent"
    legal.hours = "office"
    product = FakeRoute("product", "p")
    pager = FakeRoute("security", "s", due_ms=3_600_000)
    broken = FakeRoute("broken", "b")
    broken.able = Blocked("setting", "there is no program page")
    return [product, legal, pager, broken]


class Routed(PictureBackend):
    """A site with routes of its own."""

    own_routes: tuple[Choice, ...] = (Choice(id="group:mods", title=Foreign("message to moderators")),)

    @property
    def capabilities(self) -> Capabilities:
        from msgspec.structs import replace

        found = super().capabilities
        return replace(found, verbs={**found.verbs, "escalate": ALLOWED}, features={"choices": ALLOWED})

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        return self.own_routes if kind == "route" else ()

    def plan(self, item: Item, intent: Intent) -> Plan:
        if intent.verb == "escalate":
            step = PlannedStep(call=Call("note", {"native": item.ref.native}), words="moderators written to")
            return Plan(verb="escalate", steps=(step,), reversal="none", stays=("the message stays sent",))
        return super().plan(item, intent)


class Many(Routed):
    """A site with two."""

    own_routes = (Choice(id="a", title=Foreign("assign to legal")), Choice(id="b", title=Foreign("notify staff")))


async def typed(it: Stage, text: str) -> None:
    await it.press(*("space" if sign == " " else sign for sign in text))


def by_name(found: Sequence[FakeRoute]) -> Mapping[str, FakeRoute]:
    return {one.name: one for one in found}


async def test_pictures(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), routes=routes(), backend_type=Routed) as it:
        await it.press("e")
        await it.shows("message to moderators")
        golden("route-narrow", it.text())
        await it.press("l")
        await it.shows("Note to Legal")
        await typed(it, "please advise")
        golden("route-note-narrow", it.text())


async def test_picture_of_personal_data(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), routes=routes()) as it:
        await it.press("j", "j", "j", "e")
        await it.shows("personal data")
        golden("route-private-narrow", it.text())


async def test_a_letter_a_note_and_enter(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, routes=found) as it:
        await it.press("e", "p")
        assert it.desk.outbox().held == 0, "the letter alone does not send"
        await typed(it, "look")
        await it.press("enter")
        await it.shows("Escalated #4121 by pixelwurm, to Product. u takes it back (60 s free).")
        await it.clock.advance(61)
        await until(lambda: by_name(found)["product"].got)
        [(_, sent)] = by_name(found)["product"].got
        assert sent["note"] == "look" and sent["shared"] is True
        await it.shows("to Product: sent. It cannot be taken back.")


async def test_x_keeps_the_text_here(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, routes=found, hold_override_s=0) as it:
        await it.press("e", "x", "p", "enter")
        await until(lambda: by_name(found)["product"].got)
        [(_, sent)] = by_name(found)["product"].got
        assert sent["shared"] is False and sent["text"] is None and sent["note"] is None


async def test_personal_data_travels_only_when_asked(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, routes=found, hold_override_s=0) as it:
        await it.press("j", "j", "j", "e", "p", "enter")
        await until(lambda: by_name(found)["product"].got)
        assert by_name(found)["product"].got[0][1]["text"] is None


async def test_ways_out_decide_nothing(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, routes=found) as it:
        await it.press("e", "q")
        assert "where to?" not in it.text()
        await it.press("e", "p", "ctrl+g")
        assert "where to?" in it.text(), "leaving the note goes back to the routes"
        await it.press("ctrl+g")
        assert "where to?" not in it.text()
        await it.press("e", "z")
        assert "z is no route here" in it.text()
        await it.press("b")
        assert "there is no program page" in it.flat()
        assert it.desk.outbox().held == 0 and all(not route.tries for route in found)


async def test_the_sites_own_stands_under_e(tmp_path: Path) -> None:
    async with stage(tmp_path, backend_type=Routed, hold_override_s=0) as it:
        await it.press("e")
        await it.shows("message to moderators")
        await it.press("e")
        await it.shows("Note to message to moderators")
        await it.press("enter")
        await until(lambda: [call.name for _, call in it.site.applied] == ["note"])


async def test_several_of_the_sites_own_have_a_page(tmp_path: Path) -> None:
    async with stage(tmp_path, backend_type=Many, routes=routes()) as it:
        await it.press("e")
        await it.shows("the site itself: assign to legal, notify staff")
        await it.press("e")
        await it.shows("notify staff")
        assert "Product" not in it.text()
        await it.press("q")
        await it.shows("Product")
        await it.press("e", "b")
        await it.shows("Note to notify staff")


async def test_more_than_fits_has_pages(tmp_path: Path) -> None:
    class Crowded(Routed):
        own_routes = tuple(Choice(id=f"g{n}", title=Foreign(f"message to group {n:02}")) for n in range(20))

    async with stage(tmp_path, size=(80, 24), backend_type=Crowded) as it:
        await it.press("e")
        await it.shows("the site itself:")
        await it.press("e")
        await it.shows("group 00")
        assert "group 19" not in it.text() and "send the post's text along" in it.text()
        await it.press("space")
        await it.shows("group 19")
        await it.press("v")
        await it.shows("Note to message to group 19")
        assert "Goes out in 60 s" in it.flat()


async def test_a_note_that_the_site_does_not_take_is_asked_again(tmp_path: Path) -> None:
    class Choosy(Routed):
        def plan(self, item: Item, intent: Intent) -> Plan:
            if intent.verb == "escalate" and len(intent.text or "") < 5:
                raise UsageError("Say in a few words what they shall do.")
            return super().plan(item, intent)

    async with stage(tmp_path, backend_type=Choosy, hold_override_s=0) as it:
        await it.press("e")
        await it.shows("message to moderators")
        await it.press("e")
        await typed(it, "eh")
        await it.press("enter")
        await it.shows("Say in a few words")
        await typed(it, " look")
        await it.press("enter")
        await until(lambda: [call.name for _, call in it.site.applied] == ["note"])


async def test_without_routes_it_says_why(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("e")
        assert "no route is set up" in it.flat() and "where to?" not in it.text()


async def test_a_reason_and_a_route_together(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, size=(80, 24), routes=found) as it:
        await it.press("d", "r")
        assert "[x] escalate too" in it.flat()
        await it.press("2")
        await it.shows("REMOVE #4121, AND ESCALATE: where to?")
        await it.press("p", "enter")
        await it.shows("escalated to Product")
        await it.clock.advance(61)
        await until(lambda: by_name(found)["product"].got)
        assert it.on_site("4121") == "removed"


async def test_marks_are_counted_and_asked_about(tmp_path: Path) -> None:
    found = routes()
    async with stage(tmp_path, routes=found, hold_override_s=0) as it:
        await it.press("x", "j", "x", "e")
        await it.shows("ESCALATE 2 marked items: where to?")
        await it.press("p", "enter")
        await it.shows("Escalate 2 marked items?")
        assert all(not route.tries for route in found)
        await it.press("y")
        await until(lambda: len(by_name(found)["product"].got) == 2)


async def test_a_failing_route_is_seen_and_tried_again(tmp_path: Path) -> None:
    from modtui.errors import Refused

    found = routes()
    by_name(found)["product"].faults.append(Refused("product.example answered with 400."))
    async with stage(tmp_path, routes=found, hold_override_s=0) as it:
        await it.press("e", "p", "enter")
        await it.shows("product.example answered with 400")
        [failed] = it.desk.outbox().decisions
        assert it.desk.state_of(failed.targets[0].item).letter == "x"
        await it.desk.retry(failed.id)
        await until(lambda: by_name(found)["product"].got)


async def test_it_waits_in_its_lane_and_can_be_taken_back(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), routes=routes()) as it:
        await it.press("e", "s", "enter")
        await it.shows("Escalated #4121")
        await until(lambda: it.desk.counts().get("escalated") == 1)
        await it.press("5")
        await it.shows("ESCALATED")
        await it.shows("pixelwurm")
        assert "Security" in it.text()
        await it.press("u")
        await it.shows("nothing was sent")
        await until(lambda: it.desk.counts().get("escalated", 0) == 0)
        await it.press("1")
        await it.shows("Export bricht ab")


async def test_what_is_not_sent_yet_is_taken_back_and_not_brought_back(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), routes=routes()) as it:
        await it.press("5")
        await it.shows("Nothing is waiting in Escalated.")
        await it.press("1", "e", "s", "enter")
        await until(lambda: it.desk.counts().get("escalated") == 1)
        await it.press("5")
        await it.shows("ESCALATED")
        await it.press(",", "a")
        await it.shows("u takes the escalation back")
        assert it.desk.counts().get("escalated") == 1


async def test_what_was_handed_over_is_brought_back_by_hand(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), routes=routes(), hold_override_s=0) as it:
        await it.press("e", "s", "enter")
        await until(lambda: it.desk.counts().get("escalated") == 1)
        await until(lambda: (last := it.desk.last()) is not None and last.state == "done")
        await it.press("5")
        await it.shows("ESCALATED")
        await it.press(",")
        await it.shows("Bring back")
        await it.press("a")
        await it.shows("#4121 is back in its lane")
        await until(lambda: it.desk.counts().get("escalated", 0) == 0)
        await it.press("1")
        await it.shows("Export bricht ab")
