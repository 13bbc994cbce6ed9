"""The look before sending: is the subject still what the moderator saw?

Pure. What our own account's journalled steps caused is no conflict (semantics: "Before and after sending"); what
others changed is, as `domain.seen.conflicts` says.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from modtui.desk.aftermath import CLOSES, is_claim
from modtui.desk.book import Book, steps_of
from modtui.domain.decisions import Decision, Step, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import Difference, Seen, conflicts, differences, text_digest, text_of
from modtui.domain.subjects import SubjectRef

_SANCTIONS = frozenset({"silence", "ban"})
LIGHT = frozenset({"claim", "release", "note"})
"""Verbs that judge nothing: only a subject that is gone stops them."""


class Verdict(Struct, frozen=True):
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
    done = [step for step in target.steps if step.state == "done" and not is_claim(step)]
    if isinstance(now, Gone):
        gone = (Difference(what="gone", words=now.why),)
        # Some sites do not show what we removed ourselves: the message about it is still due.
        removed = bool(done) and CLOSES.get(decision.verb) in ("removed", "deleted")
        return Verdict(notes=gone) if removed else Verdict(stops=gone)
    seen = base if base is not None else target.seen
    if seen is None:
        return Verdict()
    stops: list[Difference] = []
    notes: list[Difference] = []
    for difference in differences(seen, now):
        if _own(book, decision, target, done, now, difference, account=account, based=base is not None):
            continue
        light = decision.verb in LIGHT
        stopping = () if light else conflicts(decision.verb, (difference,), sanctions=sanctions(decision))
        (stops if stopping else notes).append(difference)
    return Verdict(stops=tuple(stops), notes=tuple(notes))


def _posted_by_us(book: Book, target: Target, last: str | None) -> bool:
    """Whether the newest post of the thread is one that our journal wrote."""
    ours = (step.answer for _, one in book.of(target.ref) for step in one.steps if step.state == "done")
    here = (step.answer for step in target.steps if step.state == "done")
    return last is not None and any(
        last in (str(answer.data.get("post")), str(answer.data.get("number")))
        for answer in (*ours, *here) if answer is not None
    )  # fmt: skip


def _taken_back(book: Book, decision: Decision, ref: SubjectRef) -> bool:
    """Whether the decision takes back what one of ours did on the subject: that this shows is what is to be undone."""
    original = book.get(decision.undo_of) if decision.undo_of is not None else None
    targets = original.targets if original is not None else ()
    return any(one.ref == ref and any(step.state == "done" for step in one.steps) for one in targets)


def _own(
    book: Book, decision: Decision, target: Target, done: Sequence[Step], now: Item, difference: Difference, *,
    account: str | None, based: bool,
) -> bool:  # fmt: skip
    """Whether a difference is what our own steps caused. `done` are those of this target, `based` says that they were
    read back already."""
    match difference.what:
        case "state" | "version" if not based:
            by_us = account is not None and now.handled_by is not None and now.handled_by.lower() == account.lower()
            if done and (by_us or now.handled_by is None):
                return True
            return by_us and (ours(book, decision, target.ref) or _taken_back(book, decision, target.ref))
        case "text" if not based:
            here = text_digest(text_of(now))
            return any(step.answer is not None and step.answer.edits and step.answer.data.get("text") == here
                       for step in done)  # fmt: skip
        case "answers":
            return now.question is not None and _posted_by_us(book, target, now.question.last)
        case "sanctions":
            return bool(done) or sanctioned_by_us(book, decision, target)
    return False
