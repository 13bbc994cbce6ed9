"""When an answer is expected: an instant, a length and working hours to the instant when it ends."""

from __future__ import annotations

from collections.abc import Callable

Deadline = Callable[[int, int, str], int]
"""From an instant (UTC ms), a length (ms) and the name of working hours ("" for all) to the instant when it ends."""


def plain_deadline(start_ms: int, length_ms: int, hours: str) -> int:
    """Every hour counts."""
    return start_ms + length_ms
