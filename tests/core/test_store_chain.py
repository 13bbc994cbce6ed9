"""The chain shows every kind of tampering; forgetting and retention do not break it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from modtui.domain.decisions import Answer
from modtui.errors import StoreError
from modtui.store import Journal, Verified
from modtui.store.chain import COLUMNS, Event, digest
from modtui.store.drafts import DraftRow
from modtui.text import Foreign
from tests.core.store_samples import HARBOUR, OTHER, START, decision, ref

pytestmark = pytest.mark.anyio

TRIGGERS = ("event_stays", "event_remains", "event_follows", "personal_stays")


async def written(path: Path, count: int = 6) -> Verified:
    """A journal with `count` decisions in it, closed."""
    journal = Journal(path, now_ms=lambda: START)
    for number in range(count):
        await journal.record(decision([number], at_ms=START + number))
    found = journal.verify()
    await journal.close()
    assert found.ok and found.rows == count
    return found


async def tampered(path: Path, change: Callable[[sqlite3.Connection], object], kept: str | None = None) -> Verified:
    """What verify finds after somebody changed the file with SQL, triggers removed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for trigger in TRIGGERS:
            connection.execute(f"DROP TRIGGER {trigger}")
        change(connection)
    journal = Journal(path)
    found = journal.verify(kept)
    await journal.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE event SET at_ms = at_ms + 1 WHERE seq = 3", 3),
        ("UPDATE event SET kind = 'step' WHERE seq = 2", 2),
        ("UPDATE event SET decision = 'other' WHERE seq = 4", 4),
        ("UPDATE event SET community = NULL WHERE seq = 4", 4),
        ("UPDATE event SET target = 0 WHERE seq = 4", 4),
        ("UPDATE event SET format = 2 WHERE seq = 1", 1),
        ("UPDATE event SET data = replace(data, 'remove', 'ignore') WHERE seq = 5", 5),
        ("UPDATE event SET commitments = zeroblob(length(commitments)) WHERE seq = 5", 5),
        ("UPDATE event SET hash = zeroblob(32) WHERE seq = 6", 6),
    ],
)
async def test_a_changed_row_is_named(path: Path, statement: str, row: int) -> None:
    await written(path)
    found = await tampered(path, lambda c: c.execute(statement))
    assert not found.ok
    assert f"Row {row} was changed." in found.problems


async def test_a_changed_row_with_a_fresh_hash_breaks_the_next(path: Path) -> None:
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        row = connection.execute(f"SELECT {COLUMNS} FROM event WHERE seq=3").fetchone()
        event = Event(*row)._replace(at_ms=5)
        connection.execute("UPDATE event SET at_ms=5, hash=? WHERE seq=3", (digest(event),))

    found = await tampered(path, change)
    assert any(problem.startswith("Row 4 does not follow row 3") for problem in found.problems)


async def test_removed_rows_are_named(path: Path) -> None:
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("event", "personal"):
            connection.execute(f"DELETE FROM {table} WHERE seq IN (3, 4)")

    assert "Rows 3 to 4 are missing." in (await tampered(path, change)).problems


async def test_a_removed_beginning_is_found(path: Path) -> None:
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("event", "personal"):
            connection.execute(f"DELETE FROM {table} WHERE seq <= 2")

    found = await tampered(path, change)
    assert any("before row 3 are missing" in problem for problem in found.problems)


async def test_reordered_rows_are_found(path: Path) -> None:
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("event", "personal"):
            for old, new in ((2, -2), (3, 2), (-2, 3)):
                connection.execute(f"UPDATE {table} SET seq=? WHERE seq=?", (new, old))

    found = await tampered(path, change)
    assert {"Row 2 was changed.", "Row 3 was changed."} <= set(found.problems)


async def test_an_inserted_row_is_found(path: Path) -> None:
    """Somebody makes room, writes a row with a right hash of its own, and renumbers what follows."""
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        for seq in (6, 5, 4):
            for table in ("event", "personal"):
                connection.execute(f"UPDATE {table} SET seq=? WHERE seq=?", (seq + 1, seq))
        prev = connection.execute("SELECT hash FROM event WHERE seq=3").fetchone()[0]
        event = Event(4, 1, "note", START, None, None, None, None, b"{}", b"", prev, b"")
        event = event._replace(hash=digest(event))
        connection.execute(f"INSERT INTO event ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", event)

    found = await tampered(path, change)
    assert any(problem.startswith("Row 5") for problem in found.problems)


