"""The desk: the program without a screen. A thin front; each room behind it does one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from modtui.desk import link as lines
from modtui.desk.book import Book
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.deadline import Deadline, plain_deadline
from modtui.desk.decisions import Decider, Holds
from modtui.desk.drafts import Drafts
from modtui.desk.escalated import Escalations
from modtui.desk.events import DecisionChanged, Event, Events, ItemsChanged, Link, LinkChanged, Troubled
from modtui.desk.filling import Filling
from modtui.desk.finding import Counter
from modtui.desk.labels import label
from modtui.desk.lateness import Lateness
from modtui.desk.later import Later
from modtui.desk.looking import Looking
from modtui.desk.outbox import Outbox
from modtui.desk.outcome import Decided, RowState, UndoResult
from modtui.desk.overview import Absent
from modtui.desk.rowstate import RowStates
from modtui.desk.targets import Targets
from modtui.desk.tasks import Tasks
from modtui.domain.capability import Blocked, Capability
from modtui.domain.decisions import Decision, Intent, Plan, Target
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.domain.replies import SavedReply
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError, StoreError
from modtui.ondemand import on_demand
from modtui.text import Shown

if TYPE_CHECKING:
    from modtui.desk.context import ContextKeeper
    from modtui.desk.escalation import can_escalate
    from modtui.desk.members import Members
    from modtui.desk.possible import possible
    from modtui.desk.replies import Replies
    from modtui.desk.replying import Writing, check, with_draft
    from modtui.desk.sync import Sync
    from modtui.desk.undo import Undoer
    from modtui.desk.view import View
    from modtui.routes.base import Route
    from modtui.settings.model import RouteSettings
    from modtui.store.store import Store
else:
    on_demand(__name__, "modtui.desk.escalation", "can_escalate")
    on_demand(__name__, "modtui.desk.possible", "possible")
    on_demand(__name__, "modtui.desk.replying", "check", "with_draft")


class Desk(Looking):
    """Looks, decides, sends, takes back: for one or more communities, over one store.

    Holds are in seconds. `hold_override_s` (the command line's `--hold`) sets all of them. With `read_only` nothing
    writes to a site. `routes` deliver escalations, `site_routes` are the settings of the site's own, `deadline` counts
    working hours. `resume_after_s`: what was held longer ago than this is asked about before it goes out.
    """

    def __init__(
        self, communities: Sequence[Community], store: Store, *, reasons: Sequence[Reason] = (), hold_s: float = 15,
        hold_person_s: float = 60, hold_override_s: float | None = None, read_only: bool = False,
        resume_after_s: float = 3600, clock: Clock | None = None, targets: Targets | None = None,
        routes: Sequence[Route] = (), site_routes: Sequence[RouteSettings] = (), deadline: Deadline = plain_deadline,
        replies: Callable[[], Sequence[SavedReply]] = tuple,
    ) -> None:
        self.communities = list(communities)
        label(self.communities)
        self.store = store
        self.reasons = tuple(reasons)
        self.read_only = read_only
        self.clock = clock or Clock()
        self.events = Events()
        self.absent: tuple[Absent, ...] = ()
        """Communities of the settings that could not be opened: set by whoever opened the desk."""
        self.idle = False
        """The moderator is away: set by the screens, then sites are polled less."""
        self._by_id = {community.id: community for community in self.communities}
        self._book = Book(store.journal, self.clock, self.events.tell)
        self._routes = {one.name: one for one in routes}
        self._site_routes = tuple(site_routes)
        self._deadline = deadline
        self._holds = Holds(hold_s, hold_person_s, hold_override_s)
        self._decider = Decider(self._book, self.clock, self.events.tell, self.community, self._holds, self._routes)
        self._outbox = Outbox(
            self._book, store, self.clock, self.communities, self.events.tell, resume_after_s=resume_after_s,
            line_up=self._line_up, line_down=self._line_down, release=self._release, routes=self._routes,
            deadline=deadline,
        )
        self.escalations = Escalations(
            store, self.clock, self._book, self.events.tell, routes=self._routes, settings=self._site_routes,
            deadline=deadline, spawn=lambda work: self._tasks.spawn(work), mine=self.is_sender,
            me=lambda id: found.account.username if (found := self.community(id)) and found.account else None,
            here=self._by_id.keys(),
        )
        """What was handed to somebody: the lane escalated."""
        self._counter = Counter(self._book)
        self._outbox.aftermath.closed = lambda item: self._counter.closed(item, self._counted(item.ref.community))
        self._decider.recorded = self._outbox.recorded
        self.drafts = Drafts(
            store.journal, self.clock, self._book, tell=lambda error: self.events.tell(Troubled(words=str(error))),
            changed=lambda ids: self.events.tell(ItemsChanged(items=ids)),
        )
        self._given_replies = replies
        self._tasks = Tasks(lambda error: self.events.tell(Troubled(words=str(error))))
        self._later = Later(store, self.clock.now_ms, self.events.tell, self._tasks.spawn)
        self.filling = Filling(store.cache, self.communities, targets or Targets(), self.clock, self.events.tell)
        self._outbox.aftermath.fill = self.filling.fill
        self._lateness = Lateness(store.cache, self.clock, lambda: self.aside)
        self._rows = RowStates(
            self._book, store.cache.item, self._decider.deciding, self._outbox.aftermath.siblings,
            lambda: self._later.until, lambda: self._later.skipped, self.clock.now_ms, self.drafts.items,
            lambda: self.escalations.aside,
        )
        self._sync: Sync | None = None
        self._context: ContextKeeper | None = None
        self._members: Members | None = None
        self._views: dict[tuple[Lane, CommunityId | None], View] = {}
        self._started = False
        self._syncing = False
        self._stops = [self.events.subscribe(self._heard)]

    # ---------------------------------------------------------------- life

    async def start(self, *, sync: bool = True, send: bool = True) -> None:
        """Read the outbox, recover what was on its way, begin to send (where no other process does) and to follow the
        sites. Nothing here waits for a site. Raises StoreError."""
        now = self.clock.now_ms()
        self._undoer.since_ms = now
        self._later.load()
        for community in self.communities:
            if community.account is None:
                community.account = self.store.cache.account(community.id)
        await self._noted("started", {"sync": sync, "send": send})
        self.escalations.start()
        await self._outbox.start(send=send and not self.read_only)
        self._tasks.spawn(self.drafts.tidy())
        self.filling.start()
        self._started = True
        if sync:
            self._syncing = True
            self.sync.start()

    async def close(self, timeout_s: float = 8.0) -> None:
        """End: a write in flight is waited for (at most `timeout_s` real seconds) and never cancelled by choice; what
        is held stays in the outbox for the next start."""
        await self._decider.committed()
        await self.drafts.close()
        await self._tasks.settle(timeout_s)
        if self._sync is not None:
            await self._sync.close()
        if self._context is not None:
            await self._context.close()
        await self.filling.close()
        await self._outbox.close(timeout_s)
        await self.escalations.close()
        await self._tasks.end()
        for route in self._routes.values():
            await route.aclose()
        if self._started:
            await self._noted("ended", {"held": self._outbox.state().held})
        for stop in self._stops:
            stop()

    async def _noted(self, kind: str, data: dict[str, object]) -> None:
        """A line in the journal that nothing depends on: where the disk is in trouble, that is told, and we go on."""
        try:
            if not self.read_only:
                await self.store.journal.note(kind, data, at_ms=self.clock.now_ms())
        except StoreError as error:
            self.events.tell(Troubled(words=str(error)))

    async def pause_sending(self) -> None:
        """Before suspending, and before $EDITOR: another process may send meanwhile."""
        await self._outbox.pause_sending()

    async def resume_sending(self) -> None:
        """Back again. Raises StoreError."""
        await self._outbox.resume_sending()
        if self._sync is not None:
            self._sync.wake()

    def is_sender(self, community: CommunityId) -> bool:
        """Whether this process sends for the community (else another one does)."""
        return self._outbox.is_sender(community)

    # ---------------------------------------------------------------- what is possible

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent would do. `asks` has a question when somebody else took the item. Raises Refused."""
        check(intent)
        return self._decider.plan(item, intent)

    def hold_s(self, intent: Intent, plan: Plan) -> float:
        """How many seconds such a decision would wait before it is sent."""
        return self._holds.length(intent, plan.reaches, None)

    @property
    def since_ms(self) -> int:
        """When this session began, in UTC milliseconds; 0 before `start`."""
        return self._undoer.since_ms

    def session_counts(self) -> dict[str, int]:
        """How many targets were decided in this session, by verb; `undone` counts what was taken back."""
        return dict(self.store.journal.counts(self._undoer.since_ms))

    def can(self, item: Item | None, verb: str, community: CommunityId | None = None) -> Capability:
        """Whether the verb is possible: on this item, or (item None) on the community at all."""
        if self.read_only:
            return Blocked("read-only", "modtui was started read-only")
        found = self._by_id.get(item.ref.community if item is not None else community or CommunityId(""))
        if found is None:
            return Blocked("state", "no community is chosen")
        if found.read_only:
            return Blocked("read-only", f"{found.name} is read-only in the settings")
        if verb == "escalate":
            return can_escalate(self._routes.values(), possible(found, item, verb))
        return possible(found, item, verb)

    # ---------------------------------------------------------------- deciding

    @cached_property
    def _undoer(self) -> Undoer:
        from modtui.desk.undo import Undoer

        return Undoer(self, self._decider, self._outbox)

    async def decide(
        self, items: Sequence[Item], intent: Intent, *, seen: Mapping[str, Seen] | None = None,
        hold_s: float | None = None, checked: bool = True, overrule: bool = False,
        each: Callable[[Item], Intent] | None = None,
    ) -> Decided:
        """Commit one decision on the items; it returns when it is on the disk, and waits for no site.

        Items that have an open decision, that another took (unless `overrule`), or whose plan is refused are left out
        and listed. `seen` (by item id) is what the moderator was shown, from a caller that has read the items since:
        then that read counts as the look before sending. Raises ReadOnly, UsageError (no items), StoreError.
        """
        self._may_write()
        check(intent)
        decided = await self._tasks.whole(
            self._decider.decide(
                items, intent, seen=seen, hold_s=hold_s, checked=checked, overrule=overrule, each=each
            )
        )
        if decided.decision is not None:
            self._undoer.forget_redo()
            self._tasks.spawn(self._outbox.supersede(decided.decision))
        return decided

    def words_for(self, decided: Decided) -> Shown:
        """The message line after `decide`."""
        from modtui.desk.across import decided as told

        return told(decided, self.community, self.reasons)

    def state_of(self, item_id: str, item: Item | None = None) -> RowState:
        """What the row's letter is, and why. `item`: the row as the cache has it, which saves reading it again."""
        return self._rows.of(item_id, item)

    def decision(self, id: str) -> Decision | None:
        """A decision by its id."""
        return self._book.get(id)

    def last(self) -> Decision | None:
        """What `u` would take back."""
        return self._undoer.last()

    async def undo(self, decision: str | None = None, *, confirmed: bool = False) -> UndoResult:
        """Take back the newest decision of this session, or the one named. Raises ReadOnly, NotFound, StoreError, and
        the site's errors when what was sent has to be read again."""
        self._may_write()
        result = await self._tasks.whole(self._undoer.undo(decision, confirmed=confirmed))
        return await self._tasks.whole(with_draft(self, result))

    # ---------------------------------------------------------------- writing

    @cached_property
    def _writing(self) -> Writing:
        from modtui.desk.replying import Writing

        return Writing(self)

    @cached_property
    def replies(self) -> Replies:
        """Saved replies and the site's templates."""
        from modtui.desk.replies import Replies

        return Replies(self, self._given_replies)

    async def writing(self, item: Item) -> tuple[Shown, ...]:
        """Who else is writing in the item's thread just now; cheap, and asked of the site at most every 15 s."""
        return await self._writing.of(item)

    # ---------------------------------------------------------------- later

    @property
    def aside(self) -> frozenset[str]:
        """The item ids that are put off until later, left to the others, or handed to somebody."""
        return self._later.aside | self.escalations.aside

    async def put_aside(self) -> frozenset[str]:
        """As `aside`, read from the journal, for a program that does not `start`. Raises StoreError."""
        self._later.load()
        await self.escalations.refresh()
        return self.aside

    async def snooze(self, item_id: str, until_ms: int | None) -> None:
        """Put an item off until an instant (UTC ms), or bring it back; `later.WHEN_IT_CHANGES` waits for a change of
        what one judges by. Nothing is sent. Raises StoreError."""
        await self._later.snooze(item_id, until_ms)

    async def skip(self, item_id: str, *, on: bool = True) -> None:
        """Leave an item for the others, or take that back. Nothing is sent. Raises StoreError."""
        await self._later.skip(item_id, on=on)

    # ---------------------------------------------------------------- inside

    def _heard(self, event: Event) -> None:
        self._outbox.heard(event)
        self.escalations.heard(event)
        self._lateness.heard(event)
        if isinstance(event, ItemsChanged):
            self._later.bring_back(event.items)
        if isinstance(event, DecisionChanged):
            self._outbox.forget(event.decision)
            if event.decision.verb == "reply":
                self._tasks.spawn(self.drafts.heard(event.decision))
            if self._context is not None:
                self._context.forget()

    def _line_up(self, community: Community) -> None:
        if not self._syncing and community.link.state != "live":
            self._set_link(community, Link(state="live", since_ms=self.clock.now_ms()))

    def _line_down(self, community: Community, error: ModtuiError, wait_s: float) -> None:
        if self._syncing:
            self.sync.failed(community.id, error)
        else:
            self._set_link(community, lines.link_for(error, community.link, self.clock.now_ms(), wait_s))

    def _set_link(self, community: Community, link: Link) -> None:
        community.link = link
        self.events.tell(LinkChanged(community=community.id, link=link))

    async def _release(self, decision: Decision, target: Target) -> None:
        await self._undoer.release(decision, target)
