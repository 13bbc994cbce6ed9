"""The world itself: the same for the same seed, with what a moderator must be able to stand."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from modtui.demo.db import Database
from modtui.demo.server import open_world

TABLES = ("users", "topics", "posts", "reviewables", "reviewable_scores", "penalties", "user_notes", "revisions")


def contents(folder: Path, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Every row, with times counted from the moment the world was made."""
    db = open_world(folder, items=80, members=60, seed=seed)
    now = int(db.meta("base_now") or 0)

    def settle(name: str, value: Any) -> Any:
        return value - now if isinstance(value, int) and name.endswith(("_at", "_till")) else value

    try:
        return {
            t: [{k: settle(k, v) for k, v in row.items() if k != "payload"} for row in db.all(f"SELECT * FROM {t}")]
            for t in TABLES
        }
    finally:
        db.close()


def test_the_same_seed_makes_the_same_world(tmp_path: Path) -> None:
    first, second, other = (contents(tmp_path / name, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8)))
    for table in TABLES:
        assert first[table] == second[table], table
    assert [p["raw"] for p in first["posts"]] != [p["raw"] for p in other["posts"]]


@pytest.fixture
def db(world: Path, tmp_path: Path) -> Database:
    """The world of 60 items, opened for reading."""
    return Database(world / "world.db")


def test_files_are_private(world: Path) -> None:
    assert stat.S_IMODE(world.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in world.iterdir()} == {0o600}


def test_hostile_text_is_there(db: Database) -> None:
    raws = [
        r["raw"]
        for r in db.all("SELECT p.raw FROM posts p JOIN reviewables r ON r.target_id = p.id WHERE r.status = 0")
    ]
    for sign in ("\x1b]52;", "\x9b", "\u202e", "[/foo]", "\u200b", "👨\u200d👩", "שלום", "هذا", "<script>", "\x00"):
        assert any(sign in raw for raw in raws), repr(sign)
    assert max(len(raw) for raw in raws) >= 50_000
    assert max(raw.count("[quote=") for raw in raws) >= 20
    db.close()


def test_three_languages_and_every_report_kind(db: Database) -> None:
    kinds = {
        r["score_type"]
        for r in db.all(
            "SELECT s.score_type FROM reviewable_scores s JOIN reviewables r ON r.id = s.reviewable_id WHERE "
            "r.status = 0"
        )
    }
    assert kinds == {3, 4, 7, 8, 9, 10}
    locales = {
        r["locale"]
        for r in db.all("SELECT p.locale FROM posts p JOIN reviewables r ON r.target_id = p.id WHERE r.status = 0")
    }
    assert locales == {"en", "de", "fr"}
    db.close()


def test_states_a_moderator_meets(db: Database) -> None:
    posts = db.all(
        "SELECT p.* FROM posts p JOIN reviewables r ON r.target_id = p.id AND r.target_type = 'Post' WHERE r.status = 0"
    )
    assert any(p["hidden"] for p in posts)
    assert any(p["deleted_at"] for p in posts)
    assert any(p["version"] > 1 for p in posts)
    assert db.value(
        "SELECT count(*) FROM reviewables WHERE type = 'ReviewableQueuedPost' AND status = 0 AND topic_id IS NULL"
    )
    assert db.value("SELECT count(*) FROM reviewables WHERE status > 0")
    assert db.value("SELECT count(*) FROM users WHERE silenced_count > 1")
    db.close()


def test_posts_are_written_in_the_order_of_time_by_members_who_had_joined(db: Database) -> None:
    late = db.all(
        "SELECT p.id FROM posts p JOIN users u ON u.id = p.user_id WHERE p.created_at < u.created_at AND "
        "p.post_type = 1"
    )
    assert len(late) < 3
    disorder = db.all(
        "SELECT a.id FROM posts a JOIN posts b ON b.topic_id = a.topic_id AND b.post_number = a.post_number + 1 "
        "WHERE b.created_at < a.created_at"
    )
    assert disorder == []
    early = db.all(
        "SELECT r.id FROM reviewables r JOIN posts p ON p.id = r.target_id AND r.target_type = 'Post' WHERE "
        "r.created_at < p.created_at"
    )
    assert early == []
    db.close()


def test_a_world_is_opened_again_not_made_anew(tmp_path: Path) -> None:
    db = open_world(tmp_path / "w", items=5, members=10, seed=1)
    db.run("UPDATE posts SET raw = 'kept' WHERE id = (SELECT min(id) FROM posts)")
    db.close()
    db = open_world(tmp_path / "w", items=50, members=10, seed=2)
    assert db.value("SELECT count(*) FROM reviewables WHERE status = 0") == 5
    assert db.value("SELECT raw FROM posts ORDER BY id LIMIT 1") == "kept"
    db.close()


def test_a_world_made_by_an_older_version_gets_what_it_lacks(tmp_path: Path) -> None:
    db = open_world(tmp_path / "w", items=5, members=10, seed=1)
    known = db.all("SELECT id, topic_id FROM categories ORDER BY id")
    db.run("ALTER TABLE posts DROP COLUMN notice_type")
    db.run("ALTER TABLE categories DROP COLUMN topic_id")
    db.run("DROP TABLE bookmarks")
    db.close()
    db = open_world(tmp_path / "w", items=5, members=10, seed=1)
    assert db.all("SELECT id, topic_id FROM categories ORDER BY id") == known
    assert db.all("SELECT notice_type FROM posts WHERE notice_type IS NOT NULL") == []
    assert db.all("SELECT * FROM bookmarks") == []
    db.close()


@pytest.mark.parametrize("items", [0, 1, 13])
def test_small_worlds(tmp_path: Path, items: int) -> None:
    db = open_world(tmp_path / "w", items=items, members=0, seed=3)
    assert db.value("SELECT count(*) FROM reviewables WHERE status = 0") == items
    db.close()


def test_a_strange_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "world.db").write_text("my diary, page one\n" * 100)
    with pytest.raises(OSError, match="not a world"):
        open_world(tmp_path, items=5, members=10, seed=1)
    assert (tmp_path / "world.db").read_text().startswith("my diary")


def test_a_start_that_was_killed_leaves_nothing_half_made(tmp_path: Path) -> None:
    (tmp_path / "world.part").write_bytes(b"half a world")
    db = open_world(tmp_path, items=5, members=10, seed=1)
    assert db.value("SELECT count(*) FROM reviewables WHERE status = 0") == 5
    assert not (tmp_path / "world.part").exists()
    db.close()
