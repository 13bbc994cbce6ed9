"""One's own marks: bookmarks with a date, the level of notification, and what one is told."""

from __future__ import annotations

from modtui.demo.cooked import excerpt
from modtui.demo.model import Row, iso, now_ms, parse_time
from modtui.demo.thread_json import find_post, find_topic
from modtui.demo.wire import OK, Call, Json, Problem, bad_request, invalid_access, missing, not_found

PAGE = 20
BOOKMARK_REMINDER = 24


def _failed(words: str) -> Problem:
    return Problem(400, {"failed": "FAILED", "errors": [words]})


def _reminder(call: Call) -> int | None:
    asked = call.text("reminder_at")
    if not asked:
        return None
    at = parse_time(asked)
    if at is None:
        raise _failed("The reminder is not a date.")
    if at < now_ms():
        raise _failed("You cannot set a bookmark reminder in the past.")
    return at


def create(call: Call) -> Json:
    """POST /bookmarks: bookmarkable_id, bookmarkable_type (Post, Topic), name?, reminder_at?."""
    me = call.me
    for name in ("bookmarkable_id", "bookmarkable_type"):
        if not call.text(name):
            raise missing(name)
    kind, number = call.text("bookmarkable_type"), call.number("bookmarkable_id") or 0
    if kind == "Post":
        topic_id = find_post(call, number)["topic_id"]
    elif kind == "Topic":
        topic_id = find_topic(call, number)["id"]
    else:
        raise bad_request("bookmarkable_type is invalid")
    known = call.site.db.one(
        "SELECT 1 FROM bookmarks WHERE user_id = ? AND bookmarkable_type = ? AND bookmarkable_id = ?",
        [me["id"], kind, number],
    )
    if known is not None:
        raise _failed(f"You have already bookmarked this {kind.lower()}.")
    if len(call.text("name")) > 100:
        raise _failed("Name is too long (maximum is 100 characters)")
    bookmark_id = call.site.db.insert(
        "bookmarks",
        user_id=me["id"],
        bookmarkable_type=kind,
        bookmarkable_id=number,
        topic_id=topic_id,
        name=call.text("name") or None,
        reminder_at=_reminder(call),
        auto_delete_preference=call.number("auto_delete_preference", 0),
        created_at=now_ms(),
        updated_at=now_ms(),
    )
    return Json({**OK, "id": bookmark_id})


def _mine(call: Call) -> Row:
    row = call.site.db.one("SELECT * FROM bookmarks WHERE id = ?", [call.id()])
    if row is None:
        raise not_found()
    if row["user_id"] != call.me["id"]:
        raise invalid_access()
    return row


def update(call: Call) -> Json:
    """PUT /bookmarks/:id: name and reminder_at, both as they shall be afterwards."""
    row = _mine(call)
    call.site.db.update(
        "bookmarks",
        row["id"],
        name=call.text("name") or None,
        reminder_at=_reminder(call),
        auto_delete_preference=call.number("auto_delete_preference", 0),
        updated_at=now_ms(),
    )
    return Json(OK)


def delete(call: Call) -> Json:
    """DELETE /bookmarks/:id."""
    row = _mine(call)
    call.site.db.run("DELETE FROM bookmarks WHERE id = ?", [row["id"]])
    left = call.site.db.value(
        "SELECT count(*) FROM bookmarks WHERE user_id = ? AND topic_id = ?", [row["user_id"], row["topic_id"]]
    )
    return Json({**OK, "topic_bookmarked": bool(left)})


