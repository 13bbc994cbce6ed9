"""Writing in a terminal: a text outlives the program, and goes to the moderator's own editor and back."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui


def write(modtui: Modtui, text: str) -> None:
    """Open the composer on the question under the cursor and type."""
    modtui.press("3")
    modtui.wait_for("QUESTIONS")
    modtui.wait_for(re.compile(r"^>.*no answer|^>.*unsolved|^>.*asker", re.M), why="the first question")
    modtui.read()
    modtui.press("r")
    modtui.wait_for("PUBLIC REPLY")
    modtui.type(text)
    modtui.wait_for(text)


def test_kill_9_while_typing_loses_no_word(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(size=(80, 24)).ready()
    write(modtui, "Guten Tag, versuch bitte zuerst")
    modtui.wait_for(re.compile(r"draft saved \d+ s ago"))
    modtui.type(" den Neustart")
    modtui.wait_for("| 7 words")
    modtui.wait_for(re.compile(r"draft saved \d+ s ago \| 7 words"))
    modtui.kill(signal.SIGKILL)
    assert modtui.wait_end() == -signal.SIGKILL
    again = open_modtui(size=(80, 24))
    again.wait_for("DRAFT (1)")
    again.wait_for("Guten Tag, versuch bitte zuerst den Neustart")
    again.press("enter")
    again.wait_for("PUBLIC REPLY")
    again.type(" !")
    again.wait_for("zuerst den Neustart !")
    again.press("ctrl+g")
    again.wait_for("draft 1: g d")
    assert not [one for one in harbour.writes() if "/posts" in one], "nothing goes out by itself"
    again.press("g", "d")
    again.wait_for("> Drafts")
    again.press("D")
    again.wait_for("Throw away this draft")
    again.press("y")
    again.wait_for("Thrown away.")


def test_the_editor_and_back(harbour: Harbour, open_modtui: Open, tmp_path: Path) -> None:
    script = tmp_path / "edit.sh"
    script.write_text('#!/bin/sh\ncat "$1" > "$(dirname "$0")/seen"\nprintf "from the editor\\n" >> "$1"\n')
    modtui = open_modtui(size=(80, 24), more_env={"EDITOR": f"sh {script}"}).ready()
    write(modtui, "Hallo")
    modtui.press("enter", "ctrl+e")
    modtui.wait_for("Taken from the editor.")
    modtui.wait_for("from the editor")
    assert (tmp_path / "seen").read_text() == "Hallo\n"
    modtui.type(", dann weiter")
    modtui.wait_for("from the editor, dann weiter")
    modtui.press("ctrl+z")
    modtui.wait_gone("dann weiter")
    modtui.press("ctrl+g")
    modtui.wait_for("the draft is kept")
    assert modtui.leave() == 0
    assert modtui.left_behind() == []
