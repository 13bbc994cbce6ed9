"""The kinds of values that a key may have: each turns what TOML gave into what the model holds, or says what is wrong.

A kind raises ValueError with the end of a sentence ("must be true or false").
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

from modtui.domain.ladder import Rung
from modtui.errors import UsageError
from modtui.settings.address import canonical
from modtui.text import show_line
from modtui.text.patterns import pattern
from modtui.text.time import parse_duration

Kind = Callable[[Any], Any]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = pattern(r"([01]?\d|2[0-4]):([0-5]\d)")


def nearest(name: str, names: Iterable[str]) -> str:
    """`Did you mean "x"?` for the name that is most like `name`, or all names when none is; "" when there are none."""
    known = sorted(set(names))
    close = difflib.get_close_matches(name.casefold(), [one.casefold() for one in known], 1, 0.5)
    if close:
        return f'Did you mean "{next(one for one in known if one.casefold() == close[0])}"?'
    return f"Known are: {', '.join(known)}." if known else ""


def text(value: Any) -> str:
    """One line of text."""
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    if "\n" in value or "\r" in value:
        raise ValueError("must be a single line")
    return value


def name(value: Any) -> str:
    """A short name that can stand in a command."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a name in quotes")
    if value != value.strip() or not value.isprintable() or value.startswith("-") or len(value) > 60:
        raise ValueError(f'cannot be "{show_line(value, 60)}": use up to 60 letters and digits, no leading hyphen')
    return value


def ident(value: Any) -> str:
    """An id that is also part of a file name."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", value):
        raise ValueError("must be made of letters, digits, - and _")
    return value


def switch(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def number(value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number from 0 up")
    return value


def words(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('must be a list of texts, like ["one", "two"]')
    return tuple(value)


def command(value: Any) -> tuple[str, ...]:
    """A program with its arguments, each a text of its own; no shell reads them."""
    if isinstance(value, str):
        raise ValueError('must be a list, each word in quotes: ["pass", "show", "mod/site"]')
    found = words(value)
    if not found or not found[0]:
        raise ValueError('must name a program, like ["pass", "show", "mod/site"]')
    return found


def table(value: Any) -> dict[str, Any]:
    """A table of anything."""
    if not isinstance(value, dict):
        raise ValueError('must be a table, like { course = "..." }')
    return dict(value)


def texts(value: Any) -> dict[str, str]:
    """A table of texts by language."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError('must be a table of texts, like { de = "...", fr = "..." }')
    return dict(value)


def address(value: Any) -> str:
    """A community's address in its one spelling."""
    if not isinstance(value, str):
        raise ValueError("must be a web address in quotes")
    try:
        return canonical(value)
    except UsageError as error:
        raise ValueError(f"cannot be used: {error.message.rstrip('.')}") from None


def choice(*choices: str) -> Kind:
    """One of these words."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        shown = f'"{show_line(str(value), 40)}"' if isinstance(value, str) else "this"
        hint = nearest(value, choices) if isinstance(value, str) else f"Known are: {', '.join(choices)}."
        raise ValueError(f"cannot be {shown}. {hint}".rstrip("."))

    return check


def millis(value: Any) -> int | None:
    """A length of time in milliseconds; None for "forever". A bare number is seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < 1e10:
            raise ValueError("must be a length of time from 0 up")
        return int(value * 1000)
    if not isinstance(value, str):
        raise ValueError('must be a length of time, like "15s", "1h" or "7d"')
    if re.fullmatch(r"0+\s*[a-z]*", value.strip().lower()):
        return 0
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError(
            f'cannot be "{show_line(value, 40)}": write a length of time like "15s", "1h", "7d" or "forever"'
        ) from None


def length(value: Any) -> int | None:
    """The length of a sanction: as `millis`, and not zero."""
    found = millis(value)
    if found == 0:
        raise ValueError('must be longer than nothing, like "7d" or "forever"')
    return found


