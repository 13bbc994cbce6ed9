"""What the desk offers for decisions that are on their way: taking back, trying again, sending now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from modtui.desk import words
from modtui.desk.book import Book
from modtui.desk.community import Community
from modtui.desk.outbox import Outbox
from modtui.desk.outcome import OutboxState, UndoResult
from modtui.desk.tasks import Tasks
from modtui.domain.decisions import Decision
from modtui.domain.subjects import CommunityId
from modtui.errors import ReadOnly

if TYPE_CHECKING:
    from modtui.desk.undo import Undoer


class Outgoing:
    """A part of `Desk`. Whoever goes away while one of these runs does not stop it."""

    read_only: bool
    _book: Book
    _by_id: Mapping[CommunityId, Community]
    _tasks: Tasks
    _outbox: Outbox

    @property
    def _undoer(self) -> Undoer:
        raise NotImplementedError

    def _may_write(self, id: str | None = None) -> None:
        """Raises ReadOnly where nothing may be sent: anywhere, or to the community of this decision."""
        if self.read_only:
            raise ReadOnly(str(words.read_only()))
        decision = self._book.get(id) if id is not None else None
        refs = {target.ref.community for target in decision.targets} if decision is not None else set()
        found = [one for id in refs if (one := self._by_id.get(id)) is not None]
        if found and all(one.read_only for one in found):
            raise ReadOnly(str(words.read_only_there(", ".join(sorted(one.name for one in found)))))

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
        self._may_write(id)
        await self._tasks.whole(self._outbox.retry(id))

    async def send_now(self, id: str | None = None) -> int:
        """End the hold of one decision or of all; how many. Raises ReadOnly, NotFound, StoreError."""
        self._may_write(id)
        return await self._tasks.whole(self._outbox.send_now(id))

    async def resume(self, ids: Sequence[str]) -> None:
        """Check and send what waited to be asked about. Raises ReadOnly, NotFound, StoreError."""
        self._may_write()
        for id in ids:
            self._may_write(id)
        await self._tasks.whole(self._outbox.resume(ids))

    async def resolve_conflict(self, id: str, choice: Literal["mine", "theirs"]) -> Decision | None:
        """`mine` decides again on the subject as it is now and gives that decision; `theirs` drops it. Raises ReadOnly,
        NotFound, Refused, StoreError, and the site's errors."""
        self._may_write(id if choice == "mine" else None)
        return await self._tasks.whole(self._undoer.resolve(id, choice))

    def outbox(self, community: CommunityId | None = None) -> OutboxState:
        """What is on its way, to all communities or to one."""
        return self._outbox.state(community)

    def waiting_old(self) -> list[Decision]:
        """What is too old to go out without being asked about."""
        return self._outbox.waiting_old()

    async def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until everything that this desk decided is sent; False when the time ran out."""
        return await self._outbox.settle(timeout_s)
