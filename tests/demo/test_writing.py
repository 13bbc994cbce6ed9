"""What is written and done in threads: held replies, assignments, bookmarks, presence, completion, templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from modtui.demo.life import Traffic
from modtui.demo.server import DemoServer
from tests.demo.test_threads import Act, ask


@pytest.fixture
def waiting(house: DemoServer) -> int:
    """A new topic without a reply."""
    return house.ask("crate_digger", "Where did my backup go?", "The list of backups is empty since this morning.")


def later(days: float) -> str:
    """A moment from now, as the API takes it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def test_a_reply_has_its_parent_and_ends_the_wait(mod: httpx.Client, waiting: int) -> None:
    reply = mod.post(
        "/posts.json", json={"topic_id": waiting, "raw": "Pause the sync first.", "reply_to_post_number": 1}
    )
    assert reply.json()["reply_to_post_number"] == 1
    assert waiting not in {t["id"] for t in ask(mod, "status:noreplies")}
    row = next(t for t in ask(mod, f"topic:{waiting}"))
    assert row["last_poster_username"] == "rookmoor"
    assert [p["extras"] for p in row["posters"]] == [None, "latest"]
    mod.delete(f"/posts/{reply.json()['id']}.json").raise_for_status()
    assert waiting in {t["id"] for t in ask(mod, "status:noreplies")}


def test_whispers_are_for_staff_and_no_answer(mod: httpx.Client, by: Act, waiting: int) -> None:
    body = {"topic_id": waiting, "raw": "Who knows about this one?", "whisper": "true"}
    assert mod.post("/posts.json", data=body).json()["post_type"] == 4
    assert waiting in {t["id"] for t in ask(mod, "status:noreplies")}
    assert by("bo_lind").post("/posts.json", data={**body, "raw": "I whisper as well."}).status_code == 403
    seen = by("bo_lind").get(f"/t/{waiting}.json").json()["post_stream"]["posts"]
    assert {p["post_type"] for p in seen} == {1}


def test_a_category_can_hold_every_reply(mod: httpx.Client, house: DemoServer, by: Act) -> None:
    topic_id = house.ask("lucarne", "Une question au ponton", "Qui vient samedi au port ?", category=13)
    body = {"topic_id": topic_id, "raw": "Je viens samedi, avec plaisir.", "reply_to_post_number": 1}
    held = by("sage_willow").post("/posts.json", json=body).json()
    assert (held["action"], held["success"], held["pending_count"]) == ("enqueued", True, 1)
    assert "id" not in held
    mine = by("sage_willow").get(f"/t/{topic_id}.json").json()["pending_posts"]
    assert [p["raw"] for p in mine] == [body["raw"]]
    assert "pending_posts" not in mod.get(f"/t/{topic_id}.json").json()
    listed = mod.get("/posts/sage_willow/pending.json").json()["pending_posts"]
    assert [p["topic_id"] for p in listed] == [topic_id]
    assert by("bo_lind").get("/posts/sage_willow/pending.json").status_code == 404
    assert mod.post("/posts.json", json={**body, "raw": "Moi aussi, à samedi."}).json()["post_number"] == 2


def test_where_plugins_want_it_staff_wait_too(house: DemoServer, mod: httpx.Client) -> None:
    topic_id = house.ask("lucarne", "Encore une question", "Et dimanche, qui est là ?", category=13)
    house.site.settings.approval_staff = True
    try:
        held = mod.post("/posts.json", json={"topic_id": topic_id, "raw": "Moi, dimanche, avec plaisir."}).json()
    finally:
        house.site.settings.approval_staff = False
    assert held["action"] == "enqueued"


