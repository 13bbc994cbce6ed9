"""The questions of a real Open edX forum through the whole core: asked on the forum, seen, answered, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modtui.backends.openedx import factory
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Decision, Intent
from modtui.domain.items import Item, Question
from modtui.domain.subjects import SubjectRef, item_id
from modtui.store.store import Store
from modtui.testing import Talk
from tests.contract.test_openedx import OpenEdxSite
from tests.core.fakes import until
from tests.servers.community import Community as Course
from tests.servers.conftest import openedx  # noqa: F401 (a fixture)
from tests.servers.openedx import OpenEdx

pytestmark = [pytest.mark.servers, pytest.mark.anyio]
REPLY = "Count to ten, and turn it on again."


class Lane:
    """A desk that follows the questions of a course."""

    def __init__(self, desk: Desk, site: OpenEdxSite) -> None:
        self.desk, self.site = desk, site

    def row(self, ref: SubjectRef) -> Item | None:
        """The question (or the reported thread) as the desk has it."""
        return self.desk.store.cache.item(item_id("reports" if ref.kind == "thread" else "questions", ref))

    async def look(self) -> None:
        """Look now for what happened."""
        await self.desk.sync.refresh("questions")

    async def shown(self, ref: SubjectRef, state: str) -> Item:
        """The row, once it is in this state."""
        await self.look()
        await until(lambda: (row := self.row(ref)) is not None and asked(row).state == state, state)
        found = self.row(ref)
        assert found is not None
        return found

    async def decide(self, item: Item, verb: str, **fields: object) -> Decision:
        """Decide on one question."""
        decided = await self.desk.decide([item], Intent(verb=verb, **fields))  # type: ignore[arg-type]
        assert decided.decision is not None, decided.skipped
        return decided.decision

    async def becomes(self, decision: Decision, state: str) -> Decision:
        """Wait until the decision stands so."""
        def now() -> Decision:
            found = self.desk.decision(decision.id)
            assert found is not None
            return found

        await until(lambda: now().state == state, state)
        return now()

    async def undo(self) -> None:
        """Take the newest decision back, on the site too."""
        answer = await self.desk.undo(confirmed=True)
        assert answer.decision is not None
        await self.becomes(answer.decision, "done")


def asked(item: Item) -> Question:
    """What makes it a question."""
    assert item.question is not None
    return item.question


@pytest.fixture(params=[0.0])
async def lane(openedx: OpenEdx, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Lane]:  # noqa: F811
    """A desk on an empty course; the hold is in seconds."""
    site = OpenEdxSite(Course(openedx), "thread")
    backend = factory(site.connection(tmp_path))
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    desk = Desk([Community(name="course", backend=backend, url=openedx.url)], store, hold_override_s=request.param)
    try:
        await desk.start()
        await until(lambda: desk.communities[0].identified)
        yield Lane(desk, site)
    finally:
        await desk.close()
        await store.close()
        await backend.aclose()


async def test_a_question_is_seen_answered_marked_and_taken_back(lane: Lane) -> None:
    ref = await lane.site.ask("How do I turn it on?")
    item = await lane.shown(ref, "unanswered")
    await lane.becomes(await lane.decide(item, "reply", text=REPLY), "done")
    assert (await lane.site.talk(ref)).replies == (REPLY,)
    item = await lane.shown(ref, "unsolved")
    await lane.becomes(await lane.decide(item, "accept", post=asked(item).last), "done")
    assert (await lane.site.talk(ref)).marked == (REPLY,)
    await lane.undo()
    assert (await lane.site.talk(ref)).marked == ()
    await lane.undo()
    assert await lane.site.talk(ref) == Talk()
    await lane.shown(ref, "unanswered")


async def test_one_key_answers_marks_and_closes_and_one_takes_it_all_back(lane: Lane) -> None:
    ref = await lane.site.ask("How do I turn it on?")
    item = await lane.shown(ref, "unanswered")
    await lane.becomes(await lane.decide(item, "reply", text=REPLY, accept=True, close=True), "done")
    assert await lane.site.talk(ref) == Talk(replies=(REPLY,), marked=(REPLY,), closed=True)
    await lane.undo()
    assert await lane.site.talk(ref) == Talk()
    await lane.shown(ref, "unanswered")


@pytest.mark.parametrize("lane", [60.0], indirect=True)
async def test_somebody_who_answered_meanwhile_is_a_conflict_and_nothing_is_sent(lane: Lane) -> None:
    ref = await lane.site.ask("Who is faster?")
    item = await lane.shown(ref, "unanswered")
    decision = await lane.decide(item, "reply", text=REPLY)
    await lane.site.answer(ref, "I am.")
    await lane.desk.send_now()
    stopped = await lane.becomes(decision, "conflict")
    assert "has answered" in " ".join(stopped.targets[0].conflict)
    assert (await lane.site.talk(ref)).replies == ("I am.",)
    await lane.shown(ref, "unsolved")


async def test_a_reported_question_is_decided_apart_from_its_answer(lane: Lane) -> None:
    course = lane.site.community
    ref = await lane.site.ask("Is this spam?")
    course.server.flag_thread(ref.native, course.ann)
    item = await lane.shown(ref, "unanswered")
    await lane.becomes(await lane.decide(item, "reply", text=REPLY), "done")
    await lane.desk.sync.refresh("reports")
    flagged = SubjectRef(ref.community, "thread", ref.native)
    await until(lambda: lane.row(flagged))
    reported = lane.row(flagged)
    assert reported is not None and reported.state == "open"
    await lane.becomes(await lane.decide(reported, "approve"), "done")
    assert course.queue() == [] and (await lane.site.talk(ref)).replies == (REPLY,)
    await lane.shown(ref, "unsolved")


async def test_the_lane_sees_what_others_ask_and_answer(lane: Lane) -> None:
    first, second = await lane.site.ask("First?"), await lane.site.ask("Second?")
    await lane.shown(first, "unanswered")
    await lane.site.mark(first, await lane.site.answer(first, "First."))
    await lane.site.answer(second, "Second?")
    await lane.site.answer(second, "Yes, the second.", by_asker=True)
    await lane.shown(second, "asker")
    await until(lambda: (row := lane.row(first)) is None or asked(row).state == "solved")
