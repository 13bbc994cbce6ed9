"""Topics and posts as the API shows them, and who may see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from modtui.demo import people
from modtui.demo.cooked import excerpt
from modtui.demo.model import DAY, QUEUED, Row, iso, now_ms
from modtui.demo.people import is_staff
from modtui.demo.shared_json import cooked_of, tag_ids
from modtui.demo.site import Site
from modtui.demo.topic_json import assigned, topic_row, topic_state
from modtui.demo.wire import Call, not_found

HIDDEN_WORDS = "<p>This post was flagged by the community and is temporarily hidden.</p>"
FLAG_IDS = (3, 4, 6, 7, 8, 10)


def staff(viewer: Row | None) -> bool:
    """Whether the viewer is staff."""
    return viewer is not None and is_staff(viewer)


def sees_topic(site: Site, topic: Row, viewer: Row | None) -> bool:
    """Whether the viewer may see a topic: deleted and staff-only ones staff, private ones who is in them."""
    if topic["archetype"] == "private_message":
        if viewer is None:
            return False
        if viewer["admin"] or topic["user_id"] == viewer["id"] or (viewer["moderator"] and topic["is_warning"]):
            return True
        groups = [g["name"] for g in people.groups(viewer)]
        return (
            site.db.one(
                "SELECT 1 FROM topic_allowed WHERE topic_id = ? AND (user_id = ? OR group_name IN (SELECT value "
                "FROM json_each(?)))",
                [topic["id"], viewer["id"], json.dumps(groups)],
            )
            is not None
        )
    if topic["deleted_at"] is not None and not staff(viewer):
        return False
    category = site.categories().get(topic["category_id"])
    return not (category and category["read_restricted"]) or staff(viewer)


def find_topic(call: Call, topic_id: int | None = None) -> Row:
    """The topic named in the path, if the viewer may see it; else 404."""
    topic = call.site.db.one("SELECT * FROM topics WHERE id = ?", [topic_id if topic_id is not None else call.id()])
    if topic is None or not sees_topic(call.site, topic, call.user):
        raise not_found()
    return topic


def find_post(call: Call, post_id: int | None = None) -> Row:
    """The post named in the path, if the viewer may see it (deleted ones: staff and their author); else 404."""
    post = call.site.db.one("SELECT * FROM posts WHERE id = ?", [post_id if post_id is not None else call.id()])
    if post is None:
        raise not_found()
    topic = call.site.db.one("SELECT * FROM topics WHERE id = ?", [post["topic_id"]])
    mine = call.user is not None and call.user["id"] == post["user_id"]
    if topic is None or not sees_topic(call.site, topic, call.user):
        raise not_found()
    if post["deleted_at"] is not None and not (staff(call.user) or mine):
        raise not_found()
    if post["post_type"] == 4 and not staff(call.user):
        raise not_found()
    return post


def can_edit(post: Row, viewer: Row | None) -> bool:
    """Staff, or the author while the post is neither locked nor deleted."""
    if viewer is None:
        return False
    return is_staff(viewer) or (viewer["id"] == post["user_id"] and not post["locked"] and post["deleted_at"] is None)


def posts_json(call: Call, posts: Sequence[Row], *, raw: bool = False) -> list[Row]:
    """Posts in full, in the order given; `raw` adds the Markdown."""
    site, viewer = call.site, call.user
    db = site.db
    topics = db.by_ids("topics", [p["topic_id"] for p in posts])
    users = db.by_ids("users", [p["user_id"] for p in posts] + [p["deleted_by"] for p in posts])
    items: dict[int, Row] = {}
    if staff(viewer):
        for row in db.all(
            "SELECT r.id, r.target_id, count(s.id) AS n, sum(s.status = 0) AS pending FROM reviewables r"
            " LEFT JOIN reviewable_scores s ON s.reviewable_id = r.id WHERE r.target_type = 'Post'"
            " AND r.target_id IN (SELECT value FROM json_each(?)) GROUP BY r.id",
            [json.dumps([p["id"] for p in posts])],
        ):
            items[row["target_id"]] = row
    kept = bookmarked_posts(call, [p["id"] for p in posts])
    return [
        _post(call, post, topics[post["topic_id"]], users, items.get(post["id"]), raw) | kept.get(post["id"], {})
        for post in posts
    ]


def bookmarked_posts(call: Call, ids: list[int]) -> dict[int, Row]:
    """What a post says of the viewer's bookmark on it, by post id."""
    if call.user is None:
        return {}
    rows = call.site.db.all(
        "SELECT * FROM bookmarks WHERE user_id = ? AND bookmarkable_type = 'Post' AND bookmarkable_id IN"
        " (SELECT value FROM json_each(?))",
        [call.user["id"], json.dumps(ids)],
    )
    return {
        row["bookmarkable_id"]: {
            "bookmarked": True,
            "bookmark_id": row["id"],
            "bookmark_name": row["name"],
            "bookmark_reminder_at": iso(row["reminder_at"]),
            "bookmark_auto_delete_preference": row["auto_delete_preference"],
        }
        for row in rows
    }


