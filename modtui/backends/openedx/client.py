"""The calls of the Open edX forum's HTTP API that modtui makes, and how its refusals are read.

The caller is a trusted service (HTTP Basic of a staff account) that names the acting member in each write. Traps that
are kept here, so that nobody else has to know them (tests/servers holds each against the real server):

* A PUT with `user_id` gives the post to that member, so it is never sent; close and edit name the moderator otherwise.
* Blank text is refused but stored, and the thread cannot be read again. It is never sent.
* A question has no `children` unless merged responses are asked for.
* Naming a member in a read marks the thread as read for that member, so reads name none.
* `flagged=false` means flagged as well: the parameter is sent as true or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from modtui.backends.http import Door
from modtui.backends.openedx.wire import (
    Comment,
    Content,
    Stats,
    StatsPage,
    Subscriptions,
    Thread,
    ThreadPage,
    User,
    error_words,
)
from modtui.backends.reply import Reply
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, SiteError, UsageError, WrongSite
from modtui.text import show_line

T = TypeVar("T")
PREFIXES = ("/api/v2", "/forum/api/v2")
"""Where the API lives: alone, and inside the Open edX platform."""
RESPONSES = 100
"""Responses that one read of a thread brings, as the site has it by default."""
_MAX_PAGES = 30
_NAMES = 5_000
_UNSHOWABLE = "failed to prepare"


class Unshowable(SiteError):
    """The forum has the thread but cannot show it: a post in it has no text. Lists still work."""


def explain(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success."""
    words = show_line(error_words(reply.loose()), 200)
    said = f" It says: {words}" if words else ""
    if reply.status == 401:
        return AuthError(f"{reply.place} does not accept this user name and password.", "Sign in again: modtui login.")
    if reply.status == 403:
        return RightsError(
            f"{reply.place} lets this account not use the forum's API.{said}",
            "The account must be a staff account of the forum.",
        )
    if reply.status == 404 and not reply.says_json:
        return WrongSite(f"{reply.place} has no Open edX forum at this address.", "Check the community's address.")
    lower = words.lower()
    if _UNSHOWABLE in lower:
        return Unshowable(
            f"{reply.place} cannot show this thread, because a post in it has no text.", status=400, sent=reply.sent
        )
    missing = ("not exist", "doesn't exist", "not found", "no longer exists")
    if reply.status in (400, 404) and any(sign in lower for sign in missing):
        return NotFound(f"{reply.place} does not have it any more.{said}")
    if reply.status == 400:
        return Refused(f"{reply.place} will not do it.{said}")
    return reply.bad(f"{reply.place} answered with an error ({reply.status}).{said}")


