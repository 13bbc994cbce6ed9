"""Where a key comes from: the environment, a command, the keyring, a private file. Each says why it had nothing.

A key is never in an argument list, a log, a message or a repr. Resolve before the screen is ours: a keyring may ask at
the terminal.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus

from msgspec import Struct

from modtui.errors import AuthError
from modtui.text import show_line
from modtui.text.patterns import pattern

if TYPE_CHECKING:
    from modtui.credentials.apart import Asked

Kind = Literal["user", "admin", "service"]
KINDS: tuple[Kind, ...] = ("user", "admin", "service")

VARIABLE = "MODTUI_TOKEN"
ROUTE_VARIABLE = "MODTUI_ROUTE_"
COMMAND_S = 10.0
_KEYLIKE = pattern(r"[A-Za-z0-9_-]{28,}")
_SHORTEST = 4
"""What is shorter is part of too many words to be taken out of a text."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and where it came from. `user` is who an admin key acts as, or the name of a service login."""

    secret: str = field(repr=False)
    kind: Kind = "user"
    user: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        _know(self.secret, self.user)


class Wanted(Struct, frozen=True):
    """Whose key is looked for. `kind` and `account` hold for keys that come without (environment, command)."""

    backend: str
    url: str
    account: str = ""
    kind: Kind = "user"
    token_command: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The name under which the key is kept."""
        return " ".join(part for part in (self.backend, self.url, self.account.lower()) if part)


class Tried(Struct, frozen=True):
    """What one source said: `words` is empty when it had the key."""

    source: str
    words: str = ""


_route_tokens: dict[str, str] = {}
_known: set[str] = set()


def _know(secret: str, user: str | None = None) -> None:
    """Remember every way in which a text could repeat a secret."""
    if len(secret) >= _SHORTEST:
        login, alone = (base64.b64encode(one.encode()).decode("ascii") for one in (f"{user or ''}:{secret}", secret))
        quoted = (quote(secret), quote(secret, safe=""), quote_plus(secret))
        _known.update((secret, *quoted, json.dumps(secret)[1:-1], repr(secret)[1:-1], login, alone))


def keep_out(spelling: str) -> None:
    """`redact` takes this out too: a form that a secret travels in."""
    if len(spelling) >= _SHORTEST:
        _known.add(spelling)


def redact(text: str) -> str:
    """`text` without any secret that this process has come across, however it is written there."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "(key)")
    return text


def route_variable(name: str) -> str:
    """The environment variable with the secret of a route: `MODTUI_ROUTE_LEGAL` for "legal"."""
    return ROUTE_VARIABLE + re.sub(r"[^A-Z0-9]", "_", name.upper())


def route_tokens() -> Mapping[str, str]:
    """What the variables of routes said, by variable, when `take_token` took them."""
    return dict(_route_tokens)


def take_token(environ: Any = os.environ) -> str | None:
    """Take MODTUI_TOKEN out of the environment, and the secrets of routes (`route_tokens` has them then), so that no
    child inherits them. Called once, at the start."""
    _route_tokens.clear()
    ours = environ is os.environ
    for name in [one for one in environ if one.startswith(ROUTE_VARIABLE)]:
        if ours:
            _blank(name)
        if secret := environ.pop(name).strip():
            _know(secret)
            _route_tokens[name] = secret
    if ours and VARIABLE in environ:
        _blank(VARIABLE)
    token = environ.pop(VARIABLE, None)
    if not token or not token.strip():
        return None
    _know(token.strip())
    return str(token)


