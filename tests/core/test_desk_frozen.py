"""The frozen order of a list against a plain one that does everything at once: arrivals, changes, merges, filters,
sorts, what was put aside, and rows that are still being read behind the first ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.desk.clock import Clock
from modtui.desk.events import Events, ItemsChanged, LaneLoaded
from modtui.desk.view import View
from modtui.domain.items import Item
from modtui.store import lineup
from modtui.store.lineup import Asked, Lineup
from modtui.store.rowlist import RowList
from modtui.store.rows import Order
from modtui.store.store import Store

from .desk_in_fakes import HARBOUR, item, row

SORTS = ("oldest", "newest", "due", "reports")
FILTERS = ("", "lang:de", "-lang:de", "is:new", "is:marked", "is:open")


class Plain:
    """What the list has to do, with nothing but lists."""

    def __init__(self, db: dict[str, Item]) -> None:
        self.db = db
        self.sort, self.filter = "oldest", ""
        self.order: list[str] = []
        self.fresh: list[str] = []
        self.arrived: set[str] = set()
        self.marks: set[str] = set()
        self.aside: set[str] = set()
        self.standing: str | None = None
        self.reorder(self.select())

    def key(self, id: str) -> Any:
        found = self.db[id]
        if self.sort == "newest":
            return (-found.since_ms, [*(-ord(sign) for sign in id), 1])
        return (-len(found.reports) if self.sort == "reports" else 0, found.since_ms, id)

    def passes(self, id: str) -> bool:
        found = self.db[id]
        wanted = {
            "": True, "lang:de": found.language == "de", "-lang:de": found.language != "de", "is:open": True,
            "is:new": id in self.arrived or id in self.fresh, "is:marked": id in self.marks,
        }[self.filter]  # fmt: skip
        return wanted and found.state == "open" and (id not in self.aside or self.filter == "is:marked")

    def select(self) -> list[str]:
        return sorted(filter(self.passes, self.db), key=self.key)

    def reorder(self, order: list[str], keep: str | None = None) -> None:
        if keep is not None and keep in self.order and keep not in order:
            after = [id for id in self.order[self.order.index(keep) + 1 :] if id in order]
            order.insert(order.index(after[0]) if after else len(order), keep)
        self.order = order
        if self.fresh:
            self.arrived, self.fresh = set(self.fresh), []

    def merge(self, keep: str | None) -> None:
        self.standing = keep if keep is not None else self.standing
        self.reorder(self.select(), self.standing)

    def arrive(self, ids: list[str], backlog: bool) -> None:
        fresh = [id for id in ids if id not in self.fresh and id not in self.order and self.passes(id)]
        if not fresh:
            return
        if not self.order:
            self.reorder(self.select())
            return
        rest = sorted(fresh, key=self.key)
        if backlog and self.sort != "reports" and self.key(rest[0]) >= self.key(self.order[-1]):
            self.order += rest
        else:
            self.fresh += fresh

    def changed(self, ids: list[str]) -> None:
        away = [id for id in ids if id not in self.order]
        passing = [id for id in away if self.passes(id)]
        self.fresh = [id for id in self.fresh if id in passing or id not in away]
        self.arrive(passing, False)


class Both:
    """The list and the plain one, side by side, over one cache."""

    def __init__(self, folder: Path, numbers: list[int]) -> None:
        self.loop = asyncio.new_event_loop()
        self.store = Store.open(folder / "state", folder / "cache")
        self.db: dict[str, Item] = {}
        self.put([made(number) for number in numbers])
        desk = SimpleNamespace(
            events=Events(), clock=Clock(), store=self.store, aside=frozenset[str](),
            communities=[SimpleNamespace(id=HARBOUR, name="harbour")],
        )  # fmt: skip
        self.desk = desk
        self.view = View(desk, "reports")
        self.plain = Plain(self.db)

    def put(self, items: list[Item]) -> None:
        """Items come into the cache."""
        self.loop.run_until_complete(self.store.cache.put_items(items))
        self.db.update((each.id, each) for each in items)

    def close(self) -> None:
        """End."""
        self.loop.run_until_complete(self.store.close())
        self.loop.close()

    def do(self, step: tuple[str, Any]) -> None:
        """One thing happens to both."""
        what, given_ = step
        view, plain = self.view, self.plain
        if what == "arrive":
            numbers, backlog = given_
            self.put([made(number) for number in numbers])
            ids = [row(number) for number in numbers]
            self.desk.events.tell(
                LaneLoaded(HARBOUR, "reports", len(ids), first=False, ids=tuple(ids), backlog=backlog)
            )
            plain.arrive(ids, backlog)
        elif what == "change":
            numbers, state, language = given_
            known = [number for number in numbers if row(number) in self.db]
            self.put([made(number, state=state, language=language) for number in known])
            ids = [row(number) for number in known]
            self.desk.events.tell(ItemsChanged(tuple(ids)))
            plain.changed(ids)
        elif what == "merge":
            keep = None if given_ is None or not plain.order else plain.order[given_ % len(plain.order)]
            view.merge(keep)
            plain.merge(keep)
        elif what == "left":
            if plain.standing is not None:
                view.left(plain.standing)
                plain.standing = None
        elif what == "filter":
            plain.filter = given_
            view.set_filter(given_)
            plain.reorder(plain.select())
        elif what == "sort":
            plain.sort = given_
            view.set_sort(given_)
            plain.reorder(plain.select())
        elif what == "mark":
            plain.marks ^= {row(given_)}
            view.marks.toggle(row(given_))
        elif what == "aside":
            plain.aside ^= {row(given_)}
            self.desk.aside = frozenset(plain.aside)

    def compare(self, at: int) -> None:
        """What a screen asks in passing, and then everything."""
        view, plain = self.view, self.plain
        assert (len(view), view.new) == (len(plain.order), len(plain.fresh))
        if plain.order:
            place = at % len(plain.order)
            assert view.id_at(place) == plain.order[place]
            assert view.index(plain.order[-1 - place]) == len(plain.order) - 1 - place
            shown = view.item_at(place)
            assert shown is not None and shown.state == self.db[plain.order[place]].state
        for id in self.db:
            if id not in plain.order:
                assert view.index(id) is None
                break

    def whole(self) -> None:
        """The whole list."""
        assert list(self.view.ids()) == self.plain.order
        assert [self.view.index(id) for id in self.plain.order] == list(range(len(self.plain.order)))


def made(number: int, *, state: Any = "open", language: str | None = None) -> Item:
    """An item whose age and reports follow from its number; some wait equally long."""
    return item(
        number, hours=500 - number * 3 // 7, state=state, language=language or ("de" if number % 3 else "fr"),
        reasons=("spam",) * (1 + number % 3),
    )  # fmt: skip


class Pauses:
    """How long the thread that reads the rest of a lane pauses after each bite, in seconds, unless somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.05
        self._turn = threading.Semaphore(0)

    def pause(self, seconds: float) -> None:
        """What the thread does instead of a short sleep."""
        self._turn.acquire(timeout=self.seconds)

    def skip(self, many: int = 1) -> None:
        """Let the next pauses be over at once."""
        self._turn.release(many)

    def again(self) -> None:
        """Pause again."""
        while self._turn.acquire(blocking=False):
            pass


