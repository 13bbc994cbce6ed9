"""Figures of the store on this machine: `python -m benchmarks.store [--items 100000] [--folder DIR]`.

Prints milliseconds: commits of the journal one by one and many at once, a batch's moves, filling the cache with posts
of about 3 kB, and the questions that screens ask. Run it from the checkout; the folder should be on the disk that
matters (a RAM disk makes commits look free).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from modtui.domain.decisions import Call, Decision, Intent, Step, Target
from modtui.domain.items import Body, Item, Member, Offer, Place, Report
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store import Move, Store, new_id
from modtui.text import Foreign

HERE = CommunityId("aaaaaaaaaaaa")
NOW = 1_790_000_000_000
WORDS = ("anchor", "harbour", "rope", "the", "a", "report", "lighthouse", "please", "update", "broken", "install")


def line(name: str, values: list[float]) -> None:
    """One line: the number of tries, p50, p95 and the longest, in ms."""
    values = sorted(values)
    middle, high = values[len(values) // 2], values[int(len(values) * 0.95) - (len(values) > 1)]
    print(f"{name:<52} n={len(values):<5} p50 {middle:9.3f}  p95 {high:9.3f}  max {values[-1]:9.3f} ms")


def timed(work: Callable[[], object]) -> float:
    """How long one call takes, in ms."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def busy(work: Callable[[], object]) -> float:
    """The processor time of one call, in ms: what else the machine does is not in it, waiting for the disk neither."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1000


def item(number: int, dice: random.Random) -> Item:
    """A reported post with two reports, six offers and about 1 kB of text."""
    member = Member(native=str(number % 5_000), username=Foreign(f"member{number % 5_000}"), trust=1, posts=12)
    text = " ".join(dice.choices(WORDS, k=150))
    return Item(
        lane="reports", ref=SubjectRef(HERE, "post", str(number)), kind="post", number=str(number),
        title=Foreign(f"Anchors, part {number}"), author=member, body=Body(Foreign(text), "html"),
        reports=tuple(
            Report(id=f"{number}-{at}", reason=dice.choice(("spam", "insult", "other")), label=Foreign("It is spam"),
                   reporter=member) for at in range(2)
        ),
        since_ms=NOW + dice.randrange(10**9), score=dice.random() * 40, language="en",
        place=Place(category=Foreign("Support"), category_id="7", thread_id=str(number // 7)),
        offers=tuple(Offer(id=f"offer_{at}", verb="remove", label=Foreign("Remove the post")) for at in range(6)),
    )


def decision(first: int, count: int = 1) -> Decision:
    """A decision about `count` posts."""
    return Decision(
        id=new_id(NOW + first), community=HERE, account=Foreign("rookmoor"), created_ms=NOW + first, hold_ms=15_000,
        intent=Intent(verb="remove", reason="ads", message="Please read the rules."),
        targets=tuple(
            Target(
                index=at, item=f"reports/{HERE}/post/{first + at}", ref=SubjectRef(HERE, "post", str(first + at)),
                number=str(first + at), author=Foreign("bo_lind"), title=Foreign("Anchors"),
                steps=(Step(index=0, call=Call("perform", {"id": at}), words="post hidden", key="k", due_ms=NOW),),
            )
            for at in range(count)
        ),
    )


async def journal(store: Store) -> None:
    """The journal's figures."""
    own = store.journal
    single: list[float] = []
    moved: list[float] = []
    for number in range(300):
        made = decision(number)
        start = time.perf_counter()
        await own.record(made)
        middle = time.perf_counter()
        await own.move(made.id, 0, 0, frm=("held",), to="sending", at_ms=NOW)
        single.append((middle - start) * 1000)
        moved.append((time.perf_counter() - middle) * 1000)
    line("record, one after the other", single)
    line("move, one after the other", moved)
    many = [decision(10_000 + number) for number in range(300)]
    start = time.perf_counter()
    await asyncio.gather(*(own.record(made) for made in many))
    line("300 records at once (shared commits), all", [(time.perf_counter() - start) * 1000])
    batch = decision(100_000, 1_000)
    start = time.perf_counter()
    await own.record(batch)
    line("record a batch of 1,000", [(time.perf_counter() - start) * 1000])
    moves = [
        Move(decision=batch.id, target=at, step=0, frm=("held",), to="undone", at_ms=NOW) for at in range(1_000)
    ]
    start = time.perf_counter()
    await own.move_many(moves)
    line("take the batch back (1,000 moves)", [(time.perf_counter() - start) * 1000])
    line("decision by id", [timed(lambda: own.decision(many[5].id)) for _ in range(200)])
    line("open decisions (600)", [timed(own.open_decisions) for _ in range(10)])
    line("history, 200 rows", [timed(lambda: own.history(limit=201, before=NOW + 50_000)) for _ in range(10)])
    line("earlier decisions on an author", [timed(lambda: own.earlier(author="bo_lind")) for _ in range(50)])
    line("data version", [timed(own.data_version) for _ in range(500)])
    line(f"verify {sum(1 for _ in own.events())} events", [timed(own.verify) for _ in range(3)])
    line("rebuild the outbox", [timed(own.rebuild)])


async def cache(store: Store, count: int) -> None:
    """The cache's figures."""
    own = store.cache
    dice = random.Random(7)
    items = [item(number, dice) for number in range(count)]
    gc.freeze()  # these many objects are the benchmark's own; the program never holds them all
    start = time.perf_counter()
    await own.put_items(items)
    line(f"put {count:,} new items", [(time.perf_counter() - start) * 1000])
    start = time.perf_counter()
    await own.put_items(items[:10_000])
    line("put 10,000 unchanged items", [(time.perf_counter() - start) * 1000])
    page: list[float] = []
    for at in range(50):
        start = time.perf_counter()
        await own.put_items([item(count + at * 60 + number, dice) for number in range(60)])
        page.append((time.perf_counter() - start) * 1000)
    line("put a page of 60 new items (with making them)", page)
    for order in ("oldest", "newest", "score", "reports", "author"):
        line(f"ids by {order}", [timed(lambda o=order: own.ids("reports", order=o)) for _ in range(5)])  # type: ignore[misc]
    line("ids of one community", [timed(lambda: own.ids("reports", [HERE])) for _ in range(5)])
    line("count", [timed(lambda: own.count("reports", HERE)) for _ in range(20)])
    ids = own.ids("reports")
    picked = [dice.choice(ids) for _ in range(1_000)]
    line("item by id", [timed(lambda one=one: own.item(one)) for one in picked])  # type: ignore[misc]
    line("60 items by id", [timed(lambda: own.items(picked[:60])) for _ in range(50)])
    line("60 briefs by id", [timed(lambda: own.rows(picked[:60])) for _ in range(50)])
    line("by subject", [timed(lambda one=one: own.by_ref(items[one].ref)) for one in range(200)])  # type: ignore[misc]
    size = own.database.path.stat().st_size
    print(f"cache.db {size / 1e6:.0f} MB")


async def main() -> None:
    """Print all figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--items", type=int, default=100_000)
    words.add_argument("--folder", type=Path, default=None)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        store = Store.open(Path(folder) / "state", Path(folder) / "cache")
        await journal(store)
        await cache(store, given.items)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
