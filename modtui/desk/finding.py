"""Questions to the cache and to what was decided here: which row is meant, and how much work is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modtui.desk import words
from modtui.desk.book import Book
from modtui.domain.items import Item
from modtui.domain.subjects import LANES, CommunityId, Lane, SubjectRef, parse_item_id
from modtui.errors import NotFound, UsageError

if TYPE_CHECKING:
    from modtui.store.cache import Cache


def find(cache: Cache, lane: Lane | None, text: str, scope: Sequence[CommunityId]) -> Item:
    """The cached row that `text` names: a full id, or a bare native id where that is unambiguous.

    Raises UsageError (ambiguous) and NotFound.
    """
    if parse_item_id(text) is not None:
        item = cache.item(text)
        if item is None:
            raise NotFound(f"{text} is not known here.", "Is it of another community?")
        return item
    number = text.removeprefix("#")
    found: dict[SubjectRef, Item] = {}
    for each in [lane] if lane is not None else list(LANES):
        for item in cache.items(cache.numbered(each, scope, number)):
            if item is not None:
                found.setdefault(item.ref, item)
    if not found:
        raise NotFound(f"{text} is not known here.", "`modtui queue` shows what is.")
    if len(found) > 1:
        ids = ", ".join(item.id for item in found.values())
        raise UsageError(f"{text} could mean several items.", f"Give the whole id: {ids}.")
    return next(iter(found.values()))


class Counter:
    """Open items by lane: what the sites count, less what was decided here and is not in their counts yet."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._closed: dict[tuple[CommunityId, str], tuple[int, int]] = {}

    def closed(self, item: Item, counted: Mapping[Lane, int]) -> None:
        """A row was closed by us: until the site counts anew (its figure changes), it is taken off here."""
        key = (item.ref.community, item.lane)
        now = int(counted.get(item.lane, 0))
        base, number = self._closed.get(key, (now, 0))
        self._closed[key] = (now, number + 1 if base == now else 1)

    def counts(self, counted: Mapping[CommunityId, Mapping[Lane, int]]) -> dict[Lane, int]:
        """The totals over the communities in `counted`."""
        totals: dict[Lane, int] = {}
        for id, lanes in counted.items():
            for lane in LANES:
                if lane in lanes:
                    base, number = self._closed.get((id, lane), (0, 0))
                    left = int(lanes[lane]) - (number if base == int(lanes[lane]) else 0)
                    totals[lane] = totals.get(lane, 0) + max(0, left)
        for decision in self._book.open():
            if decision.undo_of is not None or not words.closes(decision.verb):
                continue
            for target in decision.targets:
                row = parse_item_id(target.item)
                if row is None or row[0] == "members" or target.ref.community not in counted or not target.steps:
                    continue
                for lane in totals:
                    if lane == row[0] and target.steps[0].state in ("held", "sending", "unknown"):
                        totals[lane] = max(0, totals[lane] - 1)
        return totals
