"""Cutting, padding and wrapping by terminal cells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from modtui.text import Shown, cells, cut, pad, show, wrap
from modtui.text.width import clusters
from tests.core.effort import within
from tests.core.test_text_signs import hostile
from tests.examples import examples

prose = st.lists(
    st.sampled_from(
        [
            "a",
            "word",
            " ",
            "  ",
            "\n",
            "日本語",
            "é",
            "e\u0301",
            "👍🏽",
            "👩‍👩‍👧‍👦",
            "🇩🇪",
            "❤️",
            "می‌خواهم",
            "한국",
            "x" * 30,
        ]
    ),
    max_size=40,
).map("".join)


@given(hostile | prose, st.integers(0, 40))
@settings(max_examples=examples(200))
def test_a_cut_line_fits(text: str, width: int) -> None:
    line = cut(show(text), width)
    assert cell_len(line) <= width
    assert "\n" not in line
    assert show(line) == line


@given(hostile | prose, st.integers(1, 40))
def test_a_padded_line_fills_exactly(text: str, width: int) -> None:
    assert cell_len(pad(show(text), width)) == width
    assert cell_len(pad(show(text), width, "right")) == width


@given(hostile | prose, st.integers(2, 40))
@settings(max_examples=examples(200))
def test_wrapping_fits_and_loses_only_blanks(text: str, width: int) -> None:
    shown = show(text)
    rows = list(wrap(shown, width))
    assert all(cell_len(row) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(shown.split())
    assert all(show(row.rstrip("\u200c")) == row.rstrip("\u200c") for row in rows)


@given(hostile | prose)
def test_the_widths_of_the_parts_add_up(text: str) -> None:
    shown = show(text).replace("\n", " ")
    parts = list(clusters(shown))
    assert "".join(shown[start:stop] for start, stop, _ in parts) == shown
    assert sum(size for _, _, size in parts) == cell_len(shown) == cells(shown)


def test_what_is_one_sign_is_not_split() -> None:
    family = "👩‍👩‍👧‍👦"
    assert cut(show("ab" + family + "cd"), 4) == "ab~"
    assert cut(show("ab" + family + "cd"), 5) == "ab" + family + "~"
    assert cut(show("e\u0301e\u0301e\u0301"), 2) == "e\u0301~"
    assert list(wrap(show("🇩🇪🇫🇷🇨🇭"), 4)) == ["🇩🇪🇫🇷", "🇨🇭"]


def test_wrapping_prefers_blanks_and_keeps_indents() -> None:
    assert list(wrap(show("the quick brown fox"), 10)) == ["the quick", "brown fox"]
    assert list(wrap(show("  indented text here"), 12)) == ["  indented", "text here"]
    assert list(wrap(show("abcdefghijkl"), 5)) == ["abcde", "fghij", "kl"]
    assert list(wrap(show("a\n\nb"), 5)) == ["a", "", "b"]
    assert list(wrap(show("12345 789"), 5)) == ["12345", "789"]
    assert list(wrap(show("ab 日本語日本語"), 8)) == ["ab 日本", "語日本語"]
    assert list(wrap(show(""), 5)) == [""]


def test_cut_says_that_it_cut() -> None:
    assert cut(show("hello"), 5) == "hello"
    assert cut(show("hello"), 4) == "hel~"
    assert cut(show("hello"), 1) == "~"
    assert cut(show("hello"), 0) == ""
    assert cut(show("日本"), 1) == "~"
    assert cut(show("hello"), 4, "...") == "h..."


def first(number: int, of: Callable[[], Iterable[Shown]]) -> list[Shown]:
    """The first so many of an iterator made anew."""
    return list(itertools.islice(of(), number))


def test_the_top_of_an_endless_line_costs_nothing() -> None:
    for text in ("word " * 1_000_000, "日" * 2_000_000, "x" * 5_000_000):
        shown = show(text)
        rows = within(0.1, partial(first, 40, partial(wrap, shown, 80)))
        line = within(0.1, partial(cut, shown, 80))
        assert len(rows) == 40
        assert cells(line) <= 80
