"""Members as staff see them, and what staff can do to them. Everybody else is told 404."""

from __future__ import annotations

from typing import Any

from modtui.demo import effects, people
from modtui.demo.model import DAY, Row, iso, now_ms
from modtui.demo.people import can_be_deleted, is_silenced, is_staff, is_suspended
from modtui.demo.routes.completion import escaped
from modtui.demo.wire import OK, Call, Json, contract, invalid_access, not_found

LADDER = (3, 7, 30, 90, 365)
EVERYBODY = "1"
# Two of the names only mean an order: of everybody, by when they were there last, and by when they joined.
QUERIES = {
    "active": EVERYBODY,
    "new": EVERYBODY,
    "staff": "(admin OR moderator)",
    "admins": "admin",
    "moderators": "moderator",
    "suspended": "suspended_till > :now",
    "silenced": "silenced_till > :now",
    "blocked": "silenced_till > :now",
    "suspect": "id IN (SELECT target_id FROM reviewables WHERE type = 'ReviewableUser' AND status = 0 AND "
    "potential_spam)",
    "staged": "0",
    "pending": "NOT approved AND active AND (suspended_till IS NULL OR suspended_till < :now)",
    "newuser": "trust_level = 0",
    "basic": "trust_level = 1",
    "member": "trust_level = 2",
    "regular": "trust_level = 3",
    "leader": "trust_level = 4",
}
ORDERS = {
    "created": "created_at",
    "seen": "last_seen_at",
    "username": "username_lower",
    "email": "email",
    "trust_level": "trust_level",
    "days_visited": "days_visited",
    "posts_read": "posts_read",
    "topics_viewed": "posts_read",
    "posts": "post_count",
    "read_time": "time_read",
    "last_emailed": "last_seen_at",
}


def target(call: Call) -> Row:
    """The member in the path, for staff; 404 otherwise."""
    call.need_admin_route()
    user = call.site.user(call.id())
    if user is None:
        raise not_found()
    return user


def show(call: Call) -> Json:
    """GET /admin/users/:id.json."""
    user = target(call)
    return Json(detail(call, user))


def _row(user: Row) -> Row:
    return {
        **people.basic(user),
        "active": bool(user["active"]),
        "admin": bool(user["admin"]),
        "moderator": bool(user["moderator"]),
        "last_seen_at": iso(user["last_seen_at"]),
        "created_at": iso(user["created_at"]),
        "last_seen_age": (now_ms() - (user["last_seen_at"] or user["created_at"])) / 1000,
        "created_at_age": (now_ms() - user["created_at"]) / 1000,
        "trust_level": user["trust_level"],
        "manual_locked_trust_level": None,
        "title": user["title"],
        "time_read": user["time_read"],
        "staged": False,
        "approved": bool(user["approved"]),
        "days_visited": user["days_visited"],
        "posts_read_count": user["posts_read"],
        "topics_entered": user["posts_read"] // 8,
        "post_count": user["post_count"],
    }


