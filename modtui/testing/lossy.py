"""A line that loses an answer at the right moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_WRITES = (b"POST ", b"PUT ", b"DELETE ", b"PATCH ")


class Line:
    """A way to a server on loopback. While `losing` is set, the next write reaches the server, and its answer is lost:
    the line breaks when the server has answered."""

    def __init__(self) -> None:
        self.url = ""
        self.losing = False
        self.lost = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        """One connection, both ways, until either end closes it."""
        there, back = await asyncio.open_connection(host, port)
        doomed = asyncio.Event()

        async def out() -> None:
            while data := await reader.read(65_536):
                if self.losing and data.startswith(_WRITES):
                    self.losing = False
                    doomed.set()
                back.write(data)
                await back.drain()

        async def home() -> None:
            while data := await there.read(65_536):
                if doomed.is_set():
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

        ways = [asyncio.ensure_future(out()), asyncio.ensure_future(home())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, back):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()


@asynccontextmanager
async def lossy(url: str) -> AsyncIterator[Line]:
    """A line to the server at `url` (plain http); its own address is `Line.url`."""
    parts = urlsplit(url)
    line = Line()
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(OSError):
                await line.carry(reader, writer, parts.hostname or "", parts.port or 80)
        finally:
            running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}"
    try:
        yield line
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
