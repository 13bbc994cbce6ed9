"""Which language an item is in: what was set by hand, else what the site says, else what its author reads the site in,
else what its words say, else the community's own."""

from __future__ import annotations

import re
from zlib import crc32

import msgspec

from modtui.domain.items import Item
from modtui.text.patterns import pattern

_CODE = pattern(r"^[A-Za-z]{2,3}$")


def code(locale: str | None) -> str | None:
    """The language part of a locale, in lower case: `de` of `de_AT` or `de-CH`; None when it is none."""
    if not locale:
        return None
    first = re.split(r"[_\-.@]", locale.strip(), maxsplit=1)[0]
    return first.lower() if _CODE.match(first) else None


def told(item: Item) -> str | None:
    """The language that the site's own field or the author's locale tells."""
    return code(item.language) or code(item.author.locale if item.author else None)


def language_of(item: Item, default: str | None = None, *, found: str | None = None) -> str | None:
    """The language of an item by the rule of the queue; `found` is what its words say, `default` the community's own
    (from the settings)."""
    return told(item) or code(found) or code(default)


def with_language(item: Item, default: str | None = None, *, found: str | None = None) -> Item:
    """The item with its language filled in, as it is written to the cache (order, filter and counts read it there)."""
    language = language_of(item, default, found=found)
    return item if language == item.language else msgspec.structs.replace(item, language=language)


def spoken_text(item: Item) -> str:
    """The text whose language counts: what its author wrote, with the title where that is the author's, too."""
    body = item.source if item.source is not None else item.body.text if item.body else ""
    return f"{item.title}\n\n{body}" if item.kind == "question" else body


def checksum(text: str) -> int:
    """A text as the store remembers that it was looked at."""
    return crc32(text.encode("utf-8", "surrogatepass"))
