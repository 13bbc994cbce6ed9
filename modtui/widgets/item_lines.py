"""An item as lines: the reported text first, then why it is here, the thread, what happened before, what a key does.

Pure: domain objects in, drawn lines out, made lazily from the top, so a huge post costs what is seen of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from itertools import islice

from msgspec import Struct

from modtui.domain.items import Answered, Dossier, Item, Thread
from modtui.text import EMPTY, Shown, count, join, own, say, show_line
from modtui.text.time import age, stamp
from modtui.text.width import cells, cut, wrap
from modtui.widgets.around_lines import thread_lines, why_lines, why_words
from modtui.widgets.dossier_lines import DossierView, dossier_lines
from modtui.widgets.draw import Line
from modtui.widgets.effect_lines import KeyEffect, brief_effects, effect_lines
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import member_words, one_line
from modtui.widgets.question_lines import preview_facts, question_lines, similar_line, similar_lines
from modtui.widgets.rows import WHY, excerpt_of
from modtui.widgets.text_lines import gap, hung, section, text_lines, wrapped

FOLDED = "(folded: personal data of somebody. enter shows it, enter folds it again)"


class ItemView(Struct, frozen=True):
    """Everything that is shown of an item. `reveal` unfolds what is folded; `tight` leaves out what only pleases;
    `over` says that there is nothing to decide now; `community` is named where the list holds several; `post` is the
    number of the post of the thread to which one went, which is shown whole."""

    item: Item
    now_ms: int
    tz: tzinfo
    site: str = ""
    thread: Thread | None = None
    dossier: Dossier | None = None
    earlier: tuple[Shown, ...] = ()
    similar: tuple[Answered, ...] = ()
    effects: tuple[KeyEffect, ...] = ()
    reveal: bool = False
    loading: bool = False
    problem: str | None = None
    state: Shown | None = None
    over: bool = False
    community: Shown = EMPTY
    platform: Shown = EMPTY
    hue: str = "number"
    """The style of the community's name: its own colour."""
    tight: bool = False
    narrow: bool = False
    post: int | None = None


def _indent(width: int) -> int:
    return 3 if width > 50 else 2


def where_line(view: ItemView, width: int) -> Shown:
    """One line: which post, when, edited or not, where. Only the title gives way."""
    item = view.item
    place = item.place
    parts: list[Shown] = []
    if view.community and view.narrow:
        parts.append(place_words(view))
    if item.kind == "member":
        return cut(member_words(item.author, view.now_ms) if item.author else own(""), width)
    if item.kind == "sign-up":
        parts.append(own("new account"))
    elif item.kind == "held post":
        parts.append(own("held post" if place.thread_id else "held new thread"))
    elif item.kind == "question":
        replies = item.question.replies if item.question is not None else None
        parts.append(own("question" if replies is None else f"question, {replies} replies"))
    elif place.post_number:
        total = f" of {place.thread_posts}" if place.thread_posts else ""
        parts.append(own(f"post {place.post_number}{total}"))
    else:
        parts.append(own(item.kind))
    parts.append(stamp(item.created_ms or item.since_ms, view.tz, now_ms=view.now_ms))
    if item.kind != "sign-up":
        parts.append(_edits(item, view.now_ms))
    facts = join(", ", parts)
    category = say(" > {category}", category=show_line(place.category, 24)) if place.category else own("")
    title = place.thread_title or item.title
    if item.kind == "sign-up" or not title:
        return cut(say("{facts}{category}", facts=facts, category=category), width)
    if item.folded and not view.reveal:
        return cut(say("{facts}, in a folded thread{category}", facts=facts, category=category), width)
    room = width - cells(facts) - cells(category) - len(', in ""')
    if room < 12:
        category, room = own(""), room + cells(category)
    name = cut(show_line(title, 200), max(8, room))
    return cut(say('{facts}, in "{name}"{category}', facts=facts, name=name, category=category), width)


