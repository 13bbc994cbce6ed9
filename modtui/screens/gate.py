"""Which keys may decide. The rules of principle 8 in the default keymap, as plain code.

A decision needs its item painted for a while; a key that repeats by itself counts once; after a refused key, input is
ignored for half a second; a paste decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

Verdict = Literal["yes", "unseen", "repeat", "deaf"]


class Gate:
    """Remembers what was painted when, and the last key. Times are in seconds of a steady clock."""

    def __init__(
        self,
        *,
        painted_s: float = 0.2,
        repeat_s: float = 0.08,
        deaf_s: float = 0.5,
        hand_s: float = 0.03,
        paste_s: float = 0.1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._painted_s, self._repeat_s, self._deaf_s, self._now = painted_s, repeat_s, deaf_s, now
        self._item: str | None = None
        self._since = 0.0
        self._last_key = ""
        self._last_at = -1.0
        self._same = False
        self._deaf_until = 0.0
        self._hand_s, self._paste_s = min(hand_s, painted_s), paste_s
        self._hurried = False
        self._pasted_at: float | None = None
        self._stuck = False

    def painted(self, item: str | None) -> None:
        """`item` has just been painted, whole. Painting the same item again changes nothing."""
        if item != self._item:
            self._item, self._since = item, self._now()

    @property
    def in_sight(self) -> str | None:
        """The item that is painted now."""
        return self._item

    def hidden(self) -> None:
        """Nothing that could be decided on is in sight."""
        self._item = None

    def stuck(self, yes: bool) -> None:
        """Whether what is painted does not reach the terminal: it is in sight from when all of it has."""
        self._stuck, self._since = yes, self._now()

    def key(self, token: str, late_s: float = 0.0) -> bool:
        """Note a key that came `late_s` seconds ago; False when it is to be ignored (after a refused key).

        What counts is when it was pressed, not when a busy program comes to it: keys that wait while a screen is drawn
        are no second press, and were not pressed on what is drawn only then.
        """
        at = self._now() - max(0.0, late_s)
        self._same = token == self._last_key and at - self._last_at < self._repeat_s
        self._hurried = self._hand_s > 0 and at - self._last_at < self._hand_s
        self._last_key, self._last_at = token, at
        return at >= self._deaf_until

    @property
    def repeating(self) -> bool:
        """Whether the key just noted is the same as the one before, too soon to be a second press."""
        return self._same

    @property
    def hurried(self) -> bool:
        """Whether the key just noted came sooner after the one before than a hand can press: pasted, where the terminal
        does not mark what is pasted."""
        return self._hurried

    def pasted(self, at: float) -> None:
        """Marked text was pasted at `at` (the clock of `of_a_paste`)."""
        self._pasted_at = at

    def of_a_paste(self, at: float) -> bool:
        """Whether a key that came at `at` still belongs to what was pasted: a text can hold the mark of its own end,
        and what follows would be keys. It is over when nothing has come for a while."""
        if self._pasted_at is None:
            return False
        if not 0 <= at - self._pasted_at < self._paste_s:
            self._pasted_at = None
            return False
        self._pasted_at = at
        return True

    def refuse(self) -> None:
        """A key was refused: be deaf for a while, so that what was meant as its second half does nothing."""
        self._deaf_until = self._now() + self._deaf_s

    def may_decide(self, item: str | None) -> Verdict:
        """Whether the key just noted may decide on `item`."""
        if self._last_at < self._deaf_until:
            return "deaf"
        if self._same:
            return "repeat"
        if self._stuck or item is None or item != self._item or self._last_at - self._since < self._painted_s:
            return "unseen"
        return "yes"
