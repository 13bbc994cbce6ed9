"""When holds end.

The wall clock says only how long a hold is; it runs on the monotonic clock from when the step was first seen here, so a
wall clock that jumps can only lengthen it.
"""

from __future__ import annotations

from modtui.desk.clock import Clock
from modtui.domain.decisions import Decision, Step, Target


def hold_of(decision: Decision, step: Step) -> int:
    """The length of a step's own hold, in milliseconds: at most the decision's."""
    return max(0, min(step.due_ms - decision.created_ms, decision.hold_ms))


class Dues:
    """The ends of the holds of open decisions, in seconds of the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[str, dict[tuple[int, int], tuple[int, float]]] = {}

    def at(self, decision: Decision, target: Target, step: Step) -> float:
        """When the hold of a step ends. An instant that was changed meanwhile (send now, a hold that starts again) is
        taken as it is, within the decision's hold."""
        places = self._ends.setdefault(decision.id, {})
        known = places.get((target.index, step.index))
        if known is not None and known[0] == step.due_ms:
            return known[1]
        if known is None:
            hold_ms = hold_of(decision, step)
        else:
            hold_ms = max(0, min(step.due_ms - self._clock.now_ms(), decision.hold_ms))
        end = self._clock.monotonic() + hold_ms / 1000
        places[target.index, step.index] = (step.due_ms, end)
        return end

    def left(self, decision: Decision, target: Target, step: Step) -> float:
        """Seconds until the hold ends; negative when it has."""
        return self.at(decision, target, step) - self._clock.monotonic()

    def end_now(self, decision: Decision) -> None:
        """All holds of the decision are over."""
        now = self._clock.monotonic()
        places = self._ends.setdefault(decision.id, {})
        for target in decision.targets:
            for step in target.steps:
                places[target.index, step.index] = (step.due_ms, now)

    def forget(self, decision: str) -> None:
        """The decision is final."""
        self._ends.pop(decision, None)
