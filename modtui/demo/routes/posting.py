"""Writing: replies, topics, private messages, whispers; some are held for approval."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from modtui.demo import effects, people
from modtui.demo.model import MINUTE, QUEUED, Row, iso, now_ms
from modtui.demo.people import is_silenced, is_staff
from modtui.demo.routes.posts import one
from modtui.demo.thread_json import sees_topic, staff
from modtui.demo.topic_json import GROUPS
from modtui.demo.wire import (
    Call,
    Json,
    Problem,
    invalid_access,
    missing,
    not_found,
    unprocessable,
)

WATCHED = re.compile(r"\b(casino|freelancer|crypto)\b", re.IGNORECASE)


MEMO_S = 120.0


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
        if reply_to is not None and not site.db.one(
            "SELECT 1 FROM posts WHERE topic_id = ? AND post_number = ?", [topic["id"], reply_to]
        ):
            reply_to = None
        kind = 4 if call.flag("whisper") else 1
        post_id = effects.new_post(
            site,
            topic["id"],
            me["id"],
            raw_text,
            reply_to=reply_to,
            post_type=kind,
            bump=not call.flag("no_bump"),
            locale=call.text("locale") or None,
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
        elif name.lower() in {group["name"] for group in GROUPS}:
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
        effects.warned(site, users[0], topic_id)
    return post_id


def _held_because(call: Call, me: Row, raw_text: str, archetype: str, topic: Row | None) -> tuple[str, Any] | None:
    if archetype == "private_message" or (topic and topic["archetype"] == "private_message"):
        return None
    settings = call.site.settings
    place = topic["category_id"] if topic else call.number("category")
    if place in settings.approval_categories and (settings.approval_staff or not is_staff(me)):
        return "category", None
    if is_staff(me):
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


def pending(call: Call) -> Json:
    """GET /posts/:username/pending.json: what waits for approval, for oneself and for staff."""
    user = call.site.user_named(call.path_params["username"])
    if user is None or not (staff(call.user) or call.me["id"] == user["id"]):
        raise not_found()
    rows = call.site.db.all(
        "SELECT r.*, t.title, t.slug FROM reviewables r LEFT JOIN topics t ON t.id = r.topic_id WHERE r.type = ?"
        " AND r.status = 0 AND r.target_created_by_id = ? ORDER BY r.created_at DESC, r.id DESC",
        [QUEUED, user["id"]],
    )
    shown = [
        {
            **{key: people.basic(user)[key] for key in ("username", "name", "avatar_template")},
            "created_by_id": user["id"],
            "id": row["id"],
            "created_at": iso(row["created_at"]),
            "raw_text": json.loads(row["payload"])["raw"],
            "title": row["title"] or json.loads(row["payload"]).get("title"),
            "topic_id": row["topic_id"],
            "topic_url": f"/t/{row['slug']}/{row['topic_id']}" if row["topic_id"] else None,
            "category_id": row["category_id"],
        }
        for row in rows
    ]
    return Json({"pending_posts": shown})


ROUTES = [("POST", "/posts", create), ("GET", "/posts/{username}/pending", pending)]
