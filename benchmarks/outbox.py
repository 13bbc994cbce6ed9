"""A thousand decisions at once: what a key costs, how long a commit takes, and how fast they reach the site.

`python -m benchmarks.outbox [--decisions N]`. The site is the embedded community over HTTP in the same process, so what
is counted as sending holds its work as well. Run it on the disk that matters (a RAM disk makes commits look free).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.store.store import Store


def shares(name: str, values: list[float]) -> None:
    """One line: the median and the 95th of a hundred, in milliseconds."""
    values = sorted(values)
    p50, p95 = (values[int(len(values) * part)] * 1000 for part in (0.5, 0.95))
    print(f"{name:<46} p50 {p50:8.2f} ms   p95 {p95:8.2f} ms")


async def measure(folder: Path, demo: DemoServer, number: int) -> None:
    """Read, press, send."""
    id = community_id("discourse", demo.url, demo.username)
    backend = DiscourseBackend(
        Connection(
            community=id, url=demo.url, credential=Credential(kind="token", secret=demo.api_key, user=demo.username),
            state=folder / "state", options={"budget": 0},
        )
    )  # fmt: skip
    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="harbour", backend=backend, url=demo.url)
    desk = Desk([community], store, hold_override_s=0)
    await community.identify()
    rows = demo.db.all("SELECT id FROM reviewables WHERE status = 0 AND type = 'ReviewableFlaggedPost' ORDER BY id")
    found = await desk.read([SubjectRef(id, "reviewable", str(row["id"])) for row in rows])
    items = [one for one in found.values() if isinstance(one, Item) and one.offer("ignore") and one.claim is None]
    items = items[:number]
    await desk.start(sync=False, send=False)
    keys: list[float] = []
    commits: list[float] = []

    async def press(item: Item) -> None:
        began = time.perf_counter()
        await desk.decide([item], Intent(verb="ignore"))
        commits.append(time.perf_counter() - began)

    for item in items[:50]:
        await press(item)
    shares("one decision, from the key to the disk", commits)
    commits.clear()
    waiting = []
    began = time.perf_counter()
    for item in items[50:]:
        at = time.perf_counter()
        waiting.append(asyncio.create_task(press(item)))
        await asyncio.sleep(0)  # the row says "deciding", and the next key can come
        keys.append(time.perf_counter() - at)
    await asyncio.gather(*waiting)
    spent = time.perf_counter() - began
    shares(f"{len(waiting)} keys without a pause, each until the next", keys)
    shares("the same, each from its key to the disk", commits)
    print(f"all of them on the disk after {spent:.2f} s, {len(waiting) / spent:.0f} a second")
    await desk.close()

    desk = Desk([community], store, hold_override_s=0)
    demo.clear_requests()
    began = time.perf_counter()
    await desk.start(sync=False)
    while desk.outbox().on_their_way:  # noqa: ASYNC110 - twenty looks a second are cheap beside it
        await asyncio.sleep(0.05)
    spent = time.perf_counter() - began
    done = sum(one.state == "done" for one in store.journal.history(limit=number))
    sent = len(demo.requests)
    print(f"sent in {spent:.1f} s, {done / spent:.0f} a second: {done} done with {sent} requests")
    await desk.close()
    await store.close()
    await backend.aclose()


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--decisions", type=int, default=1000)
    number = parser.parse_args().decisions
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        with DemoServer(folder / "world", items=number * 2, members=600, seed=1) as demo:
            asyncio.run(measure(folder, demo, number))


if __name__ == "__main__":
    main()
