"""A cache.db that is taken away, replaced or cannot be read to its end while it is in use."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modtui.desk import listed
from modtui.desk.events import Troubled
from modtui.errors import StoreError
from modtui.store import Cache, cachefile, lineup
from modtui.store.lineup import Asked, Lineup
from modtui.store.posts import search_posts
from tests.core.desk_in_fakes import item as row_item
from tests.core.desk_in_fakes import until, world
from tests.core.store_samples import HARBOUR, item

pytestmark = pytest.mark.anyio
ALL = Asked("reports", (HARBOUR,), "oldest")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many."""
    monkeypatch.setattr(lineup, "SHORT", 3)
    monkeypatch.setattr(lineup, "FIRST", 2)
    monkeypatch.setattr(lineup, "BLOCK", 2)
    monkeypatch.setattr(lineup, "TAIL", 2)
    monkeypatch.setattr(listed, "LONG", 0)
    monkeypatch.setattr(cachefile, "SMALL", 0)


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = Cache(tmp_path / "cache.db")
    await opened.put_items([item(n, text=f"rope {n}") for n in range(9)])
    yield opened
    await opened.close()


def take_away(cache: Cache) -> None:
    """Somebody deletes it."""
    path = cache.database.path
    for tail in ("", "-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)


async def ids(cache: Cache, how: str) -> list[str]:
    """The ids of the lane, by each of the ways that open the file once more."""
    if how == "in order":
        return [id for id in cache.ids_of(list(Lineup.read(cache, ALL).copy())) if id is not None]
    if how == "apart":
        return await cache.apart(lambda: cache.ids("reports"))
    return search_posts(cache, ["rope"], [HARBOUR]).ids[::-1]


@pytest.mark.parametrize("how", ["in order", "apart", "search"])
async def test_a_cache_that_was_deleted_is_made_anew(cache: Cache, how: str) -> None:
    take_away(cache)
    assert await ids(cache, how) == []
    await cache.put_items([item(n, text="rope") for n in range(5)])
    assert await ids(cache, how) == [item(n).id for n in range(5)]


@pytest.mark.parametrize("how", ["in order", "apart", "search"])
async def test_what_another_put_into_its_place_is_used_and_its_numbers_are_not_mixed_up(
    cache: Cache, how: str
) -> None:
    take_away(cache)
    other = Cache(cache.database.path)
    try:
        await other.put_items([item(n, text="rope") for n in (23, 21, 22, 20)])
        wanted = [item(n).id for n in (20, 21, 22, 23)]
        assert await ids(cache, how) in ([], wanted)
        assert await ids(cache, how) == wanted
        await cache.put_items([item(24, text="rope")])
        assert other.count("reports") == 5
    finally:
        await other.close()


async def test_of_two_that_find_it_damaged_the_second_uses_what_the_first_made(cache: Cache) -> None:
    other = Cache(cache.database.path)
    try:
        assert other.count("reports") == 9
        assert other.database.renew()
        await other.put_items([item(n) for n in range(4)])
        assert cache.database.renew()
        assert cache.count("reports") == 4
    finally:
        await other.close()


async def test_a_long_look_at_a_damaged_file_replaces_it_once(cache: Cache) -> None:
    def look() -> None:
        cache.database.renew()
        cache.database.write_now(lambda c: c.execute("INSERT INTO meta VALUES ('here', 'yes')"))
        cache.database.renew()  # the next question in this thread meets the same damage

    await cache.apart(look)
    assert cache.get_meta("here") == "yes"


async def test_who_leaves_waits_for_no_long_look(cache: Cache) -> None:
    looking = threading.Event()

    def look() -> None:
        with cache.database.reading() as connection:
            looking.set()
            endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            connection.execute(endless).fetchone()

    task = asyncio.ensure_future(cache.apart(look))
    await until(looking.is_set)
    await cache.close()
    with pytest.raises(StoreError, match="was closed while it was looked through"):
        await asyncio.wait_for(task, 30)


class Broken:
    """A connection, or a cursor, on a disk that fails."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None

    def _fail(self, *_: object) -> Any:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    execute = fetchmany = _fail


async def test_a_list_whose_rest_cannot_be_read_is_shorter_and_says_so(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    may, told = threading.Event(), list[StoreError]()
    read = lineup._Source._read

    def breaks(self: Any) -> None:
        assert may.wait(30)
        read(self)

    monkeypatch.setattr(lineup._Source, "_read", breaks)
    whole = list(cache.numbers("reports", (HARBOUR,)))
    mine = Lineup.read(cache, ALL, told=told.append)
    source = mine._source
    assert source is not None and len(mine) == 9
    real = source._connection
    source._connection = Broken()  # type: ignore[assignment]
    source._cursor = Broken()  # type: ignore[assignment]
    may.set()
    assert mine.holding(whole) == set(whole[:2]), "nothing is taken for missing before that is known"
    assert ([mine.find(row) for row in whole], len(mine)) == ([0, 1] + [None] * 7, 2)
    await until(lambda: told)
    assert "disk" in str(told[0]) and cache.database.epoch == 0
    real.close()


async def test_why_a_list_is_shorter_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = lineup._Source._read

    def reads(self: Any) -> None:
        read(self)
        self._told(StoreError("The disk is odd."))

    async with world(tmp_path, cached=[row_item(n) for n in range(1, 10)]) as w:
        monkeypatch.setattr(lineup._Source, "_read", reads)
        assert len(w.desk.view("reports")) == 9
        await until(lambda: w.tell_of(Troubled))
        assert [event.words for event in w.tell_of(Troubled) if isinstance(event, Troubled)] == ["The disk is odd."]


async def test_a_file_that_breaks_far_down_is_made_anew(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Any, many: int) -> Any:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    read = lineup._Source._read

    def reads(self: Any) -> None:
        self._cursor = Broken()
        monkeypatch.setattr(Broken, "fetchmany", breaks)
        read(self)

    monkeypatch.setattr(lineup._Source, "_read", reads)
    mine = Lineup.read(cache, ALL)
    assert len(list(mine.copy())) == 2
    await until(lambda: cache.database.epoch == 1 != mine.epoch)
    await cache.put_items([item(1)])
    assert cache.count("reports") == 1
