"""An item as lines: the reported text first, then why it is here, the thread, what happened before, what a key does.

Pure: domain objects in, drawn lines out, made lazily from the top, so a huge post costs what is seen of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache

from modtui.domain.items import Body, Dossier, Item, Member, Report, Thread, ThreadPost
from modtui.text import Foreign, Shown, count, join, own, say, show_line
from modtui.text.document import Document, plain_text
from modtui.text.html import from_html
from modtui.text.layout import lines as layout
from modtui.text.markdown import from_markdown
from modtui.text.plain import from_plain
from modtui.text.time import age, stamp
from modtui.text.width import cells, cut, pad, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.rows import WHY, excerpt_of


@dataclass(frozen=True, slots=True)
class KeyEffect:
    """What a key does on this item: the site's label, our words, or why not."""

    key: Shown
    label: Shown
    words: Shown
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class ItemView:
    """Everything that is shown of an item. `reveal` unfolds what is folded."""

    item: Item
    now_ms: int
    tz: tzinfo
    site: str = ""
    thread: Thread | None = None
    dossier: Dossier | None = None
    earlier: tuple[Shown, ...] = ()
    effects: tuple[KeyEffect, ...] = ()
    reveal: bool = False
    loading: bool = False
    problem: str | None = None
    state: Shown | None = None
    position: Shown = field(default_factory=lambda: own(""))


@lru_cache(64)
def document_of(body: Body, site: str) -> Document:
    """The body as a document; the same body is parsed once."""
    if body.format == "html":
        return from_html(body.text, site=site)
    if body.format == "markdown":
        return from_markdown(body.text, site=site)
    return from_plain(body.text)


def _indent(width: int) -> int:
    return 2 if width > 50 else 1


def _gap() -> Line:
    return ((own(""), "text"),)


def _section(title: str, rest: Shown | None = None) -> Line:
    pieces: list[tuple[Shown, str]] = [(own(f" {title}"), "section")]
    if rest:
        pieces.append((say("  {rest}", rest=rest), "dim"))
    return tuple(pieces)


def _wrapped(text: Shown, style: str, width: int, indent: int) -> Iterator[Line]:
    for line in wrap(text, max(10, width - indent - 1)):
        yield ((own(" " * indent), "text"), (line, style))


def where_line(view: ItemView) -> Shown:
    """One line: which post, where, when."""
    item = view.item
    place = item.place
    parts: list[Shown] = []
    if item.kind == "sign-up":
        parts.append(own("new account waiting for approval"))
    elif item.kind == "held post":
        parts.append(own("held post" if place.thread_id else "held new thread"))
    elif place.post_number:
        total = f" of {place.thread_posts}" if place.thread_posts else ""
        parts.append(own(f"post {place.post_number}{total}"))
    else:
        parts.append(own(item.kind))
    if item.kind != "sign-up" and (title := place.thread_title or item.title):
        hidden = item.folded and not view.reveal
        parts.append(own("in a folded thread") if hidden else say('in "{title}"', title=show_line(title, 70)))
    if place.category:
        parts.append(say("> {category}", category=show_line(place.category, 30)))
    text = join(" ", parts)
    when = stamp(item.created_ms or item.since_ms, view.tz, now_ms=view.now_ms)
    edits = (
        say("edited {n} times", n=item.edits)
        if item.edits > 1
        else own("edited")
        if item.edits or item.edited_ms
        else own("not edited")
    )
    return say("{text}, {when}, {edits}", text=text, when=when, edits=edits)


def head_lines(view: ItemView, width: int) -> list[Line]:
    """The two lines that stay on top of the detail."""
    item = view.item
    number = say(" #{number} ", number=show_line(item.number, 24))
    title = own(item.kind) if item.kind != "post" else own("reported post")
    first: list[tuple[Shown, str]] = [(number, "number"), (title, "heading")]
    if item.author:
        first += [(own(" by "), "dim"), (show_line(item.author.username, 40), "author")]
    if view.state:
        first += [(say("   {state}", state=view.state), "state.held")]
    if item.claim and not item.claim.mine:
        first += [(say("   TAKEN by {by}", by=show_line(item.claim.by, 30)), "state.other")]
    return [tuple(first), ((say(" {where}", where=cut(where_line(view), width - 2)), "dim"),)]


