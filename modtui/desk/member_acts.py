"""What this desk's own journal did to a member: to be read, and to be counted for the ladder."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modtui.desk import words
from modtui.desk.words import did
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Item, Sanctioned
from modtui.text import Foreign, Shown, say

EARLIER = 100
"""Decisions that are looked at, the newest."""
_REMOVES = frozenset({"remove", "spam", "purge"})
_COUNTS = ("done", "partly", "sending", "held")


class Act(Struct, frozen=True):
    """One thing that this desk's journal has about a member. `state` is that of the target."""

    decision: str
    at_ms: int
    verb: str
    state: str
    words: Shown


def acts(journal: Any, item: Item) -> tuple[Act, ...]:
    """What `journal` has about the author of `item`, newest first."""
    if item.author is None:
        return ()
    ref = item.ref if item.lane == "members" else None
    name, community = item.author.username, item.ref.community
    return tuple(
        _act(decision, target)
        for decision in journal.earlier(ref, author=name, community=community, limit=EARLIER)
        for target in decision.targets if target.author == name or target.ref == item.ref
    )  # fmt: skip


def counting(journal: Any, item: Item) -> list[Sanctioned]:
    """What of it counts for the ladder: removals and sanctions that are in force or on their way, but for the one on
    `item` itself that is being decided."""
    if item.author is None:
        return []
    found: list[Sanctioned] = []
    name = item.author.username
    for decision in journal.earlier(author=name, community=item.ref.community, limit=EARLIER):
        for target in decision.targets if decision.undo_of is None else ():
            here = target.ref == item.ref and target.state == "held"
            if target.author == name and target.state in _COUNTS and not here:
                found += _lines(decision, target)
    return found


def _act(decision: Decision, target: Target) -> Act:
    lane = words.lane_of(target)
    at_ms = max((step.changed_ms or 0 for step in target.steps), default=0) or decision.created_ms
    what = did(decision.verb, lane).rstrip(":") if decision.undo_of is None else "took a decision back on"
    more = words.detail(decision.intent, steps=words.steps_of(decision))
    said = say("{did}", did=what) if not more else say("{did}, {more}", did=what, more=more)
    if lane != "members":
        said = say("{said}: #{number}", said=said, number=target.number)
    return Act(decision.id, at_ms, decision.verb, target.state, said)


def _lines(decision: Decision, target: Target) -> list[Sanctioned]:
    at_ms = max((step.changed_ms or 0 for step in target.steps), default=0) or decision.created_ms
    by = decision.account
    lines: list[Sanctioned] = []
    sanction = decision.intent.sanction
    done = {step.call.name for step in target.steps if step.state in ("done", "sending", "held")}
    if decision.verb in _REMOVES:
        lines.append(Sanctioned(kind="removal", at_ms=at_ms, by=by, title=target.title))
    if decision.verb == "warn":
        lines.append(Sanctioned(kind="warning", at_ms=at_ms, by=by))
    if decision.verb in ("unsilence", "unban"):
        lines.append(Sanctioned(kind=decision.verb, at_ms=at_ms, by=by))
    if sanction is not None and done:
        until = at_ms + sanction.duration_ms if sanction.duration_ms is not None else None
        reason = decision.intent.reason_title or decision.intent.reason_text
        lines.append(
            Sanctioned(kind=sanction.kind, at_ms=at_ms, by=by, until_ms=until,
                       reason=Foreign(reason) if reason else None)
        )  # fmt: skip
    return lines
