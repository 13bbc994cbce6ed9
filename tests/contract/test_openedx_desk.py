"""The whole core on a real Open edX forum: the same desk, journal and outbox as on Discourse, without a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modtui.backends.openedx import factory
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.items import Item
from modtui.store.store import Store
from modtui.testing.steps import all_items
from tests.contract.test_openedx import OpenEdxSite
from tests.core.deciding import Deciding
from tests.servers.community import Community as Course
from tests.servers.conftest import openedx  # noqa: F401 (a fixture)
from tests.servers.openedx import OpenEdx

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


class Work(Deciding):
    """A desk on a course with reported threads."""

    def __init__(self, desk: Desk, course: Course, items: list[Item]) -> None:
        self.desk, self.course, self.items = desk, course, items

    def raw(self, item: Item) -> dict[str, object]:
        return self.course.server.thread(item.ref.native)


@pytest.fixture(params=[0.0])
async def work(openedx: OpenEdx, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Work]:  # noqa: F811
    """Four reported threads; the hold is in seconds."""
    course = Course(openedx)
    for number in range(4):
        openedx.flag_thread(course.thread(f"Buy watch number {number}."), course.ann, course.bo)
    backend = factory(OpenEdxSite(course, "thread").connection(tmp_path))
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    community = Community(name="course", backend=backend, url=openedx.url)
    desk = Desk([community], store, hold_override_s=request.param)
    try:
        await community.identify()
        items = await all_items(backend, "reports")
        await store.cache.put_items(items)
        await desk.start(sync=False)
        yield Work(desk, course, items)
    finally:
        await desk.close()
        await store.close()
        await backend.aclose()


async def test_a_removal_is_sent_and_taken_back(work: Work) -> None:
    item = work.items[0]
    before = work.raw(item)
    decision = await work.decide([item], "remove", reason="spam", reason_title="Advertising")
    await work.becomes(decision, "done")
    assert work.raw(item)["body"] == "[Removed by a moderator: Advertising]" and not work.raw(item)["abuse_flaggers"]
    answer = await work.desk.undo(confirmed=True)
    assert answer.decision is not None
    await work.becomes(answer.decision, "done")
    after = work.raw(item)
    assert (after["title"], after["body"], after["abuse_flaggers"]) == (
        before["title"], before["body"], before["abuse_flaggers"],
    )  # fmt: skip


async def test_a_batch_is_one_decision_and_one_undo(work: Work) -> None:
    decision = await work.decide(work.items, "approve")
    await work.becomes(decision, "done")
    assert not work.course.queue()
    answer = await work.desk.undo(confirmed=True)
    assert answer.decision is not None
    await work.becomes(answer.decision, "done")
    assert {row["id"]: len(row["abuse_flaggers"]) for row in work.course.queue()} == {
        item.ref.native: 2 for item in work.items
    }


@pytest.mark.parametrize("work", [60.0], indirect=True)
async def test_a_held_decision_leaves_the_site_untouched_and_costs_nothing_to_take_back(work: Work) -> None:
    decision = await work.decide([work.items[0]], "approve")
    asked = len(work.desk.requests())
    answer = await work.desk.undo()
    await work.becomes(decision, "undone")
    assert answer.kind == "taken back" and len(work.desk.requests()) == asked
    assert work.raw(work.items[0])["abuse_flaggers"]


@pytest.mark.parametrize("work", [60.0], indirect=True)
async def test_what_changed_while_it_was_held_is_a_conflict_and_stays_unsent(work: Work) -> None:
    edited, reported = work.items[:2]
    decision = await work.decide([edited, reported], "approve")
    body = {"body": "Something else.", "editing_user_id": work.course.author.id}
    work.course.server.ask("PUT", f"threads/{edited.ref.native}", json=body)
    work.course.server.flag_thread(reported.ref.native, work.course.mod)
    await work.desk.send_now()
    await work.becomes(decision, "conflict")
    words = [" ".join(target.conflict) for target in work.now(decision).targets]
    assert "edited" in words[0] and "1 new report" in words[1]
    assert len(work.course.queue()) == 4
