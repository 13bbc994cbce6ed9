"""Doing the steps on threads, and finding out what became of one whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.discourse import wire
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.topics import LAST, Topics
from modtui.backends.discourse.wire_topics import Topic, posts_in, posts_of, stream_of, tag_names
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound, Refused, SiteError, Stale
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

WHISPER, WATCHING = 4, 3
BACK = 60
"""Posts before the last twenty that are looked through for one of ours."""
DONE, NOT_SENT = Fate(is_="done"), Fate(is_="not sent")
HELD = Foreign("the site holds the reply for approval")
NAMES = frozenset({
    "reply", "accept", "unaccept", "move", "tag", "assign", "unassign", "bookmark", "unbookmark", "level", "raise",
    "lower", "withdraw",
})  # fmt: skip


class ThreadSteps:
    """The requests of thread steps; `send.Sender` has it among its bases."""

    _client: Client
    _site: Site
    _made: dict[tuple[int, str], int | None]
    """Replies of this session by topic and digest of their text: the post's id, None for one that is held."""

    @property
    def _topics(self) -> Topics:
        return Topics(self._client.door)

    async def _do_reply(self, args: dict[str, Any], key: str) -> Answer:
        topic, raw, number = int(args["topic"]), str(args["raw"]), args.get("to_number")
        if args.get("to_post") is not None:
            post = await self._client.post(int(args["to_post"]), priority="decision")
            if post is None or post.topic_id not in (topic, None) or post.deleted_at:
                raise Refused("The post that you answer is not in this thread any more.")
            number = post.post_number if post.post_number > 1 else None
        whisper = bool(args.get("whisper"))
        body = await self._topics.reply(topic, raw, to_number=number, whisper=whisper, key=key)
        made = self._made_here()
        if body.get("action") == "enqueued":
            made[topic, text_digest(raw)] = None
            waiting = body.get("pending_post")
            queued = waiting.get("id") if isinstance(waiting, dict) else None
            return Answer(data={"topic": topic, "queued": queued}, held=True, words=HELD)
        inner = body.get("post")
        found, _ = wire.lenient(inner if isinstance(inner, dict) else body, wire.Post)
        if found is None:
            raise SiteError("The site took the reply and did not say which post it became.", sent=True)
        made[topic, text_digest(raw)] = found.id
        return Answer(data={"post": found.id, "number": found.post_number, "topic": topic})

    def _made_here(self) -> dict[tuple[int, str], int | None]:
        if not hasattr(self, "_made"):
            self._made = {}
        return self._made

    async def _reply_of(self, topic: int, mark: str) -> int:
        """The post that the step before made. Raises Refused while it waits for approval, or where there is none."""
        made = self._made_here()
        post = made.get((topic, mark))
        if post is None and (topic, mark) not in made:
            post = await find_reply(self._topics, self._site, topic, mark)
        if post is None:
            raise Refused("The reply is not in the thread (yet): it may wait for approval.")
        return post

    async def _after(self, args: dict[str, Any]) -> None:
        """A step that follows a reply is done only when the reply is there."""
        if args.get("after"):
            await self._reply_of(int(args["topic"]), str(args["after"]))

    async def _do_accept(self, args: dict[str, Any]) -> Answer:
        post = args.get("post")
        if post is None:
            post = await self._reply_of(int(args["topic"]), str(args.get("after") or ""))
        await self._solved(self._topics.accept(int(post)))
        return Answer(data={"post": int(post), "topic": args["topic"]})

    async def _do_unaccept(self, args: dict[str, Any]) -> Answer:
        post = args.get("post")
        if post is None:
            post = await accepted_post(self._topics, int(args["topic"]))
            if post is None:
                raise Stale("No post is marked as the answer any more.")
        await self._solved(self._topics.unaccept(int(post)))
        return Answer(data={"post": int(post), "topic": args["topic"]})

    async def _solved(self, asked: Any) -> None:
        try:
            await asked
        except NotFound:
            raise Refused("The site does not mark answers here, or the post is gone.") from None

    async def _do_move(self, args: dict[str, Any]) -> Answer:
        await self._topics.change(int(args["topic"]), [("category_id", str(args["category"]))], why="move")
        return Answer()

    async def _do_tag(self, args: dict[str, Any]) -> Answer:
        tags, before = [str(tag) for tag in args["tags"]], [str(tag) for tag in args["before"]]
        form = [("tags[]", tag) for tag in tags or [""]] + [("original_tags[]", tag) for tag in before]
        await self._topics.change(int(args["topic"]), form, why="tag")
        return Answer()

    async def _do_assign(self, args: dict[str, Any]) -> Answer:
        try:
            await self._topics.assign(int(args["topic"]), args["who"], str(args.get("note") or ""))
        except NotFound:
            raise Refused("The site cannot assign this thread to them.") from None
        return Answer()

    async def _do_unassign(self, args: dict[str, Any]) -> Answer:
        await self._topics.unassign(int(args["topic"]))
        return Answer()

    async def _do_bookmark(self, args: dict[str, Any]) -> Answer:
        topic, when, known = int(args["topic"]), args.get("when_ms"), args.get("bookmark")
        if when is not None and when <= self._client.door.clock_ms:
            raise Refused("The date of the bookmark is not in the future any more.")
        if known is None:
            try:
                body = await self._topics.bookmark(topic, when)
            except Refused:
                known = await bookmark_of(self._topics, topic)  # there is one already: it gets the date
                if known is None:
                    raise
            else:
                native = body.get("id")
                return Answer(data={"bookmark": native if isinstance(native, int) else None, "topic": topic})
        await self._topics.rebookmark(int(known), when)
        return Answer(data={"bookmark": int(known), "topic": topic})

    async def _do_unbookmark(self, args: dict[str, Any]) -> Answer:
        known = args.get("bookmark")
        if known is None:
            known = await bookmark_of(self._topics, int(args["topic"]))
        if known is None:
            raise Refused("There is no bookmark of yours on this thread.")
        await self._topics.unbookmark(int(known))
        return Answer()

    async def _do_level(self, args: dict[str, Any]) -> Answer:
        await self._topics.level(int(args["topic"]), int(args["level"]))
        return Answer()

    async def _do_raise(self, args: dict[str, Any]) -> Answer:
        post = args.get("post")
        if post is None:
            post = await first_post(self._topics, int(args["topic"]))
        await self._client.flag(int(post), int(args["kind"]), str(args["message"]))
        return Answer(data={"post": int(post)})

    async def _do_lower(self, args: dict[str, Any]) -> Answer:
        await self._topics.unflag(int(args["post"]), int(args["kind"]))
        return Answer()

    async def _do_withdraw(self, args: dict[str, Any]) -> Answer:
        await self._topics.withdraw(int(args["queued"]))
        return Answer()


