"""Starting and stopping the community: `run` for a process of its own, `DemoServer` inside a test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from modtui.demo import effects, presence
from modtui.demo.app import build
from modtui.demo.db import Database
from modtui.demo.model import FLAG_WORDS, Row
from modtui.demo.site import Fault, LoggedRequest, Site, SiteSettings
from modtui.demo.world import create_world

MODERATOR = "rookmoor"
OTHER_MODERATORS = ("kestrel", "ann")
ADMIN = "harbourmaster"


@dataclass(frozen=True, slots=True)
class Ready:
    """Where the community is, and with what keys. `username` is the moderator whom both keys serve."""

    url: str
    api_key: str
    username: str
    user_api_key: str
    data: str

    def __repr__(self) -> str:
        return f"Ready(url={self.url!r}, username={self.username!r}, data={self.data!r})"


def open_world(data: Path, *, items: int, members: int, seed: int) -> Database:
    """Open the world in `data` (made with mode 0700), or make a new one there when there is none.

    A world is made beside its place and moved there when it is complete, so that none is ever half made. Raises OSError
    when the folder cannot be written or holds something else.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data / "world.db"
    if not path.exists():
        for leftover in data.glob("world.part*"):
            leftover.unlink()
        part = Database(data / "world.part")
        try:
            create_world(part, items=items, members=members, seed=seed)
        finally:
            part.close()
        os.replace(data / "world.part", path)
    try:
        db = Database(path)
        known = not db.is_new
        if known:
            db.upgrade()
    except sqlite3.DatabaseError:
        known = False
    if not known:
        raise OSError(f"{path} is not a world of the embedded community")
    for file in data.glob("world.db*"):
        os.chmod(file, 0o600)
    return db


def _fresh_keys(site: Site) -> tuple[str, str]:
    """New random keys for this start; those of the start before stop working (keys from a login stay)."""
    with site.db.write():
        site.db.run("DELETE FROM api_keys WHERE label = 'start'")
        moderator = site.user_named(MODERATOR)
        assert moderator is not None
        return site.add_key("admin", None, label="start"), site.add_key(
            "user", moderator["id"], client_id="start", label="start"
        )


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(256)
    except BaseException:
        sock.close()
        raise
    return sock


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, so that the caller's handlers stay in place; says when it is up."""

    def __init__(self, config: uvicorn.Config, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._up = up
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._up()

    async def main_loop(self) -> None:
        """Tick once a second (for the Date header), and end at once when `stop` was called."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._wake.wait()

    def stop(self, *, at_once: bool = False) -> None:
        """Ask the server to end, from any thread or a signal handler; `at_once` does not wait for open connections."""
        self.should_exit, self.force_exit = True, at_once
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signal handlers alone."""
        yield


def _server(site: Site, up: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        build(site),
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=True,
        http="h11",
        ws="none",
    )
    return _Server(config, up)


def run(
    data: Path,
    port: int = 0,
    *,
    items: int = 500,
    members: int = 3000,
    seed: int = 7,
    traffic: float = 0.0,
    moderators: int = 0,
    limits: str | None = None,
    ready: Callable[[Ready], None],
    host: str = "127.0.0.1",
) -> None:
    """Serve the community kept in `data` until SIGTERM or SIGINT (or until the calling thread's loop is stopped).

    `port` 0 picks a free one. `traffic` is new events per minute, `moderators` the number of others at work, `limits`
    "admin", "user" or None switches a request budget on. `ready` is called once, when requests are answered.
    Raises OSError when the port is taken or the folder cannot be written.
    """
    sock = _listen(host, port)
    db = open_world(data, items=items, members=members, seed=seed)
    site = Site(db, SiteSettings(limits=limits))
    site.base_url = f"http://{host}:{sock.getsockname()[1]}"
    api_key, user_api_key = _fresh_keys(site)
    server = _server(site, lambda: ready(Ready(site.base_url, api_key, MODERATOR, user_api_key, str(data))))

    def stop(signum: int, frame: object) -> None:
        site.bus.close()
        server.stop()

    in_main = threading.current_thread() is threading.main_thread()
    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)} if in_main else {}
    try:
        asyncio.run(_serve(server, site, sock, traffic, moderators))
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        sock.close()
        db.close()


