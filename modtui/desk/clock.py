"""Time for the desk: the wall clock to show, the monotonic one to wait by.

Holds run on the monotonic clock, so a wall clock that jumps can only lengthen them (semantics: "Hold, undo, quit").
Tests put a clock of their own in its place.
"""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """The wall clock, in UTC milliseconds: for display and for the journal."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps: for holds and pauses."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for `event`, at most `seconds` (None: for ever); True when it came.

        The event is not cleared.
        """
        if event.is_set():
            return True
        if seconds is None:
            await event.wait()
            return True
        if seconds <= 0:
            return False
        came = asyncio.ensure_future(event.wait())
        slept = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({came, slept}, return_when=asyncio.FIRST_COMPLETED)
            return event.is_set()
        finally:
            for task in (came, slept):
                task.cancel()
