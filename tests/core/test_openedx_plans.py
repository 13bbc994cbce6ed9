"""What a decision on an Open edX forum would do: pure, from recorded answers, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from modtui.backends.base import Backend, Connection, Credential, part_of
from modtui.backends.openedx import factory
from modtui.backends.openedx.client import comments_in
from modtui.backends.openedx.shape import in_order, item_of, thread_of
from modtui.backends.openedx.wire import Comment, Thread
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Answer, Intent, Plan, Sanction, Step
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, community_id
from modtui.errors import Refused, SettingsError
from modtui.screens.work.verbs import LETTERS
from modtui.text import Foreign
from tests.servers.openedx_record import read

ID = CommunityId("0123456789ab")
RECORDED = read()


def recorded(name: str) -> Any:
    """The body of a recorded answer."""
    return RECORDED[name]["response"]["body"]


def thread(name: str = "thread-plain", **changes: Any) -> Thread:
    """A recorded thread, with changes."""
    return msgspec.json.decode(msgspec.json.encode({**recorded(name), **changes}), type=Thread, strict=False)


def comment(name: str = "comment-reply", **changes: Any) -> Comment:
    """A recorded comment, with changes."""
    return msgspec.json.decode(msgspec.json.encode({**recorded(name), **changes}), type=Comment, strict=False)


def row(content: Thread | Comment | None = None, whole: Thread | None = None) -> Item:
    """The recorded thread (or `content`) as an item."""
    return item_of(content or thread(), whole, community=ID, names={"1001": "ada"}, can_write=ALLOWED)


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return factory(
        Connection(
            community=ID,
            url="http://127.0.0.1:9",
            credential=Credential(kind="service", user="service", secret="secret-of-the-test"),
            state=tmp_path,
            options={"course": "course-v1:A+B+C", "acting_user": 42},
        )
    )


def done(plan: Plan, **data: Any) -> list[Step]:
    """The plan's steps as if they had been sent."""
    return [
        Step(index=n, call=one.call, words=one.words, key=str(n), due_ms=0, state="done", answer=Answer(data=data))
        for n, one in enumerate(plan.steps)
    ]


# Options


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "course"),
        ({"course": "  "}, "course"),
        ({"course": "c", "acting_user": "bo"}, "acting_user"),
        ({"course": "c", "acting_user": True}, "acting_user"),
        ({"course": "c", "removed_text": ""}, "removed_text"),
    ],
)
def test_a_mistake_in_the_options_names_the_option(tmp_path: Path, options: dict[str, object], named: str) -> None:
    connection = Connection(community=ID, url="https://forum.example", credential=None, state=tmp_path, options=options)
    with pytest.raises(SettingsError) as trouble:
        factory(connection)
    assert [problem for problem in trouble.value.problems if named in problem]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    connection = Connection(
        community=ID, url="https://forum.example", credential=None, state=tmp_path,
        options={"acting_user": "bo", "removed_text": 7},
    )  # fmt: skip
    with pytest.raises(SettingsError) as trouble:
        factory(connection)
    assert len(trouble.value.problems) == 3


def test_courses_of_one_service_account_are_different_communities() -> None:
    one, two = ({"course": f"course-v1:A+B+{run}", "acting_user": "42"} for run in (1, 2))
    ids = {community_id("openedx", "https://forum.example", "s", part=part_of(factory, o)) for o in (one, two)}
    assert len(ids) == 2
    tuned = {**one, "removed_text": "Gone"}
    assert part_of(factory, tuned) == part_of(factory, one)


# Items


def test_each_member_who_reports_is_one_report() -> None:
    item = row()
    assert [(report.id, report.reason) for report in item.reports] == [("1001", "other"), ("1002", "other")]
    assert [report.reporter.username for report in item.reports if report.reporter] == ["ada", "member 1002"]
    assert all(report.text is None and report.created_ms is None for report in item.reports)


def test_an_item_is_as_old_as_its_post() -> None:
    item = row()
    assert item.since_ms == item.created_ms and item.since_ms > 1_700_000_000_000


def test_an_anonymous_post_keeps_its_author_and_says_so() -> None:
    item = row(thread(anonymous_to_peers=True))
    assert item.anonymous and item.author is not None and item.author.username == "eve"
    assert not row().anonymous


def test_a_comment_has_the_title_of_its_thread() -> None:
    item = row(comment(), thread("thread-discussion"))
    assert (item.title, item.ref.kind, item.place.thread_id) == ("Books", "comment", "2")
    assert {offer.id: offer for offer in item.offers}["lock"].capability == Blocked(
        "platform", "the forum closes threads, not single responses"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Plain *Markdown*", "markdown"), ("<p>From the newer editor</p>", "html"), ("a < b and <b", "markdown")],
)
def test_the_kind_of_text_is_seen_from_its_first_tag(text: str, kind: str) -> None:
    body = row(thread(body=text)).body
    assert body is not None and body.format == kind


def test_a_post_without_text_says_why_it_looks_odd() -> None:
    assert "no text" in str(row(thread(body="")).problem)


