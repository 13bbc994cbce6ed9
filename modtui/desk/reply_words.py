"""Sentences about replies, apart from those of every other decision: what counts is whom it goes to, and the text.

Pure, as `desk.words` is.
"""

from __future__ import annotations

from modtui.domain.decisions import Decision, Intent, Target
from modtui.text import Shown, join, own, say

_KINDS = {"public": "reply", "staff": "staff note", "private": "private message"}


def kind(intent: Intent) -> Shown:
    """`reply`, `staff note` or `private message`."""
    return own(_KINDS.get(intent.audience, "reply"))


def what(intent: Intent, target: Target) -> Shown:
    """`reply to zimtstern`, `staff note on #12`; to another post of the thread: `reply in #12`."""
    if intent.audience == "staff":
        return say("{kind} on #{number}", kind=kind(intent), number=target.number)
    if target.author is None or (intent.post is not None and intent.audience == "public"):
        return say("{kind} in #{number}", kind=kind(intent), number=target.number)
    return say("{kind} to {author}", kind=kind(intent), author=target.author)


def whole(decision: Decision) -> Shown:
    """With what else the decision does: `reply to zimtstern, as the answer, thread closed`."""
    intent = decision.intent
    if len(decision.targets) != 1:
        return say("{number} replies", number=len(decision.targets))
    parts = [what(intent, decision.targets[0])]
    parts += [own("as the answer")] if intent.accept else []
    parts += [own("thread closed")] if intent.close else []
    return join(", ", parts)


def decided(decision: Decision, *, waits: str, held: str) -> Shown:
    """What just happened: `Held 60 s: reply to zimtstern. u takes it back and opens the text again.`

    `waits` is what it waits for ("for the line", empty for nothing), `held` the hold in words, empty for none.
    """
    if waits:
        template = "Waits {waits}: {what}. u takes it back and opens the text again."
    elif held:
        template = "Held {held}: {what}. u takes it back and opens the text again."
    else:
        template = "Goes out now: {what}. u takes it back (asks first)."
    return say(template, waits=own(waits), held=own(held), what=whole(decision))


def taken_back(decision: Decision) -> Shown:
    """`u` while it was held."""
    return say("Taken back: {what} was not sent. Its text is a draft again.", what=whole(decision))


def kept_by_site(intent: Intent, target: Target) -> Shown:
    """The site keeps what was sent until somebody there approves it."""
    return say("The site holds the {what} for approval: not published yet.", what=what(intent, target))


def held_by_site(target: Target) -> bool:
    """Whether the site keeps something of it for approval."""
    return any(step.state == "done" and step.answer is not None and step.answer.held for step in target.steps)
