"""Questions to the journal: where decisions stand, and what was done before. Read-only, fast, from any thread."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from modtui.domain.decisions import Decision
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store import drafts, projection
from modtui.store.chain import read
from modtui.store.codec import decode
from modtui.store.database import Database
from modtui.store.entries import MOVED
from modtui.store.projection import author_key

_IN_COMMUNITY = "EXISTS (SELECT 1 FROM target WHERE target.decision=decision.id AND target.community=?)"
"""A decision may have subjects in several communities."""
_TAKEN_BACK = "('undone', 'discarded', 'refused', 'conflict')"


class Outbox:
    """What the journal can be asked. `Journal` adds what changes it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def decision(self, id_: str) -> Decision | None:
        """The decision with this id."""
        with self.database.reading() as connection:
            found = projection.load(connection, [id_])
        return found[0] if found else None

    def decisions(self, ids: Sequence[str]) -> list[Decision]:
        """The decisions with these ids, in that order; unknown ones are left out."""
        with self.database.reading() as connection:
            return projection.load(connection, ids)

    def open_decisions(self, community: str | None = None) -> list[Decision]:
        """Everything that is held, being sent or of unknown fate, oldest first."""
        return self._select("WHERE open=1", _IN_COMMUNITY, community, "ORDER BY seq")

    def failed_decisions(self) -> list[Decision]:
        """Everything of which a step was refused or conflicts, oldest first: it waits for the moderator."""
        with self.database.reading() as connection:
            found = connection.execute(
                "SELECT id FROM decision WHERE id IN"
                " (SELECT decision FROM step WHERE state IN ('refused', 'conflict')) ORDER BY seq"
            )
            return projection.load(connection, [row[0] for row in found])

    def moved_since(self, seq: int) -> tuple[list[Decision], int]:
        """The decisions that are new or moved after the event with this number (as they are now, in the order in which
        they were made), and the newest event's number."""
        with self.database.reading() as connection:
            newest = connection.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
            found = connection.execute(
                "SELECT id FROM decision WHERE id IN (SELECT decision FROM event WHERE seq > ?) ORDER BY seq", (seq,)
            )
            return projection.load(connection, [row[0] for row in found]), newest

    def stopped(self, ids: Collection[str]) -> set[str]:
        """Which of these decisions the moderator took back while a request of theirs was out (an event "stop"), and has
        not tried again since."""
        stopped: set[str] = set()
        with self.database.reading() as connection:
            found = connection.execute(
                f"SELECT decision, max(seq) FROM event WHERE decision IN ({','.join('?' * len(ids))}) AND kind='stop'"
                " GROUP BY decision", tuple(ids),
            ).fetchall()
            for decision, seq in found:
                later = read(connection, "WHERE decision=? AND seq > ? AND kind='step'", (decision, seq))
                if not any(moved.to == "held" for event in later if (moved := decode(event.data, MOVED)) is not None):
                    stopped.add(decision)
        return stopped

    def was_unknown(self, decision: str, target: int, step: int) -> bool:
        """Whether the fate of this step was unknown at any time: it may have arrived although it is held again."""
        with self.database.reading() as connection:
            for event in read(connection, "WHERE decision=? AND target=? AND step=?", (decision, target, step)):
                moved = decode(event.data, MOVED) if event.kind == "step" else None
                if moved is not None and moved.to == "unknown":
                    return True
        return False

    def open_for(self, ref: SubjectRef) -> Decision | None:
        """The open decision about this subject; there is at most one."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT decision FROM target WHERE subject=? AND open=1", (str(ref),)).fetchone()
            found = projection.load(connection, [row[0]]) if row else []
        return found[0] if found else None

    def history(
        self, limit: int = 200, before: int | str | None = None, community: str | None = None, open_only: bool = False
    ) -> list[Decision]:
        """Decisions, newest first. `before` is an instant (UTC ms) or, to page exactly, the id of the last one seen;
        `community` picks those that have a subject there."""
        where, values = ["1"], list[object]()
        if isinstance(before, str):
            where.append("seq < (SELECT seq FROM decision WHERE id=?)")
            values.append(before)
        elif before is not None:
            where.append("created_ms < ?")
            values.append(before)
        if community is not None:
            where.append(_IN_COMMUNITY)
            values.append(community)
        if open_only:
            where.append("open=1")
        with self.database.reading() as connection:
            ids = [
                row[0] for row in connection.execute(
                    f"SELECT id FROM decision WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?", (*values, limit)
                )
            ]
            return projection.load(connection, ids)

    def last_undoable(
        self, since_ms: int = 0, communities: Collection[CommunityId] | None = None
    ) -> Decision | None:
        """The newest decision that `u` would take back: not itself an undo, not taken back (nor being taken back), and
        with something that is in force or on its way. Over all communities, or the given ones."""
        limit, values = "", list[object]()
        if communities is not None:
            places = ",".join("?" * len(communities))
            limit = f" AND EXISTS (SELECT 1 FROM target WHERE decision=d.id AND community IN ({places}))"
            values.extend(communities)
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT id FROM decision AS d WHERE undo_of IS NULL AND created_ms >= ?"
                f" AND state NOT IN {_TAKEN_BACK}{limit} AND NOT EXISTS (SELECT 1 FROM decision AS back"
                f" WHERE back.undo_of = d.id AND back.state NOT IN {_TAKEN_BACK}) ORDER BY seq DESC LIMIT 1",
                (since_ms, *values),
            ).fetchone()
            found = projection.load(connection, [row[0]]) if row else []
        return found[0] if found else None

    def undo_of(self, id_: str) -> list[Decision]:
        """The decisions that take this one back (tried, or done), newest first."""
        with self.database.reading() as connection:
            ids = [
                row[0]
                for row in connection.execute("SELECT id FROM decision WHERE undo_of=? ORDER BY seq DESC", (id_,))
            ]
            return projection.load(connection, ids)

    def earlier(
        self,
        ref: SubjectRef | None = None,
        *,
        author: str | None = None,
        community: str | None = None,
        limit: int = 20,
    ) -> list[Decision]:
        """What this journal did to a subject, or to an author (a username; with `community`, only there), newest first.

        With both, what concerns either.
        """
        found: dict[str, int] = {}
        with self.database.reading() as connection:
            if ref is not None:
                found.update(
                    connection.execute(
                        "SELECT decision, seq FROM target WHERE subject=? ORDER BY seq DESC LIMIT ?", (str(ref), limit)
                    )
                )
            if author is not None:
                where, values = ("", ()) if community is None else (" AND community=?", (community,))
                question = f"SELECT decision, seq FROM target WHERE author=?{where} GROUP BY seq"
                found.update(
                    connection.execute(f"{question} ORDER BY seq DESC LIMIT ?", (author_key(author), *values, limit))
                )
            ids = sorted(found, key=lambda id_: -found[id_])[:limit]
            return projection.load(connection, ids)

    def counts(self, since_ms: int = 0, community: str | None = None) -> dict[str, int]:
        """How many subjects were decided since an instant, by verb; each counts once, so the sum is the total.

        What was taken back counts as "undone"; refused, dropped and conflicting ones do not count, nor do undoing
        decisions.
        """
        limit, values = ("", ()) if community is None else (" AND t.community=?", (community,))
        totals: dict[str, int] = {}
        with self.database.reading() as connection:
            for verb, state, undone, count in connection.execute(
                "SELECT d.verb, t.state, EXISTS (SELECT 1 FROM decision AS back WHERE back.undo_of = d.id"
                " AND back.state = 'done'), count(*) FROM decision AS d JOIN target AS t ON t.decision = d.id"
                f" WHERE d.created_ms >= ? AND d.undo_of IS NULL{limit} GROUP BY 1, 2, 3", (since_ms, *values),
            ):
                if state not in ("discarded", "refused", "conflict"):
                    name = "undone" if undone or state == "undone" else verb
                    totals[name] = totals.get(name, 0) + count
        return totals

    def snoozed(self) -> dict[str, int]:
        """Items put aside, with the instant (UTC ms) at which they come back."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT item, until_ms FROM snooze"))

    def skipped(self) -> dict[str, int]:
        """Items left for later, with the instant (UTC ms) at which that was."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT item, at_ms FROM skip"))

    def drafts(self) -> list[drafts.DraftRow]:
        """All unsent texts, the newest first."""
        with self.database.reading() as connection:
            return drafts.read(connection)

    def data_version(self) -> int:
        """A number that rises when another process has written to the journal. Never waits; cheap enough to poll."""
        return self.database.data_version()

    def _select(self, where: str, extra: str, value: str | None, order: str) -> list[Decision]:
        limit, values = ("", ()) if value is None else (f" AND {extra}", (value,))
        with self.database.reading() as connection:
            ids = [row[0] for row in connection.execute(f"SELECT id FROM decision {where}{limit} {order}", values)]
            return projection.load(connection, ids)
