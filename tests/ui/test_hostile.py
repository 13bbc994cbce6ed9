"""Hostile text in the text fields, on the clipboard and in lines: visible, harmless, and true when it is copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input
from textual.widgets.text_area import Selection

from modtui.domain.items import Choice
from modtui.screens.clipboard import copy
from modtui.screens.compose.screen import ComposerPage
from modtui.screens.fields import Field
from modtui.screens.pad import Pad
from modtui.screens.pages.editor import EditorPage
from modtui.screens.pages.pick import PickPage
from modtui.screens.surface import Surface
from modtui.text import escape, own
from modtui.widgets.draw import Painter
from tests.core.fakes import until
from tests.hostile.corpus import CORPUS, SHORT
from tests.pty.controls import strange
from tests.ui.world import Stage, stage

pytestmark = pytest.mark.anyio

NASTY = "a\x1b[2Jb\u202ec\x9bd\u200be[/]f[bold]\U000e0041"


def drawn(it: Stage) -> str:
    """All that stands on the screen, sign by sign."""
    strips = it.app.screen._compositor.render_strips()
    return "".join(segment.text for strip in strips for segment in strip)


def work(it: Stage) -> Surface:
    """The screen on top, with its message and text lines."""
    screen = it.app.screen
    assert isinstance(screen, Surface)
    return screen


def harmless(it: Stage) -> None:
    """Nothing on the screen steers a terminal, and nothing had to be mended to be so."""
    assert strange(drawn(it).encode("utf-8", "surrogatepass")) == []
    assert Painter.mended == []


async def paste(it: Stage, text: str) -> None:
    """As a terminal that marks what is pasted."""
    it.app.post_message(events.Paste(text))
    await it.rest()


async def test_pasting_into_a_line_of_text_shows_every_sign_and_keeps_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        got: list[str] = []
        work(it).ask_text(own("Name"), got.append, text="was\x1b[31m")
        await it.rest()
        field = it.app.screen.query_one("#field", Field)
        assert "was\u241b" not in field.value and field.written == "was\x1b[31m"
        await paste(it, NASTY + "\nnot this line")
        assert field.written == "was\x1b[31m" + NASTY
        harmless(it)
        field.post_message(Input.Submitted(field, field.value))
        await until(lambda: got)
        assert got == ["was\x1b[31m" + NASTY]


async def test_modtuis_own_clipboard_is_as_foreign_as_any(tmp_path: Path) -> None:
    """What was copied (the true text) comes in by ctrl+v: Textual would insert it as it is."""
    async with stage(tmp_path) as it:
        copy(it.app, it.app.shell, NASTY)
        assert it.app.clipboard == NASTY
        work(it).ask_text(own("Name"), lambda _: None)
        await it.rest()
        field = it.app.screen.query_one("#field", Field)
        field.action_paste()
        await it.rest()
        assert field.written == NASTY
        harmless(it)
        field.select_all()
        field.action_cut()
        assert it.app.clipboard == NASTY and field.value == ""


async def test_the_editor_takes_gives_and_copies_the_true_text(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        got: list[str] = []
        it.app.push_screen(EditorPage(it.app.shell, own("Edit"), f"begin {NASTY}\n", got.append))
        await until(lambda: isinstance(it.app.screen, EditorPage) and bool(it.app.screen.query("#area")))
        await it.rest()
        pad = it.app.screen.query_one("#area", Pad)
        pad.move_cursor(pad.document.end)
        await paste(it, "two\r\nlines " + NASTY)
        whole = f"begin {NASTY}\ntwo\nlines {NASTY}"
        assert pad.written == whole
        harmless(it)
        pad.selection = Selection((0, 0), pad.document.end)
        pad.action_copy()
        assert it.app.clipboard == whole
        pad.move_cursor(pad.document.end)
        pad.action_paste()
        assert pad.written == whole * 2
        pad.selection = Selection.cursor((0, 0))
        pad.action_cut()
        assert it.app.clipboard == f"begin {NASTY}\n"
        pad.undo()
        it.app.shell.gate.pasted(0.0)  # long ago
        it.app.simulate_key("ctrl+o")
        await until(lambda: got)
        assert got == [whole * 2]


async def test_copying_half_a_pair_says_so_and_ends_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        words = copy(it.app, it.app.shell, "x\ud800y")
        assert "broken signs" in words
        assert it.app.clipboard == "x\u2039D800\u203ay"


@pytest.mark.parametrize("name", ["markup", "colours and cursor", "right to left", "stacks of marks", "half pairs"])
async def test_messages_questions_and_pick_pages_are_styled_by_no_one(tmp_path: Path, name: str) -> None:
    text = CORPUS[name]

    async def ask(_: str) -> tuple[Choice, ...]:
        return tuple(Choice(id=one, title=one, note=one) for one in (text, *SHORT))  # type: ignore[arg-type]

    async with stage(tmp_path) as it:
        work(it).say(own(text), error=True)
        await it.rest()
        harmless(it)
        it.app.push_screen(PickPage(it.app.shell, own(text), ask, lambda _: None, lambda _: None))
        await until(lambda: isinstance(it.app.screen, PickPage) and bool(it.app.screen.found))
        await paste(it, text)
        harmless(it)
        plain = escape(text).split("\n")[0]
        assert plain[:20] in it.app.screen.query_one("#field", Field).value


async def test_a_text_that_came_around_the_door_is_stopped_at_the_last_one(tmp_path: Path) -> None:
    """A backend that nobody type-checked may hand anything on; it is drawn harmlessly, and told."""
    raw: Any = NASTY
    try:
        async with stage(tmp_path) as it:
            work(it).say(raw)
            await it.rest()
            strip = it.app.shell.painter.strip([(raw, "text")], 60)
            assert strange(strip.text.encode()) == [] and strip.cell_length == 60
            assert Painter.mended
    finally:
        Painter.mended.clear()


async def test_a_paste_on_the_send_line_decides_nothing_and_is_not_written(tmp_path: Path) -> None:
    from tests.ui.test_composer import ask, site, write

    async with site(tmp_path) as it:
        backend = await ask(it)
        await write(it, "Hello")
        await it.press("ctrl+o")
        await it.shows("SEND this")
        for text in ("\r", "enter", "a\rc\r", "y"):
            await paste(it, text)
            await it.shows("Pasted text decides nothing")
        page = it.app.screen
        assert isinstance(page, ComposerPage) and page.area.written == "Hello"
        assert it.desk.outbox().held == 0 and backend.sent() == []


async def test_a_paste_on_any_open_line_decides_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        for key in ("d", "!", "S", "B", "e", ",", "b"):
            await it.press(key)
            for text in ("1", "!", "\r", "y\r", "\x0f\r", "e"):
                it.app.screen.post_message(events.Paste(text))
                await it.rest()
            await it.press("ctrl+g")
            await it.press("ctrl+g")
        assert it.site.writes == [] and it.desk.outbox().held == 0
        assert it.desk.store.journal.history(5) == []


