"""Keeps secrets out of everything that is shown, logged or written down.

Secrets travel as request headers only. Should a site echo one, or an exception quote it, `Redactor` takes it out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote, quote_plus

from modtui.text.patterns import pattern

_TELLING = pattern(r"key|token|secret|passw|nonce|code|otp|payload|auth|sig|mail|^ip$", re.IGNORECASE)
_ADDRESS = pattern(r"@.*\.|^\d{1,3}(\.\d{1,3}){3}$|:[0-9a-f]*:", re.IGNORECASE)
"""A value that may be somebody's e-mail or IP address: a moderator may look for one."""
_SHOWN = 200
_UNLIKELY = 12
"""A secret of fewer signs (a weak password) may be a word of a post, which must stay as it is."""


_listeners: list[Callable[[str], None]] = []


def on_secret(listener: Callable[[str], None]) -> None:
    """Have `listener` told of every secret that a backend comes by later (the tokens of a session), so that what is
    written outside of the backends can leave it out, too."""
    if listener not in _listeners:
        _listeners.append(listener)


class Redactor:
    """Replaces known secrets in a text by `...`. It has no readable repr, so that a traceback cannot show them."""

    __slots__ = ("_bytes", "_secrets")

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()
        self._add(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Leave these out as well from now on; what was known stays known (an answer may be on its way)."""
        secrets = [secret for secret in secrets if secret]
        self._add(secrets)
        for listener in tuple(_listeners):
            for secret in secrets:
                listener(secret)

    def _add(self, secrets: Iterable[str | None]) -> None:
        known = [secret for secret in secrets if secret and len(secret) >= 4]
        known += [
            spelt for secret in known
            for spelt in (
                quote(secret), quote(secret, safe=""), quote_plus(secret), _in_json(secret), _in_json(_in_json(secret)),
            )
        ]  # fmt: skip
        self._secrets = tuple(sorted({*self._secrets, *known}, key=len, reverse=True))
        self._bytes = tuple(secret.encode() for secret in self._secrets if len(secret) >= _UNLIKELY)

    def __repr__(self) -> str:
        return "Redactor(...)"

    def __call__(self, text: str) -> str:
        """`text` without the secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "...")
        return text

    def raw(self, data: bytes) -> bytes:
        """`data` without the secrets: what a site answers is kept, and a broken one answers with what it was sent."""
        for secret in self._bytes:
            if secret in data:
                data = data.replace(secret, b"...")
        return data


def _in_json(text: str) -> str:
    """As it stands within JSON; twice so where a site quotes the JSON that it was sent."""
    return json.dumps(text)[1:-1]


def basic(user: str, secret: str) -> str:
    """The value of an Authorization header for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")


def shown_path(path: str, query: str, redact: Redactor) -> str:
    """A request's path and query, fit for the requests screen: values of telling names and known secrets are left out,
    and it is at most 200 characters long."""
    parts = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        hidden = _TELLING.search(name) or (name in ("filter", "name", "term") and _ADDRESS.search(value))
        parts.append(f"{name}=..." if hidden else f"{name}={value}")
    whole = redact(path + ("?" + "&".join(parts) if parts else ""))
    return whole if len(whole) <= _SHOWN else whole[: _SHOWN - 1] + "~"
