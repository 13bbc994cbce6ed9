"""Every verb, from the plan to what the community's server has afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo import effects
from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Call, Intent, Sanction
from modtui.domain.items import Item
from modtui.errors import Refused
from tests.core.discourse_world import (
    BAN,
    DAY_MS,
    all_items,
    backend_on,
    connect,
    decide,
    fresh,
    hold,
    messages,
    one,
    post,
    sign_up,
    user,
)
from tests.core.scripted_site import answer, connection, scripted

pytestmark = pytest.mark.anyio


async def every(backend: Any) -> list[Item]:
    return [*await all_items(backend), *await all_items(backend, "pending")]


@pytest.mark.parametrize("user_key", [False, True])
async def test_approve_keeps_the_post_and_closes_the_reports_as_wrong(
    user_key: bool, demo: DemoServer, tmp_path: Path
) -> None:
    async with backend_on(connect(demo, tmp_path, user=None if user_key else "")) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "approve")
        now = await one(backend, item.number)
    assert sent.plan.offer == "disagree" and not sent.plan.tells_author
    assert (now.state, now.handled_by) == ("kept", "rookmoor")
    assert now.version == sent.answers[0].data["version"] == (item.version or 0) + 1
    assert not post(demo, item)["hidden"] and post(demo, item)["deleted_at"] is None
    assert not messages(demo, item, "system")


async def test_approving_a_hidden_post_says_that_it_unhides_and_writes(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo, hidden=True)
        sent = await decide(backend, item, "approve")
    assert sent.plan.tells_author
    assert "is shown again" in [effect.words for effect in sent.plan.effects if effect.on == "post"]
    assert not post(demo, item)["hidden"]


async def test_remove_hides_and_the_site_tells_the_author(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "remove", reason="insult", reason_title="Insult")
        now = await one(backend, item.number)
    assert [step.call.name for step in sent.plan.steps] == ["perform"]
    assert sent.plan.tells_author and not sent.plan.reaches
    assert now.state == "removed" and post(demo, item)["hidden"]
    assert not messages(demo, item)


async def test_remove_with_message_writes_to_the_author(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        text = "Please stay friendly.\n\n{not} a placeholder"
        sent = await decide(backend, item, "remove", reason_title="Insult", message=text, lock=True)
    assert [step.call.name for step in sent.plan.steps] == ["perform", "message", "topic"]
    assert [step.reaches for step in sent.plan.steps] == [False, True, False]
    assert [(m["title"], m["raw"]) for m in messages(demo, item)] == [("Insult", text)]
    assert demo.db.value("SELECT closed FROM topics WHERE id = ?", [item.native["topic_id"]])


async def test_remove_message_and_ban(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(
            backend, item, "remove", reason_title="Insult", message="You are banned for a week.", sanction=BAN
        )
        clock = backend.wire.clock_ms
    assert [step.call.name for step in sent.plan.steps] == ["perform", "penalise"]
    assert sent.plan.reaches
    person = user(demo, item)
    assert abs(person["suspended_till"] - clock - 7 * DAY_MS) < 60_000
    assert person["suspend_reason"] == "Insult"
    assert "duration_ms" in sent.steps[1].call.args and "until" not in json.dumps(sent.steps[1].call.args)


@pytest.mark.parametrize(("kind", "column"), [("ban", "suspended_till"), ("silence", "silenced_till")])
async def test_for_good_is_a_hundred_years_and_more(kind: Any, column: str, demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        await decide(backend, item, kind, reason_title="Spam", sanction=Sanction(kind, None))
        now = await one(backend, item.number)
        clock = backend.wire.clock_ms
    assert user(demo, item)[column] - clock > 100 * 365 * DAY_MS
    assert now.author is not None and [(p.kind, p.until_ms) for p in now.author.penalties] == [(kind, None)]
    assert now.state == "open"


async def test_a_sanction_ends_in_the_future_or_is_refused(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        with pytest.raises(Refused, match="above zero"):
            backend.plan(item, Intent(verb="ban", reason_title="x", sanction=Sanction("ban", 0)))
        with pytest.raises(Refused, match="how long"):
            backend.plan(item, Intent(verb="ban", reason_title="x"))
        with pytest.raises(Refused, match="reason"):
            backend.plan(item, Intent(verb="ban", sanction=BAN))
        args = backend.plan(item, Intent(verb="ban", reason_title="x", sanction=BAN)).steps[0].call.args
        with pytest.raises(Refused, match="future"):
            await backend.send(Call("penalise", args | {"duration_ms": -5}), key="k")
    assert user(demo, item)["suspended_till"] is None


async def test_the_servers_suspend_performs_first_then_penalises(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "ban", offer="agree_and_suspend", reason_title="Spam", sanction=BAN)
        now = await one(backend, item.number)
    assert [step.call.name for step in sent.plan.steps] == ["perform", "penalise"]
    assert now.state == "removed" and user(demo, item)["suspended_till"]


async def test_a_second_penalty_is_refused_with_the_sites_words(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "ban", reason_title="Spam", sanction=BAN)
        with pytest.raises(Refused, match="already"):
            await backend.send(sent.plan.steps[0].call, key="k")
        with pytest.raises(Refused, match="banned already"):
            backend.plan(await one(backend, item.number), Intent(verb="ban", reason_title="x", sanction=BAN))
        now = await one(backend, item.number)
        await decide(backend, now, "unban")
    assert user(demo, item)["suspended_till"] is None


async def test_staff_cannot_be_sanctioned_and_it_says_why(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        assert item.author is not None
        staff = msgspec.structs.replace(item, author=msgspec.structs.replace(item.author, role="moderator"))
        with pytest.raises(Refused, match="staff"):
            backend.plan(staff, Intent(verb="remove", reason_title="x", sanction=BAN))


async def test_spam_deletes_the_post_never_the_account(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        items = await every(backend)
        for item in items:
            offer = item.offer("spam")
            assert offer is not None
            if offer.capability == ALLOWED:
                action = item.native["actions"]["spam"]["do"]
                assert "user" not in action
                assert not offer.irreversible
        item = await fresh(backend, demo, "spam", new=True)
        await decide(backend, item, "spam")
        with pytest.raises(Refused):
            backend.plan(await one(backend, sign_up(demo)), Intent(verb="spam"))
    assert post(demo, item)["deleted_at"] and user(demo, item)["deleted_at"] is None


async def test_ignore_closes_without_a_verdict(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        await decide(backend, item, "ignore")
        assert (await one(backend, item.number)).state == "ignored"


async def test_every_offer_does_what_the_plan_says(demo: DemoServer, tmp_path: Path) -> None:
    """Each of the server's actions once, on an item of its own."""
    done: set[tuple[str, str]] = set()
    async with backend_on(connect(demo, tmp_path)) as backend:
        for item in await every(backend):
            fresh = await one(backend, item.number)
            for offer in fresh.offers:
                name = (item.native["type"], offer.id)
                if offer.capability != ALLOWED or offer.id.startswith("our_") or name in done or fresh.state != "open":
                    continue
                done.add(name)
                intent = Intent(
                    verb=offer.verb, offer=offer.id, reason_title="A reason", reason_text="with words",
                    sanction=Sanction("silence" if offer.verb == "silence" else "ban", DAY_MS)
                    if "duration" in offer.needs else None,
                    text="A new text that is long enough." if "text" in offer.needs else None,
                )  # fmt: skip
                plan = backend.plan(fresh, intent)
                assert plan.steps and plan.label == offer.label
                assert (plan.asks is not None) == (offer.irreversible or offer.confirm is not None)
                try:
                    for number, step in enumerate(plan.steps):
                        await backend.send(step.call, key=str(number))
                except Refused as error:
                    # Two actions on one author: the second account deletion or penalty meets the first.
                    assert "already" in error.message or "exist" in error.message or "gone" in error.message
                break
    assert len(done) >= 25, sorted(done)


