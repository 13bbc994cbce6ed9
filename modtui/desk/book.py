"""The desk's memory of the outbox: what the journal says, kept at hand, and every transition through it.

The journal decides: a transition happens only where its compare-and-set succeeds, and only then is it remembered here
and told. What another process wrote is read again when the journal's data version moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from modtui.desk.clock import Clock
from modtui.desk.events import DecisionChanged, Event
from modtui.domain.decisions import Answer, Decision, Step, StepState, Target
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, SubjectRef

if TYPE_CHECKING:
    from modtui.store.journal import Journal

_FAILED = frozenset({"conflict", "refused"})
_INT_MAX = (1 << 63) - 1
_KEPT = 500
"""How many finished decisions stay in memory; older ones are read from the journal when asked for. Each is about
4 kB, so a long session would grow with every key."""
_AT_ONCE = 100
"""So many more are let go together."""


def steps_of(decision: Decision) -> Iterator[tuple[Target, Step]]:
    """All steps with their targets, in order."""
    for target in decision.targets:
        for step in target.steps:
            yield target, step


def current(target: Target) -> Step | None:
    """The step that is next (or on its way); None when the target is finished or stopped."""
    for step in target.steps:
        if step.state in ("held", "sending", "unknown"):
            return step
        if step.state in _FAILED:
            return None
    return None


def _made(decision: Decision) -> tuple[int, str]:
    return decision.created_ms, decision.id


def failed(decision: Decision) -> bool:
    """Whether something of it waits for the moderator: refused, or a conflict nobody resolved."""
    return any(step.state in _FAILED for _, step in steps_of(decision))


class Change(Struct, frozen=True):
    """One step's way from one of the states `frm` to `to`."""

    target: int
    step: int
    frm: tuple[StepState, ...]
    to: StepState
    answer: Answer | None = None
    error: str | None = None
    due_ms: int | None = None
    conflict: tuple[str, ...] = ()


