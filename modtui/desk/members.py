"""The directory of members: pages into the cache, names found at once, dossiers with what is new, and what the history
proposes. Nothing private is ever written: addresses are kept in this room's memory until they are hidden.

The directory is read only where the moderator opens it, and on from there by the trickle: a tenth of the budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modtui.backends.base import Backend
from modtui.backends.budget import spending
from modtui.desk.context import read_dossier
from modtui.desk.events import ContextLoaded, ItemsChanged, LaneLoaded
from modtui.desk.language import with_language
from modtui.desk.member_acts import Act, acts, counting
from modtui.desk.rooms import DeskLike
from modtui.domain.capability import Allowed, Blocked, Capability
from modtui.domain.items import Dossier, Item, MemberKind, Page, Private
from modtui.domain.ladder import BANS, Ladder, Proposal, propose
from modtui.domain.news import changes
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NotFound, UsageError
from modtui.store.people import exact, fold, named
from modtui.text import Shown, own, say

FOUND = 50
DAY_MS = 86_400_000
_SHARE = 10
"""The trickle takes at most one request in this many of what the budget allows in a day."""


class Known(Struct, frozen=True):
    """How many members are known here, and how many the site counts (None: it does not say)."""

    here: int
    total: int | None = None

    @property
    def words(self) -> Shown:
        """`4,120 of about 100,000 known here`."""
        if self.total is None:
            return say("{here} known here", here=f"{self.here:,}")
        about = "" if self.here == self.total else "about "
        return say("{here} of {about}{total} known here", here=f"{self.here:,}", about=own(about),
                   total=f"{max(self.here, self.total):,}")  # fmt: skip


class Found(Struct, frozen=True):
    """What a search brought: items by name, whether the site was asked, and why it could not be (a sentence)."""

    items: tuple[Item, ...]
    asked: bool = False
    problem: str | None = None


class DossierView(Struct, frozen=True):
    """A dossier as it can be shown now. `news` says what changed since it was opened from the cache, `ours` what our
    own journal did, `proposal` the next step of the ladder, `fetched_ms` when it was read (0: never)."""

    dossier: Dossier | None = None
    fetched_ms: int = 0
    news: tuple[Shown, ...] = ()
    ours: tuple[Act, ...] = ()
    proposal: Proposal | None = None
    loading: bool = False
    problem: str | None = None


class _Place(Struct, omit_defaults=True):
    """How far the directory of a community was read: kept in the cache. `day` and `spent` count the trickle's share."""

    total: int | None = None
    cursor: str | None = None
    ended_ms: int = 0
    day: int = 0
    spent: int = 0


_PLACE = msgspec.json.Decoder(_Place)
_Way = tuple[CommunityId, str]


