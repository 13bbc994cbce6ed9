"""The Open edX forum (PyPI: openedx-forum), alone and on SQLite.

Started with the app's own test settings and its HTTP API switched on (`openedx_app/openedx_settings.py`), behind a
staff service account, which is how that API wants to be called: the caller is trusted and names the acting member in
`user_id`.

0.4.1.post1 is the last release for Python 3.11. It declares mysqlclient, which needs a C library and is not used with
SQLite, so the forum is installed without its dependencies and those that it imports are named here.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from filelock import FileLock

from tests.servers import base

NAME = "openedx"
ABOUT = "Open edX forum 0.4.1, the discussion service of Open edX"

OUTSIDER = "modtui-outsider"
"""An account with the same password that is not staff, so the API refuses it."""

_NEEDS = [
    "Django>=5.2,<5.3",
    "djangorestframework>=3.15,<4",
    "beautifulsoup4<5",
    "pymongo<5",
    "requests<3",
    "elasticsearch<8",
    "typesense<3",
]
_ALONE = ["openedx-forum==0.4.1.post1", "edx-search<6"]
_APP = Path(__file__).parent / "openedx_app"
_SERVING = re.compile(r"server at (http://127\.0\.0\.1:\d+)/")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who posts or reports. `id` is a number written as text, as everywhere in this API."""

    id: str
    name: str