def _post(call: Call, post: Row, topic: Row, users: dict[int, Row], item: Row | None, raw: bool) -> Row:
    viewer, site = call.user, call.site
    author = users.get(post["user_id"])
    mine = viewer is not None and viewer["id"] == post["user_id"]
    is_mod = staff(viewer)
    masked = post["hidden"] and not (mine or is_mod)
    gone = author is None or author["deleted_at"] is not None
    out: Row = {
        "id": post["id"],
        "name": author["name"] if author and not gone else None,
        "username": author["username"] if author and not gone else None,
        "avatar_template": people.avatar(author) if author else "/images/avatar.png",
        "created_at": iso(post["created_at"]),
        "cooked": HIDDEN_WORDS if masked else cooked_of(site, post),
        "post_number": post["post_number"],
        "post_type": post["post_type"],
        "posts_count": topic["posts_count"],
        "updated_at": iso(post["updated_at"]),
        "reply_count": post["reply_count"],
        "reply_to_post_number": post["reply_to_post_number"],
        "quote_count": post["raw"].count("[quote=") if not masked else 0,
        "incoming_link_count": 0,
        "reads": topic["views"] // 3 + 1,
        "readers_count": topic["views"] // 3,
        "score": float(post["like_count"] * 15),
        "yours": mine,
        "topic_id": post["topic_id"],
        "topic_slug": topic["slug"],
        "display_username": author["name"] if author and not gone else None,
        "primary_group_name": None,
        "version": post["version"],
        "can_edit": can_edit(post, viewer),
        "can_delete": bool(is_mod or mine) and post["deleted_at"] is None,
        "can_recover": is_mod and post["deleted_at"] is not None,
        "can_see_hidden_post": bool(mine or is_mod),
        "can_wiki": is_mod,
        "link_counts": [],
        "read": True,
        "user_title": author["title"] if author else None,
        "bookmarked": False,
        "actions_summary": _summary(post, viewer, mine),
        "moderator": bool(author and author["moderator"]),
        "admin": bool(author and author["admin"]),
        "staff": bool(author and is_staff(author)),
        "user_id": post["user_id"],
        "hidden": bool(post["hidden"]),
        "trust_level": author["trust_level"] if author else None,
        "deleted_at": iso(post["deleted_at"]),
        "user_deleted": bool(post["user_deleted"]),
        "edit_reason": post["edit_reason"],
        "can_view_edit_history": is_mod or post["version"] > 1,
        "wiki": bool(post["wiki"]),
        "locale": post["locale"],
    }
    if raw and not masked:
        out["raw"] = post["raw"]
    if post["hidden"]:
        out["hidden_reason_id"] = post["hidden_reason_id"]
    if post["locked"]:
        out["locked"] = True
    if post["notice"]:
        out["notice"] = {"type": "custom", "raw": post["notice"], "cooked": f"<p>{excerpt(post['notice'])}</p>"}
    elif post["notice_type"]:
        out["notice"] = {"type": post["notice_type"]}
    if post["action_code"]:
        out["action_code"] = post["action_code"]
    if post["deleted_by"] is not None and post["deleted_by"] in users:
        out["deleted_by"] = people.basic(users[post["deleted_by"]])
    if site.settings.solved:
        solved_place = bool((site.categories().get(topic["category_id"]) or {}).get("solved"))
        accepted = topic["accepted_post_id"] == post["id"]
        may = solved_place and (is_mod or (viewer is not None and viewer["id"] == topic["user_id"]))
        out |= {
            "accepted_answer": accepted,
            "topic_accepted_answer": topic["accepted_post_id"] is not None,
            "can_accept_answer": bool(may and not accepted and post["post_number"] > 1),
            "can_unaccept_answer": bool(may and accepted),
        }
    if is_mod:
        out |= {
            "reviewable_id": item["id"] if item else 0,
            "reviewable_score_count": item["n"] if item else 0,
            "reviewable_score_pending_count": (item["pending"] or 0) if item else 0,
        }
    return out


def _summary(post: Row, viewer: Row | None, mine: bool) -> list[Row]:
    out: list[Row] = []
    if post["like_count"] or (viewer and not mine):
        line: Row = {"id": 2, "count": post["like_count"], "can_act": bool(viewer and not mine)}
        out.append({key: value for key, value in line.items() if value})
    if viewer and not mine:
        out += [{"id": kind, "can_act": True} for kind in FLAG_IDS]
    return out


