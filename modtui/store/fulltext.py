"""The words of all cached titles and texts, by post: what `text:` asks instead of reading every post (cache.db).

A filter's word may stand anywhere in a text, also inside a longer word, and in any script. So there are two steps: the
words that have it in them are looked up among all words there are (`word`; a process that searches holds them as one
run of bytes, a few MB for a million posts), and the posts that have one of those words in an index of whole words
(`said_words`, FTS5 without positions). What words alone cannot decide (blanks, signs between words) is decided on the
text of the few posts that are left.

Measured with posts of 100 words: this takes 0.3 kB a post. Trigrams of the texts take 0.5 kB without positions, where
common trigrams bring up a third of all posts for a rare word, and 2.1 kB with them. Trigrams of the words (instead of
the run of bytes) made writing a page of 60 posts 5 ms slower.

The numbers of `said` rise with the time of a post, so that the newest are read first. Rows that are not indexed yet
stand in `unsaid` (a trigger sees to that): they are read one by one until `fill` was there, which the writer thread
does when it has nothing else to do, so that writing a page takes no longer.
"""

from __future__ import annotations

import random
import re
import sqlite3
import threading
from collections.abc import Iterable

import msgspec

from modtui.store.codec import column
from modtui.text.words import plain_case

MOST = 5000
"""Words that one part of a question may stand for; with more of them the texts are read instead."""
_GROUP = 30
_WINDOW, _STEP = 100, 50
_NEAR = 60_000
"""So many milliseconds a number may stand behind its time, where many texts have the same."""
FOUND = "SELECT rowid FROM said_words WHERE said_words MATCH ?"
_BETWEEN = re.compile(r"[\x00-/:-`{-\x7f\s\u2000-\u206f\u3000-\u303f]+")
"""What stands between words, in a folded text. It only has to be the same for texts and questions."""
_BLANKS = {code: " " for code in range(128) if _BETWEEN.match(chr(code))}
"""The same for plain ASCII, where it is ten times faster."""
KNOWN = 15_000
"""Words that a process remembers to be in `word`: the first that it meets, which are the frequent ones; 2 MB."""


class _Text(msgspec.Struct):
    text: str = ""


class _Place(msgspec.Struct):
    tags: list[str] = []


class Words(msgspec.Struct):
    """The part of a stored item that `text:` and `tag:` look at."""

    title: str = ""
    source: str | None = None
    body: _Text | None = None
    place: _Place | None = None

    @property
    def folded(self) -> str:
        """Title and text in one, folded for comparing without regard to case."""
        body = self.source if self.source is not None else self.body.text if self.body else ""
        return plain_case(f"{self.title}\n{body}")

    @property
    def tags(self) -> list[str]:
        """The tags of its thread."""
        return self.place.tags if self.place else []


_WORDS = msgspec.json.Decoder(Words)


def words(data: bytes) -> Words:
    """Title and text of a stored item; empty where it cannot be read."""
    try:
        return _WORDS.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Words()


def split(text: str) -> set[str]:
    """The words of a folded text. A very long one becomes pieces that overlap, so that each part of up to 50 signs is
    whole in one of them."""
    found = set(text.translate(_BLANKS).split()) if text.isascii() else set(_BETWEEN.split(text))
    found.discard("")
    if max(map(len, found), default=0) > _WINDOW:
        for long in [word for word in found if len(word) > _WINDOW]:
            found.remove(long)
            found.update(long[at : at + _WINDOW] for at in range(0, len(long) - _STEP, _STEP))
    return found


# -- keeping it

Mark = tuple[bytes, int]
"""Which file it is, and how often words were deleted from it."""


class Filled(msgspec.Struct, frozen=True):
    """What was indexed: how many rows, and words that stand in `word` from now on, under this mark of the file."""

    rows: int
    words: set[str]
    mark: Mark


