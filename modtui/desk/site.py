"""One community kept in step: what `Sync` does for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from modtui.backends.base import RequestSeen
from modtui.backends.budget import spending
from modtui.desk.events import CountsChanged, Event, ItemsChanged, LaneLoaded, Link, LinkChanged, RequestMade, Troubled
from modtui.desk.language import with_language
from modtui.desk.link import Backoff, link_for, wait_for
from modtui.desk.rooms import DeskLike
from modtui.desk.walk import Walk
from modtui.domain.capability import Allowed
from modtui.domain.items import Changes, Gone, Item
from modtui.domain.subjects import LANES, CommunityId, Lane, SubjectRef
from modtui.errors import ModtuiError, RightsError

FIRST_PAGES = 3
"""Pages of the reports lane that are read at start where the budget leaves room."""
IDLE_CHECK_S = 30.0
SHARE = 10
"""The trickle takes at most one request in this many of the budget."""
UNLIMITED_TRICKLE_S = 3.0
"""How often the trickle asks a site that names no budget."""


class SiteSync:
    """The watching of one community. Its methods may be called only on the event loop."""

    def __init__(self, desk: DeskLike, community: Any) -> None:
        self.community = community
        self.counts: dict[Lane, int] = dict(desk.store.cache.counts(community.id))
        self._desk = desk
        self._cache = desk.store.cache
        self._clock = desk.clock
        self._walks: dict[Lane, Walk] = {}
        self._gaps: dict[Lane, int] = {}
        self._turns: dict[Lane, asyncio.Lock] = {}
        self._verify: dict[SubjectRef, None] = {}
        self._position: str | None = None
        self._kick = asyncio.Event()
        self._work = asyncio.Event()
        self._tried = asyncio.Event()
        self._trouble: BaseException | None = None
        self._backoff = Backoff()
        self._again = False
        self._stop_listening = lambda: None

    # --- the line

    @property
    def id(self) -> CommunityId:
        """The community's identity."""
        found: CommunityId = self.community.id
        return found

    @property
    def live(self) -> bool:
        """Whether the line is up."""
        return bool(self.community.link.state == "live")

    def listen(self) -> None:
        """Tell of requests, and note what other rooms change."""
        self.community.backend.wire.watch(self._requested)
        self._stop_listening = self._desk.events.subscribe(self._heard)
        if self.community.account is None:
            self.community.account = self._cache.account(self.id)
        self._link(Link(state="starting", since_ms=self._clock.now_ms()))

    def closed(self) -> None:
        """Everything has ended."""
        self._stop_listening()
        self._link(Link(state="closed", since_ms=self._clock.now_ms()))

    def kick(self) -> None:
        """Do not wait any longer: look now."""
        self._kick.set()
        self._work.set()

    def trouble(self, error: BaseException) -> None:
        """The line is in trouble, as another room found."""
        if self.live:
            self._trouble = error
            self._kick.set()

    def _link(self, link: Link) -> None:
        self.community.link = link
        self._desk.events.tell(LinkChanged(self.id, link))

    def _requested(self, seen: RequestSeen) -> None:
        self._desk.events.tell(RequestMade(self.id, seen))
        if self.community.link.state == "offline" and 200 <= seen.status < 400:
            self._kick.set()  # somebody else got through

    def _heard(self, event: Event) -> None:
        if not isinstance(event, ItemsChanged):
            return
        for walk in self._walks.values():
            for id in event.items:
                if id in walk.seen:
                    item = self._cache.item(id)
                    if item is None or item.state != "open":
                        walk.slide(id)

    # --- watching

    async def watch(self) -> None:
        """Identify, read, poll; after an error wait and do it again. Ends only by cancellation."""
        while True:
            try:
                await self.identify()
                await self._read_first()
                self._backoff.reset()
                self._link(Link(state="live", since_ms=self._clock.now_ms()))
                self._work.set()
                self._done_trying()
                await self._poll()
            except ModtuiError as error:
                await self._down(error)
            except Exception as error:
                self._desk.events.tell(Troubled(words=f"modtui stumbled while reading {self.community.name}."))
                await self._down(error)

    async def identify(self) -> None:
        """Ask the site who we are, once; again after a withdrawn credential. Raises the backend's errors."""
        await self.community.identify(again=self._again)
        self._again = False
        if self.community.account is not None:
            await self._cache.put_account(self.id, self.community.account)

    async def _down(self, error: BaseException) -> None:
        self._trouble = None
        wait_s = wait_for(error, self._backoff)
        self._link(link_for(error, self.community.link, self._clock.now_ms(), wait_s))
        self._again = self.community.link.state in ("signed-out", "no-rights", "wrong-site")
        self._kick.clear()
        self._done_trying()
        await self._wait(wait_s)
        self._kick.clear()

    def _done_trying(self) -> None:
        self._tried.set()
        self._tried = asyncio.Event()

    async def _wait(self, seconds: float | None) -> None:
        """Wait for a kick, at most that long (None: until one comes)."""
        kicked = asyncio.ensure_future(self._kick.wait())
        waits: set[asyncio.Future[Any]] = {kicked}
        if seconds is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    @property
    def _idle(self) -> bool:
        return bool(getattr(self._desk, "idle", False))

    async def _poll(self) -> None:
        """Look for changes at the site's pace while the moderator is there. Raises what goes wrong."""
        backend = self.community.backend
        while True:
            pause = self.community.poll_s or backend.capabilities.poll_s
            await self._wait(max(0.5, pause) if not self._idle else IDLE_CHECK_S)
            kicked = self._kick.is_set()
            self._kick.clear()
            if self._trouble is not None:
                error, self._trouble = self._trouble, None
                raise error
            if self._idle and not kicked:
                continue
            await self._take(await backend.changes(self._position))
            self._done_trying()

    # --- what the site says

    async def _read_first(self) -> None:
        """The first look, and the first one after an outage: position, counts, first pages."""
        backend = self.community.backend
        again = self._position is not None
        changes = await backend.changes(self._position)
        self._position = changes.position
        if again:
            await self._take(changes)
        await self._count(dict(await backend.counts()))
        for lane in self._lanes():
            if lane in self._walks and not again:
                continue
            try:
                await self._restart(lane)
                for _ in range(FIRST_PAGES - 1 if lane == "reports" and not again else 0):
                    if self._walks[lane].done or not self._room():
                        break
                    await self._page(lane)
            except RightsError as error:
                self._desk.events.tell(Troubled(words=str(error)))
        await self._check_some()

    def _lanes(self) -> list[Lane]:
        capabilities = self.community.backend.capabilities
        return [lane for lane in LANES if isinstance(capabilities.lane(lane), Allowed)]

    async def _count(self, counts: dict[Any, int]) -> None:
        before = dict(self.counts)
        self.counts.update(counts)
        if self.counts != before:
            await self._cache.put_counts(self.id, self.counts)
            self._desk.events.tell(CountsChanged(self.id))

    async def _take(self, changes: Changes) -> None:
        """What one look for changes brought: read what was touched, look for new ones where the counts say so."""
        self._position = changes.position
        await self._count({lane: n for lane, n in changes.counts.items() if lane in LANES})
        if changes.touched:
            await self._reread(changes.touched)
        for lane, walk in list(self._walks.items()):
            if changes.reload:
                await self._look(lane)
                self._walks[lane] = self._walk(lane, first=False)
                self._work.set()
                continue
            gap = self._gap(lane)
            if gap is None or not walk.done or gap == self._gaps.get(lane, gap):
                continue
            if gap > self._gaps[lane]:
                await self._look(lane)
            else:  # fewer than known: somebody handled some; the trickle finds out which
                self._walks[lane] = self._walk(lane, first=False)
                self._gaps[lane] = gap
                self._work.set()

    def _gap(self, lane: Lane) -> int | None:
        """How many more open items the site counts than are known here."""
        count = self.counts.get(lane)
        return None if count is None else count - int(self._cache.count(lane, self.id))

    async def _look(self, lane: Lane) -> None:
        """Look for new items at the end of a lane that was read to its end; else the walk will meet them."""
        async with self._turn(lane):
            walk = self._walks[lane]
            if not walk.done:
                return
            if not walk.rising:
                self._walks[lane] = walk = self._walk(lane, first=False)
            else:
                walk.look_again()
            while True:
                came, met = await self._read_page(lane, walk, backlog=False)
                if walk.done:
                    break
                if not met and not came and not walk.step_back():
                    break
            self._note_gap(lane)

    def _note_gap(self, lane: Lane) -> None:
        gap = self._gap(lane)
        if gap is not None:
            self._gaps[lane] = gap

    # --- pages

    def _turn(self, lane: Lane) -> asyncio.Lock:
        return self._turns.setdefault(lane, asyncio.Lock())

    def _walk(self, lane: Lane, *, first: bool) -> Walk:
        return Walk(self._cache.ids(lane, [self.id], open_only=True, order="oldest"), first=first)

    async def _restart(self, lane: Lane) -> None:
        """Begin a new walk with its first page."""
        first = lane not in self._walks
        async with self._turn(lane):
            self._walks[lane] = self._walk(lane, first=first)
        await self._page(lane)

    async def _page(self, lane: Lane) -> bool:
        """The next page of the walk; says whether there was one. Raises the backend's errors."""
        async with self._turn(lane):
            walk = self._walks.get(lane)
            if walk is None:
                walk = self._walks[lane] = self._walk(lane, first=True)
            if walk.done:
                return False
            await self._read_page(lane, walk, backlog=walk.first)
            return True

    async def _read_page(self, lane: Lane, walk: Walk, *, backlog: bool) -> tuple[int, int]:
        """Read one page into the cache; gives how many rows are new here and how many the walk had met."""
        first = walk.pages == 0
        page = await self.community.backend.page(lane, walk.cursor())
        met = walk.take(page)
        put = await self._cache.put_items([with_language(item) for item in page.items])
        self._suspect(walk)
        if page.total is not None and not walk.place > 1:
            await self._count({lane: page.total})
        ids = tuple(item.id for item in page.items if item.state == "open")
        self._desk.events.tell(
            LaneLoaded(self.id, lane, added=len(put.added), first=first, ids=ids, backlog=backlog)
        )
        if put.changed:
            self._desk.events.tell(ItemsChanged(tuple(put.changed)))
        if walk.done:
            self._note_gap(lane)
        return len(put.added), met

    def _suspect(self, walk: Walk) -> None:
        """Open rows of the cache that the site should have shown by now and did not: ask what became of them."""
        if not walk.done and not (walk.rising and walk.newest_ms is not None):
            return
        while walk.known:
            id = walk.known[0]
            if id not in walk.seen:
                item = self._cache.item(id)
                if not walk.done and item is not None and walk.newest_ms is not None and item.since_ms >= walk.newest_ms:
                    break
                if item is not None and item.state == "open":
                    self._verify.setdefault(item.ref)
            walk.known.popleft()
        if self._verify:
            self._work.set()

    async def _check_some(self) -> bool:
        """Ask about a batch of suspected rows; says whether there were any."""
        if not self._verify:
            return False
        batch = list(self._verify)[: max(1, self.community.backend.capabilities.reread_batch)]
        for ref in batch:
            self._verify.pop(ref, None)
        await self._reread(batch)
        return True

    async def _reread(self, refs: Sequence[SubjectRef]) -> None:
        """Read subjects as they are now, in batches, into the cache, and tell what is not as it was."""
        size = max(1, self.community.backend.capabilities.reread_batch)
        for start in range(0, len(refs), size):
            found = await self.community.backend.reread(refs[start : start + size])
            items = [with_language(each) for each in found.values() if isinstance(each, Item)]
            put = await self._cache.put_items(items)
            changed = set(put.changed)
            for gone in found.values():
                if isinstance(gone, Gone):
                    changed.update(item.id for item in self._cache.by_ref(gone.ref) if item.state == "open")
                    await self._cache.mark_gone([gone.ref], gone.why)
            if changed:
                self._desk.events.tell(ItemsChanged(tuple(sorted(changed))))
            added = set(put.added)
            for lane in {item.lane for item in items if item.id in added and item.state == "open"}:
                ids = tuple(item.id for item in items if item.id in added and item.lane == lane and item.state == "open")
                if lane in self._walks:
                    self._walks[lane].seen.update(ids)
                self._desk.events.tell(LaneLoaded(self.id, lane, added=len(ids), first=False, ids=ids))

    # --- asked for

    async def refresh(self, lane: Lane) -> None:
        """Read the lane again now; while the line is down, try it."""
        if not self.live:
            tried = self._tried
            self.kick()
            await tried.wait()
            return
        try:
            await self._count(dict(await self.community.backend.counts()))
            if lane in self._walks:
                await self._look(lane)
            await self._restart(lane)
            await self._check_some()
            self._work.set()
        except ModtuiError as error:
            self.trouble(error)

    async def more(self, lane: Lane) -> bool:
        """The next page now; False at the end or while the line is down."""
        if not self.live or lane not in self._lanes():
            return False
        return await self._page(lane) and not self._walks[lane].done

    async def load_all(self, lane: Lane, limit: int | None) -> int:
        """All pages of the lane, at most about `limit` items; says how many open rows are known."""
        while await self._page(lane):
            if limit is not None and len(self._walks[lane].seen) >= limit:
                break
        while await self._check_some():
            pass
        return int(self._cache.count(lane, self.id))

    # --- the trickle

    def _room(self) -> bool:
        """Whether at least half of the budget is left for the moderator."""
        budget = self.community.backend.wire.budget
        return bool(budget.wait_s <= 0 and (budget.limit <= 0 or budget.used < budget.limit / 2))

    def _interval(self) -> float:
        budget = self.community.backend.wire.budget
        limit = budget.limit or self.community.backend.capabilities.budget
        return float(SHARE * budget.window_s / limit) if limit > 0 else UNLIMITED_TRICKLE_S

    async def trickle(self) -> None:
        """Read on in the background with a tenth of the budget: suspected rows first, then the next pages."""
        while True:
            await self._work.wait()
            await self._clock.sleep(self._interval())
            if not self.live:
                self._work.clear()  # set again when the line is up
                continue
            if self._idle or not self._room():
                continue
            try:
                with spending("trickle"):
                    if not await self._check_some() and not await self._next_page():
                        self._work.clear()
            except ModtuiError as error:
                self.trouble(error)
                self._work.clear()

    async def _next_page(self) -> bool:
        for lane in self._lanes():
            if lane in self._walks and not self._walks[lane].done:
                return await self._page(lane)
        return False
