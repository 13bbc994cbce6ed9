"""Carries out the steps on threads, and looks up what became of one.

The forum knows no idempotency keys, so a reply whose answer was lost is looked for among our own posts in the thread.
Marking, moving and watching end in the same state however often they are sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.openedx.client import Client, Unshowable
from modtui.backends.openedx.questions import comment_id, post_id
from modtui.backends.openedx.wire import Comment, time_order
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound, Refused, Stale

Args = dict[str, Any]
_SECOND = 1000
_GONE = "It is not on the forum any more, so nothing was changed."


class ThreadCalls:
    """The steps on one course's threads. It remembers which reply of this session has which text."""

    def __init__(self, client: Client, watched: Callable[[str, bool], None]) -> None:
        self._client, self._note_watched = client, watched
        self._made: dict[tuple[str, str], str] = {}
        self._acts: dict[str, Callable[[Args], Awaitable[Answer]]] = {
            "reply": self._reply, "take_back": self._take_back, "endorse": self._endorse,
            "unendorse": self._endorse_not, "move": self._move, "watch": self._watch, "unwatch": self._unwatch,
        }  # fmt: skip

    def handles(self, call: Call) -> bool:
        """Whether it is a step on a thread."""
        return call.name in self._acts

    async def send(self, call: Call) -> Answer:
        """Do one step. Raises Stale when the thread or post is gone, Refused, and the door's errors."""
        try:
            return await self._acts[call.name](call.args)
        except NotFound:
            raise Stale(_GONE) from None

    # --- replies

    async def _reply(self, args: Args) -> Answer:
        thread, text, to = str(args["thread"]), str(args["body"]), args.get("to")
        if to is not None:
            to = await self._above(thread, str(to))
        made = await self._client.respond(thread, text, str(args["user"]), to=to)
        self._made[thread, text_digest(text)] = made.native
        return _reply_answer(thread, made.native)

    async def _above(self, thread: str, native: str) -> str:
        """The response below which a reply to this post stands: the forum has one level of replies."""
        try:
            post = await self._client.comment(native)
        except NotFound:
            raise Refused("The post that you answer is not in this thread any more.") from None
        if str(post.thread_id) != thread:
            raise Refused("The post that you answer stands in another thread.")
        return post.above or post.native

    async def _take_back(self, args: Args) -> Answer:
        post = await self._client.comment(str(args["id"]))
        if post.child_count:
            raise Refused("Somebody has answered your reply: deleting it would delete their answer as well.")
        await self._client.delete("comment", post.native)
        return Answer()

    async def _ours(
        self, thread: str, mark: str, user: str, *, since_ms: int = 0, but: frozenset[str] = frozenset(),
        responses: bool = False,
    ) -> Comment | None:  # fmt: skip
        """The newest post of `user` in a thread whose text has the digest `mark`, written after `since_ms` (the forum
        tells whole seconds); not one of `but`."""
        _, comments, _ = await self._client.comments_of(thread)
        from_ms = since_ms - since_ms % _SECOND
        found = [
            one for one in comments
            if str(one.user_id) == user and one.native not in but and text_digest(one.text) == mark
            and (one.created_ms is None or one.created_ms >= from_ms) and not (responses and one.above)
        ]  # fmt: skip
        return max(found, key=time_order, default=None)

    # --- answers

    async def _endorse(self, args: Args) -> Answer:
        native = args.get("id")
        if native is None:
            native = await self._reply_of(args)
        post = await self._client.comment(str(native))
        if str(post.thread_id) != str(args["thread"]):
            raise Refused("That response stands in another thread.")
        if post.above is not None:
            raise Refused("The forum marks responses to the thread, not replies to a response.")
        await self._client.endorse(post.native, str(args["user"]), on=True)
        return _mark_answer(args, post.native)

    async def _reply_of(self, args: Args) -> str:
        """The response that the step before made."""
        thread, mark = str(args["thread"]), str(args.get("after") or "")
        known = self._made.get((thread, mark))
        if known is not None:
            return known
        found = await self._ours(thread, mark, str(args["user"]), responses=True)
        if found is None:
            raise Refused("The reply is not in the thread, so it cannot be marked as the answer.")
        return found.native

    async def _endorse_not(self, args: Args) -> Answer:
        native = str(args["id"])
        await self._client.endorse(native, str(args["user"]), on=False)
        return _mark_answer(args, native)

    # --- its place, and who is told

    async def _move(self, args: Args) -> Answer:
        await self._client.move(str(args["id"]), str(args["topic"]))
        return Answer()

    async def _watch(self, args: Args) -> Answer:
        await self._client.watch(str(args["id"]), str(args["user"]), on=True)
        self._note_watched(str(args["id"]), True)
        return Answer()

    async def _unwatch(self, args: Args) -> Answer:
        await self._client.watch(str(args["id"]), str(args["user"]), on=False)
        self._note_watched(str(args["id"]), False)
        return Answer()

    # --- what became of a lost one

    async def fate(self, call: Call, since_ms: int, known: Sequence[Answer]) -> Fate:
        """What became of a step that was never answered. `known` are the answers to other steps of this name: a reply
        that belongs to one of them is another one."""
        args = call.args
        try:
            match call.name:
                case "reply":
                    return await self._reply_fate(args, since_ms, known)
                case "endorse" | "unendorse":
                    return await self._mark_fate(call)
                case "move":
                    now = await self._client.thread(str(args["id"]))
                    return Fate(is_="done" if now.commentable_id == args["topic"] else "not sent")
                case "watch" | "unwatch":
                    watched = await self._client.watches(str(args["id"]), str(args["user"]))
                    return Fate(is_="done" if watched == (call.name == "watch") else "not sent")
            await self._client.comment(str(args["id"]))
        except NotFound:
            gone = "the post is not on the forum any more"
            if call.name == "take_back":
                return Fate(is_="done", answer=Answer(), words=gone)
            return Fate(is_="not sent", words=gone)
        except Unshowable:
            return Fate(is_="unclear", words="the forum cannot show this thread")
        return Fate(is_="not sent")

    async def _reply_fate(self, args: Args, since_ms: int, known: Sequence[Answer]) -> Fate:
        thread = str(args["thread"])
        others = frozenset(one for one in (comment_id(str(a.data.get("post") or "")) for a in known) if one)
        found = await self._ours(
            thread, text_digest(str(args["body"])), str(args["user"]), since_ms=since_ms, but=others,
            responses=args.get("to") is None,
        )  # fmt: skip
        if found is None:
            return Fate(is_="not sent")
        return Fate(is_="done", answer=_reply_answer(thread, found.native))

    async def _mark_fate(self, call: Call) -> Fate:
        args, native = call.args, call.args.get("id")
        if native is None:
            mine = await self._ours(str(args["thread"]), str(args["after"]), str(args["user"]), responses=True)
            if mine is None:
                return Fate(is_="not sent")
            native = mine.native
        now = await self._client.comment(str(native))
        if now.endorsed == (call.name == "endorse"):
            return Fate(is_="done", answer=_mark_answer(args, now.native))
        return Fate(is_="not sent")


def _reply_answer(thread: str, native: str) -> Answer:
    """The names that an undo and the lane need: the post as the thread's posts are named."""
    return Answer(data={"post": post_id(native), "number": None, "topic": thread})


def _mark_answer(args: Args, native: str) -> Answer:
    return Answer(data={"post": post_id(native), "topic": str(args["thread"])})