def listing(call: Call) -> Json:
    """GET /u/:username/bookmarks.json: one's own, those with the nearest reminder first."""
    me = call.me
    if call.path_params["username"].lower() != me["username"].lower():
        raise invalid_access()
    page = max(call.number("page", 0) or 0, 0)
    rows = call.site.db.all(
        "SELECT b.*, t.title, t.slug, t.closed, t.archived, t.category_id, t.highest_post_number,"
        " coalesce(p.post_number, 1) AS post_number, coalesce(p.raw, f.raw) AS raw FROM bookmarks b"
        " JOIN topics t ON t.id = b.topic_id LEFT JOIN posts p ON b.bookmarkable_type = 'Post' AND"
        " p.id = b.bookmarkable_id LEFT JOIN posts f ON f.topic_id = t.id AND f.post_number = 1"
        " WHERE b.user_id = ? AND t.deleted_at IS NULL AND (? = '' OR t.title LIKE ? OR b.name LIKE ?)"
        " ORDER BY b.reminder_at IS NULL, b.reminder_at, b.updated_at DESC LIMIT ? OFFSET ?",
        [me["id"], call.text("q"), *[f"%{call.text('q')}%"] * 2, PAGE + 1, page * PAGE],
    )
    if not rows:
        return Json({"bookmarks": []})
    shown = [
        {
            "id": row["id"],
            "created_at": iso(row["created_at"]),
            "updated_at": iso(row["updated_at"]),
            "name": row["name"],
            "reminder_at": iso(row["reminder_at"]),
            "pinned": bool(row["pinned"]),
            "title": row["title"],
            "fancy_title": row["title"],
            "excerpt": excerpt(row["raw"] or ""),
            "bookmarkable_id": row["bookmarkable_id"],
            "bookmarkable_type": row["bookmarkable_type"],
            "bookmarkable_url": f"{call.site.base_url}/t/{row['slug']}/{row['topic_id']}/{row['post_number']}",
            "topic_id": row["topic_id"],
            "linked_post_number": row["post_number"],
            "closed": bool(row["closed"]),
            "archived": bool(row["archived"]),
            "category_id": row["category_id"],
            "highest_post_number": row["highest_post_number"],
        }
        for row in rows[:PAGE]
    ]
    more = f"/u/{me['username']}/bookmarks.json?page={page + 1}" if len(rows) > PAGE else None
    return Json({"user_bookmark_list": {"more_bookmarks_url": more, "bookmarks": shown}})


def level(call: Call) -> Json:
    """POST /t/:id/notifications notification_level: 0 muted, 1 normal, 2 tracking, 3 watching."""
    me = call.me
    topic = find_topic(call)
    wanted = call.number("notification_level")
    if wanted is None or not 0 <= wanted <= 3:
        raise bad_request("notification_level is invalid")
    call.site.db.run("INSERT OR REPLACE INTO topic_users VALUES (?, ?, ?)", [topic["id"], me["id"], wanted])
    return Json(OK)


def notifications(call: Call) -> Json:
    """GET /notifications.json: reminders that have come due, newest first."""
    rows = call.site.db.all(
        "SELECT b.*, t.title, t.slug FROM bookmarks b JOIN topics t ON t.id = b.topic_id WHERE b.user_id = ?"
        " AND b.reminder_at <= ? ORDER BY b.reminder_at DESC LIMIT ?",
        [call.me["id"], now_ms(), min(call.number("limit", 60) or 60, 60)],
    )
    shown = [
        {
            "id": row["id"],
            "user_id": row["user_id"],
            "notification_type": BOOKMARK_REMINDER,
            "read": False,
            "high_priority": True,
            "created_at": iso(row["reminder_at"]),
            "post_number": 1,
            "topic_id": row["topic_id"],
            "slug": row["slug"],
            "fancy_title": row["title"],
            "data": {"title": row["title"], "bookmark_id": row["id"], "bookmark_name": row["name"]},
        }
        for row in rows
    ]
    return Json({"notifications": shown, "total_rows_notifications": len(shown), "seen_notification_id": 0})


ROUTES = [
    ("POST", "/bookmarks", create),
    ("PUT", "/bookmarks/{id:int}", update),
    ("DELETE", "/bookmarks/{id:int}", delete),
    ("GET", "/u/{username}/bookmarks", listing),
    ("POST", "/t/{id:int}/notifications", level),
    ("GET", "/notifications", notifications),
]
