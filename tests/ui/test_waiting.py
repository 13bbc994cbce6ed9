"""What is seen while something takes its time: the first page, the commit, an answer that is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.domain.decisions import Decision
from modtui.domain.items import Account
from modtui.screens.surface import Surface
from tests.core.fakes import until
from tests.ui.world import PictureBackend, stage

pytestmark = pytest.mark.anyio


class SlowBackend(PictureBackend):
    """Says who we are when it is allowed to."""

    may = asyncio.Event()

    async def identify(self) -> Account:
        await self.may.wait()
        return await super().identify()


async def test_before_the_first_page_the_screen_says_that_it_reads(tmp_path: Path) -> None:
    SlowBackend.may = asyncio.Event()
    async with stage(tmp_path, size=(80, 24), backend_type=SlowBackend, ready=False) as it:
        await it.shows("Reading harbour ...")
        assert "reading the site ..." in it.lines()[1]
        await it.press("d", "2", "j", "enter", "a")
        assert it.desk.outbox().held == 0
        assert "1 REPORTS" in it.lines()[0], "the digit after a refused d goes nowhere"
        SlowBackend.may.set()
        await it.shows("pixelwurm")
        await until(lambda: "live" in it.lines()[1], "the line")


async def test_the_row_says_deciding_until_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        journal = it.desk.store.journal
        record, may = journal.record, asyncio.Event()

        async def slow(decision: Decision) -> None:
            await may.wait()
            await record(decision)

        monkeypatch.setattr(journal, "record", slow)
        await it.press("a")
        await it.shows(" .  26h  3 DE insult    pixelwurm     deciding: Export bricht ab")
        assert it.lines()[4].startswith(">"), "the cursor went on at once"
        assert "held 0" in it.lines()[1]
        may.set()
        await it.shows(" H  26h  3 DE insult    pixelwurm     kept, held: Export bricht ab")
        await it.shows("Kept #4121 by pixelwurm")


async def test_an_answer_that_is_lost_is_told(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        it.site.faults.append("lost")
        it.site.unclear = True
        await it.press("a")
        await it.clock.advance(16)
        await it.shows("unknown 1: U")
        await it.shows("#4121: the answer was lost. The site is asked; nothing is sent twice.")
        await it.shows(" ?  26h")
        await it.press("U")
        await it.shows("asking the site first")


async def test_leaving_waits_and_can_be_stopped(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("a", "q", "q")
        await it.shows("Leaving when all is sent.")
        await it.press("j")
        assert it.app.is_running
        await it.press("ctrl+g")
        await it.shows("Still here.")
        await it.press("q", "x")
        await until(lambda: it.app.return_code == 0)
        assert it.on_site("4121") == "open", "what was held waits for the next start"


async def test_a_long_sentence_gets_the_lines_it_needs_and_gives_them_back(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        rows = it.text().count("\n")
        await it.press("F", *"author>3", "enter")
        assert len(it.lines()) == rows + 1
        words = it.flat()
        assert '"author" is not a number.' in words and "Write author:3" in words
        await it.press("j")
        await it.press("u")
        await it.shows("Nothing left to take back in this session.")


async def test_what_is_told_while_the_program_ends_is_no_mistake(tmp_path: Path) -> None:
    """The parts of a screen go before the screen does."""
    async with stage(tmp_path) as it:
        screen = it.app.screen
        assert isinstance(screen, Surface)
        await screen.query_one("#bars").remove()
        assert screen.built
        screen.refresh_top()
