"""User API keys: the device-code login, the paste-back login, revoking."""

from __future__ import annotations

import base64
import json
import secrets
import time
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from modtui.demo.gate import SlowDown
from modtui.demo.model import iso, now_ms
from modtui.demo.site import Site
from modtui.demo.wire import OK, Call, Json, Problem, invalid_access, missing, not_found, not_logged_in, unprocessable

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SCOPES = {
    "read",
    "write",
    "message_bus",
    "notifications",
    "session_info",
    "user_status",
    "bookmarks_calendar",
    "push",
    "one_time_password",
}
EXPIRES_S, INTERVAL_S, KEPT_S = 600, 5, 60.0
HEADERS = {"Auth-Api-Version": "4"}
NEEDED = ("application_name", "client_id", "nonce", "scopes", "public_key")


def _headers(site: Site) -> dict[str, str]:
    return HEADERS | ({"Auth-Api-Device-Code": "true"} if site.settings.device_code else {})


def probe(call: Call) -> Response:
    """HEAD /user-api-key/new: what logins there are, in headers."""
    return Response(status_code=200, headers=_headers(call.site))


probe.any_format = True  # type: ignore[attr-defined]


def _check(params: dict[str, Any], *, device: bool) -> None:
    for name in NEEDED:
        if not str(params.get(name) or ""):
            raise missing(name)
    asked = set(str(params["scopes"]).split(","))
    if not asked or not asked <= SCOPES or (device and "one_time_password" in asked):
        raise invalid_access()
    if str(params.get("padding") or "pkcs1") not in ("pkcs1", "oaep"):
        raise unprocessable("Padding is not supported")
    _public_key(str(params["public_key"]))


def _public_key(pem: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise unprocessable("Public key is invalid") from None
    if not isinstance(key, RSAPublicKey) or not 2048 <= key.key_size <= 8192:
        raise unprocessable("Public key is invalid")
    return key


def issue(site: Site, username: str, params: dict[str, Any]) -> str:
    """Make a key for a member and give it encrypted, base64 with line breaks, as the platform does.

    A key that the same client had before stops working. Raises Problem when the member or the public key is bad.
    """
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA1

    user = site.user_named(username)
    if user is None:
        raise not_found()
    lifetime = int(params.get("expires_in_seconds") or 0)
    expires = now_ms() + lifetime * 1000 if lifetime else None
    with site.db.write():
        site.db.run(
            "DELETE FROM api_keys WHERE kind = 'user' AND user_id = ? AND client_id = ?",
            [user["id"], params["client_id"]],
        )
        key = site.add_key(
            "user",
            user["id"],
            scopes=str(params["scopes"]),
            client_id=str(params["client_id"]),
            label=str(params["application_name"]),
            expires_at=expires,
            length=16,
        )
    payload: dict[str, Any] = {"key": key, "nonce": params["nonce"], "push": False, "api": 4}
    if expires:
        payload["expires_at"] = iso(expires)
    oaep = str(params.get("padding") or "pkcs1") == "oaep"
    # SHA-1 inside OAEP is what the platform uses; it is not a weakness there.
    scheme: Any = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None) if oaep else padding.PKCS1v15()
    cipher = _public_key(str(params["public_key"])).encrypt(json.dumps(payload, separators=(",", ":")).encode(), scheme)
    plain = base64.b64encode(cipher).decode()
    return "".join(plain[at : at + 60] + "\n" for at in range(0, len(plain), 60))


def _limit(site: Site, name: str, most: int) -> None:
    from collections import deque

    window, now = site.windows.setdefault(name, deque()), time.monotonic()
    while window and window[0] < now - 60:
        window.popleft()
    if len(window) >= most:
        raise SlowDown("device_code", window[0] + 60 - now)
    window.append(now)


def device(call: Call) -> Json:
    """POST /user-api-key/device.json: begin a login; JSON bodies only."""
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise invalid_access()
    if not call.site.settings.device_code:
        raise not_found()
    _limit(call.site, "device:create", 20)
    _check(call.params, device=True)
    device_code = secrets.token_hex(32)
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    user_code = f"{letters[:4]}-{letters[4:]}"
    call.site.devices[device_code] = {
        "user_code": user_code,
        "params": dict(call.params),
        "until": time.monotonic() + EXPIRES_S,
        "status": "authorization_pending",
        "request": secrets.token_urlsafe(12),
    }
    uri = f"{call.site.base_url}/user-api-key/activate"
    return Json(
        {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": uri,
            "verification_uri_with_request": f"{uri}?request={call.site.devices[device_code]['request']}",
            "expires_in": EXPIRES_S,
            "interval": INTERVAL_S,
        }
    )


