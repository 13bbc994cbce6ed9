"""Keeping the cache like the sites: start-up, pages, a trickle of older ones, changes, and coming back after an outage.

One task per community watches, a second one trickles. Nothing here waits for a screen and no screen waits for this:
what arrives is written to the cache and told as events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modtui.desk.events import Troubled
from modtui.desk.link import broken
from modtui.desk.rooms import DeskLike
from modtui.desk.site import SiteSync
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError

if TYPE_CHECKING:
    from modtui.desk.members import Members


class Sync:
    """Keeps all communities of a desk in step. `start` returns at once; `close` ends everything."""

    def __init__(self, desk: DeskLike) -> None:
        self._desk = desk
        self.sites: dict[CommunityId, SiteSync] = {c.id: SiteSync(desk, c) for c in desk.communities}
        self._tasks: list[asyncio.Task[None]] = []
        self._slow: set[asyncio.Future[bool]] = set()

    def start(self) -> None:
        """Begin to watch, trickle and tell of requests. Needs a running event loop."""
        if self._tasks:
            return
        for site in self.sites.values():
            site.listen()
            self._tasks.append(asyncio.create_task(site.watch(), name=f"sync {site.community.name}"))
            self._tasks.append(asyncio.create_task(site.trickle(), name=f"trickle {site.community.name}"))

    async def close(self) -> None:
        """End all tasks. Reads may be cancelled at any time: nothing depends on them."""
        ending: list[asyncio.Future[Any]] = [*self._tasks, *self._slow]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._tasks = []
        for site in self.sites.values():
            site.closed()

    def wake(self) -> None:
        """The moderator is back (`desk.idle` ended): look at once."""
        for site in self.sites.values():
            site.kick()

    def failed(self, community: CommunityId, error: BaseException) -> None:
        """Another room met trouble with the line (outbox, context): the link says so and is tried again."""
        site = self.sites.get(community)
        if site is not None and broken(error):
            site.trouble(error)

    def counts(self, community: CommunityId) -> Mapping[Lane, int]:
        """The lane counts as the site told them last (as the cache remembers them before that)."""
        site = self.sites.get(community)
        return site.lanes.counts if site is not None else {}

    async def refresh(self, lane: Lane, community: CommunityId | None = None, *, opened: bool = False) -> None:
        """Read the lane again now, also while the line is down (then it is tried). With `opened` only where it was not
        read lately. Never raises for a site's trouble: the link tells."""
        sites = [site for site in self._sites(community) if not (opened and site.fresh(lane))]
        if lane == "members":
            await asyncio.gather(*(site.refresh(lane) for site in sites if not site.live))
            await self._directory(sites, more=False)
            return
        await asyncio.gather(*(site.refresh(lane) for site in sites))

    async def more(self, lane: Lane, community: CommunityId | None = None) -> bool:
        """Load the next page of the lane. True when rows came or more may come; False at the end or without a line."""
        if lane == "members":
            return await self._directory(self._sites(community), more=True)
        return await self._any(self._more(site, lane) for site in self._sites(community))

    async def _more(self, site: SiteSync, lane: Lane) -> bool:
        try:
            return await site.more(lane)
        except ModtuiError as error:
            self._tell(site, error)
            return False

    async def _any(self, works: Iterable[Coroutine[Any, Any, bool]]) -> bool:
        """Whether one of these brought something: all begin at once, and none that is slow is waited for when another
        has brought something already. It goes on by itself."""
        tasks = [asyncio.ensure_future(work) for work in works]
        found = False
        try:
            while tasks and not found:
                done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                tasks = list(waiting)
                found = any([task.result() for task in done])
        finally:
            for task in tasks:
                self._slow.add(task)
                task.add_done_callback(self._slow.discard)
        return found

    async def load_all(self, lane: Lane, community: CommunityId | None = None, *, limit: int | None = None) -> int:
        """Load the whole lane (the command line does), at most about `limit` items a community; says how many rows are
        open and known then. Raises the backend's errors."""
        total = 0
        for site in self._sites(community):
            await site.identify()
            total += await site.load_all(lane, limit)
        return total

    async def _directory(self, sites: Sequence[SiteSync], *, more: bool) -> bool:
        """The directory of members, which is no lane of work: its own room reads it."""
        members: Members | None = getattr(self._desk, "members", None)
        if members is None:
            return False
        return await self._any(self._load(site, members, more) for site in sites)

    async def _load(self, site: SiteSync, members: Members, more: bool) -> bool:
        try:
            found = await members.load(community=site.community.id, more=more)
            if not more:
                site.was_read("members")
            site.kick_trickle()
        except ModtuiError as error:
            self._tell(site, error)
            return False
        return found

    def _sites(self, community: CommunityId | None) -> Sequence[SiteSync]:
        if community is None:
            return list(self.sites.values())
        return [self.sites[community]] if community in self.sites else []

    def _tell(self, site: SiteSync, error: ModtuiError) -> None:
        if broken(error):
            site.trouble(error)
        else:
            self._desk.events.tell(Troubled(words=str(error)))
