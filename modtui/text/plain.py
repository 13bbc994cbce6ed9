"""Plain text -> document: paragraphs at blank lines, bare addresses and mentions found."""

from __future__ import annotations

import re

from modtui.text.builder import Builder
from modtui.text.document import Document
from modtui.text.shown import Foreign

MAX_SIGNS = 300_000
"""Signs of a post that are read; a longer one is marked truncated."""

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]{1,2000})|(?<![\w/.@:])@(?P<name>\w(?:[\w.\-]{0,58}\w)?)", re.IGNORECASE
)
_TAIL = ".,;:!?'\"*_~"


def add_text(builder: Builder, raw: str, *, collapse: bool = True) -> None:
    """Adds running text, with bare addresses and @mentions as links. Inside a link it is only text."""
    at = 0
    for match in _FOUND.finditer(raw):
        if match["url"]:
            url = match["url"].rstrip(_TAIL)
            while url.endswith((")", "]")) and url.count(url[-1]) > url.count("(" if url[-1] == ")" else "["):
                url = url[:-1].rstrip(_TAIL)
            if match.start() > at:
                builder.text(raw[at : match.start()], collapse=collapse)
            builder.link(url, url)
            at = match.start() + len(url)
        else:
            if match.start() > at:
                builder.text(raw[at : match.start()], collapse=collapse)
            builder.link(match[0], "/u/" + match["name"], "mention")
            at = match.end()
    if at < len(raw):
        builder.text(raw[at:], collapse=collapse)


def from_plain(text: Foreign, *, site: str = "") -> Document:
    """The document of a plain text. Newlines are kept, blank lines part paragraphs."""
    builder = Builder(site)
    if len(text) > MAX_SIGNS:
        builder.truncated = True
    for part in _BLANK_LINES.split(text[:MAX_SIGNS].replace("\r\n", "\n").strip("\n")):
        add_text(builder, part, collapse=False)
        builder.flush()
    return builder.finish()
