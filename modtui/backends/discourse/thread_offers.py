"""Which verbs a thread takes now, and why not where it does not. Works for questions and for reported posts alike."""

from __future__ import annotations

from functools import lru_cache

from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_site import STAFF_ONLY, THREAD_VERBS
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.items import Item, Offer
from modtui.text import Foreign, show_line

LABELS = {
    "reply": "Reply", "accept": "Mark a post as the answer", "unaccept": "Take the mark off the answer",
    "duplicate": "Link the original and close", "move": "Move to another category", "tag": "Change the tags",
    "assign": "Assign to a colleague or group", "unassign": "Take the assignment away",
    "bookmark": "Bookmark, with a date", "unbookmark": "Delete the bookmark", "watch": "Watch the thread",
    "unwatch": "Stop watching", "escalate": "Hand over", "lock": "Lock the thread", "unlock": "Unlock the thread",
}  # fmt: skip

_offer = lru_cache(maxsize=256)(Offer)
"""An offer is the same for nearly every item: each is made once and shared."""


def topic_of(item: Item) -> int | None:
    """The topic's id of anything that stands in a thread."""
    given = item.native.get("topic_id")
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return given
    thread = item.place.thread_id
    return int(thread) if thread is not None and thread.isascii() and thread.isdigit() else None


def thread_offers(site: Site, item: Item) -> tuple[Offer, ...]:
    """The offers of a question."""
    return tuple(
        _offer(
            id=f"our_{verb}", verb=verb, label=Foreign(LABELS[verb]), capability=thread_capability(site, item, verb),
            default=True, needs=("text",) if verb == "reply" else (),
        )
        for verb in (*THREAD_VERBS, "lock", "unlock")
    )  # fmt: skip


def thread_capability(site: Site, item: Item, verb: str) -> Capability:
    """Whether the thread of `item` takes `verb` now."""
    topic = topic_of(item)
    if topic is None and not (verb == "escalate" and item.url):
        return Blocked("platform", "there is no thread")
    if item.deleted and item.kind == "question":
        return Blocked("state", "the thread is deleted")
    known = site.threads.verbs().get(verb, ALLOWED)
    if verb in ("move", "tag", "duplicate") and item.native.get("may_edit") is True:
        known = ALLOWED  # the category's moderators, who are no staff
    if known != ALLOWED:
        return known
    question = item.question
    closed = item.place.closed
    staff: Capability = ALLOWED if site.staff or item.native.get("may_close") is True else STAFF_ONLY
    match verb:
        case "reply" if closed and not site.staff:
            return Blocked("state", "the thread is locked")
        case "accept" if question is not None and not question.can_accept:
            return Blocked("setting", "this category marks no answers")
        case "accept" if question is not None and not question.replies:
            return Blocked("state", "there is no answer yet")
        case "unaccept" if question is not None and question.state != "solved":
            return Blocked("state", "no post is marked as the answer")
        case "duplicate" if closed:
            return Blocked("state", "the thread is locked already")
        case "unassign" if question is not None and question.assigned is None:
            return Blocked("state", "nobody has the thread")
        case "unbookmark" if question is not None and question.bookmarked_ms is None:
            return Blocked("state", "you have no bookmark on it")
        case "watch" if question is not None and question.watched:
            return Blocked("state", "you watch it already")
        case "unwatch" if question is not None and not question.watched:
            return Blocked("state", "you do not watch it")
        case "lock" if closed:
            return Blocked("state", "the thread is locked already")
        case "unlock" if not closed:
            return Blocked("state", "the thread is not locked")
        case "lock" | "unlock":
            return staff
    return ALLOWED


def assigned_words(item: Item) -> str:
    """Who has the thread, for a sentence."""
    question = item.question
    return str(show_line(question.assigned)) if question is not None and question.assigned is not None else "nobody"
