"""The members of the cache by name: what a prefix search over 100,000 of them needs, and the columns that only members
have. A row of the lane `members` stands in `item` as every other; what is here goes with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from modtui.domain.items import Item, Member
from modtui.domain.subjects import CommunityId
from modtui.store.codec import column, whole
from modtui.store.trouble import Damaged
from modtui.text.words import fold as plain

if TYPE_CHECKING:
    from modtui.store.cache import Cache

_LAST = "\U0010ffff"


def fold(text: str) -> str:
    """A name as it is compared: without case, accents and signs around it."""
    return plain(text.strip().lstrip("@"))


def keys(member: Member) -> set[str]:
    """What a member is found by: the username, and the name from each of its words on."""
    words = fold(member.name or "").split()[:8]
    found = {fold(member.username), *(" ".join(words[at:]) for at in range(len(words)))}
    return {key for each in found if (key := column(each))}


def flags(member: Member) -> tuple[str, ...]:
    """What a filter `is:` can ask about a member: the flags of the directory, and the sanctions in force."""
    sanctions = {"silence": "silenced", "ban": "suspended"}
    return tuple(dict.fromkeys((*member.flags, *(sanctions[one.kind] for one in member.penalties))))


def put(connection: sqlite3.Connection, row: int | None, item: Item) -> None:
    """Keep the names and columns of a member's row. Runs in the transaction that writes the row."""
    member = item.author
    if member is None:
        return
    connection.execute(
        "INSERT OR REPLACE INTO member (row, seen_ms, posts, trust, flags) VALUES (?,?,?,?,?)",
        (row, whole(member.seen_ms), whole(member.posts), whole(member.trust), column(f" {' '.join(flags(member))} ")),
    )
    wanted = keys(member)
    here = {str(found[0]) for found in connection.execute("SELECT key FROM member_name WHERE row=?", (row,))}
    if here != wanted:
        community = column(item.ref.community)
        connection.execute("DELETE FROM member_name WHERE row=?", (row,))
        connection.executemany(
            "INSERT OR IGNORE INTO member_name (community, key, row) VALUES (?,?,?)",
            [(community, key, row) for key in wanted],
        )


def named(cache: Cache, text: str, communities: Sequence[CommunityId], *, limit: int = 50) -> list[str]:
    """The ids of the members whose username or name (or a word of it) begins with `text`, by name, the exact one first.
    An empty text finds nothing. Raises StoreError."""
    wanted = column(fold(text))
    if not wanted:
        return []
    rows: list[tuple[str, int]] = []
    try:
        with cache.database.reading() as connection:
            for community in communities:
                rows += connection.execute(
                    "SELECT key, row FROM member_name WHERE community=? AND key>=? AND key<? ORDER BY key, row LIMIT ?",
                    (column(community), wanted, wanted + _LAST, limit * 3),
                ).fetchall()
            rows.sort()
            order = list(dict.fromkeys(row for _, row in rows))
            ids: list[str] = []
            step = max(1, min(500, limit))
            for at in range(0, len(order), step):
                part = order[at : at + step]
                marks = ",".join("?" * len(part))
                question = f"SELECT row, id FROM item WHERE row IN ({marks}) AND open=1"
                found: dict[int, str] = dict(connection.execute(question, part).fetchall())
                ids += [found[row] for row in part if row in found]
                if len(ids) >= limit:
                    break
            return ids[:limit]
    except Damaged:
        cache.database.renew()
        return []


def exact(cache: Cache, name: str, communities: Sequence[CommunityId]) -> list[str]:
    """The ids of the members with exactly this username, in any case. Raises StoreError."""
    wanted = name.strip().lstrip("@").casefold()
    ids = named(cache, name, communities, limit=200)
    return [
        id for id, item in zip(ids, cache.items(ids), strict=True)
        if item is not None and item.author is not None and item.author.username.casefold() == wanted
    ]  # fmt: skip
