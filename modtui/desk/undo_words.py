"""The sentences of `u` and ctrl+r: what was taken back, what it asks, and why there is no way back."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.desk import reply_words
from modtui.desk.words import sentence, short, subject
from modtui.domain.decisions import Decision
from modtui.text import Shown, join, own, say
from modtui.text.time import age


def taken_back(decision: Decision) -> Shown:
    """`u` while everything was held."""
    if decision.verb == "reply":
        return reply_words.taken_back(decision)
    if len(decision.targets) > 1:
        template = "Taken back: {subject} are open again, nothing was sent. ctrl+r does it again."
    elif decision.verb in ("approve", "remove", "spam", "ignore", "restore"):
        template = "Taken back: {subject} is open again, nothing was sent. ctrl+r does it again."
    else:
        template = "Taken back: nothing was sent for {subject}. ctrl+r does it again."
    return say(template, subject=short(decision))


def asks_undo(
    decision: Decision, now_ms: int, *, steps: Iterable[str], stays: Iterable[str], sent: int, stopped: int,
    cannot: int = 0,
) -> Shown:
    """The question of `u` on what was sent: what will be so, and what stays. Counts are targets."""
    sent_ms = max(
        (step.changed_ms or 0 for target in decision.targets for step in target.steps if step.state == "done"),
        default=decision.created_ms,
    )
    when = age(sent_ms, now_ms)
    ago = "just now" if when == "now" else f"{when} ago"
    if len(decision.targets) > 1:
        head = say("{sent} of {all} were sent, the last {ago}.", sent=sent, all=len(decision.targets), ago=own(ago))
    else:
        head = say("{short} was sent {ago}.", short=short(decision), ago=own(ago))
    parts = [head]
    if stopped:
        parts.append(own("What was held is taken back." if len(decision.targets) == 1 else f"{stopped:,} stopped."))
    if cannot:
        parts.append(own(f"{cannot:,} cannot be taken back."))
    parts.append(say("Take it back ({words})?", words="; ".join(dict.fromkeys(steps)) or "undo it"))
    parts.extend(say("{what}", what=sentence(what)) for what in dict.fromkeys(stays))
    parts.append(own("y/N"))
    return join(" ", parts)


def undo_sent(decision: Decision) -> Shown:
    """The undo decision was committed and goes out."""
    return say("Taking back {subject}: on its way.", subject=subject(decision))


def undo_done(decision: Decision) -> Shown:
    """The site took it back."""
    return say("Taken back on the site: {subject}.", subject=subject(decision))


def nothing_left() -> Shown:
    """`u` with nothing left."""
    return own("Nothing left to take back in this session. U shows older decisions.")


def nothing_again() -> Shown:
    """ctrl+r with nothing taken back."""
    return own("Nothing was taken back, so there is nothing to do again.")


def nothing_of(decision: Decision) -> Shown:
    """An undo of a decision of which nothing is in force."""
    state = {
        "undone": "was taken back already", "conflict": "was not sent: it is a conflict",
        "refused": "was not done: the site refused it", "discarded": "was dropped, nothing was sent",
    }.get(decision.state, "has nothing to take back")  # fmt: skip
    return say("{short} {state}.", short=short(decision), state=own(state))


def undo_runs(decision: Decision) -> Shown:
    """An undo of a decision whose undo is on its way."""
    return say("{short} is being taken back already.", short=short(decision))


def impossible(decision: Decision, stays: Iterable[str]) -> Shown:
    """There is no way back."""
    what = "; ".join(dict.fromkeys(stays))
    template = "{short} cannot be taken back: {what}." if what else "{short} cannot be taken back."
    return say(template, short=short(decision), what=what.rstrip("."))


def not_again(decision: Decision, why: str) -> Shown:
    """ctrl+r where the items do not allow it any more."""
    return say("{short} cannot be done again: {why}.", short=short(decision), why=why.rstrip("."))


def waits_for_outcome(decision: Decision, *, unknown: bool) -> Shown:
    """`u` while a request is out."""
    steps = [step for target in decision.targets for step in target.steps if step.state == "unknown"]
    if unknown and all(step.executor != "backend" for step in steps):
        return say(
            "Whether {short} was delivered is not known, and nobody can be asked. U sends it again, or drops it.",
            short=short(decision),
        )
    if unknown:
        return say(
            "Whether {short} arrived is not known yet; the site is asked. If it did not, it will not be sent again.",
            short=short(decision),
        )
    return say("{short} is on its way just now. Press u again when it has arrived.", short=short(decision))
