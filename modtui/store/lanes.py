"""The lanes of the cache: which rows a lane has, in which order, and how many."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import msgspec

from modtui.domain.subjects import CommunityId, Lane
from modtui.store.cachefile import CacheFile
from modtui.store.codec import column
from modtui.store.rows import MEMBER_ORDERS, ORDERS, Order


class Lanes(CacheFile):
    """A part of `Cache`. Every method may raise StoreError."""

    def ids(
        self,
        lane: Lane | str,
        communities: Sequence[CommunityId] | None = None,
        *,
        open_only: bool = True,
        order: Order = "oldest",
        limit: int | None = None,
    ) -> list[str]:
        """The ids of a lane's rows, of all communities or of the given ones, in order, all or the first `limit`.
        Missing values come last."""
        where, values = _where(lane, communities, open_only)
        # Indexes have the rows in order of age and of their clocks. For the other orders, all rows in the order of the
        # file are read several times faster than one by one through such an index.
        source = "item" if order in ("oldest", "newest", "due") else "item NOT INDEXED"
        if order in MEMBER_ORDERS:
            source += " JOIN member USING (row)"
        question = f"SELECT id FROM {source} {where} ORDER BY {ORDERS[order]}"
        if limit is not None:
            question += f" LIMIT {limit:d}"
        return self._ask(lambda c: [row[0] for row in c.execute(question, values)], [])

    def numbers(
        self, lane: Lane | str, communities: Sequence[CommunityId], *, open_only: bool = True, order: Order = "oldest",
        without: Sequence[int] = (),
    ) -> array[int]:  # fmt: skip
        """As `ids`, but row numbers, packed, and without some of them."""
        where, values = _where(lane, communities, open_only)
        source = "item" if order in ("oldest", "newest", "due") else "item NOT INDEXED"
        if order in MEMBER_ORDERS:
            source += " JOIN member USING (row)"
        if without:
            where += f" AND row NOT IN ({','.join(map(str, without))})"
        question = f"SELECT row FROM {source} {where} ORDER BY {ORDERS[order]}"
        return self._ask(lambda c: array("q", (row for (row,) in c.execute(question, values))), array("q"))

    def in_order(self, rows: Iterable[int], order: Order) -> array[int]:
        """Row numbers in an order; what is not here is left out."""
        source = "item JOIN member USING (row)" if order in MEMBER_ORDERS else "item"
        question = (
            f"SELECT row FROM {source} WHERE row IN (SELECT value FROM json_each(?)) ORDER BY {ORDERS[order]}"
        )
        given = msgspec.json.encode(list(rows)).decode()
        return self._ask(lambda c: array("q", (row for (row,) in c.execute(question, (given,)))), array("q"))

    def oldest_open(
        self, lane: Lane | str, community: CommunityId, *, after: tuple[int, str] | None, before_ms: int | None,
        limit: int,
    ) -> list[tuple[int, str, int]]:  # fmt: skip
        """The next open rows of a lane, oldest first: since when they wait (UTC ms), id and row number. `after` is the
        place of the row before them, and they wait for longer than since `before_ms`. None: from the first, to the
        last."""
        where, values = _where(lane, [community], True)
        if after is not None:
            where += " AND (since_ms, id) > (?,?)"
            values.extend(after)
        if before_ms is not None:
            where += " AND since_ms < ?"
            values.append(before_ms)
        question = f"SELECT since_ms, id, row FROM item {where} ORDER BY since_ms, id LIMIT {limit:d}"
        return self._ask(lambda c: c.execute(question, values).fetchall(), [])

    def numbered(self, lane: Lane | str, communities: Sequence[CommunityId], native: str) -> list[str]:
        """The ids of a lane's rows, open or not, that have this native id, oldest first."""
        where, values = _where(lane, communities, False)
        question = f"SELECT id FROM item NOT INDEXED {where} AND native=? ORDER BY since_ms, id"
        return self._ask(lambda c: [row[0] for row in c.execute(question, (*values, column(native)))], [])

    def called(self, lane: Lane | str, communities: Sequence[CommunityId], name: str) -> list[str]:
        """The ids of a lane's open rows that have this native id or this number, native ids first, then the oldest."""
        where, values = _where(lane, communities, True)
        wanted = column(name)
        question = (
            f"SELECT id FROM item NOT INDEXED {where} AND (native=? OR ltrim(number, '#')=?)"
            " ORDER BY native=? DESC, since_ms, id"
        )
        values += [wanted, wanted, wanted]
        return self._ask(lambda c: [row[0] for row in c.execute(question, values)], [])

    def clocked(self, lanes: Sequence[Lane | str], after: int, *, bare: Sequence[Lane | str], limit: int) -> list[int]:
        """The next open rows of these lanes by their number, from `after` on; of the `bare` lanes only those that have
        a clock. At the end of the file it is empty."""
        marks, without = (",".join("?" * len(each)) for each in (lanes, bare))
        question = (
            f"SELECT row FROM item NOT INDEXED WHERE row > ? AND open=1 AND lane IN ({marks})"
            f" AND (due_ms IS NOT NULL OR lane NOT IN ({without})) ORDER BY row LIMIT {limit:d}"
        )
        return self._ask(lambda c: [row for (row,) in c.execute(question, (after, *lanes, *bare))], [])

    def count(self, lane: Lane | str, community: CommunityId | None = None) -> int:
        """How many open rows of a lane are here. Costs the same however many they are."""
        where, values = "lane=?", list[object]([lane])
        if community is not None:
            where, values = "lane=? AND community=?", [lane, column(community)]
        question = f"SELECT coalesce(sum(open), 0) FROM lane_count WHERE {where}"
        return self._ask(lambda c: int(c.execute(question, values).fetchone()[0]), 0)

    def newest_ms(self, lane: Lane | str, community: CommunityId | None = None) -> int | None:
        """The youngest `since_ms` of a lane's open rows here (UTC ms)."""
        where, values = _where(lane, None if community is None else [community], True)
        found = self._ask(lambda c: c.execute(f"SELECT max(since_ms) FROM item {where}", values).fetchone(), None)
        return None if found is None or found[0] is None else int(found[0])

    def threads_of(self, lane: Lane | str, communities: Sequence[CommunityId]) -> int:
        """How many open rows of a lane have their thread here."""
        where, values = _where(lane, communities, True)
        question = f"SELECT count(*) FROM thread CROSS JOIN item ON item.id = thread.item {where}"
        return self._ask(lambda c: int(c.execute(question, values).fetchone()[0]), 0)


def _where(lane: str, communities: Sequence[str] | None, open_only: bool) -> tuple[str, list[object]]:
    where, values = "WHERE lane=?", list[object]([lane])
    if open_only:
        where += " AND open=1"
    if communities is not None:
        where += f" AND community IN ({','.join('?' * len(communities))})"
        values.extend(communities)
    return where, values
