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
from modtui.text.words import plain_case

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
    """The ids of items, newest first. With `complete` there are no others; with `more` there are. Neither: it was not
    all looked at."""

    ids: list[str]
    complete: bool
    more: bool = False


def search_posts(
    cache: Cache, wanted: Sequence[str], communities: Sequence[CommunityId], *, without: Sequence[str] = (),
    limit: int = LIMIT, stop: Callable[[], bool] = lambda: False,
) -> Posts:  # fmt: skip
    """The newest cached items, in any lane and state, in whose title or text all of `wanted` stand and none of
    `without`, in any case and also inside words. At most `limit`. `stop` ends it early. Call it in a thread. Raises
    StoreError."""
    texts = _folded(wanted)
    if not texts or not communities:
        return Posts([], True)
    try:
        with cache.database.snapshot() as connection:
            here = frozenset(map(str, communities))
            return _search(connection, cache, texts, _folded(without), here, limit, stop)
    except Damaged:
        cache.database.renew()
        return Posts([], True)


def count_posts(cache: Cache, communities: Sequence[CommunityId]) -> int:
    """How many items of these communities are cached: what `search_posts` looks through. Call it in a thread. Raises
    StoreError."""
    question = f"SELECT count(*) FROM item WHERE community IN ({','.join('?' * len(communities))})"
    try:
        with cache.database.snapshot() as connection:
            return int(connection.execute(question, [column(each) for each in communities]).fetchone()[0])
    except Damaged:
        cache.database.renew()
        return 0


def _folded(texts: Sequence[str]) -> list[str]:
    return [text for each in texts if (text := plain_case(column(each) or ""))]


def _search(
    connection: sqlite3.Connection, cache: Cache, texts: Sequence[str], without: Sequence[str],
    communities: frozenset[str], limit: int, stop: Callable[[], bool],
) -> Posts:  # fmt: skip
    found: list[tuple[int, str]] = []
    more = False

    def take(rows: Iterable[Row], reads: Sequence[str], limit: int, read: int = READ) -> bool:
        """Keep up to `limit` rows that fit, of up to `read` that have to be read. Whether that was all."""
        nonlocal more
        more = False
        taken = 0
        reading = bool(reads or without)
        for n, (since_ms, id, community, data) in enumerate(rows):
            if stop() or (reading and n >= read):
                return False
            if community in communities and (not reading or _fits(data, reads, without)):
                if taken >= limit and (since_ms != found[-1][0] or taken >= limit + READ):
                    more = True
                    return False  # of those with the same time all are needed: by their ids some are first
                found.append((since_ms, id))
                taken += 1
        return True

    def posts(*, all_of_them: bool) -> Posts:
        found.sort(reverse=True)
        others = more or len(found) > limit
        return Posts([id for _, id in found[:limit]], all_of_them and not others, others)

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
        bare = not reads and not without
        rows = f"{_BARE} FROM said_words {_HITS} {_ITEM}" if bare else f"{_ROW} FROM said_words {_HITS} {_ITEMS}"
        question = f"{rows} WHERE said_words MATCH ? ORDER BY said_words.rowid DESC"
        end = take(connection.execute(question, (fulltext.every(some),)), reads, limit)
        if end or len(some) == len(parts) or len(found) - before >= limit:
            break
        del found[before:]  # too many of them had to be read
    return posts(all_of_them=complete and end)


def _fits(data: bytes, texts: Sequence[str], without: Sequence[str]) -> bool:
    text = words(data).folded
    return all(each in text for each in texts) and not any(each in text for each in without)
