"""What a moderator can do on this forum, and on one post.

The server offers nothing per post and checks no rights of the acting member (the service account may do everything), so
offers are derived from what the post is and how it stands.

`remove` replaces the text by a notice: members no longer read it, the edit history keeps it for moderators, and it can
be put back. The forum has no hiding, and deleting is for good, so deleting is `purge` (upper case, asks).
"""

from __future__ import annotations

from modtui.backends.openedx.codes import CLOSE_REASONS, EDIT_REASONS
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS
from modtui.domain.items import Item, Offer
from modtui.text import Foreign

POSSIBLE = frozenset({
    "approve", "remove", "spam", "purge", "restore", "edit", "lock", "unlock", "reopen", "offer",
    "reply", "accept", "unaccept", "duplicate", "move", "watch", "unwatch",
})  # fmt: skip
NEVER = {
    "ignore": "the forum cannot close a report without a verdict: approve closes it, remove acts on it",
    "silence": "the forum cannot silence a member",
    "unsilence": "the forum cannot silence a member",
    "ban": "the forum cannot ban a member",
    "unban": "the forum cannot ban a member",
    "claim": "the forum has no claims",
    "release": "the forum has no claims",
    "note": "the forum has no notes for the team",
    "warn": "the forum has no messages to members",
    "escalate": "the forum itself has nobody to escalate to",
    "tag": "the forum has no tags that can be set",
    "assign": "the forum cannot assign a thread to anybody",
    "unassign": "the forum cannot assign a thread to anybody",
    "bookmark": "the forum has no bookmarks; watch the thread instead",
    "unbookmark": "the forum has no bookmarks",
    "logout": "members sign in to the platform around the forum, not to the forum",
    "erase": "the forum cannot delete a member",
}
"""Why the other verbs are not there."""
MISSING = {
    "members": "the forum counts what the names in a course wrote, and does not say which accounts they are",
    "private": "the forum knows no addresses of its members",
    "templates": "the forum keeps no saved texts",
    "writing": "the forum does not tell who is writing",
    "whisper": "the forum has no posts that only the team reads",
    "message": "the forum has no messages to members",
}
"""Optional parts of the protocol that the forum does not have."""
NO_SUCH = "the forum has no such action"


def verbs(can: Capability) -> dict[str, Capability]:
    """What this account can do: everything the platform has, or nothing (`can` says why)."""
    return {verb: can if verb in POSSIBLE else Blocked("platform", NEVER.get(verb, NO_SUCH)) for verb in VERBS}


def offers_for(
    kind: str, *, state: str, removed: bool, closed: bool, can_write: Capability, unreadable: bool = False
) -> tuple[Offer, ...]:
    """The offers of a thread or comment. `unreadable`: something below it is reported, but nobody can see what."""
    blind = Blocked("state", "the forum cannot show which response is reported") if unreadable else ALLOWED
    quiet = ALLOWED if state == "open" else Blocked("state", "nobody reports it now")
    gone = Blocked("state", "its text is replaced already") if removed else ALLOWED
    kept = ALLOWED if removed else Blocked("state", "its text was not replaced by a moderator")

    def can(*conditions: Capability) -> Capability:
        return next((one for one in (can_write, *conditions) if one != ALLOWED), ALLOWED)

    thread = kind == "thread"
    found = [
        Offer(
            id="unflag", verb="approve", label=Foreign("Close the reports"), capability=can(blind, quiet), default=True,
            description=Foreign("The post stays as it is and nobody reports it any more."),
        ),
        Offer(
            id="withdraw", verb="remove", label=Foreign("Replace the text"), capability=can(blind, gone), default=True,
            needs=("reason",), description=Foreign("A notice stands in its place; the edit history keeps the text."),
        ),
        Offer(
            id="spam", verb="spam", label=Foreign("Replace the text as spam"), capability=can(blind, gone),
            default=True, description=Foreign("A notice stands in its place; the edit history keeps the text."),
        ),
        Offer(
            id="delete", verb="purge", label=Foreign("Delete"), capability=can(), default=True, irreversible=True,
            confirm=Foreign("Delete it for good?"),
            description=Foreign("The post and everything below it are gone for good."),
        ),
        Offer(
            id="edit", verb="edit", label=Foreign("Edit"), capability=can(), default=True, needs=("text",),
            description=Foreign("Another text stands in its place; the reports stay open."),
        ),
        Offer(
            id="restore", verb="restore", label=Foreign("Put the text back"), capability=can(kept), default=True,
            description=Foreign("The text before the notice stands there again."),
        ),
    ]  # fmt: skip
    if thread:
        open_ = can(Blocked("state", "it is closed already")) if closed else can()
        shut = can() if closed else can(Blocked("state", "it is not closed"))
        found += [
            Offer(
                id="close", verb="remove", label=Foreign("Close the thread and its reports"),
                capability=can(blind, gone, open_), needs=("reason",),
                description=Foreign("It stays to be read, nobody can answer on the site, and its reports are closed."),
            ),
            Offer(
                id="lock", verb="lock", label=Foreign("Close the thread"), capability=open_, default=True,
                description=Foreign("It stays to be read, nobody can answer on the site; the reports stay open."),
            ),
            Offer(id="unlock", verb="unlock", label=Foreign("Reopen the thread"), capability=shut, default=True),
        ]  # fmt: skip
    else:
        only = can(Blocked("platform", "the forum closes threads, not single responses"))
        found.append(Offer(id="lock", verb="lock", label=Foreign("Close the thread"), capability=only, default=True))
    return (*found, *_with_codes(found))


