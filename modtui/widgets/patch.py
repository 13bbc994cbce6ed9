"""Changed lines straight to the terminal.

Every widget that a key repaints here draws whole, opaque lines, and none lies over another. Then nothing has to be
composed: Textual's compositor would ask every visible widget for every line between the first and the last that
changed, and cut each at every edge of the screen, which was half of the processor time of a key (docs/performance.md).
Whatever does not fit this (a resize, a text field, a screen that others shine through) goes Textual's way; its caches
stay marked as stale, so that it draws anew what was written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from modtui.lean import Picture, change, lean, same_on_blanks
from modtui.text.width import cells
from modtui.widgets.draw import Painted
from modtui.widgets.steady import agreed, steady


class Lined(Widget):
    """A widget that draws opaque lines as wide as its content, and which nothing lies upon."""

    can_focus = False
    _outer: Size | None = None
    _room = Size(0, 0)

    @property
    def room(self) -> Size:
        """As `size` while it is painted; that walks through the styles each time, which is too dear for each line."""
        if self._size is not self._outer:
            self._outer, self._room = self._size, self.size
        return self._room

    def painted_line(self, y: int) -> Painted:
        """Line `y` of the content."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The same for Textual."""
        return self.painted_line(y).strip()


class Place:
    """Where the content of a widget stands on the screen; `right` and `bottom` are the first cells beyond it."""

    def __init__(self, widget: Lined, region: Region, filters: Sequence[LineFilter]) -> None:
        self.widget = widget
        self.whole = region
        self.left, self.top, self.right, self.bottom = region.x, region.y, region.right, region.bottom
        self._filters = filters
        self._background: Color = widget.background_colors[1]
        self._codes: dict[Style, str] = {}

    def holds(self, region: Region) -> bool:
        """Whether a region of the screen is wholly within."""
        x, y, width, height = region
        return self.left <= x and x + width <= self.right and self.top <= y and y + height <= self.bottom

    def code(self, style: Style, colours: ColorSystem) -> str:
        """The numbers of a style for the terminal, as Textual would write it."""
        found = self._codes.get(style)
        if found is None:
            segments = [Segment("x", style)]
            for each in self._filters:
                segments = each.apply(segments, self._background)
            found = self._codes[style] = Strip.render_ansi(segments[0].style or Style.null(), colours)
        return found


class Patch:
    """Parts of lines: each a place, a row of the screen, and up to which column."""

    def __init__(self, parts: Sequence[tuple[Place, int, int]]) -> None:
        self.parts = parts

    def text(self, colours: ColorSystem) -> str:
        """The text for the terminal: of a style only what differs from the one before is written."""
        out: list[str] = []
        now = ""
        for place, y, end in self.parts:
            x = place.left
            out.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style in place.widget.painted_line(y - place.top).until(end - place.left):
                code = place.code(style, colours)
                if code != now and not (text.isspace() and same_on_blanks(now, code)):
                    out.append(change(now, code))
                    now = code
                if text.isascii():
                    out.append(text)
                    x += len(text)
                else:
                    out.append(steady(text, x))
                    x += cells(text)
        if now:
            out.append("\x1b[0m")
        return "".join(out)


def places(screen: Screen[Any], filters: Sequence[LineFilter]) -> list[Place]:
    """The widgets of a screen that draw whole lines and do not overlap any other that draws."""
    visible = screen._compositor.visible_widgets
    leaves = {widget: where for widget, where in visible.items() if not widget.children}
    found = []
    for widget, (region, clip) in leaves.items():
        covered = any(other is not widget and region.overlaps(at) for other, (at, _) in leaves.items())
        if isinstance(widget, Lined) and not covered and clip.contains_region(region) and widget.opacity == 1:
            found.append(Place(widget, region.shrink(widget.styles.gutter), filters))
    return found


def patch(regions: Sequence[Region], here: Sequence[Place]) -> Patch | None:
    """The update for these regions of the screen; None when one of them is not wholly inside one of the places."""
    ends: dict[tuple[int, int], tuple[Place, int]] = {}
    for region in regions:
        place = next((each for each in here if each.holds(region)), None)
        if place is None or place.whole == region:  # laid out anew: it may well look as it did
            return None
        for y in range(region.y, region.bottom):
            before = ends.get((y, place.left))
            ends[(y, place.left)] = (place, region.right if before is None else max(before[1], region.right))
    return Patch([(place, y, end) for (y, _), (place, end) in sorted(ends.items(), key=lambda one: one[0])])


