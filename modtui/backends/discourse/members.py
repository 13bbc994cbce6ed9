"""Members as the domain knows them, from the several shapes in which Discourse sends users."""

from __future__ import annotations

from typing import Any, Literal

from modtui.backends.discourse import wire
from modtui.domain.items import Member, Penalty
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

USER = "user"
"""The kind of a subject that is a member."""
FOREVER_MS = 90 * 365 * 86_400_000
"""Discourse has no "for good": a date at least a hundred years off counts as it (we are lenient when reading)."""


def role_of(
    admin: bool | None, moderator: bool | None, staff: bool | None = None
) -> Literal["admin", "moderator", "staff"] | None:
    """The member's role, None for a plain member or when not told."""
    return "admin" if admin else "moderator" if moderator else "staff" if staff else None


def count_of(fields: dict[str, Any] | None, name: str) -> int | None:
    """A number out of custom_fields, where numbers are text."""
    value = (fields or {}).get(name)
    try:
        return int(value) if value is not None else None
    except (TypeError, ValueError):
        return None


def foreign(text: str | None) -> Foreign | None:
    """Text from the site, None when absent or empty."""
    return Foreign(text) if text else None


def name_of(user: wire.User | dict[str, Any] | str | None) -> Foreign | None:
    """A username out of the shapes in which one is named."""
    if isinstance(user, wire.User):
        return foreign(user.username)
    if isinstance(user, dict):
        given = user.get("username")
        return foreign(given) if isinstance(given, str) else None
    return foreign(user)


def penalty(row: wire.AuthorPenalty) -> Penalty | None:
    """A sanction in force, None for a kind that is not known."""
    if row.kind not in ("silence", "suspension"):
        return None
    until = parse_iso_or_none(row.expires_at)
    since = parse_iso_or_none(row.applied_at)
    if row.forever or (until is not None and until - (since or 0) > FOREVER_MS and since is not None):
        until = None
    return Penalty(
        kind="silence" if row.kind == "silence" else "ban", until_ms=until, by=name_of(row.applied_by), since_ms=since,
        reason=foreign(row.reason), automatic=bool(row.automatic),
    )  # fmt: skip


def member(user: wire.User, penalties: tuple[Penalty, ...] = (), stats: wire.AgreeStats | None = None) -> Member:
    """A member from a side-loaded user. `stats` is their record as a reporter where the report carries it."""
    return Member(
        native=str(user.id), username=Foreign(user.username or f"user {user.id}"), name=foreign(user.name),
        trust=user.trust_level, role=role_of(user.admin, user.moderator, user.staff),
        since_ms=parse_iso_or_none(user.created_at), seen_ms=parse_iso_or_none(user.last_seen_at),
        posts=user.post_count, threads=user.topic_count,
        upheld=stats.agreed if stats else user.flags_agreed, wrong=stats.disagreed if stats else user.flags_disagreed,
        left=stats.ignored if stats else user.flags_ignored, removed=user.rejected_posts_count,
        silenced=user.silenced_count, banned=user.suspended_count,
        notes=count_of(user.custom_fields, "user_notes_count"), locale=user.locale, penalties=penalties,
    )  # fmt: skip