class Client:
    """The forum's calls for one course. `prefix` is where the API lives; `find_prefix` looks for it."""

    def __init__(self, door: Door, course: str, prefix: str = PREFIXES[0]) -> None:
        self.door, self.course, self.prefix = door, course, prefix
        self._names: dict[str, str] = {}

    # --- reading

    async def find_prefix(self) -> ThreadPage:
        """Look where the API lives; the first flagged thread. Raises WrongSite when it is at no known place."""
        tries = [self.prefix, *(one for one in PREFIXES if one != self.prefix)]
        for number, prefix in enumerate(tries):
            self.prefix = prefix
            try:
                return await self.flagged(1, 1, why="is the forum there?")
            except WrongSite:
                if number == len(tries) - 1:
                    raise
        raise AssertionError("the last try raises")

    async def flagged(self, page: int, per_page: int, *, why: str = "reported posts") -> ThreadPage:
        """A page of the threads that are reported or hold a reported comment: pinned first, then the newest."""
        return await self._read(
            "threads",
            ThreadPage,
            [
                ("course_id", self.course), ("flagged", "true"), ("count_flagged", "true"),
                ("page", str(page)), ("per_page", str(per_page)),
            ],
            why=why,
        )  # fmt: skip

    async def threads_of(self, member: str, per_page: int = 20) -> ThreadPage:
        """The newest threads that the member began."""
        params = [("course_id", self.course), ("author_id", member), ("page", "1"), ("per_page", str(per_page))]
        return await self._read("threads", ThreadPage, params, why="what the member wrote")

    async def questions(
        self, page: int, per_page: int, *, answered: bool | None = False, sort: str = "date", why: str = "questions"
    ) -> ThreadPage:
        """A page of the questions, pinned first, then the newest (`sort` "activity": where something was written last).
        `answered` False: those without an answer that is marked; None: all of them."""
        params = [("course_id", self.course), ("thread_type", "question"), ("sort_key", sort)]
        params += [("unanswered", "true")] if answered is False else []
        params += [("page", str(page)), ("per_page", str(per_page))]
        return await self._read("threads", ThreadPage, params, why=why)

    async def search(self, text: str, *, unanswered: bool = False, per_page: int = 20) -> ThreadPage:
        """Questions with these words, by the site's search service. Raises SiteError where it has none that answers."""
        params = [("course_id", self.course), ("text", text), ("thread_type", "question"), ("per_page", str(per_page))]
        params += [("unanswered", "true")] if unanswered else []
        return await self._read("search/threads", ThreadPage, params, why="search")

    async def watched(self, member: str, page: int = 1) -> ThreadPage:
        """A page of the questions without an answer that the member is told of (100)."""
        params = [("course_id", self.course), ("unanswered", "true"), ("page", str(page)), ("per_page", "100")]
        return await self._read(f"users/{_id(member)}/subscribed_threads", ThreadPage, params, why="what you watch")

    async def watches(self, native: str, member: str) -> bool:
        """Whether the member is told of new posts in a thread."""
        path = f"threads/{_id(native)}/subscriptions"
        for page in range(1, _MAX_PAGES + 1):
            rows = (await self._read(path, Subscriptions, [("page", str(page))], why="who watches")).collection
            if any(str(row.get("subscriber_id")) == member for row in rows):
                return True
            if len(rows) < 20:
                break
        return False

    async def topics(self) -> dict[str, Any]:
        """The course's topics that have threads, by their ids, with the numbers of both kinds of threads."""
        path = f"commentables/{quote(self.course, safe='')}/counts"
        return await self._read(path, dict[str, Any], why="topics")

    async def thread(self, native: str, *, why: str = "the post again") -> Thread:
        """A thread without its responses. Raises NotFound, Unshowable."""
        return await self._read(f"threads/{_id(native)}", Thread, [("with_responses", "false")], why=why)

    async def comment(self, native: str, *, why: str = "the post again") -> Comment:
        """A response or reply. Raises NotFound."""
        return await self._read(f"comments/{_id(native)}", Comment, why=why)

    async def with_responses(self, native: str, skip: int = 0) -> Thread:
        """A thread with up to 100 of its responses from `skip` on, and all their replies."""
        params = [
            ("with_responses", "true"), ("recursive", "true"), ("merge_question_type_responses", "true"),
            ("reverse_order", "false"), ("resp_skip", str(skip)), ("resp_limit", str(RESPONSES)),
        ]  # fmt: skip
        return await self._read(f"threads/{_id(native)}", Thread, params, why="the thread")

    async def comments_of(
        self, native: str, *, reports: int | None = None, until: str | None = None
    ) -> tuple[Thread, list[Comment], int]:
        """The thread and its comments (responses and replies, in no order); the number counts unreadable ones.

        Stops early when as many reports as `reports` were found, or the comment with the id `until`.
        """
        first = await self.with_responses(native)
        found: dict[str, Comment] = {}
        bad = 0
        page, skip = first, 0
        for _ in range(_MAX_PAGES):
            fresh, unreadable = comments_in(page.children)
            bad += unreadable
            found.update((one.native, one) for one in fresh)
            skip += RESPONSES
            enough = reports is not None and sum(len(one.flaggers) for one in found.values()) >= reports
            if enough or (until is not None and until in found) or not page.children or skip >= first.resp_total:
                break
            page = await self.with_responses(native, skip)
        return first, list(found.values()), bad

    async def user(self, native: str) -> User:
        """A member by id. Raises NotFound."""
        return await self._read(f"users/{_id(native)}", User, why="the member")

    async def stats(self, username: str) -> Stats | None:
        """A member's numbers in the course by name; None where the course does not know the name."""
        path = f"users/{quote(self.course, safe='')}/stats"
        params = [("usernames", username), ("with_timestamps", "true")]
        found = (await self._read(path, StatsPage, params, why="the member's numbers")).user_stats
        return next((row for row in found if row.username.casefold() == username.casefold()), None)

    async def names(self, natives: Iterable[str]) -> dict[str, str]:
        """The names of members by id; who cannot be looked up is left out. Names are kept: they hardly ever change."""
        wanted = sorted({one for one in natives if one.isascii() and one.isdecimal()} - self._names.keys())
        limit = asyncio.Semaphore(4)

        async def look(native: str) -> None:
            async with limit:
                try:
                    name = (await self.user(native)).username
                except (NotFound, SiteError, Refused):
                    return
            if len(self._names) >= _NAMES:
                self._names.clear()
            self._names[native] = name

        await asyncio.gather(*(look(native) for native in wanted))
        return {native: self._names[native] for native in natives if self._names.get(native)}

    # --- writing

    async def flag(self, kind: str, native: str, member: str, *, report: bool, everybody: bool = False) -> Content:
        """Report as `member`, or take reports back: that member's, or everybody's in the member's name."""
        body: dict[str, Any] = {"user_id": member}
        if everybody:
            body["all"] = True
        action = "abuse_flag" if report else "abuse_unflag"
        return await self._write("PUT", kind, native, body, action, why="report" if report else "close the reports")

    async def edit(
        self, kind: str, native: str, text: str, moderator: str, *, code: str | None = None, title: str | None = None
    ) -> Content:
        """Replace the text (and a thread's title). Raises Refused for a blank one, which would break the thread."""
        if not text.strip() or (title is not None and not title.strip()):
            raise Refused("The forum cannot keep a post without text, so nothing was sent.")
        body: dict[str, Any] = {"body": text, "editing_user_id": moderator}
        if code:
            body["edit_reason_code"] = code
        if title is not None:
            body["title"] = title
        return await self._write("PUT", kind, native, body, why="edit the post")

    async def close(self, native: str, moderator: str, code: str) -> Content:
        """Close a thread with a reason code."""
        body = {"closed": True, "closing_user_id": moderator, "close_reason_code": code}
        return await self._write("PUT", "thread", native, body, why="close the thread")

    async def reopen(self, native: str) -> Content:
        """Open a closed thread again."""
        return await self._write("PUT", "thread", native, {"closed": False}, why="reopen the thread")

    async def delete(self, kind: str, native: str) -> None:
        """Delete for good, with everything below it. Raises NotFound when it is gone already."""
        await self._write("DELETE", kind, native, None, why="delete the post")

    async def respond(self, native: str, text: str, member: str, *, to: str | None = None) -> Comment:
        """Answer a thread as `member`, or reply to its response `to`. Raises Refused for a blank text, which would
        break the thread."""
        if not text.strip():
            raise Refused("The forum cannot keep a post without text, so nothing was sent.")
        path = f"comments/{_id(to)}" if to else f"threads/{_id(native)}/comments"
        body = {"body": text, "course_id": self.course, "user_id": member}
        return decode(await self.door.ask("POST", f"{self.prefix}/{path}", json=body, why="reply"), Comment)

    async def endorse(self, native: str, member: str, *, on: bool) -> Content:
        """Mark a response as an answer in the name of `member`, or take the mark off."""
        body: dict[str, Any] = {"endorsed": True, "endorsement_user_id": member} if on else {"endorsed": False}
        return await self._write("PUT", "comment", native, body, why="mark the answer" if on else "take the mark off")

    async def move(self, native: str, topic: str) -> Content:
        """Put a thread into another topic of the course."""
        return await self._write("PUT", "thread", native, {"commentable_id": topic}, why="move")

    async def watch(self, native: str, member: str, *, on: bool) -> None:
        """Have `member` told of new posts in a thread, or no more. Twice does no harm."""
        path = f"{self.prefix}/users/{_id(member)}/subscriptions"
        if on:
            await self.door.ask("POST", path, json={"source_id": _id(native)}, why="watch")
            return
        try:
            await self.door.ask("DELETE", path, [("source_id", _id(native))], why="stop watching")
        except NotFound as error:
            if "subscription" not in error.message.lower():
                raise

    # --- both

    async def _read(self, path: str, kind: type[T], params: Sequence[tuple[str, str]] = (), *, why: str) -> T:
        return decode(await self.door.get(f"{self.prefix}/{path}", params, why=why), kind)

    async def _write(
        self, method: str, kind: str, native: str, body: dict[str, Any] | None, action: str = "", *, why: str
    ) -> Content:
        path = f"{self.prefix}/{kind}s/{_id(native)}" + (f"/{action}" if action else "")
        reply = await self.door.ask(method, path, json=body, why=why)
        return decode(reply, Thread if kind == "thread" else Comment)