def _written(strip: Strip, x: int, console: Console) -> str:
    """A strip at column `x` as it is written."""
    written = strip.render(console)
    if agreed(written):
        return written
    colours = console._color_system or ColorSystem.TRUECOLOR
    out = []
    for text, style, _ in strip:
        out.append(Strip.render_style(style or Style.null(), steady(text, x), color_system=colours))
        x += cells(text)
    return "".join(out)


def _parts(x: int, strips: Iterable[Strip | None], console: Console) -> dict[int, str]:
    """The parts of a composed row by their first columns."""
    parts = {}
    for strip in strips:
        if strip is not None:
            parts[x] = _written(strip, x, console)
            x += strip.cell_length
    return parts


def _pieces(update: ChopsUpdate, console: Console) -> str:
    """What a part of the screen that was composed writes, each piece in its place."""
    out = []
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < last and end > first:
                if end > last:
                    strip = strip.crop(0, last - x)
                out.append(f"\x1b[{y + 1};{x + 1}H{_written(strip, x, console)}")
    return "".join(out)


class Patching(Screen[None], inherit_bindings=False):
    """A screen that writes changed lines without composing the screen."""

    _lined: tuple[object, Sequence[LineFilter], list[Place]] | None = None

    def paint_anew(self) -> None:
        """Paint everything, whatever stands on the terminal: it missed some of what was written, has or had another
        size, or another program wrote over it."""
        if (picture := self._picture()) is not None:
            picture.forget()
        self.refresh(layout=True)

    def _compositor_refresh(self) -> None:
        """Write what is dirty (Textual calls this when it is time to)."""
        app, picture = self.app, self._picture()
        if app.screen is not self or app.is_inline or app._batch_count or picture is None:
            super()._compositor_refresh()
            return
        picture.of(app.size)
        update = self._patch()
        if update is not None:
            self._compositor._dirty_regions.clear()
            for place, y, _ in update.parts:
                picture.touched(y, place.left)
            self._write(update.text(app.console._color_system or ColorSystem.TRUECOLOR))
        else:
            self._write(lean(self._composed(picture)))
        if self._compositor.size != app.size:
            picture.forget()  # the window has another size meanwhile: what was written stands somewhere in it
        self._dirty_widgets.clear()
        app._update_mouse_over(self)

    def _composed(self, picture: Picture) -> str:
        """What is dirty, composed."""
        app = self.app
        # What a text field draws while one types is small and new. All else is mostly what stands there already.
        dirty = sum(region.area for region in self._compositor._dirty_regions)
        full = bool(dirty) and (self.focused is None or 2 * dirty > self.size.area)
        update = self._compositor.render_update(full=full, screen_stack=app._background_screens)
        if isinstance(update, LayoutUpdate):
            rows = [_parts(update.region.x, strips, app.console) for strips in update.strips]
            return "".join(picture.change(y, row) for y, row in enumerate(rows, update.region.y))
        if isinstance(update, ChopsUpdate):
            picture.forget(update.spans)
            return _pieces(update, app.console)
        return ""

    def _picture(self) -> Picture | None:
        """What stands on the terminal; None where nobody keeps it."""
        found: Picture | None = getattr(self.app._driver, "picture", None)
        return found

    def _write(self, text: str) -> None:
        """Put it on the terminal, as `App._display` does."""
        app, driver = self.app, self.app._driver
        if text and driver is not None and not app.is_headless and app._running and not app._closed:
            x, y = app._previous_cursor_position = self.outer_size.clamp_offset(app.cursor_position)
            write = getattr(driver, "write_lean", driver.write)
            app._begin_update()
            try:
                write(f"{text}\x1b[{y + 1};{x + 1}H")
            finally:
                app._end_update()
            driver.flush()
        app.post_display_hook()

    def _patch(self) -> Patch | None:
        regions = self._compositor._dirty_regions
        if not regions:
            return None
        visible = self._compositor.visible_widgets  # another object after each layout
        filters = self.app.get_line_filters()
        known = self._lined
        if known is None or known[0] is not visible or known[1] != filters:
            known = self._lined = (visible, filters, places(self, filters))
        return patch(list(regions), known[2])


__all__ = ["Lined", "Patch", "Patching", "Place", "patch", "places"]
