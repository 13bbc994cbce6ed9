"""The list of a lane: draws only what is visible, whatever the lane holds.

Page-wise scrolling: moving inside a page repaints two rows, only leaving it repaints the list (measured: a scrolling
container repaints everything, and costs a layout besides).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from textual import events
from textual.geometry import Region
from textual.message import Message

from modtui.text import EMPTY, Shown
from modtui.widgets.draw import Painted, Painter, stale
from modtui.widgets.lane_rows import COLUMNS, LaneRow, any_line, lane_header
from modtui.widgets.patch import Lined
from modtui.widgets.rows import RowData, header_line


class RowSource(Protocol):
    """Where rows come from. `row` is asked only for visible ones and must not wait for anything."""

    def __len__(self) -> int: ...

    def row(self, index: int) -> RowData | LaneRow | None:
        """The row at `index`, None when it cannot be read."""
        ...


class ItemList(Lined):
    """One line a row, a header on top, the cursor drawn over its row."""

    class RowChosen(Message):
        """A row was clicked that the cursor already stood on."""

    def __init__(
        self, painter: Painter, source: RowSource, moved: Callable[[int], None], *, id: str | None = None
    ) -> None:
        """`moved` is called at once when the cursor stands on another row, so that all that follows is one repaint."""
        super().__init__(id=id)
        self.painter = painter
        self.source = source
        self.moved = moved
        self.cursor = 0
        self.top = 0
        self.alike = False
        self.note = EMPTY
        self.lane = "reports"
        self.chips = False
        self._top_before: int | None = None
        self._cache: dict[tuple[int, bool, int], Painted] = {}
        self._painted: dict[int, Painted] = {}

    @property
    def page_rows(self) -> int:
        """How many rows fit under the header."""
        return max(1, self.size.height - 1)

    def in_sight(self) -> range:
        """The indexes now in sight."""
        return range(self.top, min(len(self.source), self.top + self.page_rows))

    def painted_line(self, y: int) -> Painted:
        """One line of the widget: the header, a row, or nothing."""
        line = self._painted[y] = self._line(y, self.room.width)
        return line

    def _line(self, y: int, width: int) -> Painted:
        if y == 0:
            if self.lane in COLUMNS and not self.alike:
                head = lane_header(self.lane, width, self.note, chips=self.chips)
            else:
                head = header_line(width, alike=self.alike, note=self.note, chips=self.chips)
            return self.painter.painted(head, width, fill="row.head")
        index = self.top + y - 1
        if index >= len(self.source):
            return self.painter.painted((), width)
        here = index == self.cursor
        key = (index, here, width)
        line = self._cache.get(key)
        if line is None:
            row = self.source.row(index)
            line = self.painter.painted(any_line(row, width, cursor=here), width, over="cursor" if here else "")
            if len(self._cache) > 400:
                self._cache.clear()
            self._cache[key] = line
        return line

    def changed(self, indexes: Iterable[int] | None = None) -> None:
        """Rows look different now (None: all of them, or their order). Only lines that differ are painted again."""
        if indexes is None:
            self._cache.clear()
            self.cursor = max(0, min(self.cursor, len(self.source) - 1))
            self._hold_in_sight()
            lines: Iterable[int] = range(self.size.height)
        else:
            touched = set(indexes)
            if not touched:
                return
            self._cache = {key: line for key, line in self._cache.items() if key[0] not in touched}
            sight = self.in_sight()
            lines = [index - self.top + 1 for index in touched if index in sight]
        self._repaint(lines)

    def _repaint(self, lines: Iterable[int]) -> None:
        """Paint these lines where they are not as they were painted last."""
        width, height = self.size
        if not height:  # hidden: what was painted before is not what stands there when it comes back
            self.refresh()
            return
        regions = stale(self._painted, {y: self._line(y, width) for y in lines}, width)
        if regions:
            self.refresh(*regions)

    def head(self, *, alike: bool, note: Shown, lane: str = "reports", chips: bool = False) -> None:
        """What stands over the rows: their lane's columns, with `chips` that of the community, and a note at the right
        end ("as of 12:02")."""
        if (alike, note, lane, chips) == (self.alike, self.note, self.lane, self.chips):
            return
        if (alike, lane, chips) != (self.alike, self.lane, self.chips):
            self._cache.clear()
        self.alike, self.note, self.lane, self.chips = alike, note, lane, chips
        self.refresh(Region(0, 0, self.size.width, 1))

    def go(self, index: int, *, tell: bool = True) -> None:
        """Put the cursor on a row, with as little repainting as that needs."""
        count = len(self.source)
        new = max(0, min(index, count - 1))
        old = self.cursor
        self.cursor = new
        sight, rows = self.in_sight(), self.page_rows
        if new in sight and old in sight:
            if new != old:
                self._repaint((old - self.top + 1, new - self.top + 1))
        else:
            if new >= self.top + rows:
                self.top = new if new - old < rows else new - rows + 1
                self.top = max(0, min(self.top, count - rows))
            elif new < self.top:
                self.top = max(0, new - rows + 1)
            self._hold_in_sight()
            self._repaint(range(self.size.height))
        if tell and new != old:
            self.moved(new)

    def move(self, by: int) -> None:
        """Move the cursor by some rows, not beyond the ends."""
        self.go(self.cursor + by)

    def page(self, pages: float) -> None:
        """Move by pages (0.5 is half a page)."""
        self.move(int(self.page_rows * pages) or (1 if pages > 0 else -1))

    def _hold_in_sight(self) -> None:
        if self.cursor < self.top or self.cursor >= self.top + self.page_rows:
            self.top = max(0, min(self.cursor, len(self.source) - self.page_rows))
        if self.top and self.top > max(0, len(self.source) - self.page_rows):
            self.top = max(0, len(self.source) - self.page_rows)

    def on_resize(self) -> None:
        """Keep the cursor in sight; when a panel closes again the rows stand where they stood before."""
        self._cache.clear()
        if self._top_before is not None and self._top_before <= self.cursor < self._top_before + self.page_rows:
            self.top, self._top_before = self._top_before, None
        before = self.top
        self._hold_in_sight()
        if self.top != before and self._top_before is None:
            self._top_before = before
        self._repaint(range(self.size.height))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one opens."""
        index = self.top + event.y - 1
        if event.y < 1 or index >= len(self.source):
            return
        if index == self.cursor:
            self.post_message(self.RowChosen())
        else:
            self.go(index)

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the cursor by three."""
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        """The wheel moves the cursor by three."""
        self.move(-3)
