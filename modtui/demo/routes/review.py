"""The review queue: list, one item, counts, perform, edit, notes, claims."""

from __future__ import annotations

import json
from typing import Any

from modtui.demo import people
from modtui.demo.model import (
    SCORE_TYPES,
    STATUS_NAMES,
    TYPE_SOURCES,
    Row,
    parse_time,
)
from modtui.demo.perform import perform
from modtui.demo.review_json import Serializer
from modtui.demo.wire import (
    Call,
    Json,
    as_int,
    bad_request,
    not_found,
    unprocessable,
)

PAGE = 10
PRIORITIES = {"low": 0.0, "medium": 5.0, "high": 10.0}
SORTS = {
    "score": "score DESC, created_at DESC, id DESC",
    "score_asc": "score ASC, created_at DESC, id DESC",
    "created_at": "created_at DESC, id DESC",
    "created_at_asc": "created_at ASC, id ASC",
}
JOINS = {
    "created_by": "user",
    "target_created_by": "user",
    "target_deleted_by": "user",
    "reviewed_by": "user",
    "claimed_by": "claimed_by",
}
_ECHOED = (
    "category_id topic_id priority username reviewed_by claimed_by from_date to_date type sort_order "
    "flagged_by score_type"
)
ECHOED = tuple(_ECHOED.split())


def _where(call: Call) -> tuple[str, list[Any]]:
    """The SQL condition of /review.json's filters. Raises 400 for a bad status, type or date."""
    parts: list[str] = []
    params: list[Any] = []

    def add(sql: str, *values: Any) -> None:
        parts.append(sql)
        params.extend(values)

    status = call.text("status") or "pending"
    if status in STATUS_NAMES:
        add("r.status = ?", STATUS_NAMES[status])
    elif status == "reviewed":
        add("r.status != 0")
    elif status != "all":
        raise bad_request(f"Invalid status: {status}")
    kind = call.text("type")
    if kind:
        if kind not in TYPE_SOURCES:
            raise bad_request(f"Invalid type: {kind}")
        add("r.type = ?", kind)
    least = PRIORITIES.get(call.text("priority"))
    if least:
        add("(r.score >= ? OR r.force_review)", least)
    for name in ("category_id", "topic_id"):
        number = call.number(name)
        if number is not None:
            add(f"r.{name} = ?", number)
    if call.text("username"):
        wanted = call.site.user_named(call.text("username"))
        add("r.target_created_by_id = ?", wanted["id"] if wanted else 0)
    for name, sql in (
        ("flagged_by", "r.id IN (SELECT reviewable_id FROM reviewable_scores WHERE user_id = ?)"),
        (
            "reviewed_by",
            "r.id IN (SELECT reviewable_id FROM reviewable_histories WHERE type = 1 AND created_by_id = ?)",
        ),
        ("claimed_by", "r.topic_id IN (SELECT topic_id FROM claims WHERE user_id = ?)"),
    ):
        if call.text(name):
            wanted = call.site.user_named(call.text(name))
            add(sql, wanted["id"] if wanted else 0)
    score_type = call.number("score_type")
    if score_type is not None:
        add("r.id IN (SELECT reviewable_id FROM reviewable_scores WHERE score_type = ?)", score_type)
    for name, sign in (("from_date", ">="), ("to_date", "<=")):
        if call.text(name):
            at = parse_time(call.text(name))
            if at is None:
                raise bad_request(f"Invalid date: {call.text(name)}")
            add(f"r.created_at {sign} ?", at)
    ids = [n for n in (as_int(i) for i in call.items("ids")) if n is not None]
    if ids:
        add("r.id IN (SELECT value FROM json_each(?))", json.dumps(ids))
    return " AND ".join(parts) or "1", params


def index(call: Call) -> Json:
    """GET /review.json."""
    me = call.need_staff()
    site = call.site
    where, params = _where(call)
    total = int(site.db.value(f"SELECT count(*) FROM reviewables r WHERE {where}", params))
    order = SORTS.get(call.text("sort_order"), SORTS["score"])
    offset = max(call.number("offset", 0) or 0, 0)
    rows = site.db.all(
        f"SELECT * FROM reviewables r WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?", [*params, PAGE, offset]
    )
    serializer = Serializer(site, me)
    items = serializer.items(rows)
    count = site.pending_count(me["id"])
    meta: Row = {
        "ids": call.items("ids") or None,
        "status": call.text("status") or "pending",
        "additional_filters": {},
        **{name: call.params.get(name) for name in ECHOED},
        "total_rows_reviewables": total,
        "types": JOINS,
        "reviewable_types": list(TYPE_SOURCES),
        "unknown_reviewable_types_and_sources": [],
        "score_types": [{"id": number, "name": words[1]} for number, words in SCORE_TYPES.items()],
        "reviewable_count": count,
        "unseen_reviewable_count": count,
    }
    if offset + PAGE < total:
        rest = {k: call.text(k) for k in ("status", "sort_order", *ECHOED) if call.text(k)}
        rest.setdefault("status", "pending")
        query = "&".join(f"{name}={value}" for name, value in rest.items())
        for wanted in call.items("ids"):
            query += f"&ids[]={wanted}"
        meta["load_more_reviewables"] = f"/review?offset={offset + PAGE}&{query}"
    side = serializer.side.as_dict() if items else {}
    return Json({"reviewables": items, **side, "meta": meta, "__rest_serializer": "1"})


def find(call: Call) -> Row:
    """The reviewable named in the path; 404 when there is none."""
    found = call.site.db.one("SELECT * FROM reviewables WHERE id = ?", [call.id()])
    if found is None:
        raise not_found()
    return found


