"""Any value in any field of what the Open edX forum sends about questions: one row suffers, nothing breaks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.backends.openedx.client import comments_in, read_rows
from modtui.backends.openedx.questions import question_item, talk_of
from modtui.backends.openedx.wire import Thread
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import WAITING, Item
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from modtui.text import show_line
from tests.examples import examples
from tests.servers.openedx_record import read

ID = CommunityId("0123456789ab")
WHOLE = read()["question-marked"]["response"]["body"]
ROW = read()["questions-waiting"]["response"]["body"]["collection"][0]

_words = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["None", "", "-1", "1e9", "2026-11-22T01:31:02Z", "9999-99-99T99:99:99Z", "\x1b[2J\u202e", "https://x/posts/1"]
)
_numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=4,
)
_changes = st.dictionaries(st.sampled_from(sorted(set(ROW) | set(WHOLE))), _values, min_size=1, max_size=4)
_of_posts = st.dictionaries(st.sampled_from(sorted(WHOLE["children"][0])), _values, max_size=3)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=_changes, whole=_changes, post=_of_posts)
def test_a_row_and_its_posts_are_read_or_left_out(
    row: dict[str, Any], whole: dict[str, Any], post: dict[str, Any]
) -> None:
    found, bad = read_rows([_raw({**ROW, **row}), _raw(ROW)], Thread)
    assert len(found) + bad == 2 and found[-1].native == str(ROW["id"]), "the other row is there in any case"
    body = copy.deepcopy(WHOLE)
    body["children"][0] |= post
    threads, _ = read_rows([_raw({**body, **whole})], Thread)
    for thread in (*found, *threads):
        comments, lost = comments_in(thread.children)
        assert lost <= len(thread.children) + 5
        for talk in (None, talk_of(thread, comments)):
            item = question_item(thread, talk, community=ID, course="c", can_write=ALLOWED)
            assert item.question is not None and item.question.state in (*WAITING, "solved", "closed")
            assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item
            assert differences(seen_of(item), item) == ()
            for offer in item.offers:
                assert show_line(offer.label)
                _plans(item, offer.verb)


def _plans(item: Item, verb: str) -> None:
    """A plan that fits the journal, or a sentence."""
    from modtui.backends.openedx import plans

    for intent in (Intent(verb=verb), Intent(verb=verb, text="So.", post="comment-4", to="12")):
        try:
            plan = plans.plan(item, intent, "42", "Removed")
        except ModtuiError as error:
            assert error.message
        else:
            assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


@settings(max_examples=examples(100), deadline=None)
@given(given_post=_words, to=_words)
def test_any_words_for_a_post_or_a_thread_are_a_plan_or_a_sentence(given_post: str, to: str) -> None:
    from modtui.backends.openedx import plans

    threads, _ = read_rows([_raw(WHOLE)], Thread)
    thread = threads[0]
    item = question_item(thread, talk_of(thread, comments_in(thread.children)[0]), community=ID, course="c",
                         can_write=ALLOWED)  # fmt: skip
    for verb in ("reply", "accept", "unaccept", "duplicate", "move"):
        try:
            plan = plans.plan(item, Intent(verb=verb, text="So.", post=given_post, to=to), "42", "Removed")
        except ModtuiError as error:
            assert error.message
            continue
        numbers = [step.call.args.get("id") or step.call.args.get("thread") for step in plan.steps]
        assert all(str(number).isascii() and str(number).isdecimal() for number in numbers if number is not None)


@pytest.mark.parametrize("name", ["question-marked", "question-waiting", "thread-question-merged"])
def test_the_recorded_ones_are_read_whole(name: str, tmp_path: Path) -> None:
    threads, bad = read_rows([_raw(read()[name]["response"]["body"])], Thread)
    comments, lost = comments_in(threads[0].children)
    assert (bad, lost) == (0, 0) and comments
