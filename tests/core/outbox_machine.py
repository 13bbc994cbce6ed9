"""The outbox as a machine for hypothesis: decisions, undos, crashes, two processes, a bad line, a full disk.

What must hold is in `outbox_checks`; it is judged from three sides that know nothing of each other: what the site and
the route took, what the journal's events say, and what the desks show.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import modtui.desk.outbox
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Decision, Intent, Sanction
from modtui.domain.items import Report
from modtui.errors import ModtuiError
from modtui.store.store import Store
from modtui.text import Foreign
from tests.core.fakes import OFFLINE, breathe, make_item
from tests.core.outbox_checks import COUNTS, check
from tests.core.outbox_world import ModelBackend, ModelClock, ModelRoute, ModelSite, Process

T = TypeVar("T")
OWNER: ContextVar[object] = ContextVar("owner", default=None)
"""Whose task it is: with a process die its tasks, and no others."""
FAULTS = ("refuse", "stale", "lost", "lost before", "lost late", "offline", "rate", "mistake")
ROUTE_FAULTS = ("offline", "lost", "lost before", "rate", "refuse")
SUBJECTS = 6
DECISIONS = st.tuples(
    st.lists(st.integers(0, SUBJECTS - 1), min_size=1, max_size=3, unique=True),
    st.sampled_from(("approve", "remove", "remove", "ignore", "ban", "claim", "note", "reply", "escalate")),
    st.sets(st.sampled_from(("message", "sanction", "route", "private", "close")), max_size=2),
    st.sampled_from((None, None, 0.0, 4.0)),
)
"""Subjects, verb, what goes with it, the hold."""


class OutboxMachine(RuleBasedStateMachine):
    """One run. `self.running` are up to two processes on one state folder."""

    def __init__(self) -> None:
        super().__init__()
        COUNTS["runs"] += 1
        shm = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="modtui-", dir=shm if shm.is_dir() else None))
        self.loop = asyncio.new_event_loop()
        self.loop.set_task_factory(self._task)
        self.clock = ModelClock()
        self.site = ModelSite(self.clock)
        self.site.path = self.folder / "state" / "state.db"
        self.route = ModelRoute()
        self.running: list[Process | None] = [None, None]
        self.made: dict[str, float] = {}
        """Decisions whose commit was acknowledged, and when their key was pressed at the latest (monotonic)."""
        self.colleague = 0
        self._poll = modtui.desk.outbox.POLL_S
        modtui.desk.outbox.POLL_S = 7.0  # fewer wakings, the same transitions

    # ---------------------------------------------------------------- the world

    def _task(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=loop, **more)
        owner = OWNER.get()
        if isinstance(owner, set):
            owner.add(task)
            task.add_done_callback(owner.discard)
        return task

    def run(self, work: Coroutine[Any, Any, T], process: Process | None = None) -> T | None:
        """One step: do it, and take a sentence for an answer."""
        COUNTS["steps"] += 1

        async def within() -> T | None:
            try:
                return await work
            except ModtuiError:
                COUNTS["refused by the program"] += 1
                return None

        token = OWNER.set(process.tasks if process is not None else None)
        try:
            return self.loop.run_until_complete(asyncio.wait_for(within(), 60))
        finally:
            OWNER.reset(token)

    async def open(self, tasks: set[asyncio.Task[Any]], *, batch: int, claims: bool, versions: bool) -> Process:
        backend = ModelBackend(self.site, self.folder / "state", batch=batch, claims=claims, versions=versions)
        store = Store.open(self.folder / "state", self.folder / "cache", now_ms=self.clock.now_ms)
        community = Community(name="harbour", backend=backend, url=backend.connection.url)
        desk = Desk([community], store, clock=self.clock, routes=[self.route])
        for native in map(str, range(SUBJECTS)):
            if native not in self.site.items:
                self.site.items[native] = make_item(backend.connection.community, native, author=f"m{int(native) % 3}")
            row = store.cache.item(f"reports/{self.site.items[native].ref}")
            if row is None:
                await store.cache.put_items([self.site.items[native]])
        process = Process(desk, store, tasks=tasks)
        desk.events.subscribe(lambda event: None)
        await desk.start(sync=False)
        self.clock.busy.append(lambda: process in self.running and not self.site.gated and not desk._outbox.resting)
        return process

    def one(self, which: int) -> Process:
        """A running process: the one that was drawn, else the other."""
        found = self.running[which] or self.running[1 - which]
        assert found is not None
        return found

    def any_of(self, process: Process, which: int) -> Decision | None:
        known = process.desk._book.all()
        return known[which % len(known)] if known else None

    def alive(self) -> bool:
        return any(process is not None for process in self.running)

    # ---------------------------------------------------------------- processes

    @initialize(batch=st.sampled_from((1, 3, 10)), claims=st.booleans(), versions=st.booleans())
    def begin(self, batch: int, claims: bool, versions: bool) -> None:
        """The site's ways stay the same; the first process starts."""
        self.ways: dict[str, Any] = {"batch": batch, "claims": claims, "versions": versions}
        self.start(0)

    @rule(which=st.integers(0, 1), what=st.sampled_from((
        "start", "start", "crash", "crash", "leave", "suspend", "disk full", "disk almost full", "disk well",
    )), turns=st.integers(0, 20))
    def trouble(self, which: int, what: str, turns: int) -> None:
        """Something happens to a process."""
        if not self.alive() or (what == "start" and None in self.running):
            self.start(which)
        elif what == "crash":
            self.crash(which, turns)
        elif what == "leave":
            self.leave(which)
        elif what == "suspend":
            self.suspend(which)
        elif what != "start":
            self.disk(which, {"disk full": 0, "disk almost full": 1}.get(what, 1_000_000))

    def start(self, which: int) -> None:
        at = which if self.running[which] is None else 1 - which
        tasks: set[asyncio.Task[Any]] = set()
        token = OWNER.set(tasks)
        try:
            self.running[at] = self.loop.run_until_complete(self.open(tasks, **self.ways))
        finally:
            OWNER.reset(token)
        COUNTS["steps"] += 1
        COUNTS["starts"] += 1

    def crash(self, which: int, turns: int) -> None:
        """Drop everything but the disk, some turns later."""
        process = self.one(which)
        self.run(breathe(turns))
        COUNTS["crashes"] += 1
        self.loop.run_until_complete(self._kill(process))

    async def _kill(self, process: Process) -> None:
        self.running[self.running.index(process)] = None
        for database in (process.journal.database, process.store.cache.database):
            database.jobs.drop()  # what no writer has begun is lost
        for _ in range(3):
            tasks = list(process.tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for database in (process.journal.database, process.store.cache.database):
            database.jobs.drop()
        for lock in process.desk._outbox._locks.values():
            lock.release()
        await process.store.close()

    def leave(self, which: int) -> None:
        """End in peace (what is out is waited for, but not for long)."""
        process = self.one(which)
        self.run(process.desk.close(timeout_s=0.02), process)
        COUNTS["ends"] += 1
        self.loop.run_until_complete(self._kill(process))

    def suspend(self, which: int) -> None:
        process = self.one(which)
        if process.paused:
            self.run(process.desk.resume_sending(), process)
        else:
            self.run(process.desk._outbox.pause_sending(0.01), process)
        process.paused = not process.paused
        COUNTS["suspends and resumes"] += 1

    def disk(self, which: int, room: int) -> None:
        """The disk is full, or well again."""
        database = self.one(which).journal.database
        with database._turn:
            pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
            database._writer.execute(f"PRAGMA max_page_count={pages + room}")
        COUNTS["steps"] += 1
        COUNTS["full disks"] += room < 1_000_000

    # ---------------------------------------------------------------- the moderator

    @precondition(alive)
    @rule(which=st.integers(0, 1), one=DECISIONS)
    def press(self, which: int, one: tuple[list[int], str, set[str], float | None]) -> None:
        self.decide(which, *one)

    @precondition(alive)
    @rule(which=st.integers(0, 1), one=DECISIONS, seconds=st.sampled_from((0.5, 5.0, 16.0, 61.0)))
    def press_and_wait(
        self, which: int, one: tuple[list[int], str, set[str], float | None], seconds: float
    ) -> None:
        self.decide(which, *one)
        self.wait(seconds)

    def decide(self, which: int, natives: list[int], verb: str, more: set[str], hold_s: float | None) -> None:
        process = self.one(which)
        refs = [self.site.items[str(native)].ref for native in natives]
        items = [item for ref in refs if (item := process.desk.item(f"reports/{ref}")) is not None]
        intent = Intent(
            verb=verb, message="m" if "message" in more and verb == "remove" else None,
            sanction=Sanction("ban", None) if "sanction" in more and verb == "remove" else None,
            route="legal" if verb == "escalate" or ("route" in more and verb == "remove") else None,
            reason="private" if "private" in more else None, close="close" in more,
            text="An answer." if verb in ("reply", "escalate", "note") else None,
        )  # fmt: skip
        at = self.clock.monotonic()
        decided = self.run(process.desk.decide(items, intent, hold_s=hold_s, overrule=True), process)
        if decided is not None and decided.decision is not None:
            self.made[decided.decision.id] = at
            COUNTS["decisions"] += 1
            COUNTS["batches"] += len(decided.decision.targets) > 1

    @precondition(alive)
    @rule(which=st.integers(0, 1), confirmed=st.booleans(), older=st.none() | st.integers(0, 99))
    def undo(self, which: int, confirmed: bool, older: int | None) -> None:
        process = self.one(which)
        named = self.any_of(process, older) if older is not None else None
        result = None
        at = self.clock.monotonic()

        async def press() -> Any:
            return await process.desk.undo(named.id if named is not None else None, confirmed=confirmed)

        task = self.loop.create_task(press())
        # `u` waits for what is out: time passes meanwhile
        self.loop.run_until_complete(breathe(30))
        if not task.done():
            self.open_gate()
        for _ in range(60):
            if task.done():
                break
            self.loop.run_until_complete(self._pass(0.5))
        try:
            result = self.loop.run_until_complete(asyncio.wait_for(task, 30))
        except ModtuiError:
            COUNTS["refused by the program"] += 1
        COUNTS["steps"] += 1
        if result is not None:
            COUNTS["undos"] += result.kind in ("taken back", "sent undo")
            COUNTS["undos of sent"] += result.kind == "sent undo"
            if result.kind == "sent undo" and result.decision is not None:
                self.made[result.decision.id] = at

    async def _pass(self, seconds: float) -> None:
        await breathe(5)
        await asyncio.sleep(0.001)
        await self.clock.advance(seconds)

    @precondition(alive)
    @rule(which=st.integers(0, 1))
    def do_again(self, which: int) -> None:
        self.redo(which)
        self.answer_old(which)

    def redo(self, which: int) -> None:
        process = self.one(which)
        at = self.clock.monotonic()
        result = self.run(process.desk.redo(), process)
        if result is not None and result.kind == "again" and result.decision is not None:
            self.made[result.decision.id] = at
            COUNTS["redos"] += 1

    @precondition(alive)
    @rule(
        which=st.integers(0, 1), what=st.sampled_from(("retry", "discard", "send", "mine", "theirs")),
        index=st.integers(0, 99),
    )
    def handle(self, which: int, what: str, index: int) -> None:
        """A key on a decision in the outbox, most often on one that waits for it."""
        process = self.one(which)
        book = process.desk._book
        wanted = {"mine": "conflict", "theirs": "conflict", "retry": "refused"}.get(what)
        found = [
            one for one in book.all()
            if any(step.state == wanted or (what != "mine" and step.state == "unknown")
                   for target in one.targets for step in target.steps)
        ] or book.open()  # fmt: skip
        if not found:
            return
        decision = found[index % len(found)]
        at = self.clock.monotonic()
        desk = process.desk
        if what == "retry":
            self.run(desk.retry(decision.id), process)
        elif what == "discard":
            self.run(desk.discard(decision.id), process)
        elif what == "send":
            self.run(desk.send_now(decision.id), process)
        else:
            made = self.run(desk.resolve_conflict(decision.id, "mine" if what == "mine" else "theirs"), process)
            if made is not None:
                self.made.setdefault(made.id, at)
        COUNTS[what] += 1

    def answer_old(self, which: int) -> None:
        """What is too old is asked about, and sent."""
        process = self.one(which)
        old = [one.id for one in process.desk.waiting_old()]
        COUNTS["old ones sent after a question"] += len(old)
        self.run(process.desk.resume(old), process)

    # ---------------------------------------------------------------- time, the line, the others

    @rule(seconds=st.sampled_from((0.5, 3.0, 5.0, 11.0, 16.0, 61.0)))
    def wait(self, seconds: float) -> None:
        self.run(self.clock.advance(seconds))

    def set_clock(self, seconds: int) -> None:
        self.clock.jump(seconds)
        COUNTS["steps"] += 1
        COUNTS["clock jumps"] += 1

    @precondition(alive)
    @rule(
        which=st.integers(0, 1), one=DECISIONS, fault=st.sampled_from(FAULTS), route=st.sampled_from(ROUTE_FAULTS),
        then=st.sampled_from((None, "arrive", "edit", "handle")),
    )
    def press_and_fail(
        self, which: int, one: tuple[list[int], str, set[str], float | None], fault: str, route: str, then: str | None
    ) -> None:
        """A decision that goes out at once and meets a fault; before it is tried again something happens."""
        self.site.faults.clear()
        self.decide(which, *one[:3], 0.0)
        self.spoil(fault, route, one[1] != "escalate")
        self.wait(5.0)
        if then == "arrive":
            self.site.arrive()
        elif then is not None:
            self.meddle(one[0][0], then)
        self.wait(16.0)

    @rule(fault=st.sampled_from(FAULTS), route=st.sampled_from(ROUTE_FAULTS), which=st.booleans())
    def spoil(self, fault: str, route: str, which: bool) -> None:
        """The next write, or delivery, meets this."""
        if which:
            self.site.faults.append(fault)
        else:
            self.route.spoilt.append(route)
        COUNTS["steps"] += 1
        COUNTS["faults"] += 1

    @rule(
        what=st.sampled_from(("line", "arrive", "gate", "unclear", "holds", "refusing", "clock")),
        native=st.integers(0, 5), seconds=st.sampled_from((-90_000, -30, 30, 4_000)),
    )
    def weather(self, what: str, native: int, seconds: int) -> None:
        """The site changes its mind, or somebody sets the clock."""
        site = self.site
        if what == "clock":
            self.set_clock(seconds)
        elif what == "line":
            site.down = OFFLINE if site.down is None else None
        elif what == "arrive":
            site.arrive()
        elif what == "unclear":
            site.unclear = not site.unclear
        elif what == "holds":
            site.holds_replies = not site.holds_replies
        elif what == "refusing":
            site.refusing ^= {str(native)}
        elif site.gate is None:
            site.gate = asyncio.Event()
        else:
            self.open_gate()
        self.run(breathe(3))

    def open_gate(self) -> None:
        if self.site.gate is not None:
            self.site.gate.set()
            self.site.gate = None
            self.loop.run_until_complete(breathe(10))

    @rule(native=st.integers(0, SUBJECTS - 1), what=st.sampled_from(("handle", "edit", "report", "reopen")))
    def meddle(self, native: int, what: str) -> None:
        """A colleague, the author or a member does something."""
        name = str(native)
        item = self.site.items[name]
        self.colleague += 1
        COUNTS["steps"] += 1
        COUNTS["changes by others"] += 1
        if what == "handle" and item.state == "open":
            self.site.handle(name, "kept", "kestrel")
        elif what == "edit":
            self.site.change(name, source=Foreign(f"Edit {self.colleague}."), edits=item.edits + 1)
        elif what == "report":
            more = Report(id=f"r{name}-{self.colleague}", reason="hate", label=Foreign("hate"))
            self.site.change(name, reports=(*item.reports, more))
        elif what == "reopen" and item.state != "open":
            self.site.change(name, state="open", handled_by=None, version=(item.version or 0) + 1)

    @precondition(alive)
    @rule(which=st.integers(0, 1), native=st.integers(0, SUBJECTS - 1))
    def look(self, which: int, native: int) -> None:
        """The list or a page reads a subject anew: the cache has it as it is."""
        process = self.one(which)
        self.run(process.desk.read([self.site.items[str(native)].ref]), process)

    # ---------------------------------------------------------------- what must hold

    def teardown(self) -> None:
        """Mend everything, let all come to rest, and check."""
        try:
            self.open_gate()
            self.loop.run_until_complete(asyncio.wait_for(self._rest(), 120))
            self.loop.run_until_complete(self._kill_all())
        finally:
            modtui.desk.outbox.POLL_S = self._poll
            self.loop.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _kill_all(self) -> None:
        for process in self.running:
            if process is not None:
                await self._kill(process)

    async def _rest(self) -> None:
        site = self.site
        site.down, site.unclear = None, False
        site.faults.clear()
        site.refusing.clear()
        self.route.spoilt.clear()
        site.arrive()
        for process in self.running:
            if process is not None:
                with process.journal.database._turn:
                    process.journal.database._writer.execute("PRAGMA max_page_count=1000000")
                if process.paused:
                    token = OWNER.set(process.tasks)
                    await process.desk.resume_sending()
                    OWNER.reset(token)
        if not self.alive():
            tasks: set[asyncio.Task[Any]] = set()
            token = OWNER.set(tasks)
            self.running[0] = await self.open(tasks, **self.ways)
            OWNER.reset(token)
        await breathe(30)
        for _ in range(6):
            for process in self.running:
                if process is not None:
                    await process.desk.resume([one.id for one in process.desk.waiting_old()])
            await self.clock.advance(310)
        if any(process.journal.open_decisions() for process in self.running if process is not None):
            await self.clock.advance(700)
        check(self.one(0), self.running, self.made, self.site, self.route)
