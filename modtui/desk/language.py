"""Which language an item is in: what the site says, else what its author reads the site in, else the community's."""

from __future__ import annotations

import re

import msgspec

from modtui.domain.items import Item

_CODE = re.compile(r"^[A-Za-z]{2,3}$")


def code(locale: str | None) -> str | None:
    """The language part of a locale, in lower case: `de` of `de_AT` or `de-CH`; None when it is none."""
    if not locale:
        return None
    first = re.split(r"[_\-.@]", locale.strip(), maxsplit=1)[0]
    return first.lower() if _CODE.match(first) else None


def language_of(item: Item, default: str | None = None) -> str | None:
    """The language of an item by the rule of the queue; `default` (the community's own, from the settings) when neither
    the site nor the member's locale tells."""
    return code(item.language) or code(item.author.locale if item.author else None) or code(default)


def with_language(item: Item, default: str | None = None) -> Item:
    """The item with its language filled in, as it is written to the cache (order, filter and counts read it there)."""
    found = language_of(item, default)
    return item if found == item.language else msgspec.structs.replace(item, language=found)
