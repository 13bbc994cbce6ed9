"""What the lane of questions relies on in the Open edX forum, checked on a running one."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.servers.community import Community, refused
from tests.servers.openedx import Json, Member

pytestmark = pytest.mark.servers


def questions(community: Community, **params: str | int) -> Json:
    """A page of the course's questions."""
    wanted = {"course_id": community.course, "thread_type": "question", **params}
    return community.server.ask("GET", "threads", params=wanted)


def ids(page: Json) -> list[str]:
    """The threads of a page."""
    return [row["id"] for row in page["collection"]]


def mark(community: Community, comment: str, *, on: bool = True) -> Json:
    """Somebody marks a response as the answer, or takes the mark off."""
    body = {"endorsed": True, "endorsement_user_id": community.bo.id} if on else {"endorsed": False}
    return community.server.ask("PUT", f"comments/{comment}", json=body)


def watch(community: Community, member: Member, thread: str) -> None:
    """The member is told of new posts."""
    community.server.ask("POST", f"users/{member.id}/subscriptions", json={"source_id": thread})


def test_the_list_of_waiting_questions_has_closed_ones_in_it_and_no_answered_ones(community: Community) -> None:
    waiting, closed, marked = (community.thread(kind="question") for _ in range(3))
    community.thread(kind="discussion")
    body = {"closed": True, "closing_user_id": community.mod.id, "close_reason_code": "off-topic"}
    community.server.ask("PUT", f"threads/{closed}", json=body)
    mark(community, community.respond(marked))
    page = questions(community, unanswered="true")
    assert ids(page) == [closed, waiting] and page["thread_count"] == 2
    assert {row["id"]: row["closed"] for row in page["collection"]} == {closed: True, waiting: False}
    assert ids(questions(community)) == [marked, closed, waiting]


def test_a_row_moves_up_and_counts_when_somebody_writes_and_not_for_anything_else(community: Community) -> None:
    old, new = community.thread(kind="question"), community.thread(kind="question")
    assert ids(questions(community, sort_key="activity")) == [new, old]
    response = community.respond(old)
    community.server.create_reply(community.course, response, community.ann)
    page = questions(community, sort_key="activity")
    assert ids(page) == [old, new] and page["collection"][0]["comments_count"] == 2
    before = page["collection"][0]["last_activity_at"]
    mark(community, response)
    community.server.ask("PUT", f"threads/{old}", json={"commentable_id": "help"})
    after = questions(community, sort_key="activity")["collection"][0]
    assert (after["last_activity_at"], after["commentable_id"], after["user_id"]) == (
        before, "help", community.author.id,
    )  # fmt: skip


def test_several_responses_can_be_marked_and_a_mark_on_a_reply_does_not_count(community: Community) -> None:
    thread = community.thread(kind="question")
    first, second = community.respond(thread), community.respond(thread)
    reply = community.server.create_reply(community.course, first, community.ann)
    assert community.server.comment(first)["parent_id"] in (None, "None")
    mark(community, reply)
    assert ids(questions(community, unanswered="true")) == [thread]
    for comment in (first, second):
        assert mark(community, comment)["user_id"] == community.author.id
    whole = community.server.thread(thread)
    assert [one["id"] for one in whole["endorsed_responses"]] == [first, second]
    mark(community, first, on=False)
    assert ids(questions(community, unanswered="true")) == []


def test_a_response_that_is_deleted_takes_its_replies_along(community: Community) -> None:
    thread = community.thread(kind="question")
    response = community.respond(thread)
    reply = community.server.create_reply(community.course, response, community.ann)
    assert community.server.comment(response)["child_count"] == 1
    community.server.ask("DELETE", f"comments/{response}")
    assert community.server.call("GET", f"comments/{reply}").status_code == 400


def test_who_watches_is_told_by_member_and_by_thread(community: Community) -> None:
    thread = community.thread(kind="question")
    path = f"users/{community.mod.id}/subscribed_threads"
    wanted = {"course_id": community.course, "unanswered": "true"}
    assert ids(community.server.ask("GET", path, params=wanted)) == []
    for _ in range(2):
        watch(community, community.mod, thread)
    assert ids(community.server.ask("GET", path, params=wanted)) == [thread]
    rows = community.server.ask("GET", f"threads/{thread}/subscriptions")["collection"]
    assert [row["subscriber_id"] for row in rows] == [community.mod.id]
    gone = f"users/{community.mod.id}/subscriptions"
    assert community.server.call("DELETE", gone, params={"source_id": thread}).status_code == 200
    again = community.server.call("DELETE", gone, params={"source_id": thread})
    assert refused(again) == (400, {"error": "Subscription doesn't exist"})


def test_subscriptions_come_twenty_at_a_time(community: Community) -> None:
    thread = community.thread(kind="question")
    for _ in range(21):
        watch(community, community.server.create_user(), thread)
    pages = [
        community.server.ask("GET", f"threads/{thread}/subscriptions", params={"page": page, "per_page": 100})
        for page in (1, 2, 3)
    ]
    assert [len(page["collection"]) for page in pages] == [20, 1, 0]


def test_topics_of_a_course_are_those_that_have_threads(community: Community) -> None:
    community.thread(kind="question")
    community.server.create_thread(community.course, community.ann, topic="help")
    found = community.server.ask("GET", f"commentables/{quote(community.course, safe='')}/counts")
    assert found == {"general": {"discussion": 0, "question": 1}, "help": {"discussion": 1, "question": 0}}


def test_a_closed_thread_takes_replies_all_the_same(community: Community) -> None:
    thread = community.thread(kind="question")
    body = {"closed": True, "closing_user_id": community.mod.id, "close_reason_code": "duplicate"}
    assert community.server.ask("PUT", f"threads/{thread}", json=body)["close_reason_code"] == "duplicate"
    assert community.respond(thread)


def test_numbers_of_a_course_name_no_accounts(community: Community) -> None:
    community.thread(kind="question")
    (row,) = community.server.stats(community.course)["user_stats"]
    assert row["username"] == community.author.name and not {"id", "user_id", "external_id"} & row.keys()
