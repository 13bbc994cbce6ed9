"""What is written line by line is the picture that painting everything anew would give: signs, colours, attributes."""

from __future__ import annotations

from random import Random

import pytest

from tests.pty.conftest import Open
from tests.pty.modtui import Modtui

MOVES = (
    "j", "j", "j", "k", "pagedown", "pageup", "G", "home", "space", "m", "1", "3", "2", "g", "?", "q", "r", "ctrl+g",
    "c", "L", "tab", "H", "t", "q", "p", "q", "end", "J", "K",
)  # fmt: skip


def picture(modtui: Modtui) -> list[list[tuple[object, ...]]]:
    """Every cell: sign, colours, attributes. What has no visible sign has no foreground."""
    screen = modtui.emulator.screen
    cells = []
    for y in range(screen.lines):
        row = [screen.buffer[y][x] for x in range(screen.columns)]
        cells.append([
            (c.data, c.fg, c.bg, c.bold, c.italics, c.underscore, c.strikethrough, c.reverse)
            if c.data.strip() or c.reverse or c.underscore or c.strikethrough else (" ", c.bg)
            for c in row
        ])  # fmt: skip
    return cells


@pytest.mark.parametrize(
    ("size", "env"),
    [
        ((120, 40), {"COLORTERM": "truecolor"}), ((80, 24), {"COLORTERM": "truecolor"}), ((120, 40), {}),
        ((132, 30), {"MODTUI_TEST_TERM": "xterm"}), ((80, 24), {"NO_COLOR": "1"}),
    ],
    ids=["120x40 truecolor", "80x24 truecolor", "120x40 256", "132x30 16", "80x24 none"],
)  # fmt: skip
def test_the_picture_is_as_if_painted_anew(open_modtui: Open, size: tuple[int, int], env: dict[str, str]) -> None:
    term = env.get("MODTUI_TEST_TERM", "xterm-256color")
    modtui = open_modtui(size=size, more_env=env, term=term).ready()
    modtui.wait_for("live")
    dice = Random(f"{size} {sorted(env)} {term}")
    compared = 0
    for _ in range(6):
        keys = dice.choices(MOVES, k=6)
        for key in keys:
            modtui.press(key)
            modtui.still(0.15)
        before, words = picture(modtui), modtui.lines()
        modtui.press("ctrl+l")
        modtui.still(0.15)
        after = picture(modtui)
        if words != modtui.lines():
            continue  # something came from the site between the two pictures
        compared += 1
        for y, (was, now) in enumerate(zip(before, after, strict=True)):
            assert was == now, f"after {keys}, row {y}:\n{words[y]}"
    assert compared, "the pictures never rested"
