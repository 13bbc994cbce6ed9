"""Picking rows of a cached lane by their columns, and by words in their text: what filters over 100,000 rows need."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from modtui.domain.subjects import CommunityId, Lane
from modtui.store.cache import Cache
from modtui.store.codec import column, encode
from modtui.store.trouble import Damaged

_SPECIAL = re.compile(r"[\\%_]")


def pick(
    cache: Cache,
    columns: Sequence[str],
    lane: Lane | str,
    communities: Sequence[CommunityId],
    passes: Callable[[tuple[Any, ...]], object],
    *,
    where: str = "",
    values: Sequence[object] = (),
    open_only: bool = True,
) -> list[Any]:
    """The first columns (one is `id`, usually) of the lane's rows for which `passes` is true, in no order.

    `columns` and `where` are the caller's own SQL over the columns of `item` and `data` (the stored item), with `?` in
    `where` for `values`. The rows are looked at in the order of the file, which is several times faster than by index.
    Raises StoreError.
    """
    condition = "lane=?" + (" AND open=1" if open_only else "")
    condition += f" AND community IN ({','.join('?' * len(communities))})"
    if where:
        condition += f" AND {where}"
    bodies = " JOIN body USING (row)" if any("data" in part for part in (*columns, where)) else ""
    question = f"SELECT {', '.join(columns)} FROM item NOT INDEXED{bodies} WHERE {condition}"
    given = [lane, *communities, *(column(value) if isinstance(value, str) else value for value in values)]
    try:
        with cache.database.reading() as connection:
            return [row[0] for row in connection.execute(question, given) if passes(row)]
    except Damaged:
        cache.database.renew()
        return []


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
    ascii_parts = re.split(r"[^\x00-\x7f]+|ss", stored)  # SQLite folds only ASCII, and "ß" folds to "ss"
    pattern = "%".join(_SPECIAL.sub(r"\\\g<0>", part) for part in ascii_parts)
    return f"CAST({name} AS TEXT) LIKE ? ESCAPE '\\'", f"%{pattern}%"
