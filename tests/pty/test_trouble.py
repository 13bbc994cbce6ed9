"""The site goes away, the key is wrong, the address is not a community: words for each, and keys that still answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.pty.conftest import Open
from tests.pty.controls import strange
from tests.pty.modtui import Harbour


def test_offline_keys_answer_and_what_was_decided_is_sent_once(open_modtui: Open, tmp_path: Path, port: int) -> None:
    world = tmp_path / "world"
    with DemoServer(world, items=60, seed=7, port=port) as demo:
        harbour = Harbour(demo)
        work = harbour.pick()
        with demo.db.write():
            key = demo.site.add_key("admin", None, label="of a login: it outlives a restart")
        modtui = open_modtui(on=harbour, hold=0.5, key=key).ready()
        modtui.go_to(work)
    modtui.press("R")
    modtui.wait_for("OFFLINE since")
    modtui.read()
    row = modtui.row()
    modtui.press("k")
    modtui.wait_for(lambda: modtui.row() not in ("", row), why="k answering without a site")
    modtui.go_to(work)
    modtui.decide("a", words="Waits for the line; u takes it back (free)")
    modtui.press("U")
    modtui.wait_for("> Journal")
    modtui.wait_for(f"#{work.number}")
    modtui.back("> Journal")
    with DemoServer(world, port=port) as demo:
        back = Harbour(demo)
        assert back.status(work.number) == "pending"
        modtui.press("R")
        modtui.wait_for("live", 30)
        modtui.wait_for(lambda: back.status(work.number) == "rejected", why="the decision on the site")
        modtui.still(0.5)
        assert len(back.performs(work.number)) == 1
        modtui.close()


def test_a_wrong_key_is_said_and_never_shown(harbour: Harbour, open_modtui: Open) -> None:
    wrong = "0123456789abcdef" * 4
    modtui = open_modtui(key=wrong, size=(80, 24))
    modtui.wait_for("SIGNED OUT: modtui login")
    modtui.wait_for("does not take this key")
    modtui.press("?")
    modtui.wait_for("The post stays; its reports are closed as wrong")
    assert "SIGNED OUT" in modtui.text(), "also above the help"
    modtui.press("q")
    modtui.wait_for("does not take this key")
    assert modtui.leave() == 0
    assert wrong.encode() not in modtui.raw
    assert "Traceback" not in modtui.text()


class Blog(BaseHTTPRequestHandler):
    """A site that answers everything with a web page."""

    def do_GET(self) -> None:
        """Some HTML."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))  # left unread, it would reset the line
        body = b"<!doctype html><title>A blog</title><p>Hello \x1b[31mworld"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def blog() -> Iterator[str]:
    """A web server that is no community."""
    with HTTPServer(("127.0.0.1", 0), Blog) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(30)


def test_a_site_that_is_no_discourse(harbour: Harbour, open_modtui: Open, blog: str) -> None:
    modtui = open_modtui(url=blog, size=(80, 24))
    modtui.wait_for("WRONG SITE since")
    modtui.wait_for(re.compile(r"answer like a Discourse\s+community"))
    assert modtui.leave() == 0
    assert strange(modtui.raw) == [], "what the site said is not shown as it came"


def test_an_address_where_nothing_answers(harbour: Harbour, open_modtui: Open, port: int) -> None:
    modtui = open_modtui(url=f"http://127.0.0.1:{port}")
    modtui.wait_for("OFFLINE since")
    modtui.press("?")
    modtui.wait_for("The post stays; its reports are closed as wrong")
    modtui.press("q")
    modtui.wait_gone("The post stays; its reports are closed as wrong")
    assert modtui.leave() == 0
    assert modtui.left_behind() == []
