"""The lane of reports: the forum's flags that are open or in work.

The list of flags has bare numbers, so each row is read once more: the flag, the post with what its author typed, its
topic. What has not changed since the last look costs nothing (the row says so) or an empty answer (304).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.offers import flag_offers
from modtui.backends.nodebb.shape import flag_item, thread_of, thread_of_item
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import Row, Unreadable, each, number, pages_of, row_of, rows_of, whole
from modtui.backends.nodebb.wire import Flag, FlagRow, Post, Topic
from modtui.domain.items import Gone, Item, Page
from modtui.domain.items import Thread as DomainThread
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, RightsError, SiteError, UsageError

KIND = "flag"
STATES = ("open", "wip")
"""The two states that stand in the lane. The forum takes one state a request and ignores what it does not know, so they
are asked for one by one and every row is looked at."""
PER_PAGE = 20
LISTED = 250
_MOST_PAGES = 60
_AT_ONCE = 4
_FRESH_S = 300.0
"""How long a row that has not changed is not read again: an edit of the post does not show in the list."""
_STAFF_S = 600.0
_TOGETHER_S = 5.0


class Flags:
    """The lane on one forum. It remembers the marks of rows that it has read."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client, self._site = client, site
        self._marks: dict[int, str] = {}

    # --- the list

    async def listed(self, *, why: str = "reports") -> tuple[list[FlagRow], int]:
        """Every flag that is open or in work, oldest first, and how many rows cannot be read. Two requests where there
        are up to 250 of each."""
        found: dict[int, FlagRow] = {}
        bad = 0
        for rows, unreadable in await asyncio.gather(*(self._all(state, why) for state in STATES)):
            found |= {one.id: one for one in rows if one.state in STATES}
            bad += unreadable
        return sorted(found.values(), key=lambda one: one.place), bad

    async def _all(self, state: str, why: str) -> tuple[list[FlagRow], int]:
        rows: list[FlagRow] = []
        bad = 0
        for page in range(1, _MOST_PAGES + 1):
            body = await self._client.flags(state, page, LISTED, why=why)
            given = listed_rows(body)
            some, unreadable = each(given, FlagRow.of)
            rows += some
            bad += unreadable
            if not given or page >= pages_of(body)[1]:
                break
        return rows, bad

    async def count(self) -> int:
        """How many flags are open or in work. The forum's own count is right only where it took the filter."""
        total = 0
        for state in STATES:
            body = await self._client.flags(state, 1, LISTED, why="count")
            given, told = listed_rows(body), whole(body.get("count"))
            if row_of(body.get("filters")).get("state") == state and told is not None:
                total += max(told, 0)
            else:
                total += sum(row.get("state") == state for row in given)
        return total

    async def page(self, cursor: str | None) -> Page:
        """Twenty flags, oldest first. The cursor is the last one's place in time, so that nothing is missed when others
        decide meanwhile."""
        after = _place(cursor)
        rows, bad = await self.listed()
        left = [row for row in rows if row.place > after]
        chosen = left[:PER_PAGE]
        items = await self._items(chosen)
        last = len(left) <= PER_PAGE
        return Page(
            items=tuple(items), cursor=None if last else f"{chosen[-1].at_ms}:{chosen[-1].id}", total=len(rows),
            unreadable=bad if cursor is None else 0,
        )  # fmt: skip

    # --- the rows

    async def _items(self, rows: Sequence[FlagRow]) -> list[Item]:
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(row: FlagRow) -> Item | None:
            async with limit:
                fresh = _FRESH_S if self._marks.get(row.id) == row.mark else 0.0
                try:
                    item = await self._read(str(row.id), fresh_s=fresh)
                except NotFound:
                    return None
                except (SiteError, RightsError) as error:
                    return self._half(row, error.message)
                self._marks[row.id] = row.mark
                return item

        found = await asyncio.gather(*(one(row) for row in rows))
        if len(self._marks) > 5000:
            self._marks.clear()
        return [item for item in found if item is not None and item.state == "open"]

    def _half(self, row: FlagRow, why: str) -> Item:
        """A row of which only the list could be read."""
        kept = Flag(row=row, target_uid=None, post=None, user=None, reports=(), notes=(), purged=True)
        item = flag_item(self._site, kept, None, None)
        return self._offered(msgspec.structs.replace(item, problem=f"the report could not be read: {why}"))

    async def _read(self, native: str, *, fresh_s: float = 0.0, whole_: bool = False) -> Item:
        """A flag as an item: two or three requests. `whole_` reads its page, with history and colleagues."""
        client, site = self._client, self._site
        if whole_:
            flag = await client.flag_page(native)
        else:
            flag = await client.flag(native, fresh_s=fresh_s)
        source: Post | None = None
        topic: Topic | None = None
        if flag.post is not None:
            try:
                source = await client.post(flag.post.pid, fresh_s=fresh_s)
            except (NotFound, RightsError):
                source = None
            if source is not None and source.tid is not None:
                # Rows of one page often stand in one topic, which is read once for them.
                topic = await self._topic(source.tid, 0.0 if whole_ else max(fresh_s, _TOGETHER_S))
        cid = (topic.cid if topic is not None else None) or 0
        known = cid in site.taught and flag.row.assignee in (None, site.uid, *site.names)
        page = flag if whole_ else None if known else await self._taught(native)
        if page is not None:
            site.learn_staff(page.people, cid)
        return self._offered(flag_item(site, flag, source, topic))

    async def _taught(self, native: str) -> Flag | None:
        """The flag's page, for who is staff there: nobody who is may be banned."""
        try:
            return await self._client.flag_page(native, why="who is on the team?", fresh_s=_STAFF_S)
        except (NotFound, RightsError, SiteError):
            return None

    async def _topic(self, tid: int, fresh_s: float) -> Topic | None:
        try:
            return await self._client.topic(tid, fresh_s=fresh_s)
        except (NotFound, RightsError, SiteError):
            return None

    def _offered(self, item: Item) -> Item:
        return msgspec.structs.replace(item, offers=flag_offers(self._site, item, self._site.moderates))

    async def reread(self, ref: SubjectRef) -> Item | Gone:
        """The flag anew, with its history: three requests."""
        try:
            return await self._read(ref.native, whole_=True)
        except NotFound:
            return Gone(ref=ref)

    # --- around it

    async def thread(self, item: Item) -> DomainThread:
        """The twenty posts around the reported one."""
        if item.place.thread_id is None or item.place.post_id is None:
            return thread_of_item(item)
        try:
            body = await self._around(item.place.thread_id, int(item.place.post_id))
            found = thread_of(self._site, body, int(item.place.post_id))
        except (NotFound, RightsError, Unreadable, ValueError):
            return thread_of_item(item)
        return found if any(post.subject for post in found.posts) else thread_of_item(item)

    async def _around(self, tid: str, pid: int) -> Row:
        """The page of a topic that has the post: the write API says at which place it stands."""
        body = await self._client.topic_page(tid, why="the topic around it")
        if any(number(one.get("pid")) == pid for one in rows_of(body.get("posts"))):
            return body
        found = await self._client.read(f"/api/v3/posts/{pid}/index", why="where the post stands")
        index = whole(found.get("index"))
        return await self._client.topic_page(tid, index=(index or 0) + 1, why="the topic around it")


def listed_rows(body: Row) -> list[Row]:
    """The rows of an answer to the list. Raises SiteError where it is none."""
    if not isinstance(body.get("flags"), list):
        raise SiteError("The forum answered with data of another shape than a list of reports.")
    return rows_of(body["flags"])


def _place(cursor: str | None) -> tuple[int, int]:
    """Where the last page ended. Raises UsageError."""
    if cursor is None:
        return -1, -1
    at, _, native = cursor.partition(":")
    if not (at.isascii() and at.isdecimal() and native.isascii() and native.isdecimal()) or len(cursor) > 40:
        raise UsageError("This is not a place in the list of reports of NodeBB.")
    return int(at), int(native)
