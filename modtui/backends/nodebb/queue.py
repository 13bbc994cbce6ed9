"""The lane of what waits: the forum's post queue, and sign-ups (which a token can only look at)."""

from __future__ import annotations

import msgspec

from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.offers import queued_offers, sign_up_offers
from modtui.backends.nodebb.shape import member_of, thread_of, thread_of_item, topic_url
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import Row, each, pages_of, rows_of, text, time_ms, whole
from modtui.backends.nodebb.wire import Queued
from modtui.domain.capability import ALLOWED
from modtui.domain.items import Body, Gone, Item, Member, Page, Place, Report
from modtui.domain.items import Thread as DomainThread
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, UsageError
from modtui.text import Foreign, count

KIND, SIGN_UP = "queued", "sign-up"
_MOST_PAGES = 50


class Queue:
    """The lane on one forum."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client, self._site = client, site

    async def entries(self, page: int = 1, *, why: str = "what waits") -> Row:
        """A page of twenty entries, oldest first. There is no total."""
        return await self._client.read("/api/post-queue", [("page", str(page))], why=why)

    async def listed(self, *, why: str = "what waits") -> list[Row]:
        """Every entry, from the last page to the first: one that moves up when others leave is met again and not
        missed. The first page is read before that, as it says how many there are."""
        rows: dict[str, Row] = {}
        body = await self.entries(why=why)
        for page in range(min(pages_of(body)[1], _MOST_PAGES), 0, -1):
            found = body if page == 1 and not rows else await self.entries(page, why=why)
            rows |= {text(row.get("id")) or f"{page}:{at}": row for at, row in enumerate(rows_of(found.get("posts")))}
        return [*rows.values()]

    async def sign_ups(self, *, personal: bool = False) -> tuple[list[Row], int]:
        """Who waits to be let in, and how many; nobody where the account may not look (the forum answers 404). With
        their addresses only where `personal` asks for them."""
        if self._site.everywhere != ALLOWED:
            return [], 0
        rows: dict[str, Row] = {}
        told = 0
        for page in range(1, _MOST_PAGES + 1):
            body = await self._client.maybe(
                "/api/registration-queue", [("page", str(page))], why="sign-ups", personal=personal
            )
            if body is None:
                break
            rows |= {name: row for row in rows_of(body.get("users")) if (name := text(row.get("username")))}
            told = whole(body.get("registrationQueueCount")) or 0
            if page >= pages_of(body)[1]:
                break
        return [*rows.values()], max(told, len(rows))

    async def count(self) -> int:
        """How many wait. The queue tells its pages only, so the last one is read, too."""
        body = await self.entries(why="count")
        _, pages = pages_of(body)
        found = len(rows_of(body.get("posts")))
        if pages > 1:
            last = await self.entries(min(pages, _MOST_PAGES), why="count")
            found = found * (min(pages, _MOST_PAGES) - 1) + len(rows_of(last.get("posts")))
        return found + (await self.sign_ups())[1]

    async def page(self, cursor: str | None) -> Page:
        """The whole queue, whose pages shift when entries leave, and the sign-ups. It is never long."""
        if cursor is not None:
            raise UsageError("This is not a place in the queue of NodeBB.")
        rows, bad = each(await self.listed(), Queued.of, escaped=self._site.escaped)
        people, _ = await self.sign_ups()
        items = [self.item(one) for one in rows if one.can_accept or one.can_edit]
        items += [self.sign_up(row) for row in people]
        items.sort(key=lambda item: (item.since_ms, item.number))
        return Page(items=tuple(items), total=len(items), unreadable=bad)

    async def entry(self, native: str, *, why: str = "the entry") -> Queued:
        """One entry. Raises NotFound where it waits no longer (the forum answers with an empty list)."""
        if not all(sign.isalnum() or sign == "-" for sign in native) or not native.isascii():
            raise NotFound("This is not an entry of the queue.")
        body = await self._client.read(f"/api/post-queue/{native}", why=why)
        rows, _ = each(rows_of(body.get("posts")), Queued.of, escaped=self._site.escaped)
        found: Queued | None = next((one for one in rows if one.id == native), None)
        if found is None:
            raise NotFound("It waits no longer.")
        return found

    async def reread(self, ref: SubjectRef) -> Item | Gone:
        """An entry, or a sign-up, as it is now."""
        try:
            if ref.kind == SIGN_UP:
                people, _ = await self.sign_ups()
                row = next((one for one in people if text(one.get("username")) == ref.native), None)
                return self.sign_up(row) if row is not None else Gone(ref=ref, why="it waits no longer")
            return self.item(await self.entry(ref.native))
        except NotFound:
            return Gone(ref=ref, why="it waits no longer: somebody else decided")

    # --- rows

    def item(self, one: Queued) -> Item:
        """An entry as an item."""
        site = self._site
        source = Foreign(one.raw)
        author = member_of(site, one.user, vague=True) if one.user is not None else None
        item = Item(
            lane="pending", ref=site.ref(KIND, one.id), kind="held post", number=short(one.id),
            title=Foreign(one.title), author=author,
            body=Body(Foreign(one.content), "html") if one.content else Body(source, "markdown"), source=source,
            reports=(Report(id="held", reason="held", label=Foreign("Waits for approval"), created_ms=one.at_ms),),
            since_ms=one.at_ms or 0, created_ms=one.at_ms, url=f"{site.base}/post-queue/{one.id}",
            place=Place(
                category=site.category(one.cid, one.category), category_id=str(one.cid) if one.cid else None,
                tags=tuple(map(Foreign, one.tags)), thread_id=str(one.tid) if one.tid else None,
                thread_title=Foreign(one.title) if one.tid else None,
            ),
            native={
                "type": one.type, "can_accept": one.can_accept, "can_edit": one.can_edit,
                "title": one.title if one.type == "topic" else "", "slug": one.user.slug if one.user else "",
                "at": one.at_ms or 0,
            },
        )  # fmt: skip
        return msgspec.structs.replace(item, offers=queued_offers(site, item, site.moderates))

    def sign_up(self, row: Row) -> Item:
        """A sign-up as an item: the name and when. Addresses are shown only when they are asked for."""
        name, at = text(row.get("username")), time_ms(row.get("timestampISO")) or 0
        shared = len(rows_of(row.get("ipMatch")))
        words = f"address: the same as {count(shared, 'other account')}" if shared else ""
        return Item(
            lane="pending", ref=self._site.ref(SIGN_UP, name), kind="sign-up", number=name, title=Foreign(name),
            author=Member(native=f"{SIGN_UP}:{name}", username=Foreign(name), since_ms=at or None),
            body=Body(text=Foreign(words), format="plain"),
            reports=(
                Report(id="sign-up", reason="sign-up", label=Foreign("Waits to be let in"), created_ms=at or None),
            ),
            since_ms=at, created_ms=at or None, url=f"{self._site.base}/registration-queue",
            offers=sign_up_offers(self._site.moderates),
        )  # fmt: skip

    async def thread(self, item: Item) -> DomainThread:
        """The topic that a reply waits for, with the waiting text at the end; alone where a topic waits."""
        tid = item.place.thread_id
        if tid is None:
            return thread_of_item(item)
        try:
            topic = await self._client.topic(tid, why="the topic it waits for")
            body = await self._client.topic_page(tid, index=topic.posts, why="the topic it waits for")
        except NotFound:
            return thread_of_item(item)
        around = thread_of(self._site, body, 0)
        number = max(around.total, *(post.number for post in around.posts), 0) + 1
        own = msgspec.structs.replace(
            thread_of_item(item).posts[0], number=number, id=item.ref.native, hidden=True
        )
        return msgspec.structs.replace(
            around, posts=(*around.posts, own), total=number, url=topic_url(self._site, tid)
        )


def short(native: str) -> str:
    """An entry's number to read and type: the forum names entries by the millisecond, of which the end is enough."""
    digits = native.rpartition("-")[2]
    return digits[-7:] if digits.isdecimal() else native
