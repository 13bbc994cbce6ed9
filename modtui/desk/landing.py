"""Where a request lands: its outcome goes to the journal, and what it caused to the cache and to other decisions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from modtui.desk import reply_words
from modtui.desk.book import Change
from modtui.desk.community import Community
from modtui.desk.events import Troubled
from modtui.desk.link import broken
from modtui.desk.preflight import LIGHT
from modtui.desk.reads import FRESH_S
from modtui.domain.decisions import Answer, Decision, Step, StepState, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import Difference, Seen, differences, seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError, StoreError
from modtui.text import Foreign, own, say

if TYPE_CHECKING:
    from modtui.desk.carrier import Job
    from modtui.desk.outbox import Outbox

_TRIES = 3
_Place = tuple[str, int]
"""Decision, target."""


class Landing:
    """Writes outcomes for one community's sender."""

    def __init__(self, outbox: Outbox, community: Community) -> None:
        self._outbox = outbox
        self._book = outbox.book
        self._clock = outbox.clock
        self.community = community
        self._kept: list[tuple[str, tuple[Change, ...], Callable[[], Awaitable[None]]]] = []
        self._stepped: dict[_Place, float] = {}
        """Targets whose last step was answered, and when the look was that it rested on (monotonic seconds)."""
        self._looked: dict[_Place, float] = {}
        self._bases: dict[_Place, Seen] = {}
        self.to_read: dict[_Place, int] = {}
        """Targets to read back, with how often that failed."""

    @property
    def account(self) -> str | None:
        """Our name on the site."""
        return self.community.account.username if self.community.account is not None else None

    @property
    def read_first(self) -> bool:
        """Whether a whole batch waits to be read back."""
        return len(self.to_read) >= max(1, self.community.backend.capabilities.reread_batch)

    def base(self, job: Job) -> Seen | None:
        """What the subject looked like after our last step on it, where it was read back."""
        return self._bases.get((job.decision.id, job.target.index))

    def set_base(self, decision: str, target: int, seen: Seen) -> None:
        """What the subject has to look like from now on."""
        self._bases[decision, target] = seen
        self._stepped.pop((decision, target), None)
        self._looked.pop((decision, target), None)

    def looked(self, job: Job) -> None:
        """The subject was compared with what was shown; the step goes out next."""
        self._looked[job.decision.id, job.target.index] = self._outbox.reads.asked(job.target.ref)

    def stepped(self, job: Job) -> bool:
        """Whether the step before this one was done, and the look before that is so young that it counts for this one,
        too. A step whose answer was lost and found later says nothing about what happened meanwhile."""
        at = self._stepped.get((job.decision.id, job.target.index))
        return at is not None and self._clock.monotonic() - at < FRESH_S

    # ---------------------------------------------------------------- outcomes

    async def done(self, job: Job, answer: Answer | None, frm: StepState = "sending") -> None:
        """The step is in force."""
        change = Change(job.target.index, job.step.index, (frm,), "done", answer=answer or Answer())
        await self._write(job, (change,), lambda: self._after_done(job, answer or Answer()))

    async def found_done(self, job: Job, answer: Answer | None) -> None:
        """The lost answer was found: it is in force."""
        await self.done(job, answer, "unknown")

    async def refused(self, job: Job, message: str, frm: StepState = "sending") -> None:
        """The site will not do the step; the later ones of this target are dropped."""
        change = Change(job.target.index, job.step.index, (frm,), "refused", error=message)
        await self._write(job, (change, *_later(job, "discarded")), lambda: self._after_failure(job))

    async def conflict(
        self, job: Job, said: tuple[str, ...], found: Item | Gone | None, frm: StepState = "sending"
    ) -> None:
        """The subject is not what the moderator saw: nothing more of this target is sent."""
        if found is not None:  # before the conflict shows, so that its page has what is there now
            await self._follow(lambda: self._outbox.aftermath.read([found]))
        change = Change(job.target.index, job.step.index, (frm,), "conflict", conflict=said)
        await self._write(job, (change, *_later(job, "discarded")), lambda: self._after_failure(job))

    async def not_sent(self, job: Job, message: str, frm: StepState = "sending") -> None:
        """It did not leave: held again, or taken back where that was asked meanwhile."""
        if job.decision.id in self._book.stopping:
            change = Change(job.target.index, job.step.index, (frm,), "undone")
            await self._write(job, (change, *_later(job, "undone")), lambda: self._after_failure(job))
        else:
            change = Change(job.target.index, job.step.index, (frm,), "held", error=message or None)
            await self._write(job, (change,), _nothing)

    async def found_absent(self, job: Job) -> None:
        """The lost request never arrived: it may be sent again, after a new look at the subject."""
        self._outbox.reads.drop(job.target.ref)
        await self.not_sent(job, "", "unknown")

    async def lost(self, job: Job, message: str) -> None:
        """Nobody knows whether it arrived."""
        change = Change(job.target.index, job.step.index, ("sending",), "unknown", error=message)
        await self._write(job, (change,), _nothing)

    async def unclear(self, job: Job, said: str) -> None:
        """Even the site's pages do not tell; it stays visible."""
        message = said or "the site does not show whether it arrived"
        if job.step.error != message:
            change = Change(job.target.index, job.step.index, ("unknown",), "unknown", error=message)
            await self._write(job, (change,), _nothing)

    async def take_back(self, job: Job) -> None:
        """The moderator took it back while an earlier step was out."""
        change = Change(job.target.index, job.step.index, ("held",), "undone")
        await self._write(job, (change, *_later(job, "undone")), lambda: self._after_failure(job))

    async def note(self, job: Job, notes: Sequence[Difference]) -> None:
        """Something changed that does not stop the decision: a line in the journal."""
        await self._outbox.journal.note(
            "noticed",
            {"decision": job.decision.id, "target": job.target.index, "what": [one.what for one in notes]},
            {"words": [one.words for one in notes]},
            at_ms=self._clock.now_ms(), community=self.community.id,
        )  # fmt: skip

    # ---------------------------------------------------------------- writing

    async def _write(self, job: Job, changes: tuple[Change, ...], after: Callable[[], Awaitable[None]]) -> None:
        """Journal an outcome. Where the disk makes trouble it is kept and written later: what was sent is never sent
        again for that."""
        try:
            moved = await self._book.change(job.decision.id, *changes)
        except StoreError:
            self._kept.append((job.decision.id, changes, after))
            raise
        if moved[0]:
            await self._follow(after)

    async def write_kept(self) -> None:
        """Write the outcomes that the journal could not take before. Raises StoreError when it still cannot."""
        while self._kept:
            decision, changes, after = self._kept[0]
            moved = await self._book.change(decision, *changes)
            self._kept.pop(0)
            if moved[0]:
                await self._follow(after)

    async def _follow(self, after: Callable[[], Awaitable[None]]) -> None:
        try:
            await after()
        except StoreError as error:  # the cache: disposable, the outcome itself is safe
            self._outbox.tell(Troubled(words=str(error)))

    # ---------------------------------------------------------------- what follows

    async def _after_done(self, job: Job, answer: Answer) -> None:
        place = (job.decision.id, job.target.index)
        for ref in (job.target.ref, *answer.resolved):
            self._outbox.reads.drop(ref)
        if place in self._looked and job.step.state != "unknown":
            self._stepped[place] = self._looked[place]
        else:
            self._stepped.pop(place, None)
        self._bases.pop(place, None)
        if answer.held:
            self._outbox.tell(Troubled(words=reply_words.kept_by_site(job.decision.intent, job.target)))
        known = await self._outbox.aftermath.done(job.decision, job.target, job.step, self.account)
        if answer.resolved:
            await self._siblings(job, answer.resolved)
        decision = self._book.get(job.decision.id) or job.decision
        target = decision.targets[job.target.index]
        rest = [step for step in target.steps if step.state == "held"]
        late = [step for step in rest if self._outbox.dues.left(decision, target, step) > FRESH_S]
        versioned = self.community.backend.capabilities.versions
        if late or (not rest and (not known or decision.undo_of is not None)):
            self.to_read[place] = 0
        elif not versioned and job.decision.verb not in LIGHT and not rest:
            # No version guards the write here: look afterwards whether something slipped in between.
            self.to_read[place] = 0
        if not rest:
            await self._finished(decision, target)
            await self._outbox.let_go(decision)

    async def _finished(self, decision: Decision, target: Target) -> None:
        """An undo is complete for this target: what it took back is in force no more."""
        if decision.undo_of is None or any(step.state != "done" for step in target.steps):
            return
        original = self._book.get(decision.undo_of)
        if original is None:
            return
        changes = [
            Change(other.index, step.index, ("done",), "undone", error=step.error)
            for other in original.targets
            if other.ref == target.ref
            for step in other.steps
            if step.state == "done" and self._reversed(original, target, step)
        ]
        await self._book.change(original.id, *changes)

    def _reversed(self, original: Decision, target: Target, step: Step) -> bool:
        """Whether a step has a way back at all: a message that was sent stays in force, and its step stays `done`."""
        if step.executor != "backend":
            return False
        item = self._outbox.cached(target)
        if item is None:
            return True
        try:
            return bool(self.community.backend.plan_undo(item, original.intent, [step]).steps)
        except ModtuiError:
            return True

    async def _siblings(self, job: Job, refs: Sequence[SubjectRef]) -> None:
        """The site closed these with it: their rows are handled, and own decisions on them are met or conflict."""
        others = [ref for ref in refs if ref != job.target.ref]
        await self._outbox.aftermath.resolved(job.decision, others, self.account)
        for ref in others:
            for decision, target in self._book.of(ref):
                held = [step for step in target.steps if step.state == "held"]
                if not held or any(step.state in ("sending", "unknown", "done") for step in target.steps):
                    continue
                same = decision.verb == job.decision.verb and decision.intent.offer == job.decision.intent.offer
                met = next((step for step in held if step.call.name == job.step.call.name), None) if same else None
                await self._book.change(decision.id, *_sibling_changes(target, held, met, job.target.number))

    async def _after_failure(self, job: Job) -> None:
        self._bases.pop((job.decision.id, job.target.index), None)
        await self._outbox.let_go(self._book.get(job.decision.id) or job.decision)

    # ---------------------------------------------------------------- reading back

    async def read_back(self) -> None:
        """Read a batch of subjects after our writes: the cache learns how they are, later steps what to expect."""
        batch = max(1, self.community.backend.capabilities.reread_batch)
        places = list(self.to_read)[:batch]
        targets = {place: self._target(place) for place in places}
        refs = [target.ref for target in targets.values() if target is not None]
        asked = self._clock.monotonic()
        try:
            found = await self.community.backend.reread(list(dict.fromkeys(refs))) if refs else {}
        except ModtuiError as error:
            for place in places:
                self.to_read[place] += 1
                if self.to_read[place] >= _TRIES or not broken(error):
                    self.to_read.pop(place)
            if broken(error):
                raise
            return
        self._outbox.reads.note(found.values(), asked)
        for place, target in targets.items():
            self.to_read.pop(place, None)
            now = found.get(target.ref) if target is not None else None
            if target is None or now is None:
                continue
            if isinstance(now, Item):
                if any(step.state == "held" for step in target.steps):
                    self._bases[place] = seen_of(now)
                self._slipped(place, target, now)
        await self._outbox.aftermath.read(list(found.values()))

    def _target(self, place: _Place) -> Target | None:
        decision = self._book.get(place[0])
        return decision.targets[place[1]] if decision is not None else None

    def _slipped(self, place: _Place, target: Target, now: Item) -> None:
        """Reading and writing are two requests: say what changed in between."""
        before = self._book.before.get(place)
        decision = self._book.get(place[0])
        if before is None or decision is None or decision.verb == "edit" or decision.undo_of is not None:
            return
        mine = decision.targets[place[1]].steps
        if any(step.answer is not None and step.answer.edits for step in mine):
            return
        if any(one.what == "text" for one in differences(seen_of(before), now)):
            self._outbox.tell(
                Troubled(words=say("#{number} was edited just as your decision went out. Look again.",
                                   number=target.number))
            )  # fmt: skip


def _later(job: Job, to: StepState) -> list[Change]:
    """What becomes of the later steps of the target that are still held."""
    return [
        Change(job.target.index, step.index, ("held",), to)
        for step in job.target.steps
        if step.index > job.step.index and step.state == "held"
    ]


def _sibling_changes(target: Target, held: Sequence[Step], met: Step | None, number: str) -> list[Change]:
    """The site closed the subject of `target` together with another one's."""
    if met is None:
        words = (say("closed together with #{number}, by your decision on that", number=number),)
        first, rest = held[0], held[1:]
        return [
            Change(target.index, first.index, ("held",), "conflict", conflict=words),
            *(Change(target.index, step.index, ("held",), "discarded") for step in rest),
        ]
    done = Answer(words=Foreign(own("resolved by the same decision")))
    return [
        Change(target.index, step.index, ("held",), "discarded") for step in held if step.index < met.index
    ] + [Change(target.index, met.index, ("held",), "done", answer=done)]


async def _nothing() -> None:
    """Nothing follows."""
