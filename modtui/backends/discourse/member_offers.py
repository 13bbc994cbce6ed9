"""What can be done to a member. A verb that is not possible is offered as blocked, with the reason."""

from __future__ import annotations

import msgspec

from modtui.backends.discourse.offers import Ours
from modtui.backends.discourse.site import Site
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.items import Item, Member, Penalty
from modtui.text.time import stamp

STAFF_MEMBER = "this member is staff; an admin has to take that role away first"
_PAST = {"silence": "silenced", "ban": "banned"}


def with_offers(site: Site, item: Item) -> Item:
    """The item of a member with its offers."""
    member = item.author
    if member is None:
        return item
    may = sanctionable(site, member)
    ours = Ours()
    offer = ours.offer
    offer("warn", "Official warning", may, ("message",))
    notes: Capability = staff(site)
    if notes == ALLOWED and site.user_notes is False:
        notes = Blocked("plugin", "this site keeps no notes on members: the User Notes plugin is off")
    offer("note", "Team note", notes, ("text",))
    for verb, label, lift in (
        ("silence", "Silence", "Lift the silence"), ("ban", "Ban", "Lift the ban"),
    ):  # fmt: skip
        now = next((one for one in member.penalties if one.kind == verb), None)
        offer(verb, label, may if now is None or may != ALLOWED else _already(verb, now), ("reason", "duration"))
        free = Blocked("state", f"this member is not {_PAST[verb]}")
        offer(f"un{verb}", lift, free if now is None and may == ALLOWED else may)
    offer("logout", "Log out everywhere", may)
    waits = "waiting" in member.flags or item.native.get("approved") is False
    offer("approve", "Approve the sign-up", staff(site) if waits else Blocked("state", "this account does not wait for "
                                                                              "approval"))  # fmt: skip
    offer("erase", "Delete as a spammer", _erasable(item, may), irreversible=True)
    return msgspec.structs.replace(item, offers=tuple(ours.found))


def staff(site: Site) -> Capability:
    """Whether this account is staff."""
    return ALLOWED if site.staff else Blocked("right", "only staff may do this")


def sanctionable(site: Site, member: Member) -> Capability:
    """Whether this account may sanction the member at all."""
    may = staff(site)
    if may != ALLOWED:
        return may
    if member.role is not None:
        return Blocked("right", STAFF_MEMBER)
    if member.native.startswith("-") or member.native == "0":
        return Blocked("state", "this is the site's own account")
    return ALLOWED


def _already(verb: str, now: Penalty) -> Capability:
    until = "" if not now.told else f", until {stamp(now.until_ms)}" if now.until_ms is not None else ", for good"
    return Blocked("state", f"this member is {_PAST[verb]} already{until}")


def _erasable(item: Item, may: Capability) -> Capability:
    if may != ALLOWED:
        return may
    if item.native.get("can_delete") is False:
        return Blocked("right", "the site lets this account delete only new members and those with few posts")
    return ALLOWED
