"""The assign plugin: topics and posts given to a colleague or a group."""

from __future__ import annotations

from modtui.demo import effects, people
from modtui.demo.model import Row, now_ms
from modtui.demo.people import is_staff
from modtui.demo.thread_json import find_post, find_topic
from modtui.demo.topic_json import GROUPS, PER_PAGE, topic_list
from modtui.demo.wire import OK, Call, Json, Problem, invalid_access, missing, not_found

MOST_PER_TOPIC, MOST_PER_USER = 5, 10
STATUSES = ("New", "In Progress", "Done")
ASSIGNABLE = ("moderators", "admins", "staff", "product-team", "legal-team", "support")


def _allowed(call: Call) -> Row:
    """The acting user, who must be of a group that may assign (staff here); 404 when the plugin is off."""
    if not call.site.settings.assign:
        raise not_found()
    return call.need_staff()


def _target(call: Call) -> tuple[str, int, Row]:
    """(type, id, topic) of what is to be assigned."""
    for name in ("target_id", "target_type"):
        if not call.text(name):
            raise missing(name)
    kind, number = call.text("target_type"), call.number("target_id") or 0
    if kind == "Topic":
        return kind, number, find_topic(call, number)
    if kind == "Post":
        return kind, number, find_topic(call, find_post(call, number)["topic_id"])
    raise not_found()


def _refused(words: str) -> Problem:
    return Problem(400, {"error": words})


def assign(call: Call) -> Json:
    """PUT /assign/assign: target_id, target_type, username or group_name, note?, status?."""
    me = _allowed(call)
    kind, number, topic = _target(call)
    user_id, group, shown = _assignee(call)
    db = call.site.db
    old = db.one("SELECT * FROM assignments WHERE target_type = ? AND target_id = ?", [kind, number])
    note, status = call.text("note") or None, call.text("status") or None
    if status is not None and status not in STATUSES:
        raise _refused("This status does not exist.")
    same = old is not None and (old["user_id"], old["group_name"]) == (user_id, group)
    if old is not None and same and (old["note"], old["status"]) == (note, status):
        raise _refused(f"This is already assigned to {shown}.")
    if not same:
        in_topic = db.value("SELECT count(*) FROM assignments WHERE topic_id = ?", [topic["id"]])
        if old is None and in_topic >= MOST_PER_TOPIC:
            raise _refused(f"Limit of {MOST_PER_TOPIC} assignments for this topic has been reached.")
        held = db.value("SELECT count(*) FROM assignments WHERE user_id = ?", [user_id])
        if user_id is not None and held >= MOST_PER_USER:
            raise _refused(f"{shown} has too many assignments already ({held}).")
    with db.write():
        if old is not None:
            db.run("DELETE FROM assignments WHERE id = ?", [old["id"]])
        db.insert(
            "assignments",
            target_type=kind,
            target_id=number,
            topic_id=topic["id"],
            user_id=user_id,
            group_name=group,
            note=note,
            status=status,
            assigned_by=me["id"],
            created_at=now_ms(),
        )
        word = "note_change" if same else "assigned" if user_id else "assigned_group"
        _told(call, topic, me, word, note or "", shown)
        _tell(call, topic, kind, number, {"type": "assigned", "assigned_to": shown.lstrip("@")})
    return Json(OK)


def _assignee(call: Call) -> tuple[int | None, str | None, str]:
    if call.text("username"):
        user = call.site.user_named(call.text("username"))
        if user is None:
            raise not_found()
        if not is_staff(user) or user["id"] < 0:
            raise _refused(f"@{user['username']} is not in a group that can be assigned to.")
        return user["id"], None, f"@{user['username']}"
    name = call.text("group_name")
    if not name:
        raise missing("username")
    if name not in ASSIGNABLE:
        raise not_found()
    return None, name, name


def unassign(call: Call) -> Json:
    """PUT /assign/unassign: harmless when nobody is assigned."""
    me = _allowed(call)
    kind, number, topic = _target(call)
    with call.site.db.write():
        sql = "DELETE FROM assignments WHERE target_type = ? AND target_id = ?"
        if call.site.db.run(sql, [kind, number]):
            _told(call, topic, me, "unassigned", "", "")
            _tell(call, topic, kind, number, {"type": "unassigned"})
    return Json(OK)


