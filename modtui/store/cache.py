"""The cache: what the sites said last, so that the screen is there at once (cache.db). It may be deleted at any time.

Bodies stay for 30 days after they were last seen. Rows that cannot be read count as missing.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from modtui.domain.items import Account, Dossier, Item, Thread
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.store import fulltext, people
from modtui.store.codec import column, decode, encode
from modtui.store.database import Database, Work
from modtui.store.rows import BRIEF, MEMBER_ORDERS, ORDERS, STORED, Order, PutResult, RowBrief, brief, stored
from modtui.store.schema import CACHE_VERSION, prepare_cache
from modtui.store.trouble import Damaged

T = TypeVar("T")
BATCH = 200
"""Items in one transaction: another process waits for the file no longer than a few milliseconds."""
ANSWERED = "answered:"
"""How the keys of small facts about reading solved threads begin."""
_GIVEN = "rows given"
"""The key of the highest row number that was given, where that row may be gone."""
SMALL = 5_000
"""So many rows are looked through in a few milliseconds."""
_CHUNK = 500
_FILLED = 100
"""Texts that are indexed in one transaction in the background."""
_PAGES = 100
"""Pages of the index that are written anew in one transaction."""
_DAY_MS = 86_400_000
_ITEM = msgspec.json.Decoder(Item)
_THREAD = msgspec.json.Decoder(Thread)
_DOSSIER = msgspec.json.Decoder(Dossier)
_ACCOUNT = msgspec.json.Decoder(Account)
_COUNTS = msgspec.json.Decoder(dict[str, int])
_INSERT = f"INSERT INTO item (row, {', '.join(STORED)}, fetched_ms, mark) VALUES ({','.join('?' * (len(STORED) + 3))})"
_UPDATE = f"UPDATE item SET {', '.join(f'{name}=?' for name in STORED)}, fetched_ms=?, mark=? WHERE row=?"


class Cache:
    """cache.db, opened. Writing is async and answers after the commit; questions are plain and fast, from any thread.

    Every method may raise StoreError; a damaged file is thrown away, and what was in it counts as missing.
    """

    def __init__(self, path: Path, *, wait_s: float = 5.0, now_ms: Callable[[], int] | None = None) -> None:
        """Open or make `path`. A damaged file, or one of another version, is replaced by an empty one."""
        self.database = Database(
            path, what="the cache", version=CACHE_VERSION, prepare=prepare_cache, synchronous="NORMAL", group=1,
            wait_s=wait_s, disposable=True, page_size=16_384,
        )
        self._known = fulltext.Known()
        self.vocabulary = fulltext.Vocabulary()
        """The words of the cached texts, for searching."""
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)

    def now_ms(self) -> int:
        """The clock of this cache (UTC ms)."""
        return self._now_ms()

    # -- items

    async def put_items(self, items: Sequence[Item]) -> PutResult:
        """Keep items as they are now, in batches of 200. Says which are new and which changed."""
        added: list[str] = []
        changed: list[str] = []
        taken = tuple(items)
        for at in range(0, len(taken), BATCH):
            result = await self.database.write(self._putting(taken[at : at + BATCH], self._now_ms()))
            added.extend(result.added)
            changed.extend(result.changed)
        return PutResult(added, changed)

    def _putting(self, batch: Sequence[Item], now_ms: int) -> Work[PutResult]:
        def work(connection: sqlite3.Connection) -> PutResult:
            added: list[str] = []
            changed: list[str] = []
            row = _last_row(connection)
            for item in batch:
                data = encode(item)
                mark = blake2b(data, digest_size=12).digest()
                values = stored(item)
                found = connection.execute("SELECT row, mark, fetched_ms FROM item WHERE id=?", values[:1]).fetchone()
                if found is None:
                    row += 1
                    connection.execute(_INSERT, (row, *values, now_ms, mark))
                    connection.execute("INSERT OR REPLACE INTO body (row, data) VALUES (?,?)", (row, data))
                    if item.lane == "members":
                        people.put(connection, row, item)
                    added.append(item.id)
                elif found[1] != mark:
                    connection.execute(_UPDATE, (*values, now_ms, mark, found[0]))
                    fulltext.rewrite(connection, found[0], data)
                    if item.lane == "members":
                        people.put(connection, found[0], item)
                    changed.append(item.id)
                elif now_ms - found[2] > _DAY_MS or now_ms < found[2]:  # a poll that brings nothing new writes nothing
                    connection.execute("UPDATE item SET fetched_ms=? WHERE row=?", (now_ms, found[0]))
            if added or changed:
                self.database.idle = self._index
            return PutResult(added, changed)

        return work

    async def mark_gone(self, refs: Iterable[SubjectRef], why: str = "it is not on the site any more") -> list[str]:
        """Mark subjects as gone in every lane that holds them; `why` becomes the row's problem. The ids of the rows."""
        gone = [msgspec.structs.replace(item, state="gone", problem=why) for ref in refs for item in self.by_ref(ref)]
        return (await self.put_items(gone)).changed

    async def drop_items(self, ids: Iterable[str]) -> None:
        """Forget these rows."""
        taken = [(column(id_),) for id_ in ids]

        def work(connection: sqlite3.Connection) -> None:
            _hold_rows(connection)
            found = [connection.execute("SELECT row FROM item WHERE id=?", one).fetchone() for one in taken]
            rows = [row for row in found if row is not None]
            fulltext.drop(connection, [row for (row,) in rows])
            connection.executemany("DELETE FROM body WHERE row=?", rows)
            connection.executemany("DELETE FROM item WHERE row=?", rows)

        await self.database.write(work)

    def item(self, id_: str) -> Item | None:
        """One row, whole."""
        return self.items([id_])[0]

    def items(self, ids: Sequence[str]) -> list[Item | None]:
        """Rows, whole, in the order of `ids`; None for each that is not here."""
        found = dict(self._chunks("SELECT id, data FROM item JOIN body USING (row) WHERE id IN ({})", ids))
        return [None if (data := found.get(id_)) is None else decode(data, _ITEM) for id_ in ids]

    def by_ref(self, ref: SubjectRef) -> list[Item]:
        """The rows about one subject, over all lanes."""
        found: list[tuple[bytes]] = self._ask(
            lambda c: c.execute(
                "SELECT data FROM item JOIN body USING (row) WHERE community=? AND kind=? AND native=? ORDER BY id",
                (column(ref.community), column(ref.kind), column(ref.native)),
            ).fetchall(), [],
        )
        items = [decode(data, _ITEM) for (data,) in found]
        return [item for item in items if item is not None]

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

    def last_row(self) -> int:
        """The highest row number that was given to an item."""
        return self._ask(_last_row, 0)

    async def apart(self, question: Callable[[], T]) -> T:
        """The answer to a long question, asked in a thread with a connection of its own where there is much to look
        through, so that nobody waits behind it. Raises what `question` raises."""

        def ask() -> T:
            with self.database.apart():
                return question()

        return await asyncio.to_thread(ask) if self.last_row() > SMALL else question()

    def rows_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The row numbers of these ids; what is not here is left out. A number belongs to one id for as long as the
        file lives: it is not given to another one later."""
        return dict(self._chunks("SELECT id, row FROM item WHERE id IN ({})", ids))

    def ids_of(self, rows: Sequence[int]) -> list[str | None]:
        """The ids of rows by their numbers; None for each that is not here any more."""
        found = dict(self._numbered("SELECT row, id FROM item WHERE row IN ({})", rows))
        return [found.get(row) for row in rows]

    def items_of(self, rows: Sequence[int]) -> list[tuple[str, Item | None] | None]:
        """Rows by their numbers: id and item (None where it cannot be read); None for each that is not here any
        more."""
        question = "SELECT item.row, id, data FROM item LEFT JOIN body USING (row) WHERE item.row IN ({})"
        found = {row: (id_, data) for row, id_, data in self._numbered(question, rows)}
        items: list[tuple[str, Item | None] | None] = []
        for row in rows:
            id_, data = found.get(row, ("", None))
            items.append((id_, None if data is None else decode(data, _ITEM)) if id_ else None)
        return items

    def briefs_of(self, rows: Sequence[int]) -> list[RowBrief | None]:
        """The columns of rows by their numbers; None for each that is not here any more."""
        found = {row[0]: row[1:] for row in self._numbered(f"SELECT row, {BRIEF} FROM item WHERE row IN ({{}})", rows)}
        return [brief(found[row]) if row in found else None for row in rows]

    def rows(self, ids: Sequence[str]) -> list[RowBrief]:
        """The columns of these rows, in the order of `ids`; what is not here is left out."""
        found = {row[0]: row for row in self._chunks(f"SELECT {BRIEF} FROM item WHERE id IN ({{}})", ids)}
        return [brief(found[id_]) for id_ in ids if id_ in found]

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

    # -- what stands around items

    async def put_thread(self, item_id: str, thread: Thread) -> None:
        """Keep the thread around an item."""
        values = (column(item_id), self._now_ms(), encode(thread))
        await self.database.write(lambda c: c.execute("INSERT OR REPLACE INTO thread VALUES (?,?,?)", values))

    def thread(self, item_id: str) -> tuple[Thread, int] | None:
        """The thread around an item, and when it was fetched (UTC ms)."""
        return self._one("SELECT data, fetched_ms FROM thread WHERE item=?", (column(item_id),), _THREAD)

    def thread_ms(self, item_id: str) -> int | None:
        """When the thread around an item was fetched (UTC ms); None when it is not here."""
        question = "SELECT fetched_ms FROM thread WHERE item=?"
        row = self._ask(lambda c: c.execute(question, (column(item_id),)).fetchone(), None)
        return None if row is None else int(row[0])

    def threads_of(self, lane: Lane | str, communities: Sequence[CommunityId]) -> int:
        """How many open rows of a lane have their thread here."""
        where, values = _where(lane, communities, True)
        question = f"SELECT count(*) FROM thread CROSS JOIN item ON item.id = thread.item {where}"
        return self._ask(lambda c: int(c.execute(question, values).fetchone()[0]), 0)

    def threads_held(self, ids: Sequence[str]) -> int:
        """How many of these items have their thread here."""
        return len(self._chunks("SELECT item FROM thread WHERE item IN ({})", ids))

    async def put_dossier(self, community: CommunityId, native: str, dossier: Dossier) -> None:
        """Keep what is known about a member; `native` as the caller will ask for it."""
        values = (column(community), column(native), self._now_ms(), encode(dossier))
        await self.database.write(lambda c: c.execute("INSERT OR REPLACE INTO dossier VALUES (?,?,?,?)", values))

    def dossier(self, community: CommunityId, native: str) -> tuple[Dossier, int] | None:
        """What is known about a member, and when it was fetched (UTC ms)."""
        return self._one(
            "SELECT data, fetched_ms FROM dossier WHERE community=? AND native=?", (column(community), column(native)),
            _DOSSIER,
        )

    async def put_account(self, community: CommunityId, account: Account) -> None:
        """Keep who we are on a community."""
        values = (column(community), encode(account))
        await self.database.write(lambda c: c.execute("INSERT OR REPLACE INTO account VALUES (?,?)", values))

    def account(self, community: CommunityId) -> Account | None:
        """Who we were on a community when it last answered."""
        found = self._one("SELECT data, 0 FROM account WHERE community=?", (column(community),), _ACCOUNT)
        return found[0] if found else None

    async def put_counts(self, community: CommunityId, counts: Mapping[str, int]) -> None:
        """Keep a community's lane counts."""
        values = (column(community), encode(dict(counts)))
        await self.database.write(lambda c: c.execute("INSERT OR REPLACE INTO counts VALUES (?,?)", values))

    def counts(self, community: CommunityId) -> dict[str, int]:
        """A community's lane counts as last told; empty when there are none."""
        found = self._one("SELECT data, 0 FROM counts WHERE community=?", (column(community),), _COUNTS)
        return found[0] if found else {}

    async def put_meta(self, key: str, value: str | None) -> None:
        """Keep a small fact (a cursor, a position) under a name; None removes it."""

        def work(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute("DELETE FROM meta WHERE key=?", (key,))
            else:
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, column(value)))

        await self.database.write(work)

    def get_meta(self, key: str) -> str | None:
        """The small fact kept under a name."""
        row = self._ask(lambda c: c.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone(), None)
        return None if row is None else str(row[0])

    # -- letting go

    async def expire(self, days: float = 30) -> int:
        """Delete what was not seen for so many days. How many items went."""
        limit = self._now_ms() - int(days * _DAY_MS)

        reached = -1

        def some(connection: sqlite3.Connection) -> int:
            nonlocal reached
            _hold_rows(connection)
            question = f"SELECT row FROM item WHERE row > ? AND fetched_ms < ? ORDER BY row LIMIT {_CHUNK}"
            old: list[tuple[int]] = connection.execute(question, (reached, limit)).fetchall()
            reached = old[-1][0] if old else reached
            fulltext.drop(connection, [row for (row,) in old])
            connection.executemany("DELETE FROM body WHERE row=?", old)
            connection.executemany("DELETE FROM item WHERE row=?", old)
            return len(old)

        def work(connection: sqlite3.Connection) -> None:
            for table in ("thread", "dossier"):
                connection.execute(f"DELETE FROM {table} WHERE fetched_ms < ?", (limit,))
            connection.execute("DELETE FROM spoken WHERE at_ms < ? AND hand = 0", (limit,))
            if connection.execute("DELETE FROM solved WHERE fetched_ms < ?", (limit,)).rowcount:
                connection.execute(f"DELETE FROM meta WHERE key GLOB '{ANSWERED}*'")  # they are read anew, then

        gone = last = await self.database.write(some)
        while last == _CHUNK:  # bit by bit, as others may wait for the file
            gone += (last := await self.database.write(some))
        await self.database.write(work, truncate=True)
        if gone:
            await self._tidy()
        return gone

    async def forget(self, username: str, *, community: str | None = None) -> int:
        """Delete every row, thread, solved thread and dossier in which a member is named (of one community, or of all):
        they can be read again. How many rows went."""
        needle = encode(username.strip().lstrip("@"))[1:-1].decode().casefold()

        def named(connection: sqlite3.Connection, question: str) -> list[tuple[int]]:
            return [
                (row,) for row, where, data in connection.execute(question)
                if community in (None, where) and needle in data.decode("utf-8", "replace").casefold()
            ]  # fmt: skip

        def work(connection: sqlite3.Connection) -> int:
            question = "SELECT body.row, item.community, body.data FROM body JOIN item ON item.row = body.row"
            rows = named(connection, question)
            _hold_rows(connection)
            connection.executemany("DELETE FROM spoken WHERE item IN (SELECT id FROM item WHERE row=?)", rows)
            fulltext.drop(connection, [row for (row,) in rows])
            connection.executemany("DELETE FROM body WHERE row=?", rows)
            connection.executemany("DELETE FROM item WHERE row=?", rows)
            # an item's id is lane/community/...
            where = "substr(item, instr(item, '/') + 1)"
            threads = named(
                connection, f"SELECT rowid, substr({where}, 1, instr({where} || '/', '/') - 1), data FROM thread"
            )
            connection.executemany("DELETE FROM thread WHERE rowid=?", threads)
            dossiers = named(connection, "SELECT rowid, community, data FROM dossier")
            connection.executemany("DELETE FROM dossier WHERE rowid=?", dossiers)
            solved = named(connection, "SELECT row, community, data FROM solved")
            if solved:
                connection.executemany("DELETE FROM solved WHERE row=?", solved)
                connection.execute("INSERT INTO solved_index(solved_index) VALUES ('optimize')")  # no words stay behind
            return len(rows)

        gone = await self.database.write(work, truncate=True) if needle else 0
        if gone:
            await self._tidy()
        return gone

    async def _tidy(self) -> None:
        """Words that were taken out of the index leave the file, too: bit by bit, as others may wait for the file."""
        while not await self.database.write(lambda c: fulltext.tidy(c, _PAGES), truncate=True):
            pass

    def index_soon(self) -> None:
        """Index the texts that are not indexed yet, bit by bit, while nothing else is written. Until then every search
        reads them, so this need not come about."""
        self.database.when_idle(self._index)

    def unindexed(self) -> int:
        """How many texts are not indexed yet."""
        return self._ask(lambda c: int(c.execute("SELECT count(*) FROM unsaid").fetchone()[0]), 0)

    def _index(self, connection: sqlite3.Connection) -> Callable[[], bool]:
        done = fulltext.fill(connection, _FILLED, self._known)

        def committed() -> bool:
            self._known.keep(done)
            return done.rows == _FILLED

        return committed

    def data_version(self) -> int:
        """A number that rises when another process has written to the cache. Never waits."""
        return self.database.data_version()

    async def close(self) -> None:
        """Finish what is queued, then close."""
        await self.database.close()

    # -- asking

    def _ask(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        try:
            with self.database.reading() as connection:
                return question(connection)
        except Damaged:
            self.database.renew()
            return nothing

    def _chunks(self, question: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        def ask(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for at in range(0, len(ids), _CHUNK):
                chunk = [column(id_) for id_ in ids[at : at + _CHUNK]]
                found.extend(connection.execute(question.format(",".join("?" * len(chunk))), chunk))
            return found

        return self._ask(ask, [])

    def _numbered(self, question: str, rows: Sequence[int]) -> list[tuple[Any, ...]]:
        def ask(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for at in range(0, len(rows), _CHUNK):
                chunk = rows[at : at + _CHUNK]
                found.extend(connection.execute(question.format(",".join("?" * len(chunk))), tuple(chunk)))
            return found

        return self._ask(ask, [])

    def _one(
        self, question: str, values: Sequence[object], decoder: msgspec.json.Decoder[T]
    ) -> tuple[T, int] | None:
        row = self._ask(lambda c: c.execute(question, tuple(values)).fetchone(), None)
        value = None if row is None else decode(row[0], decoder)
        return None if value is None or row is None else (value, int(row[1]))


def _last_row(connection: sqlite3.Connection) -> int:
    """The highest row number that was ever given to an item."""
    question = "SELECT coalesce(max(row), 0), (SELECT CAST(value AS INTEGER) FROM meta WHERE key=?) FROM item"
    here, given = connection.execute(question, (_GIVEN,)).fetchone()
    return max(int(here), int(given or 0))


def _hold_rows(connection: sqlite3.Connection) -> None:
    """Before rows are deleted: their numbers are not given again."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (_GIVEN, str(_last_row(connection))))


def _where(lane: str, communities: Sequence[str] | None, open_only: bool) -> tuple[str, list[object]]:
    where, values = "WHERE lane=?", list[object]([lane])
    if open_only:
        where += " AND open=1"
    if communities is not None:
        where += f" AND community IN ({','.join('?' * len(communities))})"
        values.extend(communities)
    return where, values
