"""The dice of a world: like `random.Random`, with cheaper choices, since a large world throws them a million times."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

T = TypeVar("T")


class Dice(random.Random):
    """Same seed, same throws."""

    def choice(self, seq: SupportsLenAndGetItem[T]) -> T:
        """One of a sequence that is not empty."""
        return seq[int(self.random() * len(seq))]

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` up to, not including, `high`."""
        return low + int(self.random() * (high - low))
