"""A way to a server on which a test can count, change and hold back what passes.

`lossy.Line` breaks a line; this one understands what goes over it: plain HTTP/1.1 with bodies of a known length, which
is how the door asks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal
from urllib.parse import urlsplit

from modtui.testing.serving import serving

READS = ("GET", "HEAD")
UNKNOWN = "x_not_in_any_documentation"
"""The key that `later_version` adds. No platform has it."""


class Between:
    """One way to one server. `asked` has the method and path of each request that arrived, in order.

    `change` is applied to the JSON of each answer. After `keep` the answer to the next read (or write) is kept back:
    `kept` is set when the server has answered, and `release` lets it go on its way.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.change: Callable[[Any], Any] | None = None
        self.kept = asyncio.Event()
        self._keeping: Literal["reads", "writes"] | None = None
        self._released = asyncio.Event()

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that were no reads."""
        return [one for one in self.asked if one[0] not in READS]

    def keep(self, what: Literal["reads", "writes"]) -> None:
        """Keep back the answer to the next request of this kind."""
        self._keeping = what
        self.kept.clear()
        self._released.clear()

    def release(self) -> None:
        """Let the answer go that was kept back."""
        self._released.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the backend, request by request, until it hangs up."""
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *fields = head[:-4].split(b"\r\n")
            named = _fields(fields)
            body = await reader.readexactly(int(named.get(b"content-length", b"0")))
            method, path, _ = first.decode("latin-1").split(" ", 2)
            self.asked.append((method, path))
            dropped = (b"accept-encoding", b"connection")
            kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in dropped]
            status, answered, content = await self._ask([first, *kept], body, method)
            if self._keeping is not None and (self._keeping == "reads") == (method in READS):
                self._keeping = None
                self.kept.set()
                await self._released.wait()
            writer.write(_answer(status, answered, self._changed(answered, content), method))
            await writer.drain()

    async def _ask(self, head: list[bytes], body: bytes, method: str) -> tuple[bytes, list[bytes], bytes]:
        """The server's status line, header fields and body, which is whole."""
        there, back = await asyncio.open_connection(self._host, self._port)
        try:
            back.write(b"\r\n".join([*head, b"Connection: close", b"", b""]) + body)
            await back.drain()
            status, *fields = (await there.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
            content = b"" if method == "HEAD" else await there.read()
        finally:
            back.close()
            with suppress(OSError):
                await back.wait_closed()
        if b"chunked" in _fields(fields).get(b"transfer-encoding", b"").lower():
            content = _unchunked(content)
        return status, fields, content

    def _changed(self, fields: list[bytes], content: bytes) -> bytes:
        if self.change is None or not content or b"json" not in _fields(fields).get(b"content-type", b""):
            return content
        return json.dumps(self.change(json.loads(content))).encode()


def _fields(fields: list[bytes]) -> dict[bytes, bytes]:
    pairs = (field.partition(b":") for field in fields)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _answer(status: bytes, fields: list[bytes], content: bytes, method: str) -> bytes:
    own = (b"content-length", b"transfer-encoding", b"connection", b"keep-alive")
    kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in own]
    if method != "HEAD" and b" 204 " not in status + b" " and b" 304 " not in status + b" ":
        kept.append(b"Content-Length: %d" % len(content))
    return b"\r\n".join([status, *kept, b"", b""]) + content


def _unchunked(content: bytes) -> bytes:
    found = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if not length:
            break
        found, content = found + content[:length], content[length + 2 :]
    return found


@asynccontextmanager
async def between(url: str) -> AsyncIterator[Between]:
    """A way to the server at `url` (plain http); its own address is `Between.url`."""
    way = Between(url)
    async with serving(way.carry) as address:
        way.url = address + urlsplit(url).path
        yield way


def later_version(value: Any, optional: Collection[str] = (), *, record: bool = True) -> Any:
    """An answer as another version of the platform might give it: every record has a key that nobody knows, and what
    is null, or is named in `optional`, is left out.

    A record is the whole answer or an entry of a list; other objects may be maps, whose keys mean something.
    """
    if isinstance(value, list):
        return [later_version(one, optional) for one in value]
    if not isinstance(value, dict):
        return value
    found = {
        name: later_version(inner, optional, record=False)
        for name, inner in value.items() if inner is not None and name not in optional
    }  # fmt: skip
    return {**found, UNKNOWN: {"why": ["a later version", 7, None]}} if record else found