@pytest.fixture
def slow() -> Iterator[Pauses]:
    """Lanes of more than three rows are read two rows at a time, with a pause after each two until all is asked for."""
    pauses = Pauses()
    waits = lineup.Lineup.wait

    def wait(self: lineup.Lineup) -> RowList:
        pauses.skip(50)
        try:
            return waits(self)
        finally:
            pauses.again()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lineup, "SHORT", 3)
        patch.setattr(lineup, "FIRST", 2)
        patch.setattr(lineup, "BLOCK", 2)
        patch.setattr(lineup, "TAIL", 2)
        patch.setattr(lineup.Lineup, "wait", wait)
        patch.setattr(lineup, "time", SimpleNamespace(sleep=pauses.pause))
        yield pauses


NUMBERS = st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True)
STEPS = st.one_of(
    st.tuples(st.just("arrive"), st.tuples(NUMBERS, st.booleans())),
    st.tuples(
        st.just("change"), st.tuples(NUMBERS, st.sampled_from(["open", "removed"]), st.sampled_from(["de", "fr"]))
    ),
    st.tuples(st.just("merge"), st.one_of(st.none(), st.integers(0, 30))),
    st.tuples(st.just("left"), st.none()),
    st.tuples(st.just("filter"), st.sampled_from(FILTERS)),
    st.tuples(st.just("sort"), st.sampled_from(SORTS)),
    st.tuples(st.just("mark"), st.integers(1, 30)),
    st.tuples(st.just("aside"), st.integers(1, 30)),
)  # fmt: skip


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    first=st.lists(st.integers(1, 30), max_size=20, unique=True),
    steps=st.lists(st.tuples(STEPS, st.integers(0, 40), st.booleans()), max_size=14),
)
def test_the_list_is_as_a_plain_one(
    tmp_path_factory: pytest.TempPathFactory, slow: Pauses, first: list[int],
    steps: list[tuple[tuple[str, Any], int, bool]],
) -> None:  # fmt: skip
    both = Both(tmp_path_factory.mktemp("frozen"), first)
    try:
        for step, at, pause in steps:
            both.do(step)
            both.compare(at)
            if pause:
                slow.skip()
        both.whole()
    finally:
        both.close()


