"""The outbox: tables that say where each decision stands, made from the events and from nothing else.

The same `apply` runs when an event is written and when the tables are rebuilt, so both give the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from modtui.domain.decisions import FINAL, Answer, Decision, Step, derive
from modtui.errors import StoreError
from modtui.store import entries
from modtui.store.chain import FORMAT, Event, parts_of, read
from modtui.store.codec import column, decode, encode, whole
from modtui.store.schema import script

TABLES = ("decision", "target", "step")
_CHUNK = 500


class Unreadable(StoreError):
    """An event or a row of the outbox cannot be understood."""

    def __init__(self, which: str) -> None:
        super().__init__(f"{which} of the journal cannot be read.", "Run `modtui log verify`.")


class Projector:
    """Applies events to the tables. `finish` derives the decisions' states from their steps, once for many events."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._decisions: dict[str, int] = {}

    def apply(self, event: Event, parts: Sequence[bytes | None]) -> None:
        """Take in one event. Raises Unreadable; IntegrityError when a subject would have two open decisions."""
        if event.kind not in ("decided", "step"):
            return
        if event.format != FORMAT or event.decision is None:
            raise Unreadable(f"Row {event.seq}")
        if event.kind == "decided":
            self._decided(event, parts)
        else:
            self._moved(event, parts)

    def _decided(self, event: Event, parts: Sequence[bytes | None]) -> None:
        data = decode(event.data, entries.DECIDED)
        if data is None or len(parts) != entries.TARGETS + len(data.targets):
            raise Unreadable(f"Row {event.seq}")
        account = parts[entries.ACCOUNT]
        head = data.head
        states = {step.state for target in data.targets for step in target.steps}
        self._connection.execute(
            "INSERT INTO decision (id, seq, last_seq, community, verb, created_ms, undo_of, head, account, words,"
            " state, open) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                event.decision, event.seq, event.seq, event.community or "", head.verb,
                event.at_ms, head.undo_of, encode(head),
                None if account is None else decode(account, entries.ACCOUNT_BODY), parts[entries.WORDS],
                derive(states), int(any(state not in FINAL for state in states)),
            ),
        )
        for at, target in enumerate(data.targets):
            raw = parts[entries.TARGETS + at]
            body = None if raw is None else decode(raw, entries.TARGET_BODY)
            if raw is not None and body is None:
                raise Unreadable(f"Row {event.seq}")
            self._target(event, target, raw, body)

    def _target(
        self, event: Event, head: entries.TargetHead, raw: bytes | None, body: entries.TargetBody | None
    ) -> None:
        states = [step.state for step in head.steps]
        self._connection.execute(
            "INSERT INTO target (decision, idx, seq, community, kind, subject, author, checked, body, conflict, state,"
            " open) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                event.decision, head.index, event.seq,
                body.ref.community if body else head.community or event.community or "", head.kind,
                str(body.ref) if body else None, author_key(body.author) if body and body.author else None,
                int(head.checked), raw, encode(body.conflict) if body and body.conflict else None, derive(states),
                int(any(state not in FINAL for state in states)),
            ),
        )
        bodies: Sequence[entries.StepBody | None] = body.steps if body else [None] * len(head.steps)
        for step, own in zip(head.steps, bodies, strict=True):
            self._connection.execute(
                "INSERT INTO step (decision, target, idx, name, key, executor, reaches, due_ms, state, answer, error,"
                " changed_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    event.decision, head.index, step.index, step.name, step.key, step.executor, int(step.reaches),
                    whole(step.due_ms), step.state, encode(own.answer) if own and own.answer else None,
                    own.error if own else None, whole(step.changed_ms),
                ),
            )

    def _moved(self, event: Event, parts: Sequence[bytes | None]) -> None:
        data = decode(event.data, entries.MOVED)
        raw = parts[0] if parts else None
        body = entries.MovedBody() if raw is None else decode(raw, entries.MOVED_BODY)
        if data is None or body is None or event.decision is None or event.target is None:
            raise Unreadable(f"Row {event.seq}")
        answer = encode(body.answer) if body.answer is not None else None
        self._connection.execute(
            "UPDATE step SET state=?, due_ms=coalesce(?, due_ms), answer=coalesce(?, answer), error=?,"
            " changed_ms=CASE WHEN ?='unknown' THEN changed_ms ELSE ? END WHERE decision=? AND target=? AND idx=?",
            (
                data.to, whole(data.due_ms), answer, body.error, data.to, event.at_ms, event.decision, event.target,
                event.step,
            ),
        )
        if body.conflict or data.to == "held":  # going back to held forgets the old conflict
            self._connection.execute(
                "UPDATE target SET conflict=? WHERE decision=? AND idx=?",
                (encode(body.conflict) if body.conflict else None, event.decision, event.target),
            )
        # At once, not in `finish`: the rule of one open decision per subject holds after every single event.
        one = (event.decision, event.target)
        self._connection.execute(
            "UPDATE target SET state=?, open=? WHERE decision=? AND idx=?",
            (*self._derive("WHERE decision=? AND target=?", one), *one),
        )
        self._decisions[event.decision] = event.seq

    def finish(self) -> None:
        """Derive the states of the decisions that moved."""
        for decision, seq in self._decisions.items():
            self._connection.execute(
                "UPDATE decision SET state=?, open=?, last_seq=? WHERE id=?",
                (*self._derive("WHERE decision=?", (decision,)), seq, decision),
            )
        self._decisions.clear()

    def _derive(self, where: str, values: tuple[object, ...]) -> tuple[str, int]:
        states = [row[0] for row in self._connection.execute(f"SELECT DISTINCT state FROM step {where}", values)]
        return derive(states), int(any(state not in FINAL for state in states))


