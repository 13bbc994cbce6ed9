"""Members as a moderator looks them up: lists, the directory, addresses, warnings, the staff log, deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from modtui.demo.server import DemoServer
from tests.demo.test_threads import Act, ask


def names(client: httpx.Client, query: str, **params: str) -> list[str]:
    """Usernames of a page of the staff's list."""
    rows = client.get(f"/admin/users/list/{query}.json", params=params).raise_for_status().json()
    return [row["username"] for row in rows]


def test_active_and_new_are_orders_of_everybody(mod: httpx.Client, house: DemoServer) -> None:
    total = house.db.value("SELECT count(*) FROM users WHERE id > 0 AND deleted_at IS NULL")
    for query, column in (("active", "last_seen_at"), ("new", "created_at")):
        found: list[str] = []
        page = 1
        while rows := mod.get(f"/admin/users/list/{query}.json", params={"page": page}).json():
            found += [row[column] for row in rows]
            page += 1
        assert len(found) == total
        assert found == sorted(found, reverse=True)
    grown = names(mod, "active", order="username", asc="true")
    assert grown == sorted(grown, key=str.lower)


def test_lists_by_what_members_are(mod: httpx.Client, house: DemoServer) -> None:
    assert {"rookmoor", "harbourmaster"} <= set(names(mod, "staff"))
    assert names(mod, "admins") == ["harbourmaster"]
    assert {u["trust_level"] for u in mod.get("/admin/users/list/newuser.json").json()} == {0}
    user_id = house.user_id("saltmarsh")
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    mod.put(
        f"/admin/users/{user_id}/silence.json", json={"silenced_till": later, "reason": "Insults"}
    ).raise_for_status()
    assert "saltmarsh" in names(mod, "silenced")
    mod.put(f"/admin/users/{user_id}/unsilence.json").raise_for_status()
    assert "saltmarsh" not in names(mod, "silenced")


def test_waiting_accounts_are_approved(mod: httpx.Client, house: DemoServer) -> None:
    waiting = mod.get("/admin/users/list/pending.json").json()
    assert waiting
    assert not any(user["approved"] for user in waiting)
    first, *rest = waiting
    mod.put(f"/admin/users/{first['id']}/approve.json").raise_for_status()
    assert first["username"] not in names(mod, "pending")
    mod.put("/admin/users/approve-bulk.json", json={"users": [u["id"] for u in rest]}).raise_for_status()
    assert names(mod, "pending") == []
    kinds = {r["target_id"] for r in mod.get("/review.json", params={"type": "ReviewableUser"}).json()["reviewables"]}
    assert not kinds & {u["id"] for u in waiting}


def test_search_takes_signs_as_they_are(mod: httpx.Client) -> None:
    assert set(names(mod, "active", filter="loudclub_")) == {f"loudclub_{n}" for n in range(1, 5)}
    assert names(mod, "active", filter="%") == []


def test_accounts_that_share_an_address(mod: httpx.Client, house: DemoServer, by: Act) -> None:
    user = mod.get(f"/admin/users/{house.user_id('loudclub_1')}.json").json()
    club = {"loudclub_1", "loudclub_2", "loudclub_3", "loudclub_4"}
    assert {u["username"] for u in user["similar_users"]} == club - {"loudclub_1"}
    assert user["similar_users_count"] == 3
    ip = user["ip_address"]
    assert set(names(mod, "active", ip=ip)) == club
    asked = {"ip": ip, "exclude": str(user["id"]), "order": "created"}
    assert mod.get("/admin/users/total-others-with-same-ip.json", params=asked).json() == {"total": 3}
    assert mod.get("/admin/users/total-others-with-same-ip.json", params={"ip": ip}).status_code == 400
    assert mod.get("/admin/users/ip-info.json", params={"ip": ip}).json()["country"]
    assert by("bo_lind").get("/admin/users/ip-info.json", params={"ip": ip}).status_code == 404


def test_a_site_can_keep_addresses_from_moderators(mod: httpx.Client, house: DemoServer, by: Act) -> None:
    url, settings = f"/admin/users/{house.user_id('inkwell')}.json", house.site.settings
    settings.moderators_view_ips = settings.moderators_view_emails = False
    try:
        assert "ip_address" not in mod.get(url).json()
        assert mod.get("/u/inkwell/emails.json").status_code == 403
        shown = mod.get("/admin/users/list/active.json", params={"show_emails": "true"}).json()
        assert not any("email" in user for user in shown)
        assert by("harbourmaster").get(url).json()["ip_address"]
        assert by("harbourmaster").get("/u/inkwell/emails.json").json()["email"]
    finally:
        settings.moderators_view_ips = settings.moderators_view_emails = True
    before = len(_log(mod, target_user="inkwell"))
    assert mod.get("/u/inkwell/emails.json").json()["email"]
    assert len(_log(mod, target_user="inkwell")) == before + 1


