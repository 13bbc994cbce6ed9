"""The loop of one community that carries steps one after another: the frame that the sender and the courier share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.desk.book import Change
from modtui.desk.community import Community
from modtui.desk.events import Troubled
from modtui.domain.decisions import Decision, Step, Target
from modtui.errors import StoreError

if TYPE_CHECKING:
    from modtui.desk.outbox import Outbox

_STORE_S = 5.0
_MISTAKE_S = 30.0

Key = tuple[str, int, int]
"""Decision, target, step."""


class Job(Struct, frozen=True):
    """One step that is next for its target."""

    decision: Decision
    target: Target
    step: Step

    @property
    def key(self) -> Key:
        """Which step it is."""
        return self.decision.id, self.target.index, self.step.index


class Carrier(ABC):
    """The loop of one community. `run` ends when `stop` was called and nothing is in flight."""

    def __init__(self, outbox: Outbox, community: Community) -> None:
        self.community = community
        self._outbox = outbox
        self._book = outbox.book
        self._clock = outbox.clock
        self._wake = asyncio.Event()
        self._stopping = False
        self._resting = False
        self._pause_until = 0.0
        self.in_flight: Key | None = None
        """The step whose transition or request is under way. While it is set, the task must not be cancelled."""
        self.landed = asyncio.Event()
        self.landed.set()

    def wake(self, *, try_now: bool = False) -> None:
        """Something changed; with `try_now` pauses after trouble end, too."""
        if try_now:
            self._pause_until = 0.0
            self._hurry()
        self._wake.set()

    def stop(self) -> None:
        """End after what is in flight."""
        self._stopping = True
        self._wake.set()

    @property
    def resting(self) -> bool:
        """Whether there is nothing to do before time passes or something happens."""
        return self._resting and not self._wake.is_set()

    async def run(self) -> None:
        """Carry what is due until stopped. Never raises, but for being cancelled."""
        while not self._stopping:
            self._wake.clear()
            wait_s = await self._round()
            if wait_s is None or wait_s > 0:
                self._resting = True
                await self._clock.wait(self._wake, wait_s)
                self._resting = False

    async def _round(self) -> float | None:
        """Do one thing; gives the seconds until the next one is due (0: at once, None: when woken)."""
        if not self._outbox.may_send(self.community.id):
            return None
        pause = self._pause_until - self._clock.monotonic()
        if pause > 0:
            return pause
        try:
            return await self._work()
        except StoreError as error:
            self._outbox.tell(Troubled(words=str(error)))
            self._pause(_STORE_S)
        except Exception as error:
            self._stumbled(error)
        return 0.0

    @abstractmethod
    async def _work(self) -> float | None:
        """The one thing of a round, and what `_round` gives. StoreError and mistakes are seen to there."""

    @abstractmethod
    def _hurry(self) -> None:
        """Forget the pauses of single steps and routes."""

    def _pause(self, seconds: float) -> None:
        self._pause_until = self._clock.monotonic() + seconds

    def _stumbled(self, error: BaseException) -> None:
        """A mistake of ours: said, and tried again after a while."""
        self._outbox.mistake(error, self.community)
        self._pause(_MISTAKE_S)

    @contextmanager
    def _flying(self, job: Job) -> Iterator[None]:
        """While the step's transition or request is under way."""
        self.in_flight = job.key
        self.landed.clear()
        try:
            yield
        finally:
            self.in_flight = None
            self.landed.set()

    async def _begin(self, job: Job) -> bool:
        """From held to sending; False where it is not held any more. Raises StoreError."""
        change = Change(job.target.index, job.step.index, ("held",), "sending")
        return (await self._book.change(job.decision.id, change))[0]
