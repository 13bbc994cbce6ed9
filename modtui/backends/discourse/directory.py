"""The members of a site as items of the lane `members`: from the lists of staff, else from the public directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modtui.backends.discourse import wire
from modtui.backends.discourse.member_calls import ITEMS, PAGE, MemberCalls
from modtui.backends.discourse.member_offers import with_offers
from modtui.backends.discourse.member_wire import ListedUser, penalties_of
from modtui.backends.discourse.members import USER, count_of, foreign, role_of
from modtui.backends.discourse.site import Site
from modtui.domain.items import Gone, Item, Member, MemberKind, Page, Private
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, RightsError, UsageError
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

NEW_MS = 7 * 86_400_000
"""A member is new for so long."""
_QUERIES: dict[str, tuple[str, str]] = {
    "all": ("active", "created"), "new": ("new", "created"), "staff": ("staff", "seen"),
    "silenced": ("silenced", "seen"), "suspended": ("suspended", "seen"), "suspect": ("suspect", "created"),
    "waiting": ("pending", "created"),
}  # fmt: skip
"""The list and its order for each kind: the newest first where new ones matter, else who was there last."""


class Directory:
    """Lists members and reads them again."""

    def __init__(self, calls: MemberCalls, site: Site) -> None:
        self._calls, self._site = calls, site
        self._names: dict[str, str] = {}
        """Usernames by id, for accounts that cannot look up an id."""

    async def page(self, text: str, kind: MemberKind, cursor: str | None) -> Page:
        """A page of members of a kind; with `text` those whose username or name begins so. Raises RightsError where
        only staff may list that kind."""
        try:
            number = int(cursor) if cursor else 1
        except ValueError:
            raise UsageError("This is not a place in the list of members.") from None
        wanted = text.strip().lstrip("@").casefold()
        if not self._site.staff:
            if kind != "all":
                raise RightsError(f"Only staff can list members by this ({kind}).")
            return await self._public(wanted, number)
        query, order = _QUERIES[kind]
        now_ms = self._calls.door.clock_ms
        rows = await self._calls.listed(query, number, order=order, text=wanted)
        items, unreadable = [], 0
        for row in rows:
            item = item_of(self._site, row, now_ms, kind)
            if item is None:
                unreadable += 1
            elif not wanted or begins(item, wanted):
                items.append(item)
        more = len(rows) >= PAGE
        if kind == "new":  # the site lists everybody, the newest first
            fresh = [item for item in items if item.author is not None and "new" in item.author.flags]
            more, items = more and len(fresh) == len(items), fresh
        total = None
        if kind == "all" and not wanted:
            total = self._site.members
        elif not more and not wanted and kind != "new":
            total = (number - 1) * PAGE + len(rows)
        return Page(items=tuple(items), cursor=str(number + 1) if more else None, total=total, unreadable=unreadable)

    async def _public(self, wanted: str, number: int) -> Page:
        rows, total, more = await self._calls.directory(number - 1, wanted)
        items = []
        for row in rows:
            user = row.get("user")
            if not isinstance(user, dict):
                continue
            counts = {name: row.get(name) for name in ("post_count", "topic_count")}
            item = item_of(self._site, {**user, **counts}, self._calls.door.clock_ms)
            if item is not None and item.author is not None:
                self._names[item.ref.native] = str(item.author.username)
                if not wanted or begins(item, wanted):
                    items.append(item)
        following = str(number + 1) if more and len(rows) >= ITEMS else None
        return Page(items=tuple(items), cursor=following, total=None if wanted else total)

    async def reread(
        self, refs: Sequence[SubjectRef], admin: Any, card: Any
    ) -> dict[SubjectRef, Item | Gone]:
        """Members as they are now, one request each. `admin` and `card` read one by id and by name."""
        found: dict[SubjectRef, Item | Gone] = {}
        for ref in refs:
            if not ref.native.isdigit():
                found[ref] = Gone(ref=ref, why="there is no account of this name")
                continue
            try:
                if self._site.staff:
                    row = await admin(ref.native)
                elif ref.native in self._names:
                    row = await card(self._names[ref.native])
                else:
                    raise RightsError("Only staff can look a member up by number.")
            except NotFound:
                found[ref] = Gone(ref=ref, why="the account is not on the site any more")
                continue
            item = item_of(self._site, row, self._calls.door.clock_ms)
            found[ref] = item if item is not None else Gone(ref=ref, why="the site shows nothing of this account")
        return found

    async def private(self, native: str) -> Private:
        """What only staff see, and only when they ask: addresses, and who shares one. It is kept nowhere here."""
        reply = await self._calls.door.get(f"/admin/users/{int(native)}.json", why="addresses, asked for")
        row = reply.mapping()
        mail = await self._calls.emails(str(row.get("username") or ""))
        ips = [ip for key in ("ip_address", "registration_ip_address") if isinstance(ip := row.get(key), str) and ip]
        shares: dict[str, Member] = {}
        for ip in dict.fromkeys(ips[:1]):
            for other in await self._calls.same_ip(ip):
                item = item_of(self._site, other, self._calls.door.clock_ms)
                if item is not None and item.author is not None and item.ref.native != native:
                    shares[item.ref.native] = item.author
        return Private(
            email=foreign(_text(mail.get("email"))), ip=foreign(_text(row.get("ip_address"))),
            registration_ip=foreign(_text(row.get("registration_ip_address"))), shares=tuple(shares.values()),
            logged=True,
        )  # fmt: skip


def ref_of(site: Site, native: int | str) -> SubjectRef:
    """The reference of a member."""
    return SubjectRef(site.community, USER, str(native))


def begins(item: Item, wanted: str) -> bool:
    """Whether the username, the name or a word of the name begins with `wanted` (folded)."""
    author = item.author
    if author is None:
        return False
    words = (author.name or "").casefold().split()
    names = (author.username.casefold(), *(" ".join(words[at:]) for at in range(len(words))))
    return any(name.startswith(wanted) for name in names)


def item_of(site: Site, row: Mapping[str, Any], now_ms: int, kind: MemberKind = "all") -> Item | None:
    """A member as a row of work; None where not even the id can be read. `kind`: the list that it stood in."""
    user, _ = wire.lenient(dict(row), ListedUser)
    if user is None or user.id <= 0:
        return None
    person = member_of(user, penalties_of(row, now_ms), now_ms, kind)
    fields = row.get("custom_fields")
    if isinstance(fields, dict) and person.notes is None:
        person = msgspec.structs.replace(person, notes=count_of(fields, "user_notes_count"))
    item = Item(
        lane="members", ref=ref_of(site, user.id), kind="member", number=str(user.id), title=person.username,
        author=person, since_ms=person.since_ms or 0, created_ms=person.since_ms, language=user.locale or None,
        url=f"{site.base}/u/{user.username}",
        native={
            "user_id": user.id, "can_delete": user.can_be_deleted, "can_delete_posts": user.can_delete_all_posts,
            "approved": user.approved,
        },
    )  # fmt: skip
    return with_offers(site, item)


def member_of(user: ListedUser, penalties: Any, now_ms: int, kind: MemberKind = "all") -> Member:
    """A listed user as a member. Sanctions, and what the list itself says, become flags."""
    role = role_of(user.admin, user.moderator)
    since_ms = parse_iso_or_none(user.created_at)
    flags = [
        name
        for name, holds in (
            ("new", since_ms is not None and now_ms - since_ms < NEW_MS),
            ("staff", role is not None), ("suspect", kind == "suspect"),
            ("waiting", kind == "waiting" or user.approved is False),
        )
        if holds
    ]  # fmt: skip
    counts = user.penalty_counts or {}
    return Member(
        native=str(user.id), username=Foreign(user.username or f"user {user.id}"), name=foreign(user.name),
        trust=user.trust_level, role=role, since_ms=since_ms, seen_ms=parse_iso_or_none(user.last_seen_at),
        posts=user.post_count, threads=user.topic_count, flags=tuple(flags), silenced=_whole(counts.get("silenced")),
        banned=_whole(counts.get("suspended")), warned=user.warnings_received_count, locale=user.locale or None,
        penalties=penalties,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
