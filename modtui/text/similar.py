"""How alike two texts are, cheaply enough to compare one with thousands: near-duplicates of a spam wave stand out.

Texts are folded (case, accents, look-alike letters, punctuation, spacing, invisible signs), cut into overlapping
pieces of five letters, and the smallest hashes of those pieces are kept. The share of common ones estimates the
share of common text.
"""

from __future__ import annotations

from heapq import nsmallest
from zlib import crc32

from modtui.text.hosts import fold_looks
from modtui.text.patterns import pattern
from modtui.text.shown import Foreign

PIECE = 5
KEPT = 96
"""Hashes in a fingerprint: the estimate is off by about 0.05 at most places of interest."""

MAX_SIGNS = 4_000

_NOT_LETTERS = pattern(r"[\W_]+")

Fingerprint = tuple[int, ...]


def fingerprint(text: Foreign | str) -> Fingerprint:
    """The fingerprint of a text: up to 96 integers, rising. The same words in another dress have the same one."""
    folded = _NOT_LETTERS.sub("", fold_looks(text[:MAX_SIGNS].casefold()))
    if not folded:
        return ()
    data = folded.encode("utf-32-le", "surrogatepass")
    last = max(1, len(folded) - PIECE + 1)
    return tuple(nsmallest(KEPT, {crc32(data[4 * at : 4 * (at + PIECE)]) for at in range(last)}))


def alike(one: Fingerprint, other: Fingerprint) -> float:
    """How alike two fingerprints are, from 0.0 to 1.0. Texts without letters are like nothing."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    mine, theirs = set(one), set(other)
    union = mine | theirs
    if len(one) == KEPT or len(other) == KEPT:
        union = set(nsmallest(KEPT, union))
    return len(mine & theirs & union) / len(union)


def likeness(one: Foreign | str, other: Foreign | str) -> float:
    """How alike two texts are, from 0.0 (nothing in common) to 1.0 (the same but for dress)."""
    return alike(fingerprint(one), fingerprint(other))
