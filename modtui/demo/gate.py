"""Who is asking, and may they ask so often: keys, scopes, the two request budgets."""

from __future__ import annotations

from collections import deque

from modtui.demo.model import Row, now_ms
from modtui.demo.people import is_suspended
from modtui.demo.site import Site, digest
from modtui.demo.wire import Call, Problem, invalid_access, not_logged_in

MINUTE_S, DAY_S = 60.0, 86_400.0
BUDGETS = {
    "admin": [(60, MINUTE_S, "admin_api_key_rate_limit")],
    "user": [(20, MINUTE_S, "user_api_key_limiter_60_secs"), (2880, DAY_S, "user_api_key_limiter_1_day")],
}


class SlowDown(Exception):
    """429. `shape` is json, text or html, as three layers of a real site answer."""

    def __init__(self, code: str, wait_s: float, shape: str = "json") -> None:
        super().__init__(code)
        self.code, self.wait_s, self.shape = code, max(1, round(wait_s)), shape


def identify(call: Call) -> None:
    """Fill in who is asking. Raises Problem 403 for a wrong, revoked or ambiguous credential."""
    api_key, user_key = call.headers.get("api-key"), call.headers.get("user-api-key")
    if api_key and user_key:
        raise invalid_access()
    if api_key:
        _by_admin_key(call, api_key)
    elif user_key:
        _by_user_key(call, user_key)


def _wrong_key() -> Problem:
    return Problem(403, {"errors": ["The API username or key is invalid."], "error_type": "invalid_access"})


def _by_admin_key(call: Call, given: str) -> None:
    key = call.site.db.one("SELECT * FROM api_keys WHERE hash = ? AND kind = 'admin'", [digest(given)])
    if key is None or key["revoked_at"] is not None:
        raise _wrong_key()
    named = call.headers.get("api-username", "")
    user = call.site.user_named(named) if named else None
    if key["user_id"] is not None:
        if named and (user is None or user["id"] != key["user_id"]):
            raise _wrong_key()
        user = call.site.user(key["user_id"])
    if user is None or not user["active"] or is_suspended(user):
        raise _wrong_key()
    call.user, call.via, call.key, call.scopes = user, "admin", key, frozenset({"write"})


def _by_user_key(call: Call, given: str) -> None:
    key = call.site.db.one("SELECT * FROM api_keys WHERE hash = ? AND kind = 'user'", [digest(given)])
    if key is None:
        raise invalid_access()
    if key["revoked_at"] is not None or (key["expires_at"] is not None and key["expires_at"] < now_ms()):
        raise not_logged_in()
    user = call.site.user(key["user_id"])
    if user is None or not user["active"] or is_suspended(user):
        raise not_logged_in()
    call.user, call.via, call.key = user, "user", key
    call.scopes = frozenset(str(key["scopes"]).split(","))
    if not _in_scope(call):
        raise invalid_access()


def _in_scope(call: Call) -> bool:
    path = call.path
    if "write" in call.scopes or path == "/user-api-key/revoke":
        return True
    if "read" in call.scopes and call.method in ("GET", "HEAD"):
        return True
    if path.startswith("/message-bus/"):
        return bool(call.scopes & {"message_bus", "notifications"})
    return "session_info" in call.scopes and path == "/session/current"


def charge(call: Call) -> None:
    """Take one request from the key's budget, if budgets are on. Raises SlowDown.

    A client that goes on asking while it is refused meets the layers behind: first plain text, then the HTML of nginx.
    """
    if call.key is None or call.via not in BUDGETS or call.site.settings.limits != call.via:
        return
    site, now = call.site, call.site.clock()
    for most, window_s, code in BUDGETS[call.via]:
        spent = site.windows.setdefault(f"{code}:{call.key['id']}", deque())
        while spent and spent[0] <= now - window_s:
            spent.popleft()
        if len(spent) >= most:
            wait = spent[0] + window_s - now
            refused = site.windows.setdefault(f"refused:{call.key['id']}", deque())
            while refused and refused[0] <= now - MINUTE_S:
                refused.popleft()
            refused.append(now)
            if len(refused) > 20:
                raise SlowDown("nginx", wait, "html")
            if len(refused) > 10:
                raise SlowDown("ip_10_secs_limit", min(wait, 10), "text")
            raise SlowDown(code, wait)
    for _, _, code in BUDGETS[call.via]:
        site.windows[f"{code}:{call.key['id']}"].append(now)


def remaining(site: Site, key: Row) -> int | None:
    """Requests left in the minute of a key, None when budgets are off for its kind. For tests."""
    if site.settings.limits != key["kind"]:
        return None
    most, window_s, code = BUDGETS[str(key["kind"])][0]
    spent = site.windows.get(f"{code}:{key['id']}", deque())
    return most - sum(at > site.clock() - window_s for at in spent)
