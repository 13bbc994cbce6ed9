"""What the tests of a real Ozone share: a moderator's backend, rows, and carrying out what was decided."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from modtui.backends.base import Backend, Connection, Credential
from modtui.backends.ozone import factory
from modtui.domain.decisions import Intent, Plan, Step
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import carry_out
from tests.servers.ozone import Member, Ozone


def connection(ozone: Ozone, state: Path, member: Member | None = None, **options: object) -> Connection:
    """A connection of the moderator, or of that member, with an app password."""
    user, secret = (member.handle, ozone.app_password(member)) if member else (ozone.user, ozone.password)
    return Connection(
        community=community_id("ozone", ozone.url, user), url=ozone.url, state=state,
        credential=Credential(kind="service", user=user, secret=secret), options={"labeler": ozone.labeler, **options},
    )  # fmt: skip


@asynccontextmanager
async def signed_in(
    ozone: Ozone, state: Path, member: Member | None = None, *, url: str = "", **options: object
) -> AsyncIterator[Backend]:
    """A backend that has identified itself; `url` is another way to the same server."""
    state.mkdir(exist_ok=True, parents=True)
    given = connection(ozone, state, member, **options)
    backend = factory(msgspec.structs.replace(given, url=url) if url else given)
    try:
        await backend.identify()
        yield backend
    finally:
        await backend.aclose()


def reported(ozone: Ozone, text: str, *, author: str = "author", reasons: tuple[str, ...] = ("reasonSpam",)) -> str:
    """A new post that was reported for these reasons, by a member each; its address."""
    post = ozone.post(ozone.named(author), text)
    for name, reason in zip(("ann", "bo", "cy"), reasons, strict=False):
        ozone.report(ozone.named(name), post, f"{name} says so.", reason)
    ozone.process()
    return post[0]


async def row(backend: Backend, key: str) -> Item:
    """The subject as it is now."""
    kind = "record" if key.startswith("at://") else "account"
    ref = SubjectRef(backend.connection.community, kind, key)
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


async def listed(backend: Backend) -> dict[str, Item]:
    """The whole lane, by address or DID."""
    found: dict[str, Item] = {}
    cursor: str | None = None
    for _ in range(30):
        page = await backend.page("reports", cursor)
        found |= {item.ref.native: item for item in page.items}
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the lane does not end")


async def decide(backend: Backend, item: Item, intent: Intent, name: str) -> tuple[Plan, list[Step]]:
    """Plan and carry out; `name` makes the keys of the steps."""
    plan = backend.plan(item, intent)
    return plan, await carry_out(backend, plan, name)


async def take_back(backend: Backend, item: Item, intent: Intent, done: list[Step], name: str) -> Plan:
    """Undo what was done."""
    back = backend.plan_undo(item, intent, done)
    await carry_out(backend, back, name)
    return back
