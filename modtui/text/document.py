"""A post as a document of blocks, whatever it was written in. Immutable; every text in it is already `Shown`.

`html.from_html`, `markdown.from_markdown` and `plain.from_plain` make documents, `layout.lines` draws them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from modtui.text.links import Link
from modtui.text.shown import EMPTY, Shown

Mark = Literal["bold", "italic", "code", "strike", "link", "mention", "spoiler", "image", "note"]
"""How a span stands out. `note` is modtui's own remark, not the author's text."""

Style: TypeAlias = frozenset[Mark]

NO_STYLE: Style = frozenset()


class Span(Struct, frozen=True):
    """A run of text in one style. `link` is an index into the document's links. A newline in it is a forced break."""

    text: Shown
    style: Style = NO_STYLE
    link: int | None = None


Spans: TypeAlias = tuple[Span, ...]


class Paragraph(Struct, frozen=True):
    """Running text."""

    spans: Spans


class Heading(Struct, frozen=True):
    """A heading of level 1 to 6."""

    level: int
    spans: Spans


class Quote(Struct, frozen=True):
    """Somebody else's words; `author` is the name the quote claims, which nobody has checked."""

    author: Shown | None
    blocks: tuple[Block, ...]


class Code(Struct, frozen=True):
    """Text to be shown sign by sign. `language` may be empty."""

    language: Shown
    text: Shown


class ListBlock(Struct, frozen=True):
    """A list; `start` counts only where it is ordered."""

    ordered: bool
    start: int
    items: tuple[tuple[Block, ...], ...]


class Table(Struct, frozen=True):
    """A table: cells are spans. The header may be empty, rows may differ in length."""

    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]


class Spoiler(Struct, frozen=True):
    """Blocks that the author folded. Inline spoilers are spans with the mark `spoiler`."""

    blocks: tuple[Block, ...]


class Details(Struct, frozen=True):
    """A section with a summary. Drawn open, since a moderator judges all of a post."""

    summary: Spans
    blocks: tuple[Block, ...]


class Rule(Struct, frozen=True):
    """A line across."""


Block: TypeAlias = Paragraph | Heading | Quote | Code | ListBlock | Table | Spoiler | Details | Rule


class Document(Struct, frozen=True):
    """A whole post.

    `links` holds every link once, in order of appearance; `images` are those of kind `image`. `hostile` names the
    kinds of hostile signs found (`hostile_kinds`). `truncated` is true when the post was longer than is read.
    """

    blocks: tuple[Block, ...] = ()
    links: tuple[Link, ...] = ()
    hostile: frozenset[str] = frozenset()
    truncated: bool = False

    @property
    def images(self) -> tuple[Link, ...]:
        """The links that stand for images. No image is fetched."""
        return tuple(link for link in self.links if link.kind == "image")


def plain_text(document: Document) -> Shown:
    """All text of a document in reading order, a block a line; for excerpts, search and comparison."""
    out: list[str] = []
    todo: list[Block | Spans] = list(reversed(document.blocks))
    while todo:
        part = todo.pop()
        if isinstance(part, tuple):
            out.append("".join(span.text for span in part))
        elif isinstance(part, Paragraph | Heading):
            out.append("".join(span.text for span in part.spans))
        elif isinstance(part, Code):
            out.append(part.text)
        elif isinstance(part, Quote | Spoiler):
            todo.extend(reversed(part.blocks))
        elif isinstance(part, Details):
            todo.extend(reversed(part.blocks))
            todo.append(part.summary)
        elif isinstance(part, ListBlock):
            todo.extend(block for item in reversed(part.items) for block in reversed(item))
        elif isinstance(part, Table):
            todo.extend(cell for row in reversed((part.header, *part.rows)) for cell in reversed(row))
    return Shown("\n".join(out)) if out else EMPTY
