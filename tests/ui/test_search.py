"""The search page: hits while one types, what is said of them, opening one, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from modtui.desk import searching
from modtui.domain.items import Body, Item, Member
from modtui.domain.subjects import SubjectRef
from modtui.text import Foreign
from tests.core.fakes import START_MS, FakeBackend, make_item, until
from tests.ui.test_people import PeopleBackend
from tests.ui.world import HOUR, Stage, golden, rows, stage

pytestmark = pytest.mark.anyio


def decided(backend: FakeBackend, **fields: object) -> Item:
    """A post that was removed some days ago, and stands in no list any more."""
    item = make_item(
        backend.connection.community, "3001", author="rope_seller", text="Cheap rope, all colours. Write to me.",
        title=Foreign("Rope for sale"), since_ms=START_MS - 80 * HOUR, state="removed",
        url="https://harbour.example/t/3001",
    )  # fmt: skip
    return msgspec.structs.replace(item, **fields)


def lagoon(backend: FakeBackend) -> Sequence[Item]:
    """Another community's row."""
    community = backend.connection.community
    found = make_item(
        community, "77", author="heron", text="These words stand in the lagoon.", title=Foreign("Reeds"),
        since_ms=START_MS - 7 * HOUR,
    )  # fmt: skip
    return [found]


async def search(it: Stage, words: str, shows: str) -> None:
    """Type words into the search and wait for what it says."""
    await it.press("g", "/", *words)
    await it.shows(shows)


# -- looking


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["narrow", "wide"])
async def test_hits_come_while_one_types(tmp_path: Path, size: tuple[int, int]) -> None:
    async with stage(tmp_path, size=size, second=lagoon) as it:
        await it.desk.store.cache.put_items([decided(it.backend)])
        await it.press("g", "/")
        await it.shows("Type what stands in them")
        await it.press("w")
        await it.shows("At least 2 signs.")
        await it.press(*"ords")
        await it.shows("7 hits with words, newest first")
        golden(f"search-{'narrow' if size[0] == 80 else 'wide'}", it.text())
        await it.press(*" -lagoon")
        await it.shows("6 hits with words -lagoon, newest first")
        await it.press("ctrl+u", *'"some more words')
        await it.shows('6 hits with "some more words, newest first')
        await it.press("ctrl+u", *"rope")
        await it.shows("1 hit with rope, newest first")
        assert "removed" in it.text() and "Rope for sale" in it.text(), "what was decided is found, too"


