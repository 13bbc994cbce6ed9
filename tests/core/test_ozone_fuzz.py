"""Any value in any field of what Ozone sends: one row suffers, nothing breaks."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.backends.ozone import plans, undo
from modtui.backends.ozone.backend import _position
from modtui.backends.ozone.client import read_rows
from modtui.backends.ozone.people import _line, post_of
from modtui.backends.ozone.reasons import label_of, reason_of
from modtui.backends.ozone.shape import Found, item_of, member_of
from modtui.backends.ozone.site import labels_in, policies_in, queues_in, strikes_in
from modtui.backends.ozone.threads import thread_of
from modtui.backends.ozone.wire import Event, Repo, Report, Status
from modtui.domain.decisions import Call, Intent, Plan, Sanction, Step
from modtui.domain.items import REASONS, Dossier, Item, Sanctioned
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import CommunityId, parse_item_id
from modtui.errors import ModtuiError
from modtui.text import show_line
from tests.core.ozone_samples import DID, RECORD, REPO, REPORT, STATUS, URI, VALUE, site
from tests.examples import examples

ID = CommunityId("0123456789ab")
SITE = site()

_words = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "did:plc:x", "at://did:plc:x/a.b/c", "at://", "2026-11-22T01:31:02Z", "9999-99-99T99:99:99Z", "\x1b[2J\u202e"]
)
_numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=4,
)


def _some(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(fields)), _values, max_size=3)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    report=_some(REPORT), subject=_some(REPORT["subject"]), status=_some(STATUS), value=_some(VALUE), repo=_some(REPO),
    record=_some(RECORD),
)  # fmt: skip
def test_a_report_is_read_or_left_out(
    report: dict[str, Any], subject: dict[str, Any], status: dict[str, Any], value: dict[str, Any],
    repo: dict[str, Any], record: dict[str, Any],
) -> None:  # fmt: skip
    inner = {
        **REPORT["subject"], "status": {**STATUS, **status}, "repo": {**REPO, **repo},
        "record": {**RECORD, "value": {**VALUE, **value}, **record}, **subject,
    }  # fmt: skip
    found, bad = read_rows([_raw({**REPORT, "subject": inner, **report}), _raw(REPORT)], Report)
    assert len(found) + bad == 2 and found[-1].id == REPORT["id"], "the other row is there in any case"
    for one in found:
        for key in {one.subject.subject, URI, DID}:
            _check(item_of(SITE, ID, Found(key, one.subject, one.subject.status, (one,))))


def _check(item: Item) -> None:
    assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item
    assert differences(seen_of(item), item) == () and show_line(item.title) is not None
    assert "example.test" not in repr(item.author), "no e-mail is decoded"
    assert item.ref.native == "" or parse_item_id(item.id) == (item.lane, item.ref)
    for offer in item.offers:
        assert show_line(offer.label)
        for intent in (Intent(verb=offer.verb, offer=offer.id), _whole(offer.verb, offer.id)):
            _plans(item, intent)


def _whole(verb: str, offer: str | None) -> Intent:
    return Intent(
        verb=verb, offer=offer, text="So.", reason="spam", reason_title="Spam", message="Stop.", tags=("a",), to=DID,
        sanction=Sanction("ban", 3_600_001),
    )  # fmt: skip


def _plans(item: Item, intent: Intent) -> None:
    """A plan that fits the journal and can say how it is taken back, or a sentence."""
    try:
        plan = plans.plan(SITE, item, intent)
    except ModtuiError as error:
        assert error.message
        return
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
    done = [
        Step(index=place, call=step.call, words=step.words, key=str(place), due_ms=0)
        for place, step in enumerate(plan.steps)
    ]  # fmt: skip
    back = undo.plan_undo(done)
    assert (back.reversal == "none") == (plan.reversal == "none") and set(plan.stays) <= set(back.stays) | {""}


@settings(max_examples=examples(40), deadline=None)
@given(status=_some(STATUS), event=_values, where=_values, tool=_values)
def test_a_status_and_an_entry_of_the_log_are_read_or_left_out(
    status: dict[str, Any], event: Any, where: Any, tool: Any
) -> None:
    for one in read_rows([_raw({**STATUS, **status})], Status)[0]:
        _check(item_of(SITE, ID, Found(one.key or DID, None, one)))
    row = {"id": 4, "event": event, "subject": where, "createdBy": "x", "createdAt": "?", "modTool": tool}
    for entry in read_rows([_raw(row)], Event)[0]:
        assert isinstance(_line(entry), Sanctioned) and entry.made_with is not None


@settings(max_examples=examples(40), deadline=None)
@given(value=_values, other=_values, words=_words)
def test_what_the_service_has_set_up_is_read_or_left_out(value: Any, other: Any, words: str) -> None:
    assert isinstance(policies_in({"one": value, "two": {"severityLevels": other}}, strikes_in(value)), dict)
    assert isinstance(labels_in({"labelValues": value, "labelValueDefinitions": other}), dict)
    assert isinstance(queues_in([{"id": value, "name": other}, {"id": 1}])[1].name, str)
    assert reason_of(words) in REASONS and label_of(words)
    assert isinstance(_position(words), list)
    post_of({"uri": URI, "author": value, "record": other}, 1)
    item = item_of(SITE, ID, Found(URI, None, None))
    assert thread_of(item, {"post": value, "parent": other, "replies": value}).posts


@settings(max_examples=examples(40), deadline=None)
@given(repo=_some(REPO), profile=_values)
def test_a_member_is_read_or_left_out(repo: dict[str, Any], profile: Any) -> None:
    for one in read_rows([_raw({**REPO, **repo})], Repo)[0]:
        member = member_of(one.did, one.handle, one, profile)
        found = Dossier(member=member)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Dossier) == found


@settings(max_examples=examples(40), deadline=None)
@given(name=_words, args=st.dictionaries(_words, _values, max_size=2))
def test_a_call_that_nobody_knows_is_not_taken_back(name: str, args: dict[str, Any]) -> None:
    assert undo.inverse(Call(f"x{name}", args), {})[0] == []
