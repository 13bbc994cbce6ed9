"""What the user's terminal makes of the bytes: two screens, the modes that are on, answers to questions.

pyte draws; this module handles what pyte does not know: the alternate screen, synchronised updates, the kitty keyboard
protocol, and the questions that a program asks its terminal.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import pyte

_SPECIAL = re.compile(
    rb"\x1b\[\?(?P<modes>[0-9;]+)(?P<set>[hl])"
    rb"|\x1b\[(?P<kitty>[<>=?])(?P<flags>[0-9;]*)u"
    rb"|\x1b\[\?(?P<asked>[0-9]+)\$p"
    rb"|\x1b\[(?P<query>[>=]?[0-9]*[cnq])"
    rb"|(?P<string>\x1b[PX^_][^\x1b]*\x1b\\)"
    rb"|\x1b\[[0-9;]*[ $!>'\"][a-zA-Z]"
)
JOINERS = re.compile("[\u200c\u200d\u20dd-\u20e4\ufe0e\ufe0f\U000e0020-\U000e007f]")
_PARTIAL = re.compile(rb"\x1b(?:\[[0-9;:?<>=!$ ]*|[\]PX^_][^\x07\x1b]{0,8192}\x1b?)?\Z")

ALTERNATE, CURSOR, SYNC, WRAP = 1049, 25, 2026, 7
_ON_AT_START = {CURSOR, WRAP}
_MODE_NAMES = {
    1000: "mouse clicks", 1002: "mouse drags", 1003: "mouse moves", 1005: "UTF-8 mouse", 1006: "SGR mouse",
    1015: "urxvt mouse", 1016: "mouse pixels", 1004: "focus reports", 2004: "bracketed paste", 2048: "resize reports",
    ALTERNATE: "the alternate screen", 47: "the alternate screen", 1047: "the alternate screen", SYNC: "an open update",
}  # fmt: skip


class Emulator:
    """A terminal of `width` columns and `height` rows. `answer` gets what the terminal sends back by itself."""

    def __init__(self, width: int, height: int, *, answer: Callable[[bytes], None], kitty: bool = False) -> None:
        self.raw = bytearray()
        self.kitty = kitty
        self.modes: set[int] = set(_ON_AT_START)
        self.kitty_stack: list[int] = []
        self.questions: list[bytes] = []
        self.heard: Callable[[bytes], None] = lambda string: None
        """Gets each string that a terminal leaves out, when all before it is drawn."""
        self._answer = answer
        self._main = pyte.Screen(width, height)
        self._other = pyte.Screen(width, height)
        self.screen: pyte.Screen = self._main
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = b""

    @property
    def in_update(self) -> bool:
        """Whether a synchronised update is open: the user sees the picture from before it."""
        return SYNC in self.modes

    def lines(self) -> list[str]:
        """The rows of the screen in use, without the blanks at their ends."""
        # not `display`: it stumbles where half of a wide sign was written over
        buffer, columns = self.screen.buffer, range(self.screen.columns)
        return ["".join(buffer[y][x].data for x in columns).rstrip() for y in range(self.screen.lines)]

    def frame(self) -> str:
        """The screen in a frame, for the message of a failed test."""
        edge = "+" + "-" * self.screen.columns + "+"
        rows = [f"|{line.ljust(self.screen.columns)}|" for line in self.lines()]
        while len(rows) > 1 and not rows[-1].strip("| "):
            rows.pop()
        return "\n".join([edge, *rows, edge])

    def resize(self, width: int, height: int) -> None:
        """Another size; what is drawn stays where it was until the program draws again."""
        for screen in (self._main, self._other):
            screen.resize(height, width)

    def feed(self, data: bytes) -> None:
        """Take bytes from the program."""
        self.raw += data
        data = self._rest + data
        cut = _PARTIAL.search(data)
        self._rest = data[cut.start() :] if cut else b""
        if cut:
            data = data[: cut.start()]
        at = 0
        for match in _SPECIAL.finditer(data):
            self._draw(data[at : match.start()])
            at = match.end()
            self._special(match)
        self._draw(data[at:])

    def _draw(self, data: bytes) -> None:
        if data:
            # pyte drops the rest of a text after a sign of no width that is no mark; what it draws is for eyes only
            self._stream.feed(JOINERS.sub("", self._decode(data)))

    def _special(self, match: re.Match[bytes]) -> None:
        if match["string"] is not None:
            self.heard(match["string"])
        elif match["modes"] is not None:
            on = match["set"] == b"h"
            for mode in map(int, filter(None, match["modes"].split(b";"))):
                self._mode(mode, on)
        elif match["kitty"] is not None:
            self._kitty(match["kitty"], match["flags"])
        elif match["asked"] is not None:
            self.questions.append(match[0])
            mode = int(match["asked"])
            known = mode in _MODE_NAMES and mode != 2048
            state = 1 if mode in self.modes else 2 if known else 0
            self._answer(b"\x1b[?%d;%d$y" % (mode, state))
        elif match["query"] is not None:
            self.questions.append(match[0])
            query = match["query"]
            if query in (b"c", b"0c"):
                self._answer(b"\x1b[?64;1;22c")
            elif query == b"6n":
                cursor = self.screen.cursor
                self._answer(b"\x1b[%d;%dR" % (cursor.y + 1, cursor.x + 1))

    def _mode(self, mode: int, on: bool) -> None:
        if on:
            self.modes.add(mode)
        else:
            self.modes.discard(mode)
        if mode in (ALTERNATE, 1047, 47):
            self.screen = self._other if on else self._main
            if on:
                self.screen.reset()
            self._stream = pyte.Stream(self.screen)
        elif mode == CURSOR:
            self.screen.cursor.hidden = not on
        elif mode == WRAP:  # of both screens
            for screen in (self._main, self._other):
                (screen.set_mode if on else screen.reset_mode)(WRAP, private=True)

    def _kitty(self, kind: bytes, flags: bytes) -> None:
        if kind == b">":
            self.kitty_stack.append(int(flags or b"0"))
        elif kind == b"<":
            del self.kitty_stack[-int(flags or b"1") :]
        elif kind == b"?" and self.kitty:
            self._answer(b"\x1b[?%du" % (self.kitty_stack[-1] if self.kitty_stack else 0))

    def left_behind(self) -> list[str]:
        """The modes that are still on and were off at the start, and the other way round."""
        found = [name for mode, name in sorted(_MODE_NAMES.items()) if mode in self.modes]
        if CURSOR not in self.modes:
            found.append("a hidden cursor")
        if WRAP not in self.modes:
            found.append("no line wrap")
        if self.kitty_stack:
            found.append("the kitty keyboard protocol")
        return found