def test_assigning_to_a_colleague_and_a_group(mod: httpx.Client, by: Act, waiting: int) -> None:
    body = {"target_id": waiting, "target_type": "Topic", "username": "ann", "note": "You know the shop."}
    assert mod.put("/assign/assign.json", json=body).json() == {"success": "OK"}
    again = mod.put("/assign/assign.json", json=body)
    assert (again.status_code, list(again.json())) == (400, ["error"])
    assert waiting in {t["id"] for t in ask(mod, "assigned:ann")}
    assert waiting not in {t["id"] for t in ask(mod, "assigned:nobody")}
    topic = mod.get(f"/t/{waiting}.json").json()
    assert (topic["assigned_to_user"]["username"], topic["assignment_note"]) == ("ann", "You know the shop.")
    assert "assigned" in [p.get("action_code") for p in topic["post_stream"]["posts"]]
    listed = mod.get("/topics/messages-assigned/ann.json").json()["topic_list"]["topics"]
    assert [t["assigned_to_user"]["username"] for t in listed if t["id"] == waiting] == ["ann"]
    group = {"target_id": waiting, "target_type": "Topic", "group_name": "product-team"}
    mod.put("/assign/assign.json", json=group).raise_for_status()
    topic = mod.get(f"/t/{waiting}.json").json()
    assert topic["assigned_to_group"]["name"] == "product-team"
    assert "assigned_to_user" not in topic
    offered = mod.get("/assign/suggestions.json").json()
    assert offered["suggestions"][0]["username"] == "rookmoor"
    assert "product-team" in offered["assign_allowed_for_groups"]
    mod.put("/assign/unassign.json", json={"target_id": waiting, "target_type": "Topic"}).raise_for_status()
    assert waiting in {t["id"] for t in ask(mod, "assigned:nobody")}
    assert by("bo_lind").put("/assign/assign.json", json=body).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"target_type": "Topic", "username": "ann"}, 400),
        ({"target_id": 999_999, "target_type": "Topic", "username": "ann"}, 404),
        ({"target_id": 50, "target_type": "Sofa", "username": "ann"}, 404),
        ({"target_id": 50, "target_type": "Topic", "username": "nobody_x"}, 404),
        ({"target_id": 50, "target_type": "Topic", "username": "bo_lind"}, 400),
        ({"target_id": 50, "target_type": "Topic", "group_name": "pirates"}, 404),
    ],
)
def test_assignments_that_cannot_be(mod: httpx.Client, body: dict[str, object], status: int) -> None:
    assert mod.put("/assign/assign.json", json=body).status_code == status


def test_assigning_can_be_absent(house: DemoServer, mod: httpx.Client) -> None:
    house.site.settings.assign = False
    try:
        assert mod.get("/assign/suggestions.json").status_code == 404
        assert mod.get("/session/current.json").json()["current_user"]["can_assign"] is False
    finally:
        house.site.settings.assign = True


def test_bookmarks_with_a_date(mod: httpx.Client, by: Act, waiting: int) -> None:
    body = {"bookmarkable_id": waiting, "bookmarkable_type": "Topic", "name": "Ask again", "reminder_at": later(2)}
    made = mod.post("/bookmarks.json", data=body).json()
    assert made["success"] == "OK"
    twice = mod.post("/bookmarks.json", data=body)
    assert (twice.status_code, twice.json()["failed"]) == (400, "FAILED")
    topic = mod.get(f"/t/{waiting}.json").json()
    assert (topic["bookmarked"], topic["bookmarks"][0]["id"]) == (True, made["id"])
    assert waiting in {t["id"] for t in ask(mod, "in:bookmarked")}
    url = f"/bookmarks/{made['id']}.json"
    assert mod.put(url, data={"reminder_at": later(-1)}).status_code == 400
    mod.put(url, data={"reminder_at": later(9), "name": "Next week"}).raise_for_status()
    kept = mod.get("/u/rookmoor/bookmarks.json").json()["user_bookmark_list"]["bookmarks"]
    assert [(b["name"], b["topic_id"]) for b in kept] == [("Next week", waiting)]
    assert by("ann").delete(url).status_code == 403
    assert mod.delete(url).json() == {"success": "OK", "topic_bookmarked": False}
    assert mod.get("/u/rookmoor/bookmarks.json").json() == {"bookmarks": []}
    assert mod.delete(url).status_code == 404


def test_a_post_says_that_it_is_bookmarked(mod: httpx.Client, waiting: int) -> None:
    post = mod.get(f"/t/{waiting}.json").json()["post_stream"]["posts"][0]
    made = mod.post("/bookmarks.json", json={"bookmarkable_id": post["id"], "bookmarkable_type": "Post"}).json()
    post = mod.get(f"/t/{waiting}.json").json()["post_stream"]["posts"][0]
    assert (post["bookmarked"], post["bookmark_id"]) == (True, made["id"])
    mod.delete(f"/bookmarks/{made['id']}.json").raise_for_status()


def test_watching_a_topic(mod: httpx.Client, waiting: int) -> None:
    assert mod.get(f"/t/{waiting}.json").json()["details"]["notification_level"] == 1
    mod.post(f"/t/{waiting}/notifications.json", json={"notification_level": 3}).raise_for_status()
    assert mod.get(f"/t/{waiting}.json").json()["details"]["notification_level"] == 3
    assert waiting in {t["id"] for t in ask(mod, "in:watching")}
    assert mod.post(f"/t/{waiting}/notifications.json", json={"notification_level": 9}).status_code == 400


