"""Reading no more than is needed: a refresh, a site that asked to wait."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Budget
from modtui.domain.items import Changes, Page
from modtui.domain.subjects import Lane
from modtui.errors import NetworkError, RateLimited

from .desk_in_fakes import FakeBackend, World, item, quiet, until, world
from .desk_out import bench
from .fakes import FakeWire

pytestmark = pytest.mark.anyio


def newest_first(w: World) -> None:
    """The site's pages come in another order than oldest first, as those of questions do."""

    async def page(lane: Lane, cursor: str | None = None) -> Page:
        found = await FakeBackend.page(w.backend, lane, cursor)
        return msgspec.structs.replace(found, rising=False)

    w.backend.page = page  # type: ignore[method-assign]


def pages(w: World) -> list[str]:
    """The pages of reports that were asked for."""
    return [call for call in w.backend.calls if call.startswith("page reports")]


async def test_who_turns_to_a_lane_that_was_just_read_asks_the_site_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1), item(2, lane="pending")]) as w:
        await w.live()

        async def asked(*, opened: bool) -> list[str]:
            w.backend.calls.clear()
            await w.desk.refresh("pending", opened=opened)
            return [call for call in w.backend.calls if call in read]

        read = ["counts", "page pending 0"]
        assert await asked(opened=True) == []
        assert await asked(opened=False) == read, "R always asks"
        w.clock.advance(29)
        assert await asked(opened=True) == []
        w.clock.advance(31)
        await until(lambda: "changes" in w.backend.calls, "a look at the site")
        assert await asked(opened=True) == read, "as old as the site is looked at anyway"
        assert await asked(opened=True) == []
        w.backend.wire.budget = Budget(limit=20, used=15)  # what the site tells of is not looked for at once
        w.backend.news = [Changes(position="9", reload=True, lanes=("pending",))]
        w.clock.advance(29)
        assert await asked(opened=False) == read
        w.clock.advance(9)
        await until(lambda: w.desk.sync.sites[w.community.id].lanes.due("pending"), "what the site tells")
        assert await asked(opened=True) == read, "the site has something new there"


async def test_who_turns_to_a_lane_while_the_line_is_down_has_it_tried(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        await w.live()
        w.backend.broken = NetworkError("No line.")
        w.desk.sync.failed(w.community.id, NetworkError("No line."))
        await until(lambda: w.community.link.state == "offline", "the outage")
        w.backend.broken = None
        await w.desk.refresh("pending", opened=True)
        await until(lambda: w.community.link.state == "live", "the line")


async def test_a_refresh_of_a_lane_in_another_order_reads_one_page_and_the_trickle_the_rest(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 36)]) as w:
        newest_first(w)
        await w.live()
        while await w.desk.more("reports"):
            pass
        assert len(pages(w)) == 4
        w.backend.put(item(50), item(51))
        w.backend.handle(3)
        w.backend.calls.clear()
        await w.desk.refresh("reports")
        assert pages(w) == ["page reports 0"]
        known = w.store.cache.count
        await w.trickle_until(lambda: len(pages(w)) == 4, "the rest, page by page")
        await w.trickle_until(lambda: known("reports", w.community.id) == 36, "what is new, without what is gone")


async def test_news_in_a_lane_in_another_order_cost_one_page_at_once(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 36)]) as w:
        newest_first(w)
        await w.live()
        while await w.desk.more("reports"):
            pass
        w.backend.put(item(50))
        w.backend.calls.clear()
        w.backend.news = [Changes(position="9", reload=True)]
        await w.poll()
        assert pages(w) == ["page reports 0"]
        await w.trickle_until(lambda: w.store.cache.count("reports", w.community.id) == 36, "what is new")


async def test_after_a_wait_that_the_site_asked_for_only_changes_are_read(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 36)]) as w:
        await w.live()
        w.desk.sync.failed(w.community.id, RateLimited("Slow down.", wait_s=24))
        await until(lambda: w.community.link.state == "too-fast", "the wait")
        w.backend.calls.clear()
        w.clock.advance(24.1)
        await until(lambda: w.community.link.state == "live", "the line")
        await quiet()
        assert w.backend.calls[:1] == ["changes"] and "counts" not in w.backend.calls


async def test_a_wait_that_requests_sit_out_is_told_and_ends_with_the_next_answer(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        await w.live()
        w.backend.wire.budget = Budget(20, 3, 60.0, 24.0)
        w.backend.wire.answered(429)
        await until(lambda: w.community.link.state == "too-fast", "the wait")
        assert w.community.link.next_ms == w.clock.now_ms() + 24_000
        w.backend.wire.budget = Budget(20, 3)
        w.backend.wire.answered(200)
        assert w.community.link.state == "live"


async def test_a_decision_that_waits_for_the_budget_is_held_not_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [24.0]
    monkeypatch.setattr(FakeWire, "budget", property(lambda wire: Budget(20, 20, 60.0, left[0])))
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("7")
        decision = await it.decide(item)
        await it.clock.advance(20)
        assert it.state(decision) == "held" and it.site.applied == []
        left[0] = 0.0
        await it.clock.advance(5)
        await it.becomes(decision, "done")
        assert it.site.reads == [["7"], ["7"]], "looked at again after the wait"
