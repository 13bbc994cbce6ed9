"""The cursor and the marks stay on the items that were seen, whatever becomes of the list's order."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.desk import listed
from modtui.desk.events import Event, ItemsChanged, Reordered
from modtui.screens.work.screen import WorkScreen
from modtui.store import cachefile
from modtui.text import Foreign
from tests.core.fakes import make_item, until
from tests.ui.test_filtering import Slow, filtering
from tests.ui.world import Stage, stage

pytestmark = pytest.mark.anyio


def work(it: Stage) -> WorkScreen:
    """The screen with the list."""
    assert isinstance(it.app.screen, WorkScreen)
    return it.app.screen


async def test_when_a_long_list_stands_in_its_new_order_the_cursor_is_on_its_item_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key can come between: one that marks would mark another item than was seen."""
    monkeypatch.setattr(listed, "LONG", 0)
    monkeypatch.setattr(cachefile, "SMALL", 0)
    async with stage(tmp_path) as it:
        await it.press("j", "j")
        screen, then = work(it), list[str | None]()
        before = screen.current_id, screen.rows_list.cursor

        def heard(event: Event) -> None:
            if isinstance(event, Reordered):
                then.append(screen.current_id)

        it.desk.events.subscribe(heard)
        screen.view.set_sort("author")
        await until(lambda: then)
        assert screen.rows_list.cursor != before[1], "the item stands at another place now"
        assert then == [before[0]]
        await it.press("x")
        assert screen.view.marks.ids() == [before[0]]


async def test_where_the_cursor_went_while_a_filter_was_looked_for_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path) as it:
        slow = Slow(monkeypatch)
        await filtering(it, *"is:open", "enter")
        await until(slow.looking.is_set)
        await it.press("j", "j", "j")
        here = work(it).current_id
        slow.may.set()
        await it.shows("7 match")
        assert work(it).current_id == here == work(it).view.id_at(3)


async def test_new_rows_move_no_cursor_whose_item_is_not_drawn_yet(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        screen = work(it)
        await it.press("j")  # from here on rows that come wait to be taken in
        it.site.items["4001"] = make_item(it.backend.connection.community, "4001", since_ms=1)
        await it.desk.refresh("reports")
        await until(lambda: screen.view.new == 1)
        screen.rows_list.move(1)
        screen.rows_list.move(1)  # held: the item follows when it rests
        here, place = screen.current_id, screen.rows_list.cursor
        screen.act_lane_merge()
        assert (screen.current_id, screen.rows_list.cursor) == (here, place + 1)


async def test_a_row_to_which_the_cursor_went_while_the_order_was_read_stays_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though another moderator handled it meanwhile: it goes when it was left."""
    async with stage(tmp_path) as it:
        await filtering(it, *"is:open", "enter")
        await it.shows("7 match")
        slow = Slow(monkeypatch)
        await it.press("R")
        await until(slow.looking.is_set)
        await it.press("j", "j")
        screen = work(it)
        here = screen.current
        assert here is not None
        gone = it.site.items[here.ref.native] = replace(here, state="removed", handled_by=Foreign("ann"))
        await it.desk.store.cache.put_items([gone])
        it.desk.events.tell(ItemsChanged((here.id,)))
        revision = screen.view.revision
        slow.may.set()
        await until(lambda: screen.view.revision > revision)
        assert (screen.current_id, len(screen.view)) == (here.id, 7)
        await it.press("k", "R")
        await until(lambda: len(screen.view) == 6 and screen.view.index(here.id) is None)


async def test_all_are_marked_also_while_others_are_marked_that_the_filter_hides(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("x", "j", "x")
        await filtering(it, *"lang:fr", "enter")
        await it.shows("2 match")
        marks = work(it).view.marks
        assert (len(marks), marks.hidden) == (2, 2)
        await it.press("*")
        assert (len(marks), marks.hidden) == (4, 2)
        await it.press("*")
        assert len(marks) == 0
        await it.press("g", "v")
        await it.shows("4 MARKED")
        await filtering(it, *" author:nobody", "enter")
        await until(lambda: len(work(it).view) == 0)
        await it.press("*")
        assert (len(marks), marks.hidden) == (4, 4), "what is out of sight keeps its mark"


async def test_only_the_marked_and_a_range_are_of_the_list_in_which_they_were_asked_for(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.site.items["5000"] = make_item(it.backend.connection.community, "5000", lane="pending")
        await it.desk.refresh("pending")
        await it.press("x", "M")
        await it.shows("Only the 1 marked item")
        await it.press("escape")
        await until(lambda: len(work(it).view) == 7)
        await it.press("M")
        await it.shows("Only the 1 marked item")
        await it.press("v", "2")
        await until(lambda: work(it).lane == "pending" and len(work(it).view))
        await it.press("M")
        await it.shows("Nothing is marked")
        await it.press("v")
        await it.shows("Marking from here")
        await it.press("v")
        await it.shows("1 more marked, 1 in all.")
