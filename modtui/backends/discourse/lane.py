"""The lane of questions: which topics wait, page by page, and topics read again.

Three lists make it: topics without a reply, topics in categories that mark answers and have none, and topics in which
the asker spoke last. Only the first is a list of the server's; the last one is picked from what moved lately. Each
begins with the oldest topic, and its cursor is a place in time (a day), so that topics answered meanwhile make no other
one be skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from modtui.backends.discourse import wire
from modtui.backends.discourse.around import thread_of
from modtui.backends.discourse.asking import or_none, together
from modtui.backends.discourse.items import plain
from modtui.backends.discourse.questions import Asked, from_page, from_row, opening, topic_ref
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.topics import Topics
from modtui.backends.discourse.wire_topics import Listing, Topic, read_listing, stream_of
from modtui.domain.items import WAITING, Body, Gone, Item, Page, Thread
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, Refused, RightsError, SiteError, UsageError
from modtui.text import Foreign
from modtui.text.time import DAY, iso, parse_iso_or_none

SIZE = 100
"""Topics a page; the server's most."""
DAYS = 90
"""How long a talk that has answers is followed after its last post."""
WHOLE = 2
"""Up to so many topics are read again one by one, with text and marks; more of them as rows of one list."""
BLURBS, BLURB_PAGES = 50, 2
NEWEST = 15
"""Posts from the end of a long thread."""
_KEPT = 2000
NONE, UNSOLVED, TALKS = "noreplies", "unsolved", "talks"


class Stream(msgspec.Struct, frozen=True, array_like=True):
    """Where one of the lists goes on: topics of `day` and later, without those `seen` on that day. `page` counts pages
    within a day that fills them, or pages of the plain list."""

    kind: str
    day: str = ""
    seen: tuple[int, ...] = ()
    page: int = 0


