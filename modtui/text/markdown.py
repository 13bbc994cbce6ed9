"""Markdown -> document, by markdown-it-py, with the block tags of Discourse and the spoilers of Lemmy.

Raw HTML inside Markdown is shown as it was written. Newlines are kept, as the platforms that modtui knows keep them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from modtui.text.builder import Builder
from modtui.text.document import Document, Mark
from modtui.text.plain import MAX_SIGNS, add_text
from modtui.text.shown import Foreign

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_PARSED = 40_000
"""Signs that are parsed as Markdown; what follows is shown as plain text, so nothing is hidden by length."""

CHUNK = 20_000
"""Signs parsed at once. The parser takes quadratic time on some inputs, so its bites are small."""

_MAX_NESTING = 60
_MAX_BRACKETS = 1_000
_TAG = re.compile(r"\[(?P<end>/?)(?P<name>quote|details|spoiler)(?:=(?P<value>[^\]\n]{0,300}))?\]", re.IGNORECASE)
_INLINE_SPOILER = re.compile(r"\[(/?)spoiler\]", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(?:> ?)*(`{3,}|~{3,})")
_COLONS = re.compile(r":::[ \t]*(?:spoiler[ \t]*(?P<title>.*))?$", re.IGNORECASE)
_IMAGE_SIZE = re.compile(r"\|\s*\d+x\d+.*$|\|\s*(?:video|audio|attachment|thumbnail)\s*$")
_ATTRIBUTE = re.compile(r",\s*(?:post|topic|full|username):", re.IGNORECASE)
_USERNAME = re.compile(r",\s*username:\s*([^,\"]+)", re.IGNORECASE)
_MARKS: dict[str, Mark] = {"em": "italic", "strong": "bold", "s": "strike"}
_BLOCKS = {
    "blockquote": "quote",
    "bullet_list": "list",
    "ordered_list": "list",
    "list_item": "item",
    "table": "table",
    "tr": "row",
    "th": "cell",
    "td": "cell",
    "heading": "heading",
}


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # late: 20 ms, and many a queue has no Markdown

    class Parser(MarkdownIt):
        """Leaves addresses as they were written: what is wrong with one is said beside the link, not by dropping it."""

        def validateLink(self, url: str) -> bool:
            return True

        def normalizeLink(self, url: str) -> str:
            return url

    parser = Parser("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    return parser


def from_markdown(raw: Foreign, *, site: str = "") -> Document:
    """The document of a post's Markdown. Any input gives one, in bounded time; `site` is the community's address."""
    builder = Builder(site)
    builder.truncated = len(raw) > MAX_SIGNS
    text = raw[:MAX_SIGNS].replace("\r\n", "\n")
    _Reader(builder).read(text[:MAX_PARSED])
    for part in text[MAX_PARSED:].split("\n\n"):
        add_text(builder, part, collapse=False)
        builder.flush()
    return builder.finish()


class _Reader:
    """Splits a post at block tags (`[quote]`, `[details]`, `[spoiler]`, `:::`); the parser gets what is between."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._buffer: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def read(self, text: str) -> None:
        """Reads a whole post. Tags that are still open at its end are closed by the builder."""
        fence = ""
        for line in text.split("\n"):
            if match := _FENCE.match(line):
                mark = match[1]
                if not fence:
                    fence = mark
                elif mark.startswith(fence) and not line[match.end() :].strip():
                    fence = ""
                self._buffer.append(line)
            elif fence or line.startswith(("    ", "\t")):
                self._buffer.append(line)
            elif line.startswith(":::") and (colons := _COLONS.match(line)):
                self._colons(colons)
            else:
                self._line(line)
        self._flush()

    def _line(self, line: str) -> None:
        at = 0
        for tag in _TAG.finditer(line):
            name = tag["name"].lower()
            before = line[at : tag.start()]
            if tag["end"]:
                if not self._open or self._open[-1][0] != name:
                    continue
            elif before.strip() or (name == "spoiler" and line[tag.end() :].strip()):
                continue
            if before.strip():
                self._buffer.append(before)
            self._flush()
            at = tag.end()
            if tag["end"]:
                self._close()
            else:
                self._begin(name, (tag["value"] or "").strip().strip("\"'"))
        if at == 0 or line[at:].strip():
            self._buffer.append(line[at:])

    def _colons(self, match: re.Match[str]) -> None:
        if match["title"] is not None:
            self._flush()
            self._begin(":::", match["title"])
        elif self._open and self._open[-1][0] == ":::":
            self._flush()
            self._close()
        else:
            self._buffer.append(match[0])

    def _begin(self, name: str, value: str) -> None:
        if name == "quote":
            user = _USERNAME.search(value)
            opened = self._builder.open("quote", user[1] if user else _ATTRIBUTE.split(value, maxsplit=1)[0])
        elif name == "spoiler":
            opened = self._builder.open("spoiler")
        else:
            opened = self._builder.open("details")
            if opened and value:
                self._builder.summary(value)
        self._open.append((name, opened))

    def _close(self) -> None:
        _, opened = self._open.pop()
        if opened:
            self._builder.close()
        else:
            self._builder.flush()

    def _flush(self) -> None:
        text = "\n".join(self._buffer)
        self._buffer.clear()
        if text.strip():
            for chunk in _chunks(text):
                _render_chunk(self._builder, chunk)


