"""Pieces of plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.domain.decisions import Call, Effect, Plan, PlannedStep
from modtui.text import Foreign


def made(
    steps: Sequence[PlannedStep], effects: Sequence[Effect], *, stays: tuple[str, ...] = (), none: bool = False,
    asks: str = "", tells: bool = False,
) -> Plan:  # fmt: skip
    """The part of a plan that one action makes; `none` says that nothing takes it back."""
    return Plan(
        verb="", steps=tuple(steps), effects=tuple(effects), stays=stays, tells_author=tells,
        reversal="none" if none else "partial" if stays else "full", asks=Foreign(asks) if asks else None,
    )


def sends(name: str, words: str, /, *, reaches: bool = False, waits: bool = True, **args: Any) -> PlannedStep:
    """One step: the call with its arguments, and what will be so after it."""
    return PlannedStep(call=Call(name, dict(args)), words=words, reaches=reaches, waits=waits)
