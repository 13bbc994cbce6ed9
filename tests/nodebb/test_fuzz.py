"""Any value in any field of what NodeBB sends: one row suffers, nothing breaks."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.backends.nodebb import plans
from modtui.backends.nodebb.client import explain
from modtui.backends.nodebb.offers import flag_offers
from modtui.backends.nodebb.people import People
from modtui.backends.nodebb.questions import Questions
from modtui.backends.nodebb.queue import Queue
from modtui.backends.nodebb.shape import flag_item, thread_of
from modtui.backends.nodebb.site import Site, config_of
from modtui.backends.nodebb.values import Unreadable, each, pages_of, row_of, rows_of
from modtui.backends.nodebb.wire import Flag, FlagRow, Post, Queued, Topic, User
from modtui.backends.reply import Reply
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Intent, Plan, Sanction
from modtui.domain.items import Dossier, Item, Thread
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from tests.fakes.nodebb_tape import body, names

_words = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["", "0", "1", "-1", "1e9", "null", "open", "99999999999999999999", "[[user:x.y]]", "\x1b[2J\u202e", "&amp;&lt;b"]
)
_numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=4,
)


def spoiled(draw: st.DrawFn, name: str) -> Any:
    """A recorded answer in which some values, however deep, are others."""
    found = body(name)
    for _ in range(draw(st.integers(1, 4))):
        at: Any = found
        for _ in range(draw(st.integers(0, 4))):
            below = at.values() if isinstance(at, dict) else at
            inner = [one for one in below if isinstance(one, dict | list) and one]
            if not inner:
                break
            at = draw(st.sampled_from(inner))
        if isinstance(at, dict):
            at[draw(st.sampled_from(sorted(at)))] = draw(_values)
        elif at:
            at[draw(st.integers(0, len(at) - 1))] = draw(_values)
    return found


@st.composite
def answers(draw: st.DrawFn, *of: str) -> Any:
    """One of these recorded answers, spoiled."""
    return spoiled(draw, draw(st.sampled_from(of)))


def _site(escaped: bool = False) -> Site:
    site = Site(CommunityId("0123456789ab"), "https://forum.example")
    site.me(body("auth-self-bearer"))
    site.escaped = escaped
    return site


def _sound(item: Item) -> None:
    """It survives the cache, is no different from itself, and each of its offers is a plan or a sentence."""
    assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item
    assert differences(seen_of(item), item) == ()
    site = _site()
    for offer in item.offers:
        for intent in (
            Intent(verb=offer.verb, offer=offer.id, text="Words.", message="Words." if offer.verb == "warn" else None,
                   sanction=Sanction("ban" if offer.verb == "ban" else "silence", 1000)
                   if offer.verb in ("ban", "silence") else None),
            Intent(verb=offer.verb),
        ):  # fmt: skip
            try:
                plan = plans.plan(site, item, intent)
            except ModtuiError as error:
                assert error.message
            else:
                assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


@given(given_=answers("flag-v3-get", "flag-detail-rude", "flag-detail-u_spamlord", "flag-detail-purged-post"),
       where=answers("post-summary"), typed=answers("post-v3"), escaped=st.booleans())  # fmt: skip
def test_a_flag_is_read_or_left_out(given_: Any, where: Any, typed: Any, escaped: bool) -> None:
    site = _site(escaped)
    found, bad = each([row_of(given_)], Flag.of, escaped=escaped)
    assert len(found) + bad == 1
    source = Post.maybe(typed)
    topics, _ = each([row_of(row_of(where).get("topic"))], Topic.of, escaped=escaped)
    for flag in found:
        site.learn_staff(flag.people)
        for one, topic in ((source, topics[0] if topics else None), (None, None)):
            item = flag_item(site, flag, one, topic)
            _sound(msgspec.structs.replace(item, offers=flag_offers(site, item, ALLOWED)))


@given(given_=answers("flags-list", "flags-list-state_open"))
def test_the_list_of_flags(given_: Any) -> None:
    rows = row_of(given_).get("flags")
    found, _ = each([row_of(one) for one in rows] if isinstance(rows, list) else [], FlagRow.of)
    assert sorted(found, key=lambda one: one.place) and pages_of(row_of(given_)) if found else True


@given(given_=answers("queue-list", "queue-one", "misc-registration-queue-filled"))
def test_what_waits(given_: Any) -> None:
    queue = Queue(None, _site())  # type: ignore[arg-type]
    posts, users = row_of(given_).get("posts"), row_of(given_).get("users")
    found, _ = each([row_of(one) for one in posts] if isinstance(posts, list) else [], Queued.of)
    for one in found:
        _sound(queue.item(one))
    for row in users if isinstance(users, list) else []:
        if isinstance(row, dict) and isinstance(row.get("username"), str) and row["username"]:
            _sound(queue.sign_up(row))


@given(given_=answers("list-unsolved", "list-recent", "list-solved", "topic"))
def test_a_topic(given_: Any) -> None:
    site = _site()
    questions = Questions(None, site, ())  # type: ignore[arg-type]
    rows = row_of(given_).get("topics")
    found, _ = each([row_of(one) for one in rows] if isinstance(rows, list) else [row_of(given_)], Topic.of)
    for topic in found:
        _sound(questions.item(topic, None))
        questions.waiting(topic)
    assert isinstance(questions.marks(row_of(given_)), dict)
    try:
        thread = thread_of(site, row_of(given_), None)
    except Unreadable:
        return
    numbers = [post.number for post in thread.posts]
    assert numbers == sorted(set(numbers)) and thread.total >= len(numbers)
    assert msgspec.json.decode(msgspec.json.encode(thread), type=Thread) == thread


@given(given_=answers("user-okafor", "auth-self-bearer"), info=answers("user-okafor-info", "user-banned-info"))
def test_a_member(given_: Any, info: Any) -> None:
    site = _site()
    people = People(None, site, Queue(None, site))  # type: ignore[arg-type]
    site.me(row_of(given_))
    user = User.maybe(given_)
    if user is None:
        return
    found = people._dossier(user, row_of(given_), row_of(info))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Dossier) == found
    times = [line.at_ms for line in found.history if line.at_ms is not None]
    assert times == sorted(times, reverse=True)
    _sound(people.item(user, 0))


@given(status=st.sampled_from([400, 401, 403, 404, 418, 429, 500, 503]), sent=_values | _words)
def test_any_refusal_is_a_sentence(status: int, sent: Any) -> None:
    kinds = ("application/json", "text/plain", "text/html")
    given_ = (json.dumps({"status": {"message": sent}, "response": {}}), json.dumps(sent), str(sent))
    for kind in kinds:
        for text in given_:
            reply = Reply(status, {"content-type": kind}, text.encode("utf-8", "replace"), "forum.example", True)
            error = explain(reply)
            assert error.message and not any(sign in str(error) for sign in "\x1b\u202e\x07")


@pytest.mark.parametrize("name", names())
def test_recorded_answers_are_read_whole(name: str) -> None:
    """Whatever the recorded rows are, none of them is lost."""
    found = body(name)
    site = _site()
    if not isinstance(found, dict):
        return
    assert each(rows_of(found.get("flags")), FlagRow.of)[1] == 0
    assert each(rows_of(found.get("topics")), Topic.of)[1] == 0
    if "categories" in found:
        site.learn_categories(copy.deepcopy(found))
        assert "Help desk" in site.categories.values()
    assert isinstance(config_of(found), tuple)