def rungs(value: Any) -> tuple[Rung, ...]:
    """A ladder of sanctions, mildest first: `warn`, `silence 1d`, `ban 7d`; a length alone is a ban."""
    if not isinstance(value, list) or not value:
        raise ValueError('must be a list of lengths of time, like ["1d", "7d", "forever"], or of "warn", "silence 1d"')
    return tuple(map(_rung, value))


def _rung(value: Any) -> Rung:
    words = value.strip().lower().split(maxsplit=1) if isinstance(value, str) else []
    if words in (["warn"], ["warning"]):
        return Rung("warn")
    if len(words) == 2 and words[0] == "silence":
        return Rung("silence", length(words[1]))
    if len(words) == 2 and words[0] == "ban":
        return Rung("ban", length(words[1]))
    return Rung("ban", length(value))


def finite(value: Any) -> int:
    """A length of time that ends, in milliseconds."""
    found = millis(value)
    if found is None:
        raise ValueError('must end some time, like "1h"')
    return found


def seconds(value: Any) -> float:
    """A length of time that ends, in seconds."""
    return finite(value) / 1000


def key_list(value: Any) -> tuple[str, ...]:
    """Keys of an action; an empty list takes all of them away."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('must be a list of keys, like ["a", "g a"]')
    return tuple(value)


def digit(value: Any) -> str:
    """A digit of the reason line."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if found not in ("", *"12345678"):
        raise ValueError("must be a digit from 1 to 8 (9 opens the rest, 0 takes your own words)")
    return str(found)


def route_key(value: Any) -> str:
    """The letter of a route."""
    if not isinstance(value, str) or len(value) != 1 or not value.isascii() or not value.isalpha():
        raise ValueError("must be a single letter")
    if value in "qxe":
        raise ValueError(f'cannot be "{value}": q leaves the line, x keeps the text back, e is the site\'s own route')
    return value


def route_kind(value: Any) -> str:
    """How a route travels; "email" is another word for "mail"."""
    if value in ("email", "e-mail"):
        return "mail"
    found: str = choice("webhook", "mail", "command", "site")(value)
    return found


def language(value: Any) -> str:
    """A language code, or nothing."""
    if not isinstance(value, str) or not re.fullmatch(r"([a-z]{2,3}([-_][A-Za-z]{2,4})?)?", value):
        raise ValueError('must be a language code like "en" or "pt-BR"')
    return value.replace("_", "-")


def zone(value: Any) -> str:
    """A time zone's name, or nothing."""
    if not isinstance(value, str):
        raise ValueError('must be the name of a time zone, like "Europe/Paris" or "UTC"')
    if not value:
        return ""
    import zoneinfo  # late: reads files

    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        hint = nearest(value, zoneinfo.available_timezones())
        hint = hint if hint.startswith("Did") else 'Write it like "Europe/Paris" or "UTC".'
        raise ValueError(f'cannot be "{show_line(value, 40)}". {hint}'.rstrip(".")) from None
    return value


def days(value: Any) -> tuple[int, ...]:
    """Days of the week as numbers from Monday 0."""
    found = words(value)
    for one in found:
        if one.lower() not in _DAYS:
            raise ValueError(f'cannot hold "{show_line(one, 20)}": days are {", ".join(_DAYS)}')
    return tuple(sorted({_DAYS.index(one.lower()) for one in found}))


def clock(value: Any) -> int:
    """A time of day in minutes."""
    if isinstance(value, datetime.time):
        return value.hour * 60 + value.minute
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None or (minutes := int(match[1]) * 60 + int(match[2])) > 24 * 60:
        raise ValueError('must be a time of day, like "09:00"')
    return minutes


def dates(value: Any) -> tuple[str, ...]:
    """Days without work, as ISO dates."""
    found: list[str] = []
    for one in value if isinstance(value, list) else [None]:
        try:
            day = one if isinstance(one, datetime.date) else datetime.date.fromisoformat(str(one))
        except (TypeError, ValueError):
            raise ValueError('must be a list of dates, like ["2026-12-25"]') from None
        found.append(day.strftime("%Y-%m-%d"))
    return tuple(found)
