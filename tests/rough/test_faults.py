"""Every fault of the table, on a lane that is read, on a decision, and on a reply with its mark as the answer.

Under each: keys answer at once, one line tells the state, nothing is lost or doubled when it is over, and the site
never gets more than 20 requests in a minute, as a moderator's own key allows.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from tests.rough.faults import FAULTS, Fault
from tests.rough.world import Rough, rough

pytestmark = pytest.mark.anyio
LIMIT = 20

each = pytest.mark.parametrize(
    "fault", [pytest.param(one, id=one.id, marks=() if one.quick else pytest.mark.long) for one in FAULTS]
)


@pytest.fixture
def key(community: DemoServer) -> str:
    """A moderator's own key, with a budget of its own: the tests are many, and each begins with a full one."""
    with community.db.write():
        return community.site.add_key("user", community.user_id(community.username), client_id="rough", label="rough")


def within_budget(it: Rough) -> None:
    """What came over the network in any minute, and what the site itself said."""
    assert it.proxy.most_in(60.0) <= LIMIT
    assert not [one for one in it.demo.requests if one.status == 429], "the site's own budget was never met"


def open_rows(demo: DemoServer) -> set[str]:
    """The numbers of what is open in the review queue."""
    return {str(row["id"]) for row in demo.db.all("SELECT id FROM reviewables WHERE status = 0")}


def performed(demo: DemoServer, item: Item) -> list[Any]:
    """The decisions in the history of a report: there must be one in the end."""
    return demo.db.all(
        "SELECT * FROM reviewable_histories WHERE reviewable_id = ? AND type = 1", [int(item.ref.native)]
    )


def replies(demo: DemoServer, item: Item, text: str) -> list[Any]:
    """The posts with our text in a thread."""
    return demo.db.all("SELECT * FROM posts WHERE topic_id = ? AND raw = ?", [int(item.ref.native), text])


@each
async def test_reading(
    fault: Fault, community: DemoServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole network is bad, and the moderator asks for the lane and decides."""
    community.clear_requests()
    async with rough(community, tmp_path, fault, monkeypatch, key=key) as it:
        item, other = await it.report(), await it.report()
        view = it.desk.view("reports")
        rows = view.ids()
        it.told.clear()
        it.begin(fault)
        asking = asyncio.create_task(it.desk.refresh("reports"))
        if fault.line:
            await it.until(lambda: it.links(), "a word about the line")
            link = it.links()[0]
            assert it.line(link) == fault.line
            assert it.plain(link.words) in (fault.why, fault.also) or link.state == "too-fast"
        else:
            await it.until(asking.done, "the lane")
            assert it.links() == []
        # Keys: nothing of this needs the site, nor time.
        assert set(rows) <= set(view.ids())
        assert view.item_at(0) is not None and it.desk.context(item) is not None
        decision = await it.decide(item, Intent(verb="approve"))
        undone = await it.decide(other, Intent(verb="approve"))
        if it.state(undone) == "held":
            assert (await it.desk.undo(undone.id)).kind in ("taken back", "stopping")
        for _ in range(3):
            it.clock.skip(5.0)
            await asyncio.sleep(0.01)
        it.end(fault)
        step = 20_000.0 if "day" in fault.line else 30.0
        await it.until(asking.done, "the end of the refresh")
        await it.until(lambda: it.community.link.state == "live", "the line", most_s=step)
        await it.until(lambda: it.state(decision) == "done", "the decision", most_s=step)
        await it.until(lambda: it.state(undone) in ("undone", "done"), "what was taken back")
        assert len(performed(community, item)) == 1
        assert len(performed(community, other)) == (1 if it.state(undone) == "done" else 0)
        await it.until(
            lambda: {one.number for id in view.ids() if (one := it.desk.item(id)) and one.state == "open"}
            <= open_rows(community), "the rows as the site has them",
        )  # fmt: skip
        within_budget(it)


@each
async def test_deciding(
    fault: Fault, community: DemoServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What writes meets the fault, and only that: a decision, and a reply that is to be the answer, which is two
    requests."""
    community.clear_requests()
    async with rough(community, tmp_path, fault, monkeypatch, key=key) as it:
        item, question = await it.report(), await it.question()
        text = f"Open the menu of your course, and there {tmp_path.name}."
        it.told.clear()
        it.begin(fault, first_writes=True)
        decision = await it.decide(item, Intent(verb="approve"))
        reply = await it.decide(question, Intent(verb="reply", text=text, accept=True))
        await it.until(lambda: fault.write in it.been(decision), f"a decision that is {fault.write}")
        if fault.line:
            await it.until(lambda: fault.line in map(it.line, it.links()), f"the line {fault.line}", most_s=2.0)
        if fault.how != "spoil":
            await it.until(lambda: fault.write in it.been(reply), f"a reply that is {fault.write}")
            it.end(fault)
        step = 20_000.0 if "day" in fault.line else 30.0
        await it.until(lambda: it.state(decision) == it.state(reply) == "done", "both on the site", most_s=step)
        assert len(performed(community, item)) == 1
        (post,) = replies(community, question, text)
        topic = community.db.one("SELECT * FROM topics WHERE id = ?", [int(question.ref.native)])
        assert topic is not None and topic["accepted_post_id"] == post["id"]
        if fault.how == "spoil":
            assert len(it.proxy.trouble.met) == 3, "each of the three requests met the fault"
            assert fault.write in it.been(reply)
            assert fault.write in it.been(reply, 1) or fault.id == "empty", "a mark needs no words in return"
        it.end(fault)
        await it.until(lambda: it.community.link.state == "live", "the line", most_s=step)
        within_budget(it)
