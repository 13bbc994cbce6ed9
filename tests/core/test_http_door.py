"""The HTTP door: what it refuses, repeats, bounds and shows."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from modtui.backends.base import RequestSeen
from modtui.backends.http import Door, Limits
from modtui.backends.transport import AGENT, MAX_BYTES
from modtui.errors import (
    ModtuiError,
    NetworkError,
    ReadOnly,
    SiteError,
    UsageError,
)
from tests.core.scripted_site import RESET, SECRET, Asked, Clock, answer, connection, scripted

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def door(url: str, state: Path, **more: Any) -> Door:
    return Door(connection(url, state, **more), auth={"Api-Key": SECRET, "Api-Username": "ann"})


async def test_key_travels_as_header_and_the_program_says_who_it_is(tmp_path: Path) -> None:
    async with scripted(answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        reply = await way.get("/x.json", [("q", "a b")])
        await way.aclose()
    assert reply.mapping() == {"a": 1}
    (asked,) = site.asked
    assert asked.path == "/x.json?q=a+b"
    assert asked.headers["api-key"] == SECRET
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["user-agent"] == AGENT


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("forum.example", "is not a web address"),
        ("ftp://forum.example", "is not a web address"),
        ("https://", "is not a web address"),
        ("https://[half", "is not a web address"),
        ("https://ann:pw@forum.example", "holds a user name or password"),
        ("http://forum.example", "unencrypted"),
    ],
)
async def test_addresses_that_are_refused(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        await door(url, tmp_path).get("/x")
    assert words in caught.value.message
    assert "pw" not in caught.value.message


async def test_plain_http_elsewhere_only_when_allowed_by_name(tmp_path: Path) -> None:
    assert door("http://forum.example/sub/", tmp_path, insecure=True).origin.url == "http://forum.example/sub"


async def test_a_redirect_inside_the_site_is_followed_for_reads(tmp_path: Path) -> None:
    def by(asked: Asked) -> bytes:
        if asked.path == "/t/1.json":
            return answer(301, location="/t/one/1.json")
        return answer(body={"here": asked.path})

    async with scripted(by=by) as site:
        way = door(site.url, tmp_path)
        assert (await way.get("/t/1.json")).mapping() == {"here": "/t/one/1.json"}
        await way.aclose()


@pytest.mark.parametrize("target", ["https://elsewhere.example/x", "http://127.0.0.1:1/x", "//elsewhere.example/x"])
async def test_a_redirect_to_another_place_gets_no_key(target: str, tmp_path: Path) -> None:
    async with scripted(answer(302, location=target)) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError) as caught:
            await way.get("/x")
        await way.aclose()
    assert "redirects" in caught.value.message
    assert len(site.asked) == 1


async def test_circles_end(tmp_path: Path) -> None:
    async with scripted(answer(302, location="/x")) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError, match="circles"):
            await way.get("/x")
        await way.aclose()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_write_is_never_redirected(status: int, tmp_path: Path) -> None:
    async with scripted(answer(status, location="/y")) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError) as caught:
            await way.ask("PUT", "/x", form=[("a", "1")])
        await way.aclose()
    assert [asked.path for asked in site.asked] == ["/x"]
    assert caught.value.sent is (status == 302)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (answer(body=b"<!doctype html><title>Hi</title>", kind="text/html"), "web page"),
        (answer(body=b"<html>", kind="application/octet-stream"), "web page"),
        (answer(body=b"plain", kind="text/plain"), "not data (text/plain)"),
        (answer(body=b'{"a": [1, 2'), "cut off"),
        (answer(body=b"[1]"), "another shape"),
        (answer(body=b"\xff\xfe"), "cut off"),
    ],
)
async def test_what_is_not_data_is_named(raw: bytes, words: str, tmp_path: Path) -> None:
    async with scripted(raw) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError) as caught:
            (await way.get("/x")).mapping()
        await way.aclose()
    assert words in caught.value.message


async def test_an_unreadable_answer_to_a_write_leaves_its_fate_open(tmp_path: Path) -> None:
    async with scripted(answer(body=b"<html>", kind="text/html")) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError) as caught:
            (await way.ask("PUT", "/x")).mapping()
        await way.aclose()
    assert caught.value.sent


async def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    async with scripted(answer(body=b'"' + b"a" * (MAX_BYTES + 10) + b'"')) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError, match="more than 8 MB"):
            await way.get("/x")
        await way.aclose()


async def test_reads_are_repeated_when_the_line_breaks(tmp_path: Path) -> None:
    async with scripted(None, answer(body=b"{}", length=50), answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        assert (await way.get("/x")).mapping() == {"a": 1}
        await way.aclose()
    assert [seen.tries for seen in way.requests] == [1, 2, 3]
    assert way.requests[0].status == 0 and "broke" in way.requests[0].error


CUTS: dict[str, bytes | None] = {
    "an end in place of an answer": None,
    "a reset in place of an answer": RESET,
    "an end in the headers": answer(body={"a": 1})[:30],
    "a reset in the headers": answer(body={"a": 1})[:30] + RESET,
    "an end in the body": answer(body=b'{"a": ', length=500),
    "a reset in the body": answer(body=b'{"a": ', length=500) + RESET,
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.9\r\n",
}
"""Every way in which a line can break once the request is out. Which of them comes is the network's choice."""


