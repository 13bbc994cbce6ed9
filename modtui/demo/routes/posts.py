"""Posts: reading one, writing, editing, deleting, hiding, locking; flags and likes; solved answers."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from starlette.responses import PlainTextResponse, Response

from modtui.demo import effects, people
from modtui.demo.cooked import cook, excerpt
from modtui.demo.model import MINUTE, NEEDS_APPROVAL, QUEUED, SCORE_TYPES, SYSTEM_ID, Row, iso, now_ms
from modtui.demo.people import is_silenced, is_staff
from modtui.demo.thread_json import can_edit, find_post, find_topic, posts_json, sees_topic, staff
from modtui.demo.wire import (
    OK,
    Call,
    Json,
    Problem,
    as_int,
    bad_request,
    conflict,
    invalid_access,
    missing,
    not_found,
    unprocessable,
)

WATCHED = re.compile(r"\b(casino|freelancer|crypto)\b", re.IGNORECASE)
MEMO_S = 120.0


def one(call: Call, post_id: int, *, raw: bool = True, status: int = 200) -> Json:
    """A post as it is now."""
    post = call.site.db.one("SELECT * FROM posts WHERE id = ?", [post_id])
    if post is None:
        raise not_found()
    return Json(posts_json(call, [post], raw=raw)[0], status)


def show(call: Call) -> Json:
    """GET /posts/:id.json (with raw)."""
    return one(call, find_post(call)["id"])


def by_number(call: Call) -> Json:
    """GET /posts/by_number/:topic/:number.json."""
    row = call.site.db.one(
        "SELECT id FROM posts WHERE topic_id = ? AND post_number = ?", [call.id("topic"), call.id("number")]
    )
    if row is None:
        raise not_found()
    return one(call, find_post(call, row["id"])["id"])


def raw(call: Call) -> Response:
    """GET /posts/:id/raw: Markdown as text."""
    return PlainTextResponse(find_post(call)["raw"])


raw.any_format = True  # type: ignore[attr-defined]


def latest(call: Call) -> Json:
    """GET /posts.json?before=: the newest posts of the whole site."""
    before = call.number("before", 2**62)
    posts = call.site.db.all(
        "SELECT p.* FROM posts p JOIN topics t ON t.id = p.topic_id WHERE p.id < ? AND p.deleted_at IS NULL AND t.deleted_at IS NULL"
        " AND t.archetype = 'regular' AND p.post_type = 1 ORDER BY p.id DESC LIMIT 50",
        [before],
    )
    visible = [p for p in posts if staff(call.user) or not p["hidden"]]
    titles = call.site.db.by_ids("topics", [p["topic_id"] for p in visible])
    out = posts_json(call, visible, raw=True)
    for post, shown in zip(visible, out, strict=True):
        shown["topic_title"] = titles[post["topic_id"]]["title"]
        shown["category_id"] = titles[post["topic_id"]]["category_id"]
    return Json({"latest_posts": out})


def replies(call: Call) -> Json:
    """GET /posts/:id/replies.json."""
    post = find_post(call)
    found = call.site.db.all(
        "SELECT * FROM posts WHERE topic_id = ? AND reply_to_post_number = ? AND deleted_at IS NULL ORDER BY post_number LIMIT 20",
        [post["topic_id"], post["post_number"]],
    )
    return Json(posts_json(call, found))


def reply_history(call: Call) -> Json:
    """GET /posts/:id/reply-history.json: the posts this one answers, oldest first."""
    post = find_post(call)
    chain: list[Row] = []
    number = post["reply_to_post_number"]
    while number is not None and len(chain) < 20:
        parent = call.site.db.one(
            "SELECT * FROM posts WHERE topic_id = ? AND post_number = ?", [post["topic_id"], number]
        )
        if parent is None:
            break
        chain.insert(0, parent)
        number = parent["reply_to_post_number"]
    return Json(posts_json(call, chain))


def revision(call: Call) -> Json:
    """GET /posts/:id/revisions/latest.json and /:n.json."""
    post = find_post(call)
    number = as_int(call.path_params.get("number"))
    found = call.site.db.one(
        "SELECT r.*, u.username FROM revisions r JOIN users u ON u.id = r.user_id WHERE r.post_id = ? AND (? IS NULL OR r.number = ?)"
        " ORDER BY r.number DESC",
        [post["id"], number, number],
    )
    if found is None:
        raise not_found()
    old, new = found["raw_before"], found["raw_after"]
    return Json(
        {
            "created_at": iso(found["created_at"]),
            "post_id": post["id"],
            "previous_hidden": False,
            "current_hidden": bool(post["hidden"]),
            "first_revision": 2,
            "previous_revision": found["number"] - 1 if found["number"] > 2 else None,
            "current_revision": found["number"],
            "next_revision": found["number"] + 1 if found["number"] < post["version"] else None,
            "last_revision": post["version"],
            "current_version": found["number"],
            "version_count": post["version"],
            "username": found["username"],
            "acting_user_name": found["username"],
            "edit_reason": found["edit_reason"],
            "body_changes": {
                "inline": f'<div class="inline-diff"><p class="diff-del">{excerpt(old, 4000)}</p><p class="diff-ins">{excerpt(new, 4000)}</p></div>',
                "side_by_side": f'<div class="revision-content">{cook(old)}</div><div class="revision-content">{cook(new)}</div>',
                "side_by_side_markdown": json.dumps([old, new]),
            },
            "can_edit": call.is_staff,
        }
    )


def create(call: Call) -> Json:
    """POST /posts.json: a reply, a topic, a private message, a whisper; or held for approval (`action: enqueued`).

    With an admin key the same request within two minutes gives the same answer and posts once.
    """
    me = call.me
    memo_key = f"post:{me['id']}:{json.dumps(call.params, sort_keys=True, default=str)}"
    if call.via == "admin" and (known := call.site.memo.get(memo_key)) and time.monotonic() - known[0] < MEMO_S:
        return Json(known[1])
    raw_text = call.text("raw")
    archetype = call.text("archetype") or "regular"
    _check_text(call, me, raw_text, archetype)
    with call.site.db.write():
        answer = _create(call, me, raw_text, archetype)
    call.site.memo[memo_key] = (time.monotonic(), answer)
    return Json(answer)


def _refuse(*words: str) -> Problem:
    return unprocessable(*words, action="create_post")


def _check_text(call: Call, me: Row, raw_text: str, archetype: str) -> None:
    least = call.site.settings.min_post_length
    if "raw" not in call.params:
        raise missing("raw")
    if not raw_text.strip():
        raise _refuse("Body can't be blank")
    if len(raw_text.strip()) < least:
        raise _refuse(f"Body is too short (minimum is {least} characters)")
    if len(raw_text) > 32_000:
        raise _refuse("Body is limited to 32000 characters; you entered " + str(len(raw_text)) + ".")
    if is_silenced(me) and archetype != "private_message":
        raise invalid_access()
    recent = call.site.db.one(
        "SELECT 1 FROM posts WHERE user_id = ? AND raw = ? AND created_at > ?",
        [me["id"], raw_text, now_ms() - 5 * MINUTE],
    )
    if recent is not None and not is_staff(me):
        raise _refuse("Body is too similar to what you recently posted")


def _create(call: Call, me: Row, raw_text: str, archetype: str) -> dict[str, Any]:
    site = call.site
    topic_id = call.number("topic_id")
    topic: Row | None = None
    if topic_id is not None:
        topic = site.db.one("SELECT * FROM topics WHERE id = ?", [topic_id])
        if topic is None or topic["deleted_at"] is not None or not sees_topic(site, topic, me):
            raise invalid_access()
        if topic["closed"] and not is_staff(me):
            raise _refuse("You are not permitted to reply to a closed topic.")
        if call.flag("whisper") and not is_staff(me):
            raise invalid_access()
    elif archetype == "regular":
        _check_title(call)
    held = _held_because(call, me, raw_text, archetype, topic)
    if held is not None:
        return _enqueue(call, me, raw_text, topic, held)
    if topic is not None:
        reply_to = call.number("reply_to_post_number")
        kind = 4 if call.flag("whisper") else 1
        post_id = effects.new_post(
            site, topic["id"], me["id"], raw_text, reply_to=reply_to, post_type=kind, bump=not call.flag("no_bump")
        )
    elif archetype == "private_message":
        post_id = _message(call, me, raw_text)
    else:
        category = call.number("category")
        _, post_id = effects.new_topic(
            site, me["id"], call.text("title").strip(), raw_text, category_id=category, tags=call.items("tags")
        )
    shown: dict[str, Any] = json.loads(bytes(one(call, post_id).body))
    if call.flag("nested_post"):
        return {"action": "create_post", "post": shown, "success": True}
    return shown


def _check_title(call: Call) -> None:
    title = call.text("title").strip()
    if not title:
        raise _refuse("Title can't be blank")
    if len(title) < 8:
        raise _refuse("Title is too short (minimum is 8 characters)")
    category = call.number("category")
    if category is not None and category not in call.site.categories():
        raise _refuse("Category is invalid")


def _message(call: Call, me: Row, raw_text: str) -> int:
    site = call.site
    title = call.text("title").strip()
    if len(title) < 2:
        raise _refuse("Title is too short (minimum is 2 characters)")
    users, groups = [], []
    for name in call.items("target_recipients") or call.items("target_usernames"):
        user = site.user_named(name)
        if user is not None:
            users.append(user["id"])
        elif name.lower() in ("moderators", "admins", "staff"):
            groups.append(name.lower())
        else:
            raise _refuse("Sorry, one of the recipients does not exist: " + name)
    if not users and not groups:
        raise _refuse("You must select a valid user.")
    warning = call.flag("is_warning")
    if warning and (not is_staff(me) or len(users) != 1 or groups):
        raise _refuse("An official warning goes to exactly one member.")
    topic_id, post_id = effects.new_topic(
        site, me["id"], title, raw_text, archetype="private_message", to=users, groups=groups, is_warning=warning
    )
    if warning:
        site.db.run("UPDATE users SET warnings_count = warnings_count + 1 WHERE id = ?", [users[0]])
        effects.user_note(site, users[0], SYSTEM_ID, f"Received an official warning: {site.base_url}/t/{topic_id}")
    return post_id


def _held_because(call: Call, me: Row, raw_text: str, archetype: str, topic: Row | None) -> tuple[str, Any] | None:
    if is_staff(me) or archetype == "private_message" or (topic and topic["archetype"] == "private_message"):
        return None
    found = WATCHED.search(raw_text + " " + call.text("title"))
    if found:
        return "watched_word", {"words": [found[1].lower()]}
    if call.via != "admin" and me["trust_level"] == 0 and me["post_count"] < 2:
        return "post_count", None
    return None


def _enqueue(call: Call, me: Row, raw_text: str, topic: Row | None, held: tuple[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "raw": raw_text,
        "archetype": "regular",
        "category": call.number("category"),
        "visible": True,
        "is_warning": False,
        "first_post_checks": True,
        "typing_duration_msecs": call.number("typing_duration_msecs", 5000),
        "composer_open_duration_msecs": call.number("composer_open_duration_msecs", 9000),
        "tags": call.items("tags"),
        "via_email": False,
    }
    if topic is None:
        payload["title"] = call.text("title").strip()
    elif call.number("reply_to_post_number"):
        payload["reply_to_post_number"] = call.number("reply_to_post_number")
    item_id = effects.enqueue(call.site, me, payload, topic, call.number("category"), *held)
    pending = call.site.db.value(
        "SELECT count(*) FROM reviewables WHERE type = ? AND status = 0 AND target_created_by_id = ?",
        [QUEUED, me["id"]],
    )
    return {
        "action": "enqueued",
        "success": True,
        "pending_count": pending,
        "pending_post": {"id": item_id, "raw": raw_text, "created_at": iso(now_ms())},
    }


def update(call: Call) -> Json:
    """PUT /posts/:id: new text; 409 when `original_text` is not what is there, 422 for what cannot be."""
    me = call.me
    post = find_post(call)
    changes = call.group("post")
    if not can_edit(post, me):
        raise invalid_access()
    raw_text = str(changes.get("raw", post["raw"]))
    if "original_text" in changes and str(changes["original_text"]).strip() != post["raw"].strip():
        raise conflict()
    if len(raw_text.strip()) < call.site.settings.min_post_length:
        raise unprocessable(f"Body is too short (minimum is {call.site.settings.min_post_length} characters)")
    with call.site.db.write():
        effects.edit_post(call.site, post, raw_text, me["id"], str(changes.get("edit_reason") or ""))
        if post["hidden"] and me["id"] == post["user_id"] and effects.may_edit_hidden(post):
            effects.unhide(call.site, post, tell=False)
    return Json({"post": json.loads(bytes(one(call, post["id"]).body))})


def delete(call: Call) -> Response:
    """DELETE /posts/:id. A staff delete of a flagged post agrees with its open flags."""
    me = call.me
    post = find_post(call)
    mine = me["id"] == post["user_id"]
    if not (call.is_staff or mine):
        raise invalid_access()
    if post["deleted_at"] is None:
        with call.site.db.write():
            resolved = effects.agree_with_flags(call.site, post, me) if call.is_staff else False
            effects.delete_post(call.site, post, me, own=mine and not call.is_staff, tell_flagged=resolved)
    return Response(status_code=200)


def destroy_many(call: Call) -> Json:
    """DELETE /posts/destroy_many: several posts at once, staff."""
    me = call.need_staff()
    ids = [n for n in (as_int(i) for i in call.items("post_ids")) if n is not None]
    if not ids:
        raise bad_request("post_ids is invalid")
    with call.site.db.write():
        for post in call.site.db.by_ids("posts", ids).values():
            effects.agree_with_flags(call.site, post, me)
            effects.delete_post(call.site, post, me)
    return Json(OK)


def recover(call: Call) -> Json:
    """PUT /posts/:id/recover."""
    post = find_post(call)
    if not (call.is_staff or (post["user_deleted"] and call.me["id"] == post["user_id"])):
        raise invalid_access()
    with call.site.db.write():
        effects.recover(call.site, post)
    return one(call, post["id"])


def unhide(call: Call) -> Json:
    """PUT /posts/:id/unhide."""
    call.need_staff()
    post = find_post(call)
    with call.site.db.write():
        effects.unhide(call.site, post, tell=False)
    return Json(OK)


def _mark(call: Call, column: str, value: Any) -> None:
    call.need_staff()
    call.site.db.update("posts", find_post(call)["id"], **{column: value})


def locked(call: Call) -> Json:
    """PUT /posts/:id/locked."""
    _mark(call, "locked", int(call.flag("locked")))
    return Json({"locked": call.flag("locked")})


def wiki(call: Call) -> Json:
    """PUT /posts/:id/wiki."""
    _mark(call, "wiki", int(call.flag("wiki")))
    return Json(OK)


def notice(call: Call) -> Json:
    """PUT /posts/:id/notice; empty removes."""
    _mark(call, "notice", call.text("notice") or None)
    return Json({**OK, "cooked_notice": cook(call.text("notice"))})


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
            effects.new_topic(
                call.site, me["id"], "About your post", message, archetype="private_message", to=[post["user_id"]]
            )
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
                " WHERE r.target_type = 'Post' AND r.target_id = ? AND s.user_id = ? AND s.score_type = ? AND s.status = 0",
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
            call.site.db.update("topics", topic["id"], accepted_post_id=post["id"])
            call.site.db.run("UPDATE users SET solved_count = solved_count + 1 WHERE id = ?", [post["user_id"]])
        elif not on and was:
            call.site.db.update("topics", topic["id"], accepted_post_id=None)
            call.site.db.run("UPDATE users SET solved_count = max(solved_count - 1, 0) WHERE id = ?", [post["user_id"]])
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
        "SELECT p.*, t.title, t.slug, t.category_id FROM topics t JOIN posts p ON p.id = t.accepted_post_id WHERE p.user_id = ?"
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
    ("GET", "/posts", latest),
    ("POST", "/posts", create),
    ("DELETE", "/posts/destroy_many", destroy_many),
    ("GET", "/posts/{id:int}", show),
    ("PUT", "/posts/{id:int}", update),
    ("DELETE", "/posts/{id:int}", delete),
    ("GET", "/posts/{id:int}/raw", raw),
    ("GET", "/posts/by_number/{topic:int}/{number:int}", by_number),
    ("GET", "/posts/{id:int}/replies", replies),
    ("GET", "/posts/{id:int}/reply-history", reply_history),
    ("GET", "/posts/{id:int}/revisions/latest", revision),
    ("GET", "/posts/{id:int}/revisions/{number:int}", revision),
    ("PUT", "/posts/{id:int}/recover", recover),
    ("PUT", "/posts/{id:int}/unhide", unhide),
    ("PUT", "/posts/{id:int}/locked", locked),
    ("PUT", "/posts/{id:int}/wiki", wiki),
    ("PUT", "/posts/{id:int}/notice", notice),
    ("POST", "/post_actions", act),
    ("DELETE", "/post_actions/{id:int}", undo_act),
    ("POST", "/solution/accept", accept),
    ("POST", "/solution/unaccept", unaccept),
    ("GET", "/solution/by_user", solved_by_user),
]
