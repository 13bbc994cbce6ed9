"""What happens to a list while its order is being read, and when the cache is made anew meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modtui.desk import listed, selecting
from modtui.desk.events import Reordered
from modtui.desk.view import View
from modtui.domain.items import Item
from modtui.store import cachefile

from .desk_in_fakes import World, arrive, item, until, world

pytestmark = pytest.mark.anyio


def numbers(view: View) -> list[int]:
    """The numbers of the rows in order."""
    return [int(id.rsplit("/", 1)[1]) for id in view.ids()]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every lane is a long one."""
    monkeypatch.setattr(listed, "LONG", 0)
    monkeypatch.setattr(cachefile, "SMALL", 0)


async def after_the_look(w: World, what: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen once, when a lane was looked through and before its order stands."""
    apart, once = w.store.cache.apart, [what]

    async def late(question: Callable[[], Any]) -> Any:
        found = await apart(question)
        if once:
            await once.pop()()
        return found

    monkeypatch.setattr(w.store.cache, "apart", late)


@pytest.mark.usefixtures("long")
async def test_what_comes_or_changes_while_a_long_list_is_read_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        await after_the_look(w, lambda: arrive(w, item(9), item(5, state="removed")), monkeypatch)
        view.set_sort("reports")
        await until(lambda: w.tell_of(Reordered), "the new order")
        assert (numbers(view), view.new) == ([3, 5, 7], 1)
        shown = view.item_at(1)
        assert shown is not None and shown.state == "removed"
        view.merge()
        await until(lambda: len(w.tell_of(Reordered)) == 2, "the next order")
        assert (numbers(view), view.new) == ([3, 7, 9], 0)


@pytest.mark.usefixtures("long")
async def test_a_long_list_without_a_row_takes_in_what_comes_without_being_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, cached=[item(n, language="de") for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        assert await view.narrow("lang:fr")
        assert len(view) == 0

        def looks(*_: Any, **__: Any) -> Any:
            raise AssertionError("the lane is looked through where keys wait")

        monkeypatch.setattr(selecting, "match_rows", looks)
        await arrive(w, item(9, language="fr"), item(4, language="fr"), item(6, language="de"))
        assert (numbers(view), view.new) == ([4, 9], 0)


async def made_anew(w: World, *items: Item) -> None:
    """The cache was damaged: another file stands there, with other rows under the same numbers."""
    assert w.store.cache.database.renew()
    await w.store.cache.put_items(items)


async def test_no_row_becomes_another_when_the_cache_was_made_anew_while_a_filter_was_typed(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        held = view.hold()
        assert await view.narrow("is:open")
        await made_anew(w, item(8), item(9, state="removed"), item(10, lane="pending"))
        assert view.back(held)
        assert numbers(view) == [8]


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("how", ["sort", "filter"])
async def test_no_row_becomes_another_when_the_cache_was_made_anew_while_a_list_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        fresh = (item(8), item(9, state="removed"), item(10, lane="pending"))
        await after_the_look(w, lambda: made_anew(w, *fresh), monkeypatch)
        if how == "sort":
            view.set_sort("reports")
            await until(lambda: w.tell_of(Reordered), "the new order")
        else:
            assert await view.narrow("is:open")
        assert numbers(view) == [8]


async def test_leaving_a_filter_keeps_the_order_that_was_chosen_meanwhile(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        held = view.hold()
        view.set_sort("newest")
        assert await view.narrow("is:severe")
        assert view.back(held)
        assert (numbers(view), view.order_words) == ([7, 5, 3], "newest first")


@pytest.mark.usefixtures("long")
async def test_leaving_a_filter_keeps_the_order_that_was_still_being_read_when_it_was_begun(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n, reasons=("spam",) * n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        view.set_sort("reports")
        held = view.hold()
        assert await view.narrow("is:open")
        assert view.back(held)
        await until(lambda: w.tell_of(Reordered), "the order")
        assert (numbers(view), view.order_words) == ([7, 5, 3], "most reports first")


async def test_rows_of_one_age_stand_as_the_cache_puts_them(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(1, hours=5)]) as w:
        view = w.desk.view("reports")
        view.set_sort("newest")
        await arrive(w, item(10, hours=5), backlog=True)
        assert (numbers(view), view.new) == ([1], 1), "it belongs before the last row"
        view.merge()
        assert numbers(view) == [10, 1]
