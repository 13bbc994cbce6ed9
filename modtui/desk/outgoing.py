"""What the desk offers for decisions that are on their way: taking back, trying again, sending now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from modtui.desk import words
from modtui.desk.outbox import Outbox
from modtui.desk.outcome import OutboxState, UndoResult
from modtui.desk.tasks import Tasks
from modtui.desk.undo import Undoer
from modtui.domain.decisions import Decision
from modtui.errors import ReadOnly


class Outgoing:
    """A part of `Desk`. Whoever goes away while one of these runs does not stop it."""

    read_only: bool
    _tasks: Tasks
    _outbox: Outbox
    _undoer: Undoer

    def _may_write(self) -> None:
        if self.read_only:
            raise ReadOnly(str(words.read_only()))

    async def redo(self) -> UndoResult:
        """Do again what was taken back last, as a new decision. Raises ReadOnly, StoreError."""
        self._may_write()
        return await self._tasks.whole(self._undoer.redo())

    async def discard(self, id: str) -> None:
        """Drop what is not sent of a decision. Raises ReadOnly, NotFound, Refused, StoreError."""
        self._may_write()
        await self._tasks.whole(self._outbox.discard(id))

    async def retry(self, id: str) -> None:
        """Try a refused remainder again; look an unknown fate up now. Raises ReadOnly, NotFound, Refused and
        StoreError."""
        self._may_write()
        await self._tasks.whole(self._outbox.retry(id))

    async def send_now(self, id: str | None = None) -> int:
        """End the hold of one decision or of all; how many. Raises ReadOnly, NotFound, StoreError."""
        self._may_write()
        return await self._tasks.whole(self._outbox.send_now(id))

    async def resume(self, ids: Sequence[str]) -> None:
        """Check and send what waited to be asked about. Raises ReadOnly, NotFound, StoreError."""
        self._may_write()
        await self._tasks.whole(self._outbox.resume(ids))

    async def resolve_conflict(self, id: str, choice: Literal["mine", "theirs"]) -> Decision | None:
        """`mine` decides again on the subject as it is now and gives that decision; `theirs` drops it. Raises ReadOnly,
        NotFound, Refused, StoreError, and the site's errors."""
        self._may_write()
        return await self._tasks.whole(self._undoer.resolve(id, choice))

    def outbox(self) -> OutboxState:
        """What is on its way."""
        return self._outbox.state()

    def waiting_old(self) -> list[Decision]:
        """What is too old to go out without being asked about."""
        return self._outbox.waiting_old()

    async def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until everything that this desk decided is sent; False when the time ran out."""
        return await self._outbox.settle(timeout_s)
