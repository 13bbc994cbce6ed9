"""What a long session keeps in memory has a bound (python -m benchmarks.memory_flat measures the whole)."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.desk import book
from modtui.desk.reads import Reads
from modtui.domain.items import Gone
from modtui.domain.subjects import CommunityId, SubjectRef
from tests.core.desk_out import bench
from tests.core.fakes import FakeClock

pytestmark = pytest.mark.anyio


async def test_reads_of_long_ago_are_let_go() -> None:
    clock = FakeClock()
    reads = Reads(clock)
    old, new = (SubjectRef(CommunityId("c"), "post", native) for native in ("1", "2"))
    reads.note([Gone(ref=old)])
    assert reads.get(old) is not None
    await clock.advance(200)
    reads.note([Gone(ref=new)])
    assert reads.get(old, within_s=1_000) is None
    assert reads.get(new) is not None


async def test_finished_decisions_of_long_ago_are_let_go_and_read_again_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "_KEPT", 5)
    monkeypatch.setattr(book, "_AT_ONCE", 3)
    async with bench(tmp_path) as it:
        made = []
        for n in range(20):
            made.append(await it.decide(await it.post(str(n)), "approve"))
            await it.clock.advance(20)
            await it.becomes(made[-1], "done")
        remembered = {decision.id for decision in it.desk._book.all()}
        assert len(remembered) <= 9 and made[-1].id in remembered and made[0].id not in remembered
        found = it.desk.decision(made[0].id)
        assert found is not None and found.state == "done"