def text_lines(body: Body, site: str, width: int, *, indent: int, reveal: bool = False) -> Iterator[Line]:
    """A body as lines, indented. What was cut or looked hostile is said first."""
    document = document_of(body, site)
    margin = own(" " * indent)
    if document.hostile:
        kinds = ", ".join(sorted(document.hostile))
        yield (
            (margin, "text"),
            (say("shown with its hidden signs made visible: {kinds}", kinds=own(kinds)), "warning"),
        )
    for line in layout(document, max(10, width - indent - 1), reveal=reveal):
        yield ((margin, "text"), *line.segments)
    if document.truncated:
        yield ((margin, "text"), (own("(the text is longer than modtui reads; o opens the page)"), "warning"))


def body_lines(view: ItemView, width: int) -> Iterator[Line | Anchor]:
    """The scrolling part of the detail."""
    item = view.item
    indent = _indent(width) + 1
    yield Anchor("text")
    yield _gap()
    if item.problem:
        yield from _wrapped(
            say("This item could not be read whole: {problem}.", problem=item.problem), "warning", width, 1
        )
    if item.deleted:
        yield from _wrapped(own("The post is deleted on the site; staff can still read it."), "warning", width, 1)
    elif item.hidden:
        yield ((own(" The site hides this post from members now."), "warning"),)
    if item.folded and not view.reveal:
        yield ((own("  (folded: personal data of somebody. enter shows it, enter folds it again)"), "row.folded"),)
    elif item.body is None or not item.body.text.strip():
        yield ((own("  (there is no text)"), "dim"),)
    else:
        if item.kind in ("held post", "other") and item.title and not item.place.thread_id:
            yield from _wrapped(show_line(item.title), "bold", width, indent)
            yield _gap()
        yield from text_lines(item.body, view.site, width, indent=indent, reveal=view.reveal)
    yield _gap()
    yield Anchor("why")
    yield from why_lines(view, width)
    if item.notes:
        yield _gap()
        yield _section("NOTES", own("only the team sees them"))
        for note in item.notes:
            yield from _wrapped(say("{by}: {text}", by=note.by, text=note.text), "text", width, 3)
    if view.thread and len(view.thread.posts) > 1:
        yield _gap()
        yield from thread_lines(view, width)
    elif view.loading:
        yield _gap()
        yield _section("THREAD", own("on its way"))
    elif view.problem:
        yield _gap()
        yield _section("THREAD", say("not here: {problem}", problem=view.problem))
    if view.earlier:
        yield _gap()
        yield Anchor("earlier")
        for n, words in enumerate(view.earlier):
            yield ((own(" EARLIER " if not n else "         "), "section"), (say(" {words}", words=words), "text"))
    if view.effects:
        yield _gap()
        yield Anchor("keys")
        yield _section("WHAT A KEY DOES HERE", own("the site's own words first"))
        yield from effect_lines(view.effects, width)


def why_lines(view: ItemView, width: int) -> Iterator[Line]:
    """Who reported it, why, in which words, and how often each reporter was right."""
    item = view.item
    n = len(item.reports)
    score = f", score {item.score:.1f}" if item.score is not None else ""
    yield _section("WHY IT IS HERE", say("{n}{score}", n=count(n, "report"), score=own(score)))
    for report in item.reports[:12]:
        yield from report_lines(report, width, view.now_ms)
    if n > 12:
        yield ((say("   + {n} more: P", n=n - 12), "dim"),)


def record_of(member: Member | None) -> Shown:
    """ "12 of 13": reports that were upheld, of those decided; "none" when there are none."""
    if member is None or member.upheld is None:
        return own("")
    decided = (member.upheld or 0) + (member.wrong or 0)
    return say("{right} of {all}", right=member.upheld, all=decided) if decided else own("none yet")