def place_words(view: ItemView) -> Shown:
    """Of which community and platform the item is: `harbour (Discourse)`; empty in a list of one community."""
    if not view.community or not view.platform:
        return view.community
    return say("{community} ({platform})", community=view.community, platform=view.platform)


def _edits(item: Item, now_ms: int) -> Shown:
    if not item.edits and not item.edited_ms:
        return own("not edited")
    times = f" {item.edits} times" if item.edits > 1 else ""
    if item.edited_ms is None:
        return own(f"edited{times}")
    when = age(item.edited_ms, now_ms)
    return say("edited{times} {when}", times=own(times), when=when if when == "now" else say("{when} ago", when=when))


def head_lines(view: ItemView, width: int) -> list[Line]:
    """The two lines that stay on top of the detail."""
    item = view.item
    if item.kind == "member":
        name = say(" {name}", name=show_line(item.author.username, 40) if item.author else own("-"))
        words = say("   {state}", state=view.state) if view.state else own("")
        return [
            (*_place_pieces(view), (name, "author"), (words, "state.held")),
            ((say(" {w}", w=where_line(view, width - 2)), "dim"),),
        ]
    number = say(" #{number} ", number=show_line(item.number, 24))
    title = own("reported post" if item.kind == "post" else item.kind)
    first: list[tuple[Shown, str]] = [*_place_pieces(view), (number, "number"), (title, "heading")]
    if item.author:
        first += [(own(" by "), "dim"), (show_line(item.author.username, 40), "author")]
    if item.anonymous:
        first += [(own(" (members see no name)"), "warning")]
    if view.state:
        room = max(10, width - sum(cells(text) for text, _ in first) - 3)
        first += [(say("   {state}", state=cut(view.state, room)), "state.held")]
    return [tuple(first), ((say(" {where}", where=where_line(view, width - 2)), "dim"),)]


def _place_pieces(view: ItemView) -> Line:
    """The community in its colour, before the rest of the head."""
    return ((say(" {place}", place=place_words(view)), view.hue),) if view.community else ()


def narrow_head(view: ItemView, width: int) -> list[Line]:
    """The head where the item has the whole width to itself: the author, then which post it is."""
    item = view.item
    member = view.dossier.member if view.dossier else item.author
    lines: list[Line] = [one_line(member, width, view.now_ms, anonymous=item.anonymous)]
    if not view.tight:
        lines.append(((own("-" * width), "rule"),))
    return [*lines, ((say(" {where}", where=where_line(view, width - 2)), "dim"),)]


def narrow_foot(view: ItemView, width: int) -> list[Line]:
    """What the main keys do, always in sight: two lines."""
    if view.tight or view.over:
        return []
    clauses = [
        say("{key} {title}: {words}.", key=effect.key, title=effect.title, words=join(", ", effect.brief))
        for effect in view.effects
        if not effect.blocked and effect.brief
    ]
    lines: list[Shown] = []
    for clause in clauses:
        for n, line in enumerate(lines):
            if cells(line) + 2 + cells(clause) <= width - 2:
                lines[n] = join("  ", (line, clause))
                break
        else:
            if len(lines) < 2:
                lines.append(cut(clause, width - 2))
    return [((join("", (own(" "), line)), "effect"),) for line in lines]


