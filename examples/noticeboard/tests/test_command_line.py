"""modtui itself knows the backend, from the package's entry point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from board import TOKEN, running


def modtui(folder: Path, *words: str, **more: str) -> str:
    """Standard output of `modtui ...` with folders of its own. Raises AssertionError when it fails."""
    places = {f"MODTUI_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "STATE", "CACHE")}
    env = {**os.environ, **places, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **more}
    done = subprocess.run(
        [sys.executable, "-m", "modtui", *words], capture_output=True, text=True, env=env, timeout=120, check=False
    )
    assert done.returncode == 0, f"modtui {' '.join(words)} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def test_the_doctor_names_the_backend(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in modtui(tmp_path, "doctor", "--offline", "--json").splitlines()]
    (backends,) = [line["words"] for line in lines if line["name"] == "backends"]
    assert "noticeboard" in backends.split(", ")
    assert modtui(tmp_path, "--version").startswith("modtui ")


def test_a_row_is_listed_and_decided(tmp_path: Path) -> None:
    with running() as board:
        native = board.pin("bo", "Cheap watches.", "market")
        board.complain(native, "ann", "spam")
        at = ("--url", board.url, "--backend", "noticeboard")
        row = json.loads(modtui(tmp_path, *at, "queue", "--json", MODTUI_TOKEN=TOKEN))
        assert row["author"] == "bo"
        done = json.loads(modtui(tmp_path, *at, "act", "remove", row["id"], "--reason", "spam", MODTUI_TOKEN=TOKEN))
        assert done["state"] == "done", done
        notice = board.notices[native]
        assert notice["hidden"] and not notice["complaints"][0]["open"]
