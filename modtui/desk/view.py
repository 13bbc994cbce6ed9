"""A frozen order of item ids: what the queue shows.

Only `merge`, a filter, a sort or a language re-orders it; what arrives meanwhile is counted (`new`), what was handled
stays. Nothing that a key does costs more at 100,000 rows: the order is a list, places are looked up in a dict that is
built once per order, rows are read from the cache by window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from msgspec import Struct

from modtui.desk.events import Event, ItemsChanged, LaneLoaded
from modtui.desk.filter import EVERYTHING, Around, Facts, Filter, parse
from modtui.desk.labels import named as named_communities
from modtui.desk.like import Likeness
from modtui.desk.marks import Marks
from modtui.desk.orders import PLACES, SORT_WORDS, SORTS, sorts_of, usual_sort
from modtui.desk.outcome import RowState
from modtui.desk.rooms import DeskLike
from modtui.desk.rows import TALLIES, Tally, facts_for, match_ids, tally
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane, parse_item_id
from modtui.errors import UsageError
from modtui.store.people import named

__all__ = ["SORTS", "SORT_WORDS", "View"]

_WINDOW = 48
_NAMED = 200
_HELD = 512
_LATELY_MS = 12 * 3_600_000


class Held(Struct, frozen=True):
    """A list as it was (`View.hold`), and what was heard of since."""

    filter: Filter
    likes: dict[str, dict[str, float]]
    source: str | None
    named: Mapping[str, frozenset[CommunityId]]
    order: list[str]
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
        self._filter = EVERYTHING
        self._order: list[str] = []
        self._at: dict[str, int] | None = None
        self._fresh: dict[str, None] = {}
        self._arrived: frozenset[str] = frozenset()
        self._items: dict[str, Item | None] = {}
        self._standing: str | None = None
        self._revision = 0
        self._likes: dict[str, dict[str, float]] = {}
        self._like_source: str | None = None
        self._named: Mapping[str, frozenset[CommunityId]] = {}
        self._meant: dict[str, str] = {}
        self._languages: dict[str | None, int] | None = None
        self._known: int | None = None
        self._prefix = ""
        self._asked = 0
        self._heard: list[list[str]] = []
        """Lists that want the ids of what arrives or changes."""
        self.marks = Marks(self)
        self.likeness = Likeness(self._cache)
        self._reorder(self._select())
        self.stop: Callable[[], None] = desk.events.subscribe(self.on_event) if listen else lambda: None

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
        return "least alike first" if self._likes else SORT_WORDS[self.sort]

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
        return self._like_source

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

    def ids(self) -> list[str]:
        """All ids in order. The list is the view's own: do not change it."""
        return self._order

    def id_at(self, i: int) -> str:
        """The id of row `i`. Raises IndexError."""
        return self._order[i]

    def index(self, id: str) -> int | None:
        """The row of an id, None when it is not in the list."""
        if self._at is None:
            self._at = {each: i for i, each in enumerate(self._order)}
        return self._at.get(id)

    def item_at(self, i: int) -> Item | None:
        """The item of row `i`, read with its neighbours; None when the cache lost it. Raises IndexError."""
        id = self._order[i]
        if id not in self._items:
            self._fill(self._order[max(0, i - _WINDOW // 2) : i + _WINDOW])
        return self._items.get(id)

    def _fill(self, window: Sequence[str]) -> None:
        missing = [id for id in window if id not in self._items]
        if len(self._items) + len(missing) > _HELD:
            self._items = {id: self._items[id] for id in window if id in self._items}
        self._items.update(zip(missing, self._cache.items(missing), strict=True))

    # --- changing the order

    def merge(self, keep: str | None = None) -> None:
        """Sort again, take in the new ones, drop those that were handled. The row `keep` (where the cursor stands)
        stays even when it was handled, until `left`."""
        standing = keep if keep is not None else self._standing
        self._items.clear()  # another modtui may have written rows that nothing told of here
        self._reorder(self._select(), standing if standing is not None and self.index(standing) is not None else None)
        self._standing = standing

    def left(self, id: str) -> None:
        """The cursor left this row: a handled one goes with the next merge."""
        if id == self._standing:
            self._standing = None

    def set_filter(self, text: str) -> None:
        """Show only what matches (see `modtui.desk.filter`); an empty text shows all. Raises UsageError, then nothing
        has changed. With `like:` in a long list `narrow` is kinder."""
        wanted = parse(text)
        self._asked += 1
        communities = named_communities(self._desk.communities, wanted.communities)
        everything = self._everything() if wanted.likes else []
        sources = {value: self._source(value, everything) for value in wanted.likes}
        likes = {value: dict(self.likeness.find(source, everything)) for value, source in sources.items()}
        self._filter, self._likes, self._named = wanted, likes, communities
        self._like_source = next(iter(sources.values()), None)
        self._reorder(self._select())

    async def narrow(self, text: str) -> bool:
        """As `set_filter`, but a long lane is looked through in a thread and near copies bit by bit, so that no key
        waits for them. The last one asked for counts: False, and nothing has changed, when another filter came
        meanwhile."""
        wanted = parse(text)
        self._asked += 1
        asked = self._asked
        communities = named_communities(self._desk.communities, wanted.communities)
        everything = self._everything() if wanted.likes else []
        sources = {value: self._source(value, everything) for value in wanted.likes}
        likes = {value: dict(await self.likeness.search(source, everything)) for value, source in sources.items()}
        shape: object = None
        found: list[str] = []
        heard: list[str] = []
        while shape != (shape := (self.sort, self.language, self._prefix)):  # they may change meanwhile
            if asked != self._asked:
                return False
            around = self._around_of(wanted, likes, communities)
            heard = []
            with self._hearing_into(heard):
                found = await self._cache.apart(partial(self._matching, wanted, around, self.sort, self.language))
        if asked != self._asked:
            return False
        self._filter, self._likes, self._named = wanted, likes, communities
        self._like_source = next(iter(sources.values()), None)
        self._reorder(self._select(found))
        self._changed(heard)  # what came while the lane was looked through
        if wanted.uses("text"):
            self._cache.index_soon()
        return True

    def hold(self) -> Held:
        """The list as it is, for `back`."""
        held = Held(
            self._filter, self._likes, self._like_source, self._named, self._order, dict(self._fresh), self._arrived, []
        )
        self._heard.append(held.heard)
        return held

    def back(self, held: Held, *, keep: bool = False) -> bool:
        """Undo every filter since `hold`: the list is as it was then, and what came since is new. With `keep` the list
        stays as it is now. Whether anything has changed. Once for each `hold`."""
        self._heard = [heard for heard in self._heard if heard is not held.heard]
        if keep:
            return False
        self._asked += 1
        if self._order is held.order and self._filter is held.filter:
            return False
        self._filter, self._likes, self._like_source, self._named = held.filter, held.likes, held.source, held.named
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
        self._reorder(self._select())

    def set_prefix(self, text: str) -> None:
        """Of the lane of members, show those whose username or name begins with `text` (at most 200, by name), of what
        is known here; an empty text shows all again. Fast enough for every key: an index is asked, not the lane."""
        if text != self._prefix:
            self._prefix = text
            self._reorder(self._select())

    def language_counts(self) -> dict[str | None, int]:
        """How many items of each language the filter lets through, the most frequent first; None is not known."""
        if self._languages is None:
            self._languages = {one.value: one.count for one in self._tally("language", None)}
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
        return tally(
            by, self._cache, self.lane, self.scope, self._filter, self._around(), language,
            open_only=not self._filter.any_state,
        )  # fmt: skip

    def cycle_language(self) -> str | None:
        """Show the next language of `language_counts` only, after the last one all again. Returns what is shown now:
        a code, "" for unknown, None for all."""
        choices: list[str | None] = [code or "" for code in self.language_counts()]
        choices.append(None)
        at = choices.index(self.language) if self.language in choices else len(choices) - 1
        self.language = choices[(at + 1) % len(choices)]
        counts = self._languages
        self._reorder(self._select())
        self._languages = counts
        return self.language

    # --- going through it

    def next_open(self, i: int, step: int = 1) -> int | None:
        """The nearest row after `i` (before it, with step -1) that nobody handled, took or put off; None at the end."""
        at, size = i + step, 8
        while 0 <= at < len(self._order):
            window = self._order[at : at + size] if step > 0 else self._order[max(0, at - size + 1) : at + 1][::-1]
            fit = {
                row.id for row in self._cache.rows(window)
                if row.state == "open" and (not row.claimed or row.claim_mine)
            }  # fmt: skip
            for n, id in enumerate(window):
                if id in fit and self._desk_open(id):
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
        return [pair for pair in self.likeness.find(id, self._order, threshold) if pair[0] != id]

    async def search_like(self, id: str, threshold: float | None = None) -> list[tuple[str, float]]:
        """As `like`, bit by bit, so that no key waits for it."""
        found = await self.likeness.search(id, list(self._order), threshold)
        return [pair for pair in found if pair[0] != id]

    def mean(self, item: Item) -> None:
        """`like:` with the number of this item is about this one, also where another community has the number too."""
        self._meant[item.number.casefold().lstrip("#@")] = item.id

    def alike(self, id: str) -> float | None:
        """While a `like:` filter holds: how like its item this one is, from 0 to 1."""
        return next((shares[id] for shares in self._likes.values() if id in shares), None)

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
        fresh = [id for id in ids if id not in self._fresh and self.index(id) is None]
        fresh = self._passing(fresh)
        if self._prefix:
            self._append_named(fresh)
            return
        if not fresh:
            return
        if not self._order:
            self._reorder(self._select())
        elif backlog and self.sort in PLACES and not self._likes and self._extend(fresh):
            return
        else:
            self._fresh.update(dict.fromkeys(fresh))

    def _append_named(self, fresh: Sequence[str]) -> None:
        """Members that the site found for the prefix come at the end: nothing moves. The others wait unseen."""
        wanted = set(named(self._cache, self._prefix, self.scope, limit=_NAMED)) if fresh else set[str]()
        found = [id for id in fresh if id in wanted]
        if found:
            self._order.extend(found)
            self._at = None
            self._revision += 1

    def _extend(self, fresh: list[str]) -> bool:
        """Put rows that sort after the last one at the end: nothing moves. False when they do not."""
        facts = [found for found in facts_for(self._cache, [self._order[-1], *fresh]) if found is not None]
        if len(facts) != len(fresh) + 1:
            return False
        place = PLACES[self.sort]
        last, rest = facts[0], sorted(facts[1:], key=place)
        if place(rest[0]) < place(last):
            return False
        start = len(self._order)
        self._order.extend(found.id for found in rest)
        if self._at is not None:
            self._at.update((found.id, start + n) for n, found in enumerate(rest))
        self._revision += 1
        return True

    def _changed(self, ids: Sequence[str]) -> None:
        mine = [id for id in ids if self._belongs(id)]
        if not mine:
            return
        self._known = None
        self._languages = None
        for id in mine:
            self._items.pop(id, None)
        away = [id for id in mine if self.index(id) is None]
        passing = set(self._passing(away))
        for id in away:
            if id not in passing:
                self._fresh.pop(id, None)
        self._arrive(passing, backlog=False)

    def _belongs(self, id: str) -> bool:
        parsed = parse_item_id(id)
        return parsed is not None and parsed[0] == self.lane and parsed[1].community in self.scope

    # --- the filter

    def _matching(self, wanted: Filter, around: Around, sort: str, language: str | None) -> list[str]:
        return match_ids(
            self._cache, self.lane, self.scope, sort, wanted, around, language, open_only=not wanted.any_state
        )

    def _select(self, found: list[str] | None = None) -> list[str]:
        """All ids of the lane in order, filtered (`found`, where that was asked already). A `like:` filter puts the
        least alike first: the exceptions."""
        if self._prefix and self.lane == "members":
            ids = named(self._cache, self._prefix, self.scope, limit=_NAMED)
            return self._passing(ids) if self.filtered else ids
        if found is None:
            found = self._matching(self._filter, self._around(), self.sort, self.language)
        if aside := self._aside():
            found = [id for id in found if id not in aside]
        if self._likes:
            found.sort(key=lambda id: self.alike(id) or 0.0)
        return found

    def _aside(self) -> frozenset[str]:
        """What the moderator put aside: it stays away until it comes back, unless it is asked for."""
        asked = self._filter.uses("is:mine") or self._filter.uses("is:marked")
        return frozenset() if asked else getattr(self._desk, "aside", frozenset())

    def _passing(self, ids: Sequence[str]) -> list[str]:
        """Those of a few ids that belong into the list."""
        if not ids:
            return []
        around = self._around()
        any_state = self._filter.any_state
        aside = self._aside()
        return [
            facts.id
            for facts in facts_for(self._cache, ids)
            if facts is not None and facts.id not in aside and (any_state or facts.state == "open")
            and self._speaks(facts) and self._filter.matches(facts, around)
        ]  # fmt: skip

    def _speaks(self, facts: Facts) -> bool:
        return self.language is None or (facts.language or "") == self.language

    def _around(self) -> Around:
        return self._around_of(self._filter, self._likes, self._named)

    def _around_of(
        self, wanted: Filter, likes: Mapping[str, dict[str, float]], communities: Mapping[str, frozenset[CommunityId]]
    ) -> Around:
        mine: frozenset[str] = frozenset()
        if wanted.uses("is:mine"):
            mine = self._mine()
        # Pages of the directory are no news: there `is:new` means the members.
        new = self._arrived | self._fresh.keys() if self.lane != "members" else frozenset[str]()
        return Around(
            now_ms=self._desk.clock.now_ms(), marked=self.marks, mine=mine, new=new, like=likes,
            communities=communities,
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

    def _everything(self) -> list[str]:
        return list(self._cache.ids(self.lane, self.scope, open_only=True, order="oldest"))

    def _source(self, value: str, everything: list[str]) -> str:
        """The item that a `like:` word names, by number or native id. Raises UsageError."""
        meant = self._meant.get(value.lstrip("#"))
        if meant is not None and meant in everything:
            return meant
        source = self.likeness.locate(value.lstrip("#"), everything, self.lane, self.scope)
        if source is None:
            raise UsageError(f'There is no item "{value}" in this lane.', "like: takes the number of an item.")
        return source

    def _reorder(self, order: list[str], keep: str | None = None) -> None:
        """Make `order` the order. A kept row that is not in it stays before its old successor."""
        if keep is not None and keep not in order:
            old = self.index(keep)
            place = len(order)
            if old is not None:
                where = {id: i for i, id in enumerate(order)}
                place = next((where[id] for id in self._order[old + 1 :] if id in where), place)
            order.insert(place, keep)
        self._order = order
        self._at = None
        if self._fresh:
            self._arrived = frozenset(self._fresh)
            self._fresh = {}
        self._languages = None
        self._known = None
        self._revision += 1
