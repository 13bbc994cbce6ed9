"""cache.db, opened: questions to it, its small facts, and the row numbers that it gives."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from modtui.store.codec import column, decode
from modtui.store.database import Database
from modtui.store.schema import CACHE_VERSION, prepare_cache
from modtui.store.trouble import Damaged

T = TypeVar("T")
SMALL = 5_000
"""So many rows are looked through in a few milliseconds."""
CHUNK = 500
"""Rows that one statement asks for, or deletes in one transaction."""
ANSWERED = "answered:"
"""How the keys of small facts about reading solved threads begin."""
_GIVEN = "rows given"
"""The key of the highest row number that was given, where that row may be gone."""


class CacheFile:
    """A part of `Cache`. Every method may raise StoreError; a damaged file is thrown away, and what was in it counts as
    missing."""

    def __init__(self, path: Path, *, wait_s: float = 5.0, now_ms: Callable[[], int] | None = None) -> None:
        """Open or make `path`. A damaged file, or one of another version, is replaced by an empty one."""
        self.database = Database(
            path, what="the cache", version=CACHE_VERSION, prepare=prepare_cache, synchronous="NORMAL", group=1,
            wait_s=wait_s, disposable=True, page_size=16_384,
        )
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)

    def now_ms(self) -> int:
        """The clock of this cache (UTC ms)."""
        return self._now_ms()

    # -- small facts

    async def put_meta(self, key: str, value: str | None) -> None:
        """Keep a small fact (a cursor, a position) under a name; None removes it."""

        def work(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute("DELETE FROM meta WHERE key=?", (key,))
            else:
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, column(value)))

        await self.database.write(work)

    def get_meta(self, key: str) -> str | None:
        """The small fact kept under a name."""
        row = self._ask(lambda c: c.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone(), None)
        return None if row is None else str(row[0])

    # -- row numbers, and long questions

    def last_row(self) -> int:
        """The highest row number that was given to an item."""
        return self._ask(last_row, 0)

    async def apart(self, question: Callable[[], T]) -> T:
        """The answer to a long question, asked in a thread with a connection of its own where there is much to look
        through, so that nobody waits behind it. Raises what `question` raises."""

        def ask() -> T:
            try:
                with self.database.apart():
                    return question()
            except Damaged:  # the file was taken away: a new one is there then
                self.database.renew()
                with self.database.apart():
                    return question()

        return await asyncio.to_thread(ask) if self.last_row() > SMALL else question()

    # -- the file

    def data_version(self) -> int:
        """A number that rises when another process has written to the cache. Never waits."""
        return self.database.data_version()

    async def close(self) -> None:
        """Finish what is queued, then close."""
        await self.database.close()

    # -- asking

    def _ask(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        try:
            with self.database.reading() as connection:
                return question(connection)
        except Damaged:
            self.database.renew()
            return nothing

    def _chunks(self, question: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        def ask(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for at in range(0, len(ids), CHUNK):
                chunk = [column(id_) for id_ in ids[at : at + CHUNK]]
                found.extend(connection.execute(question.format(",".join("?" * len(chunk))), chunk))
            return found

        return self._ask(ask, [])

    def _numbered(self, question: str, rows: Sequence[int]) -> list[tuple[Any, ...]]:
        def ask(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for at in range(0, len(rows), CHUNK):
                chunk = rows[at : at + CHUNK]
                found.extend(connection.execute(question.format(",".join("?" * len(chunk))), tuple(chunk)))
            return found

        return self._ask(ask, [])

    def _one(
        self, question: str, values: Sequence[object], decoder: msgspec.json.Decoder[T]
    ) -> tuple[T, int] | None:
        row = self._ask(lambda c: c.execute(question, tuple(values)).fetchone(), None)
        value = None if row is None else decode(row[0], decoder)
        return None if value is None or row is None else (value, int(row[1]))


def last_row(connection: sqlite3.Connection) -> int:
    """The highest row number that was ever given to an item."""
    question = "SELECT coalesce(max(row), 0), (SELECT CAST(value AS INTEGER) FROM meta WHERE key=?) FROM item"
    here, given = connection.execute(question, (_GIVEN,)).fetchone()
    return max(int(here), int(given or 0))


def hold_rows(connection: sqlite3.Connection) -> None:
    """Before rows are deleted: their numbers are not given again."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (_GIVEN, str(last_row(connection))))