def test_a_reply_stands_below_its_response_in_order_of_time() -> None:
    base = recorded("comment-response")
    texts = [
        {**base, "id": "9", "created_at": "2026-01-01T00:00:00Z", "parent_id": None},
        {**base, "id": "10", "created_at": "2026-01-01T00:00:00Z", "parent_id": None},
        {**base, "id": "11", "created_at": "2026-01-03T00:00:00Z", "parent_id": "9"},
        {**base, "id": "2", "created_at": "2026-01-04T00:00:00Z", "parent_id": None},
    ]
    comments = [msgspec.convert(one, Comment, strict=False) for one in texts]
    assert [one.native for one in in_order(comments)] == ["9", "11", "10", "2"]


def test_a_long_thread_is_shown_around_the_subject() -> None:
    base = recorded("comment-response")
    comments = [
        msgspec.convert({**base, "id": str(n), "created_at": f"2026-01-01T00:{n:02}:00Z"}, Comment, strict=False)
        for n in range(1, 60)
    ]
    whole = thread("thread-discussion", comments_count=59)
    shown = thread_of(whole, comments, row(comments[39], whole))
    assert len(shown.posts) == 20 and shown.total == 60 and shown.posts[0].number == 1
    (subject,) = [post for post in shown.posts if post.subject]
    assert (subject.id, subject.number) == ("comment-40", 41)
    assert shown.posts[1].number < 41 < shown.posts[-1].number


def test_one_unreadable_response_does_not_hide_the_others() -> None:
    good = recorded("comment-response")
    rows = [msgspec.Raw(msgspec.json.encode(one)) for one in (good, {"no": "id"}, "text", {**good, "id": 77})]
    found, bad = comments_in(rows)
    assert [one.native for one in found] == [good["id"], "77"] and bad == 2


# Plans


def test_removing_replaces_title_and_text_and_closes_the_reports(backend: Backend) -> None:
    plan = backend.plan(row(), Intent(verb="remove", reason="private", reason_title="Personal data"))
    edit, unflag = (step.call for step in plan.steps)
    assert edit.name == "edit" and edit.args["body"] == edit.args["title"] == "[Removed by a moderator: Personal data]"
    assert edit.args["code"] == "contains-pii" and edit.args["was_title"] == "Cheap watches"
    assert unflag.name == "unflag" and unflag.args["reporters"] == ["1001", "1002"] and unflag.args["user"] == "42"
    assert [step.waits for step in plan.steps] == [False, True], "personal data is not left to be read for the hold"
    assert "cheap" not in msgspec.json.encode(edit).decode().replace("Cheap watches", ""), "the text is not copied"
    assert plan.reversal == "partial" and not plan.reaches and not plan.tells_author


def test_removing_waits_where_nothing_is_urgent(backend: Backend) -> None:
    assert all(step.waits for step in backend.plan(row(), Intent(verb="remove", reason="spam")).steps)


def test_deleting_is_purge_and_counts_what_goes_with_it(backend: Backend) -> None:
    plan = backend.plan(row(thread("thread-discussion")), Intent(verb="purge"))
    assert [step.call.name for step in plan.steps] == ["delete"] and plan.reversal == "none"
    assert plan.asks == "Delete this thread and 2 responses below it for good? Nothing can bring it back."
    assert backend.plan(row(comment(child_count=1)), Intent(verb="purge")).asks is not None
    assert backend.plan_undo(row(), Intent(verb="purge"), done(plan)).steps == ()


def test_locking_with_a_removal_is_one_plan(backend: Backend) -> None:
    plan = backend.plan(row(), Intent(verb="remove", reason="offtopic", lock=True))
    assert [step.call.name for step in plan.steps] == ["edit", "close", "unflag"]
    assert plan.steps[1].call.args == {"id": "1", "user": "42", "code": "off-topic"}
    with pytest.raises(Refused, match="closes threads, not single responses"):
        backend.plan(row(comment()), Intent(verb="remove", lock=True))


