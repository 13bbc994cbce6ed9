"""The looking half of the desk on the embedded community, over real HTTP with the real adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.backends.discourse.items import PENDING_TYPES
from modtui.demo.server import DemoServer
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import LinkChanged
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.store.store import Store

from .desk_in_fakes import until
from .discourse_world import connect, copied

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def desk_on(demo: DemoServer, tmp_path: Path, poll_s: float = 0.5, budget: int = 0) -> AsyncIterator[Desk]:
    """A desk that looks at the embedded community often."""
    backend = DiscourseBackend(connect(demo, tmp_path, options={"budget": budget, "poll_s": poll_s}))
    store = Store.open(tmp_path / "s", tmp_path / "c")
    desk = Desk([Community(name="harbour", backend=backend, url=demo.url)], store, clock=Clock())
    await desk.start()
    try:
        await until(lambda: desk.communities[0].link.state == "live", "the line")
        yield desk
    finally:
        await desk.close()
        await backend.aclose()
        await store.close()


def pending(demo: DemoServer, kind: str) -> int:
    """How many open items the site has."""
    word = "IN" if kind == "pending" else "NOT IN"
    types = ",".join(f"'{name}'" for name in PENDING_TYPES)
    return int(demo.db.value(f"SELECT count(*) FROM reviewables WHERE status = 0 AND type {word} ({types})"))


async def test_the_lanes_fill_and_what_happens_there_shows_here(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path)) as demo:
        async with desk_on(demo, tmp_path) as desk:
            view = desk.view("reports")
            while await desk.more("reports"):
                pass
            while await desk.more("pending"):
                pass
            assert len(view) == pending(demo, "reports")  # the site does not count what others took
            assert len(desk.view("pending")) == pending(demo, "pending")
            assert [item.since_ms for item in _all(desk)] == sorted(item.since_ms for item in _all(desk))

            handled = _item(view.item_at(3))
            demo.perform(int(handled.number), _offer(handled), "kestrel")
            await until(lambda: _item(view.item_at(3)).state != "open", "what kestrel did")
            assert _item(view.item_at(3)).handled_by == "kestrel"
            assert view.next_open(2) == 4

            fresh = demo.db.value(
                "SELECT p.id FROM posts p WHERE NOT EXISTS (SELECT 1 FROM reviewables r WHERE r.target_id = p.id)"
                " AND p.post_number > 1 AND p.deleted_at IS NULL ORDER BY p.id LIMIT 1"
            )
            number = demo.flag(int(fresh), "ann", "spam")
            await until(lambda: view.new == 1, "the new report")
            before = len(view)
            view.merge(keep=handled.id)
            assert len(view) == before + 1 and view.index(handled.id) == 3
            assert _item(view.item_at(len(view) - 1)).number == str(number)


async def test_an_approval_with_its_context_costs_three_requests(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path)) as demo:
        async with desk_on(demo, tmp_path, poll_s=600) as desk:
            view = desk.view("reports")
            at = next(i for i in range(len(view)) if _item(view.item_at(i)).offer("approve"))
            first, second = _item(view.item_at(at)), _item(view.item_at(at + 1))
            demo.clear_requests()
            desk.want(first)
            await until(lambda: desk.context(first).thread, "the thread")
            thread = desk.context(first).thread
            assert thread is not None and any(post.subject for post in thread.posts)
            decided = await desk.decide([first], Intent(verb="approve"), hold_s=0)
            assert decided.decision is not None and await desk.settle(10)
            await until(lambda: _item(desk.item(first.id)).state != "open", "the answer")
            assert demo.count() <= 3, [request.path for request in demo.requests]
            before = demo.count("/t/")
            desk.want(second, [first])
            await until(lambda: desk.context(second).thread, "the next thread")
            assert demo.count("/t/") <= before + 1


async def test_a_broken_line_shows_and_mends(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path)) as demo:
        async with desk_on(demo, tmp_path) as desk:
            states: list[str] = []
            desk.events.subscribe(lambda e: states.append(e.link.state) if isinstance(e, LinkChanged) else None)
            demo.inject("503", "/", times=12)
            await until(lambda: "down" in states, "the outage")
            demo.site.faults.clear()
            await desk.refresh("reports")
            assert desk.communities[0].link.state == "live"


def _all(desk: Desk) -> list[Item]:
    view = desk.view("reports")
    return [_item(view.item_at(i)) for i in range(len(view))]


def _item(item: Item | None) -> Item:
    assert item is not None
    return item


def _offer(item: Item) -> str:
    return next(offer.id for offer in item.offers if offer.verb == "approve")
