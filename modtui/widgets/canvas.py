"""A widget that makes its own lines, whole and coloured, and keeps them until they change.

Textual's own way from a widget to the terminal asks for border, padding, opacity, tint and colour conversion at every
line of every repaint, which is half of what a key costs. Widgets made of this use none of it, so none of it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from modtui.text import own
from modtui.widgets.draw import Painter


class Canvas(Widget):
    """Subclasses say what stands in a line. They have no border and no padding in the style sheet."""

    can_focus = False

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self._kept: dict[int, Strip] = {}
        self._kept_for = Size(0, 0)

    def prepare(self, width: int, height: int) -> None:
        """Called before lines are made."""

    def line(self, y: int, width: int, height: int) -> Strip:
        """Line `y` (from 0) of a widget of this size, exactly `width` cells."""
        raise NotImplementedError

    def repaint(self, lines: Iterable[int] | None = None) -> None:
        """Make lines anew (None: all) and paint those that are not as they stand there."""
        size = self.size
        if not size or size != self._kept_for:  # hidden or about to be laid out: all lines are made when it is painted
            self.refresh()
            return
        width, height = size
        self.prepare(width, height)
        stale = []
        for y in range(height) if lines is None else lines:
            made = self.line(y, width, height)
            if self._kept.get(y) != made:
                self._kept[y] = made
                stale.append(Region(0, y, width, 1))
        if stale:
            self.refresh(*stale)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Canvas:
        """Paint these regions again; without any, make all lines anew."""
        if repaint and not regions:
            self._kept.clear()
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def render_line(self, y: int) -> Strip:
        """One line as it is painted."""
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region of the widget."""
        size = self.size
        width, height = size
        if size != self._kept_for:
            self._kept_for = size
            self._kept.clear()
        kept = self._kept
        missing = [y for y in crop.line_range if y not in kept]
        if missing:
            self.prepare(width, height)
            for y in missing:
                kept[y] = self.line(y, width, height)
        strips = [kept[y] for y in crop.line_range]
        for line_filter in self.app.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):  # the palette has no names of colours to be converted
                strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips


class VerticalRule(Canvas):
    """A line between two panes. It is a widget so that a repaint of a pane does not send it again."""

    def line(self, y: int, width: int, height: int) -> Strip:
        """The same everywhere."""
        return self.painter.strip(((own("\u258f"), "rule"),), width)
