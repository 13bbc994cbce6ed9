"""What stands around an item: the thread, the author's dossier, and what was decided on the like before.

Nothing here waits: `get` answers from the cache, `want` begins to fetch and events tell what came. What the moderator
no longer looks at is not fetched; one item ahead is, where the budget leaves room.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from modtui.backends.base import Backend
from modtui.backends.budget import spending
from modtui.desk.events import ContextLoaded
from modtui.desk.link import broken
from modtui.desk.rooms import DeskLike
from modtui.desk.words import did
from modtui.domain.decisions import Decision
from modtui.domain.items import Dossier, Item, Member, Thread
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError, NotFound, RateLimited
from modtui.store.pick import pick
from modtui.text import Foreign, Shown, join, say

FRESH_S = 300.0
"""A thread or dossier younger than this is not fetched again by itself."""
DWELL_S = 3.0
"""The dossier (several requests on some sites) is fetched when the moderator stays this long: a quick approval costs
thread, re-read and write only."""
IN_FLIGHT = 3
STAYS = ((0.25, 0.4), (0.5, 1.0), (0.65, 2.0))
"""From this share of the request budget on, the moderator must stay so many seconds before a thread is fetched."""
QUEUED_S = 1.0
"""What was fetched ahead and is not there after this waits for its part of the budget."""
EARLIER = 20


_UNTOLD = "language IS NULL"
UNTOLD = 200
"""So many questions of unknown language are noted at a time ..."""
UNTOLD_MS = 60_000
"""... and so often it is looked for more."""


class Context(Struct, frozen=True):
    """What is known around an item now.

    `fresh_ms` is when the older of thread and dossier was read (0: nothing was). `problem` says in a sentence why
    something is missing. `earlier` are lines about what this desk decided before on this subject and this author.
    """

    thread: Thread | None = None
    dossier: Dossier | None = None
    earlier: tuple[Shown, ...] = ()
    loading: bool = False
    problem: str | None = None
    fresh_ms: int = 0


class _Flight:
    """A read on its way. `items` are the item ids to tell when it lands."""

    __slots__ = ("ahead", "began", "items", "started", "task")
    task: asyncio.Task[None]

    def __init__(self, items: set[str], began: float, ahead: bool) -> None:
        self.items = items
        self.began = began
        self.ahead = ahead
        """Nobody waits for it yet: it may stand in the queue of the trickle."""
        self.started = False


Key = tuple[str, str, str]


class ContextKeeper:
    """Fetches and keeps what stands around items. One per desk."""

    def __init__(self, desk: DeskLike, *, fresh_s: float = FRESH_S, dwell_s: float = DWELL_S) -> None:
        self._desk = desk
        self._fresh_ms = int(fresh_s * 1000)
        self._dwell_s = dwell_s
        self._flights: dict[Key, _Flight] = {}
        self._problems: dict[Key, str] = {}
        self._standing: str | None = None
        self._follow: asyncio.Task[None] | None = None
        self._earlier: dict[str, tuple[Shown, ...]] = {}
        self._memo: dict[str, tuple[Item, Context]] = {}
        self._tried: set[str] = set()
        self._untold: dict[CommunityId, list[str]] = {}
        self._looked: dict[CommunityId, int] = {}

    # --- looking

    def get(self, item: Item) -> Context:
        """What is cached around the item. Never waits, and costs nothing while nothing changes."""
        known = self._memo.get(item.id)
        if known is not None and known[0] == item:
            return known[1]
        if len(self._memo) >= 200:
            self._memo.clear()
        context = self._read(item)
        self._memo[item.id] = (item, context)
        return context

    def _read(self, item: Item) -> Context:
        cache = self._desk.store.cache
        thread = cache.thread(item.id)
        dossier = cache.dossier(item.ref.community, item.author.native) if item.author else None
        keys = _keys(item)
        stamps = [found[1] for found in (thread, dossier) if found is not None]
        return Context(
            thread=thread[0] if thread else None,
            dossier=dossier[0] if dossier else None,
            earlier=self.earlier(item),
            loading=any(key in self._flights for key in keys),
            problem=next((self._problems[key] for key in keys if key in self._problems), None),
            fresh_ms=min(stamps, default=0),
        )

    def earlier(self, item: Item) -> tuple[Shown, ...]:
        """Lines about what this desk's own journal has on the subject and on its author; empty when it has nothing."""
        if item.id not in self._earlier:
            if len(self._earlier) > 200:
                self._earlier.clear()
            self._earlier[item.id] = earlier_lines(self._desk.store.journal, item)
        return self._earlier[item.id]

    def forget(self) -> None:
        """A decision changed the journal: the lines about earlier ones are made anew."""
        self._earlier.clear()
        self._memo.clear()

    # --- fetching

    def want(self, item: Item, ahead: Sequence[Item] = ()) -> None:
        """The moderator stands on `item`: fetch what is missing around it, then the thread of the first of `ahead`.
        Older wishes that were not sent yet are dropped. Returns at once; `ContextLoaded` tells what came."""
        self._standing = item.id
        self._memo.pop(item.id, None)
        self._drop(_keys(item) | {key for each in ahead[:1] for key in _keys(each)})
        for key in _keys(item):
            self._problems.pop(key, None)
        if self._follow is not None:
            self._follow.cancel()
        if self._stale_thread(item):
            self._launch_thread(item, self._stay_s(item))
        self._follow = asyncio.create_task(self._then(item, tuple(ahead[:1])), name="context")

    async def fetch(self, item: Item, *, dossier: bool = True) -> Context:
        """Fetch thread and dossier now and wait for them (for the command line and the dossier screen). Trouble is told
        in the context's `problem`, never raised."""
        if self._stale_thread(item):
            self._launch_thread(item)
        if dossier:
            self._launch_dossier(item)
        await self._landed(_keys(item))
        return self.get(item)

    async def close(self) -> None:
        """Drop all wishes."""
        tasks = [flight.task for flight in self._flights.values()]
        if self._follow is not None:
            tasks.append(self._follow)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._flights.clear()

    async def _then(self, item: Item, ahead: tuple[Item, ...]) -> None:
        """What comes after the thread: the next item's, then this author's dossier if the moderator stays."""
        await self._landed({("thread", item.ref.community, item.id)})
        for each in ahead:
            if self._stale_thread(each) and self._room(each):
                key = ("thread", each.ref.community, each.id)
                self._launch(key, each.id, partial(self._fetch_thread, each, ahead=True), ahead=True)
        await self._desk.clock.sleep(self._dwell_s)
        if self._standing == item.id and self._room(item, 0.25):
            self._launch_dossier(item)

    def _launch_dossier(self, item: Item) -> None:
        if item.author is None or not self._live(item):
            return
        held = self._desk.store.cache.dossier(item.ref.community, item.author.native)
        if held is None or self._old(held[1]) or self._acted(item, held[1]):
            key = ("dossier", item.ref.community, item.author.native)
            self._launch(key, item.id, partial(self._fetch_dossier, item, item.author.native))

    def _launch_thread(self, item: Item, stay_s: float = 0.0) -> None:
        """Fetch the thread of the item that the moderator stands on."""
        key: Key = ("thread", item.ref.community, item.id)
        flight = self._flights.get(key)
        if flight is not None and flight.ahead and self._desk.clock.monotonic() - flight.began > QUEUED_S:
            flight.task.cancel()  # it still queues with what nobody waits for
            self._land(key, flight)
        self._launch(key, item.id, partial(self._fetch_thread, item), stay_s)

    def _launch(
        self, key: Key, item_id: str, work: Callable[[], Coroutine[Any, Any, None]], stay_s: float = 0.0, *,
        ahead: bool = False,
    ) -> None:  # fmt: skip
        flight = self._flights.get(key)
        if flight is not None:
            flight.items.add(item_id)
            return
        flight = self._flights[key] = _Flight({item_id}, self._desk.clock.monotonic(), ahead)
        flight.task = asyncio.create_task(self._fly(key, flight, work, stay_s), name=f"context {key[0]}")
        self._memo.clear()
        self._desk.events.tell(ContextLoaded(item_id))

    async def _fly(
        self, key: Key, flight: _Flight, work: Callable[[], Coroutine[Any, Any, None]], stay_s: float
    ) -> None:
        if stay_s > 0:
            await self._desk.clock.sleep(stay_s)  # who walks on meanwhile costs nothing
        flight.started = True
        try:
            await work()
            self._problems.pop(key, None)
        except ModtuiError as error:
            self._problems[key] = error.message
            if len(self._problems) > 200:
                self._problems.pop(next(iter(self._problems)))
            if broken(error):
                self._line_trouble(key[1], error)
        finally:
            self._land(key, flight)

    def _land(self, key: Key, flight: _Flight) -> None:
        """A read has ended, one way or another."""
        if self._flights.get(key) is flight:
            del self._flights[key]
        self._memo.clear()
        for id in flight.items:
            self._desk.events.tell(ContextLoaded(id))

    def _line_trouble(self, community: str, error: ModtuiError) -> None:
        sync = getattr(self._desk, "sync", None)
        if sync is not None:
            sync.failed(community, error)

    async def _fetch_thread(self, item: Item, *, ahead: bool = False) -> None:
        try:
            with spending("trickle" if ahead else "read"):
                await self._community(item).identify()
                thread = await self._backend(item).thread(item)
        except RateLimited:
            if ahead:
                return  # nobody waits for it, so it says nothing about the line
            raise
        await self._desk.store.cache.put_thread(item.id, thread)
        await self._desk.solved.learn(item, thread)
        self._desk.filling.read(item, thread)

    async def trickle(self, community: CommunityId) -> bool:
        """Read the thread of one question whose language nobody can tell from its row: lists show some questions by
        their titles only. False when there is none. Raises the backend's errors."""
        cache = self._desk.store.cache
        now_ms = self._desk.clock.now_ms()
        waiting = self._untold.setdefault(community, [])
        if not waiting and now_ms >= self._looked.get(community, 0) + UNTOLD_MS:
            self._looked[community] = now_ms
            tried = frozenset(self._tried)
            ids = await cache.apart(
                lambda: pick(cache, ["id"], "questions", [community], lambda row: row[0] not in tried, where=_UNTOLD)
            )
            waiting += ids[:UNTOLD]
        while waiting:
            id = waiting.pop()
            self._tried.add(id)
            item = cache.item(id)
            if item is not None and item.language is None and self._stale_thread(item):
                await self._fetch_thread(item, ahead=True)
                return True
        return False

    async def _fetch_dossier(self, item: Item, native: str) -> None:
        with spending("read"):
            await self._community(item).identify()
            author = item.author or Member(native=native, username=Foreign(""))
            dossier = await read_dossier(self._backend(item), author)
        await self._desk.store.cache.put_dossier(item.ref.community, native, dossier)

    async def _landed(self, keys: set[Key]) -> None:
        tasks = [self._flights[key].task for key in keys if key in self._flights]
        if tasks:
            await asyncio.wait(tasks)

    def _drop(self, wanted: set[Key]) -> None:
        """Cancel reads that nobody waits for any more: those not begun, and of the others all but the newest few."""
        stale = [(key, flight) for key, flight in self._flights.items() if key not in wanted]
        spare = len(stale) - (IN_FLIGHT - 1)
        for number, (key, flight) in enumerate(stale):
            if not flight.started or number < spare:
                flight.task.cancel()
                self._land(key, flight)

    # --- what is known

    def _community(self, item: Item) -> Any:
        for community in self._desk.communities:
            if community.id == item.ref.community:
                return community
        raise KeyError(item.ref.community)

    def _backend(self, item: Item) -> Backend:
        backend: Backend = self._community(item).backend
        return backend

    def _live(self, item: Item) -> bool:
        """Whether it is worth asking: the line is not known to be down."""
        states = [c.link.state for c in self._desk.communities if c.id == item.ref.community]
        return bool(states) and states[0] in ("live", "starting")

    def _room(self, item: Item, share: float = 0.5) -> bool:
        """Whether less than this share of the budget is spent: room for what the moderator did not ask for."""
        if not self._live(item):
            return False
        budget = self._backend(item).wire.budget
        return budget.wait_s <= 0 and (budget.limit <= 0 or budget.used < budget.limit * share)

    def _stay_s(self, item: Item) -> float:
        """How long the moderator must stay on the item before its thread is fetched: the fuller the minute, the longer,
        so that a fast walk leaves room for decisions."""
        budget = self._backend(item).wire.budget
        if budget.limit <= 0 or budget.used < budget.limit * STAYS[0][0]:
            return 0.0
        return max(stay_s for share, stay_s in STAYS if budget.used >= budget.limit * share)

    def _stale_thread(self, item: Item) -> bool:
        if not self._live(item):
            return False
        held = self._desk.store.cache.thread_ms(item.id)
        return held is None or self._old(held)

    def _acted(self, item: Item, since_ms: int) -> bool:
        """Whether this desk, or another modtui, did something to the author of `item` since then."""
        if item.author is None:
            return False
        decisions = self._desk.store.journal.earlier(
            author=item.author.username, community=item.ref.community, limit=EARLIER
        )
        return any(
            step.state in ("done", "undone") and (step.changed_ms or 0) >= since_ms
            for decision in decisions for target in decision.targets for step in target.steps
        )  # fmt: skip

    def _old(self, fetched_ms: int) -> bool:
        return bool(self._desk.clock.now_ms() - fetched_ms > self._fresh_ms)


