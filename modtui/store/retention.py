"""Forgetting a member, and letting go of old rows, without breaking the chain. Runs inside the writer's transaction."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import msgspec

from modtui.errors import StoreError
from modtui.store import entries, projection
from modtui.store.chain import Event, append, read
from modtui.store.codec import encode

_OUR_WORDS = frozenset({"state", "kind", "community", "digest"})


def forget(connection: sqlite3.Connection, username: str, community: str | None, now_ms: int) -> int:
    """Delete every personal part that names `username`, and blank it in the outbox. How many parts went.

    A part names a member when one of its strings is the username or has it as a mention (@name), without regard to
    case. With a target go the answers and errors of its steps, and the words of its decision when they were for this
    member alone or contain the name. Drafts, snoozes and skips of the member go as well, uncounted. Raises StoreError
    while a decision about the member is on its way.
    """
    wanted = username.strip().lstrip("@").casefold()
    if not wanted:
        raise StoreError("The name to forget is empty.", "Nothing was changed.")
    mention = re.compile(rf"(?<![\w@])@{re.escape(wanted)}(?![\w-])")
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    where, placed = "WHERE kind <> 'forgot'", dict[tuple[str, int], str]()
    if community is not None:  # a decision may have targets in several communities
        inside = "decision IN (SELECT decision FROM target WHERE community = ?)"
        where += f" AND (community = ? OR {inside})"
        rows = connection.execute(f"SELECT decision, idx, community FROM target WHERE {inside}", (community,))
        placed = {(decision, index): place for decision, index, place in rows}
    doomed: set[tuple[int, int]] = set()
    about: dict[str, set[int]] = {}
    decided: dict[str, tuple[int, int]] = {}
    steps: list[tuple[int, str, int]] = []
    wordings: dict[str, str] = {}

    def elsewhere(event: Event, part: int) -> bool:
        """Whether a part is about a target of another community than the one that is meant."""
        of_target = event.kind == "decided" and part >= entries.TARGETS
        index = part - entries.TARGETS if of_target else event.target
        if community is None or event.decision is None or index is None:
            return False
        return placed.get((event.decision, index), event.community) != community

    for event in read(connection, where, () if community is None else (community, community)):
        count = len(event.commitments) // 32
        if event.kind == "decided" and event.decision:
            decided[event.decision] = (event.seq, count - entries.TARGETS)
        for part, body in connection.execute("SELECT part, body FROM personal WHERE seq=?", (event.seq,)):
            if elsewhere(event, part):
                continue
            text = bytes(body).decode("utf-8", "replace")
            named = _names(text, wanted, mention)
            if named:
                doomed.add((event.seq, part))
            if event.kind == "step" and event.decision and event.target is not None:
                steps.append((event.seq, event.decision, event.target))
                if named:
                    about.setdefault(event.decision, set())
            elif event.kind == "decided" and event.decision:
                if part >= entries.TARGETS and named:
                    about.setdefault(event.decision, set()).add(part - entries.TARGETS)
                elif part == entries.WORDS:
                    wordings[event.decision] = text.casefold()
                if named:
                    about.setdefault(event.decision, set())
    for seq, decision, target in steps:
        if target in about.get(decision, ()):
            doomed.add((seq, 0))
    for decision, targets in about.items():
        seq, count = decided.get(decision, (0, 0))
        text = wordings.get(decision, "")
        if seq and text and targets and (len(targets) == count or word.search(text)):
            doomed.add((seq, entries.WORDS))
    touched = sorted(about)
    if any(_is_open(connection, decision) for decision in touched):
        raise StoreError(
            "A decision that names this member is still on its way. Nothing was forgotten.",
            "Send it or drop it first (modtui outbox), then forget again.",
        )
    for table in ("snooze", "skip"):
        for (item,) in connection.execute(f"SELECT item FROM {table}").fetchall():
            if item.rpartition("/")[2].casefold() == wanted:
                connection.execute(f"DELETE FROM {table} WHERE item=?", (item,))
    for id, item, where_to, body in connection.execute("SELECT id, item, community, body FROM unsent").fetchall():
        named = item.rpartition("/")[2].casefold() == wanted or _mentioned(bytes(body), word)
        if named and community in (None, where_to):
            connection.execute("DELETE FROM unsent WHERE id=?", (id,))
    if doomed:
        gone = sorted(doomed)
        connection.executemany("DELETE FROM personal WHERE seq=? AND part=?", gone)
        append(connection, "forgot", now_ms, encode({"rows": [list(row) for row in gone]}), community=community)
        projection.refresh(connection, touched)
    return len(doomed)


def _mentioned(body: bytes, word: re.Pattern[str]) -> bool:
    """Whether the name stands in a draft, anywhere in its text: better one draft too many."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        value = body.decode("utf-8", "replace")
    texts = list(value.values()) if isinstance(value, dict) else [value]
    return any(isinstance(text, str) and word.search(text.casefold()) is not None for text in texts)


