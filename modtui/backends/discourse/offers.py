"""What can be done with an item: the server's own actions, and what modtui can do beside them.

An action that is not possible here is offered as blocked, with the reason.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import msgspec

from modtui.backends.discourse import wire
from modtui.backends.discourse.actions import SPAM, Meaning, meaning, rank
from modtui.backends.discourse.site import Site
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.items import Item, Offer, Penalty
from modtui.text import Foreign, show_line
from modtui.text.time import stamp

Needs = tuple[Literal["reason", "duration", "message", "text"], ...]
SIGN_UP = "ReviewableUser"
_VARIANTS = frozenset({"offer", "silence", "ban", "unsilence", "restore"})
"""Verbs whose plain key does only what it says, by our own call ("ban" bans). What the server couples with a verdict
("agree and suspend") is a variant."""
_offer = lru_cache(maxsize=512)(Offer)
"""An offer is the same for nearly every item: each is made once and shared. The 5,000 of 200 items were 1 MB."""


def offers_of(site: Site, item: Item, actions: list[tuple[wire.Bundle, wire.Action]]) -> Item:
    """`item` with its offers; `native["actions"]` says per offer what `perform` takes."""
    sign_up = item.native.get("type") == SIGN_UP
    luggage: dict[str, Any] = {}
    served = _served(site, item, actions, sign_up, luggage)
    offers = [*served, _spam(item, served, luggage), *_ours(site, item, served)]
    native = {**item.native, "actions": luggage}
    return msgspec.structs.replace(item, offers=tuple(offers), native=native)


def _served(
    site: Site, item: Item, actions: list[tuple[wire.Bundle, wire.Action]], sign_up: bool, luggage: dict[str, Any]
) -> list[Offer]:
    held = _held_by_another(item)
    penalties = _penalties(site, item)
    found: list[tuple[wire.Action, Meaning, Foreign]] = []
    for bundle, action in actions:
        if action.native in luggage:
            continue
        luggage[action.native] = {
            "do": action.native, "client": action.client_action, "reason": bool(action.require_reject_reason),
        }  # fmt: skip
        label = action.label or action.native.replace("_", " ")
        if bundle.label and bundle.label != label:
            label = f"{bundle.label}: {label}"
        found.append((action, meaning(action.native, sign_up=sign_up, client=action.client_action), Foreign(label)))
    best: dict[str, str] = {}
    for action, sense, _ in sorted(found, key=lambda one: rank(one[0].native)):
        if sense.verb not in _VARIANTS:
            best.setdefault(sense.verb, action.native)
    return [
        _offer(
            id=action.native, verb=sense.verb, label=label,
            description=Foreign(action.description) if action.description else None,
            confirm=Foreign(action.confirm_message) if action.confirm_message else None,
            capability=penalties.get(action.client_action or "", held) if held == ALLOWED else held,
            default=best.get(sense.verb) == action.native,
            needs=_needs(action, sense), irreversible=sense.final,
        )
        for action, sense, label in found
    ]  # fmt: skip


def _needs(action: wire.Action, sense: Meaning) -> Needs:
    if action.client_action in ("silence", "suspend"):
        return ("reason", "duration")
    if action.client_action == "edit":
        return ("text",)
    if action.client_action == "scrub" or action.require_reject_reason or action.native == "revise_and_reject_post":
        return ("reason",)
    return ()


def _held_by_another(item: Item) -> Capability:
    claim = item.claim
    if claim is None or claim.mine or claim.automatic:
        return ALLOWED
    return Blocked("claimed", f"taken by {show_line(claim.by)}")


def _spam(item: Item, served: list[Offer], luggage: dict[str, Any]) -> Offer:
    """The offer of the verb `spam`: one of the server's actions once more, under its own id."""
    by_id = {offer.id: offer for offer in served}
    for name in SPAM:
        if name in by_id:
            luggage["spam"] = luggage[name]
            return msgspec.structs.replace(by_id[name], id="spam", verb="spam", default=True)
    why = (
        "this item is closed"
        if item.state != "open"
        else "the site has no action for spam here but deleting the account"
    )
    return Offer(id="spam", verb="spam", label=Foreign("Spam"), capability=Blocked("state", why), default=True)


