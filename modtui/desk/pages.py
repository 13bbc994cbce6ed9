"""The lanes of one community, page by page: reading them into the cache, finding what is new, and what went away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from modtui.desk.events import CountsChanged, ItemsChanged, LaneLoaded, Troubled
from modtui.desk.reads import Reads
from modtui.desk.rooms import DeskLike, PutLike
from modtui.desk.walk import Walk
from modtui.domain.capability import Allowed
from modtui.domain.items import Changes, Claim, Gone, Item
from modtui.domain.subjects import LANES, CommunityId, Lane, SubjectRef, parse_item_id
from modtui.store.pick import pick
from modtui.store.rows import PutResult
from modtui.text import count, say

LOOKED = 200
"""Rows of the cache that are compared at once with what the site shows: about 1 ms."""
PAGED: tuple[Lane, ...] = ("reports", "pending", "questions")
"""The lanes that are kept like the site. The directory of members is no work that comes and goes (`desk.members` reads
it), and what was handed on is not asked of the site as a lane."""


class Lanes:
    """Reads lanes into the cache. All methods raise the backend's errors. `work` is set when there is more to read."""

    def __init__(self, desk: DeskLike, community: Any, work: asyncio.Event) -> None:
        self.community = community
        self.counts: dict[Lane, int] = {}
        self.counts.update(desk.store.cache.counts(community.id) or {})
        self.position: str | None = None
        self._desk = desk
        self._cache = desk.store.cache
        self._work = work
        self._walks: dict[Lane, Walk] = {}
        self._gaps: dict[Lane, int] = {}
        self._turns: dict[Lane, asyncio.Lock] = {}
        self._verify: dict[SubjectRef, None] = {}
        self._lagging: dict[Lane, bool] = {}
        """Whether rows of the cache are left to compare with what the walk has met."""
        self._complete: set[Lane] = set()
        self._stable: set[Lane] = set()
        self._due: set[Lane] = set()
        self._unreadable: set[Lane] = set()
        self._version: int = self._cache.data_version()

    @property
    def id(self) -> CommunityId:
        """The community's identity."""
        found: CommunityId = self.community.id
        return found

    @property
    def allowed(self) -> list[Lane]:
        """The lanes that this account has on this site and that are read page by page."""
        capabilities = self.community.backend.capabilities
        return [lane for lane in PAGED if isinstance(capabilities.lane(lane), Allowed)]

    def begun(self, lane: Lane) -> bool:
        """Whether a page of the lane was read in this session."""
        return lane in self._walks

    def at_end(self, lane: Lane) -> bool:
        """Whether the last page of the lane was read."""
        return lane in self._walks and self._walks[lane].done

    def due(self, lane: Lane) -> bool:
        """Whether the site told of something new in the lane that was not looked for yet."""
        return lane in self._due

    def met(self, lane: Lane) -> int:
        """How many open items the current way through the lane has met."""
        return len(self._walks[lane].seen) if lane in self._walks else 0

    def note_changed(self, ids: Sequence[str]) -> None:
        """Some items are not as they were: those that are not open any more let the later pages slide up."""
        for walk in self._walks.values():
            for id in ids:
                if id in walk.seen:
                    item = self._cache.item(id)
                    if item is None or item.state != "open":
                        walk.slide(id)

    async def count(self, counts: dict[Any, int]) -> None:
        before = dict(self.counts)
        self.counts.update(counts)
        if self.counts != before:
            await self._cache.put_counts(self.id, self.counts)
            self._desk.events.tell(CountsChanged(self.id))

    async def take(self, changes: Changes) -> None:
        """What one look for changes brought: note claims, read again what was touched, and find out where new items
        must be looked for (`look_due` does it)."""
        self.position = changes.position
        counts: dict[Any, int] = {lane: n for lane, n in changes.counts.items() if lane in LANES}
        if changes.reload and not counts:
            counts = dict(await self.community.backend.counts())
        await self.count(counts)
        if changes.claims:
            await self._claims(changes.claims)
        if changes.touched:
            await self.reread(changes.touched)
        for lane, walk in self._walks.items():
            if changes.reload and (not changes.lanes or lane in changes.lanes):
                self._due.add(lane)
                continue
            gap = self._gap(lane)
            if gap is None or not walk.done or gap == self._gaps.get(lane, gap):
                continue
            if gap > self._gaps[lane]:
                self._due.add(lane)
            else:  # fewer than known: somebody handled some; the trickle finds out which
                self._gaps[lane] = gap
                self._begin(lane)
        if self._due:
            self._work.set()

    async def look_due(self) -> bool:
        """Look for new items in one lane where the site said that there are some; says whether there was one."""
        lane = next((each for each in LANES if each in self._due), None)
        if lane is None:
            return False
        before = self._gaps.get(lane)
        await self.look(lane)
        self._due.discard(lane)
        gap = self._gap(lane)
        if before is not None and gap is not None and gap < before:
            self._begin(lane)
        return True

    async def _claims(self, claims: Mapping[str, Claim | None]) -> None:
        """Threads were taken or released: their rows say so."""
        rows: list[str] = []
        for lane in self.allowed:
            asking = partial(
                pick, self._cache, ["id"], lane, [self.id], bool,
                where=f"thread_id IN ({','.join('?' * len(claims))})", values=list(claims),
            )  # fmt: skip
            rows += await self._cache.apart(asking)

        def claimed(item: Item) -> Item:
            id = item.place.thread_id
            return msgspec.structs.replace(item, claim=claims[id]) if id is not None and id in claims else item

        changed = await self._cache.change_items(rows, claimed)
        if changed:
            self._desk.events.tell(ItemsChanged(tuple(changed)))

    def _gap(self, lane: Lane) -> int | None:
        """How many more open items the site counts than are known here."""
        count = self.counts.get(lane)
        return None if count is None else count - int(self._cache.count(lane, self.id))

    async def look(self, lane: Lane) -> bool:
        """Look for new items: at the end of a lane that comes oldest first and was read to its end; a lane of one page
        is read again, and one in another order begins again, its first page now and the rest at the pace of the
        trickle. Else the walk will meet them. Says whether it read the first page."""
        async with self._turn(lane):
            walk = self._walks.get(lane)
            if walk is None or not walk.done:
                return False
            if not walk.rising or walk.pages <= 1:
                whole = walk.rising
                self._walks[lane] = walk = self._walk(lane)
                await self._read_page(lane, walk, backlog=False)
                while whole and not walk.done:  # it was one page, and what is new stands behind it
                    await self._read_page(lane, walk, backlog=False)
                self._work.set()
                return True
            walk.look_again()
            backwards = 0
            while True:
                _, met = await self._read_page(lane, walk, backlog=False)
                if not met and 0 <= backwards < 5 and walk.step_back():
                    backwards += 1
                    continue
                backwards = -1  # the known ground is reached: only forward from here
                if walk.done:
                    break
            self._note_gap(lane)
            return False

    def _note_gap(self, lane: Lane) -> None:
        gap = self._gap(lane)
        if gap is not None:
            self._gaps[lane] = gap

    # --- pages

    def _turn(self, lane: Lane) -> asyncio.Lock:
        return self._turns.setdefault(lane, asyncio.Lock())

    def _walk(self, lane: Lane) -> Walk:
        return Walk(self._cache.last_row(), stable=lane in self._stable)

    def _begin(self, lane: Lane) -> None:
        """A new walk, at the pace of the trickle."""
        self._walks[lane] = self._walk(lane)
        self._work.set()

    async def restart(self, lane: Lane) -> None:
        """Begin a new walk with its first page."""
        async with self._turn(lane):
            self._walks[lane] = self._walk(lane)
        await self.page(lane)

    async def page(self, lane: Lane, *, news: bool = False) -> bool:
        """The next page of the walk; with `news` up to three, until one brings rows that are new here. Says whether
        there was a page. Raises the backend's errors."""
        async with self._turn(lane):
            walk = self._walks.get(lane)
            if walk is None:
                walk = self._walks[lane] = self._walk(lane)
            if walk.done:
                return False
            for _ in range(3):
                came, _ = await self._read_page(lane, walk, backlog=lane not in self._complete)
                if came or walk.done or not news:
                    break
            return True

    async def _read_page(self, lane: Lane, walk: Walk, *, backlog: bool) -> tuple[int, int]:
        """Read one page into the cache; gives how many rows are new here and how many the walk had met."""
        first, asked = walk.pages == 0, self._desk.clock.monotonic()
        page = await self.community.backend.page(lane, walk.cursor())
        put = await self._take_items((*page.items, *page.others), asked)
        met = walk.take(page)  # after the last wait: a cancelled read leaves the walk where it was
        if walk.stable:
            self._stable.add(lane)
        self._suspect(lane, walk)
        if page.unreadable and lane not in self._unreadable:
            self._unreadable.add(lane)  # said once: the rows are still there at the next look
            self._desk.events.tell(
                Troubled(words=say("{number} of {name} cannot be read here: the site shows more than this list.",
                                   number=count(page.unreadable, "row"), name=self.community.name))
            )  # fmt: skip
        if page.total is not None and lane not in self.counts:
            await self.count({lane: page.total})
        added = set(put.added)
        self._tell_loaded(lane, page.items, added, first=first, backlog=backlog)
        for other in {item.lane for item in page.others}:
            rest = [item for item in page.others if item.lane == other]
            self._tell_loaded(other, rest, added, first=False, backlog=other not in self._complete)
        if put.changed:
            self._desk.events.tell(ItemsChanged(tuple(put.changed)))
        if walk.done:
            self._complete.add(lane)
            before = self._gaps.get(lane)
            self._note_gap(lane)
            missing = self._gaps.get(lane, 0)
            if missing > 0 and missing != before:
                # Items went while the pages were read, so some slid past unseen: once more, from the start.
                self._begin(lane)
        return sum(item.id in added for item in page.items), met

    def _tell_loaded(
        self, lane: Lane, items: Sequence[Item], added: set[str], *, first: bool, backlog: bool
    ) -> None:
        ids = tuple(item.id for item in items if item.state == "open")
        fresh = sum(item.id in added for item in items)
        self._desk.events.tell(LaneLoaded(self.id, lane, fresh, first, ids=ids, backlog=backlog))

    def _suspect(self, lane: Lane, walk: Walk) -> None:
        """Open rows of the cache that the site should have shown by now and did not: ask what became of them. Looks at
        a few, and stops when there are enough to ask about; `check_some` goes on."""
        if not walk.done and not (walk.rising and walk.newest_ms is not None):
            return
        before_ms = None if walk.done else walk.newest_ms
        rows = self._cache.oldest_open(lane, self.id, after=walk.checked, before_ms=before_ms, limit=LOOKED)
        for since_ms, id, row in rows:
            walk.checked = (since_ms, id)
            if row > walk.upto or id in walk.seen:
                continue
            if (place := parse_item_id(id)) is not None:
                self._verify.setdefault(place[1])
        self._lagging[lane] = len(rows) == LOOKED
        if self._verify or self._lagging[lane]:
            self._work.set()

    async def check_some(self) -> bool:
        """Ask about a batch of suspected rows; says whether there were any."""
        for lane in [lane for lane, lagging in self._lagging.items() if lagging]:
            while self._lagging[lane] and not self._verify:
                self._suspect(lane, self._walks[lane])
                await asyncio.sleep(0)
        if not self._verify:
            return False
        batch = list(self._verify)[: max(1, self.community.backend.capabilities.reread_batch)]
        for ref in batch:
            self._verify.pop(ref, None)
        await self.reread(batch)
        return True

    async def reread(self, refs: Sequence[SubjectRef]) -> None:
        """Read subjects as they are now, in batches, into the cache, and tell what is not as it was."""
        size = max(1, self.community.backend.capabilities.reread_batch)
        for start in range(0, len(refs), size):
            asked = self._desk.clock.monotonic()
            found = await self.community.backend.reread(refs[start : start + size])
            items = [each for each in found.values() if isinstance(each, Item)]
            put = await self._take_items(found.values(), asked)
            changed = set(put.changed)
            lost: dict[str, list[SubjectRef]] = {}
            for gone in found.values():
                if isinstance(gone, Gone):
                    lost.setdefault(gone.why, []).append(gone.ref)
            for why, refs_lost in lost.items():
                changed.update(await self._cache.mark_gone(refs_lost, why))
            if changed:
                self._desk.events.tell(ItemsChanged(tuple(sorted(changed))))
            added = set(put.added)
            new = [item for item in items if item.id in added and item.state == "open"]
            for lane in {item.lane for item in new}:
                ids = tuple(item.id for item in new if item.lane == lane)
                if lane in self._walks:
                    self._walks[lane].seen.update(ids)
                self._desk.events.tell(LaneLoaded(self.id, lane, len(ids), first=False, ids=ids))

    async def _take_items(self, found: Iterable[Item | Gone], asked: float) -> PutLike:
        """Write what was read to the cache; a fresh read also counts as the look before sending. What we changed while
        the answer was on its way (asked for at `asked`, monotonic) is older than what is known here."""
        reads: Reads | None = getattr(self._desk, "reads", None)
        if reads is not None:
            found = [each for each in found if reads.holds(each.ref, asked)]
            reads.note(found, asked)
        items = self._desk.filling.fill(one for one in found if isinstance(one, Item))
        put: PutLike = await self._cache.put_items(items)
        self._desk.filling.begin()
        version = self._cache.data_version()
        if version != self._version:
            # Another modtui wrote, perhaps these very rows: what is the same in the cache may be new to the screen.
            self._version = version
            fresh = {*put.added, *put.changed}
            put = PutResult(list(put.added), [*put.changed, *(one.id for one in items if one.id not in fresh)])
        return put

    async def next_page(self) -> bool:
        """The next page of the first lane that is not read to its end; says whether there was one."""
        for lane in self.allowed:
            if self.begun(lane) and not self.at_end(lane):
                return await self.page(lane)
        return False
