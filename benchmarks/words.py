"""The group `search`: the figures of `benchmarks.search`, beside FTS5's own ranking of all hits."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.probe import high, middle
from benchmarks.search import HERE, Language, filled, reference, searches
from benchmarks.store import busy, timed
from benchmarks.table import Goal
from modtui.store.posts import search_posts

WORDS = 120_000
RANKED = "SELECT rowid FROM ranked WHERE ranked MATCH ? ORDER BY rank LIMIT 50"


def measure(bench: Bench) -> None:
    """A million posts in the long form."""
    number, tries = (15_000, 20) if bench.short else (1_000_000, 60)
    folder = (bench.kept or bench.world.folder) / f"search{number}"
    asyncio.run(_search(bench, folder, number, tries))


async def _search(bench: Bench, folder: Path, number: int, tries: int) -> None:
    language = Language(WORDS)
    cache = await filled(folder / "cache" / "cache.db", number, language)
    there = reference(folder / "reference.db", number, language)
    note = f"{number:,} posts"
    try:
        first = timed(lambda: search_posts(cache, ["zzq"], [HERE]))
        bench.run.add("search.first", first, "ms", note=f"the first of a process; {note}")
        every: list[float] = []
        spent: list[float] = []
        for kind, asked in searches(language, tries).items():
            ours = [timed(partial(search_posts, cache, words, [HERE])) for words in asked]
            spent += [busy(partial(search_posts, cache, words, [HERE])) for words in asked]
            every += ours
            beside: float | None = None
            if kind in ("one common word", "one rare word"):
                questions = [(f'"{words[0]}"',) for words in asked[:5]]
                beside = middle([timed(lambda q=q: there.execute(RANKED, q).fetchall()) for q in questions])  # type: ignore[misc]
            name = f"search.{kind.replace(' ', '-')}"
            if beside is None:
                bench.run.add(f"{name}.p95", high(ours), "ms", goal=Goal(50, "value"), note=note)
            else:
                bench.run.add(f"{name}.p95", high(ours), "ms", ("FTS5 ranked, p50", beside, None), note=note)
        bench.run.add("search.p95", high(every), "ms", goal=Goal(50, "value"), note=f"all kinds; {note}")
        bench.run.add("search.cpu.p95", high(spent), "ms", note="processor time, which a busy machine does not change")
    finally:
        there.close()
        await cache.close()