# --- looking


async def page_of(topics: Topics, topic: int, number: int | None = None) -> Topic:
    """A topic's page. Raises NotFound, or SiteError when it cannot be read."""
    found, _ = wire.lenient(await topics.topic(topic, number, why="look again"), Topic)
    if found is None:
        raise SiteError("The site shows this thread in a way that cannot be read.")
    return found


async def first_post(topics: Topics, topic: int) -> int:
    """The id of a topic's first post."""
    posts = posts_of(await page_of(topics, topic))
    if not posts:
        raise Refused("The thread has no post that could be reported.")
    return posts[0].id


async def bookmark_of(topics: Topics, topic: int) -> int | None:
    """The id of our bookmark on a topic."""
    for row in (await page_of(topics, topic)).bookmarks or ():
        if isinstance(row, dict) and row.get("bookmarkable_type") == "Topic" and isinstance(row.get("id"), int):
            return int(row["id"])
    return None


async def accepted_post(topics: Topics, topic: int) -> int | None:
    """The id of the post that is marked as the answer."""
    page = await page_of(topics, topic)
    for post in posts_of(page):
        if post.accepted_answer:
            return post.id
    given = page.accepted_answer[0] if isinstance(page.accepted_answer, list) and page.accepted_answer else (
        page.accepted_answer
    )
    number = given.get("post_number") if isinstance(given, dict) else None
    if not isinstance(number, int):
        return None
    around = posts_of(await page_of(topics, topic, number))
    return next((post.id for post in around if post.post_number == number), None)


async def find_reply(
    topics: Topics, site: Site, topic: int, mark: str, *, since_ms: int = 0, whisper: bool | None = None,
    but: frozenset[int] = frozenset(), page: Topic | None = None,
) -> int | None:  # fmt: skip
    """The newest post of ours in a topic whose text has the digest `mark`, written after `since_ms`; not one of `but`.
    It is looked for among the last posts, further back while they are that new."""
    found = page if page is not None else await page_of(topics, topic, LAST)
    posts, ids = posts_of(found), stream_of(found)

    def mine(post: wire.Post) -> bool:
        ours = post.user_id == site.me_id if post.user_id is not None else post.username == site.me
        fresh = (parse_iso_or_none(post.created_at) or since_ms) >= since_ms
        kind = whisper is None or (post.post_type == WHISPER) == whisper
        text = (post.raw or "").replace("\r\n", "\n")
        return ours and fresh and kind and not post.deleted_at and post.id not in but and text_digest(text) == mark

    best = max((post.id for post in posts if mine(post)), default=None)
    if best is not None:
        return best
    first = posts[0].id if posts else None
    earlier = ids[: ids.index(first)] if first in ids else []
    oldest = parse_iso_or_none(posts[0].created_at) if posts else None
    while earlier and (oldest is None or oldest >= since_ms) and len(ids) - len(earlier) < BACK + len(posts):
        chunk, earlier = earlier[-20:], earlier[:-20]
        more = posts_in((await topics.posts(topic, chunk)).get("post_stream"))
        best = max((post.id for post in more if mine(post)), default=None)
        if best is not None or not more:
            return best
        oldest = min((parse_iso_or_none(post.created_at) or 0 for post in more), default=0)
    return None


