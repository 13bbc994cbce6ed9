"""The list of open reports, read whole, and put together by subject.

The server pages by offset, so rows move up when somebody closes one between two pages, and those at the seam would be
missed. So each page begins where the last one ended less an overlap, and when its first row is not older than the last
one that was read, the overlap was eaten up and reading steps back further. Reports have an order that never changes
(time, then number), so what was read is known by it.

A row of work is a subject with all its reports, and its place is that of its oldest report. Pages of such rows are cut
by that place, not by a number, so that it does not matter what others close meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from modtui.backends.synapse.client import Client, NoSuchCall, read_rows
from modtui.backends.synapse.wire import ReportRow, UserReportRow
from modtui.errors import UsageError

CHUNK = 500
"""Reports that one request asks for."""
OVERLAP = 50
_MOST = 200
"""Requests for one list, at most: a hundred thousand reports."""
_BACKWARDS = 50
Row = TypeVar("Row", ReportRow, UserReportRow)
Place = tuple[int, int]
"""Where a report stands in the list: its time and its number."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A reported subject: an event of a room, or a member (`room` is "" then, and `native` the member's id)."""

    room: str
    native: str
    events: tuple[ReportRow, ...] = ()
    users: tuple[UserReportRow, ...] = ()

    @property
    def place(self) -> Place:
        """The place of the oldest report."""
        return min([place_of(row) for row in self.events] + [place_of(row) for row in self.users])


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """All open reports: the subjects with their reports, oldest first, and how many rows could not be read."""

    groups: tuple[Group, ...]
    unreadable: int = 0

    def of(self, room: str, native: str) -> Group:
        """The reports of one subject (none: an empty group)."""
        empty = Group(room=room, native=native)
        return next((one for one in self.groups if (one.room, one.native) == (room, native)), empty)


def place_of(row: ReportRow | UserReportRow) -> Place:
    """Where a report stands in the list."""
    return row.received_ts, row.id


async def read_all(
    ask: Callable[[int, int], Awaitable[tuple[Sequence[msgspec.Raw], int]]], kind: type[Row], *, chunk: int = CHUNK,
    overlap: int = OVERLAP,
) -> tuple[list[Row], int]:  # fmt: skip
    """Every row of a list, oldest first, and how many cannot be read. `ask(start, limit)` brings a page of it and how
    many there are (the server leaves broken rows out of a page, so a short page is not the last one).

    What is closed by others meanwhile may be missing or still there; what stays open is never missing.
    """
    found: dict[int, Row] = {}
    broken: set[bytes] = set()
    last: Place | None = None
    start = backwards = 0
    for _ in range(_MOST):
        raw, total = await ask(start, chunk)
        rows, _ = read_rows(raw, kind)
        first = rows[0] if rows else None
        whole = first is not None and (first.id in found or place_of(first) < (last or (0, 0)))
        if start > 0 and not whole and backwards < _BACKWARDS:
            start, backwards = max(0, start - chunk), backwards + 1  # rows moved up past the overlap
            continue
        broken |= {bytes(one) for one in raw if not read_rows([one], kind)[0]}
        found.update((row.id, row) for row in rows)
        last = max((place_of(row) for row in found.values()), default=None)
        if start + chunk >= total:
            break
        start += max(1, chunk - overlap)
    return sorted(found.values(), key=place_of), len(broken)


async def read_reports(client: Client, *, room: str = "", chunk: int = CHUNK, members: bool = True) -> Reports:
    """All open reports of events (of `room`, where one is named) and, with `members`, of members."""

    async def events(start: int, limit: int) -> tuple[Sequence[msgspec.Raw], int]:
        page = await client.event_reports(start, limit, room=room)
        return page.event_reports, page.total

    async def users(start: int, limit: int) -> tuple[Sequence[msgspec.Raw], int]:
        page = await client.user_reports(start, limit)
        return page.user_reports, page.total

    overlap = min(OVERLAP, max(1, chunk // 4))
    rows, bad = await read_all(events, ReportRow, chunk=chunk, overlap=overlap)
    people: list[UserReportRow] = []
    if members:
        try:
            people, more = await read_all(users, UserReportRow, chunk=chunk, overlap=overlap)
            bad += more
        except NoSuchCall:
            pass  # an older server: members cannot be reported there
    return Reports(groups=grouped(rows, people), unreadable=bad)


def grouped(rows: Iterable[ReportRow], people: Iterable[UserReportRow] = ()) -> tuple[Group, ...]:
    """Reports put together by subject, in the order of the oldest report of each."""
    events: dict[tuple[str, str], list[ReportRow]] = {}
    for row in rows:
        events.setdefault((row.room_id, row.event_id), []).append(row)
    users: dict[str, list[UserReportRow]] = {}
    for one in people:
        users.setdefault(one.target_user_id, []).append(one)
    found = [
        Group(room=room, native=event, events=tuple(sorted(those, key=place_of)))
        for (room, event), those in events.items()
    ]
    found += [Group(room="", native=user, users=tuple(sorted(those, key=place_of))) for user, those in users.items()]
    return tuple(sorted(found, key=lambda group: group.place))


def after(groups: Sequence[Group], cursor: str | None, number: int) -> tuple[list[Group], str | None]:
    """The next `number` subjects behind the cursor, and the cursor of the rest. Raises UsageError for a cursor that is
    none."""
    place = _read_cursor(cursor)
    rest = [group for group in groups if place is None or group.place > place]
    page = rest[:number]
    if len(rest) <= number:
        return page, None
    when, native = page[-1].place
    return page, f"{when}:{native}"


def _read_cursor(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    when, _, native = cursor.partition(":")
    if not (when.isascii() and when.isdecimal() and native.isascii() and native.isdecimal()) or len(cursor) > 40:
        raise UsageError("This is not a place in the list of reports.")
    return int(when), int(native)
