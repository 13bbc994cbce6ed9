"""A noticeboard for the tests: a small server on loopback, with everything in memory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN, READER = "token-of-a-moderator-7f3a", "token-of-a-reader-91bc"
Found = tuple[int, dict[str, Any]]


class Board:
    """Its notices and complaints, and what others do on it. `spoilt` notices are sent with values of wrong kinds."""

    def __init__(self) -> None:
        self.url = ""
        self.lock = threading.RLock()
        self.notices: dict[int, dict[str, Any]] = {}
        self.complaints = 0
        self.log: list[tuple[int, bool]] = []
        self.spoilt: set[int] = set()

    def pin(self, author: str, text: str, wall: str) -> int:
        """A new notice."""
        with self.lock:
            native = len(self.notices) + 1
            self.notices[native] = {
                "id": native, "wall": wall, "author": author, "text": text, "posted": time.time(), "edited": None,
                "revision": 1, "hidden": False, "pinned": False, "complaints": [],
            }  # fmt: skip
            return native

    def complain(self, native: int, member: str, kind: str = "rude", words: str | None = None) -> int:
        """A member complains; the complaint's id."""
        with self.lock:
            self.complaints += 1
            made = {"id": self.complaints, "member": member, "kind": kind, "words": words, "made": time.time()}
            self.notices[native]["complaints"].append({**made, "open": True})
            self.log.append((native, True))
            return self.complaints

    def edit(self, native: int, text: str) -> None:
        """The author changes the text."""
        with self.lock:
            notice = self.notices[native]
            notice.update(text=text, edited=time.time(), revision=notice["revision"] + 1)
            self.log.append((native, False))

    def change(self, native: int, wanted: dict[str, Any]) -> Found:
        """A moderator puts a notice into a state."""
        with self.lock:
            notice = self.notices.get(native)
            if notice is None:
                return 404, {"error": "no such notice"}
            if wanted.get("revision") not in (None, notice["revision"]):
                return 409, {"error": "another revision"}
            notice.update({name: bool(wanted[name]) for name in ("hidden", "pinned") if name in wanted})
            for one in notice["complaints"]:
                one["open"] = one["id"] in wanted.get("reopen", ()) or (
                    one["open"] and one["id"] not in wanted.get("close", ())
                )
            self.log.append((native, False))
            return 200, notice

    # --- what the server answers

    def answer(self, method: str, path: str, asked: dict[str, str], token: str, wanted: dict[str, Any]) -> Found:
        """The status and the JSON of an answer."""
        role = {TOKEN: "moderator", READER: "reader"}.get(token)
        if role is None:
            return 401, {"error": "no such token"}
        match path.strip("/").split("/"):
            case ["api", "me"]:
                return 200, {"username": f"the-{role}", "role": role, "board": "The village", "version": "3.1"}
            case ["api", "reported"]:
                return 200, self._reported(int(asked.get("after", 0)), int(asked.get("limit", 10)))
            case ["api", "notices"]:
                ids = [int(one) for one in asked.get("ids", "").split(",") if one]
                return 200, {"notices": [self.notices[one] for one in ids if one in self.notices]}
            case ["api", "notices", native] if method == "PUT":
                return self.change(int(native), wanted) if role == "moderator" else (403, {"error": "moderators only"})
            case ["api", "notices", native]:
                found = self.notices.get(int(native))
                return (200, found) if found else (404, {"error": "no such notice"})
            case ["api", "walls", wall]:
                here = [one for one in self.notices.values() if one["wall"] == unquote(wall)]
                return 200, {"notices": here[-50:], "total": len(here)}
            case ["api", "members", name]:
                return self._member(unquote(name))
            case ["api", "news"]:
                since = int(asked.get("since", -1))
                news = self.log[since:] if since >= 0 else []
                touched = sorted({native for native, _ in news})
                return 200, {"position": len(self.log), "notices": touched, "complaints": any(new for _, new in news)}
        return 404, {"error": "no such page"}

    def _reported(self, after: int, limit: int) -> dict[str, Any]:
        rows: list[tuple[int, dict[str, Any]]] = []
        for notice in self.notices.values():
            open_ = [one for one in notice["complaints"] if one["open"]]
            if open_:
                rows.append((open_[0]["id"], {**notice, "complaints": open_}))
        rows.sort(key=lambda row: row[0])
        here = [row for row in rows if row[0] > after]
        shown = [
            {"id": row["id"], "text": 7, "complaints": "none"} if row["id"] in self.spoilt else row
            for _, row in here[:limit]
        ]  # fmt: skip
        return {"notices": shown, "total": len(rows), "next": here[limit - 1][0] if len(here) > limit else None}

    def _member(self, name: str) -> Found:
        mine = [one for one in self.notices.values() if one["author"] == name]
        if not mine:
            return 404, {"error": "no such member"}
        complained = sum(len(one["complaints"]) for one in mine)
        return 200, {"username": name, "joined": 1_700_000_000, "notices": len(mine), "complained": complained}


@contextmanager
def running() -> Iterator[Board]:
    """A board that answers on loopback."""
    board = Board()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            with board.lock:
                status, found = board.answer(self.command, parts.path, asked, token, json.loads(body or b"{}"))
                content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    board.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield board
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
