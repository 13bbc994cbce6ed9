"""Which reads prove that a subject is what was shown, and claims that are let go when nothing comes of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.seen import seen_of
from modtui.errors import Refused
from modtui.text import Foreign
from tests.core.desk_out import bench, crash
from tests.core.fakes import FakeClock, FakeSite, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("hold_s", [0, 5])
async def test_a_read_from_before_the_decision_does_not_hide_an_edit(tmp_path: Path, hold_s: float) -> None:
    async with bench(tmp_path, hold_override_s=hold_s) as it:
        item = await it.post("1")
        it.desk.reads.note([item])  # the list was read just now
        await it.clock.advance(1)
        it.site.change("1", source=Foreign("I am sorry."), edits=1)
        decision = await it.decide(item, "remove")
        await it.clock.advance(hold_s)
        await it.becomes(decision, "conflict")
        assert it.site.writes == []


async def test_an_answer_to_an_older_question_does_not_count_either(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=5) as it:
        item = await it.post("1")
        asked = it.clock.monotonic()
        await it.clock.advance(1)
        decision = await it.decide(item, "remove")
        await it.clock.advance(1)
        it.site.change("1", source=Foreign("I am sorry."), edits=1)
        it.desk.reads.note([item], asked)  # it was on its way while the key was pressed
        await it.clock.advance(4)
        await it.becomes(decision, "conflict")


async def test_who_reads_and_decides_at_once_needs_no_second_read(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        fresh = (await it.desk.read([item.ref]))[item.ref]
        assert isinstance(fresh, Item)
        await it.clock.advance(1)
        decided = await it.desk.decide([fresh], Intent(verb="remove"), seen={item.id: seen_of(fresh)}, hold_s=0)
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        assert it.site.order == ["read", "write"]


async def test_what_another_process_decided_is_read_by_the_sender(tmp_path: Path) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as one, bench(tmp_path, clock=clock, site=site) as two:
        item = await two.post("1")
        decided = await two.desk.decide([item], Intent(verb="remove"), hold_s=3)
        one.desk.reads.note([item])
        site.change("1", source=Foreign("I am sorry."), edits=1)
        assert decided.decision is not None
        await clock.advance(5)
        await one.becomes(decided.decision, "conflict")
        assert site.writes == []


async def test_mine_decides_on_what_the_page_showed(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        it.site.change("1", source=Foreign("Second text."), edits=1)
        decision = await it.decide(item, "remove")
        await it.becomes(decision, "conflict")
        it.site.change("1", source=Foreign("Third text."), edits=2)
        with pytest.raises(Refused, match="changed again since you looked: the text was edited"):
            await it.desk.resolve_conflict(decision.id, "mine")
        assert it.state(decision) == "conflict" and it.site.writes == []
        shown = it.desk.item(item.id)
        assert shown is not None and shown.source == "Third text.", "the page has it now"
        mine = await it.desk.resolve_conflict(decision.id, "mine")
        assert mine is not None
        await it.becomes(mine, "done")


async def test_mine_over_many_leaves_out_what_changed_once_more(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        items = [await it.post(str(n)) for n in range(3)]
        for n in range(3):
            it.site.change(str(n), source=Foreign("Second text."), edits=1)
        decided = await it.desk.decide(items, Intent(verb="remove"))
        assert decided.decision is not None
        await it.becomes(decided.decision, "conflict")
        it.site.change("1", source=Foreign("Third text."), edits=2)
        mine = await it.desk.resolve_conflict(decided.decision.id, "mine")
        assert mine is not None and [target.number for target in mine.targets] == ["0", "2"]
        await it.becomes(mine, "done")
        assert [it.steps(decided.decision, n) for n in range(3)] == [["discarded"], ["conflict"], ["discarded"]]


# ---------------------------------------------------------------- claims that were only the way


async def _releases(it_site: FakeSite, number: int = 1) -> None:
    await until(lambda: [call.name for _, call in it_site.applied].count("release") == number)


@pytest.mark.parametrize("end", ["conflict", "refused"])
async def test_a_claim_is_let_go_after_the_line_broke(tmp_path: Path, end: str) -> None:
    async with bench(tmp_path, hold_override_s=0, claims=True) as it:
        it.site.faults.append("lost")  # the claim arrives, its answer does not
        item = await it.post("1")
        decision = await it.decide(item, "remove")
        await it.becomes(decision, "unknown")
        if end == "refused":
            it.site.refusing.add("1")
        else:
            it.site.change("1", source=Foreign("I am sorry."), edits=1)
        await it.clock.advance(60)
        await it.becomes(decision, end)
        await _releases(it.site)
        assert it.steps(decision) == ["undone", end]
        assert it.site.items["1"].claim is None


@pytest.mark.parametrize("how", ["undo", "drop"])
async def test_a_claim_is_let_go_when_the_verdict_is_taken_back(tmp_path: Path, how: str) -> None:
    async with bench(tmp_path, hold_override_s=0, claims=True) as it:
        it.site.faults.extend(["", "offline"])
        decision = await it.decide(await it.post("1"), "remove")
        await until(lambda: it.steps(decision) == ["done", "held"] and len(it.site.writes) == 2)
        if how == "undo":
            assert (await it.desk.undo()).kind == "taken back"
        else:
            await it.desk.discard(decision.id)
        await it.clock.advance(60)
        await _releases(it.site)
        assert it.site.items["1"].claim is None and it.on_site("1") == "open"
        assert (await it.desk.undo()).kind == "nothing"


async def test_a_claim_is_let_go_after_a_crash_before_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0, claims=True) as it:
        never = asyncio.Event()

        async def die(*_: object) -> None:
            never.set()
            await asyncio.sleep(3600)

        monkeypatch.setattr(it.desk._outbox, "release", die)
        site.refusing.add("1")
        decision = await it.decide(await it.post("1"), "remove")
        await asyncio.wait_for(never.wait(), 30)
        await crash(it)
    assert site.items["1"].claim is not None
    async with bench(tmp_path, clock=clock, site=site, claims=True) as it:
        assert it.steps(decision) == ["done", "refused"]
        await clock.advance(1)
        await _releases(site)
        assert site.items["1"].claim is None
    async with bench(tmp_path, clock=clock, site=site, claims=True):
        await clock.advance(60)
    await _releases(site)
