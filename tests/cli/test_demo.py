"""`modtui demo`: the made-up community, opened and served."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, environment

SMALL = ["--items", "20", "--members", "60"]


def test_serve_prints_one_line_and_ends_on_sigterm(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "modtui", "demo", "serve", *SMALL, "--data", str(tmp_path / "d")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path), cwd=ROOT,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        line = json.loads(child.stdout.readline())
        assert line.keys() == {"url", "api_key", "username", "user_api_key", "data"}
        headers = {"Api-Key": line["api_key"], "Api-Username": line["username"]}
        request = urllib.request.Request(f"{line['url']}/review.json", headers=headers)
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["reviewables"]
    finally:
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, "", "")


def opened(folder: Path, *args: str) -> tuple[int, subprocess.Popen[bytes]]:
    terminal, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = environment(folder, TMPDIR=str(folder / "tmp"))
    for kind in ("CONFIG", "STATE", "CACHE"):
        del env[f"MODTUI_{kind}_DIR"]
    env["HOME"] = str(folder / "home")
    child = subprocess.Popen(
        [sys.executable, "-m", "modtui", *args], stdin=inner, stdout=inner, stderr=inner, env=env, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    return terminal, child


def until(terminal: int, words: str) -> str:
    shown = ""
    while words not in shown:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        shown += got.decode("utf-8", "replace")
    assert words in shown, shown[-2000:]
    return shown


@pytest.mark.parametrize("keep", [False, True])
def test_the_screens_open_and_the_private_folder_goes_at_the_end(tmp_path: Path, keep: bool) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "home").mkdir()
    terminal, child = opened(tmp_path, "demo", *SMALL, *(["--keep"] if keep else []))
    try:
        until(terminal, "rookmoor")
        os.write(terminal, b"q")
        until(terminal, "Leave modtui?")
        os.write(terminal, b"y")
        rest = until(terminal, "opens it again" if keep else "\x1b[?1049l")
        code = child.wait(60)
    finally:
        child.kill()
        os.close(terminal)
    assert code == 0, rest
    left = [path for path in (tmp_path / "tmp").iterdir() if path.name.startswith("modtui-demo-")]
    assert len(left) == keep
    assert list((tmp_path / "home").rglob("*.db")) == [], "the demo leaves the moderator's own folders alone"
    if keep:
        assert (left[0] / "modtui" / "state" / "state.db").exists() and left[0].stat().st_mode & 0o077 == 0


def test_it_is_for_a_terminal_and_for_itself(tmp_path: Path) -> None:
    terminal, child = opened(tmp_path, "--url", "https://forum.example", "demo")
    try:
        until(terminal, "modtui demo has its own")
        assert child.wait(60) == 2
    finally:
        child.kill()
        os.close(terminal)
