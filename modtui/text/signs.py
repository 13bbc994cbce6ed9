"""Which signs of foreign text are dangerous or invisible, and how each is made visible.

Three uses share these tables: `visible()` (what is drawn), `escape()`/`unescape()` (what an editor holds, reversible)
and `hostile_kinds()` (what a row says instead of drawing a hostile text).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from modtui.text._tables import EMOJI, HAN, JOINED_LETTERS, JOINED_MARKS, MARKS, SKIN

MARKS_IN_A_STACK = 6
"""Combining marks on one sign that are drawn. Real scripts need at most four; more climb over the neighbouring rows."""

JOINS_IN_AN_EMOJI = 3
"""Joiners in one emoji sequence that are drawn; the longest real ones (families, kisses) have three."""

TAB_CELLS = 4

# Never drawn, whatever stands beside them. Soft hyphens, fillers and private-use signs are only invisible or
# unknown, the rest steers a terminal or the order of reading. Everything above U+3FFFE is unassigned, a tag, a
# selector or private.
_ALWAYS = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001fffe\U0001ffff\U0002fffe\U0002ffff"
    r"\U0003fffe-\U000e00ff\U000e01f0-\U0010ffff"
)
# Drawn only in their rightful place: joiners, selectors, skin tones.
_SOMETIMES = r"\u180b-\u180d\u180f\u200c\u200d\ufe0e\ufe0f\U000e0100-\U000e01ef" + SKIN

_BRITISH_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls")
)

_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPED = re.compile(r"‹([0-9A-F]{2,6})›")


class _Forms(dict[str, str]):
    """Sign -> its visible form, filled as signs are met."""

    def __missing__(self, sign: str) -> str:
        code = ord(sign)
        form = chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else f"‹{code:02X}›"
        self[sign] = form
        return form


_FORMS = _Forms()


# The patterns are large; a start that meets only ASCII never compiles them.
@cache
def _suspect() -> re.Pattern[str]:
    return re.compile(f"[{_ALWAYS}{_SOMETIMES}]")


@cache
def _hostile() -> re.Pattern[str]:
    """Matches each sign to be made visible. It begins with a plain class, so that `re` can skip ahead."""
    return re.compile(
        f"[{_ALWAYS}{_SOMETIMES}]"
        # ... except joiners inside an emoji sequence or a word,
        f"(?!(?<=[{EMOJI}]\u200d)[{EMOJI}])(?!(?<=[{EMOJI}][\ufe0f{SKIN}]\u200d)[{EMOJI}])"
        f"(?!(?<=[{EMOJI}]\ufe0f[{SKIN}]\u200d)[{EMOJI}])"
        f"(?!(?<=[{JOINED_LETTERS}][\u200c\u200d])[{JOINED_LETTERS}{JOINED_MARKS}])"
        f"(?!(?<=[{JOINED_MARKS}][\u200c\u200d])[{JOINED_LETTERS}])"
        # ... and selectors and skin tones on a sign that takes them.
        f"(?!(?<=[0-9#*]\ufe0f)\u20e3)(?<![{EMOJI}][\ufe0e\ufe0f{SKIN}])(?<![{EMOJI}]\ufe0f[{SKIN}])"
        f"(?<![{HAN}][\U000e0100-\U000e01ef])(?<![\u1820-\u18aa][\u180b-\u180d\u180f])"
    )


@cache
def _flag() -> re.Pattern[str]:
    return re.compile(f"(\U0001f3f4(?:{_BRITISH_FLAGS})\U000e007f)")


def _replace_hostile(text: str, form: Callable[[str], str]) -> str:
    def swap(match: re.Match[str]) -> str:
        return form(match[0])

    if "\U000e007f" not in text:
        return _hostile().sub(swap, text)
    # The flags of England, Scotland and Wales are spelt with tag characters: leave these three alone, and no others.
    parts = _flag().split(text)
    return "".join(part if at % 2 else _hostile().sub(swap, part) for at, part in enumerate(parts))


@cache
def _any_mark() -> re.Pattern[str]:
    return re.compile(f"[{MARKS}\U00010a00-\U0001e95f]")


@cache
def _stack() -> re.Pattern[str]:
    return re.compile(f"([{MARKS}]{{{MARKS_IN_A_STACK}}})([{MARKS}]+)")


@cache
def _rare_stack() -> re.Pattern[str]:
    # Marks of scripts beyond the basic plane are too scattered for a fast class; a run of such signs is looked at
    # one by one.
    return re.compile(f"[{MARKS}\U000101fd-\U0001e95f]{{{MARKS_IN_A_STACK + 1},}}")


@cache
def _leading_mark() -> re.Pattern[str]:
    # A mark on nothing would be drawn over modtui's own frame, one on a blank would wander when a row breaks there.
    return re.compile(f"(?m)(?:^|(?<=[ \t]))(?=[{MARKS}])")


@cache
def _long_emoji() -> re.Pattern[str]:
    one = f"[{EMOJI}][\ufe0f{SKIN}]?[{SKIN}]?\u200d"
    return re.compile(f"((?:{one}){{{JOINS_IN_AN_EMOJI}}}[{EMOJI}][\ufe0f{SKIN}]?[{SKIN}]?)\u200d")


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M" or bool(_stack_mark().match(sign))


@cache
def _stack_mark() -> re.Pattern[str]:
    return re.compile(f"[{MARKS}]")


def _cut_rare(match: re.Match[str], form: str) -> str:
    out: list[str] = []
    for count, run in _mark_runs(match[0]):
        if count <= MARKS_IN_A_STACK:
            out.append(run)
        elif form == "count":
            out.append(f"{run[:MARKS_IN_A_STACK]}‹+{count - MARKS_IN_A_STACK} marks›")
        else:
            out.append(run[:MARKS_IN_A_STACK] + "".join(_hex(sign) for sign in run[MARKS_IN_A_STACK:]))
    return "".join(out)


def _mark_runs(text: str) -> Iterator[tuple[int, str]]:
    """Runs of marks (with their length) and of other signs (with 0)."""
    start, was = 0, None
    for at, sign in enumerate(text):
        now = _is_mark(sign)
        if was is not None and now is not was:
            yield (at - start if was else 0), text[start:at]
            start = at
        was = now
    yield (len(text) - start if was else 0), text[start:]


def _hex(sign: str) -> str:
    return f"‹{ord(sign):02X}›"


def visible(text: str) -> str:
    """The harmless form of a text of any number of lines: every control and invisible sign becomes a visible one.

    CRLF becomes LF, tabs become spaces, long stacks of marks are shortened visibly (`‹+37 marks›`). Emoji
    sequences, joiners inside words that need them, and right-to-left letters stay. `visible(visible(x)) == visible(x)`.
    """
    if text.isascii():
        if text.isprintable():
            return text
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        text = _ASCII_CONTROL.sub(lambda m: _FORMS[m[0]], text)
        return text.expandtabs(TAB_CELLS) if "\t" in text else text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    marked = _any_mark().search(text) is not None
    if marked:
        text = _stack().sub(lambda m: f"{m[1]}‹+{len(m[2])} marks›", text)
        text = _rare_stack().sub(lambda m: _cut_rare(m, "count"), text)
    if _suspect().search(text):
        if "\u200d" in text:
            text = _cut_emoji(text)
        text = _replace_hostile(text, _FORMS.__getitem__)
    if marked:
        text = _leading_mark().sub("◌", text)
    return text.expandtabs(TAB_CELLS) if "\t" in text else text


def _cut_emoji(text: str) -> str:
    joiner = _FORMS["\u200d"]
    return _long_emoji().sub(lambda m: m[1] + joiner, text)


def escape(text: str) -> str:
    """A form of the text that is safe in an editor and from which `unescape` gives back every sign.

    Dangerous and invisible signs become `‹HEX›`; a literal `‹` is escaped only where it would read as such.
    Newlines and tabs stay, a carriage return is escaped.
    """
    if text.isascii() and not _ASCII_CONTROL.search(text):
        return text
    text = _ESCAPED.sub(lambda m: f"‹2039›{m[1]}›", text)
    if _any_mark().search(text):
        text = _stack().sub(lambda m: m[1] + "".join(map(_hex, m[2])), text)
        text = _rare_stack().sub(lambda m: _cut_rare(m, "hex"), text)
    if "\u200d" in text:
        text = _cut_emoji(text)
    return _replace_hostile(text, _hex)


def unescape(text: str) -> str:
    """What `escape` was given. A `‹HEX›` beyond Unicode stays as it is."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else m[0], text)


