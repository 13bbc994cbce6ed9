"""Values as NodeBB sends them, whose types wobble from one list to the next: numbers come as text, flags as 0, "1" or
null, absent things as null or "". Nothing is decoded strictly; each function here takes anything."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from modtui.errors import UsageError
from modtui.text.time import parse_iso_or_none

Row = Mapping[str, Any]
T = TypeVar("T")
_KEY = re.compile(r"\[\[([a-z0-9_./-]{1,80}):([A-Za-z0-9_.-]{1,120})((?:, ?[^\[\]]{0,200})?)\]\]")
_MOST_MS = 253_402_300_800_000
"""The year 10000: no time of a forum lies beyond it."""


class Unreadable(ValueError):
    """A row without the number that it is known by."""


def row_of(value: object) -> Row:
    """A JSON object, {} for anything else."""
    return value if isinstance(value, dict) else {}


def rows_of(value: object) -> list[Row]:
    """The objects of a JSON list, [] for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """A whole number, also written as text; None for anything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str):
        digits = value.strip()
        if digits.removeprefix("-").isdigit() and digits.isascii() and len(digits) < 20:
            return int(digits)
    return None


def number(value: object) -> int | None:
    """The number of a post, topic, member or flag: positive, None for anything else."""
    found = whole(value)
    return found if found is not None and 0 < found < 2**63 else None


def time_ms(value: object) -> int | None:
    """A time in UTC milliseconds, from a number, its text or an ISO date; 0, empty and absurd ones are None."""
    found = whole(value)
    if found is None and isinstance(value, str):
        found = parse_iso_or_none(value)
    return found if found is not None and 0 < found < _MOST_MS else None


def text(value: object, *, escaped: bool = False) -> str:
    """A text, "" for anything else."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return html.unescape(value) if escaped else value


def yes(value: object) -> bool:
    """Whether a flag is set, however it is written."""
    return value is True or value in ("1", "true") or (whole(value) or 0) > 0


def unkeyed(value: str) -> str:
    """A text of the forum's own with words in place of untranslated keys: `[[user:info.muted-no-reason]]`."""
    return _KEY.sub(_key_words, value)


def _key_words(found: re.Match[str]) -> str:
    words = re.split(r"\.", found[2])[-1].replace("-", " ").replace("_", " ").strip()
    more = found[3].lstrip(", ").strip()
    return f"{words} ({more})" if more else words


def html_words(value: str) -> str:
    """A snippet of the forum's HTML as one line of plain text (list rows only; posts go through `modtui.text.html`)."""
    return " ".join(html.unescape(re.sub(r"<[^<>]{0,500}>", " ", value)).split())


def count_of(value: object) -> int | None:
    """A count: from 0 on, None for anything else."""
    found = whole(value)
    return found if found is not None and 0 <= found < 2**53 else None


def pages_of(body: Row) -> tuple[int, int]:
    """The page that this is, and how many there are."""
    found = row_of(body.get("pagination"))
    return whole(found.get("currentPage")) or 1, whole(found.get("pageCount")) or 1


def page_number(cursor: str | None, of: str) -> int:
    """The page that a cursor names, 1 for none; `of` is what the list has. Raises UsageError."""
    if cursor is None:
        return 1
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 6 or int(cursor) < 1:
        raise UsageError(f"This is not a place in the list of {of} of NodeBB.")
    return int(cursor)


def each(values: Sequence[Row], read: Callable[..., T], **more: Any) -> tuple[list[T], int]:
    """What `read` makes of the rows, and how many it cannot read."""
    found: list[T] = []
    bad = 0
    for one in values:
        try:
            found.append(read(one, **more))
        except (Unreadable, ValueError, TypeError, OverflowError):
            bad += 1
    return found, bad
