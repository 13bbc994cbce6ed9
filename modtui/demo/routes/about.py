"""The site itself: who am I, categories, texts, statistics, search, templates."""

from __future__ import annotations

import json
import re

from modtui.demo import people
from modtui.demo.cooked import excerpt
from modtui.demo.filters import Filter, topics_where
from modtui.demo.model import DAY, SCORE_TYPES, Row, iso, now_ms, parse_time
from modtui.demo.routes.completion import tag_counts
from modtui.demo.shared_json import tag_ids
from modtui.demo.thread_json import staff
from modtui.demo.topic_json import GROUPS, topic_row
from modtui.demo.wire import OK, Call, Json, not_found

DESCRIPTION = "Help, ideas and company for everybody who uses Harbour, the backup that stays quiet."
FLAG_ORDER = (6, 3, 4, 8, 10, 7)


def session(call: Call) -> Json:
    """GET /session/current.json; 404 when nobody is logged in."""
    if call.user is None:
        raise not_found()
    me = call.user
    count = call.site.pending_count(me["id"]) if call.is_staff else 0
    shown = {
        **people.basic(me),
        "unread_notifications": 0,
        "admin": bool(me["admin"]),
        "moderator": bool(me["moderator"]),
        "staff": call.is_staff,
        "whisperer": call.is_staff,
        "title": me["title"],
        "trust_level": me["trust_level"],
        "can_review": call.is_staff,
        "reviewable_count": count,
        "unseen_reviewable_count": count,
        "can_assign": call.is_staff and call.site.settings.assign,
        "can_use_templates": call.is_staff and call.site.settings.templates,
        "locale": me["locale"],
        "user_option": {"timezone": "Europe/Berlin"},
        "groups": [
            {"id": g["id"], "name": g["name"], "has_messages": g["name"] == "moderators"} for g in people.groups(me)
        ],
    }
    return Json({"current_user": shown})


def basic_info(call: Call) -> Json:
    """GET /site/basic-info.json: public."""
    return Json(
        {
            "logo_url": "/images/logo.png",
            "favicon_url": "/images/favicon.png",
            "title": call.site.settings.title,
            "description": DESCRIPTION,
            "header_primary_color": "333333",
            "header_background_color": "ffffff",
            "login_required": False,
            "locale": "en",
        }
    )


def about(call: Call) -> Json:
    """GET /about.json."""
    db = call.site.db
    staff_rows = db.all("SELECT * FROM users WHERE (admin OR moderator) AND id > 0 ORDER BY id")
    stats: Row = {}
    for name, sql in (
        ("topics", "SELECT count(*) FROM topics WHERE archetype = 'regular' AND deleted_at IS NULL AND created_at > ?"),
        ("posts", "SELECT count(*) FROM posts WHERE deleted_at IS NULL AND created_at > ?"),
        ("users", "SELECT count(*) FROM users WHERE deleted_at IS NULL AND id > 0 AND created_at > ?"),
        ("active_users", "SELECT count(*) FROM users WHERE deleted_at IS NULL AND id > 0 AND last_seen_at > ?"),
    ):
        for suffix, days in (("last_day", 1), ("7_days", 7), ("30_days", 30), ("count", 40_000)):
            stats[f"{name}_{suffix}"] = db.value(sql, [now_ms() - days * DAY])
    shown = {
        "title": call.site.settings.title,
        "description": DESCRIPTION,
        "version": "2026.9.0",
        "locale": "en",
        "stats": stats,
        "admins": [people.basic(u) for u in staff_rows if u["admin"]],
        "moderators": [people.basic(u) for u in staff_rows if u["moderator"]],
    }
    return Json({"about": shown})


def _category(row: Row, counts: dict[int, Row], *, nested: list[Row] | None = None) -> Row:
    count = counts.get(row["id"], {"topics": 0, "posts": 0})
    out: Row = {
        "id": row["id"],
        "name": row["name"],
        "color": row["color"],
        "text_color": "FFFFFF",
        "slug": row["slug"],
        "topic_count": count["topics"],
        "post_count": count["posts"] or 0,
        "position": row["position"],
        "description": f"<p>{row['description']}</p>",
        "description_text": row["description"],
        "description_excerpt": row["description"],
        "topic_url": f"/t/about-the-{row['slug']}-category",
        "read_restricted": bool(row["read_restricted"]),
        "permission": 1,
        "notification_level": 1,
        "can_edit": False,
        "topic_template": row["topic_template"],
        "minimum_required_tags": 0,
        "locale": row["locale"],
        "has_children": bool(nested),
        "subcategory_ids": [c["id"] for c in nested or []],
    }
    if row["parent_id"] is not None:
        out["parent_category_id"] = row["parent_id"]
    if row["solved"]:
        out["custom_fields"] = {"enable_accepted_answers": "true"}
    return out


