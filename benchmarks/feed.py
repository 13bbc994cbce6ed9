"""From the site into the cache and onto the screen, and how long one page takes to be read."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from benchmarks.bench import Bench
from benchmarks.probe import middle
from benchmarks.world import served
from modtui.backends.base import Connection, Credential, RequestSeen
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.backends.discourse.items import items_of
from modtui.backends.discourse.side import read_queue
from modtui.backends.discourse.site import Site
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.subjects import community_id
from modtui.store.store import Store

ROWS = 40
"""So many rows are drawn after each page, as a terminal has them."""
PAGE = 300_000


def sync(bench: Bench) -> None:
    """The whole reports lane of a big site, page by page, and then the same requests with nothing around them."""
    items = 3_000 if bench.short else 13_500  # three quarters of them are reports
    folder = bench.world.folder / "big"
    with served(folder / "site", items) as site:
        count, seconds, asked, cpu = asyncio.run(_read_all(site, folder))
        bench.told(f"sync: {count} items in {seconds:.0f} s")
        bare = asyncio.run(_bare(site, asked))
    note = f"{count} items, {len(asked)} requests of ten items"
    bench.run.add("sync.items", count / seconds, "items/s", note=note)
    bench.run.add("sync.time", seconds, "s", ("bare httpx", bare, None), note="the site's own work is in both")
    bench.run.add("sync.cpu", cpu / count * 1000, "ms/item")


async def _read_all(site: dict[str, str], folder: Path) -> tuple[int, float, list[str], float]:
    """Items, seconds, the requests for pages, processor seconds."""
    id = community_id("discourse", site["url"], site["username"])
    credential = Credential(kind="token", secret=site["api_key"], user=site["username"])
    backend = DiscourseBackend(
        Connection(community=id, url=site["url"], credential=credential, state=folder, options={"budget": 0})
    )
    asked: list[str] = []

    def seen(one: RequestSeen) -> None:
        asked.append(one.path)

    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="big", backend=backend, url=site["url"])
    desk = Desk([community], store)
    await desk.start(send=False)
    view = desk.view("reports")
    while community.link.state != "live":  # noqa: ASYNC110 - it takes a moment
        await asyncio.sleep(0.05)
    backend.wire.watch(seen)
    before, cpu, began = len(view), time.process_time(), time.perf_counter()
    while await desk.more("reports"):
        view.merge()
        for at in range(max(0, len(view) - ROWS), len(view)):
            view.item_at(at)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    count = len(view) - before
    await desk.close()
    await store.close()
    await backend.aclose()
    return count, seconds, [path for path in asked if path.startswith("/review")], cpu


async def _bare(site: dict[str, str], asked: list[str]) -> float:
    """Seconds for the same requests, one after the other, their answers read to the end and no further."""
    headers = {"Api-Key": site["api_key"], "Api-Username": site["username"], "Accept": "application/json"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        began = time.perf_counter()
        for path in asked:
            (await client.get(site["url"] + path)).raise_for_status()
        return time.perf_counter() - began


def decode(bench: Bench) -> None:
    """One answer of 300 kB: read and made into items, beside readers that only make dictionaries of it."""
    raw, number = page(bench.world.site)
    site = Site(community=community_id("discourse", "http://127.0.0.1", "a"), base="http://127.0.0.1")
    site.known = True

    def ours() -> object:
        found, lost = items_of(site, read_queue(msgspec.json.decode(raw)))
        assert len(found) == number and not lost
        return found

    kinds: dict[str, Callable[[], object]] = {
        "items": ours, "json.loads": lambda: json.loads(raw), "msgspec": lambda: msgspec.json.decode(raw),
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(10 if bench.short else 40):
        for name, work in kinds.items():
            began = time.process_time()
            work()
            taken[name].append((time.process_time() - began) * 1000)
    value = {name: middle(values) for name, values in taken.items()}
    bench.run.add(
        "decode.page", value["items"], "ms", ("json.loads", value["json.loads"], None),
        ("msgspec dicts", value["msgspec"], None), note=f"{len(raw):,} bytes to {number} items",
    )  # fmt: skip


def page(site: dict[str, str]) -> tuple[bytes, int]:
    """Pages of the embedded community's queue joined into one of about 300 kB, and how many items are in it. The world
    is made from a seed, so it is the same in every run but for its times."""
    headers = {"Api-Key": site["api_key"], "Api-Username": site["username"]}
    whole: dict[str, Any] = {}
    raw = b""
    with httpx.Client(headers=headers, trust_env=False) as client:
        for offset in range(0, 300, 10):
            asked = {"status": "pending", "sort_order": "created_at_asc", "type": "ReviewableFlaggedPost"}
            answer = client.get(site["url"] + "/review.json", params={**asked, "offset": offset})
            for key, value in answer.raise_for_status().json().items():
                if isinstance(value, list):
                    there = {json.dumps(one, sort_keys=True) for one in whole.setdefault(key, [])}
                    whole[key] += [one for one in value if json.dumps(one, sort_keys=True) not in there]
                else:
                    whole.setdefault(key, value)
            raw = json.dumps(whole).encode()
            if len(raw) >= PAGE:
                break
    return raw, len(whole["reviewables"])