class Ours:
    """Offers of what modtui does with calls of its own."""

    def __init__(self) -> None:
        self.found: list[Offer] = []

    def offer(
        self, verb: str, label: str, capability: Capability, needs: Needs = (), irreversible: bool = False
    ) -> None:
        """One more, under our own word for it."""
        self.found.append(
            _offer(
                id=f"our_{verb}", verb=verb, label=Foreign(label), capability=capability, default=True, needs=needs,
                irreversible=irreversible,
            )
        )  # fmt: skip


def _ours(site: Site, item: Item, served: list[Offer]) -> list[Offer]:
    """What modtui does with calls of its own, whatever the queue offers."""
    ours = Ours()
    offer = ours.offer
    staff: Capability = ALLOWED if site.staff else Blocked("right", "only staff may do this")
    author = _author(item, staff)
    penalties = _penalties(site, item)
    topic: Capability = (
        ALLOWED if item.native.get("topic_id") else Blocked("platform", "only items in a thread can be claimed")
    )
    if site.claims_off:
        topic = Blocked("setting", "claiming is switched off on this site")
    mine = item.claim is not None and item.claim.mine and not item.claim.automatic
    offer("claim", "Claim the thread", Blocked("state", "it is yours already") if mine else topic)
    offer("release", "Release the claim", topic if item.claim else Blocked("state", "nobody has claimed it"))
    offer("note", "Team note", staff, ("text",))
    for verb, native, label, lift in (
        ("silence", "silence", "Silence the author", "Lift the silence"),
        ("ban", "suspend", "Ban the author", "Lift the ban"),
    ):
        in_force = _in_force(item, verb) is not None
        offer(verb, label, penalties[native], ("reason", "duration"))
        free = Blocked("state", f"the author is not {_PAST[verb]}")
        offer(f"un{verb}", lift, author if in_force or author != ALLOWED else free)
    offer("warn", "Official warning", author, ("message",))
    if not any(one.verb == "edit" for one in served):
        offer("edit", "Edit the text", _editable(item), ("text",))
    offer("lock", "Lock the thread", _lockable(item, staff, to=True))
    offer("unlock", "Unlock the thread", _lockable(item, staff, to=False))
    offer("restore", "Bring the post back", _restorable(item, staff))
    if not any(one.verb == "purge" for one in served):
        offer("purge", "Erase for good", Blocked("setting", "the site keeps deleted posts; erasing is for its admins"),
              irreversible=True)  # fmt: skip
    return ours.found


_PAST = {"silence": "silenced", "ban": "banned"}


def _in_force(item: Item, kind: str) -> Penalty | None:
    return next((p for p in (item.author.penalties if item.author else ()) if p.kind == kind), None)


def _penalties(site: Site, item: Item) -> dict[str, Capability]:
    """Whether the author can be sanctioned, by the server's words for it (`client_action`)."""
    staff: Capability = ALLOWED if site.staff else Blocked("right", "only staff may do this")
    found: dict[str, Capability] = {}
    for native, kind in (("silence", "silence"), ("suspend", "ban")):
        found[native] = _author(item, staff)
        now = _in_force(item, kind)
        if now is not None and found[native] == ALLOWED:
            until = f"until {stamp(now.until_ms)}" if now.until_ms else "for good"
            found[native] = Blocked("state", f"the author is {_PAST[kind]} already, {until}")
    return found


def _author(item: Item, staff: Capability) -> Capability:
    if staff != ALLOWED:
        return staff
    if item.author is None or not item.native.get("user_id"):
        return Blocked("state", "the author is not known or has no account any more")
    if item.author.role is not None:
        return Blocked("right", "the author is staff; an admin has to take that role away first")
    return ALLOWED


def _editable(item: Item) -> Capability:
    if "payload.raw" in item.native.get("fields", ()):
        return _held_by_another(item)
    if item.kind == "held post":
        return Blocked("state", "only a post that still waits can be edited")
    return Blocked("platform", "the site does not offer editing here")


def _lockable(item: Item, staff: Capability, *, to: bool) -> Capability:
    if not item.native.get("topic_id"):
        return Blocked("platform", "there is no thread")
    if item.place.closed == to:
        return Blocked("state", "the thread is locked already" if to else "the thread is not locked")
    return staff


def _restorable(item: Item, staff: Capability) -> Capability:
    if not item.native.get("post_id"):
        return Blocked("platform", "there is no post to bring back")
    if not (item.hidden or item.deleted or item.state == "removed"):
        return Blocked("state", "the post is visible")
    return staff
