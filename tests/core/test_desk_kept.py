"""Which row stays under the cursor when the order is made anew, and which does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.desk.events import ItemsChanged
from modtui.desk.view import View

from .desk_in_fakes import item, world

pytestmark = pytest.mark.anyio


def numbers(view: View) -> list[int]:
    """The numbers of the rows in order."""
    return [int(id.rsplit("/", 1)[1]) for id in view.ids()]


async def test_a_row_that_the_cache_lost_goes_with_the_next_merge(tmp_path: Path) -> None:
    """Also the one under the cursor: the screen says so. When the item is there again it is one row, and not two."""
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        lost = view.id_at(1)
        assert view.item_at(1) is not None
        await w.store.cache.drop_items([lost])
        w.desk.events.tell(ItemsChanged((lost,)))
        assert (len(view), view.id_at(1), view.item_at(1)) == (3, lost, None), "nothing moves by itself"
        view.merge(lost)
        assert numbers(view) == [3, 7]
        await w.store.cache.put_items([item(5)])
        w.desk.events.tell(ItemsChanged((lost,)))
        assert view.new == 1
        view.merge(view.id_at(1))
        assert numbers(view) == [3, 5, 7]


async def test_a_row_that_came_back_meanwhile_stands_once(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        lost = view.id_at(1)
        view.item_at(1)
        await w.store.cache.drop_items([lost])
        await w.store.cache.put_items([item(5)])
        view.merge(lost)
        assert (numbers(view), view.index(lost)) == ([3, 5, 7], 1)


async def test_no_row_of_a_cache_that_was_made_anew_is_kept_for_one_of_before(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (3, 5, 7)]) as w:
        view = w.desk.view("reports")
        mine = view.id_at(1)
        view.item_at(1)
        assert w.store.cache.database.renew()
        await w.store.cache.put_items([item(8), item(2, lane="pending"), item(9)])
        view.merge(mine)
        assert numbers(view) == [8, 9]
