"""Where output goes when it cannot go there: closed streams, a full disk, a site that lets nobody hurry."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from modtui.backends.base import Budget, RequestSeen
from modtui.cli import running
from modtui.demo.server import DemoServer
from tests.cli.conftest import ROOT, Run, environment, free


def shell(folder: Path, words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The program with redirections of a shell."""
    line = f'"{sys.executable}" -m modtui {words}'
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=environment(folder, **more), cwd=ROOT, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("where", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_mistake(tmp_path: Path, where: str) -> None:
    for words, code in (("keys", 0), ("act aprove 1", 2)):
        done = shell(tmp_path, f"{words} {where}")
        assert done.returncode == code, done.stderr
        assert "mistake of its own" not in done.stderr and not (tmp_path / "state" / "crashes").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["keys", "--help", "--version", "config docs"])
def test_an_output_on_a_full_disk_is_a_sentence(tmp_path: Path, words: str) -> None:
    done = shell(tmp_path, f"{words} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("The output could not be written: No space left") and done.stderr.count("\n") == 1


def test_a_decision_whose_result_nobody_can_read_is_made_and_in_the_journal(
    demo: DemoServer, site: Run, tmp_path: Path
) -> None:
    [one, *_] = free(site("queue", "--json").lines)
    words = f"--url {demo.url} --user {demo.username} act approve {one['id']} >&-"
    assert shell(tmp_path, words, MODTUI_TOKEN=demo.api_key).returncode == 0
    assert [entry["state"] for entry in site("log", "--json").lines] == ["done"]


class _Wire:
    """A budget of a site as `patient` sees it."""

    def __init__(self, used: int) -> None:
        self.budget = Budget(60, used, 60.0, 0.0)

    def watch(self, seen: Callable[[RequestSeen], None]) -> None:
        """Nothing is ever asked."""


@pytest.mark.anyio
@pytest.mark.parametrize(("used", "told"), [(45, True), (44, False)])
async def test_who_waits_for_the_budget_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], used: int, told: bool
) -> None:
    monkeypatch.setattr(running, "_QUIET_S", 0.01)
    looked, wire = asyncio.Semaphore(0), _Wire(used)

    class Backend:
        @property
        def wire(self) -> _Wire:
            looked.release()
            return wire

    community = cast(Any, SimpleNamespace(id="c", name="harbour", backend=Backend()))
    async with running.patient([community]):
        for _ in range(6):
            await looked.acquire()
    words = capsys.readouterr().err
    assert ("harbour: waits for the site's request budget (45 of 60" in words) is told
    assert words.count("\n") == told, "said once, not with every look"
