"""What the journal says of a decision: its state, what went wrong, and the way back."""

from __future__ import annotations

from modtui.desk import words
from modtui.domain.decisions import Decision, Step
from modtui.text import Shown, own, say, show_line

STATES = {
    "held": ("H", "state.held"),
    "sending": (">", "state.held"),
    "unknown": ("?", "state.bad"),
    "done": (" ", "good"),
    "undone": (" ", "dim"),
    "conflict": ("!", "state.bad"),
    "refused": ("x", "state.bad"),
    "discarded": (" ", "dim"),
    "partly": ("x", "state.bad"),
}
"""The letter of a state and its style."""
SHORT = {
    "erase": "erased", "duplicate": "duplicate", "unaccept": "unaccepted", "unbookmark": "unmarked",
    "unwatch": "unwatched", "purge": "purged", "unsilence": "unsilenced", "unban": "unbanned", "watch": "watched",
}  # fmt: skip
"""What was done in one word, for a column; other verbs are short anyway."""


def seconds_left(decision: Decision, now_ms: int) -> int:
    """How long the first part of it is still held."""
    dues = [step.due_ms for target in decision.targets for step in target.steps if step.state == "held"]
    return max(0, -(-(min(dues) - now_ms) // 1000)) if dues else 0


def state_words(decision: Decision, now_ms: int) -> Shown:
    """ "H 9 s", "done", "x half": the state as a letter and a short word."""
    state = decision.state
    letter = STATES[state][0].strip()
    named = {"partly": "half", "discarded": "dropped", "conflict": "", "unknown": "", "refused": ""}
    word = named.get(state, str(state))
    if state == "held":
        left = seconds_left(decision, now_ms)
        word = f"{left} s" if left else "waits"
    return own(" ".join(filter(None, (letter, word))))


def trouble_words(decision: Decision) -> Shown:
    """What went wrong, or is in doubt; empty where nothing is."""
    many = len(decision.targets) > 1
    bad = sum(target.state in ("refused", "conflict", "partly") for target in decision.targets)
    if many:
        return say("{n} not done", n=bad) if bad else own("")
    for target in decision.targets:
        if target.state == "conflict":
            return say("CONFLICT: {what}", what="; ".join(target.conflict))
        if target.state == "refused":
            return say("REFUSED: {what}", what=words.partly(target).removeprefix("refused: "))
        if target.state == "partly":
            return words.partly(target)
        if target.state == "unknown":
            return own("asking the site first")
    return own("")


def way_back(decision: Decision) -> Shown:
    """What `u` would do with it, said before it is pressed."""
    if decision.undo_of is not None:
        return own("This took something back. ctrl+r in the queue does the first one again.")
    if decision.state in ("undone", "discarded"):
        return own("Nothing of it is in force.")
    if decision.state == "conflict":
        return own("NOT sent: enter shows what changed. m sends yours anyway, t leaves theirs.")
    if decision.state == "refused":
        return own("Nothing of it is in force. r tries again, x drops it.")
    if decision.state == "unknown":
        return own("Nobody knows yet whether it arrived: the site is asked before anything is sent again.")
    if decision.state == "held":
        return own("TAKE IT BACK (u): at once, nothing was sent.")
    stays = "; ".join(decision.stays)
    how = {
        "full": "everything as it was before", "partial": "the post, not all of it",
        "none": "not possible",
    }[decision.reversal]  # fmt: skip
    rest = say(" What stays: {stays}.", stays=stays) if stays else own("")
    return say("TAKE IT BACK (u): {how}; it asks first.{rest}", how=own(how), rest=rest)


def step_trouble(step: Step) -> Shown:
    """What was said when a step was not taken."""
    if not step.error or step.state not in ("refused", "conflict", "unknown"):
        return own("")
    return say(" ({why})", why=show_line(step.error, 200).rstrip("."))