async def test_held_posts_are_published_rejected_or_sent_back(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        reply, other, third = [await one(backend, hold(demo)) for _ in range(3)]
        new = await one(backend, hold(demo, topic=True))
        for item in (reply, new):
            sent = await decide(backend, item, "approve")
            created = sent.answers[0].data["created_post_id"]
            raw = demo.db.value("SELECT raw FROM posts WHERE id = ?", [created])
            assert raw == item.source
            assert (await one(backend, item.number)).state == "kept"
        sent = await decide(backend, other, "remove", message="Please ask in English.", reason_title="Language")
        assert [step.call.name for step in sent.plan.steps] == ["perform", "message"]
        assert messages(demo, other)[-1]["raw"] == "Please ask in English."
        sent = await decide(
            backend, third, "remove", offer="revise_and_reject_post", reason_title="Unclear title",
            message="Say which version.",
        )  # fmt: skip
        assert [step.call.name for step in sent.plan.steps] == ["perform"]
        assert sent.plan.tells_author
        note = messages(demo, third, "system")[-1]["raw"]
        assert "Unclear title" in note and "Say which version." in note
        assert (await one(backend, third.number)).state == "removed"


async def test_a_held_post_is_edited_and_then_approved(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await one(backend, hold(demo, topic=True))
        with pytest.raises(Refused, match="no new text"):
            backend.plan(item, Intent(verb="edit", text=" "))
        sent = await decide(
            backend, item, "edit", text="Better words, and enough of them.", title="A much better title"
        )
        now = await one(backend, item.number)
        assert now.source == "Better words, and enough of them." and now.title == "A much better title"
        assert now.version == sent.answers[0].data["version"] and now.state == "open"
        await decide(backend, now, "approve")
        reply = await one(backend, hold(demo))
        with pytest.raises(Refused, match="title"):
            backend.plan(reply, Intent(verb="edit", text="x", title="Another"))


async def test_a_reported_post_is_edited(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "edit", text="What remains after the insult was taken out.")
        assert [step.call.name for step in sent.plan.steps] == ["edit_post", "perform"]
        assert (await one(backend, item.number)).state != "open"
    assert post(demo, item)["raw"] == "What remains after the insult was taken out."


async def test_sign_ups_are_approved_or_rejected_with_a_reason(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        welcome, needs = await one(backend, sign_up(demo)), await one(backend, sign_up(demo))
        assert welcome.author is not None and welcome.title == welcome.author.username
        await decide(backend, welcome, "approve")
        assert user(demo, welcome)["approved"]
        with pytest.raises(Refused, match="reason"):
            backend.plan(needs, Intent(verb="remove"))
        plan = backend.plan(needs, Intent(verb="remove", reason_title="Advertising", message="No adverts, sorry."))
        assert plan.reversal == "none" and plan.asks
        assert plan.reaches and len(plan.steps) == 1
        await backend.send(plan.steps[0].call, key="k")
        assert (await one(backend, needs.number)).state == "removed"
    assert user(demo, needs)["deleted_at"]
    assert demo.db.value("SELECT reject_reason FROM reviewables WHERE id = ?", [needs.number]) == "No adverts, sorry."


async def test_deleting_a_spammer_resolves_the_siblings(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo, "spam", new=True)
        with demo.db.write():
            other = effects.new_post(demo.site, item.native["topic_id"], item.native["user_id"], "Buy this as well.")
        sibling = demo.flag(other, "ann", "spam")
        sent = await decide(backend, await one(backend, item.number), "offer", offer="delete_user")
        assert sent.plan.asks and sent.plan.reversal in ("none", "partial")
        assert str(sibling) in {ref.native for ref in sent.answers[0].resolved}
        assert item.ref not in sent.answers[0].resolved


@pytest.mark.parametrize(
    ("kind", "field"), [("silence", "silenced_till"), ("suspend", "suspend_until")], ids=["silence", "ban"]
)
async def test_the_end_of_a_sanction_is_counted_on_the_sites_clock(kind: str, field: str, tmp_path: Path) -> None:
    call = Call("penalise", {"kind": kind, "user": "5", "reason": "Spam", "duration_ms": 7 * DAY_MS})
    async with scripted(answer(body={"count": 0}, date="Mon, 01 Jan 2035 00:00:00 GMT")) as site:
        backend = DiscourseBackend(connection(site.url, tmp_path))
        await backend.counts()  # whatever is asked first tells the site's time
        await backend.send(call, key="k")
        with pytest.raises(Refused, match="in the future"):
            await backend.send(Call("penalise", call.args | {"duration_ms": -DAY_MS}), key="k")
        await backend.aclose()
    body = parse_qs(site.asked[-1].body.decode())
    assert body[field][0].startswith("2035-01-08T00:00:0"), body
    assert sum(asked.method == "PUT" for asked in site.asked) == 1
