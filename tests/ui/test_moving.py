"""Moving, reading, finding, filtering: what the moderator sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.screens.fields import Field
from tests.core.fakes import until
from tests.ui.world import stage

pytestmark = pytest.mark.anyio


async def test_j_and_k_move_one_row(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("j", "j")
        await it.shows("#4123 reported post by jardin_libre")
        await it.press("k")
        await it.shows("#4122 reported post by quietbyte77")
        await it.press("G")
        await it.shows("#4127 reported post by lucarne")
        await it.press("g", "g")
        await it.shows("#4121 reported post by pixelwurm")


async def test_personal_data_stays_folded_until_enter(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("j", "j", "j", "enter")
        await it.shows("folded: personal data")
        await it.press("space")
        assert "And some more words" not in it.text()
        await it.press("enter")
        await it.shows("And some more words")
        await it.press("enter")
        await it.shows("folded: personal data")


async def test_hostile_text_is_named_in_the_list_and_harmless_in_the_item(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("j", "j", "j", "j")
        await it.shows("#4125 reported post by petrichor_x")
        text = it.text()
        assert "\x1b" not in text and "\u202e" not in text
        assert "␛[31mred [/foo]" in text
        assert "hidden signs" in text


async def test_filter_says_what_it_hides_and_escape_clears_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("F", *"lang:fr", "enter")
        await it.shows("2 match; 5 others are hidden.")
        assert "quietbyte77" not in it.text()
        await it.press("escape")
        await it.shows("quietbyte77")


async def test_a_wrong_filter_changes_nothing_and_names_the_nearest(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("F", *"autor:bo", "enter")
        await it.shows("author")
        assert "quietbyte77" in it.text()


async def test_a_filter_without_matches_is_not_an_empty_queue(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("F", *"author:nobody", "enter")
        await it.shows("Nothing matches author:nobody.")
        assert "7 others are hidden" in it.text()
        assert "All caught up" not in it.text()


async def test_find_goes_to_the_row(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("/", *"python", "enter")
        await it.shows("#4127 reported post by lucarne")


async def test_the_top_is_never_left_by_escape_or_h(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("escape", "h", "left", "escape")
        assert it.app.is_running
        assert "Leave modtui" not in it.text()
        await it.press("q")
        await it.shows("Leave modtui?")
        await it.press("n")
        await it.shows("Nothing was done.")


async def test_ctrl_c_does_nothing_and_says_how_to_leave(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("ctrl+c")
        await it.shows("q leaves. ctrl+c does nothing here.")
        assert it.app.is_running


async def test_the_command_line_does_what_the_key_does(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press(":", *"item.ignore", "enter")
        await it.shows("Ignored #4121")
        await it.press(":", *"item.aprove", "enter")
        await it.shows("The nearest is item.approve")


async def test_the_palette_finds_by_part_of_the_name(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("ctrl+p", *"keep", "enter")
        await it.shows("Kept #4121")


async def test_up_and_down_choose_in_the_palette(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("ctrl+p", *"lane.", "down", "down", "up")
        assert [line.split()[1:3] for line in it.lines() if line.startswith(">")] == [["2", "pending"]]
        await it.press("enter")
        await it.shows("2 PENDING")


async def test_rebound_keys_are_used_and_shown(tmp_path: Path) -> None:
    async with stage(tmp_path, config='[keys]\n"item.approve" = ["f"]\n"links.show" = []\n') as it:
        assert "f keep" in it.lines()[-1]
        await it.press("a")
        assert it.desk.outbox().held == 0
        await it.press("f")
        await it.shows("Kept #4121")


async def test_every_size_from_narrow_to_wide_shows_the_author_and_the_counters(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        for width, height in ((60, 16), (80, 24), (100, 30), (119, 40), (120, 40), (160, 45), (200, 60)):
            await it.pilot.resize_terminal(width, height)
            await it.rest()
            lines = it.lines()
            assert "pixelwurm" in it.text(), (width, height)
            assert "marked" in lines[1], (width, height)
            assert max(len(line) for line in lines) <= width


async def test_later_puts_aside_and_brings_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("b", "1")
        await it.shows("#4121 comes back")
        await it.press("k", "b", "0")
        await it.shows("#4121 is back in the list.")
        assert it.site.writes == []


async def test_what_was_put_aside_stays_away_after_a_new_start(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("b", "1")
        await it.shows("#4121 comes back")
    async with stage(tmp_path, size=(80, 24)) as it:
        await until(lambda: not any("pixelwurm" in line for line in it.lines()[2:17]))
        assert it.lines()[3].startswith(">") and "quietbyte77" in it.lines()[3]


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "plain"])
async def test_every_theme_draws_the_same_letters(tmp_path: Path, theme: str) -> None:
    async with stage(tmp_path, theme=theme) as it:
        await it.shows("#4121 reported post by pixelwurm")
        await it.press("d")
        await it.shows("REMOVE this 1 post")


async def test_keys_that_edit_a_line_of_text_keep_their_turn(tmp_path: Path) -> None:
    """Over a slow line several keys come in one read."""
    async with stage(tmp_path) as it:
        await it.press("F")
        for key in ("o", "l", "d", "ctrl+u", "b", "d", "left", "a", "end", "x", "backspace", "home", "a"):
            it.app.simulate_key(key)
        field = it.app.screen.query_one("#field", Field)
        await until(lambda: field.written == "abad")
