"""The session: from an app password to tokens that are renewed, shared by all processes of the account.

An access token lives two hours; with it comes a refresh token that is good for one renewal. Both are kept in the state
folder, readable by us alone, so that starting modtui is no new sign-in (of which the network allows few), and renewing
happens under a lock: whoever comes second finds the new tokens and takes those. A file whose tokens came from another
password is not used.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator

import msgspec

from modtui import paths
from modtui.backends.base import Connection, Credential
from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.errors import AuthError, NetworkError, SiteError, WrongSite
from modtui.text import show_line

CREATE = "/xrpc/com.atproto.server.createSession"
REFRESH = "/xrpc/com.atproto.server.refreshSession"
DELETE = "/xrpc/com.atproto.server.deleteSession"
_ROUNDS = 20_000
_PATIENCE_S = 30.0
_WHOLE = "com.atproto.access"
"""The scope of a session that a main password made."""
_APP_PASSWORD = "Make an app password in the app (Settings, Privacy and security, App passwords), and use that."


class SessionEnded(AuthError):
    """The site does not take this access token (any more). What was asked for was not done."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What signing in gives, as it is kept. `check` is a salted digest of the password that it came from."""

    did: str
    handle: str
    access: str
    refresh: str
    check: str = ""

    def __repr__(self) -> str:
        return f"Tokens({self.handle!r})"


