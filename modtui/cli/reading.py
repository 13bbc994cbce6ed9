"""Reading several communities at the same time for one output, which keeps their order while it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from modtui.cli.output import narrate
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.text import say

if TYPE_CHECKING:
    from modtui.desk.community import Community

SLOW_S = 3.0
"""A community that brings nothing for so long lets the others go first."""
_AHEAD = 60
"""Rows that are read ahead of the output: about a page, so that `| head` costs no more requests than that."""

Rows = Callable[["Community"], AsyncIterator[Item]]


class Reading:
    """The rows of several communities. `troubles` are those that failed, each with its error, when all are read."""

    def __init__(self, communities: Sequence[Community], rows: Rows) -> None:
        self._communities = list(communities)
        self._rows = rows
        self._here: dict[str, asyncio.Queue[Item | None]] = {
            one.id: asyncio.Queue(_AHEAD) for one in self._communities
        }  # fmt: skip
        self._failed: dict[str, ModtuiError] = {}
        self.tasks = [asyncio.ensure_future(self._read(one)) for one in self._communities]

    @property
    def troubles(self) -> list[tuple[Community, ModtuiError]]:
        """The communities that failed, in their order."""
        return [(one, self._failed[one.id]) for one in self._communities if one.id in self._failed]

    async def _read(self, community: Community) -> None:
        queue = self._here[community.id]
        try:
            async for item in self._rows(community):
                await queue.put(item)
        except ModtuiError as error:
            self._failed[community.id] = error
        except Exception:
            await queue.put(None)
            raise
        await queue.put(None)

    async def rows(self) -> AsyncIterator[tuple[Community, Item]]:
        """Every row, community after community; one that is silent for a while lets the others go first."""
        left = list(self._communities)
        told: set[str] = set()
        while left:
            one = left[0]
            try:
                item = await asyncio.wait_for(self._here[one.id].get(), SLOW_S if len(left) > 1 else None)
            except TimeoutError:
                if one.id not in told:
                    told.add(one.id)
                    narrate(say("{name} takes its time; the others go first.", name=one.name))
                left.append(left.pop(0))
                continue
            if item is None:
                left.pop(0)
                await self.tasks[self._communities.index(one)]  # a mistake of ours is raised here
            else:
                yield one, item


@asynccontextmanager
async def together(communities: Sequence[Community], rows: Rows) -> AsyncIterator[Reading]:
    """Read all of them at the same time; what is still being read at the end is stopped."""
    reading = Reading(communities, rows)
    try:
        yield reading
    finally:
        for task in reading.tasks:
            task.cancel()
        await asyncio.gather(*reading.tasks, return_exceptions=True)
