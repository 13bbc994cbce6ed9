"""What the tests of NodeBB do over and over: read a row, decide, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modtui.backends.nodebb.backend import NodeBBBackend
from modtui.domain.decisions import Intent, Plan, Step
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef
from modtui.testing import carry_out
from tests.fakes.nodebb import Forum

Open = Callable[..., Any]
"""Makes a backend for a member: `await open_(user)`."""
HOUR_MS = 3_600_000


async def row(backend: NodeBBBackend) -> Item:
    """The only report."""
    (item,) = (await backend.page("reports")).items
    return item


async def again(backend: NodeBBBackend, item: Item) -> Item:
    """The same item as it is now."""
    found = (await backend.reread([item.ref]))[item.ref]
    assert isinstance(found, Item), found
    return found


async def do(backend: NodeBBBackend, item: Item, verb: str, **more: Any) -> list[Step]:
    """Decide and carry it out; the done steps."""
    return await carry_out(backend, backend.plan(item, Intent(verb=verb, **more)), verb)


async def undo(backend: NodeBBBackend, item: Item, verb: str, done: list[Step]) -> Plan:
    """Take it back."""
    back = backend.plan_undo(item, Intent(verb=verb), done)
    await carry_out(backend, back, f"{verb}-back")
    return back


async def row_now(backend: NodeBBBackend, forum: Forum) -> Item:
    """The only flag, in whatever state."""
    (native,) = forum.flags
    ref = SubjectRef(backend.connection.community, "flag", str(native))
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item)
    return found