async def _serve(server: _Server, site: Site, sock: socket.socket, traffic: float, moderators: int) -> None:
    life: list[asyncio.Task[None]] = []
    if traffic > 0 or moderators > 0:
        from modtui.demo import life as living

        life = living.start(site, traffic, moderators)
    try:
        await server.serve(sockets=[sock])
    finally:
        for task in life:
            task.cancel()
        await asyncio.gather(*life, return_exceptions=True)


class DemoServer:
    """The community inside this process, in a thread of its own; for tests.

    `with DemoServer(tmp_path, items=60, seed=7) as demo:` then `demo.url`, `demo.api_key`, `demo.username`,
    `demo.user_api_key`, and the helpers below, which act as somebody else would, without a request in the log.
    `claiming` is disabled, optional (default) or required; `settings` are further fields of `site.SiteSettings`.
    """

    def __init__(
        self,
        data: Path,
        *,
        items: int = 60,
        members: int = 300,
        seed: int = 7,
        traffic: float = 0.0,
        moderators: int = 0,
        limits: str | None = None,
        claiming: str = "optional",
        port: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.data = data
        self.db_path = data / "world.db"
        self.username = MODERATOR
        self._world = (items, members, seed)
        self._life = (traffic, moderators)
        self._settings = SiteSettings(limits=limits, claiming=claiming, **(settings or {}))
        self._port = port
        self.url = self.api_key = self.user_api_key = ""
        self.keys: dict[str, str] = {}
        self.site: Site

    def __enter__(self) -> Self:
        items, members, seed = self._world
        db = open_world(self.data, items=items, members=members, seed=seed)
        self.site = Site(db, self._settings)
        self._sock = _listen("127.0.0.1", self._port)
        self._port = self._sock.getsockname()[1]
        self.url = self.site.base_url = f"http://127.0.0.1:{self._port}"
        self.api_key, self.user_api_key = _fresh_keys(self.site)
        self.keys = {MODERATOR: self.user_api_key}
        for name in (*OTHER_MODERATORS, ADMIN):
            user = self.site.user_named(name)
            assert user is not None
            self.keys[name] = self.site.add_key("user", user["id"], client_id="start", label="start")
        up = threading.Event()
        self._server = _server(self.site, up.set)
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)
        self._thread.start()
        if not up.wait(30):
            raise RuntimeError("The embedded community did not start.")
        return self

    def _run(self) -> None:
        asyncio.run(_serve(self._server, self.site, self._sock, *self._life))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.site.bus.close()
        self._server.stop(at_once=True)
        self._thread.join(10)
        self._sock.close()
        self.site.db.close()

    # Looking

    @property
    def db(self) -> Database:
        """The world's database, safe to read from the test's thread."""
        return self.site.db

    @property
    def requests(self) -> list[LoggedRequest]:
        """(method, path with query, status, username, when it came) of every answered request, oldest first."""
        return list(self.site.requests)

    def count(self, prefix: str = "", method: str = "") -> int:
        """How many requests were answered, optionally only those whose path starts so, with this method."""
        return sum(r.path.startswith(prefix) and (not method or r.method == method) for r in self.requests)

    def clear_requests(self) -> None:
        """Forget the request log."""
        self.site.requests.clear()
        self.site.counts.clear()

    def as_user(self, username: str) -> dict[str, str]:
        """Headers that make a request act as this member, with the admin key."""
        return {"Api-Key": self.api_key, "Api-Username": username, "Accept": "application/json"}

    def user_id(self, username: str) -> int:
        """The id of a member. Raises KeyError for an unknown name."""
        return int(self._user(username)["id"])

    def _user(self, username: str) -> Row:
        found = self.site.user_named(username)
        if found is None:
            raise KeyError(username)
        return found

    def _post(self, post_id: int) -> Row:
        found = self.db.one("SELECT * FROM posts WHERE id = ?", [post_id])
        if found is None:
            raise KeyError(post_id)
        return found

    # Making things happen

    def edit_post(self, post_id: int, raw: str, username: str | None = None) -> None:
        """The author (or the member named) changes a post."""
        post = self._post(post_id)
        with self.db.write():
            effects.edit_post(self.site, post, raw, self._user(username)["id"] if username else post["user_id"])

    def flag(self, post_id: int, username: str, type: str = "inappropriate", message: str = "") -> int:
        """A member reports a post; gives the reviewable's id.

        `type`: off_topic, inappropriate, spam, illegal or something_else.
        """
        with self.db.write():
            return effects.flag(self.site, self._post(post_id), self._user(username), FLAG_WORDS[type], message)

    def delete_post(self, post_id: int, username: str) -> None:
        """A member deletes a post (their own, or as a moderator)."""
        post, by = self._post(post_id), self._user(username)
        with self.db.write():
            effects.delete_post(self.site, post, by, own=by["id"] == post["user_id"])

    def claim(self, topic_id: int, username: str, *, automatic: bool = False) -> None:
        """A moderator claims a topic with all its items. Raises `wire.Problem` (409) when somebody else has it."""
        from modtui.demo.routes.review_edit import take
        from modtui.demo.wire import Call

        me = self._user(username)
        take(Call(self.site, "POST", "", {}, {}, user=me, via="admin"), topic_id, me, automatic)

    def writing(self, topic_id: int, username: str, *, on: bool = True) -> None:
        """A member begins (or ends) to write a reply in a topic; who asks for presence sees it for a minute."""
        change = presence.enter if on else presence.leave
        change(self.site, presence.reply_channel(topic_id), self._user(username), "test")

    def answer(self, topic_id: int, username: str, raw: str, *, reply_to: int | None = None) -> int:
        """A member replies in a topic, now; gives the post's id."""
        with self.db.write():
            return effects.new_post(self.site, topic_id, self._user(username)["id"], raw, reply_to=reply_to)

    def ask(self, username: str, title: str, raw: str, *, category: int = 4, locale: str | None = None) -> int:
        """A member opens a topic, now; gives its id."""
        with self.db.write():
            topic_id, _ = effects.new_topic(self.site, self._user(username)["id"], title, raw, category_id=category)
            for table, column in (("topics", "id"), ("posts", "topic_id")):
                self.db.run(f"UPDATE {table} SET locale = ? WHERE {column} = ?", [locale, topic_id])
        return topic_id

    def inject(self, kind: str, prefix: str = "/", method: str = "*", times: int = 1, wait_s: float = 0.0) -> None:
        """Let the next matching requests fail.

        `kind`: html, 500, 502, 503, 429-json, 429-text, 429-html, slow (waits `wait_s`, then works), cut (works, half
        the JSON arrives), lost (works, the connection breaks), drop (the connection breaks, nothing is done).
        """
        self.site.faults.append(Fault(kind, method, prefix, times, wait_s))

    def hold_up(self, prefix: str = "/", method: str = "*") -> threading.Event:
        """Let the next matching request wait, having arrived, until the event is set; then it works."""
        gate = threading.Event()
        self.site.faults.append(Fault("slow", method, prefix, 1, gate=gate))
        return gate

    def approve(self, user_code: str, username: str = MODERATOR, *, allow: bool = True) -> None:
        """A moderator types a login's code and approves (or refuses). Raises KeyError when no login waits under it."""
        from modtui.demo.routes.keys import decide

        if not decide(self.site, user_code, username, allow):
            raise KeyError(user_code)

    def paste_payload(self, params: dict[str, str], username: str = MODERATOR) -> str:
        """What the page of the paste-back login shows after approval, for the parameters of /user-api-key/new."""
        from modtui.demo.routes.keys import issue

        return issue(self.site, username, params)

    def perform(self, item_id: int, action: str, username: str, **args: Any) -> dict[str, Any]:
        """Another moderator performs an action on an item, now."""
        from modtui.demo.perform import perform
        from modtui.demo.wire import Call

        item = self.db.one("SELECT * FROM reviewables WHERE id = ?", [item_id])
        if item is None:
            raise KeyError(item_id)
        call = Call(self.site, "PUT", "", args, {}, user=self._user(username), via="admin")
        return perform(self.site, call, item, action, item["version"])
