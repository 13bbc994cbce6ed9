"""The key goes to the community's own address and to no other, encrypted and to nobody in between, whatever a site's
answers, a redirect or the machine's settings say."""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import stamina
import trustme

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.demo.server import DemoServer
from modtui.domain.decisions import VERBS
from modtui.errors import ModtuiError, NetworkError, SiteError, UsageError
from tests.core.discourse_world import connect
from tests.core.scripted_site import SECRET, connection

pytestmark = pytest.mark.anyio
EVIL = "https://evil.example"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


# -- where the answers point


def _pointing(value: Any, to: Callable[[str], str]) -> Any:
    """A copy in which every address and path points elsewhere."""
    if isinstance(value, dict):
        return {key: _pointing(inner, to) for key, inner in value.items()}
    if isinstance(value, list):
        return [_pointing(inner, to) for inner in value]
    if isinstance(value, str) and (value.startswith(("/", "http://", "https://"))):
        return to(value)
    return value


ELSEWHERE: Mapping[str, Callable[[str], str]] = {
    "another host": lambda value: f"{EVIL}/{value.lstrip('/')}",
    "no scheme": lambda value: f"//evil.example/{value.lstrip('/')}",
    "behind our host": lambda value: f"@evil.example/{value.lstrip('/')}",
    "a longer host": lambda value: f".evil.example/{value.lstrip('/')}",
    "another scheme": lambda value: f"file:///etc/passwd?{value}",
}


@pytest.mark.parametrize("how", ELSEWHERE)
async def test_addresses_in_answers_lead_nowhere(
    demo: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Next pages, avatars, the long poll's base, links of threads and members: all of them point elsewhere."""
    asked: list[str] = []
    once = Door._once

    async def pointing(self: Door, method: str, url: str, *rest: Any) -> Reply:
        asked.append(url)
        reply = await once(self, method, url, *rest)
        if not reply.says_json:
            return reply
        body = json.dumps(_pointing(json.loads(reply.body), ELSEWHERE[how])).encode()
        headers = {**reply.headers, "discourse-base-url": EVIL}
        return Reply(reply.status, headers, body, reply.place, reply.sent)

    monkeypatch.setattr(Door, "_once", pointing)
    backend = DiscourseBackend(connect(demo, tmp_path))
    worked: set[str] = set()

    async def attempt(name: str, work: Any) -> Any:
        try:
            async with asyncio.timeout(20):
                found = await work
        except (ModtuiError, TimeoutError):
            return None
        worked.add(name)
        return found

    try:
        await attempt("identify", backend.identify())
        position = None
        for _ in range(2):
            changes = await attempt("changes", backend.changes(position))
            position = changes.position if changes is not None else None
        for lane in ("reports", "pending", "questions", "members"):
            page = await attempt(lane, backend.page(lane, None))
            if page is None:
                continue
            if page.cursor is not None:
                await attempt(f"{lane} next", backend.page(lane, page.cursor))
            for item in page.items[:1]:
                await attempt("reread", backend.reread([item.ref]))
                await attempt("thread", backend.thread(item))
                if item.author is not None:
                    await attempt("dossier", backend.dossier(item.author.native))
                    await attempt("private", backend.private(item.author.native))
                for verb in VERBS:
                    try:
                        from modtui.desk.possible import complete

                        plan = backend.plan(item, complete(verb))
                    except ModtuiError:
                        continue
                    await attempt("send", backend.send(plan.steps[0].call, key="k"))
    finally:
        await backend.aclose()
    assert {"identify", "reports", "questions", "members", "thread", "send"} <= worked, worked
    assert [url for url in asked if not url.startswith(demo.url + "/")] == []


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", "x", "", "https://evil.example/x", ":80/x"])
async def test_what_is_no_path_is_not_asked_for(tmp_path: Path, path: str) -> None:
    way = Door(connection("https://forum.harbour.example", tmp_path), auth={"Api-Key": SECRET})
    with pytest.raises(SiteError, match="an address that is none"):
        await way.get(path)


# -- encryption


class _Taken:
    """What a server that speaks TLS got to read."""

    def __init__(self) -> None:
        self.read = b""
        self.port = 0


@asynccontextmanager
async def speaking_tls(certificate: trustme.LeafCert) -> AsyncIterator[_Taken]:
    """A site behind this certificate; it answers `{}`."""
    taken = _Taken()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            taken.read += await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    taken.port = server.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        server.close()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


async def ask(port: int, state: Path, **more: Any) -> Reply:
    way = Door(connection(f"https://localhost:{port}", state, **more), auth={"Api-Key": SECRET})
    try:
        return await way.get("/x.json")
    finally:
        await way.aclose()


async def test_a_certificate_of_a_trusted_authority_is_taken(trusted: trustme.CA, tmp_path: Path) -> None:
    async with speaking_tls(trusted.issue_cert("localhost")) as site:
        assert (await ask(site.port, tmp_path)).ok
    assert SECRET.encode() in site.read, "else the other tests would show nothing"


@pytest.mark.parametrize("wrong", ["authority", "name", "expired"])
@pytest.mark.parametrize("insecure", [False, True])
async def test_any_other_certificate_gets_nothing(
    trusted: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, insecure: bool
) -> None:
    """`insecure` allows plain http by name; it does not make a wrong certificate right. Nor does the environment."""
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    long_ago = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
    certificate = {
        "authority": lambda: trustme.CA().issue_cert("localhost"),
        "name": lambda: trusted.issue_cert("elsewhere.example"),
        "expired": lambda: trusted.issue_cert(
            "localhost", not_before=long_ago, not_after=long_ago + datetime.timedelta(days=1)
        ),
    }[wrong]()
    async with speaking_tls(certificate) as site:
        with pytest.raises(NetworkError) as caught:
            await ask(site.port, tmp_path, insecure=insecure)
    assert "certificate" in caught.value.message and not caught.value.sent
    assert site.read == b""


async def test_plain_http_needs_the_settings_word_and_https_never_falls_back(tmp_path: Path) -> None:
    way = Door(connection("http://forum.harbour.example", tmp_path), auth={"Api-Key": SECRET})
    with pytest.raises(UsageError, match="insecure = true"):
        await way.get("/x")
    listener = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(NetworkError):
        await ask(port, tmp_path)
    listener.close()
