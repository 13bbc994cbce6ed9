"""What a real server answered on the tour, kept, and played back where no server is: with any answer changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from modtui.backends.http import Door
from modtui.backends.reply import Reply

FOLDER = Path(__file__).parents[1] / "data" / "tapes"
JSON = "application/json"
SESSION = ("com.atproto.server.createSession", "com.atproto.server.refreshSession")
Change = Callable[[str, str, Any], Any]
"""Makes another body of a path's answer: method, path (unquoted), body."""


class Told(Struct, frozen=True):
    """An answer as it is kept. Headers are those that matter to modtui."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    body: Any


class Tape:
    """The answers of one server."""

    def __init__(self, facts: dict[str, str], told: list[Told]) -> None:
        self.facts, self.told = facts, told
        self._by_path: dict[tuple[str, str], list[Told]] = {}
        for one in told:
            self._by_path.setdefault((one.method, one.path), []).append(one)
            short = one.path.rpartition("/")[0]  # the last part of a path may be a transaction's number
            if one.method == "PUT":
                self._by_path.setdefault((one.method, short), []).append(one)

    def find(self, method: str, url: str) -> Told | None:
        """The answer to a request: what was asked in the same words, else something of the same path."""
        parts = urlsplit(url)
        path, query = unquote(parts.path), tuple(parse_qsl(parts.query))
        found = self._by_path.get((method, path)) or self._by_path.get((method, path.rpartition("/")[0])) or []
        return next((one for one in found if one.query == query), found[0] if found else None)

    def reply(self, method: str, url: str, change: Change | None = None) -> tuple[int, Any]:
        """Status and body of the answer, changed."""
        path = unquote(urlsplit(url).path)
        if path.endswith(SESSION):
            return 200, {"did": self.facts["did"], "handle": self.facts["user"], "accessJwt": "a" * 40,
                         "refreshJwt": "r" * 40}  # fmt: skip
        found = self.find(method, url)
        if found is None:
            return 404, {"errcode": "M_NOT_FOUND", "error": "NotFound", "message": "It is not there."}
        body = json.loads(json.dumps(found.body))
        return found.status, change(method, path, body) if change is not None else body

    def once(self, change: Change | None = None, asked: list[str] | None = None) -> Callable[..., Any]:
        """In place of `Door._once`: answers without a line."""

        async def once(door: Door, method: str, url: str, *rest: Any) -> Reply:
            if asked is not None:
                asked.append(f"{method} {url}")
            status, body = self.reply(method, url, change)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return Reply(status, {"content-type": JSON}, raw, door.origin.place, method not in ("GET", "HEAD"))

        return once


class Recorder:
    """Wraps `Door._once` and keeps the first answer to each request."""

    def __init__(self) -> None:
        self.told: dict[tuple[Any, ...], Told] = {}

    def around(self, once: Callable[..., Any]) -> Callable[..., Any]:
        """The wrapped method."""

        async def kept(door: Door, method: str, url: str, *rest: Any) -> Reply:
            reply: Reply = await once(door, method, url, *rest)
            parts = urlsplit(url)
            path, query = unquote(parts.path), tuple(parse_qsl(parts.query))
            if not path.endswith(SESSION) and reply.says_json:
                told = Told(method, path, query, reply.status, reply.parsed())
                self.told.setdefault((method, path, query), told)
            return reply

        return kept

    def save(self, name: str, facts: dict[str, str]) -> Path:
        """Write the tape."""
        file = FOLDER / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [[one.method, one.path, one.query, one.status, one.body] for one in self.told.values()]
        lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
        file.write_text(f'{{"facts": {json.dumps(facts)}, "told": [\n{lines}\n]}}\n')
        return file


@cache
def tape(name: str) -> Tape:
    """A kept tape."""
    found = json.loads((FOLDER / f"{name}.json").read_text())
    told = [Told(m, path, tuple((a, b) for a, b in query), status, body)
            for m, path, query, status, body in found["told"]]  # fmt: skip
    return Tape(found["facts"], told)