def _log(client: httpx.Client, **params: str) -> list[dict[str, object]]:
    answer = client.get("/admin/logs/staff_action_logs.json", params=params).raise_for_status().json()
    return list(answer["staff_action_logs"])


def test_the_staff_log_tells_the_past_of_a_member(mod: httpx.Client, house: DemoServer, by: Act) -> None:
    lines = _log(mod, target_user="oldsalt")
    row = house.db.one("SELECT * FROM users WHERE username = 'oldsalt'")
    assert row is not None
    kinds = [line["action_name"] for line in lines]
    assert kinds.count("silence_user") == row["silenced_count"] > 0
    times = [str(line["created_at"]) for line in lines]
    assert times == sorted(times, reverse=True)
    assert _log(mod, target_user="oldsalt", action_name="suspend_user") == [
        line for line in lines if line["action_name"] == "suspend_user"
    ]
    assert _log(mod, target_user="oldsalt", end_date="2001-01-01") == []
    assert len(_log(mod, limit="3")) == 3
    assert by("bo_lind").get("/admin/logs/staff_action_logs.json").status_code == 404


def test_official_warnings_are_listed_for_staff(mod: httpx.Client, house: DemoServer, by: Act) -> None:
    url = "/topics/private-messages-warnings/oldsalt.json"
    warned = mod.get(url).json()["topic_list"]["topics"]
    assert len(warned) == house.db.value("SELECT warnings_count FROM users WHERE username = 'oldsalt'")
    topic = mod.get(f"/t/{warned[0]['id']}.json").json()
    assert topic["post_stream"]["posts"][0]["username"] in {"rookmoor", "kestrel", "ann"}
    assert by("oldsalt").get(url).status_code == 200
    assert by("bo_lind").get(url).status_code == 404
    topic_id = house.ask("oldsalt", "Another one of my topics", "You are all wrong about this.")
    post = mod.get(f"/t/{topic_id}.json").json()["post_stream"]["posts"][0]
    flag = {"id": post["id"], "post_action_type_id": 6, "message": "Stay with the matter, please.", "is_warning": True}
    mod.post("/post_actions.json", json=flag).raise_for_status()
    assert len(mod.get(url).json()["topic_list"]["topics"]) == len(warned) + 1
    assert len(mod.get("/user_notes.json", params={"user_id": house.user_id("oldsalt")}).json()["user_notes"]) == 2


def test_the_directory_ends_after_eleven_pages(mod: httpx.Client, by: Act) -> None:
    assert mod.get("/directory_items.json").status_code == 400
    assert mod.get("/directory_items.json", params={"period": "all", "page": 11}).status_code == 400
    first = by("").get("/directory_items.json", params={"period": "all", "order": "post_count"}).json()
    counts = [item["post_count"] for item in first["directory_items"]]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == 50
    more = first["meta"]["load_more_directory_items"]
    assert more.startswith("/directory_items.json?")
    second = by("").get(more).json()["directory_items"]
    assert not {i["id"] for i in second} & {i["id"] for i in first["directory_items"]}
    asked = by("kiebitz").get("/directory_items.json", params={"period": "all", "order": "likes_received"}).json()
    assert "kiebitz" in {i["user"]["username"] for i in asked["directory_items"]}
    one = by("").get("/directory_items.json", params={"period": "all", "name": "loudclub"}).json()
    assert (len(one["directory_items"]), one["meta"]["total_rows_directory_items"]) == (4, 4)


def test_deleting_as_spammer(mod: httpx.Client, house: DemoServer) -> None:
    row = house.db.one(
        "SELECT u.id, u.username FROM users u JOIN reviewables r ON r.target_created_by_id = u.id WHERE r.status = 0"
        " AND r.type = 'ReviewableFlaggedPost' AND u.trust_level = 0 AND u.deleted_at IS NULL AND u.post_count < 6"
    )
    assert row is not None
    form = {f"{k}": "true" for k in ("delete_posts", "block_email", "block_ip", "block_urls", "delete_as_spammer")}
    answer = mod.request("DELETE", f"/admin/users/{row['id']}.json", data={**form, "context": "from the dossier"})
    assert answer.json() == {"deleted": True}
    assert mod.get(f"/u/{row['username']}.json").status_code == 404
    assert mod.get("/review.json", params={"username": row["username"]}).json()["reviewables"] == []
    line = _log(mod, action_name="delete_user")[0]
    assert "spammer" in str(line["details"])
    assert "from the dossier" in str(line["details"])


def test_accepted_answers_of_a_member(mod: httpx.Client) -> None:
    solved = ask(mod, "status:solved")[0]
    answer = mod.get(f"/t/{solved['id']}.json").json()["accepted_answer"]
    rows = mod.get("/user_actions.json", params={"username": answer["username"], "filter": "15"}).json()["user_actions"]
    assert {row["action_type"] for row in rows} == {15}
    assert solved["id"] in {row["topic_id"] for row in rows}
