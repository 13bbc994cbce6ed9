"""`--read-only` and `read_only = true`: whatever is tried at the desk or at the HTTP door, no write reaches the site or
a route, and nothing stands in the journal as decided. Drafts can still be written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.capability import Blocked
from modtui.domain.decisions import VERBS, Call, Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError, ReadOnly
from modtui.routes.build import make_routes
from modtui.settings.model import RouteSettings
from modtui.store.store import Store
from tests.core.discourse_world import all_items, connect, copied
from tests.core.fakes import SkippingClock
from tests.core.routes_world import receiving

pytestmark = pytest.mark.anyio
LANES = ("reports", "pending", "questions", "members")


@pytest.fixture(scope="module")
def harbour(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for all tests here: none of them may change it."""
    with DemoServer(copied(world, tmp_path_factory.mktemp("read-only"))) as demo:
        yield demo


def writes(demo: DemoServer) -> list[str]:
    """What would have changed something there. The long poll is a POST that only reads."""
    return [
        f"{one.method} {one.path}" for one in demo.requests
        if one.method not in ("GET", "HEAD") and not one.path.startswith("/message-bus/")
    ]  # fmt: skip


def intents(verb: str, item: Item, routes: Sequence[str]) -> Iterator[Intent]:
    """The verb in every way that an item and the settings have for it, with all the words that it could ask for."""
    from modtui.desk.possible import complete

    whole = complete(verb)
    yield whole
    yield msgspec.structs.replace(whole, message="A message", message_title="Title", lock=True)
    for offer in item.offers:
        if offer.verb == verb:
            yield msgspec.structs.replace(whole, offer=offer.id)
    for route in routes:
        yield msgspec.structs.replace(whole, route=route)


@asynccontextmanager
async def opened(
    demo: DemoServer, folder: Path, *, desk_only: bool, routes: Sequence[RouteSettings] = ()
) -> AsyncIterator[tuple[Desk, list[Item]]]:
    """A desk that may not write: started so (`desk_only`: and nothing else stops it), or by the community's settings
    alone."""
    backend = DiscourseBackend(connect(demo, folder, read_only=not desk_only))
    store = Store.open(folder / "state", folder / "cache")
    desk = Desk(
        [Community(name="harbour", backend=backend, url=demo.url)], store, clock=SkippingClock(), hold_override_s=0,
        read_only=desk_only, routes=make_routes(routes, state=folder / "state"),
    )  # fmt: skip
    try:
        await desk.communities[0].identify()
        found = [item for lane in LANES for item in (await backend.page(lane, None)).items]  # type: ignore[arg-type]
        kinds = {(item.lane, item.kind): item for item in found}
        await store.cache.put_items(found)
        await desk.start(sync=False)
        demo.clear_requests()
        yield desk, list(kinds.values())
    finally:
        await desk.close()
        await store.close()
        await backend.aclose()


@pytest.mark.parametrize("desk_only", [True, False], ids=["started read-only", "a read-only community"])
async def test_no_verb_gets_through_the_desk(harbour: DemoServer, tmp_path: Path, desk_only: bool) -> None:
    mark = tmp_path / "mark"
    async with receiving() as receiver:
        routes = [
            RouteSettings(name="hook", key="h", kind="webhook", url=receiver.url),
            RouteSettings(name="page", key="p", kind="command", command=("touch", str(mark))),
        ]
        async with opened(harbour, tmp_path, desk_only=desk_only, routes=routes) as (desk, items):
            assert len({item.lane for item in items}) == len(LANES)
            tried = 0
            for item in items:
                for verb in VERBS:
                    assert isinstance(desk.can(item, verb), Blocked), verb
                    for intent in intents(verb, item, ("hook", "page", "site:group:moderators")):
                        tried += 1
                        try:
                            decided = await desk.decide([item], intent)
                        except ReadOnly:
                            continue
                        assert not desk_only and decided.decision is None, (verb, decided)
                        assert "Read-only" in decided.skipped[item.id], decided.skipped
            assert tried > 4 * len(VERBS)
            assert await desk.settle(10)
            assert desk.store.journal.history(limit=5) == [] and desk.outbox().decisions == ()
        assert receiver.taken == [] and not mark.exists()
    assert writes(harbour) == []


async def test_nothing_that_was_decided_before_moves(harbour: DemoServer, tmp_path: Path) -> None:
    """Held in a session that could write; then the community is read-only, and later all of modtui."""
    writable = DiscourseBackend(connect(harbour, tmp_path))
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    desk = Desk([Community(name="harbour", backend=writable, url=harbour.url)], store, clock=SkippingClock())
    await desk.communities[0].identify()
    item = next(one for one in await all_items(writable) if one.offer("approve") and one.claim is None)
    await store.cache.put_items([item])
    await desk.start(sync=False)
    held = (await desk.decide([item], Intent(verb="approve"))).decision
    assert held is not None
    await desk.close()
    await store.close()
    await writable.aclose()

    for desk_only in (False, True):
        async with opened(harbour, tmp_path, desk_only=desk_only) as (again, _):
            for act in (
                again.send_now(held.id), again.retry(held.id), again.resume([held.id]),
                again.resolve_conflict(held.id, "mine"),
            ):  # fmt: skip
                with pytest.raises(ReadOnly):
                    await act
            if desk_only:
                for more in (again.send_now(), again.undo(), again.undo(held.id), again.redo(), again.discard(held.id)):
                    with pytest.raises(ReadOnly):
                        await more
            before = again.decision(held.id)
            assert before is not None and before.state == "held"
            events = [event.kind for event in again.store.journal.events()]
            assert events.count("decided") == 1 and "step" not in events
    assert writes(harbour) == []


async def test_the_http_door_lets_no_call_of_any_plan_out(harbour: DemoServer, tmp_path: Path) -> None:
    """Should the desk fail to stop it, the door does: every call that any plan has, handed to the backend itself."""
    able = DiscourseBackend(connect(harbour, tmp_path))
    closed = DiscourseBackend(connect(harbour, tmp_path, read_only=True))
    names: set[str] = set()
    try:
        await able.identify()
        await closed.identify()
        items = [item for lane in LANES for item in (await able.page(lane, None)).items]  # type: ignore[arg-type]
        harbour.clear_requests()
        calls: dict[str, Call] = {}
        for item in items:
            for verb in VERBS:
                for intent in intents(verb, item, ("site:group:moderators",)):
                    try:
                        plan = able.plan(item, intent)
                    except ModtuiError:
                        continue
                    calls.update({step.call.name: step.call for step in plan.steps})
        for name, call in calls.items():
            with pytest.raises(ModtuiError) as caught:  # a few look first, and find that there is nothing to do
                await closed.send(call, key="k")
            if isinstance(caught.value, ReadOnly):
                names.add(name)
    finally:
        await able.aclose()
        await closed.aclose()
    assert len(names) >= len(calls) - 3 and len(names) >= 12, (names, set(calls) - names)
    assert writes(harbour) == []


async def test_drafts_and_putting_off_are_still_possible(harbour: DemoServer, tmp_path: Path) -> None:
    async with opened(harbour, tmp_path, desk_only=True) as (desk, items):
        item = next(one for one in items if one.lane == "questions")
        await desk.snooze(item.id, 4_000_000_000_000)
        await desk.skip(item.id)
        desk.drafts.save(desk.drafts.new(item, text="for later"))
        await desk.drafts.flush()
        assert [draft.text for draft in desk.drafts.all()] == ["for later"]
        assert item.id in desk.aside
        kinds = {event.kind for event in desk.store.journal.events()}
        assert "decided" not in kinds and "started" not in kinds
    assert writes(harbour) == []


