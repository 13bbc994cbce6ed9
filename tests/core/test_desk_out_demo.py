"""Decisions over HTTP: the desk, the Discourse adapter and the embedded community together."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.store.store import Store
from tests.core.deciding import Deciding
from tests.core.discourse_world import BAN, all_items, connect
from tests.core.fakes import SkippingClock, until

pytestmark = pytest.mark.anyio
HOLD_S = 60.0
WRITES = ("PUT", "POST", "DELETE")


@dataclass
class Real(Deciding):
    """A desk on the embedded community."""

    desk: Desk
    demo: DemoServer
    backend: DiscourseBackend
    clock: SkippingClock
    items: list[Item]

    def pick(self, number: int = 0, **wanted: object) -> Item:
        """A reported post that can be approved and removed."""
        fit = [
            item for item in self.items
            if item.kind == "post" and item.offer("remove") and item.offer("approve") and item.native.get("user_id")
            and item.author is not None and item.author.role is None and not item.author.penalties
            and not item.hidden and not item.deleted and item.claim is None
        ]  # fmt: skip
        return fit[number]

    def writes(self) -> int:
        return sum(request.method in WRITES for request in self.demo.requests)

    def reviewable(self, item: Item) -> dict[str, object]:
        row = self.demo.db.one("SELECT * FROM reviewables WHERE id = ?", [int(item.ref.native)])
        assert row is not None
        return dict(row)


@asynccontextmanager
async def real(demo: DemoServer, tmp_path: Path, *, hold_s: float = 0.0) -> AsyncIterator[Real]:
    connection = connect(demo, tmp_path)
    backend = DiscourseBackend(connection)
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    community = Community(name="harbour", backend=backend, url=demo.url)
    clock = SkippingClock()
    desk = Desk([community], store, hold_override_s=hold_s, clock=clock)
    try:
        await community.identify()
        items = await all_items(backend)
        await store.cache.put_items(items)
        await desk.start(sync=False)
        demo.clear_requests()
        yield Real(desk, demo, backend, clock, items)
    finally:
        await desk.close()
        await store.close()
        await backend.aclose()


async def test_an_approval_reaches_the_site_after_its_hold_in_two_requests(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path, hold_s=HOLD_S) as it:
        item = it.pick()
        decision = await it.decide(item, "approve")
        assert it.demo.requests == []
        it.clock.skip(HOLD_S)
        await it.becomes(decision, "done")
        assert [request.method for request in it.demo.requests] == ["GET", "PUT"]
        assert it.reviewable(item)["status"] != 0
        await until(lambda: it.desk.state_of(item.id).words == "kept by you")


async def test_what_we_closed_is_not_decided_again_by_a_key_on_its_row(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path) as it:
        item = it.pick()
        await it.becomes(await it.decide(item, "approve"), "done")
        await until(lambda: it.desk.state_of(item.id).words == "kept by you")
        row = it.desk.item(item.id)
        assert row is not None and row.state == "kept"
        for verb in ("approve", "remove", "ignore"):
            again = await it.desk.decide([row], Intent(verb=verb))
            assert again.decision is None and "closed already" in again.skipped[item.id]
        assert it.writes() == 1 and not it.desk.outbox().conflict


async def test_undo_within_the_hold_leaves_the_site_untouched(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path, hold_s=HOLD_S) as it:
        item, other = it.pick(), it.pick(1)
        decision = await it.decide(item, "remove", reason="insult", reason_title="Insult")
        assert (await it.desk.undo()).kind == "taken back"
        later = await it.decide(other, "approve")
        it.clock.skip(HOLD_S)  # both holds are over, and the later decision is on the site
        await it.becomes(later, "done")
        assert it.writes() == 1
        assert not [request.path for request in it.demo.requests if item.ref.native in request.path]
        assert it.state(decision) == "undone"


async def test_remove_tell_and_ban_are_one_decision(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path) as it:
        item = it.pick()
        decision = await it.decide(
            item, "remove", reason="insult", reason_title="Insult", message="Please be kind.", sanction=BAN
        )
        await it.becomes(decision, "done")
        assert it.writes() == len(decision.targets[0].steps)
        fresh = await it.desk.read([item.ref])
        now = fresh[item.ref]
        assert isinstance(now, Item) and now.state == "removed"
        asked = await it.desk.undo()
        assert asked.kind == "asks", asked
        result = await it.desk.undo(confirmed=True)
        assert result.decision is not None
        await it.becomes(result.decision, "done")
        back = (await it.desk.read([item.ref]))[item.ref]
        assert isinstance(back, Item) and not back.hidden
        assert back.author is not None and not back.author.penalties


async def test_a_batch_costs_one_request_each_and_a_read_for_ten(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path) as it:
        items = [item for item in it.items if item.offer("ignore") and item.claim is None][:12]
        decided = await it.desk.decide(items, Intent(verb="ignore"))
        assert decided.decision is not None
        decision = decided.decision
        number = len(decision.targets)
        assert number == 12, decided.skipped
        await until(lambda: not it.desk.outbox().on_their_way)
        assert it.state(decision) == "done"
        assert it.writes() == number
        assert len(it.demo.requests) <= number + 3


async def test_an_edit_in_the_hold_is_a_conflict_and_mine_goes_through(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path, hold_s=HOLD_S) as it:
        item = it.pick()
        decision = await it.decide(item, "remove", reason="insult", reason_title="Insult")
        it.demo.edit_post(int(item.native["post_id"]), "I am sorry, I was wrong about all of this.")
        it.clock.skip(HOLD_S)
        await it.becomes(decision, "conflict")
        assert it.writes() == 0
        mine = await it.desk.resolve_conflict(decision.id, "mine")
        assert mine is not None
        it.clock.skip(HOLD_S)
        await it.becomes(mine, "done")
        assert it.reviewable(item)["status"] != 0


async def test_another_moderators_decision_is_named(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path, hold_s=HOLD_S) as it:
        item = it.pick()
        other = next(name for name in it.demo.keys if name != it.demo.username)
        decision = await it.decide(item, "approve")
        it.demo.perform(int(item.ref.native), "ignore_and_do_nothing", other)
        it.clock.skip(HOLD_S)
        await it.becomes(decision, "conflict")
        found = it.desk.decision(decision.id)
        assert found is not None and found.targets[0].conflict == (f"ignored by {other}",)
        with pytest.raises(ModtuiError):
            await it.desk.resolve_conflict(decision.id, "mine")


async def test_a_lost_answer_is_found_and_not_sent_twice(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path) as it:
        item = it.pick()
        it.demo.inject("lost", "/review/", "PUT")
        decision = await it.decide(item, "approve")
        await it.becomes(decision, "done")
        assert it.demo.count("/review/", "PUT") == 1


async def test_a_site_that_is_down_is_waited_for(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path) as it:
        it.demo.inject("503", "/review", "GET", times=10)
        decision = await it.decide(it.pick(), "approve")
        await until(lambda: it.desk.communities[0].link.state == "down")
        assert it.state(decision) == "held"
        it.demo.site.faults.clear()
        await it.desk.retry(decision.id)
        await it.becomes(decision, "done")
        assert it.desk.communities[0].link.state == "live"


async def test_a_kill_in_the_middle_of_sending_neither_loses_nor_doubles(demo: DemoServer, tmp_path: Path) -> None:
    async with real(demo, tmp_path / "look") as look:
        item = look.pick()
    go_on = demo.hold_up("/review/", "PUT")
    demo.clear_requests()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.core.desk_child", str(tmp_path / "own"), demo.url, demo.api_key, demo.username,
        item.ref.native, "approve", stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.stdout is not None
    word, id = (await asyncio.wait_for(child.stdout.readline(), 60)).decode().split()
    assert word == "decided"
    store = Store.open(tmp_path / "own" / "state", tmp_path / "own" / "cache")

    def state() -> str:
        found = store.journal.decision(id)
        return found.state if found is not None else "lost"

    try:
        await until(lambda: state() != "held")
        child.kill()
        await child.wait()
        assert state() == "sending"
        go_on.set()
    finally:
        await store.close()
    async with real(demo, tmp_path / "own", hold_s=0) as it:
        decision = it.desk.decision(id)
        assert decision is not None
        await it.becomes(decision, "done")
        assert it.reviewable(item)["version"] == (item.version or 0) + 1
