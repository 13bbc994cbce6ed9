"""Several processes on one journal, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modtui.store import Journal
from tests.core.store_samples import decision

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def start(mode: str, path: Path) -> subprocess.Popen[str]:
    """The child in another process, talking over pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.store_child", mode, str(path)], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    recorded: set[str] = set()
    sending: set[str] = set()
    for lines in (5, 18, 31):  # killed at other moments, each time on top of what the last one left
        child = start("append", path)
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said.extend(child.communicate()[0].splitlines())
        whole = [line.split() for line in said if len(line.strip().split()) == 2 and len(line.split()[1]) == 16]
        recorded.update(id_ for word, id_ in whole if word == "recorded")
        sending.update(id_ for word, id_ in whole if word == "sending")
        assert len(recorded) >= 3

        journal = Journal(path)
        found = journal.verify()
        assert found.ok, found.problems
        for id_ in recorded:
            made = journal.decision(id_)
            assert made is not None and len(made.targets) == 2, "an acknowledged decision is lost or half there"
            assert made.targets[0].steps[0].state == "sending" or id_ not in sending
        before = [journal.decision(id_) for id_ in sorted(recorded)]
        journal.rebuild()
        assert [journal.decision(id_) for id_ in sorted(recorded)] == before
        for one in journal.open_decisions():  # so that the next round may use the same subjects
            for target in one.targets:
                await journal.move(one.id, target.index, 0, frm=("held", "sending"), to="undone", at_ms=1)
        sending.clear()
        recorded = {one.id for one in journal.history(limit=10_000)}
        await journal.close()


async def test_two_processes_never_take_the_same_step(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    journal = Journal(path)
    made = [decision([number]) for number in range(60)]
    for one in made:
        await journal.record(one)
    children = [start("grab", path) for _ in range(2)]
    for child in children:
        assert child.stdout is not None and child.stdin is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    taken = [line.split()[1] for child in children for line in child.communicate(timeout=60)[0].splitlines()]
    assert [child.returncode for child in children] == [0, 0]
    assert sorted(taken) == sorted(one.id for one in made), "each step is taken once, by one of the two"
    assert {one.state for one in journal.open_decisions()} == {"sending"}
    assert journal.verify().ok
    await journal.close()


async def test_two_journals_at_once_keep_one_chain(tmp_path: Path) -> None:
    """Two open journals write in turn; each sees what the other wrote, and a subject is taken once."""
    path = tmp_path / "state.db"
    first, second = Journal(path), Journal(path)
    for number in range(10):
        await (first, second)[number % 2].record(decision([number]))
    assert len(first.open_decisions()) == len(second.open_decisions()) == 10
    assert first.verify() == second.verify() and first.verify().ok
    await first.close()
    await second.record(decision([99]))
    assert second.verify().rows == 11
    await second.close()
