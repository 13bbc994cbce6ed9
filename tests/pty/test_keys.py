"""Keys that nobody meant: pasted, repeated, too soon. None of them decides on what was not read."""

from __future__ import annotations

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui, Work


def decided_here(harbour: Harbour, modtui_writes: list[str]) -> list[str]:
    """What was written since."""
    return harbour.writes()[len(modtui_writes) :]


def in_sight(harbour: Harbour, open_modtui: Open) -> tuple[Work, Modtui, list[str]]:
    """An item that has been in sight for long, and what was written before."""
    work = harbour.pick()
    modtui = open_modtui(hold=0).ready()
    modtui.go_to(work)
    modtui.still(1)  # for long, however late a busy machine drew it
    return work, modtui, harbour.writes()


def test_a_marked_paste_decides_nothing(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(hold=0).ready()
    modtui.read()
    before = harbour.writes()
    first = modtui.standing()
    modtui.paste("aaaa")
    modtui.wait_for("Pasted text decides nothing (4 keys ignored)")
    modtui.paste("d2")
    modtui.wait_for("Pasted text decides nothing (2 keys ignored)")
    modtui.read()
    assert modtui.standing() == first
    assert harbour.writes() == before


def test_an_unmarked_paste_decides_at_most_the_item_that_was_read(harbour: Harbour, open_modtui: Open) -> None:
    """A terminal without bracketed paste sends four plain keys: the item in sight may go, no other."""
    work, modtui, before = in_sight(harbour, open_modtui)
    modtui.paste("aaaa", bracketed=False)
    modtui.sent(work.number)
    modtui.still(0.6)
    assert [one for one in decided_here(harbour, before) if "/perform/" not in one] == []
    assert len(decided_here(harbour, before)) == 1
    assert len(harbour.performs(work.number)) == 1


def test_a_held_key_decides_at_most_the_item_that_was_read(harbour: Harbour, open_modtui: Open) -> None:
    """Thirty presses in a second, as a key that is held down repeats."""
    work, modtui, before = in_sight(harbour, open_modtui)
    stumbles = modtui.repeat("a", 30)
    modtui.sent(work.number)
    modtui.still(0.6)
    assert 1 <= len(decided_here(harbour, before)) <= 1 + stumbles


def test_a_decision_too_soon_after_the_item_came_is_dropped(harbour: Harbour, open_modtui: Open) -> None:
    """j and a in one write: the item that j brings has not been read."""
    modtui = open_modtui(hold=0).ready()
    modtui.read()
    before = harbour.writes()
    modtui.press("j", "a")
    modtui.wait_for("Too fast to have been read: nothing decided")
    modtui.press("j", "d", "2")
    modtui.wait_for("a digit decides")
    modtui.wait_for("Too fast to have been read: nothing decided")
    modtui.press("q")
    modtui.wait_gone("a digit decides")
    modtui.still()
    assert harbour.writes() == before


def test_what_is_typed_ahead_goes_where_it_was_meant(harbour: Harbour, open_modtui: Open) -> None:
    """A slow line delivers several keys at once: the text after / is text, and the keys after U are the journal's."""
    modtui = open_modtui(hold=0).ready()
    modtui.read()
    before = harbour.writes()
    modtui.press("/", *"db2", "enter")
    modtui.wait_for('"db2" is not in the')
    modtui.read()
    modtui.press(":", *"journal.open", "enter")
    modtui.wait_for("Nothing was decided yet")
    modtui.back("Nothing was decided yet")
    modtui.read()
    modtui.press("ctrl+p", *"reporters", "enter")
    modtui.wait_for("> Reporters")
    modtui.back("> Reporters")
    modtui.read()
    modtui.press("U", "a", "i", "d")
    modtui.wait_for("Nothing was decided yet")
    modtui.still()
    assert harbour.writes() == before


def test_escape_and_h_never_leave_and_ctrl_c_says_how(harbour: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui().ready()
    modtui.press("escape")
    modtui.press("h")
    modtui.press("left")
    modtui.press("ctrl+c")
    modtui.wait_for("q leaves. ctrl+c does nothing here.")
    modtui.press("j")
    modtui.wait_for(lambda: ">" in modtui.row()[:1], why="the cursor still moving")
    assert not modtui.ended
    assert modtui.leave() == 0
    assert modtui.left_behind() == []
