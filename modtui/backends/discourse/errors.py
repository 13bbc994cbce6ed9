"""Discourse's refusals, as errors of modtui (discourse.md 1.6 and 1.7)."""

from __future__ import annotations

from typing import Any

from modtui.backends.discourse.items import plain
from modtui.backends.reply import Reply
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, SiteError, Stale
from modtui.text import show_line

_GLOBAL_CODES = frozenset({
    "admin_api_key_rate_limit", "user_api_key_limiter_60_secs", "user_api_key_limiter_1_day", "ip_10_secs_limit",
    "ip_60_secs_limit", "id_10_secs_limit", "id_60_secs_limit",
})  # fmt: skip
_CODE = "discourse-rate-limit-error-code"


def error_code(reply: Reply) -> str:
    """The code of a 429: a header, or the last line of the plain-text shape; "" when there is none."""
    code = reply.headers.get(_CODE, "")
    if not code and reply.kind == "text/plain":
        tail = reply.body[-300:].decode("utf-8", "replace").rsplit("rror code:", 1)
        code = tail[1].strip().rstrip(".") if len(tail) == 2 else ""
    return code


def pauses_all(reply: Reply) -> bool:
    """Whether a 429 is about every request: it has a global code, or comes from a layer before Discourse (no JSON)."""
    code = error_code(reply)
    return code in _GLOBAL_CODES if code else not reply.says_json


def spends_day(reply: Reply) -> bool:
    """Whether a 429 means that the day's budget of a user key is gone; waiting would take hours."""
    return error_code(reply) == "user_api_key_limiter_1_day"


def site_words(body: dict[str, Any]) -> str:
    """The site's own explanation as one clean line; "" when it gives none."""
    given = body.get("errors")
    if isinstance(given, str):
        given = [given]
    lines = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    for key in ("message", "error"):
        if not lines and isinstance(body.get(key), str):
            lines = [body[key]]
    return str(show_line(plain(" ".join(lines)), 300))


def explain(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success."""
    body = reply.loose()
    kind = body.get("error_type")
    words = site_words(body)
    if not reply.says_json and reply.status not in (401, 403, 404):
        return reply.bad(f"{reply.place} answered with an error page ({reply.status}).")
    match reply.status:
        case 401:
            return AuthError(f"{reply.place} does not take this key.", "Sign in again with modtui login.")
        case 403 if kind == "not_logged_in":
            return AuthError(
                f"{reply.place} does not know this key (any more): it was withdrawn or has expired.",
                "Sign in again with modtui login.",
            )
        case 403:
            return RightsError(_said(reply, "does not allow this to your account", words))
        case 404:
            return NotFound(f"{reply.place} has no such thing, or does not show it to this account.")
        case 409:
            return Stale(_said(reply, "has a newer state of this", words))
        case 400 | 422:
            return Refused(_said(reply, "refuses", words))
        case 503 if kind == "read_only" or reply.headers.get("discourse-readonly"):
            return SiteError(
                f"{reply.place} is read-only at the moment (maintenance); nothing was changed.", status=503, sent=False
            )
    return reply.bad(_said(reply, f"answered with an error ({reply.status})", words))


def _said(reply: Reply, what: str, words: str) -> str:
    return f"{reply.place} {what}: {words}" if words else f"{reply.place} {what}."
