"""The same picture in fewer bytes, for terminals at the end of a slow line.

Textual writes each piece of a line with all of its style and a reset after it. Here only what differs from the piece
before is written: about half of the bytes of a screen. Every write begins and ends with the terminal's plain style, so
nothing else that is written needs to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from textual.driver import Driver

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_MOOT = re.compile(r"(?:\x1b\[\d+;\d+H|\n)+(?=\x1b\[\d+;\d+H)")
"""Moves of the cursor, and ends of lines, after which it is put somewhere else before anything is written."""
_MOVES = re.compile(r"(?:\x1b\[\d+;\d+H|\n)+")

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29", "53": "55"}
"""What switches an attribute off."""
_SEEN_ON_BLANKS = frozenset(("4", "7", "9", "53"))
"""Attributes that show where there is no sign: underlined, reversed, struck out, overlined."""


@lru_cache(4096)
def _parts(style: str) -> tuple[frozenset[str], str, str]:
    """The attributes, the foreground and the background of a style that was written as numbers."""
    attributes: set[str] = set()
    fore = back = ""
    codes = [code.lstrip("0") or "0" for code in style.split(";")] if style else []
    at = 0
    while at < len(codes):
        code = codes[at]
        size = 1
        if code in ("38", "48") and at + 1 < len(codes):
            size = 5 if codes[at + 1] == "2" else 3
        number = int(code)
        whole = ";".join(codes[at : at + size])
        if code == "0":
            attributes, fore, back = set(), "", ""
        elif code == "38" or 30 <= number < 38 or 90 <= number < 98:
            fore = whole
        elif code == "48" or 40 <= number < 48 or 100 <= number < 108:
            back = whole
        elif code in ("39", "49"):
            fore, back = ("", back) if code == "39" else (fore, "")
        else:
            attributes.add(code if code in _OFF else f"?{code}")
        at += size
    return frozenset(attributes), fore, back


@lru_cache(4096)
def change(now: str, wanted: str) -> str:
    """What turns one style into another."""
    if not wanted:
        return "\x1b[0m"
    have, have_fore, have_back = _parts(now)
    want, fore, back = _parts(wanted)
    gone = have - want
    if any(code[0] == "?" for code in have | want) or (have_fore and not fore) or (have_back and not back):
        return f"\x1b[0;{wanted}m"
    codes = sorted({_OFF[code] for code in gone})
    kept = {code for code in want & have if _OFF[code] in codes}  # 22 ends bold and dim
    codes += sorted((want - have) | kept)
    codes += [colour for colour, before in ((fore, have_fore), (back, have_back)) if colour != before]
    return f"\x1b[{';'.join(codes)}m" if codes else ""


@lru_cache(4096)
def same_on_blanks(now: str, wanted: str) -> bool:
    """Whether a blank looks the same in both styles."""
    have, _, have_back = _parts(now)
    want, _, back = _parts(wanted)
    return have_back == back and not any(code[0] == "?" or code in _SEEN_ON_BLANKS for code in have | want)


def lean(data: str) -> str:
    """`data` with the same effect on a terminal in plain style, in fewer bytes."""
    pieces = _SGR.split(data)
    if len(pieces) == 1:
        return data
    out: list[str] = []
    now = wanted = ""
    for at, piece in enumerate(pieces):
        if at % 2:
            wanted = "" if piece in ("", "0") else f"{wanted};{piece}" if wanted else piece
        elif piece:
            if now != wanted and not _unstyled(piece, now, wanted):
                out.append(change(now, wanted))
                now = wanted
            out.append(piece)
    if now:
        out.append("\x1b[0m")
    return _MOOT.sub("", "".join(out))


def _unstyled(piece: str, now: str, wanted: str) -> bool:
    """Whether it makes no difference in which of two styles a piece is written."""
    return bool(_MOVES.fullmatch(piece)) or (piece.isspace() and "\n" not in piece and same_on_blanks(now, wanted))


class Picture:
    """What stands on the terminal, part by part of each row, as far as it was written whole.

    Textual paints a screen two to four times while it opens, each time all of it, and most of a lane that is opened
    again is as it was: only what differs is written.
    """

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, str]] = {}
        self._size: tuple[int, int] | None = None

    def forget(self, spans: Iterable[tuple[int, int, int]] | None = None) -> None:
        """Nobody knows any more what stands there, or in the rows of these spans (row, first column, end)."""
        if spans is None:
            self._rows.clear()
            return
        for y, _, _ in spans:
            self._rows.pop(y, None)

    def of(self, size: tuple[int, int]) -> None:
        """The terminal has this size now; of another one nothing is known."""
        if size != self._size:
            self._size = size
            self._rows.clear()

    def touched(self, y: int, x: int) -> None:
        """Something was written in row `y` from column `x` on, within one part."""
        row = self._rows.get(y)
        if row:
            row.pop(max((at for at in row if at <= x), default=-1), None)

    def change(self, y: int, parts: Mapping[int, str]) -> str:
        """What has to be written so that row `y` shows these parts, by their first columns; nothing where it does."""
        before = self._rows.get(y)
        self._rows[y] = dict(parts)
        if before is not None and before.keys() <= parts.keys():
            parts = {x: text for x, text in parts.items() if before.get(x) != text}
        return "".join([f"\x1b[{y + 1};{x + 1}H{text}" for x, text in parts.items()])


def lean_driver(base: type[Driver]) -> type[Driver]:
    """A driver like `base` that writes fewer bytes."""

    class Lean(base):  # type: ignore[misc, valid-type]
        """Writes through `lean`."""

        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            self.picture = Picture()

        def start_application_mode(self) -> None:
            self.picture.forget()  # another program had the terminal
            super().start_application_mode()

        def write(self, data: str) -> None:
            super().write(lean(data))

        def write_lean(self, data: str) -> None:
            """Write what is as short as it can be already."""
            super().write(data)

    return Lean


__all__ = ["Picture", "change", "lean", "lean_driver", "same_on_blanks"]
