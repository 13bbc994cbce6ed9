"""What is new in a dossier since it was read before, in words. Pure."""

from __future__ import annotations

from modtui.domain.items import Dossier, Note, Sanctioned
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import stamp

_DID = {
    "silence": "silenced", "ban": "banned", "unsilence": "silence lifted", "unban": "ban lifted", "warning": "warned",
    "removal": "post removed",
}  # fmt: skip
_MOST = 6


def changes(before: Dossier, after: Dossier, *, now_ms: int | None = None) -> tuple[Shown, ...]:
    """What `after` has that `before` did not, the newest first, at most six: `note by kestrel, Sat 22 Nov 11:40`."""
    found: list[tuple[int, Shown]] = []
    known = {note.id for note in before.notes}
    for note in after.notes:
        if note.id not in known:
            found.append((note.created_ms or 0, _note(note, now_ms)))
    lines = {_key(line) for line in before.history}
    fresh = [line for line in after.history if _key(line) not in lines]
    found += [(line.at_ms or 0, _line(line, now_ms)) for line in fresh]
    told = {line.kind for line in fresh}
    found.sort(key=lambda pair: -pair[0])
    words = [shown for _, shown in found]
    for kind, name in (("silence", "silence"), ("ban", "ban")):
        was = any(one.kind == kind for one in before.member.penalties)
        now = any(one.kind == kind for one in after.member.penalties)
        if was and not now and f"un{kind}" not in told:
            words.append(own(f"the {name} has ended"))
        if now and not was and kind not in told:
            words.append(own(_DID[kind]))
    for old, new, thing in (
        (before.member.posts, after.member.posts, "post"),
        (before.reports_got, after.reports_got, "report about this member"),
        (before.reports_made, after.reports_made, "report by this member"),
        (before.member.accepted, after.member.accepted, "accepted answer"),
    ):  # fmt: skip
        if old is not None and new is not None and new > old:
            words.append(say("{n} more", n=count(new - old, thing)) if thing == "post" else _more(new - old, thing))
    if before.member.trust != after.member.trust and after.member.trust is not None:
        words.append(say("trust level {level}", level=after.member.trust))
    if before.member.role != after.member.role:
        words.append(say("now {role}", role=after.member.role or "a plain member"))
    if before.member.username != after.member.username:
        words.append(say("was called {name}", name=before.member.username))
    return tuple(words[:_MOST])


def _more(number: int, thing: str) -> Shown:
    head, _, tail = thing.partition(" ")
    plural = head if number == 1 else head + "s"
    if head == "accepted":
        return say("{n} more accepted {what}", n=number, what="answer" if number == 1 else "answers")
    return say("{n} more {head} {tail}", n=number, head=plural, tail=tail)


def _key(line: Sanctioned) -> tuple[object, ...]:
    return (line.kind, line.at_ms, line.by, line.url)


def _note(note: Note, now_ms: int | None) -> Shown:
    if note.created_ms is None:
        return say("note by {by}", by=show_line(note.by, 40))
    return say("note by {by}, {when}", by=show_line(note.by, 40), when=stamp(note.created_ms, now_ms=now_ms))


def _line(line: Sanctioned, now_ms: int | None) -> Shown:
    did = _DID.get(line.kind, line.kind)
    by = say(" by {by}", by=show_line(line.by, 40)) if line.by else own("")
    when = say(", {when}", when=stamp(line.at_ms, now_ms=now_ms)) if line.at_ms is not None else own("")
    return say("{did}{by}{when}", did=did, by=by, when=when)
