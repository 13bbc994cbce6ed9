"""Members: what is known about one, the directory, and what is shown only when asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from modtui.backends.ozone.client import MOD, Client, read_rows
from modtui.backends.ozone.shape import Found, did_of, item_of, languages, member_of, replace_offers
from modtui.backends.ozone.site import Site
from modtui.backends.ozone.wire import Detail, Event, Repo, Repos, Status, Statuses, foreign, inner, number, rows, text
from modtui.backends.ozone.wire import words as texts
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import Body, Dossier, Item, Member, MemberKind, Note, Page, Private, Record, Sanctioned
from modtui.domain.items import ThreadPost as Post
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NotFound, SiteError, UsageError
from modtui.text import Foreign, show_line
from modtui.text.time import parse_iso_or_none

_PER_PAGE = 50
_KINDS = {
    "modEventTakedown": "ban", "modEventReverseTakedown": "unban", "modEventEmail": "warning",
    "modEventComment": "note", "modEventLabel": "label", "modEventEscalate": "escalated",
    "modEventMuteReporter": "reports muted",
    "modEventResolveAppeal": "appeal resolved", "modEventReport": "report",
}  # fmt: skip
_HISTORY = tuple(kind for kind in _KINDS if kind != "modEventReport")


class People:
    """Reads members."""

    def __init__(self, client: Client, site: Site, community: CommunityId) -> None:
        self._client, self._site, self._community = client, site, community

    async def repo(self, did: str) -> dict[str, Any]:
        """An account as the service sees it, with its e-mail. Raises NotFound."""
        return await self._client.read(f"{MOD}.getRepo", dict[str, Any], [("did", did)], why="the member")

    async def dossier(self, member: str) -> Dossier:
        """Everything about the member with this DID or handle. Raises NotFound."""
        did = await self._client.resolve(member)
        told, profile, feed, log, stats = await asyncio.gather(
            self.repo(did), self._optional("app.bsky.actor.getProfile", [("actor", did)], "the profile"),
            self._optional("app.bsky.feed.getAuthorFeed", [("actor", did), ("limit", "20")], "newest posts"),
            self._client.events(did, _HISTORY, limit=50, everything=True, why="the member's history"),
            self._stats(did),
        )  # fmt: skip
        try:
            repo = msgspec.convert(told, Repo)
        except msgspec.ValidationError:
            raise SiteError("The moderation service answered with data of another shape than Ozone's.") from None
        status = repo.moderation.subject_status
        events = read_rows(log.events, Event)[0]
        who = member_of(did, repo.handle or did, repo, profile)
        warned = sum(one.kind == "modEventEmail" for one in events)
        who = msgspec.structs.replace(who, warned=warned, upheld=stats.right, left=None)
        posts = tuple(self._post(one, number_) for number_, one in enumerate(rows(feed.get("feed")), 1))
        mine = tuple(one for one in posts if one is not None and one.author and one.author.native == did)
        return Dossier(
            member=who, bio=foreign(text(profile, "description") or text(repo.profile, "description")),
            reports_made=stats.total, reports_got=_reports_got(status), notes=_notes(events), recent=mine,
            history=tuple(_line(one) for one in events if one.kind != "modEventComment"), made=stats, got=_got(status),
            languages=tuple(dict.fromkeys(lang for row in rows(feed.get("feed")) for lang in _langs(row))),
            groups=_marks(status), sanctionable=self._sanctionable(did),
            url=f"{self._site.options.app_url}/profile/{did}",
        )  # fmt: skip

    async def private(self, did: str) -> Private:
        """The e-mail address."""
        return Private(email=foreign(text(await self.repo(did), "email")))

    async def members(self, words: str, kind: MemberKind, cursor: str | None) -> Page:
        """A page of the directory."""
        match kind:
            case "all":
                return await self._search(words, cursor)
            case "suspended":
                return await self._suspended(words, cursor)
            case "staff":
                dids = [did for did, handle in self._site.team.items() if handle]
                found = [one for one in await self.items(dids) if _begins(one.author, words)]
                return Page(items=tuple(found), total=len(found))
        raise UsageError("Ozone's directory knows all members, those who are taken down, and the team.")

    async def items(self, dids: list[str]) -> list[Item]:
        """Accounts as rows of the directory; who is unknown is left out."""
        found: list[Item] = []
        for begin in range(0, len(dids), 100):
            params = [("subjects", did) for did in dids[begin : begin + 100]]
            answer = await self._client.read(f"{MOD}.getSubjects", dict[str, Any], params, why="members")
            for row in rows(answer.get("subjects")):
                try:
                    detail = msgspec.convert(row, Detail)
                except msgspec.ValidationError:
                    continue
                if detail.repo is not None:
                    found.append(self.item(detail.repo, detail))
        return found

    def item(self, repo: Repo, detail: Detail | None = None) -> Item:
        """One member as a row."""
        detail = detail or Detail(type="account", subject=repo.did, repo=repo)
        made = item_of(self._site, self._community, Found(repo.did, detail, detail.status), "members")
        ref = SubjectRef(self._community, "user", repo.did)
        made = msgspec.structs.replace(made, ref=ref, number=repo.handle or repo.did, state="open")
        return replace_offers(self._site, made)

    # --- pieces

    async def _search(self, words: str, cursor: str | None) -> Page:
        params = [("limit", str(_PER_PAGE))]
        params += [("q", words.strip())] if words.strip() else []
        params += [("cursor", cursor)] if cursor else []
        found = await self._client.read(f"{MOD}.searchRepos", Repos, params, why="members")
        repos, bad = read_rows(found.repos, Repo)
        items = [self.item(one) for one in repos]
        return Page(
            items=tuple(one for one in items if _begins(one.author, words)), unreadable=bad, rising=False,
            cursor=found.cursor if found.repos and found.cursor != cursor else None,
        )  # fmt: skip

    async def _suspended(self, words: str, cursor: str | None) -> Page:
        params = [("takendown", "true"), ("subjectType", "account"), ("includeMuted", "true")]
        params.append(("limit", str(_PER_PAGE)))
        params += [("cursor", cursor)] if cursor else []
        found = await self._client.read(f"{MOD}.queryStatuses", Statuses, params, why="members")
        statuses, bad = read_rows(found.subject_statuses, Status)
        items = await self.items([one.subject.did for one in statuses if one.subject.did])
        return Page(
            items=tuple(one for one in items if _begins(one.author, words)), unreadable=bad, rising=False,
            cursor=found.cursor if len(found.subject_statuses) >= _PER_PAGE else None,
        )  # fmt: skip

    async def _optional(self, nsid: str, params: list[tuple[str, str]], why: str) -> dict[str, Any]:
        """What the appview tells; {} where it shows nothing of an account (any more)."""
        try:
            return await self._client.read(nsid, dict[str, Any], params, why=why, proxy=False)
        except ModtuiError:
            return {}

    async def _stats(self, did: str) -> Record:
        """The member's own reports by how they ended."""
        found = await self._client.read(
            f"{MOD}.getReporterStats", dict[str, Any], [("dids", did)], why="the member's reports"
        )
        row = next(iter(rows(found.get("stats"))), {})
        account, record = number(row, "accountReportCount"), number(row, "recordReportCount")
        if account is None and record is None:
            return Record()
        right = (number(row, "takendownAccountCount") or 0) + (number(row, "takendownRecordCount") or 0)
        total = (account or 0) + (record or 0)
        return Record(total=max(total, right), right=right)

    def _post(self, row: dict[str, Any], place: int) -> Post | None:
        return post_of(inner(row, "post"), place)

    def _sanctionable(self, did: str) -> Any:
        if did in (self._site.me, self._site.labeler):
            return Blocked("right", "this is the account of the service, or your own")
        if did in self._site.team:
            return Blocked("right", "this member is on the team of the service")
        return self._site.decides if self._site.decides != ALLOWED else ALLOWED


