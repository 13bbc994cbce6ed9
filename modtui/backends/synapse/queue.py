"""The lane of reports: which messages and members are reported, read with what they say.

The list has no texts: each message costs a request (and a picture another), each author one. At most four are under way
at once. What was read of a message is kept for a short while, so that paging through a lane does not read it again; a
decision always rests on a fresh read. A message that cannot be read keeps its row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from modtui.backends.synapse import shape
from modtui.backends.synapse.client import Client, read_rows
from modtui.backends.synapse.lane import CHUNK, Group, Reports, after, read_reports
from modtui.backends.synapse.offers import Rights
from modtui.backends.synapse.rooms import Room, room_of
from modtui.backends.synapse.texts import media_parts, plain, said
from modtui.backends.synapse.wire import Account, Content, Event
from modtui.domain.items import Gone, Item, Page
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import AuthError, ModtuiError, NotFound, RateLimited, Refused, RightsError
from modtui.text import show_line

T = TypeVar("T")
PER_PAGE = 20
_AT_ONCE = 4
_FRESH_S = 60.0
_KEPT = 2000
_NO_TEXT = "the message is not on the server any more"


class Seen(msgspec.Struct, frozen=True):
    """What was read of a message: itself, its room, what it said before it was redacted, whether its files are in
    quarantine."""

    event: Event
    room: Room
    original: Event | None = None
    quarantined: bool | None = None


class Queue:
    """Reads the lane for one account."""

    def __init__(
        self, client: Client, community: CommunityId, rights: Callable[[], Rights], *, chunk: int = CHUNK,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._client, self._community, self._rights, self._now = client, community, rights, now
        self.chunk = chunk
        self._known: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._locks: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()
        self._limit = asyncio.Semaphore(_AT_ONCE)

    def forget(self) -> None:
        """What was read is not as it was: something was sent."""
        self._known.clear()

    # --- the lane

    async def page(self, cursor: str | None) -> Page:
        """Twenty reported subjects behind the cursor, the longest waiting first."""
        reports = await read_reports(self._client, chunk=self.chunk)
        groups, next_ = after(reports.groups, cursor, PER_PAGE)
        items = await asyncio.gather(*(self._row(group) for group in groups))
        return Page(
            items=tuple(items), cursor=next_, total=len(reports.groups),
            unreadable=reports.unreadable if next_ is None else 0,
        )  # fmt: skip

    async def count(self) -> int:
        """How many subjects are reported (the server counts reports)."""
        return len((await read_reports(self._client, chunk=self.chunk)).groups)

    async def _row(self, group: Group) -> Item:
        """A row, whatever can be read of it."""
        rights = self._rights()
        if not group.room:
            try:
                account = await self.account(group.native)
            except (AuthError, RightsError):
                raise
            except ModtuiError as trouble:
                words = _unread(trouble)
                return shape.account_item(group, None, community=self._community, rights=rights, problem=words)
            return shape.account_item(group, account, community=self._community, rights=rights)
        try:
            seen = await self._message(group.room, group.native)
            author = await self.account(seen.event.sender)
        except AuthError:
            raise
        except NotFound:
            return shape.unread_item(group, community=self._community, rights=rights, problem=_NO_TEXT)
        except ModtuiError as trouble:
            words = _unread(trouble)
            return shape.unread_item(group, community=self._community, rights=rights, problem=words)
        return self._item(seen, group, author)

    def _item(self, seen: Seen, group: Group, author: Account | None) -> Item:
        return shape.message_item(
            seen.event, seen.room, group, community=self._community, rights=self._rights(), account=author,
            original=seen.original, quarantined=seen.quarantined,
        )  # fmt: skip

    # --- the same again

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Each message or reported member anew: one request each, one for its author, and the list of reports once. A
        message whose reports are closed is an item all the same, kept or removed."""
        if not refs:
            return {}
        rights, since = self._rights(), self._now()
        rooms = {shape.parts_of(ref.native)[0] for ref in refs if ref.kind == shape.EVENT}
        people = any(ref.kind == shape.ACCOUNT for ref in refs)
        reports = Reports(groups=())
        if self._client.admin:
            only = next(iter(rooms)) if len(rooms) == 1 else ""
            reports = await read_reports(self._client, room=only, chunk=self.chunk, members=people)

        async def one(ref: SubjectRef) -> Item | Gone:
            if ref.kind == shape.ACCOUNT:
                group = reports.of("", ref.native)
                account = await self.account(ref.native, since=since)
                if account is None and not group.users:
                    return Gone(ref=ref, why="there is no such account on this server, and nobody reports it now")
                return shape.account_item(group, account, community=self._community, rights=rights)
            room, event = shape.parts_of(ref.native)
            group = reports.of(room, event)
            try:
                seen = await self._message(room, event, since=since)
            except (NotFound, Refused):
                if group.events:
                    return shape.unread_item(group, community=self._community, rights=rights, problem=_NO_TEXT)
                return Gone(ref=ref, why="the message is not on the server")
            except RightsError:
                return Gone(ref=ref, why="this account cannot see the message")
            return self._item(seen, group, await self.account(seen.event.sender, since=since))

        answers = await asyncio.gather(*(one(ref) for ref in refs))
        return dict(zip(refs, answers, strict=True))

    # --- reading

    async def _message(self, room: str, event: str, *, since: float | None = None) -> Seen:
        """A message, its room and its author's standing there, read after `since` (None: a minute ago)."""
        if not room or not event:
            raise NotFound("This names no message.")
        key = ("message", room, event)
        found: Seen = await self._kept(key, since, lambda: self._read_message(room, event, since))
        return found

    async def _read_message(self, room: str, event: str, since: float | None) -> Seen:
        context = await self._one(self._client.context(room, event))
        found, original = context.event, None
        if found.redaction is not None and self._client.admin:
            original = await self._one(self._client.original(event))
        media = said(found, original=original).media
        held = await self._held(media) if media and self._client.admin else None
        state = room_of(room, read_rows(context.state, Event)[0])
        inside = room in self._rights().joined
        levels: Content = await self._kept(
            ("levels", room), since, lambda: self._one(self._client.levels(room, inside=inside))
        )
        standing: str = await self._kept(
            ("standing", room, found.sender), since, lambda: self._standing(room, found.sender)
        )
        power = msgspec.structs.replace(state.power, levels=levels)
        memberships = {**state.memberships, found.sender: standing}
        return Seen(found, msgspec.structs.replace(state, power=power, memberships=memberships), original, held)

    async def _standing(self, room: str, user: str) -> str:
        """How the author stands to the room now; "" where this account is not in it and cannot know."""
        if room not in self._rights().joined:
            return ""
        try:
            found = await self._one(
                self._client.state(room, "m.room.member", user, why="is the author in the room?")
            )
        except (NotFound, RightsError):
            return ""
        return plain(found.get("membership"))

    async def _held(self, media: Sequence[str]) -> bool | None:
        """Whether all files of a message are in quarantine; None where the server has none of them."""
        try:
            return all([await self._one(self._client.quarantined(*media_parts(url))) for url in media])
        except (NotFound, Refused):
            return None

    async def account(self, user: str, *, since: float | None = None) -> Account | None:
        """The account of a member of this server, for administrators, read after `since` (None: a minute ago); None for
        others, and for one that does not exist."""
        if not self._client.admin or not self._rights().local(user):
            return None
        found: Account | None = await self._kept(("account", user), since, lambda: self._read_account(user))
        return found

    async def _read_account(self, user: str) -> Account | None:
        try:
            return await self._one(self._client.account(user))
        except NotFound:
            return None

    async def _one(self, read: Coroutine[Any, Any, T]) -> T:
        """One of the four requests that may be under way."""
        try:
            async with self._limit:
                return await read
        finally:
            read.close()  # given up while it waited for its turn

    async def _kept(self, key: tuple[str, ...], since: float | None, read: Callable[[], Awaitable[Any]]) -> Any:
        """What was read after `since`, else what `read` brings. Who asks for the same at the same time waits for it."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._known.pop(key, None)
            if known is None or known[0] < (self._now() - _FRESH_S if since is None else since):
                known = (self._now(), await read())
            self._known[key] = known
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
            return known[1]

    def now(self) -> float:
        """This moment, to read what is not older."""
        return self._now()


def _unread(trouble: ModtuiError) -> str:
    """Why a row has no text."""
    if isinstance(trouble, RateLimited):
        return "its text could not be read yet: the site asks to wait"
    return f"its text could not be read: {show_line(trouble.message, 120).rstrip('.')}"
