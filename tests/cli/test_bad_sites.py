"""Wrong addresses, other sites, wrong keys, broken answers: a sentence each, and the documented exit code."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))  # left unread, it would reset the line
        page = b"<!doctype html><title>Shop</title><h1>Welcome</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[str]:
    """Some other site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def one_sentence(text: str) -> None:
    assert text.strip().endswith(".") and len(text.splitlines()) <= 2, text


def test_nobody_lives_there(run: Run) -> None:
    ended = run("--url", "http://127.0.0.1:9", "--user", "ann", "queue", token="k" * 64)
    assert ended.code == 6 and "127.0.0.1:9" in ended.err
    one_sentence(ended.err)


def test_a_site_that_is_not_discourse(run: Run, shop: str) -> None:
    at = ["--url", shop]
    for args in ([*at, "--user", "ann", "queue"], [*at, "queue"], ["login", shop, "--store", "file"]):
        ended = run(*args, token="k" * 64)
        assert ended.code == 7, ended.err
        assert "does not answer like a Discourse community" in ended.err
        one_sentence(ended.err)


@pytest.mark.parametrize("user", [None, "rookmoor"])
def test_a_wrong_key(run: Run, demo: DemoServer, user: str | None) -> None:
    ended = run("--url", demo.url, *(["--user", user] if user else []), "queue", token="0" * 64)
    assert ended.code == 4, ended.err
    assert "key" in ended.err
    one_sentence(ended.err)


def test_a_revoked_key(run: Run, demo: DemoServer) -> None:
    assert run("--url", demo.url, "queue", "--limit", "1", token=demo.user_api_key).code == 0
    request = urllib.request.Request(
        f"{demo.url}/user-api-key/revoke.json", method="POST", headers={"User-Api-Key": demo.user_api_key}
    )
    urllib.request.urlopen(request).close()
    ended = run("--url", demo.url, "queue", token=demo.user_api_key)
    assert ended.code == 4 and "key" in ended.err
    one_sentence(ended.err)


def test_no_key_says_where_it_was_looked_for(run: Run, demo: DemoServer) -> None:
    ended = run("--url", demo.url, "queue")
    assert ended.code == 4
    for source in ("environment", "token_command", "keyring", "secrets.toml"):
        assert source in ended.err
    assert ended.err.splitlines()[-1] == f"modtui login {demo.url} gets one."


def test_a_key_that_cannot_be_one(run: Run, demo: DemoServer) -> None:
    ended = run("--url", demo.url, "queue", token="a\nApi-Username: system")
    assert ended.code == 4 and "not a key" in ended.err


@pytest.mark.parametrize("kind", ["html", "cut"])
def test_html_and_cut_json_in_the_middle(site: Run, demo: DemoServer, kind: str) -> None:
    demo.inject(kind, "/review", times=9)
    ended = site("queue", "--json")
    assert ended.code == 7, ended.err
    one_sentence(ended.err)


def test_an_account_without_rights(run: Run, demo: DemoServer) -> None:
    row = demo.db.one("SELECT username FROM users WHERE admin = 0 AND moderator = 0 ORDER BY id DESC LIMIT 1")
    assert row is not None
    ended = run("--url", demo.url, "--user", row["username"], "queue", token=demo.api_key)
    assert ended.code == 5 and "has no lane reports for you" in ended.err


def test_doctor_names_the_trouble_and_no_key(run: Run, demo: DemoServer) -> None:
    good = run("--url", demo.url, "--user", demo.username, "doctor", token=demo.api_key)
    assert good.code == 0 and f"you are {demo.username}" in good.out
    bad = run("--url", demo.url, "--user", demo.username, "doctor", token="0" * 64)
    assert bad.code == 1 and "! sites" in bad.out
