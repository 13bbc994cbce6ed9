"""Performing actions and what they change in the world."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from modtui.demo.server import DemoServer
from tests.demo.conftest import Item, Serve, offers, pending, perform, plain_flag


def post_of(client: httpx.Client, item: Item) -> Item:
    """The reported post as it is now."""
    found: Item = client.get(f"/posts/{item['target_id']}.json").raise_for_status().json()
    return found


def inbox(demo: DemoServer, client: httpx.Client, user_id: int) -> list[str]:
    """Titles of a member's private messages."""
    name = demo.db.value("SELECT username FROM users WHERE id = ?", [user_id])
    answer = client.get(f"/topics/private-messages/{name}.json", headers=demo.as_user(name)).raise_for_status().json()
    return [topic["title"] for topic in answer["topic_list"]["topics"]]


def test_hide_hides_tells_the_author_and_counts_for_the_reporter(client: httpx.Client, demo: DemoServer) -> None:
    item = plain_flag(client)
    before = demo.db.one("SELECT flags_agreed FROM users WHERE id = ?", [item["created_by_id"]])
    answer = perform(client, item, "agree_and_hide").json()["reviewable_perform_result"]
    assert answer["success"] is True
    assert answer["remove_reviewable_ids"] == [item["id"]]
    assert answer["version"] == item["version"] + 1
    assert post_of(client, item)["hidden"] is True
    assert "Post hidden by community flags" in inbox(demo, client, item["target_created_by_id"])
    after = demo.db.one("SELECT flags_agreed FROM users WHERE id = ?", [item["created_by_id"]])
    assert before is not None
    assert after is not None
    assert after["flags_agreed"] == before["flags_agreed"] + 1
    again = client.get(f"/review/{item['id']}.json").json()
    assert again["reviewable"]["status"] == 1
    assert again["reviewable_scores"][0]["status"] == 1
    assert again["reviewable_histories"][-1]["reviewable_history_type"] == 1


def test_disagree_unhides_tells_the_author_and_lifts_the_silence_it_caused(
    client: httpx.Client, demo: DemoServer
) -> None:
    item = next(i for i in pending(client) if any(p["from_this_target"] for p in i["author_penalties"]))
    assert "disagree" in offers(client, item["id"])
    assert post_of(client, item)["hidden"] is True
    perform(client, item, "disagree").raise_for_status()
    assert post_of(client, item)["hidden"] is False
    assert "Post restored" in inbox(demo, client, item["target_created_by_id"])
    user = client.get(f"/admin/users/{item['target_created_by_id']}.json").json()
    assert user["silenced"] is False
    assert client.get(f"/review/{item['id']}.json").json()["reviewable"]["status"] == 2


def test_disagree_does_not_lift_a_silence_of_another_cause(client: httpx.Client) -> None:
    item = plain_flag(client)
    user_id = item["target_created_by_id"]
    sanction = {"silenced_till": "2099-01-01", "reason": "Something else entirely"}
    client.put(f"/admin/users/{user_id}/silence.json", json=sanction).raise_for_status()
    perform(client, item, "disagree").raise_for_status()
    assert client.get(f"/admin/users/{user_id}.json").json()["silenced"] is True


def test_ignore_leaves_the_post_and_counts_as_ignored(client: httpx.Client, demo: DemoServer) -> None:
    item = plain_flag(client)
    perform(client, item, "ignore_and_do_nothing").raise_for_status()
    assert post_of(client, item)["hidden"] is False
    answer = client.get(f"/review/{item['id']}.json").json()
    assert answer["reviewable"]["status"] == 3
    assert {score["status"] for score in answer["reviewable_scores"]} == {3}


def test_delete_and_agree_deletes_and_tells_the_author(client: httpx.Client, demo: DemoServer) -> None:
    item = plain_flag(client)
    perform(client, item, "delete_and_agree").raise_for_status()
    assert post_of(client, item)["deleted_at"] is not None
    assert "Post removed by staff" in inbox(demo, client, item["target_created_by_id"])


def test_a_stale_version_is_409_and_changes_nothing(client: httpx.Client, demo: DemoServer) -> None:
    item = plain_flag(client)
    demo.perform(item["id"], "ignore_and_do_nothing", "ann")
    demo.flag(item["target_id"], "sage_willow")
    answer = perform(client, item, "agree_and_hide")
    assert answer.status_code == 409
    assert answer.json()["errors"]
    assert post_of(client, item)["hidden"] is False


