"""A community for each module, and modtui opened on it for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.pty.modtui import Harbour, Modtui

Open = Callable[..., Modtui]


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A small world, shared by the tests of a module; each picks its own items."""
    with DemoServer(tmp_path_factory.mktemp("harbour"), items=60, seed=7) as demo:
        yield Harbour(demo)


@pytest.fixture
def open_modtui(harbour: Harbour, tmp_path: Path) -> Iterator[Open]:
    """Opens modtui in a terminal (see Modtui) and ends it when the test is over."""
    opened: list[Modtui] = []

    def open_it(**how: object) -> Modtui:
        one = Modtui(how.pop("on", harbour), tmp_path, **how)  # type: ignore[arg-type]
        opened.append(one)
        return one

    yield open_it
    for one in opened:
        one.close()
