"""The site, the route, the clock and the processes that the outbox's machine plays with."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from modtui.desk.desk import Desk
from modtui.domain.decisions import Answer, Call, Intent, Plan, PlannedStep
from modtui.domain.items import Item
from modtui.errors import NetworkError, RateLimited, Refused
from modtui.store.journal import Journal
from modtui.store.store import Store
from tests.core.fakes import FakeBackend, FakeClock, FakeSite
from tests.core.routes_world import FakeRoute


class ModelClock(FakeClock):
    """Two looks at it never give the same instant, so that before and after are told apart."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = 0

    def monotonic(self) -> float:
        self._looks += 1
        return super().monotonic() + self._looks * 1e-8


@dataclass
class Write:
    """One write as it reached the site: what the desk had read of the subject by then, and when."""

    key: str
    call: Call
    known: Item | None
    read: float
    now: float
    state: str
    """What the journal on the disk said of the step at this moment."""


class ModelSite(FakeSite):
    """Remembers at each write what was known, and what stood on the disk."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.at_write: list[Write] = []
        self.holds_replies = False
        self.path: Path | None = None
        self._arriving = False

    def arrive(self) -> None:
        self._arriving = True
        super().arrive()
        self._arriving = False

    def apply(self, call: Call, key: str) -> Answer:
        read, known = self.last_read.get(str(call.args.get("native", "")), (0.0, None))
        answer = super().apply(call, key)
        if not self._arriving:
            self.at_write.append(Write(key, call, known, read, self.clock.monotonic(), self._on_disk(key)))
        return replace(answer, held=self.holds_replies) if call.name == "reply" else answer

    def _on_disk(self, key: str) -> str:
        assert self.path is not None
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as connection:
            row = connection.execute("SELECT state FROM step WHERE key=?", (key,)).fetchone()
        connection.close()
        return str(row[0]) if row else "nothing"


class ModelBackend(FakeBackend):
    """It also takes replies, with the thread closed after them."""

    def plan(self, item: Item, intent: Intent) -> Plan:
        if intent.verb != "reply":
            return super().plan(item, intent)
        native = item.ref.native
        steps = [PlannedStep(call=Call("reply", {"native": native, "text": intent.text}), words="sent", reaches=True)]
        if intent.close:
            steps.append(PlannedStep(call=Call("close", {"native": native}), words="thread closed"))
        return Plan(verb="reply", steps=tuple(steps), reversal="none", stays=("the reply stays",))


class ModelRoute(FakeRoute):
    """A route whose answers get lost, too."""

    def __init__(self) -> None:
        super().__init__()
        self.spoilt: deque[str] = deque()

    async def deliver(self, call: Call, key: str) -> Answer:
        """Take it, or fail as told."""
        fault = self.spoilt.popleft() if self.spoilt else ""
        self.tries.append(key)
        await asyncio.sleep(0)
        if fault == "offline":
            raise NetworkError("The route cannot be reached.", sent=False)
        if fault == "rate":
            raise RateLimited("Too fast.", wait_s=20)
        if fault == "refuse":
            raise Refused("The route says no.")
        if fault != "lost before":
            self.got.append((key, call.args))
        if fault:
            raise NetworkError("The answer never came.", sent=True)
        return Answer(data={"status": 200})


@dataclass
class Process:
    """One modtui, as far as it is a desk."""

    desk: Desk
    store: Store
    paused: bool = False
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def journal(self) -> Journal:
        return self.store.journal
