"""Stopped and continued, as a job of a shell: the terminal is the shell's, another modtui sends, fg goes on."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

from tests.pty import shell
from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui
from tests.pty.test_composer import write
from tests.pty.test_leaving import decide, send_what_waits

UNDER = (sys.executable, str(Path(shell.__file__)))


def job(modtui: Modtui) -> int:
    """The process of modtui, under the shell."""
    found = re.search(rb"job (\d+)", modtui.raw)
    assert found is not None
    return int(found[1])


def prompted(modtui: Modtui) -> None:
    """Wait until the shell takes words: before, the terminal may still be as modtui had it, and enter be no enter. The
    prompt stands wherever the cursor was."""
    modtui.wait_for(lambda: modtui.raw.endswith(b"$ "), why="the shell's prompt")


def stopped(modtui: Modtui, by: str = "SIGTSTP") -> None:
    """Wait for the shell, and look whether the terminal is as it was."""
    modtui.wait_for(f"stopped by {by}, terminal kept")
    prompted(modtui)
    assert modtui.left_behind() == []


def go_on(modtui: Modtui) -> None:
    """Continue it in the foreground."""
    modtui.type("fg\r")
    modtui.wait_for("Back again")


def test_ctrl_z_lets_another_modtui_send_and_fg_shows_what_happened(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=30, under=UNDER).ready()
    number = decide(modtui, harbour)
    modtui.press("ctrl+z")
    stopped(modtui)
    assert modtui.shows("modtui is stopped: fg goes on. 1 decision waits here or for another modtui.")
    other = open_modtui(hold=0.5).ready()
    send_what_waits(other, number)
    other.back("> Outbox")
    assert other.leave() == 0
    modtui.type("fg\r")
    modtui.wait_for("Back again; another modtui saw to 1.")
    modtui.ready()
    modtui.wait_for("held 0")
    later = decide(modtui, harbour)
    modtui.press("q")
    modtui.wait_for("Leave modtui?")
    modtui.press("s")
    assert modtui.wait_end() == 0
    assert harbour.status(later) == "rejected", "the lock is its own again"
    assert [len(harbour.performs(one)) for one in (number, later)] == [1, 1]
    assert modtui.left_behind() == []


def test_a_stop_from_outside_keeps_the_text_that_is_written(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(size=(80, 24), under=UNDER).ready()
    write(modtui, "Guten Tag, versuch bitte")
    os.kill(job(modtui), signal.SIGTSTP)
    stopped(modtui)
    other = open_modtui(size=(80, 24))
    other.wait_for("Guten Tag, versuch bitte")
    other.kill()
    go_on(modtui)
    modtui.wait_for("PUBLIC REPLY")
    modtui.type(" zuerst")
    modtui.wait_for("versuch bitte zuerst")
    modtui.press("ctrl+g")
    modtui.wait_for("the draft is kept")
    modtui.press("d")
    modtui.wait_for(re.compile("hide|remove", re.I))
    os.kill(job(modtui), signal.SIGTSTP)
    stopped(modtui)
    go_on(modtui)
    modtui.press("ctrl+g")
    assert modtui.leave() == 0
    assert modtui.left_behind() == []


def test_a_stop_that_cannot_be_caught_is_mended_when_it_goes_on(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=30, under=UNDER).ready()
    number = decide(modtui, harbour)
    os.kill(job(modtui), signal.SIGSTOP)
    modtui.wait_for("stopped by SIGSTOP, terminal CHANGED")
    prompted(modtui)
    go_on(modtui)
    row = modtui.standing()
    modtui.press("j")
    modtui.wait_for(lambda: modtui.standing() not in ("", row), why="j, which one reader takes")
    modtui.press("q")
    modtui.wait_for("Leave modtui?")
    modtui.press("s")
    assert modtui.wait_end() == 0
    assert harbour.status(number) == "rejected"
    assert len(harbour.performs(number)) == 1
    assert modtui.left_behind() == []


def test_in_the_background_it_stops_again(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(under=UNDER).ready()
    modtui.press("ctrl+z")
    stopped(modtui)
    modtui.type("bg\r")
    stopped(modtui, "SIGTTOU")
    go_on(modtui)
    assert modtui.leave() == 0


def test_ctrl_z_without_a_shell_says_so_and_goes_on(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui().ready()
    modtui.press("ctrl+z")
    modtui.wait_for("There is no shell to go back to here")
    row = modtui.standing()
    modtui.press("j")
    modtui.wait_for(lambda: modtui.standing() not in ("", row), why="j answering")
    assert modtui.leave() == 0
