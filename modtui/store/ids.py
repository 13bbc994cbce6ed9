"""Ids of decisions: short enough to type, sortable by time, unique over processes."""

from __future__ import annotations

import threading
from random import SystemRandom

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base32 without i, l, o and u, so that nobody has to guess what was printed. In ASCII order."""
LENGTH = 16
_RANDOM_BITS = 35
_TIME_LIMIT = 1 << (LENGTH * 5 - _RANDOM_BITS)
_random = SystemRandom()
_lock = threading.Lock()
_last = (-1, 0)


def new_id(now_ms: int) -> str:
    """A new id: 45 bits of `now_ms` (UTC milliseconds), then 35 random bits, as 16 lower-case characters.

    Ids made in the same millisecond by one process still sort in the order in which they were made.
    """
    global _last
    moment = min(max(now_ms, 0), _TIME_LIMIT - 1)
    with _lock:
        # Random within the lower half, so that counting on from it does not overflow.
        tail = _last[1] + 1 if _last[0] == moment else _random.getrandbits(_RANDOM_BITS - 1)
        _last = (moment, tail)
    number = (moment << _RANDOM_BITS) | (tail & ((1 << _RANDOM_BITS) - 1))
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range((LENGTH - 1) * 5, -5, -5))
