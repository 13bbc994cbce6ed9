"""Members: profiles, what they did, notes about them, the directory."""

from __future__ import annotations

from modtui.demo import effects, people
from modtui.demo.cooked import excerpt
from modtui.demo.model import Row, iso
from modtui.demo.thread_json import staff
from modtui.demo.wire import OK, Call, Json, as_int, invalid_access, missing, not_found, unprocessable


def named(call: Call) -> Row:
    """The member named in the path; 404 when there is none."""
    user = call.site.user_named(call.path_params["username"])
    if user is None:
        raise not_found()
    return user


def show(call: Call) -> Json:
    """GET /u/:username.json."""
    return Json({"user_badges": [], "user": people.card(call.site, named(call), call.user)})


def summary(call: Call) -> Json:
    """GET /u/:username/summary.json."""
    user = named(call)
    topics = call.site.db.all(
        "SELECT * FROM topics WHERE user_id = ? AND archetype = 'regular' AND deleted_at IS NULL ORDER BY "
        "like_count DESC LIMIT 6",
        [user["id"]],
    )
    places = call.site.db.all(
        "SELECT t.category_id AS id, count(*) AS n FROM posts p JOIN topics t ON t.id = p.topic_id WHERE p.user_id = ?"
        " AND t.archetype = 'regular' AND p.deleted_at IS NULL GROUP BY 1 ORDER BY n DESC LIMIT 6",
        [user["id"]],
    )
    categories = call.site.categories()
    return Json(
        {
            "topics": [{k: t[k] for k in ("id", "title", "slug", "posts_count", "category_id")} for t in topics],
            "badges": [],
            "users": [people.basic(user)],
            "user_summary": {
                "likes_given": user["likes_given"],
                "likes_received": user["likes_received"],
                "topics_entered": user["posts_read"] // 8,
                "posts_read_count": user["posts_read"],
                "days_visited": user["days_visited"],
                "topic_count": user["topic_count"],
                "post_count": user["post_count"],
                "time_read": user["time_read"],
                "recent_time_read": user["time_read"] // 30,
                "bookmark_count": 0,
                "solved_count": user["solved_count"],
                "can_see_summary_stats": True,
                "topic_ids": [t["id"] for t in topics],
                "top_categories": [
                    {
                        "id": p["id"],
                        "name": categories[p["id"]]["name"],
                        "slug": categories[p["id"]]["slug"],
                        "post_count": p["n"],
                    }
                    for p in places
                    if p["id"] in categories
                ],
            },
        }
    )


def emails(call: Call) -> Json:
    """GET /u/:username/emails.json: admins, moderators where the site allows it, oneself; staff's look is logged."""
    me = call.me
    if not (people.sees_emails(call.site, me) or me["username"].lower() == call.path_params["username"].lower()):
        raise invalid_access()
    user = named(call)
    call.site.log_staff("check_email", me["id"], target_user_id=user["id"])
    return Json({"email": user["email"], "secondary_emails": [], "unconfirmed_emails": [], "associated_accounts": []})


def actions(call: Call) -> Json:
    """GET /user_actions.json?username=&filter=4,5: topics (4), replies (5), solved (15)."""
    user = call.site.user_named(call.text("username"))
    if user is None:
        raise not_found()
    kinds = {as_int(part) for part in call.items("filter")} or {4, 5}
    parts = []
    if 4 in kinds:
        parts.append("p.post_number = 1")
    if 5 in kinds:
        parts.append("p.post_number > 1")
    if 15 in kinds:
        parts.append("t.accepted_post_id = p.id")
    solved = kinds == {15}
    hidden = "" if staff(call.user) else " AND p.deleted_at IS NULL AND NOT p.hidden"
    rows = call.site.db.all(
        "SELECT p.*, t.title, t.slug, t.category_id, t.closed, t.archived FROM posts p JOIN topics t ON t.id = "
        "p.topic_id"
        f" WHERE p.user_id = ? AND t.archetype = 'regular' AND p.post_type = 1 AND "
        f"({' OR '.join(parts) or '0'}){hidden}"
        " ORDER BY p.created_at DESC, p.id DESC LIMIT ? OFFSET ?",
        [user["id"], min(call.number("limit", 30) or 30, 60), call.number("offset", 0)],
    )
    shown = [_action(row, user, 15 if solved else 4 if row["post_number"] == 1 else 5) for row in rows]
    return Json({"user_actions": shown})


