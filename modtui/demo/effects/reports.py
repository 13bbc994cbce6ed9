"""Reports and held posts: flags, their scores, verdicts, and the history of an item."""

from __future__ import annotations

import json
from typing import Any

from modtui.demo.effects.posts import hide, new_topic
from modtui.demo.model import (
    AGREED,
    APPROVED,
    FLAGGED,
    H_CREATED,
    H_TRANSITIONED,
    ILLEGAL,
    NEEDS_APPROVAL,
    NOTIFY_MODERATORS,
    PENDING,
    QUEUED,
    SCORE_TYPES,
    SPAM,
    SYSTEM_ID,
    Row,
    now_ms,
)
from modtui.demo.people import is_staff
from modtui.demo.site import Site


def history(site: Site, item_id: int, kind: int, status: int, by: int, edited: dict[str, Any] | None = None) -> None:
    """Add a line to an item's history."""
    site.db.insert(
        "reviewable_histories",
        reviewable_id=item_id,
        type=kind,
        status=status,
        created_by_id=by,
        created_at=now_ms(),
        edited=json.dumps(edited) if edited else None,
    )


def rescore(site: Site, item_id: int) -> None:
    """An item's score is the sum over its pending and agreed flags."""
    total = site.db.value(
        "SELECT coalesce(sum(score), 0) FROM reviewable_scores WHERE reviewable_id = ? AND status < 2", [item_id]
    )
    site.db.update("reviewables", item_id, score=float(total))


def flag_score(flagger: Row, take_action: bool = False) -> float:
    """1 + trust level (5 for staff) + accuracy bonus (from the sixth decided flag on) + 5 for "take action"."""
    decided = flagger["flags_agreed"] + flagger["flags_disagreed"]
    bonus = 0.0
    if decided > 5:
        share = flagger["flags_agreed"] / decided
        bonus = round((share - 0.7) * 5, 2)
    return max(1.0 + (5 if is_staff(flagger) else flagger["trust_level"]) + bonus + (5 if take_action else 0), 0.0)


def flag(site: Site, post: Row, flagger: Row, score_type: int, message: str = "", take_action: bool = False) -> int:
    """A member reports a post.

    Gives the reviewable's id: a new one, the open one, or the decided one, which is open again (its version is kept).
    """
    db = site.db
    now = now_ms()
    item = db.one(
        "SELECT * FROM reviewables WHERE target_id = ? AND target_type = 'Post' AND type = ?", [post["id"], FLAGGED]
    )
    topic = db.one("SELECT * FROM topics WHERE id = ?", [post["topic_id"]])
    if item is None:
        item_id = db.insert(
            "reviewables",
            type=FLAGGED,
            created_by_id=flagger["id"],
            target_type="Post",
            target_id=post["id"],
            target_created_by_id=post["user_id"],
            topic_id=post["topic_id"],
            category_id=topic["category_id"] if topic else None,
            created_at=now,
            updated_at=now,
        )
        history(site, item_id, H_CREATED, PENDING, flagger["id"])
    else:
        item_id = item["id"]
        if item["status"] != PENDING:
            db.update("reviewables", item_id, status=PENDING, updated_at=now)
            history(site, item_id, H_TRANSITIONED, PENDING, flagger["id"])
    if score_type in (SPAM, ILLEGAL):
        db.update("reviewables", item_id, **{"potential_spam" if score_type == SPAM else "potentially_illegal": 1})
    score_id = db.insert(
        "reviewable_scores",
        reviewable_id=item_id,
        user_id=flagger["id"],
        score_type=score_type,
        score=flag_score(flagger, take_action),
        take_action_bonus=5.0 if take_action else 0.0,
        created_at=now,
        message=message or None,
    )
    if message and score_type in (NOTIFY_MODERATORS, ILLEGAL):
        title = f"{SCORE_TYPES[score_type][1]}: {topic['title'] if topic else 'a post'}"
        meta_topic, _ = new_topic(
            site, flagger["id"], title, message, archetype="private_message", groups=["moderators"]
        )
        db.update("reviewable_scores", score_id, meta_topic_id=meta_topic)
    db.run("UPDATE users SET flags_received = flags_received + 1 WHERE id = ?", [post["user_id"]])
    rescore(site, item_id)
    score = db.value("SELECT score FROM reviewables WHERE id = ?", [item_id])
    if (score >= site.settings.hide_threshold or take_action) and not post["hidden"] and post["deleted_at"] is None:
        hide(site, post)
    site.tell_counts()
    return item_id


_COUNTER = {AGREED: "flags_agreed", 2: "flags_disagreed", 3: "flags_ignored"}


def decide_scores(site: Site, item_id: int, verdict: int, by: int) -> None:
    """Close an item's pending flags with a verdict (1 agreed, 2 disagreed, 3 ignored); the flaggers' records follow."""
    now = now_ms()
    for score in site.db.all("SELECT * FROM reviewable_scores WHERE reviewable_id = ? AND status = 0", [item_id]):
        site.db.update("reviewable_scores", score["id"], status=verdict, reviewed_by_id=by, reviewed_at=now)
        if score["score_type"] != NEEDS_APPROVAL:
            column = _COUNTER[verdict]
            site.db.run(f"UPDATE users SET {column} = {column} + 1 WHERE id = ?", [score["user_id"]])
    rescore(site, item_id)


def transition(site: Site, item_id: int, status: int, by: int) -> None:
    """Give an item its outcome."""
    site.db.update("reviewables", item_id, status=status, updated_at=now_ms())
    history(site, item_id, H_TRANSITIONED, status, by)


def agree_with_flags(site: Site, post: Row, by: Row) -> bool:
    """A staff delete settles the open flags of a post as agreed. Gives whether there were any."""
    item = site.db.one(
        "SELECT * FROM reviewables WHERE target_type = 'Post' AND target_id = ? AND type = ? AND status = 0",
        [post["id"], FLAGGED],
    )
    if item is None:
        return False
    decide_scores(site, item["id"], AGREED, by["id"])
    transition(site, item["id"], APPROVED, by["id"])
    site.db.run("UPDATE reviewables SET version = version + 1 WHERE id = ?", [item["id"]])
    site.tell_counts({str(item["id"]): {"last_performing_username": by["username"], "status": APPROVED}})
    return True


def enqueue(
    site: Site,
    author: Row,
    payload: dict[str, Any],
    topic: Row | None,
    category_id: int | None,
    reason: str,
    data: Any = None,
) -> int:
    """Hold a post for approval. Gives the reviewable's id."""
    now = now_ms()
    item_id = site.db.insert(
        "reviewables",
        type=QUEUED,
        created_by_id=SYSTEM_ID,
        target_created_by_id=author["id"],
        topic_id=topic["id"] if topic else None,
        category_id=topic["category_id"] if topic else category_id,
        payload=json.dumps(payload),
        score=5.0,
        force_review=1,
        created_at=now,
        updated_at=now,
    )
    site.db.insert(
        "reviewable_scores",
        reviewable_id=item_id,
        user_id=SYSTEM_ID,
        score_type=NEEDS_APPROVAL,
        score=5.0,
        reason_type=reason,
        reason_data=json.dumps(data) if data else None,
        created_at=now,
    )
    site.tell_counts()
    return item_id
