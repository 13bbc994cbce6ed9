"""Changing config.toml: comments and order stay, the file is replaced whole, only you can read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomlkit
import tomlkit.exceptions
import tomlkit.items

from modtui import paths
from modtui.errors import SettingsError, UsageError
from modtui.settings.address import canonical
from modtui.settings.model import CommunitySettings


def _document(path: Path) -> tomlkit.TOMLDocument:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {error}."]) from error
    try:
        return tomlkit.parse(text)
    except tomlkit.exceptions.TOMLKitError as error:
        raise SettingsError([f"{path}: is not valid TOML: {error}."]) from None


def _entries(document: tomlkit.TOMLDocument, path: Path) -> Any:
    entries = document.get("communities")
    if entries is None:
        entries = tomlkit.aot()
        document.append("communities", entries)
    if not isinstance(entries, tomlkit.items.AoT):
        raise SettingsError([f"{path}: [communities]: must be written [[communities]], once for each."])
    return entries


def save_community(path: Path, community: CommunitySettings) -> None:
    """Add the community to the file, or bring the entry of that name up to date; everything else stays as it is.

    Only what differs from the defaults is written. Raises SettingsError, StoreError; then the file is as it was.
    """
    document = _document(path)
    entries = _entries(document, path)
    name = community.name.casefold()
    entry = next((one for one in entries if str(one.get("name", "")).casefold() == name), None)
    values: dict[str, object] = {"name": community.name, "url": community.url}
    plain = CommunitySettings(name="", url="")
    for key in ("backend", "account", "key", "insecure", "read_only", "budget", "language", "token_command", "options"):
        value = getattr(community, key)
        if value != getattr(plain, key):
            values[key] = list(value) if isinstance(value, tuple) else value
    if entry is None:
        entry = tomlkit.table()
        for key, value in values.items():
            entry.add(key, value)
        entries.append(entry)
    else:
        if "key" in entry and "key" not in values:
            del entry["key"]  # the new key is of the plain kind
        for key, value in values.items():
            if key != "url" or _differs(entry.get("url"), community.url):
                entry[key] = value
    paths.replace_private(path, tomlkit.dumps(document))


def _differs(written: object, url: str) -> bool:
    try:
        return canonical(str(written)) != url
    except UsageError:  # whatever is written there, it is not this address
        return True


def remove_community(path: Path, name: str) -> bool:
    """Take the entry of that name out; false when there is none. Raises SettingsError, StoreError."""
    document = _document(path)
    if "communities" not in document:
        return False
    entries = _entries(document, path)
    for index, entry in enumerate(entries):
        if str(entry.get("name", "")).casefold() == name.casefold():
            del entries[index]
            if not entries:
                document.remove("communities")
            paths.replace_private(path, tomlkit.dumps(document))
            return True
    return False
