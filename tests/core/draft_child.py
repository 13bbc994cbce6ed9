"""Somebody who types a reply in a process of its own, to be killed in the middle of a word.

    python -m tests.core.draft_child FOLDER WORD...

Types the words letter by letter into one draft. A word `WAIT` waits until all before it is on the disk and says so; a
word `ON` types on without an end.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from msgspec.structs import replace

from modtui.desk.clock import Clock
from tests.core.answering import answering
from tests.core.fakes import until


async def main(folder: Path, words: list[str]) -> None:
    """Type, and stay."""
    async with answering(folder, clock=Clock()) as it:
        draft = it.desk.drafts.new(await it.question("7"))
        for word in words:
            if word == "WAIT":
                await until(lambda: not it.desk.drafts.saving, "saved", 60)
                print("saved", flush=True)
            elif word == "ON":
                for number in itertools.count():
                    draft = it.desk.drafts.save(replace(draft, text=f"{draft.text}{number % 10}"))
                    print("typed", flush=True)
                    await asyncio.sleep(0.002)
            else:
                for letter in f"{word} ":
                    draft = it.desk.drafts.save(replace(draft, text=draft.text + letter))
                    await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
