"""Everything known about a member, as lines. Pure: what is not known is left out, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo

from msgspec import Struct

from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Member, Private, Record, Sanctioned, ThreadPost
from modtui.text import Shown, join, own, say, show_line
from modtui.text.time import age, stamp
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line
from modtui.widgets.member_lines import member_words
from modtui.widgets.text_lines import excerpt, gap, hung

COLUMN = 12
HISTORY_SHOWN = 14
_BARS = "▁▂▃▄▅▆▇█"


class DossierView(Struct, frozen=True):
    """What is shown of a member. `blocks` says whether the terminal draws block signs; `own_acts` are lines of this
    modtui's journal, `ladder` what is proposed and why."""

    member: Member
    dossier: Dossier | None
    now_ms: int
    tz: tzinfo
    blocks: bool = True
    anonymous: bool = False
    problem: str | None = None
    private: Private | None = None
    reveal_words: Shown | None = None
    own_acts: tuple[Shown, ...] = ()
    ladder: Shown | None = None
    asked: bool = True
    """Whether the site is being asked for more."""


def sparkline(values: Sequence[int], *, blocks: bool) -> Shown:
    """Counts as a line of bars, one sign each; as numbers where the terminal draws no bars. Nothing is a dot."""
    if not blocks:
        return own(" ".join(str(max(0, value)) for value in values))
    top = max(values, default=0)
    signs = (_BARS[min(7, (value * 8 - 1) // top)] if value > 0 and top else "." for value in values)
    return own("".join(signs))


def dossier_lines(view: DossierView, width: int) -> Iterator[Line]:
    """The page down to the posts."""
    yield from _who(view, width)
    dossier = view.dossier
    if dossier is None:
        words = own("More is on its way ..." if view.asked else "enter asks the site for more.")
        if view.problem:
            words = say("More is not here: {why}", why=view.problem)
        yield from _in_force(view, width)
        yield gap()
        for line in wrap(words, width - 2):
            yield ((say(" {line}", line=line), "dim"),)
        return
    yield from _activity(view, dossier, width)
    yield from _reports(dossier, width)
    yield from _in_force(view, width)
    yield from _history(view, dossier, width)
    if isinstance(dossier.sanctionable, Blocked):
        sentence = dossier.sanctionable.sentence.rstrip(".")
        yield from hung("LADDER", say("no sanction is possible: {why}", why=sentence), "warning", width, COLUMN)
    elif view.ladder:
        yield from hung("LADDER", view.ladder, "text", width, COLUMN)
    yield from _notes(view, dossier, width)
    for n, words in enumerate(view.own_acts):
        yield from hung("" if n else "BY YOU", words, "text", width, COLUMN)
    if dossier.bio:
        yield from hung("ABOUT", show_line(dossier.bio), "dim", width, COLUMN)
    yield from _accounts(view, dossier, width)


def _who(view: DossierView, width: int) -> Iterator[Line]:
    member, now = view.member, view.now_ms
    name = own("")
    if member.name and member.name != member.username:
        name = say("  ({name})", name=show_line(member.name, 60))
    yield ((say(" {name}", name=show_line(member.username, 60)), "author"), (name, "dim"))
    parts = [member_words(member, now)]
    if member.since_ms:
        parts.append(say("member since {when}", when=stamp(member.since_ms, view.tz, now_ms=now)))
    languages = view.dossier.languages if view.dossier is not None else ()
    if languages:
        parts.append(say("writes {codes}", codes=own(" ".join(code[:2].upper() for code in languages[:5]))))
    elif member.locale:
        parts.append(say("reads in {locale}", locale=show_line(member.locale, 8)))
    if member.seen_ms:
        ago = age(member.seen_ms, now)
        parts.append(own("here just now") if ago == "now" else say("seen {ago} ago", ago=ago))
    dossier = view.dossier
    if dossier is not None:
        if dossier.likes_got is not None and dossier.likes_given is not None:
            parts.append(say("likes got {n}, given {m}", n=dossier.likes_got, m=dossier.likes_given))
        elif dossier.likes_got is not None:
            parts.append(say("likes got {n}", n=dossier.likes_got))
        if dossier.groups:
            parts.append(say("in {groups}", groups=join(", ", (show_line(one, 24) for one in dossier.groups[:6]))))
    for line in wrap(join(", ", parts), width - 4):
        yield ((say("   {line}", line=line), "text"),)
    if view.anonymous:
        yield ((own("   Members see no name on the post in question."), "warning"),)


def _activity(view: DossierView, dossier: Dossier, width: int) -> Iterator[Line]:
    for label, values, unit in (
        ("ACTIVITY", dossier.posts_by_day, "posts a day, {n} days"),
        ("ACCEPTED", dossier.accepted_by_month, "answers accepted, {n} months"),
    ):
        if not any(values):
            continue
        room = max(8, width - COLUMN - 34)
        shown = values[-room:] if view.blocks else values[-(room // 3) :]
        line = sparkline(shown, blocks=view.blocks)
        total = sum(shown)
        words = say("{line}  {what}, {total} in all", line=line, what=say(unit, n=len(shown)), total=total)
        yield from hung(label, words, "text", width, COLUMN)


def _record(what: str, record: Record, total: int | None) -> Shown | None:
    number = record.total if record.total is not None else total
    if number is None and record.right is None:
        return None
    parts = [f"{word} {value}" for word, value in (
        ("right", record.right), ("wrong", record.wrong), ("ignored", record.ignored), ("open", record.open)
    ) if value]  # fmt: skip
    head = own(what if number is None else f"{what} {number}")
    return say("{head}: {parts}", head=head, parts=own(", ".join(parts))) if parts else head


def _reports(dossier: Dossier, width: int) -> Iterator[Line]:
    made, member = dossier.made, dossier.member
    if made == Record() and member.upheld is not None:
        made = Record(right=member.upheld, wrong=member.wrong, ignored=member.left)
    both = (_record("made", made, dossier.reports_made), _record("received", dossier.got, dossier.reports_got))
    found = [words for words in both if words]
    if found:
        yield from hung("REPORTS", join("   ", found), "text", width, COLUMN)


def _in_force(view: DossierView, width: int) -> Iterator[Line]:
    member, now = view.member, view.now_ms
    if not member.penalties:
        yield from hung("IN FORCE", own("nothing"), "dim", width, COLUMN)
    for penalty in member.penalties:
        kind = "banned" if penalty.kind == "ban" else "silenced"
        until = own("for good") if penalty.told else own("(until when is not known yet)")
        if penalty.until_ms:
            until = say("until {when}", when=stamp(penalty.until_ms, view.tz, now_ms=now))
        site = own(" by the site itself" if penalty.automatic else "")
        by = say(" by {by}", by=penalty.by) if penalty.by else site
        reason = say(", {reason}", reason=penalty.reason) if penalty.reason else own("")
        words = say("{kind} {until}{by}{reason}", kind=own(kind), until=until, by=by, reason=reason)
        yield from hung("IN FORCE", words, "bad", width, COLUMN)


_KINDS = {
    "silence": "silenced", "ban": "banned", "unsilence": "silence lifted", "unban": "ban lifted",
    "warning": "warned", "removal": "removed", "note": "noted",
}  # fmt: skip


def history_words(one: Sanctioned, tz: tzinfo, now_ms: int) -> Shown:
    """One line of the history: when, what, until when, why, by whom."""
    kind = own(_KINDS[one.kind]) if one.kind in _KINDS else show_line(one.kind, 24)
    when = stamp(one.at_ms, tz, now_ms=now_ms) if one.at_ms is not None else own("")
    title = say(' "{title}"', title=show_line(one.title, 60)) if one.title else own("")
    until = say(", until {when}", when=stamp(one.until_ms, tz, now_ms=now_ms)) if one.until_ms else own("")
    over = own(" (over)" if one.until_ms and one.until_ms < now_ms else "")
    reason = say(", {reason}", reason=show_line(one.reason, 120)) if one.reason else own("")
    by = say(", by {by}", by=show_line(one.by, 30)) if one.by else own("")
    return say(
        "{when}  {kind}{title}{until}{over}{reason}{by}",
        when=pad(when, 16), kind=kind, title=title, until=until, over=over, reason=reason, by=by,
    )  # fmt: skip


def _history(view: DossierView, dossier: Dossier, width: int) -> Iterator[Line]:
    history = dossier.history
    if not history:
        known = [(word, getattr(view.member, word)) for word in ("removed", "silenced", "banned", "warned")]
        parts = [say("{word} {n}", word=own(word), n=n) for word, n in known if n is not None]
        yield from hung("RECORD", join(", ", parts) or own("nothing is known"), "text", width, COLUMN)
        return
    for n, one in enumerate(history[:HISTORY_SHOWN]):
        words = history_words(one, view.tz, view.now_ms)
        yield from hung("" if n else "SANCTIONS", words, "text", width, COLUMN)
    if len(history) > HISTORY_SHOWN:
        yield from hung("", say("and {n} before", n=len(history) - HISTORY_SHOWN), "dim", width, COLUMN)


def _notes(view: DossierView, dossier: Dossier, width: int) -> Iterator[Line]:
    for n, note in enumerate(dossier.notes):
        when = age(note.created_ms, view.now_ms) if note.created_ms else own("")
        words = say("{by} {when}: {text}", by=note.by, when=when, text=note.text)
        yield from hung("" if n else "NOTES", words, "text", width, COLUMN)
    if not dossier.notes:
        yield from hung("NOTES", own("none by the team"), "dim", width, COLUMN)


def _accounts(view: DossierView, dossier: Dossier, width: int) -> Iterator[Line]:
    if view.private is not None:
        yield from private_lines(view.private, view.now_ms, width)
    elif view.reveal_words:
        head = say("{n} share something with this one. ", n=dossier.shares) if dossier.shares else own("")
        yield from hung("ACCOUNTS", join("", (head, view.reveal_words)), "dim", width, COLUMN)


def private_lines(private: Private, now_ms: int, width: int) -> Iterator[Line]:
    """What the reveal key brought; it is in memory only."""
    facts = [
        say("{label} {value}", label=own(label), value=show_line(value, 80))
        for label, value in (
            ("e-mail", private.email), ("IP", private.ip), ("IP at sign-up", private.registration_ip)
        )
        if value
    ]  # fmt: skip
    yield from hung("PRIVATE", join(", ", facts) or own("the site shows nothing"), "warning", width, COLUMN)
    if not private.shares:
        yield from hung("", own("no other account shares an address"), "dim", width, COLUMN)
    for other in private.shares[:12]:
        words = say("{name}  {facts}", name=show_line(other.username, 40), facts=member_words(other, now_ms))
        yield from hung("", words, "text", width, COLUMN)
    if len(private.shares) > 12:
        yield from hung("", say("and {n} more", n=len(private.shares) - 12), "dim", width, COLUMN)


def posts_head(posts: Sequence[ThreadPost]) -> Line:
    """The head over the latest posts."""
    words = say("  the latest {n}: j k choose, enter opens", n=len(posts)) if posts else own("  none can be seen")
    return ((own(" POSTS"), "section"), (words, "dim"))


def post_rows(dossier: Dossier, width: int, now_ms: int, cursor: int | None) -> Iterable[Line]:
    """The latest posts, a line each."""
    for n, post in enumerate(dossier.recent):
        when = age(post.created_ms, now_ms) if post.created_ms else own("")
        flags = "(deleted) " if post.deleted else "(hidden) " if post.hidden else ""
        title = dossier.recent_titles.get(post.id)
        where = pad(cut(show_line(title, 80), 26), 27) if title and width >= 70 else own("")
        text = cut(excerpt(post.body), max(10, width - 12 - len(flags) - (27 if where else 0)))
        yield (
            (own(f" {'>' if n == cursor else ' '} {when:>5}  "), "row.age"),
            (where, "row.author"),
            (own(flags), "warning"),
            (text, "text"),
        )

