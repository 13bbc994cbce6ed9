"""What the placeholders of a saved text become for an item."""

from __future__ import annotations

from datetime import UTC

from modtui.desk.community import Community
from modtui.domain.decisions import Sanction
from modtui.domain.items import Item
from modtui.text.time import duration_in, stamp


def values_for(
    community: Community | None, item: Item, sanction: Sanction | None = None, *, to: str | None = None,
    link: str | None = None, language: str = "en",
) -> dict[str, str | None]:
    """The values by name (domain.replies.PLACEHOLDERS), None where there is none.

    `to` is whom the text goes to where that is not the item's author, `link` the address of another thread. `until` is
    as of now, by the site's clock; lengths are in `language`. `reason` and `rule` belong to the reason, not here.
    """
    account = community.account if community is not None else None
    length = sanction.duration_ms if sanction is not None else None
    now = community.backend.wire.clock_ms if community is not None else item.since_ms
    return {
        "author": to or (item.author.username if item.author is not None else None),
        "title": item.place.thread_title or item.title,
        "url": item.url or None,
        "category": item.place.category,
        "link": link,
        "community": (account.site_title if account is not None else None) or (community.name if community else None),
        "moderator": account.username if account is not None else None,
        "duration": str(duration_in(length, language)) if sanction is not None else None,
        "until": str(stamp(now + length, UTC, zone=True)) if length is not None else None,
    }
