"""Looking up on the site what became of a request whose answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.desk.book import steps_of
from modtui.desk.clock import Clock
from modtui.desk.landing import Landing
from modtui.desk.link import broken
from modtui.domain.decisions import Answer, Step
from modtui.errors import ModtuiError

if TYPE_CHECKING:
    from modtui.backends.base import Fate
    from modtui.desk.carrier import Job, Key
    from modtui.desk.outbox import Outbox

FIRST_S = 2.0
SECOND_S = 5.0
LONGEST_S = 300.0
LONG_AGO_S = 60.0
"""A request that left longer ago than this is on its way no more: one look is enough."""
SOON_S = FIRST_S + SECOND_S
"""Before this a request may still be under way, and is not sent again."""
LATE_S = 30.0
"""The same for what writes to a member: nothing on the site would stop a second one."""
WINDOW_MS = 3_600_000
"""Where another process sent it, our clock may have been set since: so far back at least is looked."""
_UNKNOWN_MS = 86_400_000
_PAGES = 20
"""How many hundreds of decisions are looked through for answers that are known."""


class Look(Struct):
    """When the next look is, and when the answer was lost (monotonic seconds; None: before this process looked), how
    often there was no clear word, how often it was not there."""

    next: float
    lost: float | None = None
    tries: int = 0
    absent: int = 0
    absent_at: float = 0.0


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
            first_s = 0.0 if self._age_ms(job.step) > LONG_AGO_S * 1000 else FIRST_S
            look = self._looks[job.key] = Look(next=self._clock.monotonic() + first_s)
        return look.next

    def tries(self, key: Key) -> int:
        """How often a step was looked up without a clear word."""
        look = self._looks.get(key)
        return look.tries if look else 0

    def lost(self, key: Key) -> None:
        """An answer was lost just now: what was known of an earlier request of this step says nothing."""
        now = self._clock.monotonic()
        self._looks[key] = Look(next=now + FIRST_S, lost=now)

    def hurry(self) -> None:
        """Look at once."""
        for look in self._looks.values():
            look.next = 0.0

    async def look(self, job: Job) -> None:
        """Ask the site. Raises the errors that concern the line."""
        self.next(job)
        look = self._looks[job.key]
        try:
            fate = await self.ask(job, look.lost is not None)
        except ModtuiError as error:
            self._again(look)
            if broken(error):
                raise
            return
        if fate.is_ == "done":
            self._looks.pop(job.key, None)
            await self._landing.found_done(job, fate.answer)
        elif fate.is_ == "not sent":
            now = self._clock.monotonic()
            if not look.absent or now - look.absent_at >= SECOND_S:
                look.absent, look.absent_at = look.absent + 1, now
            if not self._sure(job.step, look):
                look.next = now + SECOND_S
                return
            self._looks.pop(job.key, None)
            await self._landing.found_absent(job)
        else:
            look.absent = 0
            self._again(look)
            await self._landing.unclear(job, fate.words)

    async def ask(self, job: Job, ours: bool = False) -> Fate:
        """What the site says became of the step. `ours`: it was sent by this process, so its age is known well. Raises
        the backend's errors."""
        community = self._landing.community
        await community.identify()
        before = self._outbox.book.before.get((job.decision.id, job.target.index)) or self._outbox.cached(job.target)
        age_ms = self._age_ms(job.step)
        since_ms = community.backend.wire.clock_ms - 1000 - (age_ms if ours else max(age_ms, WINDOW_MS))
        return await community.backend.fate(
            before, job.step.call, key=job.step.key, since_ms=since_ms, known=self._known(job, since_ms)
        )

    def _known(self, job: Job, since_ms: int) -> list[Answer]:
        """The answers to the same call in other decisions of late: two messages may say the same to the same member."""
        found: list[Answer] = []
        before: str | None = None
        oldest_ms = since_ms - WINDOW_MS
        for _ in range(_PAGES):
            page = self._outbox.journal.history(limit=100, before=before, community=self._landing.community.id)
            for decision in page:
                for _, step in steps_of(decision):
                    same = step.call.name == job.step.call.name and step.key != job.step.key
                    if same and step.answer is not None and step.answer.data:
                        found.append(step.answer)
            if not page or page[-1].created_ms < oldest_ms:
                break
            before = page[-1].id
        return found

    def _sure(self, step: Step, look: Look) -> bool:
        """Whether what the site does not show can be under way no more: a second look, later, or a long time tells."""
        ago_s = self._age_ms(step) / 1000 if look.lost is None else self._clock.monotonic() - look.lost
        return ago_s > LONG_AGO_S or (look.absent >= 2 and ago_s >= (LATE_S if step.reaches else SOON_S))

    def _age_ms(self, step: Step) -> int:
        """How long ago a step was sent; long, where the clock was set back since."""
        if step.changed_ms is None or step.changed_ms > self._clock.now_ms():
            return _UNKNOWN_MS
        return self._clock.now_ms() - step.changed_ms

    def _again(self, look: Look) -> None:
        look.tries += 1
        look.next = self._clock.monotonic() + min(LONGEST_S, FIRST_S * 2.0 ** min(look.tries, 10))
        self._changed()
