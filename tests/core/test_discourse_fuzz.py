"""Answers with anything in any field: nothing breaks, and a bad row hides no other."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.backends.discourse import changes, plans, undo, wire
from modtui.backends.discourse.around import thread_of
from modtui.backends.discourse.directory import item_of
from modtui.backends.discourse.dossier import Asked, dossier_of
from modtui.backends.discourse.items import items_of
from modtui.backends.discourse.side import read_queue
from modtui.backends.reply import Reply
from modtui.demo.server import DemoServer
from modtui.desk.language import with_language
from modtui.domain.decisions import Step
from modtui.domain.items import Item
from modtui.domain.seen import seen_of
from modtui.errors import Refused, SiteError
from modtui.store import people
from modtui.store.codec import encode
from modtui.store.rows import stored
from modtui.store.schema import script
from modtui.store.tables import MEMBERS
from modtui.testing import intent_for
from modtui.text import show
from tests.core.discourse_world import copied
from tests.core.spoiling import FUZZ, SITE, spoiled


@pytest.fixture(scope="module")
def answers(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a whole community answers, of each kind."""
    with DemoServer(copied(world, tmp_path_factory.mktemp("fuzz"))) as demo:
        def get(path: str, **params: str) -> Any:
            return httpx.get(demo.url + path, headers=demo.as_user(demo.username), params=params).json()

        kinds = ("ReviewableFlaggedPost", "ReviewableQueuedPost", "ReviewableUser")
        queues = [get("/review.json", status="all", priority="low", type=kind) for kind in kinds]
        post = queues[0]["reviewables"][0]
        member = get(f"/admin/users/{post['target_created_by_id']}.json")
        yield {
            "queue": queues, "thread": get(f"/t/{post['topic_id']}.json", include_raw="true"), "member": member,
            "card": get(f"/u/{member['username']}.json")["user"], "members": get("/admin/users/list/active.json"),
            "record": {
                "actions": get("/user_actions.json", username=member["username"], filter="4,5")["user_actions"],
                "log": get("/admin/logs/staff_action_logs.json")["staff_action_logs"],
                "reported": get("/review.json", username=member["username"], status="all"),
                "notes": get("/user_notes.json", user_id=str(member["id"]))["user_notes"],
                "warnings": [{"id": 7, "title": "Rules", "created_at": "2026-10-01T10:00:00.000Z"}],
                "summary": {"solved_count": 3, "likes_given": 2},
            },
        }  # fmt: skip


@pytest.fixture(scope="module")
def names() -> Iterator[sqlite3.Connection]:
    """The cache's tables of members."""
    with closing(sqlite3.connect(":memory:")) as connection:
        script(connection, "CREATE TABLE item (row INTEGER, lane TEXT);" + MEMBERS)
        yield connection


@FUZZ
@given(draw=st.data())
def test_the_queue(answers: dict[str, Any], draw: st.DataObject) -> None:
    answer = spoiled(draw.draw(st.sampled_from(answers["queue"])), draw)
    if not isinstance(answer, dict):
        return
    queue = read_queue(answer)
    items, unreadable = items_of(SITE, queue)
    assert len(items) + unreadable == queue.size, "each row is there, or counted as unreadable"
    for item in items:
        again = json.loads(encode(with_language(item)))
        assert again["ref"]["native"] == item.ref.native and stored(item) and seen_of(item).digest
        assert show(item.title) is not None
        for offer in item.offers:
            planned(item, offer.id)


def planned(item: Item, id: str) -> None:
    """Plan an offer, and the way back: it works, or is refused in a sentence."""
    offer = next(one for one in item.offers if one.id == id)
    try:
        plan = plans.plan(SITE, item, intent_for(offer))
    except Refused as refusal:
        assert refusal.message
        return
    assert plan.steps and encode(plan)
    done = [
        Step(index=at, call=step.call, words=step.words, key="k", due_ms=0, state="done")
        for at, step in enumerate(plan.steps)
    ]
    assert encode(undo.plan_undo(item, intent_for(offer), done))