def _kinds() -> dict[str, str]:
    return {
        "escape sequences": "\x1b\x90\x98\x9b\x9c\x9d\x9e\x9f",
        "right-to-left controls": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
        "zero-width signs": (
            "\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\uffa0\ufeff\U0001d173-\U0001d17a\U0001bca0-\U0001bca3"
        ),
        "tag characters": "\U000e0000-\U000e00ff",
        "variation selectors": "\ufe00-\ufe0f\u180b-\u180d\u180f\U000e0100-\U000e01ef",
        "private signs": "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd",
        "broken signs": "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0003fffe-\U000dffff",
        "line separators": "\u2028\u2029\x85\x0b\x0c",
        "control signs": (
            "\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x8f\x91-\x97\x99\x9a\ufff0-\ufffb\U00013430-\U0001345f"
        ),
    }


@cache
def _kind_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(f"[{signs}]")) for name, signs in _kinds().items())


def hostile_kinds(text: str) -> frozenset[str]:
    """Names of the kinds of hostile signs in a text, such as "escape sequences" or "right-to-left controls".

    Signs that a keyboard, an editor or a phone leaves behind are not hostile: soft hyphens, a byte-order mark at
    the start, lone carriage returns, selectors and joiners in their place. They are still made visible where they
    are out of place.
    """
    if text.isascii() and not _ASCII_CONTROL.search(text):
        return frozenset()
    text = text.removeprefix("\ufeff").replace("\r", "")
    kinds = set()
    if (
        not text.isascii()
        and _any_mark().search(text)
        and (_stack().search(text) or any("marks›" in _cut_rare(m, "count") for m in _rare_stack().finditer(text)))
    ):
        kinds.add("mark stacks")
    if text.isascii() or _suspect().search(text):
        found = set(_hostile().findall(_flag().sub("", text) if "\U000e007f" in text else text))
        found_text = "".join(found)
        kinds.update(name for name, pattern in _kind_patterns() if pattern.search(found_text))
    return frozenset(kinds)


def is_hostile(text: str) -> bool:
    """Whether a text holds signs that steer a terminal, hide, or change the order of reading."""
    return bool(hostile_kinds(text))
