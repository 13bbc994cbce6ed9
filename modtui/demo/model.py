"""Numbers and words of Discourse's API that several modules share, and its time format."""

from __future__ import annotations

import re
import time
import unicodedata
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

SYSTEM_ID = -1
FOREVER_MS = 100 * 365 * 86_400_000

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

# reviewables.status
PENDING, APPROVED, REJECTED, IGNORED, DELETED = range(5)
STATUS_NAMES = {"pending": PENDING, "approved": APPROVED, "rejected": REJECTED, "ignored": IGNORED, "deleted": DELETED}
# reviewable_scores.status
AGREED, DISAGREED, SCORE_IGNORED = 1, 2, 3
# reviewable_histories.type
H_CREATED, H_TRANSITIONED, H_EDITED, H_CLAIMED, H_UNCLAIMED = range(5)

OFF_TOPIC, INAPPROPRIATE, NOTIFY_USER, NOTIFY_MODERATORS, SPAM, NEEDS_APPROVAL, ILLEGAL = 3, 4, 6, 7, 8, 9, 10
SCORE_TYPES: dict[int, tuple[str, str, str]] = {
    OFF_TOPIC: ("off_topic", "Off-Topic", "This post is not about what the title and the first post are about."),
    INAPPROPRIATE: ("inappropriate", "Inappropriate", "This post insults, harasses or breaks the rules of the house."),
    SPAM: ("spam", "Spam", "This post is an advertisement and of no use to the topic."),
    ILLEGAL: ("illegal", "Illegal", "This post is against the law."),
    NOTIFY_MODERATORS: ("notify_moderators", "Something Else", "Staff should look at this for a reason not listed."),
    NEEDS_APPROVAL: ("needs_approval", "Needs Approval", "Waits for approval."),
}
FLAG_WORDS = {
    "off_topic": OFF_TOPIC,
    "inappropriate": INAPPROPRIATE,
    "spam": SPAM,
    "illegal": ILLEGAL,
    "notify_moderators": NOTIFY_MODERATORS,
    "something_else": NOTIFY_MODERATORS,
}

FLAGGED, QUEUED, USER, POST = "ReviewableFlaggedPost", "ReviewableQueuedPost", "ReviewableUser", "ReviewablePost"
CHAT, AKISMET, PROPOSAL = "Chat::ReviewableMessage", "ReviewableAkismetPost", "ReviewableEventProposal"
TYPE_SOURCES = {
    FLAGGED: "core",
    QUEUED: "core",
    USER: "core",
    POST: "core",
    CHAT: "chat",
    AKISMET: "discourse-akismet",
    PROPOSAL: "harbour-events",
}
POST_TYPES = (FLAGGED, POST, AKISMET)


def now_ms() -> int:
    """The time now, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def iso(ms: int | None) -> str | None:
    """Milliseconds as Discourse writes times: ISO 8601, UTC, three digits. None stays None."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_time(text: str) -> int | None:
    """ISO date or date-time (or whole days ahead as a number) to milliseconds, None when it is neither."""
    text = text.strip()
    try:
        stamp = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    return int(stamp.timestamp() * 1000)


def slugify(title: str) -> str:
    """A topic's slug: ASCII letters, digits and hyphens; `topic` when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "topic"
