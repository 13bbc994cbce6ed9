"""What is found in the outbox when this process becomes the sender: after a crash, a quit, a pause, or another process
that ended."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field

from modtui.desk.book import Book, Change, in_community, steps_of
from modtui.desk.clock import Clock
from modtui.desk.due import hold_of
from modtui.domain.decisions import Decision
from modtui.domain.subjects import CommunityId

_AHEAD_MS = 60_000
"""A decision that was made further in the future than this tells of a clock that was set back: its age is unknown."""


class Recovered(Struct):
    """`unknown` steps were on their way and are looked up; `waiting` decisions are too old to go out unasked."""

    unknown: int = 0
    waiting: set[str] = field(default_factory=set)


def too_old(decision: Decision, resume_after_s: float, now_ms: int) -> bool:
    """Whether something of it is held that does not go out unasked: older than `resume_after_s`, or of no known age."""
    age_ms = now_ms - decision.created_ms
    old = age_ms > resume_after_s * 1000 or age_ms < -_AHEAD_MS
    return old and any(step.state == "held" for _, step in steps_of(decision))


async def recover(
    book: Book, clock: Clock, community: CommunityId, *, resume_after_s: float,
    skip: Collection[tuple[str, int, int]] = (), young: Collection[str] = (),
) -> Recovered:
    """Steps that were being sent become unknown; a hold that was interrupted starts again, unless the decision is
    older than `resume_after_s`: then it waits to be asked. `skip` is a step of our own that is in flight, `young`
    are decisions that were made just now.

    Raises StoreError.
    """
    found = Recovered()
    now = clock.now_ms()
    for decision in book.open():
        changes: list[Change] = []
        old = decision.id not in young and too_old(decision, resume_after_s, now)
        held = False
        for target in in_community(decision, community):
            for step in target.steps:
                if step.state == "sending" and (decision.id, target.index, step.index) not in skip:
                    words = "modtui ended while this was on its way"
                    changes.append(Change(target.index, step.index, ("sending",), "unknown", error=words))
                    found.unknown += 1
                elif step.state == "held":
                    held = True
                    hold_ms = hold_of(decision, step)
                    if not old and hold_ms:
                        changes.append(Change(target.index, step.index, ("held",), "held", due_ms=now + hold_ms))
        if old and held:
            found.waiting.add(decision.id)
        if changes:
            await book.change(decision.id, *changes)
    return found
