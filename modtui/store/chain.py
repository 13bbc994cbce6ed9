"""The hash chain: how an event is written, and how the whole is checked.

An event's hash covers the hash before it, its number, format, kind, ids, time and non-personal data, and a commitment
to each personal part: HMAC-SHA256 under a random salt. Parts and salts lie in another table, so that a part can be
forgotten and the chain still verifies, and so that nobody can confirm a guess at what was forgotten.

The chain shows what was changed, removed, reordered or inserted by somebody who does not rewrite everything after it.
Who rewrites all of it, or cuts its end, is found only with a head hash kept elsewhere (`modtui log verify` prints it).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

FORMAT = 1
GENESIS = bytes(32)
SALT = 32
_NONE = b"\xff\xff\xff\xff"
COLUMNS = "seq, format, kind, at_ms, community, decision, target, step, data, commitments, prev, hash"


class Event(NamedTuple):
    """One row of the journal as it is stored. `data` is JSON that names nobody; `commitments` are 32 bytes a part."""

    seq: int
    format: int
    kind: str
    at_ms: int
    community: str | None
    decision: str | None
    target: int | None
    step: int | None
    data: bytes
    commitments: bytes
    prev: bytes
    hash: bytes


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found. `head` is the newest event's hash (64 hex digits; "" when there is none), `last` its number;
    `first` is the oldest event that retention left, `forgotten` the number of parts that were forgotten on request.
    `chain_ok` is about the events alone: when it holds and `ok` does not, the outbox can be rebuilt from them."""

    ok: bool
    rows: int
    head: str
    problems: list[str]
    first: int = 0
    last: int = 0
    forgotten: int = 0
    chain_ok: bool = True


def digest(event: Event) -> bytes:
    """The hash that `event` must carry. Fields are length-prefixed, so none can flow into the next."""
    import hashlib  # here and below: not before the first picture

    state = hashlib.sha256(b"modtui journal\n")
    for field in (
        event.prev, event.seq, event.format, event.kind, event.at_ms, event.community, event.decision, event.target,
        event.step, event.data, event.commitments,
    ):
        if field is None:
            state.update(_NONE)
            continue
        stored = raw(field)
        state.update(len(stored).to_bytes(4, "big") + stored)
    return state.digest()


def commit(salt: bytes, body: bytes) -> bytes:
    """The commitment to a personal part."""
    import hmac

    return hmac.digest(salt, body, "sha256")


def append(
    connection: sqlite3.Connection,
    kind: str,
    at_ms: int,
    data: bytes,
    *,
    community: str | None = None,
    decision: str | None = None,
    target: int | None = None,
    step: int | None = None,
    parts: Sequence[bytes] = (),
) -> Event:
    """Write one event, and its personal parts, at the end of the chain, inside the caller's transaction."""
    found = connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    seq, prev = (found[0] + 1, found[1]) if found else (1, GENESIS)
    salts = os.urandom(SALT * len(parts))
    rows = [(seq, at, salts[at * SALT : (at + 1) * SALT], body) for at, body in enumerate(parts)]
    commitments = b"".join(commit(salt, body) for _, _, salt, body in rows)
    event = Event(seq, FORMAT, kind, at_ms, community, decision, target, step, data, commitments, prev, b"")
    event = event._replace(hash=digest(event))
    connection.execute(f"INSERT INTO event ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", event)
    if rows:
        connection.executemany("INSERT INTO personal (seq, part, salt, body) VALUES (?,?,?,?)", rows)
    return event


def read(connection: sqlite3.Connection, where: str = "", values: Sequence[object] = ()) -> Iterator[Event]:
    """The events that match, in their order."""
    for row in connection.execute(f"SELECT {COLUMNS} FROM event {where} ORDER BY seq", tuple(values)):
        yield Event(*row[:8], *map(raw, row[8:]))


