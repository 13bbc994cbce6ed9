"""The lane of questions on the embedded community, over real HTTP with the real adapter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.demo.server import DemoServer
from modtui.desk.filling import _bare
from modtui.domain.items import WAITING, Body
from modtui.text import Foreign

from .discourse_world import copied
from .test_desk_in_demo import desk_on

pytestmark = pytest.mark.anyio


async def within(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; half a minute is enough for a busy machine."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


async def test_questions_have_clocks_languages_and_similar_threads(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path)) as demo:
        async with desk_on(demo, tmp_path) as desk:
            (community,) = desk.communities
            while await desk.more("questions"):
                pass
            view = desk.view("questions")
            view.merge()
            items = [item for id in view.ids() if (item := desk.item(id)) is not None]
            assert len(items) > 5 and sum(one.count for one in view.tally("state")) == len(items)
            assert all(item.question is not None and item.question.state in WAITING for item in items)
            dues = [item.due.due_ms for item in items if item.due is not None]
            assert len(dues) == len(items) and dues == sorted(dues)
            late, soon = desk.lateness("questions")
            now_ms = desk.clock.now_ms()
            assert late == sum(due <= now_ms for due in dues) and late + soon <= len(dues)

            await within(lambda: desk.filling.idle, "the detector")
            told = {
                item.language for id in view.ids()
                if (item := desk.item(id)) is not None and not _bare(item) and item.language
            }  # fmt: skip
            assert told <= {"en", "fr", "de"} and told

            while await desk.solved.step(community):
                pass
            assert desk.solved.index.count(community.id) > 0
            topic = demo.db.one(
                "SELECT t.id, t.title, p.raw FROM topics t JOIN posts p ON p.topic_id = t.id AND p.post_number = 1"
                " WHERE t.accepted_post_id IS NOT NULL ORDER BY t.id LIMIT 1"
            )
            assert topic is not None
            asked = replace(items[0], title=Foreign(topic["title"]), body=Body(Foreign(topic["raw"]), "markdown"))
            found = await desk.similar(asked)
            assert found and found[0].title == topic["title"]
            assert all(one.url.startswith(demo.url) and one.id != asked.place.thread_id for one in found)
            own = replace(asked, place=replace(asked.place, thread_id=found[0].id))
            assert found[0].id not in {one.id for one in await desk.similar(own)}