class Questions:
    """The lane on one site. It remembers the texts it saw (bounded), since lists do not repeat them."""

    def __init__(self, topics: Topics, site: Site, *, days: int = DAYS) -> None:
        self._topics, self._site, self._days = topics, site, days
        self._texts: dict[int, Asked] = {}

    # --- pages

    async def page(self, cursor: str | None) -> Page:
        """One page of open questions, oldest first within each list. Raises UsageError for a cursor that is none."""
        streams = decode(cursor) if cursor else [Stream(NONE), Stream(UNSOLVED), Stream(TALKS)]
        asked = [self._list(stream) for stream in streams]
        listings, *held = await together(_gathered(asked), *([self._held()] if cursor is None else []))
        waiting = held[0] if held else frozenset()
        await self._blurbs(streams, listings)
        items: dict[int, Item] = {}
        further: list[Stream] = []
        lost = 0
        for stream, listing in zip(streams, listings, strict=True):
            lost += listing.lost
            trusted = stream.kind == UNSOLVED and self._trusted(listing)
            self._learn(listing, trusted=trusted)
            for topic in listing.topics:
                if topic.id in items or topic.id in stream.seen or not self._fits(stream.kind, topic):
                    continue
                item = self._row(topic, listing, takes_answers=trusted, held=topic.id in waiting)
                if item is not None and item.question is not None and item.question.state in WAITING:
                    items[topic.id] = item
            after = following(stream, listing, plain=self._site.threads.filters is False)
            if after is not None and not self._over(stream, listing):
                further.append(after)
        found = tuple(sorted(items.values(), key=lambda item: (item.since_ms, int(item.number))))
        total = len(found) if cursor is None and not further else None
        return Page(items=found, cursor=encode(further), total=total, unreadable=lost, rising=not further)

    async def _list(self, stream: Stream) -> Listing:
        """One answer of a list, by the filter language or, where the server has none, by its plain lists."""
        threads = self._site.threads
        if stream.kind == UNSOLVED and threads.solved is False:
            return Listing(topics=(), users={})
        if threads.filters is not False:
            try:
                found = read_listing(await self._topics.filter(self._query(stream), page=stream.page, size=SIZE))
            except (NotFound, Refused, RightsError):
                threads.filters = False
                stream = Stream(stream.kind)
            except SiteError as error:
                if error.status >= 500:
                    raise
                threads.filters = False
                stream = Stream(stream.kind)
            else:
                threads.filters = True
                if stream.kind == UNSOLVED and "status:unsolved" in found.invalid:
                    threads.solved = False
                    return Listing(topics=(), users={})
                return found
        return read_listing(await self._topics.latest(_PLAIN[stream.kind], page=stream.page))

    def _query(self, stream: Stream) -> str:
        words = {
            NONE: "status:noreplies status:open", UNSOLVED: "status:unsolved status:open posts-min:2",
            TALKS: "status:open posts-min:2",
        }[stream.kind]  # fmt: skip
        if stream.kind != NONE and self._days:
            words += f" latest-post-after:{iso(self._topics.door.clock_ms - self._days * DAY)[:10]}"
        if stream.day:
            words += f" created-after:{stream.day}"
        return f"{words} order:created-asc"

    def _over(self, stream: Stream, listing: Listing) -> bool:
        """Whether the plain list of talks, newest first, has come to those that are too old."""
        if self._site.threads.filters is not False or stream.kind == NONE or not self._days:
            return False
        newest = [parse_iso_or_none(topic.last_posted_at) or 0 for topic in listing.topics]
        return bool(newest) and max(newest) < self._topics.door.clock_ms - self._days * DAY

    def _trusted(self, listing: Listing) -> bool:
        """Whether this list of unsolved topics is one: the plain lists of some servers do not know `solved`."""
        return self._site.threads.filters is not False or not any(topic.has_accepted_answer for topic in listing.topics)

    def _learn(self, listing: Listing, *, trusted: bool) -> None:
        """Whether the site marks answers, and where. `trusted`: all topics of the list stand where it does."""
        threads = self._site.threads
        if listing.topics and threads.solved is None:
            threads.solved = any(topic.has_accepted_answer is not None for topic in listing.topics)
        for topic in listing.topics:
            if topic.category_id is None:
                continue
            if topic.can_have_answer is False:
                threads.unsolving.add(topic.category_id)
                continue
            if topic.can_have_answer or topic.has_accepted_answer or (trusted and threads.solved):
                threads.solving.add(topic.category_id)

    def _fits(self, kind: str, topic: Topic) -> bool:
        """Whether a row belongs to its list: a server that does not know a word of the filter leaves it out."""
        if topic.closed or topic.archived or topic.deleted_at or topic.archetype == "private_message":
            return False
        if kind == NONE:
            return (topic.posts_count or 1) <= 1
        if kind == UNSOLVED and (self._site.threads.solved is False or topic.has_accepted_answer):
            return False
        return (topic.posts_count or 1) > 1

    def _row(self, topic: Topic, listing: Listing, *, takes_answers: bool = False, held: bool = False) -> Item | None:
        try:
            return from_row(
                self._site, topic, listing.users, self._texts.get(topic.id),
                takes_answers=takes_answers, held=held,
            )  # fmt: skip
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
            return None

    async def _held(self) -> frozenset[int]:
        """Topics in which a reply of ours waits for approval. Staff's never wait, so staff do not ask."""
        threads = self._site.threads
        if threads.pending is False:
            return frozenset()
        rows = await or_none(self._topics.pending(str(self._site.me)))
        threads.pending = rows is not None
        return frozenset(row["topic_id"] for row in rows or () if isinstance(row.get("topic_id"), int))

    # --- texts

    async def _blurbs(self, streams: Sequence[Stream], listings: Sequence[Listing]) -> None:
        """The beginnings of unanswered questions, which no list has: the search tells fifty at a time. Left out when
        the budget runs low."""
        budget = self._topics.door.budget
        if budget.limit and budget.used > budget.limit / 2:
            return
        for stream, listing in zip(streams, listings, strict=True):
            if stream.kind != NONE or stream.page or stream.day:
                continue
            for page in range(1, BLURB_PAGES + 1):
                missing = [t for t in listing.topics if t.id not in self._texts and not t.excerpt]
                if not missing or (page > 1 and len(listing.topics) <= BLURBS):
                    return
                words = "status:noreplies status:open in:first order:oldest"
                answer = await or_none(self._topics.search(words, page=page, why="first lines"))
                if not self.note_blurbs(answer or {}):
                    return

    def note_blurbs(self, answer: Mapping[str, Any]) -> int:
        """Keep the beginnings of first posts that a search brought; says how many there were."""
        found = blurbs_of(answer)
        for topic, text in found.items():
            known = self._texts.get(topic)
            if known is None or known.source is None:
                self._keep(topic, Asked(body=Body(Foreign(text), "plain")))
        return len(found)

    def note_page(self, topic: Topic) -> Asked | None:
        """Keep the question's own text of a topic's page."""
        found = opening(topic)
        if found is not None:
            self._keep(topic.id, found)
        return found or self._texts.get(topic.id)

    def _keep(self, topic: int, asked: Asked) -> None:
        self._texts.pop(topic, None)
        self._texts[topic] = asked
        while len(self._texts) > _KEPT:
            del self._texts[next(iter(self._texts))]

    # --- around

    async def thread(self, item: Item, topic: int) -> Thread:
        """The question and what was said last: the first twenty posts, and the newest of a longer thread (one request
        more)."""
        answer = await self._topics.topic(topic)
        found = page_of(answer)
        if found is None:
            raise SiteError("The site shows this thread in a way that cannot be read.")
        self.note_page(found)
        stream = found.post_stream or {}
        rows = stream.get("posts")
        rows = list(rows) if isinstance(rows, list) else []
        shown = {row.get("id") for row in rows if isinstance(row, dict)}
        rest = [one for one in stream_of(found) if one not in shown]
        if rest:
            more = await or_none(self._topics.posts(topic, rest[-NEWEST:]))
            added = (more or {}).get("post_stream")
            rows += added["posts"] if isinstance(added, dict) and isinstance(added.get("posts"), list) else []
        whole = thread_of(self._site, item, {**answer, "post_stream": {**stream, "posts": rows}})
        posts = tuple(msgspec.structs.replace(post, subject=post.number == 1) for post in whole.posts)
        return msgspec.structs.replace(whole, id=str(topic), posts=posts, url=f"{self._site.base}/t/{topic}")

    # --- again

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Topics as they are now. Every ref is answered: two of them cost a request each, more of them one together
        (and one each for those that no list shows any more)."""
        wanted = {int(ref.native): ref for ref in refs if ref.native.isascii() and ref.native.isdigit()}
        found: dict[SubjectRef, Item | Gone] = {}
        if len(wanted) > WHOLE and self._site.threads.picks is not False:
            ids = ",".join(map(str, wanted))
            listing = read_listing(await self._topics.latest([("topic_ids", ids)], why="read again"))
            if any(topic.id not in wanted for topic in listing.topics):
                self._site.threads.picks = False  # an older server, which gave what is newest
            else:
                for topic in listing.topics:
                    item = self._row(topic, listing)
                    if item is not None and not topic.deleted_at:
                        found[wanted[topic.id]] = item
        for native, ref in wanted.items():
            if ref not in found:
                found[ref] = await self.read(native)
        return {ref: found.get(ref) or Gone(ref=ref) for ref in refs}

    async def read(self, native: int) -> Item | Gone:
        """One topic with its text and marks."""
        ref = topic_ref(self._site, native)
        try:
            topic = page_of(await self._topics.topic(native, why="read again"))
        except (NotFound, RightsError):
            return Gone(ref=ref)
        if topic is None:
            raise SiteError("The site shows this thread in a way that cannot be read.")
        return from_page(self._site, topic, self.note_page(topic))


def page_of(answer: Mapping[str, Any]) -> Topic | None:
    """A topic's page, None when it cannot be read at all."""
    return wire.lenient(answer, Topic)[0]


