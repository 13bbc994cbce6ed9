"""Decisions on their way: hold, look before sending, outcomes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.desk.events import DecisionChanged, ItemsChanged, Troubled
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Claim, Report
from modtui.errors import AuthError, ReadOnly, UsageError
from modtui.text import Foreign
from tests.core.desk_out import bench
from tests.core.fakes import OFFLINE, breathe, until

pytestmark = pytest.mark.anyio


async def test_a_decision_is_held_then_sent_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "remove")
        assert it.desk.state_of(item.id).letter == "H"
        await it.clock.advance(14.5)
        assert it.site.writes == []
        await it.clock.advance(1)
        await it.becomes(decision, "done")
        assert [call.name for _, call in it.site.applied] == ["perform"]
        assert it.on_site("1") == "removed"
        await until(lambda: it.desk.state_of(item.id).kind == "done")
        assert it.desk.state_of(item.id).words == "removed by you"


async def test_the_row_is_deciding_before_the_commit_and_nothing_is_sent_before_it(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        seen: list[tuple[str, int]] = []

        def listen(event: object) -> None:
            if isinstance(event, ItemsChanged | DecisionChanged):
                seen.append((it.desk.state_of(item.id).kind, len(it.site.writes)))

        it.desk.events.subscribe(listen)
        decision = await it.decide(item)
        assert seen[0] == ("deciding", 0)
        await it.becomes(decision, "done")
        assert it.store.journal.decision(decision.id) is not None


async def test_a_decision_that_writes_to_a_member_is_held_longer(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove", message="Please stop.")
        assert decision.hold_ms == 60_000
        await it.clock.advance(59)
        assert it.site.writes == []
        await it.clock.advance(2)
        await it.becomes(decision, "done")
        assert it.site.messages == [("tante_erna", "Please stop.")]


async def test_hiding_personal_data_goes_out_at_once_and_the_message_is_held(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove", reason="private", message="Removed.")
        await until(lambda: it.steps(decision) == ["done", "held"])
        assert it.site.messages == []
        await it.clock.advance(61)
        await it.becomes(decision, "done")
        assert len(it.site.messages) == 1


async def test_the_command_lines_hold_sets_all(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=5) as it:
        decision = await it.decide(await it.post("1"), "remove", reason="private", message="Removed.")
        await it.clock.advance(4)
        assert it.site.writes == []
        await it.clock.advance(2)
        await it.becomes(decision, "done")


async def test_a_wall_clock_that_jumps_never_shortens_a_hold(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"))
        it.clock.jump(86_400)
        await it.clock.advance(10)
        assert it.site.writes == []
        it.clock.jump(-2 * 86_400)
        await it.clock.advance(6)
        await it.becomes(decision, "done")


@pytest.mark.parametrize("verb", ["approve", "remove"])
async def test_changed_text_is_a_conflict(tmp_path: Path, verb: str) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, verb, message="m")
        it.site.change("1", source=Foreign("Sorry, all."), edits=1)
        await it.clock.advance(61)
        await it.becomes(decision, "conflict")
        assert it.site.writes == []
        assert it.steps(decision) == ["conflict", "discarded"]
        found = it.desk.decision(decision.id)
        assert found is not None and found.targets[0].conflict == ("the text was edited",)
        assert it.desk.state_of(item.id).letter == "!"
        assert it.desk.outbox().conflict == 1


async def test_another_moderators_decision_is_a_conflict_that_names_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"))
        it.site.handle("1", "kept", "kestrel")
        await it.clock.advance(16)
        await it.becomes(decision, "conflict")
        found = it.desk.decision(decision.id)
        assert found is not None and found.targets[0].conflict == ("kept by kestrel",)


@pytest.mark.parametrize(("verb", "state"), [("approve", "conflict"), ("ignore", "conflict"), ("remove", "done")])
async def test_new_reports_stop_an_approval_but_not_a_removal(tmp_path: Path, verb: str, state: str) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, verb)
        it.site.change("1", reports=(*item.reports, Report(id="r9", reason="hate", label=Foreign("hate"))))
        await it.clock.advance(16)
        await it.becomes(decision, state)
        noticed = [event for event in it.store.journal.events() if event.kind == "noticed"]
        assert len(noticed) == (1 if state == "done" else 0)


async def test_a_fresh_read_counts_as_the_look_before_sending(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item)
        await it.clock.advance(8)
        it.desk.reads.note([item])
        await it.clock.advance(8)
        await it.becomes(decision, "done")
        assert it.site.reads == []


async def test_a_batch_is_one_decision_read_in_batches(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        items = [await it.post(str(number), author=f"m{number}") for number in range(37)]
        decided = await it.desk.decide(items, Intent(verb="spam"))
        assert decided.decision is not None and len(decided.decision.targets) == 37
        await it.clock.advance(16)
        await it.becomes(decided.decision, "done")
        assert [len(read) for read in it.site.reads] == [10, 10, 10, 7]
        assert len(it.site.applied) == 37
        assert len(it.store.journal.history()) == 1


async def test_one_batch_carries_one_sanction_per_member(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        items = [await it.post("1", author="a"), await it.post("2", author="a"), await it.post("3", author="b")]
        decided = await it.desk.decide(items, Intent(verb="remove", sanction=Sanction("ban", None)))
        assert decided.decision is not None
        names = [[step.call.name for step in target.steps] for target in decided.decision.targets]
        assert names == [["perform", "ban"], ["perform"], ["perform", "ban"]]
        await it.clock.advance(61)
        await it.becomes(decided.decision, "done")


async def test_a_subject_has_at_most_one_open_decision(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item, other = await it.post("1"), await it.post("2")
        await it.decide(item)
        decided = await it.desk.decide([item, other], Intent(verb="remove"))
        assert decided.decision is not None and [target.number for target in decided.decision.targets] == ["2"]
        assert decided.skipped == {item.id: "you decided on it already: it is held"}
        nothing = await it.desk.decide([item], Intent(verb="remove"))
        assert nothing.decision is None
        assert it.desk.words_for(nothing) == "Nothing decided: you decided on it already: it is held."


async def test_two_keys_at_once_make_one_decision(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        first, second = await asyncio.gather(
            it.desk.decide([item], Intent(verb="approve")), it.desk.decide([item], Intent(verb="approve"))
        )
        assert (first.decision is None) != (second.decision is None)


async def test_what_another_has_taken_needs_overruling(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1", claim=Claim(by=Foreign("kestrel"), since_ms=it.clock.now_ms() - 20_000))
        assert it.desk.plan(item, Intent(verb="approve")).asks == "kestrel has had this for 20 s. Keep it anyway?"
        assert (await it.desk.decide([item], Intent(verb="approve"))).skipped == {item.id: "kestrel has taken it"}
        assert (await it.desk.decide([item], Intent(verb="approve"), overrule=True)).decision is not None


async def test_refused_stops_the_later_steps_and_says_which_part_is_in_force(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        it.site.faults.extend(["", "refuse"])
        decision = await it.decide(item, "remove", message="m", sanction=Sanction("ban", None))
        await it.becomes(decision, "partly")
        assert it.steps(decision) == ["done", "refused", "discarded"]
        row = it.desk.state_of(item.id)
        assert (row.letter, row.kind) == ("x", "partly")
        assert row.words == "in force: post hidden; refused: message sent (The site says no)"
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")
        assert it.site.messages == [("tante_erna", "m")]


async def test_stale_is_read_again_and_becomes_a_conflict(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("stale")
        decision = await it.decide(await it.post("1"))
        await it.becomes(decision, "conflict")
        assert it.site.applied == []


async def test_offline_decisions_wait_and_go_out_when_the_line_is_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        it.site.down = OFFLINE
        item = await it.post("1")
        decision = await it.decide(item)
        await it.clock.advance(30)
        await until(lambda: it.desk.communities[0].link.state == "offline")
        assert it.state(decision) == "held"
        assert it.desk.outbox().held == 1
        it.site.down = None
        await it.clock.advance(300)
        await it.becomes(decision, "done")
        assert it.desk.communities[0].link.state == "live"


async def test_a_request_that_never_left_is_held_again(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("offline")
        item = await it.post("1")
        decision = await it.decide(item)
        await until(lambda: len(it.site.writes) == 1 and it.state(decision) == "held")
        assert it.desk.state_of(item.id).words == "waits: The site cannot be reached."
        await it.clock.advance(10)
        await it.becomes(decision, "done")
        assert len(it.site.applied) == 1


async def test_too_fast_waits_as_long_as_the_site_asks(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("rate")
        decision = await it.decide(await it.post("1"))
        await until(lambda: it.desk.communities[0].link.state == "too-fast")
        await it.clock.advance(19)
        assert len(it.site.writes) == 1
        await it.clock.advance(2)
        await it.becomes(decision, "done")


async def test_a_withdrawn_key_keeps_the_decision_and_says_so(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.down = AuthError("The key was withdrawn.")
        decision = await it.decide(await it.post("1"))
        await until(lambda: it.desk.communities[0].link.state == "signed-out")
        assert it.state(decision) == "held"
        it.site.down = None
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")


@pytest.mark.parametrize(("fault", "applied"), [("lost", 1), ("lost before", 1), ("mistake", 1)])
async def test_a_lost_answer_is_looked_up_and_never_doubled(tmp_path: Path, fault: str, applied: int) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append(fault)
        item = await it.post("1")
        decision = await it.decide(item, "remove", message="m")
        await it.becomes(decision, "unknown")
        assert it.desk.state_of(item.id).letter == "?"
        for _ in range(20):
            await it.clock.advance(5)
            await breathe(50)
        await it.becomes(decision, "done")
        assert it.site.fates
        assert len([1 for _, call in it.site.applied if call.name == "perform"]) == applied
        assert len(it.site.messages) == 1


async def test_a_request_that_arrives_late_is_not_doubled(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("lost late")
        decision = await it.decide(await it.post("1"), "note", text="Look at this one.")
        await it.becomes(decision, "unknown")
        await it.clock.advance(4)
        await until(lambda: len(it.site.fates) == 1)
        it.site.arrive()
        await it.clock.advance(10)
        await it.becomes(decision, "done")
        assert len(it.site.applied) == 1


async def test_an_unclear_fate_stays_visible_and_is_not_sent_again(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        it.site.faults.append("lost before")
        it.site.unclear = True
        decision = await it.decide(await it.post("1"))
        for _ in range(10):
            await it.clock.advance(60)
            await breathe(50)
        assert it.state(decision) == "unknown"
        assert len(it.site.writes) == 1
        assert it.desk.outbox().unknown == 1
        assert await it.desk.settle(timeout_s=1)
        it.site.unclear = False
        await it.desk.retry(decision.id)
        await it.clock.advance(1)
        await it.becomes(decision, "done")


async def test_siblings_that_the_site_closes_are_done_too(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item, other = await it.post("1"), await it.post("2")
        it.site.siblings["1"] = ("2",)
        decision = await it.decide(item)
        await it.becomes(decision, "done")
        await until(lambda: it.desk.state_of(other.id).kind == "done")
        assert it.desk.state_of(other.id).words == "resolved by the same decision"


async def test_a_held_decision_on_a_sibling_is_met_or_conflicts(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item, same, unlike = await it.post("1"), await it.post("2"), await it.post("3")
        it.site.siblings["1"] = ("2", "3")
        first = await it.decide(same, "remove")
        second = await it.decide(unlike, "approve")
        decided = await it.desk.decide([item], Intent(verb="remove"), hold_s=0)
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        await it.becomes(first, "done")
        await it.becomes(second, "conflict")
        await it.clock.advance(30)
        assert len(it.site.writes) == 1


async def test_the_second_steps_own_effects_are_no_conflict(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item, other = await it.post("1"), await it.post("2")
        urgent = await it.decide(item, "remove", reason="private", message="m", sanction=Sanction("ban", None))
        await until(lambda: it.steps(urgent)[0] == "done")
        ban = await it.decide(other, "ban")
        await it.clock.advance(62)
        await it.becomes(urgent, "done")
        await it.becomes(ban, "done")


async def test_a_message_about_a_removal_that_was_reversed_meanwhile_is_not_sent(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove", reason="private", message="Your post was removed.")
        await it.clock.advance(0.1)
        assert it.steps(decision) == ["done", "held"]
        it.site.change("1", state="open", handled_by=None, version=2)
        await it.clock.advance(61)
        assert it.steps(decision) == ["done", "conflict"]
        assert it.site.messages == []


async def test_a_claim_that_the_site_requires_is_let_go_when_the_decision_fails(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0, claims=True) as it:
        it.site.faults.extend(["", "refuse"])
        decision = await it.decide(await it.post("1"))
        await it.becomes(decision, "partly")
        await until(lambda: [call.name for _, call in it.site.applied] == ["claim", "release"])


async def test_one_broken_subject_does_not_stop_the_others(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        items = [await it.post(str(number), author=f"m{number}") for number in range(3)]
        it.site.broken_reads.add("0")
        decided = await it.desk.decide(items, Intent(verb="approve"))
        assert decided.decision is not None
        for _ in range(40):
            await it.clock.advance(2)
            await breathe(50)
        await until(lambda: [it.steps(decided.decision, n) for n in (1, 2)] == [["done"], ["done"]])  # type: ignore[arg-type]
        assert it.steps(decided.decision, 0) == ["held"]


async def test_a_subject_that_the_adapter_leaves_out_is_not_asked_about_without_end(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.post("1"), await it.post("2", author="bo")
        it.site.unanswered.add("1")
        decided = await it.desk.decide([first, second], Intent(verb="approve"))
        assert decided.decision is not None
        await it.clock.advance(20)
        assert [it.steps(decided.decision, n) for n in (0, 1)] == [["held"], ["done"]]
        assert len(it.site.reads) == 1
        it.site.unanswered.clear()
        await it.clock.advance(61)
        await it.becomes(decided.decision, "done")


async def test_read_only_refuses_every_write(tmp_path: Path) -> None:
    async with bench(tmp_path, read_only=True) as it:
        item = await it.post("1")
        desk = it.desk
        for call in (
            desk.decide([item], Intent(verb="approve")), desk.undo(), desk.redo(), desk.discard("x"), desk.retry("x"),
            desk.send_now(), desk.resume([]), desk.resolve_conflict("x", "mine"),
        ):  # fmt: skip
            with pytest.raises(ReadOnly, match="nothing is sent"):
                await call
        assert list(it.store.journal.events()) == []
        assert desk.can(item, "approve").sentence == "modtui was started read-only"  # type: ignore[union-attr]


async def test_nothing_chosen_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        with pytest.raises(UsageError, match="Nothing is chosen"):
            await it.desk.decide([], Intent(verb="approve"))


async def test_without_versions_the_write_is_read_back(tmp_path: Path) -> None:
    async with bench(tmp_path, versions=False, hold_override_s=0) as it:
        item = await it.post("1")
        it.site.gate = asyncio.Event()
        decision = await it.decide(item, "remove")
        await until(lambda: it.site.applied)
        it.site.change("1", source=Foreign("Quickly edited."), edits=1)
        it.site.gate.set()
        await it.becomes(decision, "done")
        await until(lambda: any(isinstance(event, Troubled) and "edited just as" in event.words for event in it.told))
