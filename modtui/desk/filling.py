"""What the desk knows of an item better than its site: the language of its words, and its clock.

Every item is filled in before it is written to the cache. Languages that only the words tell are found afterwards, in a
thread and in batches; their rows follow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import msgspec

from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.events import Event, ItemsChanged, Troubled
from modtui.desk.targets import CLOCKED, Targets
from modtui.domain.items import Item, Thread
from modtui.errors import ModtuiError
from modtui.ondemand import on_demand

if TYPE_CHECKING:
    from modtui.desk.language import checksum, code, language_of, spoken_text, told, with_language
    from modtui.store.cache import Cache
    from modtui.store.spoken import Spoken, SpokenRow
else:
    on_demand(__name__, "modtui.desk.language", "checksum", "code", "language_of", "spoken_text", "told",
              "with_language")  # fmt: skip
    on_demand(__name__, "modtui.store.spoken", "SpokenRow")

BATCH = 50
"""Items whose language is looked for at once: about 2 ms in the thread."""
WAIT_S = 0.4
"""The detector is loaded so long after it is first needed: the first rows are on the screen by then."""
_MARK = "targets"
_QUEUED = 5_000
_REACHED = "targets reached"
"""How far the clocks were made anew, if modtui ended meanwhile: the mark, and the row."""
_RECLOCKED = 50
_REST = 9
"""So many times as long as it worked it rests then."""


class Filling:
    """Fills items in. One per desk."""

    def __init__(
        self, cache: Cache, communities: Sequence[Community], targets: Targets, clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:  # fmt: skip
        self._cache = cache
        self._communities = communities
        self._targets = targets
        self._clock = clock
        self._tell = tell
        self._queue: dict[str, tuple[int, str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._clocks: asyncio.Task[None] | None = None

    @cached_property
    def _spoken(self) -> Spoken:
        from modtui.store.spoken import Spoken

        return Spoken(self._cache)

    def _default(self, item: Item) -> str | None:
        return next((one.language for one in self._communities if one.id == item.ref.community), None)

    def with_due(self, item: Item) -> Item:
        """The item with its clock."""
        due = self._targets.due(item) if item.lane in CLOCKED else item.due
        return item if due == item.due else msgspec.structs.replace(item, due=due)

    def fill(self, items: Iterable[Item]) -> list[Item]:
        """Items as the site sent them, with language and clock. Where only the words tell the language and nobody has
        looked at them yet, it is the community's own for now. Raises StoreError."""
        taken = list(items)
        known = self._spoken.of([item.id for item in taken])
        filled: list[Item] = []
        for item in taken:
            found = known.get(item.id)
            if found is not None and found.hand:
                item = item if item.language == found.language else msgspec.structs.replace(
                    item, language=found.language
                )  # fmt: skip
            elif told(item) is not None or item.lane == "members":
                item = with_language(item, self._default(item))
            else:
                text = spoken_text(item)
                mark = checksum(text)
                # A list that shows a title only says nothing new of a question whose text was looked at before.
                sure = found is not None and (found.text == mark or (_bare(item) and found.language is not None))
                if not sure:
                    self._wish(item.id, mark, text)
                language = found.language if found is not None and sure else None
                item = with_language(item, self._default(item), found=language)
            filled.append(self.with_due(item))
        return filled

    async def fill_whole(self, items: Iterable[Item]) -> list[Item]:
        """As `fill`, but waits for the languages that only the words tell (the command line does). Raises
        StoreError."""
        taken = list(items)
        wished = self._queue
        self._queue = {}
        filled = self.fill(taken)
        mine, self._queue = self._queue, wished
        if not mine:
            return filled
        await self._spoken.put(await asyncio.to_thread(_look, mine))
        return self.fill(taken)

    async def set_language(self, item_id: str, language: str | None) -> None:
        """Say by hand in which language an item is; None leaves it to the rule again. Raises StoreError."""
        if language is None:
            await self._spoken.drop([item_id])
        else:
            await self._spoken.put([SpokenRow(item_id, None, code(language), hand=True)])
        item = self._cache.item(item_id)
        if item is None:
            return
        if language is None:
            text = spoken_text(item)
            self._wish(item_id, checksum(text), text)
        spoken = code(language) or self._default(item)
        await self._change([item_id], lambda row: msgspec.structs.replace(row, language=spoken))

    # --- languages that only the words tell

    def read(self, item: Item, thread: Thread) -> None:
        """A thread was read: the words of a question that its list did not show tell its language."""
        first = next((post.body for post in thread.posts if post.number == 1), None)
        if item.kind != "question" or first is None or not _bare(item):
            return
        known = self._spoken.of([item.id]).get(item.id)
        if known is None or known.hand or known.language is not None:
            return
        text = f"{item.title}\n\n{first.text}"
        self._wish(item.id, checksum(text), text)
        self.begin()

    def _wish(self, item_id: str, mark: int, text: str) -> None:
        if len(self._queue) < _QUEUED:
            self._queue[item_id] = (mark, text)

    def begin(self) -> None:
        """Look for languages that are wanted, if nobody does yet. Needs a running event loop; returns at once."""
        if self._queue and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._find(), name="languages")

    async def _find(self) -> None:
        await self._clock.sleep(WAIT_S)
        while self._queue:
            batch = dict(list(self._queue.items())[:BATCH])
            for id in batch:
                self._queue.pop(id)
            try:
                rows = await asyncio.to_thread(_look, batch)
                await self._spoken.put(rows)
                await self._follow(rows)
            except ModtuiError as error:
                self._tell(Troubled(words=str(error)))
                return

    async def _follow(self, rows: Sequence[SpokenRow]) -> None:
        """Rows of the cache whose language is known now."""
        known = {row.item: row for row in rows if row.language is not None}

        def follow(item: Item) -> Item:
            row = known.get(item.id)
            if row is None or not (_bare(item) or checksum(spoken_text(item)) == row.text):
                return item
            author = code(item.author.locale) if item.author else None
            bare = msgspec.structs.replace(item, language=None)
            language = author or language_of(bare, self._default(item), found=row.language)
            return item if language == item.language else msgspec.structs.replace(item, language=language)

        await self._change(list(known), follow)

    async def _change(self, ids: Sequence[str], change: Callable[[Item], Item]) -> None:
        """Rows as they are by then: the site may be read meanwhile, and what it says now must not be lost."""
        if not ids:
            return
        changed = await self._cache.change_items(ids, lambda item: self.with_due(change(item)))
        if changed:
            self._tell(ItemsChanged(items=tuple(changed)))

    # --- clocks

    def start(self) -> None:
        """Make the clocks of cached rows anew where the settings changed. Returns at once."""
        if self._cache.get_meta(_MARK) != self._targets.mark:
            self._clocks = asyncio.create_task(self._reclock(), name="clocks")

    async def _reclock(self) -> None:
        try:
            place = (self._cache.get_meta(_REACHED) or "").split()
            reached = int(place[1]) if len(place) == 2 and place[0] == self._targets.mark else 0
            lanes = [lane for lane in CLOCKED if not self._targets.names(lane)]
            while True:
                began = time.perf_counter()
                rows = await self._cache.apart(
                    partial(self._cache.clocked, CLOCKED, reached, bare=lanes, limit=_RECLOCKED)
                )
                if not rows:
                    break
                reached = rows[-1]
                items = [found[1] for found in self._cache.items_of(rows) if found is not None and found[1] is not None]
                await self._change([item.id for item in items if self.with_due(item) != item], lambda item: item)
                await self._cache.put_meta(_REACHED, f"{self._targets.mark} {reached}")
                await asyncio.sleep(_REST * (time.perf_counter() - began))  # a long list takes a while: keys go first
            await self._cache.put_meta(_REACHED, None)
            await self._cache.put_meta(_MARK, self._targets.mark)
        except ModtuiError as error:
            self._tell(Troubled(words=str(error)))

    @property
    def idle(self) -> bool:
        """Whether no language is looked for."""
        return not self._queue and (self._task is None or self._task.done())

    async def close(self) -> None:
        """End; what was not looked at is looked at when it is read again."""
        tasks = [task for task in (self._task, self._clocks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queue.clear()


def _bare(item: Item) -> bool:
    """Whether nothing but the title of a question is known."""
    return item.kind == "question" and not item.source and not (item.body and item.body.text.strip())


def _look(wished: dict[str, tuple[int, str]]) -> list[SpokenRow]:
    """The languages of texts. Runs in a thread: the detector is loaded at the first call."""
    from modtui.text.detect import load

    detector = load()
    if detector is None:
        return [SpokenRow(id, mark, None) for id, (mark, _) in wished.items()]
    found = detector.languages([text for _, text in wished.values()])
    return [SpokenRow(id, mark, language) for (id, (mark, _)), language in zip(wished.items(), found, strict=True)]
