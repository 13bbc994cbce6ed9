"""What is written line by line is the picture that composing the whole screen gives: signs, colours, attributes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pyte
import pytest
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from modtui.lean import Picture, lean
from modtui.widgets.patch import Patching
from tests.core.fakes import until
from tests.ui.world import stage

pytestmark = pytest.mark.anyio

KEYS = (
    "j", "j", "j", "k", "pagedown", "pageup", "G", "home", "space", "m", "1", "2", "end", "J", "K", "c", "tab",
    "enter", "a", "u", "d", "?", "q", "escape", "ctrl+g", "L", "i", "A", "t",
)  # fmt: skip


class Seen:
    """A terminal that gets all that is written, and one that gets the whole screen, composed."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.written, self.composed = pyte.Screen(*size), pyte.Screen(*size)
        self.patches = 0

    @staticmethod
    def feed(terminal: pyte.Screen, text: str) -> None:
        """Write to one of them, which does not wrap."""
        pyte.Stream(terminal).feed("\x1b[?7l" + text.replace("\n", "\r\n"))

    def differs(self, screen: Screen[object]) -> str:
        """Compose the whole screen; the first row that is not as it was written, twice. Empty when all are."""
        update = screen._compositor.render_update(full=True)
        assert isinstance(update, CompositorUpdate)
        self.feed(self.composed, "\x1b[H" + lean(update.render_segments(screen.app.console)))
        for y in range(self.composed.lines):
            if self._row(self.written, y) != self._row(self.composed, y):
                a, b = self._row(self.written, y), self._row(self.composed, y)
                at = next(n for n in range(len(a)) if a[n] != b[n])
                return f"row {y}, column {at}:\n{self.written.display[y]}\n{self.composed.display[y]}\n{a[at]} {b[at]}"
        return ""

    @staticmethod
    def _row(screen: pyte.Screen, y: int) -> list[tuple[object, ...]]:
        row = [screen.buffer[y][x] for x in range(screen.columns)]
        return [
            (c.data, c.fg, c.bg, c.bold, c.italics, c.underscore, c.strikethrough, c.reverse)
            if c.data.strip() or c.reverse or c.underscore or c.strikethrough else (" ", c.bg)
            for c in row
        ]  # fmt: skip


def at_rest(app: App[int]) -> bool:
    """Whether nothing waits to be drawn: composing marks lines as drawn, so it must not come before them."""
    screen = app.screen
    waiting = any(one.message_queue_size for one in (app, screen, *screen.walk_children()))
    return not waiting and not screen._dirty_widgets and not screen._compositor._dirty_regions


@pytest.mark.parametrize(
    ("theme", "size"), [("dark", (120, 40)), ("light", (80, 24)), ("ansi", (131, 20)), ("plain", (80, 24))], ids=str
)
async def test_patched_is_composed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str, size: tuple[int, int]
) -> None:
    seen, kept = Seen(size), Picture()
    write, display = Patching._write, App._display

    def writing(self: Patching, text: str) -> None:
        seen.patches += 1
        seen.feed(seen.written, text)
        write(self, text)

    def displaying(self: App[object], screen: Screen[object], update: object) -> None:
        if isinstance(update, CompositorUpdate):
            seen.feed(seen.written, "\x1b[H" + lean(update.render_segments(self.console)))
        display(self, screen, update)  # type: ignore[arg-type]

    # A style keeps its numbers for the terminal, and is shared with tests whose terminals had other colours.
    kept_there = Style.__dict__["_ansi"]  # the slot: styles that are made here are used by other tests, too
    forgetful = property(lambda style: None, lambda style, value: kept_there.__set__(style, None))
    monkeypatch.setattr(Style, "_ansi", forgetful)
    monkeypatch.setattr(Patching, "_write", writing)
    monkeypatch.setattr(Patching, "_picture", lambda self: kept)
    monkeypatch.setattr(App, "_display", displaying)
    if theme == "plain":
        monkeypatch.setenv("NO_COLOR", "1")
    dice = Random(f"{size} {theme}")
    async with stage(tmp_path, theme=theme, size=size) as it:
        for _ in range(8):
            keys = dice.choices(KEYS, k=5)
            await it.press(*keys)
            await it.pilot.pause(0.1)  # what waits for the cursor to rest is drawn, too
            await until(lambda: at_rest(it.app), seconds=30)
            assert not (wrong := seen.differs(it.app.screen)), f"after {keys}: {wrong}"
    assert seen.patches > 4, "hardly anything was written line by line"


def test_only_the_parts_of_a_row_that_differ_are_written_again() -> None:
    picture = Picture()
    picture.of((10, 2))
    assert picture.change(0, {0: "list", 5: "item"}) == "\x1b[1;1Hlist\x1b[1;6Hitem"
    assert picture.change(0, {0: "list", 5: "item"}) == ""
    assert picture.change(0, {0: "list", 5: "post"}) == "\x1b[1;6Hpost"
    picture.touched(0, 6)  # a patch wrote there
    assert picture.change(0, {0: "list", 5: "post"}) == "\x1b[1;6Hpost"
    assert picture.change(0, {0: "one page"}) == "\x1b[1;1Hone page", "other parts: the whole row"
    picture.forget([(0, 2, 4)])
    assert picture.change(0, {0: "one page"}) == "\x1b[1;1Hone page"
    picture.of((12, 2))
    assert picture.change(0, {0: "one page"}) == "\x1b[1;1Hone page", "after a resize nothing is known"
    picture.forget()
    assert picture.change(0, {0: "one page"}) == "\x1b[1;1Hone page"
