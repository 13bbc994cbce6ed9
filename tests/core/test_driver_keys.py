"""What a terminal sends becomes the keys that were pressed, however a line cuts it, and nothing that was not typed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from modtui.drivers.keyboard import SEQUENCE_S, Keyboard, Parser

ESCAPE_S = 0.01

KEYS: dict[str, str] = {
    "\x1b[A": "up", "\x1bOB": "down", "\x1b[5~": "pageup", "\x1b[1;5C": "ctrl+right", "\x1bOP": "f1",
    "\x1b[Z": "shift+tab", "\x1b[[A": "f1", "\x1b[27u": "escape", "\x1b[106;1;106u": "j", "\x1bx": "alt+x",
    "\x1b[I": "AppFocus",
    "\x1b[O": "AppBlur", "\x1b[<0;3;4M": "MouseDown", "\x1b[<64;3;4M": "MouseScrollUp", "\x1b[200~a\x1b[1mb\x1b[201~":
    "paste a\x1b[1mb", "\x1b[200~\x1b[201~": "paste ", "\x1b]11;rgb:1c/1c/1c\x1b\\": "", "\x1b]11;rgb:1/2/3\x07": "",
    "\x1bP>|xterm(390)\x1b\\": "", "\x1b[?64;1;22c": "", "\x1b[?2026;0$y": "", "\x1b[>1;4000;29c": "",
    "\x1b[99999999999u": "", "j": "j", "D": "D", "\r": "enter", "\x7f": "backspace", "é": "é", "中": "中",
    "\x01": "ctrl+a",
}  # fmt: skip
"""What is sent, and what it is; "" is an answer that nobody asked for, or no key at all."""


class Clock:
    """A clock that goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock) -> Keyboard:
    """A keyboard on Textual's parser."""

    def parser(before: Parser | None) -> Parser:
        one: Parser = XTermParser()
        return one

    return Keyboard(parser, escape_s=ESCAPE_S, now=clock)


def names(messages: Iterable[Message]) -> list[str]:
    """The messages in short."""
    return [
        one.key if isinstance(one, events.Key) else f"paste {one.text}" if isinstance(one, events.Paste)
        else type(one).__name__
        for one in messages
    ]  # fmt: skip


def sent(*pieces: str | float) -> list[str]:
    """What comes of pieces that are read at once one after another; a number is a pause in seconds."""
    clock = Clock()
    keyboard = made(clock)
    found: list[Message] = []
    for piece in (*pieces, 2.0):
        if isinstance(piece, str):
            found += keyboard.feed(piece)
            continue
        end = clock.now + piece
        while (wait := keyboard.wait()) is not None and clock.now + wait <= end:
            clock.now += wait
            found += keyboard.expired()
        clock.now = end
    return names(found)


@pytest.mark.parametrize(("data", "name"), KEYS.items(), ids=[repr(data) for data in KEYS])
def test_each_key_is_told_at_once_and_also_sign_by_sign(data: str, name: str) -> None:
    wanted = [name] if name else []
    if name == "D":
        wanted = names(XTermParser().feed("D"))
    clock = Clock()
    keyboard = made(clock)
    assert names(keyboard.feed(data)) == wanted
    assert keyboard.wait() is None, "nothing to wait for"
    assert sent(*data) == wanted


@given(st.lists(st.sampled_from(sorted(KEYS)), max_size=12), st.lists(st.integers(0, 120), max_size=10))
def test_wherever_a_line_cuts_it_the_keys_are_the_same(keys: list[str], cuts: list[int]) -> None:
    """Pieces that come soon after one another, as long as an escape is not the last sign of one for too long."""
    data = "".join(keys)
    at = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(at)]
    slowly: list[str | float] = []
    for piece in pieces:
        slowly += [piece, ESCAPE_S / 2]
    assert sent(*slowly) == sent(data) == [name for key in keys for name in sent(key)]


def test_a_lone_escape_is_the_key_after_its_wait_and_no_sooner() -> None:
    clock = Clock()
    keyboard = made(clock)
    assert keyboard.feed("\x1b") == []
    assert keyboard.wait() == pytest.approx(ESCAPE_S)
    clock.now += ESCAPE_S / 2
    assert keyboard.expired() == []
    clock.now += ESCAPE_S
    assert names(keyboard.expired()) == ["escape"]
    assert keyboard.wait() is None
    assert keyboard.expired() == []


def test_escapes_in_a_row_are_each_the_key() -> None:
    assert sent("\x1b\x1b\x1b") == ["escape"] * 3
    assert sent("\x1b", 1.0, "\x1b", 1.0) == ["escape"] * 2
    assert sent("\x1b\x1b[A") == ["escape", "up"]


@pytest.mark.parametrize("rest", ["[A", "OA", "[1;5C", "[<0;3;4M", "[5~", "[I", "[[A", "[200~dd\x1b[201~"])
def test_letters_of_a_sequence_that_comes_late_are_no_keys(rest: str) -> None:
    """A slow line delivers the escape, then nothing for longer than Esc is waited for, then the rest."""
    whole = sent(f"\x1b{rest}")
    assert len(whole) == 1
    assert sent("\x1b", 0.3, rest) == ["escape", *whole]
    assert sent("\x1b", 0.3, f"{rest}jj") == ["escape", *whole, "j", "j"]
    assert sent("\x1b", 0.3, rest[0], ESCAPE_S / 2, rest[1:]) == ["escape", *whole]


def test_what_a_hand_types_after_esc_is_typed() -> None:
    assert sent("\x1b", 0.1, "j", "a") == ["escape", "j", "a"]
    assert sent("\x1b", 0.1, "[") == ["escape", *sent("[")]
    assert sent("\x1b", 0.1, "O", 0.1, "k") == ["escape", *sent("O"), "k"]
    assert sent("\x1b", 0.1, "[", 0.1, "A") == ["escape", *sent("["), *sent("A")]
    assert sent("\x1b", SEQUENCE_S * 2, "[A") == ["escape", *sent("["), *sent("A")], "that is long ago"


@pytest.mark.parametrize("begin", ["\x1b[1;", "\x1b[<0;", "\x1b[M!", "\x1bO5", "\x1b]11;rgb", "\x1b[200"])
def test_a_sequence_that_never_ends_types_nothing(begin: str) -> None:
    assert sent(begin, 3.0, "j") == ["j"]
    assert sent(f"{begin}\x1b[A") == ["up"], "another begins in its middle"


def test_a_sequence_may_be_cut_for_longer_than_an_escape() -> None:
    assert sent("\x1b[", SEQUENCE_S * 0.9, "1;", SEQUENCE_S * 0.9, "5C") == ["ctrl+right"]
    assert sent("\x1b[", SEQUENCE_S * 1.1, "j") == ["j"], "an end that never came"
    assert sent("\x1bO", SEQUENCE_S * 1.1, "j") == ["alt+shift+o", "j"], "typed with alt"


def test_a_paste_waits_for_its_end_and_holds_whatever_is_in_it() -> None:
    assert sent("\x1b[200~a", 60.0, "\x1b", 60.0, "[A d\x1b[20", 1.0, "1~j") == ["paste a\x1b[A d", "j"]
    assert sent("\x1b[200~a\x00b\x1b[201~") == ["paste ab"]
    text = "ä\n中\t" * 50_000
    pieces = [text[at : at + 4096] for at in range(0, len(text), 4096)]
    assert sent("\x1b[200~", *pieces, "\x1b[201~") == [f"paste {text}"]