# --- what became of a lost one


async def fate(client: Client, site: Site, call: Call, since: int, known: Sequence[Answer]) -> Fate | None:
    """Whether a step of this file arrived; None for other calls. Raises NotFound where the thread is gone."""
    if call.name not in NAMES:
        return None
    args, topics = call.args, Topics(client.door)
    match call.name:
        case "reply":
            return await _reply_fate(topics, site, args, since, known)
        case "accept" | "unaccept":
            return await _accept_fate(client, topics, site, call)
        case "raise" | "lower":
            return Fate(is_="unclear", words="The site does not show one's own reports.")
        case "withdraw":
            return Fate(is_="unclear", words="The site does not show whether the held reply was withdrawn.")
    page = await page_of(topics, int(args["topic"]))
    match call.name:
        case "move":
            return DONE if page.category_id == args["category"] else NOT_SENT
        case "tag":
            return DONE if sorted(tag_names(page.tags)) == sorted(args["tags"]) else NOT_SENT
        case "assign":
            return DONE if _who(page) == next(iter(args["who"].values())).lower() else NOT_SENT
        case "unassign":
            return NOT_SENT if _who(page) else DONE
        case "level":
            return DONE if (page.details or {}).get("notification_level") == args["level"] else NOT_SENT
    rows = [row for row in page.bookmarks or () if isinstance(row, dict) and row.get("bookmarkable_type") == "Topic"]
    if call.name == "unbookmark":
        return NOT_SENT if rows else DONE
    for row in rows:
        at = parse_iso_or_none(row.get("reminder_at"))
        if at == args.get("when_ms") or (at is not None and abs(at - (args.get("when_ms") or 0)) < 1000):
            return Fate(is_="done", answer=Answer(data={"bookmark": row.get("id"), "topic": args["topic"]}))
    return NOT_SENT


async def _reply_fate(topics: Topics, site: Site, args: dict[str, Any], since: int, known: Sequence[Answer]) -> Fate:
    topic, mark = int(args["topic"]), text_digest(str(args["raw"]).replace("\r\n", "\n"))
    others = frozenset(int(a.data["post"]) for a in known if isinstance(a.data.get("post"), int))
    page = await page_of(topics, topic, LAST)
    post = await find_reply(
        topics, site, topic, mark, since_ms=since, whisper=bool(args.get("whisper")), but=others, page=page
    )
    if post is not None:
        number = next((one.post_number for one in posts_of(page) if one.id == post), None)
        return Fate(is_="done", answer=Answer(data={"post": post, "number": number, "topic": topic}))
    queued = frozenset(a.data.get("queued") for a in known if a.held)
    for row in page.pending_posts or ():
        text = row.get("raw") if isinstance(row, dict) else None
        at = parse_iso_or_none(row.get("created_at")) if isinstance(row, dict) else None
        if isinstance(text, str) and text_digest(text) == mark and (at or since) >= since:
            native = row.get("id")
            if native not in queued:
                answer = Answer(data={"topic": topic, "queued": native}, held=True, words=HELD)
                return Fate(is_="done", answer=answer)
    return NOT_SENT


async def _accept_fate(client: Client, topics: Topics, site: Site, call: Call) -> Fate:
    args = call.args
    post, topic = args.get("post"), int(args["topic"])
    if post is None and args.get("after"):
        post = await find_reply(topics, site, topic, str(args["after"]))
        if post is None:
            return NOT_SENT
    if post is None:  # the mark that was there, whichever post had it
        return NOT_SENT if await accepted_post(topics, topic) is not None else DONE
    now = await client.post(int(post))
    if now is None:
        return Fate(is_="unclear")
    if now.accepted_answer is None and now.can_accept_answer is None:
        marked = await accepted_post(topics, topic) == int(post)
    else:
        marked = bool(now.accepted_answer)
    if marked == (call.name == "accept"):
        return Fate(is_="done", answer=Answer(data={"post": int(post), "topic": topic}))
    return NOT_SENT


def _who(page: Topic) -> str:
    user, group = page.assigned_to_user, page.assigned_to_group
    given = user.get("username") if user else group.get("name") if group else ""
    return given.lower() if isinstance(given, str) else ""
