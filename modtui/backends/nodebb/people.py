"""Members: the directory, one member's dossier, and what is private."""

from __future__ import annotations

import msgspec

from modtui.backends.nodebb.client import Client, profile_path
from modtui.backends.nodebb.offers import member_offers, sanctionable
from modtui.backends.nodebb.queue import SIGN_UP, Queue
from modtui.backends.nodebb.shape import member_of
from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import (
    Row,
    each,
    html_words,
    number,
    page_number,
    pages_of,
    row_of,
    rows_of,
    text,
    time_ms,
    unkeyed,
    whole,
)
from modtui.backends.nodebb.wire import Post, Topic, User
from modtui.domain.capability import Blocked
from modtui.domain.items import (
    Body,
    Dossier,
    Gone,
    Item,
    Member,
    MemberKind,
    Note,
    Page,
    Penalty,
    Private,
    Record,
    Sanctioned,
    ThreadPost,
)
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, Refused, RightsError, SiteError
from modtui.text import Foreign, show_line

KIND = "user"
_SECTIONS: dict[str, str] = {
    "all": "joindate", "new": "joindate", "silenced": "muted", "suspended": "banned", "suspect": "flagged",
}  # fmt: skip
_NEW_MS = 7 * 86_400_000
_MARKS = {"ban": "ban", "unban": "unban", "mute": "silence", "unmute": "unsilence"}
_SAME_MS = 5000


