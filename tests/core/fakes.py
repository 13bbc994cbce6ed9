"""A clock that tests move, and a site in memory with a backend on it, whose line and answers can be spoiled."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from modtui.backends.base import Budget, Connection, Credential, Fate, Plain, RequestSeen
from modtui.desk.clock import Clock
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.decisions import Answer, Call, Intent, Plan, PlannedStep, Step
from modtui.domain.items import (
    Account,
    Body,
    Changes,
    Claim,
    Dossier,
    Gone,
    Item,
    Member,
    Offer,
    Page,
    Penalty,
    Report,
    State,
    Thread,
)
from modtui.domain.subjects import CommunityId, Lane, SubjectRef, community_id
from modtui.errors import AuthError, NetworkError, RateLimited, Refused, SiteError, Stale
from modtui.text import Foreign

START_MS = 1_700_000_000_000
STATES: dict[str, State] = {"approve": "kept", "remove": "removed", "spam": "removed", "ignore": "ignored"}


class FakeClock(Clock):
    """Time stands still until `advance`; `jump` moves the wall clock alone."""

    def __init__(self) -> None:
        self._wall = START_MS
        self._mono = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self.busy: list[Callable[[], bool]] = []
        """Time passes only while none of these says yes: what runs in threads is waited for."""

    def now_ms(self) -> int:
        return self._wall

    def monotonic(self) -> float:
        return self._mono

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._wall += int(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._mono + seconds, next(self._count), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let that much time pass; whoever wakes gets a turn at its own moment."""
        end = self._mono + seconds
        await self._quiet()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._step(max(at, self._mono))
            future.set_result(None)
            await self._quiet()
        self._step(end)
        await self._quiet()

    async def _quiet(self) -> None:
        await breathe()
        await until(lambda: not any(busy() for busy in self.busy), "quiet")
        await breathe()

    def _step(self, to: float) -> None:
        self._wall += round((to - self._mono) * 1000)
        self._mono = to


class SkippingClock(Clock):
    """The machine's clocks, on which `skip` lets waiting time pass at once: for holds beside requests that take real
    time. The wall clock stays as it is, because the site has one as well."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self._sleepers: set[asyncio.Event] = set()

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        skipped = asyncio.Event()
        self._sleepers.add(skipped)
        try:
            while (left := end - self.monotonic()) > 0:
                skipped.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(skipped.wait(), left)
            await asyncio.sleep(0)
        finally:
            self._sleepers.discard(skipped)

    def skip(self, seconds: float) -> None:
        """So much later; whoever is due wakes."""
        self.skipped += seconds
        for skipped in self._sleepers:
            skipped.set()


async def breathe(turns: int = 12) -> None:
    """Give other tasks some turns."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], what: str = "", seconds: float = 30.0) -> None:
    """Wait (in real time) until `condition` holds; fails the test after `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() > end:
            raise AssertionError(f"never came true: {what or condition}")
        await asyncio.sleep(0.001)


class FakeWire:
    """The visible part of the fake's door."""

    def __init__(self, site: FakeSite) -> None:
        self._site = site

    @property
    def budget(self) -> Budget:
        return Budget(limit=0, used=0)

    @property
    def requests(self) -> Sequence[RequestSeen]:
        return self._site.seen

    def watch(self, seen: Callable[[RequestSeen], None]) -> None:
        self._site.watchers.append(seen)

    @property
    def clock_ms(self) -> int:
        return self._site.clock.now_ms()