def _chunks(text: str) -> Iterator[str]:
    """Bites of at most `CHUNK` signs, ending at a blank line or a line where there is one."""
    at = 0
    while len(text) - at > CHUNK:
        end = text.rfind("\n\n", at + 1, at + CHUNK)
        if end <= at:
            end = text.rfind("\n", at + 1, at + CHUNK)
        if end <= at:
            end = at + CHUNK
        yield text[at:end]
        at = end
    yield text[at:]


def _render_chunk(builder: Builder, text: str) -> None:
    """Parses a bite. What would take the parser too long, or be cut for its depth, is shown as written."""
    if text.count("[") <= _MAX_BRACKETS and text.count("|") <= _MAX_BRACKETS:
        try:
            tokens = _parser().parse(text)
        except Exception:  # a mistake of the parser must not hide a post
            tokens = []
        if tokens and max(token.level for token in tokens) < _MAX_NESTING - 2:
            _render(builder, tokens)
            return
    add_text(builder, text, collapse=False)
    builder.flush()


def _render(builder: Builder, tokens: Sequence[Token]) -> None:
    opened: list[bool] = []
    head = False
    for token in tokens:
        kind = token.type
        name = kind.removesuffix("_open").removesuffix("_close")
        if kind == "inline":
            _inline(builder, token.children or ())
        elif kind in ("fence", "code_block"):
            builder.code(token.content, (token.info.split() or [""])[0])
        elif kind == "hr":
            builder.rule()
        elif kind in ("thead_open", "thead_close"):
            head = kind == "thead_open"
        elif name in _BLOCKS:
            if token.nesting < 0:
                if opened.pop():
                    builder.close()
                else:
                    builder.flush()
                continue
            label = "ordered" if name == "ordered_list" else "header" if name == "tr" and head else ""
            number = int(token.tag[1]) if name == "heading" else int(token.attrGet("start") or 1)
            opened.append(builder.open(_BLOCKS[name], label, number))
        elif kind == "paragraph_close":
            builder.flush()
        elif token.content:
            builder.text(token.content)


def _inline(builder: Builder, tokens: Sequence[Token]) -> None:
    links: list[bool] = []
    spoilers = 0
    for token in tokens:
        kind = token.type
        name = kind.removesuffix("_open").removesuffix("_close")
        if kind in ("text", "text_special"):
            spoilers = _text(builder, token.content, spoilers)
        elif kind in ("softbreak", "hardbreak"):
            builder.line_break()
        elif kind == "code_inline":
            builder.mark("code")
            builder.text(token.content)
            builder.unmark("code")
        elif name in _MARKS:
            if token.nesting > 0:
                builder.mark(_MARKS[name])
            else:
                builder.unmark(_MARKS[name])
        elif kind == "link_open":
            links.append(builder.open_link(str(token.attrGet("href") or "")))
        elif kind == "link_close":
            if links.pop():
                builder.close_link()
        elif kind == "image":
            builder.image(_IMAGE_SIZE.sub("", token.content), str(token.attrGet("src") or ""))
        else:
            builder.text(token.content)
    for _ in range(spoilers):
        builder.unmark("spoiler")


def _text(builder: Builder, text: str, spoilers: int) -> int:
    """Text with inline `[spoiler]` tags; the answer is how many are open after it."""
    at = 0
    for tag in _INLINE_SPOILER.finditer(text):
        if tag[1] and not spoilers:
            continue
        add_text(builder, text[at : tag.start()])
        at = tag.end()
        if tag[1]:
            builder.unmark("spoiler")
            spoilers -= 1
        else:
            builder.mark("spoiler")
            spoilers += 1
    add_text(builder, text[at:])
    return spoilers
