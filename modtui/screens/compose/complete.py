"""@names and #categories: what is typed before the cursor, and what could be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from modtui.domain.items import Choice

SHOWN = 5
"""Rows of the popup."""

_TOKEN = re.compile(r"(?:^|(?<=[\s(\[>]))([@#])([\w.\-]{0,40})$")


class Token(Struct, frozen=True):
    """What is being typed: `sign` is @ or #, `text` what follows it."""

    sign: str
    text: str

    @property
    def kind(self) -> str:
        """What the backend calls it."""
        return "person" if self.sign == "@" else "category"


def token_at(before: str) -> Token | None:
    """The name that ends at the cursor; None where there is none. A lone # begins a heading, not a category."""
    match = _TOKEN.search(before)
    if match is None or (match[1] == "#" and not match[2]):
        return None
    return Token(match[1], match[2])


def fitting(token: Token, near: Iterable[Choice], far: Sequence[Choice]) -> list[Choice]:
    """The choices that begin so, those at hand (`near`) first, each once, at most `SHOWN`."""
    wanted = token.text.casefold()
    found: dict[str, Choice] = {}
    for choices in (near, far):
        for choice in choices:
            written = (choice.written or "").casefold()
            names = (choice.id.casefold(), choice.title.casefold(), written, written.rpartition(":")[2])
            if any(name.startswith(wanted) for name in names) or (choices is far and wanted in names[1]):
                found.setdefault(choice.id, choice)
    whole = [choice for choice in found.values() if choice.id.casefold() == wanted]
    return [] if whole and len(found) == 1 else [*found.values()][:SHOWN]