def test_an_action_that_is_gone_is_403(client: httpx.Client, demo: DemoServer) -> None:
    item = plain_flag(client)
    demo.perform(item["id"], "ignore_and_do_nothing", "ann")
    answer = perform(client, item, "agree_and_hide")
    assert (answer.status_code, answer.json()["error_type"]) == (403, "invalid_access")
    assert perform(client, plain_flag(client), "approve_post").status_code == 403


def test_a_missing_version_is_422(client: httpx.Client) -> None:
    item = plain_flag(client)
    assert client.put(f"/review/{item['id']}/perform/disagree.json").status_code == 422


def test_version_in_the_body_is_as_good(client: httpx.Client) -> None:
    item = plain_flag(client)
    answer = client.put(f"/review/{item['id']}/perform/disagree.json", data={"version": str(item["version"])})
    assert answer.status_code == 200


def test_edits_and_new_flags_do_not_raise_the_version_and_a_new_flag_reopens(
    client: httpx.Client, demo: DemoServer
) -> None:
    item = plain_flag(client)
    demo.edit_post(item["target_id"], "Now it is a quite different text.")
    demo.flag(item["target_id"], "sage_willow", "off_topic")
    fresh = client.get(f"/review/{item['id']}.json").json()["reviewable"]
    assert fresh["version"] == item["version"]
    assert fresh["post_version"] == item["post_version"] + 1
    assert len(fresh["reviewable_score_ids"]) == len(item["reviewable_score_ids"]) + 1
    perform(client, item, "disagree").raise_for_status()
    reopened = demo.flag(item["target_id"], "claire_b", "spam")
    assert reopened == item["id"]
    fresh = client.get(f"/review/{item['id']}.json").json()["reviewable"]
    assert (fresh["status"], fresh["version"]) == (0, item["version"] + 1)


def test_deleting_a_member_resolves_all_their_items(client: httpx.Client, demo: DemoServer) -> None:
    item = next(
        i
        for i in pending(client, type="ReviewableFlaggedPost")
        if not i["claimed_by_id"] and "delete_user" in offers(client, i["id"])
    )
    user_id = item["target_created_by_id"]
    own = demo.db.value("SELECT id FROM posts WHERE user_id = ? AND id != ?", [user_id, item["target_id"]])
    if own is None:
        topic = demo.db.value("SELECT topic_id FROM posts WHERE id = ?", [item["target_id"]])
        name = demo.db.value("SELECT username FROM users WHERE id = ?", [user_id])
        body = {"topic_id": topic, "raw": "Another one of those, see my page."}
        own = client.post("/posts.json", json=body, headers=demo.as_user(name)).raise_for_status().json()["id"]
    sibling = demo.flag(own, "tante_erna", "spam")
    answer = perform(client, item, "delete_user").json()["reviewable_perform_result"]
    assert {item["id"], sibling} <= set(answer["remove_reviewable_ids"])
    assert client.get(f"/admin/users/{user_id}.json").status_code == 404
    assert client.get(f"/review/{sibling}.json").json()["reviewable"]["status"] == 1
    fresh = client.get(f"/review/{item['id']}.json").json()["reviewable"]
    assert fresh["version"] == answer["version"]


def test_approving_a_held_reply_publishes_it(client: httpx.Client) -> None:
    item = next(
        i
        for i in pending(client, type="ReviewableQueuedPost")
        if i["topic_id"] and not i["claimed_by_id"] and "approve_post" in offers(client, i["id"])
    )
    result = perform(client, item, "approve_post").json()["reviewable_perform_result"]
    post = client.get(f"/posts/{result['created_post_id']}.json").json()
    assert post["raw"] == item["payload"]["raw"]
    assert post["topic_id"] == item["topic_id"] == result["created_post_topic_id"]


def test_approving_a_held_topic_opens_it_where_it_belongs(client: httpx.Client) -> None:
    item = next(i for i in pending(client, type="ReviewableQueuedPost") if i["topic_id"] is None)
    result = perform(client, item, "approve_post").json()["reviewable_perform_result"]
    topic = client.get(f"/t/{result['created_post_topic_id']}.json").json()
    assert (topic["title"], topic["category_id"]) == (item["payload"]["title"], item["category_id"])


