"""Time that a test may let pass at once, for desk, door, proxy and community alike."""

from __future__ import annotations

import asyncio
import contextlib
import time

from modtui.desk.clock import Clock


class Passing(Clock):
    """The machine's clocks, and what was skipped on top. May be read from any thread; `skip` belongs to the loop."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> float:
        """The wall clock in seconds, as the door asks for it."""
        return time.time() + self.skipped

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        skipped = asyncio.Event()
        self._sleepers.add(skipped)
        try:
            while (left := end - self.monotonic()) > 0:
                skipped.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(skipped.wait(), left)
            await asyncio.sleep(0)
        finally:
            self._sleepers.discard(skipped)

    def skip(self, seconds: float) -> None:
        """So much later; whoever is due wakes."""
        self.skipped += seconds
        for sleeper in self._sleepers:
            sleeper.set()