def body_lines(view: ItemView, width: int) -> Iterator[Line | Anchor]:
    """The scrolling part of the detail."""
    item = view.item
    yield Anchor("text")
    if item.kind == "member":
        if item.reports:  # a member who was reported
            yield gap()
            yield Anchor("why")
            yield from why_lines(item, width, view.now_ms, site=view.site)
            yield gap()
        yield from islice(_member(view, width), 1, None)
        return
    if not view.tight:
        yield gap()
    yield from _warnings(view, width)
    yield from _text(view, width)
    yield gap()
    yield Anchor("why")
    if item.question is not None:
        yield from question_lines(item, width, view.now_ms, view.tz)
    if item.reports or item.question is None:
        yield from why_lines(item, width, view.now_ms, site=view.site)
    yield from escalation_lines(view, width)
    yield from similar_lines(view.similar, width, view.now_ms, site=view.site)
    if item.notes:
        yield gap()
        yield section("NOTES", own("only the team sees them"))
        for note in item.notes:
            yield from wrapped(say("{by}: {text}", by=note.by, text=note.text), "text", width, 3)
    if view.thread and len(view.thread.posts) > 1:
        yield gap()
        yield from thread_lines(view.thread, width, view.now_ms, at=view.post, site=view.site)
    elif item.kind != "sign-up" and (view.loading or view.problem):
        yield gap()
        why = own("on its way") if view.loading else say("not here: {problem}", problem=view.problem)
        yield section("THREAD", why)
    if view.earlier:
        yield gap()
        yield Anchor("earlier")
        for n, words in enumerate(view.earlier):
            yield from hung("EARLIER" if not n else "", words, "text", width, 10)
    if view.effects:
        yield gap()
        yield Anchor("keys")
        yield section("WHAT A KEY DOES HERE", own("the site's own words first"))
        yield from effect_lines(view.effects, width)


def escalation_lines(view: ItemView, width: int) -> Iterator[Line]:
    """Where it was handed to, when an answer is due, and what happened since."""
    away = view.item.escalation
    if away is None:
        return
    yield gap()
    by = say(" by {by}", by=away.by) if away.by else own("")
    due = own("no clock")
    if away.due_ms is not None:
        due = say("answer due {when}", when=stamp(away.due_ms, view.tz, now_ms=view.now_ms))
    when = stamp(away.at_ms, view.tz, now_ms=view.now_ms)
    yield section("ESCALATED", say("to {to}; {due}", to=away.title, due=due))
    yield from wrapped(say("handed over{by}, {when}", by=by, when=when), "text", width, 3)
    if away.note:
        yield from wrapped(say('note: "{note}"', note=away.note), "text", width, 3)
    if away.trail:
        yield from wrapped(show_line(away.trail, 400), "bad" if away.state == "failed" else "text", width, 3)


def _warnings(view: ItemView, width: int) -> Iterator[Line]:
    item = view.item
    if item.problem:
        words = say("This item could not be read whole: {problem}.", problem=item.problem.rstrip("."))
        yield from wrapped(words, "warning", width, 1)
    if item.deleted:
        yield from wrapped(own("The post is deleted on the site; staff can still read it."), "warning", width, 1)
    elif item.hidden:
        yield ((own(" The site hides this post from members now."), "warning"),)


def _text(view: ItemView, width: int) -> Iterator[Line]:
    item = view.item
    indent = _indent(width)
    if item.folded and not view.reveal:
        yield from wrapped(own(FOLDED), "row.folded", width, 2)
    elif item.kind == "sign-up":
        yield from _sign_up(view, width)
    elif item.body is None or not item.body.text.strip():
        yield ((own("  (there is no text)"), "dim"),)
    else:
        if item.kind in ("held post", "other") and item.title and not item.place.thread_id:
            yield from wrapped(show_line(item.title), "bold", width, indent)
            yield gap()
        yield from text_lines(item.body, view.site, width, indent=indent, reveal=view.reveal)


def _member(view: ItemView, width: int) -> Iterator[Line]:
    """A member of the directory: what is known, without the posts."""
    member = view.dossier.member if view.dossier is not None else view.item.author
    if member is None:
        return
    yield from dossier_lines(
        DossierView(
            member=member, dossier=view.dossier, now_ms=view.now_ms, tz=view.tz, problem=view.problem,
            own_acts=view.earlier, asked=view.loading,
        ),
        width,
    )  # fmt: skip
    if view.effects:
        yield gap()
        yield section("WHAT A KEY DOES HERE", own("enter opens the whole dossier"))
        yield from effect_lines(view.effects, width)


