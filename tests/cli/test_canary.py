"""Keys that are easy to find again, through every way in which a call of the program can fail: afterwards they stand in
their store and nowhere else, and no child process ever had them."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina
import trustme

from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.demo.site import digest
from tests.canary import KEY, ROUTE, WRONG, in_files, leaks
from tests.cli.conftest import ROOT, Ended, Run, environment, free

SECRETS = (KEY, WRONG, ROUTE)
USER = "harbourmaster"

DUMP = """import os, sys
out = open(sys.argv[1], "ab")
out.write(b"\\0".join(k + b"=" + v for k, v in os.environb.items()) + b"\\n" + repr(sys.argv).encode() + b"\\n")
for number in (os.getpid(), os.getppid()):
    for name in ("environ", "cmdline"):
        try:
            out.write(open(f"/proc/{number}/{name}", "rb").read() + b"\\n")
        except OSError:
            pass
out.close()
"""
"""What a child can see of itself and of modtui: environment and arguments."""


@pytest.fixture
def harbour(demo: DemoServer) -> DemoServer:
    """The community, which takes KEY as the moderator's own and as an admin's."""
    with demo.db.write():
        demo.db.run("DELETE FROM api_keys WHERE hash = ?", [digest(KEY)])
        demo.db.insert("api_keys", hash=digest(KEY), kind="admin", user_id=None, scopes="write", client_id="", label="",
                       created_at=now_ms(), expires_at=None)  # fmt: skip
    return demo


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """Everything that modtui may write to, looked through at the end of each test: only the store may have a key."""
    yield tmp_path
    store = tmp_path / "config" / "secrets.toml"
    for kind in ("config", "state", "cache", "seen"):
        assert in_files(tmp_path / kind, SECRETS, but=[store], user=USER) == []


def silent(ended: Ended) -> Ended:
    """A call that told no secret."""
    assert leaks((ended.out + ended.err).encode(), SECRETS, USER) == []
    return ended


class Echo(BaseHTTPRequestHandler):
    """A broken or hostile site that answers with everything that it was sent, key and all."""

    status, kind = 500, "application/json"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = [f"{name}: {value}" for name, value in self.headers.items()]
        body = json.dumps({"errors": told, "error_type": told, "message": told, "failed": " ".join(told)}).encode()
        if self.kind == "text/html":
            body = f"<!doctype html><title>Debug</title><pre>{' '.join(told)}</pre>".encode()
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "100000")
        if 300 <= self.status < 400:
            self.send_header("Location", f"https://{self.headers['Api-Key']}.evil.example/?{self.headers['Api-Key']}")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    with stamina.set_testing(True, attempts=2):
        yield server
    server.shutdown()
    server.server_close()
    thread.join()


def url_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_a_site_that_echoes_the_key(
    run: Run, echo: ThreadingHTTPServer, folders: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(Echo, "kind", kind)
    said = ""
    for status in (200, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503):
        monkeypatch.setattr(Echo, "status", status)
        for words in (("queue",), ("act", "approve", "1"), ("doctor",)):
            ended = silent(run("--url", url_of(echo), "--user", USER, "--budget", "0", *words, token=KEY))
            assert ended.code != 0 and ended.out + ended.err, (status, words)
            said += ended.out + ended.err
    assert kind == "text/html" or "Api-Key: ..." in said, "else this test would show nothing"


def test_every_failure_of_the_site_and_of_its_line(run: Run, harbour: DemoServer, folders: Path) -> None:
    def site(*words: str, key: str = KEY) -> Ended:
        return silent(run("--url", harbour.url, "--user", harbour.username, "--budget", "0", *words, token=key))

    items = free(site("queue", "--json").lines)
    assert site("queue", key=WRONG).code == 4 and site("doctor", key=WRONG).code == 1
    with stamina.set_testing(True, attempts=2):
        for number, kind in enumerate(("html", "500", "502", "503", "cut", "lost", "drop", "429-json", "429-html")):
            harbour.inject(kind, times=6, wait_s=100_000)
            for words in (("queue",), ("act", "approve", items[number]["id"], "--no-wait"), ("member", "ann")):
                site(*words)
            harbour.site.faults.clear()
    for words in (("outbox",), ("outbox", "send"), ("log",), ("log", "--json"), ("log", "verify"), ("drafts",),
                  ("communities",), ("replies",), ("doctor",), ("config", "check"), ("keys",)):  # fmt: skip
        site(*words)
    assert site("act", "approve", "999999").code != 0 and site("undo", "nothing").code == 3


def test_login_logout_and_the_private_file(run: Run, harbour: DemoServer, folders: Path) -> None:
    words = ("login", harbour.url, "--user", harbour.username, "--store", "file", "--name", "harbour")
    assert silent(run(*words, token=WRONG)).code == 4
    assert not (folders / "config" / "secrets.toml").exists()
    assert silent(run(*words, token=KEY)).code == 0
    assert leaks((folders / "config" / "secrets.toml").read_bytes(), [KEY]), "here it may stand"
    for more in (("queue",), ("doctor",), ("communities", "--json"), ("logout", "harbour")):
        assert silent(run(*more)).code in (0, 1)
    assert not (folders / "config" / "secrets.toml").exists()


def test_a_certificate_that_nobody_trusts(run: Run, folders: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *args: None  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        for words in (("queue",), ("doctor",)):
            ended = silent(
                run("--url", f"https://localhost:{server.server_address[1]}", "--user", USER, *words, token=KEY)
            )
            assert "certificate" in ended.out + ended.err and ended.code in (1, 6)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


CRASH = """
import base64, json, logging, sys, threading
from urllib.parse import quote
from modtui.cli import main as program
import modtui.cli.log as log
def broken(options):
    key, route = options.token, __import__("modtui.credentials").credentials.route_tokens()
    logging.getLogger("any").error("it is %r", key)
    thread = threading.Thread(target=lambda: 1 / 0 if key is None else [][key], name="t")
    thread.run = lambda: (_ for _ in ()).throw(ValueError(key))
    thread.start(); thread.join()
    raise {error}
