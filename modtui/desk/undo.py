"""Taking back, doing again, and choosing between mine and theirs.

Held is free. What was sent is asked about first and becomes a decision of its own. While a request is out, what has
not left is stopped, and the outcome is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from modtui.desk import across, undo_words, words
from modtui.desk.aftermath import is_claim, only_claimed
from modtui.desk.book import Change, steps_of
from modtui.desk.decisions import Decider
from modtui.desk.outbox import Outbox
from modtui.desk.outcome import UndoResult
from modtui.desk.rereads import Rereads
from modtui.domain.decisions import Decision, Intent, Plan, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import conflicts, differences, seen_of
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NotFound, Refused

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

_OUTCOME_S = 10.0
"""How long `u` waits for a request that is out."""
_OTHERS_S = 2.0
"""How long, where another community waits for `u`, too."""
_REDOS = 50
_UNDOABLE = frozenset({"held", "sending", "unknown", "done", "partly"})


class _Ways(Struct):
    """How the done targets of a decision are taken back, and why some are not."""

    plans: list[tuple[Target, Item, Plan]] = field(default_factory=list)
    cannot: int = 0
    stays: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


class Undoer:
    """`u`, ctrl+r, and the two keys of a conflict."""

    def __init__(self, desk: Desk, decider: Decider, outbox: Outbox) -> None:
        self._desk = desk
        self._decider = decider
        self._outbox = outbox
        self._book = outbox.book
        self._clock = outbox.clock
        self._rereads = Rereads(desk.community, outbox)
        self._redo: list[str] = []
        self.since_ms = 0
        """When this session began: `u` without a name goes no further back."""

    def last(self) -> Decision | None:
        """The newest decision that `u` would take back, over all communities: of this session, or of an earlier one
        where it has not gone out yet (a dropped line takes no undo away)."""
        for decision in reversed(self._book.all()):
            if decision.undo_of is not None or (decision.created_ms < self.since_ms and not decision.open):
                continue
            undos = self._book.undos(decision.id)
            if decision.state in _UNDOABLE and (self._left(decision) or not undos or _waits(decision, undos)):
                return decision
        return None

    def _left(self, decision: Decision) -> list[Target]:
        """The targets of which something is in force and that no other decision takes back. A claim that was only the
        way to a verdict is let go by itself."""
        covered = {target.ref for undo in self._book.undos(decision.id) for target in undo.targets}
        return [
            target for target in decision.targets
            if target.ref not in covered and any(step.state == "done" for step in target.steps)
            and not only_claimed(decision, target)
        ]  # fmt: skip

    def forget_redo(self) -> None:
        """The moderator decided something new: there is nothing to do again."""
        self._redo.clear()

    # ---------------------------------------------------------------- undo

    async def undo(self, id: str | None, *, confirmed: bool) -> UndoResult:
        """Take back one decision. Raises NotFound, StoreError, and the site's errors when it has to be read."""
        await self._decider.committed()
        self._book.refresh()  # another process may have taken it back just now
        decision = self.last() if id is None else self._book.get(id)
        if decision is None:
            if id is not None:
                raise NotFound("There is no such decision in the journal.", "modtui log shows them.")
            return UndoResult("nothing", undo_words.nothing_left())
        undos = self._book.undos(decision.id)
        if undos and not decision.open and not self._left(decision):
            said = undo_words.undo_runs if any(one.open for one in undos) else undo_words.nothing_of
            return UndoResult("nothing", said(decision), decision)
        decision, stopped = await self._stop(decision)
        states = {step.state for _, step in steps_of(decision)}
        done, later = self._left(decision), frozenset[CommunityId]()
        if states & {"sending", "unknown"}:
            out = [(target, step) for target, step in steps_of(decision) if step.state in ("sending", "unknown")]
            if any(step.executor == "backend" for _, step in out):  # of a route's nobody will ever know more
                await self._book.stop(decision.id)
            later = frozenset(target.ref.community for target, _ in out)
            done = [target for target in done if target.ref.community not in later]
            if not done:  # where several communities are meant, one does not hold up the other
                return UndoResult("wait", undo_words.waits_for_outcome(decision, unknown="unknown" in states), decision)
        if not done:
            if not stopped:
                return UndoResult("nothing", undo_words.nothing_of(decision), decision)
            self._remember(decision.id)
            return UndoResult("taken back", undo_words.taken_back(decision), decision)
        return await self._undo_sent(decision, done, stopped, confirmed, later)

    async def _stop(self, decision: Decision) -> tuple[Decision, int]:
        """Take back all that is held, and wait a little for what is out; gives how many targets were stopped."""
        stopped: set[int] = set()
        end = self._clock.monotonic() + (_OUTCOME_S if len(decision.places) == 1 else _OTHERS_S)
        while True:
            held = [(target.index, step.index) for target, step in steps_of(decision) if step.state == "held"]
            if held:
                changes = [Change(target, step, ("held",), "undone") for target, step in held]
                moved = await self._book.change(decision.id, *changes)
                stopped |= {place[0] for place, ok in zip(held, moved, strict=True) if ok}
            self._book.changed.clear()
            decision = self._book.get(decision.id) or decision
            states = {step.state for _, step in steps_of(decision)}
            left = end - self._clock.monotonic()
            if "held" in states and left > 0:
                continue
            out = {target.ref.community for target, step in steps_of(decision) if step.state == "sending"}
            if not out or left <= 0 or not any(map(self._outbox.is_sender, out)):
                await self._outbox.let_go(decision)
                return decision, len(stopped)
            await self._book.stop(decision.id)
            await self._clock.wait(self._book.changed, left)
            decision = self._book.get(decision.id) or decision

    async def _undo_sent(
        self, decision: Decision, done: Sequence[Target], stopped: int, confirmed: bool,
        later: frozenset[CommunityId] = frozenset(),
    ) -> UndoResult:  # fmt: skip
        items, silent = await self._items(done, fresh=confirmed)
        ways = self._ways(decision, done, items)
        if not ways.plans:
            return UndoResult("impossible", undo_words.impossible(decision, ways.stays or ways.why), decision)
        if not confirmed:
            steps = [step.words for _, _, plan in ways.plans for step in plan.steps]
            question = undo_words.asks_undo(
                decision, self._clock.now_ms(), steps=steps, stays=ways.stays, sent=len(done), stopped=stopped,
                cannot=ways.cannot,
            )
            return UndoResult("asks", question, decision)
        undo = await self._decider.record_undo(decision, ways.plans)
        self._remember(decision.id)
        said = across.undo_sent(decision, undo, self._desk.community, later=later, silent=silent.keys())
        return UndoResult("sent undo", said, undo)

    async def _items(
        self, targets: Sequence[Target], *, fresh: bool
    ) -> tuple[dict[SubjectRef, Item | Gone], dict[CommunityId, ModtuiError]]:
        """The subjects as they are: from the cache for the question, from the site for the deed. Of several communities
        one that does not answer holds up no other: its rows of the cache serve, and the look before sending compares
        them; it is in the second dict. Raises the error of an only one."""
        found: dict[SubjectRef, Item | Gone] = {}
        missing: list[SubjectRef] = []
        for target in targets:
            cached = self._outbox.cached(target)
            if cached is not None:
                found[target.ref] = cached
            if fresh or cached is None:
                missing.append(target.ref)
        several = len({target.ref.community for target in targets}) > 1
        read, silent = await self._rereads.read(missing, patient=not several)
        if silent and not several:
            raise next(iter(silent.values()))
        found.update(read)
        return found, silent

    async def read(
        self, refs: Sequence[SubjectRef]
    ) -> tuple[dict[SubjectRef, Item | Gone], dict[CommunityId, ModtuiError]]:
        """Read subjects from their sites, in batches, also into the cache; with the errors of the communities that do
        not answer. Raises the first of them where none answers."""
        found, silent = await self._rereads.read(refs)
        if silent and len(silent) == len({ref.community for ref in refs}):
            raise next(iter(silent.values()))
        return found, silent

    def _ways(
        self, decision: Decision, done: Sequence[Target], items: dict[SubjectRef, Item | Gone]
    ) -> _Ways:
        ways = _Ways(stays=list(decision.stays))
        for target in done:
            item = items.get(target.ref)
            community = self._desk.community(target.ref.community)
            if not isinstance(item, Item) or community is None:
                ways.cannot += 1
                ways.why.append(item.why if isinstance(item, Gone) else "its community is not open here")
                continue
            if community.read_only:
                ways.cannot += 1
                ways.why.append(str(words.read_only_there(community.name)).rstrip("."))
                continue
            steps = [step for step in target.steps if step.state == "done" and step.executor == "backend"]
            if not steps:  # only a route got something
                ways.cannot += 1
                continue
            try:
                plan = community.backend.plan_undo(item, target.intent(decision.intent), steps)
            except ModtuiError as error:
                ways.cannot += 1
                ways.why.append(error.message)
                continue
            ways.stays.extend(plan.stays)
            if plan.reversal == "none" or not plan.steps:
                ways.cannot += 1
                continue
            ways.plans.append((target, item, plan))
        return ways

    async def release(self, decision: Decision, target: Target) -> None:
        """A decision failed after it had claimed its subject: let go of the claim."""
        item = self._outbox.cached(target)
        community = self._desk.community(target.ref.community)
        claims = [step for step in target.steps if step.state == "done" and is_claim(step)]
        if item is None or community is None or not claims:
            return
        try:
            plan = community.backend.plan_undo(item, target.intent(decision.intent), claims)
            if plan.steps:
                await self._decider.record_undo(decision, [(target, item, plan)])
        except ModtuiError:
            return  # the claim stays, and the row shows it

    # ---------------------------------------------------------------- again

    def _remember(self, id: str) -> None:
        self._redo = [*(one for one in self._redo if one != id), id][-_REDOS:]

    async def redo(self) -> UndoResult:
        """Decide again what was taken back last: a new decision on the same items, freshly read where the site
        answers. What somebody changed meanwhile is left out. Raises StoreError."""
        await self._decider.committed()
        decision = self._book.get(self._redo[-1]) if self._redo else None
        if decision is None:
            return UndoResult("nothing", undo_words.nothing_again())
        if any(one.open for one in self._book.undos(decision.id)):
            return UndoResult("wait", undo_words.undo_runs(decision))
        # Without the line the cached rows serve; the look before sending compares them anyway.
        refs = [target.ref for target in decision.targets]
        found, _ = await self._rereads.read(refs, patient=len(decision.places) == 1)
        items: list[Item] = []
        for target in decision.targets:
            item = found.get(target.ref) or self._outbox.cached(target)
            if not isinstance(item, Item):
                continue
            seen = target.seen
            if seen is not None:
                changed = conflicts(decision.verb, tuple(
                    one for one in differences(seen, item) if one.what in ("text", "reports", "gone")
                ))  # fmt: skip
                if changed:
                    continue
            cached = self._outbox.cached(target)
            items.append(cached if cached is not None else item)
        if not items:
            return UndoResult("impossible", undo_words.not_again(decision, "it changed meanwhile"))
        result = await self._decider.decide(items, decision.intent, each=worded(decision))
        self._redo.pop()
        if result.decision is None:
            why = next(iter(result.skipped.values()), "it is not possible any more")
            return UndoResult("impossible", undo_words.not_again(decision, why))
        return UndoResult("again", words.decided(result.decision, self._desk.reasons), result.decision)

    # ---------------------------------------------------------------- conflicts

    async def resolve(self, id: str, choice: Literal["mine", "theirs"]) -> Decision | None:
        """`theirs` drops what conflicts. `mine` decides it again on the subject as it is now; gives the decision that
        goes out. Of many, those that are gone or changed once more stay in conflict. Raises NotFound, Refused (no
        conflict, or none is possible any more), and the site's errors."""
        decision = self._book.get(id)
        if decision is None:
            raise NotFound("There is no such decision in the journal.", "modtui log shows them.")
        targets = [one for one in decision.targets if any(step.state == "conflict" for step in one.steps)]
        if not targets:
            raise Refused("Nothing of this decision is in conflict.")
        if choice == "theirs":
            await self._drop(decision, targets)
            return None
        shown = {target.ref: self._outbox.cached(target) for target in targets}
        found, silent = await self._rereads.read([target.ref for target in targets])
        if len(silent) == len({target.ref.community for target in targets}):
            raise next(iter(silent.values()))
        whole: list[Target] = []
        left: dict[int, ModtuiError] = {}
        for target in targets:
            item = found.get(target.ref)
            if item is None and target.ref.community in silent:
                left[target.index] = silent[target.ref.community]
                continue
            if not isinstance(item, Item):
                left[target.index] = Refused(sentence_gone(target.number, item), "t leaves it as it is.")
                continue
            before = shown[target.ref]
            again = conflicts(decision.verb, differences(seen_of(before), item)) if before is not None else ()
            if again:  # what the page of the conflict shows is not how it is by now
                left[target.index] = Refused(words.changed_again(target.number, again), "Look, then choose again.")
            elif not any(step.state == "done" for step in target.steps):
                whole.append(target)
        targets = [target for target in targets if target.index not in left]
        if not targets:
            raise next(iter(left.values()))
        result: Decision | None = None
        if whole:
            items = [item for target in whole if isinstance(item := found[target.ref], Item)]
            items = [self._outbox.cached(target) or item for target, item in zip(whole, items, strict=True)]
            decided = await self._decider.decide(
                items, decision.intent, seen={item.id: seen_of(item) for item in items}, hold_s=0.0, overrule=True,
                each=worded(decision),
            )
            if decided.decision is None:
                raise Refused(words.sentence(next(iter(decided.skipped.values()), "It is not possible any more")))
            result = decided.decision
            taken = {target.item for target in decided.decision.targets}
            await self._drop(decision, [target for target in whole if target.item in taken])
        rest = [target for target in targets if target not in whole]
        if rest:
            result = await self._go_on(decision, rest, found) or result
        return result

    async def _drop(self, decision: Decision, targets: Sequence[Target]) -> None:
        changes = [
            Change(target.index, step.index, ("conflict",), "discarded")
            for target in targets
            for step in target.steps
            if step.state == "conflict"
        ]
        await self._book.change(decision.id, *changes)

    async def _go_on(
        self, decision: Decision, targets: Sequence[Target], found: dict[SubjectRef, Item | Gone]
    ) -> Decision | None:
        """Part of it is in force already: the rest goes on, from the subject as it is now."""
        changes: list[Change] = []
        now = self._clock.now_ms()
        for target in targets:
            first = next(step.index for step in target.steps if step.state == "conflict")
            changes.extend(
                Change(target.index, step.index, ("conflict", "discarded"), "held", due_ms=now)
                for step in target.steps
                if step.index >= first and step.state in ("conflict", "discarded")
            )
            item = found[target.ref]
            if isinstance(item, Item):
                self._outbox.set_base(decision.id, target, seen_of(item))
        await self._book.change(decision.id, *changes)
        await self._outbox.send_now(decision.id)
        return self._book.get(decision.id)


def _waits(decision: Decision, undos: Sequence[Decision]) -> bool:
    """Whether the outcome of some target is still awaited that no undo of the decision has."""
    covered = {target.ref for undo in undos for target in undo.targets}
    return any(
        target.ref not in covered and step.executor == "backend" and step.state in ("sending", "unknown")
        for target, step in steps_of(decision)
    )  # fmt: skip


def worded(decision: Decision) -> Callable[[Item], Intent]:
    """The intent of a decision as it was meant for each of its targets."""
    mine = {target.ref: target.intent(decision.intent) for target in decision.targets}
    return lambda item: mine.get(item.ref, decision.intent)


def sentence_gone(number: str, item: Item | Gone | None) -> str:
    """Why a conflict cannot be overruled."""
    why = item.why if isinstance(item, Gone) else "the site does not show it any more"
    return f"#{number} cannot be decided: {why}."
