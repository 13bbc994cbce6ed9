"""The one door to the world's SQLite file: a single connection behind a lock, rows as dicts."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modtui.demo.model import Row
from modtui.demo.schema import ADDED_COLUMNS, DEFINITIONS, INDEXES, SCHEMA

Params = Sequence[Any] | dict[str, Any]


def _dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


class Database:
    """The world on disk. Thread-safe: every call takes the lock; `write()` holds it for a whole transaction.

    The file survives a crash of the process, not of the machine (synchronous=OFF): it is a demonstration world.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        self._connection.row_factory = _dict
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "temp_store=MEMORY", "cache_size=-65536"):
            self._connection.execute(f"PRAGMA {pragma}").close()
        self._depth = 0

    def create(self) -> None:
        """Make the tables of an empty file, with the journal off until `index` was called."""
        with self._lock:
            self._connection.execute("PRAGMA journal_mode=OFF").close()
            self._connection.executescript(SCHEMA)

    def index(self) -> None:
        """Make the indexes, after the bulk inserts since that is faster, and switch the journal on."""
        with self._lock:
            self._connection.executescript(INDEXES)
            self._connection.execute("PRAGMA journal_mode=WAL").close()

    def upgrade(self) -> None:
        """Give a world that was made before what its file lacks: tables, columns, indexes."""
        with self.write():
            for table, column, kind in ADDED_COLUMNS:
                known = {row["name"] for row in self.all(f"PRAGMA table_info({table})")}
                if column not in known:
                    self.run(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            self.run(DEFINITIONS)
        with self._lock:
            self._connection.executescript(SCHEMA + INDEXES)

    @property
    def is_new(self) -> bool:
        """True until a world was completely written (the last thing `create_world` sets is `meta.complete`)."""
        found = self.one("SELECT count(*) AS n FROM sqlite_master WHERE name = 'meta'")
        return not (found and found["n"]) or self.meta("complete") is None

    @property
    def changes(self) -> int:
        """How many rows were changed since the file was opened: the same number means that nothing changed."""
        return self._connection.total_changes

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction; nested uses join the outer one. Rolls back on any exception."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row of a query."""
        with self._lock:
            return self._connection.execute(sql, params).fetchall()

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, params).fetchone()
            return found

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, params)
        return next(iter(row.values())) if row else None

    def run(self, sql: str, params: Params = ()) -> int:
        """Run a statement; gives the number of rows it changed."""
        with self._lock:
            return self._connection.execute(sql, params).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once per row."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def insert(self, table: str, **values: Any) -> int:
        """Insert one row, give its rowid."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        with self._lock:
            cursor = self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))
            return int(cursor.lastrowid or 0)

    def update(self, table: str, row_id: int, **values: Any) -> None:
        """Set columns of the row with this id."""
        names = ", ".join(f"{name} = ?" for name in values)
        self.run(f"UPDATE {table} SET {names} WHERE id = ?", [*values.values(), row_id])

    def by_ids(self, table: str, ids: Iterable[int | None]) -> dict[int, Row]:
        """Rows of a table by id; unknown ids and None are left out."""
        wanted = sorted({i for i in ids if i is not None})
        if not wanted:
            return {}
        return {
            row["id"]: row
            for row in self.all(
                f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(wanted)]
            )
        }

    def meta(self, key: str) -> str | None:
        """A setting of the world, None when unset."""
        found: str | None = self.value("SELECT value FROM meta WHERE key = ?", [key])
        return found

    def set_meta(self, key: str, value: object) -> None:
        """Set a setting of the world."""
        self.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, str(value)])
