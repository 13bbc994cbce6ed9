"""Topics, lists and pickers with anything in any field: nothing breaks, and a bad row hides no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.backends.discourse import changes, plans, undo, wire
from modtui.backends.discourse.answered import Library, found_by
from modtui.backends.discourse.around import thread_of
from modtui.backends.discourse.choices import Choices
from modtui.backends.discourse.lane import Questions, Stream, blurbs_of, decode, encode, following
from modtui.backends.discourse.questions import from_page, from_row, opening
from modtui.backends.discourse.wire_topics import Topic, posts_of, read_listing, stream_of
from modtui.demo.server import DemoServer
from modtui.desk.language import with_language
from modtui.domain.decisions import Step
from modtui.domain.items import Item
from modtui.domain.seen import differences, seen_of
from modtui.errors import ModtuiError
from modtui.store.codec import encode as stored
from modtui.testing import intent_for
from modtui.text import show
from tests.core.discourse_world import copied
from tests.core.spoiling import FUZZ, SITE, spoiled

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def answers(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a whole community answers, of each kind."""
    with DemoServer(copied(world, tmp_path_factory.mktemp("fuzz"))) as demo:

        def get(path: str, **params: str) -> Any:
            return httpx.get(demo.url + path, headers=demo.as_user(demo.username), params=params).json()

        talks = get("/filter.json", q="posts-min:2", per_page="2")
        solved = get("/filter.json", q="status:solved", per_page="2")
        native = solved["topic_list"]["topics"][0]["id"]
        yield {
            "lists": [talks, solved], "page": get(f"/t/{native}.json", include_raw="true"),
            "search": get("/search.json", q="backup in:first"), "templates": get("/discourse_templates.json"),
            "assign": get("/assign/suggestions.json"), "people": get("/u/search/users.json", term="a", limit="5"),
            "categories": get("/categories.json", include_subcategories="true"), "tags": get("/tags.json"),
            "presence": {"/discourse-presence/reply/1": {"users": [{"id": 2, "username": "bo"}]}},
        }  # fmt: skip


def sound(item: Item) -> None:
    """An item that can be stored, shown, compared, planned with and taken back."""
    again = json.loads(stored(with_language(item)))
    assert again["ref"]["native"] == item.ref.native and seen_of(item).digest and show(item.title) is not None
    assert differences(seen_of(item), item) == ()
    for offer in item.offers:
        try:
            plan = plans.plan(SITE, item, intent_for(offer))
        except ModtuiError as error:
            assert error.message
            continue
        done = [
            Step(index=place, call=step.call, words=step.words, key="k", due_ms=0, state="done")
            for place, step in enumerate(plan.steps)
        ]
        assert stored(plan) and stored(undo.plan_undo(item, intent_for(offer), done))


@FUZZ
@given(draw=st.data())
def test_lists(answers: dict[str, Any], draw: st.DataObject) -> None:
    answer = spoiled(draw.draw(st.sampled_from(answers["lists"])), draw)
    if not isinstance(answer, dict):
        return
    listing = read_listing(answer)
    assert len(listing.topics) + listing.lost == listing.size, "each row is there, or counted as unreadable"
    nobody: Any = _Asked({})
    lane = Questions(nobody, SITE)
    lane._learn(listing, trusted=True)
    for topic in listing.topics:
        lane._fits("noreplies", topic)
        item = lane._row(topic, listing)
        assert item is not None
        sound(item)
        sound(from_row(SITE, topic, listing.users, None, takes_answers=False, held=True))
    after = following(Stream("talks", "2026-10-01", (1,), 0), listing, plain=False)
    if after is not None:
        assert decode(str(encode([after]))) == [after]


@FUZZ
@given(draw=st.data())
def test_a_topics_page(answers: dict[str, Any], draw: st.DataObject) -> None:
    answer = spoiled(answers["page"], draw)
    topic, _ = wire.lenient(answer, Topic)
    if topic is None:
        return
    assert isinstance(posts_of(topic), list) and isinstance(stream_of(topic), list)
    item = from_page(SITE, topic, opening(topic))
    if isinstance(item, Item):
        sound(item)
        assert stored(thread_of(SITE, item, answer))


class _Asked:
    """Gives one answer to every question; `door` is never asked."""

    door: Any = None

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def _dict(self, *_: object, **__: object) -> dict[str, Any]:
        return self.answer if isinstance(self.answer, dict) else {}

    search = people = assignees = topic = latest = filter = _dict

    async def templates(self) -> list[dict[str, Any]]:
        return self._rows("templates")

    async def tags(self, text: str) -> list[dict[str, Any]]:
        return self._rows("tags")

    async def categories(self) -> list[dict[str, Any]]:
        return self._rows("category_list")

    async def presence(self, topic: int) -> list[dict[str, Any]]:
        return self._rows("/discourse-presence/reply/1")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        found = self.answer.get(name) if isinstance(self.answer, dict) else None
        for inner in ("categories", "users"):
            found = found.get(inner) if isinstance(found, dict) and inner in found else found
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


KINDS: list[tuple[str, Any]] = [
    ("templates", ""), ("search", ""), ("assign", "assignee"), ("people", "person"), ("people", "group"),
    ("categories", "category"), ("tags", "tag"), ("search", "thread"), ("assign", "route"), ("presence", ""),
]  # fmt: skip


@FUZZ
@given(draw=st.data())
def test_what_can_be_picked(answers: dict[str, Any], draw: st.DataObject) -> None:
    name, kind = draw.draw(st.sampled_from(KINDS))
    asked: Any = _Asked(spoiled(answers[name], draw))

    async def ask() -> object:
        library = Library(asked, SITE)
        if kind:
            return await Choices(asked, SITE).find(kind, "a" if kind == "person" else "", None)
        if name == "templates":
            return await library.templates()
        return await (library.writing(1) if name == "presence" else library.search("backup", solved=True))

    assert stored(anyio.run(ask))
    if isinstance(asked.answer, dict):
        assert stored(found_by(SITE, asked.answer)) and isinstance(blurbs_of(asked.answer), dict)


BUS = [
    {"channel": "/latest", "message_id": 3, "data": {"topic_id": 3, "message_type": "latest", "payload": {"x": 1}}},
    {"channel": "/new", "message_id": 4, "data": {"topic_id": 4, "payload": {"archetype": "private_message"}}},
    {"channel": "/delete", "message_id": 9, "data": {"topic_id": 5}},
]


@FUZZ
@given(draw=st.data())
def test_the_bus(draw: st.DataObject) -> None:
    rows = [row for row in spoiled(BUS, draw) if isinstance(row, dict)]
    found = changes._read(SITE, dict.fromkeys(changes.TOPICS, 1), rows)
    assert stored(found) and found.position and all(ref.kind == "topic" for ref in found.touched)


def test_private_messages_are_no_questions_and_floods_read_the_lane_again() -> None:
    found = changes._read(SITE, dict.fromkeys(changes.TOPICS, 1), BUS)
    assert [ref.native for ref in found.touched] == ["3", "5"] and not found.reload
    flood = [{"channel": "/latest", "message_id": n, "data": {"topic_id": n}} for n in range(1, 400)]
    found = changes._read(SITE, dict.fromkeys(changes.TOPICS, 1), flood)
    assert found.reload and not found.touched and found.lanes == ("questions",)


@pytest.mark.parametrize("cursor", ["", "[]", "{}", '[["moon"]]', '[["talks",1]]', "x"])
def test_a_cursor_of_somebody_else(cursor: str) -> None:
    with pytest.raises(ModtuiError):
        decode(cursor)
