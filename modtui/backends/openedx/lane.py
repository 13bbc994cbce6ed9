"""The lane of questions: the forum's own list of questions without a marked answer, read page by page.

A thread with answers is read for who spoke last, and again only when its list row shows that something was written (or
deleted) since. Nothing else costs a request of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import msgspec

from modtui.backends.openedx.client import Client, Unshowable, read_rows
from modtui.backends.openedx.questions import KIND, QUESTION, Talk, question_item, talk_of
from modtui.backends.openedx.wire import Thread, ThreadPage
from modtui.domain.capability import Capability
from modtui.domain.items import Gone, Item, Page
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import NotFound, Refused, SiteError

PER_PAGE = 20
WATCHED = 100
"""How many threads one look for changes compares: those in which something was written last."""
_AT_ONCE = 4
_KEPT = 2000
_WATCH_PAGES = 5
_Mark = tuple[str | None, int]


class Questions:
    """The lane of one course. It remembers what it read of threads that have not moved (bounded)."""

    def __init__(
        self, client: Client, community: CommunityId, *, member: str | None, notice: str, address: str,
        can: Callable[[], Capability],
    ) -> None:  # fmt: skip
        self._client, self._community, self._member = client, community, member
        self._notice, self._address, self._can = notice, address, can
        self._talks: dict[str, tuple[_Mark, Talk]] = {}
        self._watched: set[str] | None = None

    # --- looking

    async def count(self) -> int:
        """How many questions wait. The site's number has closed and replaced ones in it; those among the hundred in
        which something was written last are taken off."""
        return self.number(await self.newest(why="count"))

    async def newest(self, *, why: str) -> ThreadPage:
        """The hundred questions without a marked answer in which something was written last."""
        return await self._client.questions(1, WATCHED, sort="activity", why=why)

    def number(self, page: ThreadPage) -> int:
        """How many wait, by such a page."""
        threads, bad = read_rows(page.collection, Thread)
        told = page.thread_count if page.thread_count is not None else len(threads) + bad
        return max(0, told - sum(not self._waits(thread) for thread in threads))

    def _waits(self, thread: Thread) -> bool:
        item = question_item(
            thread, None, community=self._community, course=self._client.course, can_write=self._can(),
            base=self._notice,
        )  # fmt: skip
        return item.state == "open"

    async def page(self, number: int, before: int) -> Page:
        """A page of questions that wait, newest first, as the site sorts. `before` is how many threads the list had:
        when some have left, the page before is read again, since rows moved up."""
        if number == 1:
            await self._learn_watched()
        page = await self._client.questions(number, PER_PAGE)
        rows, now = list(page.collection), page.thread_count or 0
        if number > 1 and now < before:
            rows = [*(await self._client.questions(number - 1, PER_PAGE)).collection, *rows]
        threads, bad = read_rows(rows, Thread)
        waiting = {thread.native: thread for thread in threads if self._waits(thread)}
        items = await self._items(list(waiting.values()))
        last = number >= page.num_pages or not page.collection
        total = len(items) if number == 1 and last else None
        return Page(
            items=tuple(item for item in items if item.state == "open" and item.question is not None
                        and item.question.state != "solved"),
            cursor=None if last else f"{number + 1}:{now}", total=total, unreadable=bad, rising=False,
        )  # fmt: skip

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Each question anew, with what was said below it: one request each (a thread of hundreds takes more)."""
        if self._watched is None and refs:
            await self._learn_watched()
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(ref: SubjectRef) -> Item | Gone:
            async with limit:
                try:
                    thread, comments, _ = await self._client.comments_of(ref.native)
                except NotFound:
                    return Gone(ref=ref)
                except Unshowable:
                    return await self._listed(ref)
            if thread.thread_type != QUESTION:
                return Gone(ref=ref, why="it is not a question any more")
            talk = talk_of(thread, comments)
            self._keep(thread, talk)
            return self._item(thread, talk)

        answers = await asyncio.gather(*(one(ref) for ref in refs))
        return dict(zip(refs, answers, strict=True))

    async def _listed(self, ref: SubjectRef) -> Item | Gone:
        """A question as the list of newest ones has it, where the forum cannot show its thread."""
        threads, _ = read_rows((await self.newest(why="the question again")).collection, Thread)
        found = next((one for one in threads if one.native == ref.native), None)
        return self._item(found, None) if found is not None else Gone(ref=ref, why="the forum cannot show this thread")

    # --- what was said

    async def _items(self, threads: Sequence[Thread]) -> list[Item]:
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(thread: Thread) -> Item | None:
            if not thread.comments_count:
                return self._item(thread, None)
            known = self._talks.get(thread.native)
            if known is not None and known[0] == _mark(thread):
                return self._item(thread, known[1])
            async with limit:
                try:
                    whole, comments, _ = await self._client.comments_of(thread.native)
                except NotFound:
                    return None
                except SiteError:  # a post without text, or trouble of the forum's own: the row is there all the same
                    item = self._item(thread, None)
                    return msgspec.structs.replace(item, problem="the forum cannot show this thread")
            talk = talk_of(whole, comments)
            self._keep(thread, talk)
            return self._item(whole, talk)

        found = await asyncio.gather(*(one(thread) for thread in threads))
        return [item for item in found if item is not None]

    def _item(self, thread: Thread, talk: Talk | None) -> Item:
        return question_item(
            thread, talk, community=self._community, course=self._client.course, can_write=self._can(),
            base=self._notice, watched=thread.native in (self._watched or ()), address=self._address,
        )  # fmt: skip

    def _keep(self, thread: Thread, talk: Talk) -> None:
        self._talks.pop(thread.native, None)
        self._talks[thread.native] = (_mark(thread), talk)
        while len(self._talks) > _KEPT:
            del self._talks[next(iter(self._talks))]

    # --- watching

    async def _learn_watched(self) -> None:
        """Which questions the acting member watches: one request for a hundred of them."""
        if self._member is None:
            return
        found: set[str] = set()
        try:
            for number in range(1, _WATCH_PAGES + 1):
                page = await self._client.watched(self._member, number)
                found |= {thread.native for thread in read_rows(page.collection, Thread)[0]}
                if number >= page.num_pages:
                    break
        except (NotFound, Refused, SiteError):
            return  # a mark beside a row, not worth the lane
        self._watched = found

    def note_watched(self, native: str, *, on: bool) -> None:
        """We watch a thread now, or no more."""
        if self._watched is not None:
            (self._watched.add if on else self._watched.discard)(native)

    # --- changes

    def ref(self, native: str) -> SubjectRef:
        """The reference of a question."""
        return SubjectRef(self._community, KIND, native)


def fingerprints(page: ThreadPage) -> dict[str, str]:
    """Id of each question with a short digest of what a moderator would see change."""
    threads, _ = read_rows(page.collection, Thread)
    found: dict[str, str] = {}
    for one in threads:
        facts = (*_mark(one), one.closed, len(one.edit_history), one.title, one.text, one.commentable_id)
        found[one.native] = hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return found


def _mark(thread: Thread) -> _Mark:
    """What changes when somebody writes in a thread, or something in it is deleted."""
    return thread.last_activity_at, thread.comments_count
