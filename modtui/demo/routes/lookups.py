"""What staff look up about an account: its address, who shares it, and what staff did."""

from __future__ import annotations

from modtui.demo import people
from modtui.demo.model import DAY, Row, iso, parse_time
from modtui.demo.wire import Call, Json, invalid_access, missing, not_found

_CITIES = (
    ("Leeds", "England", "United Kingdom", "GB"),
    ("Kassel", "Hesse", "Germany", "DE"),
    ("Nantes", "Pays de la Loire", "France", "FR"),
    ("Halifax", "Nova Scotia", "Canada", "CA"),
)


def _sees_ips(call: Call) -> Row:
    me = call.need_admin_route()
    if not (me["admin"] or call.site.settings.moderators_view_ips):
        raise invalid_access()
    return me


def ip_info(call: Call) -> Json:
    """GET /admin/users/ip-info.json?ip=: where an address is said to be."""
    _sees_ips(call)
    ip = call.text("ip")
    if not ip:
        raise missing("ip")
    number = sum(int(part) for part in ip.split(".") if part.isdigit())
    city, region, country, code = _CITIES[number % len(_CITIES)]
    return Json(
        {
            "hostname": f"host-{ip.replace('.', '-')}.isp.example",
            "city": city,
            "region": region,
            "country": country,
            "country_code": code,
            "location": f"{city}, {region}, {country}",
            "organization": "Example Net",
            "asn": 64_500 + number % 20,
        }
    )


def total_others(call: Call) -> Json:
    """GET /admin/users/total-others-with-same-ip.json?ip=&exclude=&order=."""
    _sees_ips(call)
    for name in ("ip", "exclude", "order"):
        if not call.text(name):
            raise missing(name)
    total = call.site.db.value(
        "SELECT count(*) FROM users WHERE (ip = :ip OR registration_ip = :ip) AND id != :not AND deleted_at IS NULL"
        " AND id > 0",
        {"ip": call.text("ip"), "not": call.number("exclude", 0)},
    )
    return Json({"total": total})


def staff_log(call: Call) -> Json:
    """GET /admin/logs/staff_action_logs.json: acting_user, target_user, action_name, subject, start_date, end_date."""
    call.need_admin_route()
    where, params = "1", list[object]()
    for name, column in (("acting_user", "acting_user_id"), ("target_user", "target_user_id")):
        if call.text(name):
            user = call.site.user_named(call.text(name))
            where += f" AND {column} = ?"
            params.append(user["id"] if user else 0)
    if call.text("action_name"):
        where += " AND action = ?"
        params.append(call.text("action_name"))
    if call.text("subject"):
        where += " AND details LIKE ?"
        params.append(f"%{call.text('subject')}%")
    for name, sign, more in (("start_date", ">=", 0), ("end_date", "<", DAY)):
        at = parse_time(call.text(name))
        if at is not None:
            where += f" AND created_at {sign} ?"
            params.append(at + more)
    limit = min(call.number("limit", 50) or 50, 200)
    page = max(call.number("page", 0) or 0, 0)
    rows = call.site.db.all(
        f"SELECT * FROM staff_log WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?", [*params, limit, page * limit]
    )
    users = call.site.db.by_ids("users", [r["acting_user_id"] for r in rows] + [r["target_user_id"] for r in rows])
    kinds = [row["action"] for row in call.site.db.all("SELECT DISTINCT action FROM staff_log ORDER BY action")]
    logs = [
        {
            "id": row["id"],
            "action_name": row["action"],
            "acting_user": people.basic(users[row["acting_user_id"]]) if row["acting_user_id"] in users else None,
            "target_user": people.basic(users[row["target_user_id"]]) if row["target_user_id"] in users else None,
            "subject": users[row["target_user_id"]]["username"] if row["target_user_id"] in users else None,
            "details": row["details"],
            "context": None,
            "email": None,
            "previous_value": None,
            "new_value": None,
            "post_id": row["post_id"],
            "topic_id": row["topic_id"],
            "category_id": None,
            "created_at": iso(row["created_at"]),
        }
        for row in rows
    ]
    actions = [{"id": kind, "action_id": number} for number, kind in enumerate(kinds, 1)]
    return Json({"staff_action_logs": logs, "extras": {"user_history_actions": actions}})


def reset_history(call: Call) -> Json:
    """DELETE /admin/users/:id/penalty_history: forget that there were penalties; admins."""
    me = call.need_admin_route()
    if not me["admin"]:
        raise not_found()
    user = call.site.user(call.id())
    if user is None:
        raise not_found()
    call.site.db.update("users", user["id"], silenced_count=0, suspended_count=0)
    call.site.log_staff("removed_suspend_user", me["id"], target_user_id=user["id"])
    return Json({"success": "OK"})


ROUTES = [
    ("GET", "/admin/users/ip-info", ip_info),
    ("GET", "/admin/users/total-others-with-same-ip", total_others),
    ("GET", "/admin/logs/staff_action_logs", staff_log),
    ("DELETE", "/admin/users/{id:int}/penalty_history", reset_history),
]
