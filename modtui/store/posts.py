"""Searching all cached posts, over all lanes: newest first and bounded, so that a common word costs no more than a rare
one. Nothing is ranked: ranking all posts with a common word took 0.8 s of a million posts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec

from modtui.domain.subjects import CommunityId
from modtui.store import fulltext
from modtui.store.cache import Cache
from modtui.store.codec import column
from modtui.store.fulltext import words
from modtui.store.trouble import Damaged

LIMIT = 50
READ = 2_000
"""Texts that one search reads at most, where the index cannot decide."""
_FIRST = 300
_WIDE = 200
"""Looking so many words up costs more than reading the newest texts."""
Row = tuple[int, str, str, bytes]
_ROW = "SELECT since_ms, id, community, data"
_BARE = "SELECT since_ms, id, community, NULL"
_HITS = "CROSS JOIN said ON said.doc = said_words.rowid"
_ITEM = "CROSS JOIN item USING (row)"
_ITEMS = f"{_ITEM} CROSS JOIN body USING (row)"


class Posts(msgspec.Struct, frozen=True):
    """The ids of items, newest first. With `complete` there are no others."""

    ids: list[str]
    complete: bool


def search_posts(
    cache: Cache, wanted: Sequence[str], communities: Sequence[CommunityId], *, limit: int = LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> Posts:
    """The newest cached items, in any lane and state, in whose title or text all of `wanted` stand, in any case and
    also inside words. At most `limit`. `stop` ends it early. Call it in a thread. Raises StoreError."""
    texts = [text for each in wanted if (text := (column(each) or "").casefold())]
    if not texts or not communities:
        return Posts([], True)
    try:
        with cache.database.snapshot() as connection:
            return _search(connection, cache, texts, frozenset(map(str, communities)), limit, stop)
    except Damaged:
        cache.database.renew()
        return Posts([], True)


def _search(
    connection: sqlite3.Connection, cache: Cache, texts: Sequence[str], communities: frozenset[str], limit: int,
    stop: Callable[[], bool],
) -> Posts:  # fmt: skip
    found: list[tuple[int, str]] = []

    def take(rows: Iterable[Row], reads: Sequence[str], limit: int, read: int = READ) -> bool:
        """Keep up to `limit` rows that fit, of up to `read` that have to be read. Whether that was all."""
        taken = 0
        for n, (since_ms, id, community, data) in enumerate(rows):
            if stop() or (reads and n >= read):
                return False
            if community in communities and (not reads or _holds(data, reads)):
                if taken >= limit and (since_ms != found[-1][0] or taken >= limit + READ):
                    return False  # of those with the same time all are needed: by their ids some are first
                found.append((since_ms, id))
                taken += 1
        return True

    def posts(*, all_of_them: bool) -> Posts:
        found.sort(reverse=True)
        return Posts([id for _, id in found[:limit]], all_of_them and len(found) <= limit)

    asked = [fulltext.ask(connection, cache.vocabulary, text) for text in texts]
    known = [one for one in asked if one is not None]
    # In no order of time, so all of it that can be read.
    complete = take(connection.execute(f"{_ROW} FROM unsaid {_ITEMS} ORDER BY unsaid.row DESC"), texts, READ)
    if any(one.nowhere for one in known):
        return posts(all_of_them=complete)
    parts = sorted((part for one in known for part in one.parts), key=len)
    before = len(found)
    if not parts or len(parts[0]) > _WIDE:
        # What may be one of so many words is usually found among the newest; looking so many up costs more.
        newest = connection.execute(f"{_ROW} FROM said {_ITEMS} ORDER BY said.doc DESC")
        if take(newest, texts, limit, _FIRST if parts else READ):
            return posts(all_of_them=complete)
        here = len(found) - before
        if parts and here < limit and here * READ >= limit * _FIRST:
            take(newest, texts, limit - here)
        if not parts or len(found) - before >= limit:
            return posts(all_of_them=False)
        del found[before:]
    unsure = [text for text, one in zip(texts, asked, strict=True) if one is None or not one.exact]
    narrow = [part for part in parts if len(part) <= _WIDE] or parts
    for some in (narrow, parts):
        reads = unsure if len(some) == len(parts) else texts
        rows = f"{_ROW} FROM said_words {_HITS} {_ITEMS}" if reads else f"{_BARE} FROM said_words {_HITS} {_ITEM}"
        question = f"{rows} WHERE said_words MATCH ? ORDER BY said_words.rowid DESC"
        end = take(connection.execute(question, (fulltext.every(some),)), reads, limit)
        if end or len(some) == len(parts) or len(found) - before >= limit:
            break
        del found[before:]  # too many of them had to be read
    return posts(all_of_them=complete and end)


def _holds(data: bytes, texts: Sequence[str]) -> bool:
    text = words(data).folded
    return all(each in text for each in texts)