class _Given(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of createSession and refreshSession."""

    access_jwt: str
    refresh_jwt: str
    did: str
    handle: str


class Session:
    """The session of one account on one PDS. Its token is in the door's headers, and shown nowhere."""

    def __init__(self, door: Door, connection: Connection) -> None:
        self._door, self._credential = door, connection.credential
        user = connection.credential.user if connection.credential else ""
        named = "\n".join(("modtui session", connection.url.rstrip("/").lower(), (user or "").lower()))
        digest = hashlib.sha256(named.encode()).hexdigest()[:16]
        self._file = connection.state / f"session-{digest}.json"
        self._lock_file = connection.state / f"session-{digest}.lock"
        self._turn = asyncio.Lock()
        self._tokens: Tokens | None = None

    def __repr__(self) -> str:
        return "Session(...)"

    @property
    def current(self) -> str:
        """The access token in use; "" before the first. It is for comparing only."""
        return self._tokens.access if self._tokens else ""

    @property
    def did(self) -> str:
        """Whose session it is; "" before it was opened."""
        return self._tokens.did if self._tokens else ""

    @property
    def handle(self) -> str:
        """The account's handle."""
        return self._tokens.handle if self._tokens else ""

    async def open(self) -> None:
        """Take the kept session, or sign in. Raises AuthError, SiteError, NetworkError."""
        if self._tokens is None:
            await self.renew("")

    async def renew(self, used: str) -> None:
        """Have another access token than `used`: the one that another process got meanwhile, a renewed one, or, where
        the session is over, that of a new session.

        Raises AuthError when the password is not taken (any more), and the door's errors.
        """
        credential = self._credential
        if credential is None or not credential.user:
            raise AuthError("Ozone needs your handle and an app password.", "Sign in: modtui login.")
        async with self._turn:
            if self._tokens is not None and self._tokens.access != used:
                return
            async with self._locked():
                kept = await asyncio.to_thread(self._read, credential)
                if kept is not None and kept.access != used:
                    self._use(kept)
                    return
                made = await self._refresh(kept) if kept is not None else None
                if made is None:
                    made = await self._create(credential)
                check = kept.check if kept is not None else await asyncio.to_thread(_check, credential.secret)
                tokens = Tokens(
                    did=made.did, handle=made.handle, access=made.access_jwt, refresh=made.refresh_jwt, check=check
                )
                self._use(tokens)
                await asyncio.to_thread(self._keep, tokens)

    async def end(self) -> None:
        """Give the kept session back, and forget it. Raises the door's errors."""
        credential = self._credential
        kept = self._read(credential) if credential is not None else None
        if kept is not None:
            self._door.redact.learn((kept.access, kept.refresh))
            await self._give_back(kept.refresh)
        self._file.unlink(missing_ok=True)

    async def _give_back(self, refresh: str) -> None:
        self._door.redact.learn((refresh,))
        await self._door.ask(
            "POST", DELETE, headers={"Authorization": f"Bearer {refresh}"}, anonymous=True, accept_errors=(400, 401),
            why="sign out",
        )  # fmt: skip

    def _use(self, tokens: Tokens) -> None:
        plain = f"{tokens.did} {tokens.handle}"
        if self._door.redact(plain) != plain:
            raise SiteError("The site answered the sign-in with what it was sent.")
        self._tokens = tokens
        self._door.sign_in({"Authorization": f"Bearer {tokens.access}"}, (tokens.access, tokens.refresh))

    async def _refresh(self, kept: Tokens) -> _Given | None:
        """A renewed session; None when it is over."""
        self._door.redact.learn((kept.access, kept.refresh))
        reply = await self._door.ask(
            "POST", REFRESH, headers={"Authorization": f"Bearer {kept.refresh}"}, anonymous=True,
            accept_errors=(400, 401), why="renew the session",
        )  # fmt: skip
        return _given(reply) if reply.ok else None

    async def _create(self, credential: Credential) -> _Given:
        body = {"identifier": credential.user, "password": credential.secret}
        reply = await self._door.ask(
            "POST", CREATE, json=body, anonymous=True, accept_errors=(400, 401, 403, 404), why="sign in"
        )
        if reply.ok:
            made = _given(reply)
            if _scope(made.access_jwt) == _WHOLE:
                await self._give_back(made.refresh_jwt)
                raise AuthError("This is the account's main password, which modtui does not take.", _APP_PASSWORD)
            return made
        if not reply.says_json:
            raise WrongSite(
                f"{reply.place} does not answer like a server of the atproto network.", "Check the community's address."
            )
        told = reply.loose()
        name, words = str(told.get("error", "")), show_line(str(told.get("message", "")), 200)
        if name == "AccountTakedown":
            raise AuthError(f"{reply.place} says that this account was taken down.")
        if name == "AuthFactorTokenRequired":
            raise AuthError(
                f"{reply.place} asks for a code by e-mail, as it does for a main password.", _APP_PASSWORD
            )
        if reply.status == 404 or not name:
            raise WrongSite(f"{reply.place} does not answer like a server of the atproto network.")
        raise AuthError(
            f"{reply.place} does not accept this handle and app password. It says: {words}",
            "Sign in again: modtui login.",
        )

    # --- what is kept

    def _read(self, credential: Credential) -> Tokens | None:
        """The kept tokens, when they can be trusted and came from this password."""
        try:
            if self._file.is_symlink() or not paths.owned(self._file):
                return None
            tokens = msgspec.json.decode(self._file.read_bytes()[:100_000], type=Tokens)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        salt = tokens.check.partition(":")[0]
        same = hmac.compare_digest(tokens.check, _check(credential.secret, salt))
        return tokens if same and _token(tokens.access) and _token(tokens.refresh) else None

    def _keep(self, tokens: Tokens) -> None:
        paths.replace_private(self._file, msgspec.json.encode(tokens).decode())

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """The right to renew, over all processes. Raises NetworkError when another process keeps it too long."""
        from filelock import FileLock, Timeout  # late: not needed as long as the token lives

        paths.private(self._file.parent)
        lock = FileLock(self._lock_file, thread_local=False, mode=0o600)
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                if time.monotonic() > until:
                    raise NetworkError("Another modtui is renewing the session and does not come to an end.") from None
                await asyncio.sleep(0.05)
            except (OSError, NotImplementedError):  # a disk without locks: better two sessions than none
                break
        try:
            yield
        finally:
            lock.release(force=True)


async def sign_out(connection: Connection) -> None:
    """End the kept session on the site, and forget it. Raises the door's errors."""
    from modtui.backends.ozone.client import explain

    door = Door(connection, explain=explain)
    try:
        await Session(door, connection).end()
    finally:
        await door.aclose()


def _given(reply: Reply) -> _Given:
    if not reply.says_json:
        reply.json()
    try:
        found = msgspec.json.decode(reply.body, type=_Given)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply.mapping()
        raise _strange(reply) from None
    if not (_token(found.access_jwt) and _token(found.refresh_jwt) and found.did.startswith("did:")):
        raise _strange(reply)
    return found


def _strange(reply: Reply) -> SiteError:
    return reply.bad(f"{reply.place} answered the sign-in with data of another shape than the atproto network's.")


def _token(given: str) -> bool:
    """Whether it can be a token: it becomes part of a header."""
    return 20 <= len(given) <= 10_000 and given.isascii() and all(sign.isalnum() or sign in "-_.=" for sign in given)


def _scope(token: str) -> str:
    """What a token is good for, as it says itself; "" where it says nothing that can be read."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, msgspec.DecodeError):
        return ""
    scope = found.get("scope") if isinstance(found, dict) else None
    return scope if isinstance(scope, str) else ""


def _check(secret: str, salt: str = "") -> str:
    salt = salt or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt.encode(), _ROUNDS)
    return f"{salt}:{digest.hex()}"

