"""Leaving, being killed, a line that drops: the terminal is clean afterwards and no decision is lost or doubled."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui

HELD = 5.0
"""A hold long enough that a busy machine comes through a few keys within it."""


def decide(modtui: Modtui, harbour: Harbour) -> int:
    """Keep an item and wait until the journal has it; give its number."""
    work = harbour.pick()
    modtui.go_to(work)
    modtui.decide("a", words=f"Kept #{work.number}")
    return work.number


def differs(modtui: Modtui, before: str) -> bool:
    """Whether the screen is not as it was."""
    return modtui.text() != before


def bool_of(what: Callable[[], object]) -> bool:
    """Whether there is any."""
    return bool(what())


def send_what_waits(modtui: Modtui, number: int) -> None:
    """After a restart the decision is held again, with its own hold; send it now."""
    modtui.wait_for(re.compile("held [12]"))
    modtui.press("g", "o")
    modtui.wait_for("> Outbox")
    modtui.wait_for(f"#{number} ")
    here = re.compile(rf"^>.*#{number} ", re.M)
    for _ in range(2):
        modtui.still(0.1)
        if not modtui.shows(here):
            before = modtui.text()
            modtui.press("j")
            modtui.wait_for(partial(differs, modtui, before), why="the cursor on another line")
    assert modtui.shows(here), modtui.text()
    modtui.press("s")
    assert modtui.sent(number) == "rejected"
    modtui.still(0.3)


def test_q_asks_while_something_is_held_and_q_again_waits(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=HELD).ready()
    begin = time.monotonic()
    number = decide(modtui, harbour)
    modtui.press("q")
    modtui.wait_for("Leave modtui? 1 is held for")
    assert "q again: wait and leave; s: send now; any other key stays" in modtui.message()
    modtui.press("2")
    modtui.wait_for("Still here.")
    modtui.press("q")
    modtui.wait_for("Leave modtui? 1 is held for")
    modtui.still(0.1)
    modtui.press("q")
    assert modtui.wait_end() == 0
    assert harbour.sent_at(number) >= begin + HELD, "it waited for the hold"
    assert harbour.status(number) == "rejected"
    assert len(harbour.performs(number)) == 1
    assert modtui.left_behind() == []


def test_a_held_q_does_not_leave_and_waiting_can_be_stopped_or_hurried(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=30).ready()
    number = decide(modtui, harbour)
    modtui.press("q", "q")
    modtui.wait_for("A key that repeats counts once")
    modtui.still()
    modtui.press("q")
    modtui.wait_for("Leaving when all is sent")
    modtui.press("ctrl+g")
    modtui.wait_for("Still here.")
    assert harbour.status(number) == "pending"
    modtui.press("q")
    modtui.wait_for("Leave modtui?")
    modtui.press("s")
    assert modtui.wait_end() == 0
    assert harbour.status(number) == "rejected", "s sends now and leaves"


def test_kill_9_with_a_held_decision_sends_it_once_after_the_restart(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=HELD).ready()
    number = decide(modtui, harbour)
    modtui.kill(signal.SIGKILL)
    assert modtui.wait_end() == -signal.SIGKILL
    assert harbour.status(number) == "pending"
    begin = time.monotonic()
    again = open_modtui(hold=HELD).ready()
    again.wait_for("held 1")
    assert again.sent(number) == "rejected"
    assert harbour.sent_at(number) >= begin + HELD, "the hold starts again"
    again.still(0.5)
    assert len(harbour.performs(number)) == 1
    again.press("U")
    again.wait_for("> Journal")
    again.wait_for(f"#{number}")
    again.back("> Journal")
    assert again.leave() == 0


def test_signals_leave_the_terminal_clean_and_the_decisions_safe(harbour: Harbour, open_modtui: Open) -> None:
    """A hang-up, then at the next start an end from outside; the third start sends what both left."""
    items: list[int] = []
    for number in (signal.SIGHUP, signal.SIGTERM):
        modtui = open_modtui(hold=30).ready()
        modtui.wait_for(f"held {len(items)}")
        items.append(decide(modtui, harbour))
        assert modtui.left_behind(), "while it runs the terminal is in its hands"
        modtui.kill(number)
        assert modtui.wait_end() == 128 + number
        assert modtui.left_behind() == []
    assert [harbour.status(item) for item in items] == ["pending", "pending"]
    modtui = open_modtui().ready()
    modtui.wait_for("held 2")
    for item in items:
        send_what_waits(modtui, item)
        modtui.back("> Outbox")
    assert [len(harbour.performs(item)) for item in items] == [1, 1]


def test_a_line_that_drops_ends_the_program_and_keeps_the_decision(harbour: Harbour, open_modtui: Open) -> None:
    """The kernel hangs up when the terminal closes, and every read and write fails from then on."""
    modtui = open_modtui(hold=30).ready()
    item = decide(modtui, harbour)
    modtui.hangup()
    modtui.wait_end()
    assert harbour.status(item) == "pending"
    send_what_waits(open_modtui().ready(), item)
    assert len(harbour.performs(item)) == 1


def test_the_journal_is_private_and_holds_no_key(harbour: Harbour, open_modtui: Open, tmp_path: Path) -> None:
    modtui = open_modtui(hold=0).ready()
    number = decide(modtui, harbour)
    modtui.sent(number)
    assert modtui.leave() == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "state.db" for path in files)
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} is readable by others"
        assert harbour.demo.api_key.encode() not in path.read_bytes()
    assert harbour.demo.api_key.encode() not in modtui.raw


def test_an_end_that_comes_while_it_starts_leaves_the_terminal_clean(harbour: Harbour, open_modtui: Open) -> None:
    """As soon as the terminal is taken a signal may come; until it can be given back, that waits."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        modtui = open_modtui()
        modtui.wait_for(partial(bool_of, modtui.left_behind), why="the terminal taken")
        modtui.kill(number)
        assert modtui.wait_end() == 128 + number
        assert modtui.left_behind() == []
