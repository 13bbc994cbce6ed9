"""A proxy between modtui and the community, in a thread of its own, that spoils what a test says.

It speaks plain HTTP/1.1 (and TLS towards modtui where it is given certificates), one request after another on each
line. A fault is a function of the exchange: it may forward the request or not, and send back what it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from tests.rough.clock import Passing


class Arrival(NamedTuple):
    """A request as the proxy read it, and when, in seconds of the shared clock."""

    at: float
    method: str
    path: str


@dataclass(slots=True)
class Answer:
    """What the community answered, whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def raw(self, **changed: str) -> bytes:
        """As bytes for the line, with headers changed (`_` for `-`; empty leaves one out)."""
        names = {name.replace("_", "-").lower(): value for name, value in changed.items()}
        kept = [(name, value) for name, value in self.headers if name.lower() not in names]
        kept += [(name, value) for name, value in names.items() if value]
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in kept)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


class Gone(Exception):
    """The line to modtui is over."""


@dataclass(slots=True)
class Exchange:
    """One request, and what may become of it."""

    proxy: Proxy
    method: str
    path: str
    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    forwarded: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes something on the site: not a read, and not the poll of the message bus."""
        return self.method not in ("GET", "HEAD") and not self.path.startswith("/message-bus/")

    async def forward(self) -> Answer:
        """Let the community do it, and read its whole answer."""
        self.forwarded = True
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.upstream)
        try:
            first, *lines = self.head.decode("latin-1").split("\r\n")
            kept = [line for line in lines if line and line.split(":", 1)[0].lower() not in ("connection", "host")]
            kept += [f"Host: 127.0.0.1:{self.proxy.upstream}", "Connection: close"]
            writer.write("\r\n".join([first, *kept]).encode("latin-1") + b"\r\n\r\n" + self.body)
            await writer.drain()
            top, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            status, *headers = top.decode("latin-1").split("\r\n")
            parsed = [(name, value.strip()) for name, value in (line.split(":", 1) for line in headers)]
            parsed = [(name, value) for name, value in parsed if name.lower() != "connection"]
            return Answer(int(status.split()[1]), parsed, body)
        finally:
            writer.close()

    async def send(self, raw: bytes) -> None:
        """Bytes to modtui."""
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self, answer: Answer, **changed: str) -> None:
        """A whole answer; the line stays open."""
        await self.send(answer.raw(**changed))

    def reset(self) -> None:
        """Break the line with a reset."""
        _reset(self.writer)
        raise Gone

    def hang_up(self) -> None:
        """End the line in good order, after what was sent."""
        self.writer.close()
        raise Gone

    async def wait(self, seconds: float) -> None:
        """Let time of the shared clock pass; the exchange counts as resting meanwhile."""
        with self.proxy.resting():
            end = self.proxy.clock.monotonic() + seconds
            while self.proxy.clock.monotonic() < end:  # noqa: ASYNC110 (another thread moves the clock)
                await asyncio.sleep(0.003)

    async def silence(self) -> None:
        """Say nothing until modtui hangs up."""
        with self.proxy.resting():
            while await self.reader.read(65536):
                pass
        raise Gone


Spoil = Callable[[Exchange], Awaitable[None]]


async def pass_on(exchange: Exchange) -> None:
    """What a good line does."""
    await exchange.answer(await exchange.forward())


@dataclass(slots=True)
class Trouble:
    """What is wrong just now. `spoil` does it to each request, or (`first_writes`) to the first of each that writes.
    `accept` breaks every new line before anything is read of it: "reset" or "end"."""

    spoil: Spoil | None = None
    first_writes: bool = False
    accept: str = ""
    met: set[str] = field(default_factory=set)
    """The paths of the writes that were spoiled."""


@dataclass(slots=True)
class Proxy:
    """`with Proxy(port_of_the_community, clock) as proxy:` then `proxy.url`, `proxy.trouble = Trouble(...)`,
    `proxy.clear()`; `refuse()` and `listen()` take the listening socket away and bring it back."""

    upstream: int
    clock: Passing
    tls: ssl.SSLContext | None = None
    trouble: Trouble = field(default_factory=Trouble)
    arrived: list[Arrival] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Not set: every request waits here, having been read."""
    port: int = 0
    _resting: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None
    _lines: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where modtui goes."""
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def asleep(self) -> int:
        """How many exchanges only wait for time to pass, or for modtui to give up."""
        return self._resting

    def __enter__(self) -> Self:
        self.gate.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self._run(self._close())
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(30)
        self._loop.close()

    def listen(self) -> None:
        """Take connections (again), on the same port as before."""
        if self._server is None:
            self._run(self._listen())

    def refuse(self) -> None:
        """Nothing listens any more, and all lines break."""
        self._run(self._close())
        self.cut()

    def cut(self) -> None:
        """All open lines break."""
        self._run(self._cut())

    def set(self, trouble: Trouble) -> None:
        """From now on this is wrong; open lines end, so that new ones meet it."""
        self.trouble = trouble
        self.cut()

    def clear(self) -> None:
        """The network is good again."""
        self.trouble = Trouble()
        self.cut()

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests came, of this method and beginning of the path."""
        return sum((not method or one.method == method) and one.path.startswith(path) for one in self.arrived)

    def most_in(self, seconds: float) -> int:
        """The most requests that came within any stretch of so many seconds."""
        times = sorted(one.at for one in self.arrived)
        return max((sum(at <= one < at + seconds for one in times) for at in times), default=0)

    @contextlib.contextmanager
    def resting(self):  # type: ignore[no-untyped-def]
        """Whatever happens inside only waits."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1

    def _run(self, work: Awaitable[None]) -> None:
        async def whole() -> None:
            await work

        asyncio.run_coroutine_threadsafe(whole(), self._loop).result(30)

    async def _listen(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        self._server = await asyncio.start_server(self._line, sock=sock, ssl=self.tls)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self) -> None:
        for writer in list(self._lines.values()):
            _reset(writer)

    async def _end(self) -> None:
        tasks = list(self._lines)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        try:
            if self.trouble.accept == "reset":
                _reset(writer)
            elif self.trouble.accept != "end":
                while True:
                    await self._exchange(reader, writer)
        except (Gone, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            del self._lines[task]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first_byte = await reader.readexactly(1)
        if first_byte == b"\x16":  # TLS, where there is none
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            raise Gone
        head = (first_byte + await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        trouble = self.trouble
        exchange = Exchange(self, method, path, head, b"", reader, writer)
        self.arrived.append(Arrival(self.clock.monotonic(), method, path))
        spoil = trouble.spoil
        if spoil is not None and trouble.first_writes:
            known = path.partition("?")[0]
            if not exchange.writes or known in trouble.met:
                spoil = None
            else:
                trouble.met.add(known)
        if not (spoil is not None and getattr(spoil, "unread", False)):
            exchange.body = await reader.readexactly(length)
        if not self.gate.is_set():
            with self.resting():
                while not self.gate.is_set():  # noqa: ASYNC110 (another thread opens it)
                    await asyncio.sleep(0.003)
        await (spoil or pass_on)(exchange)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closed without waiting for what is under way: the kernel sends a reset in place of an end."""
    plug = writer.get_extra_info("socket")
    if plug is not None and plug.fileno() >= 0:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def port_of(url: str) -> int:
    """The port in an address."""
    return urlsplit(url).port or 0
