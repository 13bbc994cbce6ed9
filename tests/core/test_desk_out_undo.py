"""Taking back, doing again, mine and theirs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.domain.decisions import Intent, Sanction
from modtui.errors import NotFound, Refused
from modtui.text import Foreign
from tests.core.desk_out import bench, crash, two
from tests.core.fakes import OFFLINE, FakeClock, FakeSite, breathe, until

pytestmark = pytest.mark.anyio


async def test_what_is_held_is_taken_back_at_once_and_the_site_is_untouched(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove")
        result = await it.desk.undo()
        assert result.kind == "taken back"
        assert result.words == "Taken back: #1 is open again, nothing was sent. ctrl+r does it again."
        await it.clock.advance(120)
        assert it.state(decision) == "undone"
        assert it.site.writes == [] and it.site.reads == []
        assert it.desk.state_of(item.id).open


async def test_u_goes_back_one_decision_after_the_other_then_has_nothing_left(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.decide(await it.post("1")), await it.decide(await it.post("2"), "remove")
        assert it.desk.last() == it.desk.decision(second.id)
        await it.desk.undo()
        await it.desk.undo()
        assert (it.state(first), it.state(second)) == ("undone", "undone")
        result = await it.desk.undo()
        assert (result.kind, result.words) == (
            "nothing", "Nothing left to take back in this session. U shows older decisions.",
        )  # fmt: skip


async def test_what_was_sent_is_asked_about_and_then_reversed_by_a_new_decision(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove", message="m", sanction=Sanction("ban", None))
        await it.becomes(decision, "done")
        await it.clock.advance(240)
        asked = await it.desk.undo()
        assert asked.kind == "asks"
        assert asked.words == (
            "#1 was sent 4m ago. Take it back (ban lifted; the post is back, 1 report open again)? "
            "The message stays sent. y/N"
        )
        assert it.on_site("1") == "removed"
        result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo" and result.decision is not None and result.decision.undo_of == decision.id
        await it.becomes(result.decision, "done")
        assert it.on_site("1") == "open" and not it.site.banned
        await it.becomes(decision, "partly")
        assert it.steps(decision) == ["undone", "done", "undone"]
        await until(lambda: it.desk.state_of(item.id).open)
        assert (await it.desk.undo()).kind == "nothing"


async def test_undo_while_sending_waits_for_the_outcome(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove", message="m")
        undo = asyncio.create_task(it.desk.undo())
        await until(lambda: it.steps(decision) == ["sending", "undone"])
        assert not undo.done()
        it.let_through()
        result = await undo
        assert result.kind == "asks"
        assert it.steps(decision) == ["done", "undone"]
        await it.clock.advance(30)
        assert it.site.messages == []


async def test_undo_of_an_unknown_fate_sends_it_no_more(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("lost before")
        decision = await it.decide(await it.post("1"), "remove")
        await it.becomes(decision, "unknown")
        result = await it.desk.undo()
        assert result.kind == "wait" and "will not be sent again" in result.words
        await it.clock.advance(60)
        assert it.state(decision) == "undone"
        assert it.site.applied == []


async def test_undo_of_an_unknown_fate_holds_after_a_crash(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        site.faults.append("lost before")
        decision = await it.decide(await it.post("1"), "remove")
        await it.becomes(decision, "unknown")
        assert (await it.desk.undo()).kind == "wait"
        await crash(it)
    await clock.advance(600)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(60)
        assert it.state(decision) == "undone"
    assert site.applied == []


async def test_undo_in_another_process_stops_what_is_on_its_way(tmp_path: Path) -> None:
    async with two(tmp_path) as (sender, other):
        clock, site = sender.clock, sender.site
        site.faults.append("lost before")
        decision = await sender.decide(await sender.post("1"), "remove")
        await sender.becomes(decision, "unknown")
        assert (await other.desk.undo(decision.id)).kind == "wait"
        await clock.advance(60)
        assert sender.state(decision) == "undone"
    assert site.applied == []


async def test_what_is_tried_again_after_an_undo_goes_out(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        site.faults.append("refuse after")
        decision = await it.on_its_way(await it.post("1"), "remove")
        undo = asyncio.create_task(it.desk.undo())
        await breathe()
        it.let_through()
        assert (await undo).kind == "nothing"
        site.gate = None
        await it.becomes(decision, "refused")
        await it.desk.retry(decision.id)
        await crash(it)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(30)
        await it.becomes(decision, "done")


async def test_undo_of_a_partly_done_decision_reverses_what_is_in_force(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.extend(["", "", "refuse"])
        decision = await it.decide(await it.post("1"), "remove", message="m", sanction=Sanction("ban", None))
        await it.becomes(decision, "partly")
        assert (await it.desk.undo()).kind == "asks"
        result = await it.desk.undo(confirmed=True)
        assert result.decision is not None
        await it.becomes(result.decision, "done")
        assert it.on_site("1") == "open"


async def test_a_batch_is_one_undo(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        items = [await it.post(str(number), author=f"m{number}") for number in range(37)]
        decided = await it.desk.decide(items, Intent(verb="spam"))
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        assert (await it.desk.undo()).words.startswith("37 of 37 were sent, the last just now. Take it back")
        result = await it.desk.undo(confirmed=True)
        assert result.decision is not None and len(result.decision.targets) == 37
        await it.becomes(result.decision, "done")
        assert {item.state for item in it.site.items.values()} == {"open"}
        await it.becomes(decided.decision, "undone")


async def test_u_stops_a_batch_on_its_way_and_offers_the_rest(tmp_path: Path) -> None:
    async with bench(tmp_path, batch=2, hold_override_s=0) as it:
        items = [await it.post(str(number), author=f"m{number}") for number in range(6)]
        it.site.gate = asyncio.Event()
        decided = await it.desk.decide(items, Intent(verb="spam"))
        assert decided.decision is not None
        await until(lambda: it.site.gated)
        undo = asyncio.create_task(it.desk.undo())
        await until(lambda: it.steps(decided.decision, 5) == ["undone"])  # type: ignore[arg-type]
        it.site.gate.set()
        result = await undo
        assert result.kind == "asks"
        assert result.words.startswith("1 of 6 were sent, the last just now. 5 stopped.")
        await it.clock.advance(30)
        assert len(it.site.applied) == 1


async def test_an_only_message_cannot_be_taken_back_and_it_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        decision = await it.decide(await it.post("1"), "note")
        await it.becomes(decision, "done")
        result = await it.desk.undo()
        assert result.kind == "impossible"
        assert result.words == "#1 cannot be taken back: the message stays sent."


async def test_an_older_decision_is_taken_back_by_its_id(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.decide(await it.post("1")), await it.decide(await it.post("2"))
        assert (await it.desk.undo(first.id)).kind == "taken back"
        assert it.state(second) == "held"
        with pytest.raises(NotFound, match="no such decision"):
            await it.desk.undo("nonsense")


async def test_a_refused_undo_can_be_tried_again(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        decision = await it.decide(await it.post("1"), "remove")
        await it.becomes(decision, "done")
        it.site.faults.append("refuse")
        result = await it.desk.undo(confirmed=True)
        assert result.decision is not None
        await it.becomes(result.decision, "refused")
        assert it.state(decision) == "done"
        again = await it.desk.undo(confirmed=True)
        assert again.decision is not None
        await it.becomes(again.decision, "done")
        assert it.on_site("1") == "open"


async def test_redo_decides_again_what_was_taken_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove", reason="own", reason_title="Rude")
        await it.desk.undo()
        result = await it.desk.redo()
        assert result.decision is not None and result.decision.id != decision.id
        assert result.decision.intent == decision.intent
        assert result.words == "Removed #1 by tante_erna, Rude. u takes it back (15 s free)."
        await it.clock.advance(16)
        await it.becomes(result.decision, "done")
        assert (await it.desk.redo()).kind == "nothing"


async def test_redo_leaves_out_what_changed_meanwhile(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        await it.decide(await it.post("1"), "remove")
        await it.desk.undo()
        it.site.change("1", source=Foreign("Better now."), edits=1)
        result = await it.desk.redo()
        assert (result.kind, result.words) == ("impossible", "#1 cannot be done again: it changed meanwhile.")
        assert result.decision is None
        await it.clock.advance(30)
        assert it.site.writes == []


async def test_redo_works_without_the_line(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        await it.decide(await it.post("1"), "remove")
        await it.desk.undo()
        it.site.down = OFFLINE
        assert (await it.desk.redo()).decision is not None


async def test_theirs_drops_mine(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove", message="m")
        it.site.change("1", source=Foreign("Better now."), edits=1)
        await it.clock.advance(61)
        await it.becomes(decision, "conflict")
        assert await it.desk.resolve_conflict(decision.id, "theirs") is None
        assert it.state(decision) == "discarded"
        assert it.desk.outbox().conflict == 0
        assert it.desk.state_of(item.id).open
        assert it.site.writes == []
        with pytest.raises(Refused, match="Nothing of this decision is in conflict"):
            await it.desk.resolve_conflict(decision.id, "theirs")


async def test_mine_decides_again_on_the_subject_as_it_is_now(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove", message="m")
        it.site.change("1", source=Foreign("Worse now."), edits=1, version=3)
        await it.clock.advance(61)
        await it.becomes(decision, "conflict")
        mine = await it.desk.resolve_conflict(decision.id, "mine")
        assert mine is not None
        await it.becomes(mine, "done")
        assert it.state(decision) == "discarded"
        assert it.on_site("1") == "removed" and len(it.site.messages) == 1


async def test_mine_is_refused_where_the_site_takes_no_second_decision(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove")
        it.site.handle("1", "kept", "kestrel")
        await it.clock.advance(16)
        await it.becomes(decision, "conflict")
        with pytest.raises(Refused, match="handled already"):
            await it.desk.resolve_conflict(decision.id, "mine")
        assert it.state(decision) == "conflict"


async def test_mine_goes_on_with_the_rest_where_a_part_is_in_force(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove", reason="private", message="m")
        await it.clock.advance(1)
        it.site.change("1", source=Foreign("Edited."), edits=1)
        await it.clock.advance(60)
        assert it.steps(decision) == ["done", "conflict"]
        await it.desk.resolve_conflict(decision.id, "mine")
        await it.becomes(decision, "done")
        assert len(it.site.messages) == 1
        assert [call.name for _, call in it.site.applied] == ["perform", "message"]


async def test_deciding_afresh_settles_an_older_conflict(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove")
        it.site.change("1", source=Foreign("Better now."), edits=1)
        await it.clock.advance(16)
        await it.becomes(decision, "conflict")
        fresh = it.desk.item(decision.targets[0].item)
        assert fresh is not None and fresh.source == "Better now."
        await it.decide(fresh, "approve")
        await it.becomes(decision, "discarded")


async def test_discard_drops_what_waits(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"))
        await it.desk.discard(decision.id)
        await it.clock.advance(60)
        assert it.state(decision) == "discarded" and it.site.writes == []
        with pytest.raises(Refused, match="nothing to drop"):
            await it.desk.discard(decision.id)
        with pytest.raises(Refused, match="nothing to try again"):
            await it.desk.retry(decision.id)


async def test_send_now_ends_the_hold(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.decide(await it.post("1")), await it.decide(await it.post("2"), "remove", message="m")
        await it.desk.send_now(first.id)
        await it.becomes(first, "done")
        assert it.state(second) == "held"
        assert await it.desk.send_now() == 1
        await it.becomes(second, "done")