async def read_dossier(backend: Backend, author: Member) -> Dossier:
    """The dossier of `author`, by number where the account can look one up, else by name. Raises the backend's
    errors."""
    try:
        found = await backend.dossier(author.native)
        if found.member.native in ("", author.native):
            return found
    except NotFound:
        if not author.username or author.username == author.native:
            raise
    return await backend.dossier(author.username)  # a number may be somebody else's name


def _keys(item: Item) -> set[Key]:
    keys: set[Key] = {("thread", item.ref.community, item.id)}
    if item.author is not None:
        keys.add(("dossier", item.ref.community, item.author.native))
    return keys


def earlier_lines(journal: Any, item: Item) -> tuple[Shown, ...]:
    """What the journal has on the item's subject and author, in at most two lines."""
    lines: list[Shown] = []
    on_this: list[Decision] = list(journal.earlier(ref=item.ref, limit=EARLIER))
    if on_this:
        newest = on_this[0]
        lines.append(say("you {did} this before ({state})", did=did(newest.verb, item.lane), state=newest.state))
    if item.author is not None:
        known = {decision.id for decision in on_this}
        by_author = [
            decision
            for decision in journal.earlier(author=item.author.username, community=item.ref.community, limit=EARLIER)
            if decision.id not in known and decision.undo_of is None
            and decision.state in ("done", "partly", "held", "sending", "unknown")
        ]  # fmt: skip
        if by_author:
            tally = Counter(did(decision.verb, item.lane) for decision in by_author)
            parts = [say("{n} {did}", n=n, did=word) for word, n in tally.most_common()]
            more = "at least " if len(by_author) >= EARLIER else ""
            lines.append(
                say(
                    "you on {more}{n} by this author: {what}", more=more, n=len(by_author), what=join(", ", parts)
                )
            )
    return tuple(lines)