def decode(reply: Reply, kind: type[T]) -> T:
    """The body of an answer as `kind`. Raises SiteError when it is something else."""
    if not reply.says_json:
        reply.json()
    try:
        return msgspec.json.decode(reply.body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply.mapping()
        raise reply.bad(f"{reply.place} answered with data of another shape than an Open edX forum's.") from None


def read_rows(rows: Iterable[msgspec.Raw], kind: type[T]) -> tuple[list[T], int]:
    """The rows that can be read, and how many cannot."""
    found: list[T] = []
    bad = 0
    for row in rows:
        try:
            found.append(msgspec.json.decode(row, type=kind, strict=False))
        except (msgspec.DecodeError, UnicodeDecodeError):
            bad += 1
    return found, bad


def comments_in(rows: Iterable[msgspec.Raw]) -> tuple[list[Comment], int]:
    """Responses and, below them, replies, in one list; and how many cannot be read."""
    found, bad = read_rows(rows, Comment)
    for response in tuple(found):
        replies, unreadable = comments_in(response.children)
        found += replies
        bad += unreadable
    return found, bad


def read_cursor(cursor: str | None) -> tuple[int, int]:
    """The page's number, and what was counted up to it. Raises UsageError."""
    if cursor is None:
        return 1, 0
    number, _, before = cursor.partition(":")
    if not (number.isascii() and number.isdecimal() and before.isascii() and before.isdecimal()) or len(cursor) > 20:
        raise UsageError("This is not a place in the list of the Open edX forum.")
    return max(1, int(number)), int(before)


def _id(native: str) -> str:
    """An id as it goes into a path; the site breaks on anything but a number."""
    if not (native.isascii() and native.isdecimal()) or len(native) > 19:
        raise NotFound(f"{show_line(native, 40)} is not the number of a post or member of this forum.")
    return native
