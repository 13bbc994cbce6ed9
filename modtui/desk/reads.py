"""Which subjects were read when: a fresh read counts as the look before sending."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from modtui.desk.clock import Clock
from modtui.domain.items import Gone, Item
from modtui.domain.subjects import SubjectRef

FRESH_S = 10.0
"""A read that is younger than this needs no other before sending (semantics). Of a batch that was read at once, what
has not gone out by then (the budget may make it wait) is read again."""
_KEPT = 2000
_KEPT_S = 120.0
"""Older reads are let go: nobody takes one for fresh, and each holds a whole item."""


class Reads:
    """The last read of each subject, with the moments (monotonic) when it was there and when it was asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reads: OrderedDict[SubjectRef, tuple[float, float, Item | Gone]] = OrderedDict()
        self._written: OrderedDict[SubjectRef, float] = OrderedDict()

    def note(self, found: Iterable[Item | Gone], asked: float | None = None) -> None:
        """These subjects were read from the site just now; `asked` is when the request left (monotonic seconds)."""
        now = self._clock.monotonic()
        asked = now if asked is None else asked
        for one in found:
            known = self._reads.get(one.ref)
            if known is not None and known[1] > asked:
                continue  # a later question was answered first
            self._reads[one.ref] = (now, asked, one)
            self._reads.move_to_end(one.ref)
        while self._reads:
            oldest = next(iter(self._reads))
            if len(self._reads) <= _KEPT and now - self._reads[oldest][0] <= _KEPT_S:
                break
            del self._reads[oldest]

    def get(self, ref: SubjectRef, within_s: float = FRESH_S, since: float | None = None) -> Item | Gone | None:
        """The read of this subject, if there is one that young, asked for at `since` (monotonic seconds) or later."""
        read = self._reads.get(ref)
        if read is None or self._clock.monotonic() - read[0] > within_s or (since is not None and read[1] < since):
            return None
        return read[2]

    def asked(self, ref: SubjectRef) -> float:
        """When the last read of this subject was asked for (monotonic seconds); long ago where there is none."""
        read = self._reads.get(ref)
        return read[1] if read is not None else float("-inf")

    def drop(self, ref: SubjectRef) -> None:
        """What was read of this subject holds no longer: we change it, or did just now."""
        self._reads.pop(ref, None)
        self._written[ref] = self._clock.monotonic()
        self._written.move_to_end(ref)
        while len(self._written) > _KEPT:
            self._written.popitem(last=False)

    def holds(self, ref: SubjectRef, asked: float) -> bool:
        """Whether an answer to a question that was asked then (monotonic seconds) tells how the subject is now: not
        where we wrote while it was on its way."""
        return self._written.get(ref, asked) <= asked
