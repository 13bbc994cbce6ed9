"""Fewer bytes, the same picture: checked on a terminal emulator."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from modtui.lean import lean

COLOURS = ("", "31", "97", "39", "38;5;120", "38;2;1;2;3", "38;2;9;8;7")
BACKS = ("", "44", "101", "49", "48;5;20", "48;2;4;5;6")
styles = st.builds(
    lambda attributes, fore, back: ";".join(part for part in (*attributes, fore, back) if part),
    st.lists(st.sampled_from(("1", "3", "4", "7", "9")), unique=True, max_size=3),
    st.sampled_from(COLOURS), st.sampled_from(BACKS),
)  # fmt: skip
words = st.sampled_from((" ", "   ", "ab", " c ", "ä", "中", "-" * 9))
moves = st.builds(lambda y, x: f"\x1b[{y};{x}H", st.integers(1, 6), st.integers(1, 20))
segments = st.builds(lambda style, text: f"\x1b[{style}m{text}\x1b[0m" if style else text, styles, words)
added = st.builds(lambda style: f"\x1b[{style}m" if style else "", styles)
writes = st.lists(st.one_of(segments, segments, segments, moves, added, st.just("\x1b[0m")), max_size=30).map("".join)


def picture(data: str) -> tuple[object, ...]:
    """All cells with their styles (colours of signs only where there is one), and where the cursor is."""
    screen = pyte.Screen(30, 8)
    pyte.Stream(screen).feed(data)
    cells = []
    for y in range(8):
        for x in range(30):
            cell = screen.buffer[y][x]
            seen = cell.underscore or cell.reverse or cell.strikethrough
            cells.append(cell if cell.data.strip() or seen else (cell.bg, cell.underscore, cell.reverse))
    return (*cells, screen.cursor.x, screen.cursor.y)


@given(st.lists(writes, min_size=1, max_size=3))
def test_the_picture_is_the_same(parts: list[str]) -> None:
    """Whatever styles, moves and texts are written, in however many writes, each of which ends in plain style."""
    raw = [f"{part}\x1b[0m" for part in parts]
    assert picture("".join(lean(part) for part in raw)) == picture("".join(raw))


def test_a_style_is_written_once() -> None:
    """Neighbours with the same colours, blanks between them, and the next line share one style."""
    back = "48;2;18;22;29"
    line = f"\x1b[38;2;1;2;3;{back}mone\x1b[0m\x1b[38;2;7;7;7;{back}m \x1b[0m\x1b[38;2;1;2;3;{back}mtwo\x1b[0m"
    shown = lean(f"\x1b[2;1H{line}\x1b[2;20H\n\x1b[3;1H{line}")
    assert shown == f"\x1b[2;1H\x1b[38;2;1;2;3;{back}mone two\x1b[3;1Hone two\x1b[0m"


def test_only_what_differs_is_written() -> None:
    """Bold comes and goes without the colours."""
    shown = lean("\x1b[31;44ma\x1b[0m\x1b[1;31;44mb\x1b[0m\x1b[32;44mc\x1b[0m")
    assert shown == "\x1b[31;44ma\x1b[1mb\x1b[22;32mc\x1b[0m"


def test_what_is_no_style_passes_untouched() -> None:
    """Titles, links and modes are no business of it."""
    for data in ("", "plain", "\x1b[?2026h", "\x1b]8;;https://a.example\x1b\\x\x1b]8;;\x1b\\", "\x1b[6n"):
        assert lean(data) == data