def test_a_closed_topic_wants_a_confirmation(client: httpx.Client) -> None:
    item = next(i for i in pending(client, type="ReviewableQueuedPost") if i["topic_id"] and not i["claimed_by_id"])
    client.put(f"/t/{item['topic_id']}/status.json", data={"status": "closed", "enabled": "true"}).raise_for_status()
    answer = client.get(f"/review/{item['id']}.json").json()
    closed = next(a for a in answer["actions"] if a["server_action"] == "approve_post_closed")
    assert closed["confirm_message"]
    assert perform(client, item, "approve_post").status_code == 403
    assert perform(client, item, "approve_post_closed").status_code == 200


def test_a_rejected_post_can_still_be_approved(client: httpx.Client) -> None:
    item = next(i for i in pending(client, type="ReviewableQueuedPost") if not i["claimed_by_id"])
    version = perform(client, item, "reject_post").json()["reviewable_perform_result"]["version"]
    assert offers(client, item["id"]) == {"approve_post"}
    assert perform(client, item | {"version": version}, "approve_post").status_code == 200


def test_revise_and_reject_writes_to_the_author(client: httpx.Client, demo: DemoServer) -> None:
    item = next(i for i in pending(client, type="ReviewableQueuedPost") if not i["claimed_by_id"])
    answer = perform(
        client, item, "revise_and_reject_post", revise_reason="Unclear title", revise_feedback="Say which version."
    )
    answer.raise_for_status()
    assert "Your post needs changes" in inbox(demo, client, item["target_created_by_id"])


def test_approving_a_sign_up_lets_the_member_in(client: httpx.Client) -> None:
    item = pending(client, type="ReviewableUser")[0]
    perform(client, item, "approve_user").raise_for_status()
    assert client.get(f"/admin/users/{item['target_id']}.json").json()["approved"] is True


def test_rejecting_a_sign_up_deletes_it_and_keeps_the_reason(client: httpx.Client) -> None:
    item = pending(client, type="ReviewableUser")[0]
    perform(client, item, "delete_user", reject_reason="Only links", send_email="false").raise_for_status()
    assert client.get(f"/admin/users/{item['target_id']}.json").status_code == 404
    fresh = client.get(f"/review/{item['id']}.json").json()["reviewable"]
    assert (fresh["status"], fresh["reject_reason"]) == (2, "Only links")
    assert fresh["payload"]["username"] == item["payload"]["username"]


def test_client_actions_only_resolve_the_item(client: httpx.Client) -> None:
    item = plain_flag(client)
    actions = client.get(f"/review/{item['id']}.json").json()["actions"]
    assert {a["server_action"]: a.get("client_action") for a in actions}["agree_and_suspend"] == "suspend"
    perform(client, item, "agree_and_suspend").raise_for_status()
    assert "suspended_till" not in client.get(f"/admin/users/{item['target_created_by_id']}.json").json()


def test_a_secondary_action_leaves_the_item_open(client: httpx.Client) -> None:
    item = next(i for i in pending(client, type="ReviewableFlaggedPost") if i["author_penalties"])
    result = perform(client, item, "unsilence_author").json()["reviewable_perform_result"]
    assert result["remove_reviewable_ids"] == []
    fresh = client.get(f"/review/{item['id']}.json").json()["reviewable"]
    assert (fresh["status"], fresh["version"], fresh["author_penalties"]) == (0, result["version"], [])


@pytest.mark.parametrize(
    ("kind", "action", "status"),
    [
        ("ReviewablePost", "reject_and_delete", 2),
        ("ReviewableAkismetPost", "not_spam", 2),
        ("ReviewableAkismetPost", "confirm_spam", 1),
        ("Chat::ReviewableMessage", "agree_and_delete", 1),
        ("ReviewableEventProposal", "approve_event", 1),
    ],
)
def test_rare_kinds_are_decided_too(client: httpx.Client, kind: str, action: str, status: int) -> None:
    item = pending(client, type=kind)[0]
    perform(client, item, action).raise_for_status()
    assert client.get(f"/review/{item['id']}.json").json()["reviewable"]["status"] == status


def test_everything_offered_works(client: httpx.Client, demo: DemoServer) -> None:
    """Each kind of offer on the page can be performed on some item."""
    tried: set[tuple[str, str]] = set()
    for item in pending(client):
        if item["claimed_by_id"]:
            continue
        fresh = client.get(f"/review/{item['id']}.json").json()
        if fresh["reviewable"]["status"] != 0:
            continue
        for action in fresh["actions"]:
            name = action.get("server_action", action["id"])
            if (item["type"], name) not in tried:
                tried.add((item["type"], name))
                answer = perform(client, fresh["reviewable"], name)
                assert answer.status_code == 200, (item["type"], name, answer.text)
                break
    assert len(tried) > 24


