"""A frozen order of item ids: what the queue shows.

Only `merge`, a filter, a sort or a language re-orders it; what arrives meanwhile is counted (`new`), what was handled
stays. Nothing that a key or an event does costs more at 1,000,000 rows: the order is row numbers of the cache, 6 bytes
each, which come in behind the first ones (`modtui.store.lineup`); ids and items are read by window. What has to look
through the whole lane (a filter, a sort without an index, languages) does so in a thread where the lane is long: the
old order stands until the new one is there, and `Reordered` says that it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from msgspec import Struct, field

from modtui.desk.events import Event, ItemsChanged, LaneLoaded, Reordered, Troubled
from modtui.desk.filter import EVERYTHING, Around, Facts, Filter, parse
from modtui.desk.labels import named as named_communities
from modtui.desk.like import Likeness
from modtui.desk.marks import Marks
from modtui.desk.orders import PLACES, SORT_WORDS, SORTS, sorts_of, usual_sort
from modtui.desk.outcome import RowState
from modtui.desk.rooms import DeskLike
from modtui.desk.rows import TALLIES, Tally, facts_for, match_rows, tally
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane, parse_item_id
from modtui.errors import ModtuiError, UsageError
from modtui.store.lineup import BACKWARDS, Asked, Lineup
from modtui.store.people import named

__all__ = ["SORTS", "SORT_WORDS", "Ids", "View"]

T = TypeVar("T")
_WINDOW = 48
_NAMED = 200
_HELD = 512
_CHUNK = 500
LONG = 5_000
"""In a lane with more rows than this, what has to look through all of them does so in a thread."""
_LATELY_MS = 12 * 3_600_000


class Ids(Sequence[str]):
    """The ids of rows in order, read from the cache as they are asked for."""

    def __init__(self, view: View, rows: Sequence[int] | None = None) -> None:
        self._view = view
        self._rows = rows

    def __len__(self) -> int:
        return len(self._view if self._rows is None else self._rows)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            start, stop, step = i.indices(len(self))
            return self._view.ids_of(self._part(start, stop))[::step] if step > 0 else list(self)[i]
        at = i + len(self) if i < 0 else i
        return self._view.id_at(at) if self._rows is None else self._view.ids_of([self._rows[at]])[0]

    def __iter__(self) -> Iterator[str]:
        for at in range(0, len(self), _CHUNK):
            yield from self._view.ids_of(self._part(at, at + _CHUNK))

    def __contains__(self, id: object) -> bool:
        if self._rows is None:
            return isinstance(id, str) and self._view.index(id) is not None
        return any(id == each for each in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(
            mine == yours for mine, yours in zip(self, other, strict=True)
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]

    def _part(self, start: int, stop: int) -> Sequence[int]:
        return self._view.rows(start, stop) if self._rows is None else self._rows[start:stop]


class _Choice(Struct, frozen=True):
    """What a filter lets through."""

    filter: Filter = EVERYTHING
    likes: dict[str, dict[str, float]] = field(default_factory=dict)
    named: Mapping[str, frozenset[CommunityId]] = field(default_factory=dict)
    source: str | None = None


class Held(Struct, frozen=True):
    """A list as it was (`View.hold`), and what was heard of since."""

    choice: _Choice
    order: Lineup
    fresh: dict[str, None]
    arrived: frozenset[str]
    heard: list[str]


class View:
    """One lane of one community, or of all (`community` None), in a frozen order. Made by `Desk.view`."""

    def __init__(
        self, desk: DeskLike, lane: Lane, community: CommunityId | None = None, *, listen: bool = True
    ) -> None:
        self.lane: Lane = lane
        self.community = community
        self.sort = usual_sort(lane, whole=community is None and len(desk.communities) > 1)
        self.language: str | None = None
        """The language that `cycle_language` picked; None shows all, "" those of unknown language."""
        self._desk = desk
        self._cache = desk.store.cache
        self._choice = _Choice()
        self._order = Lineup()
        self._epoch: int = self._cache.database.epoch
        self._fresh: dict[str, None] = {}
        self._arrived: frozenset[str] = frozenset()
        self._items: dict[int, tuple[str, Item | None]] = {}
        self._rows: dict[str, int] = {}
        self._standing: str | None = None
        self._revision = 0
        self._turn = 0
        self._asked = 0
        self._heard: list[list[str]] = []
        """Lists that want the ids of what arrives or changes."""
        self._holds: list[Held] = []
        self._soon: asyncio.Task[None] | None = None
        self._meant: dict[str, str] = {}
        self._languages: dict[str | None, int] | None = None
        self._known: int | None = None
        self._prefix = ""
        self.marks = Marks(self)
        self.likeness = Likeness(self._cache)
        self._reorder(self._select())
        self.stop: Callable[[], None] = desk.events.subscribe(self.on_event) if listen else lambda: None

    @property
    def _filter(self) -> Filter:
        return self._choice.filter

    # --- the order

    def __len__(self) -> int:
        return len(self._order)

    @property
    def revision(self) -> int:
        """Rises whenever the order changes; what was computed for an older one is void."""
        return self._revision

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
    def loaded(self) -> int:
        """How many open items of this lane are known here, shown or not."""
        if self._known is None:
            self._known = sum(self._cache.count(self.lane, community) for community in self.scope)
        return self._known

    @property
    def others(self) -> int:
        """How many open items of the lane the filter hides."""
        return max(0, self.loaded - len(self._order) - len(self._fresh)) if self.filtered else 0

    @property
    def filtered(self) -> bool:
        """Whether a filter or a language narrows the list."""
        return bool(self._filter) or self.language is not None

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

    @property
    def scope(self) -> tuple[CommunityId, ...]:
        """The communities whose items are here."""
        if self.community is not None:
            return (self.community,)
        return tuple(community.id for community in self._desk.communities)

    def ids(self) -> Sequence[str]:
        """All ids in order, as a sequence that reads them when they are asked for: going through all of them takes 1 ms
        for 1000."""
        return Ids(self)

    def rows(self, start: int, stop: int) -> Sequence[int]:
        """The row numbers in the cache of the rows from `start` to before `stop`."""
        return self._order.slice(start, stop)

    def ids_of(self, rows: Sequence[int]) -> list[str]:
        """The ids of row numbers; of a row that the cache lost it is a word that names nothing."""
        found = self._cache.ids_of(rows) if self._valid else [None] * len(rows)
        return [id or self._lost(row) for row, id in zip(rows, found, strict=True)]

    @property
    def _valid(self) -> bool:
        """Whether the row numbers are still those of the cache: a damaged one is made anew."""
        return bool(self._cache.database.epoch == self._epoch)

    def _lost(self, row: int) -> str:
        held = self._items.get(row)
        return held[0] if held is not None else f"row {row}"

    def id_at(self, i: int) -> str:
        """The id of row `i`. Raises IndexError."""
        return self._at(i)[0]

    def index(self, id: str) -> int | None:
        """The row of an id, None when it is not in the list."""
        row = self._row_of(id)
        return None if row is None else self._order.find(row)

    def _row_of(self, id: str) -> int | None:
        row = self._rows.get(id)
        if row is not None or not self._valid:
            return row
        found: int | None = self._cache.rows_of([id]).get(id)
        return found

    def item_at(self, i: int) -> Item | None:
        """The item of row `i`, read with its neighbours; None when the cache lost it. Raises IndexError."""
        return self._at(i)[1]

    def _at(self, i: int) -> tuple[str, Item | None]:
        row = self._order.at(i)
        if row not in self._items or self._items[row][1] is None:
            self._fill(row, self._order.slice(i - _WINDOW // 2, i + _WINDOW))
        return self._items[row]

    def _fill(self, row: int, window: Sequence[int]) -> None:
        missing = [each for each in window if each not in self._items or (each == row and self._items[each][1] is None)]
        if len(self._items) + len(missing) > _HELD:
            self._items = {each: self._items[each] for each in window if each in self._items}
            self._rows = {held[0]: each for each, held in self._items.items()}
        found = self._cache.items_of(missing) if self._valid else [None] * len(missing)
        for each, pair in zip(missing, found, strict=True):
            self._items[each] = pair if pair is not None else (self._lost(each), None)
            self._rows[self._items[each][0]] = each

    # --- changing the order

    def merge(self, keep: str | None = None) -> None:
        """Sort again, take in the new ones, drop those that were handled. The row `keep` (where the cursor stands)
        stays even when it was handled, until `left`."""
        standing = keep if keep is not None else self._standing
        self._standing = standing
        self._reorder_soon(standing)

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
        self._choice = _Choice(wanted, likes, communities, next(iter(sources.values()), None))
        self._reorder(self._select())

    async def narrow(self, text: str) -> bool:
        """As `set_filter`, but a long lane is looked through in a thread and near copies bit by bit, so that no key
        waits for them. The last one asked for counts: False, and nothing has changed, when another filter came
        meanwhile."""
        wanted = parse(text)
        self._asked += 1
        number = self._asked
        communities = named_communities(self._desk.communities, wanted.communities)
        sources = {value: self._source(value) for value in wanted.likes}
        everything = self._everything() if sources else []
        likes = {value: dict(await self.likeness.search(source, everything)) for value, source in sources.items()}
        choice = _Choice(wanted, likes, communities, next(iter(sources.values()), None))
        shape: object = None
        found: Asked | Sequence[int] = ()
        heard: list[str] = []
        while shape != (shape := (self.sort, self.language, self._prefix)):  # they may change meanwhile
            if number != self._asked:
                return False
            heard = []
            asked = self._selecting(choice)
            if isinstance(asked, Asked):
                found = asked
            else:
                with self._hearing_into(heard):
                    found = await self._far(asked)
        if number != self._asked:
            return False
        self._choice = choice
        self._reorder(self._taken(found))
        self._changed(heard)  # what came while the lane was looked through
        if wanted.uses("text"):
            self._cache.index_soon()
        return True

    def hold(self) -> Held:
        """The list as it is, for `back`."""
        held = Held(self._choice, self._order, dict(self._fresh), self._arrived, [])
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
        self._reorder(held.order)
        self._fresh, self._arrived = held.fresh, held.arrived
        self._changed(held.heard)
        return True

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

    def language_counts(self) -> dict[str | None, int]:
        """How many items of each language the filter lets through, the most frequent first; None is not known."""
        if self._languages is None:
            self._languages = {one.value: one.count for one in self._tally("language", None)}
        return self._languages

    async def count_languages(self) -> dict[str | None, int]:
        """As `language_counts`, in a thread where the lane is long."""
        if self._languages is None:
            counting = self._tallying("language", None)
            self._languages = {one.value: one.count for one in await self._far(counting)}
        return self._languages

    def tally(self, by: str) -> list[Tally]:
        """What is shown (with what waits for `merge`), counted by `language`, `state`, `category`, `tag` or `all`, each
        with since when its oldest waits; the most frequent first. Raises UsageError, StoreError."""
        if by not in TALLIES:
            raise UsageError(f'The list cannot be counted by "{by}".', "There are " + ", ".join(TALLIES) + ".")
        return self._tally(by, self.language)

    @property
    def oldest_ms(self) -> int | None:
        """Since when the longest of what is shown waits (UTC ms); None while nothing is shown."""
        return next((one.oldest_ms for one in self.tally("all")), None)

    def _tally(self, by: str, language: str | None) -> list[Tally]:
        return self._tallying(by, language)()

    def _tallying(self, by: str, language: str | None) -> Callable[[], list[Tally]]:
        cache, lane, scope, wanted, around = self._cache, self.lane, self.scope, self._filter, self._around()
        return lambda: tally(by, cache, lane, scope, wanted, around, language, open_only=not wanted.any_state)

    def cycle_language(self) -> str | None:
        """Show the next language of `language_counts` only, after the last one all again. Returns what is shown now:
        a code, "" for unknown, None for all."""
        choices: list[str | None] = [code or "" for code in self.language_counts()]
        choices.append(None)
        at = choices.index(self.language) if self.language in choices else len(choices) - 1
        self.language = choices[(at + 1) % len(choices)]
        self._reorder_soon(counts=self._languages)
        return self.language

    # --- going through it

    def next_open(self, i: int, step: int = 1) -> int | None:
        """The nearest row after `i` (before it, with step -1) that nobody handled, took or put off; None at the end."""
        at, size = i + step, 8
        while 0 <= at < len(self._order) and self._valid:
            start = at if step > 0 else max(0, at - size + 1)
            window = self._order.slice(start, start + size if step > 0 else at + 1)[::step]
            for n, row in enumerate(self._cache.briefs_of(window)):
                fits = row is not None and row.state == "open" and (not row.claimed or row.claim_mine)
                if row is not None and fits and self._desk_open(row.id):
                    return at + n * step
            at += len(window) * step
            size = min(256, size * 4)
        return None

    def _desk_open(self, id: str) -> bool:
        state_of: Callable[[str], RowState] | None = getattr(self._desk, "state_of", None)
        if state_of is None:
            return True
        state = state_of(id)
        return state.open and state.kind != "other"

    def like(self, id: str, threshold: float | None = None) -> list[tuple[str, float]]:
        """The other shown items that say nearly the same as this one, least alike first, each with its likeness (0 to
        1). About 0.1 ms an item: `search_like` is the one for long lists."""
        return [pair for pair in self.likeness.find(id, self.ids(), threshold) if pair[0] != id]

    async def search_like(self, id: str, threshold: float | None = None) -> list[tuple[str, float]]:
        """As `like`, bit by bit, so that no key waits for it."""
        found = await self.likeness.search(id, Ids(self, self._order.copy()), threshold)
        return [pair for pair in found if pair[0] != id]

    def mean(self, item: Item) -> None:
        """`like:` with the number of this item is about this one, also where another community has the number too."""
        self._meant[item.number.casefold().lstrip("#@")] = item.id

    def alike(self, id: str) -> float | None:
        """While a `like:` filter holds: how like its item this one is, from 0 to 1."""
        return next((shares[id] for shares in self._choice.likes.values() if id in shares), None)

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
            self._reorder(self._select())
        elif backlog and self.sort in PLACES and not self._choice.likes and self._extend(fresh):
            return
        else:
            self._fresh.update(dict.fromkeys(fresh))

    def _absent(self, ids: Sequence[str]) -> list[str]:
        """Those that are not in the list."""
        rows: dict[str, int] = self._cache.rows_of(ids) if ids and self._valid else {}
        held = self._order.holding(list(rows.values()))
        return [id for id in ids if id not in rows or rows[id] not in held]

    def _append(self, ids: Sequence[str]) -> None:
        rows: dict[str, int] = self._cache.rows_of(ids)
        self._order.append([rows[id] for id in ids if id in rows])
        self._revision += 1

    def _append_named(self, fresh: Sequence[str]) -> None:
        """Members that the site found for the prefix come at the end: nothing moves. The others wait unseen."""
        wanted = set(named(self._cache, self._prefix, self.scope, limit=_NAMED)) if fresh else set[str]()
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

    def _belongs(self, id: str) -> bool:
        parsed = parse_item_id(id)
        return parsed is not None and parsed[0] == self.lane and parsed[1].community in self.scope

    # --- the filter

    def _select(self) -> Lineup:
        """The lane in order, filtered, as it is now."""
        asked = self._selecting(self._choice)
        return self._taken(asked if isinstance(asked, Asked) else asked())

    def _taken(self, found: Asked | Sequence[int]) -> Lineup:
        return Lineup.read(self._cache, found) if isinstance(found, Asked) else Lineup(found)

    def _selecting(self, choice: _Choice) -> Asked | Callable[[], Sequence[int]]:
        """What to ask for the order: of an index, or by a function that looks through the lane and may be called in a
        thread. A `like:` filter puts the least alike first: the exceptions."""
        cache, lane, scope, sort, language = self._cache, self.lane, self.scope, self.sort, self.language
        prefix = self._prefix if lane == "members" else ""
        aside = [] if prefix and not (choice.filter or language is not None) else sorted(self._aside(choice.filter))
        if sort in BACKWARDS and not (choice.filter or choice.likes or prefix or language is not None):
            without = cache.rows_of(aside).values() if aside else ()
            return Asked(lane, scope, sort, tuple(sorted(without)))  # type: ignore[arg-type]
        around = self._around(choice)

        def look() -> Sequence[int]:
            if prefix:
                ids = named(cache, prefix, scope, limit=_NAMED)
                ids = self._passing(ids, choice, around) if self.filtered else ids
                found = cache.rows_of(ids)
                return [found[id] for id in ids if id in found]
            wanted = choice.filter
            rows = match_rows(cache, lane, scope, sort, wanted, around, language, open_only=not wanted.any_state)
            if aside:
                away = set(cache.rows_of(aside).values())
                rows = [row for row in rows if row not in away]
            if choice.likes:
                shares = {id: share for each in choice.likes.values() for id, share in reversed(each.items())}
                alike = {row: shares[id] for id, row in cache.rows_of(list(shares)).items()}
                rows = sorted(rows, key=lambda row: alike.get(row, 0.0))
            return rows

        return look

    async def _far(self, look: Callable[[], T]) -> T:
        """What `look` finds, from a thread where the lane is long."""
        return await self._cache.apart(look) if self.long else look()

    def _reorder_soon(self, keep: str | None = None, *, counts: dict[str | None, int] | None = None) -> None:
        """Read the order anew. A long lane that has to be looked through is read in a thread: then the order changes
        later, and `Reordered` tells of it."""
        self._turn += 1
        asked = self._selecting(self._choice)
        if not isinstance(asked, Asked) and not self._prefix and self.long and _looping():
            self._soon = asyncio.create_task(self._reordered(asked, keep, counts, self._turn), name="order of a list")
            return
        self._reorder(self._taken(asked if isinstance(asked, Asked) else asked()), keep)
        self._languages = counts

    async def _reordered(
        self, look: Callable[[], Sequence[int]], keep: str | None, counts: dict[str | None, int] | None, turn: int
    ) -> None:
        try:
            rows = await self._cache.apart(look)
        except ModtuiError as error:
            self._desk.events.tell(Troubled(words=str(error)))
            return
        if turn == self._turn:
            self._reorder(Lineup(rows), keep)
            self._languages = counts
            self._desk.events.tell(Reordered(self.lane, self.community))

    @property
    def long(self) -> bool:
        """Whether the lane is too long to be looked through between two keys."""
        return self.loaded > LONG

    def _aside(self, wanted: Filter) -> frozenset[str]:
        """What the moderator put aside: it stays away until it comes back, unless it is asked for."""
        asked = wanted.uses("is:mine") or wanted.uses("is:marked")
        return frozenset() if asked else getattr(self._desk, "aside", frozenset())

    def _passing(self, ids: Sequence[str], choice: _Choice | None = None, around: Around | None = None) -> list[str]:
        """Those of a few ids that belong into the list."""
        if not ids:
            return []
        wanted = (choice or self._choice).filter
        around = around or self._around(choice)
        any_state = wanted.any_state
        aside = self._aside(wanted)
        return [
            facts.id
            for facts in facts_for(self._cache, ids)
            if facts is not None and facts.id not in aside and (any_state or facts.state == "open")
            and self._speaks(facts) and wanted.matches(facts, around)
        ]  # fmt: skip

    def _speaks(self, facts: Facts) -> bool:
        return self.language is None or (facts.language or "") == self.language

    def _around(self, choice: _Choice | None = None) -> Around:
        choice = choice or self._choice
        uses = choice.filter.uses
        nothing = frozenset[str]()
        # Pages of the directory are no news: there `is:new` means the members.
        news = uses("is:new") and self.lane != "members"
        return Around(
            now_ms=self._desk.clock.now_ms(), marked=self.marks.held() if uses("is:marked") else nothing,
            mine=self._mine() if uses("is:mine") else nothing,
            new=self._arrived | self._fresh.keys() if news else nothing, like=choice.likes, communities=choice.named,
        )  # fmt: skip

    def _mine(self) -> frozenset[str]:
        """What this desk has something on: open decisions, what was put off, and what was taken back lately."""
        journal: Any = self._desk.store.journal
        since_ms = self._desk.clock.now_ms() - _LATELY_MS
        ids = {target.item for decision in journal.open_decisions() for target in decision.targets}
        for decision in journal.history(limit=200):
            if decision.created_ms >= since_ms and decision.undo_of is None:
                ids.update(target.item for target in decision.targets if target.state == "undone")
        return frozenset(ids) | frozenset(journal.snoozed()) | frozenset(journal.skipped())

    def _everything(self) -> Sequence[str]:
        rows = self._cache.numbers(self.lane, self.scope)
        return Ids(self, rows)

    def _source(self, value: str) -> str:
        """The item that a `like:` word names, by number or native id. Raises UsageError."""
        wanted = value.lstrip("#")
        source = self.likeness.locate(wanted, self.lane, self.scope, first=self._meant.get(wanted))
        if source is None:
            raise UsageError(f'There is no item "{value}" in this lane.', "like: takes the number of an item.")
        return source

    def _reorder(self, order: Lineup, keep: str | None = None) -> None:
        """Make `order` the order. A kept row that is not in it stays before its old successor."""
        row = self._row_of(keep) if keep is not None else None
        old = self._order.find(row) if row is not None else None
        if row is not None and old is not None and not order.holding([row]):
            order.keep(row, self._successor(old, order))
        self._turn += 1
        if not any(held.order is self._order for held in self._holds):
            self._order.close()
        self._order = order
        self._epoch = self._cache.database.epoch
        self._items.clear()  # another modtui may have written rows that nothing told of here
        self._rows.clear()
        if self._fresh:
            self._arrived = frozenset(self._fresh)
            self._fresh = {}
        self._languages = None
        self._known = None
        self._revision += 1

    def _successor(self, place: int, order: Lineup) -> int | None:
        """The first row after this place that is in another order, too."""
        size = 32
        while place + 1 < len(self._order):
            window = self._order.slice(place + 1, place + 1 + size)
            held = order.holding(window)
            found = next((row for row in window if row in held), None)
            if found is not None:
                return found
            place, size = place + len(window), min(4096, size * 4)
        return None


def _looping() -> bool:
    """Whether there is an event loop here that can go on with something."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
