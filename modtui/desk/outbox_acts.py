"""What the moderator may do with decisions that wait or failed: send now, try again, drop, send old ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modtui.desk.book import Book, Change, current, in_community, steps_of
from modtui.desk.clock import Clock
from modtui.desk.due import Dues
from modtui.desk.outcome import OutboxState
from modtui.domain.decisions import Decision
from modtui.domain.subjects import CommunityId
from modtui.errors import NotFound, Refused
from modtui.ondemand import on_demand

if TYPE_CHECKING:
    from modtui.desk.escalation import route_of
    from modtui.desk.recovery import too_old
else:
    on_demand(__name__, "modtui.desk.recovery", "too_old")
    on_demand(__name__, "modtui.desk.escalation", "route_of")


class OutboxActs:
    """A part of `Outbox`."""

    book: Book
    clock: Clock
    dues: Dues
    resume_after_s: float
    _waiting: dict[str, int]
    _mine: set[str]

    def wake(self, *, try_now: bool = False) -> None:
        """Look again at what is due."""
        raise NotImplementedError

    def is_sender(self, community: CommunityId) -> bool:
        """Whether this process holds the community's lock."""
        raise NotImplementedError

    async def let_go(self, decision: Decision) -> None:
        """Release the claims of a decision that came to nothing, once. Raises StoreError."""
        raise NotImplementedError

    async def supersede(self, decision: Decision) -> None:
        """Older failures on the same subjects are settled by deciding afresh. Raises StoreError."""
        for target in decision.targets:
            for other, old in self.book.of(target.ref):
                if other.id == decision.id or old.state not in ("conflict", "refused", "partly"):
                    continue
                changes = [
                    Change(old.index, step.index, (step.state,), "discarded", error=step.error)
                    for step in old.steps
                    if step.state in ("conflict", "refused")
                ]
                await self.book.change(other.id, *changes)

    def state(self, community: CommunityId | None = None) -> OutboxState:
        """What is on its way, and what failed; of one community where it is named."""
        counts = {"held": 0, "sending": 0, "unknown": 0, "refused": 0, "conflict": 0}
        nexts: list[float] = []
        shown: dict[str, Decision] = {}
        for decision in (*self.book.open(), *self.book.failed()):
            targets = decision.targets if community is None else in_community(decision, community)
            if decision.id in shown or not targets:
                continue
            shown[decision.id] = decision
            for target in targets:
                states = {step.state for step in target.steps}
                for name in ("conflict", "refused", "unknown", "sending", "held"):
                    if name in states:
                        counts[name] += 1
                        break
                step = current(target)
                if step is not None and step.state == "held" and decision.id not in self._waiting:
                    nexts.append(self.dues.left(decision, target, step))
        due = self.clock.now_ms() + int(max(0.0, min(nexts)) * 1000) if nexts else None
        waiting = sum(
            community in (None, target.ref.community)
            for id in self._waiting if id in shown and shown[id].open for target in shown[id].targets
        )  # fmt: skip
        return OutboxState(
            held=counts["held"], sending=counts["sending"], unknown=counts["unknown"], failed=counts["refused"],
            conflict=counts["conflict"], waiting=waiting, next_due_ms=due,
            decisions=tuple(sorted(shown.values(), key=lambda one: (one.created_ms, one.id))),
        )  # fmt: skip

    def waiting_old(self) -> list[Decision]:
        """What is too old to go out unasked, the oldest first."""
        return [decision for decision in self.book.open() if decision.id in self._waiting or self._stale(decision)]

    def _stale(self, decision: Decision) -> bool:
        """Whether a decision would have to be asked about by whoever becomes the sender (we are not)."""
        return too_old(decision, self.resume_after_s, self.clock.now_ms()) and not any(
            self.is_sender(target.ref.community) for target in decision.targets
        )

    async def send_now(self, id: str | None = None) -> int:
        """End the hold of one decision, or of all that are not waiting to be asked; how many. Raises NotFound."""
        chosen = [self._known(id)] if id is not None else [
            one for one in self.book.open() if one.id not in self._waiting
        ]  # fmt: skip
        now = self.clock.now_ms()
        number = 0
        for decision in chosen:
            changes = [
                Change(target.index, step.index, ("held",), "held", due_ms=min(now, step.due_ms), error=step.error)
                for target, step in steps_of(decision)
                if step.state == "held"
            ]
            if any(step.state in ("sending", "unknown") and route_of(step) is None for _, step in steps_of(decision)):
                self._mine.add(decision.id)  # nothing to send before it is looked up, and that is waited for
            if not changes:
                continue
            self._waiting.pop(decision.id, None)
            self._mine.add(decision.id)
            await self.book.change(decision.id, *changes)
            self.dues.end_now(self.book.get(decision.id) or decision)
            number += 1
        self.wake(try_now=True)
        return number

    async def resume(self, ids: Sequence[str]) -> None:
        """Send these old decisions after all, each checked against the site. Raises NotFound, StoreError."""
        for id in ids:
            await self.send_now(id)

    async def discard(self, id: str) -> None:
        """Drop what is not sent of a decision. Raises NotFound; Refused when there is nothing to drop."""
        decision = self._known(id)
        changes = [
            Change(target.index, step.index, (step.state,), "discarded", error=step.error)
            for target, step in steps_of(decision)
            if step.state in ("held", "conflict", "refused", "unknown")
        ]
        if not changes:
            raise Refused("Nothing of this decision waits, so there is nothing to drop.")
        await self.book.change(id, *changes)
        self._waiting.pop(id, None)
        await self.let_go(self.book.get(id) or decision)
        self.wake()

    async def retry(self, id: str) -> None:
        """Try again what was refused, look up what is unknown, and do not wait for the line. What a route may have got
        is delivered again, under its old key. Raises NotFound, Refused, and ConflictingOpen when another decision on
        the subject is on its way."""
        decision = self._known(id)
        now = self.clock.now_ms()
        changes: list[Change] = []
        waiting = False
        for target in decision.targets:
            refused = next((step for step in target.steps if step.state == "refused"), None)
            waiting = waiting or current(target) is not None
            changes.extend(
                Change(target.index, step.index, ("unknown",), "held", due_ms=now)
                for step in target.steps
                if step.state == "unknown" and route_of(step) is not None
            )
            if refused is None:
                continue
            changes.extend(
                Change(target.index, step.index, ("refused", "discarded"), "held", due_ms=now)
                for step in target.steps
                if step.index >= refused.index and step.state in ("refused", "discarded")
            )
        if not changes and not waiting:
            raise Refused("Nothing of this decision was refused, so there is nothing to try again.")
        self._mine.add(id)
        await self.book.change(id, *changes)
        self.dues.end_now(self.book.get(id) or decision)
        self.wake(try_now=True)

    def _known(self, id: str) -> Decision:
        decision = self.book.get(id)
        if decision is None:
            raise NotFound("There is no such decision in the journal.", "modtui log shows them.")
        return decision
