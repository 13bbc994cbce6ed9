"""Frozen views and marks: nothing moves under the hand, and nothing that belongs to a decision is forgotten."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.desk.events import ItemsChanged
from modtui.desk.view import SORTS, View
from modtui.domain.items import Claim
from modtui.errors import UsageError
from modtui.text import Foreign

from .desk_in_fakes import HARBOUR, arrive, item, row, world

pytestmark = pytest.mark.anyio


def numbers(view: View) -> list[str]:
    """The numbers of the rows in order."""
    return [id.rsplit("/", 1)[1] for id in view.ids()]


async def test_new_rows_are_counted_and_wait_for_the_merge(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (5, 3, 7)]) as w:
        view = w.desk.view("reports")
        assert numbers(view) == ["3", "5", "7"]
        await arrive(w, item(1), item(9))
        assert (numbers(view), view.new) == (["3", "5", "7"], 2)
        await arrive(w, item(9))
        assert view.new == 2
        view.merge(keep=row(5))
        assert (numbers(view), view.new) == (["1", "3", "5", "7", "9"], 0)
        assert (view.index(row(5)), view.id_at(0)) == (2, row(1))
        view.set_filter("is:new")
        assert numbers(view) == ["1", "9"]


async def test_an_empty_list_takes_in_what_comes_and_older_pages_come_after_the_last_row(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        view = w.desk.view("reports")
        assert len(view) == 0
        await arrive(w, item(4), item(2), backlog=True)
        assert (numbers(view), view.new) == (["2", "4"], 0)
        assert view.index(row(4)) == 1
        await arrive(w, item(8), item(6), backlog=True)
        assert (numbers(view), view.new) == (["2", "4", "6", "8"], 0)
        assert view.index(row(8)) == 3
        await arrive(w, item(1), item(9), backlog=True)
        assert (numbers(view), view.new) == (["2", "4", "6", "8"], 2)
        view.set_sort("newest")
        await arrive(w, item(10), backlog=True)
        assert (numbers(view)[0], view.new) == ("9", 1)


async def test_what_another_handled_stays_until_it_was_left(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in (1, 2, 3, 4)]) as w:
        view = w.desk.view("reports")
        await arrive(w, item(2, state="removed", handled_by="ann"), item(4, state="kept", handled_by="ann"))
        assert numbers(view) == ["1", "2", "3", "4"]
        shown = view.item_at(1)
        assert shown is not None and (shown.state, shown.handled_by) == ("removed", "ann")
        assert [view.next_open(0), view.next_open(2), view.next_open(2, -1)] == [2, None, 0]
        view.merge(keep=row(2))
        assert numbers(view) == ["1", "2", "3"]
        view.merge()
        view.merge()
        assert numbers(view) == ["1", "2", "3"]
        view.left(row(2))
        view.merge()
        assert numbers(view) == ["1", "3"]


async def test_an_item_that_is_open_again_is_news(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(1), item(2)]) as w:
        view = w.desk.view("reports")
        await arrive(w, item(2, state="kept"))
        view.merge()
        await w.store.cache.put_items([item(2)])
        w.desk.events.tell(ItemsChanged((row(2),)))
        assert view.new == 1
        await arrive(w, item(2, state="removed"))
        assert view.new == 0


async def test_next_open_leaves_out_what_another_took(tmp_path: Path) -> None:
    taken, mine = Claim(by=Foreign("ann")), Claim(by=Foreign("me"), mine=True)
    rows = [item(1), item(2, claim=taken), item(3, claim=mine), item(400)]
    rows += [item(n, claim=taken) for n in range(4, 400)]
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("reports")
        assert [view.next_open(0), view.next_open(2), view.next_open(399, -1), view.next_open(399)] == [2, 399, 2, None]


async def test_filter_and_language_narrow_and_say_how_much_they_hide(tmp_path: Path) -> None:
    rows = [item(1, language="de"), item(2, language="de"), item(3, language="fr"), item(4), item(5, language="en")]
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("reports")
        assert view.language_counts() == {"de": 2, "en": 1, "fr": 1, None: 1}
        seen = [(view.cycle_language(), numbers(view)) for _ in range(5)]
        assert seen == [
            ("de", ["1", "2"]), ("en", ["5"]), ("fr", ["3"]), ("", ["4"]), (None, ["1", "2", "3", "4", "5"]),
        ]  # fmt: skip
        view.set_filter("lang:de")
        assert (numbers(view), view.others, view.filter) == (["1", "2"], 3, "lang:de")
        with pytest.raises(UsageError):
            view.set_filter("langg:fr")
        assert (numbers(view), view.filter) == (["1", "2"], "lang:de")
        await arrive(w, item(6, language="fr"), item(7, language="de"))
        assert view.new == 1
        view.set_filter("")
        assert (len(view), view.others) == (7, 0)


async def test_every_sort_is_known_and_another_is_refused(tmp_path: Path) -> None:
    rows = [
        item(1, author="cleo", score=1.0), item(2, author="Ann", reasons=("spam", "spam")),
        item(3, author="bo", score=5),
    ]  # fmt: skip
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("reports")
        orders = {}
        for name in SORTS:
            view.set_sort(name)
            orders[name] = "".join(numbers(view))
        assert orders == {
            "oldest": "123", "newest": "321", "reports": "213", "score": "312", "author": "231", "due": "123",
        }  # fmt: skip
        with pytest.raises(UsageError, match="oldest"):
            view.set_sort("size")
        assert view.sort == "due"


async def test_marks_stay_when_the_filter_hides_them(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n, language="de" if n % 2 else "fr") for n in range(1, 9)]) as w:
        view = w.desk.view("reports")
        marks = view.marks
        assert [marks.toggle(row(6)), marks.toggle(row(2)), marks.toggle(row(3)), marks.toggle(row(3))] == [
            True, True, True, False,
        ]  # fmt: skip
        assert marks.ids() == [row(2), row(6)]
        assert marks.range(row(5), row(3)) == 3
        assert marks.range(0, 1) == 1
        assert marks.range(row(99), 1) == 0
        assert (len(marks), marks.hidden) == (6, 0)
        view.set_filter("lang:fr")
        assert (len(marks), marks.hidden) == (6, 3)
        assert marks.ids()[:3] == [row(2), row(4), row(6)] and set(marks.ids()[3:]) == {row(1), row(3), row(5)}
        assert marks.all_shown() == 1
        assert (len(marks), row(8) in marks) == (7, True)
        view.set_filter("is:marked")
        assert len(view) == 7
        marks.clear()
        assert (len(marks), marks.ids()) == (0, [])
        assert marks.last() == 7


WAVE = [
    item(1, text="Genuine licence keys 80% off, message me now"),
    item(2, text="genuine license keys - 80% off - message me now", author="x"),
    item(3, text="Genuine   licence KEYS 80 % off, message me, now!", author="y"),
    item(4, text="Is the new logo a joke? I liked the old one better."),
    item(5, text="How do I export a table with umlauts to a file?"),
]


async def test_near_copies_are_marked_and_filtered_least_alike_first(tmp_path: Path) -> None:
    async with world(tmp_path, cached=WAVE) as w:
        view = w.desk.view("reports")
        found = view.like(row(1))
        assert [id for id, _ in found] == [row(2), row(3)]
        assert [score for _, score in found] == sorted(score for _, score in found)
        assert await view.search_like(row(1)) == found
        assert (view.like(row(4)), view.order_words, view.alike(row(2))) == ([], "oldest first", None)
        assert view.marks.like(row(3)) == 3
        view.set_filter("like:1")
        assert (numbers(view), view.order_words) == (["2", "1", "3"], "least alike first")
        assert 0.5 < (view.alike(row(2)) or 0) < 1 and view.alike(row(3)) == 1.0
        await view.narrow("-like:#1")
        assert numbers(view) == ["4", "5"]
        view.set_filter("")
        assert (numbers(view), view.order_words) == (["1", "2", "3", "4", "5"], "oldest first")
        with pytest.raises(UsageError, match="77"):
            view.set_filter("like:77")


async def test_mine_is_what_this_desk_has_something_on(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in range(1, 6)]) as w:
        view = w.desk.view("reports")
        await w.desk.snooze(row(2), w.clock.now_ms() + 1000)
        await w.desk.skip(row(4))
        assert [view.next_open(-1), view.next_open(0), view.next_open(2)] == [0, 2, 4]
        view.set_filter("is:mine")
        assert numbers(view) == ["2", "4"]
        assert view.next_open(-1) is None
        view.set_filter("")
        assert numbers(view) == ["1", "3", "5"], "what was put aside stays away"
        w.clock.advance(2)
        view.merge()
        assert numbers(view) == ["1", "2", "3", "5"], "until it comes back"


async def test_a_row_is_read_again_when_it_changed(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(n) for n in range(1, 200)]) as w:
        view = w.desk.view("reports")
        first = view.item_at(100)
        assert first is not None and first.number == "101"
        await arrive(w, msgspec.structs.replace(first, title=Foreign("Another title")))
        again = view.item_at(100)
        assert again is not None and again.title == "Another title"
        await w.store.cache.drop_items([row(150)])
        assert view.item_at(149) is None


async def test_a_view_of_all_communities_and_its_totals(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[item(1), item(2, lane="pending")]) as w:
        view = w.desk.view("reports")
        assert (view.total, view.loaded) == (None, 1)
        await w.store.cache.put_counts(HARBOUR, {"reports": 120})
        assert view.total == 120
        assert w.desk.view("reports") is view
        assert numbers(w.desk.view("pending", community=HARBOUR)) == ["2"]
