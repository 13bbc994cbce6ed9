"""A desk in a process of its own, to be killed: decides on one item and says so; then it goes on sending.

    python -m tests.core.desk_child FOLDER URL KEY USERNAME NATIVE VERB

The key is the embedded community's own, which is random and dies with it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.store.store import Store


async def main(folder: Path, url: str, key: str, username: str, native: str, verb: str) -> None:
    """Decide, print `decided ID`, and stay."""
    id = community_id("discourse", url, username)
    connection = Connection(
        community=id, url=url, credential=Credential(kind="token", secret=key, user=username), state=folder / "state",
        options={"budget": 0},
    )  # fmt: skip
    backend = DiscourseBackend(connection)
    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="harbour", backend=backend, url=url)
    desk = Desk([community], store, hold_override_s=0)
    await community.identify()
    await desk.start(sync=False)
    ref = SubjectRef(id, "reviewable", native)
    item = (await desk.read([ref]))[ref]
    assert isinstance(item, Item)
    decided = await desk.decide([item], Intent(verb=verb))
    assert decided.decision is not None, decided.skipped
    print("decided", decided.decision.id, flush=True)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
