"""Foreign text as lines: a body laid out, its beginning on one line, and the small parts that all pages share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from modtui.domain.items import Body
from modtui.text import Foreign, Shown, own, say, show_line
from modtui.text.document import Document, plain_text
from modtui.text.html import from_html
from modtui.text.layout import lines as layout
from modtui.text.markdown import from_markdown
from modtui.text.plain import from_plain
from modtui.text.width import wrap
from modtui.widgets.draw import Line


@lru_cache(64)
def document_of(body: Body, site: str) -> Document:
    """The body as a document; the same body is parsed once."""
    if body.format == "html":
        return from_html(body.text, site=site)
    if body.format == "markdown":
        return from_markdown(body.text, site=site)
    return from_plain(body.text, site=site)


def gap() -> Line:
    """An empty line."""
    return ((own(""), "text"),)


def section(title: str, rest: Shown | None = None) -> Line:
    """The head of a part, with a few words after it."""
    pieces: list[tuple[Shown, str]] = [(own(f" {title}"), "section")]
    if rest:
        pieces.append((say("  {rest}", rest=rest), "dim"))
    return tuple(pieces)


def wrapped(text: Shown, style: str, width: int, indent: int) -> Iterator[Line]:
    """A sentence in as many lines as it needs."""
    for line in wrap(text, max(10, width - indent - 1)):
        yield ((own(" " * indent), "text"), (line, style))


def hung(label: str, text: Shown, style: str, width: int, column: int = 13) -> Iterator[Line]:
    """A label in the margin and its words beside it, the lines after the first under the words."""
    for n, line in enumerate(wrap(text, max(10, width - column - 1))):
        yield ((own(f" {'' if n else label}".ljust(column)), "section"), (line, style))


def text_lines(body: Body, site: str, width: int, *, indent: int, reveal: bool = False) -> Iterator[Line]:
    """A body as lines, indented. What was cut or looked hostile is said first."""
    document = document_of(body, site)
    margin = own(" " * indent)
    if document.hostile:
        kinds = ", ".join(sorted(document.hostile))
        words = say("shown with its hidden signs made visible: {kinds}", kinds=own(kinds))
        yield from wrapped(words, "warning", width, indent)
    for line in layout(document, max(10, width - indent - 1), reveal=reveal):
        yield ((margin, "text"), *line.segments)
    if document.truncated:
        yield from wrapped(own("(the text is longer than modtui reads; o opens the page)"), "warning", width, indent)


def excerpt(body: Body, limit: int = 300) -> Shown:
    """The beginning of a body on one line."""
    if body.format == "html":
        return _html_excerpt(body.text[:3000], limit)
    return show_line(body.text[: 2 * limit], limit)


@lru_cache(500)
def _html_excerpt(text: str, limit: int) -> Shown:
    """Kept, because the threads of neighbours in the queue have the same posts, and `k` comes back to them."""
    return show_line(plain_text(from_html(Foreign(text))), limit)
