"""The request budget of a credential, shared by all processes that use it.

A site counts requests per key, not per program, so the ledger is a small SQLite file in the state folder, named after a
digest of the credential. Where it cannot be used (a full disk, a read-only folder) the program counts for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from modtui.backends.base import Budget, Connection

Priority = Literal["decision", "read", "trickle"]
"""decision: writes and what must be read for them; read: what the moderator waits for; trickle: background."""

T = TypeVar("T")
_priority: ContextVar[Priority | None] = ContextVar("modtui_request_priority", default=None)
_RESERVE = 0.25
_TRICKLE = 0.10
_BUSY_S = 0.1
_LONGEST_PAUSE_MS = 24 * 3_600_000


@contextlib.contextmanager
def spending(priority: Priority) -> Iterator[None]:
    """Requests made inside are paid from this part of the budget: `with spending("trickle"): ...`."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)


def current_priority(default: Priority) -> Priority:
    """What `spending` set around this call, else `default`."""
    return _priority.get() or default


def ledger_name(connection: Connection) -> str:
    """The file name of the ledger: a digest of site and credential, from which neither can be read back."""
    credential = connection.credential
    parts = ["modtui budget", connection.url.rstrip("/").lower()]
    if credential is not None:
        # A service password may be weak enough to be guessed from a digest, so only its user counts.
        parts += [credential.kind, credential.user or "", credential.secret if credential.kind == "token" else ""]
    return f"budget-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}.db"


class Turn(Struct, frozen=True):
    """The ledger's word on one request: `wait_s` 0 means go (it is charged). `day`: the day's budget is spent."""

    wait_s: float
    day: bool = False


class Ledger:
    """A sliding window of requests. `limit` requests in `window_s` seconds; 0 means that only pauses count.

    Reads leave a quarter of the budget to decisions, and the trickle takes at most a tenth.
    """

    def __init__(
        self, folder: Path, name: str, limit: int, *, window_s: float = 60.0, now: Callable[[], float] = time.time
    ) -> None:
        self._folder, self._name, self._limit, self._window_ms = folder, name, max(0, limit), int(window_s * 1000)
        self._now = now
        self._db: sqlite3.Connection | None = None

    @property
    def limit(self) -> int:
        """Requests in a window; 0 when there is no limit."""
        return self._limit

    def cap(self, priority: Priority) -> int:
        """How full the window may be for a request of this priority."""
        if priority == "decision":
            return self._limit
        return max(1, self._limit - math.ceil(self._limit * _RESERVE))

    def take(self, priority: Priority) -> Turn:
        """Charge one request, or say how long it has to wait (then nothing is charged)."""
        return self._shared(lambda db: self._take(db, priority), Turn(_BUSY_S))

    def pause(self, seconds: float, *, day: bool = False) -> None:
        """The site asked everybody with this credential to wait. A longer pause stays."""
        until = self._ms() + min(int(seconds * 1000), _LONGEST_PAUSE_MS)

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO pause(kind, until_ms) VALUES (?, ?) ON CONFLICT(kind) DO UPDATE"
                " SET until_ms = max(until_ms, excluded.until_ms)",
                ("day" if day else "all", until),
            )

        self._shared(write, None)

    def look(self) -> Budget:
        """The budget now, without charging anything."""
        now = self._ms()

        def read(db: sqlite3.Connection) -> Budget:
            self._tidy(db, now)
            used = int(db.execute("SELECT count(*) FROM spent").fetchone()[0])
            wait = self._paused(db, now)[0]
            if not wait and self._limit and used >= self._limit:
                wait = self._until_room(db, now, self._limit)
            return Budget(self._limit, used, self._window_ms / 1000, wait)

        return self._shared(read, Budget(self._limit, 0, self._window_ms / 1000, 0.0))

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _ms(self) -> int:
        return int(self._now() * 1000)

    def _take(self, db: sqlite3.Connection, priority: Priority) -> Turn:
        now = self._ms()
        self._tidy(db, now)
        wait, day = self._paused(db, now)
        if wait:
            return Turn(wait, day)
        if self._limit:
            used = int(db.execute("SELECT count(*) FROM spent").fetchone()[0])
            room = self.cap(priority)
            if used >= room:
                return Turn(self._until_room(db, now, room))
            if priority == "trickle":
                share = max(1, int(self._limit * _TRICKLE))
                mine = [row[0] for row in db.execute("SELECT at_ms FROM spent WHERE kind = 'trickle' ORDER BY at_ms")]
                if len(mine) >= share:
                    return Turn(max(0.05, (mine[len(mine) - share] + self._window_ms - now) / 1000))
        db.execute("INSERT INTO spent(at_ms, kind) VALUES (?, ?)", (now, priority))
        return Turn(0.0)

    def _tidy(self, db: sqlite3.Connection, now: int) -> None:
        # Rows from the future come from a clock that was set back; they must not block for hours.
        db.execute("DELETE FROM spent WHERE at_ms <= ? OR at_ms > ?", (now - self._window_ms, now + self._window_ms))
        db.execute("DELETE FROM pause WHERE until_ms <= ? OR until_ms > ?", (now, now + _LONGEST_PAUSE_MS + 1000))

    def _paused(self, db: sqlite3.Connection, now: int) -> tuple[float, bool]:
        rows = db.execute("SELECT until_ms, kind FROM pause ORDER BY until_ms DESC").fetchall()
        return ((rows[0][0] - now) / 1000, rows[0][1] == "day") if rows else (0.0, False)

    def _until_room(self, db: sqlite3.Connection, now: int, room: int) -> float:
        row = db.execute("SELECT at_ms FROM spent ORDER BY at_ms DESC LIMIT 1 OFFSET ?", (room - 1,)).fetchone()
        return max(0.05, (row[0] + self._window_ms - now) / 1000) if row else 0.05

    def _shared(self, work: Callable[[sqlite3.Connection], T], busy: T) -> T:
        """Do `work` in a transaction; `busy` when another process holds the file for longer than the time limit."""
        for _ in range(2):
            db = self._open()
            try:
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    return work(db)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    return busy
                # Better to count alone than not to work at all.
                db.close()
                self._db = _prepared(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None))
        raise AssertionError("a ledger in memory always works")

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = self._folder / self._name
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
                self._db = _prepared(sqlite3.connect(path, timeout=0.5, check_same_thread=False, isolation_level=None))
            except (OSError, sqlite3.Error):
                self._db = _prepared(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None))
        return self._db


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    # Losing the last requests in a power cut is harmless, so nothing is synced; the file stays one file without WAL.
    db.execute("PRAGMA journal_mode = MEMORY")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("CREATE TABLE IF NOT EXISTS spent(at_ms INTEGER NOT NULL, kind TEXT NOT NULL)")
    db.execute("CREATE TABLE IF NOT EXISTS pause(kind TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)")
    return db
