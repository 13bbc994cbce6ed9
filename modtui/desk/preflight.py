"""The look before sending: is the subject still what the moderator saw?

Pure. What our own account's journalled steps caused is no conflict (semantics: "Before and after sending"); what
others changed is, as `domain.seen.conflicts` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from modtui.desk.book import Book, steps_of
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import Difference, Seen, conflicts, differences
from modtui.domain.subjects import SubjectRef

_SANCTIONS = frozenset({"silence", "ban"})
LIGHT = frozenset({"claim", "release", "note"})
"""Verbs that judge nothing: only a subject that is gone stops them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stops` are the differences that make a conflict; `notes` those that are only worth a line in the journal."""

    stops: tuple[Difference, ...] = ()
    notes: tuple[Difference, ...] = ()


def sanctions(decision: Decision) -> bool:
    """Whether the decision sanctions a member."""
    return decision.intent.sanction is not None or decision.verb in _SANCTIONS


def ours(book: Book, decision: Decision, ref: SubjectRef) -> bool:
    """Whether another decision of ours did something on this subject after `decision` was made."""
    return any(
        other.id != decision.id
        and any(step.state == "done" and (step.changed_ms or 0) >= decision.created_ms for step in target.steps)
        for other, target in book.of(ref)
    )


def sanctioned_by_us(book: Book, decision: Decision, target: Target) -> bool:
    """Whether another decision of ours sanctioned the same author."""
    if target.author is None:
        return False
    return any(
        other.id != decision.id and sanctions(other) and found.author == target.author
        and found.ref.community == target.ref.community and step.state in ("done", "undone")
        for other in book.all()
        for found, step in steps_of(other)
    )  # fmt: skip


def judge(
    book: Book, decision: Decision, target: Target, now: Item | Gone, *, account: str | None, base: Seen | None = None
) -> Verdict:
    """Compare what was seen with what is there.

    `base` is the read-back after our last step on this target, where there is one; `account` our name on the site.
    """
    seen = base if base is not None else target.seen
    if isinstance(now, Gone):
        return Verdict(stops=(Difference(what="gone", words=now.why),))
    if seen is None:
        return Verdict()
    found = differences(seen, now)
    if not found:
        return Verdict()
    started = any(step.state == "done" for step in target.steps)
    by_us = account is not None and now.handled_by is not None and now.handled_by.lower() == account.lower()
    stops: list[Difference] = []
    notes: list[Difference] = []
    for difference in found:
        own = (
            difference.what in ("state", "version")
            and base is None
            and ((started and (by_us or now.handled_by is None)) or (by_us and ours(book, decision, target.ref)))
        ) or (difference.what == "sanctions" and (started or sanctioned_by_us(book, decision, target)))
        if own:
            continue
        light = decision.verb in LIGHT
        stopping = () if light else conflicts(decision.verb, (difference,), sanctions=sanctions(decision))
        (stops if stopping else notes).append(difference)
    return Verdict(stops=tuple(stops), notes=tuple(notes))
