"""Carries out the steps on topics and on texts, and looks up what became of one.

NodeBB notices no double: the same reply twice is two posts. So one whose answer was lost is looked for among our own
newest posts of the topic. Locking, pinning, moving and tagging end in the same state however often they are sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import Row, each, number, pages_of, row_of, rows_of, text, yes
from modtui.backends.nodebb.wire import Post, Topic
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound, Refused, RightsError, Stale
from modtui.text import Foreign, show_line

Args = Mapping[str, Any]
_WAYS: dict[str, tuple[str, str]] = {
    "lock": ("PUT", "/lock"), "unlock": ("DELETE", "/lock"), "pin": ("PUT", "/pin"), "unpin": ("DELETE", "/pin"),
    "delete": ("DELETE", "/state"), "restore": ("PUT", "/state"), "watch": ("PUT", "/follow"),
    "unwatch": ("DELETE", "/follow"), "purge": ("DELETE", ""),
}  # fmt: skip
_SECOND = 1000


class ThreadCalls:
    """The steps on one forum's topics."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client, self._site = client, site
        self.acts: dict[str, Callable[[Args], Awaitable[Answer]]] = {
            "reply": self._reply, "take_back": self._take_back, "topic": self._topic, "move": self._move,
            "tags": self._tags, "edit_post": self._edit_post,
        }  # fmt: skip

    # --- replies

    async def _reply(self, args: Args) -> Answer:
        tid, words = number(args["tid"]) or 0, str(args["text"]).strip()
        if not words:
            raise Refused("The reply is empty, so nothing was sent.")
        body: dict[str, Any] = {"content": words}
        if args.get("to"):
            body["toPid"] = number(args["to"])
        made = await self._client.write("POST", f"/topics/{tid}", body, why="reply")
        if yes(made.get("queued")):
            words_ = Foreign("it waits for approval in the forum's own queue")
            return Answer(held=True, data={"queued": text(made.get("id")), "topic": str(tid)}, words=words_)
        post = Post.maybe(made)
        if post is None:
            raise Refused("The forum took the reply, but does not say where it stands: look at the topic.")
        return _reply_answer(tid, post)

    async def _take_back(self, args: Args) -> Answer:
        pid = number(args["pid"]) or 0
        try:
            await self._client.write("DELETE", f"/posts/{pid}/state", why="delete the reply")
        except Refused:
            if not (await self._client.post(pid, why="is it deleted?")).deleted:
                raise
        return Answer()

    async def _mine(self, tid: int, words: str, since_ms: int, but: frozenset[str]) -> Post | None:
        """My newest post of the topic with this text, written after `since_ms`; not one of `but`. The page has HTML, so
        the source of each that could be it is read."""
        body = await self._client.topic_page(tid, why="is the reply there?")
        rows, last = rows_of(body.get("posts")), pages_of(body)[1]
        for page in range(max(2, last - 1), last + 1):
            rows += rows_of((await self._client.topic_page(tid, page=page, why="is the reply there?")).get("posts"))
        posts, _ = each(rows, Post.of, escaped=self._site.escaped)
        from_ms = since_ms - since_ms % _SECOND
        for one in sorted(posts, key=lambda post: -(post.at_ms or 0)):
            own = one.uid == self._site.uid and not one.deleted and str(one.pid) not in but
            if own and (one.at_ms or 0) >= from_ms:
                source = await self._client.post(one.pid, why="is this the reply?")
                if text_digest(source.content) == text_digest(words):
                    return one
        return None

    # --- topics

    async def _topic(self, args: Args) -> Answer:
        tid, act = number(args["tid"]) or 0, str(args["act"])
        method, way = _WAYS[act]
        if act in ("watch", "unwatch", "purge"):
            await self._client.write(method, f"/topics/{tid}{way}", why=act)
            if act == "purge" and await self._client.maybe(f"/api/v3/topics/{tid}", why="was it done?"):
                raise Refused("The forum took the request, but the topic still stands there.")
            return Answer()
        before = await self._client.topic(tid, why="is it as it was?")
        if _is(before, act):  # a second lock would write a second line into the topic
            return Answer(data={"already": True}, words=Foreign("it was so already"))
        try:
            await self._client.write(method, f"/topics/{tid}{way}", why=act)
        except Refused:
            if not _is(await self._client.topic(tid, why="was it done?"), act):
                raise
            return Answer(data={"already": True})
        if not _is(await self._client.topic(tid, why="was it done?"), act):
            raise Refused("The forum took the request, but the topic is as it was.")
        return Answer()

    async def _move(self, args: Args) -> Answer:
        tid, to = number(args["tid"]) or 0, number(args["to"]) or 0
        before = await self._client.topic(tid, why="where is it?")
        if str(before.cid or "") not in (str(args.get("was") or ""), str(to)):
            raise Stale("Somebody else moved the topic meanwhile, so nothing was changed.")
        await self._client.write("PUT", f"/topics/{tid}/move", {"cid": to}, why="move")
        if (await self._client.topic(tid, why="was it done?")).cid != to:
            raise Refused("The forum took the request, but the topic stands where it was.")
        return Answer()

    async def _tags(self, args: Args) -> Answer:
        tid, tags = number(args["tid"]) or 0, [str(one) for one in args["tags"]]
        now = await self._tags_of(tid)
        if set(now) not in (set(map(str, args["was"])), set(tags)):
            raise Stale("Somebody else changed the tags meanwhile, so nothing was sent.")
        await self._client.write("PUT", f"/topics/{tid}/tags", {"tags": tags}, why="tags")
        now = await self._tags_of(tid)
        if set(now) != set(tags):
            words = ", ".join(str(show_line(one, 40)) for one in now) or "none"
            raise Refused(f"The forum took the request, but the tags are: {words}.")
        return Answer()

    async def _tags_of(self, tid: int) -> tuple[str, ...]:
        topic: Topic = Topic.of(await self._client.topic_page(tid, why="its tags"), escaped=self._site.escaped)
        return topic.tags

    # --- texts

    async def _edit_post(self, args: Args) -> Answer:
        pid, words = number(args["pid"]) or 0, str(args["text"])
        before = await self._client.post(pid, why="is it as it was?")
        if text_digest(before.content) != text_digest(str(args["before"])):
            raise Stale("Its text was changed meanwhile, so nothing was sent.")
        body: dict[str, Any] = {"content": words}
        summary = await self._client.summary(pid, why="where the post stands")
        topic = row_of(summary.get("topic"))
        if yes(topic.get("isQuestion")) and number(topic.get("mainPid")) == pid:
            body["isQuestion"] = 1  # left out, the question would become an ordinary topic
        if "title" in args:
            body["title"] = str(args["title"])
        await self._client.write("PUT", f"/posts/{pid}", body, why="edit the post")
        after = await self._client.post(pid, why="was it done?")
        same = text_digest(after.content) == text_digest(words)
        told = None if same else Foreign("somebody else changed the post at the same moment")
        return Answer(edits=True, data={"text": text_digest(after.content)}, words=told)

    # --- what became of a lost one

    async def fate(self, call: Call, since_ms: int, known: Sequence[Answer]) -> Fate:
        """What became of a step that was never answered."""
        try:
            return await self._fate(call, since_ms, known)
        except (NotFound, RightsError):
            gone = "it is not on the forum any more"
            done = call.name == "take_back" or (call.name == "topic" and call.args.get("act") == "purge")
            return Fate(is_="done" if done else "not sent", answer=Answer() if done else None, words=gone)

    async def _fate(self, call: Call, since_ms: int, known: Sequence[Answer]) -> Fate:
        args = call.args
        match call.name:
            case "reply":
                tid = number(args["tid"]) or 0
                others = frozenset(str(one.data.get("post") or "") for one in known)
                mine = await self._mine(tid, str(args["text"]), since_ms, others)
                return Fate(is_="done", answer=_reply_answer(tid, mine)) if mine is not None else fate_of(False)
            case "take_back":
                return fate_of((await self._client.post(args["pid"])).deleted)
            case "topic" if args["act"] in ("watch", "unwatch"):
                page = await self._client.topic_page(args["tid"], why="is it watched?")
                return fate_of(yes(page.get("isFollowing")) == (args["act"] == "watch"))
            case "topic" if args["act"] == "purge":
                await self._client.topic(args["tid"])
                return fate_of(False)
            case "topic":
                return fate_of(_is(await self._client.topic(args["tid"]), str(args["act"])))
            case "move":
                return fate_of(str((await self._client.topic(args["tid"])).cid or "") == str(args["to"]))
            case "tags":
                return fate_of(set(await self._tags_of(number(args["tid"]) or 0)) == set(map(str, args["tags"])))
        now = text_digest((await self._client.post(args["pid"])).content)
        if now == text_digest(str(args["text"])):
            return Fate(is_="done", answer=Answer(edits=True, data={"text": now}))
        clear = now == text_digest(str(args["before"]))
        words = "" if clear else "the post has a text that is neither the old nor the new one"
        return Fate(is_="not sent" if clear else "unclear", words=words)


def _is(topic: Topic, act: str) -> bool:
    """Whether the topic is already as `act` would make it."""
    match act:
        case "lock" | "unlock":
            return topic.locked == (act == "lock")
        case "pin" | "unpin":
            return topic.pinned == (act == "pin")
    return topic.deleted == (act == "delete")


def fate_of(done: bool, data: Row | None = None) -> Fate:
    """What a look at the subject says of a step: done (with what its answer would have told), or not sent."""
    return Fate(is_="done", answer=Answer(data=dict(data or {}))) if done else Fate(is_="not sent")


def _reply_answer(tid: int, post: Post) -> Answer:
    """The names that an undo and the lane need."""
    place = str(post.index + 1) if post.index is not None else None
    data: Row = {"post": str(post.pid), "number": place, "topic": str(tid)}
    return Answer(data=dict(data))
