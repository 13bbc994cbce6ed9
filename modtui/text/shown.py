"""The only door for foreign text: `Foreign` goes in, `Shown` comes out.

Widgets and printers take only `Shown`. Nothing outside `modtui.text` constructs one, so text from outside cannot
reach the terminal raw: Textual and rich pass ESC, C1 and bidi controls on to the terminal as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NewType

from modtui.text.signs import visible

Foreign = NewType("Foreign", str)
"""Raw text from outside: members' posts, names and titles, but also a server's labels, messages and errors."""

Shown = NewType("Shown", str)
"""Text that is safe to draw. Made by `show`, `show_line`, `own`, `say`, `join` and what is built on them."""

LINE_LIMIT = 500
"""Signs of a foreign line that are shown by default; a safety, the cell width is cut by `cut`."""

EMPTY = Shown("")

_BLANKS = re.compile(r"\s+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def show(text: Foreign | str) -> Shown:
    """Foreign text of any number of lines, harmless. Nothing is lost: what cannot be drawn is named (`␛`, `‹202E›`).

    CRLF becomes LF and tabs become spaces. For an editor use `escape`, which can be reversed.
    """
    return Shown(visible(text))


def show_line(text: Foreign | str, limit: int | None = LINE_LIMIT) -> Shown:
    """Foreign text as one line: blanks and newlines fold to a space; beyond `limit` signs it ends in `~`."""
    if limit is not None and len(text) > 4 * limit:
        text = text[: 4 * limit]
        cut = True
    else:
        cut = False
    if not (text.isascii() and text.isprintable() and "  " not in text):
        text = _BLANKS.sub(" ", text)
    text = text.strip()
    if limit is not None and (len(text) > limit or cut):
        return Shown(visible(text[:limit]).rstrip() + "~")
    return Shown(visible(text))


def own(text: str) -> Shown:
    """A text of modtui's own, written in the source. It is cleaned all the same, so a mistake here costs nothing."""
    return Shown(visible(text))


def say(template: str, /, **parts: object) -> Shown:
    """A sentence of modtui's own with `{name}` placeholders.

    Numbers go in as they are, every text through `show_line` (which leaves a line that is already `Shown` as it
    is), keeping one blank at either end where there was one. Braces in the parts mean nothing, and no attribute or
    format can be named. Raises KeyError for a name without a part.
    """

    def fill(match: re.Match[str]) -> str:
        part = parts[match[1]]
        if isinstance(part, int | float):
            return str(part)
        text = str(part)
        line = show_line(text)
        # a part may bring the blank that parts it from what stands before or after: " by ann"
        return f"{' ' if text[:1] == ' ' and line else ''}{line}{' ' if text[-1:] == ' ' and line else ''}"

    return own(_PLACEHOLDER.sub(fill, template))


def join(separator: str, parts: Iterable[Shown]) -> Shown:
    """The parts with modtui's own separator between them."""
    return Shown(own(separator).join(parts))


def count(number: int, one: str, many: str = "") -> Shown:
    """A counted word: `1 report`, `4,120 reports`. `many` is needed only where it is not `one` with an s."""
    return own(f"{number:,} {one if number == 1 else many or one + 's'}")
