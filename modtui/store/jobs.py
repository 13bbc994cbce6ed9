"""Pieces of work for one thread, done in their order; those that wait at the same time are done together."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Idle = Callable[[sqlite3.Connection], Callable[[], bool]]
"""Work for when there is nothing else to write. What it gives is called after the commit, and tells whether it should
be done once more."""
_REST_S = 0.05
"""Idle work leaves the processor to others in between: a piece takes 10 to 20 ms."""


class Job(Struct):
    """One piece of work for the writer thread; `done` gets the result or the error, in that thread."""

    work: Work[Any]
    done: Callable[[Any, BaseException | None], None]
    truncate: bool = False


class Jobs:
    """What waits to be written, and the thread that does it: from the first piece on, until `end`.

    `commit` does at most `group` pieces at once; `rest` does a piece of idle work, and tells whether there is more.
    """

    def __init__(
        self, name: str, commit: Callable[[Sequence[Job]], None], rest: Callable[[Idle], bool], group: int
    ) -> None:
        self._name = name
        self._commit = commit
        self._rest = rest
        self._group = group
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self.closed = False
        """Nothing more is taken."""
        self.idle: Idle | None = None
        """What the thread does, again and again, while nothing else is to be written. Work may set it; others use
        `when_idle`."""

    def put(self, job: Job) -> bool:
        """Let a piece of work be done; False when it is too late for that."""
        with self._gate:
            if not self.closed:
                self._hand_over(job)
            return not self.closed

    def when_idle(self, work: Idle) -> None:
        """Do `work`, again and again, while nothing else is to be written. Does not wait."""
        with self._gate:
            if not self.closed and self.idle is None:
                self.idle = work
                self._hand_over(Job(lambda connection: None, lambda value, error: None))  # wakes the thread

    def drop(self) -> None:
        """Forget what no thread has begun."""
        while not self._waiting.empty():
            self._waiting.get_nowait()

    def end(self) -> None:
        """Take nothing more; what waits is still done. Twice is fine."""
        with self._gate:
            if not self.closed:
                self._waiting.put(None)
            self.closed = True

    def join(self) -> None:
        """Wait until the thread has done everything, after `end`."""
        if self._thread is not None:
            self._thread.join()

    def _hand_over(self, job: Job) -> None:
        """Give the thread a job; the first one starts it. Only with the gate."""
        self._waiting.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _next(self) -> Job | None:
        """The next job; None ends the thread. Idle work is done meanwhile."""
        while self.idle is not None:
            try:
                return self._waiting.get(timeout=_REST_S)
            except queue.Empty:
                if not self._rest(self.idle):
                    self.idle = None
        return self._waiting.get()

    def _run(self) -> None:
        ended = False
        while not ended:
            jobs: list[Job] = []
            job = self._next()
            while job is not None:
                jobs.append(job)
                if len(jobs) >= self._group:
                    break
                try:
                    job = self._waiting.get_nowait()
                except queue.Empty:
                    break
            ended = job is None
            if jobs:
                self._commit(jobs)
