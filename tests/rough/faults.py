"""The table of faults: what the network or the site does, and what a moderator is told. The page docs/faults.md is made
from it (`python -m tests.rough.page`), and the tests hold it to what happens."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import random
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from tests.rough.proxy import Answer, Exchange, Gone, Spoil, Trouble

How = Literal["spoil", "accept", "refuse", "dns", "tls"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`what` happens; `line` is what line 2 says while reading fails (times as 12:02 and 2 s; empty: it stays live) and
    `why` the sentence with it; `write` says how a decision stands whose request meets it: "held" (it did not leave or
    was not taken: it is sent again by itself), "unknown" (it is looked up first) or "done".
    `slow`: only time limits of modtui's own end it, so the tests shorten these."""

    id: str
    group: str
    what: str
    line: str
    why: str
    write: Literal["held", "unknown", "done"]
    spoil: Spoil | None = None
    how: How = "spoil"
    detail: str = ""
    slow: bool = False
    quick: bool = False
    """Part of the short form of the tests."""
    also: str = ""
    """Another sentence that is as right: which request meets the fault first is chance."""

    @property
    def trouble(self) -> Trouble:
        """For all requests."""
        return Trouble(spoil=self.spoil, accept=self.detail if self.how == "accept" else "")


OFFLINE = "OFFLINE since 12:02, next try in 2 s (R now)"
DOWN = "SITE DOWN since 12:02, next try in 2 s (R now)"
BROKE = "The line to forum.example broke."


def down(status: int) -> str:
    """Line 2 when the site answers with an error."""
    return f"SITE DOWN ({status}) since 12:02, next try in 2 s (R now)"


# --- what spoils an exchange


def unread(spoil: Spoil) -> Spoil:
    """The proxy reads no body before it."""
    spoil.unread = True  # type: ignore[attr-defined]
    return spoil


@unread
async def reset_unread(x: Exchange) -> None:
    x.reset()


async def reset_before(x: Exchange) -> None:
    x.reset()


async def end_before(x: Exchange) -> None:
    x.hang_up()


async def reset_after(x: Exchange) -> None:
    await x.forward()
    x.reset()


async def end_after(x: Exchange) -> None:
    await x.forward()
    x.hang_up()


def part(share: float, *, of: Literal["headers", "body"], reset: bool) -> Spoil:
    """Forwarded, and this share of the answer's headers or body comes back."""

    async def spoil(x: Exchange) -> None:
        answer = await x.forward()
        raw = answer.raw(content_length=str(len(answer.body) + 50))  # more is promised than comes, also of an empty one
        head = len(raw) - len(answer.body)
        size = int(head * share) if of == "headers" else head + int(len(answer.body) * share)
        await x.send(raw[:size])
        await asyncio.sleep(0.01)  # a reset may overtake what was sent before it: both are tried
        if reset:
            x.reset()
        x.hang_up()

    return spoil