def report_lines(report: Report, width: int, now_ms: int) -> Iterator[Line]:
    """One report on one line, its text wrapped below when it is long."""
    when = age(report.created_ms, now_ms) if report.created_ms else own("")
    who = show_line(report.reporter.username, 30) if report.reporter else own("the site")
    why = WHY.get(report.reason, report.reason)
    record = record_of(report.reporter)
    left = own(f"   {why:<9} ")
    middle = join("", (pad(cut(who, 14), 14), own(" "), pad(when, 4, "right"), own("  ")))
    room = width - cells(left) - cells(middle) - max(8, cells(record)) - 2
    text = (
        say('"{text}"', text=report.text)
        if report.text
        else (show_line(report.label) if report.reason == "other" or not report.reporter else own("no text"))
    )
    severe = "row.severe" if report.reason in ("private", "threat", "illegal") else "row.reason"
    style = "text" if report.text else "dim"
    if cells(text) <= room:
        yield (
            (left, severe),
            (middle, "row.author"),
            (pad(text, max(1, room)), style),
            (say(" {record}", record=record), "dim"),
        )
        return
    yield (
        (left, severe),
        (middle, "row.author"),
        (pad(own(""), max(1, room)), style),
        (say(" {record}", record=record), "dim"),
    )
    yield from _wrapped(text, style, width, 14)


def thread_lines(view: ItemView, width: int) -> Iterator[Line | Anchor]:
    """The posts around, a line each; the subject is marked. The whole thread is on `t`."""
    thread = view.thread
    assert thread is not None
    at = next((n for n, post in enumerate(thread.posts) if post.subject), len(thread.posts) - 1)
    first = max(0, at - 3)
    above = f"{first} more above; " if first else ""
    yield _section(
        "THREAD",
        say("{total} posts; {above}t shows them whole", total=thread.total or len(thread.posts), above=own(above)),
    )
    for post in thread.posts[first : at + 4]:
        yield Anchor(f"post {post.number}")
        yield post_line(post, width, view.now_ms)


def post_line(post: ThreadPost, width: int, now_ms: int) -> Line:
    """A post of the thread on one line."""
    who = show_line(post.author.username, 30) if post.author else own("-")
    when = age(post.created_ms, now_ms) if post.created_ms else own("")
    mark = own(" > " if post.subject else "   ")
    number = pad(own(str(post.number)), 3, "right")
    left = join("", (mark, number, own(" "), pad(cut(who, 13), 13), own(" "), pad(when, 4, "right"), own("  ")))
    if post.subject:
        return ((left, "bold"), (own("(the post in question)"), "dim"))
    note = "(deleted) " if post.deleted else "(hidden) " if post.hidden else "(staff only) " if post.staff_only else ""
    text = excerpt(post.body)
    return (
        (left, "row.author"),
        (own(note), "warning"),
        (cut(text, max(4, width - cells(left) - len(note) - 1)), "text"),
    )


def excerpt(body: Body, limit: int = 300) -> Shown:
    """The beginning of a body on one line."""
    if body.format == "html":
        return show_line(plain_text(from_html(Foreign(body.text[:3000]))), limit)
    return show_line(body.text[: 2 * limit], limit)


def effect_lines(effects: Iterable[KeyEffect], width: int) -> Iterator[Line]:
    """What each key does here."""
    for effect in effects:
        key = join("", (own("   "), pad(effect.key, 2), own("  ")))
        if effect.blocked:
            yield from _hang(key, "hint.dim", own(""), say("not possible: {why}", why=effect.words), "hint.dim", width)
        else:
            yield from _hang(key, "hint.key", effect.label, effect.words, "effect", width)


def _hang(key: Shown, key_style: str, label: Shown, words: Shown, style: str, width: int) -> Iterator[Line]:
    column = 22 if width >= 60 else 18
    label = pad(cut(label, column - 1), column) if label else own("")
    room = max(10, width - cells(key) - cells(label) - 1)
    for n, line in enumerate(wrap(words, room)):
        if n == 0:
            yield ((key, key_style), (label, "text"), (line, style))
        else:
            yield ((own(" " * (cells(key) + cells(label))), "text"), (line, style))


