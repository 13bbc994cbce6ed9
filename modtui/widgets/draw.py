"""From styled lines to what Textual paints. Every widget of modtui draws through here, so only `Shown` gets through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from modtui.text import Shown, own
from modtui.text.width import cells, cut
from modtui.themes import Palette

Piece = tuple[Shown, str]
"""A text and its style's name."""

Line = tuple[Piece, ...]

_DANGER = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of reading, or cannot be encoded."""


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
            self._styles[key] = found
        return found

    def strip(self, line: Sequence[Piece], width: int, *, fill: str = "text", over: str = "") -> Strip:
        """The line, cut or padded to `width` cells; the padding has the style `fill`."""
        segments: list[Segment] = []
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
            if style == last:
                text += piece
            else:
                if text:
                    segments.append(Segment(text, last))
                text, last = piece, style
        pad = self.style(fill, over)
        if left > 0 and pad == last:
            text += " " * left
            left = 0
        if text:
            segments.append(Segment(text, last))
        if left > 0:
            segments.append(Segment(" " * left, pad))
        return Strip(segments, width)

    def _mend(self, piece: Shown) -> Shown:
        """The last door. Joiners within words and emoji, and narrow blanks, are no printable signs but may be drawn."""
        if not _DANGER.search(piece):
            return piece
        self.mended.append(piece[:80])
        del self.mended[:-10]
        return own(piece.replace("\n", " "))


def stale(painted: Mapping[int, Strip], made: Mapping[int, Strip], width: int) -> list[Region]:
    """What has to be painted so that `made` stands where `painted` stood, both by line: whole lines, or as much of
    them as is not blank before and after."""
    found = []
    for y, strip in made.items():
        before = painted.get(y)
        if before == strip:
            continue
        end = width
        if before is not None and before.cell_length == strip.cell_length == width:
            ink, back = _ink(strip)
            ink_before, back_before = _ink(before)
            if back == back_before:
                end = max(ink, ink_before, 1)
        found.append(Region(0, y, end, 1))
    return found


def _ink(strip: Strip) -> tuple[int, object]:
    """Where the blank end of a line begins, and its colour; all of the line where a blank would show."""
    last = next(reversed(strip._segments), None)
    if last is None or last.style is None:
        return strip.cell_length, None
    style = last.style
    if style.reverse or style.underline or style.strike or style.overline:
        return strip.cell_length, style
    return strip.cell_length - len(last.text) + len(last.text.rstrip(" ")), style.bgcolor
