"""The words around a hit, on one line: what a list of hits shows of each text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from unicodedata import normalize

from modtui.text.shown import Shown
from modtui.text.width import breaks, cells, clusters, cut


def around(text: Shown, words: Sequence[str], width: int) -> tuple[tuple[Shown, bool], ...]:
    """A part of `text` (one line) in at most `width` cells, from shortly before the first of `words`, in pieces: with
    True what was looked for. Where no word is found, or all fits, the beginning. A part that does not begin with the
    text begins with `~`."""
    wanted = _pattern(words)
    first = wanted.search(text) if wanted is not None else None
    start = 0
    if first is not None and not _near(text, first.end(), width):
        start = _start(text, first.start(), width // 3)
    line = cut(Shown(("~" if start else "") + text[start : start + 4 * width + 32]), width)
    if not line or wanted is None:
        return ((line, False),) if line else ()
    spans = [hit.span() for hit in wanted.finditer(line) if hit.end() > hit.start()]
    pieces: list[tuple[Shown, bool]] = []
    for at, stop, _ in clusters(line):  # never a part of what is drawn as one sign
        hit = any(low < stop and at < high for low, high in spans)
        if pieces and pieces[-1][1] is hit:
            pieces[-1] = (Shown(pieces[-1][0] + line[at:stop]), hit)
        else:
            pieces.append((Shown(line[at:stop]), hit))
    return tuple(pieces)


def _near(text: str, end: int, width: int) -> bool:
    """Whether a hit that ends there is shown well from the beginning of the text on, with what follows it."""
    whole = len(text) <= width and cells(text) <= width
    return whole or (end <= width and cells(text[:end]) <= width * 2 // 3)


def rows(pieces: Sequence[tuple[Shown, bool]], width: int) -> Iterator[tuple[tuple[Shown, bool], ...]]:
    """The pieces in rows of at most `width` cells, broken at blanks."""
    for low, high in breaks("".join(text for text, _ in pieces), width):
        row: list[tuple[Shown, bool]] = []
        at = 0
        for text, hit in pieces:
            part = text[max(0, low - at) : max(0, high - at)]
            at += len(text)
            if part:
                row.append((Shown(part), hit))
        yield tuple(row)


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    forms = {normalize(form, word) for word in words for form in ("NFC", "NFD")}  # accents may stand behind letters
    parts = [r"\s+".join(map(re.escape, word.split())) for word in sorted(forms) if word.strip()]
    return re.compile("|".join(sorted(parts, key=len, reverse=True)), re.IGNORECASE) if parts else None


def _start(text: str, hit: int, before: int) -> int:
    """Where to begin: after a blank, else at a sign."""
    near = max(0, hit - before)
    if not near:
        return 0
    blank = text.find(" ", near - 1, hit)
    if blank >= 0:
        return blank + 1
    return max((at for at, _, _ in clusters(text, 0, hit) if at <= near), default=0)
