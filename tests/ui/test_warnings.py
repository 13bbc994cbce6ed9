"""What must be seen all the time: that a line can be read by others, and that nothing can be written. In red."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.style import Style

from tests.ui.world import PictureBackend, Stage, rows, stage

pytestmark = pytest.mark.anyio


class Plain(PictureBackend):
    """A site at plain http on another machine, allowed by name."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{**more, "url": "http://forum.harbour.example"})


def style_of(it: Stage, words: str) -> Style:
    """How words on line 2 are painted."""
    for segment in it.app.screen._compositor.render_strips()[1]:
        if words in segment.text and segment.style is not None:
            return segment.style
    raise AssertionError(f"{words!r} is not on line 2:\n{it.text()}")


def red(style: Style) -> bool:
    """Whether a colour is more red than anything else, however the theme writes it."""
    assert style.color is not None
    colour = style.color.get_truecolor()
    return colour.red > 1.5 * max(colour.green, colour.blue)


@pytest.mark.parametrize(
    ("theme", "size"), [("dark", (160, 40)), ("light", (80, 24)), ("ansi", (80, 24)), ("ansi", (60, 16))]
)
async def test_plain_http_is_red_on_every_screen(tmp_path: Path, theme: str, size: tuple[int, int]) -> None:
    async with stage(tmp_path, theme=theme, size=size, backend_type=Plain) as it:
        await it.shows("PLAIN HTTP")
        found = style_of(it, "PLAIN HTTP")
        assert red(found) and found.bold
        if theme == "ansi":
            assert found.color is not None and found.color.name == "red", "one of the terminal's own sixteen"
        await it.press("U")
        await it.shows("ournal")
        await it.shows("PLAIN HTTP")
        assert red(style_of(it, "PLAIN HTTP"))


async def test_plain_http_is_said_without_colours_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with stage(tmp_path, backend_type=Plain) as it:
        await it.shows("PLAIN HTTP")


async def test_what_is_encrypted_or_stays_on_this_machine_needs_no_word(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.shows("#4121")
        assert "PLAIN HTTP" not in it.text() and "READ-ONLY" not in it.text()


async def test_of_several_communities_the_one_is_named(tmp_path: Path) -> None:
    class Mixed(PictureBackend):
        """lagoon is at plain http, and read-only."""

        def __init__(self, *args: Any, **more: Any) -> None:
            lagoon = "lagoon" in more.get("url", "")
            super().__init__(*args, **{**more, **({"url": "http://lagoon.example"} if lagoon else {})})
            self.connection = msgspec.structs.replace(self.connection, read_only=lagoon)

    async with stage(tmp_path, size=(160, 40), backend_type=Mixed, second=rows) as it:
        await it.shows("PLAIN HTTP: lagoon")
        await it.shows("READ-ONLY: lagoon")
