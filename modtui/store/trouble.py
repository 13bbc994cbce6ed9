"""SQLite's errors as sentences for a moderator."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from modtui.errors import StoreError


class ConflictingOpen(StoreError):
    """A subject already has an open decision. `decision` is that decision's id, `subject` the subject as text."""

    def __init__(self, decision: str, subject: str) -> None:
        super().__init__(
            f"A decision about this is already on its way ({decision}).",
            f"Take it back first (modtui undo {decision}), or wait until it is sent.",
        )
        self.decision = decision
        self.subject = subject


class Damaged(StoreError):
    """The file is not a database, or its pages are broken."""


class Busy(StoreError):
    """Another program held the database for longer than we wait."""


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (the low byte), 0 when Python raised the error itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def explain(error: sqlite3.Error, what: str, path: Path, wait_s: float = 0.0) -> StoreError:
    """The StoreError for `error`. `what` names the file for people ("the journal"). No value gets into the sentence."""
    name = what[0].upper() + what[1:]
    code = primary_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(
            f"Another program is using {what} ({path}) and did not let go within {wait_s:g} s. Nothing was saved.",
            "Try again; if it stays so, end the other modtui.",
        )
    if code == sqlite3.SQLITE_INTERRUPT:
        return StoreError(f"{name} was closed while it was looked through. Nothing was saved.")
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"The disk is full. Nothing was saved in {what} ({path}).", "Free some space and try again.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreError(f"{name} ({path}) cannot be written. Nothing was saved.", "Check the rights of the folder.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StoreError(f"{name} ({path}) cannot be opened.", "Check the rights of the folder and free disk space.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Damaged(
            f"{name} ({path}) is damaged and cannot be read.",
            "End modtui, move the file to a safe place, and start again with a copy of it or without it.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"The disk reported an error with {what} ({path}). Nothing was saved.",
            "Check the disk (space, quota, rights), then try again.",
        )
    kind = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreError(f"{name} ({path}) could not be used ({kind}). Nothing was saved.", "Run modtui doctor.")
