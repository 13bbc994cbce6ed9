"""What the forum has to answer with and to pick from: solved questions, its search, categories, tags, colleagues."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from modtui.backends.base import ChoiceKind
from modtui.backends.choosing import some
from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.shape import topic_url
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import each, html_words, page_number, pages_of, row_of, rows_of, text
from modtui.backends.nodebb.wire import Post, Topic, User
from modtui.domain.items import Answered, Answers, Choice, Item
from modtui.errors import NotFound, Refused, RightsError
from modtui.text import Foreign

FOUND = 10
_AT_ONCE = 4


class Library:
    """The lists of one forum."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client, self._site = client, site

    # --- answers

    async def answered(self, cursor: str | None) -> Answers:
        """A page of solved questions, newest first, with their texts: one request, and one for each."""
        page = page_number(cursor, "solved questions")
        body = await self._client.maybe("/api/solved", [("page", str(page))], why="solved questions")
        self._site.answers = body is not None
        if body is None:
            return Answers(threads=())
        topics, _ = each(rows_of(body.get("topics")), Topic.of, escaped=self._site.escaped)
        found = await self._whole([one for one in topics if not one.deleted])
        last = page >= pages_of(body)[1] or not topics
        return Answers(threads=found, cursor=None if last else str(page + 1))

    async def _whole(self, topics: Sequence[Topic]) -> tuple[Answered, ...]:
        """The topics with the text that asks and the one that answers; those that are gone are left out."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(topic: Topic) -> Answered | None:
            async with limit:
                try:
                    asks = None
                    if topic.first:
                        asks = await self._client.post(topic.first, why="a solved question", fresh_s=3600)
                    answers = None
                    if topic.solved and topic.answer:
                        summary = await self._client.read(
                            f"/api/v3/posts/{topic.answer}/summary", why="its answer", fresh_s=3600
                        )
                        answers = Post.maybe(summary, escaped=self._site.escaped)
                except (NotFound, RightsError):
                    return None
            by = answers.user.username if answers is not None and answers.user is not None else None
            return Answered(
                id=str(topic.tid), title=Foreign(topic.title), text=Foreign(asks.content if asks else ""),
                answer=Foreign(html_words(answers.content) if answers is not None and not answers.deleted else ""),
                url=topic_url(self._site, topic.slug or topic.tid), by=Foreign(by) if by else None,
                solved=topic.solved, at_ms=topic.last_ms or topic.at_ms, thanks=topic.votes,
                category=self._site.category(topic.cid, topic.category),
            )  # fmt: skip

        found = await asyncio.gather(*(one(topic) for topic in topics))
        return tuple({one.id: one for one in found if one is not None}.values())

    async def search(self, words: str, *, solved: bool) -> tuple[Answered, ...]:
        """Topics that the forum's search finds in titles and posts, ten at most. Without the search plugin it finds
        nothing. Raises Refused where the forum has none for this account."""
        wanted = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())[:200]
        if len(wanted) < 3:
            return ()
        if not self._site.search:
            raise Refused("This forum has no search.")
        params = [("term", wanted), ("in", "titlesposts")]
        try:
            body = await self._client.read("/api/search", params, why="search")
        except (NotFound, RightsError, Refused):
            return ()
        topics: dict[int, Topic] = {}
        for row in rows_of(body.get("posts")):
            for topic in each([row_of(row.get("topic"))], Topic.of, escaped=self._site.escaped)[0]:
                if not topic.deleted and (topic.solved or not solved):
                    topics.setdefault(topic.tid, topic)
        return await self._whole([*topics.values()][:FOUND])

    # --- picking

    async def choices(self, kind: ChoiceKind, words: str, item: Item | None) -> tuple[Choice, ...]:
        """What begins with `words`."""
        wanted = words.strip()
        match kind:
            case "category":
                await self.learn_categories()
                known = self._site.categories.items()
                return some([Choice(id=str(cid), title=Foreign(name)) for cid, name in known if cid > 0], wanted)
            case "tag":
                body = await self._client.maybe("/api/tags", why="tags", fresh_s=60)
                rows = rows_of((body or {}).get("tags"))
                names = (text(row.get("value"), escaped=self._site.escaped) for row in rows)
                return some([Choice(id=name, title=Foreign(name)) for name in dict.fromkeys(names) if name], wanted)
            case "assignee":
                return some(await self._colleagues(item), wanted)
            case "person":
                return await self._people(wanted)
            case "thread":
                return await self._threads(wanted, item)
        return ()

    async def learn_categories(self) -> None:
        """The names of the forum's categories, read at most once in ten minutes."""
        body = await self._client.maybe("/api/categories", why="categories", fresh_s=600)
        if body is not None:
            self._site.learn_categories(body)

    async def _colleagues(self, item: Item | None) -> list[Choice]:
        """Who can be given this report. The page has their e-mail addresses, too; nothing keeps them."""
        if item is None or item.ref.kind != "flag":
            return []
        page = await self._client.flag_page(item.ref.native, why="who can have it?")
        self._site.learn_staff(page.people)
        return [
            Choice(id=str(one.uid), title=Foreign(one.username), mine=one.uid == self._site.uid)
            for one in {one.uid: one for one in page.people}.values()
        ]

    async def _people(self, wanted: str) -> tuple[Choice, ...]:
        if not wanted:
            return ()
        body = await self._client.maybe("/api/users", [("query", wanted)], why="who is this?")
        users, _ = each(rows_of((body or {}).get("users")), User.of)
        rows = [
            Choice(id=one.slug or one.username, title=Foreign(one.username), mine=one.uid == self._site.uid)
            for one in {one.slug or one.username: one for one in users}.values()
        ]
        return some(rows, wanted)

    async def _threads(self, wanted: str, item: Item | None) -> tuple[Choice, ...]:
        own = item.place.thread_id if item is not None else None
        number = wanted.rpartition("/topic/")[2].partition("/")[0]
        if number.isascii() and number.isdecimal() and 0 < len(number) < 19 and number != own:
            try:
                topic = await self._client.topic(number, why="topic named")
            except (NotFound, RightsError):
                return ()
            return (Choice(id=str(topic.tid), title=Foreign(topic.title or str(topic.tid))),)
        if len(wanted) < 3 or not self._site.search:
            return ()
        found = await self.search(wanted, solved=False)
        return tuple(
            Choice(id=one.id, title=one.title, note=Foreign("solved") if one.solved else None)
            for one in found if one.id != own and one.title
        )  # fmt: skip
