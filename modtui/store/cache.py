"""The cache: what the sites said last, so that the screen is there at once (cache.db). It may be deleted at any time.

Bodies stay for 30 days after they were last seen. Rows that cannot be read count as missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from modtui.domain.items import Account, Dossier, Item, Thread
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store import fulltext, people
from modtui.store.cachefile import hold_rows, last_row
from modtui.store.codec import ItemDecoder, column, decode, encode
from modtui.store.jobs import Work
from modtui.store.lanes import Lanes
from modtui.store.rows import BRIEF, STORED, PutResult, RowBrief, brief, stored

BATCH = 200
"""Items in one transaction: another process waits for the file no longer than a few milliseconds."""
_FILLED = 100
"""Texts that are indexed in one transaction in the background."""
_DAY_MS = 86_400_000
_ITEM = ItemDecoder()
_THREAD = msgspec.json.Decoder(Thread)
_DOSSIER = msgspec.json.Decoder(Dossier)
_ACCOUNT = msgspec.json.Decoder(Account)
_COUNTS = msgspec.json.Decoder(dict[str, int])
_INSERT = f"INSERT INTO item (row, {', '.join(STORED)}, fetched_ms, mark) VALUES ({','.join('?' * (len(STORED) + 3))})"
_UPDATE = f"UPDATE item SET {', '.join(f'{name}=?' for name in STORED)}, fetched_ms=?, mark=? WHERE row=?"


class Cache(Lanes):
    """cache.db, opened. Writing is async and answers after the commit; questions are plain and fast, from any thread.

    Every method may raise StoreError; a damaged file is thrown away, and what was in it counts as missing.
    """

    def __init__(self, path: Path, *, wait_s: float = 5.0, now_ms: Callable[[], int] | None = None) -> None:
        """Open or make `path`. A damaged file, or one of another version, is replaced by an empty one."""
        super().__init__(path, wait_s=wait_s, now_ms=now_ms)
        self._known = fulltext.Known()
        self.vocabulary = fulltext.Vocabulary()
        """The words of the cached texts, for searching."""

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

    async def change_items(self, ids: Sequence[str], change: Callable[[Item], Item]) -> list[str]:
        """Change rows as they are when they are written, in batches of 200: what was read before may be older than what
        another room has written since. `change` runs in the writer thread. Gives the ids of those that changed."""
        changed: list[str] = []
        taken = tuple(map(column, ids))
        for at in range(0, len(taken), BATCH):
            changed += (await self.database.write(self._changing(taken[at : at + BATCH], change))).changed
        return changed

    def _changing(self, ids: Sequence[str | None], change: Callable[[Item], Item]) -> Work[PutResult]:
        question = f"SELECT data FROM item JOIN body USING (row) WHERE id IN ({','.join('?' * len(ids))})"

        def work(connection: sqlite3.Connection) -> PutResult:
            found = [decode(data, _ITEM) for (data,) in connection.execute(question, ids).fetchall()]
            pairs = [(item, change(item)) for item in found if item is not None]
            return self._putting([after for before, after in pairs if after != before], self._now_ms())(connection)

        return work

    def _putting(self, batch: Sequence[Item], now_ms: int) -> Work[PutResult]:
        def work(connection: sqlite3.Connection) -> PutResult:
            added: list[str] = []
            changed: list[str] = []
            row = last_row(connection)
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
                self.database.jobs.idle = self._index
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
            hold_rows(connection)
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

    # -- letting go

    async def expire(self, days: float = 30) -> int:
        """Delete what was not seen for so many days. How many items went."""
        from modtui.store import expiry

        return await expiry.expire(self.database, self._now_ms() - int(days * _DAY_MS))

    async def forget(self, username: str, *, community: str | None = None) -> int:
        """Delete every row, thread, solved thread and dossier in which a member is named (of one community, or of all):
        they can be read again. How many rows went."""
        from modtui.store import expiry

        return await expiry.forget(self.database, username, community)

    # -- words in texts

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
