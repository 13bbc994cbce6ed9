"""How well a few typed letters fit a name. Pure."""

from __future__ import annotations

from modtui.text.words import fold


def score(query: str, name: str, more: str = "") -> int | None:
    """How well `query` fits: higher is better, None when it does not. Every word of it must be found: at the beginning
    of a word of `name`, inside it, as letters in this order in it, or somewhere in `more` (tags, a body)."""
    total = 0
    folded, rest = fold(name), fold(more)
    for word in fold(query).split():
        found = _one(word, folded, rest)
        if found is None:
            return None
        total += found
    return total


def _one(word: str, name: str, more: str) -> int | None:
    if name.startswith(word):
        return 100
    at = name.find(word)
    while at > 0:
        if not name[at - 1].isalnum():
            return 80
        at = name.find(word, at + 1)
    if word in name:
        return 60
    if (spread := _spread(word, name)) is not None:
        return max(21, 50 - spread)
    return 20 if word in more else None


def _spread(word: str, name: str) -> int | None:
    """How far apart the letters of `word` stand in `name`, in this order; None when they do not."""
    at = first = -1
    for letter in word:
        at = name.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    return at - first + 1 - len(word)
