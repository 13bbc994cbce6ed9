"""A fake site, a fake backend and a fake clock for the tests of the looking half of the desk. Fakes, not recordings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from modtui.backends.base import Budget, Connection, Fate, Plain, RequestSeen
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import Event, ItemsChanged, LaneLoaded
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.decisions import Answer, Call, Effect, Intent, Plan, PlannedStep, Step
from modtui.domain.items import (
    Account,
    Body,
    Changes,
    Claim,
    Dossier,
    Gone,
    Item,
    Member,
    Page,
    Place,
    Report,
    State,
    Thread,
)
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.errors import ModtuiError, NotFound
from modtui.store.store import Store
from modtui.text import Foreign, own

HARBOUR = CommunityId("aaaaaaaaaaaa")
START = 1_790_000_000_000
HOUR = 3_600_000


class FakeClock(Clock):
    """Time that stands still until `advance`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._lengths: dict[asyncio.Future[None], float] = {}

    def now_ms(self) -> int:
        return START + int(self._now * 1000)

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, future))
        self._lengths[future] = seconds
        await future

    def sleeps(self, seconds: float) -> bool:
        """Whether somebody went to sleep for so long and sleeps still."""
        return any(self._lengths[future] == seconds for _, future in self._sleepers if not future.done())

    def advance(self, seconds: float) -> None:
        """Let time pass; who is due wakes when the loop runs."""
        self._now += seconds
        for due, future in self._sleepers:
            if due <= self._now and not future.done():
                future.set_result(None)
        self._sleepers = [(due, future) for due, future in self._sleepers if not future.done()]


async def until(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds; at most thirty real seconds, which only bound a hang."""
    end = time.monotonic() + 30.0
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.001)


async def quiet() -> None:
    """Let everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0.001)


def item(
    number: int,
    *,
    author: str = "bo_lind",
    text: str = "the text",
    lane: Lane = "reports",
    hours: float | None = None,
    reasons: Sequence[str] = ("spam",),
    reporters: Sequence[str] = ("mapletux",),
    language: str | None = None,
    locale: str | None = None,
    state: State = "open",
    claim: Claim | None = None,
    category: str | None = None,
    tags: Sequence[str] = (),
    hidden: bool = False,
    score: float | None = None,
    handled_by: str | None = None,
    edited_ms: int | None = None,
    title: str = "A thread",
    thread: str | None = None,
    community: CommunityId = HARBOUR,
) -> Item:
    """A row of work. The higher its number the younger it is, unless `hours` says how long it waits."""
    since_ms = START - int(hours * HOUR) if hours is not None else START - 1000 * HOUR + number * 1000
    reports = tuple(
        Report(
            id=f"{number}-{n}", reason=reason, label=Foreign(reason),
            reporter=Member(native=f"m{n}", username=Foreign(reporters[n % len(reporters)])),
        )
        for n, reason in enumerate(reasons)
    )  # fmt: skip
    return Item(
        lane=lane, ref=SubjectRef(community, "post", str(number)), kind="post", number=str(number),
        title=Foreign(title), author=Member(native=f"u-{author}", username=Foreign(author), locale=locale),
        body=Body(Foreign(text)), reports=reports, since_ms=since_ms, language=language, state=state, claim=claim,
        place=Place(
            category=Foreign(category) if category else None, tags=tuple(Foreign(tag) for tag in tags), thread_id=thread
        ),
        hidden=hidden, score=score, handled_by=Foreign(handled_by) if handled_by else None, edited_ms=edited_ms,
    )  # fmt: skip


class FakeWire:
    """A wire without a network."""

    def __init__(self) -> None:
        self.budget = Budget(0, 0)
        self.requests: list[RequestSeen] = []
        self.clock_ms = START

    def watch(self, seen: Callable[[RequestSeen], None]) -> None:
        self._seen = seen

    def answered(self, status: int) -> None:
        """Somebody's request was answered."""
        self._seen(RequestSeen(at_ms=START, method="GET", path="/", status=status, took_ms=1, size=1))


