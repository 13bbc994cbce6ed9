"""Unpacking an answer's body, never more at once than there is room for: a small answer may hold a huge one."""

from __future__ import annotations

import zlib
from typing import Protocol

ACCEPTED = "gzip, deflate"
"""What requests ask for. Anything else, and packing in several layers, is not unpacked."""


class CannotUnpack(Exception):
    """The body is not packed as it says, or in a way that was not asked for."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Unpacker:
    """One body. `encoding` is its Content-Encoding header, `room` how many bytes it may have when unpacked."""

    def __init__(self, encoding: str, room: int) -> None:
        kinds = [kind for part in encoding.split(",") if (kind := part.strip().lower()) not in ("", "identity")]
        if len(kinds) > 1 or (kinds and kinds[0] not in ("gzip", "x-gzip", "deflate")):
            raise CannotUnpack
        self._deflate = kinds == ["deflate"]
        self._decoder: _Decoder | None = zlib.decompressobj(15 if self._deflate else 31) if kinds else None
        self._room = room
        self._began = False

    @property
    def full(self) -> bool:
        """Whether the body is larger than there is room for: what came so far is cut off."""
        return self._room < 0

    def take(self, piece: bytes) -> bytes:
        """The next piece, unpacked. Raises CannotUnpack."""
        if self._decoder is not None:
            piece = self._unpack(piece)
        self._room -= len(piece)
        return piece

    def end(self) -> None:
        """The body is over. Raises CannotUnpack when it is cut off."""
        if self._decoder is not None and self._began and not self._decoder.eof:
            raise CannotUnpack

    def _unpack(self, piece: bytes) -> bytes:
        decoder = self._decoder
        if not piece or decoder is None or decoder.eof:
            return b""
        try:
            found = decoder.decompress(piece, self._room + 1)
        except zlib.error:
            if not self._deflate or self._began:
                raise CannotUnpack from None
            # Some servers send deflate without the frame of zlib.
            self._deflate, self._decoder = False, zlib.decompressobj(-15)
            return self._unpack(piece)
        self._began = True
        return found
