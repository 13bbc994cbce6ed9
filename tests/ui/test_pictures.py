"""The screens as text, at the sizes that must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Resize
from textual.geometry import Size

from tests.core.fakes import START_MS, make_item, until
from tests.ui.world import golden, stage

pytestmark = pytest.mark.anyio

SIZES = {"narrow": (80, 24), "wide": (120, 40)}


@pytest.mark.parametrize("size", SIZES)
async def test_queue(tmp_path: Path, size: str) -> None:
    async with stage(tmp_path, size=SIZES[size]) as it:
        await it.shows("end of item" if size == "wide" else "closed as wrong")
        golden(f"queue-{size}", it.text())


@pytest.mark.parametrize("size", SIZES)
async def test_item(tmp_path: Path, size: str) -> None:
    async with stage(tmp_path, size=SIZES[size]) as it:
        await it.press("enter")
        await it.shows("THREAD")
        golden(f"item-{size}", it.text())


@pytest.mark.parametrize("size", SIZES)
async def test_reason_line(tmp_path: Path, size: str) -> None:
    async with stage(tmp_path, size=SIZES[size]) as it:
        await it.press("d", "b")
        golden(f"reason-{size}", it.text())


@pytest.mark.parametrize("size", SIZES)
async def test_ban_form(tmp_path: Path, size: str) -> None:
    async with stage(tmp_path, size=SIZES[size]) as it:
        await it.press("B")
        golden(f"ban-{size}", it.text())


@pytest.mark.parametrize(
    "key,name",
    [
        ("?", "help"),
        ("@", "requests"),
        ("U", "journal"),
        ("P", "reporters"),
        ("t", "thread"),
        ("f", "links"),
        ("p", "author"),
    ],
)
async def test_pages(tmp_path: Path, key: str, name: str) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.shows("closed as wrong")
        await it.press("j", "k", key)
        await it.rest()
        golden(f"page-{name}", it.text())


async def test_empty(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), items=[]) as it:
        await it.shows("Nothing is waiting")
        golden("empty", it.text())


async def test_too_small(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(50, 12)) as it:
        await it.shows("at least 60 columns")
        await it.pilot.resize_terminal(80, 24)
        await it.shows("pixelwurm")


async def test_the_window_counts_and_not_what_was_told_of_it_late(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.rest()
        await it.pilot.resize_terminal(120, 40)
        it.app.post_message(Resize(Size(80, 24), Size(80, 24)))  # the signal before the last one, told after it
        await it.rest()
        assert len(it.text().splitlines()) == 40


async def test_a_tall_window_is_filled_as_soon_as_the_site_can_be_asked(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        items = [make_item(first.desk.communities[0].id, str(n), since_ms=START_MS - n) for n in range(100, 170)]
    async with stage(tmp_path / "b", size=(120, 45), items=items) as it:  # its first look reads 30
        await until(lambda: it.text().count("Title 1") > 38)
        await it.pilot.resize_terminal(120, 65)
        await until(lambda: it.text().count("Title 1") > 58)


async def test_g_on_the_last_row_reads_on(tmp_path: Path) -> None:
    async with stage(tmp_path / "a", items=[]) as first:
        items = [make_item(first.desk.communities[0].id, str(n), since_ms=START_MS - 999 + n) for n in range(100, 170)]
    async with stage(tmp_path / "b", size=(120, 24), items=items) as it:
        await it.shows("30 of 70 read")
        await it.press("G")
        await it.shows("40 of 70 read")
        await it.press("R")  # begins again with the first page
        await it.shows("Up to date")
        await it.press("G")
        await it.press("G")
        await it.shows("50 of 70 read")
