"""What happened on the forum since the last look: the lists again, with their ETags, compared row by row.

A token gets no live connection, and even over one the forum tells nobody that a colleague has decided. A list in which
nothing happened answers 304, with nothing in it.
"""

from __future__ import annotations

import asyncio

import msgspec

from modtui.backends.nodebb import flags, queue
from modtui.backends.nodebb.flags import Flags
from modtui.backends.nodebb.questions import KIND as QUESTION
from modtui.backends.nodebb.questions import Questions
from modtui.backends.nodebb.queue import Queue
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import text
from modtui.domain.items import Changes
from modtui.domain.subjects import Lane, SubjectRef

_MOST = 2000
"""Rows of a lane whose marks are carried from one look to the next."""


class Position(msgspec.Struct):
    """Where a look ended: a mark for each row of each lane."""

    flags: dict[str, str]
    queue: dict[str, str]
    talks: dict[str, str]


async def look(reports: Flags, waits: Queue, asked: Questions, site: Site, position: str | None) -> Changes:
    """One look: five requests (more where more than a page waits), answered with 304 where nothing happened."""
    (rows, _), entries, people, talks = await asyncio.gather(
        reports.listed(why="anything new?"), waits.listed(why="anything new?"), waits.sign_ups(),
        asked.listed(1, why="any new question?"),
    )  # fmt: skip
    held = {text(row.get("id")): "1" for row in entries if text(row.get("id"))}
    held |= {f"{queue.SIGN_UP}:{text(row.get('username'))}": "1" for row in people[0]}
    now = Position({str(row.id): row.mark for row in rows[:_MOST]}, held, asked.marks(talks))
    here = msgspec.json.encode(now).decode()
    counts = {"reports": len(rows)}
    before = _read(position)
    if before is None:
        return Changes(position=here, counts=counts)
    lanes: list[Lane] = []
    moved = _moved(before.flags, now.flags)
    if any(native not in before.flags for native in moved):
        lanes.append("reports")
    if _moved(before.queue, now.queue):
        lanes.append("pending")
    stirred = _moved(before.talks, now.talks)
    if any(native not in before.talks for native in stirred):
        lanes.append("questions")
    touched: list[SubjectRef] = [site.ref(flags.KIND, native) for native in moved if native in before.flags]
    touched += [site.ref(QUESTION, native) for native in stirred if native in before.talks]
    return Changes(
        position=here, counts=counts, touched=tuple(touched), reload=bool(lanes), lanes=tuple(lanes)
    )


def _moved(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """The rows that are not as they were."""
    return sorted(native for native in old.keys() | new.keys() if old.get(native) != new.get(native))


def _read(position: str | None) -> Position | None:
    """Where the last look stood; None for none, or for one that another version wrote."""
    try:
        return msgspec.json.decode(position, type=Position) if position else None
    except msgspec.DecodeError:
        return None
