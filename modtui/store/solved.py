"""Solved threads by their words: the local index behind "similar solved threads" (SQLite FTS5, in cache.db).

Ranking everything that shares a word costs seconds in a big index. So the newest threads that share the rarer words
are taken, a few hundred at most, and only those are ranked: BM25 with each word counted once per field, where a word in
the title weighs more.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from zlib import crc32

import msgspec

from modtui.domain.items import Answered
from modtui.domain.subjects import CommunityId
from modtui.store.cache import Cache
from modtui.store.codec import column, decode, encode, mend
from modtui.store.trouble import Damaged
from modtui.text.words import without_dress, words_of

CANDIDATES = 200
"""Threads that one way of asking may bring; there are two."""
COMMON = 2000
"""A word in so many threads counts as common; it is not counted further."""
ASKED = 24
"""Words of a question that are looked up."""
_RARE = 8
_PAIRED = 5
_TITLE_WORDS, _TEXT_WORDS = 24, 160
_TITLE, _TEXT = 4.0, 1.0
_USUAL_TITLE, _USUAL_TEXT = 6.0, 60.0
_SHARE, _ALONE = 0.2, 0.45
"""How much of the question (in weights of words) a thread has to share: with several words, and with one alone."""
_KEPT_TEXT = 1500
BATCH = 100
_ANSWERED = msgspec.json.Decoder(Answered)


class Found(msgspec.Struct, frozen=True):
    """A thread and how like it is: only comparable within one answer. `share` is the part of the question's words, by
    weight, that it has, from 0 to 1."""

    thread: Answered
    score: float
    share: float


class SolvedIndex:
    """The solved and answered threads in the cache. Writing is async, questions are plain: call them in a thread."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._size: int | None = None

    async def put(self, community: CommunityId, threads: Sequence[Answered]) -> int:
        """Keep threads as they are now; how many were new here or different. Raises StoreError."""
        changed = 0
        now_ms = self._cache.now_ms()
        for at in range(0, len(threads), BATCH):
            batch = [_shortened(thread) for thread in threads[at : at + BATCH]]

            def work(connection: sqlite3.Connection, batch: Sequence[Answered] = batch) -> int:
                return sum(_put(connection, community, thread, now_ms) for thread in batch)

            changed += await self._cache.database.write(work)
        if changed:
            self._size = None
        return changed

    async def drop(self, community: CommunityId, threads: Sequence[str]) -> None:
        """Forget threads by their native ids: they are not solved any more, or gone. Raises StoreError."""
        self._size = None
        values = [(column(community), column(thread)) for thread in threads]
        await self._cache.database.write(
            lambda c: c.executemany("DELETE FROM solved WHERE community=? AND thread=?", values)
        )

    def count(self, community: CommunityId | None = None) -> int:
        """How many threads are here. Raises StoreError."""
        where, values = ("", ()) if community is None else (" WHERE community=?", (column(community),))
        try:
            with self._cache.database.reading() as connection:
                return int(connection.execute(f"SELECT count(*) FROM solved{where}", values).fetchone()[0])
        except Damaged:
            self._cache.database.renew()
            return 0

    def search(
        self, title: str, text: str, community: CommunityId, *, language: str | None = None, without: str | None = None,
        limit: int = 5, typing: bool = False,
    ) -> list[Found]:
        """The threads of a community that share most with this title and text, the best first. Those in `language`
        come before others alike; the thread `without` is left out. With `typing` the last word of the title may be a
        beginning. Raises StoreError."""
        asked: dict[str, float] = dict.fromkeys(words_of(title, 12), 2.0)
        for word in words_of(without_dress(text), ASKED):
            if len(asked) >= ASKED:
                break
            asked.setdefault(word, 1.0)
        if not asked:
            return []
        try:
            with self._cache.database.snapshot() as connection:
                if self._size is None:  # counting costs more than the rest of a small search; it need not be exact
                    self._size = int(connection.execute("SELECT count(*) FROM solved").fetchone()[0])
                look = _Look(connection, community, asked, self._size, list(asked)[-1] if typing else None)
                return look.ranked(look.candidates(), language, without, limit)
        except Damaged:
            self._cache.database.renew()
            return []