def show(call: Call) -> Json:
    """GET /review/:id.json."""
    me = call.need_staff()
    serializer = Serializer(call.site, me)
    (item,) = serializer.items([find(call)])
    return Json({"reviewable": item, **serializer.side.as_dict(), "meta": {"types": JOINS}, "__rest_serializer": "1"})


def count(call: Call) -> Json:
    """GET /review/count.json."""
    return Json({"count": call.site.pending_count(call.need_staff()["id"])})


def topics(call: Call) -> Json:
    """GET /review/topics.json: pending items grouped by topic, the highest score first."""
    call.need_staff()
    db = call.site.db
    rows = db.all(
        "SELECT r.topic_id, count(*) AS n, count(DISTINCT s.user_id) AS users, sum(s.score) AS score FROM reviewables r"
        " JOIN reviewable_scores s ON s.reviewable_id = r.id WHERE r.status = 0 AND r.topic_id IS NOT NULL"
        " GROUP BY r.topic_id ORDER BY score DESC LIMIT 50"
    )
    topics_by_id = db.by_ids("topics", [r["topic_id"] for r in rows])
    claims = {c["topic_id"]: c for c in db.all("SELECT * FROM claims")}
    users = db.by_ids("users", [c["user_id"] for c in claims.values()])
    out, loaded = [], []
    for row in rows:
        topic = topics_by_id.get(row["topic_id"])
        if topic is None:
            continue
        claim = claims.get(topic["id"])
        out.append(
            {
                "id": topic["id"],
                "title": topic["title"],
                "fancy_title": topic["title"],
                "slug": topic["slug"],
                "archived": bool(topic["archived"]),
                "closed": bool(topic["closed"]),
                "visible": bool(topic["visible"]),
                "archetype": topic["archetype"],
                "relative_url": f"/t/{topic['slug']}/{topic['id']}",
                "stats": {"count": row["n"], "unique_users": row["users"]},
                "claimed_by_id": claim["id"] if claim else None,
            }
        )
        if claim and claim["user_id"] in users:
            loaded.append({"id": claim["id"], "automatic": bool(claim["automatic"]), "user_id": claim["user_id"]})
    return Json({"reviewable_topics": out, "claimed_bies": loaded, "users": [people.basic(u) for u in users.values()]})


def menu_list(call: Call) -> Json:
    """GET /review/user-menu-list.json: at most 30 light rows, without what others claimed."""
    me = call.need_staff()
    rows = call.site.db.all(
        "SELECT r.*, u.username AS flagger FROM reviewables r LEFT JOIN users u ON u.id = r.created_by_id WHERE "
        "r.status = 0"
        " AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.topic_id = r.topic_id AND c.user_id != ?)"
        " ORDER BY score DESC, created_at DESC LIMIT 30",
        [me["id"]],
    )
    light = [
        {
            "id": r["id"],
            "type": r["type"],
            "pending": True,
            "flagger_username": r["flagger"],
            "post_number": None,
            "topic_fancy_title": None,
        }
        for r in rows
    ]
    return Json({"reviewables": light, "reviewable_count": call.site.pending_count(me["id"]), "__rest_serializer": "1"})


def explain(call: Call) -> Json:
    """GET /review/:id/explain.json: how the score came about."""
    call.need_staff()
    item = find(call)
    scores = []
    for score in call.site.db.all(
        "SELECT s.*, u.trust_level, u.admin, u.moderator, u.flags_agreed, u.flags_disagreed, u.flags_ignored "
        "FROM reviewable_scores s"
        " LEFT JOIN users u ON u.id = s.user_id WHERE s.reviewable_id = ? ORDER BY s.id",
        [item["id"]],
    ):
        trust = 5.0 if score["admin"] or score["moderator"] else float(score["trust_level"] or 0)
        scores.append(
            {
                "user_id": score["user_id"],
                "type_bonus": 0.0,
                "trust_level_bonus": trust,
                "take_action_bonus": score["take_action_bonus"],
                "flags_agreed": score["flags_agreed"] or 0,
                "flags_disagreed": score["flags_disagreed"] or 0,
                "flags_ignored": score["flags_ignored"] or 0,
                "user_accuracy_bonus": round(score["score"] - 1 - trust - score["take_action_bonus"], 2),
                "score": score["score"],
            }
        )
    return Json(
        {
            "reviewable_explanation": {
                "id": item["id"],
                "total_score": item["score"],
                "scores": scores,
                "min_score_visibility": 0.0,
                "hide_post_score": call.site.settings.hide_threshold,
            }
        }
    )


def do(call: Call) -> Json:
    """PUT /review/:id/perform/:action?version=N."""
    me = call.need_staff()
    item = find(call)
    version = call.number("version")
    if version is None:
        raise unprocessable("Version is required to perform an action")
    _check_claim(call, item, me)
    return Json({"reviewable_perform_result": perform(call.site, call, item, call.path_params["action"], version)})


def _check_claim(call: Call, item: Row, me: Row) -> None:
    mode = call.site.settings.claiming
    if item["topic_id"] is None:
        return
    claim = call.site.db.one("SELECT * FROM claims WHERE topic_id = ?", [item["topic_id"]])
    if claim is not None and claim["user_id"] != me["id"]:
        by = call.site.user(claim["user_id"])
        raise unprocessable(f"This item has been claimed by {by['username'] if by else 'another moderator'}.")
    if mode == "required" and claim is None:
        raise unprocessable("You must claim this item before you can act on it.")


ROUTES = [
    ("GET", "/review", index),
    ("GET", "/review/count", count),
    ("GET", "/review/topics", topics),
    ("GET", "/review/user-menu-list", menu_list),
    ("GET", "/review/{id:int}", show),
    ("GET", "/review/{id:int}/explain", explain),
    ("PUT", "/review/{id:int}/perform/{action}", do),
]
