"""Saved replies for an item: the moderator's own, the starters and the site's, in the author's language first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from modtui.desk.language import code
from modtui.desk.placeholders import values_for
from modtui.domain.capability import Allowed
from modtui.domain.items import Item, Template
from modtui.domain.replies import SANCTION_TEXTS, Filled, SavedReply, codes, fill_reply, from_site, lacks, variant
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from modtui.text import Foreign
from modtui.text.words import fold

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

KEEP_S = 900.0
"""How long the site's own texts are taken as they were read."""
AGAIN_S = 60.0
"""How soon a site is asked again that could not be read."""
_WORD = re.compile(r"[^\W_]+")
_BODY = 4_000

Source = Literal["own", "starter", "site"]


class Entry(Struct, frozen=True, kw_only=True):
    """One saved reply as it is offered for an item.

    `id` is `own:NAME` or `site:ID`. `language` is what `text` is written in (None: not known), `gap` that the author's
    language `wanted` is not among `languages`. `text` has its placeholders; `Replies.fill` fills them.
    """

    id: str
    name: str
    title: Foreign
    text: Foreign
    tags: tuple[Foreign, ...] = ()
    keys: tuple[str, ...] = ()
    source: Source = "own"
    language: str | None = None
    wanted: str | None = None
    languages: tuple[str, ...] = ()
    gap: bool = False


class Replies:
    """The room of saved replies."""

    def __init__(self, desk: Desk, own: Callable[[], Sequence[SavedReply]]) -> None:
        self._desk = desk
        self._load = own
        self._own: tuple[SavedReply, ...] | None = None
        self._site: dict[CommunityId, tuple[float, tuple[Template, ...]]] = {}
        self._failed: dict[CommunityId, float] = {}

    @property
    def own(self) -> tuple[SavedReply, ...]:
        """All saved replies of the settings, starters included, by name."""
        if self._own is None:
            self._own = tuple(self._load())
        return self._own

    def known(self, item: Item, *, language: str | None = None) -> list[Entry]:
        """What can be offered now, without asking the site: those in the author's language first, then by name.
        `language` overrides the author's."""
        community = self._desk.community(item.ref.community)
        default = community.language if community is not None else None
        wanted = language or self.language(item)
        own = (reply for reply in self.own if reply.name not in SANCTION_TEXTS.values())
        entries = [_entry(reply, wanted, default) for reply in own]
        entries += [_template(one, wanted) for one in self._site.get(item.ref.community, (0.0, ()))[1]]
        return sorted(entries, key=_order)

    def language(self, item: Item) -> str | None:
        """The author's language: as the row in the cache has it (found in the text, or set by hand), for an item read
        from the site just now may not have it."""
        row = self._desk.item(item.id)
        known = (row.language if row is not None else None) or item.language
        return known or code(item.author.locale if item.author is not None else None)

    async def all(self, item: Item, *, language: str | None = None) -> list[Entry]:
        """As `known`, after the site's own texts were read, at most every quarter of an hour. A site that does not
        answer costs its own texts and nothing else."""
        await self._read(item.ref.community)
        return self.known(item, language=language)

    def find(self, text: str, item: Item, *, language: str | None = None) -> list[Entry]:
        """What fits `text`, the best first: a key, then name and title, tags, the words of the text. All words must
        fit; without any, everything. Plain and fast: for each key press."""
        return rank(text, self.known(item, language=language))

    def named(self, name: str, item: Item, *, language: str | None = None) -> Entry | None:
        """The entry with this name, id or key."""
        wanted = name.strip().lower()
        found = [one for one in self.known(item, language=language)
                 if wanted in (one.id.lower(), one.name.lower(), *one.keys)]  # fmt: skip
        return min(found, key=lambda one: one.name.lower() != wanted, default=None)

    def fill(
        self, entry: Entry, item: Item, *, to: str | None = None, link: str | None = None
    ) -> Filled:
        """The entry's text with its values. `to` is whom it goes to where that is not the item's author, `link` the
        address of a similar thread."""
        values = values_for(self._desk.community(item.ref.community), item, to=to, link=link)
        return fill_reply(entry.text, values)

    async def _read(self, id: CommunityId) -> None:
        community = self._desk.community(id)
        now = self._desk.clock.monotonic()
        if community is None or now - self._site.get(id, (-KEEP_S, ()))[0] < KEEP_S:
            return
        if now - self._failed.get(id, -AGAIN_S) < AGAIN_S:
            return
        if not isinstance(community.backend.capabilities.feature("templates"), Allowed):
            return
        self._failed[id] = now  # also while it is asked: two pickers ask once
        try:
            self._site[id] = (now, await community.backend.templates())
        except ModtuiError:
            return
        self._failed.pop(id, None)


def _entry(reply: SavedReply, wanted: str | None, default: str | None) -> Entry:
    language, text = variant(reply, wanted, default)
    return Entry(
        id=f"own:{reply.name}", name=reply.name, title=Foreign(reply.titles.get(language or "") or reply.title),
        text=Foreign(text), tags=tuple(Foreign(tag) for tag in reply.tags), keys=reply.keys,
        source="starter" if reply.starter else "own", language=language, wanted=wanted,
        languages=tuple(sorted(reply.texts)), gap=lacks(reply, wanted),
    )  # fmt: skip


def _template(one: Template, wanted: str | None) -> Entry:
    language = code(one.language)
    return Entry(
        id=f"site:{one.id}", name=f"site:{one.id}", title=one.title, text=Foreign(from_site(one.text)),
        tags=one.tags, source="site",
        language=language, wanted=wanted, languages=(language,) if language else (),
        gap=language is not None and bool(wanted) and language not in codes(wanted),
    )  # fmt: skip


def _order(entry: Entry) -> tuple[bool, int, str]:
    return entry.gap, ("own", "starter", "site").index(entry.source), entry.name


def rank(text: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that fit `text`, the best first; what fits alike stays in its order, the author's language first."""
    words = fold(text).split()
    if not words:
        return list(entries)
    scored: list[tuple[bool, float, int, Entry]] = []
    for place, entry in enumerate(entries):
        scores = [_fits(word, entry) for word in words]
        if all(scores):
            exact = fold(text).strip() in entry.keys
            scored.append((not exact, -sum(scores) + (5.0 if entry.gap else 0.0), place, entry))
    return [entry for *_, entry in sorted(scored, key=lambda one: one[:3])]


def _fits(word: str, entry: Entry) -> float:
    """How well one word fits: 0 not at all."""
    if word in entry.keys:
        return 100.0
    best = 0.0
    for text, weight in ((entry.name, 1.0), (entry.title, 0.9), *((tag, 0.7) for tag in entry.tags)):
        folded = fold(text)
        if folded.startswith(word):
            best = max(best, 60 * weight)
        elif any(part.startswith(word) for part in _WORD.findall(folded)):
            best = max(best, 50 * weight)
        elif word in folded:
            best = max(best, 35 * weight)
        elif len(word) > 1 and _scattered(word, folded):
            best = max(best, 15 * weight)
    if best < 10 and len(word) > 2 and word in fold(entry.text[:_BODY]):
        best = 10.0
    return best


def _scattered(word: str, text: str) -> bool:
    """Whether the letters of `word` stand in `text` in this order, beginning at the beginning of a word."""
    starts = [match.start() for match in _WORD.finditer(text) if text[match.start()] == word[0]]
    for start in starts:
        at = start
        for letter in word:
            at = text.find(letter, at) + 1
            if not at:
                break
        else:
            return True
    return False
