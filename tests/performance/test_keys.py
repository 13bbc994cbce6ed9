"""What a key costs at 120x40: bytes, painted lines, statements. The bounds stand a little above what was measured."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest
from rich.color import ColorSystem

from tests.performance.counting import long_queue, step

pytestmark = pytest.mark.anyio

TERMINALS = {
    "truecolor": ("dark", ColorSystem.TRUECOLOR), "256": ("dark", ColorSystem.EIGHT_BIT),
    "16": ("ansi", ColorSystem.STANDARD),
}  # fmt: skip


@pytest.mark.parametrize(("terminal", "most"), [("truecolor", 520), ("256", 400), ("16", 230)])
async def test_a_held_key_writes_two_rows_and_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: str, most: int
) -> None:
    theme, colours = TERMINALS[terminal]
    async with long_queue(tmp_path, monkeypatch, theme=theme, colours=colours, held=True) as (it, counts):
        await it.pilot.press("j")
        await it.rest()
        for _ in range(8):
            counts.clear()
            await it.pilot.press("j")
            await it.rest()
            assert counts.widgets == {"list"} and len(counts.lines) == 2
            assert not counts.composed
            assert not counts.asked and not counts.stored
            assert counts.size <= most


@pytest.mark.parametrize(("terminal", "most"), [("truecolor", 3200), ("256", 2800), ("16", 2400)])
async def test_a_step_with_the_item_is_one_update_of_two_rows_and_the_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: str, most: int
) -> None:
    theme, colours = TERMINALS[terminal]
    async with long_queue(tmp_path, monkeypatch, theme=theme, colours=colours) as (it, counts):
        for key in "j" * 7 + "k" * 7:  # now the threads are here
            await step(it, key)
        sizes = []
        for _ in range(7):
            counts.clear()
            await step(it, "j")
            assert counts.widgets == {"list", "detail"}, "nothing else is painted"
            assert sum(widget == "list" for widget, _ in counts.lines) == 2
            assert len(counts.lines) <= 40 and len(counts.frames) <= 2 and not counts.composed
            assert len(counts.asked) <= 7 and not counts.stored, counts.asked
            sizes.append(counts.size)
        assert mean(sizes) <= most and max(sizes) <= 4000


@pytest.mark.parametrize(("terminal", "most"), [("truecolor", 8000), ("256", 6400), ("16", 4600)])
async def test_a_page_is_one_update_and_asks_as_little_as_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: str, most: int
) -> None:
    theme, colours = TERMINALS[terminal]
    async with long_queue(tmp_path, monkeypatch, theme=theme, colours=colours) as (it, counts):
        for key in ("pagedown", "pagedown", "pageup", "pageup"):
            await step(it, key)
        for key in ("pagedown", "pageup", "pagedown"):
            counts.clear()
            await step(it, key)
            assert counts.widgets == {"list", "detail"} and not counts.composed
            assert len(counts.lines) <= 80, "no line twice"
            assert len(counts.frames) <= 2
            assert len(counts.asked) <= 10 and not counts.stored, counts.asked
            assert counts.size <= most


async def test_a_decision_and_its_undo_ask_for_the_rows_in_sight_not_for_the_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with long_queue(tmp_path, monkeypatch) as (it, counts):
        for key in ("j", "j", "k"):
            await step(it, key)
        for key, most in (("a", 45), ("u", 35), ("a", 45), ("u", 35)):
            counts.clear()
            await step(it, key)
            await it.shows("undo" if key == "a" else "aken back")
            assert len(counts.asked) <= most, counts.asked
            assert len(counts.stored) <= 25, counts.stored
            assert counts.widgets <= {"list", "detail", "bars", "message", "hint"} and not counts.composed
            assert counts.size <= 4500
