"""What survives a crash, a quit, a suspend, and a second process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.desk.sender_lock import SenderLock
from modtui.domain.decisions import Decision, Intent
from modtui.domain.subjects import CommunityId
from modtui.errors import NetworkError
from tests.core.desk_out import bench, crash
from tests.core.fakes import OFFLINE, FakeClock, FakeSite, until

pytestmark = pytest.mark.anyio


async def test_a_held_decision_goes_out_after_a_restart_and_its_hold_starts_again(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
        await clock.advance(14)
    assert site.writes == []
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(14)
        assert site.writes == []
        await clock.advance(2)
        await it.becomes(decision, "done")
    assert len(site.applied) == 1


async def test_undo_survives_a_dropped_line(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
        await crash(it)
    async with bench(tmp_path, clock=clock, site=site) as it:
        assert (await it.desk.undo()).kind == "taken back"
        await clock.advance(60)
        assert it.state(decision) == "undone"
        assert (await it.desk.undo()).kind == "nothing"
    assert site.writes == []


async def test_what_is_older_than_an_hour_waits_to_be_asked(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        kept = await it.decide(await it.post("1"), "remove")
        dropped = await it.decide(await it.post("2"), "remove")
    await clock.advance(2 * 3600)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(600)
        assert site.writes == []
        assert {decision.id for decision in it.desk.waiting_old()} == {kept.id, dropped.id}
        assert it.desk.outbox().waiting == 2
        await it.desk.resume([kept.id])
        await it.desk.discard(dropped.id)
        await it.becomes(kept, "done")
        assert it.state(dropped) == "discarded"
        assert it.desk.waiting_old() == []


async def test_a_resumed_decision_is_still_checked_against_the_site(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
    site.handle("1", "kept", "kestrel")
    await clock.advance(2 * 3600)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await it.desk.resume([decision.id])
        await it.becomes(decision, "conflict")


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_was_on_its_way_at_a_crash_is_looked_up_first(tmp_path: Path, arrived: bool) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove", message="m")
        await crash(it)
        site.gate, site.gated = None, 0
    if not arrived:
        site.applied.clear()
        site.change("1", state="open", handled_by=None, version=0)
    async with bench(tmp_path, clock=clock, site=site) as it:
        assert it.steps(decision) == ["unknown", "held"]
        await clock.advance(30)
        await it.becomes(decision, "done")
        assert site.fates[0].endswith("-0-0")
    assert [call.name for _, call in site.applied] == ["perform", "message"]


async def test_closing_waits_for_a_write_in_flight(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove")
        closing = asyncio.create_task(it.desk.close(timeout_s=5))
        await asyncio.sleep(0)
        it.let_through()
        await closing
        assert it.state(decision) == "done"


async def test_a_write_that_never_ends_stays_visible_as_unknown(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove")
        await it.desk.close(timeout_s=0.01)
        stored = it.store.journal.decision(decision.id)
        assert stored is not None and stored.state == "sending"
        site.gate, site.gated = None, 0
    site.unclear = True
    async with bench(tmp_path, clock=clock, site=site) as it:
        assert it.state(decision) == "unknown"


async def test_only_one_process_sends_and_the_other_shows_the_same_outbox(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as first, bench(tmp_path, clock=clock, site=site) as second:
        id = first.backend.connection.community
        assert first.desk.is_sender(id) and not second.desk.is_sender(id)
        item = await first.post("1")
        decision = await first.decide(item, "remove")
        await until(lambda: second.store.journal.decision(decision.id) is not None)
        await clock.advance(1.1)
        assert second.desk.state_of(item.id).letter == "H"
        other = await second.decide(await second.post("2"), "approve")
        assert (await second.desk.decide([item], Intent(verb="approve"))).decision is None
        await clock.advance(20)
        await first.becomes(other, "done")
        await first.becomes(decision, "done")
        await clock.advance(2)
        assert second.state(other) == "done"
        assert second.desk.state_of(item.id).letter == ""
    assert len(site.writes) == 2


async def test_the_other_process_takes_over_when_the_sender_ends(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as second_home:
        await second_home.desk.pause_sending()
        async with bench(tmp_path, clock=clock, site=site) as first:
            await second_home.desk.resume_sending()
            decision = await first.decide(await first.post("1"), "remove")
            await clock.advance(5)
        await clock.advance(1.1)
        assert second_home.desk.is_sender(first.backend.connection.community)
        await clock.advance(14.5)
        assert site.writes == [], "the hold starts again"
        await clock.advance(2)
        await second_home.becomes(decision, "done")


async def test_undo_in_the_process_that_does_not_send(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as first, bench(tmp_path, clock=clock, site=site) as second:
        decision = await second.decide(await second.post("1"), "remove")
        await clock.advance(2)
        assert first.state(decision) == "held"
        assert (await second.desk.undo()).kind == "taken back"
        await clock.advance(60)
        assert first.state(decision) == "undone"
    assert site.writes == []


async def test_suspending_lets_go_of_the_lock_and_coming_back_takes_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        id = it.backend.connection.community
        decision = await it.decide(await it.post("1"), "remove")
        await it.desk.pause_sending()
        other = SenderLock(tmp_path / "state", id)
        assert other.acquire()
        await it.clock.advance(60)
        assert it.site.writes == []
        await it.desk.resume_sending()
        assert not it.desk.is_sender(id)
        other.release()
        await it.clock.advance(1.5)
        assert it.desk.is_sender(id)
        await it.clock.advance(16)
        await it.becomes(decision, "done")


async def test_suspending_keeps_the_lock_while_a_write_is_out(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove")
        await it.desk._outbox.pause_sending(timeout_s=0.01)
        assert it.desk.is_sender(it.backend.connection.community)
        it.let_through()
        await it.becomes(decision, "done")
        await it.desk.resume_sending()


async def test_a_lock_file_survives_a_crash_without_blocking(tmp_path: Path) -> None:
    first, second = (SenderLock(tmp_path, CommunityId("abc")) for _ in range(2))
    assert first.acquire() and first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    assert not first.held
    second.release()
    assert oct((tmp_path / "sender-abc.lock").stat().st_mode & 0o777) == "0o600"


async def test_one_communitys_outage_does_not_hold_up_another(tmp_path: Path) -> None:
    clock = FakeClock()
    async with bench(tmp_path, clock=clock) as one, bench(
        tmp_path, clock=clock, site=FakeSite(clock, me="other_mod")
    ) as two:
        one.site.down = OFFLINE
        stuck, free = await one.decide(await one.post("1")), await two.decide(await two.post("1"))
        await clock.advance(20)
        await two.becomes(free, "done")
        assert one.state(stuck) == "held"


async def test_after_a_long_outage_the_old_ones_are_asked_about_and_the_young_go_out(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        it.site.down = OFFLINE
        old = await it.decide(await it.post("1"), "remove")
        await it.clock.advance(2 * 3600)
        young = await it.decide(await it.post("2"), "remove")
        await it.clock.advance(60)
        it.site.down = None
        await it.clock.advance(300)
        await it.becomes(young, "done")
        assert it.state(old) == "held"
        assert [decision.id for decision in it.desk.waiting_old()] == [old.id]


async def test_a_long_batch_is_not_asked_about_in_the_middle(tmp_path: Path) -> None:
    async with bench(tmp_path, batch=1) as it:
        items = [await it.post(str(number), author=f"m{number}") for number in range(6)]
        decided = await it.desk.decide(items, Intent(verb="spam"))
        assert decided.decision is not None
        for _ in range(6):
            it.site.faults.extend(["rate"])
            await it.clock.advance(1800)
        await it.becomes(decided.decision, "done")


async def test_the_journal_knows_start_and_end(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        store = it.store
        await it.decide(await it.post("1"))
        await it.desk.close()
        kinds = [event.kind for event in store.journal.events()]
    assert kinds == ["started", "decided", "ended"]


async def test_a_disk_that_is_full_after_sending_never_sends_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modtui.errors import StoreError

    async with bench(tmp_path, hold_override_s=0) as it:
        real = it.store.journal.move_many
        broken = True

        async def move_many(moves: list[object]) -> list[bool]:
            if broken and any(getattr(move, "to", "") == "done" for move in moves):
                raise StoreError("The disk is full.")
            return await real(moves)  # type: ignore[arg-type]

        monkeypatch.setattr(it.store.journal, "move_many", move_many)
        decision = await it.decide(await it.post("1"), "remove")
        await it.clock.advance(60)
        assert it.state(decision) == "sending" and len(it.site.writes) == 1
        broken = False
        await it.clock.advance(6)
        assert it.state(decision) == "done" and len(it.site.writes) == 1


async def test_settle_waits_until_all_is_sent(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision: Decision = await it.decide(await it.post("1"))
        settled = asyncio.create_task(it.desk.settle())
        await it.clock.advance(10)
        assert not settled.done()
        await it.clock.advance(6)
        assert await settled and it.state(decision) == "done"
        it.site.down = NetworkError("away")
        await it.decide(await it.post("2"))
        late = asyncio.create_task(it.desk.settle(timeout_s=30))
        await it.clock.advance(31)
        assert await late is False


async def test_a_caller_that_goes_away_leaves_no_decision_behind(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        task = asyncio.create_task(it.desk.decide([item], Intent(verb="remove")))
        for _ in range(2):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await until(lambda: it.on_site("1") == "removed")
        await until(lambda: not it.desk.outbox().on_their_way)
        assert len(it.site.writes) == 1


async def test_an_undo_whose_caller_goes_away_is_finished(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove")
        task = asyncio.create_task(it.desk.undo())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await it.becomes(decision, "undone")
        assert it.desk.state_of(item.id).open


async def test_sending_now_waits_for_what_another_process_left_unknown(tmp_path: Path) -> None:
    """`modtui outbox send` after a crash: the fate is looked up before the command ends."""
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove")
        await crash(it)
        site.gate, site.gated = None, 0
    async with bench(tmp_path, clock=clock, site=site) as it:
        await it.desk.send_now(decision.id)

        async def settled() -> tuple[bool, str]:
            return await it.desk.settle(), it.state(decision)

        settling = asyncio.create_task(settled())
        for _ in range(40):
            await clock.advance(2)
        assert await settling == (True, "done"), "not before it is known"
    assert len(site.applied) == 1