def post_of(post: Any, place: int, *, subject: str = "", reply_to: int | None = None) -> Post | None:
    """A post as the appview shows it; None for what is none."""
    uri = text(post, "uri")
    did = text(inner(post, "author"), "did")
    if not uri or not did:
        return None
    handle, name = text(inner(post, "author"), "handle"), text(inner(post, "author"), "displayName")
    value = inner(post, "record")
    return Post(
        id=uri, number=place, author=Member(native=did, username=Foreign(handle or did), name=foreign(name)),
        body=Body(text=Foreign(text(value, "text"))), created_ms=parse_iso_or_none(text(value, "createdAt") or None),
        subject=uri == subject, reply_to=reply_to,
    )  # fmt: skip


def _begins(member: Member | None, words: str) -> bool:
    """Whether a name of the member begins with the words."""
    wanted = words.strip().removeprefix("@").casefold()
    if member is None:
        return False
    names = (member.username, member.name or "")
    return any(word.casefold().startswith(wanted) for one in names for word in (one, *one.split()))


def _langs(row: dict[str, Any]) -> list[str]:
    return languages(texts(inner(row, "post", "record", "langs")))


def _reports_got(status: Status | None) -> int | None:
    if status is None:
        return None
    account, posts = number(status.account_stats, "reportCount"), number(status.records_stats, "totalReports")
    return None if account is None and posts is None else (account or 0) + (posts or 0)


