"""The columns of a cached item: what is ordered and filtered without taking the whole item apart."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.store.codec import column, whole
from modtui.text import Foreign

Order = Literal["oldest", "newest", "score", "reports", "author", "due", "category", "seen", "posts", "trust"]
ORDERS: dict[str, str] = {
    "oldest": "since_ms, id",
    "newest": "since_ms DESC, id DESC",
    "score": "score DESC, since_ms, id",
    "reports": "reports DESC, since_ms, id",
    "author": "author_key IS NULL, author_key, since_ms, id",
    "due": "due_ms IS NULL, due_ms, coalesce(clock_ms, since_ms), id",
    "category": "category IS NULL, category COLLATE NOCASE, category_id, due_ms IS NULL, due_ms, since_ms, id",
    "seen": "seen_ms DESC, since_ms DESC, id",
    "posts": "posts DESC, since_ms, id",
    "trust": "trust DESC, posts DESC, since_ms, id",
}
"""Every order is total, so that two looks at the same rows agree. SQLite puts missing values last when descending."""
MEMBER_ORDERS = frozenset({"seen", "posts", "trust"})
"""Orders by columns that only members have."""


class RowBrief(msgspec.Struct, frozen=True, gc=False):
    """What filters and rows need of an item, from columns. `reasons` and `reporters` as in the item, each once;
    `reporters` are usernames as the site wrote them; `question` is the question's state. Instants are UTC
    milliseconds."""

    id: str
    lane: Lane
    community: CommunityId
    kind: str
    native: str
    item_kind: str
    number: str
    state: str
    since_ms: int
    created_ms: int | None
    edited_ms: int | None
    author: Foreign | None
    author_native: str | None
    reasons: tuple[str, ...]
    reporters: tuple[Foreign, ...]
    reports: int
    severe: bool
    score: float | None
    language: str | None
    claimed: Foreign | None
    claim_mine: bool
    handled_by: Foreign | None
    hidden: bool
    category: Foreign | None
    category_id: str | None
    thread_id: str | None
    question: str | None
    clock_ms: int | None
    amber_ms: int | None
    due_ms: int | None
    assigned: Foreign | None
    assigned_mine: bool
    watched: bool
    first: bool


class PutResult(msgspec.Struct, frozen=True):
    """Which ids were new here, and which were here but different. What was the same is in neither."""

    added: list[str]
    changed: list[str]


BRIEF = ", ".join(RowBrief.__struct_fields__)
"""The columns of a RowBrief, by the names of its fields."""
STORED = (
    "id", "lane", "community", "open", "since_ms", "kind", "native", "item_kind", "number", "state", "created_ms",
    "edited_ms", "author", "author_key", "author_native", "reasons", "reporters", "reports", "severe", "score",
    "language", "claimed", "claim_mine", "handled_by", "hidden", "category", "category_id", "thread_id",
    "question", "clock_ms", "amber_ms", "due_ms", "assigned", "assigned_mine", "watched", "first",
)


def stored(item: Item) -> tuple[Any, ...]:
    """The values of the columns STORED for `item`."""
    author, claim, place, asked, due = item.author, item.claim, item.place, item.question, item.due
    reporters: dict[str, None] = {}
    count = 0
    for report in item.reports:
        count += report.open
        if report.reporter is not None:
            reporters[report.reporter.username] = None
    return (
        column(item.id), item.lane, column(item.ref.community), int(item.state == "open"), whole(item.since_ms),
        column(item.ref.kind), column(item.ref.native), item.kind, column(item.number), item.state,
        whole(item.created_ms), whole(item.edited_ms), column(author.username) if author else None,
        column(author.username.casefold()) if author else None, column(author.native) if author else None,
        "\n".join(item.reasons), column("\n".join(reporters)), count, int(item.severe), item.score,
        column(item.language), column(claim.by) if claim else None, int(bool(claim and claim.mine)),
        column(item.handled_by), int(item.hidden), column(place.category), column(place.category_id),
        column(place.thread_id), asked.state if asked else None, whole(asked.clock_ms) if asked else None,
        whole(due.amber_ms) if due else None, whole(due.due_ms) if due else None,
        column(asked.assigned) if asked else None, int(bool(asked and asked.assigned_mine)),
        int(bool(asked and asked.watched)), int(bool(asked and asked.first)),
    )


def brief(row: tuple[Any, ...]) -> RowBrief:
    """A RowBrief from the columns BRIEF."""
    (id_, lane, community, kind, native, item_kind, number, state, since_ms, created_ms, edited_ms, author,
     author_native, reasons, reporters, reports, severe, score, language, claimed, claim_mine, handled_by, hidden,
     category, category_id, thread_id, question, clock_ms, amber_ms, due_ms, assigned, assigned_mine, watched,
     first) = row
    return RowBrief(
        id_, lane, community, kind, native, item_kind, number, state, since_ms, created_ms, edited_ms, author,
        author_native, tuple(reasons.split("\n")) if reasons else (), tuple(reporters.split("\n")) if reporters else (),
        reports, bool(severe), score, language, claimed, bool(claim_mine), handled_by, bool(hidden), category,
        category_id, thread_id, question, clock_ms, amber_ms, due_ms, assigned, bool(assigned_mine), bool(watched),
        bool(first),
    )
