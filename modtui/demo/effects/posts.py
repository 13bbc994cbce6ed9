"""What happens to topics and posts: written, hidden, deleted, brought back, edited; and messages from the system."""

from __future__ import annotations

import json

from modtui.demo.model import (
    MINUTE,
    SYSTEM_ID,
    Row,
    iso,
    now_ms,
    slugify,
)
from modtui.demo.site import Site


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
    post_id = new_post(site, topic_id, user_id, raw, at=at)
    if archetype == "regular":
        about = {"category_id": category_id, "archetype": archetype, "highest_post_number": 1, "created_at": iso(at)}
        site.bus.publish("/new", {"topic_id": topic_id, "message_type": "new_topic", "payload": about})
    return topic_id, post_id


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
    locale: str | None = None,
) -> int:
    """Add a post to a topic and keep the counts right. Gives its id."""
    at = at or now_ms()
    db = site.db
    topic = db.one("SELECT * FROM topics WHERE id = ?", [topic_id])
    assert topic is not None
    number = topic["highest_post_number"] + 1
    author = site.user(user_id)
    first = author is not None and author["post_count"] == 0 and topic["archetype"] == "regular" and post_type == 1
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
        locale=locale or (author["locale"] if author and topic["locale"] else None),
        notice_type="new_user" if first else None,
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
    _recount(site, post, -1)
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
    _recount(site, post, 1)
    db.run("UPDATE users SET post_count = post_count + 1 WHERE id = ?", [post["user_id"]])
    _touch(site, post, "recovered")


def _recount(site: Site, post: Row, change: int) -> None:
    """After a post went or came back: how many posts and replies its topic has, and whose is the last."""
    if post["post_type"] not in (1, 2):
        return
    db, topic_id = site.db, post["topic_id"]
    db.run("UPDATE topics SET posts_count = max(posts_count + ?, 0) WHERE id = ?", [change, topic_id])
    if post["reply_to_post_number"] is not None:
        db.run("UPDATE topics SET reply_count = max(reply_count + ?, 0) WHERE id = ?", [change, topic_id])
        db.run(
            "UPDATE posts SET reply_count = max(reply_count + ?, 0) WHERE topic_id = ? AND post_number = ?",
            [change, topic_id, post["reply_to_post_number"]],
        )
    last = db.one(
        "SELECT user_id, created_at FROM posts WHERE topic_id = ? AND deleted_at IS NULL AND post_type IN (1, 2)"
        " ORDER BY post_number DESC LIMIT 1",
        [topic_id],
    )
    if last is not None:
        db.update(
            "topics",
            topic_id,
            last_post_user_id=last["user_id"],
            last_posted_at=last["created_at"],
            bumped_at=last["created_at"],
        )


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


def may_edit_hidden(post: Row) -> bool:
    """Whether ten minutes have passed since the post was hidden."""
    return post["hidden_at"] is None or now_ms() - post["hidden_at"] > 10 * MINUTE
