"""What modtui relies on in the Open edX forum, checked on a running one: threads, members, errors."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from tests.servers.community import Community, refused
from tests.servers.openedx import OUTSIDER, Answer, Json

pytestmark = pytest.mark.servers

# Reading threads


def test_responses_are_sorted_by_id_as_text(community: Community) -> None:
    thread = community.thread()
    responses = [community.respond(thread) for _ in range(12)]
    oldest_first = [item["id"] for item in community.server.thread(thread)["children"]]
    default = [
        item["id"] for item in community.server.thread(thread, recursive="true", with_responses="true")["children"]
    ]
    assert oldest_first == sorted(responses)  # as text: "10" comes before "9"
    assert default == sorted(responses, reverse=True)


def test_responses_have_pages(community: Community) -> None:
    thread = community.thread()
    responses = sorted(community.respond(thread) for _ in range(3))
    page = community.server.thread(
        thread, with_responses="true", recursive="true", reverse_order="false", resp_skip=1, resp_limit=1
    )
    assert [item["id"] for item in page["children"]] == [responses[1]]
    assert (page["resp_total"], page["resp_skip"], page["resp_limit"]) == (3, 1, 1)


def test_detail_trims_the_text_and_the_list_does_not(community: Community) -> None:
    thread = community.thread("  four spaces  ")
    community.server.flag_thread(thread, community.ann)
    (row,) = community.queue()
    assert row["body"] == "  four spaces  "
    assert community.server.thread(thread)["body"] == "four spaces"


def test_naming_a_member_when_reading_marks_as_read_for_that_member(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann)
    assert [row["read"] for row in community.queue(user_id=community.mod.id)] == [False]
    community.server.thread(thread, user_id=community.mod.id)
    assert [row["read"] for row in community.queue(user_id=community.mod.id)] == [True]


def test_an_empty_answer_is_refused_but_stored_and_blocks_the_thread(community: Community) -> None:
    thread = community.thread()
    answer = community.server.call(
        "POST",
        f"threads/{thread}/comments",
        json={"body": "", "course_id": community.course, "user_id": community.mod.id},
    )
    assert refused(answer) == (400, {"error": {"body": ["This field may not be blank."]}})
    assert community.server.thread(thread, with_responses="false")["comments_count"] == 1
    with pytest.raises(Answer, match="Failed to prepare thread API response"):
        community.server.thread(thread)


def test_an_empty_edit_is_refused_but_stored_and_blocks_the_thread(community: Community) -> None:
    thread = community.thread()
    for method, body in (("PUT", {"body": "", "editing_user_id": community.mod.id}), ("GET", None)):
        answer = community.server.call(method, f"threads/{thread}", json=body)
        assert refused(answer) == (400, {"error": "Failed to prepare thread API response"})
    (row,) = community.server.ask("GET", "threads", params={"course_id": community.course})["collection"]
    assert row["body"] == ""


def test_only_the_parent_tells_a_reply_from_a_response(community: Community) -> None:
    thread = community.thread()
    response = community.respond(thread)
    reply = community.server.comment(community.server.create_reply(community.course, response, community.author))
    assert (reply["depth"], reply["parent_id"]) == (0, response)
    assert (community.server.comment(response)["depth"], community.server.comment(response)["parent_id"]) == (0, None)


# Members


def test_numbers_of_an_author_lag_behind_reports(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann)
    assert community.stats(community.author)["active_flags"] == 0
    updated = community.server.ask("POST", f"users/{quote(community.course, safe='')}/update_stats")
    assert updated == {"user_count": 1}
    assert community.stats(community.author) == {
        "username": community.author.name,
        "active_flags": 1,
        "inactive_flags": 0,
        "threads": 1,
        "responses": 0,
        "replies": 0,
    }
    community.server.ask("PUT", f"threads/{thread}/abuse_unflag", json={"user_id": community.mod.id, "all": True})
    numbers = community.stats(community.author)
    assert (numbers["active_flags"], numbers["inactive_flags"]) == (0, 1)


def test_numbers_of_an_unknown_member_are_left_out(community: Community) -> None:
    assert community.server.stats(community.course, usernames="nobody") == {
        "user_stats": [],
        "num_pages": 1,
        "page": 1,
        "count": 0,
    }


def test_a_member(community: Community) -> None:
    member = community.server.ask("GET", f"users/{community.author.id}")
    assert (member["id"], member["external_id"]) == (community.author.id, community.author.id)
    assert member["username"] == community.author.name
    assert member["email"] is None


def test_retiring_empties_what_the_member_wrote(community: Community) -> None:
    gone = community.server.create_user()
    thread = community.thread("Mine.", author=gone)
    answer = community.server.call("POST", f"users/{gone.id}/retire", json={"retired_username": f"retired{gone.id}"})
    assert (answer.status_code, answer.text) == (200, "")
    left = community.server.thread(thread)
    assert (left["title"], left["body"], left["username"]) == ("[deleted]", "[deleted]", f"retired{gone.id}")


# Errors


def test_credentials(community: Community) -> None:
    server = community.server

    def ask(auth: tuple[str, str] | None) -> tuple[int, object]:
        address = f"{server.url}/api/v2/threads?course_id=x"
        return refused(httpx.get(address, auth=auth, trust_env=False, verify=False))

    assert ask(None) == (401, {"detail": "Authentication credentials were not provided."})
    assert ask((server.user, "wrong")) == (401, {"detail": "Invalid username/password."})
    status, body = ask((OUTSIDER, server.password))
    assert status == 403 and isinstance(body, dict) and "staff account" in body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "threads/999999", 400, "Thread does not exist with Id: 999999"),
        ("GET", "comments/999999", 400, "Comment does not exist with Id: 999999"),
        ("GET", "users/999999", 404, "user not found with id: 999999"),
        ("GET", "threads?course_id=x&user_id=999999", 400, "User does not exist"),
        ("PUT", "threads/999999/abuse_unflag", 400, "User / Thread doesn't exist"),
        ("PUT", "comments/999999/abuse_unflag", 400, "User / Comment doesn't exist"),
    ],
)
def test_what_does_not_exist(community: Community, method: str, path: str, status: int, error: str) -> None:
    body = {"user_id": community.mod.id, "all": True} if method == "PUT" else None
    assert refused(community.server.call(method, path, json=body)) == (status, {"error": error})


def test_a_moderator_unknown_to_the_forum_cannot_clear_reports(community: Community) -> None:
    thread = community.thread()
    clear = {"user_id": "999999", "all": True}
    answer = community.server.call("PUT", f"threads/{thread}/abuse_unflag", json=clear)
    assert refused(answer) == (400, {"error": "User / Thread doesn't exist"})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "threads/abc", None),
        ("PUT", "threads/{thread}", {"no_such_key": 1}),
        ("POST", "threads/{thread}/comments", {"body": "x"}),
        ("GET", "users/{course}/stats?page=9", None),
    ],
)
def test_unforeseen_requests_answer_with_a_page_of_html(
    community: Community, method: str, path: str, body: Json | None
) -> None:
    target = path.format(thread=community.thread(), course=quote(community.course, safe=""))
    answer = community.server.call(method, target, json=body)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
