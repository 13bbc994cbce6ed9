"""Foreign text becomes harmless, visibly and without loss."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.text import (
    Foreign,
    cells,
    csv_cell,
    cut,
    escape,
    hostile_kinds,
    is_hostile,
    join,
    json_line,
    own,
    say,
    show,
    show_line,
    unescape,
)
from modtui.text.shown import count
from tests.examples import examples

TAGS = "".join(chr(0xE0000 + ord(sign)) for sign in "hidden orders")
ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(sign)) for sign in "gbeng") + "\U000e007f"
NASTY = [
    "a", " ", "\n", "\r", "\r\n", "\t", "\x00", "\x07", "\x1b", "\x1b[2J", "\x1b]52;c;eA==\x07", "\x7f", "\x85", "\x9b",
    "\xad", "\u0301", "\u0301" * 9, "\u0e31", "\u1161", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b",
    "\u200c", "\u200d",
    "\u200e", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\u2060", "\u3164", "\ufe00", "\ufe0e", "\ufe0f",
    "\ufeff",
    "\ufff9", "\uffff", "\ud800", "\udfff", "\ue000", "\U000e0001", "\U000e0067", "\U000e007f", "\U000e0100",
    "\U000f0000",
    "\U0010ffff", "\U0001f44d", "\U0001f3fd", "\u2764", "\U0001f468", "\U0001f3f4", "\U0001f1e9", "\u20e3", "1",
    "#", "葛",
    "\u0645", "\u06cc", "\u064b", "\u0930", "\u094d", "\u0915", "\u05d0", "日", "é", "‹202E›", "‹", "›", "[/]",
    "\u1820", "\u180b",
    "\U00010a0f", "\U00011001", "\U0001e130", ENGLAND, TAGS, "\u00a0",
]  # fmt: skip
hostile = st.lists(st.sampled_from(NASTY) | st.characters() | st.text(max_size=4), max_size=24).map("".join)

# What a terminal acts on or swallows: never in shown text, wherever it stood.
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\uf8ff\U000e0000-\U000e001f\U000f0000-\U0010ffff]"
)


@given(hostile)
@settings(max_examples=examples(300))
def test_nothing_that_a_terminal_acts_on_is_ever_shown(text: str) -> None:
    shown = show(text)
    assert not FORBIDDEN.search(shown)
    shown.encode("utf-8")  # no lone surrogate is left


@given(hostile)
@settings(max_examples=examples(300))
def test_showing_twice_changes_nothing(text: str) -> None:
    once = show(text)
    assert show(once) == once
    line = show_line(text)
    assert show_line(line) == line


@given(hostile)
def test_a_line_is_one_line(text: str) -> None:
    line = show_line(text)
    assert "\n" not in line
    assert not FORBIDDEN.search(line)
    assert line == line.strip()


@given(hostile)
@settings(max_examples=examples(300))
def test_an_editor_gives_back_exactly_what_it_was_given(text: str) -> None:
    held = escape(text)
    assert unescape(held) == text
    assert not FORBIDDEN.search(held.replace("\t", ""))


@given(hostile)
def test_marks_never_pile_up(text: str) -> None:
    assert not re.search("[\u0300-\u036f]{7}", show(text))


@given(hostile)
def test_hostile_signs_are_those_that_show_changes(text: str) -> None:
    if is_hostile(text):
        assert show(text) != text


@pytest.mark.parametrize(
    "text",
    [
        "Plain ASCII, with [/] and [b]x[/i] markup.",
        "Schöne Grüße aus Zürich, ça va ? « oui » „ja“",
        "👩‍👩‍👧‍👦 family, ❤️ heart, 1️⃣ keycap, 👍🏽 thumb, 🇩🇪 flag, 🏳️‍🌈 rainbow, 👩🏽‍❤️‍💋‍👨🏿",
        f"{ENGLAND} plays",
        "می‌خواهم کتاب بخوانم",
        "র‍্যাম क्‍ष മലയാളം‌പോലെ",
        "שלום עולם",
        "한국어 조선말 日本語 葛\U000e0100城",
        "Việt Nam, o\u0302\u0301 decomposed",
        "line one\nline two",
        "‹quoted› like this, ‹202› even",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert show(text) == text
    assert hostile_kinds(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "shown", "kinds"),
    [
        ("a\x1b[2Jb", "a␛[2Jb", {"escape sequences"}),
        ("\x1b]52;c;x\x07", "␛]52;c;x␇", {"escape sequences", "control signs"}),
        ("\x9b2J", "‹9B›2J", {"escape sequences"}),
        ("\u202egpj.exe", "‹202E›gpj.exe", {"right-to-left controls"}),
        ("ad\u200bmin", "ad‹200B›min", {"zero-width signs"}),
        ("a\u200db", "a‹200D›b", {"zero-width signs"}),
        ("\U0001f3f4" + TAGS[:2], "🏴‹E0068›‹E0069›", {"tag characters"}),
        ("x\ufe0f", "x‹FE0F›", {"variation selectors"}),
        ("\ud800", "‹D800›", {"broken signs"}),
        ("\ue000", "‹E000›", {"private signs"}),
        ("z" + "\u0301" * 43, "z" + "\u0301" * 6 + "‹+37 marks›", {"mark stacks"}),
        ("\u2028", "‹2028›", {"line separators"}),
        ("a\r\nb\tc", "a\nb   c", set()),
        ("Donau\xaddampfer", "Donau‹AD›dampfer", set()),
        ("\u0301x", "◌\u0301x", set()),
        ("\x00\x7f", "␀␡", {"control signs"}),
    ],
)
def test_each_kind_is_made_visible_and_named(text: str, shown: str, kinds: set[str]) -> None:
    assert show(text) == shown
    assert hostile_kinds(text) == kinds


def test_a_chain_of_joined_emoji_ends_where_real_ones_do() -> None:
    assert show("👍" + "\u200d👍" * 5) == "👍\u200d👍\u200d👍\u200d👍‹200D›👍\u200d👍"


def test_marks_of_rare_scripts_do_not_pile_up_either() -> None:
    mark = "\U00010a0f"
    assert unicodedata.category(mark) == "Mn"
    assert show("x" + mark * 20) == "x" + mark * 6 + "‹+14 marks›"
    assert "mark stacks" in hostile_kinds("x" + mark * 20)


def test_a_line_folds_blanks_and_ends_at_its_limit() -> None:
    assert show_line("  a\n\n b\t c  ") == "a b c"
    assert show_line("x" * 600) == "x" * 500 + "~"
    assert show_line("x" * 600, None) == "x" * 600
    assert show_line("abcdef", 3) == "abc~"
    assert show_line("👩\u200d👧 more", 2) == "👩‹200D›~"


def test_sentences_take_parts_but_obey_none() -> None:
    assert say("Removed {id} by {who}.", id=4127, who="bo\x1b[2J\n{id}") == "Removed 4127 by bo␛[2J {id}."
    with pytest.raises(KeyError):
        say("{missing}")
    assert say("{a.b} {a[0]} {}", a="x") == "{a.b} {a[0]} {}"
    assert own("Nothing here.") == "Nothing here."
    assert join(", ", [show("a"), show("b")]) == "a, b"
    assert count(1, "report") == "1 report"
    assert count(4120, "reply", "replies") == "4,120 replies"


def test_foreign_is_text_at_run_time() -> None:
    assert cut(show(Foreign("日本語")), 5) == "日本~"
    assert cells(show("日本")) == 4


@given(hostile)
def test_json_is_ascii_and_reads_back(text: str) -> None:
    import json

    line = json_line({"text": text, "kinds": hostile_kinds(text)})
    assert line.isascii() and line.isprintable()
    assert json.loads(line)["text"] == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def test_json_refuses_what_json_does_not_have() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_line(float("nan"))


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", " =x", "\t=x", "＝x", "|x"])
def test_no_csv_cell_is_a_formula(text: str) -> None:
    assert csv_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-12", "+3,5", "12 %", "bo", "a=b"])
def test_plain_cells_stay(text: str) -> None:
    assert csv_cell(text) == text