def test_a_row_that_is_kept_and_rows_that_come_after_the_last_one_while_the_rest_is_read(
    tmp_path: Path, slow: Pauses
) -> None:
    both = Both(tmp_path, list(range(1, 21)))
    try:
        both.do(("change", ([3, 4, 5], "removed", "de")))
        both.do(("merge", 2))
        for at in range(18):
            both.compare(at)
        both.do(("arrive", ([28, 30], True)))
        both.do(("arrive", ([25], True)))
        for at in range(20):
            both.compare(at)
        assert both.view.index(row(3)) == 2 and both.view.new == 1
        both.whole()
        both.do(("left", None))
        both.do(("merge", None))
        both.whole()
        assert both.view.index(row(3)) is None
    finally:
        both.close()


def test_a_kept_row_stays_before_its_old_successor_however_far_that_is(tmp_path: Path) -> None:
    both = Both(tmp_path, list(range(1, 400)))
    try:
        both.do(("change", (list(range(3, 390)), "removed", "de")))
        both.do(("merge", 100))
        both.whole()
        assert (len(both.view), both.view.index(both.plain.order[2])) == (13, 2)
    finally:
        both.close()


@pytest.mark.parametrize("order", ["oldest", "newest", "due"])
def test_what_is_asked_while_the_rest_is_read_is_answered_at_once_and_right(
    tmp_path: Path, slow: Pauses, order: Order
) -> None:
    both = Both(tmp_path, list(range(1, 41)))
    assert len(list(both.view.ids())) == 40
    slow.seconds = 30
    try:
        cache = both.store.cache
        gone = cache.rows_of([row(7), row(33)])
        whole = list(cache.numbers("reports", (HARBOUR,), order=order))
        wanted = [each for each in whole if each not in gone.values()]
        later = max(whole) + 5
        mine = Lineup.read(cache, Asked("reports", (HARBOUR,), order, tuple(gone.values())))
        both.put([made(1, state="removed"), made(90)])  # written after it was asked
        mine.keep(gone[row(7)], wanted[1])
        mine.append([later, later + 1])
        wanted = [wanted[0], gone[row(7)], *wanted[1:], later, later + 1]
        assert len(mine) == len(wanted)
        assert mine.holding([*whole, later, 12345]) == {*wanted} - {later + 1}
        if order != "due":  # its places are not counted
            assert [mine.find(each) for each in wanted] == list(range(len(wanted)))
        assert [mine.find(each) for each in (gone[row(33)], 12345)] == [None, None]
        ends = [0, 1, 2, *range(len(wanted) - 4, len(wanted))]
        assert [mine.at(i) for i in ends] == [wanted[i] for i in ends]
        assert not mine.whole, "all of this before the rest was read"
        assert [mine.at(i) for i in range(len(wanted))] == wanted
        assert mine.whole
        assert list(mine.copy()) == wanted
        assert [mine.find(each) for each in wanted] == list(range(len(wanted)))
    finally:
        both.close()