def _categories(call: Call) -> list[Row]:
    return [c for c in call.site.categories().values() if staff(call.user) or not c["read_restricted"]]


def _counts(call: Call) -> dict[int, Row]:
    rows = call.site.db.all(
        "SELECT category_id, count(*) AS topics, sum(posts_count) AS posts FROM topics WHERE archetype = "
        "'regular' AND deleted_at IS NULL GROUP BY 1"
    )
    return {row["category_id"]: row for row in rows}


def categories(call: Call) -> Json:
    """GET /categories.json?include_subcategories=true."""
    rows, counts = _categories(call), _counts(call)
    out = []
    for row in rows:
        if row["parent_id"] is not None:
            continue
        children = [c for c in rows if c["parent_id"] == row["id"]]
        shown = _category(row, counts, nested=children)
        if call.flag("include_subcategories"):
            shown["subcategory_list"] = [_category(c, counts) for c in children]
        out.append(shown)
    listed = {"can_create_category": False, "can_create_topic": call.user is not None, "categories": out}
    return Json({"category_list": listed})


def site(call: Call) -> Json:
    """GET /site.json, trimmed to what a moderation client reads."""
    kinds = {**SCORE_TYPES, 6: ("notify_user", "Message the author", "Write to the author in private.")}
    flags = [
        {
            "id": kind,
            "name_key": kinds[kind][0],
            "name": kinds[kind][1],
            "description": kinds[kind][2],
            "short_description": kinds[kind][2],
            "is_flag": True,
            "require_message": kind in (6, 7, 10),
            "enabled": True,
            "applies_to": ["Post", "Topic", "Chat::Message"],
            "position": position,
            "is_used": True,
        }
        for position, kind in enumerate(FLAG_ORDER)
    ]
    like = {
        "id": 2,
        "name_key": "like",
        "name": "Like",
        "is_flag": False,
        "require_message": False,
        "enabled": True,
        "position": -1,
    }
    counts = _counts(call)
    return Json(
        {
            "default_archetype": "regular",
            "categories": [_category(row, counts) for row in _categories(call)],
            "groups": [{"id": g["id"], "name": g["name"]} for g in GROUPS],
            "post_action_types": [like, *flags],
            "topic_flag_types": [flag for flag in flags if flag["id"] in (4, 7, 8, 10)],
            "trust_levels": {"newuser": 0, "basic": 1, "member": 2, "regular": 3, "leader": 4},
            "archetypes": [{"id": "regular", "name": "Regular Topic"}, {"id": "private_message", "name": "Message"}],
            "can_tag_topics": True,
            "can_tag_pms": False,
            "tags_filter_regexp": "[\\/\\?#\\[\\]@!\\$&'\\(\\)\\*\\+,;=\\.%\\\\`^\\s|\\{\\}\"<>]+",
            "top_tags": list(tag_ids(call.site)),
        }
    )


def tags(call: Call) -> Json:
    """GET /tags.json: every tag with the number of its topics."""
    counts = tag_counts(call)
    shown = [
        {"id": number, "name": name, "slug": name, "text": name, "count": counts.get(name, 0), "pm_only": False}
        for name, number in tag_ids(call.site).items()
    ]
    return Json({"tags": shown, "extras": {"categories": []}})


_SEARCH_ORDERS = {
    "latest": "p.created_at DESC",
    "oldest": "p.created_at ASC",
    "likes": "p.like_count DESC",
    "views": "t.views DESC",
    "latest_topic": "t.created_at DESC",
}


