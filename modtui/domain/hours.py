"""Working time: when something is due that has to be handled within so many hours of work. Pure.

Instants are UTC integer milliseconds. A day's work goes from `start` to `end` on the clock of the zone; where the clock
is set forward or back on that day, it is an hour shorter or longer, as it is for those who work. Where a clock time
comes twice, work begins at the first and ends at the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

import msgspec

from modtui.domain.items import Due

MINUTES = 24 * 60
IDLE_DAYS = 800
"""After so many days without any work there is none: the clock runs on as if every hour counted."""
_DAY_MS = 86_400_000
_LAST_MS = 253_402_300_799_000
Standing = Literal["ok", "soon", "late"]


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """Working hours: minutes of the day in the zone `tz` ("": the zone that the caller gives, else this machine's);
    `days` 0 is Monday; `holidays` are ISO dates. An `end` before `start` is on the next day: the work belongs to the
    day on which it begins. The same `start` and `end` are no work at all."""

    name: str
    tz: str = ""
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    start: int = 9 * 60
    end: int = 17 * 60
    holidays: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo | None:
    """The zone of this name; None (this machine's) for "". Raises zoneinfo.ZoneInfoNotFoundError, ValueError."""
    if not name:
        return None
    import zoneinfo  # late: it reads files

    return zoneinfo.ZoneInfo(name)


def add_working(start_ms: int, within_ms: int, hours: Hours | None, tz: tzinfo | None = None) -> int:
    """The first instant at which `within_ms` of working time have passed since `start_ms`. Without `hours` every hour
    counts; so it does from the last work on where no more work follows. `tz` is the zone of hours that name none."""
    if within_ms <= 0:
        return start_ms
    if hours is None:
        return _bounded(start_ms + within_ms)
    left, at = within_ms, start_ms
    for begin, end in _stretches(start_ms, hours, tz):
        begin = max(begin, at)
        if end <= begin:
            continue
        if end - begin >= left:
            return begin + left
        left -= end - begin
        at = end
    return _bounded(at + left)


def working_between(start_ms: int, end_ms: int, hours: Hours | None, tz: tzinfo | None = None) -> int:
    """How much working time lies between two instants, in ms; 0 where the second is not after the first."""
    if end_ms <= start_ms:
        return 0
    if hours is None:
        return end_ms - start_ms
    total, at = 0, start_ms
    for begin, end in _stretches(start_ms, hours, tz):
        if begin >= end_ms:
            return total
        total += max(0, min(end, end_ms) - max(begin, start_ms))
        at = max(at, end)
    return total + max(0, end_ms - at)


def due_of(target: str, within_ms: int, start_ms: int, hours: Hours | None, tz: tzinfo | None = None) -> Due:
    """The clock of something that began to wait at `start_ms`: amber at half of the time, red at nine tenths."""
    half, most = within_ms // 2, within_ms * 9 // 10
    amber = add_working(start_ms, half, hours, tz)
    red = add_working(amber, most - half, hours, tz)
    return Due(
        target=target, within_ms=within_ms, amber_ms=amber, red_ms=red,
        due_ms=add_working(red, within_ms - most, hours, tz), hours=hours.name if hours is not None else "",
    )  # fmt: skip


def standing(due: Due | None, now_ms: int) -> Standing | None:
    """How a clock stands: "soon" from half of the time on (amber and red), "late" from the due instant on."""
    if due is None:
        return None
    if now_ms >= due.due_ms:
        return "late"
    return "soon" if now_ms >= due.amber_ms else "ok"


def _bounded(ms: int) -> int:
    return min(ms, _LAST_MS)


def _stretches(from_ms: int, hours: Hours, tz: tzinfo | None) -> Iterator[tuple[int, int]]:
    """The stretches of work that end after `from_ms`, in order, none touching the one before twice. They end when no
    work follows for IDLE_DAYS, or at the end of the calendar."""
    if not hours.days or hours.start == hours.end or not 0 <= from_ms < _LAST_MS - IDLE_DAYS * _DAY_MS:
        return
    where = zone(hours.tz) if hours.tz else tz
    day = datetime.fromtimestamp(from_ms / 1000, where).date() - timedelta(days=2)
    days, off = frozenset(hours.days), frozenset(hours.holidays)
    idle, last = 0, 0
    while idle < IDLE_DAYS and day.year < 9990:
        idle += 1
        if day.weekday() in days and (not off or day.isoformat() not in off):
            begin, end = _work(day, hours, where)
            begin, last = max(begin, last), max(end, last)
            if end > begin and end > from_ms:
                idle = 0
                yield begin, end
        day += timedelta(days=1)


def _work(day: date, hours: Hours, where: tzinfo | None) -> tuple[int, int]:
    """When the work of a day begins and ends."""
    end = hours.end if hours.end > hours.start else hours.end + MINUTES
    return _instant(day, hours.start, 0, where), _instant(day, end, 1, where)


def _instant(day: date, minute: int, fold: int, where: tzinfo | None) -> int:
    # This machine's own zone may be set anew while the program runs.
    return _there(day, minute, fold, where) if where is not None else _found(day, minute, fold, where)


def _found(day: date, minute: int, fold: int, where: tzinfo | None) -> int:
    """A time of a day on the zone's clock; with `fold` 1 the second one where it comes twice. One that is skipped is
    the instant at which the clock is set forward."""
    days, minute = divmod(minute, MINUTES)
    day += timedelta(days=days)
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=where)
    first, second = _seconds(local), _seconds(local.replace(fold=1))
    if first > second:
        return _jump(second, first, where) * 1000
    return (second if fold else first) * 1000


_there = lru_cache(maxsize=4096)(_found)


def _seconds(local: datetime) -> int:
    return round(local.timestamp())


def _jump(before: int, after: int, where: tzinfo | None) -> int:
    """The second at which the clock is set forward, between two that stand around it."""
    old = _offset(before, where)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, where) == old else (before, middle)
    return after


def _offset(second: int, where: tzinfo | None) -> timedelta | None:
    return datetime.fromtimestamp(second, UTC).astimezone(where).utcoffset()
