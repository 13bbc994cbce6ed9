"""How much work something is, whatever the machine: CPU time of this thread, on the scale of a piece of known work.

A slow machine, a busy one and other threads change neither; what grows with the square does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_KNOWN_S = 0.025
"""What `_known_work` takes on the machine for which limits are written; only a scale."""


def _known_work() -> float:
    start = time.thread_time()
    made = {str(number): number * 3 % 7 for number in range(60_000)}
    assert "".join(sorted(made))
    return time.thread_time() - start


def within(limit_s: float, work: Callable[[], T]) -> T:
    """What `work` gives. Fails when it is more work than `limit_s` seconds' worth, three times in a row: a cold cache
    or a collection of garbage is no finding. Limits are several times of what is needed."""
    told = []
    for _ in range(3):
        before = _known_work()
        start = time.thread_time()
        made = work()
        spent = time.thread_time() - start
        worth = spent * _KNOWN_S / max(before, _known_work())
        if worth < limit_s:
            return made
        told.append(f"{worth:.3f} s")
    raise AssertionError(f"took {', '.join(told)}; the limit is {limit_s:g} s")
