"""From Matrix' JSON to domain objects.

A subject of the lane of reports is an event of a room (kind `event`, `room/event`) or a member who was reported (kind
`account`, their id). A member of the directory has the kind `user`. A reported event has one row however many reporters
there are, and a report may come twice from the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from modtui.backends.synapse.lane import Group
from modtui.backends.synapse.offers import Facts, Rights, account_offers, message_offers, user_offers
from modtui.backends.synapse.rooms import Room
from modtui.backends.synapse.texts import said
from modtui.backends.synapse.wire import Account, Event, ReportRow, UserReportRow, moment
from modtui.domain.capability import ALLOWED
from modtui.domain.items import Body, Item, Member, Penalty, Place, Report, State, Thread, ThreadPost
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign

EVENT, ACCOUNT, USER, QUESTION = "event", "account", "user", "question"
AROUND = 20
_REASONS = (
    ("private", ("dox", "personal data", "private data", "personal information", "private information")),
    ("threat", ("threat",)), ("illegal", ("illegal",)), ("hate", ("hate", "racis")),
    ("insult", ("insult", "harass", "abus", "toxic", "bully")), ("spam", ("spam", "scam", "advert", "phish")),
    ("offtopic", ("off-topic", "off topic", "offtopic")),
)  # fmt: skip
_LABEL = 60


def native_of(room: str, event: str) -> str:
    """How an event is named: ids of events are safe to tell apart by the first `/` behind the room's."""
    return f"{room}/{event}"


def parts_of(native: str) -> tuple[str, str]:
    """Room and event of such a name ("" where a part is missing). Neither holds a `/` in the rooms of today; in those
    of the oldest versions an event's may."""
    room, _, event = native.partition("/")
    return (room, event) if room.startswith("!") and event.startswith("$") else ("", "")


def name_of(user: str, server: str) -> str:
    """What a member is called: the name alone for one of this server, with the server for others."""
    name, _, where = user.removeprefix("@").partition(":")
    return name if where == server and name else user.removeprefix("@")


def user_id(name: str, server: str) -> str:
    """The id of the member that a name (or an id) means."""
    given = name.strip()
    if given.startswith("@") and ":" in given:
        return given
    given = given.removeprefix("@")
    return f"@{given}" if ":" in given else f"@{given}:{server}"


def reason_of(words: str) -> str:
    """The reason of a report by its words: reporters write what they like, or nothing."""
    low = words.casefold()
    return next((reason for reason, signs in _REASONS if any(sign in low for sign in signs)), "other")


def reports_of(rows: Iterable[ReportRow | UserReportRow], server: str) -> tuple[Report, ...]:
    """The reports of a subject, the oldest first."""
    found = []
    for row in rows:
        words = re.sub(r"\s+", " ", row.reason).strip() if isinstance(row.reason, str) else ""
        found.append(
            Report(
                id=str(row.id), reason=reason_of(words), label=Foreign(words[:_LABEL] or "Reported"),
                reporter=Member(native=row.user_id, username=Foreign(name_of(row.user_id, server))),
                text=Foreign(row.reason) if isinstance(row.reason, str) and words else None,
                created_ms=moment(row.received_ts),
            )
        )  # fmt: skip
    return tuple(found)


def member_of(user: str, server: str, account: Account | None = None, name: str = "") -> Member:
    """A member; with an `account`, what the server knows of it."""
    shown = name or (account.displayname if account is not None else None) or ""
    if account is None:
        return Member(native=user, username=Foreign(name_of(user, server)), name=Foreign(shown) if shown else None)
    penalties = []
    if account.suspended:
        penalties.append(Penalty(kind="silence"))
    if account.shadow_banned:
        penalties.append(Penalty(kind="silence", reason=Foreign("shadow ban")))
    if account.locked or account.deactivated:
        penalties.append(Penalty(kind="ban", reason=Foreign("account closed") if account.deactivated else None))
    return Member(
        native=user, username=Foreign(name_of(user, server)), name=Foreign(shown) if shown else None,
        role="admin" if account.admin else None, since_ms=account.created_ms, seen_ms=moment(account.last_seen_ts),
        penalties=tuple(penalties),
    )  # fmt: skip


def message_item(
    event: Event, room: Room, group: Group, *, community: CommunityId, rights: Rights, account: Account | None = None,
    original: Event | None = None, quarantined: bool | None = None,
) -> Item:  # fmt: skip
    """A message as a row of the lane of reports. `original` is what a redacted one said before."""
    server, removed = rights.server, event.redaction is not None
    text = said(event, original=original)
    facts = Facts(
        user=event.sender, room=room, event=event.event_id, account=account, reported=bool(group.events),
        membership=room.memberships.get(event.sender, ""), redacted=removed, media=text.media, quarantined=quarantined,
    )  # fmt: skip
    state: State = "open" if group.events else "removed" if removed else "kept"
    redaction = event.redaction or {}
    by, when = redaction.get("sender"), redaction.get("origin_server_ts")
    scores = [row.score for row in group.events if row.score is not None]
    return Item(
        lane="reports", ref=SubjectRef(community, EVENT, native_of(room.id, event.event_id)), kind="message",
        number=number_of(event.event_id), title=Foreign(room.title),
        author=member_of(event.sender, server, account, room.names.get(event.sender, "")),
        body=text.body, source=Foreign(text.source), reports=reports_of(group.events, server),
        since_ms=(moment(group.events[0].received_ts) or 0) if group.events else event.at_ms,
        created_ms=event.at_ms or None, edited_ms=text.edited_ms, edits=text.edits,
        score=-min(scores) if scores else None, state=state,
        handled_by=Foreign(name_of(by, server)) if isinstance(by, str) else None,
        handled_ms=moment(when), hidden=bool(quarantined), deleted=removed,
        place=Place(
            category=Foreign(room.title), category_id=room.id, thread_id=event.threaded or room.id,
            thread_title=Foreign(room.title), post_id=event.event_id,
        ),
        offers=message_offers(facts, rights), url=link(room.id, event.event_id),
        native={
            "room": room.id, "event": event.event_id, "user": event.sender, "media": list(text.media),
            "reports": [row.id for row in group.events], "level": room.power.own(event.sender),
            "admin": rights.admin == ALLOWED, "root": event.threaded, "inside": room.id in rights.joined,
        },
        problem=text.problem,
    )  # fmt: skip


