"""What the desk fills in never takes back what the site has said meanwhile."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.events import Event, ItemsChanged
from modtui.desk.filling import Filling
from modtui.desk.language import checksum, spoken_text
from modtui.desk.targets import Targets
from modtui.domain.items import Claim
from modtui.store.cache import Cache
from modtui.store.spoken import SpokenRow
from modtui.text import Foreign
from tests.core.fakes import FakeBackend, FakeClock, FakeSite, breathe, make_item

pytestmark = pytest.mark.anyio


async def test_a_claim_that_is_read_while_a_language_is_found_stays(tmp_path: Path) -> None:
    backend = FakeBackend(FakeSite(FakeClock()), tmp_path)
    item = make_item(backend.connection.community, "4121")
    cache = Cache(tmp_path / "cache.db")
    told: list[Event] = []
    community = Community(name="harbour", backend=backend, url=backend.connection.url)
    filling = Filling(cache, [community], Targets(), Clock(), told.append)
    busy = threading.Event()
    try:
        await cache.put_items([item])
        writing = asyncio.create_task(cache.database.write(lambda connection: busy.wait(30)))
        await breathe()
        taken = replace(item, claim=Claim(by=Foreign("kestrel")))
        reading = asyncio.create_task(cache.put_items([taken]))
        await breathe()
        finding = asyncio.create_task(filling._follow([SpokenRow(item.id, checksum(spoken_text(item)), "de")]))
        await breathe()
        busy.set()
        await asyncio.gather(writing, reading, finding)
        assert cache.item(item.id) == replace(taken, language="de")
        assert told == [ItemsChanged((item.id,))]
    finally:
        busy.set()
        await cache.close()


async def test_rows_are_changed_as_they_are_and_those_that_went_are_left_out(tmp_path: Path) -> None:
    community = FakeBackend(FakeSite(FakeClock()), tmp_path).connection.community
    first, second = make_item(community, "1"), make_item(community, "2", language="fr")
    cache = Cache(tmp_path / "cache.db")
    try:
        await cache.put_items([first, second])
        ids = [first.id, second.id, "reports/nobody/post/3"]
        assert await cache.change_items(ids, lambda row: replace(row, language="fr")) == [first.id]
        assert cache.items(ids) == [replace(first, language="fr"), second, None]
    finally:
        await cache.close()
