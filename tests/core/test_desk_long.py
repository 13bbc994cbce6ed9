"""What a key and an event cost in a long lane: the same as in a short one, counted in SQL statements and in the steps
that SQLite takes for them, which no busy machine changes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from modtui.desk.events import ItemsChanged, LaneLoaded, Reordered
from modtui.desk.pages import Lanes
from modtui.domain.items import Item
from modtui.store import lineup

from .desk_in_fakes import HARBOUR, World, item, until, world

pytestmark = pytest.mark.anyio
STEP = 20


class Effort:
    """How many statements were run and how many steps (of SQLite's machine) that took, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.statements: list[str] = []
        self.steps = 0
        connection.set_trace_callback(self.statements.append)
        connection.set_progress_handler(self._step, STEP)

    def _step(self) -> int:
        self.steps += STEP
        return 0

    def of(self, work: Callable[[], object]) -> tuple[int, int]:
        """What `work` costs: statements, steps."""
        self.statements.clear()
        self.steps = 0
        work()
        asked = [each for each in self.statements if not each.startswith(("BEGIN", "ROLLBACK", "--"))]
        return len(asked), self.steps


def long_item(number: int, **given: Any) -> Item:
    """An item of the long lane."""
    return item(number, language="de" if number % 3 else "fr", **given)


@asynccontextmanager
async def lane_of(folder: Path, many: int) -> AsyncIterator[World]:
    """A desk over a lane of so many rows."""
    async with world(folder / str(many), cached=[long_item(n) for n in range(1, many + 1)]) as w:
        yield w


def costs(w: World, many: int) -> dict[str, tuple[int, int]]:
    """What keys and events cost."""
    view = w.desk.view("reports")
    assert (len(view), len(list(view.ids()))) == (many, many)
    view.merge()
    view.item_at(0)
    list(view.ids())
    effort = Effort(w.store.cache.database._reader)
    place = many // 2
    middle, last = view.id_at(place), view.id_at(many - 1)

    def loaded(*numbers: int) -> None:
        ids = tuple(f"reports/{HARBOUR}/post/{n}" for n in numbers)
        w.desk.events.tell(LaneLoaded(HARBOUR, "reports", 0, first=False, ids=ids))

    def merge() -> None:
        view.merge(middle)
        view.id_at(0)

    def top() -> None:
        assert view.loaded >= many and w.desk.lateness("reports") is not None
        assert w.desk.counts() is not None and view.total is None

    return {
        "j": effort.of(lambda: (view.item_at(place + 1), view.next_open(place + 1))),
        "G": effort.of(lambda: (view.id_at(len(view) - 1), view.item_at(len(view) - 1))),
        "a row's place": effort.of(lambda: view.index(middle)),
        "rows that are here": effort.of(lambda: loaded(*range(place, place + 20))),
        "rows that changed": effort.of(lambda: w.desk.events.tell(ItemsChanged((middle, last)))),
        "the first lines": effort.of(top),
        "R": effort.of(merge),
    }


async def test_keys_and_events_ask_the_same_of_a_lane_of_300_and_of_6000_rows(tmp_path: Path) -> None:
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for many in (300, 6000):
        async with lane_of(tmp_path, many) as w:
            found[many] = costs(w, many)
    for what, (statements, steps) in found[300].items():
        if what != "R":  # a short lane is read whole
            assert found[6000][what][0] == statements, (what, found)
            assert found[6000][what][1] <= steps * 1.5 + 200, (what, found)
    assert found[6000]["R"][0] <= 8 and found[6000]["R"][1] <= 12_000, found


async def test_reading_a_page_asks_the_same_of_the_cache_however_much_is_in_it(tmp_path: Path) -> None:
    found: dict[int, tuple[int, int]] = {}
    for many in (300, 6000):
        async with lane_of(tmp_path, many) as w:
            w.backend.put(*(long_item(n) for n in range(1, 41)))
            lanes = Lanes(w.desk, w.community, asyncio.Event())
            effort = Effort(w.store.cache.database._reader)
            await lanes.restart("reports")
            await lanes.page("reports")
            await lanes.count({"reports": many})
            found[many] = len(effort.statements), effort.steps
    assert found[6000][0] == found[300][0], found
    assert found[6000][1] <= found[300][1] * 1.5 + 200, found


async def test_rows_that_the_site_does_not_show_are_asked_about_a_few_at_a_time_until_all_were(tmp_path: Path) -> None:
    async with lane_of(tmp_path, 700) as w:
        w.backend.put(*(long_item(n) for n in (5, 300)))
        w.backend.page_size = 50
        lanes = Lanes(w.desk, w.community, asyncio.Event())
        await lanes.restart("reports")
        assert w.desk.view("reports").loaded == 700
        while await lanes.check_some():
            pass
        asked = [int(call.split()[1]) for call in w.backend.calls if call.startswith("reread")]
        assert (sum(asked), max(asked)) == (698, 10)
        assert w.store.cache.ids("reports") == [f"reports/{HARBOUR}/post/{n}" for n in (5, 300)]


async def test_a_long_lane_is_looked_through_in_a_thread_and_the_new_order_is_told(tmp_path: Path) -> None:
    async with lane_of(tmp_path, 6000) as w:
        view = w.desk.view("reports")
        before = view.revision
        view.set_sort("reports")
        assert (view.revision, view.id_at(0)) == (before, f"reports/{HARBOUR}/post/1"), "the old order stands"
        await until(lambda: w.tell_of(Reordered), "the new order")
        assert view.revision == before + 1
        assert view.order_words == "most reports first"
        effort = Effort(w.store.cache.database._reader)
        assert await view.narrow("lang:fr")
        assert len(view) == 2000
        assert effort.steps < 3000, "nobody waits behind the long look"
        assert await view.count_languages() == {"fr": 2000}
        view.set_sort("oldest")
        assert await view.narrow("")
        view.merge(f"reports/{HARBOUR}/post/5999")
        assert (len(view), view.index(f"reports/{HARBOUR}/post/5999")) == (6000, 5998)


@asynccontextmanager
async def slow_rest(w: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[threading.Event]:
    """The rest of an order is not read before this is set."""
    gate = threading.Event()
    behind = w.store.cache.database.behind

    def slow(work: Callable[[], None], name: str) -> threading.Thread:
        def waiting() -> None:
            gate.wait(30)
            work()

        return behind(waiting, name)

    monkeypatch.setattr(w.store.cache.database, "behind", slow)
    try:
        yield gate
    finally:
        gate.set()


async def test_r_far_down_in_a_long_lane_waits_for_nothing_and_the_new_order_comes_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, place = 2400, 1200
    async with lane_of(tmp_path, many) as w:
        view = w.desk.view("reports")
        here = list(view.ids())[place]
        async with slow_rest(w, monkeypatch) as gate:
            await arrive(w, many + 1)
            await arrive(w, many + 2)
            assert view.new == 2
            asked: list[str] = []
            monkeypatch.setattr(lineup._Source, "_ask", lambda self, question, values: asked.append(question))
            for _ in range(2):  # the second takes the place of the first
                view.merge(here)
                assert (view.index(here), len(view), view.new) == (place, many, 2), "the old order stands"
                assert [view.item_at(at) is not None for at in (place - 9, place, place + 40)] == [True] * 3
            assert not [each for each in asked if "count(" in each], "no rows are counted to find its place"
            assert not w.tell_of(Reordered)
            await arrive(w, many + 3)
            gate.set()
            await until(lambda: w.tell_of(Reordered), "the new order")
            await view.ordered()
        assert len(w.tell_of(Reordered)) == 1
        assert (view.index(here), len(view), view.new) == (place, many + 2, 1), "what came meanwhile waits"
        view.merge(here)
        await view.ordered()
        assert (len(view), view.new, view.id_at(many + 2)) == (many + 3, 0, f"reports/{HARBOUR}/post/{many + 3}")


async def test_r_at_the_head_of_a_long_lane_has_the_new_order_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 2400
    async with lane_of(tmp_path, many) as w:
        view = w.desk.view("reports")
        list(view.ids())
        async with slow_rest(w, monkeypatch):
            first, second = view.item_at(0), view.id_at(1)
            assert first is not None
            await w.store.cache.put_items([replace(first, state="removed")])
            await arrive(w, many + 1)
            view.merge(second)
            assert (view.index(second), len(view), view.new) == (0, many, 0)
            assert view.item_at(40) is not None


async def arrive(w: World, number: int) -> None:
    """An item comes that nobody has seen."""
    new = long_item(number)
    await w.store.cache.put_items([new])
    w.desk.events.tell(LaneLoaded(HARBOUR, "reports", 1, first=False, ids=(new.id,)))
