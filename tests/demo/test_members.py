"""Members: profiles, staff views, penalties, deletion, notes."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from modtui.demo.server import DemoServer

Act = Callable[[str], httpx.Client]


def test_session_and_profiles(client: httpx.Client, anyone: Act) -> None:
    me = client.get("/session/current.json").json()["current_user"]
    assert (me["username"], me["moderator"], me["admin"], me["can_review"]) == ("rookmoor", True, False, True)
    assert anyone("").get("/session/current.json").status_code == 404
    theirs = anyone("bo_lind").get("/u/oldsalt.json").json()["user"]
    staff = client.get("/u/OLDSALT.json").json()["user"]
    assert "number_of_silencings" in staff
    assert "number_of_silencings" not in theirs
    assert staff["custom_fields"]["user_notes_count"] == "1"
    assert client.get("/u/nobody_of_this_name.json").status_code == 404
    assert client.get("/u/oldsalt/summary.json").json()["user_summary"]["post_count"] == staff["post_count"]


def test_admin_routes_are_404_for_everybody_else(demo: DemoServer, anyone: Act) -> None:
    user_id = demo.user_id("oldsalt")
    for name in ("bo_lind", ""):
        assert anyone(name).get(f"/admin/users/{user_id}.json").status_code == 404
        assert anyone(name).put(f"/admin/users/{user_id}/suspend.json", json={}).status_code == 404


@pytest.mark.parametrize(
    ("verb", "undo", "until", "root"),
    [("suspend", "unsuspend", "suspend_until", "suspension"), ("silence", "unsilence", "silenced_till", "silence")],
)
def test_penalties(client: httpx.Client, demo: DemoServer, verb: str, undo: str, until: str, root: str) -> None:
    user_id = demo.user_id("bo_lind")
    url = f"/admin/users/{user_id}"
    body = {
        until: "2099-05-01T12:00:00.000Z",
        "reason": "Insults after two warnings",
        "message": "You are paused for a while.",
    }
    told = client.put(f"{url}/{verb}.json", json=body).json()[root]
    stem = "suspend" if verb == "suspend" else "silence"
    assert told[f"{stem}_reason"] == "Insults after two warnings"
    assert told[f"{stem}{'ed' if stem == 'suspend' else 'd'}_till"] == "2099-05-01T12:00:00.000Z"
    assert told[f"{stem}{'ed' if stem == 'suspend' else 'd'}_by"]["username"] == "rookmoor"
    again = client.put(f"{url}/{verb}.json", json=body)
    assert again.status_code == 409
    assert again.json()["failed"] == "FAILED"
    assert "already" in again.json()["message"]
    detail = client.get(f"{url}.json").json()
    assert detail["penalty_counts"]["suspended" if verb == "suspend" else "silenced"] == 1
    titles = demo.db.all(
        "SELECT t.title FROM topics t JOIN topic_allowed a ON a.topic_id = t.id WHERE a.user_id = ? AND t.user_id = -1",
        [user_id],
    )
    assert [t["title"] for t in titles] == ["Your account"]
    client.put(f"{url}/{undo}.json").raise_for_status()
    after = client.get(f"{url}.json").json()
    assert "suspended_till" not in after
    assert "silenced_till" not in after


def test_penalties_are_checked(client: httpx.Client, demo: DemoServer) -> None:
    url = f"/admin/users/{demo.user_id('bo_lind')}/suspend.json"
    answer = client.put(url, json={"suspend_until": "2099-01-01"})
    assert (answer.status_code, answer.json()["failed"]) == (400, "FAILED")
    assert client.put(url, json={"suspend_until": "soon", "reason": "x"}).status_code == 400
    kestrel = f"/admin/users/{demo.user_id('kestrel')}/suspend.json"
    assert client.put(kestrel, json={"suspend_until": "2099-01-01", "reason": "x"}).status_code == 403
    assert client.put("/admin/users/999999/suspend.json", json={}).status_code == 404


def test_a_penalty_can_delete_the_post_it_is_about(client: httpx.Client, demo: DemoServer) -> None:
    row = demo.db.one(
        "SELECT p.id, p.user_id FROM posts p JOIN users u ON u.id = p.user_id WHERE NOT u.moderator AND u.id > 100"
        " AND p.post_number > 1 AND p.deleted_at IS NULL AND u.silenced_till IS NULL LIMIT 1"
    )
    assert row is not None
    body = {"silenced_till": "2099-01-01", "reason": "Advertising", "post_id": row["id"], "post_action": "delete"}
    client.put(f"/admin/users/{row['user_id']}/silence.json", json=body).raise_for_status()
    assert client.get(f"/posts/{row['id']}.json").json()["deleted_at"]


def test_suspended_members_cannot_act_and_silenced_cannot_post(
    client: httpx.Client, demo: DemoServer, anyone: Act
) -> None:
    topic_id = demo.db.value("SELECT id FROM topics WHERE archetype = 'regular' AND category_id = 4 AND NOT closed")
    body = {"topic_id": topic_id, "raw": "Still something to say here."}
    user = f"/admin/users/{demo.user_id('bo_lind')}"
    client.put(f"{user}/silence.json", json={"silenced_till": "2099-01-01", "reason": "x"}).raise_for_status()
    assert anyone("bo_lind").post("/posts.json", json=body).status_code == 403
    client.put(f"{user}/suspend.json", json={"suspend_until": "2099-01-01", "reason": "x"}).raise_for_status()
    assert anyone("bo_lind").get("/session/current.json").status_code == 403


def test_deleting_a_member(client: httpx.Client, demo: DemoServer) -> None:
    old = demo.user_id("oldsalt")
    assert client.delete(f"/admin/users/{old}.json", params={"delete_posts": "true"}).status_code == 403
    new = demo.db.value(
        "SELECT user_id FROM posts p JOIN users u ON u.id = p.user_id WHERE u.trust_level = 0"
        " AND p.deleted_at IS NULL AND u.post_count < 5"
    )
    refused = client.delete(f"/admin/users/{new}.json").json()
    assert refused["deleted"] is False
    assert refused["message"]
    gone = client.delete(f"/admin/users/{new}.json", params={"delete_posts": "true", "block_ip": "true"}).json()
    assert gone == {"deleted": True}
    assert client.get(f"/admin/users/{new}.json").status_code == 404
    assert not demo.db.all("SELECT 1 FROM posts WHERE user_id = ? AND deleted_at IS NULL", [new])


def test_lists_of_members(client: httpx.Client, demo: DemoServer) -> None:
    staff = {u["username"] for u in client.get("/admin/users/list/staff.json").json()}
    assert {"rookmoor", "kestrel", "harbourmaster"} <= staff
    plain = client.get("/admin/users/list/active.json", params={"filter": "oldsalt"}).json()
    assert [u["username"] for u in plain] == ["oldsalt"]
    assert "email" not in plain[0]
    shown = client.get("/admin/users/list/active.json", params={"filter": "oldsalt", "show_emails": "true"}).json()
    assert shown[0]["email"]
    order = [u["post_count"] for u in client.get("/admin/users/list/active.json", params={"order": "posts"}).json()]
    assert order == sorted(order, reverse=True)
    assert client.get("/admin/users/list/purple.json").status_code == 404
    directory = client.get("/directory_items.json", params={"period": "all", "order": "post_count"}).json()
    counts = [i["post_count"] for i in directory["directory_items"]]
    assert counts == sorted(counts, reverse=True)
    assert directory["meta"]["load_more_directory_items"]


def test_what_a_member_did(client: httpx.Client, demo: DemoServer) -> None:
    name = demo.db.value(
        "SELECT u.username FROM posts p JOIN users u ON u.id = p.user_id WHERE p.post_number > 1 AND u.id > 100"
    )
    rows = client.get("/user_actions.json", params={"username": name, "filter": "5"}).json()["user_actions"]
    assert rows
    assert {row["action_type"] for row in rows} == {5}
    assert {row["username"] for row in rows} == {name}


def test_user_notes(client: httpx.Client, demo: DemoServer, anyone: Act) -> None:
    user_id = demo.user_id("bo_lind")
    note = client.post(
        "/user_notes.json", data={"user_note[user_id]": str(user_id), "user_note[raw]": "Wrote to them."}
    ).json()
    note_id = note["user_note"]["id"]
    assert len(note_id) == 32
    listed = client.get("/user_notes.json", params={"user_id": user_id}).json()
    assert listed["extras"]["username"] == "bo_lind"
    assert [n["raw"] for n in listed["user_notes"]] == ["Wrote to them."]
    assert client.get("/u/bo_lind.json").json()["user"]["custom_fields"] == {"user_notes_count": "1"}
    assert anyone("bo_lind").get("/user_notes.json", params={"user_id": user_id}).status_code == 403
    assert anyone("ann").delete(f"/user_notes/{note_id}.json", params={"user_id": user_id}).status_code == 403
    assert client.delete(f"/user_notes/{note_id}.json", params={"user_id": user_id}).status_code == 200


def test_other_staff_actions(client: httpx.Client, demo: DemoServer) -> None:
    url = f"/admin/users/{demo.user_id('bo_lind')}"
    assert client.post(f"{url}/log_out.json").json() == {"success": "OK"}
    assert client.post("/admin/users/999999/log_out.json").status_code == 404
    client.put(f"{url}/deactivate.json").raise_for_status()
    assert client.get(f"{url}.json").json()["active"] is False
    client.put(f"{url}/activate.json").raise_for_status()
    assert client.put(f"{url}/trust_level.json", json={"level": 2}).json()["trust_level"] == 2
    log = client.get("/admin/logs/staff_action_logs.json", params={"acting_user": "rookmoor"}).json()[
        "staff_action_logs"
    ]
    assert "log_out" in {line["action_name"] for line in log}
    assert client.get("/u/bo_lind/emails.json").json()["email"]


def test_an_official_warning_is_counted(client: httpx.Client, demo: DemoServer) -> None:
    body = {
        "archetype": "private_message",
        "title": "A warning",
        "raw": "Please read the rules.",
        "target_recipients": "bo_lind",
    }
    client.post("/posts.json", json={**body, "is_warning": True}).raise_for_status()
    assert client.get(f"/admin/users/{demo.user_id('bo_lind')}.json").json()["warnings_received_count"] == 1
