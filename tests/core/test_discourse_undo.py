"""Taking back and looking up: what the community's server has after an undo, and what a lost answer turns out to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Call, Intent, Sanction
from modtui.errors import ModtuiError, NetworkError, SiteError
from tests.core.discourse_world import (
    BAN,
    DAY_MS,
    all_items,
    backend_on,
    connect,
    decide,
    fresh,
    hold,
    one,
    post,
    sign_up,
    take_back,
)

pytestmark = pytest.mark.anyio


# --- undo


@pytest.mark.parametrize(
    ("offer", "verb", "state"),
    [
        ("disagree", "approve", "open"),
        ("ignore_and_do_nothing", "ignore", "open"),
        ("agree_and_keep", "offer", "open"),
        ("agree_and_hide", "remove", "removed"),
        ("delete_and_agree", "remove", "removed"),
    ],
)
async def test_undo_leaves_the_post_as_it_was(
    offer: str, verb: str, state: str, demo: DemoServer, tmp_path: Path
) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, verb, offer=offer)
        assert sent.plan.reversal == "partial" and sent.plan.stays
        back = await take_back(backend, item, sent, verb)
        now = await one(backend, item.number)
    assert back.plan.reversal == "partial" and back.plan.stays == sent.plan.stays
    assert not post(demo, item)["hidden"] and post(demo, item)["deleted_at"] is None
    assert now.state == state
    if state == "open":
        assert {offer.id for offer in now.offers if offer.verb == "remove"} >= {"agree_and_hide"}


async def test_a_post_that_was_hidden_is_hidden_again(demo: DemoServer, tmp_path: Path) -> None:
    """Also when it is planned on the item as it is now, which is visible."""
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo, hidden=True)
        sent = await decide(backend, item, "approve", offer="disagree")
        shown = await one(backend, item.number)
        assert not shown.hidden
        back = await take_back(backend, shown, sent, "approve")
        now = await one(backend, item.number)
    assert [step.words for step in back.plan.steps] == ["in the queue again, hidden"]
    assert now.hidden and now.state == "open"


async def test_a_report_on_top_of_those_that_were_right_may_hide_the_post(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        kept = backend.plan(item, Intent(verb="offer", offer="agree_and_keep"))
        wrong = backend.plan(item, Intent(verb="approve"))
    assert "the site may hide the post for it" in kept.stays
    assert "the site may hide the post for it" not in wrong.stays


async def test_undoing_a_ban_with_removal_message_and_lock(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "remove", reason_title="Insult", message="Enough.", sanction=BAN, lock=True)
        back = await take_back(backend, item, sent, "remove")
    assert [step.call.name for step in back.plan.steps] == ["topic", "lift", "unhide"]
    assert "the e-mail about it stays sent" in back.plan.stays
    user = demo.db.one("SELECT * FROM users WHERE id = ?", [item.native["user_id"]])
    assert user is not None and user["suspended_till"] is None
    assert not demo.db.value("SELECT closed FROM topics WHERE id = ?", [item.native["topic_id"]])


async def test_undoing_the_done_part_of_a_partly_sent_decision(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        plan = backend.plan(item, Intent(verb="remove", reason_title="x", message="Never sent"))
        sent = await decide(backend, item, "remove")
        back = backend.plan_undo(item, Intent(verb="remove"), sent.steps)
    assert len(plan.steps) == 2
    assert [step.call.name for step in back.steps] == ["unhide"]
    assert not any("message to" in line for line in back.stays)


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("lock", {}),
        ("claim", {}),
        ("note", {"text": "For the team."}),
    ],
)
async def test_full_reversals_leave_nothing(verb: str, more: dict[str, Any], demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, verb, **more)
        assert (sent.plan.reversal, sent.plan.stays) == ("full", ())
        back = await take_back(backend, item, sent, verb)
        assert (back.plan.reversal, back.plan.stays) == ("full", ())
        now = await one(backend, item.number)
    assert (now.place.closed, now.claim, now.notes) == (False, None, ())


async def test_an_edit_of_a_held_post_is_taken_back(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await one(backend, hold(demo, topic=True))
        sent = await decide(backend, item, "edit", text="Something else entirely.", title="Another title for it")
        await take_back(backend, item, sent, "edit")
        now = await one(backend, item.number)
    assert (now.source, now.title, now.state) == (item.source, item.title, "open")


async def test_published_and_rejected_posts_swap_places(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        held = [await one(backend, hold(demo)) for _ in range(2)]
        sent = await decide(backend, held[0], "approve")
        back = await take_back(backend, held[0], sent, "approve")
        created = sent.answers[0].data["created_post_id"]
        assert demo.db.value("SELECT deleted_at FROM posts WHERE id = ?", [created])
        assert any("deletes it" in line for line in back.plan.stays)
        sent = await decide(backend, held[1], "remove")
        assert any("publishes it" in line for line in sent.plan.stays)
        back = await take_back(backend, held[1], sent, "remove")
        assert back.answers[0].data["created_post_id"]
        assert (await one(backend, held[1].number)).state == "kept"


async def test_an_approved_sign_up_is_deactivated(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await one(backend, sign_up(demo))
        sent = await decide(backend, item, "approve")
        await take_back(backend, item, sent, "approve")
    assert not demo.db.value("SELECT active FROM users WHERE id = ?", [item.native["user_id"]])


async def test_what_cannot_come_back_says_so_before(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        warn = backend.plan(item, Intent(verb="warn", message="An official warning it is."))
        assert warn.reversal == "none" and "stays sent" in warn.stays[0]
        delete = backend.plan(await fresh(backend, demo, "spam", new=True), Intent(verb="offer", offer="delete_user"))
        assert delete.reversal == "none" and delete.stays and delete.asks
        newcomer = await one(backend, sign_up(demo))
        assert backend.plan(newcomer, Intent(verb="remove", reason_title="Advert")).reversal == "none"


async def test_every_plan_names_its_reversal_honestly(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        for item in [*await all_items(backend), *await all_items(backend, "pending")]:
            for offer in item.offers:
                if offer.capability != ALLOWED:
                    continue
                kind: Any = "silence" if offer.verb == "silence" else "ban"
                intent = Intent(
                    verb=offer.verb,
                    offer=offer.id,
                    reason_title="Why",
                    text="Some text",
                    message="Words" if offer.verb == "warn" else None,
                    sanction=Sanction(kind, DAY_MS) if "duration" in offer.needs else None,
                )
                plan = backend.plan(item, intent)
                assert (plan.reversal == "full") == (not plan.stays)
                assert plan.reversal != "full" or not offer.irreversible


# --- fates


LOSABLE: list[tuple[str, dict[str, Any]]] = [
    ("approve", {}),
    ("remove", {}),
    ("ignore", {}),
    ("ban", {"reason_title": "Spam", "sanction": BAN}),
    ("silence", {"reason_title": "Spam", "sanction": Sanction("silence", DAY_MS)}),
    ("warn", {"message": "This is an official warning.", "message_title": "A warning of today"}),
    ("note", {"text": "For the team."}),
    ("lock", {}),
    ("claim", {}),
]


@pytest.mark.parametrize("kind", ["lost", "drop", "cut", "html"])
@pytest.mark.parametrize(("verb", "more"), LOSABLE, ids=[verb for verb, _ in LOSABLE])
async def test_the_fate_of_a_lost_answer(
    verb: str, more: dict[str, Any], kind: str, demo: DemoServer, tmp_path: Path
) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        plan = backend.plan(item, Intent(verb=verb, **more))
        step = plan.steps[0]
        since = backend.wire.clock_ms
        method = "POST" if step.call.name in ("message", "note", "claim") else "PUT"
        before = await backend.fate(item, step.call, key="k", since_ms=since)
        assert before.is_ == "not sent"
        demo.inject(kind, "/", method)
        with pytest.raises((NetworkError, SiteError)) as caught:
            await backend.send(step.call, key="k")
        assert isinstance(caught.value, NetworkError | SiteError) and caught.value.sent
        assert sum(request.method != "GET" for request in backend.wire.requests) == 1
        fate = await backend.fate(item, step.call, key="k", since_ms=since)
        assert fate.is_ == ("done" if kind in ("lost", "cut") else "not sent")
        if fate.is_ == "not sent":
            fine = await backend.send(step.call, key="k")
            assert not fine.held
            again = await backend.fate(item, step.call, key="k", since_ms=since)
            assert again.is_ == "done"
            fate = again
        if step.call.name in ("perform", "note"):
            assert fate.answer is not None and fate.answer.data


async def test_the_answer_of_a_lookup_serves_an_undo(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        held = await one(backend, hold(demo))
        call = backend.plan(held, Intent(verb="approve")).steps[0].call
        demo.inject("lost", "/review", "PUT")
        with pytest.raises(ModtuiError):
            await backend.send(call, key="k")
        fate = await backend.fate(held, call, key="k", since_ms=backend.wire.clock_ms)
    assert fate.answer is not None
    raw = demo.db.value("SELECT raw FROM posts WHERE id = ?", [fate.answer.data["created_post_id"]])
    assert raw == held.source


async def test_somebody_else_decided_meanwhile(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        call = backend.plan(item, Intent(verb="remove")).steps[0].call
        since = backend.wire.clock_ms
        demo.perform(int(item.number), "ignore_and_do_nothing", "kestrel")
        fate = await backend.fate(item, call, key="k", since_ms=since)
    assert fate.is_ == "not sent" and "kestrel" in fate.words


async def test_the_fates_of_an_undo(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        for offer in ("agree_and_hide", "delete_and_agree", "disagree"):
            item = await fresh(backend, demo)
            sent = await decide(backend, item, "offer", offer=offer)
            (step,) = backend.plan_undo(item, Intent(verb="offer"), sent.steps).steps
            since = backend.wire.clock_ms
            assert (await backend.fate(item, step.call, key="k", since_ms=since)).is_ == "not sent"
            await backend.send(step.call, key="k")
            assert (await backend.fate(item, step.call, key="k", since_ms=since)).is_ == "done"


async def test_what_cannot_be_looked_up_stays_unclear(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        assert (await backend.fate(item, Call("riddle", {}), key="k", since_ms=0)).is_ == "unclear"
        gone = Call("perform", {"id": "999999", "action": "agree_and_hide", "version": 0})
        assert (await backend.fate(item, gone, key="k", since_ms=0)).is_ == "unclear"
