"""A lost answer is looked up: how far back, how often, and when it may be sent again."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.domain.decisions import Answer
from modtui.domain.seen import text_digest
from modtui.text import Foreign
from tests.core.desk_out import bench, crash
from tests.core.fakes import FakeClock, FakeSite, until

pytestmark = pytest.mark.anyio


async def test_the_look_goes_back_to_when_it_was_sent_however_long_modtui_was_away(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        sent_ms = clock.now_ms()
        decision = await it.on_its_way(await it.post("1"), "remove")
        await crash(it)
        site.gate, site.gated = None, 0
    await clock.advance(8 * 3600)
    site.unclear = True
    async with bench(tmp_path, clock=clock, site=site) as it:
        await until(lambda: len(site.fates) == 1)
        await clock.advance(600)  # an unclear look does not move the instant of sending
        assert it.state(decision) == "unknown" and len(site.fates) > 2
        assert all(since <= sent_ms for since in site.since)
        site.unclear = False
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")
    assert len(site.applied) == 1


async def test_a_clock_set_back_makes_the_look_go_back_a_day(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        clock.jump(7200)  # our clock is two hours fast ...
        site.faults.append("lost")
        decision = await it.decide(await it.post("1"), "remove")
        await it.becomes(decision, "unknown")
        clock.jump(-7200)  # ... until somebody sets it right
        await clock.advance(10)
        await it.becomes(decision, "done")
        assert all(since <= clock.now_ms() - 86_400_000 for since in site.since)


async def test_what_writes_to_a_member_is_not_sent_again_soon(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.extend(["", "lost before"])
        decision = await it.decide(await it.post("1"), "remove", message="m")
        await until(lambda: it.steps(decision) == ["done", "unknown"])
        await it.clock.advance(25)
        assert len(it.site.writes) == 2 and len(it.site.fates) > 2
        await it.clock.advance(15)
        await it.becomes(decision, "done")
        assert len(it.site.messages) == 1


async def test_the_look_knows_what_other_steps_brought(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.answers["message"] = Answer(data={"topic": 71})
        first = await it.decide(await it.post("1"), "remove", message="m")
        await it.becomes(first, "done")
        it.site.faults.extend(["", "lost"])
        second = await it.decide(await it.post("2"), "remove", message="m")
        await until(lambda: it.steps(second) == ["done", "unknown"])
        await it.clock.advance(3)
        await it.becomes(second, "done")
        assert it.site.known[-1] == (Answer(data={"topic": 71}),)


@pytest.mark.parametrize(("text", "ends"), [("[Removed]", "done"), ("Something else", "conflict")])
async def test_our_own_edit_is_no_conflict_after_a_restart_and_another_one_is(
    tmp_path: Path, text: str, ends: str
) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    site.answers["perform"] = Answer(data={"text": text_digest("[Removed]")}, edits=True)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove", message="m", reason="private")
        await until(lambda: it.steps(decision) == ["done", "held"])
        await crash(it)
    site.change("1", source=Foreign(text), edits=1)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(62)
        assert it.steps(decision) == ["done", ends]


@pytest.mark.parametrize(("verb", "ends"), [("remove", "done"), ("approve", "conflict")])
async def test_what_we_removed_ourselves_may_be_gone(tmp_path: Path, verb: str, ends: str) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), verb, message="m", reason="private")
        await until(lambda: it.steps(decision) == ["done", "held"])
        del it.site.items["1"]
        await it.clock.advance(62)
        assert it.steps(decision) == ["done", ends]
