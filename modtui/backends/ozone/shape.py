"""Wire to domain: subjects with their reports as items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from modtui.backends.ozone.offers import offers_for
from modtui.backends.ozone.parts import LABEL
from modtui.backends.ozone.reasons import is_appeal, label_of, reason_of
from modtui.backends.ozone.site import Site
from modtui.backends.ozone.wire import Detail, Repo, Report, Status, foreign, inner, number, rows, text, words
from modtui.domain.items import Body, Claim, Item, ItemKind, Member, Note, Penalty, Place, State
from modtui.domain.items import Report as DomainReport
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

POST = "app.bsky.feed.post"
_NAMES = {
    "app.bsky.actor.profile": "Profile", "app.bsky.graph.list": "List", "app.bsky.feed.generator": "Feed",
    "app.bsky.graph.starterpack": "Starter pack", "app.bsky.labeler.service": "Labeler",
}  # fmt: skip
_TITLE = 80
GONE = "it is not on the network any more, or cannot be read"


@dataclass(frozen=True, slots=True)
class Found:
    """A subject as it was read: `key` is its address or DID, `reports` those that were read with it."""

    key: str
    detail: Detail | None = None
    status: Status | None = None
    reports: tuple[Report, ...] = field(default=())

    @property
    def kind(self) -> str:
        """record, account or chat."""
        if not self.key.startswith("at://"):
            return "account"
        return "chat" if "/chat.bsky." in self.key else "record"

    @property
    def waiting(self) -> tuple[Report, ...]:
        """The reports that are not closed."""
        return tuple(one for one in self.reports if one.status != "closed")

    @property
    def open(self) -> bool:
        """Whether somebody still has to look: the review is open or escalated, or a report is not closed."""
        state = self.status.state if self.status is not None else "none"
        return state in ("open", "escalated") or bool(self.waiting)

    def with_detail(self, detail: Detail) -> Found:
        """The same with what another read tells about it."""
        return replace(self, detail=detail, status=detail.status if self.status is None else self.status)


def ref_of(community: CommunityId, key: str) -> SubjectRef:
    """The subject with this address or DID."""
    return SubjectRef(community, Found(key).kind, key)


def did_of(key: str) -> str:
    """Whose it is: the DID in an address, or the DID itself."""
    return key.removeprefix("at://").partition("/")[0]


def collection_of(key: str) -> str:
    """The kind of record behind an address: app.bsky.feed.post."""
    parts = key.removeprefix("at://").split("/")
    return parts[1] if key.startswith("at://") and len(parts) > 1 else ""


def item_of(site: Site, community: CommunityId, found: Found, lane: Lane = "reports") -> Item:
    """The row of a subject."""
    status, detail = found.status, found.detail
    record = detail.record if detail is not None else None
    value = record.value if record is not None and isinstance(record.value, dict) else {}
    author = author_of(found)
    source, body = _texts(found, value)
    reports = tuple(sorted((_report(one) for one in found.reports), key=lambda one: (one.created_ms or 0, one.id)))
    waiting = [one for one in reports if one.open]
    problem = None
    if found.kind == "chat":
        problem = "a chat message, which modtui does not read"
    elif found.kind == "record" and record is None:
        problem = GONE
    item = Item(
        lane=lane, ref=ref_of(community, found.key), kind=_kind(found), number=_number(found),
        title=Foreign(_title(found, str(source or ""))), author=author,
        body=Body(text=Foreign(body)) if body or not problem else None, source=source, reports=reports,
        since_ms=_since(found, waiting), created_ms=parse_iso_or_none(text(value, "createdAt") or None),
        score=_score(status), state=_state(found), handled_by=None if found.open else _handler(status),
        handled_ms=None if found.open or status is None else parse_iso_or_none(status.last_reviewed_at),
        deleted=bool(status and status.takendown), claim=_claim(site, found), place=_place(found, value, site.labeler),
        url=_url(site, found.key), language=_language(value, status), notes=_notes(status), problem=problem,
        native=_luggage(found, value, site.labeler),
    )  # fmt: skip
    return replace_offers(site, item)


def replace_offers(site: Site, item: Item) -> Item:
    """The item with what can be done to it."""
    return msgspec.structs.replace(item, offers=offers_for(site, item))


# --- pieces


def author_of(found: Found) -> Member | None:
    """Whose it is."""
    did = did_of(found.key)
    detail = found.detail
    repo = detail.repo if detail is not None else None
    handle = repo.handle if repo is not None else found.status.subject_repo_handle if found.status else None
    if not did.startswith("did:"):
        return None
    return member_of(did, handle or did, repo, detail.profile if detail is not None else None)


def member_of(did: str, handle: str, repo: Repo | None, profile: Any = None) -> Member:
    """A member from what the service and the appview tell."""
    status = repo.moderation.subject_status if repo is not None else None
    stats = status.account_stats if status is not None else None
    told = profile if isinstance(profile, dict) else {}
    name = text(told, "displayName") or (text(repo.profile, "displayName") if repo is not None else "")
    records = status.records_stats if status is not None else None
    return Member(
        native=did, username=Foreign(handle), name=foreign(name),
        since_ms=parse_iso_or_none(repo.indexed_at) if repo is not None else None, posts=number(told, "postsCount"),
        removed=number(records, "takendownCount"), banned=_bans(stats), penalties=penalties_of(status),
    )  # fmt: skip


def _bans(stats: Any) -> int | None:
    """Takedowns of the account, with and without an end."""
    suspended, taken = number(stats, "suspendCount"), number(stats, "takedownCount")
    return None if suspended is None and taken is None else (suspended or 0) + (taken or 0)


def penalties_of(status: Status | None) -> tuple[Penalty, ...]:
    """The sanction that is in force on an account."""
    if status is None or not status.takendown:
        return ()
    return (Penalty(kind="ban", until_ms=parse_iso_or_none(status.suspend_until)),)


def _report(one: Report) -> DomainReport:
    handle = text(inner(one.reporter, "profile"), "handle") or text(inner(one.reporter, "repo"), "handle")
    reporter = Member(native=one.reported_by, username=Foreign(handle or one.reported_by)) if one.reported_by else None
    label = "Appeal" if is_appeal(one.report_type) else label_of(one.report_type)
    return DomainReport(
        id=str(one.id), reason=reason_of(one.report_type), label=Foreign(label), reporter=reporter,
        text=foreign(one.comment), created_ms=parse_iso_or_none(one.created_at), open=one.status != "closed",
    )  # fmt: skip


def _kind(found: Found) -> ItemKind:
    if found.kind == "chat":
        return "message"
    if found.kind == "account":
        return "member"
    return "post" if collection_of(found.key) == POST else "other"


def _number(found: Found) -> str:
    if found.status is not None:
        return str(found.status.id)
    return str(found.reports[0].id) if found.reports else found.key.rpartition("/")[2]


def _title(found: Found, source: str) -> str:
    if found.kind == "account":
        author = author_of(found)
        return str(author.name or author.username) if author is not None else found.key
    if found.kind == "chat":
        return "Chat message"
    name = _NAMES.get(collection_of(found.key), "")
    line = " ".join(source.split())
    short = line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
    return ": ".join(part for part in (name, short) if part) or "A post without text"


def _texts(found: Found, value: dict[str, Any]) -> tuple[Foreign | None, str]:
    """The text as its author typed it, and the same with what else is shown: pictures, links, what is quoted."""
    if found.kind == "account":
        detail = found.detail
        repo = detail.repo if detail is not None else None
        profile = repo.profile if repo is not None else {}
        told = [text(profile, "displayName"), text(profile, "description")]
        return None, "\n".join(part for part in told if part)
    if not value:
        return None, ""
    if collection_of(found.key) == POST:
        own = text(value, "text")
        return Foreign(own), "\n".join([own, *_extras(value, own)]).strip("\n")
    told = [text(value, name) for name in ("displayName", "name", "description", "text")]
    own = "\n".join(part for part in told if part)
    return Foreign(own), own


def _extras(value: dict[str, Any], own: str) -> list[str]:
    """Lines for what a post has beside its text. A link is named in full where the text shows another one."""
    lines = []
    for facet in rows(value.get("facets")):
        for feature in rows(facet.get("features")):
            uri = text(feature, "uri")
            if uri and uri not in own:
                lines.append(f"Link: {uri}")
    embed = value.get("embed")
    for part in (embed, inner(embed, "media")):
        link = inner(part, "external")
        if isinstance(link, dict):
            lines.append(" ".join(("Link:", text(link, "uri"), text(link, "title"))).strip())
        lines += [f"Image: {text(image, 'alt') or 'without a description'}" for image in rows(inner(part, "images"))]
        if inner(part, "video") is not None:
            lines.append(f"Video: {text(part, 'alt') or 'without a description'}")
    for quoted in (inner(embed, "record"), inner(embed, "record", "record")):
        if uri := text(quoted, "uri"):
            lines.append(f"Quotes {uri}")
    return list(dict.fromkeys(lines))


def _since(found: Found, waiting: Sequence[DomainReport]) -> int:
    times = [one.created_ms for one in waiting if one.created_ms is not None]
    if times:
        return min(times)
    status = found.status
    told = (status.last_reported_at, status.created_at) if status is not None else ()
    return next((at for at in map(parse_iso_or_none, told) if at is not None), 0)


def _score(status: Status | None) -> float | None:
    given = status.priority_score if status is not None else None
    if not isinstance(given, int | float) or isinstance(given, bool):
        return None
    return float(given) if 0 < given <= 100 else None


def _state(found: Found) -> State:
    if found.open:
        return "open"
    return "removed" if found.status is not None and found.status.takendown else "kept"


def _handler(status: Status | None) -> Foreign | None:
    return foreign(status.last_reviewed_by) if status is not None else None


def _claim(site: Site, found: Found) -> Claim | None:
    for one in found.waiting:
        did = text(one.assignment, "did")
        if did:
            profile = inner(one.assignment, "moderator", "profile")
            handle = text(profile, "handle") or (site.handle if did == site.me else did)
            since = parse_iso_or_none(text(one.assignment, "assignedAt") or None)
            return Claim(by=Foreign(handle), mine=did == site.me, since_ms=since)
    return None


def _place(found: Found, value: dict[str, Any], service: str) -> Place:
    status = found.status
    tags = words(status.tags) if status is not None else []
    tags += [f"{LABEL}{name}" for name in labels_of(found, service)]
    root = text(inner(value, "reply", "root"), "uri")
    post = found.kind == "record" and collection_of(found.key) == POST
    queue = next((text(one.queue, "name") for one in found.waiting if text(one.queue, "name")), "")
    number_ = next((number(one.queue, "id") for one in found.waiting if number(one.queue, "id") is not None), None)
    return Place(
        category=foreign(queue), category_id=str(number_) if number_ is not None else None,
        tags=tuple(Foreign(tag) for tag in tags), thread_id=(root or found.key) if post else None,
        post_id=found.key if found.kind == "record" else None,
    )  # fmt: skip


def _url(site: Site, key: str) -> str:
    did = did_of(key)
    if collection_of(key) == POST:
        return f"{site.options.app_url}/profile/{did}/post/{key.rpartition('/')[2]}"
    return f"{site.options.app_url}/profile/{did}" if did.startswith("did:") else ""


def _language(value: dict[str, Any], status: Status | None) -> str | None:
    return next(iter(languages(words(value.get("langs")))), None)


def languages(told: Iterable[str]) -> list[str]:
    """The codes of what an author says about the language of a post, who may write anything there."""
    codes = (one.partition("-")[0].lower() for one in told)
    return [one for one in codes if 2 <= len(one) <= 3 and one.isascii() and one.isalpha()]


def _notes(status: Status | None) -> tuple[Note, ...]:
    if status is None or not status.comment:
        return ()
    return (Note(id="sticky", by=Foreign("the team"), text=Foreign(status.comment)),)


def labels_of(found: Found, service: str) -> list[str]:
    """The labels that the service itself has put on it, without the ones that carry out takedowns."""
    detail = found.detail
    holder = (detail.record or detail.repo) if detail is not None else None
    given = rows(holder.labels) if holder is not None else []
    off = {text(one, "val") for one in given if one.get("neg") is True}
    mine = [text(one, "val") for one in given if text(one, "src") == service]
    return [one for one in dict.fromkeys(mine) if one and one not in off and one not in ("!takedown", "!suspend")]


def _luggage(found: Found, value: dict[str, Any], service: str) -> dict[str, Any]:
    """What plans need: how it stands, its version, its reports with their states, the account's standing."""
    status, detail = found.status, found.detail
    record = detail.record if detail is not None else None
    repo = detail.repo if detail is not None else None
    account = repo.moderation.subject_status if repo is not None else None
    reply = value.get("reply")
    root = inner(reply, "root")
    cid = record.cid if record is not None and record.cid else status.subject.cid if status is not None else None
    return {
        "did": did_of(found.key), "cid": cid or "", "state": status.state if status is not None else "none",
        "takendown": bool(status and status.takendown), "appealed": bool(status and status.appealed),
        "muted": bool(status and status.mute_until), "there": record is not None or found.kind == "account",
        "banned": bool(account and account.takendown),
        "reports": [
            {"id": one.id, "status": one.status, "by": text(one.assignment, "did"), "queue": number(one.queue, "id")}
            for one in sorted(found.reports, key=lambda one: one.id)
        ],
        "labels": labels_of(found, service),
        "root": {"uri": text(root, "uri"), "cid": text(root, "cid")} if text(root, "uri") else None,
    }  # fmt: skip
