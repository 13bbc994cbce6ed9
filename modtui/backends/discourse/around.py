"""What stands around an item: its thread, and its author's dossier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modtui.backends.discourse import wire
from modtui.backends.discourse.items import plain
from modtui.backends.discourse.members import count_of, foreign, role_of
from modtui.backends.discourse.site import Site
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.items import Body, Dossier, Item, Member, Note, Penalty, Thread, ThreadPost
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

WHISPER, SMALL_ACTION, STAFF_POST = 4, 3, 2


def thread_of(site: Site, item: Item, answer: Mapping[str, Any]) -> Thread:
    """The posts of a topic view around the item's post."""
    stream = answer.get("post_stream")
    rows = stream.get("posts") if isinstance(stream, dict) else None
    posts = []
    for row in rows if isinstance(rows, list) else ():
        post, _ = wire.lenient(row, wire.Post)
        if post is not None:
            posts.append(thread_post(site, post, subject=str(post.id) == item.place.post_id))
    all_ids = stream.get("stream") if isinstance(stream, dict) else None
    total = len(all_ids) if isinstance(all_ids, list) else _whole(answer.get("posts_count")) or len(posts)
    number = item.native.get("topic_id")
    return Thread(
        id=str(number), title=Foreign(str(answer.get("title") or item.title)), posts=tuple(posts), total=total,
        closed=bool(answer.get("closed")), url=f"{site.base}/t/{number}",
    )  # fmt: skip


def thread_post(site: Site, post: wire.Post, *, subject: bool = False) -> ThreadPost:
    """One post of a thread."""
    author = Member(
        native=str(post.user_id or 0), username=Foreign(post.username), name=foreign(post.name), trust=post.trust_level,
        role=role_of(post.admin, post.moderator),
    )  # fmt: skip
    body = Body(Foreign(post.cooked), "html") if post.cooked else Body(Foreign(post.raw or ""), "markdown")
    if post.post_type == SMALL_ACTION and not post.cooked and post.action_code:
        body = Body(Foreign(post.action_code.replace(".", " ").replace("_", " ")), "plain")
    return ThreadPost(
        id=str(post.id), number=post.post_number, author=author if post.username else None, body=body,
        created_ms=parse_iso_or_none(post.created_at), hidden=bool(post.hidden),
        deleted=bool(post.deleted_at or post.user_deleted), staff_only=post.post_type == WHISPER,
        accepted=bool(post.accepted_answer), small=post.post_type == SMALL_ACTION, subject=subject,
        reply_to=post.reply_to_post_number, url=f"{site.base}/t/{post.topic_id}/{post.post_number}",
    )  # fmt: skip


def lone_thread(site: Site, item: Item) -> Thread:
    """The thread of an item that has none yet: a held new topic, a sign-up, a chat message."""
    posts: tuple[ThreadPost, ...] = ()
    if item.body is not None and item.kind not in ("sign-up", "member"):
        posts = (
            ThreadPost(
                id=item.number, number=1, author=item.author, body=item.body, created_ms=item.created_ms, subject=True,
                url=item.url,
            ),
        )  # fmt: skip
    return Thread(id="", title=item.title, posts=posts, total=len(posts), url=item.url)


