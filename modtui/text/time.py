"""Instants, ages and durations, as integers of milliseconds; instants count from 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from modtui.text.patterns import pattern
from modtui.text.shown import Shown, own

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30 * DAY + 10 * HOUR + 30 * MINUTE
YEAR = 365 * DAY + 6 * HOUR

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {
    "ms": 1, "s": SECOND, "sec": SECOND, "second": SECOND, "m": MINUTE, "min": MINUTE, "minute": MINUTE,
    "h": HOUR, "hour": HOUR, "d": DAY, "day": DAY, "w": WEEK, "week": WEEK, "mo": MONTH, "month": MONTH,
    "y": YEAR, "year": YEAR,
}  # fmt: skip
_FOREVER = {"forever", "permanent", "permanently", "always"}
_PART = pattern(r"(\d{1,9})(?:[.,](\d{1,3}))?\s*([a-z]+)\s*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_iso(text: str) -> int:
    """The instant of an ISO 8601 time; without a zone it is UTC. Raises ValueError with a sentence."""
    words = text.strip()
    if words.upper().endswith(" UTC"):
        words = words[:-4] + "+00:00"
    try:
        when = datetime.fromisoformat(words)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        gap = when - _EPOCH
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!a} is not a time such as 2026-10-01T15:39:51Z.") from None
    return (gap.days * 86_400 + gap.seconds) * SECOND + gap.microseconds // 1000


def parse_iso_or_none(value: object) -> int | None:
    """The instant of an ISO 8601 time, or None for anything else (null, a number, a broken text)."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return parse_iso(value)
    except ValueError:
        return None


def iso(ms: int) -> str:
    """An instant as ISO 8601 in UTC, with milliseconds: `2026-10-01T15:39:51.834Z`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def age(since_ms: int, now_ms: int) -> Shown:
    """How long ago, in at most four signs: `now`, `58m`, `26h`, `4d`, `3w`, `5mo`, `2y`. The future is `now`."""
    gap = now_ms - since_ms
    if gap < MINUTE:
        return own("now")
    if gap < HOUR:
        return own(f"{gap // MINUTE}m")
    if gap < 48 * HOUR:
        return own(f"{gap // HOUR}h")
    if gap < 14 * DAY:
        return own(f"{gap // DAY}d")
    if gap < 9 * WEEK:
        return own(f"{gap // WEEK}w")
    if gap < 2 * YEAR:
        return own(f"{gap // MONTH}mo")
    return own(f"{gap // YEAR}y")


def duration(ms: int | None) -> Shown:
    """A length of time in words, in its two largest units: `15 s`, `1 h 30 min`, `7 days`; None is `forever`."""
    if ms is None:
        return own("forever")
    if ms < 0:
        return own(f"minus {duration(-ms)}")
    parts: list[str] = []
    rest = (ms + SECOND // 2) // SECOND * SECOND
    for size, one, many in ((DAY, "day", "days"), (HOUR, "h", "h"), (MINUTE, "min", "min"), (SECOND, "s", "s")):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number:,} {one if number == 1 else many}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return own(" ".join(parts) or "0 s")


_FOREVER_IN = {"de": "für immer", "fr": "pour toujours"}
_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "de": (("Tag", "Tage"), ("Stunde", "Stunden"), ("Minute", "Minuten"), ("Sekunde", "Sekunden")),
    "fr": (("jour", "jours"), ("heure", "heures"), ("minute", "minutes"), ("seconde", "secondes")),
}


def duration_in(ms: int | None, language: str) -> Shown:
    """A length of time in a message to somebody: `7 Tage`, `1 jour 12 heures`, None `für immer`; English where the
    language is another one. Its two largest units."""
    code = language.partition("-")[0].lower()
    names = _NAMES.get(code)
    if names is None:
        return duration(ms)
    if ms is None:
        return own(_FOREVER_IN[code])
    rest = (ms + SECOND // 2) // SECOND * SECOND
    parts: list[str] = []
    for size, (one, many) in zip((DAY, HOUR, MINUTE, SECOND), names, strict=True):
        number, rest = divmod(rest, size)
        if number and len(parts) < 2:
            parts.append(f"{number} {one if number == 1 else many}")
    return own(" ".join(parts) or f"0 {names[-1][1]}")


def parse_duration(text: str) -> int | None:
    """Milliseconds of `7d`, `30 days`, `1h30m`, `15s`, `2w`; None for `forever`. Raises ValueError with a sentence."""
    words = text.strip().lower()
    if words in _FOREVER:
        return None
    total, at = 0, 0
    while at < len(words):
        match = _PART.match(words, at)
        name = match[3] if match else ""
        size = _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
        if match is None or size is None:
            total = 0
            break
        total += int(match[1]) * size + int((match[2] or "0").ljust(3, "0")) * size // 1000
        at = match.end()
    if not total:
        raise ValueError(f'{text[:40]!a} is not a length of time. Write "15s", "1h", "7 days", "2w" or "forever".')
    return total


def stamp(ms: int, tz: tzinfo | None = None, *, now_ms: int | None = None, zone: bool = False) -> Shown:
    """A date and time to read: `Fri 20 Nov 10:05`, with the year where it is not that of `now_ms`.

    `tz` None is the zone of this machine. English names always, whatever the locale. A time beyond the calendar
    says so.
    """
    try:
        when = datetime.fromtimestamp(ms / 1000, tz or UTC)
        if tz is None:
            when = when.astimezone()
        now = datetime.now(when.tzinfo) if now_ms is None else datetime.fromtimestamp(now_ms / 1000, when.tzinfo)
    except (ValueError, OverflowError, OSError):
        return own("no such date")
    year = "" if when.year == now.year else f" {when.year}"
    name = f" {when.tzname()}" if zone else ""
    return own(f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}{year} {when:%H:%M}{name}")
