"""From styled lines to what Textual paints. Every widget of modtui draws through here, so only `Shown` gets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from modtui.text import Shown, own
from modtui.text.patterns import pattern
from modtui.text.width import cells, cut
from modtui.themes import Palette

Piece = tuple[Shown, str]
"""A text and its style's name."""

Line = tuple[Piece, ...]

_DANGER = pattern("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of reading, or cannot be encoded."""


_KEPT = 1000


class Painted:
    """A line as it is painted: texts with their styles, `width` cells in all. Lighter than a `Strip`, whose making
    costs more than all the rest of a line."""

    __slots__ = ("_ink", "parts", "width")

    def __init__(self, parts: tuple[tuple[str, Style], ...], width: int) -> None:
        self.parts = parts
        self.width = width
        self._ink: tuple[int, object] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Painted) and self.width == other.width and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]

    def strip(self) -> Strip:
        """The same for Textual."""
        return Strip([Segment(text, style) for text, style in self.parts], self.width)

    def until(self, end: int) -> tuple[tuple[str, Style], ...]:
        """The texts of the first `end` cells with their styles."""
        if end >= self.width:
            return self.parts
        out: list[tuple[str, Style]] = []
        left = end
        for text, style in self.parts:
            n = cells(text)
            if n > left:
                text = text[:left] if text.isascii() else set_cell_size(text, left)
            if text:
                out.append((text, style))
            left -= n
            if left <= 0:
                break
        return tuple(out)

    @property
    def ink(self) -> tuple[int, object]:
        """Where the blank end of the line begins, and its colour; all of the line where a blank would show."""
        if self._ink is None:
            self._ink = self._measured()
        return self._ink

    def _measured(self) -> tuple[int, object]:
        if not self.parts:
            return self.width, None
        text, style = self.parts[-1]
        if style.reverse or style.underline or style.strike or style.overline:
            return self.width, style
        return self.width - len(text) + len(text.rstrip(" ")), style.bgcolor


class Painter:
    """Turns lines into strips for one palette. Styles are parsed once; equal neighbours become one segment."""

    mended: ClassVar[list[str]] = []
    """Pieces that were not `Shown` although their type said so: a backend need not be checked. Drawn harmlessly all the
    same; the last ten are kept for the tests, where there are none."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        base = Style() if palette.ansi else Style.parse(f"{palette.foreground} on {palette.background}")
        self._base = base
        self._styles: dict[tuple[str, str], Style] = {}
        self._same: dict[Style, Style] = {}
        self._kept: dict[tuple[Line, int, str, str], Painted] = {}

    def style(self, name: str, over: str = "") -> Style:
        """The rich style of a name, with the style `over` (a name too) laid upon it."""
        key = (name, over)
        found = self._styles.get(key)
        if found is None:
            # with the terminal's own colours a reversed row is one bar, not a patchwork of reversed columns
            bare = bool(over) and self.palette.ansi
            found = self._base + Style.parse((not bare and self.palette.style(name)) or "none")
            if over:
                found += Style.parse(self.palette.style(over) or "none")
            found = self._styles[key] = self._same.setdefault(found, found)  # equal styles are one object
        return found

    def painted(self, line: Line, width: int, *, fill: str = "text", over: str = "") -> Painted:
        """The line, cut or padded to `width` cells; the padding has the style `fill`. The last thousand are kept: most
        of what a key repaints was painted before."""
        key = (line, width, fill, over)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = self._paint(line, width, fill, over)
        return found

    def strip(self, line: Sequence[Piece], width: int, *, fill: str = "text", over: str = "") -> Strip:
        """The same for Textual."""
        return self.painted(tuple(line), width, fill=fill, over=over).strip()

    def _paint(self, line: Line, width: int, fill: str, over: str) -> Painted:
        parts: list[tuple[str, Style]] = []
        left = width
        last: Style | None = None
        text = ""
        for piece, name in line:
            if left <= 0:
                break
            if not piece.isprintable():
                piece = self._mend(piece)
            n = cells(piece)
            if n > left:
                piece, n = cut(piece, left), left
                n = cells(piece)
            left -= n
            style = self.style(name, over)
            if style is last:
                text += piece
            else:
                if text and last is not None:
                    parts.append((text, last))
                text, last = piece, style
        pad = self.style(fill, over)
        if left > 0 and pad is last:
            text += " " * left
            left = 0
        if text and last is not None:
            parts.append((text, last))
        if left > 0:
            parts.append((" " * left, pad))
        return Painted(tuple(parts), width)

    def _mend(self, piece: Shown) -> Shown:
        """The last door. Joiners within words and emoji, and narrow blanks, are no printable signs but may be drawn."""
        if not _DANGER.search(piece):
            return piece
        self.mended.append(piece[:80])
        del self.mended[:-10]
        return own(piece.replace("\n", " "))


def stale(painted: Mapping[int, Painted], made: Mapping[int, Painted], width: int) -> list[Region]:
    """What has to be painted so that `made` stands where `painted` stood, both by line: whole lines, or as much of
    them as is not blank before and after."""
    found = []
    for y, line in made.items():
        before = painted.get(y)
        if before is line or before == line:
            continue
        end = width
        if before is not None and before.width == line.width == width:
            ink, back = line.ink
            ink_before, back_before = before.ink
            if back == back_before:
                end = max(ink, ink_before, 1)
        found.append(Region(0, y, end, 1))
    return found