def _sign_up(view: ItemView, width: int) -> Iterator[Line]:
    """What the new member wrote about themselves, field by field."""
    item = view.item
    member = item.author
    fields = [line.partition(": ") for line in (item.body.text if item.body else "").splitlines() if ": " in line]
    names = {name for name, _, _ in fields}
    if member is not None and member.name and "name" not in names:
        fields.insert(0, ("name", ": ", member.name))
    if view.dossier is not None and view.dossier.bio and "bio" not in names:
        fields.append(("about", ": ", view.dossier.bio))
    if not fields:
        yield ((own("  (the new member wrote nothing about themselves)"), "dim"),)
    for name, _, text in fields:
        label = show_line(name, 12).replace("_", " ")
        for n, line in enumerate(wrap(show_line(text, 2000), max(10, width - 16))):
            yield ((own("   " + ("" if n else label).ljust(12)), "dim"), (line, "text"))


def preview_lines(view: ItemView, width: int, height: int) -> list[Line]:
    """The few lines under a narrow list: author and why, the beginning of the text, what the keys do."""
    item = view.item
    if item.question is not None:
        why = preview_facts(item, view.now_ms)
    elif item.reports and (item.lane == "reports" or any(report.reporter for report in item.reports)):
        reasons = join(
            ", ",
            (
                say("{why} {n}", why=WHY.get(reason, reason), n=sum(r.reason == reason for r in item.reports))
                for reason in item.reasons
            ),
        )
        why = say("{n}: {reasons}", n=count(len(item.reports), "report"), reasons=reasons)
    elif item.reports:
        first = item.reports[0]
        why = say("{why}: {label}", why=WHY.get(first.reason, first.reason), label=first.text or first.label)
    else:
        why = why_words(item)
    tail = say(" | {why}", why=cut(why, max(20, width // 2))) if why else own("")
    if item.question is None and item.place.post_number and width >= 70:
        total = f"/{item.place.thread_posts}" if item.place.thread_posts else ""
        tail = say("{tail} | post {n}{total}", tail=tail, n=item.place.post_number, total=own(total))
    head: Line = (*one_line(item.author, width - cells(tail), view.now_ms, anonymous=item.anonymous), (tail, "text"))
    if item.hidden and not item.deleted:
        head = ((own(" hidden"), "warning"), (own(" |"), "dim"), *head)
    if view.community:
        head = ((say(" {where}", where=view.community), view.hue), (own(" |"), "dim"), *head)
    if view.state:
        head = ((say(" {state}", state=cut(view.state, width // 2)), "state.held"), (own(" |"), "dim"), *head)
    last: list[Line] = [] if view.tight else [((say(" {words}", words=_last(view, width - 2)), "effect"),)]
    if view.similar and not view.tight and item.question is not None:
        last = [similar_line(thread, width, view.now_ms) for thread in view.similar[: 1 if height < 6 else 2]]
    rows = height - 1 - len(last)
    text = _beginning(view, width, rows)
    return [head, *text, *last]


def _last(view: ItemView, width: int) -> Shown:
    return own("") if view.over else brief_effects(view.effects, width)


def _beginning(view: ItemView, width: int, rows: int) -> list[Line]:
    item = view.item
    if item.kind == "member":
        text: list[Line] = list(islice(_member(view, width), 1, rows + 1))
    elif item.folded and not view.reveal:
        text = [((own(" (folded: personal data of somebody. enter reads it)"), "row.folded"),)]
    elif item.problem:
        text = [((say(" This item could not be read whole: {problem}.", problem=item.problem), "warning"),)]
    else:
        text = []
        pieces = list(zip(range(rows + 1), wrap(excerpt_of(item, width * rows), width - 2), strict=False))
        for n, line in pieces[:rows]:
            more = n == rows - 1 and len(pieces) > rows
            text.append(((say(" {line}{tail}", line=line, tail="~" if more else ""), "text"),))
    return [*text, *[gap()] * (rows - len(text))]
