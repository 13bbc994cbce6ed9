"""Searching all cached posts, over all lanes: newest first and bounded, so that a common word costs no more than a rare
one. Nothing is ranked: ranking all posts with a common word took 0.8 s of a million posts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from modtui.domain.subjects import CommunityId
from modtui.store import fulltext
from modtui.store.cache import Cache
from modtui.store.codec import column
from modtui.store.fulltext import words
from modtui.store.trouble import Damaged
from modtui.text.words import plain_case

LIMIT = 50
READ = 1_000
"""Texts that one search reads, where the index cannot decide: at about 15 µs each."""
FAR = 50_000
"""The same for a search that somebody waits for."""
_PLAIN = re.compile(r"[^\x00-\x1f\"\\]+")
"""What stands in JSON as it is."""
Place = tuple[int, str, str]
"""Since when an item is there, its id, its community."""
_FIRST = 300
_WIDE = 200
"""Looking so many words up costs more than reading the first of the newest texts."""
_WORD = 2
"""Looking a word up costs as much as reading so many texts."""
_TEXTS = "SELECT row, data FROM {} CROSS JOIN body USING (row)"
_PLACES = "SELECT since_ms, id, community FROM {} CROSS JOIN item USING (row)"
_UNSAID = " ORDER BY unsaid.row DESC"
_NEWEST = " ORDER BY said.doc DESC"
_HITS = "said_words CROSS JOIN said ON said.doc = said_words.rowid"
_MATCH = " WHERE said_words MATCH ? ORDER BY said_words.rowid DESC"
_PLACE = "SELECT since_ms, id, community FROM item WHERE row = ?"


class Posts(msgspec.Struct, frozen=True):
    """The ids of items, newest first. With `complete` there are no others; with `more` there are. Neither: it was not
    all looked at."""

    ids: list[str]
    complete: bool
    more: bool = False


def search_posts(
    cache: Cache, wanted: Sequence[str], communities: Sequence[CommunityId], *, without: Sequence[str] = (),
    limit: int = LIMIT, read: int = READ, stop: Callable[[], bool] = lambda: False,
) -> Posts:  # fmt: skip
    """The newest cached items, in any lane and state, in whose title or text all of `wanted` stand and none of
    `without`, in any case and also inside words. At most `limit`, and at most about `read` texts are read for them.
    `stop` ends it early. Call it in a thread. Raises StoreError."""
    texts = _folded(wanted)
    if not texts or not communities:
        return Posts([], True)
    try:
        with cache.database.snapshot() as connection:
            here = frozenset(map(str, communities))
            looking = _Looking(connection, _Texts(texts), _Texts(_folded(without)), here, limit, read, stop)
            return looking.posts(looking.look(cache.vocabulary, texts))
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


class _Texts:
    """Folded texts that are sought in stored items."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._plain = tuple(text.encode() for text in texts if text.isascii() and _PLAIN.fullmatch(text))

    def all_in(self, data: bytes) -> bool:
        """Whether all stand in title or text. In plain ASCII it costs less to see that one does not."""
        if self._plain and data.isascii():
            low = data.lower()
            if any(text not in low for text in self._plain):
                return False
        whole = words(data).folded
        return all(text in whole for text in self.texts)

    def none_in(self, data: bytes) -> bool:
        """Whether none does."""
        if not self.texts:
            return True
        whole = words(data).folded
        return not any(text in whole for text in self.texts)


