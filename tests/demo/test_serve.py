"""The command: one line of JSON, runs until SIGTERM, private files, random keys; and a community that lives."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from modtui.demo.server import DemoServer
from tests.demo.conftest import Serve


def start(*options: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "modtui.demo", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """SIGTERM; gives what else came on standard output, and standard error."""
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=60)


def test_it_says_where_it_is_in_one_line_and_ends_on_sigterm(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    process = start("--items", "12", "--members", "40", "--data", str(folder))
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert set(line) == {"url", "api_key", "username", "user_api_key", "data"}
    assert line["data"] == str(folder)
    headers = {"Api-Key": line["api_key"], "Api-Username": line["username"]}
    assert httpx.get(f"{line['url']}/review/count.json", headers=headers).json()["count"] <= 12
    mine = httpx.get(f"{line['url']}/session/current.json", headers={"User-Api-Key": line["user_api_key"]}).json()
    assert mine["current_user"]["username"] == line["username"]
    assert stop(process) == ("", "")
    assert process.returncode == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}


def test_a_folder_of_its_own_is_removed_at_the_end() -> None:
    process = start("--items", "3", "--members", "40")
    assert process.stdout is not None
    data = Path(json.loads(process.stdout.readline())["data"])
    assert data.is_dir()
    stop(process)
    assert not data.exists()


@pytest.mark.parametrize("options", [("--items", "-1"), ("--limits", "all"), ("--port", "x")])
def test_bad_options_are_refused(options: tuple[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", "modtui.demo", *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert options[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_a_sentence(demo: DemoServer) -> None:
    port = demo.url.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "modtui.demo", "--port", port], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The community cannot be served:")


def test_keys_are_random_and_those_of_the_last_start_end(serve: Serve, tmp_path: Path) -> None:
    first = serve()
    old = {"Api-Key": first.api_key, "Api-Username": "rookmoor"}
    first.__exit__(None, None, None)
    second = serve()
    assert second.api_key != first.api_key
    assert httpx.get(f"{second.url}/review/count.json", headers=old).status_code == 403
    stored = (tmp_path / "demo" / "world.db").read_bytes() + (tmp_path / "demo" / "world.db-wal").read_bytes()
    assert second.api_key.encode() not in stored
    assert os.environ.get("HOME", "x") not in repr(second.requests)


def test_traffic_and_moderators_change_the_world(serve: Serve) -> None:
    demo = serve(traffic=6000.0, moderators=3, settings={"pace": 0.001})
    deadline = time.monotonic() + 60
    wanted = {
        "posts": "SELECT count(*) FROM posts WHERE created_at > (SELECT value FROM meta WHERE key = 'base_now') + 0",
        "decisions": "SELECT count(*) FROM reviewable_histories WHERE type = 1 AND created_by_id IN (3, 4, 5)"
        " AND created_at > (SELECT value FROM meta WHERE key = 'base_now') + 0",
        "claims": "SELECT count(*) FROM reviewable_histories WHERE type = 3",
    }
    while not all(demo.db.value(sql) for sql in wanted.values()):
        assert time.monotonic() < deadline, {name: demo.db.value(sql) for name, sql in wanted.items()}
        time.sleep(0.01)
    assert demo.requests == []
