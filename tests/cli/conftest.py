"""The whole program as the command line calls it, against the embedded community."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from modtui.cli.main import main
from modtui.demo.server import DemoServer, open_world

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ended]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A clean environment whose folders are the test's own."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    places = {f"MODTUI_{kind.upper()}_DIR": str(folder / kind) for kind in ("config", "state", "cache")}
    return {
        **keep, **places, "LANG": "C.UTF-8", "TERM": "xterm-256color", "PYTHONWARNINGS": "error",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **more,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("queue", "--json", token=...)`: the program with these arguments, to its end.

    It runs in the test's own process, which is ten times as fast as starting Python for it, with nothing but
    `environment` in its environment. What a process of its own matters for is tested with `process`.
    """

    def call(*args: str, token: str | None = None, stdin: str = "", **more: str) -> Ended:
        if token is not None:
            more["MODTUI_TOKEN"] = token
        out, err = io.StringIO(), io.StringIO()
        mask = os.umask(0o022)
        try:
            with (
                mock.patch.dict(os.environ, environment(tmp_path, **more), clear=True),
                mock.patch.object(sys, "stdin", io.StringIO(stdin)),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                code = main(args)
                assert "MODTUI_TOKEN" not in os.environ, "a child could read the key"
        finally:
            os.umask(mask)
        return _ended(code, out.getvalue(), err.getvalue(), token)

    return call


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """As `run`, in a process of its own."""

    def call(*args: str, token: str | None = None, stdin: str = "", **more: str) -> Ended:
        if token is not None:
            more["MODTUI_TOKEN"] = token
        done = subprocess.run(
            [sys.executable, "-m", "modtui", *args], input=stdin, capture_output=True, text=True, encoding="utf-8",
            env=environment(tmp_path, **more), cwd=ROOT, timeout=60, check=False,
        )  # fmt: skip
        return _ended(done.returncode, done.stdout, done.stderr, token)

    return call


def _ended(code: int, out: str, err: str, token: str | None) -> Ended:
    assert not token or token not in out + err, "a key was printed"
    assert "Traceback" not in err and "mistake of its own" not in err, err
    return Ended(code, out, err)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world, to be copied."""
    folder = tmp_path_factory.mktemp("world") / "w"
    open_world(folder, items=40, members=100, seed=7).close()
    return folder


@pytest.fixture
def demo(world: Path, tmp_path: Path) -> Iterator[DemoServer]:
    """The embedded community, this test's own."""
    with DemoServer(Path(shutil.copytree(world, tmp_path / "world")), claiming="disabled") as server:
        yield server


@pytest.fixture
def site(demo: DemoServer, run: Run) -> Run:
    """`site("queue")`: the program on the embedded community, with an admin key that acts as the moderator."""
    return _at(demo, run)


@pytest.fixture
def site_process(demo: DemoServer, process: Run) -> Run:
    """As `site`, in a process of its own."""
    return _at(demo, process)


def _at(demo: DemoServer, run: Run) -> Run:
    def call(*args: str, **more: Any) -> Ended:
        return run("--url", demo.url, "--user", demo.username, *args, **{"token": demo.api_key, **more})

    return call


def free(lines: list[dict[str, Any]], verb: str = "approve") -> list[dict[str, Any]]:
    """The listed items that offer `verb`."""
    return [
        line for line in lines
        if line["claimed_by"] is None and any(o["verb"] == verb and o["allowed"] for o in line["offers"])
    ]  # fmt: skip


def as_input(lines: list[dict[str, Any]]) -> str:
    """Lines for standard input."""
    return "".join(json.dumps(line) + "\n" for line in lines)