class _Look:
    """One search."""

    def __init__(
        self, connection: sqlite3.Connection, community: CommunityId, asked: dict[str, float], size: int,
        beginning: str | None,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._community = community
        self._beginning = beginning
        self._size = size
        spread = {word: self._spread(word) for word in asked}
        self.weights = {word: weight * self._rarity(word, spread[word]) for word, weight in asked.items()}
        known = [word for word in asked if spread[word]]
        self.rarest = sorted(known, key=lambda word: -self.weights[word])

    def _term(self, word: str) -> str:
        """A word as the index's language has it. Always quoted: nothing in it can be an operator."""
        quoted = '"' + word.replace('"', "") + '"'
        return f"{quoted}*" if word == self._beginning else quoted

    def _rows(self, condition: str, limit: int) -> list[int]:
        """The newest rows of the community that fulfil a condition."""
        mine = self._community.replace('"', "")
        question = f'community : "{mine}" AND ({{title words}} : ({condition}))'
        return [
            row for (row,) in self._connection.execute(
                "SELECT rowid FROM solved_index WHERE solved_index MATCH ? ORDER BY rowid DESC LIMIT ?",
                (question, limit),
            )
        ]  # fmt: skip

    def _spread(self, word: str) -> int:
        """In how many threads a word is, counted up to COMMON."""
        found = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM solved_index WHERE solved_index MATCH ? LIMIT ?)",
            (f"{{title words}} : {self._term(word)}", COMMON),
        ).fetchone()
        return int(found[0])

    def _rarity(self, word: str, spread: int) -> float:
        """How much a word tells. A word nobody used tells as little as a common one: it may be a name or a slip. A
        number tells half."""
        if word.isdigit():
            return 0.5 * self._rarity("", spread)
        if not spread:
            return 0.5
        if spread >= COMMON:
            return 0.3
        return math.log(1 + max(0.5, self._size - spread + 0.5) / (spread + 0.5))

    def candidates(self) -> list[int]:
        """The rows to be ranked: the newest with one of the rarer words, and the newest with two of the rarest."""
        rare = self.rarest[:_RARE]
        if not rare:
            return []
        rows = dict.fromkeys(self._rows(" OR ".join(map(self._term, rare)), CANDIDATES))
        if len(rows) >= CANDIDATES:
            best = rare[:_PAIRED]
            pairs = [(one, other) for at, one in enumerate(best) for other in best[at + 1 :]]
            both = " OR ".join(f"({self._term(one)} AND {self._term(other)})" for one, other in pairs)
            if both:
                rows.update(dict.fromkeys(self._rows(both, CANDIDATES)))
        return list(rows)

    def ranked(self, rows: Sequence[int], language: str | None, without: str | None, limit: int) -> list[Found]:
        """The best of the rows."""
        scored: list[tuple[float, float, int, str]] = []
        marks = ",".join("?" * len(rows))
        for row, thread, solved, spoken, title, words in self._connection.execute(
            f"SELECT row, thread, solved, language, title, words FROM solved WHERE row IN ({marks})", list(rows)
        ):
            if thread == without:
                continue
            in_title, in_text = title.split(), words.split()
            score, share, number = self._score(set(in_title), set(in_text))
            if share < (_SHARE if number > 1 else _ALONE):
                continue
            if language is not None and spoken is not None:
                score *= 1.25 if spoken == language else 0.6
            plain = " ".join(word for word in in_title if not word.isdigit())
            scored.append((score * (1.1 if solved else 1.0), share, row, plain))
        scored.sort(reverse=True)
        alike: set[str] = set()  # of threads with the same title (but for numbers) the best stands for the others
        best: list[tuple[float, float, int]] = []
        for score, share, row, title in scored:
            if title not in alike and len(best) < limit:
                alike.add(title)
                best.append((score, share, row))
        found: list[Found] = []
        for score, share, row in best:
            data = self._connection.execute("SELECT data FROM solved WHERE row=?", (row,)).fetchone()
            answered = decode(data[0], _ANSWERED) if data is not None else None
            if answered is not None:
                found.append(Found(answered, score, share))
        return found

    def _score(self, title: set[str], words: set[str]) -> tuple[float, float, int]:
        """The score, the share of the question's words by weight, and their number."""
        score = shared = total = 0.0
        number = 0
        long_title = 1.2 / (1 + 1.2 * (0.5 + 0.5 * len(title) / _USUAL_TITLE))
        long_text = 1.2 / (1 + 1.2 * (0.5 + 0.5 * len(words) / _USUAL_TEXT))
        for word, weight in self.weights.items():
            total += weight
            in_title, in_text = self._in(word, title), self._in(word, words)
            if in_title or in_text:
                shared += weight
                number += 1
                score += weight * (_TITLE * long_title * in_title + _TEXT * long_text * in_text)
        return score, shared / (total or 1.0), number

    def _in(self, word: str, words: set[str]) -> bool:
        return word in words or (word == self._beginning and any(one.startswith(word) for one in words))


def _shortened(thread: Answered) -> Answered:
    """A thread with as much text as is shown and searched."""
    if len(thread.text) <= _KEPT_TEXT and len(thread.answer) <= _KEPT_TEXT:
        return thread
    return msgspec.structs.replace(thread, text=thread.text[:_KEPT_TEXT], answer=thread.answer[:_KEPT_TEXT])


def _put(connection: sqlite3.Connection, community: CommunityId, thread: Answered, now_ms: int) -> bool:
    data = encode(thread)
    keys = (column(community), column(thread.id))
    known = connection.execute("SELECT row, data FROM solved WHERE community=? AND thread=?", keys).fetchone()
    if known is not None and known[1] == data:
        connection.execute("UPDATE solved SET fetched_ms=? WHERE row=?", (now_ms, known[0]))
        return False
    if known is not None:
        connection.execute("DELETE FROM solved WHERE row=?", (known[0],))
    row = _row(connection, thread, f"{community}/{thread.id}")
    title = words_of(thread.title, _TITLE_WORDS)
    words = words_of(f"{without_dress(thread.text)}\n{without_dress(thread.answer)}", _TEXT_WORDS)
    connection.execute(
        "INSERT INTO solved (row, community, thread, solved, language, title, words, fetched_ms, data) "
        "VALUES (?,?,?,?,?,?,?,?,?)",
        (row, *keys, int(thread.solved), column(thread.language), mend(" ".join(title)), mend(" ".join(words)), now_ms,
         data),
    )  # fmt: skip
    return True


def _row(connection: sqlite3.Connection, thread: Answered, name: str) -> int:
    """A free row number that rises with the time of the answer."""
    at_ms = min(max(thread.at_ms or 0, 0), 1 << 42)
    mark = crc32(name.encode("utf-8", "surrogatepass")) & 0xFFFFF
    while True:
        row = (at_ms << 20) + mark
        if connection.execute("SELECT 1 FROM solved WHERE row=?", (row,)).fetchone() is None:
            return row
        mark += 1
