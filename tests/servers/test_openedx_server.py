"""What modtui relies on in the Open edX forum, checked on a running one: the queue, reports, decisions.

Where the forum does something a client would not expect, a test holds it, so that a release that changes it is noticed.
"""

from __future__ import annotations

import pytest

from tests.servers.community import Community, refused

pytestmark = pytest.mark.servers

# The queue of reported posts


def test_queue_has_pages_newest_first(community: Community) -> None:
    threads = [community.thread() for _ in range(3)]
    community.thread()  # nobody reported this one
    for thread in threads:
        community.server.flag_thread(thread, community.ann)
    first = community.server.flagged(community.course, page=1, per_page=2)
    second = community.server.flagged(community.course, page=2, per_page=2)
    beyond = community.server.flagged(community.course, page=3, per_page=2)
    # created_at has microseconds in the database, so threads of one second have an order too.
    assert [item["id"] for item in first["collection"]] == [threads[2], threads[1]]
    assert [item["id"] for item in second["collection"]] == [threads[0]]
    assert beyond["collection"] == []
    assert [(page["num_pages"], page["page"], page["thread_count"]) for page in (first, second, beyond)] == [
        (2, 1, 3),
        (2, 2, 3),
        (2, 3, 3),
    ]


def test_pinned_threads_come_first_whatever_their_age(community: Community) -> None:
    old, new = community.thread(), community.thread()
    community.server.flag_thread(old, community.ann)
    community.server.flag_thread(new, community.ann)
    answer = community.server.ask("PUT", f"threads/{old}/pin", json={"user_id": community.mod.id})
    assert [item["id"] for item in community.queue()] == [old, new]
    # The answer names the moderator as author. Nothing was re-assigned: it is only this answer.
    assert (answer["user_id"], answer["username"]) == (community.mod.id, community.mod.name)
    assert community.server.thread(old)["user_id"] == community.author.id


def test_page_below_one_is_the_first(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann)
    for page in ("0", "-1"):
        assert community.server.flagged(community.course, page=page)["page"] == 1


def test_any_value_of_flagged_means_flagged(community: Community) -> None:
    community.thread()
    for value in ("false", "0"):
        assert community.queue(flagged=value) == []


@pytest.mark.parametrize("kind", ["discussion", "question"])
def test_reported_comments_show_as_their_thread(community: Community, kind: str) -> None:
    thread = community.thread(kind=kind)
    response = community.respond(thread)
    reply = community.server.create_reply(community.course, response, community.author)
    community.server.flag_comment(response, community.ann)
    community.server.flag_comment(reply, community.ann, community.bo)
    (plain,) = community.queue()
    (counted,) = community.queue(count_flagged="true")
    assert plain["id"] == thread
    # The thread itself is not reported: nothing on the row says which of its comments is, only how many reports.
    assert plain["abuse_flaggers"] == [] and "abuse_flagged_count" not in plain
    assert counted["abuse_flagged_count"] == 3

    whole = community.server.thread(thread)
    responses = whole["children"] if kind == "discussion" else whole["non_endorsed_responses"]
    assert ("children" in whole) == (kind == "discussion")
    assert [(item["id"], item["abuse_flaggers"]) for item in responses] == [(response, [community.ann.id])]
    (nested,) = responses[0]["children"]
    assert (nested["id"], nested["parent_id"], nested["thread_id"]) == (reply, response, thread)
    assert sorted(nested["abuse_flaggers"]) == sorted([community.ann.id, community.bo.id])


def test_count_of_reports_leaves_out_those_on_the_thread_itself(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann, community.bo)
    (row,) = community.queue(count_flagged="true")
    assert sorted(row["abuse_flaggers"]) == sorted([community.ann.id, community.bo.id])
    assert "abuse_flagged_count" not in row  # left out when 0


def test_merged_answer_of_a_question_has_children(community: Community) -> None:
    thread = community.thread(kind="question")
    response = community.respond(thread)
    whole = community.server.thread(
        thread, recursive="true", with_responses="true", merge_question_type_responses="true"
    )
    assert [item["id"] for item in whole["children"]] == [response]
    assert "non_endorsed_responses" not in whole


# Reports


def test_one_report_per_member(community: Community) -> None:
    thread = community.thread()
    answer = community.server.flag_thread(thread, community.ann, community.ann)
    assert answer["abuse_flaggers"] == [community.ann.id]


def test_clearing_reports_twice_is_no_error(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann, community.bo)
    clear = {"user_id": community.mod.id, "all": True}
    for _ in range(2):
        answer = community.server.ask("PUT", f"threads/{thread}/abuse_unflag", json=clear)
        assert answer["abuse_flaggers"] == []
    assert community.queue() == []
    community.server.flag_thread(thread, community.ann)
    assert [item["id"] for item in community.queue()] == [thread]


def test_clearing_the_thread_leaves_reports_on_its_comments(community: Community) -> None:
    thread = community.thread()
    response = community.respond(thread)
    community.server.flag_thread(thread, community.ann)
    community.server.flag_comment(response, community.ann)
    clear = {"user_id": community.mod.id, "all": True}
    community.server.ask("PUT", f"threads/{thread}/abuse_unflag", json=clear)
    assert [item["id"] for item in community.queue()] == [thread]
    community.server.ask("PUT", f"comments/{response}/abuse_unflag", json=clear)
    assert community.queue() == []


def test_without_all_only_the_own_report_goes(community: Community) -> None:
    comment = community.respond(community.thread())
    community.server.flag_comment(comment, community.ann, community.bo)
    answer = community.server.ask("PUT", f"comments/{comment}/abuse_unflag", json={"user_id": community.mod.id})
    assert sorted(answer["abuse_flaggers"]) == sorted([community.ann.id, community.bo.id])
    answer = community.server.ask("PUT", f"comments/{comment}/abuse_unflag", json={"user_id": community.ann.id})
    assert answer["abuse_flaggers"] == [community.bo.id]


