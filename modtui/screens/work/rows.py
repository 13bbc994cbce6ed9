"""The rows of a view as the list widget asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modtui.domain.items import Item
from modtui.text import own
from modtui.widgets.lane_rows import COLUMNS, LaneRow, lane_row
from modtui.widgets.rows import Chip, RowData, alike_of, row_data

if TYPE_CHECKING:
    from modtui.screens.work.frame import WorkFrame


class Rows:
    """Reads an item from the view and its state from the desk, and makes a row of them."""

    def __init__(self, screen: WorkFrame) -> None:
        self._screen = screen

    def __len__(self) -> int:
        return len(self._screen.view)

    def row(self, index: int) -> RowData | LaneRow | None:
        """The row drawn from the cache and the desk's state of it; None when the cache lost it."""
        view = self._screen.view
        item = view.item_at(index)
        if item is None:
            return None
        state = self._screen.desk.state_of(item.id, item)
        now_ms = self._screen.shell.now_ms()
        words = None if state.open else state.words or None
        marked = item.id in view.marks
        if view.lane in COLUMNS and (words or not item.problem):  # what became of it stands in the lane's columns, too
            return lane_row(
                item, view.lane, letter=state.letter, words=words, kind=state.kind, marked=marked, now_ms=now_ms,
                chip=self._chip(item),
            )  # fmt: skip
        share = view.alike(item.id)
        alike = None
        if share is not None:
            source = view.like_source
            alike = alike_of(item, share, self._screen.desk.item(source) if source is not None else None, now_ms)
        return row_data(
            item, letter=state.letter, words=words, kind=state.kind, marked=marked, now_ms=now_ms, alike=alike,
            chip=self._chip(item),
        )  # fmt: skip

    def _chip(self, item: Item) -> Chip | None:
        """Of which community the row is, where the list has several."""
        community = self._screen.desk.community(item.ref.community) if self._screen.several else None
        return Chip(own(community.chip), f"chip.{community.hue}") if community is not None else None
