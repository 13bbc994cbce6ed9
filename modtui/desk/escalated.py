"""The lane of what was handed to somebody: a copy of each item stands there while its row is set aside in its own lane.

It comes back when its clock runs out, when the site shows an answer, or when the moderator says so. The journal is the
truth: everything here is made from it again at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from modtui.desk.book import Book
from modtui.desk.clock import Clock
from modtui.desk.deadline import Deadline
from modtui.desk.escalation import SITE, handing_over, trail_of
from modtui.desk.events import CountsChanged, DecisionChanged, Event, ItemsChanged, LaneLoaded
from modtui.domain.decisions import Decision, Step, Target
from modtui.domain.items import Due, Escalation, Item
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, Lane, SubjectRef, item_id, parse_item_id
from modtui.errors import NotFound
from modtui.store import handed
from modtui.text import Foreign

if TYPE_CHECKING:
    from modtui.routes.base import Route
    from modtui.settings.model import RouteSettings
    from modtui.store.store import Store

LANE: Lane = "escalated"
KEPT_MS = 180 * 86_400_000
"""An escalation older than this is not looked for at the start."""
_AWAY = frozenset({"held", "sending", "unknown", "done"})
Back = Literal["", "due", "answered", "recalled"]


class Away(Struct):
    """One item that was handed to somebody. `back` says why it came back, "" while it is away."""

    ref: SubjectRef
    decision: str
    target: int
    escalation: Escalation
    verb: str = "escalate"
    delivered: bool = False
    seen: Seen | None = None
    back: Back = ""


def _clock_of(away: Escalation | None) -> Due | None:
    """The clock of the hand-over; in this lane it counts instead of the item's own."""
    if away is None or away.due_ms is None:
        return None
    length = max(0, away.due_ms - away.at_ms)
    return Due(
        target=f"route:{away.route}", within_ms=length, due_ms=away.due_ms, amber_ms=away.due_ms - length // 2,
        red_ms=away.due_ms - length // 10,
    )  # fmt: skip


