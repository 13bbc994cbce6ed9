"""What a question adds to the lines of an item: where it stands, its clock, threads that were solved before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from modtui.domain.items import Answered, Due, Item, Question
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.links import host_alarm
from modtui.text.time import age, duration, stamp
from modtui.text.width import cells, cut, pad
from modtui.widgets.draw import Line
from modtui.widgets.lane_rows import left, urgency
from modtui.widgets.text_lines import gap, section, wrapped

STANDS = {
    "unanswered": "nobody has answered", "asker": "the asker spoke last", "unsolved": "answered, not solved",
    "held": "our answer waits for the site's approval", "answered": "answered", "solved": "solved",
    "closed": "closed without an answer",
}  # fmt: skip
"""Where a question stands, in words."""

SIMILAR_SHOWN = 5


def due_words(due: Due | None, now_ms: int) -> Shown:
    """ "due in 1h05, target 2 h (work)", "LATE by 1h20, ...": the clock in words; empty without a target."""
    if due is None:
        return own("")
    work = f" ({due.hours})" if due.hours else ""
    target = say("target {time}{work}", time=duration(due.within_ms), work=own(work))
    gap = left(due.due_ms, now_ms)
    if now_ms >= due.due_ms:
        return say("LATE by {gap}, {target}", gap=own(gap.removeprefix("-")), target=target)
    soon = " soon" if urgency(due, now_ms) == "R" else ""
    return say("due{soon} in {gap}, {target}", soon=own(soon), gap=gap, target=target)


def asked_words(question: Question, now_ms: int) -> Shown:
    """ "asked 3h ago": since when somebody waits."""
    asked = "asked again" if question.state == "asker" else "asked"
    when = age(question.clock_ms, now_ms)
    return say("{asked} {when}", asked=own(asked), when=when if when == "now" else say("{when} ago", when=when))


def question_lines(item: Item, width: int, now_ms: int, tz: tzinfo) -> Iterator[Line]:
    """Where the question stands: its clock, replies, who spoke last, who has it."""
    question = item.question
    if question is None:
        return
    clock = due_words(item.due, now_ms)
    late = item.due is not None and now_ms >= item.due.due_ms
    yield section("QUESTION", own(STANDS[question.state]))
    if clock:
        text = say("{asked}, {clock}", asked=asked_words(question, now_ms), clock=clock)
        yield from wrapped(text, "bad" if late else "text", width, 3)
    else:
        yield from wrapped(say("{asked}, no target is set", asked=asked_words(question, now_ms)), "dim", width, 3)
    parts: list[Shown] = []
    if question.replies is not None:
        last = own("")
        if question.last_by and question.replies:
            when = say(", {when}", when=stamp(question.last_ms, tz, now_ms=now_ms)) if question.last_ms else own("")
            last = say(", the last by {by}{when}", by=question.last_by, when=when)
        parts.append(say("{n}{last}", n=count(question.replies, "reply", "replies"), last=last))
    if question.assigned:
        parts.append(say("given to {who}", who=own("you") if question.assigned_mine else show_line(question.assigned)))
    if question.watched:
        parts.append(own("you watch it"))
    if question.bookmarked_ms:
        when = stamp(question.bookmarked_ms, tz, now_ms=now_ms)
        parts.append(say("bookmarked, reminds {when}", when=when))
    if not question.can_accept and question.state != "solved":
        parts.append(own("takes no accepted answer here"))
    if item.place.tags:
        parts.append(say("tags {tags}", tags=join(", ", (show_line(tag, 24) for tag in item.place.tags[:8]))))
    if parts:
        yield from wrapped(join("; ", parts), "text", width, 3)


def similar_lines(similar: Sequence[Answered], width: int, now_ms: int, *, site: str = "") -> Iterator[Line]:
    """Threads like this one that were solved or answered; a reply links them with ctrl+t."""
    if not similar:
        return
    yield gap()
    yield section("SIMILAR AND SOLVED", own("in a reply ctrl+t links them"))
    for thread in similar[:SIMILAR_SHOWN]:
        yield similar_line(thread, width, now_ms)
        if (alarm := host_alarm(thread.title, site=site)) is not None:
            yield from wrapped(alarm, "warning", width, 5)


def similar_line(thread: Answered, width: int, now_ms: int) -> Line:
    """One solved thread: title, by whom, how long ago, thanks, language."""
    tail: list[Shown] = []
    did = "solved" if thread.solved else "answered"
    tail.append(say("{did} by {by}", did=own(did), by=show_line(thread.by, 20)) if thread.by else own(did))
    if thread.at_ms:
        tail.append(age(thread.at_ms, now_ms))
    if thread.thanks:
        tail.append(count(thread.thanks, "like"))
    if thread.language:
        tail.append(own(thread.language[:2].upper()))
    facts = join(", ", tail)
    room = max(12, width - cells(facts) - 8)
    title = say('"{title}"', title=cut(show_line(thread.title, 200), room - 2))
    return ((own("   "), "text"), (pad(title, room), "link"), (say("  {facts}", facts=facts), "dim"))


def preview_facts(item: Item, now_ms: int) -> Shown:
    """The right part of the first preview line: how long it waits and its target."""
    question = item.question
    if question is None:
        return own("")
    parts = [asked_words(question, now_ms)]
    if item.due is not None:
        parts.append(due_words(item.due, now_ms))
    if question.first:
        parts.insert(0, own("first post"))
    return join(" | ", parts)
