"""Every way a step may go from one state to another. The journal lets no other happen, and docs/outbox.md shows this
very table (semantics: "Decisions, steps, journal")."""

from __future__ import annotations

from typing import Literal

import msgspec

from modtui.domain.decisions import FINAL, StepState

Who = Literal["the moderator", "the sender", "the start"]
"""`the start` is a process that becomes the sender: after a start, a pause, or the end of another process."""


class Transition(msgspec.Struct, frozen=True):
    """One row of the table: from the state `frm` (None: before it is in the journal) to `to`, done by `who`, because of
    `why` (a part of an English sentence)."""

    frm: StepState | None
    to: StepState
    who: Who
    why: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, "held", "the moderator", "decided, and the decision is on the disk"),
    Transition("held", "held", "the moderator", "send now, or send an old one after all: the hold ends"),
    Transition("held", "held", "the start", "a hold that was interrupted starts again"),
    Transition("held", "sending", "the sender", "the hold is over, the subject was read again and is what was shown"),
    Transition("held", "conflict", "the sender", "the subject is not what was shown any more, or is gone"),
    Transition("held", "refused", "the sender", "it cannot be sent at all (its route is not in the settings any more)"),
    Transition("held", "done", "the sender",
               "the site closed it together with another one by the same verdict, or an earlier try had arrived"),
    Transition("held", "undone", "the moderator", "taken back before it left"),
    Transition("held", "undone", "the sender", "taken back while the step before it was out"),
    Transition("held", "discarded", "the moderator", "dropped"),
    Transition("held", "discarded", "the sender", "a step before it was refused or is a conflict"),
    Transition("sending", "done", "the sender", "the site said yes"),
    Transition("sending", "refused", "the sender", "the site said no"),
    Transition("sending", "conflict", "the sender", "the site said that the subject is in another state"),
    Transition("sending", "held", "the sender", "it did not leave (no line, too many requests): it waits again"),
    Transition("sending", "undone", "the sender", "it did not leave, and was taken back meanwhile"),
    Transition("sending", "unknown", "the sender", "the answer was lost"),
    Transition("sending", "unknown", "the start", "the process that sent it ended before the answer came"),
    Transition("unknown", "unknown", "the sender", "looked up, and the site does not tell"),
    Transition("unknown", "done", "the sender", "looked up: it had arrived"),
    Transition("unknown", "held", "the sender", "looked up: it never arrived, so it is checked and sent again"),
    Transition("unknown", "held", "the moderator", "deliver to a route again (under its old key)"),
    Transition("unknown", "undone", "the sender", "looked up: it never arrived, and was taken back meanwhile"),
    Transition("unknown", "discarded", "the moderator", "dropped: asked about no more, it may have arrived"),
    Transition("done", "undone", "the sender", "a later decision took it back on the site"),
    Transition("conflict", "held", "the moderator", "mine: the rest goes on, from the subject as it is now"),
    Transition("conflict", "discarded", "the moderator", "theirs, dropped, or decided afresh"),
    Transition("refused", "held", "the moderator", "try again"),
    Transition("refused", "discarded", "the moderator", "dropped, or decided afresh"),
    Transition("discarded", "held", "the moderator", "the step before it, which had failed, is tried again"),
)  # fmt: skip

LEGAL: frozenset[tuple[StepState, StepState]] = frozenset(
    (one.frm, one.to) for one in TRANSITIONS if one.frm is not None
)
"""The pairs of states that the journal's compare-and-set takes."""

MEANINGS: dict[StepState, tuple[str, str]] = {
    "held": ("H", "it waits: for the end of its hold, for the step before it, for the line, or to be asked about"),
    "sending": (">", "the request is out"),
    "unknown": ("?", "the request was out and its answer is lost: it is looked up, and not sent again before that"),
    "done": ("", "it is in force on the site, or delivered"),
    "undone": ("", "taken back: before it left, or by a later decision"),
    "conflict": ("!", "not sent, because the subject is not what was shown: the moderator chooses"),
    "refused": ("x", "the site (or route) will not do it: try again, or drop it"),
    "discarded": ("", "dropped by the moderator, or with a step before it that failed"),
}
"""Each state's letter in a row and what it means."""


def sources(to: StepState) -> tuple[StepState, ...]:
    """The states from which a step may become `to`."""
    return tuple(state for state in MEANINGS if (state, to) in LEGAL)


def tables() -> str:
    """The states and the transitions as Markdown, for docs/outbox.md."""
    out = ["| state | letter | final | means |", "|---|---|---|---|"]
    for state, (letter, means) in MEANINGS.items():
        out.append(f"| {state} | {f'`{letter}`' if letter else ''} | {'yes' if state in FINAL else ''} | {means} |")
    out += ["", "| from | to | by | when |", "|---|---|---|---|"]
    out += [f"| {one.frm or '(new)'} | {one.to} | {one.who} | {one.why} |" for one in TRANSITIONS]
    return "\n".join(out)
