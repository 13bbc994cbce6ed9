"""What plans share: which offer an intent means, and texts within the site's limits."""

from __future__ import annotations

from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item, Offer
from modtui.errors import Refused
from modtui.text import show_line


def choose(item: Item, intent: Intent) -> Offer:
    """The offer that the intent names, else the verb's default. Refused when there is none, or it is blocked."""
    if intent.offer is not None:
        found = next((offer for offer in item.offers if offer.id == intent.offer), None)
    else:
        found = item.offer(intent.verb)
    if found is None:
        if item.state != "open":
            by = f" by {show_line(item.handled_by)}" if item.handled_by else ""
            raise Refused(f"This item is closed already: {item.state}{by}.")
        raise Refused(f"The site does not offer {show_line(intent.offer or intent.verb)} on this item.")
    if isinstance(found.capability, Blocked):
        sentence = found.capability.sentence
        raise Refused(f"{show_line(intent.verb).capitalize()} is not possible here: {sentence}.")
    return found


def reason_of(intent: Intent, *, required: bool = True) -> str:
    """The reason in words. Raises Refused where one is `required` and there is none."""
    text = (intent.reason_text or intent.reason_title or "").strip()
    if not text and required:
        raise Refused("This needs a reason.")
    return text


def cut(text: str, limit: int) -> str:
    """`text` with at most `limit` signs."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
