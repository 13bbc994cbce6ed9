"""The two lines on top: what gives way first where there is little room."""

from __future__ import annotations

import pytest

from modtui.text import own
from modtui.widgets.bars import LaneTab, TopState, lane_line, status_line
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


def test_a_filter_is_there_before_the_budget_is() -> None:
    state = TopState(
        place=own("harbour"), parts=(own("due first"), own("0 marked"), own("filter is:suspended")), keep=1,
        notes=((own("failed 1: U"), "status"), (own("held 0"), "status"), (own("draft 1: g d"), "status")),
        minor=((own("47/60 a min"), "status"), (own("reading the site ..."), "status")),
    )  # fmt: skip
    words = flat(status_line(state, 80))
    assert "filter is:suspended" in words and "held 0" in words and "reading" not in words
    assert "reading the site" in flat(status_line(state, 160))
