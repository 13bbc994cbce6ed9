"""A webhook: the payload as a JSON POST, signed with HMAC-SHA256, with the step's key as Idempotency-Key.

The signature covers the moment and the body (`<unix seconds>.<body>`), so neither can be changed and an old request
cannot be passed off as new. Redirects are not followed, certificates are checked, plain http stays on this machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from modtui.backends.base import Connection, Credential
from modtui.backends.http import Door, Limits
from modtui.backends.reply import Reply
from modtui.domain.capability import ALLOWED, Capability
from modtui.domain.decisions import Answer, Call
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError, NetworkError, Refused, SiteError, UsageError
from modtui.routes.base import Kind, Secret
from modtui.settings.model import RouteSettings
from modtui.text import Foreign, show_line

TIMEOUT_S = 20
_TRY_AGAIN = frozenset({408, 425, 429, 500, 503})
"""Statuses with which the receiver itself says that it did not take it ..."""
_UNCLEAR = frozenset({502, 504})
"""... and those of a gateway that lost the receiver's answer."""
_SAID = 500


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of `Modtui-Signature`: `v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>` under the secret."""
    text = str(timestamp).encode("ascii") + b"." + body
    return "v1=" + hmac.new(secret.encode("utf-8"), text, hashlib.sha256).hexdigest()


class Webhook:
    """POSTs to one address. See `base.Route`. `now` gives the time of the signature, in seconds."""

    kind: Kind = "webhook"

    def __init__(
        self, one: RouteSettings, *, state: Path, secret: Secret, now: Callable[[], float] = time.time
    ) -> None:
        self.name, self.key, self.due_ms, self.hours, self.share = one.name, one.key, one.due_ms, one.hours, one.text
        self.title = one.title or one.name
        parts = urlsplit(one.url)
        self.where = f"webhook at {parts.netloc}"
        self.stays = f"what {self.title} was sent stays sent"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._state, self._secret, self._now = state, secret, now
        self._seconds = float(one.options.get("timeout", TIMEOUT_S))
        self._door: Door | None = None
        self._key: str | None = None

    def __repr__(self) -> str:
        return f"Webhook({self.name!r})"

    @property
    def capability(self) -> Capability:
        """Settings that were loaded are whole; whether the receiver answers shows only when it is tried."""
        return ALLOWED

    async def deliver(self, call: Call, key: str) -> Answer:
        """Hand over. Raises NetworkError, SiteError, RateLimited and Refused as `base` says."""
        door = await self._opened()
        body = msgspec.json.encode(call.args)
        timestamp = int(self._now())
        # Escalations are rare: a connection kept for the next one would have been closed there by then.
        headers = {"Idempotency-Key": key, "Modtui-Timestamp": str(timestamp), "Connection": "close"}
        if self._key is not None:
            headers["Modtui-Signature"] = sign(self._key, timestamp, body)
        try:
            reply = await door.ask("POST", self._path, json=body, headers=headers, accept_errors=range(400, 600))
        except SiteError as error:
            if 300 <= error.status < 400:
                words = f"{door.origin.place} redirects; the address in the settings is not the real one."
                raise Refused(words) from None
            raise
        except UsageError as error:
            raise Refused(error.message, error.hint) from None
        return self._judge(reply)

    def _judge(self, reply: Reply) -> Answer:
        plain = reply.kind.startswith("text/plain")
        said = show_line(reply.body[:_SAID].decode("utf-8", "replace"), 120).rstrip(".") if plain else ""
        words = f"{reply.place} answered with {reply.status}{f': {said}' if said else ''}."
        if reply.ok:
            return Answer(data={"status": reply.status}, words=Foreign(said) if said else None)
        if reply.status in _TRY_AGAIN:
            raise SiteError(words, status=reply.status, sent=False)
        if reply.status in _UNCLEAR:
            raise SiteError(words, status=reply.status, sent=True)
        if reply.status >= 500:
            raise SiteError(words, status=reply.status, sent=False)
        raise Refused(words)

    async def _opened(self) -> Door:
        if self._door is None:
            try:
                self._key = await asyncio.to_thread(self._secret)
            except ModtuiError as error:
                raise NetworkError(f"The secret of {self.title} cannot be read: {error.message}", sent=False) from None
            seconds = self._seconds

            class Once(Limits):
                """One try: the outbox repeats, and pauses between."""

                read = seconds
                total = seconds
                patience = 0.0
                attempts = 1

            shown = Credential(kind="token", secret=self._key) if self._key else None
            connection = Connection(
                community=CommunityId("route"), url=self._url, credential=shown, state=self._state
            )
            self._door = Door(connection, limits=Once)
        return self._door

    async def aclose(self) -> None:
        """Close the connections."""
        door, self._door = self._door, None
        if door is not None:
            await door.aclose()
