"""The table of states is whole, and docs/outbox.md shows it as it is."""

from __future__ import annotations

from modtui.docs import DOCS, outbox_page
from modtui.domain.decisions import FINAL, StepState
from modtui.domain.transitions import LEGAL, MEANINGS, TRANSITIONS, sources


def test_the_page_shows_the_table() -> None:
    assert (DOCS / "outbox.md").read_text("utf-8") == outbox_page(), "run: python -m modtui.docs"
    assert all(f"| {one.frm or '(new)'} | {one.to} | {one.who} | {one.why} |" in outbox_page() for one in TRANSITIONS)


def test_every_state_can_be_reached_and_what_is_not_final_can_end() -> None:
    assert set(MEANINGS) == set(StepState.__args__)  # type: ignore[attr-defined]
    reached: set[str] = {one.to for one in TRANSITIONS if one.frm is None}
    for _ in MEANINGS:
        reached |= {to for frm, to in LEGAL if frm in reached}
    assert reached == set(MEANINGS)
    for state in set(MEANINGS) - FINAL:
        assert {to for frm, to in LEGAL if frm == state} & FINAL, state


def test_what_is_on_the_site_is_never_sent_again_and_an_end_is_an_end() -> None:
    assert {(frm, to) for frm, to in LEGAL if frm == "done"} == {("done", "undone")}
    assert not [pair for pair in LEGAL if pair[0] == "undone"]
    assert sources("sending") == ("held",), "everything that is sent was held, and checked"