class Members:
    """One per desk."""

    def __init__(self, desk: DeskLike) -> None:
        self._desk = desk
        self._cache = desk.store.cache
        self._cursors: dict[_Way, str | None] = {}
        self._private: dict[SubjectRef, Private] = {}
        self._opened: dict[tuple[CommunityId, str], Dossier] = {}
        self._turns: dict[CommunityId, asyncio.Lock] = {}

    # --- what is known

    def allowed(self, community: CommunityId) -> Capability:
        """Whether this community has a directory for us."""
        found: Capability = self._community(community).backend.capabilities.feature("members")
        return found

    def known(self, community: CommunityId | None = None) -> Known:
        """How many members are here, and of how many."""
        total: int | None = None
        here = 0
        for id in self._scope(community):
            here += int(self._cache.count("members", id))
            count = self._place(id).total
            total = (total or 0) + count if count is not None else total
        return Known(here, total)

    def find(self, text: str, community: CommunityId | None = None, *, limit: int = FOUND) -> list[Item]:
        """The known members whose username or name begins with `text`, by name, the exact one first. At once: the cache
        is asked, not the site."""
        ids = named(self._cache, text, self._scope(community), limit=limit)
        return [item for item in self._cache.items(ids) if item is not None]

    async def search(
        self, text: str, community: CommunityId | None = None, *, limit: int = FOUND, ask: bool | None = None
    ) -> Found:
        """As `find`; a miss asks the sites (`ask` True always does, False never). What they answer is kept. A site's
        trouble is told, not raised."""
        here = self.find(text, community, limit=limit)
        if ask is False or (here and ask is None) or not fold(text):
            return Found(tuple(here))
        problem: str | None = None
        for id in self._scope(community):
            if isinstance(self.allowed(id), Blocked) and self._community(id).identified:
                continue
            try:
                await self._community(id).identify()
                with spending("decision"):
                    page = await self._backend(id).members(text.strip().lstrip("@"))
                await self._take(id, page, first=False)
            except ModtuiError as error:
                problem = error.message
        return Found(tuple(self.find(text, community, limit=limit)), asked=True, problem=problem)

    async def named(self, name: str, community: CommunityId) -> Item:
        """The member with exactly this username or native id: from the cache, else from the site. Raises NotFound and
        the backend's errors."""
        clean = name.strip().lstrip("@")
        for _ in range(2):
            known: list[Item | None] = self._cache.items(exact(self._cache, clean, [community]))
            if clean.isdigit():
                numbered = self._cache.by_ref(SubjectRef(community, "user", clean))
                known += [one for one in numbered if one.state == "open"]
            for item in known:
                if item is not None:
                    return item
            await self._community(community).identify()
            if isinstance(self.allowed(community), Blocked):
                break  # nobody is listed; one who is named can be read all the same
            with spending("decision"):
                page = await self._backend(community).members(clean)
            await self._take(community, page, first=False)
        native = clean
        missing = NotFound(f"{clean} is not on the site, or not visible to this account.")
        if not clean.isdigit():  # lists may leave out members who never wrote; the profile has them
            try:
                dossier = await self._backend(community).dossier(clean)
            except NotFound as error:
                raise missing from error
            native = dossier.member.native
            await self._desk.store.cache.put_dossier(community, native, dossier)
        ref = SubjectRef(community, "user", native)
        found = (await self._backend(community).reread([ref]))[ref]
        if not isinstance(found, Item):
            raise missing
        await self._cache.put_items([found])
        return found

    # --- reading the directory

    async def load(
        self, kind: MemberKind = "all", community: CommunityId | None = None, *, more: bool = False
    ) -> bool:
        """Read the first page of a kind (with `more` the next one) into the cache; True when there may be more. Raises
        the backend's errors where there is one community."""
        scope = self._scope(community)
        further = False
        for id in scope:
            if len(scope) > 1 and isinstance(self.allowed(id), Blocked):
                continue
            try:
                await self._community(id).identify()
                further = await self._load(id, kind, more) or further
            except ModtuiError:
                if len(scope) == 1:
                    raise
        return further

    async def _load(self, id: CommunityId, kind: MemberKind, more: bool) -> bool:
        way = (id, kind)
        cursor = self._cursors.get(way) if more else None
        if more and way in self._cursors and cursor is None:
            return False
        page = await self._backend(id).members(kind=kind, cursor=cursor)
        await self._take(id, page, first=not more)
        self._cursors[way] = page.cursor
        place = self._place(id)
        if kind == "all":
            place.total = page.total if page.total is not None else place.total
            if place.cursor is None and not place.ended_ms:
                place.cursor = page.cursor
        await self._keep(id, place)
        return page.cursor is not None

    async def trickle(self, community: CommunityId) -> bool:
        """Read the next page of a directory that was opened once; False when there is nothing to do. At most a tenth of
        what the budget allows in a day."""
        place = self._place(community)
        if self._cache.get_meta(_key(community)) is None or isinstance(self.allowed(community), Blocked):
            return False
        now = self._desk.clock.now_ms()
        if place.day != now // DAY_MS:
            place.day, place.spent = now // DAY_MS, 0
        if place.spent >= self._daily(community):
            return False
        if place.cursor is None:
            if place.ended_ms and now - place.ended_ms < DAY_MS:
                return False
            place.ended_ms = 0
        async with self._turns.setdefault(community, asyncio.Lock()):
            page = await self._backend(community).members(cursor=place.cursor)
            await self._take(community, page, first=False)
            place.cursor, place.spent = page.cursor, place.spent + 1
            place.total = page.total if page.total is not None else place.total
            if page.cursor is None:
                place.ended_ms = now
            await self._keep(community, place)
        return page.cursor is not None

    def _daily(self, community: CommunityId) -> int:
        budget = self._backend(community).wire.budget
        if budget.limit <= 0:
            return 1_000_000
        # A user's own key of Discourse has 2,880 requests a day beside its 20 a minute.
        return int(min(budget.limit * 1440, 2880 if budget.limit <= 20 else budget.limit * 1440) / _SHARE)

    async def _take(self, id: CommunityId, page: Page, *, first: bool) -> None:
        language = self._community(id).language
        items = [with_language(item, language) for item in page.items]
        put = await self._cache.put_items(items)
        ids = tuple(item.id for item in items)
        events = self._desk.events
        events.tell(LaneLoaded(id, "members", len(put.added), first, ids=ids, backlog=True))
        if put.changed:
            events.tell(ItemsChanged(tuple(put.changed)))

    def _place(self, id: CommunityId) -> _Place:
        kept = self._cache.get_meta(_key(id))
        try:
            return _PLACE.decode(kept) if kept else _Place()
        except msgspec.DecodeError:
            return _Place()

    async def _keep(self, id: CommunityId, place: _Place) -> None:
        await self._cache.put_meta(_key(id), msgspec.json.encode(place).decode())

    # --- one member

    def open(self, item: Item) -> DossierView:
        """The dossier of the item's author as it is known now; what is new since then will be told. `refresh` reads it
        again."""
        if item.author is not None:
            held = self._cache.dossier(item.ref.community, item.author.native)
            if held is not None:
                self._opened[item.ref.community, item.author.native] = held[0]
            else:
                self._opened.pop((item.ref.community, item.author.native), None)
        return self.dossier(item)

    def dossier(self, item: Item, *, loading: bool = False, problem: str | None = None) -> DossierView:
        """The dossier of the item's author as it is now, from the cache. Never waits."""
        if item.author is None:
            return DossierView()
        key = (item.ref.community, item.author.native)
        held = self._cache.dossier(*key)
        ours = self.acts(item)
        if held is None:
            return DossierView(ours=ours, loading=loading, problem=problem)
        before = self._opened.get(key)
        now_ms = self._desk.clock.now_ms()
        return DossierView(
            dossier=held[0], fetched_ms=held[1], ours=ours, loading=loading, problem=problem,
            news=changes(before, held[0], now_ms=now_ms) if before is not None else (),
            proposal=self.propose(item, held[0]),
        )  # fmt: skip

    async def refresh(self, item: Item) -> DossierView:
        """Read the dossier from the site now. Trouble is told in `problem`, never raised."""
        if item.author is None:
            return DossierView()
        native, community = item.author.native, item.ref.community
        problem: str | None = None
        try:
            await self._community(community).identify()
            with spending("read"):
                dossier = await read_dossier(self._backend(community), item.author)
            await self._desk.store.cache.put_dossier(community, native, dossier)
        except ModtuiError as error:
            problem = error.message
        keeper: Any = getattr(self._desk, "keeper", None)
        if keeper is not None:
            keeper.forget()
        self._desk.events.tell(ContextLoaded(item.id))
        return self.dossier(item, problem=problem)

    def acts(self, item: Item) -> tuple[Act, ...]:
        """What our own journal did to the author of `item`, newest first."""
        return acts(self._desk.store.journal, item)

    def own_ladder(self, item: Item) -> bool:
        """Whether the settings name a ladder for the community of `item`: forms open on what that proposes, and else
        on the default length."""
        ladder: Ladder | None = self._community(item.ref.community).ladder
        return ladder is not None and ladder.rungs != BANS

    def propose(self, item: Item, dossier: Dossier | None = None) -> Proposal | None:
        """The next step of the community's ladder for the author of `item`, and why; None where none fits."""
        if item.author is None:
            return None
        if dossier is None:
            held = self._cache.dossier(item.ref.community, item.author.native)
            dossier = held[0] if held is not None else None
        if dossier is None:
            return None
        ladder = self._community(item.ref.community).ladder or Ladder()
        earlier = counting(self._desk.store.journal, item)
        return propose(dossier, earlier, ladder, now_ms=self._desk.clock.now_ms())

    # --- what is private

    async def private(self, item: Item) -> Private:
        """Addresses of the author of `item`, asked for by key: kept in memory until `hide`. Raises the backend's
        errors, UsageError where the site shows none."""
        if item.author is None:
            raise UsageError("The site does not say whose account this is.")
        community = self._community(item.ref.community)
        await community.identify()
        can = community.backend.capabilities.feature("private")
        if not isinstance(can, Allowed):
            raise UsageError(f"Addresses are not shown here: {can.sentence}.")
        with spending("decision"):
            found: Private = await community.backend.private(item.author.native)
        self._private[SubjectRef(item.ref.community, "user", item.author.native)] = found
        return found

    def revealed(self, item: Item) -> Private | None:
        """The addresses that were asked for and are not hidden again."""
        if item.author is None:
            return None
        return self._private.get(SubjectRef(item.ref.community, "user", item.author.native))

    def hide(self) -> None:
        """Forget all addresses."""
        self._private.clear()

    # --- inside

    def _scope(self, community: CommunityId | None) -> Sequence[CommunityId]:
        return [community] if community is not None else [one.id for one in self._desk.communities]

    def _community(self, id: CommunityId) -> Any:
        for community in self._desk.communities:
            if community.id == id:
                return community
        raise UsageError("This member belongs to a community that is not open here.")

    def _backend(self, id: CommunityId) -> Backend:
        backend: Backend = self._community(id).backend
        return backend


def _key(community: CommunityId) -> str:
    return f"members:{community}"
