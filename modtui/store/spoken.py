"""The language that was found in an item's text, or set for it by hand (in cache.db)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from modtui.store.cache import Cache
from modtui.store.codec import column
from modtui.store.trouble import Damaged

_CHUNK = 500


class SpokenRow(msgspec.Struct, frozen=True):
    """`text` is the checksum of the text that was looked at (None: none was); `language` None means that it does not
    tell. `hand`: a person has set it, and it holds whatever the text."""

    item: str
    text: int | None
    language: str | None
    hand: bool = False


class Spoken:
    """The languages of items by their ids."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def of(self, ids: Sequence[str]) -> dict[str, SpokenRow]:
        """What is known of these items. Raises StoreError."""
        found: dict[str, SpokenRow] = {}
        try:
            with self._cache.database.reading() as connection:
                for at in range(0, len(ids), _CHUNK):
                    chunk = [column(id_) for id_ in ids[at : at + _CHUNK]]
                    marks = ",".join("?" * len(chunk))
                    question = f"SELECT item, text, language, hand FROM spoken WHERE item IN ({marks})"
                    for item, text, language, hand in connection.execute(question, chunk):
                        found[item] = SpokenRow(item, text, language, bool(hand))
        except Damaged:
            self._cache.database.renew()
        return found

    async def put(self, rows: Sequence[SpokenRow]) -> None:
        """Keep what was found; what was set by hand stays. Raises StoreError."""
        now_ms = self._cache.now_ms()
        values = [(column(row.item), row.text, column(row.language), int(row.hand), now_ms) for row in rows]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO spoken (item, text, language, hand, at_ms) VALUES (?,?,?,?,?) "
                "ON CONFLICT (item) DO UPDATE SET text=excluded.text, language=excluded.language, hand=excluded.hand, "
                "at_ms=excluded.at_ms WHERE hand = 0 OR excluded.hand = 1",
                values,
            )

        await self._cache.database.write(work)

    async def drop(self, ids: Sequence[str]) -> None:
        """Forget what is known of these items, also what was set by hand. Raises StoreError."""
        values = [(column(id_),) for id_ in ids]
        await self._cache.database.write(lambda c: c.executemany("DELETE FROM spoken WHERE item=?", values))
