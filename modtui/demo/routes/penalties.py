"""Suspend and silence, and lifting these."""

from __future__ import annotations

from modtui.demo import effects, people
from modtui.demo.model import FOREVER_MS, Row, iso, now_ms, parse_time
from modtui.demo.people import is_silenced, is_staff, is_suspended
from modtui.demo.routes.admin import target
from modtui.demo.wire import Call, Json, Problem, contract, invalid_access


def _already(user: Row, kind: str, by: Row | None, at: int | None) -> Problem:
    word = "suspended" if kind == "suspension" else "silenced"
    who = by["username"] if by else "somebody"
    return Problem(409, {"failed": "FAILED", "message": f"User was already {word} by {who} at {iso(at)}."})


def suspend(call: Call) -> Json:
    """PUT /admin/users/:id/suspend."""
    user = _punish(call, "suspension", "suspend_until")
    by = call.site.user(user["suspended_by"])
    return Json(
        {
            "suspension": {
                "suspend_reason": user["suspend_reason"],
                "full_suspend_reason": user["suspend_reason"],
                "suspended_till": iso(user["suspended_till"]),
                "suspended_at": iso(user["suspended_at"]),
                "suspended_by": people.basic(by) if by else None,
            }
        }
    )


def silence(call: Call) -> Json:
    """PUT /admin/users/:id/silence."""
    user = _punish(call, "silence", "silenced_till")
    by = call.site.user(user["silenced_by"])
    return Json(
        {
            "silence": {
                "silenced": True,
                "silence_reason": user["silence_reason"],
                "full_silence_reason": user["silence_reason"],
                "silenced_till": iso(user["silenced_till"]),
                "silenced_at": iso(user["silenced_at"]),
                "silenced_by": people.basic(by) if by else None,
            }
        }
    )


def _punish(call: Call, kind: str, until_name: str) -> Row:
    user = target(call)
    me = call.me
    if is_staff(user) or user["id"] <= 0:
        raise invalid_access()
    reason = call.text("reason").strip()
    problems = []
    if not reason:
        problems.append("Reason can't be blank")
    if len(reason) > 300:
        problems.append("Reason is too long (maximum is 300 characters)")
    asked = call.text(until_name)
    until = now_ms() + FOREVER_MS if asked == "forever" else parse_time(asked)
    if until is None:
        problems.append(f"{until_name.replace('_', ' ').capitalize()} can't be blank")
    action = call.text("post_action") or "none"
    if action not in ("delete", "delete_replies", "delete_all", "edit", "none"):
        problems.append("Post action is not included in the list")
    if problems or until is None:
        raise contract(*problems)
    if kind == "suspension" and is_suspended(user):
        raise _already(user, kind, call.site.user(user["suspended_by"]), user["suspended_at"])
    if kind == "silence" and is_silenced(user):
        raise _already(user, kind, call.site.user(user["silenced_by"]), user["silenced_at"])
    post_id = call.number("post_id")
    with call.site.db.write():
        others = [call.site.user(int(i)) for i in call.items("other_user_ids") if i.isdigit()]
        for person in [user, *(o for o in others if o is not None and not is_staff(o))]:
            effects.penalise(
                call.site,
                person,
                kind,
                me["id"],
                until,
                reason,
                post_id=post_id,
                reviewable_id=call.number("reviewable_id"),
            )
        if call.text("message").strip():
            effects.system_message(call.site, user["id"], "Your account", call.text("message"))
        _post_action(call, user, me, action, post_id)
    fresh = call.site.user(user["id"])
    assert fresh is not None
    return fresh


def _post_action(call: Call, user: Row, me: Row, action: str, post_id: int | None) -> None:
    site = call.site
    if action == "delete_all":
        for post in site.db.all("SELECT * FROM posts WHERE user_id = ? AND deleted_at IS NULL", [user["id"]]):
            effects.delete_post(site, post, me)
        return
    subject = site.db.one("SELECT * FROM posts WHERE id = ?", [post_id])
    if subject is None or action == "none":
        return
    if action == "edit":
        effects.edit_post(site, subject, call.text("post_edit"), me["id"])
        return
    if action == "delete_replies":
        effects.delete_replies(site, subject, me)
    effects.delete_post(site, subject, me)


def unsuspend(call: Call) -> Json:
    """PUT /admin/users/:id/unsuspend; harmless when there is nothing to lift."""
    user = target(call)
    effects.lift(call.site, user, "suspension", call.me["id"])
    return Json({"suspension": {"suspended_till": None, "suspended_at": None}})


def unsilence(call: Call) -> Json:
    """PUT /admin/users/:id/unsilence."""
    user = target(call)
    effects.lift(call.site, user, "silence", call.me["id"])
    return Json({"unsilence": {"silenced": False, "silence_reason": None, "silenced_till": None, "silenced_at": None}})


ROUTES = [
    ("PUT", "/admin/users/{id:int}/suspend", suspend),
    ("PUT", "/admin/users/{id:int}/silence", silence),
    ("PUT", "/admin/users/{id:int}/unsuspend", unsuspend),
    ("PUT", "/admin/users/{id:int}/unsilence", unsilence),
]
