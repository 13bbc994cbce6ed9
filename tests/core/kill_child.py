"""A desk in a process of its own, to be killed at any moment, or to bring everything to rest.

`work` decides at random on the subjects that it is given and writes `up`, and `decided ID` after each commit, to the
file `said` of its folder; sometimes it takes one back. `rest` sends what is left, looks up what is unknown, and ends.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.escalation import route_of
from modtui.domain.decisions import Decision, Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import ModtuiError
from modtui.routes.program import Program
from modtui.settings.model import RouteSettings
from modtui.store.store import Store
from tests.rough.clock import Passing

T = TypeVar("T")
DAY_MS = 86_400_000
TITLE, ANSWER = "Please be kind", "It is under Settings, in the second row."
"""What messages are called and replies say: the same for everybody, so that only a careful look tells them apart."""


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the spoiled line lets it through."""
    while True:
        try:
            return await ask()
        except ModtuiError:
            await asyncio.sleep(0.05)


def chosen(kind: str, dice: random.Random) -> Intent:
    """Any decision on a report ("reviewable"), a question ("topic") or a member ("user")."""
    if kind == "user":
        return Intent(verb="ban", reason="insult", reason_title=TITLE, sanction=Sanction("ban", 30 * DAY_MS))
    if dice.random() < 0.15:
        return Intent(verb="escalate", route="legal", text="please look")
    if kind == "topic":
        return Intent(verb="reply", text=ANSWER, accept=dice.random() < 0.6, close=dice.random() < 0.6)
    verb = dice.choice(("approve", "remove", "remove", "ignore", "spam"))
    if verb != "remove":
        return Intent(verb=verb)
    kind_of = dice.choice((None, Sanction("silence", DAY_MS), Sanction("ban", None)))
    return Intent(
        verb="remove", reason="insult", reason_title=TITLE,
        message="Hello, we removed your post." if dice.random() < 0.5 else None,
        sanction=kind_of if dice.random() < 0.5 else None, lock=dice.random() < 0.1,
        route="legal" if dice.random() < 0.1 else None,
    )  # fmt: skip


async def work(desk: Desk, refs: list[SubjectRef], dice: random.Random, say: Callable[[str], None]) -> None:
    """Decide on all of them, some at a time."""
    found = await patiently(lambda: desk.read(refs))
    items = [item for item in found.values() if isinstance(item, Item) and item.state == "open"]
    dice.shuffle(items)
    while items:
        same = [item for item in items if item.ref.kind == items[0].ref.kind][: dice.choice((1, 1, 3))]
        items = [item for item in items if item not in same]
        decided = await desk.decide(same, chosen(same[0].ref.kind, dice))
        if decided.decision is not None:
            say(f"decided {decided.decision.id}")
        if dice.random() < 0.15:
            try:
                await desk.undo()
            except ModtuiError:
                pass
        await asyncio.sleep(dice.random() * 0.1)
    await asyncio.sleep(60)


def unfinished(decision: Decision) -> bool:
    """Whether something of it will still move: what may have reached a route stays unknown until somebody says so."""
    moving = [
        step for target in decision.targets for step in target.steps
        if step.state in ("held", "sending", "unknown") and not (step.state == "unknown" and route_of(step))
    ]  # fmt: skip
    return bool(moving)


async def rest(desk: Desk, store: Store, clock: Passing) -> None:
    """Until nothing moves. No request is under way any more, so the waits between two looks may pass at once."""
    while any(unfinished(decision) for decision in store.journal.open_decisions()):
        await desk.send_now()
        clock.skip(10)
        await asyncio.sleep(0.1)


async def live(
    folder: Path, url: str, key: str, username: str, seed: str, what: str, names: Sequence[tuple[str, str]]
) -> None:
    """Open the desk on this folder and do it. The key is the embedded community's own."""
    dice = random.Random(seed)
    id = community_id("discourse", url, username)
    connection = Connection(
        community=id, url=url, credential=Credential(kind="token", secret=key, user=username), state=folder / "state",
        options={"budget": 0},
    )  # fmt: skip
    backend = DiscourseBackend(connection)
    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="harbour", backend=backend, url=url)
    keep = ("/bin/sh", "-c", f"cat >> '{folder}/got'")
    route = Program(RouteSettings(name="legal", key="l", kind="command", command=keep))
    clock = Passing()
    desk = Desk([community], store, hold_override_s=dice.choice((0.0, 0.0, 0.05, 0.3)), routes=[route], clock=clock)
    heard = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(line: str) -> None:
        os.write(heard, f"{os.getpid()} {line}\n".encode())

    await patiently(community.identify)
    await desk.start(sync=False)
    if what == "work":
        say("up")
        await work(desk, [SubjectRef(id, kind, native) for kind, native in names], dice, say)
    else:
        await rest(desk, store, clock)
    await desk.close()
    await store.close()
    await backend.aclose()


def main(
    folder: Path, url: str, key: str, username: str, seed: str, what: str, names: Sequence[tuple[str, str]] = ()
) -> None:
    """What the process runs."""
    asyncio.run(live(folder, url, key, username, seed, what, names))
