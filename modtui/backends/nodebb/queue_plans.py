"""What is decided about entries of the post queue: publish, reject, edit, tell the author. Pure."""

from __future__ import annotations

from typing import Any

from modtui.backends.nodebb.making import made, sends
from modtui.backends.nodebb.site import Site
from modtui.domain.decisions import Effect, Intent, Plan
from modtui.domain.items import Item
from modtui.domain.seen import text_digest
from modtui.errors import Refused, UsageError
from modtui.text import own, say


def accept(site: Site, item: Item, intent: Intent) -> Plan:
    what = "topic" if item.native.get("type") == "topic" else "reply"
    one = sends("accept", f"{what} published", id=item.ref.native, **_entry(item))
    return made(
        [one],
        (Effect("post", own("published, with the author's name")), Effect("author", own("is told by the forum"))),
        stays=("it cannot wait again",), none=True, tells=True,
        asks=f"Publish this {what}? It cannot be put back into the queue.",
    )  # fmt: skip


def decline(site: Site, item: Item, intent: Intent) -> Plan:
    # NodeBB passes the sentence on to the author, whose text is lost to everybody but this journal.
    message = (intent.reason_text or intent.reason_title or "").strip()
    one = sends("decline", "rejected", id=item.ref.native, message=message, **_entry(item))
    told = say("is told: {words}", words=message) if message else own("is told that it was rejected")
    return made(
        [one], (Effect("post", own("is not published, and its text is gone from the forum")), Effect("author", told)),
        stays=("the text is gone from the forum",), none=True, tells=True,
        asks="Reject it? The text is gone from the forum then.",
    )  # fmt: skip


def _entry(item: Item) -> dict[str, Any]:
    """What a lost answer needs to find the published post."""
    return {
        "uid": item.author.native if item.author is not None else None, "slug": item.native.get("slug") or "",
        "at": item.native.get("at"), "expect": text_digest(str(item.source or "")),
    }


def edit(site: Site, item: Item, intent: Intent) -> Plan:
    if not (intent.text or "").strip():
        raise Refused("The forum cannot keep a post without text.")
    before = str(item.source or "")
    args: dict[str, Any] = {"id": item.ref.native, "text": str(intent.text), "before": before}
    title = str(item.native.get("title") or "")
    if intent.title is not None and title and intent.title.strip() and intent.title != title:
        args |= {"title": intent.title, "title_before": title}
    one = sends("edit_queued", "text changed", **args)
    return made([one], (Effect("post", own("waits with the new text")), Effect("author", own("is told nothing"))))


def notify(site: Site, item: Item, intent: Intent) -> Plan:
    message = (intent.message or "").strip()
    if not message:
        raise UsageError("There is no message to the author.")
    one = sends("notify", "author told", reaches=True, id=item.ref.native, message=message)
    return made(
        [one], (Effect("author", own("gets your message as a notice")), Effect("post", own("goes on waiting"))),
        stays=("the message stays sent",), none=True,
    )  # fmt: skip