async def test_what_was_found_is_marked(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await it.desk.store.cache.put_items([decided(it.backend)])
        await search(it, "rope", "1 hit with rope")
        strips = it.app.screen._compositor.render_strips()
        turned = [part.text for strip in strips for part in strip if part.style and part.style.reverse]
        assert [text for text in turned if text.casefold() == "rope"] == ["Rope", "rope", "rope"]


async def test_a_hit_in_what_was_cut_of_the_title_is_shown_beside_it(tmp_path: Path) -> None:
    title = Foreign("A title that goes on for longer than its column is wide, about rope")
    async with stage(tmp_path, size=(100, 30)) as it:
        await it.desk.store.cache.put_items([decided(it.backend, title=title, body=None, source=None)])
        await search(it, "rope", "1 hit with rope")
        row = next(line for line in it.lines() if line.startswith(">"))
        assert "A title that goes on" in row and row.endswith("about rope")
        assert title in [line.strip() for line in it.lines()[-6:]], "it stands whole where there is no text"


async def test_where_nothing_is_found_it_says_where_it_looked(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await search(it, "anchovy", "Nothing with anchovy in 7 posts that are cached here")
        assert "the site itself is not asked" in it.flat()
        golden("search-empty", it.text())
        await it.press("enter", "enter")
        assert "There is no hit here." in it.text()
        await it.press("/", "ctrl+u", *"-words")
        await it.shows("Words to leave out need one that is looked for.")
        await it.press("enter")
        await it.shows("Too little to look for.")


async def test_more_than_are_listed_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        one = decided(it.backend)
        ref = one.ref
        many = [
            msgspec.structs.replace(one, ref=SubjectRef(ref.community, ref.kind, str(n)), number=str(n))
            for n in range(5000, 5201)
        ]
        await it.desk.store.cache.put_items(many)
        await search(it, "rope", "first 200 hits with rope, newest first; more exist")


async def test_enter_looks_at_what_was_not_looked_at_while_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(searching, "READ", 2)
    async with stage(tmp_path, size=(80, 24)) as it:
        cache = it.desk.store.cache
        cache.index_soon()
        await until(lambda: not cache.unindexed())
        await search(it, '"more words', "2 hits with")
        await it.shows("older ones are looked at with enter")
        await it.press("enter")
        await it.shows('6 hits with "more words, newest first')
        await it.press("/", "ctrl+u", *'"die klappe')
        await it.shows("ones are looked at with enter")
        await it.press("enter")
        await it.shows("1 hit with")


async def test_hostile_text_stays_text(tmp_path: Path) -> None:
    hostile = "rope \x1b[31m[/bold]\u202eevil\u202c \x9b2J [@click=quit]x[/]"
    async with stage(tmp_path, size=(120, 40)) as it:
        who = Member(native="1", username=Foreign(hostile))
        item = decided(it.backend, author=who, title=Foreign(hostile), body=Body(Foreign(hostile)), source=None)
        await it.desk.store.cache.put_items([item])
        await search(it, "rope [/", "1 hit with rope [/, newest first")
        assert not any(sign in it.text() for sign in "\x1b\x9b\u202e\u202c")
        assert "text hidden: unusual signs" in it.text() and "[@click=quit]" in it.text()
        await it.press("enter", "enter")
        await it.shows("q goes back to the hits")
        assert not any(sign in it.text() for sign in "\x1b\x9b\u202e\u202c")


async def test_personal_data_stays_folded(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await search(it, "moderator", "1 hit with moderator")
        assert "About that moderator" not in it.text() and "(folded: personal data" in it.text()
        report = rows(it.backend)[3].reports
        secret = decided(it.backend, reports=report)
        await it.desk.store.cache.put_items([secret])
        await it.press("ctrl+u", *"rope")
        await it.shows("1 hit with rope")
        await it.press("enter", "enter")
        await it.shows("q goes back to the hits")
        assert "all colours" not in it.text()
        await it.press("enter")
        await it.shows("all colours")


# -- a hit


async def test_enter_opens_a_hit_where_it_can_be_decided(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await search(it, "words", "6 hits with words")
        await it.press("down", "down", "down", "enter", "k", "enter")
        await it.shows("#4125")
        assert "The hits wait: g / and enter brings them back." in it.text()
        await it.press("a")
        await it.shows("Kept #4125")
        await it.press("g", "/")
        await it.shows("before: 6 hits with words")
        await it.press("enter")
        await it.shows(">H 9h    report    petrichor_x")
        await it.clock.advance(16)
        assert it.on_site("4125") == "kept"


async def test_a_hit_that_no_list_has_is_read_where_it_is(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.desk.store.cache.put_items([decided(it.backend)])
        await search(it, "rope", "1 hit with rope")
        await it.press("enter", "enter")
        await it.shows("> Search > #3001, removed")
        assert "Cheap rope, all colours." in it.text()
        await it.press("q")
        await it.shows("1 hit with rope")
        await it.press("t")
        await it.shows("> #3001 > Thread")
        await it.press("q")
        await it.shows("1 hit with rope")
        await it.press("enter")
        await it.shows("> #3001 > Thread")
        assert "q goes back to the hits" in it.text(), "its thread is cached by now"


async def test_the_other_pages_of_a_hit(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await search(it, "words", "6 hits with words")
        await it.press("enter")
        for key, words in (("p", "> Members > lucarne"), ("f", "> #4127 > Links"), ("?", "> Help for the search")):
            await it.press(key)
            await it.shows(words)
            await it.press("q")
            await it.shows("6 hits with words")
        await it.press("p", "?")
        await it.shows("> Help for the member")
        await it.press("q", "q")
        for key, words in (("y", "The link:"), ("Y", "The id:"), ("o", "harbour.example")):
            await it.press(key)
            assert words in it.lines()[-2] or words in it.flat()


# -- in and out


async def test_the_page_below_is_as_it_was(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(120, 40)) as it:
        await it.press("F", *"lang:en", "enter")
        await it.shows("4 match")
        await it.press("j", "x", "j")
        before = it.lines()[:-2]
        await search(it, "klappe", "1 hit with klappe")
        await it.press("enter", "j", "q")
        assert it.lines()[:-2] == before
        await it.press("g", "/", "ctrl+g")
        assert it.lines()[:-2] == before, "a search for nothing is left at once"


async def test_words_behind_the_command(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press(":", *'search "more words" -python', "enter")
        await it.shows('5 hits with "more words" -python')
        assert it.lines()[-1].lstrip().startswith("enter read"), "nothing is asked"
        await it.press(":", *"search.open python", "enter")
        await it.shows("1 hit with python")
        await it.press("/", *"x")
        await it.shows("Nothing with pythonx")
        await it.press("ctrl+g")
        await it.shows("1 hit with python")
        await it.press("g", "/", "escape")
        await it.shows("1 hit with python")


async def test_a_search_from_another_page(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("U")
        await search(it, "klappe", "1 hit with klappe")
        await it.press("enter", "q")
        assert "> Journal" in it.text()
