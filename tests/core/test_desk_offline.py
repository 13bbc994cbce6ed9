"""Without the line: what was read stays usable, decisions and replies queue up, and each is checked when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from modtui.backends.base import Connection
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.link import words_for
from modtui.domain.decisions import Decision, Intent
from modtui.domain.items import Item
from modtui.domain.subjects import Lane
from modtui.store.store import Store
from tests.core.discourse_world import connect, copied
from tests.core.fakes import until

pytestmark = pytest.mark.anyio
LANES: tuple[Lane, ...] = ("reports", "questions", "members")


@asynccontextmanager
async def opened(connection: Connection, folder: Path) -> AsyncIterator[Desk]:
    backend = DiscourseBackend(connection)
    store = Store.open(folder / "s", folder / "c")
    desk = Desk([Community(name="harbour", backend=backend, url=connection.url)], store)
    await desk.start()
    try:
        yield desk
    finally:
        await desk.close()
        await backend.aclose()
        await store.close()


def shown(desk: Desk, lane: Lane) -> list[Item]:
    view = desk.view(lane)
    view.merge()
    return [item for at in range(len(view)) if (item := view.item_at(at)) is not None]


async def made(desk: Desk, item: Item, intent: Intent) -> Decision:
    decided = await desk.decide([item], intent, hold_s=0)
    assert decided.decision is not None, decided.skipped
    return decided.decision


async def test_an_evening_on_the_train(world: Path, tmp_path: Path, port: int) -> None:
    place = copied(world, tmp_path)
    with DemoServer(place, port=port) as demo:
        with demo.db.write():
            key = demo.site.add_key("admin", None, label="of a login: it outlives a restart")
        here = connect(demo, tmp_path, key=key, options={"budget": 0, "poll_s": 0.5})
        async with opened(here, tmp_path) as desk:
            await until(lambda: desk.communities[0].link.state == "live", "the line")
            for lane in LANES:
                await desk.refresh(lane)
                assert shown(desk, lane), lane
            free = [item for item in shown(desk, "reports") if item.offer("approve") and item.claim is None][:3]
            first = free[0]
            desk.want(first)
            await until(lambda: desk.context(first).thread is not None and desk.context(first).dossier is not None)
            read = {lane: len(shown(desk, lane)) for lane in LANES}

    async with opened(here, tmp_path) as desk:  # nothing answers any more
        link = desk.communities[0].link
        await until(lambda: desk.communities[0].link.state == "offline", "offline")
        link = desk.communities[0].link
        assert "next try in" in str(words_for(link, "harbour", desk.clock.now_ms()))
        assert all(len(shown(desk, lane)) >= read[lane] for lane in LANES)
        desk.want(first)
        context = desk.context(first)
        assert context.thread is not None and context.thread.posts and context.dossier is not None
        question = next(item for item in shown(desk, "questions") if item.claim is None)
        done = await made(desk, free[0], Intent(verb="approve"))
        beaten = await made(desk, free[1], Intent(verb="approve"))
        edited = await made(desk, free[2], Intent(verb="approve"))
        answer = await made(desk, question, Intent(verb="reply", text="It is under Settings, in the second row."))
        assert [decision.state for decision in desk.outbox().decisions] == ["held"] * 4

        with DemoServer(place, port=port) as demo:
            demo.perform(int(free[1].ref.native), "ignore_and_do_nothing", "kestrel")
            demo.edit_post(int(free[2].native["post_id"]), "I have thought about it, and I am sorry for all of it.")
            demo.clear_requests()
            await desk.refresh("reports")
            await until(lambda: not any(one.open for one in desk.outbox().decisions), "all to have an end")
            ends = {one.id: found.state for one in (done, beaten, edited, answer) if (found := desk.decision(one.id))}
            assert ends == {done.id: "done", beaten.id: "conflict", edited.id: "conflict", answer.id: "done"}
            assert demo.count("/review/", "PUT") == 1 and demo.count("/posts", "POST") == 1
