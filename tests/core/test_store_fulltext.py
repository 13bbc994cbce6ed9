"""What a filter finds by words: the same as reading every text, whatever was written, changed, dropped or forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.desk.filter import Around, Filter, Term
from modtui.desk.rows import match_rows
from modtui.domain.items import Body, Item
from modtui.store import Cache, fulltext
from modtui.store.posts import search_posts
from modtui.text import Foreign
from modtui.text.words import plain_case
from tests.core.fakes import until
from tests.core.store_samples import HARBOUR, OTHER, START, indexing_waits, item
from tests.examples import examples

pytestmark = pytest.mark.anyio
HERE = [HARBOUR]


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = Cache(tmp_path / "cache" / "cache.db")
    yield opened
    await opened.close()


def found(cache: Cache, *words: str, without: str = "") -> list[int]:
    """The numbers of the items in the lane of reports with all these words, oldest first."""
    terms = [Term("text", ":", (plain_case(word),)) for word in words]
    terms += [Term("text", ":", (plain_case(without),), negative=True)] if without else []
    rows = match_rows(cache, "reports", HERE, "oldest", Filter("x", tuple(terms)), Around(now_ms=START))
    return [int(id.rsplit("/", 1)[1]) for id in cache.ids_of(rows) if id is not None]


def newest(cache: Cache, *words: str, limit: int = 50) -> list[int]:
    """The numbers that the search over all lanes finds."""
    return [int(id.rsplit("/", 1)[1]) for id in search_posts(cache, words, HERE, limit=limit).ids]


async def indexed(cache: Cache) -> None:
    """Wait until every text is in the index."""
    cache.index_soon()
    await until(lambda: not cache.unindexed())


def known_words(path: Path) -> set[str]:
    """The words that the file lists."""
    with closing(sqlite3.connect(path)) as connection:
        return {word for (word,) in connection.execute("SELECT word FROM word")}


# -- the same as reading

PIECES = st.sampled_from([
    "straße", "STRASSE", "ß", "ﬁsh", "Zürich", "Zu\u0308rich", "naïve", "İstanbul", "ISTANBUL", "ı", "Ωμέγα", "ΣΊΣΥΦΟΣ",
    "سلام", "مرحبا", "שלום", "日本語の文章", "日本", "中文", "한국어", "ไทยไม่มีวรรค", "😀", "👩‍👩‍👧", "🇩🇪", "foo",
    "food", "Bar", "bar-baz", "x_y", "a.b.c", "100%", "\"", "'", "*", "(", "AND", "NOT", "NEAR", "^", ":", "-", "\\",
    "\x00", "\u200b", "a\u037eb", "`", ";",
    "。", "、", "\u3000", "\ud800", "\U0010ffff", "e\u0301", "q" * 60, "ab" * 90, "c" * 130 + "d",
])  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.sampled_from([" ", "\n", "", ".", "-"]), st.text(max_size=4)), max_size=9)


@st.composite
def sought(draw: st.DrawFn, texts: list[str]) -> str:
    """Something to look for: a part of a text, often, else anything."""
    text = draw(st.sampled_from([*texts, draw(PIECES), draw(st.text(min_size=1, max_size=3))]))
    start = draw(st.integers(0, max(0, len(text) - 1)))
    return text[start : start + draw(st.integers(1, 140))] or "x"


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_the_index_finds_what_reading_finds(data: st.DataObject) -> None:
    """Before and after indexing, and after changes, also where many words may stand for what is sought."""
    texts = ["".join(parts) for parts in data.draw(st.lists(TEXTS, min_size=1, max_size=6))]
    items = [item(number, text=text) for number, text in enumerate(texts)]
    changed = {number: "".join(data.draw(TEXTS)) for number in data.draw(st.sets(st.sampled_from(range(len(texts)))))}
    gone = data.draw(st.sets(st.sampled_from(range(len(texts))), max_size=2))
    words = data.draw(st.lists(sought([*texts, *changed.values()]), min_size=1, max_size=3))

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            cache = Cache(Path(folder) / "cache.db")
            try:
                await cache.put_items(items)
                check(cache, items, words)
                await indexed(cache)
                check(cache, items, words)
                after = {number: item(number, text=text) for number, text in changed.items()}
                await cache.put_items(list(after.values()))
                await cache.drop_items([items[number].id for number in gone])
                left = [after.get(number, each) for number, each in enumerate(items) if number not in gone]
                check(cache, left, words)
                await indexed(cache)
                check(cache, left, words)
            finally:
                await cache.close()
            listed = set().union(*(fulltext.split(folded(each)) for each in left)) if left else set[str]()
            assert known_words(Path(folder) / "cache.db") == listed, "a word stays only as long as a text has it"

    asyncio.run(run())


def folded(each: Item) -> str:
    """Title and text as they are compared, after a round through the cache's JSON."""
    text = f"{each.title}\n{each.body.text if each.body else ''}"
    return plain_case(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def check(cache: Cache, items: list[Item], words: list[str]) -> None:
    """All ways of asking agree with reading."""

    def having(*all_of: str) -> list[int]:
        return [int(each.number) for each in items if all(plain_case(word) in folded(each) for word in all_of)]

    plain = [word.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in words]
    for word in plain:
        assert found(cache, word) == having(word)
        assert newest(cache, word) == having(word)[::-1]
        assert found(cache, without=word) == [n for n in having() if n not in having(word)]
    assert found(cache, *plain) == having(*plain)
    assert newest(cache, *plain) == having(*plain)[::-1]


SIGNS = [chr(code) for code in range(128, 0x11_0000) if any(sign.isascii() for sign in plain_case(chr(code)))]


async def test_signs_that_become_plain_letters_are_found(cache: Cache) -> None:
    """The Kelvin sign, ligatures and others: by each part of what they become, read and indexed."""
    texts = {number: f"ab{sign}yz" for number, sign in enumerate(SIGNS)}
    parts = {
        number: [plain[start:end] for start in range(len(plain)) for end in range(start + 2, len(plain) + 1)]
        for number, text in texts.items() for plain in [plain_case(text)]
    }  # fmt: skip
    await cache.put_items([item(number, text=text) for number, text in texts.items()])
    assert [(n, part) for n, several in parts.items() for part in several if n not in found(cache, part)] == []
    await indexed(cache)
    assert [(n, part) for n, several in parts.items() for part in several if n not in found(cache, part)] == []


@pytest.mark.parametrize("first", ["read", "indexed"])
async def test_what_looks_the_same_is_found_in_any_case(cache: Cache, first: str) -> None:
    """An umlaut may be one sign or a letter and a mark: nobody sees which, and keyboards write the first."""
    await cache.put_items([
        item(1, text="Viele Grüße aus Köln"), item(2, text="VIELE GRU\u0308SSE AUS KO\u0308LN"),
        item(3, text="un café crème"), item(4, text="un cafe\u0301 cre\u0300me"), item(5, text="a cafe"),
    ])  # fmt: skip
    if first == "indexed":
        await indexed(cache)
    for words in ("grüße", "GRÜSSE", "Gru\u0308ße", "köln", "rüsse aus kö"):
        assert found(cache, words) == [1, 2] == newest(cache, words)[::-1], words
    for words in ("café", "CAFÉ", "cafe\u0301", "é crè"):
        assert found(cache, words) == [3, 4] == newest(cache, words)[::-1], words
    assert found(cache, "cafe") == [5] and found(cache, "gruesse") == [], "another letter is another word"


# -- kept current


async def test_a_changed_text_is_found_by_its_new_words_only(cache: Cache) -> None:
    await cache.put_items([item(1, text="a rusty anchor"), item(2, text="a new anchor")])
    await indexed(cache)
    await cache.put_items([item(1, text="a polished anchor")])
    assert (found(cache, "rusty"), found(cache, "polished"), found(cache, "anchor")) == ([], [1], [1, 2])
    await indexed(cache)
    assert (found(cache, "rusty"), found(cache, "polished"), found(cache, "anchor")) == ([], [1], [1, 2])


async def test_what_changes_beside_the_text_leaves_the_index_alone(cache: Cache) -> None:
    await cache.put_items([item(1, text="a rusty anchor")])
    await indexed(cache)
    await cache.put_items([item(1, text="a rusty anchor", score=4.0)])
    assert not cache.unindexed()
    assert found(cache, "usty") == [1] and newest(cache, "usty") == [1]


async def test_no_word_of_a_forgotten_member_stays_in_the_file(cache: Cache, tmp_path: Path) -> None:
    mine = [item(n, author="tante_erna", text=f"sonderwort{n} und nochwas") for n in range(300)]
    await cache.put_items([*mine, item(900, text="und dies bleibt")])
    await indexed(cache)
    assert len(found(cache, "sonderwort")) == 300
    assert await cache.forget("tante_erna") == 300
    assert (found(cache, "sonderwort"), found(cache, "bleibt")) == ([], [900])
    await cache.close()
    assert known_words(cache.database.path) == {"anchors", "900", "und", "dies", "bleibt"}
    for file in (tmp_path / "cache").iterdir():
        assert b"sonderwort" not in file.read_bytes()


async def test_no_word_of_what_expired_stays_in_the_file(tmp_path: Path) -> None:
    now = [START]
    cache = Cache(tmp_path / "cache.db", now_ms=lambda: now[0])
    try:
        await cache.put_items([item(n, text=f"sonderwort{n}") for n in range(1100)])
        await indexed(cache)
        now[0] += 31 * 86_400_000
        await cache.put_items([item(2000, text="bleibt")])
        await indexed(cache)
        assert await cache.expire() == 1100
        assert (found(cache, "sonderwort"), found(cache, "bleibt")) == ([], [2000])
    finally:
        await cache.close()
    assert known_words(cache.database.path) == {"anchors", "2000", "bleibt"}
    assert b"sonderwort" not in cache.database.path.read_bytes()


async def test_a_word_that_another_process_deleted_is_found_again(cache: Cache) -> None:
    """A process remembers which words are listed; another one may have deleted the last text that had one."""
    await cache.put_items([item(1, text="barnacle"), item(2, text="rope")])
    await indexed(cache)
    other = Cache(cache.database.path)
    await other.drop_items([item(1).id])
    await other.close()
    await cache.put_items([item(3, text="barnacle")])
    await indexed(cache)
    assert found(cache, "arnac") == [3]


async def test_a_cache_from_before_is_searched_and_then_indexed(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    before = Cache(path)
    await before.put_items([item(n, text=f"rope number{n}") for n in range(120)])
    await before.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER body_in")
        connection.execute("DROP TRIGGER body_out")
        for name in ("said", "unsaid", "said_words", "word", "words_state"):
            connection.execute(f"DROP TABLE {name}")
        connection.commit()
    cache = Cache(path)
    try:
        assert cache.unindexed() == 120
        assert found(cache, "number7") == [7, *range(70, 80)]
        await indexed(cache)
        assert found(cache, "number7") == [7, *range(70, 80)]
    finally:
        await cache.close()


async def test_rows_that_an_older_modtui_wrote_are_found(cache: Cache) -> None:
    await cache.put_items([item(1, text="rope"), item(2, text="chain")])
    await indexed(cache)
    data = msgspec.json.encode(item(1, text="hawser"))
    with closing(sqlite3.connect(cache.database.path)) as connection:
        row = connection.execute("SELECT row FROM item WHERE id=?", (item(1).id,)).fetchone()[0]
        connection.execute("INSERT OR REPLACE INTO body (row, data) VALUES (?,?)", (row, data))
        connection.commit()
    assert (found(cache, "hawser"), found(cache, "rope"), found(cache, "chain")) == ([1], [], [2])
    await indexed(cache)
    assert (found(cache, "hawser"), found(cache, "rope"), found(cache, "chain")) == ([1], [], [2])


async def test_what_very_many_words_have_in_them_is_found(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "MOST", 40)
    await cache.put_items([item(n, text=f"mid{n}dle {'even' if n % 2 else 'odd'}") for n in range(90)])
    await indexed(cache)
    assert len(found(cache, "mid")) == 90
    assert found(cache, "mid", "even") == list(range(1, 90, 2))
    assert newest(cache, "mid", "even", limit=3) == [89, 87, 85]


# -- the search over all lanes


async def test_the_newest_come_first_over_all_lanes_and_no_more_than_asked_for(cache: Cache) -> None:
    await cache.put_items([item(n, text="rope", since_ms=START + (n * 7 % 60) * 1000) for n in range(60)])
    await cache.put_items([item(100, lane="questions", text="rope?", since_ms=START + 1_000_000)])
    await cache.put_items([item(200, community=OTHER, text="rope", since_ms=START + 2_000_000)])
    await indexed(cache)
    hits = search_posts(cache, ["ROPE"], HERE, limit=5)
    assert [int(id.rsplit("/", 1)[1]) for id in hits.ids] == [100, *sorted(range(60), key=lambda n: -(n * 7 % 60))[:4]]
    assert not hits.complete
    assert search_posts(cache, ["rope?"], HERE).complete
    assert len(search_posts(cache, ["rope"], HERE, limit=500).ids) == 61
    assert search_posts(cache, ["rope"], []).ids == [] == search_posts(cache, [], HERE).ids


async def test_what_waits_since_another_time_has_another_place_among_the_newest(cache: Cache) -> None:
    await cache.put_items([item(n, text="rope", since_ms=START + n * 1000) for n in range(10)])
    await indexed(cache)
    moved = {1: 50_000, 9: -90_000}
    await cache.put_items([item(n, text="rope", since_ms=START + by) for n, by in moved.items()])
    await indexed(cache)
    assert newest(cache, "rope", limit=3) == [1, 8, 7]
    assert newest(cache, "rope")[-2:] == [0, 9]


async def test_a_search_that_is_stopped_ends(cache: Cache) -> None:
    await cache.put_items([item(n, text="rope") for n in range(50)])
    await indexed(cache)
    assert not search_posts(cache, ["rope"], HERE, stop=lambda: True).complete


async def test_a_page_waits_for_no_indexing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is answered before its words are looked at."""
    may = indexing_waits(monkeypatch)
    result = await cache.put_items([item(n, text=f"rope {n}") for n in range(60)])
    assert len(result.added) == 60 and len(found(cache, "rope")) == 60
    may.set()
    await indexed(cache)
    assert len(found(cache, "rope")) == 60


def test_bodies_of_any_shape_are_split(tmp_path: Path) -> None:
    assert fulltext.words(b"not json").folded == "\n"
    assert fulltext.words(msgspec.json.encode(Body(Foreign("x"), "html"))).folded == "\n"
    assert fulltext.split("") == set() == fulltext.split(" .-\n")
    long = "x" * 350
    assert all(len(piece) <= 100 for piece in fulltext.split(long))
    assert fulltext.split("été") == {"été"}
