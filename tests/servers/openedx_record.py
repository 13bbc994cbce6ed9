"""Records what the Open edX forum answers, for tests that decode it without a server.

`python -m tests.servers record openedx` writes `recorded/openedx/<name>.json`:

    {"request": {"method", "path", "body"}, "response": {"status", "headers": {...}, "body"}}

`path` starts at the site's root and carries the query; `body` is JSON, or text where the answer is none. Neither host
nor credential is in it; of the headers, only those a client decides by. Names are made up. `test_openedx_running.py`
compares these files with a running server, so they cannot go stale unseen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from tests.servers.openedx import OUTSIDER, Member, OpenEdx

FOLDER = Path(__file__).parent / "recorded" / "openedx"
_HEADERS = ("Content-Type", "WWW-Authenticate", "Allow")

_WHOLE: dict[str, Any] = {"recursive": "true", "with_responses": "true", "reverse_order": "false"}

Exchange = dict[str, Any]


class Recorder:
    """Asks a server and keeps each exchange under a name."""

    def __init__(self, server: OpenEdx) -> None:
        self.server = server
        # Not the helper's client: that one always sends the service account. Loopback only, so no certificates.
        self._http = httpx.Client(base_url=server.url, trust_env=False, verify=False, timeout=30)
        self.kept: dict[str, Exchange] = {}

    def __call__(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        auth: tuple[str, str] | bool | None = True,
        **params: str | int,
    ) -> Any:
        """The body of the answer to one request below `/api/v2`; `auth` True is the service account."""
        answer = self._http.request(
            method,
            f"/api/v2/{path}",
            params=params or None,
            json=body,
            auth=(self.server.user, self.server.password) if auth is True else auth or None,
        )
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        got = answer.json() if is_json else answer.text
        self.kept[name] = {
            "request": {"method": method, "path": answer.request.url.raw_path.decode(), "body": body},
            "response": {
                "status": answer.status_code,
                "headers": {key: answer.headers[key] for key in _HEADERS if key in answer.headers},
                "body": got,
            },
        }
        return got

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


def record(server: OpenEdx, suffix: str = "") -> dict[str, Exchange]:
    """Plays a small community and returns its exchanges by name. `suffix` keeps member names apart on a used server."""
    ask = Recorder(server)
    try:
        _play(ask, suffix)
    finally:
        ask.close()
    return ask.kept


def _play(ask: Recorder, suffix: str) -> None:
    server = ask.server
    ada, ben, eve, mod = (server.create_user(f"{name}{suffix}") for name in ("ada", "ben", "eve", "mod"))
    course = server.course()
    spam, talk, question = _fill(ask, course, ada, ben, eve)
    _queues(ask, course, mod)
    _reads(ask, course, spam, talk, question, ada)
    _decisions(ask, course, spam, talk, question, mod)
    _questions(ask, course, question, ada, mod)
    _errors(ask, course, spam)
    _removals(ask, course, spam, talk, eve)


def _fill(ask: Recorder, course: str, ada: Member, ben: Member, eve: Member) -> tuple[str, list[str], list[str]]:
    """A reported thread; a thread with a reported reply; a question with a reported and a good answer.

    The lists are thread, response, reply and thread, bad answer, good answer.
    """
    made = ask(
        "thread-create",
        "POST",
        "course/threads",
        {
            "title": "Cheap watches",
            "body": "Buy **cheap** watches at https://spam.example",
            "course_id": course,
            "user_id": eve.id,
            "thread_type": "discussion",
            "commentable_id": "general",
        },
    )
    spam = str(made["id"])
    ask("thread-flag", "PUT", f"threads/{spam}/abuse_flag", {"user_id": ada.id})
    ask.server.flag_thread(spam, ben)

    talk = ask.server.create_thread(course, ada, "Which book do you read?", title="Books")
    response = str(
        ask(
            "comment-create",
            "POST",
            f"threads/{talk}/comments",
            {"body": "The red one.", "course_id": course, "user_id": ben.id},
        )["id"]
    )
    reply = str(
        ask(
            "reply-create",
            "POST",
            f"comments/{response}",
            {"body": "You cannot read at all.", "course_id": course, "user_id": eve.id},
        )["id"]
    )
    ask("comment-flag", "PUT", f"comments/{reply}/abuse_flag", {"user_id": ben.id})

    question = ask.server.create_thread(course, ben, "How do I upload?", title="Upload", kind="question")
    bad = ask.server.create_comment(course, question, eve, "Pay me and I tell you.")
    ask.server.flag_comment(bad, ada, ben)
    good = ask.server.create_comment(course, question, ada, "Press the arrow.")
    return spam, [talk, response, reply], [question, bad, good]


def _queues(ask: Recorder, course: str, mod: Member) -> None:
    page: dict[str, Any] = {"course_id": course, "flagged": "true", "count_flagged": "true", "per_page": 2}
    ask("threads-flagged-1", "GET", "threads", page=1, **page)
    ask("threads-flagged-2", "GET", "threads", page=2, **page)
    ask("threads-flagged-3-empty", "GET", "threads", page=3, **page)
    ask("threads-flagged-as-user", "GET", "threads", course_id=course, flagged="true", user_id=mod.id)
    ask("threads-unanswered", "GET", "threads", course_id=course, unanswered="true")
    ask("threads-unresponded", "GET", "threads", course_id=course, unresponded="true")
    ask("threads-unknown-course", "GET", "threads", course_id="course-v1:No+Such+Course", flagged="true")


def _reads(ask: Recorder, course: str, spam: str, talk: list[str], question: list[str], ada: Member) -> None:
    ask("thread-plain", "GET", f"threads/{spam}")
    ask("thread-discussion", "GET", f"threads/{talk[0]}", **_WHOLE)
    ask("thread-question", "GET", f"threads/{question[0]}", **_WHOLE)
    ask("thread-question-merged", "GET", f"threads/{question[0]}", merge_question_type_responses="true", **_WHOLE)
    ask("comment-response", "GET", f"comments/{question[1]}")
    ask("comment-reply", "GET", f"comments/{talk[2]}")
    ask("user", "GET", f"users/{ada.id}")
    ask("user-complete", "GET", f"users/{ada.id}", complete="true", course_id=course)
    ask("stats", "GET", f"users/{course}/stats", sort_key="flagged")
    ask("stats-update", "POST", f"users/{course}/update_stats")
    ask("stats-updated", "GET", f"users/{course}/stats", sort_key="flagged", with_timestamps="true")
    ask("active-threads", "GET", f"users/{ada.id}/active_threads", course_id=course, sort_key="date")
    ask("active-threads-raw", "GET", f"users/{ada.id}/active_threads", course_id=course)


def _decisions(ask: Recorder, course: str, spam: str, talk: list[str], question: list[str], mod: Member) -> None:
    edit = {"body": "[removed]", "editing_user_id": mod.id, "edit_reason_code": "violates-guidelines"}
    ask("thread-edit", "PUT", f"threads/{spam}", edit)
    ask("comment-edit", "PUT", f"comments/{talk[2]}", edit)
    close = {"closed": True, "closing_user_id": mod.id, "close_reason_code": "off-topic"}
    ask("thread-close", "PUT", f"threads/{spam}", close)
    ask("threads-flagged-closed", "GET", "threads", course_id=course, flagged="true", per_page=1, page=3)
    ask("thread-reopen", "PUT", f"threads/{spam}", {"closed": False})
    ask("thread-pin", "PUT", f"threads/{talk[0]}/pin", {"user_id": mod.id})
    ask("thread-unflag-all", "PUT", f"threads/{spam}/abuse_unflag", {"user_id": mod.id, "all": True})
    ask("thread-unflag-all-again", "PUT", f"threads/{spam}/abuse_unflag", {"user_id": mod.id, "all": True})
    ask("comment-unflag-all", "PUT", f"comments/{question[1]}/abuse_unflag", {"user_id": mod.id, "all": True})
    ask("comment-endorse", "PUT", f"comments/{question[2]}", {"endorsed": True, "endorsement_user_id": mod.id})
    ask("thread-question-endorsed", "GET", f"threads/{question[0]}", **_WHOLE)


def _questions(ask: Recorder, course: str, question: list[str], ada: Member, mod: Member) -> None:
    """The lane of questions: its lists, a reply, marks, the topic, who is told, the search."""
    thread, _, good = question
    first: dict[str, Any] = {"course_id": course, "thread_type": "question", "page": 1, "per_page": 20}
    ask("questions-all", "GET", "threads", sort_key="activity", **first)
    ask("question-marked", "GET", f"threads/{thread}", merge_question_type_responses="true", **_WHOLE)
    ask("comment-unendorse", "PUT", f"comments/{good}", {"endorsed": False})
    ask("questions-waiting", "GET", "threads", sort_key="date", unanswered="true", **first)
    body = {"body": "And then wait.", "course_id": course, "user_id": mod.id}
    ask("response-create", "POST", f"threads/{thread}/comments", body)
    ask("question-waiting", "GET", f"threads/{thread}", merge_question_type_responses="true", **_WHOLE)
    ask("thread-move", "PUT", f"threads/{thread}", {"commentable_id": "help"})
    ask("topics", "GET", f"commentables/{course}/counts")
    ask("watch", "POST", f"users/{mod.id}/subscriptions", {"source_id": thread})
    ask("watched", "GET", f"users/{mod.id}/subscribed_threads", course_id=course, unanswered="true", per_page=100)
    ask("watchers", "GET", f"threads/{thread}/subscriptions", page=1)
    ask("unwatch", "DELETE", f"users/{mod.id}/subscriptions", source_id=thread)
    ask("unwatch-again", "DELETE", f"users/{mod.id}/subscriptions", source_id=thread)
    ask("search", "GET", "search/threads", course_id=course, text="upload", thread_type="question")
    ask("stats-of-one", "GET", f"users/{course}/stats", usernames=ada.name, with_timestamps="true")


def _errors(ask: Recorder, course: str, spam: str) -> None:
    server = ask.server
    ask("error-no-credentials", "GET", "threads", auth=None, course_id=course)
    ask("error-wrong-password", "GET", "threads", auth=(server.user, "wrong"), course_id=course)
    ask("error-not-staff", "GET", "threads", auth=(OUTSIDER, server.password), course_id=course)
    ask("error-unknown-thread", "GET", "threads/999999")
    ask("error-unknown-comment", "GET", "comments/999999")
    ask("error-unknown-user", "GET", "users/999999")
    ask("error-acting-user-unknown", "GET", "threads", course_id=course, user_id="999999")
    ask("error-flag-unknown-thread", "PUT", "threads/999999/abuse_flag", {"user_id": server.create_user().id})
    ask("error-unflag-without-user", "PUT", f"threads/{spam}/abuse_unflag", {"all": True})
    ask("error-close-without-reason", "PUT", f"threads/{spam}", {"closed": True})
    ask("error-no-course", "GET", "threads", flagged="true")
    ask("error-page-no-number", "GET", "threads", course_id=course, page="x")
    ask("error-user-exists", "POST", "users", {"id": server.create_user().id, "username": "again"})
    ask("error-user-extra-key", "POST", "users", {"id": "999999", "username": "zoe", "email": "zoe@example.org"})
    ask("error-id-no-number", "GET", "threads/abc")
    ask("error-unknown-path", "GET", "no-such-path")
    ask("error-method", "POST", "threads", {})


def _removals(ask: Recorder, course: str, spam: str, talk: list[str], eve: Member) -> None:
    ask("comment-delete", "DELETE", f"comments/{talk[2]}")
    ask("comment-delete-again", "DELETE", f"comments/{talk[2]}")
    ask("thread-delete", "DELETE", f"threads/{spam}")
    ask("thread-delete-again", "DELETE", f"threads/{spam}")
    ask("user-retire", "POST", f"users/{eve.id}/retire", {"retired_username": f"retired_{eve.id}"})
    ask("user-retired", "GET", f"users/{eve.id}")


def write(kept: dict[str, Exchange], folder: Path = FOLDER) -> None:
    """One file for each exchange; files of exchanges that are no longer made are deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        if old.stem not in kept:
            old.unlink()
    for name, exchange in kept.items():
        (folder / f"{name}.json").write_text(json.dumps(exchange, indent=1) + "\n")


def read(folder: Path = FOLDER) -> dict[str, Exchange]:
    """The recorded exchanges by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def shape(value: object) -> object:
    """What stays the same between two recordings: keys and types, one element for all of a list."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
