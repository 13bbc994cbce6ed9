"""What a queue of 100,000 rows costs: `python -m benchmarks.view [ROWS]` prints milliseconds, the best of a few tries.

The figures to hold: a filter under 200 ms, a merge under 250 ms, and what a key does (place of an id, a mark, the next
row) under 0.1 ms, all on the machine's ordinary disk.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from modtui.desk.clock import Clock
from modtui.desk.events import Events
from modtui.desk.view import View
from modtui.domain.items import Body, Item, Member, Place, Report
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store.store import Store
from modtui.text import Foreign

COMMUNITY = CommunityId("0123456789ab")
WORDS = ("the", "export", "breaks", "when", "a", "long", "file", "has", "an", "umlaut", "and", "nobody", "knows", "why")
REASONS = ("spam", "insult", "offtopic", "other", "hate")


def make(number: int, dice: random.Random, now_ms: int) -> Item:
    """One invented report."""
    text = Foreign(" ".join(dice.choices(WORDS, k=60)))
    reports = tuple(
        Report(
            id=f"{number}-{n}", reason=dice.choice(REASONS), label=Foreign("label"), created_ms=now_ms,
            reporter=Member(native=str(n), username=Foreign(f"reporter{dice.randrange(300)}")),
        )
        for n in range(dice.choice((1, 1, 1, 2, 3)))
    )  # fmt: skip
    return Item(
        lane="reports", ref=SubjectRef(COMMUNITY, "post", str(number)), kind="post", number=str(number),
        title=Foreign(f"Thread {number % 5000}"), body=Body(text), reports=reports, score=dice.random() * 12,
        author=Member(native=str(number % 4000), username=Foreign(f"member{number % 4000}")),
        since_ms=now_ms - dice.randrange(30 * 86_400_000), language=dice.choice(("en", "de", "fr")),
        place=Place(category=Foreign(dice.choice(("Export", "Install", "Billing")))),
    )  # fmt: skip


def best(what: str, work: Callable[[], object], *, tries: int = 5, each: int = 1) -> None:
    """Print the best time of `work`, which does its thing `each` times."""
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000 / each)
    print(f"{what:<46} {min(times):>10.4f} ms")


async def measure(rows: int) -> None:
    """Fill a cache and time what the queue does with it."""
    dice = random.Random(7)
    clock = Clock()
    now_ms = clock.now_ms()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "state", Path(folder) / "cache")
        start = time.perf_counter()
        for at in range(0, rows, 2000):
            await store.cache.put_items([make(n, dice, now_ms) for n in range(at, min(rows, at + 2000))])
        print(f"{rows:,} rows written in {time.perf_counter() - start:.1f} s")
        community = SimpleNamespace(id=COMMUNITY, name="harbour")
        desk = SimpleNamespace(events=Events(), clock=clock, store=store, communities=[community])
        scope = (COMMUNITY,)
        best("ids of the lane", lambda: store.cache.ids("reports", scope))
        best("the view is made", lambda: View(desk, "reports", listen=False))
        view = View(desk, "reports")
        ids = list(view.ids())
        best("merge", view.merge)
        best("first index after a merge", lambda: [view.merge(), view.index(ids[-1])])  # type: ignore[func-returns-value]
        picks = [dice.choice(ids) for _ in range(1000)]
        best("index of an id", lambda: [view.index(id) for id in picks], each=1000)
        best("mark and unmark", lambda: [view.marks.toggle(id) for id in picks], each=1000)
        places = [dice.randrange(len(view)) for _ in range(50)]
        best("item at a random row", lambda: [view.item_at(i) for i in places], each=50)
        best("item at the next row", lambda: [view.item_at(i) for i in range(2000)], each=2000)
        best("next open row", lambda: [view.next_open(i) for i in places], each=50)
        best("mark all", view.marks.all_shown)
        best("count the marks out of sight", lambda: (view.marks.toggle("x"), view.marks.hidden))
        best("all marks in order", view.marks.ids)
        view.marks.clear()
        for text in (
            "lang:de", "author:member17", "reports>2", "age>20d reason:spam", "-is:claimed category:export score>8",
            "reporter:reporter7", "is:marked", "text:umlaut author:member17", "umlaut",
        ):  # fmt: skip
            best(f"filter {text}", lambda text=text: view.set_filter(text), tries=3)  # type: ignore[misc]
            print(f"{'':<46} {len(view):>10,} rows")
        view.set_filter("")
        best("language counts", lambda: [view.merge(), view.language_counts()], tries=3)  # type: ignore[func-returns-value]
        few = ids[:1000]
        best("like this, an item", lambda: view.likeness.find(ids[0], few), tries=2, each=1000)
        await store.close()


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 100_000))