class Book:
    """Decisions by id, in the order in which they were made, with an index by subject."""

    def __init__(self, journal: Journal, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._decisions: dict[str, Decision] = {}
        self._by_ref: dict[SubjectRef, list[tuple[str, int]]] = {}
        self._undos: dict[str, list[str]] = {}
        self._open: dict[str, None] = {}
        self._failed: dict[str, None] = {}
        self._version = -1
        self._seq = 0
        self._refreshes = 0
        self.changed = asyncio.Event()
        """Set with every change; who waits for one clears it first."""
        self.before: dict[tuple[str, int], Item] = {}
        """The subject as it was read just before a step of (decision, target) was sent."""
        self.stopping: set[str] = set()
        """Decisions that were taken back while a request was out: nothing more of them is sent."""

    # ---------------------------------------------------------------- reading

    def load(self) -> None:
        """Read what is open or failed, and the newest of the rest, from the journal."""
        self._version = self._journal.data_version()
        self._seq = self._journal.moved_since(_INT_MAX)[1]
        found = [*self._journal.failed_decisions(), *self._journal.history(limit=200), *self._journal.open_decisions()]
        for decision in sorted({one.id: one for one in found}.values(), key=_made):
            self._put(decision)
        self.stopping = self._journal.stopped(self._open)

    def refresh(self) -> list[Decision]:
        """Read again when another process wrote; gives back (and tells) the decisions that are new or changed."""
        version = self._journal.data_version()
        if version == self._version:
            return []
        self._version = version
        self._refreshes += 1
        moved, self._seq = self._journal.moved_since(self._seq)
        changed = [decision for decision in moved if self._decisions.get(decision.id) != decision]
        self.stopping |= self._journal.stopped([decision.id for decision in moved if decision.open])
        for decision in changed:
            self._put(decision)
            self._say(decision)
        return changed

    def get(self, id: str) -> Decision | None:
        """A decision, from memory or from the journal."""
        return self._decisions.get(id) or self._journal.decision(id)

    def all(self) -> list[Decision]:
        """What is remembered, the oldest first."""
        return list(self._decisions.values())

    def open(self) -> list[Decision]:
        """What is not final, the oldest first."""
        return [self._decisions[id] for id in self._open]

    def failed(self) -> list[Decision]:
        """What waits for the moderator: refused or a conflict (some may be open too)."""
        return [self._decisions[id] for id in self._failed]

    def of(self, ref: SubjectRef) -> list[tuple[Decision, Target]]:
        """The remembered decisions on a subject, the newest first."""
        found: list[tuple[Decision, Target]] = []
        for id, place in reversed(self._by_ref.get(ref, [])):
            decision = self._decisions.get(id)
            if decision is not None:
                found.append((decision, decision.targets[place]))
        return found

    def open_for(self, ref: SubjectRef) -> Decision | None:
        """The decision on this subject that is on its way."""
        for decision, target in self.of(ref):
            if any(step.state in ("held", "sending", "unknown") for step in target.steps):
                return decision
        return self._journal.open_for(ref)

    def undos(self, id: str) -> list[Decision]:
        """The decisions that take this one back, without those that failed."""
        if id in self._decisions:
            known = [self._decisions.get(one) for one in self._undos.get(id, ())]
        else:
            known = [*self._journal.undo_of(id)]
        return [one for one in known if one is not None and (one.open or one.state in ("done", "partly"))]

    # ---------------------------------------------------------------- writing

    async def record(self, decision: Decision) -> None:
        """Commit a new decision. Raises StoreError (ConflictingOpen when a subject has an open one)."""
        await self._journal.record(decision)
        self._put(decision)
        self._say(decision)

    async def stop(self, id: str) -> None:
        """A request of this decision is out and its fate will be known later: nothing more of it is to be sent, by
        whichever process and after whichever crash. Raises StoreError."""
        if id not in self.stopping:
            await self._journal.note("stop", {}, at_ms=self._clock.now_ms(), decision=id)
            self.stopping.add(id)

    async def change(self, decision: str, *changes: Change) -> list[bool]:
        """Transitions of one decision in one commit; each is a compare-and-set, False when the step was in another
        state by then. Raises StoreError, and then nothing moved."""
        from modtui.store.journal import Move

        if not changes:
            return []
        at_ms, refreshes = self._clock.now_ms(), self._refreshes
        done = await self._journal.move_many(
            [
                Move(
                    decision=decision, target=one.target, step=one.step, frm=one.frm, to=one.to, at_ms=at_ms,
                    answer=one.answer, error=one.error, due_ms=one.due_ms, conflict=one.conflict,
                )
                for one in changes
            ]
        )  # fmt: skip
        if not all(done) or decision not in self._decisions or refreshes != self._refreshes:
            self._reread(decision)
        else:
            self._apply(decision, changes, at_ms)
        return done

    # ---------------------------------------------------------------- inside

    def _apply(self, id: str, changes: Iterable[Change], at_ms: int) -> None:
        decision = self._decisions[id]
        targets = list(decision.targets)
        for change in changes:
            place = change.target  # the journal numbers targets from 0
            target = targets[place]
            steps = tuple(
                replace(
                    step, state=change.to, changed_ms=step.changed_ms if change.to == "unknown" else at_ms,
                    answer=change.answer or step.answer, error=change.error,
                    due_ms=step.due_ms if change.due_ms is None else change.due_ms,
                )
                if step.index == change.step
                else step
                for step in target.steps
            )  # fmt: skip
            words = change.conflict or (() if change.to == "held" else target.conflict)
            targets[place] = replace(target, steps=steps, conflict=words)
        fresh = replace(decision, targets=tuple(targets))
        self._put(fresh)
        self._say(fresh)

    def _reread(self, id: str) -> None:
        fresh = self._journal.decision(id)
        if fresh is None:
            self._drop(id)  # retention took it
        elif fresh != self._decisions.get(id):
            self._put(fresh)
            self._say(fresh)

    def _put(self, decision: Decision) -> None:
        known = decision.id in self._decisions
        self._decisions[decision.id] = decision
        for index, there in ((self._open, decision.open), (self._failed, failed(decision))):
            if there:
                index[decision.id] = None
            else:
                index.pop(decision.id, None)
        if known:
            return
        for target in decision.targets:
            self._by_ref.setdefault(target.ref, []).append((decision.id, target.index))
        if decision.undo_of is not None:
            self._undos.setdefault(decision.undo_of, []).append(decision.id)
        if len(self._decisions) - len(self._open) - len(self._failed) > _KEPT + _AT_ONCE:
            self._trim()

    def _trim(self) -> None:
        finished = [id for id in self._decisions if id not in self._open and id not in self._failed]
        for id in finished[:-_KEPT]:
            self._drop(id)

    def _drop(self, id: str) -> None:
        decision = self._decisions.pop(id, None)
        self._open.pop(id, None)
        self._failed.pop(id, None)
        for target in decision.targets if decision is not None else ():
            places = self._by_ref.get(target.ref, [])
            if (id, target.index) in places:
                places.remove((id, target.index))
            if not places:
                self._by_ref.pop(target.ref, None)
            self.before.pop((id, target.index), None)
        self._undos.pop(id, None)

    def _say(self, decision: Decision) -> None:
        self.changed.set()
        self._tell(DecisionChanged(decision=decision))


def in_community(decision: Decision, community: CommunityId) -> list[Target]:
    """The targets of a decision that are on this community."""
    return [target for target in decision.targets if target.ref.community == community]
