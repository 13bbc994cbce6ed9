"""Rows of a world while it is made, and how they are written to the database in one go."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from modtui.demo.db import Database
from modtui.demo.model import slugify


@dataclass(slots=True)
class UserRow:
    """A member; names of columns."""

    id: int
    username: str
    name: str
    email: str
    ip: str
    registration_ip: str
    trust_level: int
    created_at: int
    last_seen_at: int
    last_posted_at: int | None
    locale: str
    admin: int = 0
    moderator: int = 0
    active: int = 1
    approved: int = 1
    title: str | None = None
    bio: str | None = None
    website: str | None = None
    location: str | None = None
    post_count: int = 0
    topic_count: int = 0
    likes_given: int = 0
    likes_received: int = 0
    days_visited: int = 1
    posts_read: int = 0
    time_read: int = 0
    solved_count: int = 0
    flags_agreed: int = 0
    flags_disagreed: int = 0
    flags_ignored: int = 0
    flags_received: int = 0
    silenced_count: int = 0
    suspended_count: int = 0
    rejected_posts_count: int = 0
    warnings_count: int = 0
    silenced_till: int | None = None
    silenced_at: int | None = None
    silenced_by: int | None = None
    silence_reason: str | None = None
    silenced_post_id: int | None = None
    suspended_till: int | None = None
    suspended_at: int | None = None
    suspended_by: int | None = None
    suspend_reason: str | None = None


@dataclass(slots=True)
class TopicRow:
    """A topic; counts grow as posts are added."""

    id: int
    title: str
    user_id: int
    category_id: int | None
    created_at: int
    last_posted_at: int
    bumped_at: int
    locale: str | None
    tags: list[str]
    archetype: str = "regular"
    posts_count: int = 0
    reply_count: int = 0
    highest_post_number: int = 0
    views: int = 0
    like_count: int = 0
    last_post_user_id: int | None = None
    visible: int = 1
    closed: int = 0
    archived: int = 0
    pinned: int = 0
    accepted_post_id: int | None = None
    participants: int = 1
    is_warning: int = 0
    deleted_at: int | None = None
    deleted_by: int | None = None


@dataclass(slots=True)
class PostRow:
    """A post."""

    id: int
    topic_id: int
    post_number: int
    user_id: int
    raw: str
    created_at: int
    updated_at: int
    locale: str | None
    post_type: int = 1
    reply_to_post_number: int | None = None
    reply_count: int = 0
    like_count: int = 0
    version: int = 1
    hidden: int = 0
    hidden_at: int | None = None
    hidden_reason_id: int | None = None
    deleted_at: int | None = None
    deleted_by: int | None = None
    user_deleted: int = 0
    edit_reason: str | None = None
    action_code: str | None = None
    notice_type: str | None = None


@dataclass(slots=True)
class ScoreRow:
    """A report, or the reason why something was held."""

    user_id: int
    score_type: int
    score: float
    created_at: int
    reason_type: str | None = None
    reason_data: str | None = None
    status: int = 0
    message: str | None = None
    reviewed_by_id: int | None = None
    reviewed_at: int | None = None
    meta_topic_id: int | None = None


@dataclass(slots=True)
class ItemRow:
    """A reviewable with its scores; its id is given at the end, in the order of time."""

    type: str
    created_by_id: int
    target_type: str | None
    target_id: int | None
    target_created_by_id: int | None
    topic_id: int | None
    category_id: int | None
    created_at: int
    scores: list[ScoreRow]
    payload: dict[str, Any] | None = None
    status: int = 0
    version: int = 0
    force_review: int = 0
    potential_spam: int = 0
    potentially_illegal: int = 0
    decided_by: int | None = None
    decided_at: int | None = None
    note: str | None = None


FIRST_ITEM, FIRST_SCORE = 4001, 20_001


class Rows:
    """Everything of a new world."""

    def __init__(self) -> None:
        self.users: list[UserRow] = []
        self.topics: list[TopicRow] = []
        self.posts: list[PostRow] = []
        self.items: list[ItemRow] = []
        self.notes: list[tuple[str, int, str, int, int]] = []
        self.penalties: list[tuple[Any, ...]] = []
        self.revisions: list[tuple[Any, ...]] = []
        self.allowed: list[tuple[int, int | None, str | None]] = []
        self.staff_log: list[tuple[Any, ...]] = []

    def write(self, db: Database) -> None:
        """Write all rows; the caller holds the transaction."""
        _insert(db, "users", UserRow, self.users, username_lower=lambda u: u.username.lower())
        _insert(db, "topics", TopicRow, self.topics, slug=lambda t: slugify(t.title))
        _insert(db, "posts", PostRow, self.posts)
        db.many("INSERT INTO user_notes (id, user_id, raw, created_by, created_at) VALUES (?, ?, ?, ?, ?)", self.notes)
        db.many(
            "INSERT INTO penalties (user_id, kind, applied_at, applied_by, expires_at, reason, automatic, post_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self.penalties,
        )
        db.many(
            "INSERT INTO revisions (post_id, number, raw_before, raw_after, user_id, created_at) VALUES (?, ?, "
            "?, ?, ?, ?)",
            self.revisions,
        )
        db.many("INSERT INTO topic_allowed (topic_id, user_id, group_name) VALUES (?, ?, ?)", self.allowed)
        db.many(
            "INSERT INTO staff_log (action, acting_user_id, target_user_id, post_id, details, created_at) VALUES "
            "(?, ?, ?, ?, ?, ?)",
            self.staff_log,
        )
        self._write_items(db)

    def _write_items(self, db: Database) -> None:
        self.items.sort(key=lambda item: item.created_at)
        items, scores, histories, notes = [], [], [], []
        score_id = FIRST_SCORE
        for item_id, item in enumerate(self.items, FIRST_ITEM):
            total = sum(s.score for s in item.scores if s.status < 2)
            payload = json.dumps(item.payload) if item.payload is not None else None
            items.append(
                (
                    item_id,
                    item.type,
                    item.status,
                    item.created_by_id,
                    item.target_type,
                    item.target_id,
                    item.target_created_by_id,
                    item.topic_id,
                    item.category_id,
                    round(total, 2),
                    item.version,
                    payload,
                    item.created_at,
                    item.decided_at or item.created_at,
                    item.force_review,
                    item.potential_spam,
                    item.potentially_illegal,
                )
            )
            for s in item.scores:
                scores.append(
                    (
                        score_id,
                        item_id,
                        s.user_id,
                        s.score_type,
                        s.status,
                        s.score,
                        s.reason_type,
                        s.reason_data,
                        s.created_at,
                        s.reviewed_by_id,
                        s.reviewed_at,
                        s.message,
                        s.meta_topic_id,
                    )
                )
                score_id += 1
            if item.decided_by is not None:
                histories.append((item_id, 1, item.status, item.decided_by, item.decided_at))
            if item.note:
                notes.append((item_id, 2, item.note, item.created_at))
        db.many(
            "INSERT INTO reviewables (id, type, status, created_by_id, target_type, target_id, "
            "target_created_by_id, topic_id,"
            " category_id, score, version, payload, created_at, updated_at, force_review, potential_spam, "
            "potentially_illegal)"
            f" VALUES ({_marks(17)})",
            items,
        )
        db.many(
            "INSERT INTO reviewable_scores (id, reviewable_id, user_id, score_type, status, score, reason_type, "
            "reason_data,"
            f" created_at, reviewed_by_id, reviewed_at, message, meta_topic_id) VALUES ({_marks(13)})",
            scores,
        )
        # Lines of history get ids above every item's, since the "created" line of an item goes by the item's own id.
        db.insert(
            "reviewable_histories", id=10_000_000, reviewable_id=0, type=0, status=0, created_by_id=0, created_at=0
        )
        db.many(
            "INSERT INTO reviewable_histories (reviewable_id, type, status, created_by_id, created_at) VALUES "
            "(?, ?, ?, ?, ?)",
            histories,
        )
        db.many("INSERT INTO reviewable_notes (reviewable_id, user_id, content, created_at) VALUES (?, ?, ?, ?)", notes)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _insert(db: Database, table: str, kind: Any, rows: list[Any], **computed: Any) -> None:
    names = [f.name for f in fields(kind)]
    if table == "topics":
        names.remove("tags")
        computed["tags"] = lambda row: json.dumps(row.tags) if row.tags else "[]"
    columns = ", ".join([*names, *computed])
    stored = attrgetter(*names)
    extra = tuple(computed.values())
    values = ((*stored(row), *(get(row) for get in extra)) for row in rows) if extra else map(stored, rows)
    db.many(f"INSERT INTO {table} ({columns}) VALUES ({_marks(len(names) + len(extra))})", values)
