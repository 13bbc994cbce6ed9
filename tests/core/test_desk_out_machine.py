"""Whatever is pressed, whatever breaks: no decision is lost, doubled, or applied to what was not shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.outbox_checks import COUNTS
from tests.core.outbox_machine import OutboxMachine

LENGTH = 50
"""Moves in one game; most are several steps."""


@pytest.mark.parametrize("steps", [600, pytest.param(20_000, marks=pytest.mark.long)])
def test_nothing_is_lost_doubled_or_applied_to_what_was_not_shown(
    record_property: Callable[[str, object], None], steps: int
) -> None:
    COUNTS.clear()
    run_state_machine_as_test(
        OutboxMachine,
        settings=settings(
            max_examples=steps // LENGTH, stateful_step_count=LENGTH, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    record_property("counts", ", ".join(f"{number} {name}" for name, number in sorted(COUNTS.items())))
    assert COUNTS["steps"] >= steps
    assert all(COUNTS[name] for name in ("decisions", "undos", "crashes", "conflicts", "lost answers", "batches"))
