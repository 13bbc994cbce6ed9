"""The outbox: what is held, who may send it, and when.

One sender per community runs in this process while it has the community's lock. The others show the same outbox: each
looks once a second whether another process wrote to the journal, and takes over when the lock is free.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from modtui.desk.aftermath import Aftermath, only_claimed
from modtui.desk.book import Book, current, in_community, steps_of
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.deadline import Deadline, plain_deadline
from modtui.desk.due import Dues
from modtui.desk.events import DecisionChanged, Event, LinkChanged, Troubled
from modtui.desk.outbox_acts import OutboxActs
from modtui.desk.reads import Reads
from modtui.desk.sender_lock import SenderLock
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError, StoreError
from modtui.ondemand import on_demand
from modtui.text import say

if TYPE_CHECKING:
    from modtui.desk.carrier import Carrier
    from modtui.desk.courier import Courier
    from modtui.desk.escalation import route_of
    from modtui.desk.recovery import recover
    from modtui.desk.sender import Sender
    from modtui.routes.base import Route
    from modtui.store.journal import Journal
    from modtui.store.store import Store
else:
    on_demand(__name__, "modtui.desk.escalation", "route_of")
    on_demand(__name__, "modtui.desk.recovery", "recover")

_log = logging.getLogger(__name__)
POLL_S = 1.0
"""How often it is looked at what other processes did."""
_LOOKS_ENOUGH = 3
"""`settle` waits for this many looks at an unclear fate, then it counts as settled (and stays visible)."""


class Outbox(OutboxActs):
    """The senders of all communities, and what the moderator may do with what is held."""

    def __init__(
        self, book: Book, store: Store, clock: Clock, communities: Sequence[Community],
        tell: Callable[[Event], None], *, resume_after_s: float, line_up: Callable[[Community], None],
        line_down: Callable[[Community, ModtuiError, float], None],
        release: Callable[[Decision, Target], Awaitable[None]], routes: Mapping[str, Route] | None = None,
        deadline: Deadline = plain_deadline,
    ) -> None:
        self.book = book
        self.clock = clock
        self.tell = tell
        self.reads = Reads(clock)
        self.aftermath = Aftermath(store.cache, clock, tell)
        self.resume_after_s = resume_after_s
        self.line_up = line_up
        self.line_down = line_down
        self.release = release
        self._store = store
        self._communities = list(communities)
        self._routes, self._deadline = routes or {}, deadline
        self._locks = {one.id: SenderLock(one.backend.connection.state, one.id) for one in communities}
        self.dues = Dues(clock)
        self._waiting: dict[str, int] = {}
        self._mine: set[str] = set()
        self._young: set[str] = set()
        """Decisions made while nothing was sent: made in this process, so their age needs no clock."""
        self._ready: set[CommunityId] = set()
        """Communities whose lock we hold and whose outbox we have gone through since."""
        self._since: dict[str, float] = {}
        """By decision: from when on a read counts as the look before sending (monotonic seconds)."""
        self._told = ""
        self._paused = False
        self._sending = False
        self._looking = False
        self._tasks: list[asyncio.Task[None]] = []
        self._poller: asyncio.Task[None] | None = None

    @cached_property
    def _senders(self) -> dict[CommunityId, Sender]:
        from modtui.desk.sender import Sender  # when the outbox starts: the first picture needs none

        return {one.id: Sender(self, one) for one in self._communities}

    @cached_property
    def _couriers(self) -> dict[CommunityId, Courier]:
        from modtui.desk.courier import Courier

        return {one.id: Courier(self, one, self._routes, self._deadline) for one in self._communities}

    @property
    def journal(self) -> Journal:
        """The journal, for lines that are no transition."""
        return self._store.journal

    # ---------------------------------------------------------------- for the senders

    def may_send(self, community: CommunityId) -> bool:
        """Whether this process sends for the community now."""
        return self._sending and not self._paused and community in self._ready

    def is_waiting(self, decision: str) -> bool:
        """Whether the moderator has to be asked before it goes out."""
        return decision in self._waiting

    def ask_first(self, decision: str) -> None:
        """It became too old to go out unasked."""
        self._waiting[decision] = self.clock.now_ms()
        self.book.changed.set()

    def look(self, decision: str, target: Target) -> Item | Gone | None:
        """The look before sending, where there was one already: a fresh read of the subject that was asked for after
        the decision was made. Only such a one can tell what others did meanwhile."""
        since = self._since.setdefault(decision, self.clock.monotonic())  # another process' decision, or an older one
        return self.reads.get(target.ref, since=since)

    async def let_go(self, decision: Decision) -> None:
        """Release the claims of a decision that came to nothing, once. Raises StoreError."""
        for target in decision.targets:
            if only_claimed(decision, target) and not any(
                other.ref == target.ref for undo in self.journal.undo_of(decision.id) for other in undo.targets
            ):
                await self.release(decision, target)

    def cached(self, target: Target) -> Item | None:
        """The row as the cache has it."""
        return self._store.cache.item(target.item)

    def mistake(self, error: BaseException, community: Community) -> None:
        """A mistake in modtui or in an adapter: said, logged without its values, survived."""
        _log.error("%s while sending to %s", type(error).__name__, community.id)
        self.tell(Troubled(words=say("modtui stumbled while sending to {name}; it tries again.", name=community.name)))

    # ---------------------------------------------------------------- life

    async def start(self, *, send: bool) -> None:
        """Read the outbox; with `send`, become the sender where that is free. Raises StoreError where it cannot be
        read."""
        self.book.load()
        if send:
            self._sending = True
            await self._try_locks()
            self._tasks = [
                asyncio.create_task(sender.run(), name=f"sender {sender.community.name}")
                for sender in self._workers()
            ]
        self._poller = asyncio.create_task(self._poll(), name="outbox")

    async def close(self, timeout_s: float = 8.0) -> None:
        """End. A write in flight is not cancelled but waited for; if the time runs out its step stays `sending`, and
        the next start looks it up before anything else. Seconds here are real ones."""
        self._sending = False
        for sender in self._workers():
            sender.stop()
        if self._poller is not None:
            self._poller.cancel()
        flying = [asyncio.ensure_future(one.landed.wait()) for one in self._workers() if not one.landed.is_set()]
        if flying:
            await asyncio.wait(flying, timeout=timeout_s)
            for waiting in flying:
                waiting.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *([self._poller] if self._poller else []), return_exceptions=True)
        self._tasks = []
        for lock in self._locks.values():
            lock.release()

    async def pause_sending(self, timeout_s: float = 3.0) -> None:
        """Before suspending or $EDITOR: finish what is in flight, then let another process send. A community whose
        request is still out keeps its lock, so that nobody sends it twice. Seconds are real ones."""
        self._paused = True
        for id in self._senders:
            out = [one for one in self._workers(id) if not one.landed.is_set()]
            try:
                async with asyncio.timeout(timeout_s):
                    for sender in out:
                        await sender.landed.wait()
            except TimeoutError:
                continue
            self._ready.discard(id)
            self._locks[id].release()

    async def resume_sending(self) -> None:
        """After it: become the sender again where that is free; holds start again. Raises StoreError where the journal
        cannot be read."""
        if not self._paused:
            return
        self._paused = False
        self.book.refresh()
        if self._sending:
            await self._try_locks()
        self._young.clear()
        self.wake()

    @property
    def resting(self) -> bool:
        """Whether all senders wait for time to pass or for something to happen."""
        return not self._looking and all(sender.resting for sender in self._workers())

    def _workers(self, community: CommunityId | None = None) -> list[Carrier]:
        """The senders and couriers of all communities, or of one."""
        ids = list(self._senders) if community is None else [community]
        return [one for id in ids for one in (self._senders[id], self._couriers[id])]

    def is_sender(self, community: CommunityId) -> bool:
        """Whether this process holds the community's lock."""
        lock = self._locks.get(community)
        return lock is not None and lock.held

    async def _try_locks(self) -> None:
        """Become the sender where that is free. While the disk takes nothing nobody sends: told once, tried again."""
        try:
            await self._take_locks()
            self._told = ""
        except StoreError as error:
            if self._told != str(error):
                self._told = str(error)
                self.tell(Troubled(words=self._told))

    async def _take_locks(self) -> None:
        for id, lock in self._locks.items():
            if id in self._ready or self._senders[id].community.read_only or not lock.acquire():
                continue  # what was held for a community that is read-only by now stays held
            self.book.refresh()
            skip = {one.in_flight for one in self._workers(id) if one.in_flight is not None}
            found = await recover(
                self.book, self.clock, id, resume_after_s=self.resume_after_s, skip=skip, young=self._young
            )
            self._waiting.update(dict.fromkeys(found.waiting, self.clock.now_ms()))
            self._ready.add(id)
            for decision in self.book.all():
                if in_community(decision, id):
                    await self.let_go(decision)  # where a crash came in between
            for one in self._workers(id):
                one.wake(try_now=True)

    async def _poll(self) -> None:
        """Follow what other processes do; take over where one ended."""
        while True:
            self._looking = False
            await self.clock.sleep(POLL_S)
            self._looking = True
            try:
                changed = self.book.refresh()
                for decision in changed:
                    self._released(decision)
                if changed:
                    self.wake()
            except StoreError as error:
                self.tell(Troubled(words=str(error)))
            if self._sending and not self._paused:
                await self._try_locks()

    def _released(self, decision: Decision) -> None:
        """Another process was told to send what waits here to be asked."""
        since = self._waiting.get(decision.id)
        if since is not None and any(
            step.state == "held" and (step.changed_ms or 0) > since for _, step in steps_of(decision)
        ):
            self._waiting.pop(decision.id)

    def heard(self, event: Event) -> None:
        """Listen to the desk: a line that is up again is used at once, and a step that is over lets the next one go,
        whoever carries that."""
        if isinstance(event, LinkChanged) and event.link.state == "live":
            sender = self._senders.get(event.community)
            if sender is not None:
                sender.line_is_up()
        elif isinstance(event, DecisionChanged) and event.decision.intent.route is not None:
            for one in self._workers():
                one.wake()

    def wake(self, *, try_now: bool = False) -> None:
        """Look again at what is due."""
        for sender in self._workers():
            sender.wake(try_now=try_now)

    # ---------------------------------------------------------------- new decisions

    def recorded(self, decision: Decision, rested: bool) -> None:
        """A decision of this process was committed: its holds begin. `rested`: it rests on a read that was made for it,
        newer than what the moderator was shown, so that read counts as the look before sending."""
        self._mine.add(decision.id)
        if self._paused:
            self._young.add(decision.id)
        self._since[decision.id] = 0.0 if rested else self.clock.monotonic()
        for target, step in steps_of(decision):
            self.dues.at(decision, target, step)
        self.wake()

    def set_base(self, decision: str, target: Target, seen: Seen) -> None:
        """The rest of a target goes on from the subject as the moderator accepted it now."""
        sender = self._senders.get(target.ref.community)
        if sender is not None:
            sender.set_base(decision, target.index, seen)

    async def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until all that this process decided is sent (or waits for the moderator); False when the time ran out.

        A fate that stays unclear after some looks counts as settled.
        """
        end = None if timeout_s is None else self.clock.monotonic() + timeout_s
        while True:
            self.book.changed.clear()
            if not self._unsettled():
                return True
            left = POLL_S if end is None else min(POLL_S, end - self.clock.monotonic())
            if left <= 0:
                return False
            await self.clock.wait(self.book.changed, left)
            self.book.refresh()

    def _unsettled(self) -> bool:
        for decision in self.book.open():
            if decision.id not in self._mine or decision.id in self._waiting:
                continue
            for target in decision.targets:
                step = current(target)
                sender = self._senders.get(target.ref.community)
                if step is None or sender is None:
                    continue  # what is in a community that is not open here is for another process
                if step.state == "unknown" and route_of(step) is not None:
                    continue  # nobody can be asked
                looks = sender.looked_up((decision.id, target.index, step.index))
                if step.state != "unknown" or looks < _LOOKS_ENOUGH:
                    return True
        return False

    def forget(self, decision: Decision) -> None:
        """A decision changed: what is final needs no hold any more."""
        if not decision.open:
            self.dues.forget(decision.id)
            self._since.pop(decision.id, None)
            self._waiting.pop(decision.id, None)
            self.book.stopping.discard(decision.id)
