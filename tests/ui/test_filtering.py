"""Typing a filter: the list follows, no key waits for it, and leaving it puts everything back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from modtui.desk import listed, selecting
from modtui.desk.rows import match_rows
from modtui.desk.view import View
from modtui.screens.work.base import WorkBase
from modtui.store import cachefile
from tests.core.fakes import make_item, until
from tests.ui.world import Stage, stage

pytestmark = pytest.mark.anyio


def view_of(it: Stage) -> View:
    """The list on the screen."""
    assert isinstance(it.app.screen, WorkBase)
    return it.app.screen.view


async def filtering(it: Stage, *keys: str) -> None:
    """Begin a filter and type, without waiting for what that began."""
    await it.press("F")
    for key in keys:
        await it.pilot.press(key)


async def test_the_list_follows_what_is_typed_and_leaving_puts_it_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("j")
        await it.shows("#4122 reported post by quietbyte77")
        before = view_of(it).ids()
        await filtering(it, *"lang:fr")
        await until(lambda: "quietbyte77" not in it.text() and "jardin_libre" in it.text())
        assert len(view_of(it)) == 2
        await it.press("ctrl+g")
        await it.shows("#4122 reported post by quietbyte77")
        assert view_of(it).ids() == before and not view_of(it).filtered


async def test_a_slip_at_the_end_puts_the_list_back_and_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await filtering(it, *"lang:fr")
        await until(lambda: len(view_of(it)) == 2)
        await it.press("space", *"autor:bo", "enter")
        await it.shows("author:")
        await it.shows("quietbyte77")
        assert not view_of(it).filtered


async def test_what_arrives_while_a_filter_is_typed_is_new_afterwards(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await filtering(it, *"lang:fr")
        await until(lambda: len(view_of(it)) == 2)
        it.site.items["4200"] = make_item(it.backend.connection.community, "4200", language="en")
        await it.desk.refresh("reports")
        assert view_of(it).new == 0
        await it.press("ctrl+g")
        await until(lambda: view_of(it).new == 1)
        assert len(view_of(it)) == 7


class Slow:
    """Every look through the lane waits until it may go on, in its thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may = threading.Event()
        self.looking = threading.Event()
        look = match_rows

        def slowly(*given: Any, **named: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                self.looking.set()
                assert self.may.wait(30)
            return look(*given, **named)

        monkeypatch.setattr(selecting, "match_rows", slowly)
        monkeypatch.setattr(listed, "LONG", 0)
        monkeypatch.setattr(cachefile, "SMALL", 0)


async def test_no_key_waits_for_a_slow_filter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(tmp_path) as it:
        slow = Slow(monkeypatch)
        await filtering(it, *"keys", "enter")
        await until(slow.looking.is_set)
        await it.press("j", "j")
        await it.shows("#4123 reported post by jardin_libre")
        assert len(view_of(it)) == 7
        slow.may.set()
        await it.shows("1 match; 6 others are hidden.")


async def test_the_last_filter_asked_for_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(tmp_path) as it:
        slow = Slow(monkeypatch)
        await filtering(it, *"keys", "enter")
        await until(slow.looking.is_set)
        await filtering(it, *"lang:fr", "enter")
        slow.may.set()
        await it.shows("2 match; 5 others are hidden.")
        await it.rest()
        assert view_of(it).filter == "lang:fr" and len(view_of(it)) == 2
