"""A journal that cannot be written: a sentence and exit code 10, nothing on the site, and well again after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.store import files
from modtui.store.store import Store
from tests.cli.conftest import Run, as_input, free

Trouble = Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[None]]


@contextmanager
def locked(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another program holds the file."""
    patch.setitem(Store.open.__func__.__kwdefaults__, "wait_s", 0.05)  # type: ignore[attr-defined]
    with closing(sqlite3.connect(folder / "state" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def _connecting(pragma: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Every connection that writes the journal begins so."""

    def put(patch: pytest.MonkeyPatch) -> None:
        real = files.connect

        def connect(path: Path, *, wait_s: float, read_only: bool = False) -> sqlite3.Connection:
            made = real(path, wait_s=wait_s, read_only=read_only)
            if path.name == "state.db" and not read_only:
                pages = made.execute("PRAGMA page_count").fetchone()[0]
                made.execute(
                    "CREATE TEMP TRIGGER hungry BEFORE INSERT ON event BEGIN"
                    " INSERT INTO snooze (item, until_ms) VALUES (hex(randomblob(9000)), 1); END"
                )
                made.execute(f"PRAGMA {pragma.format(pages=pages)}")
            return made

        patch.setattr(files, "connect", connect)

    return put


@contextmanager
def full(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """No page more fits on the disk."""
    with patch.context() as inner:
        _connecting("max_page_count={pages}")(inner)
        yield


@contextmanager
def read_only(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The disk takes nothing any more."""
    with patch.context() as inner:
        _connecting("query_only=ON")(inner)
        yield


SAID: dict[Trouble, str] = {
    locked: "Another program is using the journal", full: "The disk is full", read_only: "cannot be written",
}  # fmt: skip
each = pytest.mark.parametrize("trouble", SAID, ids=("locked", "full", "read-only"))


@each
def test_nothing_is_sent_and_what_is_known_can_be_read(
    site: Run, demo: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
) -> None:
    one, two = free(site("queue", "--json", "--lane", "reports").lines)[:2]
    held = site("act", "approve", "--no-wait", stdin=as_input([two])).lines[0]["decision"]
    demo.clear_requests()
    with trouble(tmp_path, monkeypatch):
        for words, given in (
            (("act", "approve"), as_input([one])), (("undo", held), ""), (("outbox", "send", held), ""),
            (("outbox", "drop", held), ""),
        ):  # fmt: skip
            ended = site(*words, stdin=given)
            assert ended.code == 10, (words, ended)
            assert SAID[trouble] in ended.err and "Nothing was saved" in ended.err, (words, ended.err)
        assert demo.count("/review/", "PUT") == 0
        for name in ("log", "outbox"):
            looked = site(name)
            assert looked.code == 0 and held in looked.out, "it can still be read"
        assert site("log", "verify").code == 0
    ended = site("act", "approve", stdin=as_input([one]))
    assert ended.code == 0 and [line["state"] for line in ended.lines] == ["done"]
    assert site("outbox", "send").code in (0, 9)
    states = {line["id"]: line["state"] for line in site("log", "--json").lines}
    assert states[held] == "done"
    assert demo.count("/review/", "PUT") == 2
    assert site("log", "verify").code == 0
