"""Letting go of what the cache holds: what was not seen for long, and what names a member."""

from __future__ import annotations

import sqlite3

from modtui.store import fulltext
from modtui.store.cachefile import ANSWERED, CHUNK, hold_rows
from modtui.store.codec import encode
from modtui.store.database import Database

_PAGES = 100
"""Pages of the index that are written anew in one transaction."""


async def expire(database: Database, limit: int) -> int:
    """Delete what was not seen since an instant (UTC ms). How many items went. Raises StoreError."""
    reached = -1

    def some(connection: sqlite3.Connection) -> int:
        nonlocal reached
        hold_rows(connection)
        question = f"SELECT row FROM item WHERE row > ? AND fetched_ms < ? ORDER BY row LIMIT {CHUNK}"
        old: list[tuple[int]] = connection.execute(question, (reached, limit)).fetchall()
        reached = old[-1][0] if old else reached
        fulltext.drop(connection, [row for (row,) in old])
        connection.executemany("DELETE FROM body WHERE row=?", old)
        connection.executemany("DELETE FROM item WHERE row=?", old)
        return len(old)

    def work(connection: sqlite3.Connection) -> None:
        for table in ("thread", "dossier"):
            connection.execute(f"DELETE FROM {table} WHERE fetched_ms < ?", (limit,))
        connection.execute("DELETE FROM spoken WHERE at_ms < ? AND hand = 0", (limit,))
        if connection.execute("DELETE FROM solved WHERE fetched_ms < ?", (limit,)).rowcount:
            connection.execute(f"DELETE FROM meta WHERE key GLOB '{ANSWERED}*'")  # they are read anew, then

    gone = last = await database.write(some)
    while last == CHUNK:  # bit by bit, as others may wait for the file
        gone += (last := await database.write(some))
    await database.write(work, truncate=True)
    if gone:
        await _tidy(database)
    return gone


async def forget(database: Database, username: str, community: str | None = None) -> int:
    """Delete every row, thread, solved thread and dossier in which a member is named (of one community, or of all):
    they can be read again. How many rows went. Raises StoreError."""
    needle = encode(username.strip().lstrip("@"))[1:-1].decode().casefold()

    def named(connection: sqlite3.Connection, question: str) -> list[tuple[int]]:
        return [
            (row,) for row, where, data in connection.execute(question)
            if community in (None, where) and needle in data.decode("utf-8", "replace").casefold()
        ]  # fmt: skip

    def work(connection: sqlite3.Connection) -> int:
        question = "SELECT body.row, item.community, body.data FROM body JOIN item ON item.row = body.row"
        rows = named(connection, question)
        hold_rows(connection)
        connection.executemany("DELETE FROM spoken WHERE item IN (SELECT id FROM item WHERE row=?)", rows)
        fulltext.drop(connection, [row for (row,) in rows])
        connection.executemany("DELETE FROM body WHERE row=?", rows)
        connection.executemany("DELETE FROM item WHERE row=?", rows)
        # an item's id is lane/community/...
        where = "substr(item, instr(item, '/') + 1)"
        threads = named(
            connection, f"SELECT rowid, substr({where}, 1, instr({where} || '/', '/') - 1), data FROM thread"
        )
        connection.executemany("DELETE FROM thread WHERE rowid=?", threads)
        dossiers = named(connection, "SELECT rowid, community, data FROM dossier")
        connection.executemany("DELETE FROM dossier WHERE rowid=?", dossiers)
        solved = named(connection, "SELECT row, community, data FROM solved")
        if solved:
            connection.executemany("DELETE FROM solved WHERE row=?", solved)
            connection.execute("INSERT INTO solved_index(solved_index) VALUES ('optimize')")  # no words stay behind
        return len(rows)

    gone = await database.write(work, truncate=True) if needle else 0
    if gone:
        await _tidy(database)
    return gone


async def _tidy(database: Database) -> None:
    """Words that were taken out of the index leave the file, too: bit by bit, as others may wait for the file."""
    while not await database.write(lambda c: fulltext.tidy(c, _PAGES), truncate=True):
        pass
