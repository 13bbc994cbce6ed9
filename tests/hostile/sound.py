"""Whether what a backend gives can be kept, compared and shown: every text that a screen takes for modtui's own is."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from modtui.errors import ModtuiError
from modtui.text import Foreign, Shown, is_hostile, show, show_line

NAMES = frozenset({
    "id", "native", "community", "cursor", "position", "category_id", "thread_id", "post_id", "last", "accepted",
    "item", "key", "offer", "number", "language", "url", "kind",
})  # fmt: skip
"""Fields with names that the site gave: screens and commands take them through the door, as they do `Foreign`."""


def faults(thing: Any) -> list[str]:
    """What is wrong with what a backend gave: fields of modtui's own words that hold foreign signs, texts that no file
    can hold."""
    found = list(_walk(thing, "", type(thing).__name__))
    try:
        msgspec.json.encode(_plain(thing))
    except (ValueError, TypeError, OverflowError) as error:
        found.append(f"{type(thing).__name__}: {error}")
    return found


def told(error: ModtuiError) -> list[str]:
    """What is wrong with an error's words: they are one or more lines of harmless text, not endless."""
    words = [error.message, error.hint, str(error)]
    return [f"{type(error).__name__}: {one[:200]!r}" for one in words if show(one) != one or len(one) > 1500]


def _plain(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {str(key): _plain(value) for key, value in thing.items()}
    return list(map(_plain, thing)) if isinstance(thing, list | tuple | frozenset | set) else thing


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _walk(thing: Any, hint: Any, where: str) -> Iterator[str]:
    if isinstance(thing, msgspec.Struct):
        hints = _hints(type(thing))
        for name in thing.__struct_fields__:
            if name in ("args", "data"):  # JSON of the backend's own, which nobody shows
                continue
            yield from _walk(getattr(thing, name), hints[name], f"{type(thing).__name__}.{name}")
    elif isinstance(thing, dict):
        inner = typing.get_args(hint)
        for value in thing.values():
            yield from _walk(value, inner[1] if len(inner) == 2 else "", where)
    elif isinstance(thing, list | tuple | set | frozenset):
        for value in thing:
            yield from _walk(value, hint, where)
    elif isinstance(thing, str):
        yield from _text(thing, hint, where)


def _text(text: str, hint: Any, where: str) -> Iterator[str]:
    kinds = set(_flat(hint))
    if Foreign in kinds:
        if is_hostile(show_line(text)):
            yield f"{where}: the door lets {text[:60]!r} through"
    elif where.rpartition(".")[2] not in NAMES and (show(text) != text or len(text) > 2000):
        yield f"{where}{' (shown)' if Shown in kinds else ''} = {text[:80]!r}"


def _flat(hint: Any) -> Iterator[Any]:
    yield hint
    if typing.get_origin(hint) in (typing.Union, types.UnionType, tuple, dict):
        for one in typing.get_args(hint):
            yield from _flat(one)