async def test_an_appended_row_that_continues_nothing_is_found(path: Path) -> None:
    await written(path)

    def change(connection: sqlite3.Connection) -> None:
        event = Event(7, 1, "note", START, None, None, None, None, b"{}", b"", bytes(32), b"")
        event = event._replace(hash=digest(event))
        connection.execute(f"INSERT INTO event ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", event)

    assert any(problem.startswith("Row 7") for problem in (await tampered(path, change)).problems)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE personal SET body = replace(body, 'bo', 'al') WHERE seq=3 AND part=2", "part 2 of row 3 was"),
        ("UPDATE personal SET salt = zeroblob(32) WHERE seq=3 AND part=1", "part 1 of row 3 was"),
        ("DELETE FROM personal WHERE seq=3 AND part=0", "part 0 of row 3 is missing"),
        ("INSERT INTO personal VALUES (3, 9, zeroblob(32), '{}')", "(9) of row 3 belongs to no row"),
        ("INSERT INTO personal VALUES (99, 0, zeroblob(32), '{}')", "(0) of row 99 belongs to no row"),
    ],
)
async def test_a_changed_personal_part_is_named(path: Path, statement: str, said: str) -> None:
    await written(path)
    found = await tampered(path, lambda c: c.execute(statement))
    assert [problem for problem in found.problems if said in problem]


async def test_a_cut_tail_shows_against_a_kept_head_only(path: Path) -> None:
    head = (await written(path)).head

    def change(connection: sqlite3.Connection) -> None:
        last = connection.execute("SELECT decision FROM event WHERE seq=6").fetchone()[0]
        for table, key, value in (
            ("event", "seq", 6), ("personal", "seq", 6), ("decision", "id", last), ("target", "decision", last),
            ("step", "decision", last),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {key}=?", (value,))

    found = await tampered(path, change, head)
    assert [problem for problem in found.problems if "kept head" in problem]
    journal = Journal(path)
    assert journal.verify().ok, "without a kept head a cut tail cannot show"
    await journal.close()


async def test_a_kept_head_is_found_while_the_journal_grows(path: Path) -> None:
    head = (await written(path)).head
    journal = Journal(path)
    await journal.record(decision([99]))
    assert journal.verify(head).ok
    assert journal.verify(f" {head[:12].upper()}\n").ok
    assert not journal.verify("0" * 64).ok
    assert not journal.verify("not a hash").ok
    assert journal.verify().head != head
    await journal.close()


async def test_a_changed_outbox_is_found_and_repaired(path: Path) -> None:
    await written(path)
    found = await tampered(path, lambda c: c.execute("UPDATE step SET state='done'"))
    assert [problem for problem in found.problems if "outbox differs" in problem]
    journal = Journal(path)
    assert journal.rebuild() == 6
    assert journal.verify().ok
    await journal.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET at_ms=1",
        "DELETE FROM event WHERE seq=2",
        "UPDATE personal SET body='{}'",
        f"INSERT INTO event SELECT 9, {COLUMNS[5:]} FROM event WHERE seq=1",
    ],
)
async def test_the_database_itself_forbids_rewriting(path: Path, statement: str) -> None:
    await written(path, 3)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)


async def test_the_salt_hides_what_was_forgotten(path: Path) -> None:
    """Two rows with the same text have unlike commitments, so a guess cannot be confirmed."""
    journal = Journal(path)
    await journal.note("started", {}, {"account": "rookmoor"})
    await journal.note("started", {}, {"account": "rookmoor"})
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        first, second = connection.execute("SELECT commitments FROM event").fetchall()
    assert first != second


# -- forgetting


async def done(
    journal: Journal, made: str, targets: int, answer: Answer | None = None, error: str | None = None
) -> None:
    for at in range(targets):
        assert await journal.move(made, at, 0, frm=("held",), to="done", at_ms=START + 50, answer=answer, error=error)


async def test_forgetting_removes_every_trace_of_the_name(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START)
    alone = decision([1], author="Tante_Erna", message="Dear tante_erna, please read the rules.")
    batch = decision([2, 3], author="bo_lind", at_ms=START + 1)
    later = decision([1], author="tante_erna", at_ms=START + 100)
    await journal.record(alone)
    await done(journal, alone.id, 1, Answer(words=Foreign("The author is on holiday")), "a private remark")
    await journal.record(batch)
    await done(journal, batch.id, 2)
    await journal.record(later)
    with pytest.raises(StoreError, match="on its way"):
        await journal.forget("tante_erna")
    assert journal.decision(alone.id) is not None and journal.verify().forgotten == 0
    await done(journal, later.id, 1)
    head = journal.verify().head

    assert await journal.forget("@TANTE_erna") > 0

    found = journal.verify(head)
    assert found.ok and found.forgotten > 0, found.problems
    forgotten, kept = journal.decision(alone.id), journal.decision(batch.id)
    assert forgotten and kept
    assert (forgotten.verb, forgotten.state, forgotten.account) == ("remove", "done", "rookmoor")
    assert (forgotten.targets[0].author, forgotten.intent.message) == (None, None)
    assert kept.intent == batch.intent and kept.targets[0].author == "bo_lind"
    assert journal.earlier(author="tante_erna") == [] and journal.earlier(ref(1)) == []
    assert len(journal.history()) == 3
    assert journal.rebuild() > 0 and journal.decision(alone.id) == forgotten and journal.verify().ok
    for file in path.parent.iterdir():
        content = file.read_bytes().lower()
        for trace in (b"tante_erna", b"holiday", b"private remark"):
            assert trace not in content, f"it is still in {file.name}"
    await journal.close()


