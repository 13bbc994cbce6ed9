"""What happens in the world: posts are hidden, deleted and brought back, members are told, silenced and deleted."""

from __future__ import annotations

import json
import secrets
from typing import Any

from modtui.demo.model import (
    AGREED,
    APPROVED,
    FLAGGED,
    H_CREATED,
    H_TRANSITIONED,
    ILLEGAL,
    MINUTE,
    NEEDS_APPROVAL,
    NOTIFY_MODERATORS,
    PENDING,
    POST,
    QUEUED,
    REJECTED,
    SCORE_TYPES,
    SPAM,
    SYSTEM_ID,
    USER,
    Row,
    now_ms,
    slugify,
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


def new_topic(
    site: Site,
    user_id: int,
    title: str,
    raw: str,
    *,
    category_id: int | None = None,
    tags: list[str] | None = None,
    archetype: str = "regular",
    to: list[int] | None = None,
    groups: list[str] | None = None,
    is_warning: bool = False,
    at: int | None = None,
) -> tuple[int, int]:
    """Open a topic or private message. Gives (topic id, id of its first post)."""
    at = at or now_ms()
    author = site.user(user_id)
    topic_id = site.db.insert(
        "topics",
        title=title,
        slug=slugify(title),
        user_id=user_id,
        category_id=category_id,
        archetype=archetype,
        created_at=at,
        last_posted_at=at,
        bumped_at=at,
        tags=json.dumps(tags or []),
        last_post_user_id=user_id,
        locale=author["locale"] if author else None,
        is_warning=int(is_warning),
    )
    for member in {user_id, *(to or [])} if archetype == "private_message" else ():
        site.db.insert("topic_allowed", topic_id=topic_id, user_id=member)
    for group in groups or []:
        site.db.insert("topic_allowed", topic_id=topic_id, group_name=group)
    if archetype == "regular":
        site.db.run("UPDATE users SET topic_count = topic_count + 1 WHERE id = ?", [user_id])
    return topic_id, new_post(site, topic_id, user_id, raw, at=at)


def new_post(
    site: Site,
    topic_id: int,
    user_id: int,
    raw: str,
    *,
    reply_to: int | None = None,
    post_type: int = 1,
    action_code: str | None = None,
    bump: bool = True,
    at: int | None = None,
) -> int:
    """Add a post to a topic and keep the counts right. Gives its id."""
    at = at or now_ms()
    db = site.db
    topic = db.one("SELECT * FROM topics WHERE id = ?", [topic_id])
    assert topic is not None
    number = topic["highest_post_number"] + 1
    author = site.user(user_id)
    post_id = db.insert(
        "posts",
        topic_id=topic_id,
        post_number=number,
        post_type=post_type,
        user_id=user_id,
        raw=raw,
        created_at=at,
        updated_at=at,
        reply_to_post_number=reply_to,
        action_code=action_code,
        locale=author["locale"] if author else None,
    )
    counted = post_type in (1, 2)
    db.run(
        "UPDATE topics SET highest_post_number = ?, posts_count = posts_count + ?, last_posted_at = ?, bumped_at = ?,"
        " last_post_user_id = ?, reply_count = reply_count + ? WHERE id = ?",
        [
            number,
            int(counted),
            at if counted else topic["last_posted_at"],
            at if bump and counted else topic["bumped_at"],
            user_id if counted else topic["last_post_user_id"],
            int(reply_to is not None),
            topic_id,
        ],
    )
    if reply_to is not None:
        db.run(
            "UPDATE posts SET reply_count = reply_count + 1 WHERE topic_id = ? AND post_number = ?",
            [topic_id, reply_to],
        )
    if counted:
        db.run("UPDATE users SET post_count = post_count + 1, last_posted_at = ? WHERE id = ?", [at, user_id])
    if topic["archetype"] == "regular":
        site.bus.publish(
            f"/topic/{topic_id}", {"type": "created", "id": post_id, "post_number": number, "user_id": user_id}
        )
        site.bus.publish("/latest", {"topic_id": topic_id, "message_type": "latest", "payload": {"bumped_at": at}})
    return post_id


def system_message(site: Site, user_id: int, title: str, raw: str) -> None:
    """A private message from the system account; nothing when the member is gone."""
    if site.user(user_id) is not None and user_id > 0:
        new_topic(site, SYSTEM_ID, title, raw, archetype="private_message", to=[user_id])


def _link(site: Site, post: Row) -> str:
    return f"{site.base_url}/t/{post['topic_id']}/{post['post_number']}"


def hide(site: Site, post: Row, reason_id: int = 1) -> None:
    """Hide a post and write to its author, as Discourse does."""
    if post["hidden"]:
        return
    site.db.update("posts", post["id"], hidden=1, hidden_at=now_ms(), hidden_reason_id=reason_id)
    _touch(site, post, "revised")
    system_message(
        site,
        post["user_id"],
        "Post hidden by community flags",
        f"Your post was hidden because members of this community flagged it.\n\n{_link(site, post)}\n\n"
        "You can edit it after ten minutes, and it will be shown again.",
    )


def unhide(site: Site, post: Row, *, tell: bool = True) -> None:
    """Show a hidden post again; with `tell` the author is written to."""
    if not post["hidden"]:
        return
    site.db.update("posts", post["id"], hidden=0, hidden_at=None, hidden_reason_id=None)
    _touch(site, post, "revised")
    if tell:
        system_message(
            site,
            post["user_id"],
            "Post restored",
            f"Staff looked at your post, disagreed with the flags, and it is visible again.\n\n{_link(site, post)}",
        )


def _touch(site: Site, post: Row, what: str) -> None:
    site.bus.publish(f"/topic/{post['topic_id']}", {"type": what, "id": post["id"], "post_number": post["post_number"]})


def delete_post(site: Site, post: Row, by: Row, *, tell_flagged: bool = False, own: bool = False) -> None:
    """Delete a post (softly); the first post takes its topic along. With `tell_flagged` the author is written to."""
    if post["deleted_at"] is not None:
        return
    now = now_ms()
    db = site.db
    db.update("posts", post["id"], deleted_at=now, deleted_by=by["id"], user_deleted=int(own))
    if post["post_number"] == 1:
        db.update("topics", post["topic_id"], deleted_at=now, deleted_by=by["id"])
    db.run("UPDATE topics SET posts_count = max(posts_count - 1, 0) WHERE id = ?", [post["topic_id"]])
    db.run("UPDATE topics SET accepted_post_id = NULL WHERE accepted_post_id = ?", [post["id"]])
    db.run("UPDATE users SET post_count = max(post_count - 1, 0) WHERE id = ?", [post["user_id"]])
    _touch(site, post, "deleted")
    if not own and by["id"] != post["user_id"]:
        site.log_staff(
            "delete_post", by["id"], target_user_id=post["user_id"], post_id=post["id"], topic_id=post["topic_id"]
        )
    if tell_flagged:
        system_message(
            site,
            post["user_id"],
            "Post removed by staff",
            "Your post was flagged by the community and removed by staff:\n\n[quote]\n"
            + post["raw"][:600]
            + "\n[/quote]",
        )


def delete_replies(site: Site, post: Row, by: Row) -> None:
    """Delete the direct replies to a post."""
    for reply in site.db.all(
        "SELECT * FROM posts WHERE topic_id = ? AND reply_to_post_number = ? AND deleted_at IS NULL",
        [post["topic_id"], post["post_number"]],
    ):
        delete_post(site, reply, by)


def recover(site: Site, post: Row) -> None:
    """Bring a deleted post back, with its topic when it is the first one."""
    if post["deleted_at"] is None:
        return
    db = site.db
    db.update("posts", post["id"], deleted_at=None, deleted_by=None, user_deleted=0)
    if post["post_number"] == 1:
        db.update("topics", post["topic_id"], deleted_at=None, deleted_by=None)
    db.run("UPDATE topics SET posts_count = posts_count + 1 WHERE id = ?", [post["topic_id"]])
    db.run("UPDATE users SET post_count = post_count + 1 WHERE id = ?", [post["user_id"]])
    _touch(site, post, "recovered")


def edit_post(site: Site, post: Row, raw: str, by: int, reason: str = "") -> None:
    """Change a post's text; keeps a revision. An author who edits a hidden post within reason shows it again."""
    if raw == post["raw"]:
        return
    now = now_ms()
    site.db.insert(
        "revisions",
        post_id=post["id"],
        number=post["version"] + 1,
        raw_before=post["raw"],
        raw_after=raw,
        user_id=by,
        created_at=now,
        edit_reason=reason or None,
    )
    site.db.update(
        "posts",
        post["id"],
        raw=raw,
        cooked=None,
        version=post["version"] + 1,
        updated_at=now,
        edit_reason=reason or None,
    )
    _touch(site, post, "revised")


def rescore(site: Site, item_id: int) -> None:
    """An item's score is the sum over its pending and agreed flags."""
    total = site.db.value(
        "SELECT coalesce(sum(score), 0) FROM reviewable_scores WHERE reviewable_id = ? AND status < 2", [item_id]
    )
    site.db.update("reviewables", item_id, score=float(total))


def flag_score(flagger: Row, take_action: bool = False) -> float:
    """1 + trust level (5 for staff) + accuracy bonus (none until more than five decided flags) + 5 for "take action"."""
    decided = flagger["flags_agreed"] + flagger["flags_disagreed"]
    bonus = 0.0
    if decided > 5:
        share = flagger["flags_agreed"] / decided
        bonus = round((share - 0.7) * 5, 2)
    return max(1.0 + (5 if is_staff(flagger) else flagger["trust_level"]) + bonus + (5 if take_action else 0), 0.0)


def flag(site: Site, post: Row, flagger: Row, score_type: int, message: str = "", take_action: bool = False) -> int:
    """A member reports a post. Gives the reviewable's id: a new one, the open one, or the decided one reopened (version kept)."""
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
    """Close the pending flags of an item with a verdict (1 agreed, 2 disagreed, 3 ignored); the flaggers' records follow."""
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


def penalise(
    site: Site,
    user: Row,
    kind: str,
    by: int,
    until: int,
    reason: str,
    *,
    post_id: int | None = None,
    reviewable_id: int | None = None,
    automatic: bool = False,
) -> None:
    """Put a `silence` or a `suspension` in force until the given time."""
    now = now_ms()
    word, why = ("silenced", "silence_reason") if kind == "silence" else ("suspended", "suspend_reason")
    site.db.update("users", user["id"], **{f"{word}_till": until, f"{word}_at": now, f"{word}_by": by, why: reason})
    site.db.run(f"UPDATE users SET {word}_count = {word}_count + 1 WHERE id = ?", [user["id"]])
    if kind == "silence":
        site.db.update("users", user["id"], silenced_post_id=post_id)
    site.db.insert(
        "penalties",
        user_id=user["id"],
        kind=kind,
        applied_at=now,
        applied_by=by,
        expires_at=until,
        reason=reason,
        automatic=int(automatic),
        post_id=post_id,
        reviewable_id=reviewable_id,
    )
    site.log_staff(
        "silence_user" if kind == "silence" else "suspend_user",
        by,
        target_user_id=user["id"],
        details=reason,
        post_id=post_id,
    )


def lift(site: Site, user: Row, kind: str, by: int) -> None:
    """End a `silence` or a `suspension`."""
    word, why = ("silenced", "silence_reason") if kind == "silence" else ("suspended", "suspend_reason")
    site.db.update("users", user["id"], **{f"{word}_till": None, f"{word}_at": None, f"{word}_by": None, why: None})
    site.db.run(
        "UPDATE penalties SET lifted_at = ? WHERE user_id = ? AND kind = ? AND lifted_at IS NULL",
        [now_ms(), user["id"], kind],
    )
    site.log_staff("unsilence_user" if kind == "silence" else "unsuspend_user", by, target_user_id=user["id"])


def delete_user(site: Site, user: Row, by: Row, *, block: bool = False) -> list[int]:
    """Delete a member with all posts. Gives the ids of the pending items that this resolved."""
    db = site.db
    for post in db.all("SELECT * FROM posts WHERE user_id = ? AND deleted_at IS NULL", [user["id"]]):
        topic = db.one("SELECT archetype FROM topics WHERE id = ?", [post["topic_id"]])
        if topic and topic["archetype"] == "regular":
            delete_post(site, post, by)
    resolved: list[int] = []
    for item in db.all("SELECT * FROM reviewables WHERE target_created_by_id = ? AND status = 0", [user["id"]]):
        status = REJECTED if item["type"] in (QUEUED, USER, POST) else APPROVED
        decide_scores(site, item["id"], AGREED, by["id"])
        transition(site, item["id"], status, by["id"])
        db.run("UPDATE reviewables SET version = version + 1 WHERE id = ?", [item["id"]])
        resolved.append(item["id"])
    db.update(
        "users",
        user["id"],
        deleted_at=now_ms(),
        username_lower=f"{user['username_lower']}\n{user['id']}",
        email="",
        ip=None,
    )
    site.log_staff(
        "delete_user", by["id"], target_user_id=user["id"], details=f"{user['username']}{' (blocked)' if block else ''}"
    )
    return resolved


def may_edit_hidden(post: Row) -> bool:
    """Whether ten minutes have passed since the post was hidden."""
    return post["hidden_at"] is None or now_ms() - post["hidden_at"] > 10 * MINUTE


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


def user_note(site: Site, user_id: int, by: int, raw: str, post_id: int | None = None) -> str:
    """Add a user note; gives its id (32 hex digits)."""
    note_id = secrets.token_hex(16)
    site.db.insert(
        "user_notes", id=note_id, user_id=user_id, raw=raw, created_by=by, created_at=now_ms(), post_id=post_id
    )
    return note_id
