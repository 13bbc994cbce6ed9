"""A site on loopback that answers exactly what a test says, down to the byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modtui.backends.base import Connection, Credential
from modtui.domain.subjects import CommunityId

SECRET = "4f7c9d1e5b8a4f7c9d1e5b8a"
RESET = b"\0reset"
"""At the end of an answer (or as all of it): the line is reset instead of closed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Script:
    """What to answer: a list that is used up (its last entry stays), or a function. `None` closes the line without one.
    """

    answers: list[bytes | None] | Callable[[Asked], bytes | None]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def next(self, request: Asked) -> bytes | None:
        """The answer to this request."""
        self.asked.append(request)
        if callable(self.answers):
            return self.answers(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(
    status: int = 200, body: Any = None, *, kind: str = "application/json; charset=utf-8", length: int | None = None,
    **headers: str,
) -> bytes:  # fmt: skip
    """A whole HTTP answer. `body` is JSON unless it is bytes; names of `headers` may use `_`."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(raw) if length is None else length}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode() + raw


@contextlib.asynccontextmanager
async def scripted(*answers: bytes | None, by: Callable[[Asked], bytes | None] | None = None) -> AsyncIterator[Script]:
    """Serve the answers on a free port of loopback."""
    script = Script(by if by is not None else list(answers))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in head[1:] if ":" in line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            raw = script.next(Asked(method, path, headers, body))
            if raw is not None:
                writer.write(raw.removesuffix(RESET))
                await writer.drain()
                if raw.endswith(RESET):
                    # Closed without waiting for what is under way: the kernel sends a reset in place of an end.
                    plug: socket.socket = writer.get_extra_info("socket")
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()


def connection(url: str, state: Path, *, user: str | None = "ann", **more: Any) -> Connection:
    """A connection with an admin's key (or, with `user` None, a key of one's own)."""
    credential = Credential(kind="token", secret=SECRET, user=user)
    return Connection(community=CommunityId("c0ffee"), url=url, credential=credential, state=state, **more)


class Clock:
    """A clock that only `sleep` moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
