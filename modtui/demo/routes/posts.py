"""Posts: reading, editing, deleting, hiding, locking."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import PlainTextResponse, Response

from modtui.demo import effects
from modtui.demo.cooked import cook, excerpt
from modtui.demo.model import Row, iso
from modtui.demo.thread_json import can_edit, find_post, posts_json, staff
from modtui.demo.wire import (
    OK,
    Call,
    Json,
    as_int,
    bad_request,
    conflict,
    invalid_access,
    not_found,
    unprocessable,
)


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
        "SELECT p.* FROM posts p JOIN topics t ON t.id = p.topic_id WHERE p.id < ? AND p.deleted_at IS NULL AND "
        "t.deleted_at IS NULL"
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
        "SELECT * FROM posts WHERE topic_id = ? AND reply_to_post_number = ? AND deleted_at IS NULL ORDER BY "
        "post_number LIMIT 20",
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
        "SELECT r.*, u.username FROM revisions r JOIN users u ON u.id = r.user_id WHERE r.post_id = ? AND (? IS "
        "NULL OR r.number = ?)"
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
                "inline": f'<div class="inline-diff"><p class="diff-del">{excerpt(old, 4000)}</p><p '
                f'class="diff-ins">{excerpt(new, 4000)}</p></div>',
                "side_by_side": f'<div class="revision-content">{cook(old)}</div><div '
                f'class="revision-content">{cook(new)}</div>',
                "side_by_side_markdown": json.dumps([old, new]),
            },
            "can_edit": call.is_staff,
        }
    )


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


ROUTES = [
    ("GET", "/posts", latest),
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
]
