"""The search over all that is cached: what it finds, what it says of that, and that only the last question counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modtui.desk import searching
from modtui.desk.searching import Found, Question, Searching, parse
from modtui.domain.subjects import CommunityId
from modtui.store import Cache
from modtui.store.posts import Posts, search_posts
from modtui.text.words import plain_case
from tests.core.fakes import until
from tests.core.store_samples import HARBOUR, OTHER, START, indexing_waits, item
from tests.examples import examples

pytestmark = pytest.mark.anyio


def room(cache: Cache, *communities: CommunityId) -> Searching:
    """The search of a desk on these communities."""
    here = [SimpleNamespace(id=id) for id in communities or (HARBOUR, OTHER)]
    return Searching(cast(Any, SimpleNamespace(store=SimpleNamespace(cache=cache), communities=here)))


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = Cache(tmp_path / "cache" / "cache.db")
    yield opened
    await opened.close()


async def indexed(cache: Cache) -> None:
    """Wait until every text is in the index."""
    cache.index_soon()
    await until(lambda: not cache.unindexed())


async def numbers(cache: Cache, text: str) -> list[str]:
    """The numbers of the hits, as they are listed."""
    found = await room(cache).find(text)
    assert found is not None
    return [hit.number for hit in found.hits]


async def fill(cache: Cache) -> None:
    """Posts of several lanes, states and communities."""
    closed = msgspec.structs.replace(item(3, text="a ROPE and a knot"), state="removed")
    await cache.put_items([item(1, text="the rope is thin"), item(2, text="thin is the rope"), closed])
    await cache.put_items([item(4, lane="questions", text="Which ropes?", since_ms=START + 90)])
    await cache.put_items([item(5, lane="pending", community=OTHER, text="rope for sale", since_ms=START + 80)])


# -- what is found


@pytest.mark.parametrize("ready", [False, True], ids=["before indexing", "indexed"])
async def test_all_lanes_states_and_communities_the_newest_first(cache: Cache, ready: bool) -> None:
    await fill(cache)
    if ready:
        await indexed(cache)
    assert await numbers(cache, "rope") == ["4", "5", "3", "2", "1"]
    assert await numbers(cache, "THIN rope") == ["2", "1"], "in any order, in any case"
    assert await numbers(cache, '"rope is"') == ["1"], "in quotes they stand together"
    assert await numbers(cache, '"is the rope') == ["2"], "also while the quote is open"
    assert await numbers(cache, "rope -thin -sale") == ["4", "3"]
    assert await numbers(cache, 'rope -"is thin"') == ["4", "5", "3", "2"]
    only = await room(cache, HARBOUR).find("rope")
    assert only is not None and [hit.number for hit in only.hits] == ["4", "3", "2", "1"]


def test_what_is_typed_becomes_a_question() -> None:
    assert parse('one  "two  three" -four -"five six"') == Question(("one", "two three"), ("four", "five six"))
    assert parse('-- - "" -"" a-b') == Question(("a-b",))
    assert parse("x x -y -y") == Question(("x",), ("y",))
    assert not parse("a").enough and not parse("-rope").enough and not parse("").enough
    assert parse("ab").enough and parse("水").enough, "one sign of some scripts is a word"


# -- what is said of it


async def test_it_is_said_whether_that_is_all(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    await cache.put_items([item(n, text="rope") for n in range(12)])
    await indexed(cache)
    found = await room(cache).find("rope")
    assert found is not None and found.complete and not found.more and len(found.hits) == 12
    monkeypatch.setattr(searching, "MOST", 5)
    found = await room(cache).find("rope")
    assert found is not None and found.more and not found.complete
    assert [hit.number for hit in found.hits] == ["11", "10", "9", "8", "7"]
    monkeypatch.setattr(searching, "MOST", 12)
    found = await room(cache).find("rope")
    assert found is not None and found.complete and not found.more


async def test_what_is_not_in_the_index_yet_is_counted_and_found(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    may = indexing_waits(monkeypatch)
    await cache.put_items([item(n, text="rope") for n in range(3)])
    try:
        found = await room(cache).find("rope")
    finally:
        may.set()
    assert found is not None and found.unindexed == 3 and len(found.hits) == 3 and found.complete


async def test_what_has_to_be_read_is_read_so_far_and_further_when_it_is_wanted(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    texts = ["the rope is thin" if n in (2, 39) else "is the rope thin" for n in range(40)]
    await cache.put_items([item(n, text=text) for n, text in enumerate(texts)])
    await indexed(cache)
    monkeypatch.setattr(searching, "READ", 20)
    found = await room(cache).find('"rope is"')
    assert found is not None and [hit.number for hit in found.hits] == ["39"]
    assert found.open_end and not found.complete and not found.more
    found = await room(cache).find('"rope is"', far=True)
    assert found is not None and [hit.number for hit in found.hits] == ["39", "2"] and found.complete
    found = await room(cache).find('"rope was"')
    assert found is not None and found.complete and not found.hits, "a word that nobody wrote is known not to be there"


async def test_where_nothing_is_found_it_is_counted_what_was_looked_through(cache: Cache) -> None:
    await fill(cache)
    found = await room(cache).find("anchovy")
    assert found is not None and (found.hits, found.cached, found.complete) == ((), 5, True)
    found = await room(cache, OTHER).find("anchovy")
    assert found is not None and found.cached == 1


async def test_the_last_hits_stay(cache: Cache) -> None:
    await fill(cache)
    here = room(cache)
    assert here.last is None
    await here.find("rope -thin")
    await here.find("x")
    assert here.last is not None and here.last.text == "rope -thin"


# -- only the last question


async def test_only_the_last_question_is_answered(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(cache)
    begun = threading.Event()
    asked: list[list[str]] = []

    def slow(*given: Any, stop: Any, **more: Any) -> Posts:
        asked.append(list(given[1]))
        if len(asked) == 1:
            begun.set()
            waiting = threading.Event()
            for _ in range(30_000):  # until it is told to stop
                if stop():
                    break
                waiting.wait(0.001)
        return search_posts(*given, stop=stop, **more)

    monkeypatch.setattr(searching, "search_posts", slow)
    here = room(cache)
    first = asyncio.ensure_future(here.find("ro"))
    await until(begun.is_set)
    second, third = asyncio.ensure_future(here.find("rop")), asyncio.ensure_future(here.find("rope"))
    assert await first is None and await second is None
    found = await third
    assert found is not None and found.text == "rope" and len(found.hits) == 5
    assert asked == [["ro"], ["rope"]], "the one between was not even looked for"


async def test_a_question_that_nobody_waits_for_is_not_answered(cache: Cache) -> None:
    await fill(cache)
    here = room(cache)
    asked = asyncio.ensure_future(here.find("rope"))
    await asyncio.sleep(0)
    here.stop()
    assert await asked is None and here.last is None


# -- any text

TEXTS = (
    "the rope is thin", 'say "no" (twice) AND NOT three*', "日本語の文章 水", "a-b c:d ^e {f} NEAR(g, 2)",
    "\u202ehidden\u200b",
)  # fmt: skip
SIGNS = st.sampled_from(
    ['"', "'", "*", "(", ")", "AND", "OR", "NOT", "NEAR(", "^", ":", "-", "--", "+", "{", "}", "%", "_", "\\", "\x00",
     "\ud800", "\u202e", "rope", "is", "thin", "水", " ", "  ", "\t", "\n", ";", ",", "title:", "rowid", "''", '""']
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    """A cache that nothing is written to any more."""
    cache = Cache(tmp_path_factory.mktemp("searching") / "cache.db")

    async def make() -> None:
        await cache.put_items([item(n, text=text) for n, text in enumerate(TEXTS)])
        await indexed(cache)

    asyncio.run(make())
    yield cache
    cache.database.close_now()


@settings(max_examples=examples(150), deadline=None)
@given(text=st.one_of(st.lists(SIGNS, max_size=8).map("".join), st.lists(SIGNS, max_size=6).map(" ".join), st.text()))
@example(text='"')
@example(text='AND "NEAR(" *')
@example(text="rope\x00 -\ud800")
def test_any_text_is_a_question(kept: Cache, text: str) -> None:
    """It gives a list, or it is too little to look for; and what is listed has the words, and none that it may not."""
    found: Found | None = asyncio.run(room(kept).find(text))
    question = parse(text)
    if not question.enough:
        assert found is None
        return
    assert found is not None and found.complete

    def plain(part: str) -> str:
        return plain_case(part.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    def fits(number: int) -> bool:
        whole = plain(f"Anchors {number}\n{TEXTS[number]}")
        return all(plain(word) in whole for word in question.words) and not any(
            plain(word) in whole for word in question.without
        )

    assert [int(hit.number) for hit in found.hits] == [n for n in reversed(range(len(TEXTS))) if fits(n)]
