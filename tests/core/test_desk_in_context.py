"""What stands around an item: at once from the cache, fetched for where the moderator stands, dropped when left."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from pathlib import Path

import pytest

from modtui.backends.base import Budget
from modtui.desk.context import DWELL_S
from modtui.desk.events import ContextLoaded
from modtui.desk.summary import summarize
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import NetworkError

from .desk_in_fakes import START, World, item, quiet, until, world

pytestmark = pytest.mark.anyio

ROWS = [item(n, author=f"member{n}") for n in range(1, 9)]


def asked(w: World) -> list[str]:
    """The reads of context that the site saw."""
    return [call for call in w.backend.calls if call.split()[0] in ("thread", "dossier")]


def threads(w: World, *items: Item) -> list[bool]:
    """Whether each item's thread is here."""
    return [w.desk.context(each).thread is not None for each in items]


def _have(w: World, *items: Item) -> bool:
    return all(threads(w, *items))


async def test_the_thread_comes_then_the_next_items_then_the_dossier_of_who_stays(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        first, second, third = ROWS[:3]
        assert w.desk.context(first) == w.desk.context(first)
        w.desk.want(first, [second, third])
        assert w.desk.context(first).loading
        await until(lambda: all(threads(w, first, second)), "both threads")
        await quiet()
        assert asked(w) == ["thread 1", "thread 2"]
        await w.trickle_until(lambda: w.desk.context(first).dossier, "the dossier", DWELL_S + 0.1)
        context = w.desk.context(first)
        assert (context.loading, context.problem, context.fresh_ms) == (False, None, START)
        assert asked(w) == ["thread 1", "thread 2", "dossier u-member1"]
        assert ContextLoaded(first.id) in w.told


async def test_a_quick_moderator_costs_one_read_an_item(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        for here, ahead in itertools.pairwise(ROWS):
            w.desk.want(here, [ahead])
            await until(partial(_have, w, here, ahead), "the threads")
            w.clock.advance(1)
            await quiet()
        assert asked(w) == [f"thread {n}" for n in range(1, 9)]


async def test_wishes_that_nobody_holds_any_more_are_not_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        for each in ROWS[:7]:
            w.desk.want(each)
        w.desk.want(ROWS[7])
        await until(lambda: all(threads(w, ROWS[7])), "the last one")
        await quiet()
        assert asked(w) == ["thread 8"]
        assert not w.desk.context(ROWS[0]).loading
        w.desk.want(ROWS[0])
        await until(lambda: all(threads(w, ROWS[0])), "the one that was dropped before")


async def test_reads_in_flight_are_few_and_the_newest_never_waits(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        w.backend.gate = asyncio.Event()
        for each in ROWS[:6]:
            w.desk.want(each)
            await quiet()
        assert asked(w)[-1] == "thread 6"
        w.backend.gate.set()
        await until(lambda: all(threads(w, ROWS[5])), "the last one")
        await quiet()
        assert threads(w, *ROWS[:6]) == [False, False, False, True, True, True]


async def test_nothing_ahead_and_no_dossier_where_the_budget_is_half_spent(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        w.backend.wire.budget = Budget(limit=20, used=10)
        w.desk.want(ROWS[0], [ROWS[1]])
        await until(lambda: w.clock.sleeps(1.0), "a moment's stay")
        w.clock.advance(1.1)
        await until(lambda: all(threads(w, ROWS[0])), "the thread")
        w.clock.advance(DWELL_S + 0.1)
        await quiet()
        assert asked(w) == ["thread 1"]


@pytest.mark.parametrize(("used", "stay_s"), [(5, 0.4), (10, 1.0), (13, 2.0), (20, 2.0)])
async def test_a_fast_walk_fetches_only_where_it_rests_once_the_minute_fills(
    used: int, stay_s: float, tmp_path: Path
) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        w.backend.wire.budget = Budget(limit=20, used=used)
        for each in ROWS[:6]:
            w.desk.want(each)
            assert w.desk.context(each).loading
            await until(lambda: w.clock.sleeps(stay_s), "a moment's stay")
            w.clock.advance(stay_s / 2)
            await quiet()
        assert asked(w) == []
        assert [w.desk.context(each).loading for each in ROWS[:6]] == [False] * 5 + [True]
        w.clock.advance(stay_s)
        await until(lambda: all(threads(w, ROWS[5])), "where the walk ended")
        assert asked(w) == ["thread 6"]


async def test_what_queues_with_the_trickle_is_asked_for_anew_when_one_stands_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        ask, allowed = w.backend._ask, asyncio.Event()

        async def slowly(call: str) -> None:
            await ask(call)
            if call == "thread 3":
                await allowed.wait()  # the one ahead waits for its part of the budget

        monkeypatch.setattr(w.backend, "_ask", slowly)
        w.desk.want(ROWS[0], [ROWS[1]])
        await until(lambda: all(threads(w, ROWS[0])), "the thread")
        w.desk.want(ROWS[1], [ROWS[2]])
        await until(lambda: all(threads(w, ROWS[1])), "the next")
        await until(lambda: asked(w).count("thread 3") == 1, "the one ahead")
        w.clock.advance(1.5)
        w.desk.want(ROWS[2])
        await until(lambda: asked(w).count("thread 3") == 2, "the one that is looked at")
        allowed.set()
        await until(lambda: all(threads(w, ROWS[2])), "its thread")


async def test_what_is_fresh_is_not_asked_again_and_what_is_old_is(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        await w.desk.keeper.fetch(ROWS[0])
        assert asked(w) == ["thread 1", "dossier u-member1"]
        await w.desk.keeper.fetch(ROWS[0])
        assert len(asked(w)) == 2
        w.clock.advance(301)
        await w.desk.keeper.fetch(ROWS[0])
        assert len(asked(w)) == 4


async def test_trouble_is_a_sentence_and_the_old_copy_stays(tmp_path: Path) -> None:
    async with world(tmp_path, ROWS) as w:
        await w.live()
        del w.backend.items[ROWS[1].id]
        assert (await w.desk.keeper.fetch(ROWS[1])).problem == "The thread is gone."
        assert w.community.link.state == "live"
        await w.desk.keeper.fetch(ROWS[0])
        w.clock.advance(301)
        await quiet()
        w.backend.broken = NetworkError("harbour.example could not be reached.")
        context = await w.desk.keeper.fetch(ROWS[0])
        assert context.thread is not None and context.problem == "harbour.example could not be reached."
        await until(lambda: w.community.link.state == "offline", "the outage")
        calls = len(w.backend.calls)
        w.desk.want(ROWS[3])
        await quiet()
        assert len(asked(w)) == len([c for c in w.backend.calls[:calls] if c.split()[0] in ("thread", "dossier")])
        assert not w.desk.context(ROWS[3]).loading


async def test_what_was_decided_before_stands_in_a_line(tmp_path: Path) -> None:
    rows = [item(1, author="bo"), item(2, author="bo"), item(3, author="bo"), item(4, author="ann")]
    async with world(tmp_path, rows, rows) as w:
        assert w.desk.context(rows[2]).earlier == ()
        for number, verb in ((0, "remove"), (1, "approve")):
            decided = await w.desk.decide([rows[number]], Intent(verb=verb))
            assert decided.decision is not None
        lines = w.desk.context(rows[2]).earlier
        assert len(lines) == 1 and "2 by this author" in lines[0] and "1 removed" in lines[0] and "1 kept" in lines[0]
        assert "1 kept" in w.desk.context(rows[0]).earlier[-1] and len(w.desk.context(rows[0]).earlier) == 2
        assert w.desk.context(rows[3]).earlier == ()


async def test_the_empty_queue_counts_what_was_done_and_what_waits_elsewhere(tmp_path: Path) -> None:
    cached = [item(1), item(2), item(5, lane="pending", hours=5)]
    async with world(tmp_path, cached, cached) as w:
        await w.store.cache.put_counts(w.backend.connection.community, {"reports": 2, "pending": 7, "questions": 0})
        await w.desk.decide([cached[0]], Intent(verb="approve"))
        await w.desk.snooze(cached[1].id, START + 1000)
        await w.desk.skip("pending/aaaaaaaaaaaa/post/5")
        found = summarize(w.desk, "reports", START)
        assert (dict(found.decided), found.total, found.undone) == ({"approve": 1}, 1, 0)
        assert (found.snoozed, found.next_back_ms, found.skipped) == (1, START + 1000, 0)
        assert [(lane.lane, lane.count, lane.oldest_ms) for lane in found.lanes] == [
            ("pending", 7, cached[2].since_ms)
        ]  # fmt: skip
