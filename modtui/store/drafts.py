"""Unsent texts in state.db. Each row has one writer: whoever goes on with a text of another process (or of an earlier
run) does so in a row of its own, and takes the old one away only as it was read. So no text takes another's place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct


class DraftRow(Struct, frozen=True, kw_only=True):
    """One unsent text. `item` is what it is for (an item id), `body` the text with what belongs to it, as its owner
    writes it (JSON). `revision` counts its writes; 0 is one that was never written."""

    id: str
    item: str
    community: str
    body: bytes
    saved_ms: int
    revision: int = 0


def put(connection: sqlite3.Connection, row: DraftRow, replaces: DraftRow | None = None) -> None:
    """Write a row. With it goes the one that it goes on from, if nobody has written that meanwhile."""
    connection.execute(
        "INSERT INTO unsent (id, item, community, body, saved_ms, revision) VALUES (?,?,?,?,?,1)"
        " ON CONFLICT (id) DO UPDATE SET body=excluded.body, saved_ms=excluded.saved_ms, revision=revision + 1",
        (row.id, row.item, row.community, row.body, row.saved_ms),
    )
    if replaces is not None:
        connection.execute("DELETE FROM unsent WHERE id=? AND revision=?", (replaces.id, replaces.revision))


def drop(connection: sqlite3.Connection, ids: Sequence[str]) -> int:
    """Throw rows away. How many there were."""
    return sum(connection.execute("DELETE FROM unsent WHERE id=?", (id,)).rowcount for id in ids)


def read(connection: sqlite3.Connection) -> list[DraftRow]:
    """All rows, the newest first."""
    rows = connection.execute(
        "SELECT id, item, community, body, saved_ms, revision FROM unsent ORDER BY saved_ms DESC, id DESC"
    )
    return [
        DraftRow(id=id, item=item, community=community, body=bytes(body), saved_ms=saved, revision=revision)
        for id, item, community, body, saved, revision in rows
    ]
