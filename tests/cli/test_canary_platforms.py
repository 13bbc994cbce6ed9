"""NodeBB, Matrix and Ozone: their keys, app passwords and session tokens, through answers that hold everything that was
sent: afterwards they stand in their store and nowhere else."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import stamina

from tests.canary import KEY, in_files, leaks
from tests.cli.conftest import Ended, Run
from tests.hostile.platforms import bluesky, matrix
from tests.hostile.tape import Tape

ACCESS, REFRESH = "eyJ.c4nary-of-the-access.4nary-1234567890", "eyJ.c4nary-to-refresh-it.4nary-0987654321"
SECRETS = (KEY, ACCESS, REFRESH)
BACKENDS = ("nodebb", "synapse", "ozone")
DID = str(bluesky().tape.facts["did"])


class Site(BaseHTTPRequestHandler):
    """A broken or hostile server that answers with everything that it was sent, headers and body. What is in `plays`
    it answers as it should, so that modtui gets further."""

    status, kind, plays, sessions = 500, "application/json", False, False
    tape: Tape | None = None
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        type(self).asked.append(f"{self.command} {self.path}")
        if self.path.endswith(("createSession", "refreshSession")) and self.sessions:
            given = {"did": DID, "handle": "mod.test", "accessJwt": ACCESS, "refreshJwt": REFRESH}
            return self._answer(200, json.dumps(given).encode())
        if self.plays and self.tape is not None and (self.command == "GET" or self.path.endswith("_notice")):
            status, body = self.tape.reply(self.command, self.path)
            return self._answer(status, json.dumps(body).encode())
        told = [sent, *(f"{name}: {value}" for name, value in self.headers.items())]
        whole = " ".join(told)
        body = {"errcode": "M_UNKNOWN", "error": whole, "message": whole, "status": {"code": "x", "message": whole},
                "response": told}  # fmt: skip
        if self.kind == "expired":
            body["error"], body["message"] = "ExpiredToken", whole
        raw = json.dumps(body).encode()
        if self.kind == "text/html":
            raw = f"<!doctype html><title>Debug</title><pre>{whole}</pre>".encode()
        elif self.kind == "text/plain":
            raw = whole.encode()
        self._answer(self.status, raw, self.kind if "/" in self.kind else "application/json")

    do_POST = do_PUT = do_DELETE = do_GET

    def _answer(self, status: int, raw: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Retry-After", "100000")
        if 300 <= status < 400:
            key = self.headers.get("Authorization", "none").replace(" ", "%20")
            self.send_header("Location", f"https://evil.example/?{key}")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Site, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    with stamina.set_testing(True, attempts=2):
        yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """Everything that modtui may write to, looked through at the end of each test. A key may stand in the store, the
    tokens of a session in its file, and nobody else may read either."""
    yield tmp_path
    kept = [tmp_path / "config" / "secrets.toml", *(tmp_path / "state").rglob("session-*.json")]
    for kind in ("config", "state", "cache"):
        assert in_files(tmp_path / kind, SECRETS, but=kept) == []
    for file in kept:
        assert not file.exists() or stat.S_IMODE(os.stat(file).st_mode) == 0o600
        assert not file.exists() or KEY not in file.read_text() or file.name == "secrets.toml"


def silent(ended: Ended) -> Ended:
    """A call that told no secret, and ended with a sentence and no traceback."""
    told = ended.out + ended.err
    assert leaks(told.encode(), SECRETS) == [], told
    assert "Traceback" not in told and "unexpected" not in told.lower(), told
    return ended


def words(backend: str, url: str) -> tuple[str, ...]:
    """The community on the command line."""
    user = {"nodebb": ("--user", "2"), "synapse": (), "ozone": ("--user", "mod.test")}[backend]
    return ("--url", url, "--backend", backend, *user, "--budget", "0")


CALLS: tuple[tuple[str, ...], ...] = (("queue",), ("doctor",), ("member", "ann"))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["application/json", "text/html", "text/plain"])
def test_a_site_that_echoes_what_it_was_sent(
    run: Run, site: str, folders: Path, monkeypatch: pytest.MonkeyPatch, backend: str, kind: str
) -> None:
    monkeypatch.setattr(Site, "kind", kind)
    said = ""
    for status in (200, 302, 400, 401, 403, 404, 500, 503, 429):
        monkeypatch.setattr(Site, "status", status)
        for call in CALLS[:1] if status != 500 else CALLS:
            ended = silent(run(*words(backend, site), *call, token=KEY))
            assert ended.code != 0 and ended.out + ended.err, (status, call)
            said += ended.out + ended.err
    if kind == "application/json":
        assert "..." in said, said


@pytest.mark.parametrize("kind", ["application/json", "expired", "text/html"])
def test_a_session_whose_tokens_are_echoed(
    run: Run, site: str, folders: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Ozone: signing in works, and then everything is answered with the tokens; or they are taken no more."""
    monkeypatch.setattr(Site, "kind", kind)
    monkeypatch.setattr(Site, "sessions", True)
    for status in (302, 400, 401, 403, 500, 429):
        monkeypatch.setattr(Site, "status", status)
        for call in CALLS if status == 400 else CALLS[:1]:
            assert silent(run(*words("ozone", site), *call, token=KEY)).code != 0
    assert any("createSession" in one for one in Site.asked)
    (kept,) = (folders / "state").rglob("session-*.json")
    assert ACCESS in kept.read_text() and KEY not in kept.read_text()


@pytest.mark.parametrize("backend", ["synapse", "ozone"])
def test_decisions_that_are_answered_with_the_key(
    run: Run, site: str, folders: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """Reading works as on a real server; each act is answered with all that was sent. Journal, outbox and requests are
    looked through."""
    platform = matrix() if backend == "synapse" else bluesky()
    monkeypatch.setattr(Site, "tape", platform.tape)
    monkeypatch.setattr(Site, "plays", True)
    monkeypatch.setattr(Site, "sessions", True)
    config = folders / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    options = ", ".join(f"{name} = {json.dumps(value)}" for name, value in platform.options.items())
    account = platform.user or ""
    text = f'[[communities]]\nname = "here"\nurl = "{site}"\nbackend = "{backend}"\noptions = {{ {options} }}\n'
    config.write_text(text + (f'account = "{account}"\n' if account else ""))
    config.chmod(0o600)
    listed = silent(run("-c", "here", "queue", "--json", token=KEY))
    rows = listed.lines
    assert len(rows) >= 3, listed.err
    said = ""
    for status, row in zip((400, 403), rows, strict=False):
        monkeypatch.setattr(Site, "status", status)
        ended = silent(run("-c", "here", "act", "approve", row["id"], token=KEY))
        assert ended.out + ended.err
        said += ended.out + ended.err
    assert any(not one.startswith("GET") and "Session" not in one for one in Site.asked), said
    for call in (("outbox",), ("log",), ("log", "--json"), ("doctor",), ("communities", "--json")):
        silent(run("-c", "here", *call, token=KEY))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sign_in_that_fails_keeps_nothing(
    run: Run, site: str, folders: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    user = {"nodebb": ("--user", "2"), "synapse": (), "ozone": ("--user", "mod.test")}[backend]
    for status in (200, 302, 401, 500):
        monkeypatch.setattr(Site, "status", status)
        ended = silent(run("login", site, "--backend", backend, *user, "--store", "file", "--name", "x", token=KEY))
        assert ended.code != 0
    assert not (folders / "config" / "secrets.toml").exists()
