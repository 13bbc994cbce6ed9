"""Shapes of other versions of Discourse, odd rows, and refusals as sentences. No server needed."""

from __future__ import annotations

from typing import Any

import pytest

from modtui.backends.discourse import wire
from modtui.backends.discourse.actions import ACTIONS, SPAM, meaning
from modtui.backends.discourse.errors import error_code, explain, pauses_all, site_words, spends_day
from modtui.backends.discourse.items import items_of
from modtui.backends.discourse.side import read_queue
from modtui.backends.discourse.site import Site
from modtui.backends.reply import Reply
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, NotFound, Refused, RightsError, SiteError, Stale
from modtui.text import Foreign


def site(**more: Any) -> Site:
    return Site(
        community=CommunityId("c0ffee"), base="https://f.example", me_id=7, me=Foreign("kestrel"), staff=True,
        reviews=True, known=True, **more,
    )  # fmt: skip


def row(**more: Any) -> dict[str, Any]:
    return {
        "id": 9301, "type": "ReviewableFlaggedPost", "topic_id": 35, "target_type": "Post", "target_id": 52,
        "target_url": "https://f.example/t/solder-fumes/35/5", "created_at": "2026-10-02T10:00:00.000Z", "score": 6.0,
        "version": 0, "status": 0, "cooked": "<p>You lot</p>", "raw": "You lot", "post_version": 1, "post_id": 52,
        "target_created_by_id": 2, "created_by_id": 3, "editable_fields": [], "reviewable_score_ids": [9302],
        "bundled_action_ids": ["9301-agree", "9301-disagree"], "author_penalties": [], "claimed_by_id": None,
    } | more  # fmt: skip


def whole(*rows: Any, **more: Any) -> dict[str, Any]:
    return {
        "reviewables": list(rows),
        "users": [
            {"id": 2, "username": "bo", "custom_fields": {"user_notes_count": "1"}},
            {"id": 2, "username": "bo", "trust_level": 1, "post_count": 3, "flags_agreed": 0, "custom_fields": {}},
            {"id": 3, "username": "ann"},
        ],
        "topics": [{"id": 35, "title": "Solder fumes", "posts_count": 5}],
        "reviewable_scores": [{"id": 9302, "user_id": 3, "score_type_id": 4, "status": 0, "score": 3.0}],
        "score_types": [{"id": 4, "title": "Unangemessen", "type": "inappropriate"}],
        "bundled_actions": [
            {"id": "9301-agree", "label": "Ja", "action_ids": ["a1"]},
            {"id": "9301-disagree", "label": "Nein", "action_ids": ["a2"]},
        ],
        "actions": [
            {"id": "a1", "label": "Ausblenden", "server_action": "agree_and_hide"},
            {"id": "a2", "label": "Behalten", "server_action": "disagree"},
        ],
        "meta": {"total_rows_reviewables": 12},
    } | more  # fmt: skip


def items(answer: dict[str, Any], **more: Any) -> list[Item]:
    return items_of(site(**more), read_queue(answer))[0]


def only(answer: dict[str, Any], **more: Any) -> Item:
    (found,) = items(answer, **more)
    return found


def test_users_are_merged_from_all_their_shapes() -> None:
    author = only(whole(row())).author
    assert author is not None
    assert (author.username, author.trust, author.posts, author.notes) == ("bo", 1, 3, 1)


def test_an_empty_queue_has_no_side_tables() -> None:
    queue = read_queue({"reviewables": [], "meta": {}, "__rest_serializer": "1"})
    assert (queue.rows, queue.size, queue.more) == ((), 0, False)


def test_verbs_come_from_actions_not_from_labels() -> None:
    item = only(whole(row()))
    remove, approve = item.offer("remove"), item.offer("approve")
    assert remove is not None and approve is not None
    assert (remove.id, remove.label, approve.id) == ("agree_and_hide", "Ja: Ausblenden", "disagree")
    assert item.reasons == ("insult",) and item.reports[0].label == "Unangemessen"


@pytest.mark.parametrize("native", ["agree_and_hide", "post-agree_and_hide", "9301-post-agree_and_hide"])
def test_actions_of_older_servers(native: str) -> None:
    older = whole(
        row(bundled_action_ids=["b"]),
        bundled_actions=[{"id": "b", "action_ids": [native]}],
        actions=[{"id": native, "label": "Hide"}],
    )
    remove = only(older).offer("remove")
    assert remove is not None and remove.id == "agree_and_hide"


def test_scores_of_older_servers_bring_a_sentence() -> None:
    older = whole(row(), reviewable_scores=[{"id": 9302, "user_id": -1, "score_type_id": 9,
                                            "reason": "This <a href='/x'>new user</a> typed <b>fast</b> &amp; loud."}],
                  score_types=[{"id": 9, "title": "Needs Approval", "type": "needs_approval"}])  # fmt: skip
    report = only(older).reports[0]
    assert (report.reason, report.text, report.reporter) == ("held", "This new user typed fast & loud.", None)


