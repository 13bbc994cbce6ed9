"""Figures of the lane of questions: `python -m benchmarks.questions [--threads 100000] [--folder DIR]`.

The search for similar solved threads beside FTS5's own ranking of everything (bm25 without a bound) over the same
index in the same run; the clock of working hours; the detector of languages. `--threads 1000000` is the long form.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from modtui.domain.hours import Hours, add_working, due_of, working_between
from modtui.domain.items import Answered
from modtui.domain.subjects import CommunityId
from modtui.store import Cache
from modtui.store.solved import SolvedIndex
from modtui.text import Foreign
from modtui.text.detect import load
from modtui.text.words import words_of

from .store import line, timed

HERE = CommunityId("aaaaaaaaaaaa")
NOW = 1_790_000_000_000
HOUR = 3_600_000
VOCABULARY = 40_000
POSTS = (
    "The export stops at forty percent and nothing is in the log. Does anybody know why that is?",
    "Depuis hier l'export s'arrête à quarante pour cent et le journal reste vide. Une idée ?",
    "Seit gestern bricht der Export bei vierzig Prozent ab, und im Protokoll steht nichts. Woran liegt das?",
    "Danke, das war es!",
)
LOADED = """
import time
def size():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
began, cpu, before = time.perf_counter(), time.process_time(), size()
from modtui.text.detect import load
load().language("The export stops at forty percent and nothing is in the log. Why is that?")
print((time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000, size() - before)
"""


class Language:
    """Made-up words that occur as words do: the n-th one in about 1/n of the texts."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        signs = "abdefgiklmnoprstuz"
        self._words = [
            "".join(self._dice.choices(signs, k=self._dice.randint(4, 9))) + signs[n % len(signs)]
            for n in range(VOCABULARY)
        ]
        self._weights = [1 / (n + 3) for n in range(VOCABULARY)]
        total = 0.0
        for at, weight in enumerate(self._weights):
            total += weight
            self._weights[at] = total

    def text(self, count: int) -> Foreign:
        """So many words."""
        return Foreign(" ".join(self._dice.choices(self._words, cum_weights=self._weights, k=count)))

    def word(self, rank: int) -> str:
        """The word of this rank, from 0."""
        return self._words[rank]


async def search(folder: Path, count: int) -> None:
    """Searches over so many solved threads."""
    cache = Cache(folder / "cache.db")
    index = SolvedIndex(cache)
    language = Language(7)
    began = time.perf_counter()
    for at in range(0, count, 10_000):
        await index.put(HERE, [
            Answered(id=str(n), title=language.text(7), text=language.text(70), answer=language.text(30),
                     at_ms=NOW + n * 60_000, language="en")
            for n in range(at, min(count, at + 10_000))
        ])  # fmt: skip
    print(f"{count:,} solved threads written in {time.perf_counter() - began:.0f} s, cache.db "
          f"{cache.database.path.stat().st_size / 1e6:.0f} MB")  # fmt: skip
    questions = [(language.text(7), language.text(60)) for _ in range(200)]

    def similar(question: tuple[str, str]) -> object:
        return index.search(*question, HERE, language="en")

    def everything(question: tuple[str, str]) -> object:
        """The same words, ranked by FTS5 over all that has one of them."""
        words = dict.fromkeys([*words_of(question[0]), *words_of(question[1], 24)])
        asked = " OR ".join(f'"{word}"' for word in list(words)[:24])
        with cache.database.snapshot() as connection:
            return connection.execute(
                "SELECT rowid FROM solved_index WHERE solved_index MATCH ? "
                "ORDER BY bm25(solved_index, 4.0, 1.0, 0.0) LIMIT 5",
                (asked,),
            ).fetchall()

    line("similar threads of a question (24 words)", _each(similar, questions))
    line("the same words, bm25 without a bound", _each(everything, questions[:40]))
    for rank, name in ((0, "commonest"), (30, "common"), (3_000, "rare")):
        word = language.word(rank)
        line(f"one {name} word in the title", _each(similar, [(word, "")] * 50))
        line(f"one {name} word, bm25 without a bound", _each(everything, [(word, "")] * 10))
    line("while typing: four letters", [
        timed(lambda: index.search(language.word(40)[:4], "", HERE, typing=True)) for _ in range(50)
    ])  # fmt: skip
    page = [Answered(id=f"new{n}", title=language.text(7), text=language.text(70), at_ms=NOW) for n in range(30)]
    began = time.perf_counter()
    await index.put(HERE, page)
    line("a page of 30 new threads into it", [(time.perf_counter() - began) * 1000])
    await cache.close()


def _each(work: Callable[[tuple[str, str]], object], questions: Sequence[tuple[str, str]]) -> list[float]:
    return [timed(lambda question=question: work(question)) for question in questions]  # type: ignore[misc]


def clock() -> None:
    """The arithmetic of working hours."""
    office = Hours(name="office", tz="Europe/Paris", holidays=("2026-12-25", "2027-01-01"))
    dice = random.Random(7)
    starts = [NOW + dice.randrange(400 * 24 * HOUR) for _ in range(2_000)]
    line("a due clock, 8 working hours", [timed(lambda at=at: due_of("t", 8 * HOUR, at, office)) for at in starts])  # type: ignore[misc]
    line("a due clock, 24 hours of any time", [timed(lambda at=at: due_of("t", 24 * HOUR, at, None)) for at in starts])  # type: ignore[misc]
    line("add 40 working hours", [timed(lambda at=at: add_working(at, 40 * HOUR, office)) for at in starts])  # type: ignore[misc]
    line("working time of a month", [
        timed(lambda at=at: working_between(at, at + 30 * 24 * HOUR, office)) for at in starts  # type: ignore[misc]
    ])  # fmt: skip


def detector() -> None:
    """Loading the detector, and posts."""
    runs = [
        [float(part) for part in subprocess.run(
            [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
        ).stdout.split()]
        for _ in range(5)
    ]  # fmt: skip
    line("load the detector, first post (wall)", [run[0] for run in runs])
    line("load the detector, first post (processor)", [run[1] for run in runs])
    print(f"memory for it: {sorted(run[2] for run in runs)[2]:.1f} MB")
    found = load()
    if found is None:
        print("its model is not installed")
        return
    dice = random.Random(7)
    posts = [dice.choice(POSTS) * dice.randint(1, 6) for _ in range(2_000)]
    line("the language of a post", [timed(lambda post=post: found.language(post)) for post in posts])  # type: ignore[misc]


def main() -> None:
    """Print all figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--threads", type=int, default=100_000)
    words.add_argument("--folder", type=Path, default=None)
    given = words.parse_args()
    detector()
    clock()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        asyncio.run(search(Path(folder), given.threads))


if __name__ == "__main__":
    main()
