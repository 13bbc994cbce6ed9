"""A server on loopback for the lines of the contract, which ends with everything that is under way on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Carry = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Takes one connection to its end."""


@asynccontextmanager
async def serving(carry: Carry) -> AsyncIterator[str]:
    """Take connections with `carry`; gives the address (`http://127.0.0.1:PORT`). A line that breaks is no error."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await carry(reader, writer)
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
