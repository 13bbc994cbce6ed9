"""One SQLite file: private, one writer thread with group commit, one read-only connection.

Nothing here knows what is stored. Callers hand functions of a connection to `write`; those that wait at the same time
share one commit, and none of them hears "done" before it is on the disk.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from modtui.errors import StoreError
from modtui.store import files
from modtui.store.jobs import Idle, Job, Jobs, Work
from modtui.store.trouble import Busy, Damaged, explain, primary_code

T = TypeVar("T")
_CLOSED = "{} is closed already."
_STEPS = 10_000
"""So often (in steps of SQLite: about a millisecond) a long look asks whether it should end."""


class Database:
    """One file. `prepare` makes or migrates the schema on a fresh read-write connection (it may raise StoreError).

    `group` is how many pieces of work may share one commit. `version` is checked in each transaction, so that a newer
    program that migrated the file under us is noticed. With `disposable` a damaged file is thrown away and made anew.
    `page_size` is in bytes; big rows are written faster with big pages.
    """

    def __init__(
        self,
        path: Path,
        *,
        what: str,
        version: int,
        prepare: Callable[[sqlite3.Connection, Path], None],
        synchronous: Literal["FULL", "NORMAL"],
        group: int = 64,
        wait_s: float = 5.0,
        disposable: bool = False,
        page_size: int = 4_096,
    ) -> None:
        self.path = path
        self.what = what
        self.wait_s = wait_s
        self._version = version
        self._prepare = prepare
        self._synchronous = synchronous
        self._disposable = disposable
        self._page_size = page_size
        self._turn = threading.Lock()  # held by the writer thread while it uses the writing connection
        self._read_turn = threading.Lock()
        self._data_version = 0
        self._own = threading.local()
        """The connection of a thread that is inside `apart`, and the epoch in which it was made."""
        self._file: tuple[int, int] | None = None
        """Which file was opened: others, or a user, may put another one into its place."""
        self._readers: set[threading.Thread] = set()
        self.ending = threading.Event()
        """Set when this file is about to be closed: long looks in other threads end soon then."""
        self.epoch = 0
        """Rises when the file was replaced: what was known of its rows is void."""
        self.trouble: StoreError | None = None
        """Why the last write did not come about; None once one did."""
        self.jobs = Jobs(f"modtui {path.name}", self._commit, self._rest, group)
        """What is to be written, and the thread that writes it."""
        try:
            self._open()
        except Damaged:
            if not disposable:
                raise
            files.discard(self.path)
            self._open()

    # -- opening

    def _open(self) -> None:
        files.private_file(self.path)
        writer: sqlite3.Connection | None = None
        try:
            writer = files.connect(self.path, wait_s=self.wait_s)
            writer.execute(f"PRAGMA page_size={self._page_size}")  # counts only while the file is being made
            self._until_free(lambda: writer.execute("PRAGMA journal_mode=WAL").fetchone())
            writer.execute(f"PRAGMA synchronous={self._synchronous}")
            writer.execute("PRAGMA foreign_keys=OFF")
            writer.execute("PRAGMA secure_delete=ON")  # what is forgotten or expired leaves the file, too
            self._prepare(writer, self.path)
            self._reader = files.connect(self.path, wait_s=self.wait_s, read_only=True)
            self._reader.execute("PRAGMA user_version").fetchone()
            self._data_version = writer.execute("PRAGMA data_version").fetchone()[0]
            self._writer = writer
            self._file = files.standing(self.path)
        except sqlite3.Error as error:
            if writer is not None:
                writer.close()
            raise self.explained(error) from error
        except BaseException:
            if writer is not None:
                writer.close()
            raise

    def _until_free(self, step: Callable[[], object]) -> None:
        """Repeat `step` while it is busy: switching to WAL does not use SQLite's own waiting."""
        end = time.monotonic() + self.wait_s
        while True:
            try:
                step()
                return
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def explained(self, error: sqlite3.Error) -> StoreError:
        """`error` as a sentence about this file."""
        return explain(error, self.what, self.path, self.wait_s)

    # -- reading

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The read-only connection in one read transaction, for one short question. Any thread. Raises StoreError."""
        own: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if own is not None:
            try:
                yield own
            except sqlite3.Error as error:
                raise self.explained(error) from error
            return
        with self._read_turn:
            if self.jobs.closed:
                raise StoreError(_CLOSED.format(self.what.capitalize()))
            try:
                self._reader.execute("BEGIN")
                try:
                    yield self._reader
                finally:
                    if self._reader.in_transaction:
                        self._reader.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self.explained(error) from error

    def beside(self) -> sqlite3.Connection:
        """One more read-only connection to the file that was opened. Raises sqlite3.Error, and Damaged where a
        disposable one was taken away: what another file has under the same numbers is something else."""
        if self._disposable and files.standing(self.path) != self._file:
            raise Damaged(f"{self.what.capitalize()} ({self.path}) was taken away while it was in use.")
        return files.connect(self.path, wait_s=self.wait_s, read_only=True)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection of its own inside one read transaction, for long looks: they end when the file is
        closed, so that nobody who leaves waits for them. Raises StoreError."""
        try:
            connection = self.beside()
            try:
                connection.set_progress_handler(self.ending.is_set, _STEPS)
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise self.explained(error) from error

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Inside of this, `reading` in this thread uses a connection of its own, all in one read transaction: a long
        look that nobody waits behind. Raises StoreError."""
        epoch = self.epoch
        with self.snapshot() as connection:
            self._own.connection, self._own.epoch = connection, epoch
            try:
                yield
            finally:
                self._own.connection = self._own.epoch = None

    def behind(self, work: Callable[[], None], name: str) -> threading.Thread:
        """Do `work` in a thread of its own that `close` waits for; it has to end soon once `ending` is set."""

        def run() -> None:
            try:
                work()
            finally:
                self._readers.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._readers.add(thread)
        thread.start()
        return thread

    def data_version(self) -> int:
        """A number that rises when another process has written; our own commits do not move it. Never waits."""
        if self._turn.acquire(blocking=False):
            try:
                if not self.jobs.closed:
                    self._data_version = self._writer.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error as error:
                raise self.explained(error) from error
            finally:
                self._turn.release()
        return self._data_version

    # -- writing

    async def write(self, work: Work[T], *, truncate: bool = False) -> T:
        """Do `work` in the writer thread inside a transaction and give back its result once that is committed.

        A cancelled wait does not take the work back. `truncate` empties the write-ahead log afterwards, so that deleted
        text is gone from the disk. Raises StoreError, or what `work` raised (then nothing of it was written).
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(value: T, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        def done(value: Any, error: BaseException | None) -> None:
            try:
                loop.call_soon_threadsafe(settle, value, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                pass

        self._put(Job(work, done, truncate))
        return await future

    def write_now(self, work: Work[T]) -> T:
        """As `write`, for callers without an event loop; waits."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()

        def done(value: Any, error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        self._put(Job(work, done))
        return future.result()

    def when_idle(self, work: Idle) -> None:
        """Do `work` in the writer thread, again and again, while nothing else is to be written. Does not wait."""
        self.jobs.when_idle(work)

    def _rest(self, work: Idle) -> bool:
        """Do a piece of the idle work; whether there is more. Nothing waits for it, so trouble ends it silently."""
        told: list[Callable[[], bool]] = []

        def done(value: Any, error: BaseException | None) -> None:
            if error is None:
                told.append(value)

        trouble = self.trouble
        self._commit([Job(work, done)])
        self.trouble = trouble
        return bool(told) and told[0]()

    def _put(self, job: Job) -> None:
        if not self.jobs.put(job):
            raise StoreError(_CLOSED.format(self.what.capitalize()))

    def _commit(self, jobs: Sequence[Job], *, renewed: bool = False) -> None:
        """Do all jobs in one transaction; when the file itself makes trouble, each one on its own."""
        try:
            with self._turn:
                outcomes = self._attempt(jobs)
        except sqlite3.Error as error:
            told = self.explained(error)
            told.__cause__ = error
            if isinstance(told, Damaged) and self._disposable and not renewed and self.renew():
                self._commit(jobs, renewed=True)
                return
            if len(jobs) > 1 and not isinstance(told, Busy):
                for job in jobs:
                    self._commit([job], renewed=renewed)
                return
            outcomes = [(None, told)] * len(jobs)
            self.trouble = told
        except BaseException as error:
            outcomes = [(None, error)] * len(jobs)
        else:
            self.trouble = None
        for job, (value, problem) in zip(jobs, outcomes, strict=True):
            job.done(value, problem)

    def _attempt(self, jobs: Sequence[Job]) -> list[tuple[Any, BaseException | None]]:
        writer = self._writer
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            writer.execute("BEGIN IMMEDIATE")
            if writer.execute("PRAGMA user_version").fetchone()[0] != self._version:
                raise StoreError(
                    f"Another version of modtui has changed {self.what} ({self.path}) meanwhile. Nothing was saved.",
                    "End this modtui and start it again.",
                )
            for job in jobs:
                writer.execute("SAVEPOINT job")
                try:
                    outcomes.append((job.work(writer), None))
                except Exception as error:
                    if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                        raise
                    if isinstance(error, sqlite3.IntegrityError):
                        told: Exception = self.explained(error)
                        told.__cause__ = error
                    else:
                        told = error
                    writer.execute("ROLLBACK TO job")
                    outcomes.append((None, told))
                writer.execute("RELEASE job")
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                try:
                    writer.execute("ROLLBACK")
                except sqlite3.Error:
                    pass  # SQLite has rolled back by itself, or the file is beyond help; the first error is told
            raise
        if any(job.truncate for job in jobs):
            try:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error:
                pass  # a reader holds it; the next checkpoint does it
        return outcomes

    def renew(self) -> bool:
        """Replace a damaged disposable file; what another process put into its place stays. False when that does not
        work."""
        with self._turn, self._read_turn:
            if getattr(self._own, "epoch", None) not in (None, self.epoch):
                return True  # this thread still looks at the file that was replaced meanwhile
            try:
                self.epoch += 1
                self._writer.close()
                self._reader.close()
                if files.standing(self.path) in (None, self._file):
                    files.discard(self.path)
                try:
                    self._open()
                except Damaged:
                    files.discard(self.path)
                    self._open()
            except (sqlite3.Error, StoreError):
                return False
        return True

    async def close(self) -> None:
        """Finish what is queued, then close. Twice is fine."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, for callers without an event loop; waits."""
        self.jobs.end()
        self.ending.set()
        for reader in tuple(self._readers):
            reader.join()
        self.jobs.join()
        with self._turn, self._read_turn:
            self._reader.close()
            self._writer.close()  # the last one to close, and not read-only: it clears the write-ahead log away
