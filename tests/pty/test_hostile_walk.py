"""A site whose every field attacks, seen on every screen: no control reaches the terminal that is not modtui's own.

The mire (`tests.hostile.backend`) fills each field of each object that a backend can give: it holds for any backend.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.hostile.corpus import SHORT
from tests.hostile.walking import COLOURS, Walker
from tests.pty.modtui import ROW, decide

PICKS = ("thread.assign", "thread.tag", "thread.move", "thread.duplicate")
LINES = ("d", "e", "B", ",", "!", "S", "w", "b", "s")
WHOLE = "> Journal > "
"""A decision's or a conflict's own page."""
F1 = "\x1bOP"
DEAF_S = 0.6
"""After a refusal keys are ignored for half a second."""
DECIDED = re.compile(r"Ignored #|Not sent: #|: refused: |(?:failed|conflict) 1: U")
"""What is said of a decision by a site that takes it, or does not."""
KEPT = "the draft is kept"


def clean(walker: Walker) -> None:
    """Nothing foreign reached the terminal, and no widget was given a text that had not come through the door."""
    walker.press("ctrl+g")
    for _ in range(5):  # a q that comes while a page closes is for nobody
        walker.press("q")
        with contextlib.suppress(AssertionError):
            walker.wait_for("Leave modtui?", 10)
            break
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
        walker.press(key)
        walker.wait_for(lambda: not on_queue(walker) or bool(walker.message()), why=f"a line for {key}")
        walker.see("ctrl+g")
        walker.wait_for(lambda: on_queue(walker), why="the queue's keys")
        if walker.message():
            walker.still(DEAF_S)
    for key, words in (("@", "> Requests"), ("U", "> Journal"), ("?", "> Help"), ("ctrl+p", "> Palette")):
        walker.see(key, until=words)
        walker.see("ctrl+g" if key == "ctrl+p" else "q")
        walker.wait_gone(words)


def on_queue(walker: Walker) -> bool:
    """Whether the last line shows the keys of the queue, not those of a line or form."""
    return "u undo" in walker.lines()[-1]


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


def refused(walker: Walker) -> bool:
    """Whether a message says that something is not possible; a long one is wrapped."""
    return "not possible here" in " ".join(" ".join(walker.lines()[-4:-1]).split())


def answering(walker: Walker, picks: Sequence[str]) -> None:
    """The composer with its popup, picker, preview and send line; the drafts; pick pages."""
    walker.see("3", until="QUEST")
    for name in picks:
        command(walker, name)
        walker.wait_for(lambda: "3 QUEST" not in walker.lines()[0] or refused(walker), why=name)
        walker.still(0.1)
        walker.see("ctrl+g")
        walker.wait_for("3 QUEST")
        walker.still(DEAF_S)
    walker.see("r", until="PUBLIC REPLY")
    walker.type("Hello ")
    for moves in range(4):
        walker.type("@")
        walker.wait_for(re.compile("^> @", re.M), why="the popup of names")
        walker.see(*["down"] * moves, "tab")
        walker.wait_gone(re.compile("^> @", re.M))
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
    walker.type(F1)
    walker.wait_for(re.compile("> Help|SEND this"))
    walker.still(0.1)
    if walker.shows("SEND this"):  # not where what was inserted has a gap
        walker.see("ctrl+g")
        walker.wait_gone("SEND this")
        walker.type(F1)
        walker.wait_for("> Help")
    back(walker, "> Help")
    walker.see("ctrl+g", until=KEPT)
    walker.see("g", "d", until="> Drafts")
    back(walker, "> Drafts")
    walker.see("1", until="REPORTS")


def deciding(walker: Walker) -> None:
    """What is said of a decision, its page in the journal."""
    walker.still(0.3)
    decide(walker, "i", words=DECIDED)
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