class People:
    """The members of one forum."""

    def __init__(self, client: Client, site: Site, queue: Queue) -> None:
        self._client, self._site, self._queue = client, site, queue

    # --- the directory

    async def page(self, words: str, kind: MemberKind, cursor: str | None, now_ms: int) -> Page:
        """A page of the directory, newest members first; with `words` those whose name begins so."""
        section = _SECTIONS.get(kind)
        if section is None:
            what = "its staff" if kind == "staff" else "who waits to be let in; the queue has them"
            raise Refused(f"NodeBB has no list of members that is only {what}.")
        if kind in ("silenced", "suspended", "suspect") and isinstance(self._site.everywhere, Blocked):
            raise Refused("Only administrators and global moderators see this list.")
        at = page_number(cursor, "members")
        params = [("section", section), ("page", str(at))]
        wanted = " ".join(words.split())
        if wanted:
            params.append(("query", wanted))
        body = await self._client.read("/api/users", params, why="members")
        users, bad = each(rows_of(body.get("users")), User.of, escaped=self._site.escaped)
        items = []
        for user in {one.uid: one for one in users}.values():
            if wanted and not user.username.casefold().startswith(wanted.casefold()):
                continue
            if kind == "new" and now_ms - (user.joined_ms or 0) >= _NEW_MS:
                continue
            items.append(self.item(user, now_ms, suspect=kind == "suspect", silenced=kind == "silenced"))
        pages = max(pages_of(body)[1], whole(body.get("pageCount")) or 1)
        last = at >= pages or not users or (kind == "new" and not items)
        total = None if wanted or kind == "new" else whole(body.get("userCount"))
        return Page(
            items=tuple(items), cursor=None if last else str(at + 1), unreadable=bad, rising=False,
            total=max(total, len(items)) if total is not None else None,
        )  # fmt: skip

    def item(self, user: User, now_ms: int, *, suspect: bool = False, silenced: bool = False) -> Item:
        """A member of the directory."""
        member = member_of(self._site, user)
        if silenced and not any(one.kind == "silence" for one in member.penalties):  # the list leaves mutes out
            vague = Penalty(kind="silence", told=False)
            member = msgspec.structs.replace(member, penalties=(*member.penalties, vague))
        return self._member_item(member, user, now_ms, suspect=suspect or bool(user.flags))

    def _member_item(self, member: Member, user: User, now_ms: int, *, suspect: bool) -> Item:
        marks = [
            name for name, holds in (
                ("new", user.joined_ms is not None and now_ms - user.joined_ms < _NEW_MS), ("suspect", suspect),
            ) if holds
        ]  # fmt: skip
        member = msgspec.structs.replace(member, flags=(*marks, *member.flags))
        return Item(
            lane="members", ref=self._site.ref(KIND, user.uid), kind="member", number=str(user.uid),
            title=member.username, author=member, since_ms=user.joined_ms or 0, created_ms=user.joined_ms,
            body=Body(text=Foreign(user.about), format="plain") if user.about else None,
            url=f"{self._site.base}/user/{user.slug}" if user.slug else "",
            offers=member_offers(self._site, member, self._site.moderates),
            native={"type": "user", "slug": user.slug},
        )  # fmt: skip

    async def reread(self, ref: SubjectRef, now_ms: int) -> Item | Gone:
        """One member anew."""
        try:
            user = await self.user(ref.native)
        except NotFound:
            return Gone(ref=ref, why="nobody has this number")
        item = self.item(user, now_ms)
        return msgspec.structs.replace(item, ref=ref)

    # --- one member

    async def row(self, member: str, *, why: str = "the member", personal: bool = False) -> Row:
        """The profile of the member with this number or username. Raises NotFound."""
        slug = await self._client.slug_of(member)
        try:
            return await self._client.profile(slug, why=why, personal=personal)
        except NotFound:
            found = await self._named(member)
            if found is None:
                raise NotFound(f"Nobody on this forum is called {show_line(member, 60)}.") from None
            return await self._client.profile(found, why=why, personal=personal)

    async def _named(self, member: str) -> str | None:
        """The address of a name that the forum writes otherwise than we think."""
        if not member.strip() or member.isdecimal():
            return None
        body = await self._client.maybe("/api/users", [("query", member.strip())], why="whose name is this?")
        users, _ = each(rows_of((body or {}).get("users")), User.of)
        return next((one.slug for one in users if one.username.casefold() == member.casefold() and one.slug), None)

    async def user(self, member: str) -> User:
        """The member with this number or username. Raises NotFound."""
        return self._user(await self.row(member))

    def _user(self, row: Row) -> User:
        """The member of a profile. Raises SiteError where it is none."""
        found = User.maybe(row, escaped=self._site.escaped)
        if found is None:
            raise SiteError("The forum answered with data of another shape than a NodeBB forum's.")
        return found

    async def dossier(self, member: str) -> Dossier:
        """Profile, and for administrators and global moderators what the forum keeps of moderation."""
        if member.startswith(f"{SIGN_UP}:"):
            raise NotFound("This is a sign-up: there is no account yet.")
        row = await self.row(member)
        site = self._site
        user = self._user(row)
        info = None
        if user.slug and not isinstance(site.everywhere, Blocked):
            info = await self._client.maybe(f"{profile_path(user.slug)}/info", why="what moderators know")
        return self._dossier(user, row, info)

    def _dossier(self, user: User, row: Row, info: Row | None) -> Dossier:
        site = self._site
        person = member_of(site, user)
        kept = row_of((info or {}).get("history"))
        notes = tuple(_note(one) for one in rows_of((info or {}).get("moderationNotes"))) if info is not None else ()
        history = self._history(kept) if info is not None else ()
        person = msgspec.structs.replace(
            person, notes=len(notes) if info is not None else None,
            silenced=_times(history, "silence") if info is not None else None,
            banned=_times(history, "ban") if info is not None else None,
            penalties=tuple(_told(one, history) for one in person.penalties),
        )  # fmt: skip
        flags = rows_of(kept.get("flags"))
        recent, titles = self._recent(row, person)
        groups = tuple(map(Foreign, user.groups))
        return Dossier(
            member=person, bio=Foreign(user.about) if user.about else None, likes_got=user.reputation,
            reports_got=max(len(flags), user.flags or 0) if info is not None else user.flags, notes=notes,
            recent=recent, recent_titles=titles, history=history, groups=groups,
            got=Record(total=max(len(flags), user.flags or 0)) if info is not None else Record(),
            sanctionable=sanctionable(site, person), url=f"{site.base}/user/{user.slug}" if user.slug else "",
        )  # fmt: skip

    def _history(self, kept: Row) -> tuple[Sanctioned, ...]:
        """Bans, mutes and reported posts, newest first, twenty of each at most."""
        escaped = self._site.escaped
        lines: list[Sanctioned] = []
        for name in ("bans", "mutes"):
            for row in rows_of(kept.get(name)):
                kind = _MARKS.get(text(row.get("type")))
                if kind is None:
                    continue
                reason, by = unkeyed(text(row.get("reason"), escaped=escaped)), User.maybe(row.get("user"))
                lines.append(
                    Sanctioned(
                        kind=kind, at_ms=time_ms(row.get("timestamp")), reason=Foreign(reason) if reason else None,
                        by=Foreign(by.username) if by is not None else None, until_ms=time_ms(row.get("until")),
                    )
                )  # fmt: skip
        for row in rows_of(kept.get("flags")):
            title, reports = text(row.get("title"), escaped=escaped), rows_of(row.get("reports"))
            values = ", ".join(dict.fromkeys(unkeyed(text(one.get("value"), escaped=escaped)) for one in reports))
            gone = row.get("targetPurged") is True
            native = number(row.get("flagId"))
            lines.append(
                Sanctioned(
                    kind="report", at_ms=time_ms(row.get("timestamp")) or time_ms(row.get("datetime")),
                    reason=Foreign(values) if values else None,
                    title=Foreign(title) if title and not gone else None,
                    url=f"{self._site.base}/flags/{native}" if native else "",
                )
            )  # fmt: skip
        return tuple(sorted(lines, key=lambda line: -(line.at_ms or 0)))

    def _recent(self, row: Row, person: Member) -> tuple[tuple[ThreadPost, ...], dict[str, Foreign]]:
        posts: list[ThreadPost] = []
        titles: dict[str, Foreign] = {}
        given = rows_of(row.get("latestPosts")) or rows_of(row.get("posts"))
        for at, one in enumerate(given, 1):
            post = Post.maybe(one, escaped=self._site.escaped)
            if post is None or str(post.pid) in {each_.id for each_ in posts}:
                continue
            posts.append(
                ThreadPost(
                    id=str(post.pid), number=at, author=person, body=Body(text=Foreign(post.content), format="html"),
                    created_ms=post.at_ms, deleted=post.deleted, url=f"{self._site.base}/post/{post.pid}",
                )
            )  # fmt: skip
            topic, _ = each([row_of(one.get("topic"))], Topic.of, escaped=self._site.escaped)
            if topic and topic[0].title:
                titles[str(post.pid)] = Foreign(topic[0].title)
        return tuple(posts), titles

    # --- what is private

    async def private(self, member: str) -> Private:
        """E-mail and IP addresses of a member, or of a sign-up. Raises RightsError where the forum shows none."""
        if isinstance(self._site.everywhere, Blocked):
            raise RightsError("Only administrators and global moderators see addresses.")
        if member.startswith(f"{SIGN_UP}:"):
            name = member.removeprefix(f"{SIGN_UP}:")
            rows, _ = await self._queue.sign_ups(personal=True)
            row = next((one for one in rows if text(one.get("username")) == name), None)
            if row is None:
                raise NotFound("This sign-up waits no longer.")
            shares = [member_of(self._site, one) for one in each(rows_of(row.get("ipMatch")), User.of)[0]]
            return Private(email=_or_none(row.get("email")), registration_ip=_or_none(row.get("ip")),
                           shares=tuple(shares))  # fmt: skip
        row = await self.row(member, why="private data", personal=True)
        addresses = row.get("ips")
        known = ", ".join(one for one in addresses if isinstance(one, str)) if isinstance(addresses, list) else ""
        return Private(email=_or_none(row.get("email")), ip=Foreign(known) if known else None)


def _or_none(value: object) -> Foreign | None:
    found = text(value)
    return Foreign(found) if found else None


def _note(row: Row) -> Note:
    """A note on a profile: what was typed, where the forum sends it (it is sent as HTML, too)."""
    typed = text(row.get("rawNote")) or html_words(text(row.get("note")))
    by = User.maybe(row.get("user"))
    return Note(
        id=text(row.get("id")) or str(time_ms(row.get("timestamp")) or 0), by=Foreign(by.username if by else "?"),
        text=Foreign(typed), created_ms=time_ms(row.get("timestamp")),
    )  # fmt: skip


def _times(history: tuple[Sanctioned, ...], kind: str) -> int:
    return sum(line.kind == kind for line in history)


def _told(now: Penalty, history: tuple[Sanctioned, ...]) -> Penalty:
    """A sanction in force with who gave it and why, from its line in the history."""
    line = next((one for one in history if one.kind == now.kind), None)
    if line is None or (now.until_ms is not None and abs((line.until_ms or 0) - now.until_ms) > _SAME_MS):
        return now
    return msgspec.structs.replace(now, by=line.by, since_ms=line.at_ms, reason=line.reason or now.reason)