def blurbs_of(answer: Mapping[str, Any]) -> dict[int, str]:
    """The beginnings of first posts in an answer of the search, by topic."""
    rows = answer.get("posts")
    return {
        row["topic_id"]: plain(row["blurb"])
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and row.get("post_number") == 1 and isinstance(row.get("topic_id"), int)
        and isinstance(row.get("blurb"), str) and row["blurb"]
    }  # fmt: skip


def following(stream: Stream, listing: Listing, *, plain: bool) -> Stream | None:
    """Where a list goes on after this answer, None at its end."""
    if not listing.more and listing.size < SIZE:
        return None
    if not listing.topics:
        return None if not listing.size else Stream(stream.kind, stream.day, stream.seen, stream.page + 1)
    if plain:
        return Stream(stream.kind, page=stream.page + 1)
    last = (listing.topics[-1].created_at or "")[:10]
    here = tuple(topic.id for topic in listing.topics if (topic.created_at or "").startswith(last))
    if last and last != stream.day:
        return Stream(stream.kind, last, here)
    # A whole page of one day: only the page's number tells its topics apart.
    return Stream(stream.kind, stream.day, tuple(dict.fromkeys((*stream.seen, *here))), stream.page + 1)


def encode(streams: Iterable[Stream]) -> str | None:
    """The cursor as text, None when no list goes on."""
    rest = list(streams)
    return msgspec.json.encode(rest).decode() if rest else None


def decode(text: str) -> list[Stream]:
    """Back from `encode`. Raises UsageError for something else."""
    try:
        found = msgspec.json.decode(text, type=list[Stream])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise UsageError("This place in the list is not one of modtui's.") from None
    if not found or any(one.kind not in _PLAIN for one in found):
        raise UsageError("This place in the list is not one of modtui's.")
    return found


_PLAIN = {
    NONE: [("max_posts", "1"), ("order", "created"), ("ascending", "true")],
    UNSOLVED: [("min_posts", "2"), ("solved", "no")], TALKS: [("min_posts", "2")],
}  # fmt: skip


async def _gathered(asked: Sequence[Any]) -> list[Listing]:
    return await together(*asked)