def raw(value: object) -> bytes:
    """A stored value as bytes, whatever type somebody gave it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def parts_of(connection: sqlite3.Connection, event: Event) -> list[bytes | None]:
    """The personal parts of `event`; None for each that was forgotten."""
    parts: list[bytes | None] = [None] * (len(event.commitments) // 32)
    if parts:
        for part, body in connection.execute("SELECT part, body FROM personal WHERE seq=?", (event.seq,)):
            if 0 <= part < len(parts):
                parts[part] = raw(body)
    return parts


def verify(connection: sqlite3.Connection, expected: str | None = None) -> Verified:
    """Check every event and every personal part, in the caller's read transaction.

    `expected` is a head hash that was kept elsewhere (hex, at least 12 digits): it must be in the chain.
    """
    problems: list[str] = []
    kept = (expected or "").strip().lower()
    kept_found = not kept
    if kept and (len(kept) < 12 or any(c not in "0123456789abcdef" for c in kept)):
        problems.append("The kept head is not one: it has 12 to 64 hex digits.")
        kept_found = True
    rows = first = last = 0
    first_prev = before = GENESIS
    missing: set[tuple[int, int]] = set()
    forgotten: set[tuple[int, int]] = set()
    checkpoint: tuple[int, str] | None = None
    bodies = _bodies(connection)
    ahead = next(bodies, None)
    for event in read(connection):
        rows += 1
        if rows == 1:
            first, first_prev = event.seq, event.prev
        elif event.seq != last + 1:
            gap = f"Row {last + 1} is" if event.seq == last + 2 else f"Rows {last + 1} to {event.seq - 1} are"
            problems.append(f"{gap} missing.")
        elif event.prev != before:
            problems.append(f"Row {event.seq} does not follow row {last}: rows were changed, moved or put in there.")
        if digest(event) != event.hash:
            problems.append(f"Row {event.seq} was changed.")
        wanted = [event.commitments[at : at + 32] for at in range(0, len(event.commitments), 32)]
        left = set(range(len(wanted)))
        while ahead is not None and ahead[0] <= event.seq:
            seq, part, salt, body = ahead
            if seq < event.seq or part not in left:
                problems.append(f"A personal part ({part}) of row {seq} belongs to no row.")
            else:
                left.discard(part)
                if commit(salt, body) != wanted[part]:
                    problems.append(f"The personal part {part} of row {seq} was changed.")
            ahead = next(bodies, None)
        missing.update((event.seq, part) for part in left)
        if event.kind in ("forgot", "checkpoint"):
            data = _data(event)
            if event.kind == "forgot":
                forgotten.update((pair[0], pair[1]) for pair in data.get("rows", ()) if len(pair) == 2)
            else:
                checkpoint = (data.get("upto", 0), data.get("hash", ""))
        before, last = event.hash, event.seq
        kept_found = kept_found or event.hash.hex().startswith(kept)
    if ahead is not None:
        problems.append(f"A personal part ({ahead[1]}) of row {ahead[0]} belongs to no row.")
    for seq, part in sorted(missing - forgotten):
        problems.append(f"The personal part {part} of row {seq} is missing, and no forgetting explains it.")
    if rows and (first != 1 or first_prev != GENESIS) and checkpoint != (first - 1, first_prev.hex()):
        problems.append(f"The rows before row {first} are missing, and no checkpoint explains it.")
    if checkpoint and checkpoint[1].startswith(kept):
        kept_found = True
    if not kept_found:
        problems.append(
            "The kept head is not in the journal: rows at its end were cut off, it was replaced, "
            "or they are older than what is kept."
        )
    return Verified(
        ok=not problems, rows=rows, head=before.hex() if rows else "", problems=problems, first=first, last=last,
        forgotten=len(missing & forgotten),
    )


def _bodies(connection: sqlite3.Connection) -> Iterator[tuple[int, int, bytes, bytes]]:
    for seq, part, salt, body in connection.execute("SELECT seq, part, salt, body FROM personal ORDER BY seq, part"):
        yield seq, part, raw(salt), raw(body)


def _data(event: Event) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
