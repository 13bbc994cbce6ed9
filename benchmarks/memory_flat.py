"""Whether memory stays flat: `python -m benchmarks.memory_flat [--short] [--trace]`.

The screens run without a terminal on a made-up site that holds a queue of a constant length: what was decided goes, and
as many arrive. First decisions (every tenth is taken back), then arrivals that other moderators handle, with all new
rows taken in now and then. Store, journal and cache are real files. The site forgets what it was asked, so what grows
is modtui's. `--trace` prints which lines of code hold what came in the last half of each part (slow).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from textual import events

from modtui.domain.items import Body, Changes, Item, Page
from modtui.domain.subjects import Lane, SubjectRef
from modtui.screens.gate import Gate
from modtui.text import Foreign
from tests.core.fakes import START_MS, FakeSite, breathe, until
from tests.ui.world import PictureBackend, Stage, rows, stage

QUEUE = 500
"""Open items at any time."""
DECISIONS = (0, 500, 1_000, 2_000)
ARRIVALS = (0, 5_000, 10_000, 20_000)
TICK = 50
"""Arrivals between two looks for changes."""
LOGS = ("applied", "messages", "reads", "last_read", "writes", "order", "fates", "since", "known", "seen", "late")
"""What the made-up site notes for tests."""


@dataclass
class Flat:
    """Resident memory in MB after so many decisions and arrivals: (what, number, MB)."""

    points: list[tuple[str, int, float]] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)
    """With `--trace`: the lines of code that hold most of what came since half of the part."""

    def growth(self, what: str) -> float:
        """MB from the first quarter of a part to its end: caches are filled by then."""
        found = [mb for kind, _, mb in self.points if kind == what]
        return found[-1] - found[1] if len(found) > 1 else 0.0


class RiverBackend(PictureBackend):
    """A queue through which items flow: numbers from `low` to `high` are open."""

    def __init__(self, site: FakeSite, state: Path, **how: Any) -> None:
        super().__init__(site, state, **how)
        self._kinds = rows(self)
        self.high = 0
        self.touched: list[SubjectRef] = []
        self.looks = 0
        self.arrive(QUEUE)
        self.touched.clear()

    def arrive(self, number: int) -> None:
        """New items come; the oldest that are over are forgotten."""
        for n in range(self.high, self.high + number):
            native = str(100_000 + n)
            ref = SubjectRef(self.connection.community, "post", native)
            text = " ".join(f"word{(n * 7 + k * k) % 997}" for k in range(60))
            self.site.items[native] = msgspec.structs.replace(
                self._kinds[n % len(self._kinds)], ref=ref, number=native, body=Body(Foreign(text)), source=None,
                title=Foreign(text[:40]), since_ms=START_MS + n * 1000,
            )
            self.touched.append(ref)
        self.high += number

    def leave(self, number: int) -> None:
        """Other moderators handle the oldest open items."""
        found = [item for item in self.site.items.values() if item.state == "open"][:number]
        for item in found:
            self.site.handle(item.ref.native, "removed", "ann")
            self.touched.append(item.ref)

    def tidy(self) -> None:
        """Forget what is over, and what was asked."""
        for native in [item.ref.native for item in self.site.items.values() if item.state != "open"][:-100]:
            del self.site.items[native]
        for name in LOGS:
            getattr(self.site, name).clear()

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """A page of fifty."""
        items = [item for item in self.site.items.values() if item.lane == lane and item.state == "open"]
        start = int(cursor or 0)
        more = str(start + 50) if start + 50 < len(items) else None
        return Page(items=tuple(items[start : start + 50]), cursor=more, total=len(items))

    async def changes(self, position: str | None) -> Changes:
        """What came and went since the last look."""
        self.looks += 1
        touched, self.touched = tuple(self.touched), []
        counts: dict[str, int] = {lane: number for lane, number in (await self.counts()).items()}
        return Changes(position=str(self.looks), touched=touched, counts=counts)


def resident() -> float:
    """The resident memory of this process, MB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Walk:
    """One run through both parts."""

    def __init__(self, it: Stage, told: Callable[[str, int, float], None], trace: bool) -> None:
        self.it = it
        self.found = Flat()
        self._told, self._trace = told, trace
        self._before: tracemalloc.Snapshot | None = None
        assert isinstance(it.backend, RiverBackend)
        self.river = it.backend

    def _point(self, what: str, number: int, last: int) -> None:
        self.river.tidy()
        mb = resident()
        self.found.points.append((what, number, mb))
        self._told(what, number, mb)
        if self._trace and number >= last / 2:
            snapshot = tracemalloc.take_snapshot()
            if self._before is not None:
                for one in snapshot.compare_to(self._before, "lineno")[:12]:
                    self.found.grown.append(f"{what} {number}: {one}")
            self._before = snapshot if number < last else None

    async def _press(self, *names: str) -> None:
        """Press keys; each is through when the loop has nothing to do for a moment."""
        for name in names:
            self.it.clock.jump(1)
            self.it.app.post_message(events.Key(name, name))
            await asyncio.sleep(0.003)
            await breathe()

    async def _until(self, name: str, item: Item, *, open: bool) -> None:
        """Press a key until the row of the item is open, or is not any more."""
        for _ in range(20):
            await self._press(name)
            with suppress(AssertionError):
                await until(partial(self._is, item.id, open), seconds=0.3)
                return
            if name == "a":
                item = await self._on_an_open_item()
        raise RuntimeError(f"{name} does nothing on {item.id}:\n{self.it.text()}")

    def _is(self, item_id: str, open: bool) -> bool:
        """Whether the row is open, or is not."""
        return self.it.desk.state_of(item_id).open is open

    async def _polled(self) -> None:
        """Let the next look for changes happen, and what follows from it."""
        looks = self.river.looks
        for _ in range(20):
            await self.it.clock.advance(10)
            if self.river.looks > looks:
                break
        await breathe(40)

    async def _on_an_open_item(self) -> Item:
        """The cursor's item, once it is painted."""
        it = self.it
        work: Any = it.app.screen
        for _ in range(100):
            item: Item | None = work.current
            if item is not None and it.desk.state_of(item.id, item).open:
                with suppress(AssertionError):
                    await until(lambda: it.app.shell.gate.in_sight == work.current_id, seconds=0.3)
                    return item
            await self._press("j")
        raise RuntimeError(f"No open item is found:\n{it.text()}")

    async def decide(self, marks: tuple[int, ...]) -> None:
        """So many decisions, one after the other, with an undo now and then."""
        it = self.it
        await self._press("j", "k")
        for n in range(marks[-1] + 1):
            if n in marks:
                self._point("decisions", n, marks[-1])
            item = await self._on_an_open_item()
            await self._until("a", item, open=False)
            if n % 10 == 9:
                await self._until("u", item, open=True)
            if n % 25 == 24:  # what is held goes out, others arrive, the new ones are taken in
                await it.clock.advance(20)
                gone = QUEUE - sum(item.state == "open" for item in self.river.site.items.values())
                self.river.arrive(max(0, gone))
                await self._polled()
                await self._press("R", "g", "g")
                self.river.tidy()

    async def flow(self, marks: tuple[int, ...]) -> None:
        """So many arrivals while the moderator rests, and takes in what is new now and then."""
        for n in range(0, marks[-1] + 1, TICK):
            if n in marks:
                self._point("arrivals", n, marks[-1])
            self.river.leave(TICK)
            self.river.arrive(TICK)
            await self._polled()
            if n % (TICK * 10) == 0:
                await self._press("R", "g", "g", "j")
            self.river.tidy()


