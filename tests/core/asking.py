"""Questions on the embedded community, for tests of the Discourse adapter: asked, answered, read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo import effects
from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.domain.items import Gone, Item, Page
from modtui.domain.subjects import SubjectRef
from tests.core.discourse_world import DAY_MS

TEXT = "Since the update my backup stops at forty percent every night. What can I do about it?"
SETTLED = 10 * 60_000
"""How long ago helpers write: never in the future, and never within the same second."""


def people(demo: DemoServer, number: int = 2) -> list[dict[str, Any]]:
    """Plain members without sanctions."""
    return demo.db.all(
        "SELECT * FROM users WHERE id > 10 AND NOT moderator AND NOT admin AND active AND deleted_at IS NULL"
        " AND trust_level BETWEEN 1 AND 2 AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT ?",
        [number],
    )


def category(demo: DemoServer, *, solved: bool = True) -> int:
    """A category that marks answers, or one that does not."""
    return int(demo.db.value("SELECT id FROM categories WHERE solved = ? AND NOT read_restricted ORDER BY id LIMIT 1",
                             [int(solved)]))  # fmt: skip


def ask(
    demo: DemoServer, *replies: str, title: str = "My backup stops in the middle", raw: str = TEXT, solved: bool = True,
    tags: Sequence[str] = ("restore",), days: float = 0,
) -> int:  # fmt: skip
    """A question, `days` old, with `replies` by "asker" and "other"; gives the topic's id."""
    asker, other = people(demo)
    at = now_ms() - SETTLED - int(days * DAY_MS)
    with demo.db.write():
        topic, _ = effects.new_topic(
            demo.site, asker["id"], title, raw, category_id=category(demo, solved=solved), tags=list(tags), at=at
        )
        for number, who in enumerate(replies, 1):
            author = asker if who == "asker" else other
            effects.new_post(demo.site, topic, author["id"], f"Words number {number} about it.", at=at + number * 1000)
    return topic


def answer(demo: DemoServer, topic: int, raw: str = "Look into the log file first, please.") -> int:
    """Another member answers now; gives the post's id."""
    with demo.db.write():
        return effects.new_post(demo.site, topic, people(demo)[1]["id"], raw)


def post(demo: DemoServer, topic: int, number: int) -> int:
    """The id of a post by its number."""
    return int(demo.db.value("SELECT id FROM posts WHERE topic_id = ? AND post_number = ?", [topic, number]))


def row(demo: DemoServer, table: str, native: int) -> dict[str, Any]:
    """A row of the site's own tables."""
    found = demo.db.one(f"SELECT * FROM {table} WHERE id = ?", [native])
    assert found is not None
    return found


def tags(demo: DemoServer, topic: int) -> list[str]:
    """The tags of a topic, sorted."""
    return sorted(json.loads(row(demo, "topics", topic)["tags"]))


def ref(backend: DiscourseBackend, topic: int | str) -> SubjectRef:
    """The reference of a topic."""
    return SubjectRef(backend.connection.community, "topic", str(topic))


async def question(backend: DiscourseBackend, topic: int) -> Item:
    """A topic as it is now."""
    found = (await backend.reread([ref(backend, topic)]))[ref(backend, topic)]
    assert isinstance(found, Item), found
    return found


async def gone(backend: DiscourseBackend, topic: int) -> bool:
    """Whether a topic is gone."""
    return isinstance((await backend.reread([ref(backend, topic)]))[ref(backend, topic)], Gone)


async def whole_lane(backend: DiscourseBackend) -> dict[str, Item]:
    """Every item of the lane, page by page."""
    found: dict[str, Item] = {}
    cursor: str | None = None
    for _ in range(50):
        page: Page = await backend.page("questions", cursor)
        found |= {item.number: item for item in page.items}
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the lane does not end")


def filtered(demo: DemoServer, query: str) -> set[str]:
    """The topics that the server's own filter lists, on all its pages."""
    found: set[str] = set()
    for page in range(50):
        body = httpx.get(
            f"{demo.url}/filter.json", headers=demo.as_user(demo.username),
            params={"q": query, "per_page": 100, "page": page},
        ).json()  # fmt: skip
        found |= {str(topic["id"]) for topic in body["topic_list"]["topics"]}
        if "more_topics_url" not in body["topic_list"]:
            return found
    raise AssertionError("the list does not end")
