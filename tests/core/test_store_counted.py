"""What the cache counts itself is what is in it, and a row number is of one item for ever: whatever two processes do to
the file, in whichever order, and however their clocks stand."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.store import Cache, lineup
from modtui.store.lineup import Asked, Lineup
from modtui.store.posts import search_posts
from tests.core.store_samples import HARBOUR, OTHER, START, item
from tests.examples import examples

DAY = 86_400_000
LANES: list[Lane] = ["reports", "members"]
NUMBERS = st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True)
WHO = st.sampled_from(["tante_erna", "bo_lind"])
STEPS = st.one_of(
    st.tuples(
        st.just("put"), NUMBERS,
        st.tuples(
            st.sampled_from(LANES), st.sampled_from([HARBOUR, OTHER]), st.sampled_from(["open", "removed", "gone"]),
            WHO, st.sampled_from(["rope", "a new anchor", "Tauwerk"]), st.integers(-3, 3),
        ),
    ),
    st.tuples(st.just("drop"), NUMBERS, st.sampled_from(LANES)),
    st.tuples(st.just("forget"), WHO, st.none()),
    st.tuples(st.just("expire"), st.none(), st.none()),
    st.tuples(st.just("clock"), st.sampled_from([40 * DAY, -40 * DAY, DAY, -1]), st.none()),
    st.tuples(st.just("index"), st.none(), st.none()),
)  # fmt: skip


def made(number: int, given: tuple[Any, ...]) -> Item:
    """An item of which only its number stays."""
    lane, community, state, author, text, hours = given
    since_ms = START + number + hours * 3_600_000
    found = item(number, lane=lane, community=community, author=author, text=f"{text} {number}", since_ms=since_ms)
    return msgspec.structs.replace(found, state=state)


class Two:
    """Two processes with one cache.db, and what should be in it."""

    def __init__(self, path: Path) -> None:
        self.now = [START, START]
        self.caches = [Cache(path, now_ms=lambda at=at: self.now[at]) for at in (0, 1)]  # type: ignore[misc]
        self.items: dict[str, Item] = {}
        self.seen: dict[str, int] = {}
        self.numbers: dict[int, str] = {}

    async def do(self, who: int, step: tuple[str, Any, Any]) -> None:
        """One of them does something."""
        cache, (what, first, second) = self.caches[who], step
        if what == "put":
            items = [made(number, second) for number in first]
            await cache.put_items(items)
            for each in items:
                same = self.items.get(each.id) == each
                if not (same and 0 <= self.now[who] - self.seen[each.id] <= DAY):
                    self.seen[each.id] = self.now[who]
                self.items[each.id] = each
        elif what == "drop":
            ids = [made(n, (second, place, "open", "bo_lind", "", 0)).id for n in first for place in (HARBOUR, OTHER)]
            await cache.drop_items(ids)
            self.keep(lambda each: each.id not in ids)
        elif what == "forget":
            await cache.forget(first)
            self.keep(lambda each: each.author is not None and each.author.username != first)
        elif what == "expire":
            await cache.expire(30)
            self.keep(lambda each: self.seen[each.id] >= self.now[who] - 30 * DAY)
        elif what == "clock":
            self.now[who] += first
        elif what == "index":
            while cache.unindexed():
                await cache.database.write(cache._index)

    def keep(self, stays: Any) -> None:
        """Only these are left."""
        self.items = {id: each for id, each in self.items.items() if stays(each)}

    def compare(self) -> None:
        """Both see what should be in it."""
        for cache in self.caches:
            for lane in LANES:
                for community in (HARBOUR, OTHER):
                    wanted = self.open(lane, community)
                    assert cache.count(lane, community) == len(wanted)
                    order = Lineup.read(cache, Asked(lane, (community,), "oldest"))
                    assert len(order) == len(wanted)
                    assert cache.ids_of(list(order.copy())) == wanted
                assert cache.count(lane) == len(self.open(lane, HARBOUR)) + len(self.open(lane, OTHER))
            for id, row in cache.rows_of(list(self.items)).items():
                assert self.numbers.setdefault(row, id) == id, "a number is given once"
            for word in ("rope", "uwer", "a new"):
                found = search_posts(cache, [word], [HARBOUR, OTHER])
                hits = [each for each in self.items.values() if word in str(each.body and each.body.text).casefold()]
                hits.sort(key=lambda each: (each.since_ms, each.id), reverse=True)
                assert found.ids == [each.id for each in hits]

    def open(self, lane: Lane, community: CommunityId) -> list[str]:
        """The open rows of a lane, oldest first."""
        rows = [each for each in self.items.values() if (each.lane, each.ref.community) == (lane, community)]
        rows.sort(key=lambda each: (each.since_ms, each.id))
        return [each.id for each in rows if each.state == "open"]


@settings(max_examples=examples(40), deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 1), STEPS), max_size=14))
def test_two_that_write_it_see_what_is_in_it(steps: list[tuple[int, tuple[str, Any, Any]]]) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cache.db"
            two = Two(path)
            try:
                for who, step in steps:
                    await two.do(who, step)
                    two.compare()
            finally:
                for cache in two.caches:
                    await cache.close()
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                bad = connection.execute("SELECT count(*) FROM lane_count WHERE open < 0").fetchone()
                assert bad == (0,)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lineup, "SHORT", 1)
        patch.setattr(lineup, "FIRST", 1)
        patch.setattr(lineup, "BLOCK", 1)
        asyncio.run(run())
