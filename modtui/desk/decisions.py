"""From an intent to a committed decision.

The row says `deciding` at once; the commit runs in the journal's writer thread; nothing is sent before it. Nothing
here waits for a site.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from modtui.desk import escalation, words
from modtui.desk.book import Book
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.events import Event, ItemsChanged
from modtui.desk.outcome import Decided
from modtui.domain.decisions import Decision, Intent, Plan, Step, Target
from modtui.domain.items import Item
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, ReadOnly, Refused, UsageError
from modtui.ondemand import on_demand
from modtui.store.ids import new_id
from modtui.text import Foreign

if TYPE_CHECKING:
    from modtui.domain.seen import seen_of, without_text
    from modtui.routes.base import Route
else:
    on_demand(__name__, "modtui.domain.seen", "seen_of", "without_text")

_log = logging.getLogger(__name__)
_PERSONAL = frozenset({"silence", "ban", "warn", "reply", "escalate"})
"""Verbs that write to a person whatever their steps say: the long hold applies."""
_AT_ONCE = frozenset({"claim", "release"})
"""A claim that waits would be none."""
_SLICE = 50
"""After so many plans the loop gets a turn: a batch never makes a key wait."""


class Holds(Struct, frozen=True):
    """The settings of the hold, in seconds. `override_s` (the command line's `--hold`) sets all."""

    plain_s: float = 15.0
    person_s: float = 60.0
    override_s: float | None = None

    def length(self, intent: Intent, reaches: bool, asked_s: float | None) -> float:
        """How long a decision waits."""
        if self.override_s is not None:
            return max(0.0, self.override_s)
        if asked_s is not None:
            return max(0.0, asked_s)
        if intent.verb in _AT_ONCE:
            return 0.0
        if reaches or intent.sanction is not None or intent.verb in _PERSONAL or intent.route is not None:
            return self.person_s
        return self.plain_s


def author_of(item: Item) -> tuple[CommunityId, str] | None:
    """Who wrote the subject, for "one sanction per member"."""
    return (item.ref.community, item.author.native) if item.author is not None else None


def claimed_by_other(item: Item) -> bool:
    """Whether a colleague has taken it."""
    return item.claim is not None and not item.claim.mine


class Decider:
    """Plans intents and commits decisions."""

    def __init__(
        self, book: Book, clock: Clock, tell: Callable[[Event], None],
        community: Callable[[CommunityId], Community | None], holds: Holds, routes: Mapping[str, Route] | None = None,
    ) -> None:
        self._book = book
        self._clock = clock
        self._tell = tell
        self._community = community
        self._holds = holds
        self._routes = routes or {}
        self._running: dict[SubjectRef, int] = {}
        self._commits = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.recorded: Callable[[Decision, bool], None] = lambda decision, rested: None
        """Called after each commit: the outbox listens. The second says whether it rests on a read made for it,
        newer than what the moderator was shown."""

    def deciding(self, ref: SubjectRef) -> bool:
        """Whether a commit on this subject runs just now."""
        return ref in self._running

    async def committed(self) -> None:
        """Wait until no commit runs."""
        await self._quiet.wait()

    # ---------------------------------------------------------------- planning

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent would do, with the question about another's claim. Raises Refused with a sentence."""
        plan = self._plan(item, intent)
        if claimed_by_other(item) and item.claim is not None and intent.verb != "note":
            asks = words.claimed(item.claim.by, item.claim.since_ms, self._clock.now_ms(), intent.verb, item.lane)
            plan = replace(plan, asks=Foreign(asks.removesuffix(" y/N")))
        return plan

    def _plan(self, item: Item, intent: Intent) -> Plan:
        """What the backend does, and what a route delivers."""
        community = self._known(item)
        if intent.verb != "escalate" and intent.route is None:
            return community.backend.plan(item, intent)
        return escalation.plan(
            item, intent, community=community, routes=self._routes, now_ms=self._clock.now_ms(),
            backend=community.backend.plan,
        )

    def _known(self, item: Item) -> Community:
        community = self._community(item.ref.community)
        if community is None:
            raise Refused("This item belongs to a community that is not open here.")
        return community

    def _may_write(self, item: Item) -> None:
        """Raises ReadOnly where nothing may be sent to the item's community."""
        community = self._known(item)
        if community.read_only:
            raise ReadOnly(str(words.read_only_there(community.name)))

    # ---------------------------------------------------------------- deciding

    async def decide(
        self, items: Sequence[Item], intent: Intent, *, seen: Mapping[str, Seen] | None = None,
        hold_s: float | None = None, checked: bool = True, overrule: bool = False,
        each: Callable[[Item], Intent] | None = None,
    ) -> Decided:
        """Commit one decision on `items`. Items that cannot have it are left out, each with a sentence.

        `each` gives an item its own wording of `intent` (a message names its author); verb and sanction are the same.
        """
        if not items:
            raise UsageError("Nothing is chosen, so there is nothing to decide.")
        unique = list({item.ref: item for item in items}.values())
        skipped: dict[str, str] = {}
        free: list[Item] = []
        for item in unique:
            if self.deciding(item.ref) or (mine := self._book.open_for(item.ref)) is not None:
                skipped[item.id] = words.already(None if self.deciding(item.ref) else mine)
            else:
                free.append(item)
        with _Commit(self, [item.ref for item in free]):
            self._changed(free)
            try:
                targets = await self._targets(free, intent, seen or {}, checked, overrule, skipped, each)
                decision = await self._record(targets, intent, hold_s, skipped, seen is not None)
            except ModtuiError:
                self._changed(free, after=True)
                raise
        self._changed(free)
        return Decided(decision, skipped)

    async def record_undo(
        self, original: Decision, plans: Sequence[tuple[Target, Item, Plan]]
    ) -> Decision:
        """Commit the decision that takes `original` back; it goes out at once. Raises StoreError, ReadOnly."""
        for _, item, _ in plans:
            self._may_write(item)
        rows = [_Planned(item, plan, seen_of(item), True, False) for _, item, plan in plans]
        with _Commit(self, [target.ref for target, _, _ in plans]):
            intent = Intent(verb=plans[0][2].verb, offer=plans[0][2].offer)
            decision = self._build(rows, intent, 0.0, undo_of=original.id)
            await self._book.record(decision)
        self.recorded(decision, True)
        return decision

    async def _targets(
        self, items: Sequence[Item], intent: Intent, seen: Mapping[str, Seen], checked: bool, overrule: bool,
        skipped: dict[str, str], each: Callable[[Item], Intent] | None = None,
    ) -> list[_Planned]:
        sanctioned: set[tuple[CommunityId, str]] = set()
        sole = intent.verb in ("silence", "ban", "unsilence", "unban", "warn")
        planned: list[_Planned] = []
        for number, item in enumerate(items):
            if number % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            author = author_of(item)
            again = author is not None and author in sanctioned
            if again and sole:
                skipped[item.id] = "this decision has the same member already"
                continue
            worded = each(item) if each is not None else intent
            # Personal data of one among many never travels: nobody was asked about that one.
            share = worded.share and (len(items) == 1 or not item.folded)
            mine = replace(intent, message=worded.message, message_title=worded.message_title, share=share)
            if again and intent.sanction is not None:
                mine = replace(mine, sanction=None)
            try:
                if claimed_by_other(item) and not overrule and intent.verb != "note" and item.claim is not None:
                    raise Refused(f"{item.claim.by} has taken it")
                self._may_write(item)
                plan = self._plan(item, mine)
                if not plan.steps:
                    raise Refused("there is nothing to do")
            except ModtuiError as error:
                skipped[item.id] = error.message
                continue
            except Exception as error:
                # A mistake in an adapter concerns this item, not the key that was pressed.
                _log.error("%s while planning %s", type(error).__name__, intent.verb)
                skipped[item.id] = "modtui stumbled over this item"
                continue
            if author is not None and (intent.sanction is not None or sole):
                sanctioned.add(author)
            own_message = mine.message if mine.message != intent.message else None
            known = seen.get(item.id) or seen_of(item)
            planned.append(_Planned(item, plan, known, checked, again, own_message, mine.message_title))
        return planned

    async def _record(
        self, planned: list[_Planned], intent: Intent, hold_s: float | None, skipped: dict[str, str], rested: bool
    ) -> Decision | None:
        from modtui.store.trouble import ConflictingOpen

        while planned:
            reaches = any(row.plan.reaches for row in planned)
            decision = self._build(planned, intent, self._holds.length(intent, reaches, hold_s))
            try:
                await self._book.record(decision)
            except ConflictingOpen:
                # Another process decided on one of them in this moment: it is left out, the rest is tried again.
                free: list[_Planned] = []
                for row in planned:
                    other = self._book.open_for(row.item.ref)
                    if other is None:
                        free.append(row)
                    else:
                        skipped[row.item.id] = words.already(other)
                if len(free) == len(planned):
                    raise
                planned = free
                continue
            self.recorded(decision, rested)
            return decision
        return None

    def _build(
        self, planned: Sequence[_Planned], intent: Intent, hold_s: float, undo_of: str | None = None
    ) -> Decision:
        now = self._clock.now_ms()
        id = new_id(now)
        hold_ms = int(hold_s * 1000)
        community = self._known(planned[0].item)
        account = community.account.username if community.account is not None else Foreign("")
        plans = [row.plan for row in planned]
        full = all(plan.reversal == "full" for plan in plans)
        none = all(plan.reversal == "none" for plan in plans)
        return Decision(
            id=id, community=community.id, account=account, intent=intent, created_ms=now, hold_ms=hold_ms,
            targets=tuple(self._target(id, index, row, now, hold_ms) for index, row in enumerate(planned)),
            undo_of=undo_of, reversal="full" if full else "none" if none else "partial",
            stays=tuple(dict.fromkeys(stay for plan in plans for stay in plan.stays)),
        )  # fmt: skip

    def _target(self, decision: str, index: int, row: _Planned, now: int, hold_ms: int) -> Target:
        everything = self._holds.override_s is not None
        steps = tuple(
            Step(
                index=number, call=step.call, words=step.words, key=f"{decision}-{index}-{number}",
                executor=step.executor, reaches=step.reaches,
                due_ms=now + (hold_ms if step.waits or everything else 0),
            )
            for number, step in enumerate(row.plan.steps)
        )  # fmt: skip
        item = row.item
        return Target(
            index=index, item=item.id, ref=item.ref, number=item.number,
            author=item.author.username if item.author is not None else None,
            title=None if item.folded else item.title, seen=without_text(row.seen) if item.folded else row.seen,
            checked=row.checked, steps=steps, message=row.message,
            message_title=row.message_title if row.message else None,
        )  # fmt: skip

    def _changed(self, items: Iterable[Item], *, after: bool = False) -> None:
        if after:
            for item in items:
                self._running.pop(item.ref, None)
        ids = tuple(item.id for item in items)
        if ids:
            self._tell(ItemsChanged(items=ids))


class _Planned(Struct, frozen=True):
    item: Item
    plan: Plan
    seen: Seen
    checked: bool
    again: bool
    message: str | None = None
    message_title: str | None = None


class _Commit:
    """While it lasts, the subjects are `deciding`."""

    def __init__(self, decider: Decider, refs: Sequence[SubjectRef]) -> None:
        self._decider = decider
        self._refs = refs

    def __enter__(self) -> None:
        decider = self._decider
        decider._commits += 1
        decider._quiet.clear()
        for ref in self._refs:
            decider._running[ref] = 1

    def __exit__(self, *_: object) -> None:
        decider = self._decider
        decider._commits -= 1
        for ref in self._refs:
            decider._running.pop(ref, None)
        if not decider._commits:
            decider._quiet.set()
