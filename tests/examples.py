"""How many made examples a property test takes: some in the short run, all of them in CI beside the tests that are
marked `long`."""

from __future__ import annotations

import os

EVERY = "MODTUI_EXAMPLES"
"""The variable of the environment that asks for all of them, with the value `all`."""


def examples(most: int) -> int:
    """A third of `most`, at least 20; all of them where the environment asks for it."""
    return most if os.environ.get(EVERY) == "all" else min(most, max(20, most // 3))
