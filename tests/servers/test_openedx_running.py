"""The running Open edX forum itself: its recordings are true, and it starts and ends cleanly."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers import base, openedx_record
from tests.servers.openedx import OpenEdx, running

pytestmark = pytest.mark.servers


def test_recordings_are_what_the_server_sends(openedx: OpenEdx) -> None:
    now = openedx_record.record(openedx, suffix="-again")
    then = openedx_record.read()
    assert now.keys() == then.keys()
    for name, exchange in now.items():
        assert exchange["response"]["status"] == then[name]["response"]["status"], name
        assert openedx_record.shape(exchange) == openedx_record.shape(then[name]), name


def test_nothing_is_left_when_the_block_ends(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        pid, port = server.pid, urlsplit(server.url).port
        arguments = Path(f"/proc/{pid}/cmdline")
        if arguments.exists():
            shown = arguments.read_bytes() + Path(f"/proc/{pid}/environ").read_bytes() + server.log.read_bytes()
            assert server.password.encode() not in shown
    assert server.password not in repr(server)
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    with socket.socket() as plug:
        assert plug.connect_ex(("127.0.0.1", port)) != 0


def test_a_server_that_dies_at_once_says_why(tmp_path: Path) -> None:
    (tmp_path / "forum.sqlite3").write_bytes(b"this is no database, only some text in its place" * 50)
    with pytest.raises(base.ServerTrouble, match="file is not a database"), running(tmp_path):
        pytest.fail("it answered")


def test_a_killed_server_ends_quietly(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
