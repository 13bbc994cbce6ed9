"""A document as rows of styled text for a width, lazily: drawing the top of a huge post costs no more than a small one.

Style names are a fixed vocabulary that widgets map to theme styles. Nothing here knows about colours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal

from msgspec import Struct

from modtui.text.document import (
    Block,
    Code,
    Details,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Spoiler,
    Table,
)
from modtui.text.links import Link
from modtui.text.shown import EMPTY, Shown, own, say
from modtui.text.width import breaks, cells, cut

StyleName = Literal[
    "text", "bold", "italic", "code", "quote", "quote.author", "heading", "link", "link.host", "mention", "spoiler",
    "dim", "warning", "list", "table", "image",
]  # fmt: skip
"""How a segment stands out; a widget has a style for each."""

MIN_ROOM = 16
"""Cells that stay for text, however deep quotes and lists nest: deeper levels get no further indent."""

_HIDDEN = own("(spoiler, enter shows)")
_MARKER_STYLES: tuple[tuple[str, StyleName], ...] = (
    ("mention", "mention"),
    ("image", "image"),
    ("link", "link"),
    ("note", "dim"),
    ("code", "code"),
    ("strike", "dim"),
    ("bold", "bold"),
    ("italic", "italic"),
)


class Line(Struct, frozen=True):
    """One row of (text, style), at most as wide as was asked for. `link` is the number it is about, or 0."""

    segments: tuple[tuple[Shown, StyleName], ...]
    link: int = 0

    @property
    def text(self) -> Shown:
        """The row without styles."""
        return Shown("".join(text for text, _ in self.segments))


_BLANK = Line(())


def lines(document: Document, width: int, *, reveal: bool = False, gap: bool = True) -> Iterator[Line]:
    """The rows of a document, `width` cells wide, made one after the other as they are asked for.

    Links are numbered in the text and explained under their block: `[1] link: host/path  (this site)`, with a
    warning row where a link is not what it seems. Spoilers are folded unless `reveal`; `gap` puts an empty row
    between blocks.
    """
    width = max(8, width)
    yield from _Drawer(document, reveal, gap).blocks(document.blocks, width, "text")
    if document.truncated:
        yield from _rows(own("The rest is not shown: the post is longer than modtui reads."), width, "warning")


def _rows(text: Shown, width: int, style: StyleName) -> Iterator[Line]:
    for start, stop in breaks(text, width):
        yield Line(((Shown(text[start:stop]), style),))


class _Drawer:
    def __init__(self, document: Document, reveal: bool, gap: bool) -> None:
        self._links = document.links
        self._reveal = reveal
        self._gap = gap
        self._explained: set[int] = set()

    def blocks(self, blocks: tuple[Block, ...], width: int, base: StyleName, *, tight: bool = False) -> Iterator[Line]:
        """The rows of some blocks, with the links of each explained below it."""
        for at, block in enumerate(blocks):
            if at and self._gap and not tight:
                yield _BLANK
            used: list[int] = []
            yield from self._block(block, width, base, used)
            for index in used:
                yield from self._explain(self._links[index], width)

    def _block(self, block: Block, width: int, base: StyleName, used: list[int]) -> Iterator[Line]:
        match block:
            case Paragraph(spans):
                yield from self._spans(spans, width, base, used)
            case Heading(_, spans):
                yield from self._spans(spans, width, "heading", used)
            case Quote(author, inner):
                room = _room(width, 2)
                if author:
                    name = _rows(say("{author}:", author=author), room, "quote.author")
                    yield from self._prefixed(name, width)
                yield from self._prefixed(self.blocks(inner, room, "quote"), width)
            case Code(_, text):
                yield from self._code(text, width)
            case ListBlock():
                yield from self._list(block, width, base)
            case Table():
                yield from self._table(block, width, base, used)
            case Spoiler(inner):
                if self._reveal:
                    yield Line(((cut(own("(spoiler)"), width), "spoiler"),))
                    yield from self.blocks(inner, width, base)
                else:
                    yield Line(((cut(_HIDDEN, width), "spoiler"),))
            case Details(summary, inner):
                head = summary or (Span(own("Details")),)
                yield from self._indented(self._spans(head, _room(width, 2), "bold", used), width, own("+ "), "list")
                yield from self._indented(self.blocks(inner, _room(width, 2), base), width, own("  "), base)
            case Rule():
                yield Line(((own("-" * min(width, 40)), "dim"),))

    def _prefixed(self, rows: Iterator[Line], width: int) -> Iterator[Line]:
        bar: tuple[Shown, StyleName] = (own("| "), "quote")
        for row in rows:
            yield Line((bar, *row.segments), row.link) if _room(width, 2) < width else row

    def _indented(self, rows: Iterator[Line], width: int, first: Shown, style: StyleName) -> Iterator[Line]:
        """Rows under a bullet: the first behind it, the others as far in."""
        if _room(width, len(first)) == width:
            yield from rows
            return
        lead = first
        blank = own(" " * len(first))
        for row in rows:
            yield Line(((lead, style), *row.segments), row.link) if row.segments or lead is first else row
            lead = blank

    def _list(self, block: ListBlock, width: int, base: StyleName) -> Iterator[Line]:
        size = len(f"{block.start + len(block.items) - 1}. ") if block.ordered else 2
        for at, item in enumerate(block.items):
            bullet = own(f"{block.start + at}. ".rjust(size)) if block.ordered else own("- ")
            rows = self.blocks(item, _room(width, size), base, tight=True) if item else iter([Line(())])
            yield from self._indented(rows, width, bullet, "list")

    def _code(self, text: Shown, width: int) -> Iterator[Line]:
        lead: tuple[Shown, StyleName] = (own("  "), "code")
        for start, stop in breaks(text, width - 2, words=False):
            yield Line((lead, (Shown(text[start:stop]), "code")))

    def _spans(self, spans: Spans, width: int, base: StyleName, used: list[int]) -> Iterator[Line]:
        """Wraps running text of several styles: the text is wrapped as one, each row then takes its styles."""
        parts = self._parts(spans, base, used)
        if not parts:
            return
        text = "".join(part for part, _ in parts)
        ends = list(accumulate(len(part) for part, _ in parts))
        for start, stop in breaks(text, width):
            yield Line(tuple(_segments(text, start, stop, ends, parts)))

    def _parts(self, spans: Spans, base: StyleName, used: list[int]) -> list[tuple[Shown, StyleName]]:
        """The spans as (text, style), spoilers folded, link numbers put behind their labels."""
        parts: list[tuple[Shown, StyleName]] = []
        folded = False
        for at, span in enumerate(spans):
            hidden = "spoiler" in span.style and not self._reveal
            if hidden and not folded:
                parts.append((_HIDDEN, "spoiler"))
            folded = hidden
            if not hidden:
                parts.append((span.text, _style(span, base)))
            if span.link is None:
                continue
            link = self._links[span.link]
            last = at + 1 == len(spans) or spans[at + 1].link != span.link
            if link.number and last and not hidden:
                parts.append((own(f"[{link.number}]"), "link"))
                if span.link not in self._explained:
                    self._explained.add(span.link)
                    used.append(span.link)
        return parts

    def _explain(self, link: Link, width: int) -> Iterator[Line]:
        """`[1] link: host/path  (this site)`, cut at the path, never at the host; a warning on a row of its own."""
        kind = "link" if link.kind in ("web", "other") else link.kind
        head = own(f"[{link.number}] {kind}: ")
        notes = [
            note
            for note in (
                link.decoded,
                "this site" if link.same_site else "",
                "not drawn" if link.kind == "image" else "",
            )
            if note
        ]
        tail = own(f"  ({', '.join(notes)})" if notes else "")
        path = link.path if link.path != "/" else EMPTY
        room = width - len(head) - cells(link.host) - cells(tail)
        if room >= min(4, cells(path)):
            parts: list[tuple[Shown, StyleName]] = [(head, "dim"), (link.host, "link.host")]
            parts += [(cut(path, room), "link"), (tail, "dim")]
            yield Line(tuple(part for part in parts if part[0]), link.number)
        else:  # the host decides what a link is: it is shown whole, over several rows if need be
            for row in _rows(Shown(head + link.host + path + tail), width, "link.host"):
                yield Line(row.segments, link.number)
        if link.warning:
            for row in _rows(Shown(own("    ") + link.warning), width, "warning"):
                yield Line(row.segments, link.number)

    def _table(self, table: Table, width: int, base: StyleName, used: list[int]) -> Iterator[Line]:
        """Columns side by side where they fit; else each row as `column: cell`, so that no cell is cut."""
        columns = max([len(table.header), *(len(row) for row in table.rows)])
        widths = [0] * columns
        for row in (table.header, *table.rows):
            for at, cell in enumerate(row):
                widths[at] = max(widths[at], sum(cells(text) for text, _ in self._parts(cell, base, [])))
            if sum(widths) + 3 * (columns - 1) > width:
                yield from self._narrow_table(table, width, base, used)
                return
        for number, row in enumerate((table.header, *table.rows)):
            if not row:
                continue
            style: StyleName = base if number else "bold"
            segments: list[tuple[Shown, StyleName]] = []
            for at in range(columns):
                if at:
                    segments.append((own(" | "), "table"))
                parts = self._parts(row[at], style, used) if at < len(row) else []
                segments.extend(parts)
                missing = widths[at] - sum(cells(text) for text, _ in parts)
                if missing > 0 and at + 1 < columns:
                    segments.append((own(" " * missing), "table"))
            yield Line(tuple(segments))
            if not number:
                yield Line(((own("-+-".join("-" * size for size in widths)), "table"),))

    def _narrow_table(self, table: Table, width: int, base: StyleName, used: list[int]) -> Iterator[Line]:
        for number, row in enumerate(table.rows or (table.header,)):
            if number:
                yield Line(((own("-" * min(8, width)), "table"),))
            for at, cell in enumerate(row):
                name = table.header[at] if table.rows and at < len(table.header) else ()
                spans = (*name, Span(own(": ")), *cell) if name else cell
                yield from self._spans(spans, width, base, used)


def _room(width: int, indent: int) -> int:
    """The width that an indent leaves; an indent that leaves too little is not made."""
    return width - indent if width - indent >= MIN_ROOM else width


def _style(span: Span, base: StyleName) -> StyleName:
    if "spoiler" in span.style:
        return "spoiler"
    for mark, style in _MARKER_STYLES:
        if mark in span.style:
            return style
    return base


def _segments(
    text: str, start: int, stop: int, ends: list[int], parts: list[tuple[Shown, StyleName]]
) -> Iterator[tuple[Shown, StyleName]]:
    """The row `text[start:stop]` in its styles; neighbours of one style are one segment."""
    at = bisect_right(ends, start)
    held = EMPTY
    style: StyleName = "text"
    while start < stop:
        end = min(ends[at], stop)
        if held and parts[at][1] != style:
            yield held, style
            held = EMPTY
        style = parts[at][1]
        held = Shown(held + text[start:end])
        start = end
        at += 1
    if held:
        yield held, style
