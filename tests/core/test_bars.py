"""The two lines on top: what gives way first where there is little room."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from modtui.text import own
from modtui.text.width import cells
from modtui.widgets.bars import LaneTab, TopState, lane_at, lane_line, status_line
from modtui.widgets.draw import Line

LANES = (
    LaneTab("1", "Reports", "Reports", 390, active=False),
    LaneTab("2", "Pending", "Pending", 109, active=False),
    LaneTab("3", "Questions", "Quest.", 199, active=True),
    LaneTab("4", "Members", "Memb.", None, active=False),
    LaneTab("5", "Escalated", "Esc.", 1, active=False),
)


def flat(line: Line) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_lane_keeps_its_digit_and_count_beside_a_long_name_of_the_site(width: int) -> None:
    state = TopState(place=own("community.example"), name=own("rookmoor_the_second"[: width // 8]), lanes=LANES)
    words = flat(lane_line(state, width))
    assert len(words) == width and "~" not in words
    for tab in LANES:
        assert tab.digit in words and str(tab.count or "") in words


@pytest.mark.parametrize("width", [60, 66, 72, 80, 100, 120])
@pytest.mark.parametrize("count", [7, 390, 12_345, 1_234_567])
@pytest.mark.parametrize("letter", ["w", "\u6f22"])
@pytest.mark.parametrize("active", range(5))
def test_no_name_hides_a_lane(width: int, count: int, letter: str, active: int) -> None:
    """Neither the longest names nor the greatest counts: every digit is there, and what was shortened says so."""
    lanes = tuple(
        replace(tab, count=count if tab.count else tab.count, active=n == active) for n, tab in enumerate(LANES)
    )
    state = TopState(place=own(letter * 24), name=own(letter * 24), lanes=lanes, communities=3)
    words = flat(lane_line(state, width))
    assert cells(own(words)) == width
    for tab in lanes:
        assert f" {tab.digit}" in words, words
        known = [f"{tab.count}", f"{tab.count // 1000}k", f"{tab.count // 1_000_000}M"] if tab.count else [""]
        assert any(number in words for number in known)
    assert lanes[active].name.upper()[:3] in words
    places = [lane_at(state, width, x) for x in range(width)]
    assert {place for place in places if place is not None} == set(range(5)), "each can be clicked"


def test_three_letters_of_a_lane_come_before_its_digit_alone() -> None:
    state = TopState(place=own("127.0.0.1"), name=own("rookmoor"), lanes=LANES)
    words = flat(lane_line(state, 82))
    told = " ".join(words.split())
    assert told == "127.0.0.1 1 Rep. 390 2 Pen. 109 3 QUESTIONS 199 4 Mem. 5 Esc. 1 rookmoor"
    assert "4 Memb.  5 Esc. 1" in flat(lane_line(state, 100))


def test_a_filter_is_there_before_the_budget_is() -> None:
    state = TopState(
        place=own("harbour"), parts=(own("due first"), own("0 marked"), own("filter is:suspended")), keep=1,
        notes=((own("failed 1: U"), "status"), (own("held 0"), "status"), (own("draft 1: g d"), "status")),
        minor=((own("47/60 a min"), "status"), (own("reading the site ..."), "status")),
    )  # fmt: skip
    words = flat(status_line(state, 80))
    assert "filter is:suspended" in words and "held 0" in words and "reading" not in words
    assert "reading the site" in flat(status_line(state, 160))