async def half_json(x: Exchange) -> None:
    answer = await x.forward()
    half = answer.body[: len(answer.body) // 2] or b'{"a'
    await x.answer(Answer(answer.status, answer.headers, half), content_length=str(len(half)))


async def half_chunked(x: Exchange) -> None:
    answer = await x.forward()
    half = answer.body[: len(answer.body) // 2] or b'{"a'
    head = Answer(answer.status, answer.headers, b"").raw(content_length="", transfer_encoding="chunked")
    await x.send(head + f"{len(half):x}\r\n".encode() + half + b"\r\n")
    x.hang_up()


async def silent_before(x: Exchange) -> None:
    await x.silence()


async def silent_after(x: Exchange) -> None:
    await x.forward()
    await x.silence()


async def loris(x: Exchange) -> None:
    answer = await x.forward()
    await x.send(answer.raw(content_length="1000000")[: -len(answer.body) or None])
    with x.proxy.resting():
        while True:
            await x.send(b" ")
            await asyncio.sleep(0.05)


async def late(x: Exchange) -> None:
    with contextlib.suppress(Gone):
        await x.silence()
    await x.wait(4)
    await x.forward()


def latency(low: float, high: float) -> Spoil:
    """Both ways take a while, and never the same."""
    dice = random.Random(7)

    async def spoil(x: Exchange) -> None:
        await x.wait(dice.uniform(low, high))
        answer = await x.forward()
        await x.wait(dice.uniform(low, high))
        await x.answer(answer)

    return spoil


def bandwidth(size: int, seconds: float) -> Spoil:
    """The answer comes in pieces of `size` bytes, each after a pause."""

    async def spoil(x: Exchange) -> None:
        raw = (await x.forward()).raw()
        for start in range(0, len(raw), size):
            await x.wait(seconds)
            await x.send(raw[start : start + size])

    return spoil


def instead(status: int, body: bytes, kind: str, **headers: str) -> Spoil:
    """The site never sees it; this is the answer."""
    whole = [("content-length", str(len(body)))]
    whole += [("content-type", kind)] if kind else []
    whole += [(name.replace("_", "-"), value) for name, value in headers.items()]

    async def spoil(x: Exchange) -> None:
        await x.answer(Answer(status, whole, body))

    return spoil


def page(status: int) -> Spoil:
    return instead(status, b"<!doctype html><title>Oops</title><h1>It \x1b[31mbroke</h1>", "text/html")


def data(status: int, body: object, **headers: str) -> Spoil:
    return instead(status, json.dumps(body).encode(), "application/json; charset=utf-8", **headers)


def told(wait: str, **headers: str) -> Spoil:
    """A 429 in Discourse's own shape. `wait` is JSON."""
    body = f'{{"errors": ["Slow down"], "error_type": "rate_limit", "extras": {{"wait_seconds": {wait}}}}}'.encode()
    headers = {"Discourse_Rate_Limit_Error_Code": "user_api_key_limiter_60_secs", **headers}
    return instead(429, body, "application/json", **headers)


def as_kind(kind: str) -> Spoil:
    """Done, and the answer calls itself something else."""

    async def spoil(x: Exchange) -> None:
        await x.answer(await x.forward(), content_type=kind)

    return spoil


def body_instead(body: bytes, **headers: str) -> Spoil:
    """Done, and the body is another one."""

    async def spoil(x: Exchange) -> None:
        answer = await x.forward()
        await x.answer(Answer(answer.status, answer.headers, body), content_length=str(len(body)), **headers)

    return spoil


def endless(*, declared: bool) -> Spoil:
    """Done, and the answer has no end."""
    piece = b"a" * 65_536

    async def spoil(x: Exchange) -> None:
        answer = await x.forward()
        head = Answer(answer.status, answer.headers, b"")
        if declared:
            await x.send(head.raw(content_length="10000000000") + b'"')
        else:
            await x.send(head.raw(content_length="", transfer_encoding="chunked"))
        while True:
            await x.send(piece if declared else b"10000\r\n" + piece + b"\r\n")

    return spoil


def bomb(layers: int) -> bytes:
    """200 MB of blanks in 200 kB; packed again, in less than 1 kB. One packed megabyte stands there 200 times."""
    blanks, times = b" " * 1_000_000, 200
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(times):
        check = zlib.crc32(blanks, check)
    raw = b"\x1f\x8b\x08" + bytes(7) + piece * times + b"\x03\x00" + struct.pack("<II", check, len(blanks) * times)
    for _ in range(layers - 1):
        raw = gzip.compress(raw, mtime=0)
    return raw


def bombed(layers: int) -> Spoil:
    made: list[bytes] = []

    async def spoil(x: Exchange) -> None:
        if not made:
            made.append(await asyncio.to_thread(bomb, layers))
        await body_instead(made[0], content_encoding=", ".join(["gzip"] * layers))(x)

    return spoil


async def head_flood(x: Exchange) -> None:
    answer = await x.forward()
    answer.headers += [(f"X-{number}", "y" * 900) for number in range(400)]
    await x.answer(answer)


async def continues(x: Exchange) -> None:
    await x.forward()
    with x.proxy.resting():
        while True:
            await x.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.02)


async def no_http(x: Exchange) -> None:
    await x.forward()
    await x.send(b"SSH-2.0-OpenSSH_9.9\r\n")
    x.hang_up()


HOURS = "TOO FAST: the site asks to wait until 12:02 (1 day)"


def too_fast(seconds: int) -> str:
    """Line 2 while the site asks to wait."""
    return f"TOO FAST: the site asks to wait {seconds} s"


def wait_words(seconds: int) -> str:
    return f"forum.example allows no more requests for {seconds} s."


def _f(id: str, what: str, line: str, why: str, write: Any, spoil: Spoil | None = None, **more: Any) -> Fault:
    return Fault(id, "", what, line, why, write, spoil, **more)


_PAGE = "forum.example answered with a web page instead of data."
_CUT = "forum.example answered with data that is cut off or damaged."
_TLS = "The certificate of forum.example is not valid, so nothing was sent."
_BIG = "forum.example sent more than 8 MB, so the answer was not read."

GROUPS: dict[str, tuple[Fault, ...]] = {
    "The way to the site": (
        _f("refused", "nothing listens at the address", OFFLINE, "forum.example cannot be reached.", "held",
           how="refuse", quick=True),
        _f("dns", "the name cannot be looked up", OFFLINE, "forum.example was not found.", "held", how="dns"),
        _f("tls-own", "the certificate is self-signed", OFFLINE, _TLS, "held", how="tls", detail="own"),
        _f("tls-unknown", "the certificate is of an authority that nobody knows", OFFLINE, _TLS, "held", how="tls",
           detail="unknown"),
        _f("tls-name", "the certificate is for another name", OFFLINE, _TLS, "held", how="tls", detail="name"),
        _f("tls-expired", "the certificate has expired", OFFLINE, _TLS, "held", how="tls", detail="expired"),
        _f("tls-plain", "plain http where https is expected", OFFLINE,
           "forum.example does not speak https as expected.", "held", how="tls", detail="plain"),
        _f("accept-reset", "every connection is reset at once", OFFLINE, BROKE, "held", how="accept", detail="reset",
           also="forum.example cannot be reached."),
        _f("accept-end", "every connection is closed at once", OFFLINE, BROKE, "held", how="accept", detail="end"),
    ),
    "The line breaks": (
        _f("reset-unread", "a reset after the head of the request, before its body is read", OFFLINE, BROKE, "unknown",
           reset_unread),
        _f("reset-before", "a reset after the request was read; the site never sees it", OFFLINE, BROKE, "unknown",
           reset_before),
        _f("end-before", "the line ends after the request was read; the site never sees it", OFFLINE, BROKE, "unknown",
           end_before, quick=True),
        _f("reset-after", "a reset after the site did it, before a byte of its answer", OFFLINE, BROKE, "unknown",
           reset_after, quick=True),
        _f("end-after", "the line ends after the site did it, before a byte of its answer", OFFLINE, BROKE, "unknown",
           end_after),
        _f("reset-headers", "a reset in the middle of the answer's headers", OFFLINE, BROKE, "unknown",
           part(0.5, of="headers", reset=True)),
        _f("end-headers", "the line ends in the middle of the headers", OFFLINE, BROKE, "unknown",
           part(0.5, of="headers", reset=False)),
        _f("reset-body", "a reset in the middle of the body", OFFLINE, BROKE, "unknown",
           part(0.5, of="body", reset=True)),
        _f("end-body", "the line ends in the middle of the body", OFFLINE, BROKE, "unknown",
           part(0.5, of="body", reset=False)),
        _f("end-chunked", "the line ends between two chunks", OFFLINE, BROKE, "unknown", half_chunked),
        _f("no-http", "the answer is not HTTP", OFFLINE, BROKE, "unknown", no_http),
    ),
    "Slow": (
        _f("latency", "each way takes 4 s", "", "", "done", latency(4, 4), quick=True),
        _f("jitter", "each way takes 0 to 9 s, never the same", "", "", "done", latency(0, 9)),
        _f("bandwidth", "8 kB a second", "", "", "done", bandwidth(8000, 1)),
        _f("silent-before", "no answer ever; the site never sees it", OFFLINE, "forum.example does not answer.",
           "unknown", silent_before, slow=True),
        _f("silent-after", "the site does it and never answers", OFFLINE, "forum.example does not answer.", "unknown",
           silent_after, slow=True, quick=True),
        _f("loris", "the answer comes a byte at a time", OFFLINE, "forum.example did not answer within 45 s.",
           "unknown", loris, slow=True),
        _f("processing", "\"102 Processing\" again and again", OFFLINE, "forum.example did not answer within 45 s.",
           "unknown", continues, slow=True),
        _f("late", "the request reaches the site seconds after modtui gave up", OFFLINE,
           "forum.example does not answer.", "unknown", late, slow=True),
    ),
    "Errors of the site": (
        _f("500", "500 with a web page", down(500), "forum.example answered with an error page (500).", "unknown",
           page(500)),
        _f("502", "502 with a web page", down(502), "forum.example is not available at the moment (502).", "unknown",
           page(502), quick=True),
        _f("503", "503 with a web page", down(503), "forum.example is not available at the moment (503).", "unknown",
           page(503)),
        _f("503-read-only", "503: the site is read-only", down(503),
           "forum.example is read-only at the moment (maintenance); nothing was changed.", "held",
           data(503, {"errors": ["read only"], "error_type": "read_only"}, Discourse_Readonly="true")),
        _f("504", "504 with plain text", down(504), "forum.example is not available at the moment (504).", "unknown",
           instead(504, b"gateway timeout", "text/plain")),
        _f("500-json", "500 with data", down(500), "forum.example answered with an error (500): It ␛[31mbroke",
           "unknown", data(500, {"errors": ["It \x1b[31mbroke"]})),
    ),
    "Too fast (429)": (
        _f("429-told", "Discourse's own: wait 24 s", too_fast(24), wait_words(24), "held", told("24"), quick=True),
        _f("429-header", "data without a wait, Retry-After: 24", too_fast(24), wait_words(24), "held",
           told("null", Retry_After="24")),
        _f("429-text", "plain text, Retry-After: 7", too_fast(7), wait_words(7), "held",
           instead(429, b"Slow down.\nError code: ip_10_secs_limit.", "text/plain", Retry_After="7")),
        _f("429-page", "a web page, no Retry-After", too_fast(10), wait_words(10), "held", page(429)),
        _f("429-date", "Retry-After with a date", too_fast(30), wait_words(30), "held",
           instead(429, b"", "", Date="Mon, 01 Jan 2035 00:00:00 GMT", Retry_After="Mon, 01 Jan 2035 00:00:30 GMT")),
        _f("429-date-alone", "Retry-After with a date, and no Date to compare", too_fast(10), wait_words(10), "held",
           instead(429, b"", "", Retry_After="Mon, 01 Jan 2035 00:00:30 GMT")),
        _f("429-zero", "Retry-After: 0", too_fast(1), wait_words(1), "held", told("null", Retry_After="0")),
        _f("429-negative", "a negative wait", too_fast(1), wait_words(1), "held", told("-5", Retry_After="-5")),
        _f("429-words", "Retry-After: soon", too_fast(10), wait_words(10), "held", told('"soon"', Retry_After="soon")),
        _f("429-nan", "Retry-After: nan", too_fast(10), wait_words(10), "held", told("null", Retry_After="nan")),
        _f("429-inf", "Retry-After: inf", too_fast(10), wait_words(10), "held", told("null", Retry_After="inf")),
        _f("429-action", "a limit of one action only: wait 12 s", too_fast(12),
           "forum.example allows no more of this action for 12 s.", "held",
           data(429, {"errors": ["Slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 12}})),
        _f("429-years", "wait 30 years: a day at most is heeded", HOURS,
           "forum.example allows no more requests for 1 day.", "held", told("946080000")),
        _f("429-day", "the day's budget of the key is spent", HOURS,
           "forum.example allows no more requests with this key today.", "held",
           told("86400", Discourse_Rate_Limit_Error_Code="user_api_key_limiter_1_day")),
    ),
    "Redirects": (
        _f("redirect-host", "302 to another host", DOWN,
           "forum.example redirects to https://elsewhere.example; modtui does not send the key to another address.",
           "unknown", instead(302, b"", "", Location="https://elsewhere.example/login"), quick=True),
        _f("redirect-307", "307 to another host", DOWN,
           "forum.example redirects to http://elsewhere.example; modtui does not send the key to another address.",
           "held", instead(307, b"", "", Location="//elsewhere.example/x")),
        _f("redirect-port", "302 to another port of the same host", DOWN,
           "forum.example redirects to http://forum.example; modtui does not send the key to another address.",
           "unknown", instead(302, b"", "", Location="http://127.0.0.1:1/x")),
        _f("redirect-circle", "302 to itself", DOWN, "forum.example redirects in circles.", "unknown",
           instead(302, b"", "", Location="/srv/status"),
           also="forum.example redirects instead of taking the request; it is not sent on."),
        _f("redirect-nowhere", "302 to something that is no address", DOWN,
           "forum.example redirects to something that is not an address.", "unknown",
           instead(302, b"", "", Location="http://[half")),
    ),
    "Answers of another kind": (
        _f("page", "200 with a web page", DOWN, _PAGE, "unknown",
           instead(200, b"<html>Please enable JavaScript", "text/html")),
        _f("page-after", "the site does it, and a web page answers", DOWN, _PAGE, "unknown",
           body_instead(b"<html>Please enable JavaScript", content_type="text/html"), quick=True),
        _f("as-text", "data that calls itself an image", DOWN,
           "forum.example answered with something that is not data (image/png).", "unknown", as_kind("image/png")),
        _f("as-nothing", "data without a content type", DOWN,
           "forum.example answered with something that is not data.", "unknown", as_kind("")),
        _f("half-json", "half of the data, well packed", DOWN, _CUT, "unknown", half_json),
        _f("empty", "an empty answer that calls itself data", DOWN, _CUT, "unknown", body_instead(b"")),
        _f("deep", "data nested 100,000 deep", DOWN, _CUT, "unknown", body_instead(b"[" * 100_000)),
    ),
    "Enormous answers": (
        _f("big-declared", "10 GB, as its head says", DOWN, _BIG, "unknown", endless(declared=True)),
        _f("big-chunked", "chunks without an end", DOWN, _BIG, "unknown", endless(declared=False)),
        _f("gzip-bomb", "200 MB packed into 200 kB", DOWN, _BIG, "unknown", bombed(1)),
        _f("gzip-twice", "200 MB packed twice", DOWN, "forum.example sent an answer that cannot be unpacked.",
           "unknown", bombed(2)),
        _f("gzip-wrong", "calls itself packed and is not", DOWN,
           "forum.example sent an answer that cannot be unpacked.", "unknown",
           body_instead(b"not packed at all", content_encoding="gzip")),
        _f("head-flood", "400 kB of headers", OFFLINE, BROKE, "unknown", head_flood),
    ),
}  # fmt: skip

FAULTS: tuple[Fault, ...] = tuple(fault for group in GROUPS.values() for fault in group)
