"""What stands around an item as lines: the reports with their reporters' records, the posts of the thread."""

from __future__ import annotations

from collections.abc import Iterator

from modtui.domain.items import Item, Report, Thread, ThreadPost
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.links import host_alarm
from modtui.text.time import age
from modtui.text.width import cells, cut, pad
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import record_of
from modtui.widgets.rows import WHY
from modtui.widgets.text_lines import excerpt, section, text_lines, wrapped

SHOWN_REPORTS = 12
"""More reports than these are on the page of the reporters."""


def why_words(item: Item) -> Shown:
    """ "3 reports, score 8.5", "held by the site", "a new account": why the item waits, in a few words."""
    by_members = sum(report.reporter is not None for report in item.reports)
    parts: list[Shown] = []
    if by_members or item.lane == "reports":
        parts.append(count(by_members or len(item.reports), "report"))
    elif item.kind == "sign-up":
        parts.append(own("a new account waits for approval"))
    elif item.kind == "held post":
        parts.append(own("the site holds it until somebody approves it"))
    if item.score is not None:
        parts.append(say("score {score}", score=own(f"{item.score:.1f}")))
    return join(", ", parts)


def why_lines(item: Item, width: int, now_ms: int, *, site: str = "") -> Iterator[Line]:
    """Who reported it, why, in which words, and how often each reporter was right."""
    yield section("WHY IT IS HERE", why_words(item))
    for report in item.reports[:SHOWN_REPORTS]:
        yield from report_lines(report, width, now_ms, site=site)
    if len(item.reports) > SHOWN_REPORTS:
        yield ((say("   + {n} more: P", n=len(item.reports) - SHOWN_REPORTS), "dim"),)


def report_lines(report: Report, width: int, now_ms: int, *, site: str = "") -> Iterator[Line]:
    """One report on one line, its text wrapped below when it is long; hosts that are not what they seem below it."""
    when = age(report.created_ms, now_ms) if report.created_ms else own("")
    who = show_line(report.reporter.username, 30) if report.reporter else own("the site")
    why = WHY.get(report.reason, report.reason)
    record = record_of(report.reporter)
    left = own(f"   {why:<9} ")
    middle = join("", (pad(cut(who, 14), 14), own(" "), pad(when, 4, "right"), own("  ")))
    room = width - cells(left) - cells(middle) - max(8, cells(record)) - 2
    if report.text:
        text = say('"{text}"', text=report.text)
    else:
        text = show_line(report.label) if report.reason == "other" or not report.reporter else own("no text")
    severe = "row.severe" if report.reason in ("private", "threat", "illegal") else "row.reason"
    style = "text" if report.text else "dim"
    fits = cells(text) <= room
    yield (
        (left, severe),
        (middle, "row.author"),
        (pad(text if fits else own(""), max(1, room)), style),
        (say(" {record}", record=record), "dim"),
    )
    if not fits:
        yield from wrapped(text, style, width, 14)
    if report.text and (alarm := host_alarm(report.text, site=site)) is not None:
        yield from wrapped(alarm, "warning", width, 14)


def thread_lines(
    thread: Thread, width: int, now_ms: int, *, at: int | None = None, site: str = ""
) -> Iterator[Line | Anchor]:
    """The posts around, a line each; the subject is marked. The post with the number `at` is shown whole, those around
    it in a line. The whole thread is on `t`."""
    here = next((n for n, post in enumerate(thread.posts) if post.number == at), None) if at is not None else None
    middle = next((n for n, post in enumerate(thread.posts) if post.subject), len(thread.posts) - 1)
    first = max(0, (middle if here is None else here) - 3)
    above = f"{first} more above; " if first else ""
    closed = "closed; " if thread.closed else ""
    total = count(thread.total or len(thread.posts), "post")
    words = say("{total}; {closed}{above}t shows them whole", total=total, closed=own(closed), above=own(above))
    yield section("THREAD", words)
    for n, post in enumerate(thread.posts[first : (middle if here is None else here) + 4], first):
        yield Anchor(f"post {post.number}")
        if n != here:
            yield post_line(post, width, now_ms, marked=here is None)
            continue
        who = show_line(post.author.username, 30) if post.author else own("-")
        when = age(post.created_ms, now_ms) if post.created_ms else own("")
        number = pad(own(str(post.number)), 3, "right")
        words = join("", (own(" > "), number, own(" "), who, own("  "), when))
        answer = own("  (the answer)" if post.accepted else "")
        yield ((words, "bold"), (answer, "good"), (say("  {note}", note=_note(post)), "warning"))
        yield from text_lines(post.body, site, width, indent=7)
        yield Anchor(f"after {post.number}")


def post_line(post: ThreadPost, width: int, now_ms: int, *, marked: bool = True) -> Line:
    """A post of the thread on one line; the subject has a mark unless another post has it."""
    who = show_line(post.author.username, 30) if post.author else own("-")
    when = age(post.created_ms, now_ms) if post.created_ms else own("")
    mark = own(" > " if post.subject and marked else "   ")
    number = pad(own(str(post.number)), 3, "right")
    left = join("", (mark, number, own(" "), pad(cut(who, 13), 13), own(" "), pad(when, 4, "right"), own("  ")))
    if post.subject:
        return ((left, "bold"), (own("(the post in question)"), "dim"))
    note = _note(post)
    text = excerpt(post.body)
    return (
        (left, "row.author"),
        (note, "warning"),
        (cut(text, max(4, width - cells(left) - len(note) - 1)), "text"),
    )


def _note(post: ThreadPost) -> Shown:
    """Who can read the post, where not everybody can."""
    return own(
        "(deleted) " if post.deleted else "(hidden) " if post.hidden else "(staff only) " if post.staff_only else ""
    )
