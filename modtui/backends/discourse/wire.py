"""Typed shapes of Discourse's JSON, as it is sent, with only the keys that modtui reads.

Everything but the id is optional: plugins, versions and rights add, drop and retype keys. `lenient` decodes a row and
leaves out what does not fit instead of failing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_PATH = re.compile(r"`\$\.?([A-Za-z_0-9]+)?")


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all shapes: unknown keys are ignored."""


class Person(Wire, frozen=True, kw_only=True):
    """What each shape of a user has."""

    id: int
    username: str = ""
    name: str | None = None
    trust_level: int | None = None
    admin: bool | None = None
    moderator: bool | None = None
    created_at: str | None = None
    last_seen_at: str | None = None
    post_count: int | None = None
    topic_count: int | None = None
    locale: str | None = None


class User(Person, frozen=True, kw_only=True):
    """A side-loaded user: plain, with custom_fields, or with a record; merged by id before decoding."""

    staff: bool | None = None
    flags_agreed: int | None = None
    flags_disagreed: int | None = None
    flags_ignored: int | None = None
    silenced_count: int | None = None
    suspended_count: int | None = None
    rejected_posts_count: int | None = None
    custom_fields: dict[str, Any] | None = None


class Topic(Wire, frozen=True, kw_only=True):
    """A side-loaded topic."""

    id: int
    title: str = ""
    fancy_title: str | None = None
    slug: str | None = None
    posts_count: int | None = None
    highest_post_number: int | None = None
    closed: bool | None = None
    archived: bool | None = None
    archetype: str | None = None
    locale: str | None = None


class ConversationPost(Wire, frozen=True, kw_only=True):
    """A line of the talk that a report opened."""

    id: int | None = None
    excerpt: str | None = None
    user: dict[str, Any] | None = None


class Conversation(Wire, frozen=True, kw_only=True):
    """The private talk between reporter and moderators; its first line is the reporter's text."""

    id: int | None = None
    permalink: str | None = None
    conversation_posts: list[ConversationPost] | None = None


class AgreeStats(Wire, frozen=True, kw_only=True):
    """How a reporter's earlier reports were decided."""

    agreed: int | None = None
    disagreed: int | None = None
    ignored: int | None = None


class Score(Wire, frozen=True, kw_only=True):
    """One report (a flag), or the site's own reason. `reason` is the HTML sentence of older servers."""

    id: int
    score: float | None = None
    status: int | None = None
    score_type_id: int | None = None
    reason_type: str | None = None
    reason: str | None = None
    created_at: str | None = None
    reviewed_at: str | None = None
    user_id: int | None = None
    reviewed_by_id: int | None = None
    agree_stats: AgreeStats | None = None
    reviewable_conversation: Conversation | None = None


class ScoreType(Wire, frozen=True, kw_only=True):
    """The name of a kind of report; `type` is stable, `title` is in the acting user's language."""

    id: int
    title: str | None = None
    name: str | None = None
    type: str | None = None


class Action(Wire, frozen=True, kw_only=True):
    """A legal action on one item. Older servers have no `server_action`: it is the tail of `id` then."""

    id: str
    label: str | None = None
    description: str | None = None
    server_action: str | None = None
    client_action: str | None = None
    confirm_message: str | None = None
    require_reject_reason: bool | None = None
    penalty_effect: Any = None

    @property
    def native(self) -> str:
        """What `perform` takes: letters and underscores only."""
        return self.server_action or self.id.rsplit("-", 1)[-1]


class Bundle(Wire, frozen=True, kw_only=True):
    """A group of actions under one answer."""

    id: str
    label: str | None = None
    action_ids: list[str] | None = None
    secondary: bool | None = None


class History(Wire, frozen=True, kw_only=True):
    """A line of an item's history: 0 created, 1 transitioned, 2 edited, 3 claimed, 4 unclaimed."""

    id: int | None = None
    created_at: str | None = None
    reviewable_history_type: int | None = None
    status: int | None = None
    created_by_id: int | None = None


class ReviewableNote(Wire, frozen=True, kw_only=True):
    """A team note on an item (newer servers)."""

    id: int
    content: str | None = None
    created_at: str | None = None
    user: dict[str, Any] | None = None
    user_id: int | None = None


class ClaimedBy(Wire, frozen=True, kw_only=True):
    """A claim on a topic."""

    id: int
    automatic: bool | None = None
    user_id: int | None = None


class AuthorPenalty(Wire, frozen=True, kw_only=True):
    """A sanction that is in force against the author."""

    kind: str | None = None
    expires_at: str | None = None
    forever: bool | None = None
    applied_at: str | None = None
    applied_by: dict[str, Any] | str | None = None
    automatic: bool | None = None
    reason: str | None = None
    from_this_target: bool | None = None