@pytest.mark.parametrize(
    ("intent", "sentence"),
    [
        (Intent(verb="remove", message="Dear member"), "cannot be told"),
        (Intent(verb="remove", sanction=Sanction("ban", None)), "cannot ban"),
        (Intent(verb="edit", text=" \n "), "without text"),
        (Intent(verb="edit", text="Fine.", title=" "), "without a title"),
        (Intent(verb="restore"), "was not replaced"),
        (Intent(verb="unlock"), "not closed"),
        (Intent(verb="ignore"), "without a verdict"),
        (Intent(verb="offer", offer="\x1b[31mred"), "no action"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(backend: Backend, intent: Intent, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        backend.plan(row(), intent)
    assert "\x1b" not in refusal.value.message and refusal.value.message.endswith(".")


def test_a_removed_post_offers_its_text_back_and_nothing_twice(backend: Backend) -> None:
    history = [{"original_body": "Buy!", "reason_code": None, "editor_username": "mod", "created_at": None}]
    gone = row(thread(body="[Removed by a moderator: Spam]", edit_history=history, abuse_flaggers=[]))
    assert gone.state == "removed" and gone.handled_by == "mod"
    assert backend.plan(gone, Intent(verb="restore")).steps[0].call.args["entry"] == 0
    for verb in ("remove", "approve", "spam"):
        with pytest.raises(Refused):
            backend.plan(gone, Intent(verb=verb))


def test_a_member_who_writes_the_notice_has_removed_nothing() -> None:
    assert row(thread(body="[Removed by a moderator]", abuse_flaggers=[])).state == "kept"


def test_undo_reports_again_as_each_reporter(backend: Backend) -> None:
    intent = Intent(verb="approve")
    back = backend.plan_undo(row(thread(abuse_flaggers=[])), intent, done(backend.plan(row(), intent)))
    assert back.reversal == "full"
    assert [step.call.args["reporter"] for step in back.steps] == ["1001", "1002"]
    assert {step.call.name for step in back.steps} == {"flag"}


def test_undo_of_a_removal_goes_backwards(backend: Backend) -> None:
    intent = Intent(verb="remove", reason="spam", lock=True)
    plan = backend.plan(row(), intent)
    back = backend.plan_undo(row(), intent, done(plan, entry=3, text="0123456789abcdef"))
    assert [step.call.name for step in back.steps] == ["flag", "flag", "reopen", "edit_back"]
    args = back.steps[-1].call.args
    assert (args["entry"], args["expect"], args["title"]) == (3, "0123456789abcdef", "Cheap watches")
    only_first = backend.plan_undo(row(), intent, done(plan, entry=3, text="0123456789abcdef")[:1])
    assert [step.call.name for step in only_first.steps] == ["edit_back"], "only what was done is taken back"


def test_hostile_titles_stay_out_of_what_is_shown(backend: Backend) -> None:
    plan = backend.plan(row(thread(title="\x1b]0;own\x07")), Intent(verb="remove", reason_title="\x1b[2J"))
    for words in (*(effect.words for effect in plan.effects), *(step.words for step in plan.steps), plan.asks or ""):
        assert "\x1b" not in words and "\x07" not in words


def test_verbs_that_the_platform_lacks_say_why(backend: Backend) -> None:
    verbs = backend.capabilities.verbs
    assert verbs["approve"] == Blocked("offline", "modtui has not signed in yet")
    assert isinstance(verbs["ignore"], Blocked) and "verdict" in verbs["ignore"].sentence
    assert isinstance(backend.capabilities.verb("unheard-of"), Blocked)


def test_names_stay_foreign() -> None:
    item = row(thread(username="eve\u202e"))
    assert item.author is not None and item.author.username == Foreign("eve\u202e")


@pytest.mark.parametrize(("post", "to"), [(None, "7"), ("7", "7"), ("comment-8", "8"), ("thread-2", None)])
def test_a_reply_from_a_reported_response_goes_where_it_is_meant(
    backend: Backend, post: str | None, to: str | None
) -> None:
    item = row(comment(id="7", thread_id="2"), thread(id="2"))
    call = backend.plan(item, Intent(verb="reply", text="So.", post=post)).steps[0].call
    assert (call.name, call.args["thread"], call.args["to"]) == ("reply", "2", to)
    own = row(thread(id="2"))
    for first in (None, "2", "thread-2"):
        assert backend.plan(own, Intent(verb="reply", text="So.", post=first)).steps[0].call.args["to"] is None


# Codes under which the forum keeps why


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        (Intent(verb="lock", offer="lock:off-topic"), "off-topic"),
        (Intent(verb="lock", offer="lock:academic-integrity", reason="double"), "academic-integrity"),
        (Intent(verb="lock", reason="double"), "duplicate"),
        (Intent(verb="lock", reason="no-such-code"), "read-only"),
        (Intent(verb="edit", offer="edit:needs-clarity", text="Clear.", reason="private"), "needs-clarity"),
        (Intent(verb="edit", text="Clear.", reason="private"), "contains-pii"),
        (Intent(verb="edit", text="Clear."), None),
        (Intent(verb="remove", reason="academic-integrity"), "academic-integrity"),
        (Intent(verb="remove", reason="spam"), "violates-guidelines"),
    ],
)
def test_the_code_is_the_offers_else_the_reasons(backend: Backend, intent: Intent, code: str | None) -> None:
    assert backend.plan(row(), intent).steps[0].call.args["code"] == code


def test_every_code_has_a_letter_where_offers_are_listed(backend: Backend) -> None:
    item = row()
    assert len(item.offers) <= len(LETTERS)
    ids = [offer.id for offer in item.offers]
    assert len(ids) == len(set(ids)) and {"lock:duplicate", "edit:format-change"} <= set(ids)
    response = row(comment(), thread("thread-discussion"))
    assert not any(offer.id.startswith("lock:") for offer in response.offers), "only threads are closed"
    for one in (item, response):
        assert sum(offer.default for offer in one.offers if offer.verb == "edit") == 1
