"""Picking rows of a cached lane by their columns, and by words in their text: what filters over 100,000 rows need."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from modtui.domain.subjects import CommunityId, Lane
from modtui.store import fulltext
from modtui.store.cache import Cache
from modtui.store.codec import column, encode
from modtui.store.fulltext import words
from modtui.store.trouble import Damaged
from modtui.text.patterns import pattern

_SPECIAL = pattern(r"[\\%_]")
_UNSURE = pattern(r"[a-z]?[^\x00-\x7f]+[a-z]?|f+[il]?|s+t?|[k;`]|\\n|^[a-z]|[a-z]$")
"""What SQLite may see otherwise than Python does: it folds only ASCII, but ß folds to ss, a ligature to ff, fi, fl or
st, the Kelvin sign to k, two signs to ; and `, and some letters to one of ASCII with a mark behind it; at the ends half
of such a sign may stand. Title and text are two in the stored item, and in one with a new line between them where they
are searched."""


class Text(msgspec.Struct, frozen=True):
    """A condition on title and text: one of the values (folded) is in it; `negative`: none is."""

    values: tuple[str, ...]
    negative: bool = False

    def holds(self, data: bytes) -> bool:
        """Whether it holds for a stored item."""
        text = words(data).folded
        return any(value in text for value in self.values) is not self.negative


def pick(
    cache: Cache,
    columns: Sequence[str],
    lane: Lane | str,
    communities: Sequence[CommunityId],
    passes: Callable[[tuple[Any, ...]], object] | None = None,
    *,
    where: str = "",
    values: Sequence[object] = (),
    texts: Sequence[Text] = (),
    open_only: bool = True,
) -> list[Any]:
    """The first columns (one is `id`, usually) of the lane's rows for which `passes` is true and the conditions on
    texts hold, in no order.

    `columns` and `where` are the caller's own SQL over the columns of `item` and `data` (the stored item), with `?` in
    `where` for `values`. The rows are looked at in the order of the file, which is several times faster than by index,
    or by the index of words. Raises StoreError.
    """
    condition = "lane=?" + (" AND open=1" if open_only else "")
    condition += f" AND community IN ({','.join('?' * len(communities))})"
    if where:
        condition += f" AND {where}"
    given = [lane, *communities, *(column(value) if isinstance(value, str) else value for value in values)]
    try:
        with cache.database.reading() as connection:
            found: list[Any] = []
            for part in _parts(connection, cache, texts):
                extra = ["data"] if part.tests else []
                bodies = " JOIN body USING (row)" if any("data" in each for each in (*columns, *extra, where)) else ""
                question = (
                    f"SELECT {', '.join([*columns, *extra])} FROM item NOT INDEXED{bodies} "
                    f"WHERE {' AND '.join([condition, *part.where])}"
                )
                found += [
                    row[0] for row in connection.execute(question, (*given, *part.values))
                    if (passes is None or passes(row)) and all(text.holds(row[-1]) for text in part.tests)
                ]  # fmt: skip
            return found
    except Damaged:
        cache.database.renew()
        return []


class _Part(msgspec.Struct):
    """Some of the rows: conditions on `item` for the index of words, and what has to be read."""

    where: list[str]
    values: list[object]
    tests: list[Text]


def _parts(connection: sqlite3.Connection, cache: Cache, texts: Sequence[Text]) -> list[_Part]:
    """The rows that are indexed, and those that are not yet."""
    if not texts:
        return [_Part([], [], [])]
    indexed = _Part([], [], [])
    for text in texts:
        asked = [fulltext.ask(connection, cache.vocabulary, value) for value in text.values]
        if None in asked or (text.negative and not all(one is not None and one.exact for one in asked)):
            _read(indexed, text)
            continue
        conditions = [one.condition() for one in asked if one is not None]
        either = " OR ".join(f"({sql})" for sql, _ in conditions)
        indexed.where.append(f"item.row {'NOT IN' if text.negative else 'IN'} (SELECT row FROM said WHERE {either})")
        indexed.values += [value for _, values in conditions for value in values]
        if not all(one is not None and one.exact for one in asked):
            indexed.tests.append(text)
    if connection.execute("SELECT 1 FROM unsaid LIMIT 1").fetchone() is None:
        return [indexed]
    indexed.where.append("item.row NOT IN (SELECT row FROM unsaid)")
    rest = _Part(["item.row IN (SELECT row FROM unsaid)"], [], [])
    for text in texts:
        _read(rest, text)
    return [indexed, rest]


def _read(part: _Part, text: Text) -> None:
    """Let texts be read; SQLite throws out most of them first."""
    if not text.negative:
        hints = [holding("data", value) for value in text.values]
        part.where.append("(" + " OR ".join(sql for sql, _ in hints) + ")")
        part.values += [value for _, value in hints]
    part.tests.append(text)


def overdue(cache: Cache, lane: Lane | str, communities: Sequence[CommunityId], now_ms: int) -> tuple[int, int]:
    """How many open rows of the lane are due, and of how many more half of the time is over. Raises StoreError."""
    question = (
        "SELECT coalesce(sum(due_ms<=?), 0), count(*) FROM item WHERE lane=? AND open=1 AND due_ms IS NOT NULL "
        f"AND amber_ms<=? AND community IN ({','.join('?' * len(communities))})"
    )
    try:
        with cache.database.reading() as connection:
            late, both = connection.execute(question, (now_ms, lane, now_ms, *communities)).fetchone()
            return int(late), int(both) - int(late)
    except Damaged:
        cache.database.renew()
        return 0, 0


def holding(name: str, needle: str) -> tuple[str, str]:
    """A condition on a column (`data`: the stored item) that holds at least where it has `needle` (folded) in any case;
    it may hold elsewhere, too."""
    stored = encode(needle)[1:-1].decode("utf-8", "replace") if name == "data" else needle
    ascii_parts = _UNSURE.split(stored)
    pattern = "%".join(_SPECIAL.sub(r"\\\g<0>", part) for part in ascii_parts)
    return f"CAST({name} AS TEXT) LIKE ? ESCAPE '\\'", f"%{pattern}%"
