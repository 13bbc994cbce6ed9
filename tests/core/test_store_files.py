"""The files themselves: private, migrated with a copy, refused or replaced with a sentence, never half-written."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from modtui.errors import StoreError
from modtui.store import Cache, Journal, Store, schema
from modtui.store import journal as journal_module
from tests.core.store_samples import START, decision, item

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def child(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the child in another process; `before` is shell that runs in a mount namespace of its own."""
    call = [sys.executable, "-m", "tests.core.store_child", *words]
    if before:
        call = ["unshare", "-rm", "sh", "-c", f'{before}\nexec "$@"', "sh", *call]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def _namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    try:
        made = subprocess.run(
            ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return made.returncode == 0


own_disk = pytest.mark.skipif(not _namespaces(), reason="this system gives no mount namespaces")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
async def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = Store.open(tmp_path / "a" / "state", tmp_path / "a" / "cache")
        await store.journal.record(decision([1]))
        await store.cache.put_items([item(1)])
        names = {file.name: mode(file) for folder in ("state", "cache") for file in (tmp_path / "a" / folder).iterdir()}
    finally:
        os.umask(old)
    assert {"state.db", "state.db-wal", "state.db-shm", "cache.db", "cache.db-wal"} <= set(names)
    assert set(names.values()) == {0o600}
    assert mode(tmp_path / "a" / "state") == mode(tmp_path / "a" / "cache") == 0o700
    await store.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await Journal(path).close()
    path.chmod(0o644)
    await Journal(path).close()
    assert mode(path) == 0o600


async def test_commits_are_durable_and_do_not_block_readers(tmp_path: Path) -> None:
    store = Store.open(tmp_path, tmp_path)
    with store.journal.database._turn, closing(sqlite3.connect(tmp_path / "state.db")) as other:
        writer = store.journal.database._writer
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.execute("PRAGMA secure_delete").fetchone() == (1,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await store.close()


# -- versions


def _second(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE snooze ADD COLUMN note TEXT")


def _broken(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE snooze ADD COLUMN note TEXT")
    raise sqlite3.OperationalError("made to fail")


def _migrate(monkeypatch: pytest.MonkeyPatch, *more: schema.Migration) -> None:
    both = (*schema.MIGRATIONS, *more)
    monkeypatch.setattr(journal_module, "MIGRATIONS", both)
    monkeypatch.setattr(journal_module, "prepare_state", lambda: schema.prepare_state(both))


async def test_a_newer_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await Journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer modtui.*99.*Update modtui"):
        Journal(path)
    assert path.read_bytes() == before


async def test_an_older_journal_is_copied_then_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    old = Journal(path)
    made = decision([1])
    await old.record(made)
    _migrate(monkeypatch, _second)
    new = Journal(path)
    assert new.decision(made.id) == made and new.verify().ok
    with pytest.raises(StoreError, match="changed the journal"):
        await old.record(decision([2]))
    await new.record(decision([2]))
    await old.close()
    await new.close()
    before = len(schema.MIGRATIONS)
    copy = tmp_path / f"state.db.v{before}.bak"
    assert mode(copy) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (before,)
        assert connection.execute("SELECT id FROM decision").fetchall() == [(made.id,)]
    assert not [name for name in os.listdir(tmp_path) if ".part" in name]


async def test_the_drafts_of_version_1_move_to_where_several_have_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "MIGRATIONS", schema.MIGRATIONS[:1])
        patch.setattr(journal_module, "prepare_state", lambda: schema.prepare_state(schema.MIGRATIONS[:1]))
        await Journal(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO draft VALUES ('reports/a/post/1', 'reply', 'Half a \"sen', 5)")
    new = Journal(path)
    [row] = new.drafts()
    assert (row.item, row.community, row.saved_ms) == ("reports/a/post/1", "a", 5)
    assert json.loads(row.body) == {"text": 'Half a "sen'}
    await new.close()
    assert (tmp_path / "state.db.v1.bak").exists()


async def test_a_failed_migration_leaves_the_old_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    old = Journal(path)
    made = decision([1])
    await old.record(made)
    await old.close()
    with monkeypatch.context() as patched:
        _migrate(patched, _broken)
        with pytest.raises(StoreError):
            Journal(path)
    again = Journal(path)
    assert again.decision(made.id) == made
    await again.close()


async def test_the_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    with pytest.raises(StoreError, match="another program"):
        Journal(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be taken for one" * 20, b"SQLite"])
async def test_a_damaged_journal_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Journal(path)
    assert path.read_bytes() == content


async def test_broken_pages_are_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    journal = Journal(path)
    for number in range(50):
        await journal.record(decision([number]))
    await journal.close()
    raw = bytearray(path.read_bytes())
    raw[4096 * 30 :] = b"\xff" * (len(raw) - 4096 * 30)  # past the schema: it opens, and breaks later
    path.write_bytes(raw)
    journal = Journal(path)
    with pytest.raises(StoreError, match="damaged"):
        journal.history()
    with pytest.raises(StoreError):
        await journal.record(decision([99]))
    await journal.close()


@pytest.mark.parametrize("spoil", ["PRAGMA user_version=99", "PRAGMA application_id=5", None])
async def test_a_cache_of_another_kind_is_made_anew(tmp_path: Path, spoil: str | None) -> None:
    path = tmp_path / "cache.db"
    cache = Cache(path)
    await cache.put_items([item(1)])
    await cache.close()
    if spoil is None:
        path.write_bytes(b"junk" * 5_000)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(spoil)
    cache = Cache(path)
    assert cache.ids("reports") == []
    await cache.put_items([item(2)])
    assert len(cache.ids("reports")) == 1
    await cache.close()


@pytest.mark.parametrize("look_first", [True, False])
async def test_a_cache_that_breaks_while_open_heals_itself(tmp_path: Path, look_first: bool) -> None:
    path = tmp_path / "cache.db"
    cache = Cache(path)
    await cache.put_items([item(number, text="long " * 500) for number in range(100)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)
    await cache.database.write(lambda connection: connection.execute("PRAGMA shrink_memory"))
    if look_first:
        found = cache.items([item(number).id for number in range(100)])
        assert all(one is None or one.number == str(number) for number, one in enumerate(found))
        cache.ids("reports", order="author")
        assert cache.ids("reports") == [], "what was in it counts as missing"
    await cache.put_items([item(500)])
    assert cache.item(item(500).id) == item(500)
    await cache.close()


# -- other processes, full and read-only disks


async def test_a_locked_journal_is_told_within_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    journal = Journal(path, wait_s=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(
            *(journal.record(decision([number])) for number in range(3)), return_exceptions=True
        )
        assert all(isinstance(result, StoreError) and "Another program" in str(result) for result in results)
        assert journal.history() == [], "reading goes on"
        with pytest.raises(StoreError, match="Another program"):
            Journal(tmp_path / "locked.db" if _lock(tmp_path / "locked.db") else path, wait_s=0.1)
        other.execute("ROLLBACK")
    await journal.record(decision([1]))
    assert journal.verify().ok and len(journal.history()) == 1
    await journal.close()


_locks: list[sqlite3.Connection] = []


def _lock(path: Path) -> bool:
    """A fresh database that somebody holds, so that it cannot even be set up."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    _locks.append(holder)
    return True


@pytest.fixture(autouse=True)
def _unlock() -> object:
    yield
    while _locks:
        _locks.pop().close()


async def test_a_full_database_writes_all_or_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.db")
    await journal.record(decision([1]))
    with journal.database._turn:
        pages = journal.database._writer.execute("PRAGMA page_count").fetchone()[0]
        journal.database._writer.execute(f"PRAGMA max_page_count={pages + 4}")
    big = decision(range(100, 400))
    results = await asyncio.gather(
        journal.record(big), journal.note("small", {}), return_exceptions=True
    )
    assert isinstance(results[0], StoreError) and "The disk is full" in str(results[0])
    assert results[1] is None, "what still fits is kept although it shared the commit"
    assert journal.decision(big.id) is None
    found = journal.verify()
    assert found.ok and found.rows == 2
    with journal.database._turn:
        journal.database._writer.execute("PRAGMA max_page_count=1000000")
    await journal.record(big)
    assert journal.decision(big.id) == big and journal.verify().ok
    await journal.close()


def _whole_after(path: Path, output: str) -> None:
    """Everything acknowledged is there, nothing else, and the chain holds."""
    acknowledged = [line.split()[1] for line in output.splitlines() if line.startswith("recorded")]
    assert acknowledged
    assert f"rows {len(acknowledged)} True {len(acknowledged)}" in output


async def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "state.db"
    made = child("limited", str(path))
    assert "error" in made.stdout, made.stdout + made.stderr
    assert "Nothing was saved" in made.stdout and "Traceback" not in made.stderr
    _whole_after(path, made.stdout)
    journal = Journal(path)
    assert journal.verify().ok
    await journal.record(decision([999_999]))
    await journal.close()


@own_disk
def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    made = child(
        "fill", str(tmp_path / "disk" / "state.db"), before=f"mount -t tmpfs -o mode=700,size=1m none {tmp_path}/disk"
    )
    assert "error The disk is full" in made.stdout, made.stdout[-500:] + made.stderr
    assert "Free some space" in made.stdout
    _whole_after(tmp_path, made.stdout)


@own_disk
@pytest.mark.parametrize("size", ["4k", "48k"])
def test_a_disk_without_room_for_a_journal_is_told(tmp_path: Path, size: str) -> None:
    (tmp_path / "disk").mkdir()
    made = child(
        "look", str(tmp_path / "disk" / "state.db"),
        before=f"mount -t tmpfs -o mode=700,size={size} none {tmp_path}/disk",
    )  # fmt: skip
    assert made.stdout.startswith("error") and "space" in made.stdout, made.stdout + made.stderr
    assert "Traceback" not in made.stderr


@own_disk
@pytest.mark.parametrize("existing", [True, False])
async def test_a_read_only_disk_is_told(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    if existing:
        await Journal(folder / "state.db").close()
    made = child(
        "look", str(folder / "state.db"), before=f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    )
    assert made.stdout.startswith("error") and "rights" in made.stdout, made.stdout + made.stderr
    assert "Traceback" not in made.stderr


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "file" / "state", tmp_path / "cache")
    (tmp_path / "taken" / "state.db").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "taken", tmp_path / "cache")


async def test_a_cache_that_cannot_be_made_leaves_no_open_journal(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "state", tmp_path / "cache")
    assert os.listdir(tmp_path / "state") == ["state.db"], "closed: no write-ahead log is left beside it"


async def test_opening_it_twice_in_one_process_keeps_the_locks(tmp_path: Path) -> None:
    """Closing any handle of a file drops a process's POSIX locks on it, and another process could then take the
    write-ahead log away under us."""
    path = tmp_path / "state.db"
    journal = Journal(path)
    await Journal(path).close()
    await journal.record(decision([2]))
    assert child("look", str(path)).stdout == "recorded\n"
    assert (tmp_path / "state.db-wal").exists(), "the other process must see that we have it open"
    await journal.record(decision([3]))
    assert journal.verify().ok and len(journal.history()) == 3
    await journal.close()


async def test_errors_hold_no_text_of_a_decision(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    journal = Journal(path, wait_s=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            await journal.record(decision([1], author="bo_lind", at_ms=START))
        told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "bo_lind" not in told and "Please" not in told
    await journal.close()