def test_tags_are_objects_or_words() -> None:
    tags = [{"id": 1, "name": "guide"}, "tool", 5, None]
    assert only(whole(row(topic_tags=tags))).place.tags == ("guide", "tool")


def test_claims_of_both_ages() -> None:
    new = only(whole(row(claimed_by_id=88), claimed_bies=[{"id": 88, "user_id": 3, "automatic": False}]))
    old = only(whole(row(claimed_by_id=3)))
    mine = only(whole(row(claimed_by_id=88), claimed_bies=[{"id": 88, "user_id": 7}]))
    soft = only(whole(row(claimed_by_id=88), claimed_bies=[{"id": 88, "user_id": 3, "automatic": True}]))
    assert new.claim is not None and old.claim is not None and mine.claim is not None and soft.claim is not None
    assert new.claim.by == old.claim.by == "ann" and mine.claim.mine and soft.claim.automatic
    for item, free in ((new, False), (old, False), (mine, True), (soft, True)):
        offer = item.offer("remove")
        assert offer is not None and (offer.capability == ALLOWED) is free


def test_one_odd_row_or_key_never_loses_the_page() -> None:
    odd = row(id=1, score="nine", topic_tags="no list")
    answer = whole(row(), odd, row(id=None), "not a row", row(id=2, payload=[]))
    found, unreadable = items_of(site(), read_queue(answer))
    assert [item.number for item in found] == ["9301", "1", "2"]
    assert unreadable == 2
    assert [bool(item.problem) for item in found] == [False, True, True]
    assert found[1].problem is not None and "score" in found[1].problem and "topic_tags" in found[1].problem


@pytest.mark.parametrize("table", ["users", "topics", "reviewable_scores", "actions", "bundled_actions", "score_types"])
@pytest.mark.parametrize("value", [None, {}, "x", [None], [{"id": []}], [{}]])
def test_a_broken_table_leaves_the_items(table: str, value: Any) -> None:
    assert len(items(whole(row(), **{table: value}))) == 1


def test_nulls_and_unknown_keys_are_normal() -> None:
    bare = {key: None for key in row()} | {"id": 5, "type": "ReviewableNovelty", "something": {"new": 1}}
    item = only({"reviewables": [bare]})
    assert (item.kind, item.lane, item.title, item.problem) == ("other", "reports", "novelty", None)
    assert item.url == "https://f.example/review/5"


def test_a_link_to_another_site_is_not_taken_over() -> None:
    item = only(whole(row(target_url="https://evil.example/t/x/35/5")))
    assert item.url == "https://f.example/review/9301"


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("ReviewableFlaggedPost", 0, "open"),
        ("ReviewableFlaggedPost", 1, "removed"),
        ("ReviewableFlaggedPost", 2, "kept"),
        ("ReviewableFlaggedPost", 3, "ignored"),
        ("ReviewableQueuedPost", 1, "kept"),
        ("ReviewableQueuedPost", 2, "removed"),
        ("ReviewableUser", 1, "kept"),
        ("ReviewableUser", 2, "removed"),
        ("ReviewablePost", 1, "kept"),
        ("ReviewableAkismetPost", 2, "kept"),
        ("ReviewableQueuedPost", 4, "deleted"),
    ],
)
def test_states_are_our_words(kind: str, status: int, state: str) -> None:
    assert only(whole(row(type=kind, status=status))).state == state


def test_hidden_and_deleted_are_read_from_what_is_legal() -> None:
    def acts(name: str) -> dict[str, Any]:
        return {"actions": [{"id": "a1", "server_action": name}]}

    assert only(whole(row(), **acts("agree_and_keep_hidden"))).hidden
    assert only(whole(row(), **acts("disagree_and_restore"))).deleted
    assert only(whole(row(target_deleted_at="2026-10-02T10:00:00.000Z"))).deleted


def test_the_author_of_a_held_post_on_older_servers() -> None:
    older = row(type="ReviewableQueuedPost", target_created_by_id=None, created_by_id=2, topic_id=None, cooked=None,
                raw=None, payload={"raw": "Hello *there*", "title": "A new topic", "tags": ["x"]})  # fmt: skip
    item = only(whole(older))
    assert item.author is not None and item.author.username == "bo"
    assert item.body is not None and (item.body.text, item.body.format) == ("Hello *there*", "markdown")
    assert (item.title, item.kind, item.lane) == ("A new topic", "held post", "pending")