def search(call: Call) -> Json:
    """GET /search.json?q=: posts by words and the search's own filters, 50 a page."""
    words: list[str] = []
    parts = ["p.deleted_at IS NULL", "t.deleted_at IS NULL", "t.archetype = 'regular'", "p.post_type = 1"]
    params: list[object] = []
    rest: list[str] = []
    order = "p.created_at DESC"
    if not staff(call.user):
        parts.append("NOT p.hidden AND t.category_id NOT IN (SELECT id FROM categories WHERE read_restricted)")
    for token in re.findall(r'"[^"]*"|\S+', call.text("q")):
        name, _, value = token.partition(":")
        if token.startswith("@"):
            parts.append("p.user_id = ?")
            user = call.site.user_named(token[1:])
            params.append(user["id"] if user else 0)
        elif token.startswith("#"):
            rest.append(f"category:{token[1:]}")
        elif name == "in" and value in ("first", "title"):
            parts.append("p.post_number = 1")
        elif name in ("before", "after") and parse_time(value) is not None:
            parts.append(f"p.created_at {'<' if name == 'before' else '>='} ?")
            params.append(parse_time(value))
        elif name in ("min_posts", "max_posts") and value.isdigit():
            parts.append(f"t.posts_count {'>=' if name == 'min_posts' else '<='} ?")
            params.append(int(value))
        elif name == "order":
            order = _SEARCH_ORDERS.get(value, order)
        elif name in ("status", "tags", "tag", "category", "in") and value:
            rest.append(token)
        else:
            words.append(token.strip('"'))
    for word in words:
        parts.append("(p.raw LIKE ? OR t.title LIKE ?)")
        params += [f"%{word}%"] * 2
    topics = topics_where(call.site, " ".join(rest), call.user) if rest else Filter()
    page = max(call.number("page", 1) or 1, 1)
    rows = call.site.db.all(
        f"SELECT p.* FROM posts p JOIN topics t ON t.id = p.topic_id WHERE {' AND '.join(parts)} AND {topics.where}"
        f" ORDER BY {order}, p.id DESC LIMIT 51 OFFSET ?",
        [*params, *topics.params, (page - 1) * 50],
    )
    found = rows[:50]
    owners = call.site.db.by_ids("users", [p["user_id"] for p in found])
    parents = call.site.db.by_ids("topics", [p["topic_id"] for p in found])
    names = tag_ids(call.site)
    posts = [
        {
            "id": p["id"],
            **(
                {k: people.basic(owners[p["user_id"]])[k] for k in ("name", "username", "avatar_template")}
                if p["user_id"] in owners
                else {}
            ),
            "created_at": iso(p["created_at"]),
            "like_count": p["like_count"],
            "blurb": excerpt(p["raw"], 200),
            "post_number": p["post_number"],
            "topic_id": p["topic_id"],
        }
        for p in found
    ]
    outcome: Row = {
        "more_posts": None,
        "more_users": None,
        "more_categories": None,
        "term": " ".join(words),
        "search_log_id": 1,
        "more_full_page_results": True if len(rows) > 50 else None,
        "can_create_topic": True,
        "error": None,
        "extra": {},
        "post_ids": [p["id"] for p in found],
        "user_ids": [],
        "category_ids": [],
        "tag_ids": [],
        "group_ids": [],
    }
    shown = [topic_row(t, names, owners, posters=[]) for t in parents.values()]
    return Json(
        {
            "posts": posts,
            "topics": shown,
            "users": [],
            "categories": [],
            "tags": [],
            "groups": [],
            "grouped_search_result": outcome,
        }
    )


def templates(call: Call) -> Json:
    """GET /discourse_templates.json; 404 when the plugin is off."""
    call.need_staff()
    if not call.site.settings.templates:
        raise not_found()
    names = tag_ids(call.site)
    rows = call.site.db.all("SELECT * FROM templates ORDER BY title, id")
    shown = [
        {
            "id": row["id"],
            "title": row["title"],
            "slug": f"template-{row['id']}",
            "content": row["content"],
            "tags": [{"id": names.get(t, 0), "name": t, "slug": t} for t in json.loads(row["tags"])],
            "usages": row["usages"],
        }
        for row in rows
    ]
    return Json({"templates": shown})


def use_template(call: Call) -> Json:
    """POST /discourse_templates/:id/use.json."""
    call.need_staff()
    if not call.site.db.run("UPDATE templates SET usages = usages + 1 WHERE id = ?", [call.id()]):
        raise not_found()
    return Json(OK)


ROUTES = [
    ("GET", "/session/current", session),
    ("GET", "/site/basic-info", basic_info),
    ("GET", "/about", about),
    ("GET", "/site", site),
    ("GET", "/categories", categories),
    ("GET", "/tags", tags),
    ("GET", "/search", search),
    ("GET", "/discourse_templates", templates),
    ("POST", "/discourse_templates/{id:int}/use", use_template),
]
