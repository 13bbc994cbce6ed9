"""A line that loses an answer at the right moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from modtui.testing.serving import serving

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

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line.carry(reader, writer, parts.hostname or "", parts.port or 80)

    async with serving(carry) as address:
        line.url = address + parts.path
        yield line
