"""Three embedded communities on one desk, one of them behind a rough network: it is waited for by nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse import factory
from modtui.demo.server import DemoServer
from modtui.desk import rereads
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import community_id
from modtui.store.store import Store
from tests.pty.modtui import Harbour
from tests.rough.clock import Passing
from tests.rough.proxy import Exchange, Proxy, Spoil, Trouble

pytestmark = pytest.mark.anyio
PATIENCE_S = 60.0


async def hangs(exchange: Exchange) -> None:
    """Nothing is ever said."""
    await exchange.silence()


async def stumbles(exchange: Exchange) -> None:
    """500."""
    await exchange.send(b"HTTP/1.1 500 X\r\ncontent-length: 4\r\n\r\noops")


async def asks_to_wait(exchange: Exchange) -> None:
    """429, for an hour."""
    await exchange.send(b"HTTP/1.1 429 X\r\nretry-after: 3600\r\ncontent-length: 2\r\n\r\n{}")


async def babbles(exchange: Exchange) -> None:
    """No HTTP."""
    await exchange.send(b"\x00\xff garbage \x1b[31m\r\n\r\n")
    exchange.hang_up()


async def knows_no_key(exchange: Exchange) -> None:
    """The key was withdrawn."""
    body = b'{"errors":["You are not permitted."],"error_type":"invalid_access"}'
    head = b"HTTP/1.1 403 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    await exchange.send(head + body)


WAYS: tuple[Spoil | None, ...] = (hangs, stumbles, asks_to_wait, babbles, knows_no_key, None)
NAMES = [way.__name__ if way else "refuses" for way in WAYS]
SLOW = (knows_no_key, None)
"""Their pauses last: in the middle of something they are tried in CI alone."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Harbour]]:
    """Three communities, with other posts each."""
    folder = tmp_path_factory.mktemp("sites")
    with (
        DemoServer(folder / "a", items=40, seed=1) as a, DemoServer(folder / "b", items=40, seed=2) as b,
        DemoServer(folder / "c", items=40, seed=3) as c,
    ):  # fmt: skip
        yield [Harbour(a), Harbour(b), Harbour(c)]


@asynccontextmanager
async def opened(folder: Path, sites: list[Harbour], rough: str) -> AsyncIterator[Desk]:
    """A desk that follows all three, the rough one first; it ends within the time that it is given."""
    (folder / "state").mkdir()
    store = Store.open(folder / "state", folder / "cache")
    communities = []
    for name, site in zip(("swamp", "harbour", "lagoon"), sites, strict=True):
        url = rough if name == "swamp" else site.demo.url
        key = Credential(kind="token", secret=site.demo.api_key, user=site.demo.username)
        connection = Connection(
            community=community_id("discourse", url, site.demo.username), url=url, credential=key,
            state=folder / "state",
        )  # fmt: skip
        communities.append(Community(name=name, backend=factory(connection), url=url))
    desk = Desk(communities, store, hold_override_s=0.2)
    await desk.start()
    try:
        yield desk
    finally:
        begun = time.monotonic()
        await desk.close(timeout_s=1.0)
        assert time.monotonic() - begun < 20, "leaving waits for no site"
        for one in communities:
            await one.backend.aclose()
        await store.close()


async def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.02)


def begin(proxy: Proxy, way: Spoil | None) -> None:
    """From now on."""
    if way is None:
        proxy.refuse()
    else:
        proxy.set(Trouble(way))


def rows(desk: Desk, n: int) -> int:
    """How many rows of a community are in the queue of all."""
    id = desk.communities[n].id
    return sum(one.split("/")[1] == id for one in desk.view("reports").ids())


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
async def test_from_the_start(sites: list[Harbour], tmp_path: Path, way: Spoil | None) -> None:
    with Proxy(int(sites[0].demo.url.rsplit(":", 1)[1]), Passing()) as proxy:
        begin(proxy, way)
        async with opened(tmp_path, sites, proxy.url) as desk:
            await until(lambda: all(one.link.state == "live" for one in desk.communities[1:]), "the good lines")
            await until(lambda: rows(desk, 1) and rows(desk, 2), "their rows")
            assert desk.communities[0].link.state != "live" and rows(desk, 0) == 0
            work = sites[1].pick()
            item = desk.find("reports", str(work.number), desk.communities[1].id)
            assert (await desk.decide([item], Intent(verb="ignore"))).decision is not None
            await until(lambda: sites[1].status(work.number) == "ignored", "the decision")


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=pytest.mark.long if way in SLOW else ()) for way in WAYS], ids=NAMES
)
async def test_in_the_middle_of_a_batch_and_of_its_undo(
    sites: list[Harbour], tmp_path: Path, way: Spoil | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereads, "SLOW_S", 0.5)
    with Proxy(int(sites[0].demo.url.rsplit(":", 1)[1]), Passing()) as proxy:
        async with opened(tmp_path, sites, proxy.url) as desk:
            await until(lambda: all(one.link.state == "live" for one in desk.communities), "the lines")
            works = [site.pick() for site in sites]

            def items() -> list[Item]:
                found = []
                for one, work in zip(desk.communities, works, strict=True):
                    id = f"reports/{one.id}/reviewable/{work.number}"
                    found += [item for item in (desk.item(id),) if item is not None]
                return found

            await until(lambda: len(items()) == 3, "the rows")
            begin(proxy, way)
            decided = await desk.decide(items(), Intent(verb="ignore"))
            assert decided.decision is not None and len(decided.decision.targets) == 3, decided.skipped
            for site, work in list(zip(sites, works, strict=True))[1:]:
                await until(lambda s=site, w=work: s.status(w.number) == "ignored", "the good ones' part")  # type: ignore[misc]
            assert sites[0].status(works[0].number) == "pending"
            await until(
                lambda: (found := desk.decision(decided.decision.id)) is not None  # type: ignore[union-attr]
                and [target.state for target in found.targets[1:]] == ["done", "done"],
                "what is known of it",
            )
            result = await desk.undo(confirmed=True)
            assert result.kind == "sent undo", result.words
            for site, work in list(zip(sites, works, strict=True))[1:]:
                await until(lambda s=site, w=work: s.status(w.number) == "pending", "open again")  # type: ignore[misc]
            assert sites[0].status(works[0].number) == "pending"
