"""How each community stands, on one page: who we are there, how the line is, what waits, and what is on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.backends.base import Budget, RequestSeen
from modtui.desk.community import Community
from modtui.desk.outcome import OutboxState
from modtui.domain.subjects import Lane
from modtui.text import Foreign

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

LAST = 20
"""So many requests count for the latency."""


class Absent(Struct, frozen=True):
    """A community of the settings that could not be opened in this run: its name, its platform, why (a sentence with
    what to do), and the exit code of that."""

    name: str
    backend: str
    why: str
    code: int = 1


class Standing(Struct, frozen=True):
    """One community. `latency_ms` is the median of its last answers (None: none yet), `synced_ms` when it was last read
    without trouble (UTC ms; 0: not in this session), `outbox` what is on its way there, counted in subjects."""

    community: Community
    role: str
    version: Foreign | None
    latency_ms: int | None
    synced_ms: int
    budget: Budget
    counts: Mapping[Lane, int]
    outbox: OutboxState


def standings(desk: Desk) -> list[Standing]:
    """All communities in the order of the settings. Asks no site. Raises StoreError."""
    found: list[Standing] = []
    for one in desk.communities:
        account = one.account
        found.append(
            Standing(
                community=one, role=account.role if account is not None else "",
                version=account.version if account is not None else None,
                latency_ms=latency(one.backend.wire.requests), synced_ms=one.synced_ms, budget=desk.budget(one.id),
                counts=lane_counts(desk, one), outbox=desk.outbox(one.id),
            )
        )  # fmt: skip
    return found


def latency(requests: Sequence[RequestSeen]) -> int | None:
    """The median time that the last answers took, in milliseconds; None where nothing was answered yet."""
    from statistics import median

    took = [one.took_ms for one in requests[-LAST:] if one.status]
    return int(median(took)) if took else None


def lane_counts(desk: Desk, one: Community) -> dict[Lane, int]:
    """Open items by lane as the first line has them: what the site counts, else the questions that are known here."""
    counts = dict(desk.counts(one.id))
    if "questions" not in counts and (known := desk.store.cache.count("questions", one.id)):
        counts["questions"] = known
    return counts
