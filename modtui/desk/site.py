"""One community kept in step: what `Sync` does for each. The line, the polling and the trickle; `pages` reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from modtui.backends.base import RequestSeen
from modtui.backends.budget import spending
from modtui.desk.events import Event, ItemsChanged, Link, LinkChanged, RequestMade, Troubled
from modtui.desk.link import Backoff, link_for, wait_for
from modtui.desk.pages import Lanes
from modtui.desk.rooms import DeskLike
from modtui.domain.capability import Blocked
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError, RateLimited, RightsError

if TYPE_CHECKING:
    from modtui.desk.context import ContextKeeper
    from modtui.desk.members import Members

FIRST_PAGES = 3
"""Pages of the reports lane that are read at start where the budget leaves room."""
IDLE_CHECK_S = 30.0
WATCH_S = 3.0
"""How often the lines that are kept open are looked at: an idle program is to be woken rarely."""
SHARE = 10
"""The trickle takes at most one request in this many of the budget."""
UNLIMITED_TRICKLE_S = 3.0
"""How often the trickle asks a site that names no budget."""
TOGETHER = 3
"""So many times the trickle asks in a row, and rests as many times as long then: a program that slept for ten seconds
pays as much for waking up (a connection that was given up meanwhile, cold caches) as for what it reads."""


def _nothing() -> None:
    """Nothing to stop."""


class SiteSync:
    """The watching of one community. Its methods may be called only on the event loop."""

    def __init__(self, desk: DeskLike, community: Any) -> None:
        self.community = community
        self._desk = desk
        self._clock = desk.clock
        self._kick = asyncio.Event()
        self._work = asyncio.Event()
        self._tried = asyncio.Event()
        self._trouble: BaseException | None = None
        self._backoff = Backoff()
        self._again = False
        self._stop_listening: Callable[[], None] = _nothing
        self._little: asyncio.Task[bool] | None = None
        self._members_turn = False
        self._read: dict[Lane, float] = {}
        """When lanes were read last (monotonic seconds)."""
        self._following = False
        """The first look is done, and changes are followed."""
        self._slowed = False
        """Changes were followed until the site asked to wait."""
        self.lanes = Lanes(desk, community, self._work)

    # --- the line

    @property
    def id(self) -> CommunityId:
        """The community's identity."""
        return self.lanes.id

    @property
    def live(self) -> bool:
        """Whether the line is up."""
        return bool(self.community.link.state == "live")

    def listen(self) -> None:
        """Tell of requests, and note what other rooms change."""
        self.community.backend.wire.watch(self._requested)
        self._stop_listening = self._desk.events.subscribe(self._heard)
        if self.community.account is None:
            self.community.account = self._desk.store.cache.account(self.id)
        self._link(Link(state="starting", since_ms=self._clock.now_ms()))

    def closed(self) -> None:
        """Everything has ended."""
        self._stop_listening()
        self._link(Link(state="closed", since_ms=self._clock.now_ms()))
        self._done_trying()

    def kick(self) -> None:
        """Do not wait any longer: look now."""
        self._kick.set()
        self._work.set()

    def trouble(self, error: BaseException) -> None:
        """The line is in trouble, as another room found."""
        if self._following:
            self._trouble = error
            self._kick.set()

    def _link(self, link: Link) -> None:
        self.community.link = link
        self._desk.events.tell(LinkChanged(self.id, link))

    def _requested(self, seen: RequestSeen) -> None:
        self._desk.events.tell(RequestMade(self.id, seen))
        if self.community.link.state == "offline" and 200 <= seen.status < 400:
            self._kick.set()  # somebody else got through
        elif seen.status == 429 and self._following:
            asyncio.get_running_loop().call_soon(self._told_to_wait)  # the door notes the pause after this
        elif self._following and self.community.link.state == "too-fast" and 200 <= seen.status < 400:
            self._up()

    def _told_to_wait(self) -> None:
        """The site asks everybody to wait. Requests wait in the door by themselves; the moderator has to know."""
        wait_s = self.community.backend.wire.budget.wait_s
        if self._following and wait_s > 0:
            error = RateLimited(f"{self.community.name} asks to wait.", wait_s=wait_s)
            self._link(link_for(error, self.community.link, self._clock.now_ms(), wait_s))

    def _up(self) -> None:
        """The line is good."""
        self.community.synced_ms = self._clock.now_ms()
        self._link(Link(state="live", since_ms=self._clock.now_ms()))
        self._work.set()

    def _heard(self, event: Event) -> None:
        if isinstance(event, ItemsChanged):
            self.lanes.note_changed(event.items)

    # --- watching

    async def watch(self) -> None:
        """Identify, read, poll; after an error wait and do it again. Ends only by cancellation."""
        while True:
            try:
                await self.identify()
                if self._slowed:  # nothing was missed but changes: reading all again would be too fast again
                    self._slowed = False
                    await self._look()
                else:
                    await self._read_first()
                self._backoff.reset()
                self._kick.clear()
                self._following = True
                self._up()
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
            await self._desk.store.cache.put_account(self.id, self.community.account)

    async def _down(self, error: BaseException) -> None:
        """Say what is wrong and wait for the next try."""
        self._trouble = None
        self._slowed = self._following and isinstance(error, RateLimited)
        self._following = False
        wait_s = wait_for(error, self._backoff)
        self._kick.clear()
        self._link(link_for(error, self.community.link, self._clock.now_ms(), wait_s))
        self._again = self.community.link.state in ("signed-out", "no-rights", "wrong-site")
        self._done_trying()
        await self._clock.wait(self._kick, wait_s)
        self._kick.clear()

    def _done_trying(self) -> None:
        self._tried.set()
        self._tried = asyncio.Event()

    @property
    def _idle(self) -> bool:
        return bool(getattr(self._desk, "idle", False))

    @property
    def _pace(self) -> float:
        """How often it is fair to look at the site, in seconds."""
        return float(self.community.poll_s or self.community.backend.capabilities.poll_s)

    async def _poll(self) -> None:
        """Look for changes at the site's pace while the moderator is there. Raises what goes wrong."""
        while True:
            kicked = await self._pause(IDLE_CHECK_S if self._idle else max(0.5, self._pace))
            self._kick.clear()
            if self._trouble is not None:
                error, self._trouble = self._trouble, None
                raise error
            if self._idle and not kicked:
                continue
            await self._look()
            self._done_trying()

    async def _pause(self, seconds: float) -> bool:
        """Wait until the next look; True when it was hurried. Raises NetworkError when the site goes away meanwhile and
        the backend's wire notices (`still_there`, which costs no request)."""
        still_there = getattr(self.community.backend.wire, "still_there", None)
        end = self._clock.monotonic() + seconds
        while still_there is not None and not self._idle and (left := end - self._clock.monotonic()) > WATCH_S:
            if await self._clock.wait(self._kick, min(WATCH_S, left)):
                return True
            await still_there()
        return await self._clock.wait(self._kick, max(0.0, end - self._clock.monotonic()))

    async def _look(self) -> None:
        """What happened since the last look. Raises the backend's errors."""
        await self.lanes.take(await self.community.backend.changes(self.lanes.position))
        self.community.synced_ms = self._clock.now_ms()
        while self._room() and await self.lanes.look_due():
            pass

    async def _read_first(self) -> None:
        """The first look, and the first one after an outage: position, counts, first pages."""
        backend = self.community.backend
        if not self.lanes.allowed:
            raise RightsError(self._why_no_lane())
        again = self.lanes.position is not None
        changes = await backend.changes(self.lanes.position)
        self.lanes.position = changes.position
        await self.lanes.count(dict(await backend.counts()))
        if again:
            await self.lanes.take(changes)
        for lane in self.lanes.allowed:
            try:
                await self.lanes.restart(lane)
                self.was_read(lane)
                for _ in range(FIRST_PAGES - 1 if lane == "reports" and not again else 0):
                    if self.lanes.at_end(lane) or not self._room():
                        break
                    await self.lanes.page(lane)
            except RightsError as error:
                self._desk.events.tell(Troubled(words=str(error)))
        await self.lanes.check_some()

    def _why_no_lane(self) -> str:
        """Why this account has no lane at all on this site."""
        found = self.community.backend.capabilities.lanes.values()
        why = next((each.sentence for each in found if isinstance(each, Blocked)), "there is no queue for this account")
        return f"{self.community.name}: {why}."

    # --- asked for

    def was_read(self, lane: Lane) -> None:
        """The lane was read just now."""
        self._read[lane] = self._clock.monotonic()

    def fresh(self, lane: Lane) -> bool:
        """Whether the lane was read so short a while ago that somebody who turns to it knows as much as somebody who
        looks at it all the time: the line is up, the site told of nothing new, and the next look is not due yet. A lane
        with nothing in it is always worth a look."""
        at = self._read.get(lane)
        if at is None or self._clock.monotonic() - at >= self._pace:
            return False
        return self.live and not self.lanes.due(lane) and self._desk.store.cache.count(lane, self.id) > 0

    def _make_way(self) -> None:
        """Background reading may wait long for its part of the budget: the moderator's own does not wait behind it."""
        if self._little is not None:
            self._little.cancel()

    async def refresh(self, lane: Lane) -> None:
        """Read the lane again now; while the line is down, try it. The site's trouble shows in the link."""
        if not self.live:
            tried = self._tried
            self.kick()
            if self.community.link.state != "closed":
                await tried.wait()
            return
        self._make_way()
        try:
            await self.lanes.count(dict(await self.community.backend.counts()))
            if not await self.lanes.look(lane):
                await self.lanes.restart(lane)
            self.was_read(lane)
            await self.lanes.check_some()
            self.community.synced_ms = self._clock.now_ms()
            if lane == "questions":
                self._desk.solved.again(self.id)
            self._work.set()
        except ModtuiError as error:
            self.trouble(error)
            while self._trouble is error and self.community.link.state != "closed":
                await self._tried.wait()  # who asked looks at the link for what came of it

    async def more(self, lane: Lane) -> bool:
        """The next page now; says whether there may be another. False while the line is down."""
        if not self.live or lane not in self.lanes.allowed:
            return False
        self._make_way()
        return await self.lanes.page(lane, news=True) and not self.lanes.at_end(lane)

    async def load_all(self, lane: Lane, limit: int | None) -> int:
        """All pages of the lane, at most about `limit` items; says how many open rows are known."""
        while await self.lanes.page(lane):
            if limit is not None and self.lanes.met(lane) >= limit:
                break
        while limit is None and await self.lanes.check_some():
            pass
        return int(self._desk.store.cache.count(lane, self.id))

    # --- the trickle

    def kick_trickle(self) -> None:
        """There is more to read in the background."""
        self._work.set()

    def _room(self) -> bool:
        """Whether at least half of the budget is left for the moderator."""
        budget = self.community.backend.wire.budget
        return bool(budget.wait_s <= 0 and (budget.limit <= 0 or budget.used < budget.limit / 2))

    def _interval(self) -> float:
        budget = self.community.backend.wire.budget
        limit = budget.limit or self.community.backend.capabilities.budget
        return float(SHARE * budget.window_s / limit) if limit > 0 else UNLIMITED_TRICKLE_S

    def _together(self) -> int:
        """How often the trickle may ask in a row: not more than its share of the budget."""
        budget = self.community.backend.wire.budget
        limit = budget.limit or self.community.backend.capabilities.budget
        return min(TOGETHER, max(1, limit // SHARE)) if limit > 0 else TOGETHER

    async def trickle(self) -> None:
        """Read on in the background with a tenth of the budget: suspected rows first, then the next pages, then what
        was answered."""
        asked = 1
        while True:
            if not self._work.is_set():
                asked = 1
                await self._work.wait()
            await self._clock.sleep(asked * self._interval())
            asked, most = 1, self._together()
            while await self._trickled() and asked < most:
                asked += 1

    async def _trickled(self) -> bool:
        """Ask once for the trickle; whether it may go on at once."""
        if not self.live:
            self._work.clear()  # set again when the line is up
            return False
        if self._idle or not self._room():
            return False
        with spending("trickle"):
            self._little = asyncio.create_task(self._a_little(), name=f"trickle request {self.community.name}")
        try:
            if await self._little:
                return True
            self._work.clear()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # only the request was cancelled, for something that the moderator waits for
        except RateLimited:
            pass  # no room for the trickle; the door itself heeds what the site asked for
        except ModtuiError as error:
            self.trouble(error)
            self._work.clear()
        return False

    async def _a_little(self) -> bool:
        """One request or two of background work; False when there is none left."""
        lanes = self.lanes
        if await lanes.look_due() or await lanes.check_some() or await lanes.next_page():
            return True
        keeper: ContextKeeper | None = getattr(self._desk, "keeper", None)
        if keeper is not None and await keeper.trickle(self.id):
            return True
        members: Members | None = getattr(self._desk, "members", None)
        self._members_turn = not self._members_turn
        if self._members_turn and members is not None and await members.trickle(self.id):
            return True
        if await self._desk.solved.step(self.community):
            return True
        return not self._members_turn and members is not None and await members.trickle(self.id)
