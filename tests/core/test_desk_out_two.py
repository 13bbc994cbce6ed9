"""Two modtui on one state folder: what one does, the other knows."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.desk.events import ItemsChanged
from modtui.desk.pages import Lanes
from modtui.domain.decisions import Intent
from modtui.errors import StoreError
from modtui.routes import make_routes
from tests.core.desk_out import Bench, bench, crash, two
from tests.core.fakes import FakeClock, FakeSite, breathe, until
from tests.core.routes_world import entry, receiving

pytestmark = pytest.mark.anyio


async def test_what_the_other_took_back_is_not_taken_back_twice(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        clock, site = one.clock, one.site
        decision = await one.decide(await one.post("1"), "remove")
        await one.becomes(decision, "done")
        undone = await other.desk.undo(decision.id, confirmed=True)
        assert undone.kind == "sent undo"
        await clock.advance(3)
        await until(lambda: site.items["1"].state == "open")
        assert (await one.desk.undo(decision.id, confirmed=True)).kind == "nothing"
        assert (await one.desk.undo()).kind == "nothing"
        await clock.advance(60)
        assert [call.name for _, call in site.applied] == ["perform", "restore"]


async def test_two_that_take_the_same_back_at_once_do_it_once(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        clock, site = one.clock, one.site
        decision = await one.decide(await one.post("1"), "remove")
        await one.becomes(decision, "done")
        await clock.advance(2)
        results = await asyncio.gather(
            *(it.desk.undo(decision.id, confirmed=True) for it in (one, other)), return_exceptions=True
        )
        assert sum(isinstance(result, StoreError) or result.kind == "nothing" for result in results) == 1  # type: ignore[union-attr]
        await clock.advance(60)
        assert [call.name for _, call in site.applied] == ["perform", "restore"]


async def test_the_journal_lets_only_one_decision_take_another_back(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove")
        await it.becomes(decision, "done")
        plan = it.backend.plan_undo(item, decision.intent, decision.targets[0].steps)
        first = await it.desk._decider.record_undo(decision, [(decision.targets[0], item, plan)])
        await it.becomes(first, "done")
        with pytest.raises(StoreError, match="taken back already"):
            await it.desk._decider.record_undo(decision, [(decision.targets[0], item, plan)])
        await it.clock.advance(60)
        assert [call.name for _, call in it.site.applied] == ["perform", "restore"]


async def test_what_the_other_finished_between_two_looks_is_known(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        item = await one.post("1")
        decision = await one.decide(item, "remove")
        await one.becomes(decision, "done")
        await one.clock.advance(2)
        assert other.desk.state_of(item.id).words == "removed by you"
        last = other.desk.last()
        assert last is not None and last.id == decision.id


async def test_what_failed_long_ago_still_waits_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.decide(await it.post("0"), "remove")
        site.handle("0", "kept", "kestrel")
        await it.becomes(decision, "conflict")
        items = [await it.post(str(number)) for number in range(1, 211)]
        for item in items:
            await it.desk.decide([item], Intent(verb="approve"))
        for _ in range(30):
            await clock.advance(1)
            await breathe()
        assert await it.desk.settle(timeout_s=60)
    async with bench(tmp_path, clock=clock, site=site) as it:
        assert it.desk.outbox().conflict == 1
        await it.desk.discard(decision.id)
        assert it.desk.outbox().conflict == 0


async def test_a_claim_that_was_let_go_does_not_hide_the_rest_from_undo(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0, claims=True) as it:
        good, bad = await it.post("1"), await it.post("2")
        it.site.refusing.add("2")
        decided = await it.desk.decide([good, bad], Intent(verb="remove"))
        assert decided.decision is not None
        await it.becomes(decided.decision, "partly")
        await until(lambda: [call.name for _, call in it.site.applied].count("release") == 1)
        result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo" and result.decision is not None
        await it.becomes(result.decision, "done")
        assert it.on_site("1") == "open"


async def test_an_escalation_that_the_first_may_have_delivered_is_not_delivered_by_the_other(tmp_path: Path) -> None:
    """A real webhook takes it and its answer is lost, then that program dies: the other one, which takes over, delivers
    it again only when it is told to, and under the same key."""
    clock = FakeClock()
    site = FakeSite(clock)
    async with receiving() as receiver:
        route = entry(kind="webhook", url=receiver.url)

        def opened() -> AbstractAsyncContextManager[Bench]:
            routes = make_routes([route], state=tmp_path / "state")
            return bench(tmp_path, clock=clock, site=site, hold_override_s=0, routes=routes)

        async with AsyncExitStack() as second, AsyncExitStack() as first:
            one = await first.enter_async_context(opened())
            other = await second.enter_async_context(opened())
            receiver.answers.append(0)
            item = await one.post("1")
            decision = await one.decide(item, "escalate", route="legal", text="please look")
            await one.becomes(decision, "unknown")
            assert not other.desk.is_sender(item.ref.community)
            await crash(one)
            await first.aclose()
            for _ in range(30):
                await clock.advance(2)
            assert other.desk.is_sender(item.ref.community)
            assert other.state(decision) == "unknown" and len(receiver.taken) == 1, "nobody can be asked"
            await other.desk.retry(decision.id)
            await other.becomes(decision, "done")
            await clock.advance(60)
        keys = [taken.headers["idempotency-key"] for taken in receiver.taken]
        assert len(keys) == 2 and len(set(keys)) == 1


async def test_an_escalation_that_both_are_told_to_send_arrives_once(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with receiving() as receiver:
        route = entry(kind="webhook", url=receiver.url)
        first, second = (make_routes([route], state=tmp_path / "state") for _ in range(2))
        async with (
            bench(tmp_path, clock=clock, site=site, routes=first) as one,
            bench(tmp_path, clock=clock, site=site, routes=second) as other,
        ):
            decision = await other.decide(await one.post("1"), "escalate", route="legal", text="please look")
            await clock.advance(2)
            await asyncio.gather(one.desk.send_now(decision.id), other.desk.send_now(decision.id))
            for _ in range(20):
                await clock.advance(1)
                if one.state(decision) == "done":
                    break
            await one.becomes(decision, "done")
            await clock.advance(90)
            assert other.state(decision) == "done"
        assert [taken.headers["idempotency-key"] for taken in receiver.taken] == [decision.targets[0].steps[0].key]


async def test_a_row_that_the_other_read_first_is_new_here_too(tmp_path: Path) -> None:
    """What the site says stands in the cache already, so writing it changes nothing: the list has to look again."""
    clock = FakeClock()
    site = FakeSite(clock)
    async with (
        bench(tmp_path, clock=clock, site=site) as one,
        bench(tmp_path, clock=clock, site=site, send=False) as other,
    ):
        item = await one.post("1", title="before")
        view = other.desk.view("reports")
        view.merge()
        shown = view.item_at(0)
        assert shown is not None and shown == item
        lanes = Lanes(other.desk, other.desk.communities[0], asyncio.Event())
        site.items["1"] = after = replace(item, state="kept")
        await one.store.cache.put_items([after])
        await lanes.reread([item.ref])
        assert view.item_at(0) == after
        assert any(isinstance(event, ItemsChanged) and item.id in event.items for event in other.told)
