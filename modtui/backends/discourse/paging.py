"""Reading the queue oldest first, so that items handled meanwhile make no other item be skipped.

The server pages by offset, which slides when rows leave. So the cursor is a place in time: the next page starts at the
creation time of the last row (inclusive, `from_date`), and rows of that instant that were seen are dropped. Only when a
whole page has one and the same time does the offset come in.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modtui.backends.discourse.side import Queue
from modtui.backends.http import Pairs
from modtui.errors import UsageError

PAGE = 10


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a stream of rows goes on. `kind` is the type filter ("" for all types), `seen` the ids at `since`."""

    kind: str = ""
    since: str = ""
    seen: tuple[int, ...] = ()
    offset: int = 0


def encode(cursors: Sequence[Cursor]) -> str | None:
    """The cursor as text, None when no stream goes on."""
    return msgspec.json.encode(list(cursors)).decode() if cursors else None


def decode(text: str) -> list[Cursor]:
    """Back from `encode`. Raises UsageError for something else."""
    try:
        return msgspec.json.decode(text, type=list[Cursor])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise UsageError("This place in the list is not one of modtui's.") from None


def query(cursor: Cursor) -> Pairs:
    """The parameters of the page at `cursor`."""
    params = [("status", "pending"), ("sort_order", "created_at_asc")]
    params += [("type", cursor.kind)] if cursor.kind else []
    params += [("from_date", cursor.since)] if cursor.since else []
    params += [("offset", str(cursor.offset))] if cursor.offset else []
    return params


def following(cursor: Cursor, queue: Queue) -> Cursor | None:
    """The cursor after this page, None when it was the last."""
    if not (queue.more or (queue.total is None and queue.size >= PAGE)):
        return None
    if not queue.rows:
        return Cursor(cursor.kind, cursor.since, cursor.seen, cursor.offset + queue.size)
    times = [row.item.created_at or "" for row in queue.rows]
    last = times[-1]
    here = tuple(row.item.id for row, at in zip(queue.rows, times, strict=True) if at == last)
    if last != cursor.since:
        return Cursor(cursor.kind, last, here)
    # A whole page of one instant: only the offset tells its rows apart.
    return Cursor(cursor.kind, last, tuple(dict.fromkeys((*cursor.seen, *here))), cursor.offset + queue.size)


def unseen(cursor: Cursor, queue: Queue) -> Queue:
    """The page without rows that an earlier page ended with."""
    if not cursor.seen:
        return queue
    rows = tuple(row for row in queue.rows if row.item.id not in cursor.seen)
    return msgspec.structs.replace(queue, rows=rows)