def _told(call: Call, topic: Row, me: Row, word: str, note: str, shown: str) -> None:
    raw = f"{shown} {note}".strip()
    effects.new_post(call.site, topic["id"], me["id"], raw, post_type=3, action_code=word, bump=False)


def _tell(call: Call, topic: Row, kind: str, number: int, what: Row) -> None:
    about = {"topic_id": topic["id"], "post_id": number if kind == "Post" else False, "assigned_type": "User"}
    call.site.bus.publish("/staff/topic-assignment", {**about, **what})


def suggestions(call: Call) -> Json:
    """GET /assign/suggestions: oneself, then who was assigned something lately."""
    me = _allowed(call)
    rows = call.site.db.all(
        "SELECT u.*, max(a.created_at) AS lately, count(*) AS held FROM assignments a JOIN users u ON u.id = a.user_id"
        " WHERE u.id != ? AND u.deleted_at IS NULL GROUP BY u.id HAVING held < ? ORDER BY lately DESC LIMIT 5",
        [me["id"], MOST_PER_USER],
    )
    answer = {
        "assign_allowed_on_groups": ["staff"],
        "assign_allowed_for_groups": list(ASSIGNABLE),
        "suggestions": [people.basic(user) for user in (me, *rows)],
    }
    return Json(answer)


def members(call: Call) -> Json:
    """GET /assign/members/:group.json: who of a group has how much."""
    _allowed(call)
    name = call.path_params["group"]
    if name not in ASSIGNABLE:
        raise not_found()
    column = {"admins": "u.admin", "moderators": "u.moderator", "staff": "u.admin OR u.moderator"}.get(name, "0")
    rows = call.site.db.all(
        f"SELECT u.*, count(*) AS n FROM assignments a JOIN users u ON u.id = a.user_id WHERE {column} GROUP BY u.id"
        " ORDER BY n DESC, u.id"
    )
    whole = call.site.db.value("SELECT count(*) FROM assignments WHERE group_name = ?", [name])
    return Json(
        {
            "members": [{**people.basic(u), "assignments_count": u["n"]} for u in rows],
            "assignment_count": sum(u["n"] for u in rows) + whole,
            "group_assignment_count": whole,
        }
    )


def of_user(call: Call) -> Json:
    """GET /topics/messages-assigned/:username.json: what somebody has to do."""
    _allowed(call)
    user = call.site.user_named(call.path_params["username"])
    if user is None:
        raise not_found()
    return _list(call, "user_id = ?", user["id"])


def of_group(call: Call) -> Json:
    """GET /topics/group-topics-assigned/:group.json."""
    _allowed(call)
    if call.path_params["group"] not in {g["name"] for g in GROUPS}:
        raise not_found()
    return _list(call, "group_name = ?", call.path_params["group"])


def _list(call: Call, where: str, value: object) -> Json:
    page = max(call.number("page", 0) or 0, 0)
    topics = call.site.db.all(
        f"SELECT * FROM topics WHERE deleted_at IS NULL AND id IN (SELECT topic_id FROM assignments WHERE {where})"
        " ORDER BY bumped_at DESC, id DESC LIMIT ? OFFSET ?",
        [value, PER_PAGE + 1, page * PER_PAGE],
    )
    more = f"{call.path}?page={page + 1}" if len(topics) > PER_PAGE else None
    return Json(topic_list(call.site, topics[:PER_PAGE], call.user, per_page=PER_PAGE, more=more))


def assigned(call: Call) -> Json:
    """GET /assign/assigned.json: everything that is assigned; admins."""
    _allowed(call)
    if not call.me["admin"]:
        raise invalid_access()
    topics = call.site.db.all(
        "SELECT t.* FROM topics t JOIN assignments a ON a.target_type = 'Topic' AND a.target_id = t.id"
        " WHERE a.user_id IS NOT NULL AND t.deleted_at IS NULL ORDER BY a.user_id, t.bumped_at DESC LIMIT 100"
    )
    listed = topic_list(call.site, topics, call.user, per_page=100, more=None)
    return Json({"topics": listed["topic_list"]["topics"]})


ROUTES = [
    ("PUT|POST", "/assign/assign", assign),
    ("PUT|POST", "/assign/unassign", unassign),
    ("GET", "/assign/suggestions", suggestions),
    ("GET", "/assign/assigned", assigned),
    ("GET", "/assign/members/{group}", members),
    ("GET", "/topics/messages-assigned/{username}", of_user),
    ("GET", "/topics/group-topics-assigned/{group}", of_group),
]
