"""The community that things go wrong on the way to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from modtui.demo.server import DemoServer
from tests.core.discourse_world import make_world


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for all tests of a module; every test makes its own items."""
    with (
        DemoServer(make_world(tmp_path_factory.mktemp("rough") / "world"), limits="user") as demo,
        stamina.set_testing(True, attempts=2),
    ):
        yield demo
