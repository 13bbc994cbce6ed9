"""A disk that is full, locked or read-only, and clocks that jump: said in a sentence, nothing lost, well after it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from modtui.desk.events import Troubled
from modtui.domain.decisions import Intent
from modtui.errors import StoreError
from modtui.store.journal import Journal
from tests.core.desk_out import Bench, bench, crash
from tests.core.fakes import FakeClock, FakeSite, until

pytestmark = pytest.mark.anyio


def _set(journal: Journal, pragma: str) -> None:
    with journal.database._turn:
        journal.database._writer.execute(f"PRAGMA {pragma}")


@contextmanager
def full(journal: Journal) -> Iterator[None]:
    """No page more fits on the disk."""
    with journal.database._turn:
        pages = journal.database._writer.execute("PRAGMA page_count").fetchone()[0]
        # Every event wants some pages more, whatever room is left in those that are begun.
        journal.database._writer.execute(
            "CREATE TEMP TRIGGER hungry BEFORE INSERT ON event BEGIN"
            " INSERT INTO snooze (item, until_ms) VALUES (hex(randomblob(9000)), 1); END"
        )
    _set(journal, f"max_page_count={pages}")
    try:
        yield
    finally:
        _set(journal, "max_page_count=1000000")
        with journal.database._turn:
            journal.database._writer.execute("DROP TRIGGER hungry")


@contextmanager
def locked(journal: Journal) -> Iterator[None]:
    """Another program holds the file."""
    _set(journal, "busy_timeout=20")
    other = sqlite3.connect(journal.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def read_only(journal: Journal) -> Iterator[None]:
    """The disk takes nothing any more."""
    _set(journal, "query_only=ON")
    try:
        yield
    finally:
        _set(journal, "query_only=OFF")


Spoil = Callable[[Journal], AbstractContextManager[None]]
SPOILT = [(full, "The disk is full"), (locked, "Another program is using"), (read_only, "cannot be written")]
spoilt = pytest.mark.parametrize(("spoil", "said"), SPOILT)


def told(it: Bench) -> str:
    return " ".join(str(event.words) for event in it.told if isinstance(event, Troubled))


@spoilt
async def test_a_decision_that_cannot_be_written_is_none_and_can_be_made_again(
    tmp_path: Path, spoil: Spoil, said: str
) -> None:
    async with bench(tmp_path) as it:
        items = [await it.post(str(number)) for number in range(4)]
        first = await it.decide(items[0], "remove")
        with spoil(it.store.journal):
            with pytest.raises(StoreError, match=said) as caught:
                await it.desk.decide(items[1:], Intent(verb="remove"))
            assert "Nothing was saved" in str(caught.value)
            states = [it.desk.state_of(item.id).kind for item in items[1:]]
            assert states == [it.desk.state_of("nothing").kind] * 3, "the rows are open again"
            with pytest.raises(StoreError, match=said):
                await it.desk.undo(first.id)
            assert it.state(first) == "held"
        again = await it.desk.decide(items[1:], Intent(verb="remove"))
        assert again.decision is not None
        assert (await it.desk.undo(first.id)).kind == "taken back"
        await it.clock.advance(30)
        await it.becomes(again.decision, "done")
        assert len(it.site.applied) == 3 and it.store.journal.verify().ok


@spoilt
async def test_what_is_due_waits_for_the_disk(tmp_path: Path, spoil: Spoil, said: str) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1"), "remove")
        with spoil(it.store.journal):
            await it.clock.advance(20)
            await until(lambda: said in told(it))
            assert it.state(decision) == "held" and it.site.writes == [], "nothing leaves before it is on the disk"
        await it.clock.advance(10)
        await it.becomes(decision, "done")
        assert len(it.site.writes) == 1


@spoilt
@pytest.mark.parametrize("crashes", [False, True])
async def test_an_outcome_that_cannot_be_written_is_not_sent_twice(
    tmp_path: Path, spoil: Spoil, said: str, crashes: bool
) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site, hold_override_s=0) as it:
        decision = await it.on_its_way(await it.post("1"), "remove", message="m")
        with spoil(it.store.journal):
            it.let_through()
            await until(lambda: said in told(it))
            await clock.advance(30)
            assert it.steps(decision) == ["sending", "held"] and len(site.writes) == 1
            if crashes:
                await crash(it)
        site.gate = None
        if not crashes:
            await clock.advance(10)
            await it.becomes(decision, "done")
    if crashes:
        async with bench(tmp_path, clock=clock, site=site) as it:
            await clock.advance(90)
            await it.becomes(decision, "done")
    assert [call.name for _, call in site.applied] == ["perform", "message"]


@spoilt
async def test_a_start_in_trouble_sends_when_the_disk_is_well(
    tmp_path: Path, spoil: Spoil, said: str
) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
        site.gate = asyncio.Event()
        on_its_way = await it.desk.decide([await it.post("2")], Intent(verb="approve"), hold_s=0)
        await until(lambda: site.gated)
        await crash(it)
        site.gate, site.gated = None, 0
    async with bench(tmp_path, clock=clock, site=site, start=False) as it:
        with spoil(it.store.journal):
            await it.desk.start(sync=False)
            await clock.advance(60)
            assert said in told(it)
            assert len(site.writes) == 1, "nothing is sent by whoever cannot write"
            assert {one.id for one in it.desk.outbox().decisions} == {decision.id, on_its_way.decision.id}  # type: ignore[union-attr]
        for _ in range(40):
            await clock.advance(2)
        await it.becomes(decision, "done")
        await it.becomes(on_its_way.decision, "done")  # type: ignore[arg-type]
        await it.desk.close()
    assert len(site.applied) == 2


@spoilt
async def test_leaving_in_trouble_leaves_the_lock_and_no_noise(
    tmp_path: Path, spoil: Spoil, said: str
) -> None:
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
        with spoil(it.store.journal):
            await it.desk.close(timeout_s=1)
        assert not it.desk.is_sender(it.backend.connection.community)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(20)
        await it.becomes(decision, "done")


@pytest.mark.parametrize("jump_s", [-7200, -90, 30, 7200])
async def test_a_clock_that_was_set_between_two_starts(tmp_path: Path, jump_s: int) -> None:
    """What cannot be told to be young is asked about; nothing goes out early, nothing is forgotten."""
    clock = FakeClock()
    site = FakeSite(clock)
    async with bench(tmp_path, clock=clock, site=site) as it:
        decision = await it.decide(await it.post("1"), "remove")
        await clock.advance(3)
    clock.jump(jump_s)
    async with bench(tmp_path, clock=clock, site=site) as it:
        await clock.advance(14)
        assert site.writes == []
        await clock.advance(2)
        if jump_s == 30:
            await it.becomes(decision, "done")
        else:
            assert site.writes == [] and [one.id for one in it.desk.waiting_old()] == [decision.id]
            await it.desk.resume([decision.id])
            await it.becomes(decision, "done")
    assert len(site.writes) == 1
