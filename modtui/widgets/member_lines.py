"""A member in words: what is known, the record, what is in force now. Nothing is guessed, nobody is "he" or "she"."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.domain.items import Member
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import age
from modtui.text.width import cells, cut
from modtui.widgets.draw import Line

_RECORD = ("removed", "silenced", "banned", "warned", "notes")


def record_of(member: Member | None) -> Shown:
    """ "12 of 13": reports that were upheld, of those decided; "none yet" when there are none."""
    if member is None or member.upheld is None:
        return own("")
    decided = (member.upheld or 0) + (member.wrong or 0)
    return say("{right} of {all}", right=member.upheld, all=decided) if decided else own("none yet")


def member_words(member: Member, now_ms: int) -> Shown:
    """ "4y, 812 posts, trust 3, 31 answers accepted": what is known."""
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
        parts.append(say("{n} accepted", n=count(member.accepted, "answer")))
    return join(", ", parts) if parts else own("nothing else known")


def force_words(member: Member) -> list[Shown]:
    """ "BANNED now by kestrel": what is in force."""
    found = []
    for penalty in member.penalties:
        by = say(" by {by}", by=penalty.by) if penalty.by else own(" by the site itself" if penalty.automatic else "")
        found.append(say("{what} now{by}", what=own("BANNED" if penalty.kind == "ban" else "SILENCED"), by=by))
    return found


def standing_words(member: Member) -> tuple[Shown, bool]:
    """ "removed 1  silenced 0": the record, and whether something is in force now."""
    parts = force_words(member)
    for word in _RECORD:
        value = getattr(member, word)
        if value is not None:
            parts.append(say("{word} {n}", word=own(word), n=value))
    return (join("  ", parts) if parts else own("")), bool(member.penalties)


def short_standing(member: Member) -> tuple[Shown, bool]:
    """As `standing_words` where there is one line for everything: only what is not zero, or "no record"."""
    parts = force_words(member)
    values = [(word, getattr(member, word)) for word in _RECORD]
    parts += [say("{word} {n}", word=own(word), n=value) for word, value in values if value]
    if not parts and any(value is not None for _, value in values):
        parts.append(own("no record"))
    return (join(", ", parts) if parts else own("")), bool(member.penalties)


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
        out.append(((cut(say(" note by {note}", note=notes[0]), width), "dim"),))
    return out


def one_line(member: Member | None, width: int, now_ms: int, *, anonymous: bool = False) -> Line:
    """The strip on one line: who, then what is known, then the record; only the middle part gives way."""
    if member is None:
        return ((own(" the author is not known"), "dim"),)
    standing, force = short_standing(member)
    tail = say(" | {standing}", standing=standing) if standing else own("")
    name = say(" {name}", name=cut(show_line(member.username, 40), max(12, width // 3)))
    hidden = own(" (members see no name)") if anonymous else own("")
    room = width - cells(name) - cells(hidden) - cells(tail) - 2
    words = cut(member_words(member, now_ms), room) if room > 5 else own("")
    middle = say("  {words}", words=words) if words else own("")
    return ((name, "author"), (hidden, "warning"), (middle, "text"), (tail, "bad" if force else "dim"))