def test_who_is_writing_is_told(mod: httpx.Client, house: DemoServer, by: Act, waiting: int) -> None:
    channel = f"/discourse-presence/reply/{waiting}"
    hidden = "/discourse-presence/reply/999999"
    ask_both = {"channels[]": [channel, hidden]}
    before = mod.get("/presence/get", params=ask_both).json()
    assert before[channel] == {"count": 0, "last_message_id": 0, "users": []}
    assert before[hidden] is None
    house.writing(waiting, "kestrel")
    told = mod.get("/presence/get", params=ask_both).json()[channel]
    assert [u["username"] for u in told["users"]] == ["kestrel"]
    assert told["last_message_id"] == 1
    house.writing(waiting, "kestrel", on=False)
    mine = {"client_id": "abc", "present_channels[]": [channel]}
    assert mod.post("/presence/update", data=mine).json() == {channel: True}
    seen = by("ann").get("/presence/get", params=ask_both).json()[channel]
    assert [u["username"] for u in seen["users"]] == ["rookmoor"]
    mod.post("/presence/update", data={"client_id": "abc", "leave_channels[]": [channel]}).raise_for_status()
    assert mod.get("/presence/get", params=ask_both).json()[channel]["count"] == 0
    assert by("").post("/presence/update", data=mine).status_code == 403


def test_what_can_be_completed(mod: httpx.Client, by: Act) -> None:
    users = mod.get("/u/search/users.json", params={"term": "bo", "include_groups": "true"}).json()
    assert "bo_lind" in {u["username"] for u in users["users"]}
    assert all(u["username"].lower().startswith("bo") or "bo" in u["name"].lower() for u in users["users"])
    groups = mod.get("/u/search/users.json", params={"term": "prod", "include_groups": "true"}).json()["groups"]
    assert [g["name"] for g in groups] == ["product-team"]
    tags = mod.get("/tags/filter/search.json", params={"q": "exp", "limit": 5}).json()["results"]
    assert tags[0]["name"] == "export"
    known = {t["name"]: t["count"] for t in mod.get("/tags.json").json()["tags"]}
    assert known["export"] == tags[0]["count"] == len(ask(mod, "tag:export"))
    order = {"term": "exp", "order[]": ["category", "tag"]}
    found = mod.get("/hashtags/search.json", params=order).json()
    assert [(r["type"], r["ref"]) for r in found["results"]][:2] == [("category", "export"), ("tag", "export::tag")]
    child = mod.get("/hashtags/search.json", params={"term": "hafen", "order[]": ["category"]}).json()["results"]
    assert [r["ref"] for r in child] == ["deutsch:hafenkneipe"]
    staff = {"term": "staff", "order[]": ["category"]}
    assert mod.get("/hashtags/search.json", params=staff).json()["results"]
    assert not by("bo_lind").get("/hashtags/search.json", params=staff).json()["results"]
    assert mod.get("/hashtags/search.json", params={"term": "x"}).status_code == 400
    names = {g["name"] for g in mod.get("/groups.json").json()["groups"]}
    assert {"moderators", "product-team"} <= names


def test_moving_and_tagging(mod: httpx.Client, by: Act, waiting: int) -> None:
    mod.put(
        f"/t/-/{waiting}.json", json={"category_id": 5, "tags": ["Export", "export", "brand-new"]}
    ).raise_for_status()
    topic = mod.get(f"/t/{waiting}.json").json()
    assert topic["category_id"] == 5
    assert [t["name"] for t in topic["tags"]] == ["export", "brand-new"]
    assert all(t["id"] for t in topic["tags"])
    assert mod.put(f"/t/-/{waiting}.json", json={"tags": ["no spaces, please"]}).status_code == 422
    assert by("bo_lind").put(f"/t/-/{waiting}.json", json={"category_id": 4}).status_code == 403


def test_archiving(mod: httpx.Client, waiting: int) -> None:
    for on in ("true", "false"):
        mod.put(f"/t/{waiting}/status.json", data={"status": "archived", "enabled": on}).raise_for_status()
        assert (waiting in {t["id"] for t in ask(mod, "status:archived")}) is (on == "true")


def test_templates_come_in_three_languages(mod: httpx.Client) -> None:
    tags = {tag["name"] for t in mod.get("/discourse_templates.json").json()["templates"] for tag in t["tags"]}
    assert {"en", "de", "fr"} <= tags


def test_solved_ones_are_found_by_words(mod: httpx.Client) -> None:
    found = mod.get("/search.json", params={"q": "export status:solved in:title"}).json()
    assert found["topics"]
    assert all(t["has_accepted_answer"] for t in found["topics"])
    assert all("export" in t["title"].lower() for t in found["topics"])


