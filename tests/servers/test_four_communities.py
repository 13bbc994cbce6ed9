"""One screen over four live platforms: a queue of all, one batch across two of them, one undo, and one that goes away.

Discourse is spoken by the embedded community; the Open edX forum, Matrix Synapse and Ozone are the real servers. What
came of it is read through the servers' own APIs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from modtui.app import ModtuiApp
from modtui.backends import discourse, openedx, ozone, synapse
from modtui.backends.base import Connection, Credential, Factory
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.view import View
from modtui.domain.capability import Blocked
from modtui.domain.subjects import community_id
from modtui.screens.work import WorkScreen
from modtui.settings import load
from modtui.settings.options import Options
from modtui.store.store import Store
from modtui.terminal import Terminal
from tests.pty.modtui import Harbour, Work
from tests.servers.community import Community as Course
from tests.servers.openedx import OpenEdx
from tests.servers.ozone import Ozone
from tests.servers.ozone_world import reported
from tests.servers.synapse import Synapse
from tests.servers.synapse_world import World

pytestmark = [pytest.mark.servers, pytest.mark.anyio]

REMOTE = Terminal(term="xterm-256color", colours=256, remote=True, utf8=True, multiplexer="", display=False)
PATIENCE_S = 60.0


@dataclass
class Four:
    """The communities as their own APIs know them, and one reported post in each."""

    harbour: Harbour
    work: Work
    course: Course
    thread: str
    room: World
    event: str
    network: Ozone
    uri: str

    def communities(self, state: Path) -> list[Community]:
        """As modtui opens them."""
        demo, course, mod, network = self.harbour.demo, self.course, self.room.mod, self.network
        edx = course.server

        def one(
            name: str, make: Factory, url: str, account: str, key: Credential, **options: object
        ) -> Community:
            id = community_id(name, url, account)
            connection = Connection(community=id, url=url, credential=key, state=state, options=options)
            return Community(name=NAMES[name], backend=make(connection), url=url)

        return [
            one("discourse", discourse.factory, demo.url, demo.username,
                Credential(kind="token", secret=demo.api_key, user=demo.username)),
            one("openedx", openedx.factory, edx.url, course.mod.name,
                Credential(kind="service", user=edx.user, secret=edx.password),
                course=course.course, acting_user=course.mod.id),
            one("synapse", synapse.factory, self.room.server.url, mod.id,
                Credential(kind="token", secret=mod.token)),
            one("ozone", ozone.factory, network.url, network.user,
                Credential(kind="service", user=network.user, secret=network.password), labeler=network.labeler),
        ]  # fmt: skip

    def hidden(self) -> bool:
        """Whether the post of the harbour is hidden there."""
        return bool(self.harbour.api.post(self.work.post)["hidden"])

    def taken_down(self) -> bool:
        """Whether the network has taken its post down."""
        return bool(self.network.status(self.uri)["takendown"])


NAMES = {"discourse": "harbour", "openedx": "course", "synapse": "matrix", "ozone": "skyline"}


@pytest.fixture
def four(openedx: OpenEdx, synapse: Synapse, ozone: Ozone, tmp_path: Path) -> Iterator[Four]:
    """Four communities with something reported in each."""
    with DemoServer(tmp_path / "harbour", items=40, seed=5) as demo:
        harbour = Harbour(demo)
        course, room = Course(openedx), World(synapse)
        thread = course.thread("Cheap watches in the course!")
        openedx.flag_thread(thread, course.ann, course.bo)
        ozone.empty()
        yield Four(
            harbour, harbour.pick(), course, thread, room, room.reported("Cheap watches in the room!"), ozone,
            reported(ozone, "Cheap watches in the sky!"),
        )  # fmt: skip


class Screen:
    """modtui on the four."""

    def __init__(self, app: ModtuiApp, desk: Desk, pilot: object) -> None:
        self.app, self.desk, self.pilot = app, desk, pilot

    def text(self) -> str:
        """What is on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            links = {one.name: one.link for one in self.desk.communities}
            assert time.monotonic() < end, f"waited in vain for {what}\n{self.text()}\n{links}"
            await asyncio.sleep(0.05)

    async def shows(self, words: str) -> None:
        """Wait until these words stand there, however they are wrapped."""
        await self.until(lambda: words in " ".join(self.text().split()), repr(words))

    def _painted(self) -> bool:
        """Whether the item under the cursor is on the screen: what is pressed before decides nothing."""
        screen = self.app.screen
        if not isinstance(screen, WorkScreen) or screen.current_id is None or screen.line is not None:
            return True
        return self.app.shell.gate.in_sight == screen.current_id

    async def all_rows(self) -> View:
        """The queue of reports, with rows of all four."""
        view = self.desk.view("reports")
        everywhere = {one.id for one in self.desk.communities}

        def here() -> bool:
            if view.new:
                view.merge()
            return {id.split("/")[1] for id in view.ids()} == everywhere

        await self.until(here, "rows of all four")
        return view

    async def press(self, *keys: str) -> None:
        """Press keys; the item under the cursor has been painted before each."""
        for key in keys:
            await self.until(self._painted, "the picture")
            await self.pilot.press(key)  # type: ignore[attr-defined]


