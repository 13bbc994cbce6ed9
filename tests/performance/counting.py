"""The screens on a fake site with a long queue, and everything counted that is written, painted and asked."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.color import ColorSystem
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

import modtui.screens.work.base
import modtui.store.files
from modtui.domain.items import Body, Item, Member, Thread, ThreadPost
from modtui.domain.subjects import SubjectRef
from modtui.lean import Picture, lean
from modtui.text import Foreign
from modtui.widgets.patch import Patch, Patching
from tests.core.fakes import START_MS, FakeSite, until
from tests.ui.world import PictureBackend, Stage, rows, stage

QUEUE = 120
"""Rows of the queue: several pages of the screen."""
PAGE = 60
WORDS = (
    "the export stops at ninety percent and nobody answers since last week please look at my backup job again it is"
    " stuck with a new error message after the update to version four which worked fine before on the other machine"
)


class LongBackend(PictureBackend):
    """A long queue; each item has words and a thread of its own, so that moving draws other text."""

    def __init__(self, site: FakeSite, state: Path, **how: Any) -> None:
        super().__init__(site, state, **how)
        kinds = rows(self)
        for n in range(QUEUE):
            number = str(5000 + n)
            item = msgspec.structs.replace(
                kinds[n % len(kinds)], ref=SubjectRef(self.connection.community, "post", number), number=number,
                body=Body(Foreign(_text(n, 60))), source=None, title=Foreign(_text(n, 6)),
                since_ms=START_MS - (QUEUE - n) * 3_600_000,
            )  # fmt: skip
            site.items[number] = item

    async def page(self, lane: Any, cursor: str | None = None) -> Any:
        self._reach()
        items = [item for item in self.site.items.values() if item.lane == lane and item.state == "open"]
        start = int(cursor or 0)
        more = str(start + PAGE) if start + PAGE < len(items) else None
        found = await super().page(lane, "0")
        return msgspec.structs.replace(found, items=tuple(items[start : start + PAGE]), cursor=more)

    async def thread(self, item: Item) -> Thread:
        whole = await super().thread(item)
        n = int(item.number)
        posts = tuple(
            ThreadPost(
                id=f"{n}-{at}", number=at + 1, author=Member(native=f"m{at}", username=Foreign(f"member_{n % 9}_{at}")),
                body=Body(Foreign(_text(n * 10 + at, 25))), created_ms=START_MS - at * 3_600_000, subject=at == 3,
            )
            for at in range(5)
        )  # fmt: skip
        return msgspec.structs.replace(whole, id=f"t{n}", posts=posts, total=len(posts))


def _text(seed: int, words: int) -> str:
    """Words that are the same in every run and differ from item to item."""
    return " ".join(random.Random(seed).choices(WORDS.split(), k=words))


@dataclass
class Counts:
    """What happened since `clear`."""

    frames: list[str] = field(default_factory=list)
    """What was written to the terminal, a string for each update of the screen."""
    lines: list[tuple[str, int]] = field(default_factory=list)
    """Painted lines: the widget's id and the row of the screen."""
    composed: int = 0
    """How often Textual composed the screen, which costs more than writing lines."""
    read: list[str] = field(default_factory=list)
    """Statements that asked the store."""
    written: list[str] = field(default_factory=list)
    """Statements of the connections that write."""

    def clear(self) -> None:
        """Forget everything."""
        for one in (self.frames, self.lines, self.read, self.written):
            one.clear()
        self.composed = 0

    @property
    def size(self) -> int:
        """The bytes that were written to the terminal, with the marks around each update."""
        marks = len("\x1b[?2026h\x1b[?2026l\x1b[40;120H")
        return sum(len(frame.encode()) + marks for frame in self.frames)

    @property
    def asked(self) -> list[str]:
        """What was asked of the store, without the bounds of transactions."""
        return [one for one in self.read if one not in ("BEGIN", "ROLLBACK", "COMMIT")]

    @property
    def stored(self) -> list[str]:
        """What was written to the store, without the bounds of transactions and the looks at the file's version."""
        return [one for one in self.written if one.split()[0] in ("INSERT", "UPDATE", "DELETE", "REPLACE")]

    @property
    def widgets(self) -> set[str]:
        """The widgets of which something was painted."""
        return {widget for widget, _ in self.lines}


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, colours: ColorSystem) -> Iterator[Counts]:
    """Count what screens and stores that are made inside do."""
    counts = Counts()
    text, display, connect = Patch.text, App._display, modtui.store.files.connect
    write, kept, lined = Patching._write, Picture(), [""]

    def lining(self: Patch, system: ColorSystem) -> str:
        counts.lines += [(place.widget.id or "", y) for place, y, _ in self.parts]
        lined[0] = text(self, colours)
        return lined[0]

    def writing(self: Patching, words: str) -> None:
        if words:
            counts.frames.append(words)
            counts.composed += words is not lined[0]
        write(self, words)

    def displaying(self: App[object], screen: Screen[object], update: object) -> None:
        if isinstance(update, CompositorUpdate):
            counts.composed += 1
            counts.frames.append(lean(update.render_segments(self.console)))
        display(self, screen, update)  # type: ignore[arg-type]

    def connecting(path: Path, *, wait_s: float, read_only: bool = False) -> sqlite3.Connection:
        connection = connect(path, wait_s=wait_s, read_only=read_only)
        connection.set_trace_callback((counts.read if read_only else counts.written).append)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(Patch, "text", lining)
        patched.setattr(Patching, "_write", writing)
        patched.setattr(Patching, "_picture", lambda self: kept)  # a real terminal's driver keeps one
        patched.setattr(App, "_display", displaying)
        patched.setattr(modtui.store.files, "connect", connecting)
        yield counts


@asynccontextmanager
async def long_queue(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, theme: str = "dark", colours: ColorSystem = ColorSystem.TRUECOLOR,
    held: bool = False, backend_type: type[PictureBackend] = LongBackend, **how: Any,
) -> AsyncIterator[tuple[Stage, Counts]]:  # fmt: skip
    """A queue of 120 at 120x40, and what is counted. `held`: keys come so fast that the item never follows."""
    if held:
        monkeypatch.setattr(modtui.screens.work.base, "REST_S", 3600.0)
    with counted(monkeypatch, colours) as counts:
        async with stage(folder, theme=theme, items=(), backend_type=backend_type, **how) as it:
            await it.rest()
            await indexed(it)
            counts.clear()
            yield it, counts


async def step(it: Stage, key: str) -> None:
    """Press a key a while after the one before, and let what it began come to rest."""
    it.clock.jump(1)
    await it.press(key)
    await indexed(it)


async def indexed(it: Stage) -> None:
    """Wait until the words of what was read are indexed, which is done when nothing else is to be written: on a busy
    machine it would be counted as the next key's."""
    jobs = it.desk.store.cache.database.jobs
    await until(lambda: jobs.idle is None, "all is indexed")
