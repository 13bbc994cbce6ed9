"""Review items as the domain knows them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from modtui.backends.discourse import wire
from modtui.backends.discourse.actions import DELETED_SIGNS, HIDDEN_SIGNS
from modtui.backends.discourse.members import foreign, member, name_of, penalty
from modtui.backends.discourse.offers import offers_of
from modtui.backends.discourse.side import Queue, Row, Side
from modtui.backends.discourse.site import Site
from modtui.domain.items import Body, Claim, Item, ItemKind, Member, Note, Place, Report, State
from modtui.domain.subjects import Lane, SubjectRef
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

KIND = "reviewable"
QUEUED, SIGN_UP = "ReviewableQueuedPost", "ReviewableUser"
PENDING_TYPES = (QUEUED, SIGN_UP)
_KINDS: dict[str, ItemKind] = {
    "ReviewableFlaggedPost": "post", "ReviewablePost": "post", QUEUED: "held post", SIGN_UP: "sign-up",
    "Chat::ReviewableMessage": "message", "ReviewableChatMessage": "message", "ReviewableAiChatMessage": "message",
    "ReviewableAiPost": "post", "ReviewableAkismetPost": "post", "ReviewableAkismetUser": "member",
    "ReviewablePostVotingComment": "message", "ReviewableAkismetPostVotingComment": "message",
}  # fmt: skip
_REASONS = {
    "off_topic": "offtopic", "inappropriate": "insult", "spam": "spam", "illegal": "illegal",
    "notify_moderators": "other", "needs_approval": "held",
}  # fmt: skip
_REASON_IDS = {3: "offtopic", 4: "insult", 7: "other", 8: "spam", 9: "held", 10: "illegal"}
_SIGN_UP_REASONS = frozenset({"suspect_user", "must_approve_users", "invite_only"})
_PRIVATE_KEYS = re.compile(r"(^|_)(e?mails?|ip|address|phone|token|password)(_|$)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,500}>")
_POST_NUMBER = re.compile(r"/t/[^/]*/?\d+/(\d+)(?:[?#].*)?$")


def lane_of(kind: str) -> Lane:
    """Which lane a type of review item belongs to."""
    return "pending" if kind in PENDING_TYPES else "reports"


def ref_of(site: Site, native: int | str) -> SubjectRef:
    """The reference of a review item."""
    return SubjectRef(site.community, KIND, str(native))


def items_of(site: Site, queue: Queue) -> tuple[list[Item], int]:
    """The items of an answer and how many could not be made. One odd row never loses the others."""
    found: list[Item] = []
    unreadable = queue.unreadable
    for row in queue.rows:
        try:
            found.append(item_of(site, row, queue.side))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            unreadable += 1
    return found, unreadable


def item_of(site: Site, row: Row, side: Side) -> Item:
    """One review item, joined with what was sent beside it."""
    wired = row.item
    payload = wired.payload or {}
    topic = side.topics.get(wired.topic_id) if wired.topic_id is not None else None
    actions = _actions(wired, side)
    legal = {action.native for _, action in actions}
    hidden = bool(wired.hidden) or bool(legal & HIDDEN_SIGNS)
    deleted = bool(wired.target_deleted_at or wired.deleted_at or wired.blank_post) or bool(legal & DELETED_SIGNS)
    author = _author(wired, side, payload)
    body, source = _body(wired, payload)
    reports = _reports(wired, side)
    since = parse_iso_or_none(wired.created_at) or 0
    waiting = [r.created_ms for r in reports if r.open and r.created_ms is not None]
    handled = _handled(wired, side)
    edits = max(0, (wired.post_version or 1) - 1)
    claim = _claim(site, wired, side)
    place = _place(site, wired, topic, payload)
    user_id = wired.user_id or wired.target_id if wired.type == SIGN_UP else wired.target_created_by_id
    native: dict[str, Any] = {
        "type": wired.type, "target_id": wired.target_id, "topic_id": wired.topic_id, "user_id": user_id,
        "post_id": wired.post_id or (wired.target_id if wired.target_type == "Post" else None),
        "flag": _flag_type(wired, side),
        "caused": [p.kind for p in wired.author_penalties or () if p.from_this_target],
        "fields": [str(f.get("id")) for f in wired.editable_fields or ()],
    }  # fmt: skip
    if wired.type == QUEUED:
        native |= {"queued_title": payload.get("title"), "reply_to": wired.reply_to_post_number}
    item = Item(
        lane=lane_of(wired.type), ref=ref_of(site, wired.id), kind=_KINDS.get(wired.type, "other"),
        number=str(wired.id),
        title=_title(wired, topic, payload, author), author=author, body=body, source=source, reports=tuple(reports),
        since_ms=min(waiting) if waiting else since,
        created_ms=parse_iso_or_none(wired.target_created_at) or since or None,
        edited_ms=parse_iso_or_none(wired.post_updated_at) if edits else None, edits=edits, score=wired.score,
        state=_state(wired, deleted), handled_by=handled[0], handled_ms=handled[1], hidden=hidden, deleted=deleted,
        claim=claim, place=place, version=wired.version, url=_url(site, wired),
        language=locale_language(wired.locale or payload.get("locale")), notes=_notes(wired, side), native=native,
        problem="some of this item could not be read: " + ", ".join(row.lost) if row.lost else None,
    )  # fmt: skip
    return offers_of(site, item, actions)


def _actions(wired: wire.Reviewable, side: Side) -> list[tuple[wire.Bundle, wire.Action]]:
    found = []
    for bundle in wire.each(wired.bundled_action_ids, side.bundles):
        found += [(bundle, action) for action in wire.each(bundle.action_ids, side.actions)]
    return found


def _author(wired: wire.Reviewable, side: Side, payload: Mapping[str, Any]) -> Member | None:
    penalties = tuple(p for p in map(penalty, wired.author_penalties or ()) if p is not None)
    ids = [wired.user_id, wired.target_id] if wired.type == SIGN_UP else [wired.target_created_by_id]
    if wired.type == QUEUED:
        # Older servers name the author of a held post as its creator.
        ids.append(wired.created_by_id)
    for native in ids:
        if native is not None and native > 0 and native in side.users:
            return member(side.users[native], penalties)
    if wired.type == SIGN_UP and isinstance(payload.get("username"), str):
        name = payload.get("name")
        return Member(
            native=str(wired.user_id or wired.target_id or 0), username=Foreign(payload["username"]),
            name=foreign(name if isinstance(name, str) else None), penalties=penalties,
        )  # fmt: skip
    return None


def _body(wired: wire.Reviewable, payload: Mapping[str, Any]) -> tuple[Body | None, Foreign | None]:
    raw = wired.raw if wired.raw is not None else payload.get("raw")
    if wired.message is not None and raw is None:
        raw = wired.message
    source = Foreign(raw) if isinstance(raw, str) else None
    cooked = wired.cooked or payload.get("post_cooked") or payload.get("message_cooked")
    if isinstance(cooked, str) and cooked:
        return Body(Foreign(cooked), "html"), source
    if source is not None:
        return Body(source, "markdown"), source
    shown = _SIGN_UP_SHOWN if wired.type == SIGN_UP else None
    lines = [
        f"{key}: {value}"
        for key, value in payload.items()
        if isinstance(value, str | int | float) and value != "" and not _PRIVATE_KEYS.search(key)
        and (shown is None or key in shown)
    ]  # fmt: skip
    text = Foreign("\n".join(lines))
    return (Body(text, "plain"), text) if lines else (None, None)


_SIGN_UP_SHOWN = ("username", "name", "bio", "website")


def _title(
    wired: wire.Reviewable, topic: wire.Topic | None, payload: Mapping[str, Any], author: Member | None
) -> Foreign:
    given = payload.get("title")
    if isinstance(given, str) and given and topic is None:
        return Foreign(given)
    if topic is not None and topic.title:
        return Foreign(topic.title)
    if author is not None and wired.type in (SIGN_UP, "ReviewableAkismetUser"):
        return author.username
    name = payload.get("name")
    if isinstance(name, str) and name:
        return Foreign(name)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", wired.type.replace("Reviewable", "").replace("::", " ")).lower().strip()
    return Foreign(words or "item")


def _reason(score: wire.Score, kind: wire.ScoreType | None, sign_up: bool) -> str:
    if score.reason_type in _SIGN_UP_REASONS or (sign_up and (score.score_type_id == 9 or kind is None)):
        return "sign-up"
    if kind is not None and kind.type in _REASONS:
        return "sign-up" if sign_up and kind.type == "needs_approval" else _REASONS[kind.type]
    return _REASON_IDS.get(score.score_type_id or 0, "other")


def _reports(wired: wire.Reviewable, side: Side) -> list[Report]:
    found = []
    for score in wire.each(wired.reviewable_score_ids, side.scores):
        kind = side.score_types.get(score.score_type_id) if score.score_type_id is not None else None
        reason = _reason(score, kind, wired.type == SIGN_UP)
        label = (kind.title or kind.name if kind else None) or reason
        if score.reason_type:
            label = score.reason_type.replace("_", " ")
        reporter = side.users.get(score.user_id) if score.user_id is not None and score.user_id > 0 else None
        found.append(
            Report(
                id=str(score.id),
                reason=reason,
                label=Foreign(label),
                reporter=member(reporter, stats=score.agree_stats) if reporter else None,
                text=_words(score),
                created_ms=parse_iso_or_none(score.created_at),
                open=not score.status,
            )
        )
    return sorted(found, key=lambda report: (report.created_ms or 0, report.id))


def _words(score: wire.Score) -> Foreign | None:
    """The reporter's own words: the first line of the talk that the report opened (HTML excerpt), or the HTML sentence
    with which older servers explain themselves."""
    talk = score.reviewable_conversation
    for post in (talk.conversation_posts or ()) if talk else ():
        if post.excerpt:
            return Foreign(plain(post.excerpt))
    return Foreign(plain(score.reason)) if score.reason else None


def plain(text: str) -> str:
    """An HTML snippet of the server's as plain text (labels and excerpts only; posts go through `modtui.text.html`)."""
    return html.unescape(_TAG.sub("", text)).strip()