class Escalations:
    """All of them, by subject. `aside` are the ids of the rows that stay out of their lanes meanwhile.

    `spawn` does work in the background, `mine` says whether this process sends for a community (then it writes down
    that something came back), `me` is our name there.
    """

    def __init__(
        self, store: Store, clock: Clock, book: Book, tell: Callable[[Event], None], *,
        routes: Mapping[str, Route], settings: Sequence[RouteSettings], deadline: Deadline,
        spawn: Callable[[Coroutine[Any, Any, None]], None], mine: Callable[[CommunityId], bool],
        me: Callable[[CommunityId], str | None], here: Collection[CommunityId],
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._book = book
        self._tell = tell
        self._routes = routes
        self._settings = settings
        self._deadline = deadline
        self._spawn = spawn
        self._mine = mine
        self._me = me
        self._here = frozenset(here)
        self._away: dict[SubjectRef, Away] = {}
        self._rows: dict[SubjectRef, tuple[str, ...]] = {}
        """The rows that are set aside, by subject ..."""
        self._lanes: dict[SubjectRef, tuple[Lane, ...]] = {}
        """... and the lanes in which a subject that is away has an open row."""
        self.aside: frozenset[str] = frozenset()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._clockwork: asyncio.Task[None] | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        """Make everything again from the journal, and watch the clocks. Raises StoreError."""
        refs = self._load()
        if refs:
            self._spawn(self._write(refs))
            self._watch()

    async def refresh(self) -> list[Item]:
        """As `start`, once, for a program that ends soon; gives the open rows of the lane. Raises StoreError."""
        await self._write(self._load())
        found = self._store.cache.items(self._store.cache.ids(LANE, list(self._here), open_only=True))
        return [item for item in found if item is not None]

    def _load(self) -> list[SubjectRef]:
        """Read the journal; gives the subjects whose rows may have to change."""
        decisions = handed.handed(self._store.journal.database, self._clock.now_ms() - KEPT_MS)
        if not decisions and not self._store.cache.ids(LANE, list(self._here), open_only=False):
            return []
        for decision in decisions:
            self._take(decision)
        for (id, target), why in handed.came_back(
            self._store.journal.database, [away.decision for away in self._away.values()]
        ).items():
            for away in self._away.values():
                if (away.decision, away.target) == (id, target) and why in ("due", "answered", "recalled"):
                    away.back = why  # type: ignore[assignment]
        self._due()
        stale = [
            parsed[1] for id in self._store.cache.ids(LANE, list(self._here), open_only=False)
            if (parsed := parse_item_id(id)) is not None and parsed[1] not in self._away
        ]  # fmt: skip
        self._aside(self._away)
        return [*self._away, *stale]

    async def close(self) -> None:
        """Stop watching the clocks."""
        if self._clockwork is not None:
            self._clockwork.cancel()
            await asyncio.gather(self._clockwork, return_exceptions=True)
            self._clockwork = None

    def _watch(self) -> None:
        if self._clockwork is None and any(away.escalation.due_ms for away in self._away.values()):
            self._clockwork = asyncio.create_task(self._run(), name="escalations")

    async def _run(self) -> None:
        """Bring back what is due, at its minute."""
        while True:
            self._wake.clear()
            refs = self._due()
            if refs:
                self._aside(refs)
                await self._write(refs)
            ends = [
                away.escalation.due_ms for away in self._away.values()
                if not away.back and away.delivered and away.escalation.due_ms is not None
            ]  # fmt: skip
            left_s = max(0.001, (min(ends) - self._clock.now_ms()) / 1000) if ends else None
            await self._clock.wait(self._wake, left_s)

    # ---------------------------------------------------------------- asking

    def all(self) -> list[Away]:
        """What is away or came back, the oldest first."""
        return sorted(self._away.values(), key=lambda away: (away.escalation.at_ms, away.decision, away.target))

    def of(self, ref: SubjectRef) -> Away | None:
        """The newest escalation of a subject."""
        return self._away.get(ref)

    def count(self, totals: dict[Lane, int], scope: Collection[CommunityId]) -> None:
        """Correct lane counts: what is away counts in its own lane only. Called with each paint, so nothing is read."""
        for ref, lanes in self._lanes.items():
            away = self._away.get(ref)
            if away is None or not lanes or ref.community not in scope:
                continue
            totals[LANE] = totals.get(LANE, 0) + 1
            for lane in lanes:
                if lane in totals and lane != LANE and away.verb == "escalate":
                    totals[lane] = max(0, totals[lane] - 1)

    # ---------------------------------------------------------------- what happens

    def heard(self, event: Event) -> None:
        """Listen to the desk."""
        if isinstance(event, DecisionChanged):
            refs = self._take(event.decision)
            if refs:
                self._aside(refs)
                self._spawn(self._write(refs))
                self._watch()
                self._wake.set()
        elif isinstance(event, ItemsChanged | LaneLoaded) and self._away:
            ids = event.items if isinstance(event, ItemsChanged) else event.ids
            touched = {parsed[1] for id in ids if (parsed := parse_item_id(id)) is not None} & self._away.keys()
            if touched:
                self._aside(touched)  # at once: the lists hear of it after this
                self._spawn(self._write(sorted(touched)))

    async def recall(self, ref: SubjectRef) -> None:
        """Bring an item back now: what was delivered stays so. Raises NotFound, StoreError."""
        away = self._away.get(ref)
        if away is None or away.back:
            raise NotFound("This item was not handed to anybody.")
        await self._bring(away, "recalled")
        self._aside([ref])
        await self._write([ref])

    async def _bring(self, away: Away, why: Back) -> None:
        away.back = why
        if self._mine(away.ref.community):
            await self._store.journal.note(
                handed.NOTED, {"target": away.target, "back": why}, at_ms=self._clock.now_ms(),
                community=away.ref.community, decision=away.decision,
            )  # fmt: skip

    def _due(self) -> list[SubjectRef]:
        """What came back just now because its time is over. It follows from the journal, so nothing is written."""
        now = self._clock.now_ms()
        found: list[SubjectRef] = []
        for away in self._away.values():
            due_ms = away.escalation.due_ms
            if not away.back and away.delivered and due_ms is not None and due_ms <= now:
                away.back = "due"
                found.append(away.ref)
        return found

    def _take(self, decision: Decision) -> list[SubjectRef]:
        """Note where a decision stands; gives the subjects that this is about."""
        if decision.intent.route is None or decision.undo_of is not None:
            return []
        touched: list[SubjectRef] = []
        for target in decision.targets:
            step = handing_over(decision, target)
            if step is None or not target.item or target.ref.community not in self._here:
                continue
            known = self._away.get(target.ref)
            if known is not None and known.decision > decision.id:
                continue  # handed to somebody else since: ids rise with time
            if step.state in _AWAY:
                back: Back = known.back if known is not None and known.decision == decision.id else ""
                self._away[target.ref] = self._made(decision, target, step, back)
            elif known is not None and known.decision == decision.id:
                self._away.pop(target.ref)
            else:
                continue
            touched.append(target.ref)
        return touched

    def _made(self, decision: Decision, target: Target, step: Step, back: Back) -> Away:
        name = decision.intent.route or ""
        title, hours, due_ms = self._known(name, step.words)
        delivered = step.state == "done"
        at_ms = (step.changed_ms if delivered else None) or decision.created_ms
        told = step.answer.data.get("due_ms") if step.answer is not None else None
        length = decision.intent.due_ms if decision.intent.due_ms is not None else due_ms
        if not isinstance(told, int):
            told = self._deadline(at_ms, length, hours) if length is not None else None
        me = Foreign(self._me(target.ref.community) or decision.account)
        return Away(
            ref=target.ref, decision=decision.id, target=target.index, verb=decision.verb, delivered=delivered,
            seen=target.seen, back=back,
            escalation=Escalation(
                route=name, title=Foreign(title), decision=decision.id, at_ms=at_ms, due_ms=told,
                by=me or None, note=Foreign(decision.intent.text) if decision.intent.text else None,
                trail=Foreign(trail_of(step, title, me)),
            ),
        )  # fmt: skip

    def _known(self, name: str, words: str) -> tuple[str, str, int | None]:
        """Title, working hours and due time of a route; of one that is not in the settings, its name, or whom the
        `words` of what the site was asked to do name."""
        if name.startswith(SITE):
            for one in self._settings:
                if one.kind == "site" and one.to == name.removeprefix(SITE):
                    return one.title or one.name, one.hours, one.due_ms
            return words.rpartition(" to ")[2] or name.removeprefix(SITE), "", None
        route = self._routes.get(name)
        return (route.title, route.hours, route.due_ms) if route is not None else (name, "", None)

    # ---------------------------------------------------------------- rows

    def _aside(self, refs: Iterable[SubjectRef]) -> None:
        """Note which rows of these subjects stay out of their lanes now, and where they are counted."""
        for ref in refs:
            away = self._away.get(ref)
            if away is None or away.back:
                self._rows.pop(ref, None)
                self._lanes.pop(ref, None)
                continue
            rows = self._store.cache.by_ref(ref)
            self._rows[ref] = tuple(row.id for row in rows if row.lane != LANE)
            self._lanes[ref] = tuple(row.lane for row in rows if row.state == "open")
        self.aside = frozenset(id for ids in self._rows.values() for id in ids)

    async def _write(self, refs: Iterable[SubjectRef]) -> None:
        """Make the rows of these subjects what they should be, and tell what changed."""
        async with self._turn:
            for ref in refs:
                await self._row(ref)

    async def _row(self, ref: SubjectRef) -> None:
        rows = self._store.cache.by_ref(ref)
        copy = next((row for row in rows if row.lane == LANE), None)
        others = [row for row in rows if row.lane != LANE]
        away = self._away.get(ref)
        if away is not None and not away.back and others and self._answered(away, others[0]):
            await self._bring(away, "answered")
        shown = self._shown(away, others) if away is not None else None
        wanted: list[Item] = []
        if away is not None and not away.back and (source := next(iter(others), copy)) is not None:
            wanted.append(replace(source, lane=LANE, escalation=shown, due=_clock_of(shown)))
        elif copy is not None:
            await self._store.cache.drop_items([copy.id])
        back = shown if away is not None and away.back not in ("", "recalled") else None
        wanted.extend(replace(row, escalation=back) for row in others)
        different = [row for row in wanted if row not in rows]
        if different:
            await self._store.cache.put_items(different)
        self._aside([ref])
        self._told(ref, copy, different, gone=copy is not None and not any(row.lane == LANE for row in wanted))

    def _told(self, ref: SubjectRef, copy: Item | None, different: Sequence[Item], *, gone: bool) -> None:
        """Tell what changed in the cache."""
        changed = [row.id for row in different]
        if gone:
            changed.append(item_id(LANE, ref))
        if not changed:
            return
        if copy is None and any(row.lane == LANE for row in different):
            id = item_id(LANE, ref)
            self._tell(LaneLoaded(community=ref.community, lane=LANE, added=1, first=False, ids=(id,)))
        self._tell(ItemsChanged(items=tuple(changed)))
        self._tell(CountsChanged(community=ref.community))

    def _shown(self, away: Away, others: Sequence[Item]) -> Escalation:
        """The escalation as a row shows it."""
        found = away.escalation
        if away.back in ("due", "answered"):
            state: Literal["due", "answered"] = "due" if away.back == "due" else "answered"
            words = "no answer in time" if state == "due" else "answered"
            return replace(found, state=state, trail=Foreign(f"{found.trail}; {words}"))
        if others and others[0].state != "open":
            by = others[0].handled_by
            return replace(found, state="answered", trail=Foreign(f"{found.trail}; {others[0].state} by {by or 'you'}"))
        return found

    def _answered(self, away: Away, now: Item) -> bool:
        """Whether somebody else wrote in the thread of a question since it was handed over."""
        if now.question is None or away.seen is None or now.state != "open" or not away.delivered:
            return False
        by = now.question.last_by
        me = self._me(away.ref.community)
        return now.question.last != away.seen.last and (by is None or me is None or by.lower() != me.lower())
