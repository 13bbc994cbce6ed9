"""At rest nothing is drawn and hardly anything asked, whatever arrives, as long as nothing that shows has changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from modtui.backends.base import Budget, RequestSeen
from modtui.desk import site
from modtui.domain.items import Changes
from modtui.domain.subjects import CommunityId
from modtui.widgets.itemlist import ItemList
from tests.core.fakes import FakeSite, FakeWire, until
from tests.performance import counting
from tests.performance.counting import LongBackend, indexed, long_queue, step
from tests.ui.world import Stage

pytestmark = pytest.mark.anyio


class Metered(FakeWire):
    """A key with a budget that counts what was seen."""

    @property
    def budget(self) -> Budget:
        return Budget(limit=60, used=len(self._site.seen))


class MeteredBackend(LongBackend):
    """A long queue behind such a key."""

    def __init__(self, site: FakeSite, state: Path, **how: object) -> None:
        super().__init__(site, state, **how)
        self._wire = Metered(site)
        self.looks = 0

    async def changes(self, position: str | None) -> Changes:
        self.looks += 1
        return await super().changes(position)


def request(it: Stage, number: int = 1) -> None:
    """modtui asked the site something."""
    for _ in range(number):
        seen = RequestSeen(at_ms=it.clock.now_ms(), method="GET", path="/x", status=200, took_ms=1, size=1, why="x")
        it.site.seen.append(seen)
        for watcher in it.site.watchers:
            watcher(seen)


async def test_ten_minutes_at_rest_draw_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with long_queue(tmp_path, monkeypatch, backend_type=MeteredBackend) as (it, counts):
        await it.clock.advance(300)  # all that is read at the beginning is read
        await it.rest()
        await indexed(it)
        backend = it.backend
        assert isinstance(backend, MeteredBackend)
        looked = backend.looks
        counts.clear()
        for _ in range(20):
            await it.clock.advance(30)
            request(it)
            await it.rest()
        assert backend.looks > looked, "changes are followed all the time"
        assert counts.frames == []
        assert len(counts.asked) <= 20, counts.asked
        assert not counts.stored
        before = it.lines()[5]
        await step(it, "j")
        assert it.lines()[5] != before or counts.frames, "the next key draws"


async def test_requests_are_counted_with_the_next_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with long_queue(tmp_path, monkeypatch, backend_type=MeteredBackend) as (it, counts):
        await step(it, "j")
        assert "requests 0 of 60" in it.text()
        counts.clear()
        request(it, 3)
        await it.rest()
        assert "requests 0 of 60" in it.text() and not counts.frames
        await step(it, "j")
        await it.shows("requests 3 of 60")


async def test_a_budget_that_is_spent_shows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with long_queue(tmp_path, monkeypatch, backend_type=MeteredBackend) as (it, _):
        request(it, 60)
        await it.shows("requests 60 of 60")


async def test_a_page_that_brings_nothing_new_draws_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with long_queue(tmp_path, monkeypatch, backend_type=MeteredBackend) as (it, counts):
        await it.clock.advance(300)
        await it.rest()
        await indexed(it)
        counts.clear()
        reads = len(it.desk.view("reports"))
        await it.desk.refresh("reports", CommunityId(it.desk.communities[0].id))
        await until(lambda: it.desk.communities[0].link.state == "live")
        await it.rest()
        assert len(it.desk.view("reports")) == reads
        assert counts.frames == []


async def test_older_pages_that_come_below_the_rows_in_sight_draw_nothing_but_how_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PAGE", 31)
    monkeypatch.setattr(site, "UNLIMITED_TRICKLE_S", 60.0)  # the item's author is read before
    drawn: list[int] = []
    changed = ItemList.changed

    def counted(rows: ItemList, indexes: Iterable[int] | None = None) -> None:
        drawn.append(1)
        changed(rows, indexes)

    async with long_queue(tmp_path, monkeypatch) as (it, counts):
        view = it.desk.view("reports")
        before = len(view)
        assert 80 < before < counting.QUEUE, "the first pages are there, and the trickle reads on"
        for _ in range(5):
            await it.clock.advance(4)
            await it.rest()
        assert len(view) == before
        monkeypatch.setattr(ItemList, "changed", counted)
        counts.clear()
        for _ in range(20):
            await it.clock.advance(10)
            await it.rest()
            if len(view) > before:
                break
        assert len(view) > before
        assert not drawn, "no row is looked at"
        assert counts.widgets <= {"bars"} and not counts.composed
        await step(it, "G")
        assert f"#{5000 + counting.QUEUE - 1}" in it.text()


async def test_changes_of_many_rows_are_found_in_the_list_with_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with long_queue(tmp_path, monkeypatch) as (it, counts):
        view = it.desk.view("reports")
        ids = list(view.ids())
        for some in (ids[:10], ids[-30:]):
            counts.clear()
            assert list(view.places(some)) == some
            assert len(counts.asked) <= 1
