"""A site whose every field attacks, seen on every screen: no control reaches the terminal that is not modtui's own.

The mire (`tests.hostile.backend`) fills each field of each object that a backend can give: it holds for any backend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.hostile.corpus import SHORT
from tests.hostile.walking import COLOURS, Walker
from tests.pty.modtui import ROW

PICKS = ("thread.assign", "thread.tag", "thread.move", "thread.duplicate")
LINES = ("d", "e", "B", ",", "!", "S", "w", "b", "s")
WHOLE = "> Journal > "
"""A decision's or a conflict's own page."""
DEAF_S = 0.6
"""After a refusal keys are ignored for half a second."""


def clean(walker: Walker) -> None:
    """Nothing foreign reached the terminal, and no widget was given a text that had not come through the door."""
    walker.press("ctrl+g", "q")
    walker.wait_for("Leave modtui?")
    walker.press("y" if "y/N" in walker.text() else "s")
    assert walker.wait_end() == 0
    assert walker.strange() == []
    assert walker.seen.read_text(encoding="utf-8") == ""


def back(walker: Walker, words: str) -> None:
    """q out of a page, line or form."""
    walker.see("q")
    walker.wait_gone(words)


def command(walker: Walker, name: str) -> None:
    """An action by its name."""
    walker.press(":")
    walker.wait_for("enter takes it")
    walker.type(name)
    walker.see("enter")


def reports(walker: Walker, items: int) -> None:
    """The queue, the item and what is around it."""
    for _ in range(items):
        walker.see("enter")
        for key, words in (("p", "> Members >"), ("P", "> Reporters"), ("t", "> Thread"), ("f", "> Links")):
            walker.see(key, until=words)
            walker.see("j")
            walker.see("enter" if key == "t" else "k")
            back(walker, words)
        walker.see("space")
        walker.see("q")
        walker.wait_for(ROW)
        walker.see("j")


def lines(walker: Walker, keys: Sequence[str]) -> None:
    """The lines and forms that decide, opened and left; then the pages of the program."""
    for key in keys:
        walker.see(key)
        walker.see("ctrl+g")
        if key not in LINES[:4]:
            walker.still(DEAF_S)
    for key, words in (("@", "> Requests"), ("U", "> Journal"), ("?", "> Help"), ("ctrl+p", "> Palette")):
        walker.see(key, until=words)
        walker.see("ctrl+g" if key == "ctrl+p" else "q")
        walker.wait_gone(words)


def lanes(walker: Walker) -> None:
    """The other lanes; a member's dossier with what is private."""
    for key, words in (("2", "PENDING"), ("5", "in Escalated"), ("4", "what is known")):
        walker.see(key, until=words)
        walker.see("j", "j")
    walker.see("enter", until="> Members >")
    walker.see("I")
    walker.still(0.2)
    walker.see("I")
    walker.see("G", "enter", until="q goes back to the member")
    back(walker, "q goes back to the member")
    back(walker, "> Members >")
    walker.see("1", until="REPORTS")


def searching(walker: Walker) -> None:
    """Hits of all lanes, and what is around them."""
    walker.see("g", "/", until="> Search")
    walker.type("over")
    walker.wait_for("with over, newest first")
    walker.see("enter")
    for key, words in (("t", "> Thread"), ("f", "> Links"), ("p", "> Members >")):
        walker.see("j", "j")
        walker.see(key, until=words)
        back(walker, words)
    walker.see("G")
    walker.see("g", "g")
    back(walker, "> Search")


def answering(walker: Walker, picks: Sequence[str]) -> None:
    """The composer with its popup, picker, preview and send line; the drafts; pick pages."""
    walker.see("3", until="QUEST")
    for name in picks:
        command(walker, name)
        walker.still(0.3)
        walker.see("ctrl+g")
        walker.still(DEAF_S)
    walker.see("r", until="PUBLIC REPLY")
    walker.type("Hello ")
    for moves in range(4):
        walker.type("@")
        walker.wait_for(re.compile("^> @", re.M), why="the popup of names")
        walker.see(*["down"] * moves, "tab")
    walker.see("ctrl+n")
    walker.see("ctrl+t", until="> Insert")
    for _ in range(3):
        walker.see("tab")
        walker.see("down")
    walker.see("enter")
    walker.wait_gone("> Insert")
    walker.paste("pasted \x9b2J\u202e\U000e0041 text")
    walker.still(0.4)
    walker.see("ctrl+o")
    walker.still(0.3)
    if walker.shows("SEND this"):  # not where what was inserted has a gap
        walker.see("ctrl+g")
    walker.type("\x1bOP")  # f1
    walker.wait_for("> Help")
    back(walker, "> Help")
    walker.see("ctrl+g", until="draft")
    walker.see("g", "d", until="> Drafts")
    back(walker, "> Drafts")
    walker.see("1", until="REPORTS")


def deciding(walker: Walker) -> None:
    """What is said of a decision, its page in the journal."""
    walker.still(0.3)
    walker.see("i", until="#")
    walker.still(0.4)
    walker.see("U", until="> Journal")
    walker.see("enter")
    walker.wait_for(WHOLE)
    walker.see("q")
    walker.wait_gone(WHOLE)
    back(walker, "> Journal")
    walker.wait_for(ROW)


def tour(walker: Walker, items: int = 1, keys: Sequence[str] = LINES[:4], picks: Sequence[str] = PICKS[:1]) -> None:
    """Every screen."""
    walker.wait_for(ROW)
    reports(walker, items)
    lines(walker, keys)
    lanes(walker)
    searching(walker)
    answering(walker, picks)
    deciding(walker)


def test_every_screen_on_a_site_whose_every_field_attacks(tmp_path: Path) -> None:
    with Walker(tmp_path) as walker:
        tour(walker)
        clean(walker)


def test_what_a_site_says_of_a_conflict(tmp_path: Path) -> None:
    with Walker(tmp_path, site="conflict", size=(80, 24)) as walker:
        walker.wait_for(ROW)
        deciding(walker)
        clean(walker)


@pytest.mark.long
@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["wide", "narrow"])
@pytest.mark.parametrize("colours", COLOURS)
def test_every_attack_in_every_field_on_every_screen(tmp_path: Path, colours: str, size: tuple[int, int]) -> None:
    with Walker(tmp_path, colours=colours, size=size) as walker:
        tour(walker, len(SHORT), LINES, PICKS)
        assert (b"38;2;" in walker.raw) == (colours == "truecolor")
        assert (b"38;5;" in walker.raw) == (colours == "256")
        clean(walker)
    with Walker(tmp_path / "again", colours=colours, size=size, site="refuse") as walker:
        walker.wait_for(ROW)
        deciding(walker)
        clean(walker)
