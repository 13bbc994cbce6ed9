"""`modtui member`: everything that is known about one member, as text or as a JSON line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from modtui.cli.opening import opening, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate, width
from modtui.cli.running import patient
from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Item, Member, Penalty, Private, Record, Sanctioned
from modtui.errors import ModtuiError, NotFound, UsageError
from modtui.settings.options import Options
from modtui.text import Shown, cut, join, own, pad, say, show_line
from modtui.text.time import age, stamp

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.desk.desk import Desk
    from modtui.desk.members import DossierView

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN = 10
"""Lines of each part that the text shows; --json has them all."""


def line_of(community: Community, item: Item, view: DossierView, private: Private | None) -> dict[str, Any]:
    """The dossier as `member --json` prints it. Scripts rely on these names: see docs/cli.md."""
    dossier = view.dossier or Dossier(member=item.author or Member(native="", username=item.title))
    member = dossier.member
    proposal = view.proposal
    line: dict[str, Any] = {
        "id": item.id, "community": community.name, "backend": community.backend.name,
        "username": member.username, "name": member.name, "native": member.native, "url": dossier.url or item.url,
        "role": member.role, "trust": member.trust, "since_ms": member.since_ms, "seen_ms": member.seen_ms,
        "flags": list(member.flags or (item.author.flags if item.author else ())),
        "posts": member.posts, "threads": member.threads, "accepted": member.accepted, "removed": member.removed,
        "silenced": member.silenced, "banned": member.banned, "warned": member.warned,
        "likes_got": dossier.likes_got, "likes_given": dossier.likes_given,
        "languages": list(dossier.languages), "groups": list(dossier.groups), "bio": dossier.bio,
        "penalties": [_penalty(one) for one in member.penalties],
        "history": [_sanctioned(one) for one in dossier.history],
        "notes": [{"by": one.by, "at_ms": one.created_ms, "text": one.text} for one in dossier.notes],
        "reports_made": _record(dossier.made), "reports_got": _record(dossier.got),
        "posts_by_day": list(dossier.posts_by_day), "accepted_by_month": list(dossier.accepted_by_month),
        "recent": [
            {"id": one.id, "at_ms": one.created_ms, "title": dossier.recent_titles.get(one.id), "text": one.body.text,
             "hidden": one.hidden, "deleted": one.deleted, "url": one.url}
            for one in dossier.recent
        ],
        "ours": [
            {"decision": one.decision, "at_ms": one.at_ms, "verb": one.verb, "state": one.state, "words": one.words}
            for one in view.ours
        ],
        "sanctionable": not isinstance(dossier.sanctionable, Blocked),
        "why_not": dossier.sanctionable.sentence if isinstance(dossier.sanctionable, Blocked) else None,
        "proposal": None if proposal is None else {
            "kind": proposal.kind, "duration_ms": proposal.duration_ms, "why": proposal.why,
        },
    }  # fmt: skip
    if private is not None:
        line["private"] = {
            "email": private.email, "ip": private.ip, "registration_ip": private.registration_ip,
            "shares": [one.username for one in private.shares], "logged": private.logged,
        }  # fmt: skip
    return line


def _penalty(one: Penalty) -> dict[str, Any]:
    return {
        "kind": one.kind, "until_ms": one.until_ms, "for_good": one.told and one.until_ms is None, "by": one.by,
        "since_ms": one.since_ms, "reason": one.reason,
    }  # fmt: skip


def _sanctioned(one: Sanctioned) -> dict[str, Any]:
    return {
        "kind": one.kind, "at_ms": one.at_ms, "by": one.by, "reason": one.reason, "until_ms": one.until_ms,
        "title": one.title, "url": one.url,
    }  # fmt: skip


def _record(one: Record) -> dict[str, Any]:
    return {"total": one.total, "right": one.right, "wrong": one.wrong, "ignored": one.ignored, "open": one.open}


def text_of(community: Community, item: Item, view: DossierView, private: Private | None) -> Iterator[Shown]:
    """The dossier as lines to read."""
    dossier = view.dossier or Dossier(member=item.author or Member(native="", username=item.title))
    member, now = dossier.member, community.backend.wire.clock_ms
    name = say(" ({name})", name=show_line(member.name, 60)) if member.name else own("")
    yield say("{user}{name} on {where}", user=show_line(member.username, 60), name=name, where=community.name)
    facts = [
        ("role", member.role), ("trust", member.trust),
        ("member since", stamp(member.since_ms, now_ms=now) if member.since_ms else None),
        ("last seen", say("{ago} ago", ago=age(member.seen_ms, now)) if member.seen_ms else None),
        ("posts", member.posts), ("threads", member.threads), ("accepted answers", member.accepted),
        ("likes got", dossier.likes_got), ("likes given", dossier.likes_given),
        ("languages", ", ".join(dossier.languages) or None),
        ("groups", ", ".join(map(str, dossier.groups)) or None), ("removed posts", member.removed),
        ("warnings", member.warned), ("silences", member.silenced), ("bans", member.banned),
        ("marks", ", ".join(member.flags) or None),
    ]  # fmt: skip
    for label, value in facts:
        if value is not None:
            yield _fact(label, show_line(str(value), 120))
    if dossier.posts_by_day:
        yield _fact("posts a day", own(_spark(dossier.posts_by_day)))
    if dossier.accepted_by_month:
        bars = own(_spark(dossier.accepted_by_month))
        yield _fact("answers a month", bars)
    for label, record in (("reports made", dossier.made), ("reports got", dossier.got)):
        if (words := _record_words(record)) is not None:
            yield _fact(label, own(words))
    if member.penalties:
        yield own("In force:")
        for one in member.penalties:
            until = stamp(one.until_ms, now_ms=now) if one.until_ms else own("for good" if one.told else "end not told")
            why = say(": {reason}", reason=show_line(one.reason, 200)) if one.reason else own("")
            yield say("  {kind} until {until}{why}" if one.until_ms else "  {kind}, {until}{why}", kind=one.kind,
                      until=until, why=why)  # fmt: skip
    yield from _part("History:", [_history(one, now) for one in dossier.history])
    yield from _part("Team notes:", [
        say("  {when} {by}: {text}", when=_when(one.created_ms, now), by=show_line(one.by, 40),
            text=show_line(one.text, 300))
        for one in dossier.notes
    ])  # fmt: skip
    yield from _part("By this modtui:", [
        say("  {when} {words} ({state})", when=_when(one.at_ms, now), words=one.words, state=one.state)
        for one in view.ours
    ])  # fmt: skip
    yield from _part("Newest posts:", [
        say("  {when} {title}: {text}", when=_when(one.created_ms, now),
            title=show_line(dossier.recent_titles.get(one.id, "-"), 60), text=show_line(one.body.text, 160))
        for one in dossier.recent
    ])  # fmt: skip
    if isinstance(dossier.sanctionable, Blocked):
        yield say("No sanction is possible: {why}.", why=dossier.sanctionable.sentence)
    elif view.proposal is not None:
        yield say("Next step of the ladder: {words}.", words=view.proposal.words)
    if private is not None:
        yield own("Private" + (" (the site keeps a record of this look):" if private.logged else ":"))
        for label, text in (
            ("e-mail", private.email), ("IP", private.ip), ("IP at sign-up", private.registration_ip),
            ("share an address", ", ".join(str(one.username) for one in private.shares) or "none known"),
        ):  # fmt: skip
            yield _fact(label, show_line(text or "-", 300))


def _fact(label: str, value: Shown) -> Shown:
    return join("", (own("  "), pad(own(label), 18), own(" "), value))


def _part(title: str, lines: Sequence[Shown]) -> Iterator[Shown]:
    if not lines:
        return
    yield own(title)
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield say("  ... and {n} more", n=len(lines) - _SHOWN)


def _history(one: Sanctioned, now_ms: int) -> Shown:
    by = say(" by {by}", by=show_line(one.by, 40)) if one.by else own("")
    until = say(" until {until}", until=stamp(one.until_ms, now_ms=now_ms)) if one.until_ms else own("")
    about = one.reason or one.title
    why = say(": {why}", why=show_line(about, 160)) if about else own("")
    return say("  {when} {kind}{by}{until}{why}", when=_when(one.at_ms, now_ms), kind=show_line(one.kind, 40), by=by,
               until=until, why=why)  # fmt: skip


def _when(at_ms: int | None, now_ms: int) -> Shown:
    return stamp(at_ms, now_ms=now_ms) if at_ms else own("?")


def _record_words(record: Record) -> str | None:
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (record.right, "right"), (record.wrong, "wrong"), (record.ignored, "ignored"), (record.open, "open"),
        ) if number
    ]  # fmt: skip
    if record.total is None and not parts:
        return None
    return f"{record.total or 0:,}" + (f" ({', '.join(parts)})" if parts else "")


def _spark(counts: Sequence[int]) -> str:
    most = max(counts)
    if not most:
        return "none"
    return "".join(_BARS[min(7, n * 8 // (most + 1))] if n else " " for n in counts) + f"  (most {most:,})"


async def _one(desk: Desk, community: Community, name: str, private: bool) -> tuple[Item, DossierView, Private | None]:
    """The member on this community. Raises NotFound and the backend's errors."""
    item = await desk.members.named(name, community.id)
    view = await desk.members.refresh(item)
    if view.dossier is None:
        raise NotFound(view.problem or f"{name} is not on the site, or not visible to this account.")
    if view.problem:
        narrate(say("{name}: {words} This is what was known before.", name=community.name, words=view.problem))
    return item, view, await desk.members.private(item) if private else None