class Answer(Exception):
    """The server refused: `status` and `body` (JSON, or text where it is none)."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


def _recipe() -> str:
    return base.recipe(*_NEEDS, *_ALONE, f"{sys.version_info[0]}.{sys.version_info[1]}")


def _python() -> Path:
    return base.folder(NAME) / "venv" / "bin" / "python"


def prepare(say: base.Say = print) -> None:
    """Install the forum into `.servers/openedx/venv`, unless it is there already. Takes about 15 s.

    Raises:
        ServerTrouble: pip could not do it.
    """
    home = base.folder(NAME)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "prepare.lock"):
        if base.prepared(NAME, _recipe()):
            say(f"{NAME}: already installed in {home}")
            return
        versions = base.make_environment(NAME, "forum", _NEEDS, ["--no-deps", *_ALONE], say=say)
        base.mark_prepared(NAME, _recipe(), {"versions": versions})


@dataclass(frozen=True, slots=True)
class OpenEdx:
    """A forum that answers, and what tests need to fill it. Every method uses the server's own HTTP API.

    `url` is the site's address; the API is below `/api/v2`. `user` and `password` are the service account for Basic
    authentication. Methods raise Answer where the server refuses; `call` never does.
    """

    url: str
    user: str
    password: str = field(repr=False)
    log: Path
    pid: int
    _http: httpx.Client = field(repr=False)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1001), repr=False)

    def call(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, json: Json | None = None
    ) -> httpx.Response:
        """One request below `/api/v2`; the answer as it came, also when it is an error."""
        return self._http.request(method, f"/api/v2/{path}", params=params, json=json)

    def ask(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, json: Json | None = None
    ) -> Json:
        """One request below `/api/v2`; the JSON object of the answer. Raises Answer."""
        answer = self.call(method, path, params=params, json=json)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = answer.json() if is_json else answer.text
        if answer.is_error or not isinstance(body, dict):
            raise Answer(answer.status_code, body)
        return body

    def course(self) -> str:
        """The id of a course that nobody has used: tests keep apart by course."""
        return f"course-v1:Modtui+T{next(self._count)}+2026"

    def create_user(self, name: str = "") -> Member:
        """A new member (names are unique on a server; without one, a name is made up)."""
        number = next(self._count)
        member = Member(str(number), name or f"member{number}")
        self.ask("POST", "users", json={"id": member.id, "username": member.name})
        return member

    def create_thread(
        self,
        course: str,
        author: Member,
        body: str = "A body.",
        *,
        title: str = "A title",
        kind: str = "discussion",
        topic: str = "general",
    ) -> str:
        """A new thread ("discussion" or "question"); its id. The course need not be created."""
        made = self.ask(
            "POST",
            "course/threads",
            json={
                "title": title,
                "body": body,
                "course_id": course,
                "user_id": author.id,
                "thread_type": kind,
                "commentable_id": topic,
            },
        )
        return str(made["id"])

    def create_comment(self, course: str, thread: str, author: Member, body: str = "A response.") -> str:
        """A response to a thread; its id."""
        made = self.ask(
            "POST", f"threads/{thread}/comments", json={"body": body, "course_id": course, "user_id": author.id}
        )
        return str(made["id"])

    def create_reply(self, course: str, comment: str, author: Member, body: str = "A reply.") -> str:
        """A comment below a response (there is no deeper level); its id."""
        made = self.ask("POST", f"comments/{comment}", json={"body": body, "course_id": course, "user_id": author.id})
        return str(made["id"])

    def flag_thread(self, thread: str, *reporters: Member) -> Json:
        """Each reporter reports the thread; the thread as the last answer has it."""
        return self._flag(f"threads/{thread}", reporters)

    def flag_comment(self, comment: str, *reporters: Member) -> Json:
        """Each reporter reports the response or reply; the comment as the last answer has it."""
        return self._flag(f"comments/{comment}", reporters)

    def _flag(self, subject: str, reporters: tuple[Member, ...]) -> Json:
        answer: Json = {}
        for reporter in reporters:
            answer = self.ask("PUT", f"{subject}/abuse_flag", json={"user_id": reporter.id})
        return answer

    def thread(self, thread: str, **params: str | int) -> Json:
        """A thread; by default with its responses and their replies, oldest first."""
        wanted = params or {"recursive": "true", "with_responses": "true", "reverse_order": "false"}
        return self.ask("GET", f"threads/{thread}", params=wanted)

    def comment(self, comment: str) -> Json:
        """A response or reply."""
        return self.ask("GET", f"comments/{comment}")

    def flagged(self, course: str, **params: str | int) -> Json:
        """A page of the threads that are reported, or that hold a reported comment."""
        return self.ask("GET", "threads", params={"course_id": course, "flagged": "true", **params})

    def stats(self, course: str, **params: str | int) -> Json:
        """Numbers per member of a course."""
        return self.ask("GET", f"users/{quote(course, safe='')}/stats", params=params)


@contextmanager
def running(data: Path) -> Iterator[OpenEdx]:
    """A forum on a free port of 127.0.0.1 that keeps its database in `data`; ended with the block. Takes about 3 s.

    Raises:
        NotPrepared: it is not installed.
        ServerTrouble: it does not start.
    """
    if not base.prepared(NAME, _recipe()):
        raise base.NotPrepared(NAME)
    data.mkdir(parents=True, exist_ok=True)
    user, password = "modtui-service", secrets.token_urlsafe(18)
    log = data / "server.log"
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(_APP),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_RUNSERVER_HIDE_WARNING": "true",
        "MODTUI_OPENEDX_DB": str(data / "forum.sqlite3"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_python(), str(_APP / "serve.py")],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=data,
            start_new_session=True,
        )
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it ended already; wait_for says why
            process.stdin.write(json.dumps({"user": user, "outsider": OUTSIDER, "password": password}).encode() + b"\n")
            process.stdin.flush()
        url = base.wait_for(lambda: _address(log), process, log, 60)
        # Loopback without TLS: no proxy of the developer, and no time spent on loading certificates.
        with httpx.Client(base_url=url, auth=(user, password), timeout=30, trust_env=False, verify=False) as http:
            base.wait_for(lambda: _alive(http), process, log, 30)
            yield OpenEdx(url, user, password, log, process.pid, http)
    finally:
        base.end(process)


def _address(log: Path) -> str:
    found = _SERVING.search(log.read_text(errors="replace"))
    return found[1] if found else ""


def _alive(http: httpx.Client) -> str:
    try:
        answer = http.get("/api/v2/threads", params={"course_id": "none"})
    except httpx.TransportError:
        return ""
    return "yes" if answer.status_code == 200 else ""