def _flag_type(wired: wire.Reviewable, side: Side) -> int | None:
    """The kind of the first report, with which an undo reports the post again."""
    for score in wire.each(wired.reviewable_score_ids, side.scores):
        if score.score_type_id in (3, 4, 8):
            return score.score_type_id
    return None


def _state(wired: wire.Reviewable, deleted: bool) -> State:
    """Our word for the server's status: "approved" says of a report that it was right, of a held post that it stays."""
    status = wired.status or 0
    if status == 0:
        return "open"
    if status == 3:
        return "removed" if deleted else "ignored"
    if status == 4:
        return "deleted"
    good = wired.type in (QUEUED, SIGN_UP, "ReviewablePost")
    if good:
        return "kept" if status == 1 else "removed"
    return "removed" if status == 1 else "kept"


def _handled(wired: wire.Reviewable, side: Side) -> tuple[Foreign | None, int | None]:
    if not wired.status:
        return None, None
    lines = [
        line
        for line in wire.each(wired.reviewable_history_ids, side.histories)
        if line.reviewable_history_type == 1 and line.status == wired.status
    ]
    if not lines:
        return None, None
    last = max(lines, key=lambda line: parse_iso_or_none(line.created_at) or 0)
    by = side.users.get(last.created_by_id) if last.created_by_id is not None else None
    return name_of(by), parse_iso_or_none(last.created_at)


