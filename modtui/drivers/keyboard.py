"""What a terminal sends, as keys: where one sequence ends, and when an escape is the key Esc.

A terminal sends Esc as the sign that also begins every other special key. So an escape that comes alone is held for a
moment: when nothing follows, it was the key. A slow line can cut a sequence anywhere. A sequence that has begun is
waited for much longer, and what never becomes one is dropped: its letters were not typed. When the rest of a sequence
comes after its escape was taken for the key, the two are joined again, as the letters alone would be keys.

Textual's parser knows what each sequence means; it is only ever given whole ones. It would type what it does not know.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from textual import events
from textual.message import Message

from modtui.text.patterns import pattern

SEQUENCE_S = 0.5
"""How long the rest of a sequence may take. Also how long after an Esc its rest is still recognised."""

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_WHOLE = pattern(
    r"\x1b(?:\[M[^\x1b]{3}"  # the mouse, in its oldest form
    r"|\[\[."  # function keys of the Linux console
    r"|\[(?![M\[])[0-?]*[ -/]*[@-~]"  # CSI: most keys, the mouse, focus, answers
    r"|O[0-9;]*[ -/:<-~]"  # SS3: arrows and function keys
    r"|(?P<string>[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\))"  # an answer in words, to whoever asked before us
    r"|(?P<alt>[^\x1b\[O\]PX^_])"  # a key with alt
    r"|(?=\x1b))",  # the key Esc, and another after it
    re.S,
)
_PARTIAL = pattern(r"\x1b(?:\[(?:M[^\x1b]{0,2}|\[|[0-?]*[ -/]*)|O[0-9;]*|[\]PX^_][^\x07\x1b]*\x1b?)?\Z", re.S)
_BROKEN = pattern(r"\x1b(?:\[M[^\x1b]{0,2}|\[[0-?]*[ -/]*|O[0-9;]*|[\]PX^_][^\x07\x1b]*)", re.S)
_LATE = pattern(r"\[(?![M\[])[0-?]*[ -/]*[@-~]|O[A-Za-z]|\[\[[A-E]")
_LATE_PARTIAL = pattern(r"(?:\[[0-9;<?]*|O)\Z")


class Parser(Protocol):
    """What is used of Textual's `XTermParser`: whole sequences in, events out; "" ends it and gives what it holds."""

    def feed(self, data: str) -> Iterable[Message]: ...


class Keyboard:
    """Makes events of what is read, in pieces of any size. Times are in seconds.

    `parser` makes a parser; the one before is given to it, for what it knows of the terminal.
    """

    def __init__(
        self, parser: Callable[[Parser | None], Parser], *, escape_s: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._make, self._parser = parser, parser(None)
        self._escape_s, self._now = escape_s, now
        self._held = ""
        self._until: float | None = None
        self._told: float | None = None  # when a lone escape was taken for the key
        self._late = False  # what is held begins with such an escape
        self._paste: list[str] | None = None

    def wait(self) -> float | None:
        """In how many seconds to call `expired`; None when nothing is held."""
        return None if self._until is None else max(0.0, self._until - self._now())

    def feed(self, text: str) -> list[Message]:
        """The events of `text`, and of what was held before it."""
        if not text:
            return []
        data, self._held, self._until = self._held + text, "", None
        found: list[Message] = []
        if self._late or self._rest_of_an_escape(text):
            data = self._join(data if self._late else f"\x1b{data}", found)
        self._told = None
        while data:
            data = self._pasted(data, found) if self._paste is not None else self._next(data, found)
        return found

    def expired(self) -> list[Message]:
        """The events of what was held, when its time is over: call it when nothing more could be read."""
        if self._until is None or self._now() < self._until:
            return []
        held, late = self._held, self._late
        self._held, self._until, self._late = "", None, False
        if late:  # typed by hand after Esc; more than one sign of a sequence was not
            return self._events(held[1:]) if len(held) == 2 else []
        if held == "\x1b":
            self._told = self._now()
        return self._two(held)

    def _rest_of_an_escape(self, text: str) -> bool:
        return self._told is not None and self._now() - self._told < SEQUENCE_S and text[0] in "[O"

    def _join(self, data: str, found: list[Message]) -> str:
        """Take the sequence that `data` begins with, if it is one that has a meaning; give what is left."""
        self._late = False
        rest = data[1:]
        if (whole := _LATE.match(rest)) is not None:
            joined = f"\x1b{whole[0]}"
            if joined == _BEGIN:
                self._paste = []
                return rest[whole.end() :]
            if known := self._events(joined):
                found += known
                return rest[whole.end() :]
        elif _LATE_PARTIAL.match(rest):
            self._hold(data, self._escape_s)
            self._late = True
            return ""
        return rest

    def _next(self, data: str, found: list[Message]) -> str:
        """Take the first piece of `data`; give what is left."""
        at = data.find("\x1b")
        if at:
            plain = data if at < 0 else data[:at]
            found += self._events(plain)
            return data[len(plain) :]
        if (whole := _WHOLE.match(data)) is not None:
            sequence = whole[0]
            if sequence == _BEGIN:
                self._paste = []
            elif sequence == "\x1b" or whole["alt"]:
                found += self._alone(sequence)
            elif not whole["string"]:
                found += self._events(sequence)
            return data[whole.end() :]
        if _PARTIAL.match(data):
            self._hold(data, self._escape_s if data == "\x1b" else SEQUENCE_S)
            return ""
        broken = _BROKEN.match(data)
        end = broken.end() if broken is not None else 1
        found += self._two(data[:end])
        return data[end:]

    def _pasted(self, data: str, found: list[Message]) -> str:
        """Take what belongs to the paste; give what is left."""
        assert self._paste is not None
        text, end, rest = data.partition(_END)
        if end:
            self._paste.append(text)
            found.append(events.Paste("".join(self._paste).replace("\x00", "")))
            self._paste = None
            return rest
        kept = next((n for n in range(len(_END) - 1, 0, -1) if data.endswith(_END[:n])), 0)
        self._paste.append(data[: len(data) - kept])
        self._held = data[len(data) - kept :]
        return ""

    def _hold(self, data: str, seconds: float) -> None:
        self._held, self._until = data, self._now() + seconds

    def _two(self, begun: str) -> list[Message]:
        """The events of what began like a sequence and was none: Esc, or a letter with alt. A bracket is not typed."""
        return self._alone(begun) if begun == "\x1b" or (len(begun) == 2 and begun[1].isalpha()) else []

    def _alone(self, sequence: str) -> list[Message]:
        """The events of an escape, or an escape and one sign, after which nothing comes."""
        return self._parse(sequence, ends=True)

    def _events(self, sequence: str) -> list[Message]:
        """The events of whole signs or one whole sequence; none of one without a meaning."""
        return self._parse(sequence, ends=False)

    def _parse(self, sequence: str, *, ends: bool) -> list[Message]:
        try:
            found = list(self._parser.feed(sequence))
            if found:
                return found
            rest = list(self._parser.feed(""))  # unknown: it would wait for more, and type it in the end
        except (ValueError, OverflowError):  # numbers that are no sign
            rest = []
        self._parser = self._make(self._parser)
        return rest if ends else []


__all__ = ["SEQUENCE_S", "Keyboard", "Parser"]
