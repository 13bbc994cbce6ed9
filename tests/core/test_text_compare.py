"""Differences between versions, likeness between posts."""

from __future__ import annotations

import random
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from modtui.text import Foreign, show
from modtui.text.diff import text_diff
from modtui.text.similar import alike, fingerprint, likeness
from tests.core.effort import within
from tests.core.test_text_signs import hostile


def diff(old: str, new: str) -> list[str]:
    return [sign + line for sign, line in text_diff(Foreign(old), Foreign(new))]


def test_changes_stand_between_what_stayed() -> None:
    assert diff("a\nb\nc", "a\nx\nc") == [" a", "-b", "+x", " c"]
    assert diff("a", "a\nb") == [" a", "+b"]
    assert diff("", "a") == ["+a"]
    assert diff("a\r\nb", "a\nb") == [" a", " b"]


def test_an_invisible_change_is_seen() -> None:
    assert diff("ab", "a\u200bb\x1b") == ["-ab", "+a‹200B›b␛"]


lines_of = st.lists(st.sampled_from(["a", "b", "c", ""]) | hostile, max_size=12).map("\n".join)


@given(lines_of, lines_of)
def test_both_texts_can_be_read_from_their_difference(old: str, new: str) -> None:
    rows = text_diff(Foreign(old), Foreign(new))
    for text, gone in ((old, "+"), (new, "-")):
        kept = [line for sign, line in rows if sign != gone]
        assert kept == ([show(line) for line in text.replace("\r\n", "\n").split("\n")] if text else [])


def test_texts_without_a_common_line_take_no_time() -> None:
    one, other = ("\n".join(f"{sign}{at}" for at in range(20_000)) for sign in "ab")
    assert len(within(1, lambda: diff(one, other))) == 40_000
    assert within(1, lambda: diff("a\n" * 150_000, "b"))[-1] == " The rest is not compared: the texts are too long."


WAVE = "Genuine licence keys, eighty percent off! Write to me for a price list and free trial, only this week."


def test_a_spam_wave_is_alike_in_any_dress() -> None:
    assert likeness(WAVE, WAVE.upper()) == 1.0
    assert likeness(WAVE, WAVE.replace("e", "е").replace("o", "0").replace(" ", "  \u200b")) == 1.0
    assert likeness(WAVE, WAVE.replace("eighty", "seventy")) > 0.7
    assert likeness(WAVE, "Suche eine Mitfahrgelegenheit nach Bern am Wochenende, bitte melden.") < 0.05
    assert likeness("", "") == 0.0
    assert likeness("ok", "OK!") == 1.0
    assert likeness("...", "...") == 0.0


@given(hostile, hostile)
def test_likeness_is_even_handed(one: str, other: str) -> None:
    value = likeness(one, other)
    assert 0.0 <= value <= 1.0
    assert value == likeness(other, one)


def test_the_estimate_is_near_the_truth() -> None:
    rng = random.Random(7)
    words = ["".join(rng.choice("abcdefghkmnpst") for _ in range(7)) for _ in range(200)]
    for shared in (50, 100, 150):
        mine, theirs = words[:shared] + words[shared:200], words[:shared]
        truth = shared / 200
        assert abs(likeness(" ".join(mine), " ".join(theirs)) - truth) < 0.15


def test_one_text_is_compared_with_thousands_at_once() -> None:
    prints = [fingerprint(f"{WAVE} number {at}") for at in range(300)]
    assert within(0.5, lambda: all(alike(prints[0], other) > 0.5 for _ in range(10) for other in prints))


def test_the_lowest_floor_stands_alone() -> None:
    code = (
        "import sys, modtui.text, modtui.text.html, modtui.text.markdown, modtui.text.layout, modtui.text.similar\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('textual', 'httpx') or "
        "(m.startswith('modtui.') and not m.startswith('modtui.text'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_cleaning_alone_loads_no_parser() -> None:
    code = "import sys, modtui.text; print([m for m in sys.modules if m in ('selectolax', 'markdown_it', 'difflib')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
