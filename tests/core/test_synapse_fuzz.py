"""Any value in any field of what a Matrix homeserver sends: one row suffers, nothing breaks."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.backends.synapse import plans
from modtui.backends.synapse.client import read_rows
from modtui.backends.synapse.lane import Group, grouped
from modtui.backends.synapse.offers import Rights
from modtui.backends.synapse.people import begins
from modtui.backends.synapse.rooms import Room, room_of
from modtui.backends.synapse.shape import account_item, directory_item, message_item, reports_of, thread_of
from modtui.backends.synapse.talk_shape import answered_of, question_item, thread_of_question
from modtui.backends.synapse.timeline import Timeline
from modtui.backends.synapse.wire import Account, Event, ReportRow, UserReportRow
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Intent, Plan, Sanction
from modtui.domain.items import REASONS, WAITING, Answered, Item
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from modtui.text import show_line
from tests.examples import examples

ID = CommunityId("0123456789ab")
ROOM, ME, SERVER = "!room", "@mod:here.example", "here.example"
RIGHTS = Rights(me=ME, server=SERVER, admin=ALLOWED, joined=frozenset({ROOM}), team=True, marks=True)
EVENT: dict[str, Any] = {
    "event_id": "$event", "type": "m.room.message", "sender": "@bo:here.example", "room_id": ROOM,
    "origin_server_ts": 1_795_318_972_214, "state_key": None, "redacts": None,
    "content": {"msgtype": "m.text", "body": "Cheap watches", "format": "org.matrix.custom.html",
                "formatted_body": "<b>Cheap</b> watches", "m.relates_to": {}},
    "unsigned": {"age": 4},
}  # fmt: skip
LEVELS: dict[str, Any] = {"users": {ME: 50}, "ban": 50, "redact": 50, "events": {"m.room.power_levels": 50}}
STATE: list[dict[str, Any]] = [
    {"type": "m.room.power_levels", "sender": "@own:here.example", "state_key": "", "content": LEVELS},
    {"type": "m.room.create", "sender": "@own:here.example", "state_key": "", "content": {"room_version": "12"}},
    {"type": "m.room.name", "sender": "@own:here.example", "state_key": "", "content": {"name": "General"}},
]
REPORT: dict[str, Any] = {
    "id": 7, "received_ts": 1_795_318_972_262, "room_id": ROOM, "event_id": "$event", "user_id": "@ann:here.example",
    "score": -50, "reason": "spam", "sender": "@bo:here.example", "canonical_alias": None, "name": "General",
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "name": "@bo:here.example", "displayname": "Bo", "admin": False, "deactivated": False, "locked": True,
    "suspended": 1, "shadow_banned": None, "creation_ts": 1_795_318_971, "last_seen_ts": None, "user_type": None,
}  # fmt: skip

_words = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "-1", "$event", "$other", "m.replace", "m.thread", "m.room.encrypted", "m.image", "mxc://here.example/abc",
     "mxc:///", "@bo:here.example", "\x1b[2J\u202e", "\u2705", "12", "1e9"]
)  # fmt: skip
_numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=4,
)
_relation = st.fixed_dictionaries({}, optional={
    "rel_type": _words | _values, "event_id": _words | _values, "key": _words,
    "m.in_reply_to": st.fixed_dictionaries({"event_id": _words | _values}) | _values,
})  # fmt: skip
_content = st.fixed_dictionaries({}, optional={
    "msgtype": _words | _values, "body": _values, "formatted_body": _values, "url": _words | _values, "info": _values,
    "m.relates_to": _relation | _values, "m.new_content": _values, "file": _values, "redacts": _values,
})  # fmt: skip
_events = st.fixed_dictionaries({}, optional={
    "type": _words, "content": _content | _values, "sender": _words, "origin_server_ts": _values, "unsigned": _values
    | st.fixed_dictionaries({}, optional={
        "redacted_because": _values | st.fixed_dictionaries({"sender": _values, "origin_server_ts": _values}),
        "m.relations": st.fixed_dictionaries({"m.replace": st.fixed_dictionaries({"content": _content})}) | _values,
    }),
})  # fmt: skip
_levels = st.fixed_dictionaries({}, optional={name: _values for name in ("users", "ban", "redact", "events", "kick")})


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _is_whole(item: Item) -> None:
    """An item that is kept in the cache, compared and planned on."""
    assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item
    assert differences(seen_of(item), item) == ()
    for offer in item.offers:
        assert show_line(offer.label)
        for intent in (
            Intent(verb=offer.verb, offer=offer.id),
            Intent(verb=offer.verb, offer=offer.id, text="So.", message="So.", reason_title="Why", post="$other",
                   route="site:!team", sanction=Sanction("ban", 3_600_000)),
        ):  # fmt: skip
            try:
                plan = plans.plan(item, intent)
            except ModtuiError as error:
                assert error.message
            else:
                assert plan.steps and msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


@settings(max_examples=examples(70), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(change=_events, levels=_levels | _values, report=st.dictionaries(st.sampled_from(sorted(REPORT)), _values))
def test_a_message_is_a_row_or_is_left_out(change: dict[str, Any], levels: Any, report: dict[str, Any]) -> None:
    state, _ = read_rows([_raw({**STATE[0], "content": levels}), *map(_raw, STATE[1:])], Event)
    room = room_of(ROOM, state)
    rows, bad = read_rows([_raw({**REPORT, **report}), _raw(REPORT)], ReportRow)
    assert len(rows) + bad == 2 and rows[-1].id == 7, "the other row is there in any case"
    assert all(one.reason in REASONS and one.label for one in reports_of(rows, SERVER))
    events, _ = read_rows([_raw({**EVENT, **change}), _raw(EVENT)], Event)
    for group in grouped(rows):
        for event in events:
            item = message_item(event, room, group, community=ID, rights=RIGHTS)
            _is_whole(item)
            thread = thread_of(item, events, event.event_id, room, SERVER)
            assert any(post.subject for post in thread.posts)


@settings(max_examples=examples(70), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(_events, max_size=5), mark=st.sampled_from(["", "\u2705"]))
def test_a_room_of_questions_is_read_whatever_is_said_there(changes: list[dict[str, Any]], mark: str) -> None:
    rows = [{**EVENT, **change, "event_id": f"${number}"} for number, change in enumerate(changes)]
    events, _ = read_rows(map(_raw, rows), Event)
    root = msgspec.convert(EVENT, Event)
    line = Timeline(room_of(ROOM, [msgspec.convert(one, Event) for one in STATE]), 10)
    line.add([*events, root])
    assert line.newest == (events[0].event_id if events else "$event")
    for event in (*events, root):
        line.root(event)
    for talk in line.talks(mark):
        assert talk.state in (*WAITING, "answered", "solved")
        item = question_item(talk, line.room, community=ID, rights=RIGHTS, account=None, marks=bool(mark))
        assert item.question is not None
        _is_whole(item)
        found = answered_of(talk, line.room, SERVER)
        assert found.id and found.title and msgspec.json.decode(msgspec.json.encode(found), type=Answered) == found
        thread = thread_of_question(talk, line.room, SERVER)
        assert thread.posts[0].subject and [post.number for post in thread.posts] == list(range(1, thread.total + 1))


@settings(max_examples=examples(70), deadline=None)
@given(change=st.dictionaries(st.sampled_from(sorted(ACCOUNT)), _values, max_size=4), text=_words)
def test_an_account_is_a_row_or_is_left_out(change: dict[str, Any], text: str) -> None:
    accounts, bad = read_rows([_raw({**ACCOUNT, **change}), _raw(ACCOUNT)], Account)
    assert len(accounts) + bad == 2 and accounts[-1].name == ACCOUNT["name"]
    for account in accounts:
        assert begins(account, text) in (True, False)
        item = directory_item(account, community=ID, rights=RIGHTS)
        _is_whole(item)
        row = UserReportRow(id=3, received_ts=5, target_user_id=account.name)
        _is_whole(account_item(Group(room="", native=account.name, users=(row,)), account, community=ID, rights=RIGHTS))


def test_what_the_server_sends_is_read_whole() -> None:
    room = room_of(ROOM, [msgspec.convert(one, Event) for one in STATE])
    (row,), bad = read_rows([_raw(REPORT)], ReportRow)
    item = message_item(
        msgspec.convert(EVENT, Event), room, Group(room=ROOM, native="$event", events=(row,)), community=ID,
        rights=RIGHTS, account=msgspec.convert(ACCOUNT, Account),
    )  # fmt: skip
    assert bad == 0 and item.source == "Cheap watches" and item.body is not None and item.body.format == "html"
    assert item.score == 50 and item.title == "General" and item.reasons == ("spam",)
    assert item.author is not None and item.author.since_ms == 1_795_318_971_000
    assert {one.kind for one in item.author.penalties} == {"silence", "ban"}
    assert isinstance(room, Room) and room.power.of("@own:here.example") > 10**9