class Reviewable(Wire, frozen=True, kw_only=True):
    """One item of the review queue, before its ids are joined."""

    id: int
    type: str = ""
    status: int | None = None
    version: int | None = None
    score: float | None = None
    created_at: str | None = None
    topic_id: int | None = None
    removed_topic_id: int | None = None
    topic_url: str | None = None
    topic_tags: list[Any] | None = None
    category_id: int | None = None
    target_type: str | None = None
    target_id: int | None = None
    target_url: str | None = None
    target_created_at: str | None = None
    target_deleted_at: str | None = None
    deleted_at: str | None = None
    target_created_by_id: int | None = None
    created_by_id: int | None = None
    user_id: int | None = None
    post_id: int | None = None
    post_version: int | None = None
    post_updated_at: str | None = None
    reply_to_post_number: int | None = None
    cooked: str | None = None
    raw: str | None = None
    message: str | None = None
    hidden: bool | None = None
    locale: str | None = None
    blank_post: bool | None = None
    payload: dict[str, Any] | None = None
    reject_reason: str | None = None
    editable_fields: list[dict[str, Any]] | None = None
    reviewable_score_ids: list[int] | None = None
    bundled_action_ids: list[str] | None = None
    reviewable_note_ids: list[int] | None = None
    reviewable_history_ids: list[int] | None = None
    author_penalties: list[AuthorPenalty] | None = None
    claimed_by_id: int | None = None


class Post(Wire, frozen=True, kw_only=True):
    """A post of a topic view, or alone."""

    id: int
    post_number: int = 0
    topic_id: int | None = None
    post_type: int | None = None
    user_id: int | None = None
    username: str = ""
    name: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    cooked: str | None = None
    raw: str | None = None
    version: int | None = None
    reply_to_post_number: int | None = None
    hidden: bool | None = None
    deleted_at: str | None = None
    user_deleted: bool | None = None
    accepted_answer: Any = None
    can_accept_answer: bool | None = None
    can_unaccept_answer: bool | None = None
    notice: Any = None
    trust_level: int | None = None
    moderator: bool | None = None
    admin: bool | None = None
    action_code: str | None = None
    locale: str | None = None


class CurrentUser(Wire, frozen=True, kw_only=True):
    """Who the key acts as (/session/current.json)."""

    id: int
    username: str = ""
    admin: bool | None = None
    moderator: bool | None = None
    staff: bool | None = None
    can_review: bool | None = None
    can_assign: bool | None = None
    can_use_templates: bool | None = None
    can_send_private_messages: bool | None = None
    whisperer: bool | None = None
    groups: list[Any] | None = None


class Perform(Wire, frozen=True, kw_only=True):
    """What a performed action brought. `remove_reviewable_ids` leave the queue; a secondary action names none."""

    success: bool | None = None
    version: int | None = None
    remove_reviewable_ids: list[int] | None = None
    reviewable_count: int | None = None
    created_post_id: int | None = None
    created_post_topic_id: int | None = None


def lenient(row: object, shape: type[T]) -> tuple[T | None, list[str]]:
    """`row` as `shape`, leaving out the keys whose values do not fit; they are named in the second part.

    None when not even the id can be read.
    """
    lost: list[str] = []
    if not isinstance(row, dict):
        return None, ["row"]
    left: dict[str, Any] = dict(row)
    for _ in range(40):
        try:
            return msgspec.convert(left, shape, strict=False), lost
        except msgspec.ValidationError as error:
            found = _PATH.search(str(error))
            key = found.group(1) if found else None
            if key is None or key not in left:
                break
            del left[key]
            lost.append(key)
    return None, [*lost, "row"]


def merged(rows: object) -> list[dict[str, Any]]:
    """The rows of a side-load array, those with the same id merged (the union of their keys, null never overwrites)."""
    if not isinstance(rows, list):
        return []
    by_id: dict[object, dict[str, Any]] = {}
    for row in rows:
        if not isinstance(row, dict) or "id" not in row or isinstance(row["id"], dict | list):
            continue
        known = by_id.setdefault(row["id"], {})
        for key, value in row.items():
            if value is not None and (value != {} or key not in known):
                known[key] = value
    return list(by_id.values())


def by_id(rows: object, shape: type[T]) -> dict[Any, T]:
    """The rows of a side-load array as `shape`, by id; unreadable ones are left out."""
    found: dict[Any, T] = {}
    for row in merged(rows):
        decoded, _ = lenient(row, shape)
        if decoded is not None:
            found[decoded.id] = decoded  # type: ignore[attr-defined]
    return found


def each(values: Iterable[Any] | None, table: Mapping[Any, T]) -> list[T]:
    """The rows that ids name, those that exist, in order."""
    return [table[value] for value in values or () if value in table]
