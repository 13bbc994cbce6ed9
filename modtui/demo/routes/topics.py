"""Topics: one topic with its posts, lists, the filter language, status, title, tags, deletion."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response

from modtui.demo import effects, people
from modtui.demo.filters import topics_where
from modtui.demo.model import Row, now_ms, parse_time, slugify
from modtui.demo.thread_json import find_topic, posts_json, staff, stream_ids, topic_view
from modtui.demo.topic_json import GROUPS, PER_PAGE, topic_list
from modtui.demo.wire import (
    OK,
    Call,
    Json,
    as_int,
    bad_request,
    conflict,
    invalid_access,
    missing,
    not_found,
    unprocessable,
)

CHUNK = 20
# The topic about a category is no topic of discussion: lists of the whole site leave it out.
NO_DEFINITIONS = "t.id NOT IN (SELECT topic_id FROM categories WHERE topic_id IS NOT NULL)"
_NO_TAG = re.compile(r"[/?#\[\]@!$&'()*+,;=%\\`^\s|{}\"<>]")
STATUSES = {
    "closed": "closed",
    "archived": "archived",
    "visible": "visible",
    "pinned": "pinned",
    "pinned_globally": "pinned_globally",
}


def show(call: Call) -> Json:
    """GET /t/:id.json, and /t/:id/:post_number.json for the posts around one."""
    topic = find_topic(call)
    stream = stream_ids(call, topic)
    at = 0
    number = as_int(call.path_params.get("number"))
    if number is not None and number > 1:
        before = call.site.db.value(
            "SELECT count(*) FROM posts WHERE topic_id = ? AND post_number < ? AND id IN (SELECT value FROM "
            "json_each(?))",
            [topic["id"], number, json.dumps(stream)],
        )
        at = max(min(int(before) - 5, len(stream) - CHUNK), 0)
    page = call.number("page", 0) or 0
    if page > 1:
        at = (page - 1) * CHUNK
        if at >= len(stream):
            raise not_found()
    chunk = stream[at : at + CHUNK]
    found = call.site.db.by_ids("posts", chunk)
    return Json(topic_view(call, topic, [found[i] for i in chunk], stream))


def more_posts(call: Call) -> Json:
    """GET /t/:id/posts.json?post_ids[]=."""
    topic = find_topic(call)
    wanted = [n for n in (as_int(i) for i in call.items("post_ids")) if n is not None][:200]
    found = call.site.db.by_ids("posts", wanted or stream_ids(call, topic)[:CHUNK])
    posts = [
        p for p in found.values() if p["topic_id"] == topic["id"] and (staff(call.user) or p["deleted_at"] is None)
    ]
    posts.sort(key=lambda p: int(p["post_number"]))
    return Json({"post_stream": {"posts": posts_json(call, posts, raw=call.flag("include_raw"))}, "id": topic["id"]})


def raw(call: Call) -> Response:
    """GET /raw/:topic_id(/:post_number): Markdown as plain text."""
    topic = find_topic(call)
    number = as_int(call.path_params.get("number"))
    posts = call.site.db.all(
        "SELECT p.*, u.username FROM posts p JOIN users u ON u.id = p.user_id WHERE p.topic_id = ? AND "
        "p.deleted_at IS NULL"
        " AND (? IS NULL OR p.post_number = ?) AND p.post_type != 4 ORDER BY p.post_number LIMIT 100",
        [topic["id"], number, number],
    )
    if number is not None:
        if not posts:
            raise not_found()
        return PlainTextResponse(posts[0]["raw"])
    parts = [f"{p['username']} | {p['created_at']} | #{p['post_number']}\n\n{p['raw']}" for p in posts]
    return PlainTextResponse("\n\n-------------------------\n\n".join(parts))


raw.any_format = True  # type: ignore[attr-defined]


def _list(call: Call, where: str, params: list[object], order: str, path: str, limit: int = PER_PAGE) -> Json:
    page = max(call.number("page", 0) or 0, 0)
    hidden = (
        ""
        if staff(call.user)
        else " AND t.category_id NOT IN (SELECT id FROM categories WHERE read_restricted) AND t.visible"
    )
    topics = call.site.db.all(
        f"SELECT t.* FROM topics t WHERE t.archetype = 'regular' AND {where}{hidden} ORDER BY {order} LIMIT ? OFFSET ?",
        [*params, limit + 1, page * limit],
    )
    more = None
    if len(topics) > limit:
        kept = {k: v for k, v in call.params.items() if isinstance(v, str) and k != "page"}
        more = f"{path}?{urlencode({'no_definitions': 'true', **kept, 'page': page + 1})}"
    return Json(topic_list(call.site, topics[:limit], call.user, per_page=limit, more=more))


def latest(call: Call) -> Json:
    """GET /latest.json (and /new, /top); `max_posts` as older clients use it, `topic_ids` for known ones."""
    most = call.number("max_posts")
    where, params = f"t.deleted_at IS NULL AND {NO_DEFINITIONS}", []
    if most:
        where, params = f"{where} AND t.posts_count <= ?", [most]
    if "topic_ids" in call.params:
        ids = [n for n in (as_int(part) for part in call.items("topic_ids")) if n is not None]
        where += f" AND t.id IN ({', '.join(map(str, ids)) or '0'})"
    order = {"created": "t.created_at", "views": "t.views", "posts": "t.posts_count"}.get(
        call.text("order"), "t.bumped_at"
    )
    direction = "ASC" if call.flag("ascending") else "DESC"
    return _list(call, where, list(params), f"{order} {direction}, t.id {direction}", call.path)


def by_category(call: Call) -> Json:
    """GET /c/:slug/:id.json and /c/:slug/:id/l/latest.json, with `solved=yes|no`."""
    category = call.site.categories().get(call.id())
    if category is None or (category["read_restricted"] and not staff(call.user)):
        raise not_found()
    where = "t.deleted_at IS NULL AND t.category_id IN (SELECT id FROM categories WHERE id = ? OR parent_id = ?)"
    solved = call.text("solved")
    if solved in ("yes", "no"):
        where += f" AND t.accepted_post_id IS {'NOT ' if solved == 'yes' else ''}NULL"
    return _list(call, where, [category["id"], category["id"]], "t.bumped_at DESC, t.id DESC", call.path)


def by_tag(call: Call) -> Json:
    """GET /tag/:name.json."""
    where = "t.deleted_at IS NULL AND EXISTS (SELECT 1 FROM json_each(t.tags) g WHERE g.value = ?)"
    return _list(call, where, [call.path_params["name"]], "t.bumped_at DESC, t.id DESC", call.path)


def filtered(call: Call) -> Json:
    """GET /filter.json?q=: the filter language of section 3.1; bad words are collected, not refused."""
    found = topics_where(call.site, call.text("q"), call.user)
    limit = min(call.number("per_page", PER_PAGE) or PER_PAGE, 100)
    answer = _list(call, f"{found.where} AND {NO_DEFINITIONS}", found.params, found.order, "/filter", limit)
    if found.invalid:
        body = json.loads(bytes(answer.body))
        body["topic_list"]["invalid_filters"] = found.invalid
        return Json(body)
    return answer


def created_by(call: Call) -> Json:
    """GET /topics/created-by/:username.json."""
    user = call.site.user_named(call.path_params["username"])
    if user is None:
        raise not_found()
    return _list(call, "t.deleted_at IS NULL AND t.user_id = ?", [user["id"]], "t.bumped_at DESC", call.path)


def private(call: Call) -> Json:
    """GET /topics/private-messages(-sent|-warnings…)/:username.json, for oneself or an admin; groups by name."""
    me = call.me
    user = call.site.user_named(call.path_params["username"])
    box = call.path_params.get("box", "")
    staff_may = box == "warnings" and call.is_staff
    if user is None or (user["id"] != me["id"] and not me["admin"] and not staff_may):
        raise not_found()
    if box == "sent":
        where, params = "t.user_id = ?", [user["id"]]
    else:
        where, params = "t.id IN (SELECT topic_id FROM topic_allowed WHERE user_id = ?)", [user["id"]]
        where += " AND t.is_warning" if box == "warnings" else ""
    return _messages(call, where, params)


def group_messages(call: Call) -> Json:
    """GET /topics/private-messages-group/:username/:group.json."""
    call.need_staff()
    return _messages(
        call, "t.id IN (SELECT topic_id FROM topic_allowed WHERE group_name = ?)", [call.path_params["group"]]
    )


def _messages(call: Call, where: str, params: list[object]) -> Json:
    page = max(call.number("page", 0) or 0, 0)
    topics = call.site.db.all(
        f"SELECT t.* FROM topics t WHERE t.archetype = 'private_message' AND t.deleted_at IS NULL AND {where}"
        " ORDER BY t.bumped_at DESC, t.id DESC LIMIT ? OFFSET ?",
        [*params, PER_PAGE + 1, page * PER_PAGE],
    )
    more = f"{call.path}?page={page + 1}" if len(topics) > PER_PAGE else None
    return Json(topic_list(call.site, topics[:PER_PAGE], call.user, per_page=PER_PAGE, more=more))


def status(call: Call) -> Json:
    """PUT /t/:id/status: closed, archived, visible, pinned, pinned_globally. Idempotent."""
    me = call.need_staff()
    topic = find_topic(call)
    what, on = call.text("status"), call.flag("enabled")
    if what not in STATUSES:
        raise bad_request("Invalid status")
    if not call.text("enabled"):
        raise missing("enabled")
    changes: Row = {STATUSES[what]: int(on)}
    if what.startswith("pinned") and on:
        until = parse_time(call.text("until"))
        if until is None:
            raise missing("until")
        changes["pinned_until"] = until
    with call.site.db.write():
        call.site.db.update("topics", topic["id"], **changes)
        if bool(topic[STATUSES[what]]) != on:
            code = f"{what}.{'enabled' if on else 'disabled'}"
            effects.new_post(call.site, topic["id"], me["id"], "", post_type=3, action_code=code, bump=False)
            call.site.log_staff(f"topic_{what}", me["id"], topic_id=topic["id"], details=str(on))
    call.site.bus.publish(f"/topic/{topic['id']}", {"reload_topic": True})
    return Json({**OK, "topic_status_update": None})


def update(call: Call) -> Json:
    """PUT /t/-/:id: title, category, tags; 409 when `original_title` or `original_tags` are not what is there."""
    me = call.me
    topic = find_topic(call)
    if not (call.is_staff or me["id"] == topic["user_id"]):
        raise invalid_access()
    old_tags = json.loads(topic["tags"])
    if "original_title" in call.params and call.text("original_title") != topic["title"]:
        raise conflict()
    if "original_tags" in call.params and sorted(call.items("original_tags")) != sorted(old_tags):
        raise conflict()
    changes: Row = {}
    if "title" in call.params:
        title = call.text("title").strip()
        if len(title) < 8:
            raise unprocessable("Title is too short (minimum is 8 characters)")
        changes |= {"title": title, "slug": slugify(title)}
    category = call.number("category_id")
    if category is not None:
        if category not in call.site.categories():
            raise unprocessable("Category is invalid")
        changes["category_id"] = category
        call.site.db.run("UPDATE reviewables SET category_id = ? WHERE topic_id = ?", [category, topic["id"]])
    if "tags" in call.params:
        changes["tags"] = json.dumps(_tags(call))
    if changes:
        call.site.db.update("topics", topic["id"], **changes)
        call.site.bus.publish(f"/topic/{topic['id']}", {"reload_topic": True})
    topic = find_topic(call)
    basic = {key: topic[key] for key in ("id", "title", "slug", "posts_count")} | {"fancy_title": topic["title"]}
    return Json({"basic_topic": basic})


def delete(call: Call) -> Response:
    """DELETE /t/:id: the topic and its first post."""
    me = call.need_staff()
    topic = find_topic(call)
    first = call.site.db.one("SELECT * FROM posts WHERE topic_id = ? AND post_number = 1", [topic["id"]])
    with call.site.db.write():
        if first:
            effects.delete_post(call.site, first, me)
        call.site.db.update("topics", topic["id"], deleted_at=now_ms(), deleted_by=me["id"])
    return Response(status_code=200)


def recover(call: Call) -> Json:
    """PUT /t/:id/recover."""
    call.need_staff()
    topic = find_topic(call)
    first = call.site.db.one("SELECT * FROM posts WHERE topic_id = ? AND post_number = 1", [topic["id"]])
    with call.site.db.write():
        call.site.db.update("topics", topic["id"], deleted_at=None, deleted_by=None)
        if first:
            effects.recover(call.site, first)
    return Json(OK)


def tags(call: Call) -> Json:
    """PUT /t/:id/tags."""
    call.need_staff()
    topic = find_topic(call)
    call.site.db.update("topics", topic["id"], tags=json.dumps(_tags(call)))
    call.site.bus.publish(f"/topic/{topic['id']}", {"reload_topic": True})
    return Json(OK)


def _tags(call: Call) -> list[str]:
    """The tags asked for, once each; a new one comes into being as long as its signs are allowed."""
    names = list(dict.fromkeys(name.strip().lower() for name in call.items("tags") if name.strip()))
    for name in names:
        if _NO_TAG.search(name):
            raise unprocessable(f"“{name}” is not a tag.")
        call.site.db.run("INSERT OR IGNORE INTO tags (name) VALUES (?)", [name])
    return names


def invite(call: Call) -> Json:
    """POST /t/:id/invite.json user= and /t/:id/invite-group.json group=: let somebody into a private message."""
    me = call.me
    topic = find_topic(call)
    if topic["archetype"] != "private_message":
        raise invalid_access()
    if call.path.endswith("-group"):
        name = call.text("group")
        group = next((g for g in GROUPS if g["name"] == name), None)
        if group is None:
            raise not_found()
        call.site.db.insert("topic_allowed", topic_id=topic["id"], group_name=name)
        effects.new_post(call.site, topic["id"], me["id"], name, post_type=3, action_code="invited_group", bump=False)
        return Json({"group": {"id": group["id"], "name": name}})
    user = call.site.user_named(call.text("user"))
    if user is None:
        raise not_found()
    call.site.db.insert("topic_allowed", topic_id=topic["id"], user_id=user["id"])
    effects.new_post(
        call.site, topic["id"], me["id"], user["username"], post_type=3, action_code="invited_user", bump=False
    )
    return Json({"user": people.basic(user)})


ROUTES = [
    ("GET", "/t/{id:int}", show),
    ("GET", "/t/{id:int}/posts", more_posts),
    ("GET", "/t/{id:int}/{number:int}", show),
    ("GET", "/t/{slug}/{id:int}", show),
    ("GET", "/t/{slug}/{id:int}/{number:int}", show),
    ("GET", "/raw/{id:int}", raw),
    ("GET", "/raw/{id:int}/{number:int}", raw),
    ("PUT", "/t/{id:int}/status", status),
    ("PUT", "/t/{id:int}/tags", tags),
    ("POST", "/t/{id:int}/invite", invite),
    ("POST", "/t/{id:int}/invite-group", invite),
    ("PUT", "/t/{id:int}/recover", recover),
    ("PUT", "/t/{id:int}", update),
    ("PUT", "/t/{slug}/{id:int}", update),
    ("DELETE", "/t/{id:int}", delete),
    ("GET", "/latest", latest),
    ("GET", "/new", latest),
    ("GET", "/top", latest),
    ("GET", "/filter", filtered),
    ("GET", "/c/{slug}/{id:int}", by_category),
    ("GET", "/c/{slug}/{id:int}/l/latest", by_category),
    ("GET", "/c/{parent}/{slug}/{id:int}", by_category),
    ("GET", "/tag/{name}", by_tag),
    ("GET", "/topics/created-by/{username}", created_by),
    ("GET", "/topics/private-messages/{username}", private),
    ("GET", "/topics/private-messages-{box}/{username}", private),
    ("GET", "/topics/private-messages-group/{username}/{group}", group_messages),
]