class Known:
    """Words that surely stand in `word`, so that indexing looks up only the others. Another process may delete words:
    then nothing is known any more. Only what is committed may be `kept`."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._mark: Mark = (b"", 0)

    def at(self, mark: Mark) -> set[str]:
        """What is known while the file has this mark."""
        if mark != self._mark:
            self._words = set()
            self._mark = mark
        return self._words

    def keep(self, done: Filled) -> None:
        """What `fill` wrote is committed."""
        if done.mark == self._mark and len(self._words) < KNOWN:
            self._words |= done.words


def fill(connection: sqlite3.Connection, limit: int, known: Known) -> Filled:
    """Index up to `limit` rows of `unsaid`, the last ones first. Runs in a transaction of its own; once that is
    committed, `known` should `keep` it."""
    mark: Mark = connection.execute("SELECT birth, swept FROM words_state").fetchone()
    here = known.at(mark)
    rows = connection.execute(
        "SELECT unsaid.row, item.since_ms, body.data FROM unsaid LEFT JOIN item USING (row) LEFT JOIN body USING (row) "
        "ORDER BY unsaid.row DESC LIMIT ?", (limit,)
    ).fetchall()  # fmt: skip
    added: set[str] = set()
    taken: list[tuple[int, str]] = []
    for row, since_ms, data in rows:
        if since_ms is None or data is None:
            continue
        now = split(words(data).folded)
        added |= now
        doc = _free(connection, since_ms)
        connection.execute("INSERT OR REPLACE INTO said (doc, row) VALUES (?,?)", (doc, row))
        taken.append((doc, " ".join(now)))
    # In any other order than of their numbers FTS5 writes each row on its own.
    connection.executemany("INSERT INTO said_words (rowid, words) VALUES (?,?)", sorted(taken))
    fresh = added - here
    connection.executemany("INSERT OR IGNORE INTO word (word) VALUES (?)", [(word,) for word in sorted(fresh)])
    connection.executemany("DELETE FROM unsaid WHERE row=?", [(row,) for row, _, _ in rows])
    return Filled(len(rows), fresh, mark)


def rewrite(connection: sqlite3.Connection, row: int, data: bytes) -> None:
    """Write another body of a row, `data` (stored JSON), after its columns were written. Where it says the same and
    waits since the same time it stays indexed, else `fill` indexes it again."""
    found = connection.execute(
        "SELECT doc, data, since_ms FROM body LEFT JOIN said USING (row) LEFT JOIN item USING (row) WHERE row=?", (row,)
    ).fetchone()
    doc, old, since_ms = found or (None, None, None)
    same = old is not None and words(old).folded == words(data).folded
    if same and doc is not None and since_ms is not None:
        same = 0 <= doc - _first(since_ms) <= _NEAR
    if not same:
        drop(connection, [row])
    connection.execute("INSERT OR REPLACE INTO body (row, data) VALUES (?,?)", (row, data))
    if same and doc is not None:
        connection.execute("UPDATE said SET row=? WHERE doc=?", (row, doc))
        connection.execute("DELETE FROM unsaid WHERE row=?", (row,))


def drop(connection: sqlite3.Connection, rows: Iterable[int]) -> None:
    """Take rows out, and the words that nothing else has. Runs before their bodies are deleted."""
    gone: set[str] = set()
    taken: list[tuple[int, str]] = []
    for row in rows:
        found = connection.execute("SELECT doc, data FROM said JOIN body USING (row) WHERE row=?", (row,)).fetchone()
        if found is not None:
            old = split(words(found[1]).folded)
            taken.append((found[0], " ".join(old)))
            gone |= old
    connection.executemany("INSERT INTO said_words (said_words, rowid, words) VALUES ('delete', ?, ?)", sorted(taken))
    connection.executemany("DELETE FROM said WHERE doc=?", [(doc,) for doc, _ in taken])
    used = "SELECT 1 FROM said_words WHERE said_words MATCH ? LIMIT 1"
    unused = [(word,) for word in gone if connection.execute(used, (f'"{word}"',)).fetchone() is None]
    if unused:
        connection.executemany("DELETE FROM word WHERE word=?", unused)
        connection.execute("UPDATE words_state SET swept = swept + 1")


def tidy(connection: sqlite3.Connection, pages: int) -> bool:
    """Write a part of the index anew (about so many pages), so that words that were taken out leave the file. Whether
    that was all. Runs in a transaction of its own, until it is."""
    before = connection.total_changes
    connection.execute("INSERT INTO said_words (said_words, rank) VALUES ('merge', ?)", (-pages,))
    return connection.total_changes - before < 2


def _first(since_ms: int) -> int:
    return min(max(since_ms, 0), 1 << 50)


def _free(connection: sqlite3.Connection, since_ms: int) -> int:
    """A number that is free, and rises with the time: the millisecond, or soon after where many have the same."""
    first = _first(since_ms)
    doc, reach = first, 1
    while connection.execute("SELECT 1 FROM said WHERE doc=?", (doc,)).fetchone() is not None:
        doc = first + random.randrange(reach)
        reach *= 2
    return doc


# -- asking it


class Asked(msgspec.Struct, frozen=True):
    """What `said_words` is asked for texts with something in them: for each part the words that may stand for it.
    Where it is not `exact`, more is found. A part that no word stands for is found nowhere."""

    parts: tuple[tuple[str, ...], ...]
    exact: bool

    @property
    def nowhere(self) -> bool:
        """Whether nothing has it."""
        return not all(self.parts)

    @property
    def widest(self) -> int:
        """How many words stand for the part with most of them."""
        return max(map(len, self.parts))

    def condition(self) -> tuple[str, list[object]]:
        """As a condition on `said`, with its values: best for all. FTS5 looks at each word of an expression for each
        row that it finds, so many words are asked in groups."""
        if self.nowhere:
            return "0", []
        if self.widest <= _GROUP:
            return f"doc IN ({FOUND})", [every(self.parts)]
        sql: list[str] = []
        values: list[object] = []
        for words in self.parts:
            groups = [words[at : at + _GROUP] for at in range(0, len(words), _GROUP)]
            sql.append(f"doc IN ({' UNION ALL '.join([FOUND] * len(groups))})")
            values += map(_any, groups)
        return " AND ".join(sql), values


def every(parts: Iterable[tuple[str, ...]]) -> str:
    """All of the parts as one expression of FTS5: best for the newest few."""
    return " AND ".join(f"({_any(words)})" for words in parts)


def _any(words: Iterable[str]) -> str:
    """One of the words, in the language of FTS5. They hold no quotes, and quoted nothing in them is an operator."""
    return " OR ".join(f'"{word}"' for word in words)


class Vocabulary:
    """All words that there are, in one run of bytes: what is looked through for words with something in them. Read when
    it is first asked, then only what came since; words that went away stay in it and match nothing. Any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._birth = b""
        self._last = 0
        self._run = b"\n"

    def having(self, connection: sqlite3.Connection, part: str, *, starts: bool, ends: bool) -> list[str] | None:
        """The words with `part` in them: at their start, their end, as a whole or anywhere. None: more than MOST. Holds
        within the transaction of `connection`."""
        with self._turn:
            self._read(connection)
            run = self._run
        sought = (b"\n" if starts else b"") + part.encode() + (b"\n" if ends else b"")
        found: dict[str, None] = {}
        at = run.find(sought)
        while at >= 0:
            first = at + 1 if starts else run.rindex(b"\n", 0, at) + 1
            end = run.index(b"\n", max(first, at + 1))
            found[run[first:end].decode()] = None
            if len(found) > MOST:
                return None
            at = run.find(sought, end)
        return list(found)

    def _read(self, connection: sqlite3.Connection) -> None:
        birth = connection.execute("SELECT birth FROM words_state").fetchone()[0]
        if birth != self._birth:  # the file was made anew
            self._birth, self._last, self._run = birth, 0, b"\n"
        fresh: list[bytes] = []
        question = "SELECT id, CAST(word AS BLOB) FROM word WHERE id>? ORDER BY id"
        for id, word in connection.execute(question, (self._last,)):
            fresh.append(word)
            self._last = id
        if fresh:
            self._run += b"\n".join(fresh) + b"\n"


def ask(connection: sqlite3.Connection, vocabulary: Vocabulary, wanted: str) -> Asked | None:
    """What to ask for texts with `wanted` (folded) in them. None where words cannot tell: there the texts are read.

    The question holds only within the transaction in which it was made, as the words that there are may change.
    """
    parts = _BETWEEN.split(column(wanted) or "")
    last = len(parts) - 1
    groups: list[tuple[str, ...]] = []
    exact = last == 0 and len(parts[0]) <= _STEP
    for at, part in enumerate(parts):
        if not part:
            continue
        starts, ends = at > 0, at < last
        if len(part) > _STEP:  # of a long word the index has pieces
            part = part[-_STEP:] if ends else part[:_STEP]
            starts = ends = False
        found = vocabulary.having(connection, part, starts=starts, ends=ends)
        if found is None:
            exact = False
        elif not found:
            return Asked(((),), exact=True)
        else:
            groups.append(tuple(found))
    return Asked(tuple(groups), exact) if groups else None
