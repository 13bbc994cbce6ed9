"""Markdown and plain posts become documents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.text import Foreign
from modtui.text.document import (
    Code,
    Details,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Spoiler,
    Table,
    plain_text,
)
from modtui.text.markdown import from_markdown
from modtui.text.plain import from_plain
from tests.core.effort import within
from tests.core.test_text_html import texts
from tests.core.test_text_signs import FORBIDDEN, hostile
from tests.examples import examples

SITE = "https://harbour.example"


def read(raw: str) -> Document:
    return from_markdown(Foreign(raw), site=SITE)


def spans(document: Document) -> list[tuple[str, list[str]]]:
    return [
        (span.text, sorted(span.style))
        for block in document.blocks
        if isinstance(block, Paragraph)
        for span in block.spans
    ]


def test_styles_newlines_and_raw_html() -> None:
    assert spans(read("a **b *c*** ~~d~~ `e  f`\nnext <b>raw</b> &amp;")) == [
        ("a ", []), ("b ", ["bold"]), ("c", ["bold", "italic"]), (" ", []), ("d", ["strike"]), (" ", []),
        ("e f", ["code"]),
        ("\nnext <b>raw</b> &", []),
    ]  # fmt: skip


def test_quotes_of_discourse_name_their_author_and_nest() -> None:
    blocks = read(
        '[quote="bo, post:3, topic:4"]\nquoted\n[quote="Ann Lee, post:1, topic:4, username:ann"]\ninner[/quote]\n'
        "after\n[/quote]\nmine\n[quote]\nanonymous\n[/quote]"
    ).blocks
    assert [type(block) for block in blocks] == [Quote, Paragraph, Quote]
    assert isinstance(blocks[0], Quote) and blocks[0].author == "bo"
    inner = blocks[0].blocks[1]
    assert isinstance(inner, Quote) and inner.author == "ann"
    assert isinstance(blocks[2], Quote) and blocks[2].author is None
    assert plain_text(Document(blocks)) == "quoted\ninner\nafter\nmine\nanonymous"


def test_quote_tags_inside_code_are_code() -> None:
    blocks = read('```text\n[quote="x"]\nno\n[/quote]\n```\n\n    [quote]\n').blocks
    assert [type(block) for block in blocks] == [Code, Code]
    assert isinstance(blocks[0], Code) and blocks[0].language == "text" and "[/quote]" in blocks[0].text


def test_tags_that_do_not_pair_stay_visible() -> None:
    assert plain_text(read("[/quote] and [quote] in a line")) == "[/quote] and [quote] in a line"
    assert plain_text(read("[quote]\nnever closed")) == "never closed"


def test_spoilers_and_details() -> None:
    document = read(
        'a [spoiler]b **c**[/spoiler] d\n\n[spoiler]\nblock\n[/spoiler]\n\n[details="Sum"]\nin\n[/details]\n'
        "::: spoiler Lemmy title\nlemmy\n:::"
    )
    kinds = [type(block) for block in document.blocks]
    assert kinds == [Paragraph, Spoiler, Details, Details]
    assert spans(Document(document.blocks[:1])) == [
        ("a ", []),
        ("b ", ["spoiler"]),
        ("c", ["bold", "spoiler"]),
        (" d", []),
    ]
    assert plain_text(Document(document.blocks[2:])) == "Sum\nin\nLemmy title\nlemmy"


def test_links_mentions_and_images() -> None:
    document = read(
        "[harbour.example/login](https://xn--hrbour-bua.example/login), https://x.example/a_(b)_c. See @ann_b, "
        "not a@b.example\n"
        "[x](javascript:alert(1)) ![cat|690x388](upload://abc.png)"
    )
    found = [(link.kind, link.host, link.label) for link in document.links]
    assert found == [
        ("web", "xn--hrbour-bua.example", "harbour.example/login"),
        ("web", "x.example", "https://x.example/a_(b)_c"),
        ("mention", "harbour.example", "@ann_b"),
        ("other", "", "x"),
        ("image", "", "(image: cat)"),
    ]
    assert document.links[0].warning == "looks like harbour.example, is not"
    assert document.links[3].warning == "not a web address: javascript"


def test_lists_tables_and_headings() -> None:
    blocks = read("3. a\n   - b\n4. c\n\n| x | y |\n|---|---|\n| 1 | **2** |\n\n# Head").blocks
    assert [type(block) for block in blocks] == [ListBlock, Table, Heading]
    assert isinstance(blocks[0], ListBlock) and (blocks[0].ordered, blocks[0].start) == (True, 3)
    assert isinstance(blocks[1], Table) and len(blocks[1].header) == 2 and len(blocks[1].rows) == 1


TAGS = [
    "[quote]", '[quote="bo, post:1"]', "[/quote]", "[spoiler]", "[/spoiler]", "[details=x]", "[/details]", "\n",
    "\n\n", "> ",
    "- ", "1. ", "```", "~~~", "    ", "# ", "*", "**", "_", "`", "[", "](", ")", "![", "|", "|---|",
    "http://x.test/", "@bo",
    "<b>", "&#27;", "&#x202e;", ":::", "::: spoiler t", "word", " ", "\\", "---",
]  # fmt: skip


@given(st.lists(st.sampled_from(TAGS) | hostile, max_size=40).map("".join))
@settings(max_examples=examples(150))
def test_no_soup_of_marks_breaks_or_leaks(raw: str) -> None:
    for document in (read(raw), from_plain(Foreign(raw), site=SITE)):
        assert not FORBIDDEN.search(texts(document))


@given(
    st.lists(st.sampled_from(["word", "other", " ", "\n", "\n\n", "[/quote]", "[spoiler]x"]), max_size=30).map("".join)
)
def test_no_word_gets_lost(raw: str) -> None:
    shown = plain_text(read(raw))
    assert (shown.count("word"), shown.count("other"), shown.count("x")) == (
        raw.count("word"),
        raw.count("other"),
        raw.count("x"),
    )


HUGE = {
    "brackets": "[" * 300_000, "pictures": "![" * 150_000, "stars": "*a_" * 100_000, "quotes": ">" * 300_000,
    "nested quotes": "> " * 150_000, "tags": "[quote]\n" * 30_000, "details": "[details=x]\n[/details]\n" * 12_000,
    "spoilers": "[spoiler]" * 30_000, "links": "[](" * 100_000, "cells": "|" * 300_000, "tables": "|a|\n|-|\n" * 30_000,
    "headings": "# a\n" * 70_000, "mentions": "@a " * 100_000, "ticks": "`" * 300_000, "one line": "word " * 60_000,
    "addresses": "http://((((" * 20_000, "nested lists": "".join("  " * at + "- a\n" for at in range(400)),
    "too long": "hello world\n\n" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_no_post_takes_long(name: str) -> None:
    raw = HUGE[name]
    document = within(5, lambda: read(raw))  # about one second; minutes where something grows with the square
    assert document.truncated == (len(raw) > 300_000)


def test_depth_and_length_hide_nothing() -> None:
    for prefix in (
        "> " * 500,
        "".join("  " * at + "- a\n" for at in range(200)) + "  " * 200,
        "[quote]\n" * 200,
        "*" * 999,
    ):
        assert plain_text(read(prefix + "hidden?")).rstrip("*").endswith("hidden?")
    long = "word\n\n" * 20_000 + "hidden?"
    assert plain_text(read(long)).endswith("hidden?")


def test_plain_text_keeps_its_lines() -> None:
    document = from_plain(Foreign("one\n two\r\n\n\n\nthree https://x.test. @bo\x1b"), site=SITE)
    assert plain_text(document) == "one\n two\nthree https://x.test. @bo␛"
    assert len(document.blocks) == 2
    assert [link.kind for link in document.links] == ["web", "mention"]
    assert document.hostile == {"escape sequences"}
    assert from_plain(Foreign("x" * 300_001)).truncated