class _Looking:
    """One search. What it `found` is in no order."""

    def __init__(
        self, connection: sqlite3.Connection, wanted: _Texts, without: _Texts, communities: frozenset[str], limit: int,
        read: int, stop: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._ask = connection.execute
        self._connection = connection
        self._wanted, self._without, self._communities = wanted, without, communities
        self._limit, self._left, self._stop = limit, read, stop
        self._found: list[tuple[int, str]] = []
        self._more = False

    def posts(self, complete: bool) -> Posts:
        """The answer; `complete`: all was looked at."""
        self._found.sort(reverse=True)
        more = self._more or len(self._found) > self._limit
        return Posts([id for _, id in self._found[: self._limit]], complete and not more, more)

    def look(self, vocabulary: fulltext.Vocabulary, texts: Sequence[str]) -> bool:
        """Look, in ways that cost ever more. Whether that was all."""
        asked = [fulltext.ask(self._connection, vocabulary, text) for text in texts]
        known = [one for one in asked if one is not None]
        # In no order of time, so all of it that can be read.
        read, rows = self._left, self._ask(_TEXTS.format("unsaid") + _UNSAID)
        complete = self._take(self._reading(self._wanted, rows, read), read)
        self._left = read
        if any(one.nowhere for one in known):
            return complete
        exact = len(known) == len(asked) and all(one.exact for one in known)
        return self._look(sorted((part for one in known for part in one.parts), key=len), exact) and complete

    def _look(self, parts: Sequence[tuple[str, ...]], exact: bool) -> bool:
        """Look for words in the index: for one word of each part. What may be one of very many is usually found among
        the newest, and where looking them up would cost more than may be read, the newest are what is read."""
        before = len(self._found)
        few = [part for part, words in zip(parts, accumulate(map(len, parts)), strict=True)
               if len(part) <= _WIDE and words * _WORD * 2 <= self._left]  # fmt: skip
        costly = sum(map(len, parts)) * _WORD > self._left - _FIRST
        if not few:
            newest = self._ask(_TEXTS.format("said") + _NEWEST)
            if self._take(self._reading(self._wanted, newest, _FIRST if parts else self._left), self._limit):
                return True
            here = len(self._found) - before
            if here < self._limit and (costly or here * self._left >= self._limit * _FIRST):
                return self._take(self._reading(self._wanted, newest, self._left), self._limit - here)
            if here >= self._limit:
                return False
            del self._found[before:]
        elif len(few) < len(parts):
            end = self._looked_up(few, exact=False, read=self._left if costly else min(_FIRST, self._left))
            if end or costly or len(self._found) - before >= self._limit:
                return end
            del self._found[before:]  # too many of them had to be read
        return self._looked_up(parts, exact=exact, read=self._left)

    def _looked_up(self, parts: Sequence[tuple[str, ...]], *, exact: bool, read: int) -> bool:
        """What the index has for the words; read, where that does not decide."""
        values = (fulltext.every(parts),)
        self._left -= sum(map(len, parts)) * _WORD
        if exact and not self._without.texts:
            return self._take(self._ask(_PLACES.format(_HITS) + _MATCH, values), self._limit)
        wanted = _Texts(()) if exact else self._wanted
        return self._take(self._reading(wanted, self._ask(_TEXTS.format(_HITS) + _MATCH, values), read), self._limit)

    def _reading(self, wanted: _Texts, rows: Iterable[tuple[int, bytes]], read: int) -> Iterator[Place | None]:
        """Of up to `read` of these rows the places of those that fit; None where it ended before they did."""
        for n, (row, data) in enumerate(rows):
            if n >= read or self._left <= 0 or self._stop():
                yield None
                return
            self._left -= 1
            if wanted.all_in(data) and self._without.none_in(data):
                place = self._ask(_PLACE, (row,)).fetchone()
                if place is not None:
                    yield place

    def _take(self, places: Iterable[Place | None], limit: int) -> bool:
        """Keep up to `limit` of them. Whether that was all."""
        self._more = False
        taken = 0
        for place in places:
            if place is None or self._stop():
                return False
            since_ms, id, community = place
            if community in self._communities:
                if taken >= limit and (since_ms != self._found[-1][0] or taken >= limit + READ):
                    self._more = True
                    return False  # of those with the same time all are needed: by their ids some are first
                self._found.append((since_ms, id))
                taken += 1
        return True
