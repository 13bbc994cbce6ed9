"""The words around a hit: in the width there is, with the hit in it, and nothing that the text does not have."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.text import cells, own, show_line
from modtui.text.around import around, rows
from tests.examples import examples

LONG = show_line("Has anybody else lost the backup job after the update? " * 3 + "The Rope broke, the rope again.")


def marked(text: str, words: list[str], width: int) -> str:
    """The pieces as one line, hits in brackets."""
    return "".join(f"[{piece}]" if hit else piece for piece, hit in around(own(text), words, width))


def test_a_hit_is_shown_with_what_stands_before_it() -> None:
    assert marked("The rope broke.", ["ROPE"], 40) == "The [rope] broke."
    assert marked(LONG, ["rope"], 48) == "~the update? The [Rope] broke, the [rope] again."
    assert marked(LONG, ["update", "anybody"], 30) == "Has [anybody] else lost the bac~"
    assert marked(LONG, ["rope broke,   the"], 30) == "~The [Rope broke, the] rope aga~"


def test_without_a_hit_the_beginning_is_shown() -> None:
    assert marked(LONG, ["anchovy"], 24) == "Has anybody else lost t~"
    assert marked(LONG, [], 24) == "Has anybody else lost t~"
    assert around(own(""), ["x"], 24) == ()


def test_what_is_drawn_as_one_sign_is_marked_whole() -> None:
    assert marked("ex\u0301y", ["x"], 10) == "e[x\u0301]y"
    assert marked("In Zu\u0308rich, in Z\xfcrich", ["z\xfcrich"], 40) == "In [Zu\u0308rich], in [Z\xfcrich]"
    assert marked("文章" * 40 + "水" + "文章" * 5, ["水"], 20) == "~文章文章文章[水]文章~"


PIECES = st.sampled_from(["rope", "ROPE", " ", "水", "👩‍👩‍👧", "e\u0301", ".", "ß"])


@settings(max_examples=examples(150), deadline=None)
@given(
    text=st.one_of(st.text(max_size=300), st.lists(PIECES).map("".join)),
    words=st.lists(st.one_of(st.text(max_size=4), st.sampled_from(["rope", "水", "ss", "(", "\\", "e"])), max_size=3),
    width=st.integers(4, 90),
)  # fmt: skip
def test_any_text_keeps_within_its_width(text: str, words: list[str], width: int) -> None:
    shown = show_line(text, None)
    pieces = around(shown, words, width)
    line = "".join(piece for piece, _ in pieces)
    assert cells(line) <= width and sum(cells(piece) for piece, _ in pieces) <= width
    assert line in shown or line.removeprefix("~") in shown or line.removeprefix("~")[:-1] in shown
    for row in rows(around(shown, words, 3 * width), width):
        assert sum(cells(piece) for piece, _ in row) <= width
