"""Where keys are kept, and forgotten: the keyring, or on request a private file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from modtui import paths
from modtui.credentials import Key, Wanted, ring
from modtui.errors import AuthError

Store = Literal["keyring", "file"]


def secrets_path(config: Path | None = None) -> Path:
    """Where the private file is, there or not."""
    return (config or paths.config_dir()) / "secrets.toml"


def read_file(path: Path) -> dict[str, Any]:
    """The private file's tables; empty when there is none. Raises AuthError when others can read it or it is broken."""
    try:
        if (why := paths.changeable(path.parent)) is not None:
            raise AuthError(f"{path.parent} {why}, so no key in it is used.", f"chmod go-w {path.parent}")
        with path.open("rb") as file:
            if os.name == "posix":
                found = os.fstat(file.fileno())
                if stat.S_IMODE(found.st_mode) & 0o077:
                    raise AuthError(f"{path} can be read by others, so it is not used.", f"chmod 600 {path}")
                if found.st_uid not in (os.geteuid(), 0):
                    raise AuthError(f"{path} belongs to somebody else, so it is not used.")
            import tomllib

            return tomllib.loads(file.read(1_000_000).decode())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AuthError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:  # broken TOML or UTF-8; the message could quote a key, so it is not shown
        raise AuthError(f"{path} is not valid TOML.") from None


def _write_file(path: Path, entries: Mapping[str, Any]) -> None:
    import tomlkit  # late: only writers need it

    document = tomlkit.document()
    document.add(tomlkit.comment("Keys of modtui, from `modtui login --store file`. Keep it readable by you alone."))
    for place, entry in entries.items():
        document.add(place, tomlkit.item(dict(entry)))
    paths.replace_private(path, tomlkit.dumps(document))


def _pack(key: Key) -> str:
    return json.dumps({"kind": key.kind, "user": key.user, "secret": key.secret})


def can_keep(store: Store, config: Path | None = None) -> None:
    """Nothing when a key could be kept there; asked before a login. Raises AuthError with reason and way out."""
    if store == "file":
        read_file(secrets_path(config))
        return
    try:
        ring.get("probe")
    except AuthError as error:
        raise AuthError(
            f"The keyring cannot keep a key: {error.message.rstrip('.')}.",
            f"--store file keeps it in {secrets_path(config)}, readable by you alone; "
            "or let token_command in the settings fetch it.",
        ) from None


def keep(wanted: Wanted, key: Key, store: Store, config: Path | None = None) -> str:
    """Keep the key and say where. Raises AuthError when the place does not take it, StoreError when a file fails."""
    if store == "file":
        path = secrets_path(config)
        entries = read_file(path)
        entry = {"kind": key.kind, "secret": key.secret, **({"user": key.user} if key.user else {})}
        _write_file(path, {**entries, wanted.place: entry})
        return str(path)
    can_keep(store, config)
    ring.put(wanted.place, _pack(key))
    return "the keyring"


def forget(wanted: Wanted, config: Path | None = None) -> list[str]:
    """Take the key out of the keyring and the private file. Returns where one was."""
    found: list[str] = []
    try:
        if ring.get(wanted.place) is not None:
            ring.drop(wanted.place)
            found.append("the keyring")
    except AuthError:
        pass  # no keyring, so nothing in it
    path = secrets_path(config)
    entries = read_file(path)
    if wanted.place in entries:
        rest = {place: entry for place, entry in entries.items() if place != wanted.place}
        if rest:
            _write_file(path, rest)
        else:
            path.unlink(missing_ok=True)
        found.append(str(path))
    return found


__all__ = ["Store", "can_keep", "forget", "keep", "read_file", "secrets_path"]
