"""Deciding in the real program: on the site after the hold, nothing before, and taken back within it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour

HOLD = 1.0

HELD = 3.0
"""Long enough that a busy machine comes to the next key within it."""


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_a_keeps_after_the_hold(harbour: Harbour, open_modtui: Open, size: tuple[int, int]) -> None:
    work = harbour.pick()
    modtui = open_modtui(size=size, hold=HOLD).ready()
    modtui.go_to(work)
    begin = time.monotonic()
    modtui.decide("a", words=f"Kept #{work.number} by {work.author}. u takes it back (1 s free)")
    modtui.wait_for(lambda: work.author[:10] not in modtui.row(), why="the cursor on the next item")
    assert modtui.sent(work.number) == "rejected"
    assert harbour.sent_at(work.number) >= begin + HOLD
    modtui.wait_for("kept by you")


def test_u_within_the_hold_leaves_the_site_untouched(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=HELD).ready()
    modtui.go_to(work)
    before = harbour.writes()
    modtui.decide("a", words=f"Kept #{work.number}")
    modtui.press("u")
    modtui.wait_for(f"Taken back: #{work.number} is open again, nothing was sent")
    modtui.wait_for(lambda: work.author[:10] in modtui.row(), why="the cursor back on it")
    modtui.still(HELD + 0.2)
    assert harbour.writes() == before
    assert harbour.status(work.number) == "pending"
    assert modtui.leave() == 0


def test_d_and_a_digit_in_one_write_removes_with_that_reason(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=HOLD).ready()
    modtui.go_to(work)
    begin = time.monotonic()
    modtui.decide("d", "2", words=f"Removed #{work.number} by {work.author}, reason 2")
    assert modtui.sent(work.number) == "approved"
    assert harbour.api.post(work.post)["hidden"]
    assert harbour.sent_at(work.number) >= begin + HOLD


@pytest.mark.parametrize("at_once", [False, True], ids=["slowly", "in-one-write"])
def test_d_b_digit_removes_writes_and_bans(harbour: Harbour, open_modtui: Open, at_once: bool) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=HOLD).ready()
    modtui.go_to(work)
    begin, removed = time.monotonic(), f"Removed #{work.number} by {work.author}"
    if at_once:
        modtui.decide("d", "b", "2", words=removed)
    else:
        modtui.press("d")
        modtui.wait_for("REMOVE this 1 post")
        modtui.press("b")
        modtui.wait_for("[x] ban 7 d")
        assert "[x] message to the author" in modtui.text()
        modtui.decide("2", words=removed)
    modtui.wait_for(lambda: bool(harbour.api.member(work.author).get("suspended_till")), why="the ban on the site")
    assert modtui.sent(work.number) == "approved"
    assert harbour.sent_at(work.number) >= begin + HOLD
    assert harbour.api.post(work.post)["hidden"]
    till = datetime.fromisoformat(harbour.api.member(work.author)["suspended_till"])
    left = till - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7), "the length of [ban] default"
    reason = ("insult", "attack", "Beleidigung")  # in the author's language, once it is known
    told = lambda: any(word in text for text in harbour.api.messages_to(work.author) for word in reason)  # noqa: E731
    modtui.wait_for(told, why="the message to the author")


def test_spam_takes_two_presses(harbour: Harbour, open_modtui: Open) -> None:
    """A held ! opens the line and does no more; the second press is a press of its own."""
    work = harbour.pick()
    modtui = open_modtui(hold=HOLD).ready()
    modtui.go_to(work)
    modtui.press("!", "!")
    modtui.wait_for("A key that repeats counts once")
    modtui.read()
    assert "== SPAM" in modtui.text(), "the line stays open"
    assert harbour.performs(work.number) == []
    modtui.decide("!", words=f"#{work.number} by {work.author}")
    assert modtui.sent(work.number) == "approved"
    assert harbour.api.post(work.post)["deleted_at"]
    assert harbour.api.member(work.author)["active"], "the account stays"


def test_i_closes_without_a_verdict(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=HOLD, size=(80, 24)).ready()
    modtui.go_to(work)
    modtui.decide("i", words=f"Ignored #{work.number} by {work.author}")
    assert modtui.sent(work.number) == "ignored"
    assert not harbour.api.post(work.post)["hidden"]
