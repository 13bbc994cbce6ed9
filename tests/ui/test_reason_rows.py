"""The rows of the reason line: two things share a row where they fit, and what will happen is not cut for less."""

from __future__ import annotations

from modtui.domain.decisions import Effect, Plan
from modtui.domain.ladder import Proposal
from modtui.screens.lines.base import Drawn
from modtui.screens.lines.reason_rows import (
    lock_piece,
    modifier_rows,
    route_piece,
    sanction_piece,
    will_need,
    will_rows,
)
from modtui.text import own
from modtui.text.width import cells

DAY = 86_400_000
PROPOSED = Proposal(0, 5, "ban", DAY, own("would be the first removal in 90 days"))


def texts(rows: list[Drawn]) -> list[str]:
    """What stands in each row."""
    return ["".join(text for text, _ in row) for row in rows]


def modifiers(width: int, room: int) -> list[str]:
    """Nothing is chosen, everything is possible, and the ladder proposes a ban."""
    ban = sanction_piece("ban", None, None, [], width, PROPOSED)
    silence = sanction_piece("silence", None, None, [], width, PROPOSED)
    return texts(modifier_rows(ban, silence, lock_piece(False, None), width, room, route_piece(False)))


def test_80_columns_hold_four_modifiers_in_two_rows() -> None:
    found = modifiers(80, 13)
    assert len(found) == 2
    assert all(cells(own(row)) <= 80 for row in found)
    assert "the ladder proposes 1 day" in found[0] and "lock the thread too" in found[0]
    assert "silence the author" in found[1] and "the route is asked next" in found[1]


def test_the_ladder_says_why_where_there_is_room_for_all_of_it() -> None:
    found = modifiers(120, 30)
    assert "the ladder proposes ban 1 day: would be the first removal in 90 days" in found[0]
    assert not any("ladder" in row for row in found[1:]), "it proposes a ban, so it says nothing of a silence"


def test_will_happen_has_as_many_rows_as_it_needs() -> None:
    words = ("is hidden", "1 report closed as right, and who wrote it is thanked by the site for what that is worth")
    plan = Plan(verb="remove", steps=(), effects=(Effect("post", own(words[0])), Effect("reporters", own(words[1]))),
                stays=("the reports stay counted as right, which nobody can take back",))  # fmt: skip
    need = will_need(plan, 15, False, 80)
    assert need == 4
    whole = " ".join(" ".join(texts(will_rows(plan, 15, False, 80, need))).split())
    assert words[1] in whole and "afterwards the reports stay counted as right, which nobody can take back." in whole