@FUZZ
@given(draw=st.data())
def test_threads_and_members(answers: dict[str, Any], draw: st.DataObject) -> None:
    (item, *_), _ = items_of(SITE, read_queue(answers["queue"][0]))
    thread = spoiled(answers["thread"], draw)
    if isinstance(thread, dict):
        assert encode(thread_of(SITE, item, thread))
    card, member = spoiled(answers["card"], draw), spoiled(answers["member"], draw)
    record = spoiled(answers["record"], draw)
    if isinstance(card, dict) and isinstance(member, dict) and isinstance(record, dict):
        dossier = dossier_of(SITE, asked(card, member, record), 1_800_000_000_000)
        assert encode(dossier) and len(dossier.posts_by_day) <= 30 and len(dossier.accepted_by_month) in (0, 12)


def asked(card: dict[str, Any], member: dict[str, Any], record: dict[str, Any]) -> Asked:
    """What the requests of a dossier brought, as the client gives it."""
    lists = {
        name: [row for row in found if isinstance(row, dict)] if isinstance(found := record.get(name), list) else []
        for name in ("actions", "log", "notes", "warnings")
    }
    reported, summary = record.get("reported"), record.get("summary")
    return Asked(
        card=card, admin=member, solved=lists["actions"], **lists,
        reported=read_queue(reported) if isinstance(reported, dict) else None,
        summary=summary if isinstance(summary, dict) else {},
    )  # fmt: skip


@FUZZ
@given(draw=st.data())
def test_the_directory(answers: dict[str, Any], names: sqlite3.Connection, draw: st.DataObject) -> None:
    rows = spoiled(answers["members"][:8], draw)
    for row in rows if isinstance(rows, list) else ():
        item = item_of(SITE, row, 1_800_000_000_000) if isinstance(row, dict) else None
        if item is None:
            continue
        assert encode(with_language(item)) and stored(item) and seen_of(item).digest
        assert item.author is not None
        people.put(names, 1, item)
        for offer in item.offers:
            planned(item, offer.id)


BUS = [
    {"channel": "/reviewable_claimed", "message_id": 3, "data": {"topic_id": 3, "user": {"id": 1, "username": "x"}}},
    {"channel": "/reviewable_counts/2", "message_id": 3, "data": {"updates": {"12": {"status": 1}}}},
    {"channel": "/__status", "data": {"/reviewable_claimed": 4}},
]


@FUZZ
@given(draw=st.data())
def test_the_bus_and_small_answers(draw: st.DataObject) -> None:
    rows = [row for row in spoiled(BUS, draw) if isinstance(row, dict)]
    found = changes._read(SITE, {"/reviewable_claimed": 1, "/reviewable_counts/2": 1}, rows)
    assert encode(found) and found.position
    result = {"reviewable_perform_result": {"version": 1, "remove_reviewable_ids": [1], "created_post_id": 4}}
    answer = spoiled(result, draw)
    if isinstance(answer, dict):
        wire.lenient(answer.get("reviewable_perform_result") or {}, wire.Perform)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a":"\\ud800x"}', "\ufffdx"),
        (b'{"a":"\xff\xfe"}', "\ufffd\ufffd"),
        (b'{"a":"\x1b[2J"}', "\x1b[2J"),
        (b'{"a":NaN}', None),
    ],
    ids=["half sign", "no UTF-8", "control character", "NaN"],
)
def test_what_json_forbids_in_one_text_hides_no_page(body: bytes, found: object) -> None:
    assert Reply(200, {"content-type": "application/json"}, body).json() == {"a": found}


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b'{"a": 1', b""])
def test_what_is_too_deep_or_cut_off_is_told(body: bytes) -> None:
    reply = Reply(200, {"content-type": "application/json"}, body)
    with pytest.raises(SiteError):
        reply.json()
    assert reply.loose() == {}