async def flat_memory(
    decisions: tuple[int, ...] = DECISIONS, arrivals: tuple[int, ...] = ARRIVALS, *,
    told: Callable[[str, int, float], None] = lambda what, number, mb: None, trace: bool = False,
) -> Flat:  # fmt: skip
    """Measure both parts in this process; `told` hears each point as it is taken."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("config", "state", "cache"):
            os.environ[f"MODTUI_{kind.upper()}_DIR"] = str(folder / kind)
        if trace:
            tracemalloc.start()
        async with stage(folder, items=(), backend_type=RiverBackend) as it:
            # the same key comes faster here than from a hand
            it.app.shell.gate = Gate(painted_s=0.0, repeat_s=0.0, deaf_s=0.0, hand_s=0.0, paste_s=0.0)
            walk = Walk(it, told, trace)
            await it.rest()
            await walk.decide(decisions)
            await walk.flow(arrivals)
        return walk.found


def main() -> None:
    """Measure and print."""
    about = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory_flat", description=about)
    parser.add_argument("--short", action="store_true", help="a tenth of the decisions and arrivals")
    parser.add_argument("--trace", action="store_true", help="say which lines of code hold what came")
    options = parser.parse_args()
    scale = 10 if options.short else 1

    def told(what: str, number: int, mb: float) -> None:
        print(f"{number:6} {what:10} {mb:7.1f} MB", flush=True)

    found = asyncio.run(
        flat_memory(
            tuple(n // scale for n in DECISIONS), tuple(n // scale for n in ARRIVALS), told=told, trace=options.trace
        )
    )
    for what in ("decisions", "arrivals"):
        print(f"{what}: {found.growth(what):+.1f} MB from the second point to the last")
    for line in found.grown:
        print(line)


if __name__ == "__main__":
    main()
