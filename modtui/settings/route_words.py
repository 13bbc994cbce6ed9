"""What `[[routes]]` may say: the checks of one entry, and the fixed table of placeholders of its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from modtui.settings.address import exposed
from modtui.settings.kinds import nearest
from modtui.settings.model import RouteSettings
from modtui.text import show_line
from modtui.text.patterns import pattern

PLACEHOLDERS: dict[str, str] = {
    "community": "the community's name",
    "route": "the route's title",
    "number": "the item's number",
    "title": "the title of the post or thread",
    "url": "the permalink",
    "author": "who wrote it",
    "lane": "the lane it comes from",
    "reasons": "why it was reported",
    "reports": "the reporters' own words",
    "excerpt": "the first lines of the post",
    "text": "the post's text, quoted; empty unless it travels",
    "note": "your note",
    "by": "who escalates",
    "due": "when an answer is expected",
    "key": "the key of the delivery",
}
OPTIONS: dict[str, dict[str, tuple[type, ...]]] = {
    "webhook": {"timeout": (int,)},
    "mail": {
        "host": (str,), "port": (int,), "user": (str,), "from": (str,), "tls": (str,), "timeout": (int,),
        "subject": (str,), "template": (str,),
    },
    "command": {"timeout": (int,)},
    "site": {},
}  # fmt: skip
"""The options of each kind of route, and what they may be."""
TLS = ("starttls", "implicit", "none")
LONGEST_S = 120
_ADDRESS = pattern(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_BRACES = pattern(r"\{([^{}\n]*)\}")


def addresses(text: str) -> list[str]:
    """The mail addresses of a list with commas. Raises ValueError with the end of a sentence for what is none."""
    found = [one.strip() for one in text.split(",")]
    for one in found:
        if not _ADDRESS.fullmatch(one):
            raise ValueError(f'must be a mail address like legal@harbour.example, not "{show_line(one, 60)}"')
    return found


def problems(one: RouteSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with an entry: the key (may be empty), and the end of a sentence about it."""
    yield from _options(one)
    if one.kind == "webhook" and one.url:
        yield from _url(one.url)
    if one.kind == "mail":
        yield from _mail(one)
    if one.kind == "site" and not one.to:
        yield "", 'is the site\'s own, so it needs "to": an id that `modtui routes` shows'
    if one.token_command and one.kind in ("command", "site"):
        yield "token_command", f"is for webhooks and mail; a {one.kind} route has no secret"


def _options(one: RouteSettings) -> Iterator[tuple[str, str]]:
    known = OPTIONS[one.kind]
    for name, value in one.options.items():
        if name not in known:
            hint = nearest(name, known) if known else ""
            yield "options", f'there is no "{show_line(name, 60)}" for a {one.kind} route. {hint}'.strip()
        elif not isinstance(value, known[name]) or isinstance(value, bool):
            yield f"options.{name}", "must be a whole number" if int in known[name] else "must be text in quotes"
        elif name == "timeout" and isinstance(value, int) and not 1 <= value <= LONGEST_S:
            yield "options.timeout", f"must be between 1 and {LONGEST_S} (seconds)"


def _url(url: str) -> Iterator[tuple[str, str]]:
    shown = show_line(url.split("@")[-1].split("?")[0], 80)
    try:
        parts = urlsplit(url)
        host, named = parts.hostname, parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError:
        yield "url", f'"{shown}" is not a web address'
        return
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        yield "url", f'"{shown}" is not a web address. Write it like https://desk.example/hook'
    elif named:
        yield "url", "must not hold a name or a password: the secret signs what is sent"
    elif exposed(url):
        yield "url", f"{parts.scheme}://{show_line(host, 60)} is plain http to another machine. Write https"
    elif parts.fragment:
        yield "url", "must not have a # part"


def _mail(one: RouteSettings) -> Iterator[tuple[str, str]]:
    if one.to:
        try:
            addresses(one.to)
        except ValueError as error:
            yield "to", str(error)
    options: dict[str, Any] = one.options
    if not options.get("host"):
        yield "", 'is a mail route, so its options need "host": the mail server'
    sender = options.get("from") or options.get("user") or ""
    if not _ADDRESS.fullmatch(str(sender)):
        yield "", 'is a mail route, so its options need "from": the address that it comes from'
    tls = options.get("tls", "starttls")
    if tls not in TLS:
        yield "options.tls", f"must be one of {', '.join(TLS)}"
    elif tls == "none" and options.get("host") not in ("localhost", "127.0.0.1", "::1"):
        yield "options.tls", 'cannot be "none" for another machine: the mail could be read on the way'
    port = options.get("port", 25)
    if isinstance(port, int) and not isinstance(port, bool) and not 1 <= port <= 65535:
        yield "options.port", "must be between 1 and 65535"
    for name in ("subject", "template"):
        for braces in _BRACES.findall(str(options.get(name, ""))):
            if braces not in PLACEHOLDERS:
                hint = nearest(braces, PLACEHOLDERS)
                yield f"options.{name}", f"{{{show_line(braces, 40)}}} is not a placeholder. {hint}".strip()
