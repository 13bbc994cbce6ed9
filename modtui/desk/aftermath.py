"""What a finished step means for the rows in the cache: handled, claimed, closed with a sibling, to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from modtui.desk.clock import Clock
from modtui.desk.events import CountsChanged, Event, ItemsChanged
from modtui.domain.capability import Blocked
from modtui.domain.decisions import FINAL, Decision, Step, Target
from modtui.domain.items import Claim, Gone, Item, Offer, State
from modtui.domain.subjects import SubjectRef
from modtui.text import Foreign

if TYPE_CHECKING:
    from modtui.store.cache import Cache

CLOSES: dict[str, State] = {
    "approve": "kept", "remove": "removed", "spam": "removed", "ignore": "ignored", "purge": "deleted",
}  # fmt: skip
_CLAIMS = frozenset({"claim", "release"})
_ENDED = frozenset({*CLOSES, "offer", "edit"})
"""Verbs whose offers end when the item is closed; what the site allows after it is not known before the next read."""


def is_claim(step: Step) -> bool:
    """Whether a step only takes the item: it closes nothing."""
    return step.call.name.startswith("claim")


def only_claimed(decision: Decision, target: Target) -> bool:
    """Whether the claim is all that is in force of a target that was to be more and has come to nothing."""
    if decision.verb in _CLAIMS or decision.undo_of is not None:
        return False
    done = [step for step in target.steps if step.state == "done"]
    ended = all(step.state in FINAL for step in target.steps)
    return ended and bool(done) and len(done) < len(target.steps) and all(map(is_claim, done))


def closing_state(decision: Decision, item: Item | None) -> State | None:
    """The state of a row after this decision, where it follows from the verb; None where only the site knows."""
    if decision.undo_of is not None:
        return None
    verb = decision.verb
    if verb == "offer" and item is not None:
        verb = next((offer.verb for offer in item.offers if offer.id == decision.intent.offer), verb)
    return CLOSES.get(verb)


def _left(item: Item) -> tuple[Offer, ...]:
    """The offers of an item that was closed just now: another verdict would only come too late."""
    closed = Blocked("state", "it is closed already")
    return tuple(replace(offer, capability=closed) if offer.verb in _ENDED else offer for offer in item.offers)


class Aftermath:
    """Writes what we caused to the cache and tells of it."""

    def __init__(self, cache: Cache, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._cache = cache
        self._clock = clock
        self._tell = tell
        self.closed: Callable[[Item], None] = lambda item: None
        """Called for each open row that we close: the lane's count is one less."""
        self.fill: Callable[[Iterable[Item]], list[Item]] = list
        """Fills in language and clock of what was read."""
        self.siblings: dict[SubjectRef, str] = {}
        """Subjects that the site closed together with another, and the decision that did it."""

    async def done(self, decision: Decision, target: Target, step: Step, by: str | None) -> bool:
        """A step was done: mark the rows of its subject. False when only a read can tell how the row is now."""
        items = self._cache.by_ref(target.ref)
        if decision.verb in _CLAIMS and decision.undo_of is None:
            me = Foreign(by) if by else decision.account
            claim = Claim(by=me, mine=True) if decision.verb == "claim" else None
            await self._put([replace(item, claim=claim) for item in items])
            return False  # who has it is known, but what the site now allows is not
        if is_claim(step):
            return True
        if target.item.startswith("members/"):
            if decision.verb != "erase" or decision.undo_of is not None:
                return False  # a member stays in the directory, whatever was decided
            await self._put([replace(item, state="gone", problem="the account was deleted") for item in items])
            return True
        state = closing_state(decision, items[0] if items else None)
        if state is None:
            return False
        await self._close(items, state, by)
        return True

    async def resolved(self, decision: Decision, refs: Iterable[SubjectRef], by: str | None) -> None:
        """The site closed these siblings with the subject of the decision."""
        items: list[Item] = []
        for ref in refs:
            self.siblings[ref] = decision.id
            items.extend(self._cache.by_ref(ref))
        state = closing_state(decision, items[0] if items else None) or "kept"
        await self._close(items, state, by)

    async def read(self, found: Sequence[Item | Gone]) -> None:
        """Subjects were read from the site: the cache takes them as they are."""
        gone = [one for one in found if isinstance(one, Gone)]
        fresh: list[Item] = []
        for one in found:
            if isinstance(one, Gone):
                continue
            rows = self._cache.by_ref(one.ref)
            lanes = [row.lane for row in rows if row.lane != one.lane]
            fresh.append(one)
            fresh.extend(replace(one, lane=lane) for lane in lanes)
        ids = [row.id for one in gone for row in self._cache.by_ref(one.ref)]
        for one in gone:
            await self._cache.mark_gone([one.ref], one.why)
        await self._put(self.fill(fresh))
        if ids:
            self._tell(ItemsChanged(items=tuple(ids)))

    async def _close(self, items: Sequence[Item], state: State, by: str | None) -> None:
        now = self._clock.now_ms()
        open_ones = [item for item in items if item.state == "open"]
        await self._put(
            [
                replace(item, state=state, handled_by=by, handled_ms=now, claim=None, offers=_left(item))
                for item in open_ones
            ]
        )
        for item in open_ones:
            self.closed(item)
        for community in dict.fromkeys(item.ref.community for item in items):
            self._tell(CountsChanged(community=community))

    async def _put(self, items: Sequence[Item]) -> None:
        if items:
            await self._cache.put_items(items)
            self._tell(ItemsChanged(items=tuple(item.id for item in items)))
