"""Marks: the item ids that the next decision is about, also those that the filter hides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol


class Marked(Protocol):
    """What marks need of the view that they belong to."""

    @property
    def revision(self) -> int:
        """Rises whenever the order changes."""
        ...

    def __len__(self) -> int: ...
    def id_at(self, i: int) -> str: ...
    def index(self, id: str) -> int | None: ...
    def ids(self) -> Sequence[str]: ...
    def places(self, ids: Sequence[str]) -> dict[str, int]: ...
    def like(self, id: str, threshold: float | None = None) -> list[tuple[str, float]]: ...


class Marks:
    """A set of item ids over one view. What concerns one row costs the same at 100,000 rows."""

    def __init__(self, view: Marked) -> None:
        self._view = view
        self._ids: dict[str, None] = {}
        self._last: tuple[str, ...] = ()
        self._revision = 0
        self._hidden: tuple[int, int, int] = (-1, -1, 0)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: object) -> bool:
        return id in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    @property
    def revision(self) -> int:
        """Rises with each change of the marks."""
        return self._revision

    def toggle(self, id: str) -> bool:
        """Put a mark on the item, or take it off; says whether it has one now."""
        self._revision += 1
        if id in self._ids:
            del self._ids[id]
            return False
        self._ids[id] = None
        return True

    def add(self, ids: Iterable[str]) -> int:
        """Mark all of these; says how many were not marked before."""
        before = len(self._ids)
        self._ids.update(dict.fromkeys(ids))
        self._revision += 1
        return len(self._ids) - before

    def remove(self, ids: Iterable[str]) -> None:
        """Take the marks off these."""
        for id in ids:
            self._ids.pop(id, None)
        self._revision += 1

    def range(self, a: str | int, b: str | int) -> int:
        """Mark every row from `a` to `b` (ids or positions, both included); says how many are new. A row that is not in
        the list marks nothing."""
        first, last = self._place(a), self._place(b)
        if first is None or last is None:
            return 0
        if first > last:
            first, last = last, first
        return self.add(self._view.ids()[first : last + 1])

    def all_shown(self) -> int:
        """Mark every row of the list as it is filtered; says how many are new. Takes 6 ms for 1000: for long lists
        `add(await view.all_ids())` does it without making a key wait."""
        return self.add(self._view.ids())

    def like(self, id: str) -> int:
        """Mark this item and the shown ones that say nearly the same; says how many are new. For long lists
        `add(... await view.search_like(id))` does it without making a key wait."""
        return self.add([id, *(each for each, _ in self._view.like(id))])

    def held(self) -> frozenset[str]:
        """The marked ids as they are now, in no order."""
        return frozenset(self._ids)

    def clear(self) -> None:
        """Take all marks off; `last` brings them back."""
        if self._ids:
            self._last = tuple(self._ids)
            self._ids = {}
            self._revision += 1

    def last(self) -> int:
        """Bring back the marks that were cleared last; says how many there are."""
        if self._last:
            self.add(self._last)
        return len(self._ids)

    def ids(self) -> list[str]:
        """The marked ids: those in the list in its order, then those that are out of sight in the order of marking."""
        places = self._view.places(list(self._ids))
        return [*sorted(places, key=places.__getitem__), *(id for id in self._ids if id not in places)]

    @property
    def hidden(self) -> int:
        """How many marked items are not in the list as it is filtered. Counted once for each change."""
        key = (self._revision, self._view.revision)
        if self._hidden[:2] != key:
            self._hidden = (*key, len(self._ids) - len(self._view.places(list(self._ids))))
        return self._hidden[2]

    def _place(self, which: str | int) -> int | None:
        if isinstance(which, int):
            return which if 0 <= which < len(self._view) else None
        return self._view.index(which)
