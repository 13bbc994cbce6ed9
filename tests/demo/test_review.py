"""The review queue: pages, filters, side-loads, what is offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modtui.demo.server import DemoServer
from tests.demo.conftest import pending


def test_pages_hold_ten_items_and_name_the_next_page_without_json(client: httpx.Client) -> None:
    first = client.get("/review.json").json()
    assert len(first["reviewables"]) == 10
    assert first["meta"]["total_rows_reviewables"] == 60
    more = first["meta"]["load_more_reviewables"]
    assert more.startswith("/review?offset=10")
    assert ".json" not in more
    items = pending(client)
    assert len({item["id"] for item in items}) == 60


def test_every_kind_is_among_sixty_items(client: httpx.Client) -> None:
    kinds = Counter(item["type"] for item in pending(client))
    assert set(kinds) == {
        "ReviewableFlaggedPost",
        "ReviewableQueuedPost",
        "ReviewableUser",
        "ReviewablePost",
        "Chat::ReviewableMessage",
        "ReviewableAkismetPost",
        "ReviewableEventProposal",
    }
    assert 0.65 < kinds["ReviewableFlaggedPost"] / 60 < 0.85


def test_default_order_is_score_and_the_other_orders_sort_too(client: httpx.Client) -> None:
    scores = [item["score"] for item in pending(client)]
    assert scores == sorted(scores, reverse=True)
    for order, key, reverse in (
        ("score_asc", "score", False),
        ("created_at", "created_at", True),
        ("created_at_asc", "created_at", False),
    ):
        values = [item[key] for item in pending(client, sort_order=order)]
        assert values == sorted(values, reverse=reverse), order


def test_every_id_of_an_item_is_side_loaded(client: httpx.Client) -> None:
    answer = client.get("/review.json").json()
    users = {user["id"] for user in answer["users"]}
    scores = {score["id"]: score for score in answer["reviewable_scores"]}
    bundles = {bundle["id"]: bundle for bundle in answer["bundled_actions"]}
    actions = {action["id"] for action in answer["actions"]}
    for item in answer["reviewables"]:
        assert item["created_by_id"] in users
        for score_id in item["reviewable_score_ids"]:
            assert scores[score_id]["user_id"] in users
        for bundle_id in item["bundled_action_ids"]:
            assert set(bundles[bundle_id]["action_ids"]) <= actions
        assert set(item["reviewable_history_ids"]) <= {line["id"] for line in answer["reviewable_histories"]}


def test_users_repeat_in_unlike_richness(client: httpx.Client) -> None:
    answer = client.get("/review.json", params={"type": "ReviewableFlaggedPost"}).json()
    author = answer["reviewables"][0]["target_created_by_id"]
    forms = [set(user) for user in answer["users"] if user["id"] == author]
    assert len(forms) >= 2
    assert any("flags_agreed" in form for form in forms)
    assert any("email" not in form for form in forms)


def test_an_empty_answer_has_no_side_loads(client: httpx.Client) -> None:
    answer = client.get("/review.json", params={"username": "nobody_of_this_name"}).json()
    assert set(answer) == {"reviewables", "meta", "__rest_serializer"}
    assert answer["reviewables"] == []


@pytest.mark.parametrize(
    ("filters", "check"),
    [
        ({"type": "ReviewableUser"}, lambda item: item["type"] == "ReviewableUser"),
        (
            {"priority": "high"},
            lambda item: item["score"] >= 10 or item["type"] in ("ReviewableQueuedPost", "ReviewableUser"),
        ),
        ({"category_id": "10"}, lambda item: item["category_id"] == 10),
        ({"status": "reviewed"}, lambda item: item["status"] != 0),
        ({"from_date": "2000-01-01", "to_date": "2001-01-01"}, lambda item: False),
    ],
)
def test_filters(client: httpx.Client, filters: dict[str, str], check: Callable[[Any], bool]) -> None:
    items = pending(client, **filters)
    assert all(check(item) for item in items)
    assert items or "from_date" in filters


def test_filters_by_people(client: httpx.Client, demo: DemoServer) -> None:
    item = next(i for i in pending(client, type="ReviewableFlaggedPost"))
    author = demo.db.value("SELECT username FROM users WHERE id = ?", [item["target_created_by_id"]])
    flagger = demo.db.value("SELECT username FROM users WHERE id = ?", [item["created_by_id"]])
    assert item["id"] in {i["id"] for i in pending(client, username=author)}
    assert item["id"] in {i["id"] for i in pending(client, flagged_by=flagger)}
    assert pending(client, flagged_by="nobody_of_this_name") == []
    assert pending(client, claimed_by="kestrel") == []
    demo.claim(item["topic_id"], "kestrel")
    claimed = pending(client, claimed_by="kestrel")
    assert item["id"] in {i["id"] for i in claimed}
    assert all(i["claimed_by_id"] for i in claimed)


def test_explicit_ids_come_whatever_their_state(client: httpx.Client, demo: DemoServer) -> None:
    decided = demo.db.value("SELECT id FROM reviewables WHERE status = 1 LIMIT 1")
    open_one = demo.db.value("SELECT id FROM reviewables WHERE status = 0 LIMIT 1")
    params: list[tuple[str, str | int | float | bool | None]] = [
        ("ids[]", str(decided)),
        ("ids[]", str(open_one)),
        ("status", "all"),
        ("priority", "low"),
    ]
    found = client.get("/review.json", params=params).json()["reviewables"]
    assert {item["id"] for item in found} == {decided, open_one}


@pytest.mark.parametrize("params", [{"status": "maybe"}, {"type": "ReviewableNothing"}, {"from_date": "soon"}])
def test_bad_filters_are_400(client: httpx.Client, params: dict[str, str]) -> None:
    answer = client.get("/review.json", params=params)
    assert answer.status_code == 400
    assert answer.json()["error_type"] == "invalid_parameters"


def test_one_item_has_the_same_shape(client: httpx.Client) -> None:
    item = client.get("/review.json").json()["reviewables"][0]
    answer = client.get(f"/review/{item['id']}.json").json()
    assert answer["reviewable"] == item
    assert answer["meta"]["types"]["claimed_by"] == "claimed_by"
    assert client.get("/review/999999.json").status_code == 404


def test_only_staff_see_the_queue(anyone: Callable[[str], httpx.Client]) -> None:
    for name, kind in (("bo_lind", "invalid_access"), ("", "not_logged_in")):
        answer = anyone(name).get("/review.json")
        assert (answer.status_code, answer.json()["error_type"]) == (403, kind)


def test_counts_leave_out_what_others_claimed(client: httpx.Client, demo: DemoServer) -> None:
    demo.claim(pending(client, type="ReviewableFlaggedPost")[0]["topic_id"], "kestrel")
    claimed = len(pending(client, claimed_by="kestrel"))
    assert claimed
    assert client.get("/review/count.json").json() == {"count": 60 - claimed}
    kestrel = client.get("/review/count.json", headers=demo.as_user("kestrel")).json()
    assert kestrel == {"count": 60}


def test_topics_groups_pending_items(client: httpx.Client) -> None:
    groups = client.get("/review/topics.json").json()["reviewable_topics"]
    by_topic = Counter(item["topic_id"] for item in pending(client))
    assert groups
    for group in groups:
        assert group["stats"]["count"] >= by_topic[group["id"]] > 0


def test_explain_adds_up(client: httpx.Client) -> None:
    item = client.get("/review.json", params={"type": "ReviewableFlaggedPost"}).json()["reviewables"][0]
    told = client.get(f"/review/{item['id']}/explain.json").json()["reviewable_explanation"]
    assert told["total_score"] == pytest.approx(sum(score["score"] for score in told["scores"]), abs=0.05)


def test_reporters_words_come_with_the_score(client: httpx.Client) -> None:
    found = []
    for item in pending(client, score_type="7"):
        answer = client.get(f"/review/{item['id']}.json").json()
        found += [s["reviewable_conversation"] for s in answer["reviewable_scores"] if "reviewable_conversation" in s]
    assert found
    post = found[0]["conversation_posts"][0]
    assert post["excerpt"]
    assert post["user"]["username"]


def test_a_plugin_of_old_shape_has_bare_action_ids(client: httpx.Client) -> None:
    item = pending(client, type="ReviewableEventProposal")[0]
    actions = client.get(f"/review/{item['id']}.json").json()["actions"]
    assert {action["id"] for action in actions} == {"approve_event", "decline_event"}
    assert all("server_action" not in action for action in actions)


def test_queued_items_name_what_may_be_edited(client: httpx.Client) -> None:
    items = pending(client, type="ReviewableQueuedPost")
    topics = [item for item in items if item["topic_id"] is None]
    replies = [item for item in items if item["topic_id"] is not None]
    assert topics
    assert replies
    assert {field["id"] for field in topics[0]["editable_fields"]} == {
        "payload.raw",
        "payload.title",
        "payload.tags",
        "category_id",
    }
    assert [field["id"] for field in replies[0]["editable_fields"]] == ["payload.raw"]
    assert topics[0]["payload"]["title"]


def test_sign_ups_carry_their_account_in_the_payload(client: httpx.Client) -> None:
    item = pending(client, type="ReviewableUser")[0]
    assert item["target_type"] == "User"
    assert item["target_created_by_id"] is None
    assert {"username", "name", "email", "bio", "website"} == set(item["payload"])
