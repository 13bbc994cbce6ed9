"""Whose key a key is, remembered in the state folder by a digest of the key, so that a site is asked only once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from modtui import paths
from modtui.errors import ModtuiError


def _path() -> Path:
    return paths.state_dir() / "accounts.json"


def _digest(backend: str, url: str, secret: str) -> str:
    return hashlib.sha256("\n".join((backend, url, secret)).encode()).hexdigest()[:32]


def _read() -> dict[str, str]:
    try:
        found = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # it only saves a request
    return found if isinstance(found, dict) else {}


def known(backend: str, url: str, secret: str) -> str | None:
    """The user name behind the key, when a site has said it before."""
    name = _read().get(_digest(backend, url, secret))
    return name if isinstance(name, str) and name else None


def remember(backend: str, url: str, secret: str, name: str) -> None:
    """Remember the user name behind the key; failing to is no error."""
    try:
        paths.replace_private(_path(), json.dumps({**_read(), _digest(backend, url, secret): name}, indent=1))
    except ModtuiError:
        pass


def forget(backend: str, url: str, secret: str) -> None:
    """Forget the key's owner (logout)."""
    rest = {digest: name for digest, name in _read().items() if digest != _digest(backend, url, secret)}
    try:
        paths.replace_private(_path(), json.dumps(rest, indent=1))
    except ModtuiError:
        pass
