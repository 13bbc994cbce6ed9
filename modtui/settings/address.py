"""Addresses of communities: one spelling for each, and the ones that a key must not travel to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from modtui.errors import UsageError
from modtui.text import show_line


def canonical(text: str) -> str:
    """The one spelling of a community's address: scheme and host in lower case, no default port, no slash at the end.

    "forum.example" becomes "https://forum.example". Raises UsageError with a sentence.
    """
    words = text.strip()
    shown = show_line(words, 80)
    if not words or any(sign.isspace() or not sign.isprintable() for sign in words):
        raise UsageError(f'"{shown}" is not a web address.', "Write it like https://forum.example.")
    if "://" not in words:
        words = f"https://{words}"
    try:
        parts = urlsplit(words)
        host, port = parts.hostname, parts.port
        name = _ascii(host) if host and ":" not in host else host or ""
    except (ValueError, UnicodeError):
        raise UsageError(f'"{shown}" is not a web address.', "Write it like https://forum.example.") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise UsageError(f'"{shown}" does not begin with https:// or http://.')
    if not name or any(sign in name for sign in "\\{}<>^`|%\"'"):
        raise UsageError(f'"{shown}" names no host.', "Write it like https://forum.example.")
    if parts.username is not None or parts.password is not None:
        raise UsageError("An address must not hold a name or a password.", "Use modtui login or MODTUI_TOKEN instead.")
    if parts.query or parts.fragment:
        raise UsageError(f'"{shown}" has more than an address.', "Leave out everything from ? or # on.")
    scheme = parts.scheme.lower()
    if ":" in name:
        name = f"[{name}]"
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        name = f"{name}:{port}"
    return f"{scheme}://{name}{parts.path.rstrip('/')}"


def _ascii(host: str) -> str:
    """A host's name as DNS has it. Raises UnicodeError where there is none."""
    if host.isascii() and all(0 < len(label) < 64 for label in host.split(".")):
        return host  # the usual one, without loading the tables of Unicode names
    return host.encode("idna").decode("ascii")


def loopback(url: str) -> bool:
    """Whether the address is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def exposed(url: str) -> bool:
    """Whether a key sent there could be read on the way: plain http to another machine."""
    return url.startswith("http://") and not loopback(url)


def name_for(url: str, taken: tuple[str, ...] = ()) -> str:
    """A short name for a community at `url`, unlike those taken: "forum.harbour.example" becomes "harbour"."""
    host = urlsplit(url).hostname or "community"
    parts = [part for part in host.split(".") if part not in ("www", "forum", "forums", "community", "discuss", "meta")]
    base = host if loopback(url) or not parts else parts[0] if len(parts) > 1 else parts[-1]
    base = base.replace(":", "-")
    name, number = base, 1
    while name.casefold() in {one.casefold() for one in taken}:
        number += 1
        name = f"{base}-{number}"
    return name
