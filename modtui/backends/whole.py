"""A backend that is not ours, made to give only whole texts.

Our own backends read through a door that replaces lone halves of surrogate pairs, which no UTF-8 can hold: neither the
cache nor the journal nor a terminal can take them. What somebody else's backend gives is looked through here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec

from modtui.backends.base import Backend

READS = frozenset({
    "identify", "counts", "page", "reread", "thread", "dossier", "send", "fate", "changes", "members", "private",
    "choices", "templates", "answered", "search", "writing",
})  # fmt: skip
"""The methods of the protocol that bring something from the site."""
PLANS = frozenset({"plan", "plan_undo"})


class _Whole:
    """Hands everything on; what reads and plans give is mended."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._backend, name)
        if name in READS:
            return _reading(value)
        if name in PLANS:
            return lambda *args, **more: mended(value(*args, **more))
        return value


def _reading(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def read(*args: Any, **more: Any) -> Any:
        return mended(await method(*args, **more))

    return read


def whole(backend: Backend) -> Backend:
    """`backend` with whole texts."""
    return cast(Backend, _Whole(backend))


def mended(value: Any) -> Any:
    """`value` (domain objects, sequences, mappings, texts) with U+FFFD for each lone half; the same object where there
    is none."""
    if isinstance(value, str):
        if value.isascii() or _encodable(value):
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, msgspec.Struct):
        changed = {
            name: new for name in value.__struct_fields__
            if (new := mended(old := getattr(value, name))) is not old
        }  # fmt: skip
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        pairs = [(key, mended(key), inner, mended(inner)) for key, inner in value.items()]
        if all(key is new_key and inner is new for key, new_key, inner, new in pairs):
            return value
        return {new_key: new for _, new_key, _, new in pairs}
    if isinstance(value, tuple | list):
        parts = [mended(one) for one in value]
        return value if all(a is b for a, b in zip(value, parts, strict=True)) else type(value)(parts)
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
