"""Shapes of topics: as lists show them, and as a topic's own page does. Everything but the id is optional."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modtui.backends.discourse import wire


class Topic(wire.Wire, frozen=True, kw_only=True):
    """A topic. Lists have `posters`, `last_poster_username` and the marks of plugins that are switched on; the page of
    a topic has `details`, `post_stream` and `bookmarks` instead."""

    id: int
    title: str = ""
    posts_count: int | None = None
    highest_post_number: int | None = None
    created_at: str | None = None
    last_posted_at: str | None = None
    bumped_at: str | None = None
    deleted_at: str | None = None
    archetype: str | None = None
    closed: bool | None = None
    archived: bool | None = None
    visible: bool | None = None
    views: int | None = None
    like_count: int | None = None
    category_id: int | None = None
    tags: list[Any] | None = None
    locale: str | None = None
    excerpt: str | None = None
    user_id: int | None = None
    posters: list[dict[str, Any]] | None = None
    last_poster_username: str | None = None
    notification_level: int | None = None
    bookmarked: bool | None = None
    has_accepted_answer: bool | None = None
    """Only where the solved plugin is on."""
    can_have_answer: bool | None = None
    accepted_answer: Any = None
    """On a topic's page: number, username and beginning of the accepted post (newer servers: a list of such)."""
    assigned_to_user: dict[str, Any] | None = None
    assigned_to_group: dict[str, Any] | None = None
    details: dict[str, Any] | None = None
    post_stream: dict[str, Any] | None = None
    bookmarks: list[Any] | None = None
    pending_posts: list[Any] | None = None
    """Replies of this account that wait for approval."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of a topic list. `size` counts the rows as sent, `lost` those that cannot be read; `invalid` are the
    words of a filter that the site did not understand."""

    topics: tuple[Topic, ...]
    users: Mapping[int, wire.User]
    size: int = 0
    lost: int = 0
    more: bool = False
    invalid: tuple[str, ...] = ()


def read_listing(answer: Mapping[str, Any]) -> Listing:
    """The topics of /latest.json, /filter.json and their like. A row that cannot be read is counted, not fatal."""
    listed = answer.get("topic_list")
    listed = listed if isinstance(listed, dict) else {}
    rows = listed.get("topics")
    rows = rows if isinstance(rows, list) else []
    found = [topic for topic, _ in (wire.lenient(row, Topic) for row in rows) if topic is not None]
    words = listed.get("invalid_filters") or answer.get("invalid_filters")
    return Listing(
        topics=tuple(found), users=wire.by_id(answer.get("users"), wire.User), size=len(rows),
        lost=len(rows) - len(found), more=bool(listed.get("more_topics_url")),
        invalid=tuple(one for one in words if isinstance(one, str)) if isinstance(words, list) else (),
    )  # fmt: skip


def posts_of(topic: Topic) -> list[wire.Post]:
    """The posts that a topic's page brought, those that can be read."""
    return posts_in(topic.post_stream)


def posts_in(stream: object) -> list[wire.Post]:
    """The posts of a `post_stream`."""
    rows = stream.get("posts") if isinstance(stream, dict) else None
    found = (wire.lenient(row, wire.Post)[0] for row in rows) if isinstance(rows, list) else ()
    return [post for post in found if post is not None]


def stream_of(topic: Topic) -> list[int]:
    """The ids of all posts of a topic, in order."""
    ids = topic.post_stream.get("stream") if topic.post_stream is not None else None
    return [one for one in ids if isinstance(one, int) and not isinstance(one, bool)] if isinstance(ids, list) else []


def tag_names(tags: object) -> tuple[str, ...]:
    """Tags by name; they are objects on newer servers and plain text on older ones."""
    names = [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else []
    return tuple(name for name in names if isinstance(name, str) and name)