def unread_item(group: Group, *, community: CommunityId, rights: Rights, problem: str) -> Item:
    """A row whose message could not be read: its reports can be seen and closed."""
    first = group.events[0]
    room = Room(id=group.room, name=first.name or "", alias=first.canonical_alias or "")
    event = Event(event_id=group.native, type="m.room.message", sender=first.sender or "", room_id=group.room)
    item = message_item(event, room, group, community=community, rights=rights)
    author = item.author if first.sender else None
    return _replaced(item, author=author, body=None, source=None, created_ms=None, problem=problem)


def account_item(
    group: Group, account: Account | None, *, community: CommunityId, rights: Rights, problem: str | None = None
) -> Item:
    """A reported member as a row of the lane of reports."""
    user = group.native
    facts = Facts(user=user, account=account, reported=bool(group.users))
    member = member_of(user, rights.server, account)
    return Item(
        lane="reports", ref=SubjectRef(community, ACCOUNT, user), kind="member", number=str(member.username),
        title=Foreign(str(member.name or member.username)), author=member,
        body=Body(text=Foreign(f"{member.name or ''} {user}".strip())), source=Foreign(str(member.name or user)),
        reports=reports_of(group.users, rights.server),
        since_ms=(moment(group.users[0].received_ts) or 0) if group.users else member.since_ms or 0,
        created_ms=member.since_ms, state="open" if group.users else "kept",
        offers=user_offers(facts, rights), url=user_link(user),
        native={"user": user, "reports": [row.id for row in group.users], "admin": True}, problem=problem,
    )  # fmt: skip


def directory_item(account: Account, *, community: CommunityId, rights: Rights) -> Item:
    """A member of the directory."""
    user = account.name
    member = member_of(user, rights.server, account)
    return Item(
        lane="members", ref=SubjectRef(community, USER, user), kind="member", number=str(member.username),
        title=member.username, author=member, since_ms=member.since_ms or 0, created_ms=member.since_ms,
        offers=tuple(account_offers(Facts(user=user, account=account), rights, default=True)), url=user_link(user),
        native={"user": user, "reports": [], "admin": True},
    )  # fmt: skip


def thread_of(item: Item, events: Sequence[Event], subject: str, room: Room, server: str) -> Thread:
    """The events around a message, oldest first; what only changes the room is small, an edit stands where it was
    made."""
    numbers = {one.event_id: number for number, one in enumerate(events, 1)}
    posts = []
    for one in events:
        text = said(one, edited=False)
        body, above = text.body, one.answers or one.threaded
        if one.replaces is not None:
            new = one.content.get("m.new_content")
            told = new.get("body") if isinstance(new, dict) else None
            body, above = Body(text=Foreign(f"changed to: {told if isinstance(told, str) else ''}")), one.replaces
        if one.event_id == subject and item.body is not None and one.redaction is not None:
            body = item.body
        posts.append(
            ThreadPost(
                id=one.event_id, number=numbers[one.event_id],
                author=member_of(one.sender, server, name=room.names.get(one.sender, "")),
                body=Body(text=Foreign(text.problem)) if text.problem else body,
                created_ms=one.at_ms or None, deleted=one.redaction is not None,
                small=one.replaces is not None or one.type not in ("m.room.message", "m.room.encrypted", "m.sticker"),
                subject=one.event_id == subject, reply_to=numbers.get(above) if above else None,
                url=link(room.id, one.event_id),
            )
        )  # fmt: skip
    return Thread(
        id=item.place.thread_id or room.id, title=Foreign(room.title), posts=tuple(posts), total=len(posts),
        url=link(room.id, subject),
    )  # fmt: skip


def around(events: Sequence[Event], subject: str) -> list[Event]:
    """About twenty of these events with the subject among them. Who only came, left or changed a name is left out."""
    told = [one for one in events if one.event_id == subject or one.type != "m.room.member"
            or one.sender != one.state_key]  # fmt: skip
    at = next((place for place, one in enumerate(told) if one.event_id == subject), 0)
    start = max(0, min(at - AROUND // 2, len(told) - AROUND - 1))
    return told[start : start + AROUND + 1]


def number_of(event: str) -> str:
    """A short name of an event for people."""
    return event.removeprefix("$")[:8]


def link(room: str, event: str) -> str:
    """Where Matrix clients open an event."""
    return f"https://matrix.to/#/{quote(room, safe='!:')}/{quote(event, safe='$:')}"


def user_link(user: str) -> str:
    """Where Matrix clients open a member."""
    return f"https://matrix.to/#/{quote(user, safe='@:')}"


def _replaced(item: Item, **changes: object) -> Item:
    import msgspec

    return msgspec.structs.replace(item, **changes)
