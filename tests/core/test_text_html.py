"""HTML posts become documents: the shapes Discourse cooks, and whatever else anyone sends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.text import Foreign
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
    Spoiler,
    Table,
    plain_text,
)
from modtui.text.html import from_html
from tests.core.effort import within
from tests.core.test_text_signs import FORBIDDEN, hostile
from tests.examples import examples

SITE = "https://harbour.example"


def read(html: str) -> Document:
    return from_html(Foreign(html), site=SITE)


def only(html: str) -> Block:
    blocks = read(html).blocks
    assert len(blocks) == 1
    return blocks[0]


def styled(block: Block) -> list[tuple[str, list[str]]]:
    assert isinstance(block, Paragraph | Heading)
    return [(span.text, sorted(span.style)) for span in block.spans]


def test_running_text_with_styles() -> None:
    block = only("<p>Hello <strong>bo <em>and</em></strong>\n  <del>no</del> <kbd>q</kbd> &lt;b&gt;<br>next</p>")
    assert styled(block) == [
        ("Hello ", []), ("bo ", ["bold"]), ("and", ["bold", "italic"]), (" ", []), ("no", ["strike"]), (" ", []),
        ("q", ["code"]), (" <b>\nnext", []),
    ]  # fmt: skip


def test_a_quote_keeps_its_author_and_drops_the_avatar() -> None:
    block = only(
        '<aside class="quote no-group" data-username="bo" data-post="3" data-topic="4"><div class="title">'
        '<div class="quote-controls"></div><img alt="" class="avatar" src="/a.png"> bo:</div>'
        "<blockquote><p>first</p><blockquote><p>inner</p></blockquote></blockquote></aside>"
    )
    assert isinstance(block, Quote)
    assert block.author == "bo"
    assert [type(inner) for inner in block.blocks] == [Paragraph, Quote]
    assert plain_text(read("<aside class=quote><div class=title>Ann:</div><blockquote>x</blockquote></aside>")) == "x"


def test_mentions_are_marked_but_not_numbered() -> None:
    document = read('<p><a class="mention" href="/u/ann">@ann</a> and <a href="/t/1">this</a></p>')
    assert [(link.kind, link.number) for link in document.links] == [("mention", 0), ("web", 1)]
    assert styled(document.blocks[0])[0] == ("@ann", ["mention"])
    assert styled(only('<p><span class="mention">@gone</span></p>')) == [("@gone", ["mention"])]


def test_images_are_links_and_emoji_are_words() -> None:
    document = read(
        '<p><img src="/images/emoji/smile.png?v=12" title=":smile:" class="emoji" alt=":smile:"> '
        '<img src="https://cdn.example/x.png" alt="a cat"></p>'
        '<div class="lightbox-wrapper"><a class="lightbox" href="https://cdn.example/full.png" title="dog">'
        '<img src="https://cdn.example/t.png" alt="a dog"><div class="meta"><svg><use href="#x"></use></svg>'
        '<span class="filename">dog</span><span class="informations">900x600 80 KB</span></div></a></div>'
    )
    assert plain_text(document) == ":smile: (image: a cat)\n(image: a dog)"
    assert [image.path for image in document.images] == ["/x.png", "/full.png"]
    assert [image.target for image in document.images] == ["https://cdn.example/x.png", "https://cdn.example/full.png"]


def test_code_keeps_every_blank_and_names_its_language() -> None:
    block = only('<pre data-code-wrap="py"><code class="lang-python">def f():\n\treturn  1\n\n</code></pre>')
    assert block == Code("python", "def f():\n    return  1")  # type: ignore[arg-type]
    assert only("<pre>a  b</pre>") == Code("", "a  b")  # type: ignore[arg-type]


def test_lists_nest_and_count() -> None:
    block = only('<ol start="4"><li>four<ul><li>deep</li></ul></li><li><p>five</p></li></ol>')
    assert isinstance(block, ListBlock)
    assert (block.ordered, block.start, len(block.items)) == (True, 4, 2)
    assert isinstance(block.items[0][1], ListBlock)
    assert isinstance(only("<ul>stray<li>x</li></ul>"), ListBlock)


def test_tables_have_a_header_and_rows() -> None:
    block = only(
        '<div class="md-table"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2<br>3<p>4</p></td></tr><tr><td>5</td></tr></tbody></table></div>"
    )
    assert isinstance(block, Table)
    assert ["".join(span.text for span in cell) for cell in block.header] == ["a", "b"]
    assert [["".join(span.text for span in cell) for cell in row] for row in block.rows] == [["1", "2 3 4"], ["5"]]


def test_spoilers_details_rules_and_headings() -> None:
    blocks = read(
        '<div class="spoiler"><p>s</p></div><details><summary>More <b>of</b></summary><p>in</p></details><hr>'
        '<h2><a name="x" class="anchor" href="#x"></a>Head</h2><p>a <span class="spoiled">b</span></p>'
    ).blocks
    assert [type(block) for block in blocks] == [Spoiler, Details, Rule, Heading, Paragraph]
    assert isinstance(blocks[1], Details) and plain_text(Document(blocks[1:2])) == "More of\nin"
    assert isinstance(blocks[3], Heading) and blocks[3].level == 2
    assert styled(blocks[4]) == [("a ", []), ("b", ["spoiler"])]


def test_a_preview_is_its_link_and_says_what_it_is() -> None:
    document = read(
        '<aside class="onebox allowlistedgeneric" data-onebox-src="https://news.example/a"><header class="source">'
        '<img class="site-icon" src="/i.png"><a href="https://news.example/a">news.example</a></header>'
        '<article class="onebox-body"><h3><a href="https://news.example/a">A title</a></h3><p>What it says</p>'
        "</article></aside>"
    )
    assert plain_text(document) == "A title\n(preview) What it says"
    assert [link.target for link in document.links] == ["https://news.example/a"]


def test_other_shapes() -> None:
    assert plain_text(read('<div class="poll" data-poll-name="poll"><ul><li>yes</li><li>no</li></ul></div>')) == (
        "(poll)\nyes\nno"
    )
    assert plain_text(read('<p><span class="chcklst-box checked fa"></span> done</p>')) == "[x] done"
    video = read('<div class="video-placeholder-container" data-video-src="/v.mp4"></div>')
    assert plain_text(video) == "(video)" and video.links[0].path == "/v.mp4"
    assert read('<iframe src="https://tube.example/1"></iframe>').links[0].host == "tube.example"
    assert plain_text(read("<dl><dt>a</dt><dd>b</dd></dl>")) == "a\nb"
    assert plain_text(read('<a href="/x"><div>over</div><div>two</div></a>')) == "over\ntwo"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>p{}</style>",
        "<template><p>x</p></template>",
        "<!-- x -->",
        "",
        "   ",
        "<p></p>",
    ],
)
def test_what_nobody_sees_is_nothing(html: str) -> None:
    assert read(html).blocks == ()


def test_the_same_link_is_listed_once_unless_it_says_something_else() -> None:
    document = read(
        '<p><a href="/a">x</a> <a href="/a">x</a></p><p><a href="/a">x</a> <a href="/a">bank.example</a></p>'
    )
    assert [(link.label, link.number) for link in document.links] == [("x", 1), ("bank.example", 2)]
    assert document.links[1].warning == "looks like bank.example, is not"
    used = [span.link for block in document.blocks if isinstance(block, Paragraph) for span in block.spans]
    assert used == [0, None, 0, 0, None, 1]


def test_a_link_without_a_label_can_still_be_seen() -> None:
    assert plain_text(read('<p>a<a href="https://evil.test"></a></p>')) == "alink"


def test_hostile_signs_are_named_wherever_they_hide() -> None:
    document = read(
        "<p>&#27;[2J\u202e \x00</p><pre>\u200b</pre><p title='\ue000'><a href='http://x.test/\U000e0041'>\ud800</a></p>"
    )
    assert {"escape sequences", "right-to-left controls", "zero-width signs", "tag characters"} <= document.hostile
    assert plain_text(document) == "␛[2J‹202E› ‹00›\n‹200B›\n‹D800›"


def texts(document: Document) -> str:
    links = "".join(f"{link.label}{link.host}{link.path}{link.warning or ''}" for link in document.links)
    return plain_text(document) + links


TAGS = [
    "<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<i a=1>", "</i>", "<ul>", "<li>", "</ul>", "<table>",
    "<tr>", "<td>",
    "</table>", "<blockquote>", "</blockquote>", "<aside class=quote>", "</aside>", '<a href="/x">', "</a>",
    "<details>",
    "<summary>", "</summary>", "</details>", "<pre>", "</pre>", "<h2>", "</h2>", "<br>", "<hr>", "<img src=x alt=y>",
    '<span class="spoiler">', "</span>", '<a class="mention" href="/u/x">', "<svg>", "<template>", "<!--", "-->",
    "<", "&#27;",
    "&#x202e;", "<plaintext>", "<select>", "<![CDATA[", "word", " ", '<div class="spoiler">', "<ol start=-7>", "<th>",
]  # fmt: skip


@given(st.lists(st.sampled_from(TAGS) | hostile, max_size=40).map("".join))
@settings(max_examples=examples(200))
def test_no_soup_of_tags_breaks_or_leaks(html: str) -> None:
    document = read(html)
    assert not FORBIDDEN.search(texts(document))
    for block in document.blocks:
        if isinstance(block, Paragraph):
            assert all(span.link is None or span.link < len(document.links) for span in block.spans)


@given(hostile)
def test_text_is_lost_nowhere(text: str) -> None:
    import html
    import re

    from modtui.text import show

    # Every visible sign of the text is in the document; blanks may fold, and leading marks get a carrier.
    shown = show(text.replace("\x00", "").replace("\r", ""))
    document = read(f"<p>{html.escape(text.replace(chr(0), '').replace(chr(13), ''))}</p>")
    assert re.sub(r"[\s◌]", "", plain_text(document)) == re.sub(r"[\s◌]", "", shown)


HUGE = {
    "nested": "<div>" * 100_000 + "x",
    "quotes": "<blockquote>" * 50_000 + "x",
    "lists": "<ul><li>" * 50_000 + "x",
    "bold": "".join(f"<b a={at}>" for at in range(20_000)) + "<p>x" * 5_000,
    "attributes": "<a " + " ".join(f"a{at}" for at in range(60_000)) + ">x",
    "quoted attributes": "<a b='" * 60_000 + "x",
    "open tags": "<a" * 150_000,
    "angles": "<" * 300_000,
    "comments": "<!--" * 75_000 + "x",
    "scripts": "<script>" * 40_000,
    "entities": "&#27;" * 60_000,
    "long": "<p>hello world</p>" * 280_000,
    "one line": "<p>" + "x" * 5_000_000,
    "links": '<a href="https://x.test">' * 12_000 + "x",
    "tables": "<table><tr><td>" * 20_000 + "x",
    "marks": "a" + "\u0301" * 290_000,
    "hidden depth": "<div><object></div></object>" * 10_000 + "x",
}


@pytest.mark.parametrize("name", HUGE)
def test_no_post_takes_long(name: str) -> None:
    html = HUGE[name]
    document = within(1.5, lambda: read(html))
    assert document.truncated == (len(html) > 300_000)


def test_deep_nesting_hides_nothing() -> None:
    for open_tag in ("<div>", "<blockquote>", "<ul><li>", "<b>", "<details>"):
        assert plain_text(read(open_tag * 2_000 + "hidden?")).endswith("hidden?")


def test_a_long_well_formed_post_keeps_its_shape() -> None:
    html = '<p>Hello <b>bo</b>, it\'s <a href="/x" title="a > b">here</a></p><ul><li>one</li></ul>' * 500
    document = read(html)
    assert len(document.blocks) == 1000
    assert isinstance(document.blocks[1], ListBlock)


def test_a_post_that_is_cut_keeps_its_shape_too() -> None:
    document = read("<p>one</p><ul><li>two</li></ul>" * 20_000)
    assert document.truncated
    assert isinstance(document.blocks[1], ListBlock)


def test_a_joiner_after_a_stray_skin_tone_is_named() -> None:
    from modtui.text import show

    assert show("x\U0001f3fd\u200d\U0001f44d") == "x‹1F3FD›‹200D›\U0001f44d"
