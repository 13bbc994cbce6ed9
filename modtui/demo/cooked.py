"""Markdown as members type it to HTML as Discourse cooks it: quotes, mentions, lightboxes, spoilers, oneboxes, code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_BLOCK = re.compile(r"\[(quote|spoiler|details)(?:=\"?([^\]\"]*)\"?)?\]|\[/(quote|spoiler|details)\]")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
_MENTION = re.compile(r"(?<![\w/.@])@([A-Za-z0-9_][A-Za-z0-9_.-]{0,58}[A-Za-z0-9_]|[A-Za-z0-9_])")
_EMOJI = re.compile(r":([a-z0-9_+-]{2,30}):")
_EMOJI_NAMES = (
    "smile grinning wink slight_smile joy sob cry rage angry heart +1 -1 tada wave pray eyes thinking warning "
    "bug rocket information_source upside_down_face unamused clap fire anchor ship coffee white_check_mark x "
)
_KNOWN_EMOJI = frozenset(_EMOJI_NAMES.split())
_UNICODE_EMOJI = {
    "🙂": "slight_smile",
    "😀": "grinning",
    "👍": "+1",
    "🎉": "tada",
    "🙏": "pray",
    "😡": "rage",
    "❤️": "heart",
}
MAX_DEPTH = 60


def _emoji(name: str) -> str:
    return (
        f'<img src="/images/emoji/twitter/{name}.png?v=14" title=":{name}:" class="emoji" alt=":{name}:"'
        ' loading="lazy" width="20" height="20">'
    )


def _text(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    html = escape(tokens[index].content, quote=False)
    in_link = sum((t.type == "link_open") - (t.type == "link_close") for t in tokens[:index]) > 0
    if not in_link and "@" in html:
        html = _MENTION.sub(lambda m: _mention(m[1], env), html)
    if ":" in html:
        html = _EMOJI.sub(lambda m: _emoji(m[1]) if m[1] in _KNOWN_EMOJI else m[0], html)
    for sign, name in _UNICODE_EMOJI.items():
        if sign in html and "\u200d" not in html:
            html = html.replace(sign, _emoji(name))
    if "[spoiler]" in html and html.count("[spoiler]") == html.count("[/spoiler]"):
        html = html.replace("[spoiler]", '<span class="spoiler">').replace("[/spoiler]", "</span>")
    return html


def _mention(name: str, env: Any) -> str:
    exists: Callable[[str], bool] = env["exists"]
    if exists(name.lower()):
        return f'<a class="mention" href="/u/{name.lower()}">@{name}</a>'
    return f'<span class="mention">@{name}</span>'


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    words = token.info.strip().split()
    lang = re.sub(r"[^A-Za-z0-9+#_-]", "", words[0]) if words else "auto"
    wrap = f' data-code-wrap="{lang}"' if words else ""
    return f'<pre{wrap}><code class="lang-{lang}">{escape(token.content, quote=False)}</code></pre>\n'


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    alt, _, size = token.content.partition("|")
    width, height = (re.match(r"(\d+)x(\d+)", size) or re.match(r"(\d+)x(\d+)", "690x388")).groups()  # type: ignore[union-attr]
    src = str(token.attrs.get("src", ""))
    if src.startswith("upload://"):
        src = f"/uploads/default/original/1X/{src.removeprefix('upload://')}"
    src, alt = escape(src), escape(alt)
    return (
        f'<div class="lightbox-wrapper"><a class="lightbox" href="{src}" data-download-href="{src}?dl=1" title="{alt}">'
        f'<img src="{src}" alt="{alt}" width="{width}" height="{height}"><div class="meta">'
        '<svg class="fa d-icon d-icon-far-image svg-icon" aria-hidden="true"><use href="#far-image"></use></svg>'
        f'<span class="filename">{alt}</span><span class="informations">{width}×{height} 83 KB</span>'
        '<svg class="fa d-icon d-icon-discourse-expand svg-icon" aria-hidden="true"><use '
        'href="#discourse-expand"></use>'
        "</svg></div></a></div>"
    )


def _link_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    href = escape(str(tokens[index].attrs.get("href", "")))
    return f'<a href="{href}" rel="noopener nofollow ugc">' if href.startswith("http") else f'<a href="{href}">'


def _onebox(url: str) -> str:
    parts = urlsplit(url)
    host, words = parts.hostname or url, re.sub(r"[-_/.]+", " ", parts.path).strip()
    title = escape(words.capitalize() or host)
    link, host = escape(url), escape(host)
    return (
        f'<aside class="onebox allowlistedgeneric" data-onebox-src="{link}">\n  <header class="source">\n'
        f'      <a href="{link}" target="_blank" rel="noopener nofollow ugc">{host}</a>\n  </header>\n'
        f'  <article class="onebox-body">\n    <h3><a href="{link}" target="_blank" rel="noopener nofollow '
        f'ugc">{title}</a></h3>\n'
        f"  <p>A page on {host}.</p>\n  </article>\n"
        '  <div class="onebox-metadata"></div>\n  <div style="clear: both"></div>\n</aside>\n'
    )


def _find_oneboxes(state: Any) -> None:
    tokens: list[Token] = state.tokens
    for index in range(len(tokens) - 2):
        inline = tokens[index + 1]
        if tokens[index].type != "paragraph_open" or tokens[index].level != 0 or len(inline.children or []) != 3:
            continue
        first, middle, _ = inline.children or []
        if first.type == "link_open" and first.markup in ("linkify", "autolink") and middle.type == "text":
            box = Token("html_block", "", 0)
            box.content = _onebox(str(first.attrs["href"]))
            empty = Token("html_block", "", 0)
            tokens[index], tokens[index + 1], tokens[index + 2] = box, empty, empty


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "xhtmlOut": False})
    md.enable(["table", "strikethrough", "linkify"])
    for name, rule in (("text", _text), ("fence", _fence), ("image", _image), ("link_open", _link_open)):
        md.add_render_rule(name, rule)
    md.core.ruler.push("onebox", _find_oneboxes)
    return md


def _split(raw: str) -> list[tuple[str, str, str]]:
    """Cut into (`text`, words, ""), (`open`, kind, argument) and (`close`, kind, ""); code fences are left whole."""
    pieces: list[tuple[str, str, str]] = []
    text: list[str] = []
    fence = ""

    def flush() -> None:
        if text:
            pieces.append(("text", "".join(text), ""))
            text.clear()

    for line in raw.splitlines(keepends=True) if "[" in raw else [raw]:
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1][:3]
        block = not fence and _BLOCK.search(line)
        if not block or ("[spoiler]" in line and "[/spoiler]" in line and "[quote" not in line):
            text.append(line)
            continue
        at = 0
        for found in _BLOCK.finditer(line):
            text.append(line[at : found.start()])
            flush()
            pieces.append(("close", found[3], "") if found[3] else ("open", found[1], found[2] or ""))
            at = found.end()
        text.append(line[at:])
    flush()
    return pieces


def _quote(argument: str, inner: str) -> str:
    who, *more = [part.strip() for part in argument.split(",")]
    if not who:
        return f'<aside class="quote no-group">\n<blockquote>\n{inner}</blockquote>\n</aside>\n'
    about = dict(part.split(":", 1) for part in more if ":" in part)
    data = "".join(f' data-{name}="{escape(about[name])}"' for name in ("post", "topic") if name in about)
    name = escape(who)
    letter = escape(who[:1].lower())
    return (
        f'<aside class="quote no-group" data-username="{name}"{data}>\n<div class="title">\n'
        f'<div class="quote-controls"></div>\n<img alt="" width="24" height="24" '
        f'src="/letter_avatar_proxy/v4/letter/{letter}/9fc29f/48.png" class="avatar"> {name}:</div>\n'
        f"<blockquote>\n{inner}</blockquote>\n</aside>\n"
    )


def cook(raw: str, exists: Callable[[str], bool] = lambda name: True) -> str:
    """The HTML of a post. `exists` says whether a username (lower case) is a member, so mentions link or do not."""
    md, env = _markdown(), {"exists": exists}
    stack: list[tuple[str, str, list[str]]] = [("", "", [])]
    for piece, value, argument in _split(raw):
        if piece == "text":
            if value.strip():
                stack[-1][2].append(md.render(value, env))
        elif piece == "open" and len(stack) <= MAX_DEPTH:
            stack.append((value, argument, []))
        elif piece == "close" and stack[-1][0] == value:
            _close(stack)
    while len(stack) > 1:
        _close(stack)
    return "".join(stack[0][2]).rstrip("\n")


def _close(stack: list[tuple[str, str, list[str]]]) -> None:
    kind, argument, parts = stack.pop()
    inner = "".join(parts)
    if kind == "quote":
        html = _quote(argument, inner)
    elif kind == "spoiler":
        html = f'<div class="spoiler">\n{inner}</div>\n'
    else:
        html = f"<details>\n<summary>\n{escape(argument or 'Summary')}</summary>\n{inner}</details>\n"
    stack[-1][2].append(html)


def excerpt(raw: str, length: int = 220) -> str:
    """A short plain text of a post, as lists show it (HTML-escaped, an ellipsis when cut)."""
    plain = re.sub(r"\[/?(?:quote|spoiler|details)[^\]]*\]|[*_`>#]+", "", raw)
    plain = re.sub(r"\s+", " ", plain).strip()
    return escape(plain if len(plain) <= length else plain[:length].rstrip() + "…", quote=False)
