"""What belongs into a list: the filter, the language, what was put aside, and where the order of it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from modtui.desk.events import Troubled
from modtui.desk.filter import EVERYTHING, Around, Facts, Filter
from modtui.desk.ids import Ids
from modtui.desk.listed import Listed
from modtui.desk.marks import Marks
from modtui.desk.orders import usual_sort
from modtui.desk.rows import TALLIES, Tally, facts_for, match_rows, tally
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError, UsageError
from modtui.store.lineup import BACKWARDS, Asked, Lineup
from modtui.store.people import named

if TYPE_CHECKING:
    from modtui.desk.like import Likeness
    from modtui.desk.rooms import DeskLike

T = TypeVar("T")
NAMED = 200
"""So many members are found by the beginning of their names."""
_LATELY_MS = 12 * 3_600_000


class Choice(Struct, frozen=True):
    """What a filter lets through."""

    filter: Filter = EVERYTHING
    likes: dict[str, dict[str, float]] = field(default_factory=dict)
    named: Mapping[str, frozenset[CommunityId]] = field(default_factory=dict)
    source: str | None = None


class Selecting(Listed):
    """A list, and what lets rows into it."""

    def __init__(self, desk: DeskLike, lane: Lane, community: CommunityId | None) -> None:
        super().__init__(desk, lane, community)
        self.sort = usual_sort(lane, whole=community is None and len(desk.communities) > 1)
        self.language: str | None = None
        """The language that `cycle_language` picked; None shows all, "" those of unknown language."""
        self.marks = Marks(self)
        self._choice = Choice()
        self._prefix = ""
        self._fresh: dict[str, None] = {}
        self._arrived: frozenset[str] = frozenset()
        self._languages: dict[str | None, int] | None = None
        self._meant: dict[str, str] = {}

    @cached_property
    def likeness(self) -> Likeness:
        """Which items say nearly the same."""
        from modtui.desk.like import Likeness

        return Likeness(self._cache)

    @property
    def _filter(self) -> Filter:
        return self._choice.filter

    @property
    def filtered(self) -> bool:
        """Whether a filter or a language narrows the list."""
        return bool(self._filter) or self.language is not None

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

    def _select(self) -> Lineup:
        """The lane in order, filtered, as it is now."""
        asked = self._selecting(self._choice)
        epoch = self._cache.database.epoch
        return self._taken(asked if isinstance(asked, Asked) else asked(), epoch)

    def _taken(self, found: Asked | Sequence[int], epoch: int) -> Lineup:
        """The order that was found while the cache had this epoch."""
        if isinstance(found, Asked):
            return Lineup.read(self._cache, found, told=self._teller())
        return Lineup(found, epoch=epoch)

    def _teller(self) -> Callable[[ModtuiError], None]:
        """What tells of trouble from another thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return lambda error: None

        def tell(error: ModtuiError) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(self._desk.events.tell, Troubled(words=str(error)))

        return tell

    def _selecting(self, choice: Choice) -> Asked | Callable[[], Sequence[int]]:
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
                ids = named(cache, prefix, scope, limit=NAMED)
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

    async def all_ids(self) -> list[str]:
        """All ids of the list as it is now, from a thread where the lane is long."""
        rows = self._order.copy()
        return await self._far(lambda: self.ids_of(rows))

    async def _far(self, look: Callable[[], T]) -> T:
        """What `look` finds, from a thread where the lane is long."""
        return await self._cache.apart(look) if self.long else look()

    def _aside(self, wanted: Filter) -> frozenset[str]:
        """What the moderator put aside: it stays away until it comes back, unless it is asked for."""
        asked = wanted.uses("is:mine") or wanted.uses("is:marked")
        return frozenset() if asked else getattr(self._desk, "aside", frozenset())

    def _passing(self, ids: Sequence[str], choice: Choice | None = None, around: Around | None = None) -> list[str]:
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

    def _around(self, choice: Choice | None = None) -> Around:
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
