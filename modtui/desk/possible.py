"""Whether a verb is possible at all, before anything is chosen with it: what dim keys say."""

from __future__ import annotations

from typing import Literal

from modtui.desk.community import Community
from modtui.domain.capability import ALLOWED, Allowed, Blocked, Capability
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Item
from modtui.errors import ModtuiError, Refused


def possible(community: Community, item: Item | None, verb: str) -> Capability:
    """Whether the verb is possible on this item, or (item None) on the community."""
    site = community.backend.capabilities.verb(verb)
    if item is None:
        return site
    if isinstance(site, Blocked) and community.identified:
        return site  # before the site has answered (or offline) the item's own offers decide
    offer = item.offer(verb)
    if offer is not None and not isinstance(offer.capability, Allowed):
        return offer.capability
    try:
        community.backend.plan(item, complete(verb))
    except Refused as error:
        text = error.message.rstrip(".")
        return Blocked("state", text[:1].lower() + text[1:])
    except ModtuiError:
        return ALLOWED  # it needs more words (a reason, a text), so it is possible
    return ALLOWED


def complete(verb: str) -> Intent:
    """An intent with everything that a plan may ask for, to see whether it is possible and what it would do."""
    kind: Literal["silence", "ban"] | None = "silence" if verb == "silence" else "ban" if verb == "ban" else None
    sanction = Sanction(kind, 86_400_000) if kind is not None else None
    return Intent(
        verb=verb, sanction=sanction, text="text", reason="other", reason_title="reason", message="text"
        if verb in ("warn", "reply") else None,
    )  # fmt: skip
