"""For authors of backends: one suite of tests that every backend has to pass. Needs pytest (`modtui[testing]`).

    from modtui.testing import BackendContract, Site

    class MySite(Site): ...                      # how to make things happen on a running server

    class TestMyPlatform(BackendContract):
        @pytest.fixture
        def site(self, my_server) -> MySite:
            return MySite(my_server)

docs/adding-a-platform.md walks through a whole example. Installed with modtui comes a pytest plugin that puts a
sentence under each failure: what to fix. Nothing is imported here until it is asked for, since pytest loads the plugin
wherever modtui is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from modtui.testing.contract import BackendContract
    from modtui.testing.site import Site, Standing, Talk
    from modtui.testing.steps import carry_out, intent_for

__all__ = ["BackendContract", "Site", "Standing", "Talk", "carry_out", "intent_for"]

_WHERE = {
    "BackendContract": "contract", "Site": "site", "Standing": "site", "Talk": "site", "carry_out": "steps",
    "intent_for": "steps",
}  # fmt: skip
for _room in (
    "answering", "asking", "contract", "deciding", "enduring", "guarding", "offering", "picking", "reading", "spending",
    "steps",
):  # fmt: skip
    pytest.register_assert_rewrite(f"modtui.testing.{_room}")


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
