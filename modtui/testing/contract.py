"""`BackendContract`: what every backend has to do, as tests.

A test class of an adapter inherits it and gives the fixture `site` (a `Site`). The other fixtures here make backends
from it. Every test makes its own subjects, so a shared server is fine; what else is on it does no harm.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.testing.answering import AnsweringContract
from modtui.testing.asking import AskingContract
from modtui.testing.deciding import DecidingContract
from modtui.testing.enduring import EnduringContract
from modtui.testing.guarding import GuardingContract
from modtui.testing.offering import OfferingContract
from modtui.testing.picking import PickingContract
from modtui.testing.reading import ReadingContract
from modtui.testing.site import Site
from modtui.testing.spending import SpendingContract


class BackendContract(
    ReadingContract, OfferingContract, DecidingContract, GuardingContract, EnduringContract, SpendingContract,
    AskingContract, AnsweringContract, PickingContract,
):  # fmt: skip
    """The whole contract. Inherit it in a class whose name begins with `Test`, and give the fixture `site`."""

    is_modtui_contract = True
    """For the pytest plugin: a failure of these tests says what to fix."""
    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        """The tests run on asyncio, as modtui does."""
        return "asyncio"

    @pytest.fixture
    def site(self) -> Site:
        """A running community. The adapter's author overrides this."""
        raise NotImplementedError("the test class needs a fixture `site` that returns a modtui.testing.Site")

    @pytest.fixture
    async def fresh(self, site: Site, tmp_path: Path) -> AsyncIterator[Backend]:
        """A backend that has not identified itself yet."""
        backend = site.make(site.connection(tmp_path))
        yield backend
        await backend.aclose()

    @pytest.fixture
    async def backend(self, site: Site, tmp_path: Path) -> AsyncIterator[Backend]:
        """The moderator's backend."""
        backend = site.make(site.connection(tmp_path))
        await backend.identify()
        yield backend
        await backend.aclose()

    @pytest.fixture
    async def other(self, site: Site, tmp_path: Path) -> AsyncIterator[Backend]:
        """The same account in another process."""
        backend = site.make(site.connection(tmp_path))
        await backend.identify()
        yield backend
        await backend.aclose()

    @pytest.fixture
    async def read_only(self, site: Site, tmp_path: Path) -> AsyncIterator[Backend]:
        """The account with --read-only."""
        backend = site.make(msgspec.structs.replace(site.connection(tmp_path), read_only=True))
        await backend.identify()
        yield backend
        await backend.aclose()
