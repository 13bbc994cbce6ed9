"""How state.db and cache.db are made, checked and refused, and how an older state.db becomes a newer one. Their tables
stand in `store.tables`, which is loaded where they are made."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from modtui.errors import StoreError
from modtui.store.codec import encode
from modtui.store.files import connect, private_file
from modtui.store.trouble import Damaged

APPLICATION = 0x6D6F6474
"""SQLite's application_id of both files ("modt"), so that a foreign database is not written into."""

CACHE_VERSION = 2
PARTS = ("member", "item_due_order", "lane_count", "said")
"""What came into version 2 of cache.db one after the other, by a table or index of it: a cache that was made before
gets it added, without losing what is in it."""

Migration = Callable[[sqlite3.Connection], None]


def script(connection: sqlite3.Connection, text: str) -> None:
    """Run the statements of `text` inside the open transaction (`executescript` would commit it)."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _first(connection: sqlite3.Connection) -> None:
    from modtui.store import tables

    for part in (tables.EVENTS, tables.PROJECTION, tables.OWN_WORK):
        script(connection, part)


def _second(connection: sqlite3.Connection) -> None:
    from modtui.store import tables

    script(connection, tables.UNSENT)
    old = connection.execute("SELECT target, body, saved_ms FROM draft").fetchall()
    for number, (target, body, saved) in enumerate(old):
        connection.execute(
            "INSERT INTO unsent VALUES (?,?,?,?,?,1)",
            (f"old{number}", target, "".join(target.split("/")[1:2]), encode({"text": body}), saved),
        )
    connection.execute("DROP TABLE draft")


MIGRATIONS: tuple[Migration, ...] = (_first, _second)
"""What makes version n of state.db from version n-1. Events are never rewritten; the outbox may be made anew."""


def prepare_state(migrations: Sequence[Migration] = MIGRATIONS) -> Callable[[sqlite3.Connection, Path], None]:
    """The opener of state.db: makes it, migrates it after copying it to state.db.v<old>.bak, or refuses it."""

    def prepare(connection: sqlite3.Connection, path: Path) -> None:
        if _version(connection) == len(migrations):
            _check_ours(connection, path)
            return
        connection.execute("BEGIN EXCLUSIVE")  # from here on no other process writes; it may have migrated just before
        try:
            version = _version(connection)
            _check_ours(connection, path)
            if version > len(migrations):
                raise StoreError(
                    f"The journal ({path}) was written by a newer modtui (its version is {version}, "
                    f"this one knows {len(migrations)}).",
                    "Update modtui. Nothing was changed.",
                )
            if version and version < len(migrations):
                _copy(path, path.with_name(f"{path.name}.v{version}.bak"))
            for number in range(version, len(migrations)):
                migrations[number](connection)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={len(migrations)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    return prepare


def prepare_cache(connection: sqlite3.Connection, path: Path) -> None:
    """The opener of cache.db. Raises Damaged for every other version and for foreign files: it is made anew then."""
    ours = _version(connection) == CACHE_VERSION and _application(connection) == APPLICATION
    if ours and not _missing(connection):
        return
    from modtui.store import tables

    connection.execute("BEGIN EXCLUSIVE")
    try:
        if _version(connection) != CACHE_VERSION or _application(connection) != APPLICATION:
            if _version(connection) or _tables(connection):
                raise Damaged(f"The cache ({path}) is of another version.")
            script(connection, tables.CACHE)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={CACHE_VERSION}")
        for name in _missing(connection):
            script(connection, tables.ADDED[name])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _missing(connection: sqlite3.Connection) -> list[str]:
    """The names of PARTS that a cache does not have."""
    question = f"SELECT name FROM sqlite_master WHERE name IN ({','.join('?' * len(PARTS))})"
    here = {name for (name,) in connection.execute(question, PARTS)}
    return [name for name in PARTS if name not in here]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that another program made."""
    if _application(connection) != APPLICATION and (_version(connection) or _tables(connection)):
        raise StoreError(
            f"{path} is a database of another program.", "Move it away, or set MODTUI_STATE_DIR to another folder."
        )


def _copy(path: Path, to: Path) -> None:
    """A whole, private, synced copy of the database; readers are allowed while the caller holds the write lock."""
    rough = to.with_name(to.name + ".part")
    try:
        rough.unlink(missing_ok=True)
        private_file(rough)
        source = connect(path, wait_s=5, read_only=True)
        try:
            copy = sqlite3.connect(rough)
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it
            finally:
                copy.close()
        finally:
            source.close()
        handle = os.open(rough, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(rough, to)
    except (OSError, sqlite3.Error) as error:
        rough.unlink(missing_ok=True)
        raise StoreError(
            f"The journal could not be copied to {to} before updating it. Nothing was changed.",
            "Free some space or check the rights of the folder, then start again.",
        ) from error