@click.command(short_help="Everything known about a member.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each community, in ASCII.")
@click.option("--private", is_flag=True,
              help="Show IP and e-mail addresses too. Nothing of them is kept here; the site may log the look.")
@shared
def member(options: Options, name: str, as_json: bool, private: bool) -> int:
    """Everything known about the member with this NAME (or number): profile, record, sanctions, notes, newest posts,
    what this modtui did to them, and the next step of the community's ladder.

    With several communities each is asked, unless --community names one. Ends with 3 when no community has the member.

    `modtui act warn|note|silence|ban|... --lane members NAME` decides on the member.
    """
    if not name.strip().lstrip("@"):
        raise UsageError("The name is empty.")
    settings = settings_of(options)
    columns = max(40, width())

    async def run(desk: Desk) -> int:
        found = 0
        troubles: list[tuple[Community, ModtuiError]] = []
        try:
            async with patient(desk.communities):
                for community in desk.communities:
                    try:
                        item, view, hidden = await _one(desk, community, name, private)
                    except ModtuiError as error:
                        troubles.append((community, error))
                        continue
                    if as_json:
                        emit_json(line_of(community, item, view, hidden))
                    else:
                        if found:
                            emit(own(""))
                        for line in text_of(community, item, view, hidden):
                            emit(cut(line, columns))
                    found += 1
        finally:
            desk.members.hide()
            for community in desk.communities:
                await community.backend.aclose()
        worse = [(where, trouble) for where, trouble in troubles if not isinstance(trouble, NotFound)]
        if not found:
            raise (worse or troubles)[0][1]
        for where, trouble in worse:
            narrate(say("{name}: {words}", name=where.name, words=str(trouble)))
        return 0

    with opening(options, settings) as desk:
        return asyncio.run(run(desk))
