"""Puts a document together from the events of a parser. Bounded in depth, never recursive."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct, field

from modtui.text.document import (
    NO_STYLE,
    Block,
    Code,
    Details,
    Document,
    Heading,
    ListBlock,
    Mark,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Spoiler,
    Style,
    Table,
)
from modtui.text.links import Link, LinkKind, make_link
from modtui.text.shown import Foreign, Shown, own, say, show, show_line
from modtui.text.signs import hostile_kinds

MAX_DEPTH = 40
"""Levels of quotes, lists and the like; what is nested deeper is drawn at this level."""

_SPACES = re.compile(r"[ \t\n\r]+")
_INLINE_FRAMES = frozenset({"heading", "cell", "summary"})


class _Frame(Struct):
    kind: str
    name: str = ""
    number: int = 0
    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    items: list[tuple[Block, ...]] = field(default_factory=list)
    cells: list[Spans] = field(default_factory=list)
    header: tuple[Spans, ...] = ()
    rows: list[tuple[Spans, ...]] = field(default_factory=list)
    summary: Spans = ()


class _OpenLink(Struct):
    target: str
    kind: LinkKind
    label: list[str] = field(default_factory=list)
    spread: bool = False
    """Whether its label runs over several blocks."""


class Builder:
    """Collects blocks. `site` is the address of the community that the text stands in, for telling its links from
    others.
    """

    def __init__(self, site: str = "") -> None:
        self._site = site
        self._stack = [_Frame("root")]
        self._marks: Counter[Mark] = Counter()
        self._style: Style = NO_STYLE
        self._links: list[_OpenLink] = []
        self._link: int | None = None
        self._known: dict[tuple[str, str, str], int] = {}
        self._hostile: set[str] = set()
        self.truncated = False

    # Inline

    def text(self, raw: str, *, collapse: bool = True) -> None:
        """Foreign text in the current style. With `collapse`, blanks and newlines count as one space, as in HTML."""
        self._hostile |= hostile_kinds(raw)
        spans = self._stack[-1].spans
        if collapse:
            raw = _SPACES.sub(" ", raw)
            if raw[:1] == " " and (not spans or spans[-1].text[-1:] in (" ", "\n")):
                raw = raw[1:]
        if raw:
            self._add(show(raw))

    def note(self, text: Shown) -> None:
        """A remark of modtui's own inside the text."""
        self._stack[-1].spans.append(Span(text, self._style | {"note"}, self._link))

    def line_break(self) -> None:
        """A forced new line; in a cell or heading, a space."""
        frame = self._stack[-1]
        if frame.spans:
            self._add(own(" " if frame.kind in _INLINE_FRAMES else "\n"))

    def _add(self, text: Shown) -> None:
        spans = self._stack[-1].spans
        if self._link is not None:
            self._links[self._link].label.append(text)
        if spans and spans[-1].style == self._style and spans[-1].link == self._link and len(spans[-1].text) < 200:
            spans[-1] = Span(Shown(spans[-1].text + text), self._style, self._link)
        else:
            spans.append(Span(text, self._style, self._link))

    def mark(self, mark: Mark) -> None:
        """Text from here on stands out as `mark`; each needs its `unmark`."""
        self._marks[mark] += 1
        self._style = frozenset(self._marks)

    def unmark(self, mark: Mark) -> None:
        """Ends the innermost `mark`."""
        if self._marks[mark] > 1:
            self._marks[mark] -= 1
        else:
            del self._marks[mark]  # Counter: no error where it is not there
        self._style = frozenset(self._marks)

    def has_mark(self, mark: Mark) -> bool:
        """Whether text now stands out as `mark`."""
        return self._marks[mark] > 0

    def open_link(self, target: str, kind: LinkKind = "web") -> bool:
        """Text from here on is the label of a link. False, and nothing opened, inside another link."""
        if self._link is not None:
            return False
        self._links.append(_OpenLink(target, kind))
        self._link = len(self._links) - 1
        self.mark("mention" if kind == "mention" else "image" if kind == "image" else "link")
        return True

    def close_link(self) -> None:
        """Ends the link. One without a label gets its kind as label; the same link twice is listed once."""
        if self._link is None:
            return
        index = self._link
        link = self._links[index]
        if not any(part.strip() for part in link.label):
            self._add(own("image" if link.kind == "image" else "link"))
        self.unmark("mention" if link.kind == "mention" else "image" if link.kind == "image" else "link")
        self._link = None
        key = (link.target, link.kind, "".join(link.label))
        first = self._known.setdefault(key, index)
        if first != index and not link.spread:
            spans = self._stack[-1].spans
            at = len(spans)
            while at and spans[at - 1].link == index:
                at -= 1
                spans[at] = Span(spans[at].text, spans[at].style, first)
            self._links.pop()

    def link(self, label: str, target: str, kind: LinkKind = "web") -> None:
        """A whole link at once."""
        opened = self.open_link(target, kind)
        self.text(label)
        if opened:
            self.close_link()

    # Blocks

    @property
    def kind(self) -> str:
        """The kind of the innermost open block."""
        return self._stack[-1].kind

    def open(self, kind: str, name: str = "", number: int = 0) -> bool:
        """Begins a block: quote, list, item, table, row, cell, heading, details, summary, spoiler.

        `name` is a quote's author or "ordered", "header"; `number` a level or a start. False, and nothing opened,
        where it would be too deep or inside a cell, a heading or a summary: then its text flows into what is open.
        """
        if self.kind in _INLINE_FRAMES or len(self._stack) > MAX_DEPTH:
            self.flush()
            return False
        self.flush()
        self._stack.append(_Frame(kind, name, number))
        return True

    def flush(self) -> None:
        """Ends the current paragraph, if there is one."""
        frame = self._stack[-1]
        if self._link is not None:
            self._links[self._link].spread = True
        if frame.kind in _INLINE_FRAMES:
            if frame.spans and not frame.spans[-1].text.endswith(" "):
                frame.spans.append(Span(own(" ")))
            return
        spans = _trim(frame.spans)
        frame.spans = []
        if spans:
            frame.blocks.append(Paragraph(spans))

    def add(self, block: Block) -> None:
        """A whole block; inside a cell or heading its text."""
        if self.kind in _INLINE_FRAMES:
            if isinstance(block, Code):
                self._add(show_line(block.text))
            return
        self.flush()
        self._stack[-1].blocks.append(block)

    def code(self, text: str, language: str = "") -> None:
        """A block of code, sign by sign."""
        self._hostile |= hostile_kinds(text)
        self.add(Code(show_line(language, 40), show(text.rstrip("\n"))))

    def rule(self) -> None:
        """A line across."""
        self.add(Rule())

    def close(self) -> None:
        """Ends the innermost block."""
        if len(self._stack) == 1:
            return
        self.flush()
        frame = self._stack.pop()
        parent = self._stack[-1]
        blocks = tuple(frame.blocks)
        match frame.kind:
            case "item" if parent.kind == "list":
                parent.items.append(blocks)
            case "list":
                items = [*frame.items, *((block,) for block in blocks)]
                if items:
                    parent.blocks.append(ListBlock(frame.name == "ordered", frame.number, tuple(items)))
            case "cell" if parent.kind == "row":
                parent.cells.append(_trim(frame.spans))
            case "row" if parent.kind == "table":
                if frame.name == "header" and not parent.header and not parent.rows:
                    parent.header = tuple(frame.cells)
                else:
                    parent.rows.append(tuple(frame.cells))
                parent.blocks.extend(blocks)
            case "table":
                if frame.header or frame.rows:
                    parent.blocks.append(Table(frame.header, tuple(frame.rows)))
                parent.blocks.extend(blocks)
            case "heading":
                if spans := _trim(frame.spans):
                    parent.blocks.append(Heading(frame.number or 1, spans))
            case "summary" if parent.kind == "details":
                parent.summary = _trim(frame.spans)
            case "summary" | "cell":
                if spans := _trim(frame.spans):
                    parent.blocks.append(Paragraph(spans))
            case "quote":
                author = show_line(frame.name, 80) if frame.name else None
                parent.blocks.append(Quote(author, blocks))
            case "spoiler":
                parent.blocks.append(Spoiler(blocks))
            case "details":
                parent.blocks.append(Details(frame.summary, blocks))
            case _:
                parent.blocks.extend(blocks)

    def summary(self, raw: str) -> None:
        """The summary of the details block that is open, from a line of foreign text."""
        self._hostile |= hostile_kinds(raw)
        if self.kind == "details":
            self._stack[-1].summary = (Span(show_line(raw)),)

    def finish(self) -> Document:
        """The document; whatever is still open is closed."""
        while len(self._stack) > 1:
            self.close()
        self.close_link()
        self.flush()
        links: list[Link] = []
        number = 0
        for link in self._links:
            self._hostile |= hostile_kinds(link.target)
            listed = link.kind != "mention"
            number += listed
            label = "".join(link.label)
            links.append(
                make_link(number if listed else 0, label, Foreign(link.target), site=self._site, kind=link.kind)
            )
        return Document(tuple(self._stack[0].blocks), tuple(links), frozenset(self._hostile), self.truncated)

    def image(self, alt: str, target: str) -> None:
        """An image: a labelled link that is never fetched. Inside another link only its label."""
        label = say("(image: {alt})", alt=alt) if alt.strip() else own("(image)")
        self._hostile |= hostile_kinds(alt)
        if self._link is None and target:
            self.open_link(target, "image")
            self._add(label)
            self.close_link()
        else:
            self.mark("image")
            self._add(label)
            self.unmark("image")


def _trim(spans: list[Span]) -> Spans:
    """The spans without blanks at both ends."""
    first, last = 0, len(spans)
    while first < last and not spans[first].text.strip():
        first += 1
    while last > first and not spans[last - 1].text.strip():
        last -= 1
    kept = spans[first:last]
    if kept:
        kept[0] = Span(Shown(kept[0].text.lstrip(" \n")), kept[0].style, kept[0].link)
        kept[-1] = Span(Shown(kept[-1].text.rstrip(" \n")), kept[-1].style, kept[-1].link)
    return tuple(kept)
