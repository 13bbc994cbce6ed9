"""Fixtures that start real servers, once per session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import base
from tests.servers import ozone as ozone_server
from tests.servers import synapse as matrix
from tests.servers.community import Community
from tests.servers.openedx import OpenEdx, running


@pytest.fixture(scope="session")
def openedx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenEdx]:
    """A running Open edX forum with an empty database; skips where it is not installed.

    Shared by the session: take a `course()` of your own and make your own members.
    """
    try:
        with running(tmp_path_factory.mktemp("openedx")) as server:
            yield server
    except base.NotPrepared as missing:
        pytest.skip(str(missing))


@pytest.fixture
def community(openedx: OpenEdx) -> Community:
    """A course that no other test uses, with its members."""
    return Community(openedx)


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[matrix.Synapse]:
    """A running Matrix homeserver with an empty database; skips where it is not installed.

    Shared by the session: make members and rooms of your own. Reports are the whole server's.
    """
    try:
        with matrix.running(tmp_path_factory.mktemp("synapse")) as server:
            yield server
    except base.NotPrepared as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def limited_synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[matrix.Synapse]:
    """The same with the limit on messages as it is by default."""
    try:
        with matrix.running(tmp_path_factory.mktemp("synapse-limited"), limited=True) as server:
            yield server
    except base.NotPrepared as missing:
        pytest.skip(str(missing))


_networks: list[ozone_server.Ozone] = []
"""The network that runs. The fixture stands here and, imported, in other test modules, which is two for pytest."""


@pytest.fixture(scope="session")
def ozone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ozone_server.Ozone]:
    """A running network with Ozone, one for the whole session; skips where it is not installed.

    Make your own members and posts.
    """
    if _networks:
        yield _networks[0]
        return
    try:
        with ozone_server.running(tmp_path_factory.mktemp("ozone")) as server:
            _networks.append(server)
            yield server
            _networks.clear()
    except base.NotPrepared as missing:
        pytest.skip(str(missing))
