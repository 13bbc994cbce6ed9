"""How many open items of a lane are late, and how many soon will be: what the status line says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from modtui.desk.clock import Clock
from modtui.desk.events import Event, ItemsChanged, LaneLoaded
from modtui.domain.subjects import CommunityId, Lane
from modtui.store.cache import Cache
from modtui.store.pick import overdue

FRESH_S = 2.0
"""The clocks are looked at again after so many seconds; at once when rows came or changed."""
FEW = 5_000
REST_S = 1 / 100_000
"""In a lane of more than FEW open rows the clocks rest for so long for each of them, whatever happens: looking at
100,000 takes 8 ms, which is then less than a hundredth of the time."""


class Late(NamedTuple):
    """Rows whose time is over, and rows whose time is more than half over."""

    late: int
    soon: int


class Lateness:
    """Counts by the clocks in the cache. Asking again costs nothing while nothing happens."""

    def __init__(self, cache: Cache, clock: Clock, aside: Callable[[], frozenset[str]]) -> None:
        self._cache = cache
        self._clock = clock
        self._aside = aside
        self._known: dict[tuple[Lane, tuple[CommunityId, ...]], tuple[float, float, Late]] = {}
        """Until when the figures hold whatever happens, until when if nothing does (s, monotonic), and the figures."""

    def of(self, lane: Lane, scope: Sequence[CommunityId]) -> Late:
        """The figures of a lane, without what was put aside. Raises StoreError."""
        key = (lane, tuple(scope))
        known = self._known.get(key)
        if known is not None and self._clock.monotonic() < known[1]:
            return known[2]
        now_ms = self._clock.now_ms()
        late, soon = overdue(self._cache, lane, scope, now_ms)
        away = [id for id in self._aside() if id.startswith(f"{lane}/")] if late or soon else []
        for row in self._cache.rows(away):
            if row.state == "open" and row.community in scope and row.due_ms is not None and row.amber_ms is not None:
                late -= row.due_ms <= now_ms
                soon -= row.amber_ms <= now_ms < row.due_ms
        found = Late(late, soon)
        many = sum(self._cache.count(lane, each) for each in scope)
        now = self._clock.monotonic()
        rest = now + many * REST_S if many > FEW else now
        self._known[key] = (rest, max(rest, now + FRESH_S), found)
        return found

    def heard(self, event: Event) -> None:
        """Something came or changed."""
        if isinstance(event, LaneLoaded | ItemsChanged):
            self._known = {key: (rest, rest, late) for key, (rest, _, late) in self._known.items()}
