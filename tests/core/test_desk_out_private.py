"""Personal data of somebody: what a decision on it keeps, and how it is still checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.domain.items import Report
from modtui.text import Foreign
from tests.core.desk_out import Bench, bench

pytestmark = pytest.mark.anyio
TEXT = Foreign("My neighbour lives at 12 Harbour Lane.")
PRIVATE = (Report(id="r1", reason="private", label=Foreign("Personal data")),)


def on_disk(it: Bench) -> bytes:
    return b"".join(path.read_bytes() for path in it.store.journal.database.path.parent.glob("state.db*"))


async def test_its_text_is_not_in_the_journal_and_an_edit_is_still_a_conflict(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1", source=TEXT, title=TEXT, reports=PRIVATE)
        decision = await it.decide(item, "remove")
        assert it.store.journal.decision(decision.id) == decision
        assert b"Harbour Lane" not in on_disk(it)
        it.site.change("1", source=Foreign("I took it out."), edits=1)
        await it.clock.advance(16)
        await it.becomes(decision, "conflict")
        assert it.desk.outbox().conflict == 1


async def test_unchanged_it_goes_out_as_any_other(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        decision = await it.decide(await it.post("1", source=TEXT, reports=PRIVATE), "remove")
        await it.clock.advance(16)
        await it.becomes(decision, "done")
        other = await it.decide(await it.post("2", source=Foreign("Visible words.")), "remove")
        assert other.targets[0].seen is not None and other.targets[0].seen.text == "Visible words."
