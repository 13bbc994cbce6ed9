"""A secret that is easy to find again: in which files, outputs and processes it stands, however it is spelt."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

KEY = 'c4nary+key/ "of"\\the=harbour'
"""Short enough and odd enough to be taken for no key by its looks: what hides it must know it."""
WRONG = "wr0ng.c4nary;of=the'harbour"
ROUTE = "r0ute$c4nary%20of\\it"
MARKS = ("4nary",)
"""A part of each of them that survives most spellings."""


def spellings(secret: str, user: str = "") -> set[bytes]:
    """The ways in which a secret could be written into something."""
    made = {
        secret, secret.lower(), secret.upper(), quote(secret), quote(secret, safe=""), quote_plus(secret),
        json.dumps(secret)[1:-1], repr(secret)[1:-1], secret.encode().hex(), secret[::-1],
        base64.b64encode(secret.encode()).decode().rstrip("="), base64.b64encode(f"{user}:{secret}".encode()).decode(),
    }  # fmt: skip
    return {one.encode() for one in made} | {secret.encode("utf-16-le")}


def leaks(data: bytes, secrets: Iterable[str], user: str = "") -> list[str]:
    """What of the secrets stands in some bytes, and a mark of any of them cut in pieces."""
    found = [f"{secret!r} as {one!r}" for secret in secrets for one in spellings(secret, user) if one in data]
    return found + [f"a piece: {mark}" for mark in MARKS if mark.encode() in data.lower()]


def in_files(folder: Path, secrets: Iterable[str], *, but: Iterable[Path] = (), user: str = "") -> list[str]:
    """The files below a folder, with their names, in which one stands; `but` may have it."""
    allowed, known = set(but), tuple(secrets)
    return [
        f"{path}: {what}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in allowed
        for what in leaks(bytes(path) + b"\n" + path.read_bytes(), known, user)
    ]
