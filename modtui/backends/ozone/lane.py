"""The list of what is reported: subjects with their open reports.

Ozone keeps two lists: the subjects with the state of their review, and (since 0.4) the reports, each with a state of
its own and all that is known about its subject. A row is a subject. Those whose review is open come page by page; the
open reports are read beside them, by state, since no call gives the reports of several subjects. Subjects whose review
was closed while a report is still open (somebody reopened it) come on the last page. Where the settings name a queue,
the reports of that queue alone make the rows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

from modtui.backends.ozone.client import MOD, REPORT, Client, Pairs, read_rows
from modtui.backends.ozone.shape import Found
from modtui.backends.ozone.site import Site
from modtui.backends.ozone.wire import EVENTS, WAITING, Detail, Report, Reports, Status, Statuses, Subjects
from modtui.text.time import parse_iso_or_none

PER_PAGE = 25
_MOST_PAGES = 10
"""Pages of a hundred reports that are read in one state; who has more open reports is asked about one by one."""
_FRESH_S = 20.0
_BATCH = 100
_SINGLE = 2
"""Up to so many subjects are asked for their reports one by one; for more the whole list is read."""

Index = dict[str, list[Report]]


class Reported:
    """Reads the lane. Keeps the list of reports for some seconds, for the next page."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client, self._site = client, site
        self._kept: tuple[float, Index, bool] | None = None

    async def count(self) -> int:
        """How many subjects wait. The site counts none, so their lists are read."""
        index, _, _ = await self._index()
        if self._site.queue is not None:
            return len(index)
        reviews = await asyncio.gather(*(self._waiting(state) for state in self._states()))
        return sum(reviews) + len(await self._left(index))

    async def _waiting(self, state: str) -> int:
        total, cursor = 0, None
        for _ in range(_MOST_PAGES):
            rows, cursor, bad = await self._statuses(state, cursor, limit=100, why="count")
            total += sum(bool(one.key) for one in rows) + bad
            if cursor is None:
                break
        return total

    async def page(self, cursor: str | None) -> tuple[list[Found], str | None, int, bool]:
        """Subjects, the next cursor, how many could not be read, and whether they come oldest first."""
        index, whole, bad = await self._index(again=cursor is None)
        if self._site.queue is not None:
            found, following = _slice(index, cursor)
            return await self.filled(found), following, bad if cursor is None else 0, True
        state, _, place = (cursor or "").partition("|")
        states = self._states()
        state = state if state in states else states[0]
        statuses, following, unreadable = await self._statuses(state, place or None, limit=PER_PAGE)
        lost = unreadable + (bad if cursor is None else 0)
        found = [Found(one.key, status=one, reports=tuple(index.get(one.key, ()))) for one in statuses if one.key]
        if not whole:
            found = [one if one.reports else await self.with_reports(one) for one in found]
        if following is not None:
            return await self.filled(found), f"{state}|{following}", lost, False
        later = states[states.index(state) + 1 :]
        if later:
            return await self.filled(found), f"{later[0]}|", lost, False
        return [*await self.filled(found), *await self._left(index)], None, lost, False

    async def look(self, keys: Sequence[str]) -> dict[str, Found]:
        """The subjects with these addresses or DIDs as they are now, in any state; who is unknown is left out."""
        chosen = [Found(key) for key in keys]
        if len(chosen) <= _SINGLE:
            found = await asyncio.gather(*(self.with_reports(one, closed=True) for one in chosen))
        else:
            index, whole, _ = await self._index()
            found = [Found(one.key, reports=tuple(index.get(one.key, ()))) for one in chosen]
            if not whole:
                found = [one if one.reports else await self.with_reports(one) for one in found]
        filled = await self.filled(found)
        return {one.key: one for one in filled if _known(one)}

    # --- pieces

    def _states(self) -> list[str]:
        """Whose review is escalated is for moderators and admins: triage has handed it to them."""
        return ["open", "escalated"] if self._site.role != "triage" else ["open"]

    async def _left(self, index: Index) -> list[Found]:
        """Subjects that have open reports although their review is not open, and that nobody has muted."""
        now = self._client.door.clock_ms
        known = [Found(key, status=reports[0].subject.status, reports=tuple(reports)) for key, reports in index.items()]
        left = []
        for one in await self.filled([one for one in known if one.status is None or not _reviewed(one.status)]):
            muted = parse_iso_or_none(one.status.mute_until) if one.status is not None else None
            if (one.status is None or not _reviewed(one.status)) and (muted is None or muted <= now):
                left.append(one)
        return sorted(left, key=_age)

    async def _statuses(
        self, state: str, cursor: str | None, *, limit: int, why: str = "reported posts"
    ) -> tuple[list[Status], str | None, int]:
        name = "reviewOpen" if state == "open" else "reviewEscalated"
        params: Pairs = [
            ("reviewState", EVENTS + name), ("sortField", "lastReportedAt"), ("sortDirection", "asc"),
            ("limit", str(limit)),
        ]  # fmt: skip
        params += [("cursor", cursor)] if cursor else []
        found = await self._client.read(f"{MOD}.queryStatuses", Statuses, params, why=why)
        rows, bad = read_rows(found.subject_statuses, Status)
        # A cursor comes with every page that has rows.
        return rows, found.cursor if len(found.subject_statuses) >= limit else None, bad

    async def _index(self, *, again: bool = True) -> tuple[Index, bool, int]:
        """The open reports by subject; whether these are all; how many could not be read."""
        if not again and self._kept is not None and time.monotonic() - self._kept[0] < _FRESH_S:
            return self._kept[1], self._kept[2], 0
        lists = await asyncio.gather(*(self._reports(status) for status in WAITING))
        index: Index = {}
        seen: set[int] = set()
        for reports, _, _ in lists:
            for one in reports:
                if one.id not in seen and one.subject.subject and not one.is_muted:
                    seen.add(one.id)
                    index.setdefault(one.subject.subject, []).append(one)
        whole = all(ended for _, ended, _ in lists)
        self._kept = (time.monotonic(), index, whole)
        return index, whole, sum(bad for _, _, bad in lists)

    async def _reports(self, status: str, subject: str | None = None) -> tuple[list[Report], bool, int]:
        """The reports in one state, oldest first; whether these are all; how many could not be read."""
        found: list[Report] = []
        bad, cursor = 0, None
        for _ in range(_MOST_PAGES if subject is None else 1):
            params: Pairs = [("status", status), ("sortDirection", "asc"), ("limit", "100")]
            params += [("subject", subject)] if subject else []
            if self._site.queue is not None and subject is None:
                params.append(("queueId", str(self._site.queue)))
            params += [("cursor", cursor)] if cursor else []
            page = await self._client.read(f"{REPORT}.queryReports", Reports, params, why="reports")
            rows, unreadable = read_rows(page.reports, Report)
            found += rows
            bad += unreadable
            cursor = page.cursor
            if cursor is None:
                break
        return found, cursor is None, bad

    async def with_reports(self, one: Found, *, closed: bool = False) -> Found:
        """The subject with its own reports; with `closed` those too that were closed, where none is open."""
        lists = await asyncio.gather(*(self._reports(status, one.key) for status in WAITING))
        reports = [report for found, _, _ in lists for report in found]
        if not reports and closed:
            reports, _, _ = await self._reports("closed", one.key)
        unique = {report.id: report for report in reports}
        return Found(one.key, one.detail, one.status, tuple(unique.values()))

    async def filled(self, found: Iterable[Found]) -> list[Found]:
        """The subjects with all that is known of them: from a report, else asked for, a hundred at a time."""
        rows = list(found)
        missing = []
        for place, one in enumerate(rows):
            told = one.reports[-1].subject if one.reports else None
            if told is not None and (told.status or one.status or one.kind == "chat"):
                rows[place] = one.with_detail(told)
            else:  # of a record that is gone, a report does not tell how it stands
                missing.append(place)
        for begin in range(0, len(missing), _BATCH):
            part = missing[begin : begin + _BATCH]
            params = [("subjects", rows[place].key) for place in part]
            answer = await self._client.read(f"{MOD}.getSubjects", Subjects, params, why="what is reported")
            details = {one.subject: one for one in read_rows(answer.subjects, Detail)[0]}
            for place in part:
                if (detail := details.get(rows[place].key)) is not None:
                    rows[place] = rows[place].with_detail(detail)
        return rows


def _reviewed(status: Status) -> bool:
    """Whether the list of open and escalated reviews has it."""
    return status.state in ("open", "escalated")


def _known(one: Found) -> bool:
    detail = one.detail
    there = detail is not None and (detail.record is not None if one.kind == "record" else detail.repo is not None)
    return there or one.status is not None or bool(one.reports)


def _age(one: Found) -> tuple[int, str]:
    times = [parse_iso_or_none(report.created_at) or 0 for report in one.reports]
    return (min(times) if times else 0), one.key


def _slice(index: Index, cursor: str | None) -> tuple[list[Found], str | None]:
    """The next rows of a queue: the oldest first, after the one that the cursor names."""
    rows = sorted((Found(key, reports=tuple(reports)) for key, reports in index.items()), key=_age)
    at, _, key = (cursor or "").partition("|")
    after = (int(at), key) if at.isdecimal() else (-1, "")
    rest = [one for one in rows if _age(one) > after]
    page = rest[:PER_PAGE]
    if len(rest) <= PER_PAGE:
        return page, None
    age, name = _age(page[-1])
    return page, f"{age}|{name}"