def _with_codes(offers: list[Offer]) -> list[Offer]:
    """Closing and editing once more for each code under which the forum can keep why."""
    by_verb = {offer.verb: offer for offer in offers if offer.default}
    found: list[Offer] = []
    for verb, codes in (("lock", CLOSE_REASONS), ("edit", EDIT_REASONS)):
        plain = by_verb[verb]
        if verb == "lock" and isinstance(plain.capability, Blocked) and plain.capability.code == "platform":
            continue  # four lines that all say the same
        found += [
            Offer(
                id=f"{verb}:{code}", verb=verb, label=Foreign(f"{plain.label}: {words}"), capability=plain.capability,
                needs=plain.needs, description=Foreign(f"The forum keeps why: {code}."),
            )
            for code, words in codes.items()
        ]  # fmt: skip
    return found


def question_offers(item: Item, can_write: Capability) -> tuple[Offer, ...]:
    """The offers of a question: what is done to its thread, and to the post that asks."""
    opening = {"withdraw", "spam", "delete", "restore"}
    removed = item.state == "removed"
    posts = offers_for("thread", state="open", removed=removed, closed=item.place.closed, can_write=can_write)
    labels = {
        "reply": ("Reply", "Everybody who reads the course's forum can read it."),
        "accept": ("Mark a response as the answer", "The forum calls it endorsed; a thread can have several."),
        "unaccept": ("Take the mark off the answer", None),
        "duplicate": ("Link the original and close", "A reply with the link, then the thread is closed."),
        "move": ("Move to another topic", None),
        "watch": ("Watch the thread", "The platform tells the acting member of new posts."),
        "unwatch": ("Stop watching", None),
    }
    found = [
        Offer(
            id=verb, verb=verb, label=Foreign(label), description=Foreign(about) if about else None, default=True,
            capability=can_write if can_write != ALLOWED else thread_capability(item, verb),
            needs=("text",) if verb == "reply" else (),
        )
        for verb, (label, about) in labels.items()
    ]  # fmt: skip
    return (*found, *(offer for offer in posts if offer.id in opening or offer.verb in ("edit", "lock", "unlock")))


def thread_capability(item: Item, verb: str) -> Capability:
    """Whether the thread of `item` (a question, or a reported post) takes a verb of the thread as it stands."""
    question, closed = item.question, item.place.closed
    match verb:
        case "reply" | "duplicate" if closed:
            return Blocked("state", "the thread is closed")
        case "accept" if question is not None and not item.native.get("answers"):
            return Blocked("state", "there is no response yet")
        case "unaccept" if question is not None and question.accepted is None:
            return Blocked("state", "no response is marked as the answer")
        case "watch" if question is not None and question.watched:
            return Blocked("state", "you watch it already")
        case "unwatch" if question is not None and not question.watched:
            return Blocked("state", "you do not watch it")
    return ALLOWED