def _names(text: str, wanted: str, mention: re.Pattern[str]) -> bool:
    if wanted not in text.casefold() and "\\u" not in text:
        return False  # most parts: no need to take them apart
    try:
        return _named(msgspec.json.decode(text.encode()), wanted, mention)
    except msgspec.DecodeError:
        return True  # cannot be read, but the name is in it


def _named(value: Any, wanted: str, mention: re.Pattern[str]) -> bool:
    if isinstance(value, str):
        folded = value.casefold()
        return folded == wanted or (wanted in folded and mention.search(folded) is not None)
    if isinstance(value, dict):  # keys and our own words are no names, even where a member has chosen one of them
        return any(_named(inner, wanted, mention) for key, inner in value.items() if key not in _OUR_WORDS)
    if isinstance(value, list):
        return any(_named(inner, wanted, mention) for inner in value)
    return False


def _is_open(connection: sqlite3.Connection, decision: str) -> bool:
    row = connection.execute("SELECT open FROM decision WHERE id=?", (decision,)).fetchone()
    return bool(row and row[0])


def prune(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> int:
    """Delete the oldest events up to `before_ms`, as far as no decision is cut in two, and write a checkpoint.

    A decision that is open, or that moved later, keeps itself and everything after its first event. Texts that were
    never sent go as well when they are that old. How many events went.
    """
    connection.execute("DELETE FROM unsent WHERE saved_ms < ?", (before_ms,))
    row = connection.execute("SELECT min(seq) FROM event WHERE at_ms >= ?", (before_ms,)).fetchone()
    newest = connection.execute("SELECT max(seq) FROM event").fetchone()
    cut = row[0] if row[0] is not None else (newest[0] or 0) + 1
    while True:  # `cut` is the first event that stays
        row = connection.execute(
            "SELECT min(seq) FROM decision WHERE seq < ? AND (open = 1 OR last_seq >= ?)", (cut, cut)
        ).fetchone()
        if row[0] is None:
            break
        cut = row[0]
    last = connection.execute("SELECT seq, hash FROM event WHERE seq < ? ORDER BY seq DESC LIMIT 1", (cut,)).fetchone()
    if last is None:
        return 0
    count = connection.execute("SELECT count(*) FROM event WHERE seq < ?", (cut,)).fetchone()[0]
    append(connection, "checkpoint", now_ms, encode({"upto": last[0], "hash": last[1].hex(), "rows": count}))
    connection.execute("INSERT INTO pruned (upto) VALUES (?)", (last[0],))
    gone = [row[0] for row in connection.execute("SELECT id FROM decision WHERE seq < ?", (cut,))]
    projection.remove(connection, gone)
    connection.execute("DELETE FROM personal WHERE seq < ?", (cut,))
    connection.execute("DELETE FROM event WHERE seq < ?", (cut,))
    return int(count)
