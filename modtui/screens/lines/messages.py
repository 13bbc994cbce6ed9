"""The message to an author that goes with a reason: filled for one item, in the language the author writes."""

from __future__ import annotations

from modtui.desk.desk import Desk
from modtui.domain.decisions import Sanction
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.settings.reasons import Message, compose, pick_language
from modtui.text.time import duration


def values_for(desk: Desk, item: Item, sanction: Sanction | None) -> dict[str, str | None]:
    """What stands in the braces of a message about this item."""
    community = next((one for one in desk.communities if one.id == item.ref.community), None)
    title = (community.account.site_title if community and community.account else None) or (
        community.name if community else ""
    )
    length = None
    if sanction is not None and sanction.duration_ms is not None:
        length = str(duration(sanction.duration_ms))
    return {
        "author": item.author.username if item.author else "",
        "title": item.place.thread_title or item.title,
        "url": item.url,
        "community": title,
        "moderator": community.account.username if community and community.account else "",
        "duration": length,
        "until": None,
    }


def message_for(
    desk: Desk, item: Item, reason: Reason, sanction: Sanction | None, language: str | None
) -> tuple[str, Message] | None:
    """The language and the message; None when the reason has no message at all."""
    dossier = desk.context(item).dossier
    known = dossier.member.locale if dossier else item.author.locale if item.author else None
    code = pick_language(reason, language, item.language, known)
    if code is None:
        return None
    message = compose(reason, code, values_for(desk, item, sanction))
    return (code, message) if message is not None else None
