"""Flags and likes, and accepted answers."""

from __future__ import annotations

from modtui.demo import effects, people
from modtui.demo.cooked import excerpt
from modtui.demo.model import NEEDS_APPROVAL, SCORE_TYPES, Row, iso, now_ms
from modtui.demo.routes.posts import one
from modtui.demo.thread_json import find_post, find_topic
from modtui.demo.wire import (
    OK,
    Call,
    Json,
    bad_request,
    invalid_access,
    not_found,
    unprocessable,
)


def act(call: Call) -> Json:
    """POST /post_actions: like or flag."""
    me = call.me
    post = find_post(call, call.number("id") or 0)
    kind = call.number("post_action_type_id")
    if post["user_id"] == me["id"] or post["deleted_at"] is not None:
        raise invalid_access()
    message = call.text("message").strip()
    with call.site.db.write():
        if kind == 2:
            if call.site.db.run("INSERT OR IGNORE INTO likes VALUES (?, ?, ?)", [post["id"], me["id"], now_ms()]) != 1:
                raise invalid_access()
            call.site.db.run("UPDATE posts SET like_count = like_count + 1 WHERE id = ?", [post["id"]])
        elif kind == 6:
            if len(message) < 10:
                raise unprocessable("Message is too short (minimum is 10 characters)")
            warning = call.flag("is_warning") and call.is_staff
            topic_id, _ = effects.new_topic(
                call.site,
                me["id"],
                f"About your post in “{find_topic(call, post['topic_id'])['title']}”",
                message,
                archetype="private_message",
                to=[post["user_id"]],
                is_warning=warning,
            )
            if warning:
                effects.warned(call.site, post["user_id"], topic_id)
        elif kind in SCORE_TYPES and kind != NEEDS_APPROVAL:
            if kind in (7, 10) and len(message) < 10:
                raise unprocessable("Message is too short (minimum is 10 characters)")
            if _flagged_by(call, post, me["id"]):
                raise invalid_access()
            take = call.flag("take_action") and call.is_staff
            effects.flag(call.site, post, me, kind, message, take or (call.flag("queue_for_review") and call.is_staff))
        else:
            raise bad_request("post_action_type_id is invalid")
    return one(call, post["id"])


def _flagged_by(call: Call, post: Row, user_id: int) -> bool:
    found = call.site.db.one(
        "SELECT 1 FROM reviewable_scores s JOIN reviewables r ON r.id = s.reviewable_id WHERE r.target_type = 'Post'"
        " AND r.target_id = ? AND s.user_id = ? AND s.status = 0 AND r.status = 0",
        [post["id"], user_id],
    )
    return found is not None


def undo_act(call: Call) -> Json:
    """DELETE /post_actions/:post_id?post_action_type_id=: take back a like or an open flag."""
    me = call.me
    post = find_post(call)
    kind = call.number("post_action_type_id")
    db = call.site.db
    with db.write():
        if kind == 2:
            if not db.run("DELETE FROM likes WHERE post_id = ? AND user_id = ?", [post["id"], me["id"]]):
                raise not_found()
            db.run("UPDATE posts SET like_count = max(like_count - 1, 0) WHERE id = ?", [post["id"]])
        else:
            row = db.one(
                "SELECT s.id, r.id AS item FROM reviewable_scores s JOIN reviewables r ON r.id = s.reviewable_id"
                " WHERE r.target_type = 'Post' AND r.target_id = ? AND s.user_id = ? AND s.score_type = ? AND "
                "s.status = 0",
                [post["id"], me["id"], kind],
            )
            if row is None:
                raise not_found()
            db.run("DELETE FROM reviewable_scores WHERE id = ?", [row["id"]])
            effects.rescore(call.site, row["item"])
            if not db.value(
                "SELECT count(*) FROM reviewable_scores WHERE reviewable_id = ? AND status = 0", [row["item"]]
            ):
                effects.transition(call.site, row["item"], 3, me["id"])
                call.site.tell_counts()
    return one(call, post["id"])


def accept(call: Call) -> Json:
    """POST /solution/accept: staff or the topic's author."""
    return _solve(call, True)


def unaccept(call: Call) -> Json:
    """POST /solution/unaccept."""
    return _solve(call, False)


def _solve(call: Call, on: bool) -> Json:
    me = call.me
    post = find_post(call, call.number("id") or 0)
    topic = find_topic(call, post["topic_id"])
    category = call.site.categories().get(topic["category_id"])
    if (
        not (category and category["solved"])
        or not (call.is_staff or me["id"] == topic["user_id"])
        or post["post_number"] == 1
    ):
        raise invalid_access()
    with call.site.db.write():
        was = topic["accepted_post_id"] == post["id"]
        if on and not was:
            earlier = call.site.db.one("SELECT user_id FROM posts WHERE id = ?", [topic["accepted_post_id"]])
            if earlier is not None:
                sql = "UPDATE users SET solved_count = max(solved_count - 1, 0) WHERE id = ?"
                call.site.db.run(sql, [earlier["user_id"]])
            call.site.db.update("topics", topic["id"], accepted_post_id=post["id"])
            call.site.db.run("UPDATE users SET solved_count = solved_count + 1 WHERE id = ?", [post["user_id"]])
        elif not on and was:
            call.site.db.update("topics", topic["id"], accepted_post_id=None)
            call.site.db.run("UPDATE users SET solved_count = max(solved_count - 1, 0) WHERE id = ?", [post["user_id"]])
    if on != was:
        told = {"type": "accepted_solution" if on else "unaccepted_solution", "post_id": post["id"]}
        call.site.bus.publish(f"/topic/{topic['id']}", told)
    if not on:
        return Json(OK)
    author = call.site.user(post["user_id"])
    shown = {
        "post_number": post["post_number"],
        "username": author["username"] if author else None,
        "excerpt": excerpt(post["raw"]),
    }
    return Json({**OK, "accepted_answer": shown})


def solved_by_user(call: Call) -> Json:
    """GET /solution/by_user.json?username=."""
    user = call.site.user_named(call.text("username"))
    if user is None:
        raise not_found()
    rows = call.site.db.all(
        "SELECT p.*, t.title, t.slug, t.category_id FROM topics t JOIN posts p ON p.id = t.accepted_post_id "
        "WHERE p.user_id = ?"
        " AND t.deleted_at IS NULL ORDER BY p.created_at DESC LIMIT ? OFFSET ?",
        [user["id"], min(call.number("limit", 20) or 20, 60), call.number("offset", 0)],
    )
    shown = [
        {
            "post_id": row["id"],
            "topic_id": row["topic_id"],
            "post_number": row["post_number"],
            "topic_title": row["title"],
            "slug": row["slug"],
            "category_id": row["category_id"],
            "excerpt": excerpt(row["raw"]),
            "created_at": iso(row["created_at"]),
            "url": f"/t/{row['slug']}/{row['topic_id']}/{row['post_number']}",
            **{key: people.basic(user)[key] for key in ("username", "name", "avatar_template")},
        }
        for row in rows
    ]
    return Json({"user_solved_posts": shown})


ROUTES = [
    ("POST", "/post_actions", act),
    ("DELETE", "/post_actions/{id:int}", undo_act),
    ("POST", "/solution/accept", accept),
    ("POST", "/solution/unaccept", unaccept),
    ("GET", "/solution/by_user", solved_by_user),
]
