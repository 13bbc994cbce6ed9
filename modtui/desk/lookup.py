"""Looking up on the site what became of a request whose answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modtui.desk.clock import Clock
from modtui.desk.landing import Landing
from modtui.desk.link import broken
from modtui.domain.decisions import Step
from modtui.errors import ModtuiError

if TYPE_CHECKING:
    from modtui.desk.outbox import Outbox
    from modtui.desk.sender import Job, Key

FIRST_S = 2.0
SECOND_S = 5.0
LONGEST_S = 300.0
LONG_AGO_MS = 60_000
"""A request that left longer ago than this is on its way no more: one look is enough."""


@dataclass(slots=True)
class Look:
    """When the next look is (monotonic seconds), how often there was no clear word, how often it was not there."""

    next: float
    tries: int = 0
    absent: int = 0


class Lookups:
    """The lost answers of one community."""

    def __init__(self, outbox: Outbox, landing: Landing, changed: Callable[[], None]) -> None:
        self._outbox = outbox
        self._landing = landing
        self._clock: Clock = outbox.clock
        self._changed = changed
        self._looks: dict[Key, Look] = {}

    def next(self, job: Job) -> float:
        """When this step is to be looked up (monotonic seconds)."""
        look = self._looks.get(job.key)
        if look is None:
            first_s = 0.0 if self._long_ago(job.step) else FIRST_S
            look = self._looks[job.key] = Look(next=self._clock.monotonic() + first_s)
        return look.next

    def tries(self, key: Key) -> int:
        """How often a step was looked up without a clear word."""
        look = self._looks.get(key)
        return look.tries if look else 0

    def lost(self, key: Key) -> None:
        """An answer was lost just now: what was known of an earlier request of this step says nothing."""
        self._looks[key] = Look(next=self._clock.monotonic() + FIRST_S)

    def hurry(self) -> None:
        """Look at once."""
        for look in self._looks.values():
            look.next = 0.0

    async def look(self, job: Job) -> None:
        """Ask the site. Raises the errors that concern the line."""
        self.next(job)
        look = self._looks[job.key]
        community = self._landing.community
        await community.identify()
        book = self._outbox.book
        before = book.before.get((job.decision.id, job.target.index)) or self._outbox.cached(job.target)
        ahead_ms = community.backend.wire.clock_ms - self._clock.now_ms()
        since_ms = (job.step.changed_ms or self._clock.now_ms()) + ahead_ms - 1000
        try:
            fate = await community.backend.fate(before, job.step.call, key=job.step.key, since_ms=since_ms)
        except ModtuiError as error:
            self._again(look)
            if broken(error):
                raise
            return
        if fate.is_ == "done":
            self._looks.pop(job.key, None)
            await self._landing.found_done(job, fate.answer)
        elif fate.is_ == "not sent":
            look.absent += 1
            # It may still be under way to the site: only a second look, later, or a long time makes it sure.
            if look.absent < 2 and not self._long_ago(job.step):
                look.next = self._clock.monotonic() + SECOND_S
                return
            self._looks.pop(job.key, None)
            await self._landing.found_absent(job)
        else:
            look.absent = 0
            self._again(look)
            await self._landing.unclear(job, fate.words)

    def _long_ago(self, step: Step) -> bool:
        return abs(self._clock.now_ms() - (step.changed_ms or 0)) > LONG_AGO_MS

    def _again(self, look: Look) -> None:
        look.tries += 1
        look.next = self._clock.monotonic() + min(LONGEST_S, FIRST_S * 2.0 ** min(look.tries, 10))
        self._changed()
