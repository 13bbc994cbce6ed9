"""Keeps hostile HTML from costing the parser quadratic time: deep nesting and endless attributes.

Small posts pass as they are. A larger one has to be plainly well-formed, as platforms send it; otherwise it is
flattened: its text, line breaks, links and images stay, its other structure goes.
"""

from __future__ import annotations

import re

SMALL = 20_000
"""Signs up to which the worst HTML costs the parser well under a tenth of a second."""

MAX_NESTING = 100
MAX_TAG = 8_000

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9\-]*)"
    r"(?:\s+[^\s\"'<>/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?)*+\s*(?P<void>/?)>"
    r"|<!--(?:[^-<>]|-(?!->))*+-->"
)
_VOID = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"
])  # fmt: skip
_CLOSED_BY_NEXT = frozenset([
    "p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead"
])  # fmt: skip
_RAW = re.compile(r"<(script|style|template|noscript|textarea|title)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
_LOOSE_TAG = re.compile(r"</?([a-zA-Z][^\s/>]*)([^<>]*)>?")
_INLINE = frozenset([
    "b", "i", "em", "strong", "span", "code", "kbd", "samp", "s", "del", "ins", "u", "small", "sub", "sup",
    "mark", "abbr", "q", "font", "tt", "big", "var", "cite", "time", "label", "svg"
])  # fmt: skip


def tame(html: str) -> str:
    """The HTML in a form that is safe to parse. Signs that the parser would drop or refuse are named in it (`‹00›`)."""
    if _UNFIT.search(html):
        html = _UNFIT.sub(lambda m: f"‹{ord(m[0]):02X}›", html)
    if len(html) <= SMALL or _well_formed(html):
        return html
    return _flatten(html)


def _well_formed(html: str) -> bool:
    """Whether each `<` begins a complete tag and the nesting, counted pessimistically, stays within bounds."""
    stack: list[str] = []
    at = html.find("<")
    while at >= 0:
        match = _TOKEN.match(html, at)
        if match is None or match.end() - at > MAX_TAG:
            return False
        at = html.find("<", match.end())
        if match["name"] is None:
            continue
        name = match["name"].lower()
        if match["end"]:
            while stack and stack[-1] != name and stack[-1] in _CLOSED_BY_NEXT:
                stack.pop()
            if stack and stack[-1] == name:
                stack.pop()
        elif name not in _VOID and not (match["void"] and name in ("path", "use", "circle", "rect", "line", "g")):
            if stack and stack[-1] == name and name in _CLOSED_BY_NEXT:
                stack.pop()
            stack.append(name)
            if len(stack) > MAX_NESTING:
                return False
    return True


def _flatten(html: str) -> str:
    """Only text, line breaks, links and images."""

    def keep(match: re.Match[str]) -> str:
        name = match[1].lower()
        if name in ("a", "img") and len(match[2]) <= MAX_TAG and match[0].endswith(">"):
            return match[0]
        return "" if name in _INLINE else "<br>"

    return _LOOSE_TAG.sub(keep, _COMMENT.sub("", _RAW.sub("", html)))