def detail(call: Call, user: Row) -> dict[str, Any]:
    """Everything staff see of a member."""
    db = call.site.db
    now = now_ms()
    counts = user["silenced_count"] + user["suspended_count"]
    similar = db.all(
        "SELECT * FROM users WHERE ip = ? AND id != ? AND deleted_at IS NULL AND NOT admin AND NOT moderator"
        " ORDER BY last_seen_at DESC LIMIT 100",
        [user["ip"], user["id"]],
    )
    out = _row(user) | {
        **_addresses(call, user),
        "like_count": user["likes_received"],
        "like_given_count": user["likes_given"],
        "topic_count": user["topic_count"],
        "post_edits_count": 0,
        "flags_given_count": user["flags_agreed"] + user["flags_disagreed"] + user["flags_ignored"],
        "flags_received_count": user["flags_received"],
        "private_topics_count": db.value(
            "SELECT count(*) FROM topics WHERE user_id = ? AND archetype = 'private_message'", [user["id"]]
        ),
        "warnings_received_count": user["warnings_count"],
        "bounce_score": 0,
        "penalty_counts": {"silenced": user["silenced_count"], "suspended": user["suspended_count"]},
        "next_penalty": iso(now + LADDER[min(counts, len(LADDER) - 1)] * DAY),
        "suspend_reason": user["suspend_reason"] if is_suspended(user) else None,
        "full_suspend_reason": user["suspend_reason"] if is_suspended(user) else None,
        "silence_reason": user["silence_reason"] if is_silenced(user) else None,
        "full_silence_reason": user["silence_reason"] if is_silenced(user) else None,
        "can_be_deleted": can_be_deleted(user),
        "can_delete_all_posts": can_be_deleted(user) or (user["post_count"] <= 15 and not is_staff(user)),
        "can_be_anonymized": bool(call.me["admin"]) and not is_staff(user),
        "can_be_merged": bool(call.me["admin"]),
        "can_change_trust_level": True,
        "can_activate": not user["active"],
        "can_deactivate": bool(user["active"]) and not is_staff(user),
        "can_grant_moderation": bool(call.me["admin"]),
        "similar_users_count": len(similar),
        "similar_users": [people.basic(other) for other in similar[:10]],
        "badge_count": 1 + user["post_count"] // 200,
        "groups": people.groups(user),
        "user_notes_count": people.notes_count(call.site, user["id"]),
        "external_ids": {},
        "silenced": is_silenced(user),
    }
    if is_suspended(user):
        by = call.site.user(user["suspended_by"])
        out |= {
            "suspended_at": iso(user["suspended_at"]),
            "suspended_till": iso(user["suspended_till"]),
            "suspended": True,
            "suspended_by": people.basic(by) if by else None,
        }
    if is_silenced(user):
        by = call.site.user(user["silenced_by"])
        out |= {
            "silenced_at": iso(user["silenced_at"]),
            "silenced_till": iso(user["silenced_till"]),
            "silenced_by": people.basic(by) if by else None,
        }
    return out


def _addresses(call: Call, user: Row) -> Row:
    if not (call.me["admin"] or call.site.settings.moderators_view_ips):
        return {}
    return {"ip_address": user["ip"], "registration_ip_address": user["registration_ip"]}


def listing(call: Call) -> Json:
    """GET /admin/users/list/:q.json: 100 a page, e-mail only with `show_emails` (which is logged)."""
    me = call.need_admin_route()
    where = QUERIES.get(call.path_params["q"])
    if where is None:
        raise not_found()
    where += " AND deleted_at IS NULL AND id > 0"
    params: dict[str, Any] = {"now": now_ms()}
    text = call.text("filter").strip()
    if text:
        where += " AND (username_lower LIKE :f ESCAPE '\\' OR name LIKE :f ESCAPE '\\' OR email = :raw"
        where += " OR ip = :raw OR registration_ip = :raw)"
        params |= {"f": f"%{escaped(text.lower())}%", "raw": text.lower()}
    if call.text("email"):
        where += " AND email = :email"
        params["email"] = call.text("email").lower()
    if call.text("ip"):
        where += " AND (ip = :ip OR registration_ip = :ip)"
        params["ip"] = call.text("ip").strip()
    if call.number("exclude") is not None:
        where += " AND id != :exclude"
        params["exclude"] = call.number("exclude")
    usual = "last_seen_at" if call.path_params["q"] == "active" else "created_at"
    column = ORDERS.get(call.text("order"), usual)
    direction = "ASC" if call.params.get("asc") not in (None, "", "false", False) else "DESC"
    params["skip"] = (max(call.number("page", 1) or 1, 1) - 1) * 100
    rows = call.site.db.all(
        # The page's ids come from an index alone, so that the last pages of a large community are quick too.
        f"SELECT * FROM users WHERE id IN (SELECT id FROM users WHERE {where} ORDER BY {column} {direction},"
        f" username_lower LIMIT 100 OFFSET :skip) ORDER BY {column} {direction}, username_lower",
        params,
    )
    mails = call.flag("show_emails") and people.sees_emails(call.site, me)
    if mails:
        call.site.log_staff("check_email", me["id"], details="list")
    return Json([_list_row(user, mails) for user in rows])


def _list_row(user: Row, mails: bool) -> Row:
    out = _row(user)
    if mails:
        out |= {"email": user["email"], "secondary_emails": []}
    if is_suspended(user):
        out["suspended"] = True
    if is_silenced(user):
        out |= {"silenced": True, "silence_reason": user["silence_reason"]}
    return out


