"""What of a list of choices fits a typed text, where the adapter has the whole list."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.domain.items import Choice

MOST = 50


def some(found: Iterable[Choice], text: str) -> tuple[Choice, ...]:
    """Those whose title (or a word of it) begins with `text`, those that begin with it first; at most fifty."""
    wanted = text.casefold()
    first, later = [], []
    for one in found:
        title = one.title.casefold()
        if title.startswith(wanted):
            first.append(one)
        elif any(word.startswith(wanted) for word in title.replace("-", " ").replace("/", " ").split()):
            later.append(one)
    return tuple([*first, *later][:MOST])
