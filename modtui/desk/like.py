"""Items that say nearly the same: for `X` (mark all like this) and the filter word `like:`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.text.patterns import pattern
from modtui.text.similar import MAX_SIGNS, Fingerprint, alike, fingerprint

THRESHOLD = 0.5
"""From here on two posts count as near copies: what was measured on waves that change a price, a spelling, a name."""

CHUNK = 64
"""Items compared before the event loop gets its turn: about 8 ms."""

_KEPT = 2000
_TAG = pattern(r"<[^<>]{0,500}>")

Found = list[tuple[str, float]]


def compared(item: Item) -> str:
    """What of an item is compared: the text as it was typed, else the body without its tags, else the title."""
    if item.source:
        return item.source
    if item.body is None or not item.body.text.strip():
        return item.title
    text = item.body.text[: 4 * MAX_SIGNS]
    return _TAG.sub(" ", text) if item.body.format == "html" else text


class Likeness:
    """Looks for near copies in the cache. The fingerprints of the items looked at last are kept."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache
        self._prints: dict[str, tuple[str, Fingerprint]] = {}

    def find(self, id: str, ids: Sequence[str], threshold: float | None = None) -> Found:
        """Those of `ids` that are like item `id` (itself too, where it is among them), least alike first. Takes about
        0.1 ms an item; `search` is the one for long lists."""
        found: Found = []
        for part in self._parts(id, ids, threshold):
            found.extend(part)
        found.sort(key=lambda pair: pair[1])
        return found

    async def search(self, id: str, ids: Sequence[str], threshold: float | None = None) -> Found:
        """As `find`, without keeping the event loop for more than a few milliseconds at a time."""
        found: Found = []
        for part in self._parts(id, ids, threshold):
            found.extend(part)
            await asyncio.sleep(0)
        found.sort(key=lambda pair: pair[1])
        return found

    def _parts(self, id: str, ids: Sequence[str], threshold: float | None) -> Iterator[Found]:
        limit = THRESHOLD if threshold is None else threshold
        source: Item | None = self._cache.item(id)
        if source is None:
            return
        wanted = fingerprint(compared(source))
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            part: Found = []
            for each, item in zip(chunk, self._cache.items(chunk), strict=True):
                score = 1.0 if each == id else alike(wanted, self._print(item)) if item is not None else 0.0
                if score >= limit:
                    part.append((each, score))
            yield part

    def _print(self, item: Item) -> Fingerprint:
        text = compared(item)
        kept = self._prints.get(item.id)
        if kept is None or kept[0] != text:
            if len(self._prints) >= _KEPT:
                self._prints.clear()
            kept = self._prints[item.id] = (text, fingerprint(text))
        return kept[1]

    def locate(
        self, wanted: str, lane: Lane, scope: Sequence[CommunityId], *, first: str | None = None
    ) -> str | None:  # fmt: skip
        """The id of the open item of a lane that a number, a native id or a whole id names; None when there is none.
        `first` is the id that counts where it is still there."""
        for id in (first, wanted):
            item: Item | None = self._cache.item(id) if id else None
            if item is not None and item.state == "open" and item.lane == lane and item.ref.community in scope:
                return item.id
        found: list[str] = self._cache.called(lane, scope, wanted)
        return found[0] if found else None
