"""Whatever is pressed, whatever breaks: no decision is lost, doubled, or applied to what was not shown."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.outbox_machine import COUNTS, OutboxMachine


@pytest.mark.parametrize("steps", [600, pytest.param(20_000, marks=pytest.mark.long)])
def test_nothing_is_lost_doubled_or_applied_to_what_was_not_shown(steps: int) -> None:
    COUNTS.clear()
    length = 50
    while COUNTS["steps"] < steps:
        run_state_machine_as_test(
            OutboxMachine,
            settings=settings(
                max_examples=max(1, (steps - COUNTS["steps"]) // length + 1), stateful_step_count=length, deadline=None,
                database=None, derandomize=steps < 1000, phases=[Phase.generate], report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    print("\n".join(f"{number:>7} {name}" for name, number in sorted(COUNTS.items())))
    assert COUNTS["decisions"] and COUNTS["crashes"] and COUNTS["conflicts"] and COUNTS["lost answers"]