def test_a_report_changes_no_time_of_the_post(community: Community) -> None:
    thread = community.thread()
    before = community.server.thread(thread)
    community.server.flag_thread(thread, community.ann)
    after = community.server.thread(thread)
    for key in ("updated_at", "last_activity_at"):
        assert before[key] == after[key]


# Decisions


def test_removing_twice_says_it_does_not_exist(community: Community) -> None:
    thread = community.thread()
    response = community.respond(thread)
    reply = community.server.create_reply(community.course, response, community.author)
    removed = community.server.ask("DELETE", f"comments/{response}")
    assert removed["id"] == response
    for comment in (response, reply):  # its replies went with it
        gone = (400, {"error": f"Comment does not exist with Id: {comment}"})
        assert refused(community.server.call("DELETE", f"comments/{comment}")) == gone
        assert refused(community.server.call("GET", f"comments/{comment}")) == gone
    other = community.respond(thread)
    community.server.ask("DELETE", f"threads/{thread}")
    gone = (400, {"error": f"Thread does not exist with Id: {thread}"})
    for method in ("DELETE", "GET"):
        assert refused(community.server.call(method, f"threads/{thread}")) == gone
    assert community.server.call("GET", f"comments/{other}").status_code == 400


def test_closing_wants_a_reason_and_a_person(community: Community) -> None:
    thread = community.thread()
    path = f"threads/{thread}"
    status, body = refused(community.server.call("PUT", path, json={"closed": True, "closing_user_id": "1"}))
    assert (status, body) == (400, {"error": "Missing required fields: close_reason_code"})
    closed = community.server.ask(
        "PUT", path, json={"closed": True, "closing_user_id": community.mod.id, "close_reason_code": "off-topic"}
    )
    assert (closed["closed"], closed["closed_by"], closed["close_reason_code"]) == (
        True,
        community.mod.name,
        "off-topic",
    )
    assert closed["user_id"] == community.author.id
    opened = community.server.ask("PUT", path, json={"closed": False})
    assert (opened["closed"], opened["closed_by"]) == (False, None)
    assert "close_reason_code" not in opened


def test_closing_clears_no_report_and_stops_no_answer(community: Community) -> None:
    thread = community.thread()
    community.server.flag_thread(thread, community.ann)
    community.server.ask(
        "PUT",
        f"threads/{thread}",
        json={"closed": True, "closing_user_id": community.mod.id, "close_reason_code": "off-topic"},
    )
    (row,) = community.queue()
    assert (row["id"], row["closed"], row["closed_by"]) == (thread, True, community.mod.name)
    assert community.respond(thread)


def test_editing_keeps_the_original_and_the_reports(community: Community) -> None:
    thread = community.thread("Rude words.")
    comment = community.respond(thread, "More rude words.")
    community.server.flag_thread(thread, community.ann)
    for path, original in ((f"threads/{thread}", "Rude words."), (f"comments/{comment}", "More rude words.")):
        edited = community.server.ask(
            "PUT",
            path,
            json={"body": "[removed]", "editing_user_id": community.mod.id, "edit_reason_code": "violates-guidelines"},
        )
        (entry,) = edited["edit_history"]
        assert edited["body"] == "[removed]"
        assert edited["user_id"] == community.author.id
        assert (entry["original_body"], entry["reason_code"], entry["editor_username"]) == (
            original,
            "violates-guidelines",
            community.mod.name,
        )
    assert [item["id"] for item in community.queue()] == [thread]


def test_reason_codes_are_not_checked(community: Community) -> None:
    thread = community.thread()
    edited = community.server.ask(
        "PUT",
        f"threads/{thread}",
        json={"body": "x", "editing_user_id": community.mod.id, "edit_reason_code": "no-such-code"},
    )
    assert edited["edit_history"][0]["reason_code"] == "no-such-code"


@pytest.mark.parametrize("what", ["threads", "comments"])
def test_user_id_in_a_change_gives_the_post_to_that_member(community: Community, what: str) -> None:
    thread = community.thread()
    path = f"threads/{thread}" if what == "threads" else f"comments/{community.respond(thread)}"
    community.server.ask("PUT", path, json={"body": "x", "user_id": community.mod.id})
    taken = community.server.ask("GET", path)
    # Only the id moves; the name stays the author's.
    assert (taken["user_id"], taken["username"]) == (community.mod.id, community.author.name)
    community.server.ask("PUT", path, json={"body": "y", "user_id": community.author.id})
    assert community.server.ask("GET", path)["user_id"] == community.author.id


def test_an_accepted_answer_leaves_the_unanswered_queue(community: Community) -> None:
    question = community.thread(kind="question")
    answer = community.respond(question)

    def unanswered() -> list[str]:
        page = community.server.ask("GET", "threads", params={"course_id": community.course, "unanswered": "true"})
        return [item["id"] for item in page["collection"]]

    assert unanswered() == [question]
    community.server.ask("PUT", f"comments/{answer}", json={"endorsed": True, "endorsement_user_id": community.mod.id})
    assert unanswered() == []
    whole = community.server.thread(question)
    assert whole["endorsed"] is True
    assert [item["id"] for item in whole["endorsed_responses"]] == [answer]
    assert whole["endorsed_responses"][0]["endorsement"]["user_id"] == community.mod.id
    # The list never says so.
    (row,) = community.server.ask("GET", "threads", params={"course_id": community.course})["collection"]
    assert row["endorsed"] is False
    community.server.ask("PUT", f"comments/{answer}", json={"endorsed": False})
    assert unanswered() == [question]
