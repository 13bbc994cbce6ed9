"""The state of a row: what this desk does with it, then what others do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from modtui.desk import words
from modtui.desk.book import Book
from modtui.desk.later import WHEN_IT_CHANGES
from modtui.desk.outcome import OPEN, RowKind, RowState
from modtui.desk.route_words import to_whom
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, parse_item_id
from modtui.text import Foreign, Shown, own, say
from modtui.text.time import duration

_DECIDING = RowState(letter=".", words=own("deciding"), kind="deciding")
_MOVING: dict[str, tuple[RowKind, str, str]] = {
    "held": ("held", "H", "held"), "sending": ("sending", ">", "on its way"),
    "unknown": ("unknown", "?", "fate not known, the site is asked"),
}  # fmt: skip


class RowStates:
    """Answers `state_of` for rows. Cheap: one index look-up, at most one row of the cache."""

    def __init__(
        self, book: Book, item: Callable[[str], Item | None], deciding: Callable[[SubjectRef], bool],
        siblings: Mapping[SubjectRef, str], snoozed: Callable[[], Mapping[str, int]],
        skipped: Callable[[], Mapping[str, int]], now_ms: Callable[[], int],
        drafts: Callable[[], Collection[str]] = frozenset, away: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._book = book
        self._item = item
        self._deciding = deciding
        self._siblings = siblings
        self._snoozed = snoozed
        self._skipped = skipped
        self._now_ms = now_ms
        self._drafts = drafts
        self._away = away

    def of(self, item_id: str, item: Item | None = None) -> RowState:
        """The state of one row, by its item id; `item` is the row as the cache has it, where that is at hand."""
        parsed = parse_item_id(item_id)
        if parsed is None:
            return OPEN
        ref = parsed[1]
        if self._deciding(ref):
            return _DECIDING
        mine = next(iter(self._book.of(ref)), None)
        if mine is not None:
            state = _own(*mine)
            if state is not None:
                return state
        item = item or self._item(item_id)
        if item is None:
            return OPEN
        if item.state != "open":
            return self._handled(item, mine)
        if item_id in self._away():
            to = to_whom(mine[0].intent, mine[1].steps) if mine is not None else own("")
            if to and not to.startswith("escalated"):
                to = say("escalated {to}" if to.startswith("to ") else "escalated, {to}", to=to)
            return RowState("", to or own("escalated"), mine[0].id if mine else None, "done")
        until = self._snoozed().get(item_id)
        if until == WHEN_IT_CHANGES:
            return RowState("z", own("later, when it changes"), kind="later")
        if until is not None and until > self._now_ms():
            return RowState("z", say("later, back in {time}", time=duration(until - self._now_ms())), kind="later")
        if item_id in self._skipped():
            return RowState("n", own("not for me"), kind="skipped")
        if item_id in self._drafts() and (item.claim is None or item.claim.mine):
            return RowState("d", own("a draft of yours waits"), kind="draft")
        if item.claim is not None and item.claim.mine:
            return RowState("c", own("taken by you"), kind="mine")
        if item.claim is not None:
            return RowState("o", say("taken by {by}", by=item.claim.by), kind="other")
        return OPEN

    def _handled(self, item: Item, mine: tuple[Decision, Target] | None) -> RowState:
        sibling = self._siblings.get(item.ref)
        if sibling is not None:
            return RowState("", own("resolved by the same decision"), sibling, "done")
        if mine is not None and any(step.state == "done" for step in mine[1].steps):
            decision = mine[0]
            if decision.undo_of is not None:
                return RowState("", own("taken back by you"), decision.id, "done")
            return RowState("", _by(words.did(decision.verb, item.lane), None), decision.id, "done")
        return RowState("", _by(item.state, item.handled_by), kind="handled")


def _by(did: str, who: Foreign | None) -> Shown:
    if who is None and did in ("gone", "deleted"):
        return own(did)
    return say("{did} by {who}", did=did.rstrip(":"), who=who if who is not None else "you")


def _own(decision: Decision, target: Target) -> RowState | None:
    """The state that our newest decision on the subject gives; None where the row speaks for itself again."""
    state = target.state
    if state in _MOVING:
        kind, letter, said = _MOVING[state]
        step = next(step for step in target.steps if step.state == state)
        if decision.undo_of is not None:
            return RowState(letter, say("taking back, {said}", said=own(said)), decision.id, kind)
        if state == "unknown" and step.executor != "backend":
            return RowState(letter, own("delivered or not: nobody knows, U tries again"), decision.id, kind)
        if state == "held" and step.error:
            return RowState(letter, say("waits: {why}", why=step.error), decision.id, kind)
        done = words.did(decision.verb, words.lane_of(target))
        return RowState(letter, say("{done}, {said}", done=own(done), said=own(said)), decision.id, kind)
    states = {step.state for step in target.steps}
    if "conflict" in states:
        why = "; ".join(target.conflict) or "it changed meanwhile"
        return RowState("!", say("not sent: {why}", why=why), decision.id, "conflict")
    if "refused" in states:
        kind = "partly" if "done" in states else "refused"
        return RowState("x", words.partly(target), decision.id, kind)
    return None
