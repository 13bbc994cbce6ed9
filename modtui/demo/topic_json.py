"""Topics as lists show them: who wrote there, whether it is solved, who it is assigned to, the viewer's own marks."""

from __future__ import annotations

import json
from collections.abc import Sequence

from modtui.demo import people
from modtui.demo.cooked import excerpt
from modtui.demo.model import Row, iso
from modtui.demo.shared_json import tag_ids, tags_json, topic_json
from modtui.demo.site import Site, load_list

PER_PAGE = 30
REGULAR = 1
"""The notification level of somebody who changed nothing: 0 muted, 1 normal, 2 tracking, 3 watching."""


def topic_row(topic: Row, tags: dict[str, int], users: dict[int, Row], *, posters: list[Row]) -> Row:
    """A topic as lists show it."""
    last = users.get(topic["last_post_user_id"])
    out: Row = {
        **topic_json(topic),
        "image_url": None,
        "bumped": True,
        "unseen": False,
        "pinned": bool(topic["pinned"]),
        "pinned_globally": bool(topic["pinned_globally"]),
        "unpinned": None,
        "bookmarked": None,
        "liked": None,
        "views": topic["views"],
        "like_count": topic["like_count"],
        "has_summary": False,
        "last_poster_username": last["username"] if last else None,
        "category_id": topic["category_id"],
        "featured_link": None,
        "tags": tags_json(load_list(topic["tags"]), tags),
        "posters": posters,
    }
    if topic["deleted_at"] is not None:
        out["deleted_at"] = iso(topic["deleted_at"])
    return out


def posters(topic: Row, frequent: Sequence[int]) -> list[Row]:
    """Who wrote in a topic: its author, up to three others by their number of posts, and the last one marked."""
    first, last = topic["user_id"], topic["last_post_user_id"]
    ids = [first, *[i for i in frequent if i not in (first, last)][:3]]
    ids += [last] if last not in ids and last is not None else []
    shown: list[Row] = []
    for user_id in ids:
        words = ["Original Poster"] if user_id == first else []
        if user_id == last:
            words.append("Most Recent Poster")
        if not words:
            words.append("Frequent Poster")
        extras = "latest" if user_id == last else None
        if extras and len(ids) == 1:
            extras = "latest single"
        shown.append({"extras": extras, "description": ", ".join(words), "user_id": user_id, "primary_group_id": None})
    return shown


def assigned(site: Site, topic_id: int, *, whole: bool = False) -> Row:
    """The keys that the assign plugin adds to a topic; `whole` adds the note, the status and assigned posts."""
    if not site.settings.assign:
        return {}
    rows = site.db.all("SELECT * FROM assignments WHERE topic_id = ? ORDER BY id", [topic_id])
    out: Row = {}
    indirect: Row = {}
    for row in rows:
        who = _assignee(site, row)
        if who is None:
            continue
        if row["target_type"] == "Topic":
            out["assigned_to_user" if row["user_id"] else "assigned_to_group"] = who
            if whole:
                out |= {"assignment_note": row["note"], "assignment_status": row["status"]}
        else:
            number = site.db.value("SELECT post_number FROM posts WHERE id = ?", [row["target_id"]])
            indirect[str(row["target_id"])] = {
                "assigned_to": who,
                "post_number": number,
                "assignment_note": row["note"],
                "assignment_status": row["status"],
            }
    if indirect:
        out["indirectly_assigned_to"] = indirect
    return out


def _assignee(site: Site, row: Row) -> Row | None:
    if row["group_name"]:
        name = row["group_name"]
        group = next((g for g in GROUPS if g["name"] == name), None)
        return {**group, "assign_icon": "group-plus", "assign_path": f"/g/{name}/assigned/everyone"} if group else None
    user = site.user(row["user_id"])
    if user is None:
        return None
    path = f"/u/{user['username']}/activity/assigned"
    return {**people.basic(user), "assign_icon": "user-plus", "assign_path": path}


GROUPS: tuple[Row, ...] = (
    {"id": 1, "name": "admins", "automatic": True, "full_name": None},
    {"id": 2, "name": "moderators", "automatic": True, "full_name": None},
    {"id": 3, "name": "staff", "automatic": True, "full_name": None},
    {"id": 41, "name": "product-team", "automatic": False, "full_name": "Product team"},
    {"id": 42, "name": "legal-team", "automatic": False, "full_name": "Legal team"},
    {"id": 43, "name": "support", "automatic": False, "full_name": "Support"},
)
"""Groups that can be written to and assigned to. The last three are people of other departments."""


