"""Which colours reach the terminal, after everything that Textual does to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import ColorType

from tests.ui.world import Stage, stage

pytestmark = pytest.mark.anyio


def kinds(it: Stage) -> set[ColorType]:
    """The kinds of colours of all signs and blanks on the screen."""
    styles = [segment.style for strip in it.app.screen._compositor.render_strips() for segment in strip]
    return {colour.type for style in styles if style for colour in (style.color, style.bgcolor) if colour is not None}


async def test_a_terminal_with_few_colours_keeps_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path, theme="ansi") as it:
        await it.shows("#4121 reported post by pixelwurm")
        assert ColorType.STANDARD in kinds(it), "names of colours go out as they are"
        assert ColorType.TRUECOLOR not in kinds(it), "none was turned into one that the terminal has to guess"


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_other_themes_choose_every_colour(tmp_path: Path, theme: str) -> None:
    async with stage(tmp_path, theme=theme) as it:
        await it.shows("#4121 reported post by pixelwurm")
        assert kinds(it) == {ColorType.TRUECOLOR}
        assert it.app.has_class("-light-mode") == (theme == "light")
