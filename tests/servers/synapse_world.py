"""A small community on a running Matrix homeserver, and the backends of those who look after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from modtui.backends.base import Connection, Credential
from modtui.backends.synapse.backend import SynapseBackend
from modtui.domain.decisions import Answer, Intent, Plan, Step
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import carry_out
from modtui.testing.steps import all_items
from tests.servers.synapse import Member, Synapse


class World:
    """A room of its own with an author, two reporters, and two administrators who have power in it."""

    def __init__(self, server: Synapse, *, level: int = 50, version: str | None = None) -> None:
        self.server = server
        self.mod, self.other = server.register(admin=True), server.register(admin=True)
        self.author, self.ann, self.bo, self.owner = (server.register() for _ in range(4))
        self.room = server.room(self.owner, moderators=(self.mod, self.other), level=level, version=version)
        server.join(self.room, self.author, self.ann, self.bo)

    def reported(self, text: str = "Cheap watches!", *, room: str = "", reason: str | None = "spam") -> str:
        """A message that ann and bo report; the event's id."""
        event = self.server.send(self.author, room or self.room, text)
        self.server.report(room or self.room, event, self.ann, self.bo, reason=reason)
        return event

    def reported_by_ann(self, room: str) -> str:
        """A message in a room that only ann and the author are in."""
        event = self.server.send(self.author, room, "Cheap watches!")
        self.server.report(room, event, self.ann)
        return event

    def text(self, event: str, who: Member | None = None, room: str = "") -> str:
        """What another member reads of a message: "" when it was removed."""
        found = self.server.seen(who or self.bo, room or self.room, event)
        return str(found["content"].get("body", ""))

    def open_reports(self, event: str) -> int:
        """How many reports of a message are open, by the server's own list."""
        return sum(row["event_id"] == event for row in self.server.reports())


@asynccontextmanager
async def opened(
    server: Synapse, member: Member, state: Path, **options: object
) -> AsyncIterator[SynapseBackend]:
    """A backend that has signed in."""
    state.mkdir(parents=True, exist_ok=True)
    backend = SynapseBackend(
        Connection(
            community=community_id("synapse", server.url, member.id), url=server.url,
            credential=Credential(kind="token", secret=member.token), state=state, options=options,
        )
    )  # fmt: skip
    try:
        await backend.identify()
        yield backend
    finally:
        await backend.aclose()


def ref_of(backend: SynapseBackend, room: str, event: str, kind: str = "event") -> SubjectRef:
    """A message as the backend names it."""
    return SubjectRef(backend.connection.community, kind, f"{room}/{event}" if event else room)


async def item_of(backend: SynapseBackend, room: str, event: str, kind: str = "event") -> Item:
    """A message as it is now."""
    ref = ref_of(backend, room, event, kind)
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


async def row_of(backend: SynapseBackend, event: str) -> Item:
    """The one row of a message in the lane of reports."""
    (found,) = [item for item in await all_items(backend, "reports") if item.native.get("event") == event]
    return found


async def do(backend: SynapseBackend, item: Item, intent: Intent, key: str = "do") -> tuple[Plan, list[Step]]:
    """Plan and carry out; the plan and its steps with their answers."""
    plan = backend.plan(item, intent)
    return plan, await carry_out(backend, plan, key)


async def undo(backend: SynapseBackend, item: Item, intent: Intent, done: list[Step], key: str = "undo") -> Plan:
    """Take it back; the plan of that."""
    plan = backend.plan_undo(item, intent, done)
    await carry_out(backend, plan, key)
    return plan


def answer_of(step: Step) -> Answer:
    """The answer of a step that is done."""
    assert step.answer is not None
    return step.answer
