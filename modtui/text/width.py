"""Widths in terminal cells: measuring, cutting, padding and wrapping without splitting what is drawn as one sign.

Widths are those of `rich.cells`, because the terminal layer lays out by them; any other table would shift columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

from modtui.text.shown import EMPTY, Shown

# Signs of one cell that never join with a neighbour: Latin, Greek, Cyrillic, dashes and quotes.
_SIMPLE = re.compile(r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u203a\u2400-\u2426]*")
_REGIONAL = range(0x1F1E6, 0x1F200)
_ZWJ = "\u200d"
_ZWNJ = "\u200c"


class _Widths(dict[str, int]):
    def __missing__(self, sign: str) -> int:
        width = get_character_cell_size(sign)
        self[sign] = width
        return width


_WIDTHS = _Widths()


def cells(text: str) -> int:
    """The number of terminal cells that a line takes."""
    return len(text) if text.isascii() else cell_len(text)


def clusters(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """What is drawn as one sign, as (from, to, cells): a base with its marks, an emoji sequence, a flag.

    The widths add up to `cells(text)`.
    """
    end = len(text) if end is None else end
    at = start
    while at < end:
        stop = at + 1
        if ord(text[at]) in _REGIONAL and stop < end and ord(text[stop]) in _REGIONAL:
            stop += 1
        while stop < end:
            sign = text[stop]
            if sign == _ZWJ:
                stop = min(stop + 2, end)
            elif sign > "\u02ff" and _WIDTHS[sign] == 0:
                stop += 1
            else:
                break
        piece = text[at:stop]
        yield at, stop, _WIDTHS[piece] if stop - at == 1 else cell_len(piece)
        at = stop


def _fit(text: str, start: int, end: int, width: int) -> int:
    """The furthest index up to which `text[start:]` fits into `width` cells; always past at least one sign."""
    if end - start <= width and _SIMPLE.fullmatch(text, start, end):
        return end
    if end - start > width and _SIMPLE.fullmatch(text, start, start + width + 1):
        return start + width
    used = 0
    for at, stop, size in clusters(text, start, end):
        used += size
        if used > width:
            return at if at > start else stop
    return end


def cut(text: Shown, width: int, tail: str = "~") -> Shown:
    """The line cut to at most `width` cells; a line that was cut ends in `tail`. Newlines become spaces."""
    if width <= 0:
        return EMPTY
    line = text.replace("\n", " ") if "\n" in text else text
    if len(line) <= width and line.isascii():
        return Shown(line)
    if len(line) <= 4 * width + 32 and cells(line) <= width:
        return Shown(line)
    room = width - cells(tail)
    if room < 0:
        return cut(Shown(tail), width, "")
    end = _fit(line, 0, len(line), room) if room else 0
    if end == len(line) and cells(line) <= width:
        return Shown(line)
    kept = line[:end]
    if cells(kept) > room:  # a single wide sign did not fit
        kept = ""
    return Shown(kept.rstrip(_ZWNJ) + tail)


def pad(text: Shown, width: int, align: Literal["left", "right"] = "left") -> Shown:
    """The line in exactly `width` cells: cut, or filled with spaces on the far side of `align`."""
    line = cut(text, width)
    missing = width - cells(line)
    if missing <= 0:
        return line
    return Shown(line + " " * missing if align == "left" else " " * missing + line)


def breaks(text: str, width: int, *, words: bool = True) -> Iterator[tuple[int, int]]:
    """The rows of a text of any number of lines, lazily, as (from, to) indices; blanks at a break belong to no row.

    `words=False` breaks at the edge (for code). A width under 2 counts as 2, so that a wide sign always fits.
    """
    width = max(2, width)
    at, total = 0, len(text)
    while True:
        newline = text.find("\n", at)
        end = total if newline < 0 else newline
        while True:
            stop = _fit(text, at, end, width)
            if stop >= end:
                yield at, end
                break
            rest = stop
            if words and text[stop] != " ":
                space = text.rfind(" ", at, stop)
                # After an ideograph a row may end anywhere, so a far-off space is no better place.
                if space > at and _WIDTHS[text[stop - 1]] < 2 and text[at:space].strip(" "):
                    rest = stop = space
            if words:
                while rest < end and text[rest] == " ":
                    rest += 1
                while stop > at + 1 and text[stop - 1] == " ":
                    stop -= 1
            yield at, stop
            at = rest
            if at >= end:
                break
        if newline < 0:
            return
        at = newline + 1


def wrap(text: Shown, width: int) -> Iterator[Shown]:
    """The rows of a text, lazily: at blanks where there are any, never through a sign. Only blanks are lost."""
    for start, stop in breaks(text, width):
        yield Shown(text[start:stop])