async def test_forgetting_reaches_old_copies_and_notes(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START)
    await journal.note("routed", {"to": "legal"}, {"about": "bo_lind"})
    for id, text in (("1", "Dear Bo_Lind,"), ("2", "Dear all,")):
        body = json.dumps({"text": text}).encode()
        row = DraftRow(id=id, item=f"reports/x/post/{id}", community="x", body=body, saved_ms=START)
        await journal.put_draft(row)
    await journal.snooze("members/x/user/bo_lind", START)
    copy = path.with_name("state.db.v1.bak")
    copy.write_bytes(b"bo_lind")
    assert await journal.forget("bo_lind") == 1
    assert not copy.exists()
    assert next(journal.events()).personal == (None,)
    assert [row.id for row in journal.drafts()] == ["2"] and journal.snoozed() == {}
    assert await journal.forget("bo_lind") == 0
    with pytest.raises(StoreError, match="empty"):
        await journal.forget(" ")
    await journal.close()


async def test_a_name_inside_other_words_is_not_a_name(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START)
    made = decision([1], author="bo", message="Please read the rules about bots, @bobby.")
    await journal.record(made)
    await done(journal, made.id, 1)
    assert await journal.forget("read") == 0
    assert await journal.forget("bob") == 0
    assert await journal.forget("post") == 0, "the name of a kind of subject"
    assert await journal.forget("user") == 0, "the name of an argument"
    assert journal.decision(made.id)
    assert await journal.forget("bo", community=OTHER) == 0
    assert await journal.forget("bo", community=HARBOUR) > 0
    await journal.close()


async def test_a_part_that_comes_back_after_forgetting_must_still_fit(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START)
    await journal.note("routed", {}, {"about": "bo_lind"})
    await journal.forget("bo_lind")
    await journal.close()
    found = await tampered(path, lambda c: c.execute("INSERT INTO personal VALUES (1, 0, zeroblob(32), '{}')"))
    assert "The personal part 0 of row 1 was changed." in found.problems


# -- retention


async def test_retention_leaves_a_checkpoint_and_whole_decisions(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START + 9_000)
    made = [decision([at], at_ms=START + at * 100) for at in range(5)]
    for one in made[:2]:
        await journal.record(one)
        await journal.move(one.id, 0, 0, frm=("held",), to="done", at_ms=one.created_ms + 50)
    for one in made[2:]:
        await journal.record(one)
    await journal.move(made[3].id, 0, 0, frm=("held",), to="done", at_ms=START + 390)
    old = journal.verify().head
    assert await journal.prune(START + 395) == 4, "the third decision is open, so it and what follows stays"
    found = journal.verify()
    assert found.ok and (found.first, found.rows) == (5, 5)
    assert journal.verify(old).ok, "the kept head is still in what is left"
    assert [one.id for one in journal.history()] == [one.id for one in reversed(made[2:])]
    assert journal.rebuild() == 4 and journal.verify().ok

    for one in (made[2], made[4]):
        await journal.move(one.id, 0, 0, frm=("held",), to="undone", at_ms=START + 500)
    assert await journal.prune(START + 10_000) > 0
    found = journal.verify()
    assert found.ok and found.rows == 1 and journal.history() == []
    assert not journal.verify(old).ok
    await journal.record(decision([7]))
    assert journal.verify().ok
    await journal.close()


async def test_nothing_old_means_nothing_is_written(path: Path) -> None:
    journal = Journal(path, now_ms=lambda: START)
    await journal.record(decision([1]))
    head = journal.verify().head
    assert await journal.prune(START - 1) == 0
    assert journal.verify().head == head
    await journal.close()
    empty = Journal(path.with_name("empty.db"))
    assert await empty.prune(START) == 0
    await empty.close()
