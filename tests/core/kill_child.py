"""A desk in a process of its own, to be killed at any moment, or to bring everything to rest.

    python -m tests.core.kill_child FOLDER URL KEY USERNAME SEED work NATIVE...
    python -m tests.core.kill_child FOLDER URL KEY USERNAME SEED rest

`work` says `up`, decides at random on these items and says `decided ID` after each commit; sometimes it takes one
back. `rest` sends what is left, looks up what is unknown, and says `rest`. The key is the embedded community's own.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import ModtuiError
from modtui.store.store import Store

T = TypeVar("T")
DAY_MS = 86_400_000


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the spoiled line lets it through."""
    while True:
        try:
            return await ask()
        except ModtuiError:
            await asyncio.sleep(0.05)


def chosen(dice: random.Random) -> Intent:
    """Any decision. Messages say the same to everybody, so that only a careful look tells them apart."""
    verb = dice.choice(("approve", "remove", "ignore", "spam"))
    if verb != "remove":
        return Intent(verb=verb)
    return Intent(
        verb="remove", reason="insult", reason_title="Please be kind",
        message="Hello, we removed your post." if dice.random() < 0.5 else None,
        sanction=Sanction("silence", DAY_MS) if dice.random() < 0.3 else None, lock=dice.random() < 0.1,
    )  # fmt: skip


async def work(desk: Desk, refs: list[SubjectRef], dice: random.Random) -> None:
    """Decide on all of them, some at a time."""
    found = await patiently(lambda: desk.read(refs))
    items = [item for item in found.values() if isinstance(item, Item) and item.state == "open"]
    while items:
        number = dice.choice((1, 1, 3))
        some, items = items[:number], items[number:]
        decided = await desk.decide(some, chosen(dice))
        if decided.decision is not None:
            print("decided", decided.decision.id, flush=True)
        if dice.random() < 0.15:
            try:
                await desk.undo()
            except ModtuiError:
                pass
        await asyncio.sleep(dice.random() * 0.15)
    await asyncio.sleep(60)


async def rest(desk: Desk, store: Store) -> None:
    """Until nothing is open."""
    while left := store.journal.open_decisions():
        for decision in left:
            try:
                await desk.retry(decision.id)
            except ModtuiError:
                pass
        await asyncio.sleep(0.5)
    print("rest", flush=True)


async def main(folder: Path, url: str, key: str, username: str, seed: str, what: str, *natives: str) -> None:
    """Open the desk on this folder and do it."""
    dice = random.Random(seed)
    id = community_id("discourse", url, username)
    connection = Connection(
        community=id, url=url, credential=Credential(kind="token", secret=key, user=username), state=folder / "state",
        options={"budget": 0},
    )  # fmt: skip
    backend = DiscourseBackend(connection)
    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="harbour", backend=backend, url=url)
    desk = Desk([community], store, hold_override_s=dice.choice((0.0, 0.0, 0.05, 0.3)))
    await patiently(community.identify)
    await desk.start(sync=False)
    if what == "work":
        print("up", flush=True)
        await work(desk, [SubjectRef(id, "reviewable", native) for native in natives], dice)
    else:
        await rest(desk, store)
    await desk.close()
    await store.close()
    await backend.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
