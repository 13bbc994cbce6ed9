"""What the sites say while we write to them, and what cannot be read of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.desk.events import Troubled
from modtui.domain.decisions import Intent
from tests.core.desk_in_fakes import item as simple_item
from tests.core.desk_in_fakes import world
from tests.core.desk_out import bench
from tests.core.fakes import breathe, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("asked", ["page", "reread"])
async def test_an_answer_from_before_our_decision_does_not_reopen_the_row(tmp_path: Path, asked: str) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        lanes = it.desk.sync.sites[it.backend.connection.community].lanes
        real, gate = getattr(it.backend, asked), asyncio.Event()

        async def slowly(*args: object) -> object:
            answer = await real(*args)
            await gate.wait()
            return answer

        setattr(it.backend, asked, slowly)
        reading = asyncio.create_task(lanes.page("reports") if asked == "page" else lanes.reread([item.ref]))
        await breathe()
        setattr(it.backend, asked, real)
        await it.clock.advance(1)
        await it.desk.decide([item], Intent(verb="approve"))
        await until(lambda: it.desk.state_of(item.id).words == "kept by you")
        gate.set()
        await reading
        row = it.desk.item(item.id)
        assert row is not None and row.state == "kept"
        assert it.desk.reads.get(item.ref) is None, "nor does it count as the look before sending"


async def test_rows_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    async with world(tmp_path, [simple_item(1)]) as w:
        w.backend.unreadable = 3
        await w.live()
        await w.desk.refresh("reports")
        told = [event.words for event in w.tell_of(Troubled) if isinstance(event, Troubled)]
        assert told == ["3 rows of harbour cannot be read here: the site shows more than this list."]
