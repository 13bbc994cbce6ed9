"""A cache.db that an earlier version 2 made is used on, with what is in it: its parts came one after another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from modtui.domain.items import Item
from modtui.store import Cache
from modtui.store.codec import encode
from modtui.store.people import named
from modtui.store.posts import search_posts
from modtui.store.rows import STORED, stored
from modtui.store.schema import APPLICATION, CACHE_VERSION, script
from modtui.store.tables import ADDED, CACHE
from tests.core.store_samples import HARBOUR, item

pytestmark = pytest.mark.anyio


def older(path: Path, items: list[Item], parts: list[str]) -> None:
    """A cache as it was when it had only some of the parts that were added, with these items."""
    columns = ("row", *STORED, "fetched_ms", "mark")
    with closing(sqlite3.connect(path)) as connection:
        script(connection, CACHE)
        for part in parts:
            script(connection, ADDED[part])
        for row, each in enumerate(items, 1):
            values = (row, *stored(each), 2**50, b"")
            marks = ",".join("?" * len(columns))
            connection.execute(f"INSERT INTO item ({','.join(columns)}) VALUES ({marks})", values)
            connection.execute("INSERT INTO body (row, data) VALUES (?,?)", (row, encode(each)))
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={CACHE_VERSION}")
        connection.commit()


@pytest.mark.parametrize("many", range(len(ADDED) + 1))
async def test_what_was_added_comes_into_an_older_cache_and_nothing_is_lost(tmp_path: Path, many: int) -> None:
    path = tmp_path / "cache.db"
    items = [item(n, text=f"rope {n}") for n in range(5)]
    older(path, items, list(ADDED)[:many])
    cache = Cache(path)
    try:
        assert cache.items(cache.ids("reports", [HARBOUR], order="due")) == items
        assert cache.count("reports", HARBOUR) == 5
        assert search_posts(cache, ["ope 3"], [HARBOUR]).ids == [items[3].id]
        await cache.put_items([item(9, lane="members", author="tante_erna"), item(10)])
        assert len(named(cache, "tante", [HARBOUR])) == 1
        assert (cache.count("reports"), cache.count("members")) == (6, 1)
    finally:
        await cache.close()
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert names >= ADDED.keys()


async def test_two_that_open_an_older_cache_one_after_the_other_add_it_once(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    older(path, [item(1)], [])
    first, second = Cache(path), Cache(path)
    try:
        await first.put_items([item(2)])
        await second.put_items([item(3)])
        assert (first.count("reports"), second.count("reports")) == (3, 3)
    finally:
        await first.close()
        await second.close()
