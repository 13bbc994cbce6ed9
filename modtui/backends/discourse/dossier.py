"""A member's dossier: profile, record, history, notes and newest posts. What a site does not have is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from modtui.backends.discourse.around import user_note
from modtui.backends.discourse.asking import or_none, together
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.items import items_of, plain
from modtui.backends.discourse.member_calls import ACTIONS, MemberCalls
from modtui.backends.discourse.member_offers import sanctionable
from modtui.backends.discourse.member_wire import penalties_of
from modtui.backends.discourse.members import count_of, foreign, role_of
from modtui.backends.discourse.side import Queue, read_queue
from modtui.backends.discourse.site import Site
from modtui.domain.items import Body, Dossier, Item, Member, Penalty, Record, Sanctioned, ThreadPost
from modtui.errors import NotFound, RightsError, SiteError
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

DAYS, MONTHS, RECENT = 30, 12, 10
_DAY_MS = 86_400_000
_SAME_MS = 5000
"""The log and the account name the moment of a sanction within so many milliseconds of each other."""
_KINDS = {
    "silence_user": "silence", "unsilence_user": "unsilence", "suspend_user": "ban", "unsuspend_user": "unban",
    "delete_post": "removal", "delete_topic": "removal", "post_rejected": "removal",
    "delete_post_permanently": "removal", "change_trust_level": "trust level", "log_out": "log out",
    "lock_trust_level": "trust level", "deactivate_user": "deactivation", "official_warning": "warning",
}  # fmt: skip
"""Lines of the staff log that tell of a member, in our words; the others are about the site."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the requests brought; any part but one of the first two may be missing."""

    card: Mapping[str, Any]
    admin: Mapping[str, Any] | None
    notes: list[dict[str, Any]] | None = None
    actions: list[dict[str, Any]] = []
    solved: list[dict[str, Any]] | None = None
    log: list[dict[str, Any]] = []
    reported: Queue | None = None
    warnings: list[dict[str, Any]] = []
    summary: Mapping[str, Any] = {}

    @property
    def both(self) -> dict[str, Any]:
        """The account's keys, those of the staff's view first."""
        return {**self.card, **{key: value for key, value in (self.admin or {}).items() if value is not None}}


