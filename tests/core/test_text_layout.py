"""Documents drawn as rows, for any width, lazily."""

from __future__ import annotations

import itertools
from functools import partial
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from modtui.text import Foreign, show
from modtui.text.document import Document
from modtui.text.html import from_html
from modtui.text.layout import Line, StyleName, lines
from modtui.text.markdown import from_markdown
from tests.core.effort import within
from tests.core.test_text_html import TAGS
from tests.core.test_text_signs import hostile
from tests.examples import examples

SITE = "https://harbour.example"

POST = """\
<p>Hello <b>bo</b>, see <a href="https://xn--hrbour-bua.example/login">harbour.example/login</a> and
<a href="/docs/export">the docs</a>, <a class="mention" href="/u/ann">@ann</a>.</p>
<aside class="quote" data-username="bo"><div class="title">bo:</div><blockquote><p>quoted words that wrap over</p>
</blockquote></aside><pre><code>x = 1
  y</code></pre><ol start="9"><li>nine</li><li>ten<ul><li>deep</li></ul></li></ol>
<table><thead><tr><th>key</th><th>does</th></tr></thead><tbody><tr><td>a</td><td>keep</td></tr></tbody></table>
<p>A <span class="spoiler">secret</span> and <img src="https://cdn.example/cat.png" alt="cat"></p>
<div class="spoiler"><p>More secrets</p></div><details><summary>Sum</summary><p>inside</p></details><hr>
"""


def drawn(document: Document, width: int, *, reveal: bool = False) -> str:
    return "\n".join(line.text.rstrip() for line in lines(document, width, reveal=reveal))


def test_a_post_as_it_is_read() -> None:
    assert (
        drawn(from_html(Foreign(POST), site=SITE), 44)
        == """\
Hello bo, see harbour.example/login[1] and
the docs[2], @ann.
[1] link: xn--hrbour-bua.example/login
(härbour.example)
    looks like harbour.example, is not
[2] link: harbour.example/docs~  (this site)

| bo:
| quoted words that wrap over

  x = 1
    y

 9. nine
10. ten
    - deep

key | does
----+-----
a   | keep

A (spoiler, enter shows) and (image: cat)[3]
[3] image: cdn.example/cat.png  (not drawn)

(spoiler, enter shows)

+ Sum
  inside

----------------------------------------"""
    )


def test_spoilers_open_on_request() -> None:
    text = drawn(from_html(Foreign(POST), site=SITE), 60, reveal=True)
    assert "A secret and" in text and "(spoiler)\nMore secrets" in text
    assert "enter shows" not in text


def test_a_link_inside_a_spoiler_is_explained_only_when_it_opens() -> None:
    document = from_html(Foreign('<p><span class="spoiler"><a href="https://x.test/secret">y</a></span></p>'))
    assert "secret" not in drawn(document, 60)
    assert "x.test/secret" in drawn(document, 60, reveal=True)


def test_styles_of_a_row() -> None:
    document = from_html(Foreign('<p>a <b>b</b> <code>c</code> <a href="https://x.test/">d</a></p>'))
    rows = list(lines(document, 60))
    assert rows[0].segments == (
        ("a ", "text"), ("b", "bold"), (" ", "text"), ("c", "code"), (" ", "text"), ("d[1]", "link"),
    )  # fmt: skip
    assert rows[1].segments == (("[1] link: ", "dim"), ("x.test", "link.host"))
    assert (rows[0].link, rows[1].link) == (0, 1)


def test_the_host_of_a_link_is_never_cut() -> None:
    host = "a-very-long-host-name-that-does-not-fit.evil.test"
    rows = list(lines(from_html(Foreign(f'<p><a href="https://harbour.example@{host}/{"p" * 500}">x</a></p>')), 30))
    about = "".join(row.text for row in rows if row.link == 1)
    assert host in about
    assert "what stands before the @ is not the host" in " ".join(row.text.strip() for row in rows)


def test_a_table_too_wide_keeps_every_cell() -> None:
    html = "<table><tr><th>name</th><th>text</th></tr><tr><td>bo</td><td>" + "long " * 20 + "end</td></tr></table>"
    header = html.replace("<tr><th>", "<thead><tr><th>").replace("</th></tr>", "</th></tr></thead><tbody>")
    text = drawn(from_html(Foreign(header)), 30)
    assert "name: bo" in text and "text: long" in text and text.endswith("end")


def test_quotes_within_quotes_leave_room_for_words() -> None:
    rows = list(lines(from_html(Foreign("<blockquote>" * 30 + "<p>" + "word " * 20)), 40))
    assert all(cell_len(row.text) <= 40 for row in rows)
    assert all("word word" in row.text for row in rows[:3])


def test_a_cut_post_says_so() -> None:
    document = from_html(Foreign("<p>x</p>" * 50_000))
    assert list(lines(document, 100))[-1].segments[0] == (
        "The rest is not shown: the post is longer than modtui reads.",
        "warning",
    )


def test_without_gaps_no_row_is_empty() -> None:
    document = from_markdown(Foreign("a\n\nb\n\n> c\n>\n> d"))
    assert [line.text for line in lines(document, 20, gap=False)] == ["a", "b", "| c", "| d"]


MORE = [
    '<aside class=quote data-username="a name that is longer than a row can be">',
    "</aside>",
    "<ol start=999999999>",
]


@given(st.lists(st.sampled_from(TAGS + MORE) | hostile, max_size=30).map("".join), st.integers(8, 60), st.booleans())
@settings(max_examples=examples(150))
def test_every_row_fits_and_is_clean(html: str, width: int, reveal: bool) -> None:
    names = get_args(StyleName)
    for row in lines(from_html(Foreign(html), site=SITE), width, reveal=reveal):
        assert cell_len(row.text) <= width
        assert "\n" not in row.text
        for text, style in row.segments:
            assert style in names
            assert show(text.rstrip("\u200c")) == text.rstrip("\u200c")


def top(document: Document) -> list[Line]:
    """The first forty rows."""
    return list(itertools.islice(lines(document, 80), 40))


def test_the_top_of_a_huge_post_costs_what_is_seen() -> None:
    documents = [
        from_html(Foreign("<p>" + "word " * 50_000)),
        from_html(Foreign("<p>word and more</p>" * 12_000)),
        from_html(Foreign("<pre>" + "x" * 250_000)),
        from_html(Foreign("<ul>" + "<li>item</li>" * 12_000)),
        from_html(Foreign("<table>" + "<tr><td>a</td><td>b</td></tr>" * 8_000)),
    ]
    for document in documents:
        # A table is measured whole before its first row: that is the most of them.
        rows = within(0.25, partial(top, document))
        assert len(rows) == 40
