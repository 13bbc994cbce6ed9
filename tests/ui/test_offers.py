"""An offer of the list under the comma is what is decided, with its own words and its own id."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.domain.items import Offer
from modtui.text import Foreign
from tests.ui.world import rows, stage

pytestmark = pytest.mark.anyio


async def test_an_edit_of_the_list_keeps_which_one_was_chosen(tmp_path: Path) -> None:
    chosen = tuple(
        Offer(id=f"edit:{code}", verb="edit", label=Foreign(f"Edit: {code}"), needs=("text",), default=code == "plain")
        for code in ("plain", "needs-clarity")
    )
    async with stage(tmp_path / "a", items=[]) as first:
        item = msgspec.structs.replace(rows(first.backend)[1], offers=chosen)
    async with stage(tmp_path / "b", size=(80, 24), items=[item]) as it:
        await it.press(",")
        await it.shows("Edit: needs-clarity")
        await it.press("b")
        await it.shows("> Text of #4122")
        await it.press(*"New ", "ctrl+o")
        await it.shows("Edited #4122")
        (held,) = it.desk.store.journal.open_decisions()
        assert held.intent.verb == "edit" and held.intent.offer == "edit:needs-clarity"
        assert (held.intent.text or "").startswith("New ")