def _blank(name: str) -> None:
    """Overwrite the variable where the kernel shows it (/proc/<id>/environ): taking it out of the environment leaves
    the bytes with which the process was started. Where that does not work nothing happens; only we could read them."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes  # late: only who has a key in the environment pays for it

        library = ctypes.CDLL(None)
        library.getenv.argtypes, library.getenv.restype = [ctypes.c_char_p], ctypes.c_void_p
        at = library.getenv(name.encode())
        if at:
            ctypes.memset(at, ord("x"), len(ctypes.string_at(at)))
    except (ImportError, OSError, AttributeError, ValueError):
        pass


def clean(secret: str, source: str) -> str:
    """The key without blanks around it. Raises AuthError when it can be none: line breaks, signs beyond ASCII."""
    secret = secret.strip()
    if not secret:
        raise AuthError(f"The key from {source} is empty.")
    _know(secret)
    if not secret.isascii() or not secret.isprintable() or len(secret) > 4096:
        raise AuthError(f"What came from {source} is not a key: it has signs that no key has.")
    return secret


def resolve(
    wanted: Wanted, *, token: str | None = None, config: Path | None = None, asked: Asked | None = None
) -> Key:
    """The key of a community. `token` is what MODTUI_TOKEN said, when it is meant for this one; `asked` knows what the
    keyring says, where that was asked before.

    Raises AuthError with what each source said. Blocks for up to 10 s (the command) or 3 s (the keyring).
    """
    key, tried = look(wanted, token=token, config=config, asked=asked)
    if key is not None:
        return key
    lines = "".join(f"\n  {one.source}: {one.words}" for one in tried)
    raise AuthError(
        f"There is no key for {wanted.url}{f' ({wanted.account})' if wanted.account else ''}.{lines}\n",
        f"modtui login {wanted.url} gets one.",
    )


def look(
    wanted: Wanted, *, token: str | None = None, config: Path | None = None, asked: Asked | None = None
) -> tuple[Key | None, list[Tried]]:
    """As `resolve`, without an error: the key or None, and what each source said up to it."""
    sources: list[tuple[str, Callable[[], Key | str]]] = [
        (f"environment ({VARIABLE})", lambda: _from_environment(wanted, token)),
        ("command (token_command)", lambda: _from_command(wanted)),
        ("keyring", lambda: _from_keyring(wanted, asked)),
        ("private file (secrets.toml)", lambda: _from_file(wanted, config)),
    ]
    tried: list[Tried] = []
    for source, ask in sources:
        try:
            answer = ask()
        except AuthError as error:
            answer = str(error)
        if isinstance(answer, Key):
            tried.append(Tried(source))
            return answer, tried
        tried.append(Tried(source, answer))
    return None, tried


def _from_environment(wanted: Wanted, token: str | None) -> Key | str:
    if token is None:
        return "not set, or not meant for this community (it needs --url or --community)"
    return Key(clean(token, VARIABLE), wanted.kind, wanted.account or None, VARIABLE)


def _from_command(wanted: Wanted) -> Key | str:
    if not wanted.token_command:
        return "none in the settings"
    program = wanted.token_command[0]
    try:
        child = subprocess.Popen(  # no shell: the words go to the program as they are
            wanted.token_command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={
                name: value for name, value in os.environ.items()
                if name != VARIABLE and not name.startswith(ROUTE_VARIABLE)
            },
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return f"{show_line(program, 60)} cannot be started: {getattr(error, 'strerror', None) or error}"
    try:
        out, err = child.communicate(timeout=COMMAND_S)
    except subprocess.TimeoutExpired:
        child.kill()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()  # a grandchild may hold the other end; nobody waits for it
        child.wait()
        return f"{show_line(program, 60)} gave no answer within {COMMAND_S:.0f} s"
    if child.returncode != 0:
        said = show_line(_KEYLIKE.sub("(key?)", err.decode("utf-8", "replace").strip().split("\n")[0]), 200)
        return f"{show_line(program, 60)} ended with code {child.returncode}{f': {said}' if said else ''}"
    first = out.decode("utf-8", "replace").strip().split("\n")[0]
    if not first.strip():
        return f"{show_line(program, 60)} printed nothing"
    return Key(clean(first, "token_command"), wanted.kind, wanted.account or None, "token_command")


def _unpack(raw: object, wanted: Wanted, source: str) -> Key | str:
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:  # somebody put the bare key there by hand
            return Key(clean(str(raw), source), wanted.kind, wanted.account or None, source)
    if not isinstance(raw, dict) or not isinstance(raw.get("secret"), str) or raw.get("kind") not in KINDS:
        return "what is kept there is not a key of modtui"
    user = raw.get("user")
    return Key(clean(raw["secret"], source), raw["kind"], user if isinstance(user, str) and user else None, source)


def _from_keyring(wanted: Wanted, asked: Asked | None) -> Key | str:
    if asked is not None:
        raw = asked.get(wanted.place)
    else:
        from modtui.credentials import ring

        raw = ring.get(wanted.place)
    return "has no key for this account" if raw is None else _unpack(raw, wanted, "keyring")


def _from_file(wanted: Wanted, config: Path | None) -> Key | str:
    from modtui.credentials.keeping import read_file, secrets_path  # late: few have such a file

    entries = read_file(secrets_path(config))
    if wanted.place not in entries:
        return "has no key for this account" if entries else "there is none"
    return _unpack(entries[wanted.place], wanted, "secrets.toml")


__all__ = [
    "COMMAND_S", "KINDS", "VARIABLE", "Key", "Kind", "Tried", "Wanted", "clean", "keep_out", "look", "redact",
    "resolve", "route_tokens", "route_variable", "take_token",
]  # fmt: skip
