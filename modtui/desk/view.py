"""A frozen order of item ids: what the queue shows.

Only `merge`, a filter, a sort or a language re-orders it; what arrives meanwhile is counted (`new`), what was handled
stays. Nothing that a key or an event does costs more at 1,000,000 rows: the order is row numbers of the cache, 6 bytes
each, which come in behind the first ones (`modtui.store.lineup`); ids and items are read by window. What has to look
through the whole lane (a filter, a sort without an index, languages) does so in a thread where the lane is long: the
old order stands until the new one is there, and `Reordered` says that it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.desk.events import Event, ItemsChanged, LaneLoaded, Reordered, Troubled
from modtui.desk.filter import parse
from modtui.desk.labels import named as named_communities
from modtui.desk.orders import PLACES, SORT_WORDS, SORTS, sorts_of
from modtui.desk.rows import facts_for
from modtui.desk.selecting import NAMED, Choice, Selecting
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError, UsageError
from modtui.store.lineup import Asked, Lineup
from modtui.store.people import named

if TYPE_CHECKING:
    from modtui.desk.rooms import DeskLike

__all__ = ["SORTS", "SORT_WORDS", "View"]


_Counts = dict[str | None, int] | None


class Held(Struct, frozen=True):
    """A list as it was (`View.hold`), and what was heard of since."""

    choice: Choice
    shape: tuple[object, ...]
    order: Lineup
    fresh: dict[str, None]
    arrived: frozenset[str]
    heard: list[str]


class View(Selecting):
    """One lane of one community, or of all (`community` None), in a frozen order. Made by `Desk.view`."""

    def __init__(
        self, desk: DeskLike, lane: Lane, community: CommunityId | None = None, *, listen: bool = True
    ) -> None:
        super().__init__(desk, lane, community)
        self.here: str | None = None
        """Where the cursor stands, as far as a screen says so."""
        self._standing: str | None = None
        self._turn = 0
        self._soon: asyncio.Task[None] | None = None
        self._coming: Lineup | None = None
        """An order that is being read and is to stand when it is."""
        self._asked = 0
        self._heard: list[list[str]] = []
        """Lists that want the ids of what arrives or changes."""
        self._holds: list[Held] = []
        self._reorder(self._select())
        self.stop: Callable[[], None] = desk.events.subscribe(self.on_event) if listen else lambda: None

    @property
    def filter(self) -> str:
        """The filter as it was typed; empty when there is none."""
        return self._filter.text

    @property
    def order_words(self) -> str:
        """How the list is sorted, in words: `oldest first`."""
        return "least alike first" if self._choice.likes else SORT_WORDS[self.sort]

    @property
    def sorts(self) -> tuple[str, ...]:
        """What this lane can be sorted by."""
        return sorts_of(self.lane)

    @property
    def prefix(self) -> str:
        """The beginning of the names that are shown; empty when all are."""
        return self._prefix

    @property
    def like_source(self) -> str | None:
        """The id of the item that a `like:` filter names; None without one."""
        return self._choice.source

    @property
    def new(self) -> int:
        """How many items that belong here wait for `merge`."""
        return len(self._fresh)

    @property
    def others(self) -> int:
        """How many open items of the lane the filter hides."""
        return max(0, self.loaded - len(self._order) - len(self._fresh)) if self.filtered else 0

    @property
    def total(self) -> int | None:
        """How many the sites count, and of a site that counts none how many are known here; None while no site has
        said anything."""
        counts = [self._cache.counts(community).get(self.lane) for community in self.scope]
        if all(count is None for count in counts):
            return None
        return sum(
            self._cache.count(self.lane, community) if count is None else int(count)
            for community, count in zip(self.scope, counts, strict=True)
        )

    # --- changing the order

    def merge(self, keep: str | None = None, *, near: str | None = None) -> None:
        """Sort again, take in the new ones, drop those that were handled. The row `keep` (where the cursor stands)
        stays even when it was handled, until `left`. Where that (or `near`, where the cursor is to stand) is far down
        in a long list, the order changes later."""
        standing = keep if keep is not None else self._standing
        self._standing = standing
        self._reorder_soon(standing, near=near)

    def left(self, id: str) -> None:
        """The cursor left this row: a handled one goes with the next merge."""
        if id == self._standing:
            self._standing = None

    def set_filter(self, text: str) -> None:
        """Show only what matches (see `modtui.desk.filter`); an empty text shows all. Raises UsageError, then nothing
        has changed. In a long list `narrow` is kinder."""
        wanted = parse(text)
        self._asked += 1
        communities = named_communities(self._desk.communities, wanted.communities)
        sources = {value: self._source(value) for value in wanted.likes}
        everything = self._everything() if sources else []
        likes = {value: dict(self.likeness.find(source, everything)) for value, source in sources.items()}
        self._choice = Choice(wanted, likes, communities, next(iter(sources.values()), None))
        self._reorder(self._select())

    async def narrow(self, text: str) -> bool:
        """As `set_filter`, but a long lane is looked through in a thread and near copies bit by bit, so that no key
        waits for them. The last one asked for counts: False, and nothing has changed, when another filter came
        meanwhile."""
        wanted = parse(text)
        self._asked += 1
        number = self._asked
        communities = named_communities(self._desk.communities, wanted.communities)
        sources = {value: await self._far(partial(self._source, value)) for value in wanted.likes}
        everything = await self._far(self._everything) if sources else []
        likes = {value: dict(await self.likeness.search(source, everything)) for value, source in sources.items()}
        choice = Choice(wanted, likes, communities, next(iter(sources.values()), None))
        shape: tuple[object, ...] = ()
        found: Asked | Sequence[int] = ()
        heard: list[str] = []
        while shape != (shape := self._shape):  # it may change meanwhile
            if number != self._asked:
                return False
            heard = []
            asked = self._selecting(choice)
            if isinstance(asked, Asked):
                found = asked
            else:
                with self._hearing_into(heard):
                    found = await self._cache.apart(asked)  # a short lane may stand in a big cache
        if number != self._asked:
            return False
        self._choice = choice
        self._reorder(self._taken(found, self._cache.database.epoch))
        self._changed(heard)  # what came while the lane was looked through
        if wanted.uses("text"):
            self._cache.index_soon()
        return True

    def hold(self) -> Held:
        """The list as it is, for `back`."""
        soon = self._soon is not None and not self._soon.done()  # then the order is not yet the one that is wanted
        held = Held(self._choice, () if soon else self._shape, self._order, dict(self._fresh), self._arrived, [])
        self._heard.append(held.heard)
        self._holds.append(held)
        return held

    def back(self, held: Held, *, keep: bool = False) -> bool:
        """Undo every filter since `hold`: the list is as it was then, and what came since is new. With `keep` the list
        stays as it is now. Whether anything has changed. Once for each `hold`."""
        self._heard = [heard for heard in self._heard if heard is not held.heard]
        self._holds = [each for each in self._holds if each is not held]
        if keep:
            return False
        self._asked += 1
        if self._order is held.order and self._choice is held.choice:
            return False
        self._choice = held.choice
        if held.shape != self._shape:  # that order is of another file, or not the one that is wanted now
            self._reorder_soon()
            return True
        self._reorder(held.order)
        self._fresh, self._arrived = held.fresh, held.arrived
        self._changed(held.heard)
        return True

    @property
    def _shape(self) -> tuple[object, ...]:
        """What an order depends on beside the filter: it holds for as long as this is the same."""
        return self.sort, self.language, self._prefix, self._cache.database.epoch

    @contextmanager
    def _hearing_into(self, heard: list[str]) -> Iterator[None]:
        self._heard.append(heard)
        try:
            yield
        finally:
            self._heard = [each for each in self._heard if each is not heard]

    def set_sort(self, name: str) -> None:
        """Order by one of SORTS. Raises UsageError."""
        if name not in self.sorts:
            raise UsageError(f'The list cannot be sorted by "{name}".', "There are " + ", ".join(self.sorts) + ".")
        self.sort = name
        self._reorder_soon()

    def set_prefix(self, text: str) -> None:
        """Of the lane of members, show those whose username or name begins with `text` (at most 200, by name), of what
        is known here; an empty text shows all again. Fast enough for every key: an index is asked, not the lane."""
        if text != self._prefix:
            self._prefix = text
            self._reorder_soon()

    def cycle_language(self) -> str | None:
        """Show the next language of `language_counts` only, after the last one all again. Returns what is shown now:
        a code, "" for unknown, None for all."""
        choices: list[str | None] = [code or "" for code in self.language_counts()]
        choices.append(None)
        at = choices.index(self.language) if self.language in choices else len(choices) - 1
        self.language = choices[(at + 1) % len(choices)]
        self._reorder_soon(counts=self._languages)
        return self.language

    def _reorder_soon(self, keep: str | None = None, *, counts: _Counts = None, near: str | None = None) -> None:
        """Read the order anew. A long lane that has to be looked through is read in a thread, and so is one with an
        index when the kept row stands far down in it: then the order changes later, and `Reordered` tells of it."""
        self._turn += 1
        if self._coming is not None:
            self._coming.close()
            self._coming = None
        asked = self._selecting(self._choice)
        epoch = self._cache.database.epoch
        if not isinstance(asked, Asked) and not self._prefix and self.long and _looping():
            self._later(partial(self._looked, asked, epoch), keep, counts)
            return
        order = self._taken(asked if isinstance(asked, Asked) else asked(), epoch)
        if not order.whole and _looping() and not self._near(order, near or keep):
            self._coming = order
            self._later(partial(_whole, order), keep, counts)
            return
        self._reorder(order, keep)
        self._languages = counts

    def _near(self, order: Lineup, keep: str | None) -> bool:
        """Whether the place of the kept row in an order that is still being read can be told without waiting."""
        row = self._row_of(keep) if keep is not None else None
        if row is None or order.at_hand(row):
            return True
        place = self._order.find(row) if self._order.whole else None
        after = self._order.slice(place + 1, place + 9) if place is not None else ()  # where it was handled, perhaps
        return any(order.at_hand(each) for each in after)

    def _later(self, read: Callable[[], Awaitable[Lineup]], keep: str | None, counts: _Counts) -> None:
        """Let the order change when the new one is read; the old one stands until then."""
        heard: list[str] = []
        self._heard.append(heard)
        work = self._reordered(read, keep, counts, heard, self._turn)
        self._soon = asyncio.create_task(work, name="order of a list")

    async def _looked(self, look: Callable[[], Sequence[int]], epoch: int) -> Lineup:
        return Lineup(await self._cache.apart(look), epoch=epoch)

    async def _reordered(
        self, read: Callable[[], Awaitable[Lineup]], keep: str | None, counts: _Counts, heard: list[str], turn: int
    ) -> None:
        try:
            try:
                order = await read()
            finally:
                self._heard = [each for each in self._heard if each is not heard]
            if turn != self._turn:
                return
            self._coming = None
            if keep and self.here:  # the cursor may have gone on while the order was read
                keep = self._standing = self.here
            if order.epoch != self._cache.database.epoch:  # the file is another one now
                self._reorder_soon(keep)
                return
            self._reorder(order, keep)
            self._languages = counts
            self._changed(heard)  # what came while the lane was looked through
        except ModtuiError as error:
            self._desk.events.tell(Troubled(words=str(error)))
            return
        self._desk.events.tell(Reordered(self.lane, self.community))

    async def ordered(self) -> None:
        """Wait until the order that was asked for stands."""
        while self._soon is not None and not self._soon.done():
            await asyncio.wait([self._soon])

    # --- what happens around it

    def on_event(self, event: Event) -> None:
        """Take note of what arrived or changed. The order moves only while the list is empty, or where older pages come
        after the last row."""
        if isinstance(event, LaneLoaded):
            if event.lane == self.lane and event.community in self.scope:
                for heard in self._heard:
                    heard.extend(event.ids)
                self._known = None
                self._languages = None
                self._arrive(event.ids, backlog=event.backlog)
        elif isinstance(event, ItemsChanged):
            for heard in self._heard:
                heard.extend(event.items)
            self._changed(event.items)

    def _arrive(self, ids: Iterable[str], *, backlog: bool) -> None:
        fresh = self._passing(self._absent([id for id in ids if id not in self._fresh]))
        if self._prefix:
            self._append_named(fresh)
            return
        if not fresh:
            return
        if not len(self._order):
            self._reorder(self._those(fresh) if self.filtered and self.long else self._select())
        elif backlog and self.sort in PLACES and not self._choice.likes and self._extend(fresh):
            return
        else:
            self._fresh.update(dict.fromkeys(fresh))

    def _those(self, ids: Sequence[str]) -> Lineup:
        """These alone: where nothing passed before, a long lane is not looked through again."""
        epoch = self._cache.database.epoch
        return Lineup(self._cache.in_order(self._cache.rows_of(ids).values(), self.sort), epoch=epoch)

    def _append(self, ids: Sequence[str]) -> None:
        rows: dict[str, int] = self._cache.rows_of(ids)
        self._order.append([rows[id] for id in ids if id in rows])
        self._revision += 1

    def _append_named(self, fresh: Sequence[str]) -> None:
        """Members that the site found for the prefix come at the end: nothing moves. The others wait unseen."""
        wanted = set(named(self._cache, self._prefix, self.scope, limit=NAMED)) if fresh else set[str]()
        found = [id for id in fresh if id in wanted]
        if found:
            self._append(found)

    def _extend(self, fresh: list[str]) -> bool:
        """Put rows that sort after the last one at the end: nothing moves. False when they do not."""
        last_id = self.ids_of([self._order.at(len(self._order) - 1)])
        facts = [found for found in facts_for(self._cache, [*last_id, *fresh]) if found is not None]
        if len(facts) != len(fresh) + 1:
            return False
        place = PLACES[self.sort]
        last, rest = facts[0], sorted(facts[1:], key=place)
        if place(rest[0]) < place(last):
            return False
        self._append([found.id for found in rest])
        return True

    def _changed(self, ids: Sequence[str]) -> None:
        mine = [id for id in ids if self._belongs(id)]
        if not mine:
            return
        self._known = None
        self._languages = None
        for id in mine:
            row = self._rows.get(id)
            if row is not None:
                self._items[row] = (id, None)
        away = self._absent(mine)
        passing = set(self._passing(away))
        for id in away:
            if id not in passing:
                self._fresh.pop(id, None)
        self._arrive(passing, backlog=False)

    def _reorder(self, order: Lineup, keep: str | None = None) -> None:
        """Make `order` the order; what waited is taken in."""
        self._turn += 1
        before = self._order
        self._placed(order, keep)
        if before is not order and not any(held.order is before for held in self._holds):
            before.close()
        if self._fresh:
            self._arrived = frozenset(self._fresh)
            self._fresh = {}
        self._languages = None


async def _whole(order: Lineup) -> Lineup:
    """The order when all of it is read."""
    await asyncio.to_thread(order.wait)
    return order


def _looping() -> bool:
    """Whether there is an event loop here that can go on with something."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
