"""Walking through the pages of a lane while items leave it under one's feet.

Most sites page by offset: when items that were read already are handled, the rest slides up, and the next page would
skip as many. The walk counts what slid and steps back by as many pages, so nothing is missed and little is read twice.
It knows cursors only as opaque words.
"""

from __future__ import annotations

from modtui.domain.items import Page


class Walk:
    """One way through a lane, from its first page to its last.

    `seen` are the open item ids that it met; `rising` says whether the pages came oldest first so far, which lets older
    rows of the cache that were not met be suspected. `upto` is the highest row number of the cache when it began: only
    rows up to it can be suspected.
    """

    def __init__(self, upto: int = 0, *, stable: bool = False) -> None:
        self.stable = stable
        """Whether the cursors are places in time and not offsets: found out when a step back brings nothing new."""
        self.upto = upto
        self.checked: tuple[int, str] | None = None
        """Up to this row of the cache (`since_ms`, id; oldest first) it was looked whether the walk has met it."""
        self.seen: set[str] = set()
        self.done = False
        self.rising = True
        self.total: int | None = None
        self.pages = 0
        self.newest_ms: int | None = None
        """Up to this instant the walk has met everything that is open (while `rising`)."""
        self._cursors: list[str | None] = [None]
        self._at = 0
        self._size = 0
        self._slid = 0
        self._mending = False

    def cursor(self) -> str | None:
        """The cursor of the page to read next."""
        if self._slid and not self.stable:
            self._step_back(-(-self._slid // max(1, self._size)))
            self._mending = True
        self._slid = 0
        return self._cursors[self._at]

    @property
    def place(self) -> int:
        """The number of the page to read next, from 0."""
        return self._at

    def take(self, page: Page) -> int:
        """Note a page that was read with `cursor`; says how many of its items the walk had met before."""
        met = fresh = 0
        before = self.newest_ms
        self.rising = self.rising and page.rising
        for item in page.items:
            if item.id in self.seen:
                met += 1
                continue
            fresh += 1
            if item.state == "open":
                self.seen.add(item.id)
            if before is not None and item.since_ms < before:
                self.rising = False
            self.newest_ms = item.since_ms if self.newest_ms is None else max(self.newest_ms, item.since_ms)
        self._size = max(self._size, len(page.items))
        self.total = page.total if page.total is not None else self.total
        if self._mending and met and not fresh and page.cursor is not None:
            self.stable = True
        self._mending = False
        self._at += 1
        self.pages = max(self.pages, self._at)
        self.done = page.cursor is None
        del self._cursors[self._at :]
        if page.cursor is not None:
            self._cursors.append(page.cursor)
        return met

    def slide(self, id: str) -> None:
        """An item left the lane."""
        if id in self.seen:
            self.seen.discard(id)
            self._slid += 1

    def look_again(self) -> None:
        """Go back to the last page, where new items appear when the site sorts oldest first."""
        self._at = min(self._at, len(self._cursors))
        self._step_back(1)
        self.done = False

    def step_back(self) -> bool:
        """Go back before the page that was read last; False when that was the first."""
        if self._at <= 1:
            return False
        self._step_back(2)
        return True

    def _step_back(self, pages: int) -> None:
        self._at = max(0, self._at - pages)
        self.done = False
