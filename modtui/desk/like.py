"""Items that say nearly the same: for `X` (mark all like this) and the filter word `like:`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane, SubjectRef, item_id

THRESHOLD = 0.6
_CHUNK = 500
_LONGEST = 4000
_KEPT = 4096
_JUNK = re.compile(r"[\W_]+")

Signature = frozenset[int]


def plain(item: Item) -> str:
    """What of an item is compared: its text, or its title where there is no text."""
    body = item.source if item.source is not None else item.body.text if item.body else ""
    return body or item.title


def signature(text: str) -> Signature:
    """Hashes of the letter triples of a text, without case, signs, accents and digits' values."""
    if "<" in text:
        text = re.sub(r"<[^<>]{0,400}>", " ", text[: 4 * _LONGEST])
    folded = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    folded = re.sub(r"\d", "0", _JUNK.sub("", folded))
    return frozenset(hash(folded[i : i + 3]) for i in range(max(1, len(folded) - 2))) if folded else frozenset()


def likeness(a: Signature, b: Signature) -> float:
    """How alike, from 0 to 1."""
    if not a or not b:
        return 0.0
    return 2.0 * len(a & b) / (len(a) + len(b))


class Likeness:
    """Looks for near copies in the cache. Signatures are kept for the items that were looked at last."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache
        self._kept: dict[str, tuple[str, Signature]] = {}

    def find(self, id: str, ids: Sequence[str], threshold: float | None = None) -> list[tuple[str, float]]:
        """Those of `ids` that are like item `id` (itself included where it is among them), least alike first."""
        limit = THRESHOLD if threshold is None else threshold
        source = self._cache.item(id)
        if source is None:
            return []
        wanted = signature(plain(source))
        found: list[tuple[str, float]] = []
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            for each, item in zip(chunk, self._cache.items(chunk), strict=True):
                if item is None:
                    continue
                score = 1.0 if each == id else self._score(wanted, item, limit)
                if score >= limit:
                    found.append((each, score))
        found.sort(key=lambda pair: pair[1])
        return found

    def locate(self, wanted: str, ids: Sequence[str], lane: Lane, scope: Sequence[CommunityId]) -> str | None:
        """The id of the item that a number or native id names, within a lane; None when there is none."""
        if wanted in ids:
            return wanted
        known = set(ids)
        for community in scope:
            for kind in self._kinds(ids):
                candidate = item_id(lane, SubjectRef(community, kind, wanted))
                if candidate in known:
                    return candidate
        for start in range(0, len(ids), _CHUNK):
            for item in self._cache.items(ids[start : start + _CHUNK]):
                if item is not None and item.number.lstrip("#") == wanted:
                    return str(item.id)
        return None

    def _kinds(self, ids: Sequence[str]) -> set[str]:
        return {id.split("/", 3)[2] for id in ids}

    def _score(self, wanted: Signature, item: Item, limit: float) -> float:
        text = plain(item)
        kept = self._kept.get(item.id)
        if kept is None or kept[0] != text:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            kept = self._kept[item.id] = (text, signature(text))
        return likeness(wanted, kept[1])
