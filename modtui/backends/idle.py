"""Noticing that a site went away while nothing is asked of it: the lines kept open to it end, and it takes no new one.

No request is spent on it. Sites also end idle lines to tidy up, so only the second look tells: a bare connection.
"""

from __future__ import annotations

import asyncio
from typing import Any


class IdleLines:
    """What became of the lines that an HTTP client keeps open."""

    def __init__(self) -> None:
        self._over: set[int] = set()

    def ended(self, client: Any) -> bool:
        """Whether a line that was idle has ended since the last look. It costs one system call a line.

        The pool behind httpx's client is not part of its documented face, so whatever is missing there means no.
        """
        pool = getattr(getattr(client, "_transport", None), "_pool", None)
        over: set[int] = set()
        for line in list(getattr(pool, "connections", ())):
            try:
                if line.is_idle() and line.has_expired():
                    over.add(id(line))
            except Exception:
                return False
        new, self._over = over - self._over, over
        return bool(new)


async def knock(host: str, port: int, within_s: float) -> None:
    """Make a connection and end it. Raises OSError when nobody answers there (a TimeoutError is one)."""
    async with asyncio.timeout(within_s):
        _, writer = await asyncio.open_connection(host, port)
    writer.close()
