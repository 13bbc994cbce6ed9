"""What the desk offers for looking: communities, views, items, counts and what stands around items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from modtui.backends.base import Budget, RequestSeen
from modtui.desk.community import Community
from modtui.desk.escalated import LANE as ESCALATED
from modtui.desk.events import Events
from modtui.desk.filling import Filling
from modtui.desk.finding import Counter
from modtui.desk.handing import Handing
from modtui.desk.lateness import Late, Lateness
from modtui.desk.reads import Reads
from modtui.domain.items import Answered, Gone, Item
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.errors import ModtuiError, UsageError
from modtui.ondemand import on_demand

if TYPE_CHECKING:
    from modtui.desk.context import Context, ContextKeeper
    from modtui.desk.finding import find
    from modtui.desk.members import Members
    from modtui.desk.searching import Searching
    from modtui.desk.similar import Similar
    from modtui.desk.sync import Sync
    from modtui.desk.view import View
    from modtui.store.store import Store
else:
    on_demand(__name__, "modtui.desk.finding", "find")


class Looking(Handing):
    """A part of `Desk`, with the rooms that are made when they are first asked for."""

    communities: list[Community]
    store: Store
    events: Events
    filling: Filling
    _counter: Counter
    _lateness: Lateness
    _sync: Sync | None
    _context: ContextKeeper | None
    _members: Members | None
    _views: dict[tuple[Lane, CommunityId | None], View]

    @property
    def sync(self) -> Sync:
        """The room that follows the sites."""
        if self._sync is None:
            from modtui.desk.sync import Sync

            self._sync = Sync(self)
        return self._sync

    @property
    def keeper(self) -> ContextKeeper:
        """The room that fetches what stands around items."""
        if self._context is None:
            from modtui.desk.context import ContextKeeper

            self._context = ContextKeeper(self)
        return self._context

    @property
    def members(self) -> Members:
        """The room of the directory of members."""
        if self._members is None:
            from modtui.desk.members import Members

            self._members = Members(self)
        return self._members

    @cached_property
    def solved(self) -> Similar:
        """Solved threads, and which are like a question."""
        from modtui.desk.similar import Similar

        return Similar(self)

    @cached_property
    def searching(self) -> Searching:
        """The search over all that is cached."""
        from modtui.desk.searching import Searching

        return Searching(self)

    @property
    def reads(self) -> Reads:
        """What was read from the sites just now: a fresh read counts as the look before sending."""
        return self._outbox.reads

    def community(self, id: CommunityId) -> Community | None:
        """The community with this identity."""
        return self._by_id.get(id)

    def named(self, name: str) -> Community:
        """The community with this name (or identity). Raises UsageError with the names there are."""
        for community in self.communities:
            if name in (community.name, community.id):
                return community
        names = ", ".join(community.name for community in self.communities) or "none"
        raise UsageError(f'There is no community "{name}".', f"There are: {names}.")

    def view(self, lane: Lane, *, community: CommunityId | None = None) -> View:
        """The view of a lane, kept: the same one each time."""
        key = (lane, community)
        if key not in self._views:
            from modtui.desk.view import View

            self._views[key] = View(self, lane, community)
        return self._views[key]

    def item(self, id: str) -> Item | None:
        """The row with this id as the cache has it."""
        return self.store.cache.item(id)

    def find(self, lane: Lane | None, text: str, community: CommunityId | None = None) -> Item:
        """The cached row that `text` names: a full id, or a bare native id where that is unambiguous. Raises UsageError
        (ambiguous) and NotFound."""
        scope = [community] if community is not None else [one.id for one in self.communities]
        return find(self.store.cache, lane, text, scope)

    async def read(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Read subjects from their sites now, in as few requests as possible; the cache has them afterwards. Of several
        communities those that do not answer are left out. Raises the backends' errors where none answers."""
        return (await self._undoer.read(refs))[0]

    async def read_all(
        self, refs: Sequence[SubjectRef]
    ) -> tuple[dict[SubjectRef, Item | Gone], dict[CommunityId, ModtuiError]]:
        """As `read`, with the errors of the communities that did not answer."""
        return await self._undoer.read(refs)

    def counts(self, community: CommunityId | None = None) -> dict[Lane, int]:
        """Open items by lane: what the sites count, less what was decided here and is not in their counts yet."""
        scope = [community] if community is not None else [one.id for one in self.communities]
        totals = self._counter.counts({id: self._counted(id) for id in scope})
        self.escalations.count(totals, scope)
        return totals

    def _counted(self, id: CommunityId) -> Mapping[Lane, int]:
        """What the site counts."""
        return self._sync.counts(id) if self._sync is not None else self.store.cache.counts(id)  # type: ignore[return-value]

    def context(self, item: Item) -> Context:
        """What is known now around an item."""
        return self.keeper.get(item)

    def want(self, item: Item, ahead: Sequence[Item] = ()) -> None:
        """The moderator stands on `item`: fetch what is missing, then something for those ahead."""
        self.keeper.want(item, ahead)

    async def similar(self, item: Item, limit: int = 5) -> tuple[Answered, ...]:
        """Solved or answered threads that are like the item's, the best first. Raises StoreError."""
        return await self.solved.find(item, limit)

    def lateness(self, lane: Lane, community: CommunityId | None = None) -> Late:
        """How many open items of the lane are late, and how many have used more than half of their time."""
        return self._lateness.of(lane, [community] if community is not None else list(self._by_id))

    async def refresh(self, lane: Lane, community: CommunityId | None = None, *, opened: bool = False) -> None:
        """Read the lane again now; a line that was down is tried, for sending, too. With `opened` somebody only turned
        to the lane: where it was read a short while ago it is not read again."""
        self._outbox.wake(try_now=True)
        if lane != ESCALATED:  # made here: no site has a page of it
            await self.sync.refresh(lane, community, opened=opened)

    async def more(self, lane: Lane, community: CommunityId | None = None) -> bool:
        """Load the next page of the lane; False at its end."""
        return lane != ESCALATED and await self.sync.more(lane, community)

    def budget(self, community: CommunityId) -> Budget:
        """The request budget of the community's credential."""
        found = self._by_id.get(community)
        return found.backend.wire.budget if found is not None else Budget(0, 0)

    def requests(self) -> list[tuple[str, RequestSeen]]:
        """The newest requests of all communities with their names, the oldest first."""
        seen = [(one.name, request) for one in self.communities for request in one.backend.wire.requests]
        return sorted(seen, key=lambda pair: pair[1].at_ms)
