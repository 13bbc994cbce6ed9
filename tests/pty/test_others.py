"""Other moderators act on the same items at the same time: they are never overruled unasked."""

from __future__ import annotations

import re

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour


def test_another_moderator_was_faster(harbour: Harbour, open_modtui: Open) -> None:
    """Decided here, then decided there before the hold is over: ours is not sent, and both are named."""
    work = harbour.pick()
    modtui = open_modtui(hold=5).ready()  # long enough for a busy machine to come to the next line within it
    modtui.go_to(work)
    modtui.decide("a", words=f"Kept #{work.number}")
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
    modtui.press("q")
    modtui.wait_gone(f"> Journal > #{work.number}")  # the page above it has the journal's name in its first line, too
    modtui.back("> Journal ")
    modtui.wait_gone("conflict 1")
    assert harbour.performs(work.number) == []
    assert harbour.api.post(work.post)["hidden"]


def test_an_item_that_another_has_taken_is_not_decided_unasked(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=0).ready()
    modtui.wait_for("live")  # R while the first pages are read shows those, which may have been read before
    modtui.go_to(work)
    before = harbour.writes()
    topic = harbour.api.item(work.number)["topic_id"]
    kestrel = harbour.api.acting_as("kestrel")
    kestrel.send("POST", "/reviewable_claimed_topics", **{"reviewable_claimed_topic[topic_id]": topic})
    modtui.press("R")
    modtui.wait_for("TAKEN by kestrel")
    modtui.read()
    modtui.decide("a", words=re.compile(r"taken by kestrel\.|kestrel has had this"))  # why not, or a question
    modtui.still(0.6)
    modtui.press("ctrl+g")
    assert harbour.status(work.number) == "pending"
    modtui.press("c")
    modtui.wait_for(re.compile("kestrel.*y/N"))
    modtui.press("n")
    modtui.wait_for("Nothing was done")
    assert harbour.writes() == before


def test_c_claims_and_lets_go(harbour: Harbour, open_modtui: Open) -> None:
    work = harbour.pick()
    modtui = open_modtui(hold=0).ready()
    modtui.go_to(work)

    def claimed() -> bool:
        return bool(harbour.api.item(work.number).get("claimed_by_id"))

    modtui.press("c")
    modtui.wait_for(claimed, why="the claim on the site")
    modtui.wait_for(re.compile(r"^>c", re.M))
    modtui.still(0.5)
    modtui.press("c")
    modtui.wait_for(lambda: not claimed(), why="the claim gone")
