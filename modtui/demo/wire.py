"""Requests and answers as Discourse shapes them: parameters in three encodings, error bodies, JSON answers."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import Response

if TYPE_CHECKING:
    from modtui.demo.model import Row
    from modtui.demo.site import Site

Params = dict[str, Any]


class Problem(Exception):
    """An answer that is not a success; the app turns it into the response."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def invalid_access() -> Problem:
    """403: no right, or an action that is not legal for the item (any longer)."""
    words = "You are not permitted to view the requested resource."
    return Problem(403, {"errors": [words], "error_type": "invalid_access"})


def not_logged_in() -> Problem:
    """403: anonymous, or a key that was revoked."""
    return Problem(403, {"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"})


def not_found() -> Problem:
    """404: missing, or an admin route asked by someone who is not staff."""
    words = "The requested URL or resource could not be found."
    return Problem(404, {"errors": [words], "error_type": "not_found"})


def bad_request(words: str) -> Problem:
    """400: a parameter that makes no sense."""
    return Problem(400, {"errors": [words], "error_type": "invalid_parameters"})


def missing(name: str) -> Problem:
    """400: a parameter that is required is absent."""
    return Problem(400, {"errors": [f"param is missing or the value is empty or invalid: {name}"]})


def conflict() -> Problem:
    """409: somebody else was faster."""
    return Problem(409, {"errors": ["There was an update conflict preventing you from doing that."]})


def unprocessable(*words: str, **more: Any) -> Problem:
    """422: validation; `more` joins the body (posts put `action` there)."""
    return Problem(422, {**more, "errors": list(words)})


def contract(*words: str) -> Problem:
    """400 in the shape of a service object's contract."""
    return Problem(400, {"failed": "FAILED", "errors": list(words)})


class Json(Response):
    """A JSON answer, compact UTF-8."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """Bytes of the body."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


OK = {"success": "OK"}


@dataclass(slots=True)
class Call:
    """One request, as a handler sees it: who asks, with what key, and the parameters of path, query and body."""

    site: Site
    method: str
    path: str
    params: Params
    headers: dict[str, str]
    user: Row | None = None
    via: str = "anonymous"  # or `admin` (Api-Key), `user` (User-Api-Key)
    key: Row | None = None
    scopes: frozenset[str] = frozenset()
    body: bytes = b""
    path_params: dict[str, Any] = field(default_factory=dict)

    @property
    def me(self) -> Row:
        """The acting user; 403 when nobody is logged in."""
        if self.user is None:
            raise not_logged_in()
        return self.user

    @property
    def is_staff(self) -> bool:
        """Whether the acting user is a moderator or an admin."""
        return bool(self.user and (self.user["moderator"] or self.user["admin"]))

    def need_staff(self) -> Row:
        """The acting user, who must be staff (403)."""
        me = self.me
        if not self.is_staff:
            raise invalid_access()
        return me

    def need_admin_route(self) -> Row:
        """The acting user on an /admin/ route, where everyone but staff is told 404."""
        if self.user is None or not self.is_staff:
            raise not_found()
        return self.user

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.params.get(name)
        if value is None or isinstance(value, dict | list):
            return default
        return ("true" if value else "false") if isinstance(value, bool) else str(value)

    def number(self, name: str, default: int | None = None) -> int | None:
        """A parameter as a whole number; the default when absent or not a number."""
        return as_int(self.params.get(name), default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A parameter as a yes or no."""
        value = self.params.get(name)
        return default if value is None or value == "" else str(value).lower() in ("true", "t", "1", "yes", "on")

    def items(self, name: str) -> list[str]:
        """A parameter that is a list (`name[]`, a JSON array, or one comma-separated text)."""
        value = self.params.get(name)
        if isinstance(value, list):
            return [str(v) for v in value]
        return [part.strip() for part in str(value).split(",") if part.strip()] if value not in (None, "") else []

    def group(self, name: str) -> Params:
        """A parameter that is a hash (`name[key]`, or a JSON object); empty when absent."""
        value = self.params.get(name)
        return value if isinstance(value, dict) else {}

    def id(self, name: str = "id") -> int:
        """A number from the path."""
        return int(self.path_params[name])


def as_int(value: Any, default: int | None = None) -> int | None:
    """A whole number from JSON or text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _put(into: Params, name: str, value: Any) -> None:
    """Rails' nesting: `a[b]=1` is {"a": {"b": 1}}, `a[]=1` is {"a": [1]}."""
    head, *rest = re.findall(r"[^\[\]]+|\[\]", name) or [name]
    here: Params = into
    for position, part in enumerate(rest):
        if part == "[]":
            listed = here.get(head)
            if not isinstance(listed, list):
                listed = here[head] = []
            listed.append(value)
            return
        inner = here.get(head)
        if not isinstance(inner, dict):
            inner = here[head] = {}
        here, head = inner, part
        if position > 8:
            break
    here[head] = value


def read_params(query: bytes, content_type: str, body: bytes) -> Params:
    """Query and body in one dict; the body wins. Raises Problem 400 for a body that does not parse."""
    out: Params = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        _put(out, name, value)
    if not body:
        return out
    kind = content_type.split(";")[0].strip().lower()
    if kind == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            raise bad_request("There was a problem parsing the JSON you sent.") from None
        if isinstance(given, dict):
            for name, value in given.items():
                _put(out, name, value) if "[" in name else out.__setitem__(name, value)
    elif kind == "multipart/form-data":
        head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        for part in message.iter_parts() if message.is_multipart() else ():
            field_name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if isinstance(field_name, str) and isinstance(payload, bytes):
                _put(out, field_name, payload.decode("utf-8", "replace"))
    else:
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            _put(out, name, value)
    return out