class FakeSite:
    """What the site holds. `faults` spoil the next writes, one each; `reading` spoils every read while it is set."""

    def __init__(self, clock: FakeClock, me: str = "rookmoor") -> None:
        self.clock = clock
        self.me = me
        self.items: dict[str, Item] = {}
        self.faults: deque[str] = deque()
        self.down: Exception | None = None
        """Raised by every request while set: nothing reaches the site."""
        self.gate: asyncio.Event | None = None
        """A write waits here, after it was applied and before it is answered."""
        self.applied: list[tuple[str, Call]] = []
        self.messages: list[tuple[str, str]] = []
        self.banned: set[str] = set()
        self.reads: list[list[str]] = []
        self.last_read: dict[str, tuple[float, Item | None]] = {}
        """What the last re-read of a subject gave, and when (monotonic)."""
        self.writes: list[str] = []
        self.order: list[str] = []
        """Reads and writes as they came."""
        self.broken_reads: set[str] = set()
        self.refusing: set[str] = set()
        """Subjects on which the site takes no decision."""
        self.unanswered: set[str] = set()
        """Subjects that a re-read leaves out, against the protocol."""
        self.fates: list[str] = []
        self.since: list[int] = []
        """How far back the looks for lost answers went (UTC ms)."""
        self.known: list[tuple[Answer, ...]] = []
        """The answers that those looks were told of."""
        self.answers: dict[str, Answer] = {}
        """What a call of this name is answered with."""
        self.unclear = False
        self.gated = 0
        """How many writes wait at the gate."""
        self.siblings: dict[str, tuple[str, ...]] = {}
        self.seen: list[RequestSeen] = []
        self.watchers: list[Callable[[RequestSeen], None]] = []
        self.late: list[tuple[Call, str, float]] = []
        """Writes that are still under way although their answer was lost, and since when (monotonic)."""

    def change(self, native: str, **fields: object) -> None:
        """Somebody changes a subject."""
        self.items[native] = replace(self.items[native], **fields)

    def handle(self, native: str, state: State, by: str) -> None:
        """Another moderator decides."""
        item = self.items[native]
        self.change(native, state=state, handled_by=Foreign(by), version=(item.version or 0) + 1)

    async def at_gate(self, gate: asyncio.Event) -> None:
        """Wait there; who is cancelled meanwhile waits no more."""
        self.gated += 1
        try:
            await gate.wait()
        finally:
            self.gated -= 1

    def apply(self, call: Call, key: str) -> Answer:
        """Do what a call asks. Raises Refused and Stale as a site does."""
        native = str(call.args.get("native", ""))
        item = self.items.get(native)
        if call.name in ("perform", "restore", "claim", "release", "edit") and item is None:
            raise Refused("It is not there any more.")
        if call.name == "perform":
            assert item is not None
            if native in self.refusing:
                raise Refused("The site says no.")
            if call.args.get("version") not in (None, item.version):
                raise Stale("It was changed meanwhile.")
            if item.state != "open":
                raise Refused("It was handled already.")
            state: State = STATES[str(call.args["action"])]
            self._set(native, state)
            resolved = self.siblings.get(native, ())
            for other in resolved:
                self._set(other, state)
            self.applied.append((key, call))
            return Answer(resolved=tuple(self.items[one].ref for one in resolved))
        if call.name == "restore":
            assert item is not None
            self.change(native, state="open", handled_by=None, version=(item.version or 0) + 1)
        elif call.name in ("claim", "release"):
            claim = Claim(by=Foreign(self.me), mine=True) if call.name == "claim" else None
            self.change(native, claim=claim)
        elif call.name == "message":
            self.messages.append((str(call.args["to"]), str(call.args["text"])))
        elif call.name in ("ban", "silence"):
            self._penalty(str(call.args["to"]), "ban")
        elif call.name == "lift":
            self.banned.discard(str(call.args["to"]))
        self.applied.append((key, call))
        return Answer()

    def _penalty(self, member: str, kind: str) -> None:
        self.banned.add(member)
        for native, item in self.items.items():
            if item.author is not None and item.author.username == member:
                penalty = Penalty(kind="ban", by=Foreign(self.me))
                self.change(native, author=replace(item.author, penalties=(*item.author.penalties, penalty)))

    def _set(self, native: str, state: State) -> None:
        item = self.items[native]
        self.change(native, state=state, handled_by=Foreign(self.me), version=(item.version or 0) + 1)

    def arrive(self) -> None:
        """What was under way reaches the site; after six seconds nothing is on its way any more."""
        for call, key, since in self.late:
            if self.clock.monotonic() - since > 6:
                continue
            try:
                self.apply(call, key)
            except Refused:
                continue
        self.late.clear()