def _claim(site: Site, wired: wire.Reviewable, side: Side) -> Claim | None:
    if wired.claimed_by_id is None:
        return None
    claim = side.claims.get(wired.claimed_by_id)
    # Older servers point straight at a user.
    user_id = claim.user_id if claim is not None else wired.claimed_by_id
    user = side.users.get(user_id) if user_id is not None else None
    mine = user_id == site.me_id
    by = name_of(user) or (site.me if mine else Foreign("another moderator"))
    return Claim(by=by, mine=mine, automatic=bool(claim and claim.automatic))


def _place(site: Site, wired: wire.Reviewable, topic: wire.Topic | None, payload: Mapping[str, Any]) -> Place:
    tags = wired.topic_tags or payload.get("tags") or ()
    names = [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else []
    number = _POST_NUMBER.search(wired.target_url or "")
    return Place(
        category=site.categories.get(wired.category_id) if wired.category_id is not None else None,
        category_id=str(wired.category_id) if wired.category_id is not None else None,
        tags=tuple(Foreign(name) for name in names if isinstance(name, str)),
        thread_id=str(wired.topic_id) if wired.topic_id is not None else None,
        thread_title=foreign(topic.title) if topic else None,
        thread_posts=topic.posts_count if topic else None,
        post_id=str(wired.post_id) if wired.post_id is not None else None,
        post_number=int(number[1]) if number and wired.type != QUEUED else None,
        closed=bool(topic and topic.closed),
    )


def _url(site: Site, wired: wire.Reviewable) -> str:
    if wired.type not in PENDING_TYPES and site.ours(wired.target_url):
        return str(wired.target_url)
    return f"{site.base}/review/{wired.id}"


def locale_language(locale: object) -> str | None:
    """The language part of a locale in lower case; None for anything else."""
    if not isinstance(locale, str) or not re.fullmatch(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*", locale):
        return None
    return re.split(r"[_-]", locale)[0].lower()


def _notes(wired: wire.Reviewable, side: Side) -> tuple[Note, ...]:
    found = []
    for note in wire.each(wired.reviewable_note_ids, side.notes):
        by = name_of(note.user) or name_of(side.users.get(note.user_id) if note.user_id is not None else None)
        found.append(
            Note(
                id=str(note.id),
                by=by or Foreign("?"),
                text=Foreign(note.content or ""),
                created_ms=parse_iso_or_none(note.created_at),
            )
        )
    return tuple(found)
