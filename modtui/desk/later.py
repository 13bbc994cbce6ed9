"""Putting an item aside: when it comes back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from modtui.desk.events import Event, ItemsChanged
from modtui.domain.items import Item
from modtui.ondemand import on_demand

if TYPE_CHECKING:
    from modtui.domain.seen import seen_of
    from modtui.store.store import Store
else:
    on_demand(__name__, "modtui.domain.seen", "seen_of")

LATER: dict[str, str] = {"1": "in an hour", "2": "tonight (18:00)", "3": "tomorrow (8:00)"}
"""The choices with a time, by key."""

WHEN_IT_CHANGES = 253_402_300_799_000
"""The instant (the last of the year 9999) that stands for "when it changes" in the store."""


def watched(item_id: str) -> str:
    """The cache's key for how an item looked when it was put off until it changes. A lost cache brings it back."""
    return f"later:{item_id}"


def comes_back(key: str, now_ms: int, tz: tzinfo) -> int:
    """When an item put aside with `key` of LATER comes back, in UTC ms. After 18:00, tonight is tomorrow at 18:00."""
    now = datetime.fromtimestamp(now_ms / 1000, tz)
    if key == "1":
        back = now + timedelta(hours=1)
    elif key == "2":
        back = datetime.combine(now.date(), time(18), tz)
        if back <= now:
            back = datetime.combine(now.date() + timedelta(days=1), time(18), tz)
    else:
        back = datetime.combine(now.date() + timedelta(days=1), time(8), tz)
    return int(back.timestamp() * 1000)


def _look(item: Item) -> str:
    """How an item looks. What was written below a question stands apart: our own answer does not bring it back."""
    if item.question is None:
        return seen_of(item).digest
    return f"{seen_of(replace(item, question=None)).digest} {item.question.last or ''}"


def _changed(item: Item, before: str | None) -> bool:
    """Whether it is not as it was: a question also when the asker has the last word again."""
    now = _look(item)
    if before is None or item.question is None or " " not in before:
        return now != before
    if now.split(" ")[0] != before.split(" ")[0]:
        return True
    asker = item.author.username if item.author is not None else None
    return now != before and item.question.last_by == asker


class Later:
    """What was put off (`until`, item id to instant) and what was left to the others (`skipped`), as the journal has
    it."""

    def __init__(
        self, store: Store, now_ms: Callable[[], int], tell: Callable[[Event], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:  # fmt: skip
        self._store = store
        self._now_ms = now_ms
        self._tell = tell
        self._spawn = spawn
        self.until: dict[str, int] = {}
        self.skipped: dict[str, int] = {}

    def load(self) -> None:
        """Read the journal; what changed meanwhile comes back. Raises StoreError."""
        self.until = dict(self._store.journal.snoozed())
        self.skipped = dict(self._store.journal.skipped())
        self.bring_back(list(self.until))

    @property
    def aside(self) -> frozenset[str]:
        """The item ids that do not stand in the lists now."""
        now = self._now_ms()
        return frozenset([*(id for id, until in self.until.items() if until > now), *self.skipped])

    async def snooze(self, item_id: str, until_ms: int | None) -> None:
        """Put an item off, or bring it back (None). Raises StoreError."""
        item: Item | None = self._store.cache.item(item_id)
        if until_ms == WHEN_IT_CHANGES and item is not None:
            await self._store.cache.put_meta(watched(item_id), _look(item))
        elif until_ms is None:
            await self._store.cache.put_meta(watched(item_id), None)
        await self._store.journal.snooze(item_id, until_ms)
        self.until = dict(self._store.journal.snoozed())
        self._tell(ItemsChanged(items=(item_id,)))

    async def skip(self, item_id: str, *, on: bool = True) -> None:
        """Leave an item to the others, or take that back. Raises StoreError."""
        await self._store.journal.skip(item_id, self._now_ms() if on else None)
        self.skipped = dict(self._store.journal.skipped())
        self._tell(ItemsChanged(items=(item_id,)))

    def bring_back(self, ids: Iterable[str]) -> None:
        """What was put off until it changes comes back when it did."""
        for id in ids:
            if self.until.get(id) != WHEN_IT_CHANGES or (item := self._store.cache.item(id)) is None:
                continue
            if _changed(item, self._store.cache.get_meta(watched(id))):
                self.until.pop(id)
                self._spawn(self.snooze(id, None))