class FakeBackend(Plain):
    """One account on a `FakeSite`. `versions` sends the version along, so the site itself guards the write."""

    name = "fake"

    def __init__(
        self, site: FakeSite, state: Path, *, url: str = "https://harbour.example", batch: int = 10,
        versions: bool = True, claims: bool = False,
    ) -> None:
        self.site = site
        self.connection = Connection(
            community=community_id("fake", url, site.me), url=url,
            credential=Credential(kind="token", secret="fake-secret"), state=state,
        )
        self.closed = False
        self._wire = FakeWire(site)
        verbs = dict.fromkeys(("approve", "remove", "spam", "ignore", "note", "claim", "ban", "edit"), ALLOWED)
        self._capabilities = Capabilities(
            verbs=dict(verbs), lanes={"reports": ALLOWED, "pending": ALLOWED}, reread_batch=batch, versions=versions,
            claims_required=claims,
        )

    @property
    def wire(self) -> FakeWire:
        return self._wire

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def identify(self) -> Account:
        self._reach()
        return Account(native="1", username=Foreign(self.site.me), role="moderator")

    async def counts(self) -> Mapping[Lane, int]:
        self._reach()
        return {"reports": sum(item.state == "open" for item in self.site.items.values())}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        self._reach()
        items = [item for item in self.site.items.values() if item.lane == lane and item.state == "open"]
        start = int(cursor or 0)
        end = start + 10
        return Page(
            items=tuple(items[start:end]), cursor=str(end) if end < len(items) else None, total=len(items)
        )

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        self._reach()
        self.site.reads.append([ref.native for ref in refs])
        self.site.order.append("read")
        for ref in refs:
            self.site.last_read[ref.native] = (self.site.clock.monotonic(), self.site.items.get(ref.native))
        if any(ref.native in self.site.broken_reads for ref in refs):
            raise SiteError("The site stumbled.", status=500)
        await asyncio.sleep(0)
        answered = [ref for ref in refs if ref.native not in self.site.unanswered]
        return {ref: self.site.items.get(ref.native) or Gone(ref=ref) for ref in answered}

    async def thread(self, item: Item) -> Thread:
        self._reach()
        return Thread(id="1", title=item.title)

    async def dossier(self, member: str) -> Dossier:
        self._reach()
        return Dossier(member=Member(native=member, username=Foreign(member)))

    def plan(self, item: Item, intent: Intent) -> Plan:
        if item.state != "open" and intent.verb in STATES:
            raise Refused("It was handled already.")
        author = str(item.author.username) if item.author else ""
        steps: list[PlannedStep] = []
        native = item.ref.native
        if self._capabilities.claims_required and intent.verb in STATES:
            steps.append(PlannedStep(call=Call("claim", {"native": native}), words="taken"))
        if intent.verb in STATES:
            version = item.version if self._capabilities.versions else None
            call = Call("perform", {"native": native, "action": intent.verb, "version": version})
            words = {"approve": "report closed as wrong", "remove": "post hidden"}.get(intent.verb, intent.verb)
            steps.append(PlannedStep(call=call, words=words, waits=intent.reason != "private"))
        elif intent.verb in ("ban", "silence"):
            steps.append(PlannedStep(call=Call("ban", {"to": author, "native": native}), words="banned", reaches=True))
        elif intent.verb in ("claim", "release", "note", "edit"):
            steps.append(PlannedStep(call=Call(intent.verb, {"native": native}), words=intent.verb))
        else:
            raise Refused(f"This site knows no {intent.verb}.")
        if intent.message:
            call = Call("message", {"to": author, "text": intent.message})
            steps.append(PlannedStep(call=call, words="message sent", reaches=True))
        if intent.sanction is not None:
            steps.append(PlannedStep(call=Call("ban", {"to": author}), words="banned", reaches=True))
        stays = ("the message stays sent",) if intent.message else ()
        return Plan(verb=intent.verb, steps=tuple(steps), reversal="partial" if stays else "full", stays=stays)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        steps: list[PlannedStep] = []
        stays: list[str] = []
        for step in reversed(done):
            native = item.ref.native
            if step.call.name == "perform":
                call = Call("restore", {"native": native})
                steps.append(PlannedStep(call=call, words="the post is back, 1 report open again"))
            elif step.call.name == "ban":
                steps.append(PlannedStep(call=Call("lift", {"to": step.call.args["to"]}), words="ban lifted"))
            elif step.call.name == "claim":
                steps.append(PlannedStep(call=Call("release", {"native": native}), words="released"))
            else:
                stays.append("the message stays sent")
        reversal = "none" if not steps else "partial" if stays else "full"
        return Plan(verb="reopen", steps=tuple(steps), reversal=reversal, stays=tuple(stays))  # type: ignore[arg-type]

    async def send(self, call: Call, *, key: str) -> Answer:
        self._reach()
        site = self.site
        site.writes.append(key)
        site.order.append("write")
        fault = site.faults.popleft() if site.faults else ""
        if fault == "offline":
            raise NetworkError("The site cannot be reached.", sent=False)
        if fault == "refuse":
            raise Refused("The site says no.")
        if fault == "stale":
            raise Stale("It was changed meanwhile.")
        if fault == "rate":
            raise RateLimited("Too fast.", wait_s=20)
        if fault == "auth":
            raise AuthError("The key was withdrawn.")
        if fault == "lost before":
            raise NetworkError("The answer never came.", sent=True)
        if fault == "lost late":
            site.late.append((call, key, site.clock.monotonic()))
            raise NetworkError("The answer never came.", sent=True)
        if fault == "mistake":
            raise ValueError("a mistake in the adapter")
        if fault == "refuse after" and site.gate is not None:
            await site.at_gate(site.gate)
            raise Refused("The site says no.")
        answer = site.apply(call, key)
        answer = site.answers.get(call.name, answer)
        if site.gate is not None:
            await site.at_gate(site.gate)
        if fault == "lost":
            raise NetworkError("The answer never came.", sent=True)
        return answer

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        self._reach()
        self.site.fates.append(key)
        self.site.since.append(since_ms)
        self.site.known.append(tuple(known))
        if self.site.unclear:
            return Fate(is_="unclear", words="the site does not show it")
        if any(key == applied for applied, _ in self.site.applied):
            return Fate(is_="done", answer=Answer())
        return Fate(is_="not sent")

    async def changes(self, position: str | None) -> Changes:
        self._reach()
        return Changes(position="1")

    async def aclose(self) -> None:
        self.closed = True

    def _reach(self) -> None:
        if self.site.down is not None:
            raise self.site.down


OFFLINE = NetworkError("The site cannot be reached.", sent=False)


def make_item(
    community: CommunityId, native: str, *, author: str = "tante_erna", lane: Lane = "reports", text: str = "You fool.",
    **fields: object,
) -> Item:
    """A reported post, as a backend would give it."""
    item = Item(
        lane=lane, ref=SubjectRef(community, "post", native), kind="post", number=native,
        title=Foreign(f"Title {native}"), author=Member(native=f"u-{author}", username=Foreign(author)),
        body=Body(Foreign(text)), source=Foreign(text),
        reports=(Report(id=f"r{native}", reason="insult", label=Foreign("It's inappropriate")),),
        since_ms=START_MS - 3_600_000, version=0, language="en",
        offers=(Offer(id="agree", verb="remove", label=Foreign("Yes"), default=True),),
    )
    return replace(item, **fields) if fields else item
