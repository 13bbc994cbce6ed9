"""Picking out of what the site has."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.domain.items import Choice
from modtui.screens.pages.pick import PickPage
from modtui.text import Foreign, own
from tests.ui.world import stage

pytestmark = pytest.mark.anyio

TAGS = tuple(Choice(id=name, title=Foreign(name)) for name in ("backup", "restore"))


async def test_picking_several_says_what_enter_does(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        got: list[tuple[str, ...]] = []

        async def ask(text: str) -> tuple[Choice, ...]:
            return tuple(one for one in TAGS if one.id.startswith(text))

        def known(text: str) -> None:
            return None

        page = PickPage(
            it.app.shell, own("Tags of #4121"), ask, known, lambda found: got.append(tuple(one.id for one in found)),
            many=True,
        )  # fmt: skip
        it.app.push_screen(page)
        await it.shows("restore")
        assert "enter adds or takes off, enter on an empty line is done, ctrl+g leaves" in it.flat()
        assert "enter takes it" not in it.flat()
        await it.press("r")
        await it.shows(">  restore")
        await it.press("enter")
        await it.shows("Picked: restore")
        await it.press("enter")
        await it.shows("1 REPORTS")
        assert got == [("restore",)]
