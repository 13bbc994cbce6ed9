"""What stands on the screen: the queue at both sizes, all pages, and every size a window can be dragged to."""

from __future__ import annotations

import re
import time
from functools import partial

import pytest

from tests.pty.conftest import Open
from tests.pty.modtui import ROW, Harbour, Modtui


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_the_first_screen_is_the_queue(harbour: Harbour, open_modtui: Open, size: tuple[int, int]) -> None:
    modtui = open_modtui(size=size).ready()
    modtui.wait_for("live")
    queue = harbour.queue()
    names = {user["id"]: user["username"] for user in harbour.api.get("/review", type="ReviewableFlaggedPost",
             status="pending", sort_order="created_at_asc")["users"]}  # fmt: skip
    lines = modtui.lines()
    assert re.search(r"1 REPORTS \d+", lines[0]) and "2 Pend" in lines[0] and lines[0].endswith("rookmoor")
    assert "0 marked" in lines[1]
    for item in queue[:5]:
        author = names[item["target_created_by_id"]]
        assert author[:10] in modtui.text()
    if size == (120, 40):
        modtui.wait_for("WHAT A KEY DOES HERE")
        assert re.search(r"#\d+", modtui.text()), "the item stands beside the list"
        assert "WHY IT IS HERE" in modtui.text() and "WHAT A KEY DOES HERE" in modtui.text()
    assert "a keep" in lines[-1] and "? help" in lines[-1]
    assert max(map(len, lines)) <= size[0]


def test_every_page_opens_and_q_comes_back(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(size=(80, 24)).ready()
    row = modtui.standing()
    for keys, words in (
        ("?", "The post stays; its reports are closed as wrong"),
        ("@", "/session/current"),
        ("U", "Nothing was decided yet"),
    ):
        modtui.press(keys)
        modtui.wait_for(re.compile(re.escape(words), re.I))
        modtui.press("q")
        modtui.wait_for(lambda: modtui.standing() == row, why="the queue again")
    modtui.press(":")
    modtui.wait_for("enter takes it")
    modtui.type("help.show")
    modtui.press("enter")
    modtui.wait_gone(ROW)
    modtui.press("q")
    modtui.wait_for(ROW)
    modtui.press("ctrl+p")
    modtui.wait_gone(ROW)
    modtui.type("journal")
    modtui.press("enter")
    modtui.wait_for("Nothing was decided yet")
    modtui.back("Nothing was decided yet")
    modtui.press(":")
    modtui.wait_for("enter takes it")
    modtui.type("no such thing")
    modtui.press("enter")
    modtui.wait_for("There is no command no such thing here")
    modtui.still(0.6)  # after a refusal keys are ignored for half a second
    assert modtui.leave() == 0


def test_the_author_the_thread_and_the_links(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(size=(80, 24)).ready()
    modtui.go_to(work)
    modtui.press("enter")
    modtui.wait_for(f"#{work.number}")
    for key, place in (("p", "> Members >"), ("P", "> Reporters"), ("t", "> Thread"), ("f", "> Links")):
        modtui.press(key)
        modtui.wait_for(place)
        modtui.press("q")
        modtui.wait_gone(place)
        modtui.wait_for(f"#{work.number}")
    modtui.press("p")
    modtui.wait_for("> Members >")
    modtui.press("q", "q", "q")  # impatient: out of the page, out of the item, and then it asks
    modtui.wait_gone("> Members >")
    modtui.still()
    assert not modtui.ended
    modtui.press("ctrl+g")
    modtui.press("q")
    modtui.wait_for(ROW)


def test_a_page_that_is_left_before_it_was_painted(open_modtui: Open) -> None:
    modtui = open_modtui().ready()
    for late_ms in range(0, 30, 2):  # into each moment of its opening
        modtui.press("@")
        time.sleep(late_ms / 1000)
        modtui.press("h")
        modtui.still(0.1)
        assert not modtui.ended, modtui.text()
    modtui.ready()


def test_a_page_that_is_opened_before_the_first_picture_holds_nothing_up(harbour: Harbour, open_modtui: Open) -> None:
    before = harbour.demo.count("/review")
    modtui = open_modtui()
    modtui.press("?")  # typed ahead
    modtui.wait_for("> Help for")
    modtui.wait_for(lambda: harbour.demo.count("/review") > before, why="the site being read")
    modtui.press("q")
    modtui.ready()


def fits(modtui: Modtui, width: int) -> bool:
    """Whether the queue is drawn whole in so many columns: nothing beyond them, the keys on the last line."""
    lines = modtui.lines()
    return bool(modtui.row()) and max(map(len, lines)) <= width and "keep" in lines[-1] and "REPORTS" in lines[0]


def moved(modtui: Modtui, before: str) -> bool:
    """Whether the cursor stands on another row than before."""
    return modtui.row() not in ("", before)


def test_a_window_of_any_size_keeps_working(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(size=(120, 40), hold=0.5).ready()
    for width, height in ((80, 24), (60, 16)):
        modtui.resize(width, height)
        modtui.wait_for(partial(fits, modtui, width), why=f"the queue in {width} columns")
        modtui.still()
        row = modtui.row()
        modtui.press("j")
        modtui.wait_for(partial(moved, modtui, row), why="the cursor on the next row")
    modtui.resize(50, 10)
    modtui.wait_for("modtui needs at least 60 columns and 16 rows")
    before = harbour.writes()
    modtui.press("a")
    modtui.still(0.7)
    assert harbour.writes() == before, "nothing is decided while nothing can be read"
    modtui.resize(120, 40)
    modtui.wait_for(lambda: fits(modtui, 120) and "reported post by" in modtui.text(), why="list and item side by side")
    work = harbour.pick()
    modtui.go_to(work)
    modtui.decide("i", words=f"Ignored #{work.number}")
    assert modtui.sent(work.number) == "ignored"


def test_a_window_that_is_back_at_its_size_is_drawn_anew(open_modtui: Open) -> None:
    modtui = open_modtui(size=(120, 40)).ready()
    modtui.wait_for("live")
    modtui.still()
    last = modtui.lines()[-1]
    assert last
    modtui.resize(60, 12)  # what the terminal cuts off is gone
    modtui.resize(120, 40)  # before the program could look
    modtui.wait_for(lambda: modtui.lines()[-1] == last and "WHY IT IS HERE" in modtui.text(), why="the whole picture")
