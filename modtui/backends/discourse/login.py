"""Getting a key of the moderator's own from a Discourse site, without ever touching a password.

Two ways (discourse.md 1.2 and 1.3): a device code that is typed in a browser, where the site offers it, and a page
whose answer is pasted back, which works everywhere. In both the site encrypts the key for an RSA key made here.
Functions without a screen; the command line asks and prints.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from modtui.backends.base import Connection
from modtui.backends.discourse.client import door as key_door
from modtui.backends.discourse.errors import explain
from modtui.backends.http import Door
from modtui.backends.origin import Origin, parse_origin
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, NotFound, Refused, RightsError, SiteError, UsageError
from modtui.paths import private, replace_private
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

APPLICATION = "modtui"
RSA_BITS = 2048
_CLIENT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SiteProbe:
    """What lives at an address. `device_code` and `user_keys` say which ways of signing in it offers."""

    kind: Literal["discourse", "unknown"]
    url: str
    title: Foreign | None = None
    user_keys: bool = False
    device_code: bool = False
    login_required: bool = False


@dataclass(frozen=True, slots=True)
class UserKey:
    """A key that a site made for this program; `expires_ms` None when it does not end by itself."""

    secret: str = field(repr=False)
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the moderator types (`user_code`) and where; `complete_uri` has the code's request filled in."""

    user_code: Foreign
    verification_uri: str
    complete_uri: str | None
    expires_s: float
    interval_s: float


def client_id(state: Path) -> str:
    """The name of this installation towards sites, made once and kept. Signing in again under it replaces the old key.

    Raises StoreError when it cannot be kept.
    """
    path = private(state) / "client-id"
    try:
        known = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        known = ""
    if _CLIENT_ID.fullmatch(known):
        return known
    made = secrets.token_hex(16)
    replace_private(path, made + "\n")
    return made


def _anonymous(url: str, state: Path, insecure: bool) -> Door:
    connection = Connection(community=CommunityId("login"), url=url, credential=None, state=state, insecure=insecure)
    return Door(connection, explain=explain)


async def probe(url: str, *, state: Path, insecure: bool = False) -> SiteProbe:
    """What lives at `url`. Raises UsageError for an address that is none, NetworkError when nothing answers."""
    door = _anonymous(url, state, insecure)
    place = parse_origin(url, insecure=insecure).url
    try:
        try:
            info = (await door.get("/site/basic-info.json", why="probe")).mapping()
        except (SiteError, NotFound, RightsError, AuthError, Refused):
            info = {}
        title = info.get("title")
        if not isinstance(title, str):
            return SiteProbe("unknown", place)
        head = await door.ask(
            "HEAD", "/user-api-key/new", why="probe", accept_errors=(302, 400, 401, 403, 404, 405, 422, 429, 500)
        )
        version = head.headers.get("auth-api-version")
        return SiteProbe(
            "discourse", place, Foreign(title), user_keys=version is not None or head.ok,
            device_code=head.headers.get("auth-api-device-code", "").lower() == "true",
            login_required=bool(info.get("login_required")),
        )  # fmt: skip
    finally:
        await door.aclose()


class _Pair:
    """An RSA key pair and a nonce for one login. Nothing of it is kept."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        self._private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        self.nonce = secrets.token_hex(16)

    @property
    def public_pem(self) -> str:
        """The public half, as sites take it."""
        from cryptography.hazmat.primitives import serialization

        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._private.public_key().public_bytes(serialization.Encoding.PEM, form).decode("ascii")

    def open(self, payload: str) -> UserKey:
        """The key in an encrypted payload. Raises AuthError when it is damaged, or the answer to another login.

        Older sites ignore the wish for OAEP and use PKCS#1 v1.5.
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        compact = re.sub(r"(?:%0[AaDd]|[\s\u200b\ufeff])+", "", payload).replace("%2B", "+").replace("%2F", "/")
        compact = compact.replace("%3D", "=")
        try:
            sealed = base64.b64decode(compact, validate=True)
        except (binascii.Error, ValueError):
            raise AuthError(
                "What was pasted is not a whole answer of the site.", "Copy all of it and try again."
            ) from None
        sha1 = hashes.SHA1()  # What Discourse speaks; OAEP does not rest on its collisions.
        known: tuple[padding.AsymmetricPadding, ...] = (
            padding.OAEP(mgf=padding.MGF1(sha1), algorithm=sha1, label=None), padding.PKCS1v15(),
        )  # fmt: skip
        for one in known:
            try:
                found = msgspec.json.decode(self._private.decrypt(sealed, one))
            except (ValueError, msgspec.DecodeError):
                continue
            if isinstance(found, dict) and isinstance(found.get("key"), str):
                return self._checked(found)
        raise AuthError("The site's answer cannot be read: it belongs to another attempt.", "Start again.")

    def _checked(self, found: Mapping[str, Any]) -> UserKey:
        if not secrets.compare_digest(str(found.get("nonce", "")).encode(), self.nonce.encode()):
            raise AuthError("The site's answer belongs to another attempt.", "Start again.")
        return UserKey(found["key"], parse_iso_or_none(found.get("expires_at")))


