"""The network itself: nothing of it is left, however the program that started it came to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modtui.errors import RateLimited
from tests.servers import base
from tests.servers import ozone as server
from tests.servers.ozone_world import signed_in

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
_OWNER = """
import json, sys, time
from pathlib import Path
from tests.servers import ozone
with ozone.running(Path(sys.argv[1])) as found:
    print(json.dumps({"pid": found.pid, "url": found.url}), flush=True)
    time.sleep(600)
"""


def _group(leader: int) -> list[str]:
    """What runs in the session of a process: names, without those that have ended and wait to be noticed."""
    found = []
    for one in Path("/proc").iterdir():
        try:
            stat = (one / "stat").read_text() if one.name.isdecimal() else ""
        except OSError:  # it has ended meanwhile
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        if len(fields) > 3 and fields[3] == str(leader) and fields[0] != "Z":
            found.append(name)
    return found


def test_nothing_is_left_when_the_owner_is_killed(ozone: server.Ozone, tmp_path: Path) -> None:
    """The fixture is asked for only so that this skips where nothing is installed."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path / "data")], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert owner.stdout is not None
    with owner.stdout as told:
        leader = int(json.loads(told.readline())["pid"])
    try:
        running = _group(leader)
        assert any("postgres" in name for name in running) and any("redis" in name for name in running)
        owner.kill()
        owner.wait()
        until = time.monotonic() + 30
        while (left := _group(leader)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not left
    finally:
        owner.kill()
        owner.wait()
        try:
            os.killpg(leader, signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.mark.anyio
async def test_too_many_sign_ins_are_a_wait_and_a_kept_session_goes_on(tmp_path: Path, ozone: server.Ozone) -> None:
    """The shared network counts nothing, so this one is its own: thirty sign-ins in five minutes are allowed."""
    with server.running(tmp_path / "network", limits=True) as strict:
        async with signed_in(strict, tmp_path / "kept"):
            signing = {"identifier": strict.user, "password": strict.password}
            for _ in range(60):
                try:
                    strict.call("POST", "com.atproto.server.createSession", json=signing)
                except server.Answer as refused:
                    assert refused.status == 429
                    break
            else:
                pytest.fail("the limit was never reached")
        with pytest.raises(RateLimited) as limited:
            async with signed_in(strict, tmp_path / "new"):
                pytest.fail("it signed in")
        assert 1 <= limited.value.wait_s <= 300 and "allows no more requests" in limited.value.message
        async with signed_in(strict, tmp_path / "kept") as backend:
            assert await backend.counts() == {"reports": 0}


def test_what_is_missing_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODTUI_SERVERS_DIR", str(tmp_path / "servers"))
    with (
        pytest.raises(base.NotPrepared, match=r"python -m tests\.servers prepare ozone"),
        server.running(tmp_path / "data"),
    ):
        pytest.fail("it started")


def test_packages_are_installed_only_by_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODTUI_SERVERS_DIR", str(tmp_path / "servers"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(base.ServerTrouble, match=r"redis-server.* as root"):
        server.prepare(lambda line: None)
