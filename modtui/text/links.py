"""Links of a post: where they really go, and what is wrong with them. Nothing is ever fetched or resolved."""

from __future__ import annotations

import re
from itertools import islice
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from modtui.text import hosts
from modtui.text.shown import EMPTY, Foreign, Shown, join, own, say, show_line
from modtui.text.signs import is_hostile

LinkKind = Literal["web", "mention", "image", "mail", "other"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_EDGES = "".join(map(chr, range(0x21)))
_DROPPED = re.compile(r"[\t\n\r]")
_AUTHORITY = re.compile(r"([^/\\?#]*)(.*)", re.DOTALL)
_PORT = re.compile(r":(\d*)$")
_SAFE = "/?#[]@!$&'()*+,;=:%~-._"
_NAME = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,24}"
_LABEL_URL = re.compile(rf"(?:https?://|www\.)(?:[^\s/@]*@)?({_NAME})|({_NAME})(?=[/:?#]|$)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://)?[^\s<>\"()\[\]{}]{0,500}?\.[^\s<>\"()\[\]{}]{1,500}", re.IGNORECASE)
_READ, _ADDRESSES = 8_000, 40
"""How much of a text is looked through for hosts, and how many of them are looked at."""
_FILE_ENDING = re.compile(
    r"\.(?:md|txt|pdf|png|jpe?g|gif|webp|svg|mp[34]|zip|gz|js|ts|py|rb|rs|go|sh|css|html?|json|ya?ml|toml|xml|csv|docx?|xlsx?|net)$",
    re.IGNORECASE,
)


class Link(Struct, frozen=True):
    """One link of a document.

    `number` is what the reader sees (`[1]`); it is 0 for mentions, which are not listed. `target` is the raw address as
    posted, never drawn. `host` is the host that is looked up, in ASCII, with the decoded form in brackets where it
    differs. `path` is what follows the host (or the whole address where there is no host). `url` is the address in
    percent-encoded ASCII, fit for OSC 8, a clipboard or a browser, and empty for what is not http, https or mailto.
    """

    number: int
    label: Shown
    target: Foreign
    host: Shown
    path: Shown
    kind: LinkKind
    same_site: bool
    warning: Shown | None
    url: str = ""
    decoded: Shown = EMPTY


class _Parts(Struct, frozen=True):
    scheme: str
    user: str
    host: str
    port: str
    path: str


def _split(target: str, site: str) -> _Parts:
    """The parts of an address as a browser reads it: blanks at the edges and newlines dropped, `\\` read as `/`."""
    text = _DROPPED.sub("", target.strip(_EDGES))
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if match and scheme not in ("http", "https"):
        return _Parts(scheme, "", "", "", text[match.end() :])
    rest = text[match.end() :] if match else text
    slashed = rest.replace("\\", "/")
    if not match and not slashed.startswith("//"):
        return _Parts("https", "", hosts.site_host(site), "", rest if rest.startswith("/") else "/" + rest)
    body = rest.lstrip("/\\")
    found = _AUTHORITY.match(body)
    authority, path = (found[1], found[2]) if found else (body, "")
    user, _, name = authority.rpartition("@")
    port = _PORT.search(name)
    return _Parts(
        scheme or "https", user, hosts.ascii_host(_PORT.sub("", name)), port[1] if port else "", path.replace("\\", "/")
    )


def _label_host(label: str) -> str:
    """The host that a label claims to go to, or empty."""
    words = label.strip()
    match = _LABEL_URL.match(words)
    if match is None or " " in words:
        match = next((found for found in _LABEL_URL.finditer(words[:300]) if found[1]), None)
    if match is None:
        return ""
    name = match[1] or match[2]
    if match[2] and match.end() == len(words) and _FILE_ENDING.search(name):
        return ""
    return hosts.ascii_host(name)


def _warnings(parts: _Parts, label: str, target: str, site: str) -> list[Shown]:
    found: list[Shown] = []
    if parts.scheme not in ("http", "https", "mailto", "upload"):
        return [say("not a web address: {scheme}", scheme=parts.scheme)]
    if parts.scheme == "mailto":
        parts = _Parts("mailto", "", _mail_host(parts.path), "", "")
        claimed_by = label.strip().rpartition("@")[2] if "@" in label else ""
        label = claimed_by if _LABEL_URL.fullmatch(claimed_by) else ""
    if parts.scheme == "upload":  # Discourse writes its own uploads as upload://
        return []
    known = hosts.site_host(site)
    claimed = _label_host(label)
    if hosts.imitates(parts.host, known):
        found.append(say("looks like {host}, is not", host=known))
    elif claimed and parts.host and not hosts.related(parts.host, claimed):
        found.append(say("looks like {host}, is not", host=claimed))
    elif parts.host != known and (twin := hosts.latin_twin(parts.host)):
        found.append(say("looks like {host}, is not", host=twin))
    if parts.host != known and (scripts := hosts.mixed_scripts(parts.host)):
        found.append(say("mixes {scripts} letters", scripts=" and ".join(scripts)))
    if parts.user:
        found.append(own("what stands before the @ is not the host"))
    if parts.host != known and hosts.is_address(parts.host):
        found.append(own("a number instead of a name"))
    if is_hostile(target):
        found.append(own("hidden signs in the address"))
    return found


