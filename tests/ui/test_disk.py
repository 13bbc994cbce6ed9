"""A journal that cannot be written, as the moderator sees it: told in a sentence and on line 2, keys answer, nothing is
dropped, and all goes on when the disk is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.fakes import until
from tests.core.test_desk_out_disk import SPOILT, Spoil, spoilt
from tests.ui.test_composer import ask, kept, site, typed, write
from tests.ui.world import stage

pytestmark = pytest.mark.anyio
NOTE = "JOURNAL NOT WRITTEN"


@spoilt
async def test_a_key_that_decides_says_that_nothing_was_saved(tmp_path: Path, spoil: Spoil, said: str) -> None:
    async with stage(tmp_path) as it:
        await it.shows("#4121")
        with spoil(it.desk.store.journal):
            await it.press("a")
            await until(lambda: said in it.flat() and "Nothing was saved" in it.flat())
            await it.shows(NOTE)
            assert it.desk.outbox().held == 0
            assert "#4121 was not decided." in it.flat()
            await it.shows("#4121 reported post by")
            await it.press("j")
            await it.shows("#4122 reported post by")
            await it.press("i")
            await until(lambda: "#4121, #4122 were not decided." in it.flat())
            await it.press("?")
            await it.shows("> Help")
            assert NOTE in it.text(), "on every page"
            await it.press("q", "k")
            await it.shows("#4121 reported post by")
        await it.press("a")
        await it.shows("Kept #4121")
        assert NOTE not in it.text()
        await it.press("u")
        await it.shows("Taken back")
    assert it.site.writes == []


@spoilt
async def test_what_is_due_waits_and_goes_out_when_the_disk_is_well(tmp_path: Path, spoil: Spoil, said: str) -> None:
    async with stage(tmp_path, hold_override_s=5) as it:
        await it.press("a")
        await it.shows("Kept #4121")
        await it.press("@")
        await it.shows("> Requests")
        with spoil(it.desk.store.journal):
            await it.clock.advance(10)
            await until(lambda: said in it.flat())
            assert NOTE in it.text()
            assert it.site.writes == []
            await it.press("q", "j")
            await it.shows("#4123 reported post by")
        await it.clock.advance(20)
        await until(lambda: it.on_site("4121") == "kept", seconds=30)
        await until(lambda: NOTE not in it.text(), seconds=30)
    assert len(it.site.writes) == 1


@pytest.mark.parametrize(("spoil", "said"), SPOILT[1:])  # a draft finds room where a decision does not
async def test_a_text_that_is_not_on_the_disk_is_said_where_it_is_written(
    tmp_path: Path, spoil: Spoil, said: str
) -> None:
    async with site(tmp_path) as it:
        await ask(it)
        with spoil(it.desk.store.journal):
            await write(it, "Hallo")
            await until(lambda: "Your text is not on the disk yet" in it.flat(), seconds=30)
            await it.shows(NOTE)
            assert it.desk.drafts.saving
            await typed(it, " und guten Tag")
            await it.shows("Hallo und guten Tag")
        await kept(it, "Hallo und guten Tag")
        while it.desk.drafts.saving:
            await it.clock.advance(1)
        assert [row.id for row in it.desk.store.journal.drafts()] == [it.desk.drafts.all()[0].id]
        await it.press("ctrl+g")
        await it.shows("the draft is kept")
        assert NOTE not in it.text()
