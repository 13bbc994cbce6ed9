"""Work that is done to its end, although whoever asked for it may go away meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from modtui.errors import ModtuiError

T = TypeVar("T")
_ENDING_S = 2.0
"""How long closing waits for an undo that reads from a site, in real seconds."""


class Tasks:
    """The moderator's acts, and what follows from them in the background. `trouble` hears what goes wrong there."""

    def __init__(self, trouble: Callable[[ModtuiError], None]) -> None:
        self._trouble = trouble
        self._acts: set[asyncio.Task[Any]] = set()
        self._background: set[asyncio.Task[Any]] = set()

    async def whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it, and give what it gives. Where the caller is cancelled (a screen closes, ctrl+c) it goes on: what the
        journal has, this desk knows."""
        task = asyncio.ensure_future(work)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else will look at it
            raise

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the background."""

        async def run() -> None:
            try:
                await work
            except ModtuiError as error:
                self._trouble(error)

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self, timeout_s: float) -> None:
        """Wait a little for what the moderator asked for last."""
        if self._acts:
            await asyncio.wait(self._acts, timeout=min(timeout_s, _ENDING_S))

    async def end(self) -> None:
        """Give up what is left."""
        left = [*self._acts, *self._background]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
