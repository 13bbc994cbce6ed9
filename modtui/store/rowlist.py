"""Row numbers in an order, in memory: 6 bytes a row, and every question about one row costs about the same however many
there are.

The numbers stand in blocks of a few hundred, and a table says for each number in which block it is. So a row is found
without looking through the list, and one that comes or goes moves only its block.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

BLOCK = 512
"""Numbers in a block; one that grows to twice as many is split."""
_PAGE = 8
_REST = (1 << _PAGE) - 1


def numbers(rows: Iterable[int]) -> array[int]:
    """Row numbers, packed: 4 bytes each, 8 where one of them is too big for that."""
    taken = rows if isinstance(rows, list | tuple | array) else list(rows)
    try:
        return array("I", taken)
    except OverflowError:
        return array("q", taken)


class RowList:
    """Distinct row numbers in an order. Only one thread at a time may change it."""

    __slots__ = ("_blocks", "_dirty", "_n", "_pages", "_places", "_starts")

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._blocks: list[array[int]] = []  # by their own number, in the order in which they were made
        self._places: list[int] = []  # numbers of blocks, in the order of the list
        self._starts: list[int] = []  # where the block at each place begins
        self._dirty = False
        self._pages: dict[int, array[int]] = {}  # number of the block + 1 by row number, in pages of 256
        self._n = 0
        self.extend(rows)

    def __len__(self) -> int:
        return self._n

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and self._block_of(row) is not None

    def __iter__(self) -> Iterator[int]:
        for number in self._places:
            yield from self._blocks[number]

    def _block_of(self, row: int) -> int | None:
        page = self._pages.get(row >> _PAGE)
        found = page[row & _REST] if page is not None else 0
        return found - 1 if found else None

    def _note(self, rows: array[int], number: int) -> None:
        pages = self._pages
        for row in rows:
            page = pages.get(row >> _PAGE)
            if page is None:
                page = pages[row >> _PAGE] = array("I", bytes(4 << _PAGE)) if number > 65_000 else array(
                    "H", bytes(2 << _PAGE)
                )  # fmt: skip
            try:
                page[row & _REST] = number + 1
            except OverflowError:
                page = pages[row >> _PAGE] = array("I", page)
                page[row & _REST] = number + 1

    def _fresh(self) -> None:
        """Know again where each block begins."""
        if self._dirty:
            start = 0
            starts: list[int] = []
            for number in self._places:
                starts.append(start)
                start += len(self._blocks[number])
            self._starts = starts
            self._dirty = False

    def at(self, i: int) -> int:
        """The number at place `i`. Raises IndexError."""
        if not 0 <= i < self._n:
            raise IndexError(i)
        self._fresh()
        place = bisect_right(self._starts, i) - 1
        return self._blocks[self._places[place]][i - self._starts[place]]

    def slice(self, start: int, stop: int) -> array[int]:
        """The numbers from place `start` to before `stop`, as far as there are any."""
        start, stop = max(0, start), min(stop, self._n)
        found = array("q")
        if start >= stop:
            return found
        self._fresh()
        place = bisect_right(self._starts, start) - 1
        while start < stop:
            begin = self._starts[place]
            block = self._blocks[self._places[place]]
            found.extend(block[start - begin : stop - begin].tolist())
            start = begin + len(block)
            place += 1
        return found

    def find(self, row: int) -> int | None:
        """The place of a number; None when it is not in the list."""
        number = self._block_of(row)
        if number is None:
            return None
        self._fresh()
        inside = self._blocks[number].index(row)
        return self._starts[self._place_of(number)] + inside

    def _place_of(self, number: int) -> int:
        """The place of a block among the blocks: mostly its own number."""
        if number < len(self._places) and self._places[number] == number:
            return number
        return self._places.index(number)

    def extend(self, rows: Iterable[int]) -> None:
        """Put numbers that are not in the list at its end."""
        rest = numbers(rows)
        at = 0
        if rest and self._places:
            last = self._places[-1]
            room = BLOCK - len(self._blocks[last])
            if room > 0:
                at = min(room, len(rest))
                self._put(last, len(self._blocks[last]), rest[:at])
        while at < len(rest):
            part = rest[at : at + BLOCK]
            number = len(self._blocks)
            self._blocks.append(part)
            self._places.append(number)
            if not self._dirty:
                self._starts.append(self._n)
            self._n += len(part)
            self._note(part, number)
            at += len(part)

    def _put(self, number: int, inside: int, rows: array[int]) -> None:
        block = self._blocks[number]
        if block.typecode != rows.typecode:
            block = self._blocks[number] = array("q", block)
            rows = array("q", rows)
        block[inside:inside] = rows
        self._n += len(rows)
        self._note(rows, number)

    def insert(self, i: int, row: int) -> None:
        """Put a number that is not in the list before place `i` (its length: at the end)."""
        if i >= self._n:
            self.extend([row])
            return
        self._fresh()
        place = max(0, bisect_right(self._starts, max(0, i)) - 1)
        number = self._places[place]
        self._put(number, max(0, i) - self._starts[place], numbers([row]))
        self._dirty = True
        block = self._blocks[number]
        if len(block) >= 2 * BLOCK:
            self._blocks[number], moved = block[:BLOCK], block[BLOCK:]
            self._blocks.append(moved)
            self._places.insert(place + 1, len(self._blocks) - 1)
            self._note(moved, len(self._blocks) - 1)

    def remove(self, row: int) -> None:
        """Take a number out. Raises ValueError when it is not in the list."""
        number = self._block_of(row)
        if number is None:
            raise ValueError(row)
        self._blocks[number].remove(row)
        self._pages[row >> _PAGE][row & _REST] = 0
        self._n -= 1
        self._dirty = True

    def copy(self) -> array[int]:
        """All numbers in order, packed."""
        return self.slice(0, self._n)