def member_words(member: Member, now_ms: int) -> Shown:
    """ "4 y, 812 posts, trust 3, 31 answers accepted": what is known, nothing guessed."""
    parts: list[Shown] = []
    if member.role:
        parts.append(own(member.role))
    if member.since_ms:
        parts.append(age(member.since_ms, now_ms))
    if member.posts is not None:
        parts.append(count(member.posts, "post"))
    if member.trust is not None:
        parts.append(say("trust {n}", n=member.trust))
    if member.accepted:
        parts.append(say("{n} answers accepted", n=member.accepted))
    return join(", ", parts) if parts else own("nothing else known")


def standing_words(member: Member) -> tuple[Shown, bool]:
    """ "removed 1, silenced 0": the record, and whether something is in force now."""
    force = bool(member.penalties)
    parts: list[Shown] = []
    for penalty in member.penalties:
        by = say(" by {by}", by=penalty.by) if penalty.by else own(" by the site itself" if penalty.automatic else "")
        parts.append(say("{what} now{by}", what="BANNED" if penalty.kind == "ban" else "SILENCED", by=by))
    for word, value in (
        ("removed", member.removed),
        ("silenced", member.silenced),
        ("banned", member.banned),
        ("warned", member.warned),
        ("notes", member.notes),
    ):
        if value is not None:
            parts.append(say("{word} {n}", word=word, n=value))
    return (join("  ", parts) if parts else own("")), force


def strip_lines(
    member: Member | None, width: int, now_ms: int, *, rule: bool = True, notes: Sequence[Shown] = ()
) -> list[Line]:
    """The author's strip: who they are, what was done to them before. Two lines, a rule above, a note below."""
    out: list[Line] = [((own("-" * width), "rule"),)] if rule else []
    if member is None:
        return [*out, ((own(" the author is not known"), "dim"),)]
    out.append(
        (
            (say(" {name}", name=show_line(member.username, 40)), "author"),
            (say("  {words}", words=member_words(member, now_ms)), "text"),
        )
    )
    standing, force = standing_words(member)
    if standing:
        out.append(((own(" "), "text"), (standing, "bad" if force else "dim")))
    if notes:
        out.append(((say(" note by {note}", note=notes[0]), "dim"),))
    return out


def preview_lines(view: ItemView, width: int, height: int) -> list[Line]:
    """The few lines under a narrow list: author and why, the beginning of the text, what the keys do."""
    item = view.item
    member = item.author
    who = (
        say(" {name}, {words}", name=show_line(member.username, 30), words=member_words(member, view.now_ms))
        if member
        else own(" the author is not known")
    )
    reasons = join(
        ", ",
        (
            say("{why} {n}", why=WHY.get(reason, reason), n=sum(r.reason == reason for r in item.reports))
            for reason in item.reasons
        ),
    )
    first: Line = (
        (cut(who, max(10, width // 2 - 2)), "author"),
        (say(" | {n}: {reasons}", n=count(len(item.reports), "report"), reasons=reasons), "text"),
    )
    if view.state:
        first = ((say(" {state}", state=view.state), "state.held"), *first)
    effects = [
        say("{key}: {label}", key=effect.key, label=effect.label or effect.words)
        for effect in view.effects
        if not effect.blocked
    ][:3]
    last: Line = ((say(" {effects}", effects=join(" | ", effects)), "dim"),)
    rows = height - 2
    if item.folded and not view.reveal:
        text: list[Line] = [((own(" (folded: personal data of somebody. enter reads it)"), "row.folded"),)]
    elif item.problem:
        text = [((say(" This item could not be read whole: {problem}.", problem=item.problem), "warning"),)]
    else:
        text = []
        pieces = list(zip(range(rows + 1), wrap(excerpt_of(item, width * rows), width - 2), strict=False))
        for n, line in pieces[:rows]:
            more = n == rows - 1 and len(pieces) > rows
            text.append(((say(" {line}{tail}", line=line, tail="~" if more else ""), "text"),))
    while len(text) < rows:
        text.append(_gap())
    return [first, *text, last]
