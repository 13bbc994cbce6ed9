"""The fake forum on HTTP, with NodeBB's two APIs and three styles of errors. `python -m tests.fakes.nodebb_app` serves
a small forum on loopback to try modtui on."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_calls import Calls
from tests.fakes.nodebb_pages import Denied, Missing, Pages
from tests.fakes.nodebb_records import Says, User
from tests.fakes.nodebb_rows import Rows

CODES = {400: "bad-request", 401: "not-authorised", 403: "forbidden", 404: "not-found", 500: "internal-server-error"}


def envelope(value: Any, status: int = 200, words: str = "OK") -> JSONResponse:
    """An answer of the write API."""
    code = "ok" if status == 200 else CODES[status]
    return JSONResponse({"status": {"code": code, "message": words}, "response": value}, status)


class App(Pages, Calls):
    """The routes of one forum. `pages_` are those of the read API, `calls` those of the write API."""

    def __init__(self, forum: Forum) -> None:
        self.forum, self.rows = forum, Rows(forum)
        self.pages_: list[tuple[str, Any]] = [
            (r"self", self.myself), (r"config", self.config), (r"flags", self.flags), (r"flags/(\d+)", self.flag_page),
            (r"post-queue", self.queue), (r"post-queue/([\w-]+)", self.queue), (r"registration-queue", self.sign_ups),
            (r"recent", self.recent), (r"unsolved", self.unsolved), (r"solved", self.solved),
            (r"topic/(\d+)(?:/x/(\d+))?", self.topic), (r"user/([^/]+)", self.user), (r"user/([^/]+)/info", self.info),
            (r"users", self.users), (r"categories", self.categories), (r"tags", self.tags), (r"search", self.search),
        ]  # fmt: skip
        self.calls: list[tuple[str, str, Any]] = [
            ("GET", r"flags/(\d+)", self.flag), ("PUT", r"flags/(\d+)", self.set_flag),
            ("DELETE", r"flags/(\d+)", self.erase_flag), ("POST", r"flags/(\d+)/notes", self.note),
            ("DELETE", r"flags/(\d+)/notes/(\d+)", self.unnote), ("GET", r"posts/(\d+)", self.post),
            ("GET", r"posts/(\d+)/summary", self.summary), ("GET", r"posts/(\d+)/index", self.index),
            ("PUT", r"posts/(\d+)", self.edit), ("DELETE", r"posts/(\d+)", self.purge),
            ("DELETE", r"posts/(\d+)/state", self.delete), ("PUT", r"posts/(\d+)/state", self.restore),
            ("POST", r"posts/queue/([\w-]+)", self.accept), ("DELETE", r"posts/queue/([\w-]+)", self.decline),
            ("PUT", r"posts/queue/([\w-]+)", self.edit_queued),
            ("POST", r"posts/queue/([\w-]+)/notify", self.notify),
            ("GET", r"topics/(\d+)", self.bare_topic), ("POST", r"topics/(\d+)", self.reply),
            ("DELETE", r"topics/(\d+)", self.purge_topic),
            ("PUT", r"topics/(\d+)/(lock|pin|state|follow)", self.set_topic),
            ("DELETE", r"topics/(\d+)/(lock|pin|state|follow)", self.set_topic),
            ("PUT", r"topics/(\d+)/move", self.move), ("PUT", r"topics/(\d+)/tags", self.set_tags),
            ("GET", r"users/(\d+)", self.bare_user), ("PUT", r"users/(\d+)/(ban|mute)", self.punish),
            ("DELETE", r"users/(\d+)/(ban|mute)", self.pardon),
        ]  # fmt: skip

    # --- every request

    async def __call__(self, request: Request) -> Response:
        """Answer, with an ETag, and 304 where the caller knows it."""
        reply = await self.answer(request)
        self.forum.served.append((request.method, request.url.path, reply.status_code))
        if request.method == "GET" and reply.status_code == 200:
            tag = f'W/"{len(reply.body):x}-{hashlib.sha1(bytes(reply.body)).hexdigest()[:27]}"'
            if request.headers.get("if-none-match") == tag:
                self.forum.served[-1] = (request.method, request.url.path, 304)
                return Response(status_code=304, headers={"ETag": tag})
            reply.headers["ETag"] = tag
        return reply

    async def answer(self, request: Request) -> Response:
        """The answer without its ETag."""
        path, forum = request.url.path, self.forum
        if path == "/nodeinfo/2.0":
            return JSONResponse({"version": "2.0", "software": {"name": "nodebb", "version": forum.version}})
        if forum.down:
            return JSONResponse({"site_title": forum.title}, 503)
        given = await request.body()
        body: Any = None
        if given:
            try:
                body = json.loads(given)
            except ValueError:
                return envelope({}, 500, "Unexpected token in JSON")
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        actor = forum.tokens.get(key)
        write = path.startswith("/api/v3/")
        if actor == 0:
            uid = request.query_params.get("_uid") or str((body or {}).get("_uid") or "")
            if not uid:
                return JSONResponse({"path": path, "error": "[[error:api.master-token-no-uid]]", "bodyClass": ""}, 500)
            actor = int(uid)
        viewer = forum.users.get(actor or 0)
        if viewer is None:
            if write or path != "/api/self":
                return envelope({}, 401, "A valid login session was not found. Please log in and try again.")
            return JSONResponse("not-authorized", 401)
        with forum.lock:
            return self.plain_answer(request, viewer, body)

    def plain_answer(self, request: Request, viewer: User, body: Any) -> Response:
        """The answer to a member who is signed in."""
        path = request.url.path
        try:
            if path.startswith("/api/v3/"):
                for method, pattern, act in self.calls:
                    found = re.fullmatch(pattern, path.removeprefix("/api/v3/"))
                    if found and method == request.method:
                        return envelope(act(viewer, body, *found.groups(), request))
                return envelope({}, 404, "Invalid API call")
            for pattern, page in self.pages_:
                found = re.fullmatch(pattern, path.removeprefix("/api/"))
                if found:
                    return JSONResponse(page(viewer, request.query_params, *found.groups()))
            raise Missing
        except Says as error:
            return envelope({}, error.status, error.words)
        except Missing:
            return PlainTextResponse("Not found", 404)
        except Denied:
            return JSONResponse(
                {"path": path.removeprefix("/api"), "loggedIn": True, "title": "[[global:403.title]]", "bodyClass": ""},
                403,
            )

    def plainly(self, method: str, path: str, viewer: User, body: Any = None) -> Any:
        """What stands in an answer (of the write API: in its envelope), without HTTP. `path` is below /api/."""
        if not path.startswith("v3/"):
            for pattern, page in self.pages_:
                found = re.fullmatch(pattern, path)
                if found:
                    return page(viewer, QueryParams({}), *found.groups())
        for wanted, pattern, act in self.calls:
            found = re.fullmatch(pattern, path.removeprefix("v3/"))
            if found and wanted == method:
                return act(viewer, body, *found.groups(), None)
        raise Missing


@contextmanager
def serving(forum: Forum, port: int = 0) -> Iterator[str]:
    """The forum on loopback, in a thread of its own; its address."""
    app = App(forum)
    methods = ["GET", "POST", "PUT", "DELETE"]
    starlette = Starlette(routes=[Route("/{path:path}", app.__call__, methods=methods)])
    config = uvicorn.Config(starlette, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def small(forum: Forum) -> str:
    """Fill a forum with something to look at; a token of its global moderator."""
    mara, priya, tomasz = (forum.member(name) for name in ("mara", "priya", "tomasz"))
    okafor, spam = forum.member("okafor", about="Likes keys"), forum.member("spamlord")
    keys = forum.topic(okafor, "Favourite keyboards", "Mechanical or not?")
    for number in range(25):
        forum.add(keys, (mara, priya, tomasz)[number % 3], f"I like number {number}, it has a nice sound.")
    bad = forum.add(keys, spam, "BUY CHEAP WATCHES http://spam.example.test/watches NOW!!!")
    rude = forum.add(keys, okafor, "You are all idiots and your keyboards are trash.")
    odd = forum.topic(spam, "Escape \x1b[31mred & <b>bold</b> \u202eevil", "ANSI \x1b[2J and \x07 bells")
    for user, reason in ((mara, "Spam"), (tomasz, "Advertising watches in every topic")):
        forum.report(user, "post", bad.pid, reason)
    forum.report(priya, "post", rude.pid, "Offensive")
    forum.report(mara, "post", odd.pids[0], "weird \x1b[31mreason")
    forum.report(mara, "user", spam.uid, "Spam account")
    forum.wait(forum.member("newbie"), "Hello, how do I *reset* my password?", title="My very first question")
    forum.wait(spam, "More watches, and cheaper ones", tid=keys.tid)
    forum.sign_up("waiting1")
    asked = forum.topic(mara, "How do I export my data as CSV?", "The button is greyed out.", cid=5, question=True)
    forum.add(asked, tomasz, "Which version have you?")
    forum.add(asked, mara, "The newest one, 2.4.")
    forum.topic(priya, "Login loop after update", "I cannot sign in any more.", cid=5, question=True)
    return forum.token(forum.gmod)


if __name__ == "__main__":
    shown = Forum()
    secret = small(shown)
    with serving(shown, 4599) as address:
        print(address, secret, flush=True)
        threading.Event().wait()
