"""The posts around a post, as the appview shows them."""

from __future__ import annotations

from typing import Any

from modtui.backends.ozone.people import post_of
from modtui.backends.ozone.wire import inner, rows
from modtui.domain.items import Body, Item, Thread, ThreadPost
from modtui.text import Foreign

AROUND = 10
"""How many posts above are asked for, and how many answers are shown."""


def alone(item: Item) -> Thread:
    """The subject as a thread of its own."""
    post = ThreadPost(
        id=item.ref.native, number=1, author=item.author, body=item.body or Body(text=Foreign("")),
        created_ms=item.created_ms, deleted=item.deleted, subject=True, url=item.url,
    )  # fmt: skip
    return Thread(id=item.place.thread_id or item.ref.native, title=item.title, posts=(post,), total=1, url=item.url)


def thread_of(item: Item, found: Any) -> Thread:
    """The way up to the first post, the post, and what answers it."""
    uri = item.ref.native
    above: list[Any] = []
    at = inner(found, "parent")
    while isinstance(at, dict) and len(above) < AROUND:
        above.append(at)
        at = at.get("parent")
    posts: list[ThreadPost] = []

    def add(node: Any, reply_to: int | None) -> int | None:
        post = post_of(inner(node, "post"), len(posts) + 1, subject=uri, reply_to=reply_to)
        if post is None:
            return None
        posts.append(post)
        return post.number

    last: int | None = None
    for node in reversed(above):
        last = add(node, last) or last
    mine = add(found, last)
    if mine is None:
        return alone(item)
    for answer in rows(inner(found, "replies"))[:AROUND]:
        place = add(answer, mine)
        for deeper in rows(answer.get("replies"))[:3] if place is not None else ():
            add(deeper, place)
    first = posts[0].body.text
    title = Foreign(first if len(first) <= 80 else first[:79] + "…")
    return Thread(id=posts[0].id, title=title, posts=tuple(posts), total=len(posts), url=item.url)
