"""For authors of backends: one suite of tests that every backend has to pass. Needs pytest and anyio.

    from modtui.testing import BackendContract, Site

    class MySite(Site): ...                      # how to make things happen on a running server

    class TestMyPlatform(BackendContract):
        @pytest.fixture
        def site(self, my_server) -> MySite:
            return MySite(my_server)

Put it where `pytestmark = pytest.mark.anyio` applies, with the fixture `anyio_backend` set to "asyncio".
docs/protocol.md says more.
"""

from __future__ import annotations

import pytest

for _room in ("contract", "reading", "deciding", "guarding", "asking", "answering", "picking", "steps"):
    pytest.register_assert_rewrite(f"modtui.testing.{_room}")

from modtui.testing.contract import BackendContract  # noqa: E402
from modtui.testing.site import Site, Standing, Talk  # noqa: E402
from modtui.testing.steps import carry_out, intent_for  # noqa: E402

__all__ = ["BackendContract", "Site", "Standing", "Talk", "carry_out", "intent_for"]