class DeviceLogin:
    """Signing in with a code: `start`, show the code, `wait`. Close with `aclose`.

    `scopes` is "write" (which includes reading) or "read" for a key that can only look.
    """

    def __init__(
        self, url: str, *, state: Path, scopes: str = "write", insecure: bool = False,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._door = _anonymous(url, state, insecure)
        self._client_id, self._scopes, self._sleep = client_id(state), scopes, sleep
        self._pair: _Pair | None = None
        self._device_code = ""
        self._interval = 5.0

    async def start(self) -> DeviceCode:
        """Ask the site for a code. Raises Refused, RightsError or SiteError when it gives none."""
        self._pair = await asyncio.to_thread(_Pair)
        body = {
            "application_name": APPLICATION, "client_id": self._client_id, "nonce": self._pair.nonce,
            "scopes": self._scopes, "public_key": self._pair.public_pem, "padding": "oaep",
        }  # fmt: skip
        reply = await self._door.ask("POST", "/user-api-key/device.json", json=body, why="sign in")
        answer = reply.mapping()
        self._device_code = str(answer.get("device_code") or "")
        user_code, uri = answer.get("user_code"), answer.get("verification_uri")
        if not self._device_code or not isinstance(user_code, str) or not isinstance(uri, str):
            raise reply.bad(f"{reply.place} gave no code to sign in with.")
        if not _ours(self._door.origin, uri):
            raise reply.bad(f"{reply.place} wants the code to be typed on another site; modtui does not pass that on.")
        self._interval = max(1.0, _seconds(answer.get("interval"), 5.0))
        complete = answer.get("verification_uri_with_request")
        complete = complete if isinstance(complete, str) and _ours(self._door.origin, complete) else None
        return DeviceCode(
            Foreign(user_code), uri, complete,
            _seconds(answer.get("expires_in"), 600.0), self._interval,
        )  # fmt: skip

    async def wait(self) -> UserKey:
        """Wait until the moderator has approved. Raises AuthError when it was refused or took too long."""
        if self._pair is None:
            raise UsageError("Signing in has not been started.")
        while True:
            await self._sleep(self._interval)
            body = {"device_code": self._device_code}
            reply = await self._door.ask("POST", "/user-api-key/device/poll.json", json=body, why="sign in")
            answer = reply.mapping()
            match answer.get("status"):
                case "authorized":
                    return self._pair.open(str(answer.get("payload") or ""))
                case "authorization_pending":
                    continue
                case "slow_down":
                    self._interval += 5
                case "access_denied":
                    raise AuthError("The request was refused in the browser.", "Start again if that was a mistake.")
                case "expired_token":
                    raise AuthError("The code is no longer valid.", "Start again; a code works for a few minutes.")
                case _:
                    raise reply.bad(f"{reply.place} answered the sign-in with something unknown.")

    async def aclose(self) -> None:
        """Close the connection."""
        await self._door.aclose()


class PasteLogin:
    """Signing in by pasting: open `url` in a browser, approve, paste what the page shows into `finish`."""

    def __init__(self, url: str, *, state: Path, scopes: str = "write", insecure: bool = False) -> None:
        self._pair = _Pair()
        self._base = parse_origin(url, insecure=insecure).url
        self._query = {
            "application_name": APPLICATION, "client_id": client_id(state), "scopes": scopes, "nonce": self._pair.nonce,
            "public_key": self._pair.public_pem, "padding": "oaep",
        }  # fmt: skip

    @property
    def url(self) -> str:
        """The page to open. It holds no secret."""
        return f"{self._base}/user-api-key/new?{urlencode(self._query)}"

    def finish(self, payload: str) -> UserKey:
        """The key in what was pasted. Raises AuthError with a sentence when it is not the whole answer."""
        return self._pair.open(payload)


async def revoke(connection: Connection) -> None:
    """Withdraw the connection's key on the site. Raises Refused for an admin's key, which is withdrawn over there."""
    credential = connection.credential
    if credential is None:
        return
    if credential.user:
        raise Refused("An admin key is withdrawn on the site, under Admin, API.", "modtui only forgets it.")
    door = key_door(connection)
    try:
        await door.ask("POST", "/user-api-key/revoke.json", why="sign out")
    except AuthError:
        pass  # It is withdrawn already.
    finally:
        await door.aclose()


def _ours(origin: Origin, uri: str) -> bool:
    try:
        return origin.same(urlsplit(uri))
    except ValueError:
        return False


def _seconds(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else default
