"""The files of a database: private, connected to, told apart and deleted."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from modtui.errors import StoreError
from modtui.paths import owned, private


def private_file(path: Path) -> None:
    """Make `path` with mode 0600 whatever the umask says, or tighten it; SQLite gives -wal and -shm the same mode.

    Raises StoreError when that is not possible, or when it belongs to somebody else.
    """
    private(path.parent)
    try:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
            path.chmod(0o600)
        except FileExistsError:
            pass  # never open and close an existing one: that would drop the locks that this process has on it
        for tail in ("", "-wal", "-shm"):
            one = path.with_name(path.name + tail)
            if os.path.lexists(one) and not owned(one):
                raise StoreError(f"{one} belongs to somebody else, so it is not used.", "Look at it, and remove it.")
            if one.is_file() and one.stat().st_mode & 0o077:
                one.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"The file {path} cannot be opened: {error.strerror}.", "Check the rights of its folder and the free space."
        ) from error


def connect(path: Path, *, wait_s: float, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode (transactions are ours), usable from any thread that takes turns."""
    mode = "ro" if read_only else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


def discard(path: Path) -> None:
    """Delete a database with what belongs to it. Raises StoreError."""
    for tail in ("", "-wal", "-shm"):
        try:
            path.with_name(path.name + tail).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{path} is damaged and cannot be removed: {error.strerror}.") from error


def standing(path: Path) -> tuple[int, int] | None:
    """Which file stands at the path; None: none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