def _got(status: Status | None) -> Record:
    stats = status.records_stats if status is not None else None
    subjects, waiting, down = (number(stats, name) for name in ("subjectCount", "pendingCount", "takendownCount"))
    if subjects is None:
        return Record()
    waiting, down = min(waiting or 0, subjects), min(down or 0, subjects)
    return Record(total=subjects, open=waiting, right=min(down, subjects - waiting))


def _marks(status: Status | None) -> tuple[Foreign, ...]:
    """Strikes, where the service counts them."""
    strikes = number(status.account_strike, "activeStrikeCount") if status is not None else None
    return (Foreign(f"{strikes} strike{'s' if strikes != 1 else ''}"),) if strikes else ()


def _notes(events: list[Event]) -> tuple[Note, ...]:
    return tuple(
        Note(id=str(one.id), by=Foreign(one.creator_handle or one.created_by), text=Foreign(text(one.event, "comment")),
             created_ms=one.at_ms)
        for one in events if one.kind == "modEventComment" and text(one.event, "comment")
    )  # fmt: skip


def _line(one: Event) -> Sanctioned:
    """An entry of the log as a line of a history."""
    on_post = one.subject.uri is not None
    kind = _KINDS.get(one.kind, one.kind)
    if on_post and kind in ("ban", "unban"):
        kind = "removal" if kind == "ban" else "restored"
    hours = number(one.event, "durationInHours")
    until = one.at_ms + hours * 3_600_000 if hours and one.at_ms is not None and kind == "ban" else None
    told = [text(one.event, "comment"), ", ".join(texts(inner(one.event, "policies")))]
    if one.kind == "modEventLabel":
        told += [f"+{name}" for name in texts(inner(one.event, "createLabelVals"))]
        told += [f"-{name}" for name in texts(inner(one.event, "negateLabelVals"))]
    if one.kind == "modEventEmail":
        told.append(text(one.event, "subjectLine"))
    return Sanctioned(
        kind=kind, at_ms=one.at_ms, by=foreign(one.creator_handle or one.created_by),
        reason=foreign("; ".join(part for part in told if part)), until_ms=until,
    )  # fmt: skip


def check_member(native: str) -> str:
    """A member's DID. Raises NotFound for anything else."""
    if did_of(native) != native or not native.startswith("did:"):
        raise NotFound(f"{show_line(native, 60)} is not the DID of a member.")
    return native