@pytest.mark.parametrize("how", CUTS)
async def test_a_write_whose_answer_is_lost_is_not_repeated(how: str, tmp_path: Path) -> None:
    async with scripted(CUTS[how]) as site:
        way = door(site.url, tmp_path)
        for body in ("short", "x" * 300_000):
            with pytest.raises(NetworkError) as caught:
                await way.ask("PUT", "/x", form=[("note", body)])
            assert caught.value.sent
            assert caught.value.message.endswith("broke.")
        await way.aclose()
    assert len(site.asked) == 2


@pytest.mark.parametrize("how", CUTS)
async def test_a_read_whose_answer_is_lost_is_repeated(how: str, tmp_path: Path) -> None:
    async with scripted(CUTS[how], answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        assert (await way.get("/x")).mapping() == {"a": 1}
        await way.aclose()
    assert [(seen.tries, seen.error.endswith("broke.")) for seen in way.requests] == [(1, True), (2, False)]


async def test_a_line_that_is_reset_while_a_long_write_leaves_it_may_have_arrived(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    way = door(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path)
    async with server:
        with pytest.raises(NetworkError) as caught:
            await way.ask("PUT", "/x", form=[("note", "x" * 8_000_000)])
        await way.aclose()
    assert caught.value.sent
    assert len(way.requests) == 1


async def test_broken_encryption_leaves_the_fate_of_a_write_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def garble(listening: socket.socket) -> None:
        plug, _ = listening.accept()
        with context.wrap_socket(plug, server_side=True) as line:
            got = b""
            while not got.endswith(b"a=1"):
                got += line.recv(65536)
            # Beneath the encryption: a record that is none.
            os.write(line.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
            with contextlib.suppress(OSError):
                line.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        serving = asyncio.create_task(asyncio.to_thread(garble, listening))
        way = door(f"https://localhost:{listening.getsockname()[1]}", tmp_path)
        with pytest.raises(NetworkError) as caught:
            await way.ask("PUT", "/x", form=[("a", "1")])
        await way.aclose()
        await serving
    assert caught.value.sent
    assert len(way.requests) == 1


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key, as files."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, SHA256())
    )
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key


async def test_a_write_is_tried_again_only_while_nothing_has_left(tmp_path: Path) -> None:
    async with scripted(answer()) as site:
        url = site.url
    way = door(url, tmp_path)
    with pytest.raises(NetworkError) as caught:
        await way.ask("PUT", "/x")
    await way.aclose()
    assert not caught.value.sent
    assert "cannot be reached" in caught.value.message
    assert len(way.requests) == 3


async def test_a_gateway_error_is_repeated_for_reads_only(tmp_path: Path) -> None:
    bad = answer(502, body=b"<html>", kind="text/html")
    async with scripted(bad, bad, answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        assert (await way.get("/x")).ok
        await way.aclose()
    async with scripted(bad, answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        with pytest.raises(SiteError) as caught:
            await way.ask("POST", "/x")
        await way.aclose()
    assert caught.value.sent and caught.value.status == 502
    assert len(site.asked) == 1


async def test_silence_ends(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.close()

    class Short(Limits):
        read, total, attempts = 0.05, 0.1, 1

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    way = Door(connection(url, tmp_path), limits=Short)
    with stamina.set_testing(True, attempts=1), pytest.raises(NetworkError) as caught:
        await way.ask("POST", "/x")
    gate.set()
    await way.aclose()
    server.close()
    assert caught.value.sent


async def test_read_only_lets_no_write_out(tmp_path: Path) -> None:
    async with scripted(answer(body=[])) as site:
        way = Door(connection(site.url, tmp_path, read_only=True), reading_posts=("/message-bus/",))
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            with pytest.raises(ReadOnly):
                await way.ask(method, "/review/1/perform/disagree.json")
        with pytest.raises(ReadOnly):
            await way.ask("PUT", "/message-bus/x/poll")
        await way.get("/x")
        await way.ask("POST", "/message-bus/x/poll")
        await way.aclose()
    assert [asked.method for asked in site.asked] == ["GET", "POST"]


async def test_every_request_is_seen_without_secrets(tmp_path: Path) -> None:
    seen: list[RequestSeen] = []
    async with scripted(answer(body={"a": 1})) as site:
        way = door(site.url, tmp_path)
        way.watch(seen.append)
        await way.get("/x.json", [("page", "2"), ("token", "hush"), ("q", SECRET)], why="page")
        await way.aclose()
    assert tuple(seen) == tuple(way.requests)
    assert seen[0].path == "/x.json?page=2&token=...&q=..."
    assert (seen[0].method, seen[0].status, seen[0].why, seen[0].size) == ("GET", 200, "page", 8)


async def test_no_secret_in_errors_reprs_or_logs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import traceback

    caplog.set_level(logging.DEBUG)
    echo = {"errors": [f"bad key {SECRET}"]}
    async with scripted(answer(500, body=echo), answer(403, body=echo)) as site:
        way = door(site.url, tmp_path)
        texts = [repr(way), repr(way.redact), repr(connection(site.url, tmp_path))]
        for _ in range(2):
            with pytest.raises(ModtuiError) as caught:
                await way.get("/x")
            texts += traceback.format_exception(caught.value)
        texts += [repr(seen) for seen in way.requests]
        await way.aclose()
    assert SECRET not in "".join(texts)
    assert SECRET not in caplog.text


async def test_the_sites_clock_is_kept(tmp_path: Path) -> None:
    async with scripted(answer(date="Mon, 01 Jan 2035 00:00:00 GMT")) as site:
        way = Door(connection(site.url, tmp_path), now=Clock())
        await way.get("/x")
        await way.aclose()
    assert way.clock_ms == 2_051_222_400_500


async def test_a_subfolder_stays_in_front(tmp_path: Path) -> None:
    async with scripted(answer()) as site:
        way = door(site.url + "/forum/", tmp_path)
        await way.get("/review.json")
        await way.aclose()
    assert site.asked[0].path == "/forum/review.json"


def test_httpx_loads_late_without_its_command_line_and_without_what_only_broken_lines_need() -> None:
    code = (
        "import sys, modtui.backends.transport as t, modtui.backends.discourse.backend;"
        "assert 'httpx' not in sys.modules and 'cryptography' not in sys.modules;"
        "t.load(); assert 'httpx' in sys.modules and not {'stamina', 'tenacity'} & set(sys.modules);"
        "print(sorted({'click', 'rich.console', 'pygments', 'textual'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
