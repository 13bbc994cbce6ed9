"""Beside deciding: editing held posts, notes on items, scrubbing, claims."""

from __future__ import annotations

import json

from modtui.demo import effects, people
from modtui.demo.model import (
    H_CLAIMED,
    H_EDITED,
    H_UNCLAIMED,
    PENDING,
    QUEUED,
    STATUS_NAMES,
    USER,
    Row,
    iso,
    now_ms,
)
from modtui.demo.perform import release
from modtui.demo.review_json import editable_fields, note_json
from modtui.demo.routes.review import find
from modtui.demo.wire import (
    OK,
    Call,
    Json,
    as_int,
    conflict,
    invalid_access,
    not_found,
    unprocessable,
)


def update(call: Call) -> Json:
    """PUT /review/:id: edit a queued post before it is approved."""
    me = call.need_staff()
    item = find(call)
    changes = call.group("reviewable")
    version = call.number("version")
    if version is None:
        raise unprocessable("Version is required to edit")
    editable = {str(f["id"]) for f in editable_fields(item)}
    payload_changes = changes.get("payload") if isinstance(changes.get("payload"), dict) else {}
    assert isinstance(payload_changes, dict)
    asked = {f"payload.{name}" for name in payload_changes} | {name for name in changes if name != "payload"}
    if not asked or not asked <= editable:
        raise invalid_access()
    if item["version"] != version:
        raise conflict()
    raw = payload_changes.get("raw")
    if raw is not None and len(str(raw).strip()) < call.site.settings.min_post_length:
        raise unprocessable(f"Body is too short (minimum is {call.site.settings.min_post_length} characters)")
    payload = json.loads(item["payload"] or "{}") | payload_changes
    category = as_int(changes.get("category_id"), item["category_id"])
    if category is not None and category not in call.site.categories():
        raise unprocessable("Category is invalid")
    with call.site.db.write():
        call.site.db.update(
            "reviewables",
            item["id"],
            payload=json.dumps(payload),
            category_id=category,
            version=version + 1,
            updated_at=now_ms(),
        )
        effects.history(call.site, item["id"], H_EDITED, item["status"], me["id"], changes)
    return Json({**changes, "version": version + 1})


def withdraw(call: Call) -> Json:
    """DELETE /review/:id: the author takes back a queued post (an admin key may name the author)."""
    me = call.me
    item = find(call)
    named = call.site.user_named(call.text("username")) if call.via == "admin" and call.text("username") else None
    author = named["id"] if named else me["id"]
    if item["type"] != QUEUED or item["target_created_by_id"] != author:
        raise not_found()
    if item["status"] != PENDING:
        raise invalid_access()
    with call.site.db.write():
        effects.decide_scores(call.site, item["id"], 3, author)
        effects.transition(call.site, item["id"], STATUS_NAMES["deleted"], author)
    call.site.tell_counts()
    return Json(OK)


def add_note(call: Call) -> Json:
    """POST /review/:id/notes: a staff note on the item."""
    me = call.need_staff()
    item = find(call)
    content = str(call.group("reviewable_note").get("content", "")).strip()
    if not content:
        raise unprocessable("Content can't be blank")
    if len(content) > 2000:
        raise unprocessable("Content is too long (maximum is 2000 characters)")
    note_id = call.site.db.insert(
        "reviewable_notes", reviewable_id=item["id"], user_id=me["id"], content=content, created_at=now_ms()
    )
    note = call.site.db.one("SELECT * FROM reviewable_notes WHERE id = ?", [note_id])
    assert note is not None
    return Json(note_json(note, me, me))


def delete_note(call: Call) -> Json:
    """DELETE /review/:id/notes/:note_id, by its author or an admin."""
    me = call.need_staff()
    note = call.site.db.one(
        "SELECT * FROM reviewable_notes WHERE id = ? AND reviewable_id = ?", [call.id("note"), call.id()]
    )
    if note is None:
        raise not_found()
    if note["user_id"] != me["id"] and not me["admin"]:
        raise invalid_access()
    call.site.db.run("DELETE FROM reviewable_notes WHERE id = ?", [note["id"]])
    return Json(OK)


def scrub(call: Call) -> Json:
    """PUT /review/:id/scrub: erase what is kept of a rejected sign-up. Admins only."""
    me = call.need_staff()
    item = find(call)
    if not me["admin"] or item["type"] != USER or item["status"] == PENDING:
        raise invalid_access()
    kept = {"scrubbed_by": me["username"], "scrubbed_reason": call.text("reason"), "scrubbed_at": iso(now_ms())}
    call.site.db.update("reviewables", item["id"], payload=json.dumps(kept))
    return Json(OK)


def claim(call: Call) -> Json:
    """POST /reviewable_claimed_topics: claim a topic (409 when taken); `automatic` is the soft lock."""
    me = call.need_staff()
    asked = call.group("reviewable_claimed_topic")
    automatic = str(asked.get("automatic", "")).lower() == "true"
    topic_id = as_int(asked.get("topic_id"))
    if call.site.settings.claiming == "disabled" and not automatic:
        raise invalid_access()
    if topic_id is None or call.site.db.one("SELECT 1 FROM topics WHERE id = ?", [topic_id]) is None:
        raise not_found()
    take(call, topic_id, me, automatic)
    return Json(OK)


def take(call: Call, topic_id: int, me: Row, automatic: bool) -> None:
    """Write the claim and tell the others; 409 when somebody else has it."""
    site = call.site
    with site.db.write():
        old = site.db.one("SELECT * FROM claims WHERE topic_id = ?", [topic_id])
        if old is not None and old["user_id"] != me["id"]:
            raise conflict()
        site.db.run("DELETE FROM claims WHERE topic_id = ?", [topic_id])
        site.db.insert("claims", topic_id=topic_id, user_id=me["id"], automatic=int(automatic), created_at=now_ms())
        _note_claim(call, topic_id, H_CLAIMED, me)
    site.bus.publish(
        "/reviewable_claimed", {"topic_id": topic_id, "user": people.basic(me), "automatic": automatic, "claimed": True}
    )
    site.tell_counts()


def _note_claim(call: Call, topic_id: int, kind: int, me: Row) -> None:
    for row in call.site.db.all("SELECT id, status FROM reviewables WHERE topic_id = ? AND status = 0", [topic_id]):
        effects.history(call.site, row["id"], kind, row["status"], me["id"])


def unclaim(call: Call) -> Json:
    """DELETE /reviewable_claimed_topics/:topic_id; any reviewer may release."""
    me = call.need_staff()
    found = call.site.db.one("SELECT * FROM claims WHERE topic_id = ?", [call.id()])
    if found is None or (call.site.settings.claiming == "disabled" and not call.flag("automatic")):
        raise not_found()
    with call.site.db.write():
        release(call.site, call.id())
        _note_claim(call, call.id(), H_UNCLAIMED, me)
    call.site.tell_counts()
    return Json(OK)


ROUTES = [
    ("PUT", "/review/{id:int}", update),
    ("DELETE", "/review/{id:int}", withdraw),
    ("POST", "/review/{id:int}/notes", add_note),
    ("DELETE", "/review/{id:int}/notes/{note:int}", delete_note),
    ("PUT", "/review/{id:int}/scrub", scrub),
    ("POST", "/reviewable_claimed_topics", claim),
    ("DELETE", "/reviewable_claimed_topics/{id:int}", unclaim),
]