def author_key(author: str) -> str:
    """How authors are compared: without regard to case."""
    return column(author.casefold()) or ""


def replay(connection: sqlite3.Connection, into: sqlite3.Connection, decisions: Iterable[str] | None = None) -> int:
    """Apply the events of `connection` (only those of `decisions`, when given) to the tables of `into`. How many."""
    projector = Projector(into)
    count = 0

    def run(events: Iterator[Event]) -> None:
        nonlocal count
        for event in events:
            if event.kind in ("decided", "step"):
                projector.apply(event, parts_of(connection, event))
                count += 1
        projector.finish()

    if decisions is None:
        run(read(connection))
    else:
        for decision in decisions:
            run(read(connection, "WHERE decision=?", (decision,)))
    return count


def rebuild(connection: sqlite3.Connection) -> int:
    """Make the tables anew from all events, in the caller's transaction. How many events they rest on."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")
    return replay(connection, connection)


def refresh(connection: sqlite3.Connection, decisions: Sequence[str]) -> None:
    """Make the rows of some closed decisions anew (after a part of them was forgotten)."""
    from modtui.store import tables

    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        script(fresh, tables.PROJECTION)
        fresh.execute("DROP INDEX target_one_open")  # they were open in turn, and are replayed one after the other
        fresh.execute("BEGIN")
        replay(connection, fresh, decisions)
        remove(connection, decisions)
        for table in TABLES:
            for row in rows(fresh, table):
                connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    finally:
        fresh.close()


def remove(connection: sqlite3.Connection, decisions: Sequence[str]) -> None:
    """Delete the rows of some decisions."""
    for name, key in (("step", "decision"), ("target", "decision"), ("decision", "id")):
        connection.executemany(f"DELETE FROM {name} WHERE {key}=?", [(decision,) for decision in decisions])


def differs(connection: sqlite3.Connection) -> list[str]:
    """Sentences about each table that is not what the events make of it."""
    from modtui.store import tables

    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        script(fresh, tables.PROJECTION)
        fresh.execute("BEGIN")
        try:
            replay(connection, fresh)
        except (Unreadable, sqlite3.IntegrityError) as error:
            return [f"The outbox cannot be made from the events: {error}"]
        return [
            f"The outbox differs from the events (table {table}). `modtui outbox` may be wrong until it is rebuilt."
            for table in TABLES
            if list(rows(connection, table)) != list(rows(fresh, table))
        ]
    finally:
        fresh.close()


def rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """All rows of one of TABLES in an order that does not depend on how they were made."""
    key = {"decision": "id", "target": "decision, idx", "step": "decision, target, idx"}[table]
    yield from connection.execute(f"SELECT * FROM {table} ORDER BY {key}")


def load(connection: sqlite3.Connection, ids: Sequence[str]) -> list[Decision]:
    """The decisions with these ids, in that order; unknown ones are left out. Raises Unreadable."""
    found: dict[str, Decision] = {}
    for at in range(0, len(ids), _CHUNK):
        chunk = ids[at : at + _CHUNK]
        marks = ",".join("?" * len(chunk))
        steps: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
        for row in connection.execute(
            "SELECT decision, target, idx, name, key, executor, reaches, due_ms, state, answer, error, changed_ms"
            f" FROM step WHERE decision IN ({marks}) ORDER BY decision, target, idx", chunk,
        ):
            steps.setdefault((row[0], row[1]), []).append(row)
        targets: dict[str, list[Any]] = {}
        for row in connection.execute(
            "SELECT decision, idx, community, kind, checked, body, conflict FROM target"
            f" WHERE decision IN ({marks}) ORDER BY decision, idx", chunk,
        ):
            targets.setdefault(row[0], []).append(_join_target(row, steps.get((row[0], row[1]), [])))
        for row in connection.execute(
            f"SELECT id, community, created_ms, account, head, words FROM decision WHERE id IN ({marks})", chunk
        ):
            head = decode(row[4], entries.HEAD)
            words = None if row[5] is None else decode(row[5], entries.WORDS_BODY)
            if head is None or (words is None and row[5] is not None):
                raise Unreadable(f"The decision {row[0]}")
            own = tuple(targets.get(row[0], ()))
            found[row[0]] = entries.join(row[0], row[1], row[2], row[3], head, words, own)
    return [found[id_] for id_ in ids if id_ in found]


def _join_target(row: tuple[Any, ...], own: list[tuple[Any, ...]]) -> Any:
    decision, index, community, kind, checked, raw, conflict = row
    body = None if raw is None else decode(raw, entries.TARGET_BODY)
    words = () if conflict is None else decode(conflict, entries.CONFLICT)
    if (body is None and raw is not None) or words is None or (body and len(body.steps) != len(own)):
        raise Unreadable(f"The decision {decision}")
    steps: list[Step] = []
    for at, (_, _, idx, name, key, executor, reaches, due_ms, state, answer, error, changed_ms) in enumerate(own):
        head = entries.StepHead(
            index=idx, name=name, key=key, due_ms=due_ms, executor=executor, reaches=bool(reaches), state=state,
            changed_ms=changed_ms,
        )
        said: Answer | None = None
        if answer is not None:
            said = decode(answer, entries.ANSWER)
            if said is None:
                raise Unreadable(f"The decision {decision}")
        steps.append(entries.join_step(head, body.steps[at] if body else None, said, error))
    return entries.join_target(index, community, kind, bool(checked), body, words, tuple(steps))
