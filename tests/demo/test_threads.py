"""Topics and posts: reading, writing, editing, deleting, lists, the filter language, solved answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modtui.demo.server import DemoServer
from tests.demo.conftest import pending, plain_flag

Act = Callable[[str], httpx.Client]


def ask(client: httpx.Client, query: str) -> list[Any]:
    """Topics of a filter query, all pages."""
    found: list[Any] = []
    answer = client.get("/filter.json", params={"q": query, "per_page": 100}).raise_for_status().json()
    while True:
        found += answer["topic_list"]["topics"]
        more = answer["topic_list"].get("more_topics_url")
        if not more:
            return found
        assert ".json" not in more
        answer = client.get(more).raise_for_status().json()


def test_a_topic_shows_posts_with_raw_and_cooked(client: httpx.Client) -> None:
    item = plain_flag(client)
    topic = client.get(f"/t/{item['topic_id']}.json", params={"include_raw": "true"}).json()
    posts = topic["post_stream"]["posts"]
    assert [p["id"] for p in posts] == topic["post_stream"]["stream"][: len(posts)]
    assert [p["post_number"] for p in posts] == sorted(p["post_number"] for p in posts)
    assert [p["created_at"] for p in posts] == sorted(p["created_at"] for p in posts)
    reported = next(p for p in posts if p["id"] == item["target_id"])
    assert reported["raw"] == item["raw"]
    assert reported["cooked"] == item["cooked"]
    assert reported["reviewable_id"] == item["id"]
    assert reported["reviewable_score_pending_count"] == len(item["reviewable_score_ids"])
    without = client.get(f"/t/{item['topic_id']}.json").json()["post_stream"]["posts"][0]
    assert "raw" not in without


def test_more_posts_by_id_and_around_a_number(client: httpx.Client, demo: DemoServer) -> None:
    topic_id = demo.db.value("SELECT topic_id FROM posts WHERE post_number = 4 LIMIT 1")
    for number in range(30):
        body = {"topic_id": topic_id, "raw": f"Reply number {number}, to make it long."}
        client.post("/posts.json", json=body).raise_for_status()
    topic = client.get(f"/t/{topic_id}.json").json()
    stream = topic["post_stream"]["stream"]
    assert len(topic["post_stream"]["posts"]) == topic["chunk_size"] == 20
    rest = client.get(f"/t/{topic_id}/posts.json", params={"post_ids[]": [str(i) for i in stream[20:]]}).json()
    assert [p["id"] for p in rest["post_stream"]["posts"]] == stream[20:]
    last = topic["highest_post_number"]
    near = client.get(f"/t/{topic_id}/{last}.json").json()["post_stream"]["posts"]
    assert last in {p["post_number"] for p in near}


def test_post_by_number_raw_and_latest(client: httpx.Client) -> None:
    item = plain_flag(client)
    post = client.get(f"/posts/{item['target_id']}.json").json()
    again = client.get(f"/posts/by_number/{post['topic_id']}/{post['post_number']}.json").json()
    assert again == post
    assert client.get(f"/posts/{post['id']}/raw").text == post["raw"]
    assert client.get(f"/raw/{post['topic_id']}/{post['post_number']}").text == post["raw"]
    assert post["id"] in {p["id"] for p in client.get("/posts.json").json()["latest_posts"]} or post["id"] < 10_000


def test_writing_a_reply_a_topic_and_a_message(client: httpx.Client, demo: DemoServer) -> None:
    topic = client.post(
        "/posts.json", data={"title": "A new question today", "raw": "How does one do this?", "category": "4"}
    ).json()
    reply = client.post(
        "/posts.json", json={"topic_id": topic["topic_id"], "raw": "Like this, I think.", "reply_to_post_number": 1}
    ).json()
    assert (reply["post_number"], reply["reply_to_post_number"], reply["username"]) == (2, 1, "rookmoor")
    nested = client.post(
        "/posts.json", json={"topic_id": topic["topic_id"], "raw": "And like that too.", "nested_post": True}
    ).json()
    assert (nested["action"], nested["post"]["post_number"]) == ("create_post", 3)
    message = client.post(
        "/posts.json",
        json={
            "archetype": "private_message",
            "title": "About your post",
            "raw": "Please be kind.",
            "target_recipients": "bo_lind,moderators",
        },
    ).json()
    box = client.get("/topics/private-messages/bo_lind.json", headers=demo.as_user("bo_lind")).json()
    assert message["topic_id"] in {t["id"] for t in box["topic_list"]["topics"]}
    assert client.get(f"/t/{message['topic_id']}.json", headers=demo.as_user("mapletux")).status_code == 404


def test_the_same_request_with_an_admin_key_posts_once(client: httpx.Client, demo: DemoServer) -> None:
    topic_id = plain_flag(client)["topic_id"]
    body = {"topic_id": topic_id, "raw": "Only once, please."}
    first, second = (client.post("/posts.json", json=body).json() for _ in range(2))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"raw": "short"}, "too short"),
        ({"raw": "  "}, "blank"),
        ({"raw": "Long enough for a post.", "title": "tiny"}, "Title"),
        ({"raw": "Long enough for a post.", "archetype": "private_message", "title": "Hello"}, "user"),
        (
            {
                "raw": "Long enough for a post.",
                "archetype": "private_message",
                "title": "Hi",
                "target_recipients": "nobody_x",
            },
            "exist",
        ),
    ],
)
def test_refused_posts_say_why(client: httpx.Client, body: dict[str, str], words: str) -> None:
    answer = client.post("/posts.json", json=body)
    assert answer.status_code == 422
    assert answer.json()["action"] == "create_post"
    assert words in answer.json()["errors"][0]


def test_a_watched_word_holds_the_post(client: httpx.Client, anyone: Act) -> None:
    item = plain_flag(client)
    body = {"topic_id": item["topic_id"], "raw": "Try this casino, it is great."}
    held = anyone("bo_lind").post("/posts.json", json=body)
    answer = held.json()
    assert (held.status_code, answer["action"], answer["pending_count"]) == (200, "enqueued", 1)
    assert "id" not in answer
    waiting = next(i for i in pending(client, type="ReviewableQueuedPost") if i["id"] == answer["pending_post"]["id"])
    assert waiting["payload"]["raw"] == body["raw"]
    seen = client.get(f"/review/{waiting['id']}.json").json()["reviewable_scores"][0]
    assert (seen["reason_type"], seen["reason_data"]) == ("watched_word", {"words": ["casino"]})
    # The author takes it back.
    assert anyone("mapletux").delete(f"/review/{waiting['id']}.json").status_code == 404
    assert anyone("bo_lind").delete(f"/review/{waiting['id']}.json").status_code == 200
    assert client.get(f"/review/{waiting['id']}.json").json()["reviewable"]["status"] == 4


def test_whispers_are_for_staff(client: httpx.Client, anyone: Act) -> None:
    topic_id = plain_flag(client)["topic_id"]
    post = client.post(
        "/posts.json", json={"topic_id": topic_id, "raw": "Watch this one, please.", "whisper": True}
    ).json()
    assert post["post_type"] == 4
    theirs = anyone("bo_lind").get(f"/t/{topic_id}.json").json()["post_stream"]["stream"]
    assert post["id"] not in theirs
    assert post["id"] in client.get(f"/t/{topic_id}.json").json()["post_stream"]["stream"]


def test_editing_a_post(client: httpx.Client) -> None:
    item = plain_flag(client)
    url = f"/posts/{item['target_id']}.json"
    change = {"post": {"raw": "A friendlier version of this.", "edit_reason": "tone", "original_text": item["raw"]}}
    post = client.put(url, json=change).json()["post"]
    assert (post["raw"], post["version"], post["edit_reason"]) == (
        "A friendlier version of this.",
        item["post_version"] + 1,
        "tone",
    )
    assert "friendlier" in post["cooked"]
    assert client.put(url, json=change).status_code == 409
    revision = client.get(f"/posts/{item['target_id']}/revisions/latest.json").json()
    assert "friendlier" in revision["body_changes"]["side_by_side_markdown"]


def test_a_staff_delete_settles_the_flags_and_recover_brings_it_back(client: httpx.Client, anyone: Act) -> None:
    item = plain_flag(client)
    url = f"/posts/{item['target_id']}"
    assert client.delete(f"{url}.json").content == b""
    assert client.get(f"/review/{item['id']}.json").json()["reviewable"]["status"] == 1
    assert anyone("bo_lind").get(f"{url}.json").status_code == 404
    assert client.get(f"{url}.json").json()["deleted_at"]
    assert client.put(f"{url}/recover.json").json()["deleted_at"] is None
    assert anyone("bo_lind").get(f"{url}.json").status_code == 200


def test_members_do_not_read_hidden_posts(client: httpx.Client, demo: DemoServer, anyone: Act) -> None:
    post_id = demo.db.value("SELECT id FROM posts WHERE hidden AND deleted_at IS NULL LIMIT 1")
    seen = anyone("sage_willow").get(f"/posts/{post_id}.json").json()
    assert "temporarily hidden" in seen["cooked"]
    assert "raw" not in seen
    assert client.put(f"/posts/{post_id}/unhide.json").json() == {"success": "OK"}
    assert "raw" in anyone("sage_willow").get(f"/posts/{post_id}.json").json()


def test_lock_and_topic_status(client: httpx.Client, anyone: Act) -> None:
    item = plain_flag(client)
    assert client.put(f"/posts/{item['target_id']}/locked.json", data={"locked": "true"}).json() == {"locked": True}
    assert client.get(f"/posts/{item['target_id']}.json").json()["locked"] is True
    url = f"/t/{item['topic_id']}/status.json"
    for _ in range(2):
        answer = client.put(url, data={"status": "closed", "enabled": "true"})
        assert answer.json() == {"success": "OK", "topic_status_update": None}
    topic = client.get(f"/t/{item['topic_id']}.json").json()
    assert topic["closed"] is True
    assert [p["action_code"] for p in topic["post_stream"]["posts"] if p["post_type"] == 3] == ["closed.enabled"]
    body = {"topic_id": item["topic_id"], "raw": "One more thing to say."}
    assert anyone("bo_lind").post("/posts.json", json=body).status_code == 422
    assert client.put(url, data={"status": "sideways", "enabled": "true"}).status_code == 400
    assert anyone("bo_lind").put(url, data={"status": "closed", "enabled": "false"}).status_code == 403


def test_retitle_and_move_with_a_check(client: httpx.Client) -> None:
    item = plain_flag(client)
    topic = client.get(f"/t/{item['topic_id']}.json").json()
    url = f"/t/-/{item['topic_id']}.json"
    change = {"title": "A title that says it", "original_title": topic["title"], "category_id": 9}
    assert client.put(url, json=change).json()["basic_topic"]["title"] == "A title that says it"
    assert client.put(url, json=change).status_code == 409
    assert client.get(f"/review/{item['id']}.json").json()["reviewable"]["category_id"] == 9


def test_deleting_a_topic_and_bringing_it_back(client: httpx.Client, anyone: Act) -> None:
    topic_id = plain_flag(client)["topic_id"]
    client.delete(f"/t/{topic_id}.json").raise_for_status()
    assert anyone("bo_lind").get(f"/t/{topic_id}.json").status_code == 404
    client.put(f"/t/{topic_id}/recover.json").raise_for_status()
    assert anyone("bo_lind").get(f"/t/{topic_id}.json").status_code == 200


def test_filter_finds_unanswered_and_unsolved_questions(client: httpx.Client) -> None:
    lonely = ask(client, "status:noreplies status:open order:created-asc")
    assert lonely
    assert {t["posts_count"] for t in lonely} == {1}
    assert [t["created_at"] for t in lonely] == sorted(t["created_at"] for t in lonely)
    unsolved = ask(client, "status:unsolved")
    solved = ask(client, "status:solved")
    assert not {t["id"] for t in unsolved} & {t["id"] for t in solved}
    assert all(t["has_accepted_answer"] for t in solved)
    assert 9 not in {t["category_id"] for t in unsolved}
    single = {t["id"] for t in ask(client, "status:single-user")}
    assert {t["id"] for t in lonely} <= single


def test_filter_by_place_tag_people_and_size(client: httpx.Client, demo: DemoServer) -> None:
    with_children = ask(client, "category:deutsch")
    alone = ask(client, "=category:deutsch")
    assert {t["category_id"] for t in with_children} == {10, 12}
    assert {t["category_id"] for t in alone} == {10}
    assert not {10, 12} & {t["category_id"] for t in ask(client, "-category:deutsch")}
    either = ask(client, "tag:export,sync")
    both = ask(client, "tag:sync+encryption")
    assert all({"export", "sync"} & {g["name"] for g in t["tags"]} for t in either)
    assert all({"sync", "encryption"} <= {g["name"] for g in t["tags"]} for t in both)
    assert all(t["posts_count"] >= 5 for t in ask(client, "posts-min:5"))
    author = demo.db.value(
        "SELECT u.username FROM users u JOIN topics t ON t.user_id = u.id WHERE t.archetype = 'regular' AND u.id > 100"
    )
    mine = ask(client, f"created-by:{author}")
    assert mine
    assert {t["posters"][0]["user_id"] for t in mine} == {demo.user_id(author)}
    assert {t["id"] for t in mine} <= {t["id"] for t in ask(client, f"users:{author}")}


def test_filter_collects_what_it_does_not_know(client: httpx.Client) -> None:
    answer = client.get("/filter.json", params={"q": "status:open colour:blue"}).json()["topic_list"]
    assert answer["invalid_filters"] == ["colour:blue"]
    assert answer["topics"]


def test_latest_category_tag_and_search(client: httpx.Client, anyone: Act) -> None:
    bumped = [t["bumped_at"] for t in client.get("/latest.json").json()["topic_list"]["topics"]]
    assert bumped == sorted(bumped, reverse=True)
    german = client.get("/c/deutsch/10.json").json()["topic_list"]["topics"]
    assert {t["category_id"] for t in german} <= {10, 12}
    tagged = client.get("/tag/export.json").json()["topic_list"]["topics"]
    assert all("export" in {g["name"] for g in t["tags"]} for t in tagged)
    found = client.get("/search.json", params={"q": "Windows order:latest"}).json()
    assert found["posts"]
    assert all("windows" in p["blurb"].lower() or len(p["blurb"]) > 190 for p in found["posts"])
    by_author = client.get("/search.json", params={"q": f"@{found['posts'][0]['username']}"}).json()
    assert {p["username"] for p in by_author["posts"]} == {found["posts"][0]["username"]}
    assert anyone("bo_lind").get("/c/staff/14.json").status_code == 404


def test_flagging_and_taking_it_back(client: httpx.Client, demo: DemoServer, anyone: Act) -> None:
    post_id = demo.db.value(
        "SELECT p.id FROM posts p JOIN topics t ON t.id = p.topic_id JOIN users u ON u.id = p.user_id WHERE "
        "t.archetype = 'regular'"
        " AND t.category_id = 4 AND NOT u.moderator AND p.deleted_at IS NULL AND p.user_id != ? AND p.id NOT IN"
        " (SELECT target_id FROM reviewables WHERE target_type = 'Post')",
        [demo.user_id("bo_lind")],
    )
    bo = anyone("bo_lind")
    flag = {"id": post_id, "post_action_type_id": 7}
    assert bo.post("/post_actions.json", json=flag).status_code == 422
    answer = bo.post("/post_actions.json", json={**flag, "message": "Look at the profile, please."})
    assert answer.status_code == 200
    (item,) = [i for i in pending(client, flagged_by="bo_lind") if i["target_id"] == post_id]
    score = client.get(f"/review/{item['id']}.json").json()["reviewable_scores"][0]
    assert score["reviewable_conversation"]["conversation_posts"][0]["excerpt"] == "Look at the profile, please."
    assert bo.post("/post_actions.json", json={**flag, "message": "Look at the profile, please."}).status_code == 403
    assert bo.delete(f"/post_actions/{post_id}.json", params={"post_action_type_id": 7}).status_code == 200
    assert item["id"] not in {i["id"] for i in pending(client)}


def test_solved_answers(client: httpx.Client, demo: DemoServer, anyone: Act) -> None:
    row = demo.db.one(
        "SELECT p.id, p.topic_id, u.username FROM posts p JOIN topics t ON t.id = p.topic_id JOIN users u ON "
        "u.id = p.user_id"
        " WHERE t.category_id IN (4, 5, 6) AND t.accepted_post_id IS NULL AND p.post_number = 2 AND p.deleted_at "
        "IS NULL"
        " AND t.user_id != ? LIMIT 1",
        [demo.user_id("kiebitz")],
    )
    assert row is not None
    assert anyone("kiebitz").post("/solution/accept.json", json={"id": row["id"]}).status_code == 403
    client.post("/solution/accept.json", json={"id": row["id"]}).raise_for_status()
    topic = client.get(f"/t/{row['topic_id']}.json").json()
    assert topic["accepted_answer"]["post_number"] == 2
    listed = client.get("/solution/by_user.json", params={"username": row["username"]}).json()["user_solved_posts"]
    assert row["id"] in {s["post_id"] for s in listed}
    client.post("/solution/unaccept.json", json={"id": row["id"]}).raise_for_status()
    assert client.get(f"/t/{row['topic_id']}.json").json()["has_accepted_answer"] is False


def test_the_site_about_itself(client: httpx.Client, anyone: Act) -> None:
    assert anyone("").get("/site/basic-info.json").json()["title"] == "Harbour Community"
    about = client.get("/about.json").json()["about"]
    assert about["version"]
    assert "rookmoor" in {m["username"] for m in about["moderators"]}
    site = client.get("/site.json").json()
    flags = {f["id"]: f for f in site["post_action_types"]}
    assert flags[7]["require_message"] is True
    nested = client.get("/categories.json", params={"include_subcategories": "true"}).json()["category_list"][
        "categories"
    ]
    german = next(c for c in nested if c["slug"] == "deutsch")
    assert [c["slug"] for c in german["subcategory_list"]] == ["hafenkneipe"]
    assert 14 not in {c["id"] for c in anyone("bo_lind").get("/categories.json").json()["category_list"]["categories"]}
    templates = client.get("/discourse_templates.json").json()["templates"]
    assert client.post(f"/discourse_templates/{templates[0]['id']}/use.json").status_code == 200
    assert anyone("bo_lind").get("/discourse_templates.json").status_code == 403
