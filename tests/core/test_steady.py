"""Signs that a terminal draws wider or narrower than others do: what follows them on the line stands in its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.text.width import cells, clusters
from modtui.widgets.steady import agreed, steady

FAMILY, HEART, FLAG = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\U0001f1e9\U0001f1ea"
ODD = (FAMILY, HEART, FLAG, "1\ufe0f\u20e3", "\U0001f44d\U0001f3fd", "e\u0301", "\u0928\u093f", "\u26a0\ufe0f")


class Terminal:
    """A terminal with its own opinion: what a sign takes is `width(sign)` cells."""

    def __init__(self, width: dict[str, int]) -> None:
        self.cells = ["#"] * 60
        self.width = width

    def feed(self, text: str) -> None:
        """Draw the text; a column may be named in it."""
        at = 0
        for piece in re.split(r"(\x1b\[\d+G)", text):
            if piece.startswith("\x1b"):
                at = int(piece[2:-1]) - 1
                continue
            for start, stop, size in clusters(piece):
                sign = piece[start:stop]
                size = self.width.get(sign, size)
                for n in range(size):
                    self.cells[at + n] = sign if n == 0 else ""
                at += size


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("opinion", [0, 1, 2, 3, 4, 6])
def test_what_follows_stands_in_its_column(odd: str, opinion: int) -> None:
    text = f"a {odd} held {odd}{odd} and the end"
    terminal = Terminal({odd: opinion})
    terminal.feed(" " * 5 + steady(text, 5))
    assert "".join(terminal.cells[5 + cells(f"a {odd}") :]).startswith(" held ")
    end = 5 + cells(text)
    assert "".join(terminal.cells[end - 12 : end]) == " and the end"
    assert "".join(terminal.cells[end:]) == "#" * (60 - end)


def test_nothing_of_what_stood_there_is_left() -> None:
    terminal = Terminal({HEART: 1})
    terminal.feed("0123456789")
    terminal.feed("\x1b[1G" + steady(f"ab{HEART}cd", 0))
    assert "".join(terminal.cells[:6]) == f"ab{HEART} cd"


@pytest.mark.parametrize(
    "text",
    ["", "plain", "Stra\xdfe \u2014 \u201cquoted\u201d", "\x1b[1mbold\x1b[0m",
     "\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4", "\u041f\u0440\u0438"],
)  # fmt: skip
def test_letters_cost_nothing(text: str) -> None:
    assert agreed(text)
    assert steady(text, 3) == text


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20), st.integers(0, 20))
def test_the_text_is_the_same_and_ends_where_it_ends(text: str, x: int) -> None:
    written = steady(text, x)
    columns = re.findall(r"\x1b\[(\d+)G", written)
    last = re.search(r"\x1b\[(\d+)G([^\x1b]*)\Z", written)
    if last is not None:
        assert int(last[1]) - 1 + cells(last[2]) == x + cells(text)
        assert columns == sorted(columns, key=int)
    assert re.sub(r"\x1b\[\d+G", "", written).replace(" ", "") == text.replace(" ", "")
