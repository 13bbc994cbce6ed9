"""Decisions on several communities at once: one decision, paced by each, one undo, and no one holds up another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.desk import rereads, undo
from modtui.domain.decisions import Answer
from modtui.domain.items import Item
from modtui.errors import NetworkError, RateLimited
from tests.core.fakes import FakeClock, until
from tests.core.several import Several, several

pytestmark = pytest.mark.anyio


async def two_and_one(it: Several) -> list[Item]:
    """Two posts in one community and one in the other."""
    return [await it["harbour"].post("1"), await it["lagoon"].post("2"), await it["harbour"].post("3")]


async def test_a_batch_over_two_communities_is_one_decision_and_one_undo(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        items = await two_and_one(it)
        decision = await it.decide(items, "remove")
        assert [*decision.places.values()] == [2, 1]
        assert it.desk.outbox(it["lagoon"].community.id).held == 1 and it.desk.outbox().held == 3
        result = await it.desk.undo()
        assert result.kind == "taken back" and result.words.startswith("Taken back: 3 posts")
        assert set(it.states(decision).values()) == {"undone"}
        assert not it["harbour"].site.writes and not it["lagoon"].site.writes
        again = await it.desk.redo()
        assert again.kind == "again" and again.decision is not None and len(again.decision.places) == 2


async def test_what_was_sent_to_two_communities_comes_back_with_one_undo(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        decision = await it.decide(await two_and_one(it), "remove")
        await it.clock.advance(16)
        await it.become(decision, _1="done", _2="done", _3="done")
        assert (it["harbour"].on_site("1"), it["lagoon"].on_site("2")) == ("removed", "removed")
        asked = await it.desk.undo()
        assert asked.kind == "asks" and asked.words.startswith("3 of 3 were sent")
        back = (await it.desk.undo(confirmed=True)).decision
        assert back is not None and back.undo_of == decision.id and [*back.places.values()] == [2, 1]
        await it.clock.advance(1)
        await it.become(back, _1="done", _2="done", _3="done")
        assert [it["harbour"].on_site("1"), it["lagoon"].on_site("2"), it["harbour"].on_site("3")] == ["open"] * 3
        assert (await it.desk.undo()).kind == "nothing"


@pytest.mark.parametrize("error", [NetworkError("No line."), RateLimited("Too fast.", wait_s=600)])
async def test_a_community_that_is_down_does_not_hold_up_the_other(tmp_path: Path, error: Exception) -> None:
    async with several(tmp_path) as it:
        it["lagoon"].site.down = error
        decision = await it.decide(await two_and_one(it))
        await it.clock.advance(16)
        await it.become(decision, _1="done", _3="done")
        assert it.states(decision)["2"] == "held"
        assert it["lagoon"].community.link.state in ("offline", "too-fast")
        assert it.desk.outbox(it["harbour"].community.id).on_their_way == 0
        told = it.desk.words_for(await it.desk.decide([await it["lagoon"].post("4")], decision.intent))
        assert "Waits for the" in told
        more = [await it["harbour"].post("5"), await it["lagoon"].post("6")]
        told = it.desk.words_for(await it.desk.decide(more, decision.intent))
        assert "lagoon is" in told and told.endswith("1 there waits until it is back.") and "15 s free" in told
        it["lagoon"].site.down = None
        await it.clock.advance(700)
        await it.become(decision, _2="done")


async def test_a_conflict_in_one_community_concerns_that_one_only(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        items = await two_and_one(it)
        decision = await it.decide(items, "remove")
        it["lagoon"].site.handle("2", "kept", "ann")
        await it.clock.advance(16)
        await it.become(decision, _1="done", _2="conflict", _3="done")
        assert it.now(decision).state == "partly"
        back = (await it.desk.undo(confirmed=True)).decision
        assert back is not None and [*back.places.values()] == [2]
        await it.clock.advance(1)
        await it.become(back, _1="done", _3="done")
        assert it["lagoon"].on_site("2") == "kept", "what another decided stays"


async def test_what_is_unknown_in_one_community_does_not_hold_up_the_undo_in_the_other(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        items = await two_and_one(it)
        it["lagoon"].site.faults.append("lost before")
        it["lagoon"].site.unclear = True
        decision = await it.decide(items, "remove")
        await it.clock.advance(16)
        await it.become(decision, _1="done", _2="unknown", _3="done")
        asked = await it.desk.undo()
        assert asked.kind == "asks"
        result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo"
        assert result.words == "Taking back 2 posts. What arrived in lagoon is not known yet: u again takes it back."
        assert it.desk.last() == it.now(decision), "u goes on with the same decision, not with an older one"
        await it.clock.advance(1)
        await until(lambda: [it["harbour"].on_site(n) for n in "13"] == ["open", "open"])
        assert (await it.desk.undo(confirmed=True)).kind == "wait"


async def test_u_while_one_community_is_silent_goes_back_there_when_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereads, "SLOW_S", 0.05)
    async with several(tmp_path) as it:
        decision = await it.decide(await two_and_one(it), "remove")
        await it.clock.advance(16)
        await it.become(decision, _1="done", _2="done", _3="done")
        it["lagoon"].site.down = NetworkError("No line.")
        result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo" and result.decision is not None
        assert result.words.endswith("lagoon does not answer: 1 there goes back when it does.")
        await it.clock.advance(1)
        await it.become(result.decision, _1="done", _3="done")
        assert it["harbour"].on_site("1") == "open" and it["lagoon"].on_site("2") == "removed"
        it["lagoon"].site.down = None
        await it.clock.advance(200)
        await it.become(result.decision, _2="done")
        assert it["lagoon"].on_site("2") == "open"


async def test_u_does_not_wait_for_a_request_that_hangs_in_the_other_community(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "_OTHERS_S", 0.0)
    async with several(tmp_path) as it:
        gate = it["lagoon"].site.gate = asyncio.Event()
        decision = await it.decide(await two_and_one(it), "remove")
        await it.clock.advance(15.5)
        await it.become(decision, _1="done", _3="done", _2="sending")
        async with asyncio.timeout(30):  # time stands still: the ten seconds for an only community would never pass
            result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo" and "not known yet" in result.words
        await it.clock.advance(1)
        await until(lambda: it["harbour"].on_site("1") == "open", "the harbour's part")
        gate.set()
        await it.become(decision, _2="done")
        last = await it.desk.undo(confirmed=True)
        assert last.kind == "sent undo" and last.decision is not None and last.decision.places.keys() == {
            it["lagoon"].community.id
        }  # fmt: skip
        await it.clock.advance(1)
        await until(lambda: it["lagoon"].on_site("2") == "open")


async def test_the_journal_finds_a_batch_from_each_of_its_communities(tmp_path: Path) -> None:
    async with several(tmp_path, ("harbour", "lagoon", "marsh")) as it:
        decision = await it.decide(await two_and_one(it), "remove")
        journal = it.store.journal
        ids = {name: place.community.id for name, place in it.places.items()}
        for name in ("harbour", "lagoon"):
            assert [one.id for one in journal.history(community=ids[name])] == [decision.id]
            assert [one.id for one in journal.open_decisions(ids[name])] == [decision.id]
        assert not journal.history(community=ids["marsh"]) and not journal.open_decisions(ids["marsh"])
        assert journal.counts(0, ids["lagoon"]) == {"remove": 1} and journal.counts(0, ids["harbour"]) == {"remove": 2}


async def test_a_lost_answer_is_not_taken_for_that_of_a_batch_with_another_community(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        told = Answer(data={"message": 77})
        it["lagoon"].site.answers["message"] = told
        mixed = await it.decide(await two_and_one(it), "remove", message="Hello")
        await it.clock.advance(61)
        await it.become(mixed, _2="done")
        it["lagoon"].site.faults.extend(["", "lost before"])
        alone = await it.decide([await it["lagoon"].post("9")], "remove", message="Hello")
        await it.clock.advance(61)
        await it.become(alone, _9="unknown")
        await it.clock.advance(30)
        await until(lambda: it["lagoon"].site.known, "a look")
        assert told in it["lagoon"].site.known[-1], "the batch begins elsewhere, and has a message here all the same"
        assert it.now(alone).id == alone.id


async def test_forgetting_a_member_of_one_community_keeps_to_it(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        here, there = it["harbour"], it["lagoon"]
        items = [await here.post("1", author="bo"), await there.post("2", author="bo")]
        decision = await it.decide(items, "remove")
        await it.clock.advance(16)
        await it.become(decision, _1="done", _2="done")
        await it.clock.advance(2)
        await it.store.journal.forget("bo", community=there.community.id)
        found = it.store.journal.decision(decision.id)
        assert found is not None
        assert [target.author for target in found.targets] == ["bo", None]
        assert [target.ref.community for target in found.targets] == [here.community.id, there.community.id]
        assert it.store.journal.verify().ok


async def test_a_part_in_a_community_that_is_not_open_here_is_waited_for_by_nobody(tmp_path: Path) -> None:
    clock = FakeClock()
    async with several(tmp_path, clock=clock) as first:
        decision = await first.decide(await two_and_one(first), "remove")
        sites = {name: place.site for name, place in first.places.items()}
    async with several(tmp_path, ("harbour",), clock=clock, sites=sites) as it:
        assert await it.desk.send_now(decision.id) == 1
        await it.become(decision, _1="done", _3="done")
        assert await it.desk.settle(5.0), "lagoon's part is for a modtui that has it"
        assert it.states(decision)["2"] == "held"
    async with several(tmp_path, clock=clock, sites=sites) as it:
        await it.clock.advance(16)
        await it.become(decision, _2="done")


async def test_each_row_is_taken_by_the_account_of_its_own_community(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        it["lagoon"].site.me = "kestrel"
        for place in it.places.values():
            await place.community.identify()
        items = await two_and_one(it)
        decision = await it.decide(items, "claim")
        await it.clock.advance(1)
        await it.become(decision, _1="done", _2="done", _3="done")
        rows = [it.desk.item(item.id) for item in items]
        assert [row.claim.by if row and row.claim else None for row in rows] == ["rookmoor", "kestrel", "rookmoor"]
