"""A journal that cannot be written: a sentence and exit code 10, nothing on the site, and well again after it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.store.store import Store
from tests.cli.conftest import Run, as_input, free


def test_a_locked_journal_is_said_and_nothing_is_sent(
    site: Run, demo: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Store.open.__func__.__kwdefaults__, "wait_s", 0.05)  # type: ignore[attr-defined]
    one = free(site("queue", "--json", "--lane", "reports").lines)[:1]
    assert site("act", "approve", "--dry-run", stdin=as_input(one)).code == 0
    demo.clear_requests()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = site("act", "approve", stdin=as_input(one))
        assert ended.code == 10, ended.out + ended.err
        assert "Another program is using the journal" in ended.err and "Nothing was saved" in ended.err
        assert demo.count("/review/", "PUT") == 0
        assert site("log").code == 0, "it can still be read"
    ended = site("act", "approve", stdin=as_input(one))
    assert ended.code == 0 and [line["state"] for line in ended.lines] == ["done"]
    assert demo.count("/review/", "PUT") == 1
