"""What happens to members: silenced, suspended, deleted, noted."""

from __future__ import annotations

import secrets

from modtui.demo.effects.posts import delete_post
from modtui.demo.effects.reports import decide_scores, transition
from modtui.demo.model import (
    AGREED,
    APPROVED,
    POST,
    QUEUED,
    REJECTED,
    SYSTEM_ID,
    USER,
    Row,
    now_ms,
)
from modtui.demo.site import Site


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


def delete_user(
    site: Site, user: Row, by: Row, *, block: bool = False, spammer: bool = False, context: str = ""
) -> list[int]:
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
    words = [user["username"], "(blocked)" if block else "", "(spammer)" if spammer else "", context]
    site.log_staff("delete_user", by["id"], target_user_id=user["id"], details=" ".join(w for w in words if w))
    return resolved


def warned(site: Site, user_id: int, topic_id: int) -> None:
    """An official warning counts, and leaves a note about the member."""
    site.db.run("UPDATE users SET warnings_count = warnings_count + 1 WHERE id = ?", [user_id])
    user_note(site, user_id, SYSTEM_ID, f"Received an official warning: {site.base_url}/t/{topic_id}")


def user_note(site: Site, user_id: int, by: int, raw: str, post_id: int | None = None) -> str:
    """Add a user note; gives its id (32 hex digits)."""
    note_id = secrets.token_hex(16)
    site.db.insert(
        "user_notes", id=note_id, user_id=user_id, raw=raw, created_by=by, created_at=now_ms(), post_id=post_id
    )
    return note_id
