"""What is completed while somebody writes: members and groups, categories and tags."""

from __future__ import annotations

from modtui.demo import people
from modtui.demo.model import Row
from modtui.demo.shared_json import tag_ids
from modtui.demo.thread_json import staff
from modtui.demo.topic_json import GROUPS
from modtui.demo.wire import OK, Call, Json, bad_request, missing, not_found


def escaped(text: str) -> str:
    """A text for LIKE … ESCAPE '\\', with its own signs made harmless."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def groups_of(user: Row) -> set[str]:
    """The automatic groups that a member is in."""
    mine = {f"trust_level_{level}" for level in range(int(user["trust_level"]) + 1)}
    if people.is_staff(user):
        mine.add("staff")
    mine |= {"admins"} if user["admin"] else set()
    return mine | ({"moderators"} if user["moderator"] else set())


def users(call: Call) -> Json:
    """GET /u/search/users.json?term=&topic_id=&include_groups=&groups[]=: who is in the topic first, then by name;
    with `groups[]` only members of these."""
    term = call.text("term").lstrip("@").lower()
    limit = min(max(call.number("limit", 6) or 6, 1), 50)
    topic_id = call.number("topic_id")
    found: list[Row] = []
    if topic_id is not None:
        found = call.site.db.all(
            "SELECT DISTINCT u.* FROM posts p JOIN users u ON u.id = p.user_id WHERE p.topic_id = ?"
            " AND u.deleted_at IS NULL AND u.id > 0 AND u.username_lower LIKE ? ESCAPE '\\' LIMIT ?",
            [topic_id, f"{escaped(term)}%", limit],
        )
    if term:
        found += call.site.db.all(
            "SELECT * FROM users WHERE username_lower >= ? AND username_lower < ? AND deleted_at IS NULL AND id > 0"
            " AND active ORDER BY username_lower LIMIT ?",
            [term, term + "\U0010ffff", limit],
        )
        if len(found) < limit:
            found += call.site.db.all(
                "SELECT * FROM users WHERE name LIKE ? ESCAPE '\\' AND deleted_at IS NULL AND id > 0 LIMIT ?",
                [f"%{escaped(term)}%", limit],
            )
    if wanted := set(call.items("groups")):
        found = [user for user in found if wanted & groups_of(user)]
    unique = {user["id"]: user for user in found if not (call.user and user["id"] == call.user["id"])}
    answer: Row = {
        "users": [{k: v for k, v in people.basic(u).items() if k != "id"} for u in list(unique.values())[:limit]]
    }
    if call.user is not None and (call.flag("include_groups") or call.flag("include_mentionable_groups")):
        answer["groups"] = [
            {"name": g["name"], "full_name": g["full_name"]} for g in GROUPS if g["name"].startswith(term)
        ]
    return Json(answer)


def tags(call: Call) -> Json:
    """GET /tags/filter/search.json?q=&limit=: tags that contain the words, the most used first."""
    term, limit = call.text("q").lower(), call.number("limit", 5)
    if limit is None or not 0 < limit <= 1000:
        raise bad_request("limit is invalid")
    counts = tag_counts(call)
    chosen = {name.lower() for name in call.items("selected_tags")}
    names = [name for name in tag_ids(call.site) if term in name and name not in chosen]
    names.sort(key=lambda name: (not name.startswith(term), -counts.get(name, 0), name))
    ids = tag_ids(call.site)
    shown = [
        {"id": ids[n], "name": n, "slug": n, "text": n, "count": counts.get(n, 0), "pm_count": 0, "target_tag": None}
        for n in names[:limit]
    ]
    return Json({"results": shown})


def tag_counts(call: Call) -> dict[str, int]:
    """In how many topics each tag is used."""
    rows = call.site.db.all(
        "SELECT g.value AS name, count(*) AS n FROM topics t, json_each(t.tags) g WHERE t.archetype = 'regular'"
        " AND t.deleted_at IS NULL GROUP BY 1"
    )
    return {row["name"]: row["n"] for row in rows}


def _category_hashtag(call: Call, row: Row) -> Row:
    parent = call.site.categories().get(row["parent_id"]) if row["parent_id"] is not None else None
    slug = f"{parent['slug']}:{row['slug']}" if parent else row["slug"]
    colors = ([parent["color"]] if parent else []) + [row["color"]]
    path = f"{parent['slug']}/{row['slug']}" if parent else row["slug"]
    return {
        "relative_url": f"/c/{path}/{row['id']}",
        "text": row["name"],
        "description": row["description"],
        "colors": colors,
        "icon": "folder",
        "style_type": "square",
        "type": "category",
        "ref": slug,
        "slug": row["slug"],
        "id": row["id"],
    }


def _tag_hashtag(name: str, number: int, counts: dict[str, int]) -> Row:
    return {
        "relative_url": f"/tag/{name}",
        "text": name,
        "secondary_text": f"x{counts.get(name, 0)}",
        "description": None,
        "colors": None,
        "icon": "tag",
        "style_type": "icon",
        "type": "tag",
        "ref": f"{name}::tag",
        "slug": name,
        "id": number,
    }


def _hashtags(call: Call) -> dict[str, list[Row]]:
    places = [c for c in call.site.categories().values() if staff(call.user) or not c["read_restricted"]]
    counts = tag_counts(call)
    return {
        "category": [_category_hashtag(call, row) for row in places],
        "tag": [_tag_hashtag(name, number, counts) for name, number in tag_ids(call.site).items()],
    }


def hashtags(call: Call) -> Json:
    """GET /hashtags/search.json?term=&order[]=category&order[]=tag: what `#` can mean, at most twenty."""
    assert call.me
    order = call.items("order")
    if not order:
        raise missing("order")
    term, known = call.text("term").lstrip("#").lower(), _hashtags(call)
    results: list[Row] = []
    for kind in order:
        rows = [r for r in known.get(kind, []) if term in r["text"].lower() or term in r["slug"]]
        rows.sort(key=lambda r: (not r["slug"].startswith(term), r["text"].lower()))
        results += rows
    return Json({**OK, "results": results[:20]})


def lookup(call: Call) -> Json:
    """GET /hashtags.json?slugs[]=&order[]=: which of these exist, by kind."""
    assert call.me
    known, wanted = _hashtags(call), set(call.items("slugs"))
    answer = {kind: [r for r in known.get(kind, []) if {r["slug"], r["ref"]} & wanted] for kind in call.items("order")}
    return Json(answer)


def groups(call: Call) -> Json:
    """GET /groups.json: groups that can be written to."""
    shown = [_group(call, g) for g in GROUPS]
    return Json({"groups": shown, "total_rows_groups": len(shown), "load_more_groups": "/groups?page=1"})


def group(call: Call) -> Json:
    """GET /groups/:name.json."""
    for row in GROUPS:
        if row["name"] == call.path_params["name"]:
            return Json({"group": _group(call, row), "extras": {"visible_group_names": [g["name"] for g in GROUPS]}})
    raise not_found()


def _group(call: Call, row: Row) -> Row:
    column = {"admins": "admin", "moderators": "moderator", "staff": "admin OR moderator"}.get(row["name"], "0")
    count = call.site.db.value(f"SELECT count(*) FROM users WHERE ({column}) AND id > 0 AND deleted_at IS NULL")
    may = staff(call.user)
    return {
        **row,
        "display_name": row["full_name"] or row["name"],
        "user_count": count if row["automatic"] else 4,
        "mentionable_level": 3,
        "messageable_level": 99,
        "visibility_level": 0,
        "can_see_members": may,
        "assignable_level": 3,
        "has_messages": True,
    }


ROUTES = [
    ("GET", "/u/search/users", users),
    ("GET", "/users/search/users", users),
    ("GET", "/tags/filter/search", tags),
    ("GET", "/hashtags/search", hashtags),
    ("GET", "/hashtags", lookup),
    ("GET", "/groups", groups),
    ("GET", "/groups/{name}", group),
]
