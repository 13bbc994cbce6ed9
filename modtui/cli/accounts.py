"""What is remembered of sites that are not in the settings: whose key a key is (by a digest of the key, so that a site
is asked only once), and what a community is called in the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping

from modtui import paths
from modtui.errors import ModtuiError

_ACCOUNTS, _NAMES = "accounts.json", "names.json"


def _digest(backend: str, url: str, secret: str) -> str:
    import hashlib  # late: only user keys need it

    return hashlib.sha256("\n".join((backend, url, secret)).encode()).hexdigest()[:32]


def _read(name: str) -> dict[str, str]:
    try:
        found = json.loads((paths.state_dir() / name).read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # it only saves a request, or shows a nicer word
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _write(name: str, entries: Mapping[str, str]) -> None:
    try:
        paths.replace_private(paths.state_dir() / name, json.dumps(entries, indent=1))
    except ModtuiError:
        pass


def known(backend: str, url: str, secret: str) -> str | None:
    """The user name behind the key, when a site has said it before."""
    return _read(_ACCOUNTS).get(_digest(backend, url, secret)) or None


def remember(backend: str, url: str, secret: str, name: str) -> None:
    """Remember the user name behind the key; failing to is no error."""
    _write(_ACCOUNTS, {**_read(_ACCOUNTS), _digest(backend, url, secret): name})


def forget(backend: str, url: str, secret: str) -> None:
    """Forget the key's owner (logout)."""
    gone = _digest(backend, url, secret)
    _write(_ACCOUNTS, {digest: name for digest, name in _read(_ACCOUNTS).items() if digest != gone})


def names() -> dict[str, str]:
    """What communities outside the settings were called, by their id."""
    return _read(_NAMES)


def call(community: str, name: str) -> None:
    """Remember what the community with this id is called."""
    before = names()
    if before.get(community) != name:
        _write(_NAMES, {**before, community: name})
