"""The message bus: numbered messages on channels, a short backlog, and listeners that wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any

BACKLOG = 100


class Bus:
    """Channels of numbered messages. `publish` works from any thread; `wait` runs on the server's event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._backlogs: dict[str, deque[dict[str, Any]]] = {}
        self._last: dict[str, int] = {}
        self._global = 0
        self._waiters: set[asyncio.Event] = set()
        self._channels_waited: dict[asyncio.Event, frozenset[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def last(self, channel: str) -> int:
        """The number of the newest message of a channel, 0 when there was none."""
        return self._last.get(channel, 0)

    def listening(self, prefix: str) -> set[str]:
        """Channels that somebody polled or that ever carried a message, beginning with `prefix`."""
        with self._lock:
            return {channel for channel in self._backlogs if channel.startswith(prefix)}

    def publish(self, channel: str, data: Any) -> None:
        """Add a message and wake the listeners."""
        with self._lock:
            self._global += 1
            number = self._last[channel] = self._last.get(channel, 0) + 1
            backlog = self._backlogs.setdefault(channel, deque(maxlen=BACKLOG))
            backlog.append({"global_id": self._global, "message_id": number, "channel": channel, "data": data})
            waiters = [event for event, channels in self._channels_waited.items() if channel in channels]
        self._wake(waiters)

    def _wake(self, waiters: list[asyncio.Event]) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        for event in waiters:
            loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """Let every listener go, so that the server can stop."""
        self._closed = True
        self._wake(list(self._channels_waited))

    def since(self, positions: dict[str, int]) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Messages after the positions, and the current number of each channel asked for with -1 or a future number.

        Position: -1 from now on, 0 the whole backlog, n after n, -k (k > 1) the last k - 1 messages.
        """
        found: list[dict[str, Any]] = []
        status: dict[str, int] = {}
        with self._lock:
            for channel, position in positions.items():
                backlog = self._backlogs.setdefault(channel, deque(maxlen=BACKLOG))
                last = self._last.get(channel, 0)
                if position == -1 or position > last:
                    status[channel] = last
                elif position < -1:
                    found.extend(list(backlog)[position + 1 :])
                else:
                    found.extend(m for m in backlog if m["message_id"] > position)
        found.sort(key=lambda m: int(m["global_id"]))
        return found, status

    async def wait(self, positions: dict[str, int], hold_s: float) -> None:
        """Return when one of the channels may have something new, or after `hold_s` seconds."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        with self._lock:
            self._channels_waited[event] = frozenset(positions)
        try:
            if not self._closed:
                async with asyncio.timeout(hold_s):
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._channels_waited.pop(event, None)

    def waiting(self) -> int:
        """How many polls are being held."""
        return len(self._channels_waited)