class Records:
    """Asks for dossiers: six or seven requests as staff, four else. What the account says there is none of is not asked
    for."""

    def __init__(self, client: Client, calls: MemberCalls, site: Site) -> None:
        self._client, self._calls, self._site = client, calls, site

    async def dossier(self, member: str, now_ms: int) -> Dossier:
        """The dossier of the member with this id or username. Raises NotFound and the line's own troubles."""
        client, calls, site = self._client, self._calls, self._site
        admin: dict[str, Any] | None = None
        card: dict[str, Any] | None = None
        if member.isdigit() and site.staff:
            admin = await or_none(client.admin_user(member))
        if admin is None:
            card = await client.card(member)
            admin = await or_none(client.admin_user(str(card["id"]))) if site.staff and card.get("id") else None
        known = admin if admin is not None else card or {}
        username = str(known.get("username") or member)
        staff = site.staff
        warned = _whole(known.get("warnings_received_count")) or _whole(known.get("number_of_warnings")) or 0
        wrote = known.get("post_count") != 0
        found = await together(
            _nothing() if card is not None else or_none(client.card(username)),
            self._notes(known),
            or_none(calls.actions(username, "4,5")) if wrote else _nothing(),
            or_none(calls.actions(username, "15")) if wrote else _nothing(),
            or_none(calls.log_of(username)) if staff else _nothing(),
            or_none(calls.reported(username)) if site.reviews else _nothing(),
            or_none(calls.warnings(username)) if staff and warned else _nothing(),
            _nothing() if staff else or_none(calls.summary(username)),
        )  # fmt: skip
        more, notes, actions, solved, log, reported, warnings, summary = found
        asked = Asked(
            card=card if card is not None else more or {}, admin=admin, notes=notes, actions=actions or [],
            solved=solved, log=log or [], reported=read_queue(reported) if reported else None,
            warnings=warnings or [], summary=summary or {},
        )  # fmt: skip
        return dossier_of(site, asked, now_ms)

    async def _notes(self, user: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Team notes on a member, None where they cannot be had; the plugin is asked for once."""
        site, native = self._site, user.get("id")
        if site.user_notes and user.get("user_notes_count") == 0:
            return []  # the account itself says so: one request less
        if not site.staff or native is None or site.user_notes is False:
            return None
        try:
            notes = await self._client.user_notes(str(native))
        except NotFound:
            site.user_notes = False
            return None
        except (RightsError, SiteError):
            return None
        site.user_notes = True
        return notes


async def _nothing() -> None:
    """Not asked for."""


def dossier_of(site: Site, asked: Asked, now_ms: int) -> Dossier:
    """The dossier that the answers make."""
    both, card, admin = asked.both, asked.card, asked.admin or {}
    items = _about(site, asked)
    person = _member(asked, both, now_ms)
    rows = asked.actions
    groups = both.get("groups")
    names = [
        Foreign(name) for one in (groups if isinstance(groups, list) else ())
        if isinstance(one, dict) and not one.get("automatic") and isinstance(name := one.get("name"), str) and name
    ]  # fmt: skip
    reports_got = _first(admin.get("flags_received_count"), card.get("number_of_flagged_posts"))
    reports_made = _first(admin.get("flags_given_count"), card.get("number_of_flags_given"))
    recent = tuple(_recent(site, row, person) for row in rows[:RECENT])
    return Dossier(
        member=person, bio=foreign(_text(card.get("bio_raw")) or plain(_text(card.get("bio_excerpt")) or "")),
        likes_got=_first(admin.get("like_count"), asked.summary.get("likes_received")),
        likes_given=_first(admin.get("like_given_count"), asked.summary.get("likes_given")),
        reports_made=reports_made, reports_got=reports_got,
        notes=tuple(map(user_note, asked.notes or ())), recent=recent,
        recent_titles={
            post.id: Foreign(title) for post, row in zip(recent, rows, strict=False)
            if isinstance(title := row.get("title"), str) and title
        },
        history=history(site, asked, items, person.penalties), made=_made(asked, reports_made),
        got=_got(asked, items, reports_got), posts_by_day=by_day(rows, now_ms),
        accepted_by_month=by_month(asked.solved, now_ms),
        languages=tuple(code for code in (_code(both.get("locale")),) if code), groups=tuple(names),
        sanctionable=sanctionable(site, person), url=f"{site.base}/u/{person.username}",
    )  # fmt: skip


def _member(asked: Asked, both: Mapping[str, Any], now_ms: int) -> Member:
    card = asked.card
    counts = both.get("penalty_counts")
    counts = counts if isinstance(counts, dict) else {}
    fields = both.get("custom_fields")
    notes, native = asked.notes, _whole(both.get("id"))
    role = role_of(bool(both.get("admin")), bool(both.get("moderator")))
    since_ms = parse_iso_or_none(both.get("created_at"))
    solved = asked.solved
    accepted = _first(both.get("solved_count"), both.get("accepted_answers"), asked.summary.get("solved_count"))
    if accepted is None and solved and len(solved) < ACTIONS:
        accepted = len(solved)
    side = _side_user(asked, native)
    flags = [
        name
        for name, holds in (
            ("new", since_ms is not None and now_ms - since_ms < 7 * _DAY_MS), ("staff", role is not None),
            ("waiting", both.get("approved") is False),
        )
        if holds
    ]  # fmt: skip
    return Member(
        native=str(native or ""), username=Foreign(str(both.get("username") or "")),
        name=foreign(_text(both.get("name"))), trust=_whole(both.get("trust_level")), role=role, since_ms=since_ms,
        seen_ms=parse_iso_or_none(both.get("last_seen_at")), posts=_whole(both.get("post_count")),
        threads=_whole(both.get("topic_count")), accepted=accepted,
        upheld=side.get("flags_agreed"), wrong=side.get("flags_disagreed"), left=side.get("flags_ignored"),
        removed=_whole(card.get("number_of_deleted_posts")), flags=tuple(flags),
        silenced=_first(counts.get("silenced"), card.get("number_of_silencings")),
        banned=_first(counts.get("suspended"), card.get("number_of_suspensions")),
        warned=_first(both.get("warnings_received_count"), card.get("number_of_warnings")),
        notes=len(notes) if notes is not None
        else count_of(fields if isinstance(fields, dict) else None, "user_notes_count"),
        locale=_text(both.get("locale")), penalties=penalties_of(both, now_ms),
    )  # fmt: skip


# --- the record


def _about(site: Site, asked: Asked) -> list[Item]:
    """The items of the review queue about this member's posts, newest first."""
    return items_of(site, asked.reported)[0] if asked.reported is not None else []


def _side_user(asked: Asked, native: int | None) -> dict[str, int | None]:
    """The member's record as a reporter: the review queue carries it beside the member's own posts."""
    user = asked.reported.side.users.get(native) if asked.reported is not None and native is not None else None
    if user is None:
        return {}
    return {name: getattr(user, name) for name in ("flags_agreed", "flags_disagreed", "flags_ignored")}


def _made(asked: Asked, total: int | None) -> Record:
    side = _side_user(asked, _whole(asked.both.get("id")))
    counts = [side.get(name) for name in ("flags_agreed", "flags_disagreed", "flags_ignored")]
    right, wrong, ignored = (0, 0, 0) if total == 0 else counts
    known = [count for count in (right, wrong, ignored) if count is not None]
    left = max(0, total - sum(known)) if total is not None and len(known) == 3 else None
    return Record(total=total, right=right, wrong=wrong, ignored=ignored, open=left)


def _got(asked: Asked, items: Sequence[Item], total: int | None) -> Record:
    """How the reports about the member ended, where all of them are in the answer."""
    queue = asked.reported
    if queue is None:
        return Record(total=total)
    rows = [item for item in items if item.lane == "reports"]
    if queue.more or (queue.total or 0) > len(queue.rows):
        return Record(total=total if total is not None else queue.total)
    ends = Counter(item.state for item in rows)
    return Record(
        total=max(total or 0, len(rows)), right=ends["removed"] + ends["deleted"], wrong=ends["kept"],
        ignored=ends["ignored"], open=ends["open"],
    )  # fmt: skip


# --- the history


def history(
    site: Site, asked: Asked, items: Sequence[Item], penalties: Sequence[Penalty]
) -> tuple[Sanctioned, ...]:
    """Every sanction, warning and removal that the site tells of, each once, newest first."""
    lines = [line for row in asked.log if (line := _logged(site, row)) is not None]
    lines += [
        Sanctioned(
            kind="warning", at_ms=parse_iso_or_none(row.get("created_at")), title=foreign(_text(row.get("title"))),
            url=f"{site.base}/t/{row['id']}" if _whole(row.get("id")) else "",
        )
        for row in asked.warnings
    ]  # fmt: skip
    removed = {line.url for line in lines if line.kind == "removal" and line.url}
    lines += [
        Sanctioned(
            kind="removal", at_ms=item.handled_ms or item.created_ms, by=item.handled_by,
            reason=Foreign(", ".join(item.reasons)) if item.reasons else None, title=item.title, url=item.url,
        )
        for item in items
        if item.state in ("removed", "deleted") and item.kind != "sign-up" and item.url not in removed
    ]  # fmt: skip
    for penalty in penalties:
        lines = _in_force(lines, penalty)
    lines.sort(key=lambda line: -(line.at_ms or 0))
    return tuple(lines)


def _in_force(lines: list[Sanctioned], penalty: Penalty) -> list[Sanctioned]:
    """The end of a sanction in force stands at its line; where the log has none (the site did it), it gets one."""
    for at, line in enumerate(lines):
        near = line.at_ms is not None and penalty.since_ms is not None
        if line.kind == penalty.kind and near and abs((line.at_ms or 0) - (penalty.since_ms or 0)) < _SAME_MS:
            full = msgspec.structs.replace(line, until_ms=penalty.until_ms, reason=line.reason or penalty.reason)
            return [*lines[:at], full, *lines[at + 1 :]]
    if penalty.since_ms is None and any(line.kind == penalty.kind for line in lines):
        return lines
    new = Sanctioned(
        kind=penalty.kind, at_ms=penalty.since_ms, by=penalty.by, reason=penalty.reason, until_ms=penalty.until_ms
    )
    return [*lines, new]


def _logged(site: Site, row: Mapping[str, Any]) -> Sanctioned | None:
    kind = _KINDS.get(str(row.get("action_name")))
    if kind is None:
        return None
    by = row.get("acting_user")
    name = by.get("username") if isinstance(by, dict) else None
    details = _text(row.get("details"))
    topic, post = _whole(row.get("topic_id")), _whole(row.get("post_id"))
    return Sanctioned(
        kind=kind, at_ms=parse_iso_or_none(row.get("created_at")), by=foreign(_text(name)), reason=foreign(details),
        title=foreign(_text(row.get("subject"))) if post or topic else None,
        url=f"{site.base}/t/{topic}" if topic else f"{site.base}/p/{post}" if post else "",
    )  # fmt: skip


# --- posts over time


def by_day(rows: Sequence[Mapping[str, Any]], now_ms: int, *, limit: int = ACTIONS) -> tuple[int, ...]:
    """Posts a day (UTC) up to today, of at most 30 days; fewer where the rows do not reach back so far."""
    if not rows:
        return ()
    today = now_ms // _DAY_MS
    days = [today - at // _DAY_MS for row in rows if (at := parse_iso_or_none(row.get("created_at"))) is not None]
    if not days:
        return ()
    span = DAYS if len(rows) < limit else max(1, min(DAYS, max(days)))  # the oldest day may not be whole
    tally = Counter(days)
    return tuple(tally[ago] for ago in range(span - 1, -1, -1))


def by_month(rows: Sequence[Mapping[str, Any]] | None, now_ms: int) -> tuple[int, ...]:
    """Accepted answers a month (UTC) up to this one, of twelve; empty where the site does not tell."""
    if not rows:
        return ()
    this = _month(now_ms)
    tally = Counter(this - _month(at) for row in rows if (at := parse_iso_or_none(row.get("created_at"))) is not None)
    return tuple(tally[ago] for ago in range(MONTHS - 1, -1, -1))


def _month(ms: int) -> int:
    day = datetime.fromtimestamp(max(0, ms) / 1000, UTC)
    return day.year * 12 + day.month


def _recent(site: Site, row: Mapping[str, Any], author: Member) -> ThreadPost:
    number = _whole(row.get("post_number")) or 1
    topic = _whole(row.get("topic_id"))
    text = plain(str(row.get("excerpt") or "")) or str(row.get("title") or "")
    return ThreadPost(
        id=str(row.get("post_id") or f"{topic}:{number}"), number=number, author=author,
        body=Body(Foreign(text), "plain"), created_ms=parse_iso_or_none(row.get("created_at")),
        hidden=bool(row.get("hidden")), deleted=bool(row.get("deleted")),
        url=f"{site.base}/t/{topic}/{number}" if topic else "",
    )  # fmt: skip


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first(*values: object) -> int | None:
    return next((found for value in values if (found := _whole(value)) is not None), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _code(locale: object) -> str | None:
    text = _text(locale)
    return text.replace("-", "_").split("_")[0].lower() if text else None
