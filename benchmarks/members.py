"""Finding members by the beginning of a name: `python -m benchmarks.members [--members 100000] [--folder DIR]`.

Prints milliseconds, and beside them two references over the same rows in the same run: a plain SQLite scan with LIKE,
which is what a search without our index would be, and the same question to an FTS5 index with prefixes. `names` asks
for ids only, `items` for the rows that a screen draws, `view` is the list narrowed by one more letter.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.probe import high
from benchmarks.store import line, timed
from benchmarks.table import Goal
from modtui.desk.clock import Clock
from modtui.desk.events import Events
from modtui.desk.view import View
from modtui.domain.items import Item, Member
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store import Store, people
from modtui.text import Foreign

HERE = CommunityId("aaaaaaaaaaaa")
NOW = 1_790_000_000_000
MEMBERS = 100_000
NAMES = "names: our index"
ROWS = "items: our index and the rows to draw"
NARROWED = "view: one more letter, 40 rows drawn"
LIKE = "reference: a scan with LIKE, ids only"
_STARTS = ("an", "be", "ca", "du", "el", "fi", "gu", "ha", "jo", "ka", "le", "mi", "no", "os", "pe", "ro", "sa", "ti",
           "ul", "vi", "wa", "yo", "ze")  # fmt: skip
_ENDS = ("ra", "lo", "ne", "mi", "tus", "la", "ric", "son", "ter", "vin", "bel", "dor")


def member(number: int, dice: random.Random) -> Item:
    """A member with a username of two to four syllables, and a name in two cases of three."""

    def word(parts: int) -> str:
        return dice.choice(_STARTS) + "".join(dice.choice(_ENDS) for _ in range(parts))

    name = f"{word(1).title()} {word(2).title()}" if number % 3 else None
    person = Member(
        native=str(number), username=Foreign(f"{word(dice.randrange(1, 4))}{number % 1000}"),
        name=Foreign(name) if name else None, trust=number % 5, posts=dice.randrange(500),
        seen_ms=NOW - dice.randrange(10**10),
    )  # fmt: skip
    return Item(
        lane="members", ref=SubjectRef(HERE, "user", str(number)), kind="member", number=str(number),
        title=person.username, author=person, since_ms=NOW - dice.randrange(10**11),
    )  # fmt: skip


class _Desk:
    """As much of a desk as a view needs."""

    def __init__(self, store: Store) -> None:
        self.store, self.events, self.clock = store, Events(), Clock()
        self.communities: list[Any] = [type("Community", (), {"id": HERE})()]


def references(items: list[Item], path: Path) -> sqlite3.Connection:
    """The same names in a plain table, and in an FTS5 index with prefixes of one to three letters."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE plain (id TEXT, username TEXT, name TEXT)")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(username, name, prefix='1 2 3')")
    rows = [(item.id, str(item.title), str(item.author.name or "")) for item in items if item.author]
    connection.executemany("INSERT INTO plain VALUES (?,?,?)", rows)
    connection.executemany("INSERT INTO words VALUES (?,?)", [row[1:] for row in rows])
    connection.commit()
    return connection


async def run(number: int, folder: Path) -> dict[str, list[float]]:
    """Fill a cache and ask it: milliseconds by what was done."""
    dice = random.Random(7)
    items = [member(each, dice) for each in range(number)]
    store = Store.open(folder / "state", folder / "cache")
    found: dict[str, list[float]] = {}
    try:
        start = time.perf_counter()
        await store.cache.put_items(items)
        found["filling the cache"] = [(time.perf_counter() - start) * 1000]
        there = references(items, folder / "plain.db")
        asked = [str(dice.choice(items).title)[: 1 + at % 5] for at in range(200)]
        asked += [f"zzq{at}" for at in range(20)]
        view = View(_Desk(store), "members", HERE)  # type: ignore[arg-type]

        def names(word: str) -> object:
            return people.named(store.cache, word, [HERE])

        def whole(word: str) -> object:
            return store.cache.items(people.named(store.cache, word, [HERE]))

        def narrow(word: str) -> None:
            view.set_prefix(word)
            for at in range(min(len(view), 40)):
                view.item_at(at)

        def like(word: str) -> object:
            return there.execute(
                "SELECT id FROM plain WHERE username LIKE ? OR name LIKE ? OR name LIKE ? ORDER BY username LIMIT 50",
                (f"{word}%", f"{word}%", f"% {word}%"),
            ).fetchall()

        def full_text(word: str) -> object:
            return there.execute("SELECT rowid FROM words WHERE words MATCH ? LIMIT 50", (f'"{word}"*',)).fetchall()

        kinds: dict[str, Callable[[str], object]] = {
            NAMES: names, ROWS: whole, NARROWED: narrow, LIKE: like,
            "reference: FTS5 with prefixes, in no order": full_text,
        }  # fmt: skip
        for word in asked:
            for kind, work in kinds.items():
                found.setdefault(kind, []).append(timed(partial(work, word)))
        view.set_prefix("")
        for sort in view.sorts:
            found[f"the whole list sorted: {sort}"] = [timed(lambda s=sort: view.set_sort(s)) for _ in range(5)]  # type: ignore[misc]
        found["the whole list filtered: is:staff"] = [timed(lambda: view.set_filter("is:staff")) for _ in range(5)]
        there.close()
    finally:
        await store.close()
    return found


def figures(bench: Bench) -> None:
    """The group `members`."""
    number = MEMBERS // 4 if bench.short else MEMBERS
    found = asyncio.run(run(number, bench.world.folder / "members"))
    note = f"{number:,} members"
    scan = high(found[LIKE])
    bench.run.add("members.prefix.p95", high(found[NAMES]), "ms", goal=Goal(20, "value"), note=f"ids; {note}")
    bench.run.add("members.rows.p95", high(found[ROWS]), "ms", ("a scan with LIKE, ids only", scan, None), note=note)
    bench.run.add("members.narrow.p95", high(found[NARROWED]), "ms", goal=Goal(20, "value"),
                  note="the list by one more letter, 40 rows")  # fmt: skip


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        found = asyncio.run(run(given.members, Path(folder)))
    print(f"{given.members:,} members")
    for name, values in found.items():
        line(name, values)


if __name__ == "__main__":
    main()
