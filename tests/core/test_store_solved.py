"""The index of solved threads: what is like a question comes first, and no text can break the search."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.domain.items import Answered
from modtui.domain.subjects import CommunityId
from modtui.store import Cache
from modtui.store.solved import CANDIDATES, SolvedIndex
from modtui.text import Foreign
from modtui.text.words import stem, without_dress, words_of
from tests.core.store_samples import HARBOUR, OTHER
from tests.examples import examples

pytestmark = pytest.mark.anyio


def thread(
    number: int, title: str, text: str = "", answer: str = "", *, at_ms: int | None = None,
    language: str | None = None, solved: bool = True, by: str | None = None,
) -> Answered:  # fmt: skip
    """An answered thread; the higher its number, the younger it is."""
    return Answered(
        id=str(number), title=Foreign(title), text=Foreign(text), answer=Foreign(answer), language=language,
        at_ms=at_ms if at_ms is not None else 1000 + number, solved=solved, by=Foreign(by) if by else None,
    )  # fmt: skip


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = Cache(tmp_path / "cache" / "cache.db")
    yield opened
    await opened.close()


@pytest.fixture
def index(cache: Cache) -> SolvedIndex:
    return SolvedIndex(cache)


def found(
    index: SolvedIndex, title: str, text: str = "", community: CommunityId = HARBOUR, *, language: str | None = None,
    without: str | None = None, limit: int = 5, typing: bool = False,
) -> list[str]:  # fmt: skip
    """The ids of what is found, the best first."""
    rows = index.search(
        title, text, community, language=language, without=without, limit=limit, typing=typing
    )  # fmt: skip
    return [one.thread.id for one in rows]


async def test_a_word_in_the_title_weighs_more_than_in_the_text(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [
        thread(3, "Anchors drag at night", "The printer was not the reason, it was the chain."),
        thread(1, "The printer prints nothing", "Since the update the paper stays white."),
        thread(2, "Sails for beginners", "How are they folded?"),
    ])  # fmt: skip
    assert found(index, "My printer is broken", "It printed well before the update") == ["1", "3"]
    assert found(index, "Nothing of that kind", "Really") == []


async def test_endings_accents_and_case_do_not_count(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [
        thread(1, "Sicherungen brechen ab"), thread(2, "La sauvegarde complète s'arrête"), thread(3, "EXPORTS stop"),
    ])  # fmt: skip
    assert found(index, "sicherung bricht ab") == ["1"]
    assert found(index, "Les SAUVEGARDES completes") == ["2"]
    assert found(index, "The export stopped") == ["3"]


async def test_its_own_thread_and_other_communities_are_left_out(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [thread(1, "Sails are torn"), thread(2, "Torn sails again")])
    await index.put(OTHER, [thread(3, "Sails are torn")])
    assert found(index, "Sails are torn", without="1") == ["2"]
    assert found(index, "Sails are torn", community=OTHER) == ["3"]


async def test_the_same_language_comes_first_and_solved_before_answered(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [
        thread(1, "Export PDF", language="de"), thread(2, "PDF export today", language="en"),
        thread(3, "PDF export tonight", language="en", solved=False),
    ])  # fmt: skip
    assert found(index, "PDF export", language="de")[0] == "1"
    assert found(index, "PDF export", language="en")[:2] == ["2", "3"]


async def test_of_threads_with_one_title_the_best_stands_for_all(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [thread(n, f"Export stops at {n} percent") for n in range(1, 9)])
    await index.put(HARBOUR, [thread(20, "Export stops without a word")])
    assert sorted(found(index, "The export stops")) == sorted(["20", found(index, "Export stops percent")[0]])


async def test_a_thread_that_changed_or_went_is_found_as_it_is_now(index: SolvedIndex) -> None:
    assert await index.put(HARBOUR, [thread(1, "Anchors drag"), thread(2, "Ropes break")]) == 2
    assert await index.put(HARBOUR, [thread(1, "Anchors drag"), thread(2, "Chains break")]) == 1
    assert (found(index, "ropes"), found(index, "chains"), index.count(HARBOUR)) == ([], ["2"], 2)
    await index.drop(HARBOUR, ["2"])
    assert (found(index, "chains"), index.count()) == ([], 1)


async def test_an_old_thread_that_shares_two_words_is_found_among_many_newer_with_one(index: SolvedIndex) -> None:
    many = [thread(n, f"Export number{n}", "about sailing", at_ms=5000 + n) for n in range(2 * CANDIDATES)]
    many += [thread(1000 + n, f"Licence number{n}", "about sailing", at_ms=9000 + n) for n in range(2 * CANDIDATES)]
    await index.put(HARBOUR, [*many, thread(9999, "Export without a licence", at_ms=1)])
    assert found(index, "Does the export need a licence?")[0] == "9999"


async def test_while_typing_the_last_word_may_be_a_beginning(index: SolvedIndex) -> None:
    await index.put(HARBOUR, [thread(1, "Synchronisation takes hours"), thread(2, "Anchors")])
    assert found(index, "synch", typing=True) == ["1"]
    assert found(index, "synch") == []


async def test_who_is_forgotten_is_not_found_any_more(index: SolvedIndex, cache: Cache) -> None:
    await index.put(HARBOUR, [thread(1, "Anchors drag", by="bo_lind"), thread(2, "Anchors hold")])
    await cache.forget("bo_lind")
    assert found(index, "anchors") == ["2"]
    assert await cache.expire(-1) == 0
    assert index.count() == 0


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "a OR", "NEAR(a b)", "title:x", "*", "-", "^a", "{a b} : c", "a AND NOT b", "\x00", "\ud800 export",
        "( ( (", "export)", "\U0001e900\U0001e901x", "\u0e01\u0e33\u0e25\u0e31\u0e07", "a" * 100_000, "' ' " * 5000,
        "\u30a8\u30af\u30b9\u30dd\u30fc\u30c8\u304c\u6b62\u307e\u308b", "\u0130\u0307", "\ufdfa" * 50, "a_b __ _",
    ],
)  # fmt: skip
async def test_hostile_words_are_only_words(index: SolvedIndex, text: str) -> None:
    await index.put(HARBOUR, [thread(1, "Export stops"), thread(2, text, text, text)])
    for typing in (False, True):
        assert set(found(index, text, text, typing=typing)) <= {"1", "2"}
        assert set(found(index, f"export stops {text}"[:200], typing=typing)) & {"1", "2"}


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_text_can_be_searched_for(plain_cache: Cache, text: str) -> None:
    index = SolvedIndex(plain_cache)
    asyncio.run(index.put(HARBOUR, [thread(1, f"anchors {text}", text)]))
    assert "1" in found(index, "anchors", typing=True)
    found(index, text, text, typing=True)


@pytest.fixture
def plain_cache(tmp_path: Path) -> Iterator[Cache]:
    """A cache for tests without an event loop."""
    opened = Cache(tmp_path / "plain" / "cache.db")
    yield opened
    opened.database.close_now()


def test_words_are_folded_without_dress_and_without_what_tells_nothing() -> None:
    assert words_of("The Export's STOPS, and Größe") == ["export", "stop", "gros"]
    assert [stem(word) for word in ("sicherungen", "sicherung", "fichiers", "exports", "bus")] == [
        "sicherung", "sicherung", stem("fichier"), "export", "bus",
    ]  # fmt: skip
    assert words_of("\u6b62\u307e\u308b") == ["\u6b62\u307e", "\u307e\u308b"]
    dressed = (
        "> quoted\nmine `code` [label](https://example.org/x) https://example.org/y @bo :smile: <b>bold</b>\n"
        "```\nfenced\n```"
    )
    assert words_of(without_dress(dressed)) == ["mine", "label", "bold"]