@asynccontextmanager
async def opened(four: Four, folder: Path) -> AsyncIterator[Screen]:
    """The screens on all four, with holds of half a second."""
    config = folder / "config"
    config.mkdir()
    (config / "config.toml").write_text("[screen]\npainted_ms = 0\ntimezone = 'UTC'\n")
    settings = load(config / "config.toml", backends={})
    store = Store.open(folder / "state", folder / "cache")
    desk = Desk(four.communities(folder / "state"), store, reasons=settings.reasons, hold_override_s=0.5)
    app = ModtuiApp(desk, settings, Options(), terminal=REMOTE)
    try:
        async with app.run_test(size=(130, 45)) as pilot:
            screen = Screen(app, desk, pilot)
            await screen.until(lambda: all(one.link.state == "live" for one in desk.communities), "four live lines")
            yield screen
        for one in desk.communities:
            await one.backend.aclose()
    finally:
        await store.close()


async def test_one_screen_one_batch_over_two_platforms_one_undo(four: Four, tmp_path: Path) -> None:
    async with opened(four, tmp_path) as it:
        view = await it.all_rows()
        await it.press("R")
        await it.shows("all communities 1 REPORTS")
        for chip in ("har", "cou", "mat", "sky"):
            assert f" {chip} " in it.text()

        mine = [id for id in view.ids() if id.endswith((f"/{four.work.number}", four.uri))]
        assert len(mine) == 2, "a post of the harbour and one of the network"
        view.marks.add(mine)
        await it.press("d")
        await it.shows("REMOVE")
        await it.press("1")
        await it.shows("1 in harbour, 1 in skyline.")
        await it.press("y")
        await it.until(four.hidden, "hidden in the harbour")
        await it.until(four.taken_down, "taken down in the network")
        decision = it.desk.last()
        assert decision is not None and len(decision.places) == 2
        await it.until(lambda: (found := it.desk.decision(decision.id)) and not found.open, "the end of the batch")
        assert it.desk.outbox().failed == 0, [target.steps for target in it.desk.decision(decision.id).targets]  # type: ignore[union-attr]

        await it.press("u")
        await it.shows("2 of 2 were sent")
        await it.press("y")
        await it.until(lambda: not four.hidden(), "visible again in the harbour")
        await it.until(lambda: not four.taken_down(), "back in the network")
        assert four.course.queue() and four.room.open_reports(four.event) == 2, "the others were not touched"


async def test_what_each_platform_lacks_is_said_and_how_each_stands(four: Four, tmp_path: Path) -> None:
    async with opened(four, tmp_path) as it:
        view = await it.all_rows()
        mine = (f"/{four.work.number}", f"/{four.thread}", four.event, four.uri)
        items = [item for id in view.ids() if id.endswith(mine) and (item := it.desk.item(id)) is not None]
        assert len(items) == 4, view.ids()
        lacking = {
            verb: sorted(
                one.name for one in it.desk.communities for item in items
                if item.ref.community == one.id and isinstance(it.desk.can(item, verb), Blocked)
            )
            for verb in ("remove", "note", "lock")
        }  # fmt: skip
        assert "course" in lacking["note"], "the forum has no notes for the team"
        assert not lacking["remove"], lacking
        await it.press("g", "s")
        await it.shows("4 communities, 4 live")
        for words in ("harbour Discourse", "course Open edX", "matrix Matrix Synapse", "skyline Bluesky Ozone"):
            await it.shows(words)
