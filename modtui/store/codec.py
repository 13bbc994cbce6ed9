"""Domain objects to JSON bytes and back. What cannot be read is None or a StoreError, never another exception."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol, TypeVar

import msgspec

from modtui.domain.items import Item, Offer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_encode = msgspec.json.Encoder().encode
INT_MAX = (1 << 63) - 1


def encode(value: object) -> bytes:
    """`value` as JSON. Lone surrogates, which no UTF-8 can hold, become U+FFFD; a site may well send them."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_mended(msgspec.to_builtins(value)))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(inner) for inner in value]
    return value


def mend(text: str) -> str:
    """`text` with lone surrogates replaced, fit for SQLite and JSON."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def column(text: str | None) -> str | None:
    """`text` for a column."""
    if text is None or text.isascii():
        return text
    return mend(text)


def whole(number: int | None) -> int | None:
    """`number` within SQLite's 64 bits."""
    return None if number is None else max(-INT_MAX, min(INT_MAX, number))


class Decoder(Protocol[T_co]):
    """What makes an object of JSON; msgspec's own decoders are such."""

    def decode(self, data: bytes, /) -> T_co:
        """The object. Raises what msgspec raises."""


class _Stored(Item, frozen=True, kw_only=True, omit_defaults=True):
    """An item whose offers are JSON still."""

    offers: msgspec.Raw = msgspec.Raw(b"[]")  # type: ignore[assignment]


class ItemDecoder:
    """Items of JSON. Equal offers, two thirds of it, are decoded once and shared: most items of a queue have the same,
    and half of what a decoded item would take is theirs."""

    def __init__(self) -> None:
        self._item = msgspec.json.Decoder(_Stored)
        self._offers = lru_cache(maxsize=64)(msgspec.json.Decoder(tuple[Offer, ...]).decode)

    def decode(self, data: bytes, /) -> Item:
        """The item. Raises what msgspec raises."""
        values = msgspec.structs.asdict(self._item.decode(data))
        values["offers"] = self._offers(bytes(values["offers"]))
        return Item(**values)


def decode(data: bytes, decoder: Decoder[T]) -> T | None:
    """The object in `data`, or None when it is not one (an older layout, a broken row)."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError):
        return None
