"""What counts as another thing than the one that was shown."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from modtui.domain.items import Body, Gone, Item, Member, Penalty, Report
from modtui.domain.seen import conflicts, differences, same_text, seen_of, text_digest, text_of, without_text
from modtui.domain.subjects import CommunityId
from modtui.text import Foreign
from tests.core.fakes import make_item

MUTED = Penalty(kind="silence", until_ms=1_000)


def report(id: str) -> Report:
    return Report(id=id, reason="spam", label=Foreign("Spam"))


def item(**fields: Any) -> Item:
    author = Member(native="7", username=Foreign("bo"), penalties=(MUTED,))
    found = make_item(CommunityId("c"), "1")
    return replace(found, author=author, reports=(report("r1"), report("r2")), **fields)


def found(now: Item | Gone, verb: str = "approve", *, sanctions: bool = False) -> tuple[list[str], list[str]]:
    """What differs from `item()`, and what of it stops the verb."""
    all_of_it = differences(seen_of(item()), now)
    stops = conflicts(verb, all_of_it, sanctions=sanctions)
    return [one.what for one in all_of_it], [one.what for one in stops]


def test_what_is_as_it_was_differs_in_nothing() -> None:
    assert found(item()) == ([], [])
    # Claims, scores and counters do not change what was judged.
    assert found(item(score=99.0, language="de")) == ([], [])


@pytest.mark.parametrize("verb", ["approve", "remove", "ignore", "ban"])
@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"source": Foreign("Edited.")}, "text"),
        ({"source": None, "body": Body(Foreign("Edited."))}, "text"),
        ({"edits": 3}, "text"),
        ({"title": Foreign("Another title")}, "text"),
        ({"state": "kept", "handled_by": Foreign("ann")}, "state"),
        ({"hidden": True}, "state"),
        ({"deleted": True}, "state"),
        ({"version": 9}, "version"),
    ],
    ids=["source", "body", "edits", "title", "state", "hidden", "deleted", "version"],
)
def test_text_state_handler_and_version_stop_every_verb(verb: str, fields: dict[str, Any], what: str) -> None:
    assert found(item(**fields), verb) == ([what], [what])


def test_a_title_that_changed_is_seen_beside_other_changes() -> None:
    now = replace(item(title=Foreign("Another title")), reports=(report("r1"), report("r2"), report("r3")))
    assert found(now, "remove") == (["text", "reports"], ["text"])


def test_new_reports_stop_what_closes_them_unjudged() -> None:
    now = replace(item(), reports=(report("r1"), report("r2"), report("r3")))
    assert found(now, "approve") == (["reports"], ["reports"])
    assert found(now, "ignore") == (["reports"], ["reports"])
    assert found(now, "remove") == (["reports"], [])


def test_a_new_sanction_stops_only_a_sanction() -> None:
    author = Member(native="7", username=Foreign("bo"), penalties=(MUTED, Penalty(kind="ban")))
    now = replace(item(), author=author)
    assert found(now, "remove") == (["sanctions"], [])
    assert found(now, "remove", sanctions=True) == (["sanctions"], ["sanctions"])


def test_what_became_less_stops_nothing() -> None:
    author = Member(native="7", username=Foreign("bo"))
    fewer = replace(item(), author=author, reports=(report("r1"),))
    assert found(fewer, "approve", sanctions=True) == (["less", "less"], [])


def test_what_is_gone_stops_everything() -> None:
    gone = Gone(ref=item().ref, why="it was withdrawn")
    assert found(gone) == (["gone"], ["gone"])


def test_seen_without_a_title_still_notices_another_one() -> None:
    old = replace(seen_of(item()), title=None)
    (one,) = differences(old, item(title=Foreign("Another title")))
    assert one.what == "text"


def test_the_text_is_what_the_author_typed_where_the_site_gives_it() -> None:
    assert text_of(item(source=Foreign("a *b*"), body=Body(Foreign("<p>a <i>b</i></p>"), "html"))) == "a *b*"
    assert text_of(item(source=None, body=None)) == ""
    assert text_digest(" a\n") == text_digest("a") != text_digest("b")
    assert len(text_digest("\ud800")) == 16


def test_a_text_that_is_not_kept_can_still_be_compared() -> None:
    kept = without_text(seen_of(item()))
    assert kept.text == "" and kept.title is None and "fool" not in str(kept)
    assert differences(kept, item()) == () and same_text(kept, item())
    edited = item(source=Foreign("Edited."))
    assert [one.what for one in differences(kept, edited)] == ["text"] and not same_text(kept, edited)
    assert [one.what for one in differences(kept, item(title=Foreign("Another")))] == ["text"]