def poll(call: Call) -> Json:
    """POST /user-api-key/device/poll.json: how the login stands; the payload is given out once."""
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise invalid_access()
    code = call.text("device_code")
    _limit(call.site, f"device:{code[:64]}", 60)
    entry = call.site.devices.get(code)
    if entry is None or time.monotonic() > entry["until"]:
        call.site.devices.pop(code, None)
        return Json({"status": "expired_token"})
    if entry["status"] == "authorized":
        del call.site.devices[code]
        return Json({"status": "authorized", "payload": entry["payload"]})
    return Json({"status": entry["status"]})


def decide(site: Site, user_code: str, username: str, allow: bool) -> bool:
    """Approve or deny a login by its code. False when no login waits under this code."""
    wanted = user_code.strip().upper().replace(" ", "")
    if len(wanted) == 8:
        wanted = f"{wanted[:4]}-{wanted[4:]}"
    for entry in site.devices.values():
        if entry["user_code"] == wanted and entry["status"] == "authorization_pending":
            if allow:
                entry["payload"] = issue(site, username, entry["params"])
                entry["until"] = time.monotonic() + KEPT_S
            entry["status"] = "authorized" if allow else "access_denied"
            return True
    return False


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    html = f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}</html>\n"
    return HTMLResponse(html, status)


def _staff_choice(site: Site, chosen: str = "rookmoor") -> str:
    names = [u["username"] for u in site.db.all("SELECT username FROM users WHERE moderator AND id > 0 ORDER BY id")]
    options = "".join(f"<option{' selected' if n == chosen else ''}>{escape(n)}</option>" for n in names)
    return (
        f"<p><label>You are <select name=username>{options}</select></label> (this community asks nobody for a "
        f"password)</p>"
    )


def activate_page(call: Call) -> Response:
    """GET /user-api-key/activate: type the code, approve or refuse."""
    asked = call.text("request")
    app = next(
        (e["params"]["application_name"] for e in call.site.devices.values() if asked and e["request"] == asked), ""
    )
    words = f"<p>{escape(str(app))} would like to act in your name.</p>" if app else ""
    return _page(
        "Connect an application",
        f"{words}<form method=post action=/user-api-key/activate><p><label>Code <input name=user_code "
        f"autofocus></label></p>"
        f"{_staff_choice(call.site)}<button name=decision value=approve>Approve</button> "
        "<button name=decision value=deny>Refuse</button></form>",
    )


activate_page.any_format = True  # type: ignore[attr-defined]


def activate(call: Call) -> Response:
    """POST /user-api-key/activate user_code, username, decision=approve|deny."""
    allow = (call.text("decision") or "approve") == "approve"
    if not decide(call.site, call.text("user_code"), call.text("username") or "rookmoor", allow):
        return _page("Connect an application", "<p>No application waits under this code. It may have expired.</p>", 404)
    return _page(
        "Connect an application", f"<p>{'Approved' if allow else 'Refused'}. You can go back to the application.</p>"
    )


def new_page(call: Call) -> Response:
    """GET /user-api-key/new: the page on which a member approves a key (paste-back login)."""
    try:
        _check(call.params, device=False)
        if call.text("auth_redirect"):
            raise invalid_access()
    except Problem as problem:
        return _page("Sorry", f"<p>{escape('; '.join(problem.body['errors']))}</p>", problem.status)
    fields = "".join(
        f'<input type=hidden name="{escape(name)}" value="{escape(str(value))}">' for name, value in call.params.items()
    )
    response = _page(
        "Connect an application",
        f"<p>{escape(call.text('application_name'))} would like to act in your name "
        f"({escape(call.text('scopes'))}).</p>"
        f"<form method=post action=/user-api-key>{fields}{_staff_choice(call.site)}<button>Approve</button></form>",
    )
    response.headers.update(_headers(call.site))
    return response


new_page.any_format = True  # type: ignore[attr-defined]


def create(call: Call) -> Response:
    """POST /user-api-key: the payload to paste into the application."""
    _check(call.params, device=False)
    payload = issue(call.site, call.text("username") or "rookmoor", call.params)
    return _page("Your key", f"<p>Copy this into the application:</p><pre id=payload>{payload}</pre>")


def revoke(call: Call) -> Json:
    """POST /user-api-key/revoke.json: the key of this request stops working."""
    if call.via != "user" or call.key is None:
        raise not_logged_in()
    call.site.db.update("api_keys", call.key["id"], revoked_at=now_ms())
    return Json(OK)


ROUTES = [
    ("HEAD", "/user-api-key/new", probe),
    ("GET", "/user-api-key/new", new_page),
    ("POST", "/user-api-key", create),
    ("POST", "/user-api-key/device", device),
    ("POST", "/user-api-key/device/poll", poll),
    ("GET", "/user-api-key/activate", activate_page),
    ("POST", "/user-api-key/activate", activate),
    ("POST", "/user-api-key/revoke", revoke),
]
