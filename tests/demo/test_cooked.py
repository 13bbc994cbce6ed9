"""Markdown to the HTML that Discourse would have made of it."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from modtui.demo.cooked import cook, excerpt
from modtui.demo.world.hostile import HOSTILE


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("Hello *you* **there**", ["<p>Hello <em>you</em> <strong>there</strong></p>"]),
        ("one\ntwo", ["one<br>\ntwo"]),
        (
            "@bo_lind and @nobody",
            ['<a class="mention" href="/u/bo_lind">@bo_lind</a>', '<span class="mention">@nobody</span>'],
        ),
        ("mail me@bo_lind.example", ["mail"]),
        (":tada: and :nosuch:", ['class="emoji"', ":nosuch:"]),
        ("```python\nx < 1\n```", ['<pre data-code-wrap="python"><code class="lang-python">x &lt; 1\n</code></pre>']),
        ("```\nplain\n```", ['<code class="lang-auto">']),
        (
            "![cat|600x450](upload://a.jpeg)",
            ['<div class="lightbox-wrapper"><a class="lightbox"', 'width="600" height="450"'],
        ),
        ("it was [spoiler]the butler[/spoiler]", ['<span class="spoiler">the butler</span>']),
        ('[details="More"]\nhidden\n[/details]', ["<details>", "<summary>\nMore</summary>"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["<table>", "<td>1</td>"]),
        (
            "https://harbour.example/docs/export-help",
            ['<aside class="onebox', 'data-onebox-src="https://harbour.example/docs/export-help"'],
        ),
        ("see https://harbour.example now", ['<a href="https://harbour.example" rel="noopener nofollow ugc">']),
        ("[click](javascript:alert(1))", ["[click]"]),
        ("<script>alert(1)</script>", ["&lt;script&gt;"]),
        ("```\n[quote]\n```", ["[quote]"]),
    ],
)
def test_pieces(raw: str, parts: list[str]) -> None:
    html = cook(raw, lambda name: name == "bo_lind")
    for part in parts:
        assert part in html, html


def test_quotes_nest_and_keep_their_author() -> None:
    raw = '[quote="ann, post:2, topic:31"]\nouter\n[quote="bo"]\ninner\n[/quote]\n[/quote]\n\nreply'
    tree = LexborHTMLParser(cook(raw))
    outer = tree.css_first("aside.quote")
    assert outer is not None
    assert (outer.attributes["data-username"], outer.attributes["data-post"], outer.attributes["data-topic"]) == (
        "ann",
        "2",
        "31",
    )
    inner = tree.css_first("aside.quote blockquote aside.quote")
    assert inner is not None
    assert inner.attributes["data-username"] == "bo"
    assert "reply" in (tree.css("body > p")[-1].text())


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_hostile_texts_cook_to_html_without_script(index: int) -> None:
    html = cook(HOSTILE[index][0])
    tree = LexborHTMLParser(html)
    assert not tree.css("script")
    assert not [a for a in tree.css("a") if (a.attributes.get("href") or "").startswith("javascript")]


def test_an_excerpt_is_short_and_plain() -> None:
    assert excerpt('[quote="ann"]\n> **old**\n[/quote]\nnew <b>') == "old new &lt;b"
    assert excerpt("word " * 100, 20) == "word word word word…"
