"""The search over everything that is cached: all lanes, all communities, open and decided, the newest first.

It asks no site. It runs in a thread; of several questions only the last one is answered.
"""

from __future__ import annotations

import asyncio
import re

from msgspec import Struct

from modtui.desk.rooms import DeskLike
from modtui.domain.items import Item
from modtui.store.posts import FAR, READ, count_posts, search_posts

MOST = 200
"""So many hits are listed, the newest."""
LEAST = 2
"""With fewer signs than this nothing is looked for."""
_PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


class Question(Struct, frozen=True):
    """What is looked for: `words` have to stand in a post, each may be several words that were quoted; none of
    `without` may."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether there is enough to look for."""
        return any(len(word) >= LEAST or not word.isascii() for word in self.words)


def parse(text: str) -> Question:
    """Words, "words in quotes" that stand together, -words that may not stand there. Any text is a question; a quote
    that was not closed ends with the text."""
    words: dict[str, None] = {}
    without: dict[str, None] = {}
    for minus, quoted, word in _PART.findall(text):
        part = " ".join((quoted or word).split())
        if part and part != "-":
            (without if minus else words)[part] = None
    return Question(tuple(words), tuple(without))


class Found(Struct, frozen=True):
    """What a search found: `hits`, newest first. `more`: there are others, older than these. `complete`: there are
    none. With neither not all was looked at; `far`: as far as it goes. `unindexed` texts are not in the index yet;
    `cached` is how many posts there are, counted only where nothing was found."""

    text: str
    question: Question
    hits: tuple[Item, ...] = ()
    complete: bool = True
    more: bool = False
    unindexed: int = 0
    cached: int = 0
    far: bool = False

    @property
    def open_end(self) -> bool:
        """Whether looking further may find more."""
        return not (self.complete or self.more or self.far)


class Searching:
    """Searches what is cached. One per desk."""

    def __init__(self, desk: DeskLike) -> None:
        self._desk = desk
        self._asked = 0
        self._turn = asyncio.Lock()
        self.last: Found | None = None
        """What was found last."""
        self.at: str | None = None
        """The id of the hit that was looked at last."""

    async def find(self, text: str, *, far: bool = False) -> Found | None:
        """The newest hits for what was typed; None when another question was asked meanwhile, or when there is too
        little to look for. With `far` more texts are read where the index cannot decide: that takes up to a second or
        two. Raises StoreError."""
        self.stop()
        mine = self._asked
        question = parse(text)
        if not question.enough:
            return None
        async with self._turn:
            if self._asked != mine:
                return None
            found = await asyncio.to_thread(self._find, text, question, mine, far)
        if self._asked != mine:
            return None
        self.last = found
        return found

    def stop(self) -> None:
        """What was asked before is not wanted any more."""
        self._asked += 1

    def _find(self, text: str, question: Question, mine: int, far: bool) -> Found:
        cache = self._desk.store.cache
        scope = [one.id for one in self._desk.communities]
        posts = search_posts(
            cache, question.words, scope, without=question.without, limit=MOST, read=FAR if far else READ,
            stop=lambda: self._asked != mine,
        )  # fmt: skip
        hits: list[Item | None] = []
        with cache.database.apart():
            hits = cache.items(posts.ids)
            unindexed = cache.unindexed()
        return Found(
            text=text, question=question, hits=tuple(item for item in hits if item is not None),
            complete=posts.complete, more=posts.more, unindexed=unindexed,
            cached=count_posts(cache, scope) if not posts.ids else 0, far=far,
        )  # fmt: skip
