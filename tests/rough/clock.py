"""Time that a test may let pass at once, for desk, door, proxy and community alike."""

from __future__ import annotations

import time

from tests.core.fakes import SkippingClock


class Passing(SkippingClock):
    """The wall clock moves, too. May be read from any thread; `skip` belongs to the loop."""

    def now(self) -> float:
        """The wall clock in seconds, as the door asks for it."""
        return time.time() + self.skipped

    def now_ms(self) -> int:
        return int(self.now() * 1000)
