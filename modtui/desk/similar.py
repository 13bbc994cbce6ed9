"""Similar solved threads: what was answered before, so that it can be linked instead of written again.

Looked for in the local index; where that knows too little and the budget has room, the site's own search is asked,
once for each question. The index grows from a trickle of the site's answered threads, and from every thread that was
read and has an accepted answer.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from modtui.backends.budget import spending
from modtui.desk.link import broken
from modtui.desk.rooms import DeskLike
from modtui.domain.capability import Allowed
from modtui.domain.items import Answered, Body, Item, Thread
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError, RateLimited
from modtui.store.cachefile import ANSWERED
from modtui.store.solved import Found, SolvedIndex
from modtui.text import Foreign
from modtui.text.words import STOP, fold

ENOUGH = 2
"""With fewer threads than this from the index, the site is asked."""
KEPT = 100_000
"""Threads of one community that the trickle brings at most."""
_REMEMBERED = 200
_ASKED_WORDS = 6
_TAG = re.compile(r"<[^<>]{0,2000}>")
_WORD = re.compile(r"[^\W_]{3,}")
_DONE = "done"


class _Walk:
    """How far the answered threads of a community were read in this session."""

    __slots__ = ("cursor", "news", "over")

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.news = True
        """The newest pages first, until known ground."""
        self.over = False


class Similar:
    """Finds threads like a question. One per desk."""

    def __init__(self, desk: DeskLike) -> None:
        self._desk = desk
        self.index = SolvedIndex(desk.store.cache)
        self._walks: dict[CommunityId, _Walk] = {}
        self._asked: dict[str, None] = {}
        self._memo: dict[str, tuple[tuple[int, str], tuple[Answered, ...]]] = {}
        self._revision = 0

    # --- looking

    def known(self, item: Item) -> tuple[Answered, ...] | None:
        """What `find` found last for the item as it is, for drawing; None while it was not asked."""
        held = self._memo.get(item.id)
        return held[1] if held is not None and held[0][1] == _mark(item) else None

    async def find(self, item: Item, limit: int = 5) -> tuple[Answered, ...]:
        """Solved or answered threads like the item's, the best first, none of them its own. The site's trouble is no
        error here: then it is what the index has. Raises StoreError."""
        held = self._memo.get(item.id)
        if held is not None and held[0] == (self._revision, _mark(item)) and len(held[1]) >= min(limit, ENOUGH):
            return held[1][:limit]
        found = [one.thread for one in await self._local(item, limit)]
        if len(found) < ENOUGH:
            theirs = await self._ask(item)
            if theirs:
                found = [one.thread for one in await self._local(item, limit)]
                here = {thread.id for thread in found}
                found += [one for one in theirs if one.id not in here and one.id != thread_of(item)]
        if len(self._memo) >= _REMEMBERED:
            self._memo.pop(next(iter(self._memo)))
        self._memo[item.id] = ((self._revision, _mark(item)), tuple(found[:limit]))
        return tuple(found[:limit])

    async def search(self, text: str, community: CommunityId, limit: int = 10) -> tuple[Answered, ...]:
        """Threads of the index with these words, while they are typed: the last word may be a beginning. Raises
        StoreError."""
        found = await asyncio.to_thread(self.index.search, text, "", community, limit=limit, typing=True)
        return tuple(one.thread for one in found)

    async def _local(self, item: Item, limit: int) -> list[Found]:
        body = item.source if item.source is not None else item.body.text if item.body else ""
        return await asyncio.to_thread(
            self.index.search, item.title, body, item.ref.community, language=item.language, without=thread_of(item),
            limit=limit,
        )  # fmt: skip

    async def _ask(self, item: Item) -> tuple[Answered, ...]:
        """Ask the site's own search, at most once for a question's title."""
        community = self._community(item.ref.community)
        mark = f"{item.id} {hash(item.title)}"
        words = _asked_words(item.title)
        if community is None or mark in self._asked or not words or not _room(community, "search"):
            return ()
        if len(self._asked) >= _REMEMBERED:
            self._asked.pop(next(iter(self._asked)))
        self._asked[mark] = None
        try:
            with spending("read"):
                await community.identify()
                found = tuple(await community.backend.search(" ".join(words), solved=True))
        except ModtuiError:
            return ()
        await self._keep(item.ref.community, found)
        return found

    # --- learning

    async def learn(self, item: Item, thread: Thread) -> None:
        """A thread was read: when it has an accepted answer, it is one of those that others may be like. Raises
        StoreError."""
        answer = next((post for post in thread.posts if post.accepted), None)
        if answer is None:
            return
        first = next((post.body for post in thread.posts if post.number == 1), None)
        asked = first or (item.body if item.kind == "question" else None)
        mine = item.kind == "question"
        answered = Answered(
            id=thread_of(item) or thread.id, title=thread.title, text=_plain(asked), answer=_plain(answer.body),
            url=thread.url, by=answer.author.username if answer.author else None, solved=True, at_ms=answer.created_ms,
            language=item.language if mine else None, category=item.place.category,
        )  # fmt: skip
        await self._keep(item.ref.community, (answered,))

    def again(self, community: CommunityId) -> None:
        """Look for what was answered since, at the pace of the trickle."""
        self._walks.pop(community, None)

    async def step(self, community: Any) -> bool:
        """Read one more page of a community's answered threads: the newest until known ground, then on from where the
        last session ended. False when there is nothing to read. Raises StoreError, and the backend's errors that
        concern the line."""
        walk = self._walks.setdefault(community.id, _Walk())
        if walk.over or not isinstance(community.backend.capabilities.feature("answered"), Allowed):
            return False
        cache = self._desk.store.cache
        key = f"{ANSWERED}{community.id}"
        try:
            page = await community.backend.answered(walk.cursor)
        except ModtuiError as error:
            if broken(error) or isinstance(error, RateLimited):
                raise
            walk.over = True  # this list is not for us: the line is as good as before
            return True
        new = await self._keep(community.id, page.threads)
        walk.cursor = page.cursor
        if walk.news:
            before: str | None = cache.get_meta(key)
            if page.cursor is None:
                walk.over = True
                await cache.put_meta(key, _DONE)
            elif before is None:
                walk.news = False
            elif new < len(page.threads):
                walk.news, walk.cursor, walk.over = False, before, before == _DONE
        if not walk.news and not walk.over:
            walk.over = walk.cursor is None or self.index.count(community.id) >= KEPT
            await cache.put_meta(key, _DONE if walk.over else walk.cursor)
        return True

    async def _keep(self, community: CommunityId, threads: Sequence[Answered]) -> int:
        if not threads:
            return 0
        new = await self.index.put(community, await asyncio.to_thread(_with_languages, threads))
        if new:
            self._revision += 1
        return new

    def _community(self, id: CommunityId) -> Any:
        return next((one for one in self._desk.communities if one.id == id), None)


def _with_languages(threads: Sequence[Answered]) -> list[Answered]:
    """The threads with the languages of their words. Runs in a thread."""
    from modtui.text.detect import load

    detector = load() if any(thread.language is None for thread in threads) else None
    if detector is None:
        return list(threads)
    return [
        thread if thread.language is not None
        else replace(thread, language=detector.language(f"{thread.title}\n\n{thread.text}\n\n{thread.answer}"))
        for thread in threads
    ]  # fmt: skip


def thread_of(item: Item) -> str | None:
    """The native id of the item's thread."""
    return item.place.thread_id or (item.ref.native if item.kind == "question" else None)


def _mark(item: Item) -> str:
    body = item.source if item.source is not None else item.body.text if item.body else ""
    return f"{thread_of(item)} {item.language} {hash((item.title, body))}"


def _room(community: Any, feature: str) -> bool:
    """Whether the site has the feature, the line is up, and at least half of the budget is left."""
    budget = community.backend.wire.budget
    return bool(
        isinstance(community.backend.capabilities.feature(feature), Allowed)
        and community.link.state in ("live", "starting") and budget.wait_s <= 0
        and (budget.limit <= 0 or budget.used < budget.limit / 2)
    )  # fmt: skip


def _asked_words(title: str) -> list[str]:
    """The words of a title that a site's search is asked for, as they were written."""
    words = dict.fromkeys(word for word in _WORD.findall(title) if fold(word) not in STOP)
    return sorted(words, key=lambda word: -len(word))[:_ASKED_WORDS]


def _plain(body: Body | None) -> Foreign:
    """A body's text without tags."""
    if body is None:
        return Foreign("")
    if body.format != "html":
        return body.text
    return Foreign(html.unescape(_TAG.sub(" ", body.text)).strip())
