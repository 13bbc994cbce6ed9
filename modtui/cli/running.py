"""A desk at work for a command; waiting for what was decided, and saying meanwhile how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from modtui.cli.output import narrate
from modtui.domain.decisions import FINAL
from modtui.text import say

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

_WORD_S = 10.0


@asynccontextmanager
async def working(desk: Desk, *, send: bool) -> AsyncIterator[None]:
    """The desk started without following the sites; closed at the end, with its connections. Raises StoreError."""
    await desk.start(sync=False, send=send)
    try:
        yield
    finally:
        await desk.close()
        for community in desk.communities:
            await community.backend.aclose()


async def finished(desk: Desk, ids: Sequence[str]) -> None:
    """Wait until these decisions are sent (or wait for the moderator). ctrl+c leaves them in the outbox."""
    while not await desk.settle(_WORD_S):
        found = [decision for id in ids if (decision := desk.store.journal.decision(id)) is not None]
        targets = [target for decision in found for target in decision.targets]
        done = sum(all(step.state in FINAL for step in target.steps) for target in targets)
        links = {community.link.words for community in desk.communities if community.link.words}
        why = f" {' '.join(sorted(links))}" if links else ""
        narrate(say("{done} of {all} are through.{why}", done=done, all=len(targets), why=why))
