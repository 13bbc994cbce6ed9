"""A thousand decisions at once: what a key costs, how long a commit takes, how fast they reach the site, and what keys
cost while they do.

`python -m benchmarks.outbox [--decisions N]`. The site is the embedded community over HTTP in a process of its own.
Run it on the disk that matters (a RAM disk makes commits look free).
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench import GAP_S, Bench, Sample, series
from benchmarks.probe import Probe, high, middle
from benchmarks.table import Goal, Run, table
from benchmarks.world import World, served
from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import community_id
from modtui.store.store import Store
from tests.pty.modtui import ROW

BUDGET = 500
"""Requests a minute in the run that asks whether the whole budget is used."""
FEW = 50


@dataclass
class Pressed:
    """What deciding took, in seconds: one after the other, then all without a pause."""

    single: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    all: float = 0.0


async def press(home: Path, site: dict[str, str], number: int) -> Pressed:
    """Read so many items and decide on each; nothing is sent, the journal in `home` holds them all."""
    id = community_id("discourse", site["url"], site["username"])
    credential = Credential(kind="token", secret=site["api_key"], user=site["username"])
    (home / "state").mkdir(parents=True, exist_ok=True)
    backend = DiscourseBackend(
        Connection(community=id, url=site["url"], credential=credential, state=home / "state", options={"budget": 0})
    )
    store = Store.open(home / "state", home / "cache")
    community = Community(name="harbour", backend=backend, url=site["url"])
    desk = Desk([community], store, hold_override_s=0)
    await desk.start(send=False)
    view = desk.view("reports")
    while community.link.state != "live":  # noqa: ASYNC110 - it takes a moment
        await asyncio.sleep(0.05)
    items: list[Item] = []
    while len(items) < number and await desk.more("reports"):
        view.merge()
        items = [one for at in range(len(view)) if (one := view.item_at(at)) and one.offer("ignore") and not one.claim]
    found = Pressed()

    async def decide(item: Item) -> float:
        began = time.perf_counter()
        await desk.decide([item], Intent(verb="ignore"))
        return time.perf_counter() - began

    for item in items[:FEW]:
        found.single.append(await decide(item))
    waiting = []
    began = time.perf_counter()
    for item in items[FEW:number]:
        at = time.perf_counter()
        waiting.append(asyncio.create_task(decide(item)))
        await asyncio.sleep(0)  # the row says "deciding", and the next key can come
        found.keys.append(time.perf_counter() - at)
    found.commits += await asyncio.gather(*waiting)
    found.all = time.perf_counter() - began
    await desk.close()
    await store.close()
    await backend.aclose()
    for spent in (home / "state").glob("budget-*"):
        spent.unlink()
    return found


def waiting(home: Path) -> int:
    """How many decisions are still on their way, by the journal."""
    with closing(sqlite3.connect(f"file:{home / 'state' / 'state.db'}?mode=ro", uri=True, timeout=10)) as db:
        return int(db.execute("SELECT count(*) FROM decision WHERE open = 1").fetchone()[0])


@dataclass
class Sent:
    """How sending went: decisions, seconds, and keys meanwhile and afterwards."""

    count: int
    seconds: float
    during: Sample = field(default_factory=Sample)
    after: Sample = field(default_factory=Sample)


def send(world: World, home: Path, *options: str, most_s: float = 300.0) -> Sent:
    """Open the program on a journal that is full: it sends everything while keys are pressed."""
    count = waiting(home)
    with Probe(world.command("--hold", "0", *options), world.env(home)) as app:
        if app.start(ROW) is None:
            raise RuntimeError(f"modtui did not start:\n{app.text()}")
        began = time.perf_counter()
        found = Sent(count, 0.0)
        while (left := waiting(home)) and time.perf_counter() < began + most_s:
            series(app, found.during, ("j",) * 6 + ("k",) * 5, gap=GAP_S)
        found.count, found.seconds = count - left, time.perf_counter() - began
        app.settle(1.0, 15)
        for _ in range(4):
            series(app, found.after, ("j",) * 6 + ("k",) * 5, gap=GAP_S)
    return found


def measure(bench: Bench) -> None:
    """The group `outbox`."""
    figures(bench.run, bench.world.folder / "outbox", 400 if bench.short else 1_000, long=not bench.short)


def figures(run: Run, folder: Path, number: int, *, long: bool) -> None:
    """Press and send, and add the figures."""
    for part in ("fast", "slow") if long else ("fast",):
        with served(folder / f"site-{part}", number * 2) as site:
            world, home = World(folder, site), folder / f"home-{part}"
            pressed = asyncio.run(press(home, site, number))
            if part == "slow":
                sent = send(world, home, "--budget", str(BUDGET), most_s=150)
                rate = sent.count / sent.seconds * 60
                run.add("outbox.budget.used", rate, "1/min", ("the budget", float(BUDGET), Goal(0.85, least=True)),
                        note="a read for each ten decisions takes its part")  # fmt: skip
                break
            sent = send(world, home, "--budget", "0")
        run.add("outbox.commit.p50", middle(pressed.single) * 1000, "ms", note="one decision, from the key to the disk")
        run.add("outbox.key.p95", high(pressed.keys) * 1000, "ms", note=f"{number - FEW} keys without a pause")
        run.add("outbox.all", pressed.all, "s", note="until all of them are on the disk")
        run.add("outbox.sent", sent.count / max(0.001, sent.seconds), "1/s", note=f"{sent.count} sent, no budget")
        during, after = sent.during, sent.after
        run.add("outbox.j.change.p95", during.change(0.95), "ms", ("j when all is sent", after.change(0.95), None),
                note="while it sends")  # fmt: skip


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outbox")
    parser.add_argument("--decisions", type=int, default=1000)
    number = parser.parse_args().decisions
    run = Run()
    with tempfile.TemporaryDirectory(dir=".") as name:
        figures(run, Path(name).resolve(), number, long=False)
    print(table(run.figures))


if __name__ == "__main__":
    main()
