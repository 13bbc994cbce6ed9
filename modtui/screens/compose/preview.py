"""Markdown as the site will show it, drawn by modtui's own document: what is seen is what its rules make of it."""

from __future__ import annotations

from collections.abc import Iterator

from modtui.text import Foreign, own, say
from modtui.text.layout import lines as layout
from modtui.text.markdown import from_markdown
from modtui.widgets.draw import Line


def preview_lines(text: str, site: str, width: int) -> Iterator[Line]:
    """The lines of a text, made as they are asked for. What cannot be seen in it is named first."""
    if not text.strip():
        yield ((own(" (nothing is written yet)"), "dim"),)
        return
    document = from_markdown(Foreign(text), site=site)
    if document.hostile:
        words = say(" holds signs that cannot be seen: {kinds}", kinds=own(", ".join(sorted(document.hostile))))
        yield ((words, "warning"),)
    for line in layout(document, max(10, width - 2), reveal=True):
        yield ((own(" "), "text"), *line.segments)
