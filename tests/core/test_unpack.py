"""Packed answers: unpacked within bounds, in the shapes that servers send."""

from __future__ import annotations

import gzip
import math
import tracemalloc
import zlib
from pathlib import Path

import pytest

from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.backends.transport import MAX_BYTES
from modtui.backends.unpack import CannotUnpack, Unpacker
from modtui.errors import SiteError
from tests.core.scripted_site import answer, connection, scripted

pytestmark = pytest.mark.anyio
BODY = b'{"a": [' + b"1, " * 5000 + b"2]}"


def unpack(raw: bytes, encoding: str, room: int = 1_000_000, piece: int = 100) -> bytes:
    unpacker = Unpacker(encoding, room)
    found = b"".join(unpacker.take(raw[at : at + piece]) for at in range(0, len(raw), piece))
    unpacker.end()
    return found


def bare(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(raw) + packer.flush()


def pack(data: bytes) -> bytes:
    """Packed without the time of day in it: the names of tests are made of this."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("", BODY), ("identity", BODY), ("gzip", pack(BODY)), (" X-GZip ", pack(BODY)),
        ("deflate", zlib.compress(BODY)), ("deflate", bare(BODY)), ("gzip, identity", pack(BODY)),
    ],
)  # fmt: skip
def test_what_servers_send(encoding: str, raw: bytes) -> None:
    assert unpack(raw, encoding) == BODY


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("gzip", b"plain"), ("deflate", b"plain text"), ("gzip", pack(BODY)[:-20]),
        ("gzip, gzip", pack(pack(BODY))), ("br", b"x"), ("gzip, br", pack(BODY)),
    ],
)  # fmt: skip
def test_what_is_packed_otherwise_is_said(encoding: str, raw: bytes) -> None:
    with pytest.raises(CannotUnpack):
        unpack(raw, encoding)


def test_an_empty_body_needs_no_packing() -> None:
    assert unpack(b"", "gzip") == b""


def test_no_piece_unpacks_to_more_than_there_is_room_for() -> None:
    unpacker = Unpacker("gzip", 1000)
    found = unpacker.take(gzip.compress(bytes(50_000_000)))
    assert len(found) == 1001 and unpacker.full


async def test_a_bomb_costs_no_more_memory_than_an_answer_may(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    async with scripted(answer(body=bomb, Content_Encoding="gzip")) as site:
        way = Door(connection(site.url, tmp_path))
        tracemalloc.start()
        with pytest.raises(SiteError, match="more than 8 MB"):
            await way.get("/x")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await way.aclose()
    assert peak < 4 * MAX_BYTES
    assert site.asked[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("24", 24.0), ("0", 0.0), ("-3", 0.0), ("1e400", None), ("inf", None), ("nan", None), ("soon", None),
        ("", None), ("999999999", 86_400.0), ("Mon, 01 Jan 2035 00:00:30 GMT", 30.0),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 0.0),
    ],
)  # fmt: skip
def test_a_wait_is_a_number_within_a_day(given: str, wait: float | None) -> None:
    reply = Reply(429, {"retry-after": given, "date": "Mon, 01 Jan 2035 00:00:00 GMT"}, b"")
    found = reply.retry_after()
    assert found == wait and (found is None or math.isfinite(found))
