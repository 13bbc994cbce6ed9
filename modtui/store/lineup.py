"""The rows of a lane in order, as they were at one instant: the first ones at once, the rest read in a thread.

An order that has an index needs no sorting, so its first rows are there in a millisecond however long the lane is, and
how long it is says the cache's own count. All of it is one read transaction, so that what is written meanwhile does not
move it. Until the rest is there, what is asked about it is asked of that transaction.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.domain.subjects import CommunityId, Lane
from modtui.store.codec import column
from modtui.store.rowlist import BLOCK, RowList
from modtui.store.rows import ORDERS, Order
from modtui.store.trouble import Damaged

if TYPE_CHECKING:
    from modtui.errors import StoreError
    from modtui.store.cache import Cache

FIRST = 512
"""Rows that are read before anything else is."""
SHORT = 2_000
"""A lane of up to so many rows is read whole at once: a millisecond."""
AROUND = 200
"""Rows after one that are shown with it: no terminal has as many lines."""
TAIL = 256
"""Rows from the end that are read when somebody goes there before the rest is read."""
BACKWARDS: dict[str, str] = {
    "oldest": "since_ms DESC, id DESC",
    "newest": "since_ms, id",
    "due": "due_ms IS NULL DESC, due_ms DESC, coalesce(clock_ms, since_ms) DESC, id DESC",
}
"""The orders that have an index, the other way round."""
_YIELD_S = 0.0002


class Asked(Struct, frozen=True):
    """Which rows: the open ones of a lane of these communities, in an order of BACKWARDS, without some row numbers."""

    lane: Lane
    communities: tuple[CommunityId, ...]
    order: Order
    without: tuple[int, ...] = ()

    def where(self) -> tuple[str, list[object]]:
        """The condition in SQL, and its values."""
        marks = ",".join("?" * len(self.communities))
        one = len(self.communities) == 1  # which is asked in two thirds of the time
        where = "lane=? AND open=1 AND community" + ("=?" if one else f" IN ({marks})")
        if self.without:
            where += f" AND row NOT IN ({','.join(map(str, self.without))})"
        return where, [self.lane, *(column(each) for each in self.communities)]


class Lineup:
    """Row numbers in a frozen order. All methods are quick, and belong to one thread; they may raise StoreError."""

    def __init__(self, rows: Iterable[int] = (), *, epoch: int = 0) -> None:
        self.epoch = epoch
        """Of which file the numbers are (`Database.epoch`)."""
        self._rows = RowList(rows)
        self._source: _Source | None = None
        self._kept: tuple[int, int] | None = None  # a row that stays though it is not in the source: place and number
        self._after: dict[int, int] = {}  # rows that came after the last one, and their places among themselves

    @classmethod
    def read(cls, cache: Cache, asked: Asked, told: Callable[[StoreError], None] = lambda error: None) -> Lineup:
        """The rows as they are now. Raises StoreError. `told` hears, in another thread, why the rest of them cannot be
        read: then the list is shorter than it seemed."""
        made = cls(epoch=cache.database.epoch)
        if sum(cache.count(asked.lane, each) for each in asked.communities) <= SHORT:
            made._rows.extend(cache.numbers(asked.lane, asked.communities, order=asked.order, without=asked.without))
        else:
            try:
                made._source = _Source(cache, asked, made._rows, told)
            except Damaged:
                cache.database.renew()
                made = cls(epoch=cache.database.epoch)
        return made

    def close(self) -> None:
        """Nobody asks any more: what is still being read is left."""
        source = self._source  # which goes when another thread waits for the rest
        if source is not None:
            source.leave()

    @property
    def whole(self) -> bool:
        """Whether all rows are in memory."""
        source = self._source
        if source is None:
            return True
        if not source.done:
            return False
        self._source = None
        if self._kept is not None:
            self._rows.insert(*self._kept)
            self._kept = None
        self._rows.extend(self._after)
        self._after = {}
        return True

    def wait(self) -> RowList:
        """All rows. Waits until they are read: 0.1 s for 100,000."""
        if not self.whole and self._source is not None:
            self._source.thread.join()
        return self._rows if self.whole else self.wait()

    def __len__(self) -> int:
        if self.whole or self._source is None:
            return len(self._rows)
        return self._source.count + (self._kept is not None) + len(self._after)

    def at(self, i: int) -> int:
        """The row number at place `i`. Raises IndexError."""
        if self.whole or self._source is None:
            return self._rows.at(i)
        if not 0 <= i < len(self):
            raise IndexError(i)
        place = i
        if self._kept is not None and i >= self._kept[0]:
            if i == self._kept[0]:
                return self._kept[1]
            place -= 1
        if place >= self._source.count:
            return list(self._after)[place - self._source.count]
        found = self._source.at(place)
        return found if found is not None else self.wait().at(i)

    def at_hand(self, row: int) -> bool:
        """Whether a row and those around it are read, so that asking for their places takes no time."""
        if self.whole or self._source is None:
            return row in self._rows
        return self._source.at_hand(row)

    def slice(self, start: int, stop: int) -> Sequence[int]:
        """The row numbers from place `start` to before `stop`, as far as there are any."""
        if self.whole:
            return self._rows.slice(start, stop)
        return [self.at(i) for i in range(max(0, start), min(stop, len(self)))]

    def find(self, row: int) -> int | None:
        """The place of a row number; None when it is not in the list."""
        if self.whole or self._source is None:
            return self._rows.find(row)
        if self._kept is not None and row == self._kept[1]:
            return self._kept[0]
        if row in self._after:
            return self._source.count + (self._kept is not None) + self._after[row]
        if (held := self._source.holding([row])) is not None and row not in held:
            return None
        found = self._source.find(row)
        if found is None:
            return self.wait().find(row)
        return found + (self._kept is not None and found >= self._kept[0])

    def holding(self, rows: Sequence[int]) -> set[int]:
        """Which of these are in the list."""
        if self.whole or self._source is None:
            return {row for row in rows if row in self._rows}
        held = {row for row in rows if row in self._after or (self._kept is not None and row == self._kept[1])}
        found = self._source.holding([row for row in rows if row not in held])
        return held | found if found is not None else {row for row in rows if row in self.wait()}

    def append(self, rows: Sequence[int]) -> None:
        """Put rows that are not in the list at its end."""
        if self.whole:
            self._rows.extend(rows)
        else:
            for row in rows:
                self._after[row] = len(self._after)

    def keep(self, row: int, before: int | None) -> None:
        """Put a row that is not in the list before the row `before` of it; None: at the end."""
        place = len(self) if before is None else self.find(before)
        place = len(self) if place is None else place
        if not self.whole and (self._kept is not None or self._after):
            self.wait()
        if self.whole:
            self._rows.insert(place, row)
        else:
            self._kept = (place, row)

    def copy(self) -> array[int]:
        """All row numbers in order, packed. Waits until they are read."""
        return self.wait().copy()


class _Source:
    """The transaction that a lineup is read from, and the thread that reads it."""

    def __init__(self, cache: Cache, asked: Asked, rows: RowList, told: Callable[[StoreError], None]) -> None:
        self._asked = asked
        self._told = told
        self._rows = rows
        self._database = cache.database
        self._turn = threading.Lock()  # held while the connection or the rows are used
        self._wanted = 0  # how many wait for it
        self._left = False
        self._tail: list[int] | None = None
        self.done = False
        where, values = asked.where()
        try:
            self._connection = cache.database.beside()
            try:
                self._connection.execute("PRAGMA cache_size=-256")  # kB: nothing is read twice
                self._connection.execute("BEGIN")
                self.count = self._counted(where, values)
                question = f"SELECT row FROM item WHERE {where} ORDER BY {ORDERS[asked.order]}"
                self._cursor = self._connection.execute(question, values)
                rows.extend([row for (row,) in self._cursor.fetchmany(FIRST)])
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise cache.database.explained(error) from error
        self.thread = cache.database.behind(self._read, "modtui lineup")

    def _counted(self, where: str, values: list[object]) -> int:
        """How many rows there are, without counting them."""
        asked = self._asked
        marks = ",".join("?" * len(asked.communities))
        question = f"SELECT coalesce(sum(open), 0) FROM lane_count WHERE lane=? AND community IN ({marks})"
        count = int(self._connection.execute(question, values).fetchone()[0])
        if asked.without:
            inside = Asked(asked.lane, asked.communities, asked.order).where()[0]
            numbers = ",".join(map(str, asked.without))
            question = f"SELECT count(*) FROM item WHERE row IN ({numbers}) AND {inside}"
            count -= int(self._connection.execute(question, values).fetchone()[0])
        return count

    def leave(self) -> None:
        """Stop reading."""
        self._left = True

    def _read(self) -> None:
        """Read the rest, in bites that leave others their turn. Runs in a thread."""
        trouble: StoreError | None = None
        try:
            while not self._left and not self._database.ending.is_set():
                with self._turn:
                    part = [row for (row,) in self._cursor.fetchmany(BLOCK)]
                    self._rows.extend(part)
                if not part:
                    break
                time.sleep(_YIELD_S if self._wanted else 0)
        except sqlite3.Error as error:
            trouble = self._database.explained(error)  # what could be read is the list
        finally:
            with self._turn:
                self.count = len(self._rows)
                self.done = True
                self._cursor.close()
                self._connection.close()
        if isinstance(trouble, Damaged):
            self._database.renew()
        elif trouble is not None:
            self._told(trouble)

    def _ask(self, question: str, values: Sequence[object]) -> list[tuple[int, ...]] | None:
        """Ask the transaction; None when it has ended, or cannot be asked: then the thread meets the trouble, too."""
        if self.done:
            return None
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.Error:
            return None

    def _begin(self) -> None:
        self._wanted += 1
        self._turn.acquire()
        self._wanted -= 1

    def at(self, i: int) -> int | None:
        """The row at a place; None where it is better to wait for the thread."""
        self._begin()
        try:
            if i < len(self._rows):
                return self._rows.at(i)
            back = self.count - 1 - i
            if back >= TAIL:
                return None
            if self._tail is None:
                where, values = self._asked.where()
                order = BACKWARDS[self._asked.order]
                question = f"SELECT row FROM item WHERE {where} ORDER BY {order} LIMIT {TAIL}"
                asked = self._ask(question, values)
                if asked is None:
                    return None
                self._tail = [row for (row,) in asked]
            return self._tail[back] if 0 <= back < len(self._tail) else None
        finally:
            self._turn.release()

    def at_hand(self, row: int) -> bool:
        """Whether a row is read, and some after it."""
        self._begin()
        try:
            found = self._rows.find(row)
            return found is not None and found + AROUND <= len(self._rows)
        finally:
            self._turn.release()

    def holding(self, rows: Sequence[int]) -> set[int] | None:
        """Which of these the transaction has; None where it is better to wait for the thread."""
        self._begin()
        try:
            held = {row for row in rows if row in self._rows}
            rest = [row for row in rows if row not in held]
            where, values = self._asked.where()
            for at in range(0, 0 if self.done else len(rest), BLOCK):
                part = ",".join(map(str, rest[at : at + BLOCK]))
                found = self._ask(f"SELECT row FROM item WHERE row IN ({part}) AND {where}", values)
                if found is None:
                    return None
                held.update(row for (row,) in found)
            return held
        finally:
            self._turn.release()

    def find(self, row: int) -> int | None:
        """The place of a row that the transaction has; None where it is better to wait for the thread."""
        self._begin()
        try:
            found = self._rows.find(row)
            if found is not None or self._asked.order not in ("oldest", "newest"):
                return found
            where, values = self._asked.where()
            sign = "<" if self._asked.order == "oldest" else ">"
            place = f"(SELECT since_ms, id FROM item WHERE row = {row:d})"
            counted = self._ask(f"SELECT count(*) FROM item WHERE {where} AND (since_ms, id) {sign} {place}", values)
            return counted[0][0] if counted else None
        finally:
            self._turn.release()
