"""What the store's tests run in other processes: `python -m tests.core.store_child MODE STATE_DB [...]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from modtui.errors import StoreError
from modtui.store.journal import Journal
from tests.core.store_samples import START, decision


def say(line: str) -> None:
    """One line to the parent, at once."""
    print(line, flush=True)


async def append(path: Path) -> None:
    """Record and move decisions for ever, a few at a time; print each one's id once it is acknowledged."""
    journal = Journal(path)
    number = 0

    async def one(at: int) -> None:
        made = decision([at, at + 1_000_000])
        await journal.record(made)
        say(f"recorded {made.id}")
        if await journal.move(made.id, 0, 0, frm=("held",), to="sending", at_ms=START):
            say(f"sending {made.id}")

    while True:
        await asyncio.gather(*(one(number + at) for at in range(3)))
        number += 3


async def grab(path: Path) -> None:
    """Wait for a line, then try to start sending everything; print what this process got."""
    journal = Journal(path)
    everything = journal.open_decisions()
    say("ready")
    sys.stdin.readline()
    for found in everything:
        if await journal.move(found.id, 0, 0, frm=("held",), to="sending", at_ms=START):
            say(f"got {found.id}")
    await journal.close()


async def fill(path: Path) -> None:
    """Record until the disk refuses; print what was acknowledged and the sentence."""
    journal = Journal(path)
    number = 0
    while number < 100_000:
        made = decision(range(number, number + 20))
        try:
            await journal.record(made)
        except StoreError as error:
            say(f"error {error}")
            break
        say(f"recorded {made.id}")
        number += 20
    found = journal.verify()
    say(f"rows {found.rows} {found.ok} {len(journal.history(limit=100_000))}")
    await journal.close()


async def limited(path: Path) -> None:
    """As `fill`, with files of at most 400 kB, which the system enforces."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    await fill(path)


async def look(path: Path) -> None:
    """Open it, record once and close it; print the sentence when that fails."""
    try:
        journal = Journal(path)
        await journal.record(decision([1]))
        say("recorded")
        await journal.close()
    except StoreError as error:
        say(f"error {error}")


if __name__ == "__main__":
    modes = {"append": append, "grab": grab, "fill": fill, "limited": limited, "look": look}
    asyncio.run(modes[sys.argv[1]](Path(sys.argv[2])))
