"""Marks: thirty-seven items, one question, one decision, one line in the journal, one undo."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui
from tests.pty.terminal import TIMEOUT_S

MANY = 37


@pytest.fixture
def spam_wave(tmp_path: Path) -> Iterator[Harbour]:
    """A community where one spammer's posts were reported, one by one, by an ordinary member."""
    with DemoServer(tmp_path / "world", items=0, seed=7) as demo:
        posts = demo.db.all(
            "SELECT p.id FROM posts p JOIN users u ON u.id = p.user_id WHERE p.hidden = 0 AND p.deleted_at IS NULL"
            " AND p.post_type = 1 AND u.moderator = 0 AND u.admin = 0 AND u.trust_level < 3"
            " AND p.topic_id NOT IN (SELECT topic_id FROM claims) ORDER BY p.id LIMIT 40"
        )
        reporter = demo.db.one("SELECT username FROM users WHERE trust_level = 2 AND moderator = 0 ORDER BY id LIMIT 1")
        assert reporter is not None and len(posts) == 40
        for post in posts:
            demo.flag(post["id"], reporter["username"], "spam")
        yield Harbour(demo)


def load_all(modtui: Modtui) -> None:
    """G until all rows are there (from the last row it reads on), and back to the first one."""
    modtui.wait_for("live")
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        modtui.press("G")
        modtui.still()
        if not re.search(r"\d+ of \d+ read|\d+ new: R", modtui.lines()[1]):
            break
    modtui.press("g", "g")
    modtui.read()


def test_37_marked_one_question_one_decision_one_undo(spam_wave: Harbour, open_modtui: Open, tmp_path: Path) -> None:
    modtui = open_modtui(on=spam_wave, hold=60).ready()
    load_all(modtui)
    modtui.press(*["space"] * MANY)
    modtui.wait_for(f"{MANY} MARKED")
    modtui.read()
    modtui.press("i")
    modtui.wait_for(f"Ignore {MANY} marked items?")
    assert f"Type {MANY} to go on" in modtui.message()
    modtui.type("3")
    modtui.press("enter")
    modtui.wait_for(f"3 is not {MANY}: nothing was done")
    modtui.read()
    modtui.press("i")
    modtui.wait_for(f"Type {MANY} to go on")
    modtui.type(str(MANY))
    modtui.press("enter")
    modtui.wait_for(f"Ignored {MANY} ")
    modtui.wait_for(f"held {MANY} ")
    assert spam_wave.api.pending() == 40
    modtui.press("U")
    modtui.wait_for("> Journal")
    modtui.wait_for(f"{MANY} posts")
    rows = [line for line in modtui.lines() if re.match(r"[ >]+\d\d:\d\d ", line)]
    assert len(rows) == 1 and "ignored" in rows[0], "one folded line"
    modtui.back("> Journal")
    modtui.read()
    modtui.press("u")
    modtui.wait_for("Taken back:")
    assert str(MANY) in modtui.message()
    modtui.wait_for("held 0")
    assert spam_wave.writes() == []
    assert modtui.leave() == 0
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as journal:
        kinds = [kind for (kind,) in journal.execute("SELECT kind FROM event")]
    assert kinds.count("decided") == 1


def test_a_few_marked_are_each_done_once_on_the_site(spam_wave: Harbour, open_modtui: Open) -> None:
    modtui = open_modtui(on=spam_wave, hold=0).ready()
    modtui.read()
    modtui.press(*["space"] * 5)
    modtui.wait_for("5 MARKED")
    modtui.read()
    modtui.press("i")
    modtui.wait_for("Ignore 5 marked items?")
    assert "The one you see is NOT among them" in modtui.text()
    modtui.press("n")
    modtui.wait_for("Nothing was done")
    modtui.press("i")
    modtui.wait_for("Ignore 5 marked items?")
    modtui.press("y")
    modtui.wait_for(lambda: spam_wave.api.pending() == 35, why="all of them on the site")
    modtui.still()
    performed = spam_wave.performs()
    assert len(performed) == 5 and len(set(performed)) == 5