def stream_ids(call: Call, topic: Row) -> list[int]:
    """Ids of a topic's posts that the viewer sees, in order; `show_deleted`, `username_filters`, `filter` apply."""
    sql, params = "SELECT p.id FROM posts p JOIN users u ON u.id = p.user_id WHERE p.topic_id = ?", [topic["id"]]
    if not (staff(call.user) and (call.flag("show_deleted") or topic["deleted_at"] is not None)):
        sql += " AND p.deleted_at IS NULL"
    if not staff(call.user):
        sql += " AND p.post_type != 4"
    for name in call.items("username_filters")[:1]:
        sql += " AND u.username_lower = ?"
        params.append(name.lower())
    if call.text("filter") == "summary":
        sql += " AND (p.post_number = 1 OR p.like_count > 0)"
    return [row["id"] for row in call.site.db.all(sql + " ORDER BY p.post_number", params)]


def topic_view(call: Call, topic: Row, posts: list[Row], stream: Iterable[int]) -> Row:
    """The answer of GET /t/:id.json."""
    site, viewer = call.site, call.user
    users = site.db.by_ids("users", [topic["user_id"], topic["last_post_user_id"], topic["deleted_by"]])
    is_mod = staff(viewer)
    out = topic_row(topic, tag_ids(site), users, posters=[])
    state = topic_state(site, topic["id"], viewer)
    for key in ("posters", "unseen", "bumped", "bumped_at", "last_poster_username", "can_have_answer"):
        out.pop(key, None)
    participants = site.db.all(
        "SELECT u.*, count(*) AS n FROM posts p JOIN users u ON u.id = p.user_id WHERE p.topic_id = ? AND "
        "p.deleted_at IS NULL"
        " AND u.deleted_at IS NULL GROUP BY u.id ORDER BY n DESC LIMIT 24",
        [topic["id"]],
    )
    private = topic["archetype"] == "private_message"
    creator, last = users.get(topic["user_id"]), users.get(topic["last_post_user_id"])
    details: Row = {
        "created_by": people.basic(creator) if creator else None,
        "last_poster": people.basic(last) if last else None,
        "participants": [{**people.basic(p), "post_count": p["n"]} for p in participants],
        "notification_level": state["level"],
        "can_edit": is_mod,
        "can_delete": is_mod,
        "can_create_post": viewer is not None and (is_mod or not topic["closed"]),
        "can_reply_as_new_topic": viewer is not None,
        "can_flag_topic": viewer is not None,
        **{
            f"can_{what}": is_mod
            for what in (
                "move_posts",
                "review_topic",
                "close_topic",
                "archive_topic",
                "split_merge_topic",
                "toggle_topic_visibility",
                "pin_unpin_topic",
                "banner_topic",
                "moderate_category",
                "convert_topic",
                "edit_staff_notes",
            )
        },
    }
    if private:
        allowed = site.db.all("SELECT * FROM topic_allowed WHERE topic_id = ?", [topic["id"]])
        members = site.db.by_ids("users", [a["user_id"] for a in allowed])
        details["allowed_users"] = [people.basic(u) for u in members.values()]
        details["allowed_groups"] = [{"id": 2, "name": a["group_name"]} for a in allowed if a["group_name"]]
    out |= {
        "post_stream": {"posts": posts_json(call, posts, raw=call.flag("include_raw")), "stream": list(stream)},
        "timeline_lookup": [[1, (now_ms() - topic["created_at"]) // DAY]],
        "user_id": topic["user_id"],
        "word_count": 100,
        "deleted_at": iso(topic["deleted_at"]),
        "deleted_by": people.basic(users[topic["deleted_by"]]) if topic["deleted_by"] in users else None,
        "participant_count": len(participants),
        "chunk_size": 20,
        "slow_mode_seconds": 0,
        "topic_timer": None,
        "message_bus_last_id": site.bus.last(f"/topic/{topic['id']}"),
        "bookmarked": bool(state["bookmarks"]),
        "bookmarks": state["bookmarks"],
        **assigned(site, topic["id"], whole=True),
        "actions_summary": [
            {"id": kind, "count": 0, "hidden": False, "can_act": viewer is not None} for kind in (4, 7, 8)
        ],
        "locale": topic["locale"],
        "details": details,
    }
    if viewer is not None:
        waiting = site.db.all(
            "SELECT id, payload, created_at FROM reviewables WHERE type = ? AND status = 0 AND topic_id = ?"
            " AND target_created_by_id = ? ORDER BY id",
            [QUEUED, topic["id"], viewer["id"]],
        )
        if waiting:
            out["pending_posts"] = [
                {"id": row["id"], "raw": json.loads(row["payload"])["raw"], "created_at": iso(row["created_at"])}
                for row in waiting
            ]
    if topic["accepted_post_id"] is not None:
        answer = site.db.one(
            "SELECT p.*, u.username, u.name FROM posts p JOIN users u ON u.id = p.user_id WHERE p.id = ?",
            [topic["accepted_post_id"]],
        )
        if answer:
            out["accepted_answer"] = {
                "post_number": answer["post_number"],
                "username": answer["username"],
                "name": answer["name"],
                "excerpt": excerpt(answer["raw"]),
            }
    return out