def _mail_host(path: str) -> str:
    """The host of an e-mail address, as it is looked up; empty where it has none."""
    return hosts.ascii_host(path.partition("?")[0].rpartition("@")[2]) if "@" in path else ""


def _mail_path(path: str) -> tuple[str, str]:
    """An e-mail address with its host as it is looked up, and how that reads where it is written in other letters."""
    host = _mail_host(path)
    address, mark, rest = path.partition("?")
    name, _, written = address.rpartition("@")
    if not host or host == written.lower():
        return path, hosts.decoded_host(host) if hosts.decoded_host(host) != host else ""
    return f"{name}@{host}{mark}{rest}", hosts.decoded_host(host)


def host_alarm(text: str, *, site: str = "") -> Shown | None:
    """What is wrong with addresses and host names in a text that is drawn as it is, without links of its own; None
    where nothing is. Real hosts first: `xn--pple-43d.com: looks like apple.com, is not`. At most two are named."""
    found: dict[str, Shown] = {}
    for match in islice(_ADDRESS.finditer(text[:_READ]), _ADDRESSES):
        token = match[0].rstrip(".,;:!?'*_~")
        if "://" in token:
            link = make_link(0, "", Foreign(token), site=site)
        elif "@" in token:
            link = make_link(0, "", Foreign(f"mailto:{token}"), site=site, kind="mail")
        elif _LABEL_URL.match(token):
            link = make_link(0, "", Foreign(f"https://{token}"), site=site)
        else:
            continue
        if link.warning and len(found) < 2:
            host = link.host or show_line(_mail_host(token))
            found.setdefault(host, say("{host}: {warning}", host=host, warning=link.warning))
    return join("; ", found.values()) if found else None


def make_link(number: int, label: str, target: Foreign, *, site: str = "", kind: LinkKind = "web") -> Link:
    """What a link of a post is: `label` is its raw text, `site` the address of the community it stands in."""
    parts = _split(target, site)
    if parts.scheme == "mailto":
        kind = "mail"
    elif parts.scheme not in ("http", "https"):
        kind = "other" if kind == "web" else kind
    web = parts.scheme in ("http", "https")
    name = hosts.decoded_host(parts.host)
    port = f":{parts.port}" if parts.port else ""
    known = hosts.site_host(site)
    host = EMPTY
    if web and parts.host:
        host = show_line(parts.host + port)
    path, decoded = parts.path, name if web and name != parts.host else ""
    if parts.scheme == "mailto":
        path, decoded = _mail_path(parts.path.lstrip("/"))
    elif not web:
        path = target
    found = _warnings(parts, label, target, site)
    return Link(
        number=number,
        label=show_line(label),
        target=target,
        host=host,
        path=show_line(path),
        kind=kind,
        same_site=web and bool(known) and hosts.bare(parts.host) == hosts.bare(known),
        warning=own("; ".join(found)) if found else None,
        url=_url(parts, port),
        decoded=show_line(decoded) if decoded else EMPTY,
    )


def _url(parts: _Parts, port: str) -> str:
    path = quote(parts.path.encode("utf-8", "surrogatepass"), safe=_SAFE)
    if parts.scheme == "mailto":
        return f"mailto:{path}"
    if parts.scheme not in ("http", "https") or not parts.host:
        return ""
    host = parts.host if parts.host.startswith("[") else quote(parts.host.encode("utf-8", "surrogatepass"), safe=".-_:")
    user = quote(parts.user.encode("utf-8", "surrogatepass"), safe="") + "@" if parts.user else ""
    return f"{parts.scheme}://{user}{host}{port}{path}"


def defang(link: Link) -> Shown:
    """The address in a form that no program turns into a link: `hxxps://xn--hrbour-bua[.]example/login`."""
    address = link.url or link.target
    head, mark, rest = address.partition("://")
    if not mark:
        return show_line(address.replace(":", "[:]", 1).replace(".", "[.]"), None)
    host, slash, path = rest.partition("/")
    return show_line(f"{head.replace('t', 'x')}://{host.replace('.', '[.]')}{slash}{path}", None)
