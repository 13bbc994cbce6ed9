"""Reading subjects again from their sites: all communities at once, so that none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.desk.across import WAITING
from modtui.domain.items import Gone, Item
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NetworkError, Refused

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.desk.outbox import Outbox

SLOW_S = 5.0
"""A community that takes longer counts as silent, where others have answered (real seconds)."""

Found = dict[SubjectRef, Item | Gone]


class Rereads:
    """Reads in batches, into the cache, too."""

    def __init__(self, find: Callable[[CommunityId], Community | None], outbox: Outbox) -> None:
        self._find = find
        self._outbox = outbox

    async def read(
        self, refs: Sequence[SubjectRef], *, patient: bool = True
    ) -> tuple[Found, dict[CommunityId, ModtuiError]]:
        """The subjects as they are now, and the communities that did not answer, each with its error. Unless
        `patient`, a community whose line is down is not asked, and a slow one is not waited for. Raises StoreError."""
        places: dict[CommunityId, list[SubjectRef]] = {}
        for ref in refs:
            places.setdefault(ref.community, []).append(ref)
        answers = await asyncio.gather(*(self._one(id, mine, patient) for id, mine in places.items()))
        found: Found = {}
        silent: dict[CommunityId, ModtuiError] = {}
        for id, answer in zip(places, answers, strict=True):
            if isinstance(answer, ModtuiError):
                silent[id] = answer
            else:
                found.update(answer)
        return found, silent

    async def _one(self, id: CommunityId, refs: Sequence[SubjectRef], patient: bool) -> Found | ModtuiError:
        found: Found = {}
        fresh: list[Item | Gone] = []
        try:
            async with asyncio.timeout(None if patient else SLOW_S):
                await self._ask(id, refs, patient, found, fresh)
        except TimeoutError:
            community = self._find(id)
            return NetworkError(f"{community.name if community else id} does not answer.", "It is tried again.")
        except ModtuiError as error:
            return error
        if fresh:
            await self._outbox.aftermath.read(fresh)
        return found

    async def _ask(
        self, id: CommunityId, refs: Sequence[SubjectRef], patient: bool, found: Found, fresh: list[Item | Gone]
    ) -> None:
        community = self._find(id)
        if community is None:
            raise Refused("The community of this decision is not open here.")
        if not patient and community.link.state in WAITING:
            raise NetworkError(f"The line to {community.name} is down.", "It is tried again.")
        await community.identify()
        size = max(1, community.backend.capabilities.reread_batch)
        reads = self._outbox.reads
        for start in range(0, len(refs), size):
            asked = self._outbox.clock.monotonic()
            got = await community.backend.reread(refs[start : start + size])
            found.update(got)
            # What we changed while the answer was on its way is older than what is known here.
            now = [one for one in got.values() if reads.holds(one.ref, asked)]
            reads.note(now, asked)
            fresh.extend(now)