def test_penalties_in_force() -> None:
    rows = [
        {"kind": "silence", "expires_at": "3026-10-02T10:00:00.000Z", "forever": True,
         "applied_by": {"username": "ann"}, "automatic": True, "from_this_target": True},
        {"kind": "suspension", "expires_at": "2026-12-02T10:00:00.000Z", "applied_by": "ann"},
        {"kind": "curse"},
    ]  # fmt: skip
    item = only(whole(row(author_penalties=rows)))
    assert item.author is not None
    assert [(p.kind, p.until_ms is None, p.by, p.automatic) for p in item.author.penalties] == [
        ("silence", True, "ann", True),
        ("ban", False, "ann", False),
    ]
    for verb in ("silence", "ban"):
        offer = item.offer(verb)
        assert offer is not None and isinstance(offer.capability, Blocked)


def test_category_moderators_cannot_sanction() -> None:
    group = site()
    group.staff = False
    (item,) = items_of(group, read_queue(whole(row())))[0]
    for verb, allowed in (("remove", True), ("approve", True), ("ban", False), ("note", False), ("lock", False)):
        offer = item.offer(verb)
        assert offer is not None and (offer.capability == ALLOWED) is allowed


def test_no_verb_deletes_an_account_but_rejecting_a_sign_up() -> None:
    assert not [name for name in SPAM if "user" in name]
    for name, sense in ACTIONS.items():
        if "delete" in name and "user" in name:
            assert sense.verb == "offer" and sense.final and sense.inverse == "none"
    assert meaning("delete_user", sign_up=True).verb == "remove"
    assert meaning("delete_user_block", sign_up=True).verb == "offer"
    assert meaning("obliterate_user_delete").final


def reply(status: int, body: Any = None, kind: str = "application/json", **headers: str) -> Reply:
    import json

    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": kind, **named}, raw, "f.example", True)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (403, {"errors": ["x"], "error_type": "not_logged_in"}, AuthError, "does not know this key"),
        (403, {"errors": ["Nope"], "error_type": "invalid_access"}, RightsError, "does not allow this"),
        (401, {}, AuthError, "does not take this key"),
        (404, {"errors": ["x"], "error_type": "not_found"}, NotFound, "no such thing"),
        (409, {"errors": ["There was an update conflict."]}, Stale, "newer state"),
        (409, {"failed": "FAILED", "message": "already suspended by ann"}, Stale, "already suspended by ann"),
        (422, {"action": "create_post", "errors": ["Body is too short", "Title too"]}, Refused, "short Title too"),
        (400, {"failed": "FAILED", "errors": ["Reason can't be blank"]}, Refused, "can't be blank"),
        (400, {"error": "already assigned"}, Refused, "already assigned"),
        (500, {"errors": ["boom"]}, SiteError, "boom"),
        (418, {}, SiteError, "(418)"),
    ],
)
def test_refusals_become_sentences(status: int, body: Any, error: type[Exception], words: str) -> None:
    found = explain(reply(status, body))
    assert type(found) is error and words in str(found) and "f.example" in str(found)


def test_maintenance_is_no_lost_answer() -> None:
    found = explain(reply(503, {"errors": ["read only"], "error_type": "read_only"}))
    assert isinstance(found, SiteError) and not found.sent
    page = explain(reply(500, b"<html>oops</html>", kind="text/html"))
    assert isinstance(page, SiteError) and page.sent


def test_the_sites_words_are_one_clean_line() -> None:
    assert site_words({"errors": ["<b>Too</b>\nlong", 5, "\x1b[2J"]}) == "Too long ␛[2J"
    assert site_words({"errors": None}) == ""
    assert len(site_words({"errors": ["x" * 5000]})) <= 301


def test_429s_are_told_apart() -> None:
    everybody = reply(429, {"error_type": "rate_limit"}, discourse_rate_limit_error_code="user_api_key_limiter_60_secs")
    one = reply(429, {"error_type": "rate_limit"})
    text = reply(429, b"Slow down.\nError code: id_10_secs_limit.", kind="text/plain")
    nginx = reply(429, b"<html>", kind="text/html")
    day = reply(429, {}, discourse_rate_limit_error_code="user_api_key_limiter_1_day")
    assert [pauses_all(r) for r in (everybody, one, text, nginx)] == [True, False, True, True]
    assert error_code(text) == "id_10_secs_limit"
    assert spends_day(day) and not spends_day(everybody)


def test_lenient_names_what_it_dropped() -> None:
    found, lost = wire.lenient({"id": "5", "username": 7, "trust_level": "x"}, wire.User)
    assert found is not None and (found.id, found.username, found.trust_level) == (5, "", None)
    assert lost == ["username", "trust_level"]
    assert wire.lenient({"username": "x"}, wire.User) == (None, ["row"])
    assert wire.lenient([1], wire.User) == (None, ["row"])