log.settings_of = broken
sys.exit(program.main(["log"]))
"""


@pytest.mark.parametrize(
    ("error", "debug"),
    [
        ("KeyError(key)", ""), ("ValueError(key, route)", "1"),
        ("RuntimeError(json.dumps([key, *route.values()]))", ""), ("OSError(5, 'broken', key)", "1"),
        ("ValueError(quote(key) + quote(key, safe=''))", ""), ("ExceptionGroup(key, [ValueError(route)])", "1"),
        ("ExceptionGroup(key, [ValueError(route)])", ""),
    ],
)  # fmt: skip
def test_a_mistake_of_modtui_that_quotes_the_key(folders: Path, error: str, debug: str) -> None:
    env = environment(folders, MODTUI_TOKEN=KEY, MODTUI_ROUTE_PAGER=ROUTE, MODTUI_DEBUG=debug)
    done = subprocess.run(
        [sys.executable, "-c", CRASH.replace("{error}", error)], capture_output=True, env=env, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert leaks(done.stdout + done.stderr, SECRETS, USER) == [], done.stderr.decode()
    assert b"(key)" in done.stderr or list((folders / "state").rglob("*.txt"))


def test_children_do_not_get_it(folders: Path, harbour: DemoServer, process: Run) -> None:
    """A token_command, a route's program and a route's token_command look at themselves and at modtui."""
    seen, dump = folders / "seen", folders / "dump.py"
    seen.mkdir()
    dump.write_text(DUMP)
    fetch = folders / "fetch.py"
    fetch.write_text(DUMP + f"print({KEY!r})\n")
    (folders / "config").mkdir()
    (folders / "config" / "config.toml").write_text(
        f'[[communities]]\nname = "harbour"\nurl = "{harbour.url}"\naccount = "{harbour.username}"\nkey = "admin"\n'
        f'token_command = ["{sys.executable}", "{fetch}", "{seen}/token"]\n'
        f'[[routes]]\nname = "pager"\nkey = "p"\nkind = "command"\n'
        f'command = ["{sys.executable}", "{dump}", "{seen}/route"]\n'
    )
    item = free(silent(process("queue", "--json", MODTUI_ROUTE_PAGER=ROUTE)).lines)[0]
    more = {"token": WRONG, "MODTUI_ROUTE_PAGER": ROUTE}
    words = ("act", "escalate", item["id"], "--route", "pager", "--note", "please look")
    assert silent(process(*words, **more)).code == 0
    assert silent(process("-c", "harbour", *words[:2], "--route", "pager", "1", **more)).code != 0
    for name in ("token", "route"):
        told = (seen / name).read_bytes()
        assert b"MODTUI_CONFIG_DIR=" in told and b"modtui" in told, "the child looked, and at modtui too"
        assert leaks(told, SECRETS, USER) == [], name