def test_claims(client: httpx.Client, anyone: Callable[[str], httpx.Client]) -> None:
    item = plain_flag(client)
    ann = anyone("ann")
    claim = {"reviewable_claimed_topic[topic_id]": str(item["topic_id"])}
    assert client.post("/reviewable_claimed_topics.json", data=claim).json() == {"success": "OK"}
    assert ann.post("/reviewable_claimed_topics.json", data=claim).status_code == 409
    seen = ann.get(f"/review/{item['id']}.json").json()
    (row,) = seen["claimed_bies"]
    assert seen["reviewable"]["claimed_by_id"] == row["id"]
    assert {u["id"]: u["username"] for u in seen["users"]}[row["user_id"]] == "rookmoor"
    refused = perform(ann, item, "disagree")
    assert refused.status_code == 422
    assert "rookmoor" in refused.json()["errors"][0]
    perform(client, item, "disagree").raise_for_status()
    # Resolving an item of the topic releases the claim.
    assert ann.post("/reviewable_claimed_topics.json", data=claim).status_code == 200
    assert client.delete(f"/reviewable_claimed_topics/{item['topic_id']}.json").status_code == 200
    assert client.delete(f"/reviewable_claimed_topics/{item['topic_id']}.json").status_code == 404


def test_claiming_disabled_and_required(serve: Serve) -> None:
    demo = serve(claiming="disabled")
    with httpx.Client(base_url=demo.url, headers=demo.as_user("rookmoor")) as client:
        item = plain_flag(client)
        claim = {"reviewable_claimed_topic": {"topic_id": item["topic_id"]}}
        assert client.post("/reviewable_claimed_topics.json", json=claim).status_code == 403
        claim["reviewable_claimed_topic"]["automatic"] = "true"
        assert client.post("/reviewable_claimed_topics.json", json=claim).status_code == 200
        demo.site.settings.claiming = "required"
        other = next(
            i for i in pending(client) if i["topic_id"] not in (None, item["topic_id"]) and not i["claimed_by_id"]
        )
        assert perform(client, other, "disagree").status_code == 422


def test_editing_a_held_topic(client: httpx.Client) -> None:
    item = next(i for i in pending(client, type="ReviewableQueuedPost") if i["topic_id"] is None)
    url = f"/review/{item['id']}.json"
    change = {
        "payload": {"raw": "A better question, with everything one needs to know.", "title": "A better title"},
        "category_id": 4,
    }
    answer = client.put(url, json={"version": item["version"], "reviewable": change})
    assert answer.json() == {**change, "version": item["version"] + 1}
    assert client.put(url, json={"version": item["version"], "reviewable": change}).status_code == 409
    fresh = client.get(url).json()
    assert fresh["reviewable"]["payload"]["title"] == "A better title"
    assert fresh["reviewable"]["category_id"] == 4
    assert fresh["reviewable_histories"][-1]["reviewable_history_type"] == 2
    result = perform(client, fresh["reviewable"], "approve_post").json()["reviewable_perform_result"]
    assert client.get(f"/t/{result['created_post_topic_id']}.json").json()["title"] == "A better title"


def test_editing_is_refused_where_it_is_not_allowed(client: httpx.Client) -> None:
    reply = next(i for i in pending(client, type="ReviewableQueuedPost") if i["topic_id"])
    flagged = plain_flag(client)
    title = {"payload": {"title": "No such field here"}}
    for item in (reply, flagged):
        answer = client.put(f"/review/{item['id']}.json", json={"version": item["version"], "reviewable": title})
        assert answer.status_code == 403
    short = {"version": reply["version"], "reviewable": {"payload": {"raw": "x"}}}
    assert client.put(f"/review/{reply['id']}.json", json=short).status_code == 422


def test_notes_on_an_item(client: httpx.Client, anyone: Callable[[str], httpx.Client]) -> None:
    item = plain_flag(client)
    url = f"/review/{item['id']}/notes"
    note = client.post(f"{url}.json", data={"reviewable_note[content]": "Wait for the author."}).json()
    seen = client.get(f"/review/{item['id']}.json").json()
    assert [n["content"] for n in seen["reviewable_notes"] if n["id"] in seen["reviewable"]["reviewable_note_ids"]] == [
        "Wait for the author."
    ]
    assert client.post(f"{url}.json", data={"reviewable_note[content]": " "}).status_code == 422
    assert anyone("ann").delete(f"{url}/{note['id']}.json").status_code == 403
    assert client.delete(f"{url}/{note['id']}.json").status_code == 200