def _action(row: Row, user: Row, kind: int) -> Row:
    return {
        "excerpt": excerpt(row["raw"]),
        "action_type": kind,
        "created_at": iso(row["created_at"]),
        "avatar_template": people.avatar(user),
        "acting_avatar_template": people.avatar(user),
        "slug": row["slug"],
        "topic_id": row["topic_id"],
        "target_user_id": user["id"],
        "target_name": user["name"],
        "target_username": user["username"],
        "post_number": row["post_number"],
        "post_id": row["id"],
        "username": user["username"],
        "name": user["name"],
        "user_id": user["id"],
        "acting_username": user["username"],
        "acting_name": user["name"],
        "acting_user_id": user["id"],
        "title": row["title"],
        "deleted": row["deleted_at"] is not None,
        "hidden": bool(row["hidden"]),
        "post_type": row["post_type"],
        "action_code": None,
        "category_id": row["category_id"],
        "closed": bool(row["closed"]),
        "archived": bool(row["archived"]),
    }


def deleted_posts(call: Call) -> Json:
    """GET /u/:username/deleted-posts.json: staff."""
    call.need_staff()
    user = named(call)
    rows = call.site.db.all(
        "SELECT p.*, t.title, t.slug, t.category_id, t.closed, t.archived FROM posts p JOIN topics t ON t.id = "
        "p.topic_id"
        " WHERE p.user_id = ? AND p.deleted_at IS NOT NULL ORDER BY p.deleted_at DESC LIMIT 60 OFFSET ?",
        [user["id"], call.number("offset", 0)],
    )
    return Json([_action(row, user, 4 if row["post_number"] == 1 else 5) for row in rows])


def notes(call: Call) -> Json:
    """GET /user_notes.json?user_id=: newest first."""
    me = call.need_staff()
    user = call.site.user(call.number("user_id"))
    if user is None or not call.site.settings.user_notes:
        raise not_found()
    rows = call.site.db.all("SELECT * FROM user_notes WHERE user_id = ? ORDER BY created_at DESC, id", [user["id"]])
    return Json({"extras": {"username": user["username"]}, "user_notes": [_note(call, row, me) for row in rows]})


def _note(call: Call, row: Row, me: Row) -> Row:
    author = call.site.user(row["created_by"])
    post = call.site.db.one(
        "SELECT p.*, t.title FROM posts p JOIN topics t ON t.id = p.topic_id WHERE p.id = ?", [row["post_id"]]
    )
    return {
        "id": row["id"],
        "user_id": row["user_id"],
        "raw": row["raw"],
        "created_by": people.basic(author) if author else None,
        "created_at": iso(row["created_at"]),
        "can_delete": bool(me["admin"] or row["created_by"] == me["id"]),
        "post_id": row["post_id"],
        "post_url": f"/t/{post['topic_id']}/{post['post_number']}" if post else "",
        "post_title": post["title"] if post else None,
    }


def add_note(call: Call) -> Json:
    """POST /user_notes.json user_note[user_id], user_note[raw], user_note[post_id]?."""
    me = call.need_staff()
    asked = call.group("user_note")
    user = call.site.user(as_int(asked.get("user_id")))
    if not call.site.settings.user_notes:
        raise not_found()
    if "raw" not in asked:
        raise missing("raw")
    if user is None:
        raise not_found()
    if not str(asked["raw"]).strip():
        raise unprocessable("Raw can't be blank")
    note_id = effects.user_note(call.site, user["id"], me["id"], str(asked["raw"]), as_int(asked.get("post_id")))
    row = call.site.db.one("SELECT * FROM user_notes WHERE id = ?", [note_id])
    assert row is not None
    return Json({"user_note": _note(call, row, me)})


def delete_note(call: Call) -> Json:
    """DELETE /user_notes/:id.json?user_id=, by its author or an admin."""
    me = call.need_staff()
    row = call.site.db.one(
        "SELECT * FROM user_notes WHERE id = ? AND user_id = ?", [call.path_params["id"], call.number("user_id")]
    )
    if row is None:
        raise not_found()
    if row["created_by"] != me["id"] and not me["admin"]:
        raise invalid_access()
    call.site.db.run("DELETE FROM user_notes WHERE id = ?", [row["id"]])
    return Json(OK)


ROUTES = [
    ("GET", "/u/{username}", show),
    ("GET", "/users/{username}", show),
    ("GET", "/u/{username}/card", show),
    ("GET", "/u/{username}/summary", summary),
    ("GET", "/u/{username}/emails", emails),
    ("GET", "/u/{username}/deleted-posts", deleted_posts),
    ("GET", "/user_actions", actions),
    ("GET", "/user_notes", notes),
    ("POST", "/user_notes", add_note),
    ("DELETE", "/user_notes/{id}", delete_note),
]