class FakeBackend(Plain):
    """A site that lives in a dict. `calls` lists what was asked; `broken` is raised by everything while it is set."""

    name = "fake"

    def __init__(self, folder: Path, items: Sequence[Item] = (), community: CommunityId = HARBOUR) -> None:
        self.connection = Connection(community=community, url="https://harbour.example", credential=None, state=folder)
        self.wire = FakeWire()
        self.items: dict[str, Item] = {each.id: each for each in items}
        self.calls: list[str] = []
        self.broken: ModtuiError | None = None
        self.news: list[Changes] = []
        self.gate: asyncio.Event | None = None
        self.page_size = 10
        self.others: tuple[Item, ...] = ()
        self.unreadable = 0
        self.capabilities = Capabilities(
            verbs={"approve": ALLOWED, "remove": ALLOWED}, lanes={"reports": ALLOWED, "pending": ALLOWED},
            reread_batch=10, poll_s=30,
        )  # fmt: skip

    async def _ask(self, call: str) -> None:
        self.calls.append(call)
        if self.gate is not None:
            await self.gate.wait()
        if self.broken is not None:
            raise self.broken

    def put(self, *items: Item) -> None:
        """Something happened on the site."""
        self.items.update((each.id, each) for each in items)

    def handle(self, number: int, by: str = "ann", state: State = "removed") -> None:
        """Another moderator decided."""
        old = self.items[f"reports/{HARBOUR}/post/{number}"]
        self.put(msgspec.structs.replace(old, state=state, handled_by=Foreign(by)))

    def open(self, lane: str) -> list[Item]:
        """The open items of a lane, oldest first."""
        found = [each for each in self.items.values() if each.lane == lane and each.state == "open"]
        return sorted(found, key=lambda each: each.since_ms)

    async def identify(self) -> Account:
        await self._ask("identify")
        return Account(native="1", username=Foreign("rookmoor"))

    async def counts(self) -> Mapping[Lane, int]:
        await self._ask("counts")
        return {"reports": len(self.open("reports")), "pending": len(self.open("pending"))}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        await self._ask(f"page {lane} {cursor or 0}")
        offset = int(cursor or 0)
        found = self.open(lane)
        end = offset + self.page_size
        return Page(
            items=tuple(found[offset:end]), others=self.others if lane == "reports" else (),
            cursor=str(end) if end < len(found) else None, total=len(found),
            unreadable=self.unreadable if lane == "reports" else 0,
        )  # fmt: skip

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        await self._ask(f"reread {len(refs)}")
        by_ref = {each.ref: each for each in self.items.values()}
        return {ref: by_ref.get(ref) or Gone(ref=ref) for ref in refs}

    async def thread(self, item: Item) -> Thread:
        await self._ask(f"thread {item.number}")
        if item.id not in self.items:
            raise NotFound("The thread is gone.")
        return Thread(id=item.number, title=Foreign(f"Thread of {item.number}"))

    async def dossier(self, member: str) -> Dossier:
        await self._ask(f"dossier {member}")
        return Dossier(member=Member(native=member, username=Foreign(member)))

    def plan(self, item: Item, intent: Intent) -> Plan:
        call = Call("perform", {"number": item.number, "verb": intent.verb})
        return Plan(
            verb=intent.verb, steps=(PlannedStep(call=call, words="done"),), effects=(Effect("post", own("done")),)
        )

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        return Plan(verb="reopen", steps=(PlannedStep(call=Call("reopen", {"number": item.number}), words="open"),))

    async def send(self, call: Call, *, key: str) -> Answer:
        await self._ask(f"send {call.name} {call.args['number']}")
        return Answer()

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        return Fate(is_="unclear")

    async def changes(self, position: str | None) -> Changes:
        await self._ask("changes")
        return self.news.pop(0) if self.news else Changes(position=str(int(position or 0) + 1))

    async def aclose(self) -> None:
        self.calls.append("close")


class World:
    """A desk over a fake site, with the real store."""

    def __init__(self, folder: Path, items: Sequence[Item] = ()) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder / "s", folder / "c", now_ms=self.clock.now_ms)
        self.backend = FakeBackend(folder, items)
        self.community = Community(name="harbour", backend=self.backend, url="https://harbour.example")
        self.desk = Desk([self.community], self.store, clock=self.clock)
        self.told: list[Event] = []
        self.desk.events.subscribe(self.told.append)

    def tell_of(self, kind: type[Event]) -> list[Event]:
        """What was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    async def live(self) -> None:
        """Start to follow the site and wait until the line is up."""
        self.desk.sync.start()
        await until(lambda: self.community.link.state == "live" and self.clock.sleeps(30), "the line")

    async def poll(self) -> None:
        """Let the next look for changes happen."""
        await until(lambda: self.clock.sleeps(30), "a pause")
        before = self.backend.calls.count("changes")
        self.clock.advance(30.1)
        await until(lambda: self.backend.calls.count("changes") > before and self.clock.sleeps(30), "a poll")

    async def trickle_until(self, holds: Callable[[], object], what: str, step_s: float = 3.1) -> None:
        """Let the trickle have its turns until something holds."""
        end = time.monotonic() + 30.0
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.clock.advance(step_s)
            await quiet()


@asynccontextmanager
async def world(folder: Path, items: Sequence[Item] = (), cached: Sequence[Item] = ()) -> AsyncIterator[World]:
    """A desk over a fake site that has `items`; the cache remembers `cached` from an earlier session."""
    made = World(folder, items)
    await made.store.cache.put_items(cached)
    try:
        yield made
    finally:
        await made.desk.keeper.close()
        await made.desk.sync.close()
        await made.store.close()


def row(number: int) -> str:
    """The id of the row with this number."""
    return f"reports/{HARBOUR}/post/{number}"


async def arrive(w: World, *items: Item, backlog: bool = False) -> None:
    """Items come into the cache as sync would bring them."""
    put = await w.store.cache.put_items(items)
    ids = tuple(each.id for each in items if each.state == "open")
    w.desk.events.tell(LaneLoaded(HARBOUR, "reports", len(put.added), first=False, ids=ids, backlog=backlog))
    if put.changed:
        w.desk.events.tell(ItemsChanged(tuple(put.changed)))
