"""What an empty queue tells: what was done, what is still on its way, what was put off, and where work waits next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modtui.desk.rooms import DeskLike
from modtui.domain.subjects import LANES, CommunityId, Lane


@dataclass(frozen=True, slots=True)
class NextLane:
    """Another lane with work: how many the site counts, and since when the oldest known one waits."""

    lane: Lane
    count: int
    oldest_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the empty queue. `decided` counts by verb since `since_ms`, `undone` what was taken back;
    `next_back_ms` is when the first snoozed item returns."""

    since_ms: int
    decided: Mapping[str, int] = field(default_factory=dict)
    undone: int = 0
    snoozed: int = 0
    next_back_ms: int | None = None
    skipped: int = 0
    lanes: tuple[NextLane, ...] = ()

    @property
    def total(self) -> int:
        """All decisions since `since_ms`."""
        return sum(self.decided.values())


def summarize(desk: DeskLike, lane: Lane, since_ms: int, community: CommunityId | None = None) -> Summary:
    """The figures for `lane` being empty. `since_ms` is usually when this session began. Raises StoreError."""
    journal: Any = desk.store.journal
    cache: Any = desk.store.cache
    scope = [c.id for c in desk.communities if community is None or c.id == community]

    def here(ids: Any) -> list[str]:
        inside = {str(each) for each in scope}
        return [id for id in ids if id.split("/", 2)[0] == lane and id.split("/", 2)[1] in inside]

    snoozed: Mapping[str, int] = journal.snoozed()
    put_off = here(snoozed)
    skipped = here(journal.skipped()) if hasattr(journal, "skipped") else []
    decided = dict(journal.counts(since_ms))
    undone = int(decided.pop("undone", 0))
    lanes: list[NextLane] = []
    for other in LANES:
        if other == lane:
            continue
        count = sum(int(cache.counts(each).get(other, 0)) for each in scope)
        if not count:
            continue
        ids = cache.ids(other, scope, open_only=True, order="oldest", limit=1)
        oldest = cache.item(ids[0]) if ids else None
        lanes.append(NextLane(other, count, oldest.since_ms if oldest is not None else None))
    return Summary(
        since_ms=since_ms, decided=decided, undone=undone, snoozed=len(put_off),
        next_back_ms=min((snoozed[id] for id in put_off), default=None), skipped=len(skipped), lanes=tuple(lanes),
    )  # fmt: skip