def delete(call: Call) -> Json:
    """DELETE /admin/users/:id with delete_posts, block_email, block_ip, block_urls."""
    user = target(call)
    if is_staff(user):
        raise invalid_access()
    if not can_be_deleted(user):
        raise invalid_access()
    posts = call.site.db.value("SELECT count(*) FROM posts WHERE user_id = ? AND deleted_at IS NULL", [user["id"]])
    if posts and not call.flag("delete_posts") and not call.flag("delete_as_spammer"):
        return Json(
            {"deleted": False, "message": "The member has posts. Delete these first.", "user": detail(call, user)}
        )
    spammer = call.flag("delete_as_spammer")
    block = call.flag("block_ip") or call.flag("block_email") or call.flag("block_urls")
    with call.site.db.write():
        effects.delete_user(call.site, user, call.me, block=block, spammer=spammer, context=call.text("context"))
    call.site.tell_counts()
    return Json({"deleted": True})


def delete_posts_batch(call: Call) -> Json:
    """PUT /admin/users/:id/delete_posts_batch: at most 20 a call."""
    user = target(call)
    if is_staff(user) or not (can_be_deleted(user) or user["post_count"] <= 15):
        raise invalid_access()
    posts = call.site.db.all(
        "SELECT * FROM posts WHERE user_id = ? AND deleted_at IS NULL ORDER BY id DESC LIMIT 20", [user["id"]]
    )
    with call.site.db.write():
        for post in posts:
            effects.agree_with_flags(call.site, post, call.me)
            effects.delete_post(call.site, post, call.me)
    return Json({"posts_deleted": len(posts)})


def _set(**values: int) -> Any:
    def handler(call: Call) -> Json:
        user = target(call)
        if is_staff(user) and "active" in values:
            raise invalid_access()
        call.site.db.update("users", user["id"], **values)
        if "approved" in values:
            item = call.site.db.one(
                "SELECT * FROM reviewables WHERE type = 'ReviewableUser' AND target_id = ? AND status = 0", [user["id"]]
            )
            if item:
                effects.decide_scores(call.site, item["id"], 1, call.me["id"])
                effects.transition(call.site, item["id"], 1, call.me["id"])
                call.site.db.run("UPDATE reviewables SET version = version + 1 WHERE id = ?", [item["id"]])
                call.site.tell_counts()
        return Json(OK)

    return handler


def approve_bulk(call: Call) -> Json:
    """PUT /admin/users/approve-bulk users[]: several accounts at once."""
    call.need_admin_route()
    for number in [int(part) for part in call.items("users") if part.isdigit()]:
        if call.site.user(number) is not None:
            call.path_params = {"id": number}
            _set(approved=1)(call)
    return Json(OK)


def trust_level(call: Call) -> Json:
    """PUT /admin/users/:id/trust_level level=0..4."""
    user = target(call)
    level = call.number("level")
    if level is None or not 0 <= level <= 4:
        raise contract("Level is not included in the list")
    call.site.db.update("users", user["id"], trust_level=level)
    return Json(detail(call, call.site.user(user["id"]) or user))


def log_out(call: Call) -> Json:
    """POST /admin/users/:id/log_out."""
    user = target(call)
    call.site.db.update("users", user["id"], logged_out_at=now_ms())
    call.site.log_staff("log_out", call.me["id"], target_user_id=user["id"])
    return Json(OK)


ROUTES = [
    ("GET", "/admin/users/{id:int}", show),
    ("GET", "/admin/users/{id:int}/{username}", show),
    ("GET", "/admin/users/list/{q}", listing),
    ("DELETE", "/admin/users/{id:int}", delete),
    ("PUT", "/admin/users/{id:int}/delete_posts_batch", delete_posts_batch),
    ("PUT", "/admin/users/{id:int}/trust_level", trust_level),
    ("PUT", "/admin/users/{id:int}/approve", _set(approved=1)),
    ("PUT", "/admin/users/approve-bulk", approve_bulk),
    ("PUT", "/admin/users/{id:int}/activate", _set(active=1)),
    ("PUT", "/admin/users/{id:int}/deactivate", _set(active=0)),
    ("POST", "/admin/users/{id:int}/log_out", log_out),
]
