"""The lane of questions: the forum's newest topics that wait for an answer.

With the plugin for questions and answers these are its unsolved questions; without it, topics without a reply and those
in which the one who began them spoke last (in the categories that the settings name, else everywhere). Either list has
the newest two hundred. The subject is the topic, of another kind (`question`) than what is reported in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.offers import question_offers
from modtui.backends.nodebb.shape import member_of, place_of, somebody, thread_of, thread_of_item, topic_url
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import Row, Unreadable, each, html_words, page_number, pages_of, rows_of, text
from modtui.backends.nodebb.wire import Post, Topic
from modtui.domain.items import WAITING, Body, Gone, Item, Page, Question, QuestionState
from modtui.domain.items import Thread as DomainThread
from modtui.domain.seen import text_digest
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, RightsError
from modtui.text import Foreign

KIND = "question"
_SOON_MS = 1000


class Questions:
    """The lane on one forum. `categories` are the numbers of those whose topics are questions ("" none: all)."""

    def __init__(self, client: Client, site: Site, categories: Sequence[str]) -> None:
        self._client, self._site, self._categories = client, site, tuple(categories)

    # --- the list

    async def listed(self, page: int, *, why: str = "questions") -> Row:
        """A page of the forum's list: twenty rows."""
        params = [("page", str(page)), *(("cid", one) for one in self._categories)]
        site = self._site
        if site.answers is not False:
            found = await self._client.maybe("/api/unsolved", params, why=why)
            site.answers = found is not None
            if found is not None:
                return found
        return await self._client.read("/api/recent", params, why=why)

    def waiting(self, topic: Topic) -> bool:
        """Whether a listed topic stands in the lane."""
        return not topic.deleted and not topic.scheduled and self.state(topic) in WAITING

    async def page(self, cursor: str | None) -> Page:
        """A page of topics that wait, as the forum sorts. Rows move up when others answer, so the page before is looked
        at again (304 where nothing moved)."""
        number = page_number(cursor, "questions")
        body = await self.listed(number)
        rows = rows_of(body.get("topics"))
        if number > 1:
            rows = [*rows_of((await self.listed(number - 1)).get("topics")), *rows]
        topics, bad = each(rows, Topic.of, escaped=self._site.escaped)
        chosen = {one.tid: one for one in topics if self.waiting(one)}
        items = [self.item(one, None) for one in chosen.values()]
        last = number >= pages_of(body)[1] or not rows_of(body.get("topics"))
        total = len(items) if number == 1 and last else None
        return Page(
            items=tuple(items), cursor=None if last else str(number + 1), total=total, unreadable=bad, rising=False
        )

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Each topic with its posts and its source: two or three requests."""
        limit = asyncio.Semaphore(4)

        async def one(ref: SubjectRef) -> Item | Gone:
            async with limit:
                try:
                    return await self.whole(ref.native)
                except (NotFound, Unreadable):
                    return Gone(ref=ref)
                except RightsError:
                    return Gone(ref=ref, why="this account cannot read it any more")

        answers = await asyncio.gather(*(one(ref) for ref in refs))
        return dict(zip(refs, answers, strict=True))

    async def whole(self, native: str) -> Item:
        """A question with its text. Raises NotFound."""
        body = await self._client.topic_page(native, why="the question")
        topic = Topic.of(body, escaped=self._site.escaped)
        if topic.deleted:
            raise NotFound("The topic is deleted.")
        posts, _ = each(rows_of(body.get("posts")), Post.of, escaped=self._site.escaped)
        by_pid = {one.pid: one for one in posts}
        last = by_pid.get(topic.last) if topic.last is not None else None
        if topic.last is not None and last is None:
            summary = await self._client.summary(topic.last, why="who spoke last")
            last = Post.maybe(summary, escaped=self._site.escaped)
        first = by_pid.get(topic.first) if topic.first is not None else None
        asker = first.user if first is not None else None
        answer = next((one.pid for one in posts if one.answer), None) or topic.answer
        source = await self._client.post(topic.first, why="the question's source") if topic.first else None
        topic = msgspec.structs.replace(
            topic, user=topic.user or asker, teaser=last or first, answer=answer if topic.solved else None
        )
        return self.item(topic, source, first)

    # --- rows

    def state(self, topic: Topic) -> QuestionState:
        """Whose turn it is."""
        if topic.question and topic.solved:
            return "solved"
        if topic.locked:
            return "closed"
        if not self._answered(topic):
            return "unanswered"
        if topic.teaser is not None and topic.teaser.pid == topic.last and topic.teaser.uid == topic.uid:
            return "asker"
        return "unsolved" if topic.question else "answered"

    def _answered(self, topic: Topic) -> bool:
        """Whether a reply stands there. Deleting one does not lower the number of posts."""
        return topic.posts > 1 and topic.last is not None

    def item(self, topic: Topic, source: Post | None, first: Post | None = None) -> Item:
        """A question as a row. A list brings of its text only what was said last."""
        site, teaser = self._site, topic.teaser
        state = self.state(topic)
        replied = self._answered(topic)
        last = teaser if teaser is not None and (not replied or teaser.pid == topic.last) else None
        asked_again = last.at_ms if state == "asker" and last is not None else None
        since = topic.at_ms or 0
        last_by = last.user.username if last is not None and last.user is not None else None
        body: Body | None = None
        if first is not None:
            body = Body(text=Foreign(first.content), format="html")
        elif not replied and teaser is not None:
            body = Body(text=Foreign(html_words(teaser.content)), format="plain")
        author = member_of(site, topic.user, vague=True) if topic.user is not None else somebody(topic.uid)
        question = Question(
            state=state, clock_ms=asked_again if asked_again is not None else since,
            replies=topic.posts - 1 if replied else 0,
            last=str(topic.last if replied else topic.first or 0), last_by=Foreign(last_by) if last_by else None,
            last_ms=last.at_ms if last is not None else topic.last_ms,
            first=bool(topic.user is not None and topic.user.posts == 1),
            accepted=str(topic.answer) if topic.solved and topic.answer else None, can_accept=topic.question,
            watched=topic.followed, views=topic.views,
        )  # fmt: skip
        edited = source.edited_ms if source is not None else None
        place = place_of(site, topic)
        item = Item(
            lane="questions", ref=site.ref(KIND, topic.tid), kind="question", number=str(topic.tid),
            title=Foreign(topic.title), author=author, body=body,
            source=Foreign(source.content) if source is not None else None, since_ms=since, created_ms=topic.at_ms,
            edited_ms=edited, edits=1 if edited else 0, deleted=topic.deleted,
            state="removed" if topic.deleted else "kept" if topic.locked and state != "solved" else "open",
            place=msgspec.structs.replace(place, post_id=str(topic.first) if topic.first else None, post_number=1),
            url=topic_url(site, text(topic.slug) or topic.tid), question=question,
            native={
                "type": "question", "pinned": topic.pinned, "main": True, "qa": topic.question,
                "slug": topic.user.slug if topic.user else "",
            },
        )  # fmt: skip
        return msgspec.structs.replace(item, offers=question_offers(site, item, site.moderates))

    # --- around it

    async def thread(self, item: Item) -> DomainThread:
        """The first twenty posts of the topic; of a long one its beginning and its end."""
        try:
            body = await self._client.topic_page(item.ref.native, why="the topic")
            found = thread_of(self._site, body, None)
            pages = pages_of(body)[1]
            if pages > 1:
                last = thread_of(self._site, await self._client.topic_page(item.ref.native, page=pages), None)
                later = [post for post in last.posts if post.number > found.posts[-1].number]
                found = msgspec.structs.replace(found, posts=(*found.posts, *later), total=max(found.total, last.total))
        except (NotFound, RightsError, Unreadable, IndexError):
            return thread_of_item(item)
        return found if any(post.subject for post in found.posts) else thread_of_item(item)

    # --- changes

    def marks(self, body: Row) -> dict[str, str]:
        """What changes of a listed topic when somebody writes, marks, locks, moves or renames."""
        topics, _ = each(rows_of(body.get("topics")), Topic.of, escaped=self._site.escaped)
        return {
            str(one.tid): f"{one.posts}:{one.last or 0}:{one.last_ms or 0}:{int(one.locked)}{int(one.solved)}"
            f"{int(one.deleted)}:{one.cid}:{text_digest(one.title)[:8]}"
            for one in topics
        }
