"""HTML -> document, with the shapes that Discourse cooks. Parsed by selectolax's Lexbor, walked without recursion.

Nothing of the page is run or fetched; scripts, styles and attributes that are not read here vanish with the parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from modtui.text.builder import Builder
from modtui.text.document import Document, Mark
from modtui.text.html_guard import tame
from modtui.text.shown import Foreign, own, say

MAX_SIGNS = 300_000
"""Signs of HTML that are read; a longer post is marked truncated."""

_MARKS: Final[dict[str, Mark]] = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "cite": "italic", "dfn": "italic", "var": "italic",
    "code": "code", "kbd": "code", "samp": "code", "tt": "code", "s": "strike", "del": "strike", "strike": "strike",
}  # fmt: skip
_DROPPED = frozenset([
    "script", "style", "template", "noscript", "svg", "math", "head", "title", "meta", "link", "object", "embed",
    "applet", "canvas", "select", "textarea"
])  # fmt: skip
_BLOCKS = frozenset([
    "p", "div", "section", "article", "header", "footer", "main", "nav", "figure", "figcaption", "address",
    "center", "form", "fieldset", "dl", "dt", "dd", "body", "html", "hgroup", "aside", "blockquote", "ul", "ol",
    "li", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "details", "summary", "hr"
])  # fmt: skip
_IGNORED_CLASSES = frozenset({"quote-controls", "meta", "cooked-selection-barrier", "elided"})

# What to do when an element ends: each word is a step.
_Leave = tuple[str, ...]
_SKIP: _Leave = ("skip",)


class _Reader:
    """Turns nodes into events of the builder. One method per family of elements; each says what its end has to do."""

    def __init__(self, site: str) -> None:
        self.builder = Builder(site)
        self._handlers: dict[str, Callable[[LexborNode, dict[str, str], frozenset[str]], _Leave]] = {
            "a": self._anchor,
            "aside": self._aside,
            "audio": self._media,
            "blockquote": self._quote,
            "br": self._br,
            "details": self._details,
            "div": self._div,
            "hr": self._hr,
            "iframe": self._media,
            "img": self._image,
            "input": self._input,
            "li": self._item,
            "ol": self._list,
            "pre": self._pre,
            "span": self._span,
            "summary": self._summary,
            "table": self._table,
            "td": self._cell,
            "th": self._cell,
            "tr": self._row,
            "ul": self._list,
            "video": self._media,
        }

    def enter(self, node: LexborNode) -> _Leave:
        """Begins an element. The answer is what `leave` has to do, or `_SKIP` when its inside is not read."""
        tag = node.tag or ""
        if tag in _DROPPED:
            return _SKIP
        attributes = {name: value or "" for name, value in node.attributes.items()}
        classes = frozenset(attributes.get("class", "").split()) if "class" in attributes else frozenset()
        handler = self._handlers.get(tag)
        if handler is not None:
            return handler(node, attributes, classes)
        if tag in _MARKS:
            self.builder.mark(_MARKS[tag])
            return ("unmark", _MARKS[tag])
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            return ("close",) if self.builder.open("heading", number=int(tag[1])) else ("flush",)
        if tag in _BLOCKS:
            self.builder.flush()
            return ("flush",)
        return ()

    def leave(self, steps: _Leave) -> None:
        """Ends an element as `enter` said."""
        for at, step in enumerate(steps):
            if step == "close":
                self.builder.close()
            elif step == "flush":
                self.builder.flush()
            elif step == "unlink":
                self.builder.close_link()
            elif step == "unmark":
                self.builder.unmark(steps[at + 1])  # type: ignore[arg-type]

    def _block(self, kind: str, name: str = "", number: int = 0) -> _Leave:
        return ("close",) if self.builder.open(kind, name, number) else ("flush",)

    def _anchor(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        href = attributes.get("href", "")
        if not href:
            return ()
        if "lightbox" in classes:
            image = node.css_first("img")
            alt = (image.attributes.get("alt") if image else "") or attributes.get("title", "")
            self.builder.image(alt, href)
            return _SKIP
        if classes & {"mention", "mention-group", "hashtag", "hashtag-cooked"}:
            return ("unlink",) if self.builder.open_link(href, "mention") else ()
        if "anchor" in classes and not (node.text() or "").strip():
            return _SKIP  # the invisible anchor that Discourse puts into headings
        return ("unlink",) if self.builder.open_link(href) else ()

    def _aside(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        if "quote" in classes:
            author = attributes.get("data-username", "")
            if not author and (title := node.css_first(".title")) is not None:
                author = title.text().strip().rstrip(":")
            return self._block("quote", author)
        if "onebox" in classes:
            self._onebox(node, attributes)
            return _SKIP
        self.builder.flush()
        return ("flush",)

    def _onebox(self, node: LexborNode, attributes: dict[str, str]) -> None:
        """A preview that the server fetched: the link with its title, then the excerpt, marked as such."""
        builder = self.builder
        anchor = node.css_first("h3 a, h4 a") or node.css_first("a")
        href = attributes.get("data-onebox-src", "") or (anchor.attributes.get("href") if anchor else "") or ""
        title = (anchor.text() if anchor else "").strip() or href
        builder.flush()
        if href:
            builder.link(title, href)
        else:
            builder.text(title)
        text = node.css_first("article p, .onebox-body p")
        if text is not None and text.text().strip():
            builder.line_break()
            builder.note(own("(preview) "))
            builder.text(text.text())
        builder.flush()

    def _quote(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        parent = node.parent
        if parent is not None and parent.tag == "aside" and self.builder.kind == "quote":
            self.builder.flush()  # the aside has opened the quote already
            return ("flush",)
        return self._block("quote")

    def _div(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        builder = self.builder
        builder.flush()
        if classes & _IGNORED_CLASSES:
            return _SKIP
        if "title" in classes and node.parent is not None and node.parent.tag == "aside":
            return _SKIP
        if classes & {"spoiler", "spoiled"}:
            return self._block("spoiler")
        if "poll" in classes:
            name = attributes.get("data-poll-name", "")
            builder.note(say("(poll {name})", name=name) if name not in ("", "poll") else own("(poll)"))
            builder.flush()
        source = attributes.get("data-video-src", "")
        if source:
            builder.link("(video)", source)
            builder.flush()
            return _SKIP
        return ("flush",)

    def _span(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        if classes & {"spoiler", "spoiled"}:
            self.builder.mark("spoiler")
            return ("unmark", "spoiler")
        if classes & {"mention", "mention-group"}:
            self.builder.mark("mention")
            return ("unmark", "mention")
        if "chcklst-box" in classes:
            self.builder.note(own("[x] " if "checked" in classes else "[ ] "))
            return _SKIP
        return ()

    def _input(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        if attributes.get("type") == "checkbox":
            self.builder.note(own("[x] " if "checked" in attributes else "[ ] "))
        return _SKIP

    def _image(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        alt = attributes.get("alt", "")
        if "emoji" in classes:
            self.builder.text(alt or attributes.get("title", ""))
        elif not classes & {"avatar", "site-icon"}:
            self.builder.image(alt or attributes.get("title", ""), attributes.get("src", ""))
        return _SKIP

    def _media(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        source = attributes.get("src", "")
        if not source and (inner := node.css_first("source")) is not None:
            source = inner.attributes.get("src") or ""
        if source:
            self.builder.link("(frame)" if node.tag == "iframe" else f"({node.tag})", source)
        return _SKIP

    def _br(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        self.builder.line_break()
        return _SKIP

    def _hr(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        self.builder.rule()
        return _SKIP

    def _pre(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        code = node.css_first("code")
        names = (code.attributes.get("class") if code else "") or attributes.get("class", "") or ""
        language = next((name[5:] for name in names.split() if name.startswith("lang-")), "")
        language = language or attributes.get("data-code-wrap", "")
        self.builder.code(node.text(), "" if language in ("auto", "nohighlight", "plaintext") else language)
        return _SKIP

    def _list(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        start = attributes.get("start", "")
        number = int(start) if re.fullmatch(r"-?\d{1,9}", start, re.ASCII) else 1
        return self._block("list", "ordered" if node.tag == "ol" else "", number)

    def _item(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        return self._block("item")

    def _details(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        return self._block("details")

    def _summary(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        return self._block("summary")

    def _table(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        return self._block("table")

    def _row(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        head = node.parent is not None and node.parent.tag == "thead"
        return self._block("row", "header" if head else "")

    def _cell(self, node: LexborNode, attributes: dict[str, str], classes: frozenset[str]) -> _Leave:
        return self._block("cell")


def _walk(root: LexborNode, reader: _Reader) -> None:
    """Every node in reading order, with a list instead of recursion: a post may nest a hundred thousand levels."""
    builder = reader.builder
    path: list[tuple[LexborNode, _Leave]] = []
    node = root.first_child
    while True:
        if node is None:
            if not path:
                return
            node, steps = path.pop()
            reader.leave(steps)
            node = node.next
            continue
        if node.is_text_node:
            builder.text(node.text_content or "")
        elif node.is_element_node:
            steps = reader.enter(node)
            child = None if steps is _SKIP else node.first_child
            if child is not None:
                path.append((node, steps))
                node = child
                continue
            if steps is not _SKIP:
                reader.leave(steps)
        node = node.next


def from_html(html: Foreign, *, site: str = "") -> Document:
    """The document of a post's HTML. Any input gives a document, in bounded time; `site` is the community's address."""
    reader = _Reader(site)
    text: str = html
    if len(html) > MAX_SIGNS:
        reader.builder.truncated = True
        text = html[:MAX_SIGNS]
        if (half := text.rfind("<")) > text.rfind(">"):
            text = text[:half]  # not in the middle of a tag
    root = LexborHTMLParser(tame(text)).body
    if root is not None:
        _walk(root, reader)
    return reader.builder.finish()