def test_a_message_to_a_group(mod: httpx.Client, by: Act) -> None:
    body = {
        "archetype": "private_message",
        "title": "Export stops again",
        "raw": "Three members in two days, please look.",
        "target_recipients": "product-team,ann",
    }
    sent = mod.post("/posts.json", data=body).json()
    assert sent["topic_id"] in {
        t["id"] for t in mod.get("/topics/private-messages-sent/rookmoor.json").json()["topic_list"]["topics"]
    }
    details = by("ann").get(f"/t/{sent['topic_id']}.json").json()["details"]
    assert [g["name"] for g in details["allowed_groups"]] == ["product-team"]
    assert by("bo_lind").get(f"/t/{sent['topic_id']}.json").status_code == 404
    mod.post(f"/t/{sent['topic_id']}/invite-group.json", data={"group": "legal-team"}).raise_for_status()
    groups = mod.get(f"/t/{sent['topic_id']}.json").json()["details"]["allowed_groups"]
    assert {g["name"] for g in groups} == {"product-team", "legal-team"}


def test_a_flag_for_moderators_stands_in_the_queue(mod: httpx.Client, by: Act, waiting: int) -> None:
    post = mod.get(f"/t/{waiting}.json").json()["post_stream"]["posts"][0]
    flag = {"id": post["id"], "post_action_type_id": 7, "message": "Please look at this with the product team."}
    mod.post("/post_actions.json", data=flag).raise_for_status()
    item = mod.get("/review.json", params={"flagged_by": "rookmoor", "topic_id": waiting}).json()
    assert [r["target_id"] for r in item["reviewables"]] == [post["id"]]
    told = [s.get("reviewable_conversation") for s in item["reviewable_scores"]]
    assert told[0]["conversation_posts"][0]["excerpt"] == flag["message"]
    assert mod.post("/post_actions.json", data=flag).status_code == 403
    assert mod.delete(f"/post_actions/{post['id']}.json", params={"post_action_type_id": 7}).status_code == 200
    again = {**flag, "queue_for_review": "true"}
    mod.post("/post_actions.json", data=again).raise_for_status()
    assert mod.get(f"/posts/{post['id']}.json").json()["hidden"] is True
    assert by("bo_lind").get("/review.json").status_code in (403, 404)


def test_another_answer_takes_the_mark_over(mod: httpx.Client, house: DemoServer, waiting: int) -> None:
    first = house.answer(waiting, "inkwell", "Look into the second folder.")
    second = house.answer(waiting, "saltmarsh", "It is in the first folder.")
    before = [
        mod.get(f"/u/{name}/summary.json").json()["user_summary"]["solved_count"] for name in ("inkwell", "saltmarsh")
    ]
    for post_id in (first, second):
        mod.post("/solution/accept.json", json={"id": post_id}).raise_for_status()
    after = [
        mod.get(f"/u/{name}/summary.json").json()["user_summary"]["solved_count"] for name in ("inkwell", "saltmarsh")
    ]
    assert after == [before[0], before[1] + 1]
    assert mod.get(f"/t/{waiting}.json").json()["accepted_answer"]["username"] == "saltmarsh"


def test_a_deleted_reply_gives_the_last_word_back(mod: httpx.Client, house: DemoServer, waiting: int) -> None:
    house.answer(waiting, "inkwell", "Which version is it?", reply_to=1)
    house.answer(waiting, "crate_digger", "Version 4.2.1, on Linux.", reply_to=2)
    mine = mod.post("/posts.json", json={"topic_id": waiting, "raw": "Then update first.", "reply_to_post_number": 3})
    (row,) = ask(mod, f"topic:{waiting}")
    assert (row["last_poster_username"], row["posts_count"], row["reply_count"]) == ("rookmoor", 4, 3)
    mod.delete(f"/posts/{mine.json()['id']}.json").raise_for_status()
    (row,) = ask(mod, f"topic:{waiting}")
    assert (row["last_poster_username"], row["posts_count"], row["reply_count"]) == ("crate_digger", 3, 2)
    mod.put(f"/posts/{mine.json()['id']}/recover.json").raise_for_status()
    (row,) = ask(mod, f"topic:{waiting}")
    assert (row["last_poster_username"], row["posts_count"]) == ("rookmoor", 4)


def test_members_ask_and_ask_again_while_time_goes_by(mod: httpx.Client, house: DemoServer) -> None:
    traffic = Traffic(house.site)
    before = house.db.value("SELECT max(id) FROM topics")
    with house.db.write():
        for _ in range(4):
            traffic.question()
        asked = house.db.all("SELECT * FROM topics WHERE id > ? AND archetype = 'regular'", [before])
        traffic.again()
    assert len(asked) == 4
    assert {t["id"] for t in asked} <= {t["id"] for t in ask(mod, "status:noreplies")}
    newest = house.db.one(
        "SELECT p.user_id, t.user_id AS asker FROM posts p JOIN topics t ON t.id = p.topic_id ORDER BY p.id DESC"
    )
    assert newest is not None
    assert newest["user_id"] == newest["asker"]
