"""The whole core on a hand-made fake of a NodeBB forum: a report appears, is decided, taken back; one is faster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Decision, Intent, Plan
from modtui.domain.items import Item
from modtui.domain.subjects import Lane
from modtui.keymap import Keymap
from modtui.screens.lines.base import Host
from modtui.screens.lines.sanction import SanctionForm
from modtui.screens.work.tell import effects_of
from modtui.settings import load
from modtui.store.store import Store
from tests.core.fakes import until
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_records import Post, User
from tests.nodebb.acting import Open

pytestmark = pytest.mark.anyio


class Round:
    """A desk that follows one forum; nothing is held."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def rows(self, lane: Lane, number: int) -> list[Item]:
        """The open rows of a lane, once there are so many."""
        await self.desk.sync.refresh(lane)
        await until(lambda: len(self._rows(lane)) == number, f"{number} rows in {lane}")
        return self._rows(lane)

    def _rows(self, lane: Lane) -> list[Item]:
        cache = self.desk.store.cache
        return [item for item in cache.items(cache.ids(lane)) if item is not None]

    async def decide(self, item: Item, verb: str, state: str = "done", **more: Any) -> Decision:
        """Decide, and wait until it stands so."""
        decided = await self.desk.decide([item], Intent(verb=verb, **more))
        assert decided.decision is not None, decided.skipped
        return await self.becomes(decided.decision, state)

    async def becomes(self, decision: Decision, state: str) -> Decision:
        """Wait until the decision stands so."""
        def now() -> Decision:
            found = self.desk.decision(decision.id)
            assert found is not None
            return found

        await until(lambda: now().state == state, f"{state}: {now()}")
        return now()


@pytest.fixture
async def round_(forum: Forum, open_: Open, tmp_path: Path) -> AsyncIterator[Round]:
    """A desk on the forum."""
    backend = await open_(forum.gmod, signed=False)
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    desk = Desk([Community(name="keys", backend=backend, url=backend.connection.url)], store, hold_override_s=0.0)
    try:
        await desk.start()
        await until(lambda: desk.communities[0].identified)
        yield Round(desk)
    finally:
        await desk.close()
        await store.close()


async def test_a_report_is_seen_decided_and_taken_back(forum: Forum, bad: Post, round_: Round) -> None:
    (item,) = await round_.rows("reports", 1)
    await round_.decide(item, "remove", reason_title="Advertising")
    (flag,) = forum.flags.values()
    assert bad.deleted and flag.state == "resolved"
    answer = await round_.desk.undo(confirmed=True)
    assert answer.decision is not None
    await round_.becomes(answer.decision, "done")
    assert not bad.deleted and flag.state == "open"
    await round_.rows("reports", 1)


async def test_a_colleague_who_was_faster_is_a_conflict_with_a_name(forum: Forum, bad: Post, round_: Round) -> None:
    (item,) = await round_.rows("reports", 1)
    forum.set_flag(forum.admin, next(iter(forum.flags.values())), {"state": "rejected"})
    stopped = await round_.decide(item, "remove", "conflict")
    assert "kept by admin" in " ".join(stopped.targets[0].conflict) and not bad.deleted


async def test_what_waits_is_published_by_the_desk_once(forum: Forum, mara: User, round_: Round) -> None:
    forum.wait(mara, "It waits, and waits", title="A topic")
    (item,) = await round_.rows("pending", 1)
    await round_.decide(item, "approve")
    assert len(forum.published) == 1
    await round_.rows("pending", 0)


async def test_the_form_of_a_sanction_begins_without_a_message(forum: Forum, bad: Post, round_: Round) -> None:
    (item,) = await round_.rows("reports", 1)
    settings = load()
    round_.desk.reasons = settings.reasons
    host = cast(Host, SimpleNamespace(desk=round_.desk, settings=settings))
    form = SanctionForm(host, "ban", item, lambda intent: None)
    assert not form.message and isinstance(form.plan(), Plan), "the forum sends none, so the form is ready as it opens"


async def test_what_a_key_cannot_do_is_said_with_its_reason(forum: Forum, round_: Round) -> None:
    forum.sign_up("waiting1")
    desk = round_.desk

    def told(item: Item) -> dict[str, str]:
        return {str(one.key): str(one.words) for one in effects_of(desk, item, Keymap(), desk.can) if one.blocked}

    (sign_up,) = await round_.rows("pending", 1)
    words = told(sign_up)
    assert "password login" in words["a"] and "password login" in words["d"]
    assert not any("no action" in each for each in words.values())
    page = await desk.communities[0].backend.members()
    (myself,) = [item for item in page.items if item.number == str(forum.gmod.uid)]
    words = told(myself)
    assert words["B"] == words["S"] == "this is your own account" and "password login" in words["m"]
