"""Whatever an Open edX forum sends as a number, a name or an address: requests go to its own API and nowhere else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.desk.possible import complete
from modtui.domain.decisions import VERBS
from modtui.errors import ModtuiError
from tests.core.test_openedx_questions import Forum, Opened, opened  # noqa: F401 (a fixture)

pytestmark = pytest.mark.anyio

HOSTILE = (
    "https://evil.example/1", "//evil.example/1", "@evil.example/1", ".evil.example", "../../../admin",
    "1/../../../admin", "1?course_id=other", "1#", "%2e%2e/1", "\\\\evil.example", "1\r\nHost: evil.example",
)  # fmt: skip


def _changed(value: Any, field: str, to: str) -> Any:
    """A copy in which this field is another wherever it stands."""
    if isinstance(value, dict):
        return {name: to if name == field else _changed(inner, field, to) for name, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, field, to) for inner in value]
    return value


def _fields(value: Any) -> set[str]:
    """The names of all fields that hold a text or a number."""
    if isinstance(value, list):
        return set().union(*(_fields(inner) for inner in value))
    if not isinstance(value, dict):
        return set()
    own = {name for name, inner in value.items() if isinstance(inner, str | int) and not isinstance(inner, bool)}
    return own.union(*(_fields(inner) for inner in value.values()))


FIELDS = sorted(
    name for name in _fields([Forum().waiting, Forum().thread])
    if name == "id" or name.endswith(("_id", "username", "_by", "_by_id", "url"))
)  # fmt: skip
"""What could come to stand in an address."""


@pytest.mark.parametrize("to", HOSTILE)
async def test_requests_stay_in_the_forums_api(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, to: str  # noqa: F811
) -> None:
    asked: list[str] = []
    once = Door._once
    field = ""

    async def changed(self: Door, method: str, url: str, *rest: Any) -> Reply:
        asked.append(url)
        reply = await once(self, method, url, *rest)
        body = json.dumps(_changed(json.loads(reply.body), field, to)).encode() if reply.says_json else reply.body
        return Reply(reply.status, reply.headers, body, reply.place, reply.sent)

    forum = Forum()
    assert {"id", "user_id", "username", "thread_id", "commentable_id", "course_id"} <= set(FIELDS)
    async with opened(forum) as (backend, site):
        honest = (await backend.page("questions")).items[0]
        monkeypatch.setattr(Door, "_once", changed)
        for field in FIELDS:
            items = [honest]
            try:
                items += (await backend.page("questions")).items
            except ModtuiError:
                pass
            for item in items:
                works = [backend.reread([item.ref]), backend.thread(item)]
                if item.author is not None:
                    works.append(backend.dossier(item.author.native))
                for work in works:
                    try:
                        await work
                    except ModtuiError:
                        pass
                for verb in VERBS if field in ("id", "user_id") else ():
                    try:
                        plan = backend.plan(item, complete(verb))
                        await backend.send(plan.steps[0].call, key="k")
                    except ModtuiError:
                        continue
        assert len(asked) > 2 * len(FIELDS)
        for url in asked:
            parts = urlsplit(url)
            assert url.startswith(f"{site.url}/api/v2/"), url
            assert "evil" not in parts.path and ".." not in parts.path and "\r" not in url, url