def dossier_of(
    site: Site, card: Mapping[str, Any], admin: Mapping[str, Any] | None, notes: list[dict[str, Any]] | None,
    actions: list[dict[str, Any]], now_ms: int,
) -> Dossier:  # fmt: skip
    """A member's dossier from the public profile, what staff see, team notes and newest posts. Any part but one may be
    missing."""
    both = {**card, **{key: value for key, value in (admin or {}).items() if value is not None}}
    penalties = _penalties(both, now_ms)
    fields = both.get("custom_fields")
    counts = both.get("penalty_counts")
    counts = counts if isinstance(counts, dict) else {}
    native = _whole(both.get("id"))
    person = Member(
        native=str(native or ""), username=Foreign(str(both.get("username") or "")),
        name=foreign(_text(both.get("name"))),
        trust=_whole(both.get("trust_level")),
        role=role_of(bool(both.get("admin")), bool(both.get("moderator"))),
        since_ms=parse_iso_or_none(both.get("created_at")), seen_ms=parse_iso_or_none(both.get("last_seen_at")),
        posts=_whole(both.get("post_count")), threads=_whole(both.get("topic_count")),
        accepted=_whole(both.get("solved_count")) or _whole(both.get("accepted_answers")),
        removed=_whole(card.get("number_of_deleted_posts")),
        silenced=_first(counts.get("silenced"), card.get("number_of_silencings")),
        banned=_first(counts.get("suspended"), card.get("number_of_suspensions")),
        warned=_first(both.get("warnings_received_count"), card.get("number_of_warnings")),
        notes=len(notes) if notes is not None
        else count_of(fields if isinstance(fields, dict) else None, "user_notes_count"),
        locale=_text(both.get("locale")), penalties=penalties,
    )  # fmt: skip
    sanctionable: Capability = ALLOWED
    if not site.staff:
        sanctionable = Blocked("right", "only staff may do this")
    elif person.role is not None:
        sanctionable = Blocked("right", "this member is staff; an admin has to take that role away first")
    return Dossier(
        member=person, bio=foreign(_text(card.get("bio_raw")) or plain(_text(card.get("bio_excerpt")) or "")),
        likes_got=_whole((admin or {}).get("like_count")), likes_given=_whole((admin or {}).get("like_given_count")),
        reports_made=_first((admin or {}).get("flags_given_count"), card.get("number_of_flags_given")),
        reports_got=_first((admin or {}).get("flags_received_count"), card.get("number_of_flagged_posts")),
        notes=tuple(map(user_note, notes or ())), recent=tuple(_recent(site, row, person) for row in actions),
        sanctionable=sanctionable, url=f"{site.base}/u/{person.username}",
    )  # fmt: skip


def user_note(row: Mapping[str, Any]) -> Note:
    """A team note on a member."""
    by = row.get("created_by")
    name = by.get("username") if isinstance(by, dict) else None
    return Note(
        id=str(row.get("id", "")), by=Foreign(str(name or "?")), text=Foreign(str(row.get("raw") or "")),
        created_ms=parse_iso_or_none(row.get("created_at")),
    )  # fmt: skip


def _penalties(both: Mapping[str, Any], now_ms: int) -> tuple[Penalty, ...]:
    found = []
    for kind, word in (("silence", "silenced"), ("ban", "suspended")):
        until = parse_iso_or_none(both.get(f"{word}_till"))
        in_force = until is not None and until > now_ms
        if not in_force and not (kind == "silence" and both.get("silenced") is True):
            continue
        by = both.get(f"{word}_by")
        reason = both.get("silence_reason" if kind == "silence" else "suspend_reason")
        found.append(
            Penalty(
                kind="silence" if kind == "silence" else "ban",
                until_ms=until if until is not None and until - now_ms < 90 * 365 * 86_400_000 else None,
                by=foreign(_text(by.get("username"))) if isinstance(by, dict) else None,
                since_ms=parse_iso_or_none(both.get(f"{word}_at")), reason=foreign(_text(reason)),
            )
        )  # fmt: skip
    return tuple(found)


def _recent(site: Site, row: Mapping[str, Any], author: Member) -> ThreadPost:
    number = _whole(row.get("post_number")) or 1
    topic = _whole(row.get("topic_id"))
    text = plain(str(row.get("excerpt") or "")) or str(row.get("title") or "")
    return ThreadPost(
        id=str(row.get("post_id") or f"{topic}:{number}"), number=number, author=author,
        body=Body(Foreign(text), "plain"), created_ms=parse_iso_or_none(row.get("created_at")),
        hidden=bool(row.get("hidden")), deleted=bool(row.get("deleted")),
        url=f"{site.base}/t/{topic}/{number}" if topic else "",
    )  # fmt: skip


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first(*values: object) -> int | None:
    return next((found for value in values if (found := _whole(value)) is not None), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
