"""An outage is noticed soon, and noticing costs nothing: no request more, and none that waits three times as long."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from modtui.backends.http import Door, Limits
from modtui.demo.server import DemoServer
from modtui.errors import NetworkError
from tests.core.scripted_site import connection
from tests.rough.faults import FAULTS
from tests.rough.world import rough

pytestmark = pytest.mark.anyio


async def test_a_site_that_goes_away_is_noticed_in_seconds_although_nobody_asks_it(
    community: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = next(one for one in FAULTS if one.id == "refused")
    async with rough(community, tmp_path, fault, monkeypatch, key=community.user_api_key) as it:
        asking = asyncio.create_task(it.desk.refresh("reports"))
        await it.until(asking.done, "the lane")  # from here on a line is kept open
        await it.until(lambda: it.door.out == 0, "a moment without a request")
        asked, began = len(it.proxy.arrived), it.clock.monotonic()
        it.begin(fault)
        while it.community.link.state == "live" and it.clock.monotonic() - began < 30:
            it.clock.skip(0.2)
            await asyncio.sleep(0.005)
        assert it.line(it.community.link) == fault.line
        assert len(it.proxy.arrived) == asked
        it.end(fault)
        await it.until(lambda: it.community.link.state == "live", "the line")


@asynccontextmanager
async def keeping(lines: list[asyncio.StreamWriter], asked: list[bytes]) -> AsyncIterator[asyncio.Server]:
    """A site that keeps its lines open, until a test ends them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                lines.append(writer)
                writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "only-tidying-up"])
async def test_a_line_that_ends_while_idle_makes_one_look_whether_anybody_listens(gone: bool, tmp_path: Path) -> None:
    lines: list[asyncio.StreamWriter] = []
    asked: list[bytes] = []
    async with keeping(lines, asked) as server:
        way = Door(connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path))
        await way.still_there()  # nothing was asked yet, so nothing is known
        await way.get("/x")
        await way.still_there()
        if gone:
            server.close()
        lines[0].close()
        problem, end = "", time.monotonic() + (30 if gone else 0.3)
        while not problem and time.monotonic() < end:
            await asyncio.sleep(0.005)
            try:
                await way.still_there()
            except NetworkError as error:
                problem = error.message
        await way.aclose()
    assert problem.endswith("cannot be reached.") is gone
    assert len(asked) == 1


async def test_silence_is_not_waited_for_again_and_again(tmp_path: Path) -> None:
    class Short(Limits):
        read = 0.2

    asked: list[bytes] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.read()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
        way = Door(connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path), limits=Short)
        with pytest.raises(NetworkError, match="does not answer"):
            await way.get("/x")
        await way.aclose()
    assert len(asked) == 1 and [seen.tries for seen in way.requests] == [1]
