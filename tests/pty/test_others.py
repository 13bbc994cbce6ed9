"""Other moderators act on the same items at the same time: they are never overruled unasked."""

from __future__ import annotations

import re

from tests.pty.conftest import Open
from tests.pty.modtui import ROW, Harbour


def test_another_moderator_was_faster(harbour: Harbour, open_modtui: Open) -> None:
    """Decided here, then decided there before the hold is over: ours is not sent, and both are named."""
    work = harbour.pick()
    modtui = open_modtui(hold=2).ready()
    modtui.go_to(work)
    modtui.press("a")
    modtui.decided(f"Kept #{work.number}")
    harbour.demo.perform(work.number, "agree_and_hide", "kestrel")
    modtui.wait_for(f"Not sent: #{work.number} is not what you saw")
    assert "kestrel" in modtui.message()
    modtui.wait_for("conflict 1: U")
    assert harbour.status(work.number) == "approved", "kestrel's decision stands"
    assert harbour.performs(work.number) == []
    modtui.press("U")
    modtui.wait_for("CONFLICT")
    modtui.press("enter")
    modtui.wait_for("NOT sent, because the post is not what you saw")
    modtui.press("t")
    modtui.wait_for("theirs stays")
    modtui.press("q", "q")
    modtui.wait_for(ROW)
    modtui.wait_gone("conflict 1")
    assert harbour.performs(work.number) == []
    assert harbour.api.post(work.post)["hidden"]


def test_the_author_edits_while_the_decision_is_held(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=2).ready()
    modtui.go_to(work)
    modtui.press("d", "2")
    modtui.decided(f"Removed #{work.number}")
    harbour.demo.edit_post(work.post, "I have thought about it and take everything back. Sorry.")
    modtui.wait_for(f"Not sent: #{work.number} is not what you saw")
    assert harbour.status(work.number) == "pending"
    assert not harbour.api.post(work.post)["hidden"]
    modtui.press("U")
    modtui.wait_for("CONFLICT")
    modtui.press("enter")
    modtui.wait_for("WHAT CHANGED IN THE TEXT")
    modtui.wait_for(re.compile(r"^\s*\+ .*take everything back", re.M))
    modtui.press("m")
    assert modtui.sent(work.number) == "approved"
    assert harbour.api.post(work.post)["hidden"]
    assert len(harbour.performs(work.number)) == 1


def test_an_item_that_another_has_taken_asks_first(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=0).ready()
    modtui.go_to(work)
    topic = harbour.api.item(work.number)["topic_id"]
    kestrel = harbour.api.acting_as("kestrel")
    kestrel.send("POST", "/reviewable_claimed_topics", **{"reviewable_claimed_topic[topic_id]": topic})
    modtui.wait_for(re.compile("taken by kestrel|kestrel"))
    modtui.read()
    modtui.press("a")
    modtui.wait_for(re.compile(r"kestrel has (had|taken) this.*y/N"))
    modtui.press("n")
    modtui.still()
    assert harbour.status(work.number) == "pending"
    assert harbour.performs(work.number) == []


def test_c_claims_and_lets_go(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=0).ready()
    modtui.go_to(work)

    def claimer() -> str:
        claim = harbour.api.item(work.number).get("claimed_by") or {}
        user = claim.get("user") or claim
        return str(user.get("username") or user.get("user_id") or "") if claim else ""

    modtui.press("c")
    modtui.wait_for(lambda: bool(claimer()), why="the claim on the site")
    modtui.wait_for(re.compile(r"^>c", re.M))
    modtui.read()
    modtui.press("c")
    modtui.wait_for(lambda: not claimer(), why="the claim gone")
