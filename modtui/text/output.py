"""Text that leaves for other programs: JSON lines and CSV cells."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Set
from typing import Any

import msgspec

from modtui.text.patterns import pattern
from modtui.text.shown import Foreign
from modtui.text.signs import visible

_FORMULA = pattern(r"\s*[=+\-@＝＋－＠|%\t\r]")
_HALVES = pattern("[\ud800-\udfff]")
_NUMBER = pattern(r"[+-]?\d+([.,]\d+)?%?")


def _plain(value: Any) -> Any:
    if isinstance(value, Set):
        return sorted(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def json_line(value: object) -> str:
    """One line of compact JSON in ASCII only, so that a terminal that prints it stays as it is.

    Sets become sorted lists, dataclasses and structs objects, other unknown types their text. Raises ValueError for
    NaN and infinity.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=_plain)
    return text.replace("\x7f", "\\u007f")


def csv_cell(text: Foreign | str) -> str:
    """The content of a CSV cell that no spreadsheet takes for a formula, and no terminal for a command.

    Quoting is left to the `csv` module. A text that begins like a formula gets a leading apostrophe; plain numbers
    do not.
    """
    clean = visible(text)
    return "'" + clean if _FORMULA.match(clean) and not _NUMBER.fullmatch(clean) else clean


def carried(text: Foreign | str) -> str:
    """The true text for a clipboard or a file. Lone halves of a pair, which no UTF-8 can hold, are named (`‹D800›`)."""
    return text if text.isascii() else _HALVES.sub(lambda half: f"‹{ord(half[0]):04X}›", text)
