"""What stands around an item: its thread. Team notes on members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modtui.backends.discourse import wire
from modtui.backends.discourse.members import foreign, role_of
from modtui.backends.discourse.site import Site
from modtui.domain.items import Body, Item, Member, Note, Thread, ThreadPost
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


def user_note(row: Mapping[str, Any]) -> Note:
    """A team note on a member."""
    by = row.get("created_by")
    name = by.get("username") if isinstance(by, dict) else None
    return Note(
        id=str(row.get("id", "")), by=Foreign(str(name or "?")), text=Foreign(str(row.get("raw") or "")),
        created_ms=parse_iso_or_none(row.get("created_at")),
    )  # fmt: skip


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
