"""The optional reads: members, choices, templates, answered threads, search, who is writing. Each does what the
capabilities say of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, get_args

import msgspec
import pytest

from modtui.backends.base import Backend, ChoiceKind
from modtui.domain.capability import Blocked
from modtui.domain.items import Answered, Dossier, Item, MemberKind, Private
from modtui.domain.subjects import parse_item_id
from modtui.errors import ModtuiError
from modtui.testing.site import Site
from modtui.testing.steps import all_items, one_of

FEATURES = ("members", "private", "choices", "templates", "answered", "search", "writing", "whisper", "message")
CHOICES: tuple[ChoiceKind, ...] = get_args(ChoiceKind)
KINDS: tuple[MemberKind, ...] = get_args(MemberKind)
_MOST = 60


async def _reported(site: Site, backend: Backend) -> Item:
    ref = await site.report("Somebody wrote this.")
    return one_of(await all_items(backend, site.lane), ref)


def _nothing(found: object) -> bool:
    """Whether an answer holds nothing: an empty tuple, or a page without rows."""
    rows = getattr(found, "items", None) if not isinstance(found, tuple) else found
    if rows is None:
        rows = getattr(found, "threads", None)
    return rows is not None and len(rows) == 0


def _reads(backend: Backend, item: Item) -> dict[str, Callable[[], Awaitable[Any]]]:
    author = item.author
    assert author is not None
    found: dict[str, Callable[[], Awaitable[Any]]] = {
        "members": backend.members, "templates": backend.templates, "answered": backend.answered,
        "private": lambda: backend.private(author.native), "search": lambda: backend.search("how to begin"),
        "writing": lambda: backend.writing(item),
    }  # fmt: skip
    return found


class PickingContract:
    """Nothing is offered that is not there, and what is there has the promised shape."""

    async def test_features_say_what_is_there(self, site: Site, fresh: Backend) -> None:
        """Name in `Capabilities.features` what the site has of the optional reads, everything blocked before
        `identify`, and say why where it is not there."""
        for name in FEATURES:
            assert isinstance(fresh.capabilities.feature(name), Blocked), f"{name}: nothing is known before identify"
        await fresh.identify()
        for name in FEATURES:
            can = fresh.capabilities.feature(name)
            if isinstance(can, Blocked):
                assert can.sentence and not can.sentence.endswith("."), name

    async def test_what_is_blocked_brings_nothing(self, site: Site, backend: Backend) -> None:
        """Let an optional read that is blocked bring nothing, or raise one of modtui's errors."""
        item = await _reported(site, backend)
        for name, read in _reads(backend, item).items():
            if not isinstance(backend.capabilities.feature(name), Blocked):
                continue
            try:
                found = await read()
            except ModtuiError as error:
                assert error.message
            else:
                assert _nothing(found), name

    async def test_choices_can_be_told_apart(self, site: Site, backend: Backend) -> None:
        """Give choices ids and titles, about fifty at most, filtered by the beginning of their names."""
        item = await _reported(site, backend)
        blocked = isinstance(backend.capabilities.feature("choices"), Blocked)
        for kind in CHOICES:
            found = await backend.choices(kind, item=item)
            assert len(found) <= _MOST and not (blocked and found), kind
            assert len({one.id for one in found}) == len(found), kind
            assert all(one.id and one.title for one in found), kind
            if kind in ("category", "tag") and found:
                begin = found[-1].title[:3] if kind == "tag" else found[-1].title
                assert found[-1].id in {one.id for one in await backend.choices(kind, begin, item=item)}, kind
            assert await backend.choices(kind, "no such thing, \x1b[2J ever", item=item) == (), kind

    async def test_templates_have_a_title_and_a_text(self, site: Site, backend: Backend) -> None:
        """Give each template its own id, a title and a text, and its language as a lower-case code."""
        if isinstance(backend.capabilities.feature("templates"), Blocked):
            pytest.skip("this site keeps no templates")
        found = await backend.templates()
        assert len({one.id for one in found}) == len(found)
        assert all(one.id and one.title and one.text for one in found)
        assert all(one.language is None or one.language.islower() for one in found)

    # --- answered threads

    async def test_a_solved_question_is_found_again(self, site: Site, backend: Backend) -> None:
        """List solved threads once each, the newest first, none that still waits, to the end of the pages."""
        if isinstance(backend.capabilities.feature("answered"), Blocked) or not site.questions:
            pytest.skip("this site does not list answered threads")
        ref = await site.ask("Where is the harbour?", title="The way to the harbour")
        await site.mark(ref, await site.answer(ref, "Down the hill."))
        waiting = await site.ask("And the way back?", title="The way back up")
        found: list[Answered] = []
        cursor: str | None = None
        for number in range(50):
            page = await backend.answered(cursor)
            found += page.threads
            if number == 0:
                assert any(one.title == "The way to the harbour" for one in page.threads), "the newest come first"
            cursor = page.cursor
            if cursor is None:
                break
        assert cursor is None, "the list ends"
        assert len({one.id for one in found}) == len(found) and waiting.native not in {one.id for one in found}
        (mine,) = [one for one in found if one.id == ref.native]
        assert mine.solved and mine.at_ms is not None and mine.at_ms > 1_500_000_000_000
        assert not mine.answer or "Down the hill." in mine.answer
        assert msgspec.json.decode(msgspec.json.encode(mine), type=Answered) == mine

    async def test_the_sites_search_finds_threads_or_nothing(self, site: Site, backend: Backend) -> None:
        """Let the site's search find a thread by its words, and survive any words that somebody types."""
        if isinstance(backend.capabilities.feature("search"), Blocked) or not site.questions:
            pytest.skip("this site has no search")
        word = "Schnapszahl"
        ref = await site.ask(f"What is a {word}?", title=f"About {word}")
        await site.mark(ref, await site.answer(ref, "A number of equal digits."))
        for solved in (True, False):
            found = await backend.search(word, solved=solved)
            assert len(found) <= 20 and len({one.id for one in found}) == len(found)
            assert all(one.id and one.title for one in found)
            assert ref.native in {one.id for one in found}
        for words in ("", "   ", "nothinglikethis"):
            assert ref.native not in {one.id for one in await backend.search(words)}
        for words in ('"\x00\x1b(*', "a:b AND -c", "x" * 3000, "\u202e" * 50):
            assert len(await backend.search(words)) <= 20
        assert not isinstance(backend.capabilities.feature("search"), Blocked), "odd words do not cost the search"

    # --- members

    async def test_the_directory_loses_nobody(self, site: Site, backend: Backend) -> None:
        """Page through the directory without losing or repeating a member; each is an item that can be read
        again."""
        if isinstance(backend.capabilities.feature("members"), Blocked):
            pytest.skip("this site has no directory")
        found: list[Item] = []
        cursor: str | None = None
        total: int | None = None
        for _ in range(50):
            page = await backend.members(cursor=cursor)
            found += page.items
            total = page.total if page.total is not None else total
            cursor = page.cursor
            if cursor is None:
                break
        assert found and cursor is None
        refs = [item.ref for item in found]
        assert len(refs) == len(set(refs)), "nobody comes twice"
        assert total is None or total >= len(refs)
        for item in found:
            assert (item.lane, item.kind, item.ref.kind) == ("members", "member", "user")
            assert item.author is not None and item.author.username and parse_item_id(item.id) == ("members", item.ref)
            assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item
        again = await backend.reread(refs[:2])
        assert {ref for ref, item in again.items() if isinstance(item, Item)} == set(refs[:2])

    async def test_members_are_found_by_the_beginning_of_a_name(self, site: Site, backend: Backend) -> None:
        """Find members by the beginning of a name or username, and nobody where no name begins so."""
        if isinstance(backend.capabilities.feature("members"), Blocked):
            pytest.skip("this site has no directory")
        (first, *_) = (await backend.members()).items
        assert first.author is not None
        name = first.author.username
        found = (await backend.members(name[:4])).items
        assert first.ref in {item.ref for item in (*found, *(await backend.members(name)).items)}
        for item in found:
            assert item.author is not None
            names = (item.author.username, item.author.name or "")
            assert any(word.casefold().startswith(name[:4].casefold()) for one in names for word in (one, *one.split()))
        assert (await backend.members("nobody-of-this-name")).items == ()

    async def test_every_kind_of_member_is_a_list_or_a_sentence(self, site: Site, backend: Backend) -> None:
        """Give a list for each kind of member, or raise an error with a sentence."""
        if isinstance(backend.capabilities.feature("members"), Blocked):
            pytest.skip("this site has no directory")
        for kind in KINDS:
            try:
                page = await backend.members(kind=kind)
            except ModtuiError as error:
                assert error.message, kind
            else:
                assert all(item.kind == "member" for item in page.items), kind

    async def test_private_data_stays_out_of_sight(self, site: Site, backend: Backend) -> None:
        """Keep e-mail and IP addresses out of lists, request rows and reprs: only `private` brings them."""
        if isinstance(backend.capabilities.feature("private"), Blocked):
            pytest.skip("this site shows nothing private")
        author = (await _reported(site, backend)).author
        assert author is not None
        found = await backend.private(author.native)
        assert isinstance(found, Private) and repr(found) == "Private(...)"
        told = [value for value in (found.email, found.ip, found.registration_ip) if value]
        for seen in backend.wire.requests:
            assert not any(value in f"{seen.path} {seen.why} {seen.error}" for value in told)
        page = await backend.page(site.lane)
        assert not any(value in repr(page) for value in told), "a list shows none of it"

    async def test_a_dossier_counts_and_remembers(self, site: Site, backend: Backend) -> None:
        """Give the dossier true counts, its history the newest first, and only posts of this member."""
        author = (await _reported(site, backend)).author
        assert author is not None
        found = await backend.dossier(author.native)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Dossier) == found
        assert found.recent_titles.keys() <= {post.id for post in found.recent}
        assert all(number >= 0 for number in (*found.posts_by_day, *found.accepted_by_month))
        for record in (found.made, found.got):
            parts = [part for part in (record.right, record.wrong, record.ignored, record.open) if part is not None]
            assert record.total is None or (record.total >= 0 and sum(parts) <= record.total)
        times = [line.at_ms for line in found.history if line.at_ms is not None]
        assert times == sorted(times, reverse=True), "the newest first"
        for post in found.recent:
            assert post.author is None or post.author.username == found.member.username
        can = found.sanctionable
        assert not isinstance(can, Blocked) or can.sentence
