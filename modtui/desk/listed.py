"""The rows of a list as they stand: which is where, and what is in it, read from the cache by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.desk.ids import Ids
from modtui.desk.outcome import RowState
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane, parse_item_id
from modtui.store.lineup import Lineup

if TYPE_CHECKING:
    from modtui.desk.rooms import DeskLike

_WINDOW = 48
_HELD = 512
LONG = 5_000
"""In a lane with more rows than this, what has to look through all of them does so in a thread."""


class Listed:
    """Row numbers of the cache in a frozen order, and what is asked about them. What costs a key is the same at any
    length."""

    def __init__(self, desk: DeskLike, lane: Lane, community: CommunityId | None) -> None:
        self.lane: Lane = lane
        self.community = community
        self._desk = desk
        self._cache = desk.store.cache
        self._order = Lineup()
        self._epoch: int = self._cache.database.epoch
        self._items: dict[int, tuple[str, Item | None]] = {}
        self._rows: dict[str, int] = {}
        self._revision = 0
        self._placings = 0
        self._known: int | None = None

    def __len__(self) -> int:
        return len(self._order)

    @property
    def revision(self) -> int:
        """Rises whenever the order changes; what was computed for an older one is void."""
        return self._revision

    @property
    def placings(self) -> int:
        """Rises whenever another order takes the place of the order; rows that only come at its end do not count."""
        return self._placings

    @property
    def loaded(self) -> int:
        """How many open items of this lane are known here, shown or not."""
        if self._known is None:
            self._known = sum(self._cache.count(self.lane, community) for community in self.scope)
        return self._known

    @property
    def long(self) -> bool:
        """Whether the lane is too long to be looked through between two keys."""
        return self.loaded > LONG

    @property
    def scope(self) -> tuple[CommunityId, ...]:
        """The communities whose items are here."""
        if self.community is not None:
            return (self.community,)
        return tuple(community.id for community in self._desk.communities)

    def ids(self) -> Sequence[str]:
        """All ids in order, as a sequence that reads them when they are asked for: going through all of them takes 1 ms
        for 1000."""
        return Ids(self)

    def rows(self, start: int, stop: int) -> Sequence[int]:
        """The row numbers in the cache of the rows from `start` to before `stop`."""
        return self._order.slice(start, stop)

    def ids_of(self, rows: Sequence[int]) -> list[str]:
        """The ids of row numbers; of a row that the cache lost it is a word that names nothing."""
        found = self._cache.ids_of(rows) if self._valid else [None] * len(rows)
        return [id or self._lost(row) for row, id in zip(rows, found, strict=True)]

    @property
    def _valid(self) -> bool:
        """Whether the row numbers are still those of the cache: a damaged one is made anew."""
        return bool(self._cache.database.epoch == self._epoch)

    def _lost(self, row: int) -> str:
        held = self._items.get(row)
        return held[0] if held is not None else f"row {row}"

    def id_at(self, i: int) -> str:
        """The id of row `i`. Raises IndexError."""
        return self._at(i)[0]

    def index(self, id: str) -> int | None:
        """The row of an id, None when it is not in the list."""
        row = self._row_of(id)
        return None if row is None else self._order.find(row)

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """Where these ids stand; what is not in the list is left out."""
        rows = {id: self._rows[id] for id in ids if id in self._rows}
        missing = [id for id in ids if id not in rows]
        if missing and self._valid:
            rows |= self._cache.rows_of(missing)
        if len(rows) * 20 > len(self):
            where = {row: i for i, row in enumerate(self._order.copy())}
            return {id: where[row] for id, row in rows.items() if row in where}
        found = {id: self._order.find(row) for id, row in rows.items()}
        return {id: place for id, place in found.items() if place is not None}

    def _row_of(self, id: str) -> int | None:
        row = self._rows.get(id)
        if row is not None or not self._valid:
            return row
        found: int | None = self._cache.rows_of([id]).get(id)
        return found

    def item_at(self, i: int) -> Item | None:
        """The item of row `i`, read with its neighbours; None when the cache lost it. Raises IndexError."""
        return self._at(i)[1]

    def _at(self, i: int) -> tuple[str, Item | None]:
        row = self._order.at(i)
        if row not in self._items or self._items[row][1] is None:
            self._fill(row, self._order.slice(i - _WINDOW // 2, i + _WINDOW))
        return self._items[row]

    def _fill(self, row: int, window: Sequence[int]) -> None:
        window = window if row in window else [*window, row]  # a list whose end cannot be read is shorter now
        missing = [each for each in window if each not in self._items or (each == row and self._items[each][1] is None)]
        if len(self._items) + len(missing) > _HELD:
            self._items = {each: self._items[each] for each in window if each in self._items}
            self._rows = {held[0]: each for each, held in self._items.items()}
        found = self._cache.items_of(missing) if self._valid else [None] * len(missing)
        for each, pair in zip(missing, found, strict=True):
            self._items[each] = pair if pair is not None else (self._lost(each), None)
            self._rows[self._items[each][0]] = each

    def _absent(self, ids: Sequence[str]) -> list[str]:
        """Those that are not in the list."""
        rows: dict[str, int] = self._cache.rows_of(ids) if ids and self._valid else {}
        held = self._order.holding(list(rows.values()))
        return [id for id in ids if id not in rows or rows[id] not in held]

    def _belongs(self, id: str) -> bool:
        parsed = parse_item_id(id)
        return parsed is not None and parsed[0] == self.lane and parsed[1].community in self.scope

    def next_open(self, i: int, step: int = 1) -> int | None:
        """The nearest row after `i` (before it, with step -1) that nobody handled, took or put off; None at the end."""
        at, size = i + step, 8
        while 0 <= at < len(self._order) and self._valid:
            start = at if step > 0 else max(0, at - size + 1)
            window = self._order.slice(start, start + size if step > 0 else at + 1)[::step]
            for n, row in enumerate(self._cache.briefs_of(window)):
                fits = row is not None and row.state == "open" and (not row.claimed or row.claim_mine)
                if row is not None and fits and self._desk_open(row.id):
                    return at + n * step
            at += len(window) * step
            size = min(256, size * 4)
        return None

    def _desk_open(self, id: str) -> bool:
        state_of: Callable[[str], RowState] | None = getattr(self._desk, "state_of", None)
        if state_of is None:
            return True
        state = state_of(id)
        return state.open and state.kind != "other"

    def _placed(self, order: Lineup, keep: str | None) -> None:
        """Make `order` the order. A kept row that is not in it stays before its old successor, as long as the cache has
        it."""
        row = self._row_of(keep) if keep is not None and order.epoch == self._epoch else None
        old = self._order.find(row) if row is not None else None
        if row is not None and old is not None and not order.holding([row]) and self._cache.ids_of([row])[0] == keep:
            order.keep(row, self._successor(old, order))
        self._order = order
        self._epoch = order.epoch
        self._items.clear()  # another modtui may have written rows that nothing told of here
        self._rows.clear()
        self._known = None
        self._revision += 1
        self._placings += 1

    def _successor(self, place: int, order: Lineup) -> int | None:
        """The first row after this place that is in another order, too."""
        size = 32
        while place + 1 < len(self._order):
            window = self._order.slice(place + 1, place + 1 + size)
            held = order.holding(window)
            found = next((row for row in window if row in held), None)
            if found is not None:
                return found
            place, size = place + len(window), min(4096, size * 4)
        return None
