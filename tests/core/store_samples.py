"""Decisions and items for the tests of the store."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from modtui.domain.decisions import Call, Decision, Intent, Sanction, Step, Target
from modtui.domain.items import Body, Claim, Item, Member, Place, Report
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.store import fulltext, new_id
from modtui.text import Foreign

HARBOUR = CommunityId("aaaaaaaaaaaa")
OTHER = CommunityId("bbbbbbbbbbbb")
START = 1_790_000_000_000


def ref(number: int, community: CommunityId = HARBOUR) -> SubjectRef:
    """The post with this number."""
    return SubjectRef(community, "post", str(number))


def target(
    at: int, number: int, author: str = "bo_lind", steps: int = 1, community: CommunityId = HARBOUR
) -> Target:
    """A target about post `number`, with so many held steps."""
    subject = ref(number, community)
    return Target(
        index=at, item=f"reports/{subject}", ref=subject, number=str(number), author=Foreign(author),
        title=Foreign(f"Anchors, part {number}"),
        seen=Seen(digest="0011223344556677", text=Foreign(f"the text that {author} wrote"), reports=("r1", "r2")),
        steps=tuple(
            Step(
                index=index, words="post hidden", call=Call("perform", {"user": author, "body": "Please read."}),
                key=f"key-{number}-{index}", reaches=index > 0, due_ms=START + 15_000,
            )
            for index in range(steps)
        ),
    )


def decision(
    numbers: Sequence[int] = (4120,),
    *,
    verb: str = "remove",
    author: str = "bo_lind",
    at_ms: int = START,
    community: CommunityId = HARBOUR,
    steps: int = 1,
    undo_of: str | None = None,
    sanction: Sanction | None = None,
    message: str | None = "Please read the rules.",
) -> Decision:
    """A held decision about these posts."""
    return Decision(
        id=new_id(at_ms), community=community, account=Foreign("rookmoor"), created_ms=at_ms, hold_ms=15_000,
        intent=Intent(verb=verb, reason="ads", reason_title="Advertising", message=message, sanction=sanction),
        targets=tuple(target(at, number, author, steps, community) for at, number in enumerate(numbers)),
        undo_of=undo_of, reversal="partial", stays=("the message cannot be unsent",),
    )


def item(
    number: int,
    *,
    lane: Lane = "reports",
    community: CommunityId = HARBOUR,
    author: str = "bo_lind",
    text: str = "hello",
    since_ms: int | None = None,
    reports: Sequence[str] = ("spam",),
    score: float | None = None,
    claimed: str | None = None,
) -> Item:
    """A reported post."""
    return Item(
        lane=lane, ref=ref(number, community), kind="post", number=str(number), title=Foreign(f"Anchors {number}"),
        author=Member(native=f"u-{author}", username=Foreign(author)), body=Body(Foreign(text), "markdown"),
        reports=tuple(
            Report(
                id=f"r{number}-{at}", reason=reason, label=Foreign("It is spam"),
                reporter=Member(native=f"m{at}", username=Foreign(f"mate{at}")),
            )
            for at, reason in enumerate(reports)
        ),
        since_ms=START + number if since_ms is None else since_ms, score=score, language="en",
        claim=Claim(by=Foreign(claimed)) if claimed else None,
        place=Place(category=Foreign("Support"), category_id="7", thread_id="t1"),
    )


def indexing_waits(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Texts are put into the index only once the event that this gives is set."""
    may = threading.Event()
    split = fulltext.split

    def waits(text: str) -> set[str]:
        assert may.wait(30)
        return split(text)

    monkeypatch.setattr(fulltext, "split", waits)
    return may
