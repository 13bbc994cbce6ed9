"""What a moderator can do on this forum, and on one post.

The server offers nothing per post and checks no rights of the acting member (the service account may do everything), so
offers are derived from what the post is and how it stands.

`remove` replaces the text by a notice: members no longer read it, the edit history keeps it for moderators, and it can
be put back. The forum has no hiding, and deleting is for good, so deleting is `purge` (upper case, asks).
"""

from __future__ import annotations

from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS
from modtui.domain.items import Offer
from modtui.text import Foreign

POSSIBLE = frozenset({"approve", "remove", "spam", "purge", "restore", "edit", "lock", "unlock", "reopen", "offer"})
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
    "reply": "modtui does not answer on this forum yet",
    "accept": "modtui does not mark answers on this forum yet",
}
"""Why the other verbs are not there. Replies and answers belong to the questions lane."""


def verbs(can: Capability) -> dict[str, Capability]:
    """What this account can do: everything the platform has, or nothing (`can` says why)."""
    return {verb: can if verb in POSSIBLE else Blocked("platform", NEVER[verb]) for verb in VERBS}


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
    return tuple(found)
