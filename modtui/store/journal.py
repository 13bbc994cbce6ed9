"""The journal: what was decided, what became of it, and the outbox that follows from it (state.db)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from modtui.domain.decisions import Answer, Decision, StepState
from modtui.domain.transitions import LEGAL
from modtui.errors import StoreError
from modtui.store import chain, drafts, entries, projection
from modtui.store.chain import Verified
from modtui.store.codec import decode, encode, whole
from modtui.store.database import Database
from modtui.store.outbox import Outbox
from modtui.store.schema import MIGRATIONS, prepare_state
from modtui.store.trouble import ConflictingOpen

RESERVED = frozenset({"decided", "step", "forgot", "checkpoint"})
_PAGE = 500


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One step's way from a state in `frm` to `to`. See `Journal.move`."""

    decision: str
    target: int
    step: int
    frm: tuple[StepState, ...]
    to: StepState
    at_ms: int
    answer: Answer | None = None
    error: str | None = None
    due_ms: int | None = None
    conflict: tuple[str, ...] = ()


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event to look at. `personal` has its personal parts in order, None for each that was forgotten;
    `data` and the parts are plain JSON values. `hash` is 64 hex digits."""

    seq: int
    format: int
    kind: str
    at_ms: int
    community: str | None
    decision: str | None
    target: int | None
    step: int | None
    data: dict[str, Any]
    personal: tuple[Any, ...]
    hash: str


class Journal(Outbox):
    """state.db, opened. What changes it is async and on the disk when it returns; questions are plain and fast.

    Every method may raise StoreError with a sentence; then nothing of that call was written.
    """

    def __init__(self, path: Path, *, wait_s: float = 5.0, now_ms: Callable[[], int] | None = None) -> None:
        """Open or make `path`. `wait_s` is how long another process may hold the file before we give up."""
        super().__init__(
            Database(
                path, what="the journal", version=len(MIGRATIONS), prepare=prepare_state(), synchronous="FULL",
                wait_s=wait_s,
            )
        )
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)

    # -- writing

    async def record(self, decision: Decision) -> None:
        """Write a new decision: it is on the disk when this returns.

        Raises ConflictingOpen when a subject has an open decision already, StoreError when the id is taken, a subject
        is twice in it, another decision has taken it back already (for one with `undo_of`), or the file makes trouble.
        ValueError when targets or steps are not numbered from 0.
        """
        for at, target in enumerate(decision.targets):
            if target.index != at or any(step.index != index for index, step in enumerate(target.steps)):
                raise ValueError("targets and steps are numbered from 0, in their order")

        def work(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM decision WHERE id=?", (decision.id,)).fetchone():
                raise StoreError(f"The decision {decision.id} is in the journal already.")
            if decision.undo_of is not None:
                _only_undo(connection, decision)
            data, parts = entries.split(decision)
            event = chain.append(
                connection, "decided", whole(decision.created_ms) or 0, data, community=decision.community,
                decision=decision.id, parts=parts,
            )
            try:
                projection.Projector(connection).apply(event, list(parts))
            except sqlite3.IntegrityError as error:
                subjects = [str(target.ref) for target in decision.targets]
                if len(set(subjects)) < len(subjects):
                    raise StoreError("The same subject is twice in this decision. Nothing was saved.") from error
                raise _clash(connection, subjects, decision.id) from error

        await self.database.write(work)

    async def move(
        self,
        decision: str,
        target: int,
        step: int,
        *,
        frm: tuple[StepState, ...],
        to: StepState,
        at_ms: int,
        answer: Answer | None = None,
        error: str | None = None,
        due_ms: int | None = None,
        conflict: tuple[str, ...] = (),
    ) -> bool:
        """Compare and set, over all processes: when the step's state is one of `frm`, it becomes `to`.

        False when it is another, or when there is no such step (retention may have taken it). `answer` and `due_ms`
        (UTC ms) replace what was there when given; `error` always does; `conflict` replaces the target's conflict
        words, which a move to `held` clears. Raises ConflictingOpen when this would re-open a subject that has another
        open decision; ValueError for a way that `domain.transitions` does not know.
        """
        only = Move(
            decision=decision, target=target, step=step, frm=frm, to=to, at_ms=at_ms, answer=answer, error=error,
            due_ms=due_ms, conflict=conflict,
        )
        return (await self.move_many([only]))[0]

    async def move_many(self, moves: Sequence[Move]) -> list[bool]:
        """Several moves in one transaction, in this order; each answers for itself as in `move`, an error undoes all.

        To hand a subject from one decision to another, the move that closes comes before the one that opens.
        """
        taken = tuple(moves)
        for move in taken:
            if odd := [frm for frm in move.frm if (frm, move.to) not in LEGAL]:
                raise ValueError(f"a step never goes from {' or '.join(odd)} to {move.to}")

        def work(connection: sqlite3.Connection) -> list[bool]:
            projector = projection.Projector(connection)
            results = [_move(connection, projector, move) for move in taken]
            projector.finish()
            return results

        return await self.database.write(work) if taken else []

    async def note(
        self,
        kind: str,
        data: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
        *,
        at_ms: int | None = None,
        community: str | None = None,
        decision: str | None = None,
    ) -> None:
        """Write another event (started, ended, noticed ...), about a decision perhaps. `data` is hashed and stays for
        good, so it names nobody; names and texts go into `personal`. Both are JSON values without secrets. ValueError
        for a reserved kind."""
        if kind in RESERVED:
            raise ValueError(f"{kind} is written by the journal itself")
        raw = encode(dict(data))
        parts = [encode(dict(personal))] if personal is not None else []
        moment = self._now_ms() if at_ms is None else at_ms
        await self.database.write(
            lambda connection: chain.append(
                connection, kind, moment, raw, community=community, decision=decision, parts=parts
            )
        )

    async def snooze(self, item: str, until_ms: int | None) -> None:
        """Put an item aside until an instant (UTC ms), or take that back with None."""
        await self._keep("snooze", "item", item, ("until_ms", until_ms))

    async def skip(self, item: str, at_ms: int | None) -> None:
        """Remember that an item was left for later at this instant, or forget that with None."""
        await self._keep("skip", "item", item, ("at_ms", at_ms))

    async def put_draft(self, row: drafts.DraftRow, replaces: drafts.DraftRow | None = None) -> None:
        """Keep an unsent text; `replaces` is the row that it goes on from, as it was read. See `store.drafts`."""
        await self.database.write(lambda connection: drafts.put(connection, row, replaces))

    async def drop_drafts(self, ids: Sequence[str]) -> int:
        """Throw unsent texts away. How many there were. What is deleted leaves the disk."""
        taken = tuple(ids)
        return await self.database.write(lambda connection: drafts.drop(connection, taken)) if taken else 0

    async def _keep(self, table: str, key: str, value: str, column: tuple[str, int | None]) -> None:
        name, moment = column

        def work(connection: sqlite3.Connection) -> None:
            if moment is None:
                connection.execute(f"DELETE FROM {table} WHERE {key}=?", (value,))
            else:
                connection.execute(f"INSERT OR REPLACE INTO {table} ({key}, {name}) VALUES (?,?)", (value, moment))

        await self.database.write(work)

    # -- the chain

    def events(self, after: int = 0) -> Iterator[EventRow]:
        """The events with a number above `after`, oldest first. A page at a time: nothing is held meanwhile."""
        while True:
            with self.database.reading() as connection:
                found = chain.read(connection, "WHERE seq > ? AND seq <= ?", (after, _bound(connection, after)))
                page = [_row(event, chain.parts_of(connection, event)) for event in found]
            if not page:
                return
            yield from page
            after = page[-1].seq

    def verify(self, expected: str | None = None) -> Verified:
        """Check the whole chain, all personal parts and the outbox; see `chain.verify`. May take seconds on a long
        journal, so not on the event loop: `await asyncio.to_thread(journal.verify)`."""
        with self.database.snapshot() as connection:
            found = chain.verify(connection, expected)
            more = projection.differs(connection)
        problems = [*found.problems, *more]
        return msgspec.structs.replace(found, ok=not problems, problems=problems, chain_ok=found.ok)

    def rebuild(self) -> int:
        """Make the outbox anew from the events alone; waits. How many events it rests on."""
        return self.database.write_now(projection.rebuild)

    async def forget(self, username: str, *, community: str | None = None) -> int:
        """Delete every personal part that names this member (of one community, or of all), here and in old copies of
        the journal. The chain still verifies. How many parts went. Raises StoreError while a decision that names the
        member is on its way."""
        from modtui.store import retention

        moment = self._now_ms()
        count = await self.database.write(
            lambda connection: retention.forget(connection, username, community, moment), truncate=True
        )
        path = self.database.path
        for copy in path.parent.glob(f"{path.name}.v*.bak"):
            try:
                copy.unlink()
            except OSError as error:
                raise StoreError(
                    f"The member is forgotten, but the old copy {copy} could not be deleted: {error.strerror}.",
                    "Delete it by hand.",
                ) from error
        return count

    async def prune(self, before_ms: int) -> int:
        """Delete events older than `before_ms`, as far as no decision is cut in two, leaving a checkpoint. How many."""
        from modtui.store import retention

        moment = self._now_ms()
        return await self.database.write(
            lambda connection: retention.prune(connection, before_ms, moment), truncate=True
        )

    async def close(self) -> None:
        """Finish what is queued, then close."""
        await self.database.close()


def _move(connection: sqlite3.Connection, projector: projection.Projector, move: Move) -> bool:
    found = connection.execute(
        "SELECT step.state, target.community FROM step JOIN target ON target.decision = step.decision"
        " AND target.idx = step.target WHERE step.decision=? AND step.target=? AND step.idx=?",
        (move.decision, move.target, move.step),
    ).fetchone()
    if found is None or found[0] not in move.frm:
        return False
    data = encode(entries.Moved(frm=found[0], to=move.to, due_ms=whole(move.due_ms)))
    body = entries.MovedBody(answer=move.answer, error=move.error, conflict=move.conflict)
    parts = [encode(body)] if body != entries.MovedBody() else []
    event = chain.append(
        connection, "step", whole(move.at_ms) or 0, data, community=found[1], decision=move.decision,
        target=move.target, step=move.step, parts=parts,
    )
    try:
        projector.apply(event, list(parts))
    except sqlite3.IntegrityError as error:
        where = "SELECT subject FROM target WHERE decision=? AND idx=?"
        subjects = [row[0] for row in connection.execute(where, (move.decision, move.target))]
        raise _clash(connection, subjects, move.decision) from error
    return True


def _only_undo(connection: sqlite3.Connection, decision: Decision) -> None:
    """Raises StoreError where another decision, perhaps of another process, takes the same back."""
    for target in decision.targets:
        row = connection.execute(
            "SELECT d.id FROM decision AS d JOIN target AS t ON t.decision = d.id WHERE d.undo_of=? AND t.subject=?"
            " AND t.state NOT IN ('undone', 'discarded', 'refused', 'conflict')", (decision.undo_of, str(target.ref)),
        ).fetchone()
        if row is not None:
            raise StoreError(f"It was taken back already ({row[0]}). Nothing was saved.")


def _clash(connection: sqlite3.Connection, subjects: Sequence[str], mine: str) -> StoreError:
    """The error that names the open decision in the way of these subjects."""
    for subject in subjects:
        for (other,) in connection.execute("SELECT decision FROM target WHERE subject=? AND open=1", (subject,)):
            if other != mine:
                return ConflictingOpen(other, subject)
    return StoreError("This does not fit what the journal holds. Nothing was saved.", "Run `modtui log verify`.")


def _bound(connection: sqlite3.Connection, after: int) -> int:
    """The number of the last event of the page that begins behind `after`."""
    row = connection.execute(
        "SELECT max(seq) FROM (SELECT seq FROM event WHERE seq > ? ORDER BY seq LIMIT ?)", (after, _PAGE)
    ).fetchone()
    return int(row[0] or 0)


_ANY = msgspec.json.Decoder(object)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def _row(event: chain.Event, parts: Sequence[bytes | None]) -> EventRow:
    return EventRow(
        seq=event.seq, format=event.format, kind=event.kind, at_ms=event.at_ms, community=event.community,
        decision=event.decision, target=event.target, step=event.step, data=decode(event.data, _OBJECT) or {},
        personal=tuple(None if part is None else decode(part, _ANY) for part in parts), hash=event.hash.hex(),
    )

