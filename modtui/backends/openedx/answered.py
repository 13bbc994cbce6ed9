"""Questions with a marked answer, the site's own search for them, and the course's topics.

No list names the threads that have a marked answer, only those that have none. So the list of all questions is read
beside the list of those without: what stands in the first and not in the second is answered, and only that is read for
its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from modtui.backends.base import ChoiceKind
from modtui.backends.openedx.client import Client, Unshowable, read_cursor, read_rows
from modtui.backends.openedx.questions import comment_id, talk_of, thread_url
from modtui.backends.openedx.shape import author_of
from modtui.backends.openedx.wire import Thread
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.items import Answered, Answers, Choice
from modtui.errors import NotFound, Refused, SiteError
from modtui.text import Foreign, count
from modtui.text.time import parse_iso_or_none

PER_PAGE = 20
FOUND = 10
MOST = 50
_AT_ONCE = 4
_NO_SEARCH = Blocked("setting", "the forum's search service does not answer")


class Library:
    """What a course has to answer with."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self.can_search: Capability = ALLOWED
        """A site without a search service shows it only when it is asked."""

    async def answered(self, cursor: str | None) -> Answers:
        """A page of questions with a marked answer, newest first: two or three requests, and one for each that has a
        marked answer."""
        number, before = read_cursor(cursor)
        page = await self._client.questions(
            number, PER_PAGE, answered=None, sort="activity", why="answered questions"
        )
        threads, _ = read_rows(page.collection, Thread)
        without = await self._without(before) if any(one.comments_count for one in threads) else set()
        found = await self._read(one for one in threads if one.comments_count and one.native not in without)
        last = number >= page.num_pages or not page.collection
        passed = before + sum(one.native in without or not one.comments_count for one in threads)
        return Answers(threads=found, cursor=None if last else f"{number + 1}:{passed}")

    async def _without(self, before: int) -> set[str]:
        """The questions without a marked answer that can stand on a page which `before` of them precede. (When the
        lists moved meanwhile, a thread is read for nothing; none is taken for answered that is not.)"""
        first = before // PER_PAGE + 1
        found: set[str] = set()
        for number in (first, first + 1) if before % PER_PAGE else (first,):
            page = await self._client.questions(
                number, PER_PAGE, sort="activity", why="questions without an answer"
            )
            found |= {one.native for one in read_rows(page.collection, Thread)[0]}
            if number >= page.num_pages:
                break
        return found

    async def _read(self, threads: Iterable[Thread], *, solved: bool = True) -> tuple[Answered, ...]:
        """The threads with their answers, in this order; without those that turn out to have none (`solved`)."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(thread: Thread) -> Answered | None:
            async with limit:
                try:
                    whole, comments, _ = await self._client.comments_of(thread.native)
                except (NotFound, Unshowable):
                    return None
            talk = talk_of(whole, comments)
            marked = comment_id(talk.accepted) if talk.accepted else None
            answer = next((each for each in comments if each.native == marked), None)
            if answer is None and solved:
                return None
            author = author_of(answer) if answer is not None else None
            points = whole.votes.get("point") if isinstance(whole.votes, dict) else None
            return Answered(
                id=whole.native, title=Foreign(whole.title.strip()), text=whole.text,
                answer=answer.text if answer is not None else Foreign(""),
                url=thread_url(self._address, self._client.course, whole.native),
                by=author.username if author is not None else None, solved=answer is not None,
                at_ms=parse_iso_or_none(whole.last_activity_at) or whole.created_ms,
                thanks=points if isinstance(points, int) and not isinstance(points, bool) else None,
                category=Foreign(whole.commentable_id) if whole.commentable_id else None,
            )  # fmt: skip

        found = await asyncio.gather(*(one(thread) for thread in threads))
        return tuple(each for each in found if each is not None)

    async def search(self, text: str, *, solved: bool) -> tuple[Answered, ...]:
        """Questions that the site's search finds, ten at most. Two requests, and one for each of them. Raises Refused
        where the site has no search that answers."""
        words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]
        if len(words) < 3:
            return ()
        if isinstance(self.can_search, Blocked):
            raise Refused("The forum's search service does not answer.")
        try:
            page = await self._client.search(words)
            without = await self._client.search(words, unanswered=True) if solved and page.collection else None
        except SiteError:
            self.can_search = _NO_SEARCH
            return ()
        open_ = {one.native for one in read_rows(without.collection, Thread)[0]} if without is not None else set()
        threads = [one for one in read_rows(page.collection, Thread)[0] if one.native not in open_]
        return await self._read(threads[:FOUND], solved=solved)

    async def choices(self, kind: ChoiceKind, text: str) -> tuple[Choice, ...]:
        """Topics of the course that have threads (the forum knows ids, no names), and threads by the search."""
        wanted = text.strip().casefold()
        if kind == "category":
            rows = await self._client.topics()
            topics = sorted(name for name in rows if name and name.casefold().startswith(wanted))
            return tuple(Choice(id=name, title=Foreign(name), note=_threads(rows[name])) for name in topics[:MOST])
        if kind == "thread" and self.can_search == ALLOWED and len(wanted) >= 3:
            found = await self.search(text, solved=False)
            return tuple(Choice(id=one.id, title=one.title or Foreign(one.id)) for one in found)
        return ()


def _threads(row: object) -> Foreign | None:
    """How many threads a topic has."""
    if not isinstance(row, dict):
        return None
    numbers = [n for n in row.values() if isinstance(n, int) and not isinstance(n, bool)]
    return Foreign(count(sum(numbers), "thread"))
