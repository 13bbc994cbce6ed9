"""The embedded community for the tests of this folder: a world made once, and a copy of it for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from modtui.demo.server import DemoServer
from tests.core.discourse_world import copied, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world, to be copied."""
    return make_world(tmp_path_factory.mktemp("made") / "world")


@pytest.fixture
def demo(world: Path, tmp_path: Path) -> Iterator[DemoServer]:
    """A community of this test's own; what is tried again is tried without waiting."""
    with DemoServer(copied(world, tmp_path)) as server, stamina.set_testing(True, attempts=3):
        yield server
