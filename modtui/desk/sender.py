"""Sending for one community: one step after another, at the pace of its site.

Each round does one thing: look up what became of a request whose answer was lost, or read a batch of subjects and
send the steps that are due and still fit. Trouble with the line pauses this community only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from modtui import errors
from modtui.backends.budget import spending
from modtui.desk import words
from modtui.desk.book import current, in_community
from modtui.desk.carrier import Carrier, Job, Key
from modtui.desk.community import Community
from modtui.desk.landing import Landing
from modtui.desk.link import Backoff, wait_for
from modtui.desk.lookup import Lookups
from modtui.desk.preflight import LIGHT, judge
from modtui.domain.decisions import StepState
from modtui.domain.items import Gone, Item
from modtui.domain.seen import Seen
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError, NetworkError, SiteError

if TYPE_CHECKING:
    from modtui.desk.outbox import Outbox

_SMALL = 10
"""Decisions up to this many targets go before the rest of a larger batch."""
_SIGNED_OUT_S = 300.0
_STUMBLE_S = 60.0

class Sender(Carrier):
    """Sends to the site of one community."""

    def __init__(self, outbox: Outbox, community: Community) -> None:
        super().__init__(outbox, community)
        self._landing = Landing(outbox, community)
        self._backoff = Backoff()
        self._down_since: float | None = None
        self._lookups = Lookups(outbox, self._landing, self._book.changed.set)
        self._postponed: dict[Key, float] = {}
        self._singly = False

    # ---------------------------------------------------------------- from outside

    def _hurry(self) -> None:
        self._backoff.reset()
        self._postponed.clear()
        self._lookups.hurry()

    def line_is_up(self) -> None:
        """Another room reached the site: a pause for an outage ends. One that the site asked for does not."""
        if self._down_since is not None:
            self._pause_until = 0.0
        self._wake.set()

    def set_base(self, decision: str, target: int, seen: Seen) -> None:
        """What the subject has to look like for the rest of a target."""
        self._landing.set_base(decision, target, seen)

    def looked_up(self, key: Key) -> int:
        """How often the fate of this step was looked up without a clear word."""
        return self._lookups.tries(key)

    async def _work(self) -> float | None:
        try:
            with spending("decision"):
                await self._landing.write_kept()
                looks, ready, next_due = self._choose()
                if looks:
                    await self._lookups.look(looks[0])
                    self._up()
                elif ready and not self._landing.read_first:
                    await self._send(ready)
                elif self._landing.to_read:
                    await self._landing.read_back()
                else:
                    return next_due
        except errors.StoreError:
            raise
        except ModtuiError as error:
            self._trouble(error)
        return 0.0

    # ---------------------------------------------------------------- choosing

    def _choose(self) -> tuple[list[Job], list[Job], float | None]:
        """The answers to look up, the steps that are due (in order, at most a batch), and when the next one is."""
        now = self._clock.monotonic()
        looks: list[Job] = []
        due: list[tuple[bool, float, int, int, Job]] = []
        waits: list[float] = []
        for order, decision in enumerate(self._book.open()):
            asked = self._outbox.is_waiting(decision.id)
            large = len(decision.targets) > _SMALL
            for target in in_community(decision, self.community.id):
                step = current(target)
                if step is None or step.executor != "backend":
                    continue  # a route's is the courier's
                job = Job(decision, target, step)
                if step.state == "unknown":
                    at = self._lookups.next(job)
                    if at <= now:
                        looks.append(job)
                    else:
                        waits.append(at - now)
                elif step.state == "held" and not asked:
                    at = max(self._outbox.dues.at(decision, target, step), self._postponed.get(job.key, 0.0))
                    if at <= now:
                        due.append((large, at, order, target.index, job))
                    else:
                        waits.append(at - now)
        batch = 1 if self._singly else max(1, self.community.backend.capabilities.reread_batch)
        due.sort(key=lambda entry: entry[:4])
        looks.sort(key=self._lookups.next)
        return looks, [entry[4] for entry in due[:batch]], min(waits, default=None)

    # ---------------------------------------------------------------- sending

    async def _send(self, jobs: list[Job]) -> None:
        """Read the subjects that were not read just now, in one batch, then send the steps that still fit."""
        await self.community.identify()
        missing = [job.target.ref for job in jobs if self._wants_read(job)]
        if missing:
            asked = self._clock.monotonic()
            found = await self._reread(missing, jobs)
            self._outbox.reads.note(found.values(), asked)
            self._up()
            for job in jobs:
                if job.target.ref in missing and job.target.ref not in found:
                    self._postponed[job.key] = self._clock.monotonic() + _STUMBLE_S  # an adapter's mistake
            if self._after_outage():
                return
        for job in jobs:
            if job.key in self._postponed and self._postponed[job.key] > self._clock.monotonic():
                continue
            if self._stopping or not self._outbox.may_send(self.community.id):
                return
            fresh = self._outbox.look(job.decision.id, job.target)
            if fresh is None and not self._landing.stepped(job) and job.decision.verb not in LIGHT:
                return  # the batch took so long that its read is too old: the next round reads again
            if not await self._one(job, fresh):
                return

    async def _reread(self, refs: list[SubjectRef], jobs: list[Job]) -> Mapping[SubjectRef, Item | Gone]:
        """Read a batch. Where the site stumbles over one, they are read singly, and that one lets the others pass."""
        try:
            found = await self.community.backend.reread(refs)
        except SiteError:
            if len(jobs) == 1:
                self._postponed[jobs[0].key] = self._clock.monotonic() + _STUMBLE_S
            self._singly = True
            raise
        self._singly = False
        return found

    def _wants_read(self, job: Job) -> bool:
        if job.decision.verb in LIGHT or self._landing.stepped(job):
            return False
        return self._outbox.look(job.decision.id, job.target) is None

    def _now(self, job: Job) -> Job | None:
        """The same step as it is by now; None when it is not held any more."""
        decision = self._book.get(job.decision.id)
        if decision is None:
            return None
        target = decision.targets[job.target.index]
        step = current(target)
        if step is None or step.index != job.step.index or step.state != "held":
            return None
        return Job(decision, target, step)

    async def _one(self, old: Job, fresh: Item | Gone | None) -> bool:
        """Judge, then send one step. False when the line is in trouble and the rest of the batch has to wait."""
        job = self._now(old)
        if job is None or self._outbox.is_waiting(job.decision.id):
            return True
        if job.decision.id in self._book.stopping:
            await self._landing.take_back(job)
            return True
        if job.step.executor != "backend" or not job.target.item:
            await self._landing.refused(job, "modtui cannot send this step.", frm="held")
            return True
        if fresh is not None:
            verdict = judge(
                self._book, job.decision, job.target, fresh, account=self._landing.account,
                base=self._landing.base(job),
            )
            if verdict.stops:
                if await self._arrived_after_all(job, "held"):
                    return True
                await self._landing.conflict(job, words.differences_words(verdict.stops), fresh, frm="held")
                return True
            if verdict.notes:
                await self._landing.note(job, verdict.notes)
                if self._stopping or not self._outbox.may_send(self.community.id):
                    return False
            self._landing.looked(job)
        wait_s = self.community.backend.wire.budget.wait_s
        if wait_s > 0:
            # It waits here, where it can be taken back, and is looked at again afterwards: not as sending, in the door.
            self._pause(wait_s)
            return False
        with self._flying(job):
            if not await self._begin(job):
                return True
            if isinstance(fresh, Item):
                self._book.before[job.decision.id, job.target.index] = fresh
            self._outbox.reads.drop(job.target.ref)
            return await self._request(job)

    async def _request(self, job: Job) -> bool:
        landing = self._landing
        try:
            answer = await self.community.backend.send(job.step.call, key=job.step.key)
        except (errors.Stale, errors.NotFound) as error:
            await self._changed_under_us(job, error)
        except (errors.AuthError, errors.RateLimited) as error:
            await landing.not_sent(job, error.message)
            self._trouble(error)
            return False
        except (NetworkError, SiteError) as error:
            if error.sent:
                await landing.lost(job, error.message)
                self._lookups.lost(job.key)
            else:
                await landing.not_sent(job, error.message)
            self._trouble(error)
            return False
        except ModtuiError as error:
            await landing.refused(job, error.message)
        except Exception as error:
            # A mistake of ours in the middle of a request: nobody knows whether it left.
            await landing.lost(job, "modtui made a mistake while sending.")
            self._lookups.lost(job.key)
            self._stumbled(error)
            return False
        else:
            self._up()
            await landing.done(job, answer)
        return True

    async def _changed_under_us(self, job: Job, error: ModtuiError) -> None:
        """The site says that the subject is not as we think: read it, and show what changed."""
        try:
            found = (await self.community.backend.reread([job.target.ref])).get(job.target.ref)
        except ModtuiError:
            found = None
        if found is not None:
            self._outbox.reads.note([found])
            verdict = judge(
                self._book, job.decision, job.target, found, account=self._landing.account,
                base=self._landing.base(job),
            )
            said = words.differences_words((*verdict.stops, *verdict.notes))
        else:
            said = ()
        try:
            if await self._arrived_after_all(job, "sending"):
                return
        except ModtuiError:
            pass  # it is shown as what it looks like
        if isinstance(error, errors.NotFound) and isinstance(found, Item) and not said:
            await self._landing.refused(job, error.message)
            return
        await self._landing.conflict(job, said or (error.message.rstrip("."),), found)

    async def _arrived_after_all(self, job: Job, frm: StepState) -> bool:
        """Whether what stands in the way is this very step: its answer was lost before, and it came late. Raises the
        backend's errors."""
        if not self._outbox.journal.was_unknown(*job.key):
            return False
        fate = await self._lookups.ask(job)
        if fate.is_ != "done":
            return False
        await self._landing.done(job, fate.answer, frm)
        return True

    # ---------------------------------------------------------------- the line

    def _trouble(self, error: ModtuiError) -> None:
        """Nothing can be sent for a while; the link says why."""
        wait_s = wait_for(error, self._backoff)
        if wait_s is None:
            wait_s = _SIGNED_OUT_S
        if not isinstance(error, errors.RateLimited) and self._down_since is None:
            self._down_since = self._clock.monotonic()
        self._pause(wait_s)
        self._outbox.line_down(self.community, error, wait_s)

    def _up(self) -> None:
        self._backoff.reset()
        self._outbox.line_up(self.community)

    def _after_outage(self) -> bool:
        """After an outage, what became too old to go out unasked waits for the moderator; True when there is any."""
        down, self._down_since = self._down_since, None
        if down is None:
            return False
        now = self._clock.monotonic()
        found = False
        for decision in self._book.open():
            for target in in_community(decision, self.community.id):
                step = current(target)
                if step is None or step.state != "held" or step.executor != "backend":
                    continue
                overdue = now - max(down, self._outbox.dues.at(decision, target, step))
                if overdue > self._outbox.resume_after_s:
                    self._outbox.ask_first(decision.id)
                    found = True
                    break
        return found