def topic_state(site: Site, topic_id: int, viewer: Row | None) -> Row:
    """The viewer's own marks on a topic: notification level and bookmarks."""
    if viewer is None:
        return {"level": REGULAR, "bookmarks": []}
    level = site.db.value("SELECT level FROM topic_users WHERE topic_id = ? AND user_id = ?", [topic_id, viewer["id"]])
    kept = site.db.all(
        "SELECT * FROM bookmarks WHERE topic_id = ? AND user_id = ? ORDER BY id", [topic_id, viewer["id"]]
    )
    shown = [
        {
            "id": row["id"],
            "bookmarkable_id": row["bookmarkable_id"],
            "bookmarkable_type": row["bookmarkable_type"],
            "reminder_at": iso(row["reminder_at"]),
            "name": row["name"],
            "auto_delete_preference": row["auto_delete_preference"],
        }
        for row in kept
    ]
    return {"level": REGULAR if level is None else level, "bookmarks": shown}


def topic_list(site: Site, topics: Sequence[Row], viewer: Row | None, *, per_page: int, more: str | None) -> Row:
    """The answer of every topic list."""
    ids = json.dumps([t["id"] for t in topics])
    frequent: dict[int, list[int]] = {}
    for row in site.db.all(
        "SELECT topic_id, user_id, count(*) AS n FROM posts WHERE topic_id IN (SELECT value FROM json_each(?))"
        " AND deleted_at IS NULL AND post_type = 1 GROUP BY 1, 2 ORDER BY n DESC, user_id",
        [ids],
    ):
        frequent.setdefault(row["topic_id"], []).append(row["user_id"])
    wrote = {t["id"]: posters(t, frequent.get(t["id"], ())) for t in topics}
    users = site.db.by_ids("users", [p["user_id"] for shown in wrote.values() for p in shown])
    tags = tag_ids(site)
    marks = _marks(site, ids, viewer)
    sql = "SELECT topic_id FROM assignments WHERE topic_id IN (SELECT value FROM json_each(?))"
    taken = {row["topic_id"] for row in site.db.all(sql, [ids])}
    rows = []
    for topic in topics:
        shown = topic_row(topic, tags, users, posters=[p for p in wrote[topic["id"]] if p["user_id"] in users])
        shown |= marks.get(topic["id"], {})
        if site.settings.solved and topic["archetype"] == "regular":
            place = site.categories().get(topic["category_id"])
            shown["can_have_answer"] = bool(place and place["solved"])
        if topic["id"] in taken:
            shown |= assigned(site, topic["id"])
        if topic["pinned"] or site.settings.topic_excerpts:
            first = site.db.value("SELECT raw FROM posts WHERE topic_id = ? AND post_number = 1", [topic["id"]])
            shown["excerpt"] = excerpt(first or "")
        if topic["archetype"] == "private_message":
            shown["participants"] = _participants(site, topic)
        rows.append(shown)
    listed: Row = {"can_create_topic": viewer is not None}
    if more:
        listed["more_topics_url"] = more
    listed |= {"per_page": per_page, "top_tags": [], "topics": rows}
    shown_users = [
        {
            **people.basic(u),
            "trust_level": u["trust_level"],
            **{role: True for role in ("moderator", "admin") if u[role]},
        }
        for u in users.values()
    ]
    return {"users": shown_users, "primary_groups": [], "flair_groups": [], "topic_list": listed}


def _marks(site: Site, ids: str, viewer: Row | None) -> dict[int, Row]:
    if viewer is None:
        return {}
    out: dict[int, Row] = {}
    inside = "topic_id IN (SELECT value FROM json_each(?))"
    for row in site.db.all(f"SELECT * FROM topic_users WHERE user_id = ? AND {inside}", [viewer["id"], ids]):
        out.setdefault(row["topic_id"], {})["notification_level"] = row["level"]
    for row in site.db.all(f"SELECT topic_id FROM bookmarks WHERE user_id = ? AND {inside}", [viewer["id"], ids]):
        out.setdefault(row["topic_id"], {})["bookmarked"] = True
    return out


def _participants(site: Site, topic: Row) -> list[Row]:
    sql = "SELECT user_id FROM topic_allowed WHERE topic_id = ? AND user_id != ?"
    rows = site.db.all(sql, [topic["id"], topic["user_id"]])
    return [{"extras": None, "description": None, "user_id": row["user_id"], "primary_group_id": None} for row in rows]
