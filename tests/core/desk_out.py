"""A desk on a fake site, for the tests of decisions and outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import DecisionChanged, Event
from modtui.domain.decisions import Decision
from modtui.domain.items import Item
from modtui.store.store import Store
from tests.core.deciding import Deciding
from tests.core.fakes import FakeBackend, FakeClock, FakeSite, make_item, until


@dataclass
class Bench(Deciding):
    """One desk, its site and its clock."""

    desk: Desk
    site: FakeSite
    backend: FakeBackend
    clock: FakeClock
    store: Store
    told: list[Event] = field(default_factory=list)

    async def post(self, native: str, **fields: Any) -> Item:
        """A reported post, on the site and in the cache."""
        item = make_item(self.backend.connection.community, native, **fields)
        self.site.items[native] = item
        await self.store.cache.put_items([item])
        return item

    async def on_its_way(self, item: Item, verb: str = "approve", **fields: Any) -> Decision:
        """As `decide`, until the write is at the site, which answers nothing before its gate is opened."""
        self.site.gate = asyncio.Event()
        decision = await self.decide(item, verb, **fields)
        await until(lambda: self.site.gated)
        return decision

    def let_through(self) -> None:
        """The site answers again."""
        assert self.site.gate is not None
        self.site.gate.set()

    def on_site(self, native: str) -> str:
        """The state of a subject on the site."""
        return self.site.items[native].state

    def steps(self, decision: Decision, target: int = 0) -> list[str]:
        """The states of a target's steps by now."""
        found = self.desk.decision(decision.id)
        assert found is not None
        return [step.state for step in found.targets[target].steps]

    def changes(self) -> list[Decision]:
        """All decisions as they were told."""
        return [event.decision for event in self.told if isinstance(event, DecisionChanged)]


@asynccontextmanager
async def bench(
    folder: Path, *, clock: FakeClock | None = None, site: FakeSite | None = None, start: bool = True,
    send: bool = True, batch: int = 10, versions: bool = True, claims: bool = False, **settings: Any,
) -> AsyncIterator[Bench]:
    """A started desk (without sync) on a fake site; a second one on the same folder shares journal and lock."""
    clock = clock or FakeClock()
    site = site or FakeSite(clock)
    backend = FakeBackend(site, folder / "state", batch=batch, versions=versions, claims=claims)
    store = Store.open(folder / "state", folder / "cache", now_ms=clock.now_ms)
    community = Community(name="harbour", backend=backend, url=backend.connection.url)
    desk = Desk([community], store, clock=clock, **settings)
    it = Bench(desk, site, backend, clock, store)
    desk.events.subscribe(it.told.append)
    try:
        if start:
            await desk.start(sync=False, send=send)
            clock.busy.append(busy := lambda: send and not site.gated and not desk._outbox.resting)
        yield it
    finally:
        if start:
            clock.busy.remove(busy)
        await desk.close(timeout_s=1.0)
        await store.close()


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[Bench, Bench]]:
    """Two programs on the same files, one site and one clock; what they decide goes out at once."""
    clock = FakeClock()
    site = FakeSite(clock)
    async with (
        bench(folder, clock=clock, site=site, hold_override_s=0) as one,
        bench(folder, clock=clock, site=site, hold_override_s=0) as other,
    ):
        yield one, other


async def crash(it: Bench) -> None:
    """End without a good-bye: tasks stop where they stand and the system lets go of the lock."""
    outbox = it.desk._outbox
    tasks = [task for task in (*outbox._tasks, outbox._poller) if task is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for lock in outbox._locks.values():
        lock.release()
