"""The embedded community for tests of the Discourse adapter: one world, made once, copied for each test."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer, open_world
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Answer, Intent, Plan, Sanction, Step
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id

DAY_MS = 86_400_000
BAN = Sanction("ban", 7 * DAY_MS)


def make_world(folder: Path) -> Path:
    """A small world, to be copied."""
    open_world(folder, items=60, members=200, seed=7).close()
    return folder


def copied(world: Path, tmp_path: Path) -> Path:
    """The world's own copy for one test."""
    return Path(shutil.copytree(world, tmp_path / "world"))


def connect(
    demo: DemoServer, tmp_path: Path, *, user: str | None = "", key: str | None = None, **more: Any
) -> Connection:
    """A connection as the moderator, with an admin's key (`user` None: with the moderator's own). No local budget."""
    name = demo.username if user == "" else user
    secret = key or (demo.api_key if name else demo.user_api_key)
    options = more.pop("options", {"budget": 0})
    return Connection(
        community=community_id("discourse", demo.url, name or demo.username), url=demo.url,
        credential=Credential(kind="token", secret=secret, user=name), state=tmp_path / "state", options=options,
        **more,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def backend_on(connection: Connection, *, identify: bool = True) -> AsyncIterator[DiscourseBackend]:
    """A backend that has identified itself, closed afterwards."""
    backend = DiscourseBackend(connection)
    try:
        if identify:
            await backend.identify()
        yield backend
    finally:
        await backend.aclose()


async def all_items(backend: DiscourseBackend, lane: Any = "reports") -> list[Item]:
    """Every open item of a lane, page by page."""
    found: dict[str, Item] = {}
    cursor: str | None = None
    for _ in range(100):
        page = await backend.page(lane, cursor)
        found |= {item.number: item for item in page.items}
        cursor = page.cursor
        if cursor is None:
            return list(found.values())
    raise AssertionError("the lane does not end")


async def one(backend: DiscourseBackend, native: int | str) -> Item:
    """An item as it is now."""
    ref = SubjectRef(backend.connection.community, "reviewable", str(native))
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending a plan brought."""

    plan: Plan
    answers: list[Answer]
    steps: list[Step]


async def send_all(backend: DiscourseBackend, plan: Plan) -> Sent:
    """Send the steps of a plan in order, as the desk does."""
    answers, steps = [], []
    for number, planned in enumerate(plan.steps):
        answer = await backend.send(planned.call, key=f"k{number}")
        answers.append(answer)
        steps.append(
            Step(
                index=number,
                call=planned.call,
                words=planned.words,
                key=f"k{number}",
                due_ms=0,
                state="done",
                answer=answer,
            )
        )
    return Sent(plan, answers, steps)


async def decide(backend: DiscourseBackend, item: Item, verb: str, **more: Any) -> Sent:
    """Plan an intent and send it."""
    return await send_all(backend, backend.plan(item, Intent(verb=verb, **more)))


async def take_back(backend: DiscourseBackend, item: Item, sent: Sent, verb: str) -> Sent:
    """Plan the undo of what was sent, and send it."""
    return await send_all(backend, backend.plan_undo(item, Intent(verb=verb), sent.steps))


def pick(items: list[Item], offer: str, *, kind: str | None = None, hidden: bool | None = None) -> Item:
    """The first item that offers this action, allowed."""
    for item in items:
        fits = any(one.id == offer and one.capability == ALLOWED for one in item.offers)
        if fits and (kind is None or item.kind == kind) and (hidden is None or item.hidden == hidden):
            return item
    pytest.fail(f"no item offers {offer}")
