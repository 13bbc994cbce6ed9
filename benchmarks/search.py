"""Searching cached posts by words: `python -m benchmarks.search [--posts 100000] [--folder DIR] [--words 120000]`.

Prints milliseconds for the newest 50 posts with a common word, a rare one, two words, the first three letters of a
word, and text in quotes, and what writing costs. References over the same texts in the same run: reading them with
LIKE, newest first, and FTS5 ranked by bm25 over all hits. With `--folder` the files stay, and are used again.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.store import line, timed
from modtui.domain.items import Body, Item, Member
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store import Cache, fulltext
from modtui.store.posts import search_posts
from modtui.text import Foreign

HERE = CommunityId("aaaaaaaaaaaa")
NOW = 1_790_000_000_000
_STARTS = ("b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "ph", "pl", "r", "s",
           "sh", "st", "t", "tr", "v", "w", "z")  # fmt: skip
_VOWELS = ("a", "ai", "e", "ea", "i", "ie", "o", "oo", "ou", "u")
_ENDS = ("", "", "n", "r", "s", "ng", "t", "l", "ck")


class Language:
    """Made words, few of them used all the time and most of them hardly ever, as in every language (Zipf)."""

    def __init__(self, size: int) -> None:
        dice = random.Random(7)
        found: dict[str, None] = {}
        while len(found) < size:
            syllables = dice.choice((1, 2, 2, 3, 3, 4))
            word = "".join(dice.choice(_STARTS) + dice.choice(_VOWELS) for _ in range(syllables)) + dice.choice(_ENDS)
            found[word] = None
        self.words = sorted(found, key=len)[: size // 500] + [word for word in found if len(word) > 3]
        self._lines: list[str] = []
        self._weights = list(itertools.accumulate(1 / (place + 2) for place in range(len(self.words))))

    def text(self, dice: random.Random, length: int) -> str:
        """About so many words."""
        many = dice.randrange(length // 2, length * 3 // 2)
        return " ".join(self._line(dice) for _ in range(max(1, many // 10)))

    def _line(self, dice: random.Random) -> str:
        """About ten words: one of many lines, as making each post of its own words takes longer than storing it."""
        if len(self._lines) < 60_000:
            self._lines.append(" ".join(dice.choices(self.words, cum_weights=self._weights, k=10)))
            return self._lines[-1]
        return dice.choice(self._lines)


def posts(number: int, language: Language) -> Iterator[Item]:
    """Posts of about 100 words from the last year."""
    dice = random.Random(8)
    author = Member(native="7", username=Foreign("bo_lind"), trust=1)
    for at in range(number):
        yield Item(
            lane="reports", ref=SubjectRef(HERE, "post", str(at)), kind="post", number=str(at),
            title=Foreign(language.text(dice, 6)), author=author, body=Body(Foreign(language.text(dice, 100)), "html"),
            since_ms=NOW - dice.randrange(365 * 86_400_000),
        )  # fmt: skip


async def filled(path: Path, number: int, language: Language) -> Cache:
    """A cache with so many posts, all of them indexed."""
    cache = Cache(path)
    if cache.count("reports") >= number:
        return cache
    pages: list[float] = []
    source = posts(number, language)
    began = time.perf_counter()
    while len(pages) < 100 and (page := list(itertools.islice(source, 60))):
        start = time.perf_counter()
        await cache.put_items(page)
        pages.append((time.perf_counter() - start) * 1000)
    line("a page of 60 posts written", pages)
    known = fulltext.Known()
    while page := list(itertools.islice(source, 5_000)):
        await cache.put_items(page)
        while (done := await cache.database.write(lambda c: fulltext.fill(c, 5_000, known))).rows:
            known.keep(done)
    print(f"{'filling the cache, in big steps':<52} {time.perf_counter() - began:9.1f} s", flush=True)
    return cache


def reference(path: Path, number: int, language: Language) -> sqlite3.Connection:
    """The same texts in a plain table and in an FTS5 index that can rank."""
    connection = sqlite3.connect(path, isolation_level=None)
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return connection
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE plain (row INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("CREATE VIRTUAL TABLE ranked USING fts5(text, content='plain', content_rowid='row')")
    for at, item in enumerate(sorted(posts(number, language), key=lambda one: one.since_ms), 1):
        values = (at, f"{item.title}\n{item.body.text if item.body else ''}")
        connection.execute("INSERT INTO plain VALUES (?,?)", values)
        connection.execute("INSERT INTO ranked (rowid, text) VALUES (?,?)", values)
    connection.execute("COMMIT")
    return connection


def searches(language: Language, tries: int) -> dict[str, list[list[str]]]:
    """What is looked for, by kind."""
    dice = random.Random(9)
    common, middle, rare = language.words[5:60], language.words[200:3000], language.words[20_000:]
    return {
        "one common word": [[dice.choice(common)] for _ in range(tries)],
        "one word in the middle": [[dice.choice(middle)] for _ in range(tries)],
        "one rare word": [[dice.choice(rare)] for _ in range(tries)],
        "one that nobody wrote": [[f"zzq{at}"] for at in range(tries)],
        "two words": [[dice.choice(common), dice.choice(middle)] for _ in range(tries)],
        "two rarer words": [[dice.choice(middle), dice.choice(middle)] for _ in range(tries)],
        "the first three letters": [[dice.choice(middle)[:3]] for _ in range(tries)],
    }


def quotes(language: Language, tries: int) -> dict[str, list[list[str]]]:
    """Text in quotes, which the index cannot decide alone: up to 2000 texts are read."""
    dice = random.Random(10)
    common, middle = language.words[5:60], language.words[200:800]
    return {
        "two words in quotes": [[f"{dice.choice(middle)} {dice.choice(middle)}"] for _ in range(tries)],
        "two common words in quotes": [[f"{dice.choice(common)} {dice.choice(common)}"] for _ in range(tries)],
    }


def _all(connection: sqlite3.Connection, question: str, values: tuple[str]) -> object:
    return connection.execute(question, values).fetchall()


async def run(number: int, folder: Path, size: int, tries: int, references: bool) -> None:
    """Fill a cache and search it."""
    language = Language(size)
    cache = await filled(folder / "cache" / "cache.db", number, language)
    print(f"{number:,} posts, {cache.database.path.stat().st_size / 1e6:,.0f} MB")

    def ask(words: list[str]) -> Callable[[], object]:
        return lambda: search_posts(cache, words, [HERE])

    try:
        print(f"{'the first search of a process':<52} {timed(ask(['zzq'])):9.1f} ms")
        wanted = searches(language, tries)
        for kind, each in {**wanted, **quotes(language, tries)}.items():
            hits = sorted(len(search_posts(cache, words, [HERE]).ids) for words in each)
            line(f"{kind} (finds {hits[0]} to {hits[-1]})", [timed(ask(words)) for words in each])
        if references:
            there = reference(folder / "reference.db", number, language)
            read = "SELECT row FROM plain WHERE text LIKE ? ORDER BY row DESC LIMIT 50"
            rank = "SELECT rowid FROM ranked WHERE ranked MATCH ? ORDER BY rank LIMIT 50"
            for kind in ("one common word", "one rare word"):
                for how, question, form in (("LIKE", read, "%{}%"), ("ranked", rank, '"{}"')):
                    values = [(form.format(words[0]),) for words in wanted[kind][:5]]
                    line(f"reference: {kind}, {how}", [timed(partial(_all, there, question, one)) for one in values])
            there.close()
    finally:
        await cache.close()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=120_000, help="how many words the language has")
    parser.add_argument("--tries", type=int, default=60)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--no-references", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(given.posts, given.folder or Path(folder), given.words, given.tries, not given.no_references))


if __name__ == "__main__":
    main()
