"""What the adapter makes of exchanges that were recorded on a real NodeBB 4.15.1, and whether the fake forum answers
with the same shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modtui.backends.nodebb.client import explain
from modtui.backends.nodebb.offers import flag_offers
from modtui.backends.nodebb.people import People
from modtui.backends.nodebb.questions import Questions
from modtui.backends.nodebb.queue import Queue
from modtui.backends.nodebb.shape import flag_item, thread_of
from modtui.backends.nodebb.site import Site, config_of
from modtui.backends.nodebb.values import rows_of, unkeyed
from modtui.backends.nodebb.wire import Flag, FlagRow, Post, Queued, Topic, User, history_of
from modtui.backends.reply import Reply
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, NotFound, RateLimited, Refused, RightsError
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_app import App, small
from tests.fakes.nodebb_tape import body, exchange, names, shapes


class Nobody:
    """Stands for the client where nothing is asked."""


@pytest.fixture
def site() -> Site:
    """The recorded forum as its global moderator knows it."""
    found = Site(CommunityId("0123456789ab"), "http://127.0.0.1:4567")
    found.me(body("auth-self-bearer"))
    found.told_version("4.15.1")
    found.learn_categories(body("list-categories"))
    return found


def lanes(site: Site) -> tuple[Queue, Questions, People]:
    """The lanes without a line."""
    queue = Queue(Nobody(), site)  # type: ignore[arg-type]
    return queue, Questions(Nobody(), site, ()), People(Nobody(), site, queue)  # type: ignore[arg-type]


# --- who

def test_the_account_and_its_rights(site: Site) -> None:
    assert (site.uid, site.username, site.role) == (2, "gmod", "global moderator")
    assert site.may_ban == site.may_mute == site.everywhere == ALLOWED and not site.escaped
    assert config_of(body("auth-config")) == ("NodeBB", True)
    assert site.category(5) == "Help desk" and site.category(99) is None


# --- reports

def test_the_list_of_flags_is_bare_numbers() -> None:
    rows = [FlagRow.of(row) for row in body("flags-list")["flags"]]
    assert [(row.id, row.state, row.assignee, row.heat, row.type, row.target) for row in rows[4:]] == [
        (5, "open", None, 1, "post", 57), (4, "wip", 2, 1, "post", 56), (3, "open", None, 1, "post", 55),
        (2, "open", None, 1, "post", 54), (1, "open", None, 3, "post", 53),
    ]  # fmt: skip
    assert rows[-1].at_ms == 1795289291761


def test_a_state_that_the_forum_does_not_know_is_dropped_without_a_word() -> None:
    found = body("flags-list-state_nonsense")
    assert "state" not in found["filters"] and {row["state"] for row in found["flags"]} > {"open"}


def _item(site: Site, name: str, source: str | None = "post-v3", topic: str | None = "post-summary") -> Item:
    flag = Flag.of(body(name))
    where = Topic.of(body(topic)["topic"]) if topic else None
    return flag_item(site, flag, Post.of(body(source)) if source else None, where)


def test_a_reported_post(site: Site) -> None:
    item = _item(site, "flag-v3-get")
    assert (item.lane, item.kind, item.number, item.state) == ("reports", "post", "1", "open")
    assert item.title == "Favourite keyboards" and item.place.category == "Off topic"
    assert item.author is not None and (item.author.username, item.author.native) == ("spamlord", "10")
    assert item.source == "BUY CHEAP WATCHES http://spam.example.test/watches NOW!!!"
    assert item.body is not None and item.body.format == "html" and "<a href=" in item.body.text
    told = [(one.reporter.username if one.reporter else "", one.reason, one.text) for one in item.reports]
    assert told == [
        ("mara", "spam", "Spam"), ("ilya", "spam", "Spam"), ("tomasz", "other", "Advertising watches in every topic"),
    ]  # fmt: skip
    assert item.since_ms == 1795289291761 and item.score == 3 and item.claim is None
    assert item.url == "http://127.0.0.1:4567/post/53" and not item.deleted and item.problem is None
    assert len({one.id for one in item.reports}) == 3


def test_a_flag_in_work_has_a_claim_notes_and_an_author_who_is_muted(site: Site) -> None:
    item = _item(site, "flag-detail-rude", "post-v3", None)
    assert item.state == "open" and item.claim is not None and item.claim.mine
    assert [(note.by, note.text) for note in item.notes] == [
        ("gmod", "Second warning for okafor, see also the topic of last week.")
    ]
    assert item.author is not None
    assert [(one.kind, one.until_ms) for one in item.author.penalties] == [("silence", 1795291092026)]
    assert [one.reason for one in item.reports] == ["insult"]


def test_bans_and_addresses_of_the_member_are_no_lines_of_the_flag() -> None:
    lines = history_of(body("flag-detail-rude")["history"])
    assert [line.fields for line in lines] == [
        {"notes": ""}, {"state": "state wip", "assignee": "gmod"}, {"state": "state open"}
    ]
    assert "okafor@example.test" not in repr(lines)


def test_what_is_said_of_colleagues_is_their_name_only(site: Site) -> None:
    flag = Flag.of(body("flag-detail-rude"))
    assert [one.username for one in flag.people] == ["admin", "gmod"]
    assert "@example.test" not in repr(flag)


def test_a_reported_member(site: Site) -> None:
    item = _item(site, "flag-detail-u_spamlord", None, None)
    assert (item.kind, item.title, item.state) == ("member", "spamlord", "ignored")
    assert item.handled_by == "gmod" and item.handled_ms == 1795289292059
    assert item.author is not None and item.author.native == "10"
    offers = {one.id: one.capability for one in flag_offers(site, item, ALLOWED)}
    assert isinstance(offers["delete"], Blocked) and offers["ban"] == ALLOWED


def test_an_erased_post_leaves_its_report(site: Site) -> None:
    item = _item(site, "flag-detail-purged-post", None, None)
    assert item.deleted and item.state == "removed" and item.body is None and item.problem
    assert item.author is not None and item.author.username == "member 10"
    assert [one.text for one in item.reports] == ["Spam"]


def test_a_deleted_post_has_its_source(site: Site) -> None:
    post = Post.of(body("post-deleted-as-mod"))
    assert post.deleted and post.deleter == 2 and post.content.startswith("BUY CHEAP WATCHES")


def test_control_signs_stay_until_they_are_drawn(site: Site) -> None:
    item = _item(site, "flag-detail-esc")
    assert item.body is not None and "\x1b[2J" in item.body.text and "\x07" in item.body.text
    assert item.reports[0].text == "weird \x1b[31mescape\x1b[0m reason"
    assert Topic.of(body("topic-esc")).title.startswith("Escape \x1b[31mred\x1b[0m & <b>bold</b>")


def test_the_answer_to_a_change_tells_what_happened() -> None:
    lines = history_of(body("flag-update-resolve")["history"])
    assert lines[0].fields == {"state": "state resolved"} and lines[0].by == "gmod"
    ignored = history_of(body("flag-update-bad-state")["history"])
    assert "banana" in str(exchange("flag-update-bad-state")["request"]) and "banana" not in str(ignored)
    assert "state" not in ignored[0].fields, "an unknown state is a 200 that did nothing"


def test_a_list_in_which_nothing_happened_is_empty_and_keeps_its_mark() -> None:
    found = exchange("cond-if-none-match")["response"]
    assert (found["status"], found["body"]) == (304, None) and found["headers"]["ETag"].startswith('W/"')


# --- what waits

def test_the_queue(site: Site) -> None:
    queue, _, _ = lanes(site)
    items = [queue.item(Queued.of(row)) for row in body("queue-list")["posts"]]
    assert [(item.number, item.title, item.place.thread_id) for item in items] == [
        ("9291995", "My very first question", None),
        ("9292008", "Login loop after update 2.4", "4"),
        ("9292021", "Favourite keyboards", "19"),
    ]
    first = items[0]
    assert (first.lane, first.kind, first.state) == ("pending", "held post", "open")
    assert first.source == "Hello, how do I *reset* my password?" and first.place.tags == ("password",)
    assert first.place.category == "Help desk" and first.author is not None and first.author.username == "newbie"
    can = {one.verb: one.capability for one in first.offers}
    assert can["approve"] == can["remove"] == can["edit"] == can["warn"] == ALLOWED


def test_sign_ups_show_no_addresses(site: Site) -> None:
    queue, _, _ = lanes(site)
    items = [queue.sign_up(row) for row in body("misc-registration-queue-filled")["users"]]
    assert [item.title for item in items] == ["waiting2", "waiting1"]
    assert all(item.kind == "sign-up" and isinstance(item.offers[0].capability, Blocked) for item in items)
    assert "@example.test" not in repr(items) and "127.0.0.1" not in repr([item.body for item in items])
    assert "6 other accounts" in (items[0].body.text if items[0].body else "")


# --- questions

def test_unsolved_questions_and_who_spoke_last(site: Site) -> None:
    _, questions, _ = lanes(site)
    topics = [Topic.of(row) for row in body("list-unsolved")["topics"]]
    items = [questions.item(topic, None) for topic in topics]
    assert [item.number for item in items] == [str(topic.tid) for topic in topics]
    first = items[0]
    assert first.question is not None and (first.question.state, first.question.replies) == ("unanswered", 0)
    assert first.title == "Question 12: sync problem on device 12" and first.question.last == "21"
    assert first.body is not None and first.body.text == "Sync stops after 120 MB."
    assert first.question.clock_ms == first.since_ms == 1795289290102 and first.question.can_accept
    assert all(questions.waiting(topic) for topic in topics)


def test_a_solved_question_waits_no_more(site: Site) -> None:
    _, questions, _ = lanes(site)
    topic = Topic.of(body("list-solved")["topics"][0])
    item = questions.item(topic, None)
    assert item.question is not None and item.question.state == "solved" and item.question.accepted == "6"
    assert not questions.waiting(topic)


def test_the_topic_of_a_question(site: Site) -> None:
    thread = thread_of(site, body("topic"), None)
    assert (thread.id, thread.title, thread.total) == ("5", "Where is the dark mode?", 3)
    told = [(post.number, post.author.username if post.author else "", post.accepted, post.reply_to, post.subject)
            for post in thread.posts]  # fmt: skip
    assert told == [(1, "priya", False, None, True), (2, "tomasz", True, None, False), (3, "priya", False, 2, False)]


# --- members

def test_a_profile_is_read_for_the_member_and_not_for_who_looks(site: Site) -> None:
    _, _, people = lanes(site)
    found = people._dossier(User.of(body("user-okafor")), body("user-okafor"), body("user-okafor-info"))
    member = found.member
    assert (member.native, member.username, member.posts, member.role) == ("9", "okafor", 10, None)
    assert [(one.kind, one.by, one.reason) for one in member.penalties] == [("silence", "gmod", "Cool down")]
    assert [(note.by, note.text) for note in found.notes] == [("gmod", "Was warned twice. **Watch**.")]
    assert [(line.kind, line.by) for line in found.history if line.kind != "report"] == [("silence", "gmod")]
    assert found.sanctionable == ALLOWED and "okafor@example.test" not in repr(found)
    titles = list(found.recent_titles.values())
    assert titles and "Escape" in titles[0] and found.recent[0].deleted


def test_a_ban_for_good_and_one_that_was_lifted(site: Site) -> None:
    _, _, people = lanes(site)
    banned = people._dossier(User.of(body("user-banned-info")), {}, body("user-banned-info"))
    assert [(one.kind, one.until_ms, one.reason) for one in banned.member.penalties] == [
        ("ban", None, "Permanent now")
    ]
    lifted = people._dossier(User.of(body("user-spamlord-info")), {}, body("user-spamlord-info"))
    assert lifted.member.penalties == (), "it reads `banned permanently` of everybody"
    assert [line.kind for line in lifted.history if line.kind != "report"][:1] == ["unban"]


def test_everybody_is_banned_permanently_in_one_field(site: Site) -> None:
    rows = [*body("users-search")["users"], *body("users-flagged")["users"]]
    assert {row["banned_until_readable"] for row in rows} == {"[[user:info.banned-permanently]]"}
    assert not any(User.of(row).banned for row in rows)


def test_oneself_and_administrators_are_never_sanctioned(site: Site) -> None:
    _, _, people = lanes(site)
    mine = people.item(User.of(body("auth-self-bearer")), 0)
    assert mine.author is not None and mine.author.role == "moderator"
    assert all(isinstance(one.capability, Blocked) for one in mine.offers if one.verb in ("ban", "silence"))


# --- refusals

def _error(name: str, *, kind: str = "") -> Exception:
    found = exchange(name)["response"]
    given = found["body"]
    text = given.get("__text__") if isinstance(given, dict) else None
    sent = text.encode() if text is not None else json.dumps(given).encode()
    mime = kind or ("text/plain" if text is not None else "application/json")
    return explain(Reply(found["status"], {"content-type": mime}, sent, "forum.example", True))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("flag-v3-missing", NotFound, "Flag does not exist"), ("topic-missing", NotFound, "Not found"),
        ("topic-noaccess", RightsError, "does not let this account"), ("auth-self-bad-token", AuthError, "token"),
        ("err-403-category", RightsError, "enough privileges"), ("queue-accept-again", NotFound, "does not exist"),
        ("post-delete-again", Refused, "already been deleted"), ("user-unban-nobody", Refused, "reading 'reason'"),
        ("err-too-fast", RateLimited, "10 second"),
    ],
)  # fmt: skip
def test_three_styles_of_errors(name: str, kind: type[Exception], words: str) -> None:
    error = _error(name)
    assert isinstance(error, kind) and words in str(error) and "[[" not in str(error)
    if isinstance(error, RateLimited):
        assert error.wait_s == 10 and not error.whole_client


def test_a_master_token_without_a_member_is_told_what_it_lacks() -> None:
    sent = json.dumps({"path": "/api/self", "error": "[[error:api.master-token-no-uid]]"}).encode()
    error = explain(Reply(500, {"content-type": "application/json"}, sent, "forum.example", False))
    assert isinstance(error, AuthError) and "uid" in error.hint


def test_keys_are_never_shown_raw() -> None:
    assert unkeyed("[[user:info.banned-permanently]]") == "banned permanently"
    assert unkeyed("x [[error:too-many-posts, 10]] y") == "x too many posts (10) y"
    assert unkeyed("[[a link]] and [[1]]") == "[[a link]] and [[1]]", "what a member typed is no key"


# --- the fake has the same shapes

_FAKED: list[tuple[str, str, tuple[str, ...]]] = [
    ("GET", "self", ("auth-self-bearer", "user-okafor")), ("GET", "config", ("auth-config",)),
    ("GET", "flags", ("flags-list", "flags-list-state_open")),
    ("GET", "flags/{flag}", ("flag-detail-rude", "flag-detail-esc", "flag-detail-u_spamlord")),
    ("GET", "flags/{userflag}", ("flag-detail-u_spamlord", "flag-detail-rude")),
    ("GET", "post-queue", ("queue-list", "queue-one")), ("GET", "post-queue/{entry}", ("queue-list", "queue-one")),
    ("GET", "registration-queue", ("misc-registration-queue-filled",)),
    ("GET", "unsolved", ("list-unsolved", "list-solved", "list-recent")), ("GET", "recent", ("list-recent",)),
    ("GET", "solved", ("list-solved", "list-unsolved")), ("GET", "topic/{topic}", ("topic", "topic-esc")),
    ("GET", "user/okafor", ("user-okafor",)), ("GET", "user/spamlord/info", ("user-banned-info", "user-okafor-info",
                                                                        "user-spamlord-info")),
    ("GET", "users", ("users-flagged", "users-search", "users-banned")), ("GET", "categories", ("list-categories",)),
    ("GET", "search", ("search",)), ("GET", "v3/flags/{flag}", ("flag-v3-get", "flag-detail-rude")),
    ("GET", "v3/posts/{post}", ("post-v3", "post-deleted-as-mod")),
    ("GET", "v3/posts/{post}/summary", ("post-summary", "search", "list-unsolved")),
    ("PUT", "v3/flags/{flag}", ("flag-update-resolve", "flag-detail-rude")),
    ("POST", "v3/flags/{flag}/notes", ("flag-note-add", "flag-detail-rude")),
    ("POST", "v3/topics/{topic}", ("reply",)), ("POST", "v3/posts/queue/{entry}", ("queue-accept",)),
]  # fmt: skip
_BODIES: dict[str, Any] = {
    "v3/flags/{flag}": {"state": "wip"}, "v3/flags/{flag}/notes": {"note": "Seen."},
    "v3/topics/{topic}": {"content": "A longer answer."}, "v3/posts/queue/{entry}": {},
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "recorded"), _FAKED, ids=[f"{one[0]} {one[1]}" for one in _FAKED])
def test_the_fake_answers_in_recorded_shapes(method: str, path: str, recorded: tuple[str, ...]) -> None:
    """Every place of the fake's answer stands in a recorded one, with a type that was seen there."""
    forum = Forum()
    small(forum)
    okafor = next(user for user in forum.users.values() if user.username == "okafor")
    spam = next(user for user in forum.users.values() if user.username == "spamlord")
    forum.punish(forum.gmod, okafor, "mute", forum.now() + 10**6, "Cool down")
    forum.punish(forum.gmod, spam, "ban", 0, "Permanent now")
    spam.notes.append({"by": forum.gmod.uid, "raw": "Watch", "at": forum.now()})
    asked = next(topic for topic in forum.topics.values() if topic.question and len(topic.pids) > 2)
    if "solved" in path and "un" not in path:
        asked.solved = asked.pids[1]
    app, rows = App(forum), forum.flags.values()
    flag = next(one for one in rows if one.type == "post")
    forum.set_flag(forum.gmod, flag, {"state": "wip", "assignee": str(forum.gmod.uid)})
    flag.notes.append({"uid": forum.gmod.uid, "text": "Seen.", "at": forum.now()})
    places = {"flag": flag.id, "userflag": next(one.id for one in rows if one.type == "user"), "topic": asked.tid,
              "post": flag.target, "entry": next(iter(forum.queue))}  # fmt: skip
    answered = app.plainly(method, path.format(**places), forum.gmod, _BODIES.get(path))
    seen = shapes(_rerooted(path, name) for name in recorded)
    for at, kinds in shapes([answered]).items():
        assert at in seen, f"{at} stands in no recorded answer"
        assert kinds <= seen[at], f"{at}: {kinds} instead of {seen[at]}"


def _rerooted(path: str, name: str) -> Any:
    """A recorded answer, or the part of it that is of the same kind."""
    found = body(name)
    if path.endswith("/summary") and name != "post-summary":
        rows = rows_of(found.get("posts") or found.get("topics"))
        return rows[0] if name == "search" else {"topic": rows[0]}
    if path.startswith("v3/flags/{flag}") and name == "flag-detail-rude":
        return {key: found[key] for key in ("history", "notes", *(("target", "assignee", "reports") if path[-1] == "}"
                                                                else ()))}  # fmt: skip
    return found


def test_the_fake_knows_nothing_of_modtui() -> None:
    """Else it would be right wherever the adapter is wrong."""
    for path in (Path(__file__).parents[1] / "fakes").glob("nodebb*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.lstrip().startswith(("import modtui", "from modtui"))], path.name


def test_all_recorded_exchanges_are_used() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in names() if f'"{name}"' not in told] == []
