"""Escalating through the desk: what travels, when it goes out, what becomes of it, and the lane of what is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.desk import words
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Choice, Escalation, Item, Question, Report
from modtui.errors import NetworkError, NotFound, RateLimited, Refused, SiteError, UsageError
from modtui.text import Foreign
from tests.core.desk_out import Bench, bench, crash
from tests.core.fakes import FakeClock, FakeSite, until
from tests.core.routes_world import FakeRoute

pytestmark = pytest.mark.anyio

HOUR_MS = 3_600_000
SHORT_MS = 300_000


def escalate(**fields: object) -> dict[str, object]:
    return {"route": "legal", "text": "please look", **fields}


held = Escalation(route="", title=Foreign(""), decision="", at_ms=0)


def away(it: Bench, item: Item) -> Escalation | None:
    """What the copy of an item in the lane escalated says."""
    copy = it.desk.item(f"escalated/{item.ref}")
    return copy.escalation if copy is not None else None


def back(it: Bench, item: Item) -> Escalation:
    """What the row in its own lane says."""
    row = it.desk.item(item.id)
    return row.escalation if row is not None and row.escalation is not None else held


def lane(it: Bench, name: str) -> list[str]:
    """The numbers that stand in a lane."""
    view = it.desk.view(name)  # type: ignore[arg-type]
    view.merge()
    return [item.number for i in range(len(view)) if (item := view.item_at(i)) is not None]


async def test_what_travels(tmp_path: Path) -> None:
    route = FakeRoute(due_ms=2 * HOUR_MS)
    async with bench(tmp_path, routes=[route]) as it:
        item = await it.post("1", url="https://harbour.example/t/9/2")
        decision = await it.decide(item, "escalate", **escalate())
        assert decision.hold_ms == 60_000
        await it.clock.advance(59)
        assert route.tries == []
        await it.clock.advance(2)
        await it.becomes(decision, "done")
        [(key, sent)] = route.got
        assert key == sent["key"] == decision.targets[0].steps[0].key
        assert sent["event"] == "escalation" and sent["route"] == "legal" and sent["note"] == "please look"
        assert sent["item"]["url"] == "https://harbour.example/t/9/2"  # type: ignore[index]
        assert sent["item"]["author"] == "tante_erna"  # type: ignore[index]
        assert sent["text"] == "You fool." and sent["excerpt"] == "You fool."
        assert sent["community"] == {"name": "harbour", "url": "https://harbour.example"}
        assert sent["due"] is not None
        assert it.site.writes == [], "the site is not written to"


async def test_the_text_stays_here_when_asked_and_personal_data_by_default(tmp_path: Path) -> None:
    route = FakeRoute()
    private = Report(id="r", reason="private", label=Foreign("x"), text=Foreign("her address: Elm Road 1"))
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        plain = await it.post("1")
        folded = await it.post("2", reports=(private,), author="bo")
        assert [one.share for one in it.desk.own_routes(plain)] == [True]
        assert [one.share for one in it.desk.own_routes(folded)] == [False]
        for item in (plain, folded):
            decision = await it.decide(item, "escalate", **escalate(share=False))
            await it.becomes(decision, "done")
        first, second = (sent for _, sent in route.got)
        assert first["text"] is None and first["excerpt"] is None and "You fool" not in str(first)
        assert first["item"]["title"] == "Title 1"  # type: ignore[index]
        assert second["item"]["title"] is None and "Elm Road" not in str(second)  # type: ignore[index]
        assert "Elm Road" not in str(it.desk.decision(decision.id))


async def test_taking_back_while_held_sends_nothing_and_brings_it_back(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route]) as it:
        item = await it.post("1")
        await it.post("2", author="bo")
        await it.decide(item, "escalate", **escalate())
        await until(lambda: lane(it, "escalated") == ["1"])
        assert lane(it, "reports") == ["2"]
        assert it.desk.counts().get("escalated") == 1
        result = await it.desk.undo()
        assert result.kind == "taken back"
        await until(lambda: lane(it, "escalated") == [])
        assert lane(it, "reports") == ["1", "2"]
        await it.clock.advance(120)
        assert route.tries == [] and it.desk.counts().get("escalated", 0) == 0


async def test_what_is_sent_stays_sent_and_that_is_said_before(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        plan = it.desk.plan(item, Intent(verb="escalate", route="legal"))
        assert plan.reversal == "none" and plan.stays == ("what Legal was sent stays sent",)
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")
        result = await it.desk.undo(decision.id)
        assert result.kind == "impossible" and "stays sent" in result.words
        assert it.state(decision) == "done"


async def test_a_receiver_that_is_down_gets_it_later_under_the_same_key(tmp_path: Path) -> None:
    route = FakeRoute()
    later = RateLimited("wait", wait_s=30)
    route.faults.extend([NetworkError("down", sent=False), SiteError("503", status=503), later])
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        await until(lambda: len(route.tries) == 1)
        await until(lambda: it.desk.state_of(item.id).words == "waits: down")
        assert it.desk.communities[0].link.state != "offline", "the site's own line has nothing to do with it"
        await it.clock.advance(10)
        assert len(route.tries) == 3
        await it.clock.advance(20)
        assert len(route.tries) == 3, "it was asked to wait"
        await it.clock.advance(10)
        await it.becomes(decision, "done")
        assert len(route.tries) == 4 and len(set(route.tries)) == 1


async def test_a_lost_answer_is_unknown_and_is_never_sent_again_by_itself(tmp_path: Path) -> None:
    route = FakeRoute()
    route.faults.append(NetworkError("cut", sent=True))
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "unknown")
        assert await it.desk.settle(1.0), "nobody can be asked, so nothing is waited for"
        await it.clock.advance(600)
        assert len(route.tries) == 1 and it.site.fates == []
        assert it.desk.state_of(item.id).kind == "unknown" and "nobody knows" in it.desk.state_of(item.id).words
        assert it.desk.outbox().unknown == 1
        undo = await it.desk.undo(decision.id)
        assert undo.kind == "wait" and "nobody can be asked" in undo.words
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")
        assert len(set(route.tries)) == 1 and len(route.tries) == 2


async def test_a_refused_delivery_is_visible_and_can_be_tried_again(tmp_path: Path) -> None:
    route = FakeRoute()
    route.faults.append(Refused("legal.example answered with 400."))
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "refused")
        state = it.desk.state_of(item.id)
        assert state.letter == "x" and "answered with 400" in state.words
        await until(lambda: lane(it, "reports") == ["1"] and lane(it, "escalated") == [])
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")
        await until(lambda: lane(it, "reports") == [] and lane(it, "escalated") == ["1"])


async def test_it_comes_back_when_it_is_due(tmp_path: Path) -> None:
    route = FakeRoute(due_ms=SHORT_MS)
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["1"])
        await until(lambda: (away(it, item) or held).trail == "to Legal: delivered")
        shown = away(it, item)
        assert shown is not None and shown.state == "waiting" and shown.title == "Legal"
        assert shown.due_ms == it.clock.now_ms() + SHORT_MS
        await it.clock.advance(299)
        assert lane(it, "reports") == []
        await it.clock.advance(2)
        await until(lambda: lane(it, "reports") == ["1"] and lane(it, "escalated") == [])
        await until(lambda: back(it, item).state == "due")
        assert it.desk.state_of(item.id).open


async def test_the_lane_is_in_the_order_of_its_own_clocks(tmp_path: Path) -> None:
    async with bench(tmp_path, routes=[FakeRoute()], hold_override_s=0) as it:
        lengths = {"1": 3 * HOUR_MS, "2": HOUR_MS, "3": None}
        for number, length in lengths.items():
            decision = await it.decide(await it.post(number), "escalate", **escalate(due_ms=length))
            await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["2", "1", "3"])
        view = it.desk.view("escalated")
        assert view.sort == "due"
        first, last = view.item_at(0), view.item_at(2)
        assert first is not None and first.due is not None and first.due.due_ms == it.clock.now_ms() + HOUR_MS
        assert first.due.amber_ms == it.clock.now_ms() + HOUR_MS // 2
        assert last is not None and last.due is None, "without a clock it stands behind those that have one"


async def test_the_route_is_named_by_its_title(tmp_path: Path) -> None:
    async with bench(tmp_path, routes=[FakeRoute()], hold_override_s=0) as it:
        decision = await it.decide(await it.post("1"), "escalate", **escalate())
        assert words.act(decision).endswith(", to Legal")
        await until(lambda: it.desk.state_of("reports/" + str(decision.targets[0].ref)).words == "escalated to Legal")
        both = await it.decide(await it.post("2"), "remove", **escalate())
        assert words.act(both).endswith("escalated to Legal")


async def test_working_hours_count_when_the_route_says_so(tmp_path: Path) -> None:
    route = FakeRoute(due_ms=SHORT_MS // 10)
    route.hours = "office"
    asked: list[tuple[int, int, str]] = []

    def deadline(start: int, length: int, hours: str) -> int:
        asked.append((start, length, hours))
        return start + 10 * length

    async with bench(tmp_path, routes=[route], hold_override_s=0, deadline=deadline) as it:
        decision = await it.decide(await it.post("1"), "escalate", **escalate())
        await it.becomes(decision, "done")
        assert (it.clock.now_ms(), SHORT_MS // 10, "office") in asked
        await until(lambda: lane(it, "escalated") == ["1"])
        await it.clock.advance(290)
        assert lane(it, "escalated") == ["1"]
        await it.clock.advance(11)
        await until(lambda: lane(it, "escalated") == [])


async def test_a_question_comes_back_when_somebody_else_answers(tmp_path: Path) -> None:
    question = Question(state="unanswered", clock_ms=0, last="10", last_by=Foreign("zimtstern"))
    async with bench(tmp_path, routes=[FakeRoute()], hold_override_s=0) as it:
        item = await it.post("1", lane="questions", question=question)
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["1"])

        async def answered(last: str, by: str) -> None:
            fresh = Question(state="unsolved", clock_ms=0, last=last, last_by=Foreign(by))
            it.site.change("1", question=fresh)
            await it.desk.read([item.ref])

        await answered("11", it.site.me)
        assert lane(it, "escalated") == ["1"], "our own post is no answer"
        await answered("12", "legal_anna")
        await until(lambda: lane(it, "escalated") == [] and lane(it, "questions") == ["1"])
        await until(lambda: back(it, item).state == "answered")


async def test_what_somebody_handled_is_no_work_any_more(tmp_path: Path) -> None:
    async with bench(tmp_path, routes=[FakeRoute()], hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["1"])
        it.site.handle("1", "removed", by="ann")
        await it.desk.read([item.ref])
        await until(lambda: lane(it, "escalated") == [])
        await until(lambda: "removed by ann" in str((away(it, item) or held).trail))
        copy = it.desk.item(f"escalated/{item.ref}")
        assert copy is not None and copy.state == "removed"


async def test_recalled_by_hand(tmp_path: Path) -> None:
    async with bench(tmp_path, routes=[FakeRoute()], hold_override_s=0) as it:
        item = await it.post("1")
        with pytest.raises(NotFound):
            await it.desk.recall(item)
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["1"])
        await it.desk.recall(item)
        assert lane(it, "escalated") == [] and lane(it, "reports") == ["1"]


async def test_the_lane_survives_restarts_and_a_lost_cache(tmp_path: Path) -> None:
    route, clock = FakeRoute(due_ms=SHORT_MS), FakeClock()
    site = FakeSite(clock)
    items: list[Item] = []
    async with bench(tmp_path, clock=clock, site=site, routes=[route], hold_override_s=0) as it:
        for native in ("1", "2", "3"):
            items.append(await it.post(native, author=f"a{native}"))
            decision = await it.decide(items[-1], "escalate", **escalate())
            await it.becomes(decision, "done")
        await until(lambda: lane(it, "escalated") == ["1", "2", "3"])
        await it.desk.recall(items[1])
    async with bench(tmp_path, clock=clock, site=site, routes=[route]) as it:
        await until(lambda: lane(it, "escalated") == ["1", "3"])
        assert lane(it, "reports") == ["2"]
        await it.store.cache.drop_items([f"escalated/{items[0].ref}", items[0].id])
    async with bench(tmp_path, clock=clock, site=site, routes=[route]) as it:
        assert lane(it, "escalated") == ["3"]
        await it.desk.read([items[0].ref])
        await until(lambda: lane(it, "escalated") == ["1", "3"])
        await clock.advance(310)
        await until(lambda: lane(it, "escalated") == [] and lane(it, "reports") == ["1", "2", "3"])
    assert len(route.got) == 3


async def test_a_crash_in_the_middle_of_a_delivery_leaves_it_unknown(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)

    class Stuck(FakeRoute):
        async def deliver(self, call: object, key: str) -> object:  # type: ignore[override]
            self.tries.append(key)
            import asyncio

            await asyncio.Event().wait()
            raise AssertionError

    stuck, route = Stuck(), FakeRoute()
    async with bench(tmp_path, clock=clock, site=site, routes=[stuck], hold_override_s=0) as it:
        decision = await it.decide(await it.post("1"), "escalate", **escalate())
        await until(lambda: len(stuck.tries) == 1)
        await crash(it)
    async with bench(tmp_path, clock=clock, site=site, routes=[route]) as it:
        await it.becomes(decision, "unknown")
        await clock.advance(600)
        assert route.tries == [] and it.site.fates == []
        assert lane(it, "escalated") == ["1"]
        await it.desk.discard(decision.id)
        await until(lambda: lane(it, "reports") == ["1"] and lane(it, "escalated") == [])


async def test_removing_and_escalating_is_one_decision(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route]) as it:
        item = await it.post("1")
        plan = it.desk.plan(item, Intent(verb="remove", route="legal"))
        assert plan.reversal == "partial" and "what Legal was sent stays sent" in plan.stays
        decision = await it.decide(item, "remove", route="legal", text="look", reason_title="insult")
        assert decision.hold_ms == 60_000
        await it.clock.advance(61)
        await it.becomes(decision, "done")
        assert it.on_site("1") == "removed" and it.steps(decision) == ["done", "done"]
        assert route.got[0][1]["decision"] == {"verb": "remove", "reason": "insult"}
        asks = await it.desk.undo(decision.id)
        assert asks.kind == "asks" and "stays sent" in asks.words
        done = await it.desk.undo(decision.id, confirmed=True)
        assert done.decision is not None
        await it.becomes(done.decision, "done")
        await until(lambda: it.steps(decision) == ["undone", "done"])
        assert it.on_site("1") == "open"


async def test_the_first_part_refused_sends_nothing_to_the_route(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        it.site.refusing.add("1")
        decision = await it.decide(await it.post("1"), "remove", route="legal")
        await it.becomes(decision, "refused")
        assert it.steps(decision) == ["refused", "discarded"] and route.tries == []


async def test_a_gone_post_is_not_escalated(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route]) as it:
        item = await it.post("1")
        decision = await it.decide(item, "escalate", **escalate())
        del it.site.items["1"]
        await it.desk.read([item.ref])
        await it.clock.advance(61)
        await it.becomes(decision, "conflict")
        assert route.tries == []


async def test_an_escalation_goes_out_although_the_site_is_down(tmp_path: Path) -> None:
    route = FakeRoute()
    async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
        item = await it.post("1")
        it.site.down = NetworkError("down", sent=False)
        decision = await it.decide(item, "escalate", **escalate())
        await it.becomes(decision, "done")


async def test_which_routes_there_are(tmp_path: Path) -> None:
    broken = FakeRoute("pager", "s")
    broken.able = Blocked("setting", "there is no program page")
    async with bench(tmp_path, routes=[broken]) as it:
        item = await it.post("1")
        able = it.desk.can(item, "escalate")
        assert isinstance(able, Blocked) and "there is no program page" in able.sentence
        with pytest.raises(UsageError, match="There is no route"):
            it.desk.plan(item, Intent(verb="escalate", route="legl"))
        with pytest.raises(Refused, match="cannot be used"):
            it.desk.plan(item, Intent(verb="escalate", route="pager"))
        with pytest.raises(UsageError, match="needs a route"):
            it.desk.plan(item, Intent(verb="escalate"))


async def test_without_any_route_it_is_dim_and_says_why(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        able = it.desk.can(await it.post("1"), "escalate")
        assert isinstance(able, Blocked) and "no route is set up" in able.sentence


async def test_the_sites_own_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modtui.desk.escalation import site_choices
    from tests.core.routes_world import entry

    async with bench(tmp_path) as it:
        item = await it.post("1")
        found = (Choice(id="group:mods", title=Foreign("Moderators")), Choice(id="staff", title=Foreign("Staff")))
        settings = [entry(kind="site", to="group:mods", key="m", title="Mods", due_ms=HOUR_MS)]
        first, second = site_choices(found, settings, item)
        assert (first.key, first.name, first.title, first.due_ms) == ("m", "site:group:mods", "Mods", HOUR_MS)
        assert (second.key, second.name, second.title) == ("", "site:staff", "Staff")
