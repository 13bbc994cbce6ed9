"""A desk on several fake sites, for the tests of one queue over all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import Event
from modtui.domain.decisions import Decision
from modtui.domain.items import Item
from modtui.store.store import Store
from tests.core.deciding import Deciding
from tests.core.fakes import FakeBackend, FakeClock, FakeSite, make_item, until


@dataclass
class Place:
    """One community with its site."""

    community: Community
    site: FakeSite
    backend: FakeBackend
    store: Store

    async def post(self, native: str, **fields: Any) -> Item:
        """A reported post, on the site and in the cache."""
        item = make_item(self.community.id, native, **fields)
        self.site.items[native] = item
        await self.store.cache.put_items([item])
        return item

    def on_site(self, native: str) -> str:
        """The state of a subject on the site."""
        return self.site.items[native].state


@dataclass
class Several(Deciding):
    """The desk, its communities by name, and the clock."""

    desk: Desk
    places: dict[str, Place]
    clock: FakeClock
    store: Store
    told: list[Event] = field(default_factory=list)

    def __getitem__(self, name: str) -> Place:
        return self.places[name]

    def states(self, decision: Decision) -> dict[str, str]:
        """The states of its targets, by native id."""
        return {target.ref.native: target.state for target in self.now(decision).targets}

    async def become(self, decision: Decision, **states: str) -> None:
        """Wait until the targets are in these states; names are native ids after an underscore."""
        wanted = {name.lstrip("_"): state for name, state in states.items()}
        try:
            await until(lambda: {name: self.states(decision)[name] for name in wanted} == wanted)
        except AssertionError:
            found = [(target.state, target.conflict) for target in self.now(decision).targets]
            raise AssertionError(f"never {wanted}: {found}") from None


@asynccontextmanager
async def several(
    folder: Path, names: Sequence[str] = ("harbour", "lagoon"), *, clock: FakeClock | None = None,
    sites: dict[str, FakeSite] | None = None, start: bool = True, **settings: Any,
) -> AsyncIterator[Several]:
    """A started desk (without sync) on a fake site for each name; a second one on the same folder shares the
    journal."""
    clock = clock or FakeClock()
    store = Store.open(folder / "state", folder / "cache", now_ms=clock.now_ms)
    places: dict[str, Place] = {}
    for name in names:
        site = (sites or {}).get(name) or FakeSite(clock)
        backend = FakeBackend(site, folder / "state", url=f"https://{name}.example")
        community = Community(name=name, backend=backend, url=backend.connection.url)
        places[name] = Place(community, site, backend, store)
    desk = Desk([one.community for one in places.values()], store, clock=clock, **settings)
    it = Several(desk, places, clock, store)
    desk.events.subscribe(it.told.append)
    gated = [one.site for one in places.values()]
    busy = lambda: not any(site.gated for site in gated) and not desk._outbox.resting  # noqa: E731
    try:
        if start:
            await desk.start(sync=False)
            clock.busy.append(busy)
        yield it
    finally:
        if start:
            clock.busy.remove(busy)
        await desk.close(timeout_s=1.0)
        await store.close()
