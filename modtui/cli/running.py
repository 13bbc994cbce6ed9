"""A desk at work for a command; waiting for what was decided, and saying meanwhile how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from modtui.cli.output import narrate
from modtui.domain.decisions import FINAL
from modtui.errors import AuthError
from modtui.text import Shown, count, own, say

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.desk.desk import Desk

_WORD_S = 10.0
_QUIET_S = 2.0
_AGAIN_S = 20.0


@asynccontextmanager
async def working(desk: Desk, *, send: bool) -> AsyncIterator[None]:
    """The desk started without following the sites; closed at the end, with its connections. What is too old to go out
    unasked is told. Raises StoreError."""
    await desk.start(sync=False, send=send)
    try:
        async with patient(desk.communities):
            yield
        if send and (old := len(desk.waiting_old())):
            narrate(old_words(old))
    finally:
        await desk.close()
        for community in desk.communities:
            await community.backend.aclose()


def old_words(number: int) -> Shown:
    """What a command says of decisions that are older than it sends unasked."""
    what = count(number, "decision waits", "decisions wait")
    return own(f"{what} to be asked about, older than resume_after in [undo] of the settings: modtui outbox shows them,"
               " modtui outbox send ID sends one, drop ID drops it.")  # fmt: skip


@asynccontextmanager
async def patient(communities: Sequence[Community]) -> AsyncIterator[None]:
    """Says, from time to time, when nothing moves because the request budget of a site is used up."""
    moved = dict.fromkeys((one.id for one in communities), time.monotonic())
    for community in communities:
        community.backend.wire.watch(lambda _, id=community.id: moved.update({id: time.monotonic()}))  # type: ignore[misc]

    async def tell() -> None:
        told = -_AGAIN_S
        while True:
            await asyncio.sleep(_QUIET_S / 2)
            now = time.monotonic()
            stuck = [one for one in communities if now - moved[one.id] > _QUIET_S and _spent(one)]
            if stuck and now - told > _AGAIN_S:
                told = now
                for one in stuck:
                    budget = one.backend.wire.budget
                    narrate(say(
                        "{name}: waits for the site's request budget ({used} of {limit} a minute are used).",
                        name=one.name, used=budget.used, limit=budget.limit,
                    ))  # fmt: skip

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


def _spent(community: Community) -> bool:
    """Whether a request has to wait; a quarter of the budget is kept for decisions."""
    budget = community.backend.wire.budget
    return budget.wait_s > 0 or (budget.limit > 0 and budget.used >= max(1, budget.limit * 3 // 4))


async def finished(desk: Desk, ids: Sequence[str]) -> AuthError | None:
    """Wait until these decisions are sent (or wait for the moderator). ctrl+c leaves them in the outbox.

    Where only communities are left that refuse the sign-in, waiting mends nothing: gives the error to end with, to be
    raised when what came of the rest is printed.
    """
    while not await desk.settle(_WORD_S):
        found = [decision for id in ids if (decision := desk.store.journal.decision(id)) is not None]
        targets = [target for decision in found for target in decision.targets]
        done = sum(all(step.state in FINAL for step in target.steps) for target in targets)
        links = {community.link.words for community in desk.communities if community.link.words}
        why = f" {' '.join(sorted(links))}" if links else ""
        narrate(say("{done} of {all} are through.{why}", done=done, all=len(targets), why=why))
        left = {target.ref.community for target in targets if any(step.state not in FINAL for step in target.steps)}
        shut = [one for one in desk.communities if one.id in left and one.link.state == "signed-out"]
        if shut and len(shut) == len(left):
            words = " ".join(f"{one.name}: {one.link.words}" for one in shut)
            return AuthError(words, f"What is left waits: modtui login {shut[0].name}, then modtui outbox send.")
    return None
