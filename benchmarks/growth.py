"""Whether memory stays flat over a long day: `python -m benchmarks.growth DECISIONS ARRIVALS`.

The desk, journal and cache of the program, over a site that answers at once and remembers next to nothing, in a process
of their own. Prints JSON: resident MB after the first tenth of the work, after all decisions, after all arrivals.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.table import Goal
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Answer, Call, Intent
from modtui.domain.items import Changes, Gone, Item
from modtui.domain.subjects import SubjectRef
from modtui.store.store import Store
from tests.core.desk_in_fakes import HARBOUR, FakeBackend, item, until

AT_ONCE = 50
TEXT = "The export stops at forty percent and nothing is in the log. " * 12


class Endless(FakeBackend):
    """A site with an item for every number."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.decided: set[int] = set()

    def made(self, number: int) -> Item:
        """The item with this number, as the site has it now."""
        state = "removed" if number in self.decided else "open"
        return item(number, author=f"member{number % 3000}", text=TEXT, language="en", state=state)  # type: ignore[arg-type]

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """All of them are there."""
        return {ref: self.made(int(ref.native)) for ref in refs}

    async def send(self, call: Call, *, key: str) -> Answer:
        """It is taken at once."""
        self.decided.add(int(str(call.args["number"])))
        return Answer()


def rss() -> float:
    """Resident size of this process, MB."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


async def run(folder: Path, decisions: int, arrivals: int) -> dict[str, float]:
    """Do the work and note the size."""
    store = Store.open(folder / "state", folder / "cache")
    backend = Endless(folder)
    community = Community(name="harbour", backend=backend, url="https://harbour.example")
    desk = Desk([community], store, hold_override_s=0)
    await desk.start()
    await until(lambda: community.link.state == "live", "the line")
    view = desk.view("reports")
    found: dict[str, float] = {}
    total = decisions + arrivals

    async def arrive(first: int, count: int) -> None:
        refs = tuple(SubjectRef(HARBOUR, "post", str(number)) for number in range(first, first + count))
        await store.cache.put_items([backend.made(int(ref.native)) for ref in refs])
        await desk.sync.sites[HARBOUR].lanes.take(Changes(position="1", touched=refs))
        view.merge()
        for at in range(max(0, len(view) - 40), len(view)):
            view.item_at(at)

    for first in range(0, decisions, AT_ONCE):
        await arrive(first, AT_ONCE)
        for number in range(first, first + AT_ONCE):
            one = store.cache.item(f"reports/{HARBOUR}/post/{number}")
            assert one is not None
            await desk.decide([one], Intent(verb="approve"))
        await until(lambda: not desk.outbox().on_their_way, "the outbox")
        if "begin" not in found and first >= decisions / 10:
            found["begin"] = rss()
    found["decided"] = rss()
    for first in range(decisions, total, AT_ONCE):
        await arrive(first, AT_ONCE)
    found["arrived"] = rss()
    await desk.close()
    await store.close()
    return found


def measure(bench: Bench) -> None:
    """The group `growth`."""
    decisions, arrivals = (500, 4_000) if bench.short else (2_000, 20_000)
    command = [sys.executable, "-m", "benchmarks.growth", str(decisions), str(arrivals)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout)
    note = "desk, journal and cache without a screen"
    for name, count, label in (("decided", decisions, "decisions"), ("arrived", arrivals, "arrivals")):
        beside = ("a tenth of the decisions", found["begin"], Goal(1.1))
        bench.run.add(f"memory.after.{label}", found[name], "MB", beside, note=f"{count:,} {label}; {note}")


def main() -> None:
    """Read the words and work."""
    decisions, arrivals = map(int, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(run(Path(folder), decisions, arrivals))))


if __name__ == "__main__":
    main()
