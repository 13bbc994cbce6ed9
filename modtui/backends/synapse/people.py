"""Members: the directory of the server, one member's dossier, and what is shown only when asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.backends.synapse import shape
from modtui.backends.synapse.client import Client, NoSuchCall, read_rows
from modtui.backends.synapse.offers import REMOTE, Rights, every, protected
from modtui.backends.synapse.texts import plain
from modtui.backends.synapse.wire import Account, Content, ReportRow, UserReportRow
from modtui.domain.capability import Blocked
from modtui.domain.items import Choice, Dossier, Gone, Item, MemberKind, Page, Private, Record, Sanctioned
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NotFound, Refused, UsageError
from modtui.text import Foreign, show_line

if TYPE_CHECKING:
    from modtui.backends.synapse.queue import Queue

PER_PAGE = 50
_NAMED = 6
_COUNTED = 100


class People:
    """Reads members for one account."""

    def __init__(
        self, client: Client, queue: Queue, community: CommunityId, rights: Callable[[], Rights]
    ) -> None:
        self._client, self._queue, self._community, self._rights = client, queue, community, rights
        self._rooms: dict[str, str] = {}

    # --- the directory

    async def page(self, text: str, kind: MemberKind, cursor: str | None) -> Page:
        """Fifty accounts of this server, the newest first; with `text` those whose name begins so. Accounts that were
        closed are not listed. The server's own search finds the text anywhere, so what comes is looked through."""
        start = 0
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 12:
                raise UsageError("This is not a place in the list of members.")
            start = int(cursor)
        params = [("from", str(start)), ("limit", str(PER_PAGE)), ("order_by", "creation_ts"), ("dir", "b"),
                  ("guests", "false")]  # fmt: skip
        match kind:
            case "staff":
                params.append(("admins", "true"))
            case "suspended":
                params.append(("locked", "true"))
            case "silenced" | "suspect" | "waiting":
                raise UsageError("Synapse does not list such members.")
        given = text.strip().removeprefix("@")
        params += [("name", given)] if given else []
        found = await self._client.accounts(params)
        accounts, bad = read_rows(found.users, Account)
        if given:
            accounts = [one for one in accounts if begins(one, given)]
        if kind == "suspended":
            accounts = [one for one in accounts if one.locked]
        rights = self._rights()
        items = tuple(shape.directory_item(one, community=self._community, rights=rights) for one in accounts)
        next_ = str(found.next_token) if found.next_token is not None else None
        return Page(items=items, cursor=next_, total=None if given else found.total, unreadable=bad, rising=False)

    async def named(self, text: str) -> tuple[Choice, ...]:
        """Accounts whose name begins so, to be picked."""
        page = await self.page(text, "all", None)
        rights = self._rights()
        return tuple(
            Choice(
                id=item.ref.native, title=item.title, note=item.author.name if item.author else None,
                mine=item.ref.native == rights.me, written=Foreign(item.ref.native),
            )
            for item in page.items
        )  # fmt: skip

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Members anew, one request each."""

        async def one(ref: SubjectRef) -> Item | Gone:
            try:
                account = await self._queue.account(ref.native, since=self._queue.now())
            except Refused:
                account = None
            if account is None:
                return Gone(ref=ref, why="there is no such account on this server")
            return shape.directory_item(account, community=self._community, rights=self._rights())

        answers = await asyncio.gather(*(one(ref) for ref in refs))
        return dict(zip(refs, answers, strict=True))

    # --- one member

    async def dossier(self, member: str) -> Dossier:
        """What the server knows of a member: the account, the rooms, the reports that are open. Nothing of what was
        done before: the server keeps no history. Raises NotFound."""
        rights = self._rights()
        user = shape.user_id(member, rights.server)
        if not self._client.admin or not rights.local(user):
            try:
                profile = await self._client.profile(user)
            except Refused:
                raise NotFound(f"There is no member {show_line(member, 60)}.") from None
            name = plain(profile.get("displayname"))
            can = Blocked("platform", REMOTE) if self._client.admin else every(rights.admin)
            who = shape.member_of(user, rights.server, name=name)
            return Dossier(member=who, sanctionable=can, url=shape.user_link(user))
        account = await self._client.account(user)
        rooms, got, made = await asyncio.gather(self._client.rooms_of(user), self._got(user), self._made(user))
        who = shape.member_of(user, rights.server, account)
        history = tuple(
            Sanctioned(kind="ban" if one.kind == "ban" else "silence", reason=one.reason) for one in who.penalties
        )
        return Dossier(
            member=who, got=Record(open=got), made=Record(open=made), reports_got=got, reports_made=made,
            history=history, groups=tuple(map(Foreign, await self._titles(rooms))),
            sanctionable=every(rights.admin, protected(user, account, rights)), url=shape.user_link(user),
        )  # fmt: skip

    async def _titles(self, rooms: Sequence[str]) -> list[str]:
        """What rooms are called: asked for once each, of the first few."""

        async def one(room: str) -> str:
            if room not in self._rooms:
                try:
                    self._rooms[room] = await self._client.room_title(room)
                except ModtuiError:
                    return room
            return self._rooms[room]

        named = await asyncio.gather(*(one(room) for room in rooms[:_NAMED]))
        more = len(rooms) - len(named)
        return [*named, *([f"{more} more"] if more > 0 else [])]

    async def _got(self, user: str) -> int:
        """Open reports about the member: of messages, and of the account."""
        events = await self._client.event_reports(0, 1, sender=user, why="reports about the member")
        try:
            page = await self._client.user_reports(0, _COUNTED, target=user, why="reports about the member")
        except NoSuchCall:
            return events.total
        rows, _ = read_rows(page.user_reports, UserReportRow)
        return events.total + sum(row.target_user_id == user for row in rows)

    async def _made(self, user: str) -> int:
        """Open reports by the member, among the newest hundred that the server finds (it looks for the id as a part of
        others)."""
        page = await self._client.event_reports(0, _COUNTED, newest=True, reporter=user, why="the member's reports")
        rows, _ = read_rows(page.event_reports, ReportRow)
        return sum(row.user_id == user for row in rows)

    async def private(self, member: str) -> Private:
        """The e-mail address of an account, and the IP address that it was last seen from. Raises NotFound."""
        user = shape.user_id(member, self._rights().server)
        found, seen = await asyncio.gather(self._client.addresses(user), self._client.whois(user))
        mails = [plain(one.get("address")) for one in found.threepids if one.get("medium") == "email"]
        newest: tuple[int, str] = (0, "")
        devices = seen.get("devices")
        for device in devices.values() if isinstance(devices, dict) else ():
            for session in _rows(device, "sessions"):
                for one in _rows(session, "connections"):
                    when = one.get("last_seen")
                    if isinstance(when, int) and plain(one.get("ip")):
                        newest = max(newest, (when, plain(one.get("ip"))))
        return Private(
            email=Foreign(mails[0]) if mails and mails[0] else None, ip=Foreign(newest[1]) if newest[1] else None
        )


def _rows(value: object, name: str) -> list[Content]:
    """The objects of the list below `name`."""
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def begins(account: Account, text: str) -> bool:
    """Whether a name of the account, or a word of its display name, begins so."""
    wanted = text.casefold()
    shown = account.displayname or ""
    names = (account.name, account.name.removeprefix("@"), shown, *shown.split())
    return any(one.casefold().startswith(wanted) for one in names)
