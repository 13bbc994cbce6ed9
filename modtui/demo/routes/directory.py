"""The public directory of members."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modtui.demo import people
from modtui.demo.model import DAY, Row, iso, now_ms
from modtui.demo.routes.completion import escaped
from modtui.demo.wire import Call, Json, bad_request, invalid_access, missing

PAGE, MOST_PAGES = 50, 10
COLUMNS = ("likes_received", "likes_given", "topic_count", "post_count", "posts_read", "days_visited")
PERIODS = {"daily": 1, "weekly": 7, "monthly": 30, "quarterly": 90, "yearly": 365, "all": 0}


def directory(call: Call) -> Json:
    """GET /directory_items.json?period=&order=&asc=&page=&name=: 50 a page and at most eleven pages.

    The counts are those of all time for every period, since this world keeps no others; a period leaves out who was
    not there in it. On the first page the asker stands on top when not among the first ten.
    """
    period = call.text("period")
    if not period:
        raise missing("period")
    if period not in PERIODS:
        raise invalid_access()
    page = call.number("page", 0) or 0
    if not 0 <= page <= MOST_PAGES:
        raise bad_request("page is invalid")
    limit = min(max(call.number("limit", PAGE) or PAGE, 1), PAGE)
    asked = call.text("order")
    column = asked if asked in COLUMNS else "username_lower" if asked == "username" else COLUMNS[0]
    direction = "ASC" if call.params.get("asc") not in (None, "") else "DESC"
    where, params = "deleted_at IS NULL AND id > 0 AND active AND approved", list[object]()
    if call.text("name"):
        like = f"%{escaped(call.text('name').lower())}%"
        where += " AND id IN (SELECT id FROM users WHERE username_lower LIKE ? ESCAPE '\\' OR name LIKE ? ESCAPE '\\'"
        where += " ORDER BY username_lower LIMIT 200)"
        params += [like, like]
    if call.text("username"):
        where += " AND username_lower = ?"
        params.append(call.text("username").lower())
    if PERIODS[period]:
        where += " AND last_seen_at > ?"
        params.append(now_ms() - PERIODS[period] * DAY)
    total = _total(call, where, params)
    rows = call.site.db.all(
        f"SELECT * FROM users WHERE {where} ORDER BY {column} {direction}, id LIMIT ? OFFSET ?",
        [*params, limit, page * limit],
    )
    me = call.user
    if rows and me is not None and page == 0 and me["id"] not in [u["id"] for u in rows[:10]]:
        rows = [me, *[u for u in rows if u["id"] != me["id"]]]
    kept = {k: call.text(k) for k in ("period", "order", "asc", "name") if call.text(k)}
    more = f"/directory_items.json?{urlencode({**kept, 'page': page + 1})}"
    meta: dict[str, Any] = {
        "last_updated_at": iso(now_ms()),
        "total_rows_directory_items": total,
        "load_more_directory_items": more,
    }
    return Json({"directory_items": [_item(u) for u in rows], "meta": meta})


def _item(user: Row) -> Row:
    return {
        "id": user["id"],
        **{name: user[name] for name in COLUMNS},
        "topics_entered": user["posts_read"] // 8,
        "time_read": user["time_read"],
        "solutions": user["solved_count"],
        "user": {
            **people.basic(user),
            "title": user["title"],
            "trust_level": user["trust_level"],
            "primary_group_name": None,
            "flair_name": None,
        },
    }


def _total(call: Call, where: str, params: list[object]) -> int:
    """How many there are; counted anew when something changed, since a page must be quick among 100,000."""
    if call.text("name") or call.text("username"):
        return int(call.site.db.value(f"SELECT count(*) FROM users WHERE {where}", params))
    key = f"directory:{call.text('period')}"
    known = call.site.memo.get(key)
    if known is not None and known[0] == call.site.db.changes:
        return int(known[1])
    total = int(call.site.db.value(f"SELECT count(*) FROM users WHERE {where}", params))
    call.site.memo[key] = (call.site.db.changes, total)
    return total


ROUTES = [("GET", "/directory_items", directory)]
