"""Refusals of the site, claims, and the verbs that modtui does with calls of its own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.demo.server import DemoServer
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Call, Intent, Sanction
from modtui.domain.items import Member
from modtui.errors import ModtuiError, ReadOnly, Refused, RightsError, Stale, UsageError
from modtui.text import Foreign
from tests.core.discourse_world import (
    BAN,
    DAY_MS,
    all_items,
    backend_on,
    connect,
    copied,
    decide,
    fresh,
    hold,
    messages,
    one,
    pick,
    post,
    user,
)

pytestmark = pytest.mark.anyio


async def test_an_old_version_and_a_vanished_action_are_stale(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        call = backend.plan(item, Intent(verb="remove")).steps[0].call
        demo.perform(int(item.number), "ignore_and_do_nothing", "kestrel")
        with pytest.raises(Stale):
            await backend.send(call, key="k")
        with pytest.raises(Stale, match="ignored by kestrel"):
            await backend.send(Call("perform", call.args | {"version": call.args["version"] + 1}), key="k")
        with pytest.raises(Refused, match="closed already: ignored by kestrel"):
            backend.plan(await one(backend, item.number), Intent(verb="remove"))


async def test_missing_rights_are_named_as_such(demo: DemoServer, tmp_path: Path) -> None:
    row = demo.db.one("SELECT id FROM users WHERE username = ?", [demo.username])
    assert row is not None
    key = demo.site.add_key("user", row["id"], scopes="read")
    async with backend_on(connect(demo, tmp_path, user=None, key=key)) as backend:
        item = await fresh(backend, demo)
        with pytest.raises(RightsError):
            await decide(backend, item, "approve")


async def test_read_only_sends_nothing(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path, read_only=True)) as backend:
        item = await fresh(backend, demo)
        plan = backend.plan(item, Intent(verb="approve"))
        with pytest.raises(ReadOnly):
            await backend.send(plan.steps[0].call, key="k")
        await backend.changes(None)
    assert not demo.count("", "PUT")


async def test_a_site_that_requires_claims_gets_one_at_send_time(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path), claiming="required") as demo:
        async with backend_on(connect(demo, tmp_path)) as backend:
            first = await fresh(backend, demo)
            await decide(backend, first, "remove")
            assert (await one(backend, first.number)).state == "removed"
            assert backend.capabilities.claims_required
            second = await fresh(backend, demo)
            before = len(backend.wire.requests)
            await decide(backend, second, "remove")
            assert [r.path.split("?")[0] for r in backend.wire.requests[before:]] == [
                "/reviewable_claimed_topics.json",
                f"/review/{second.number}/perform/agree_and_hide.json",
            ]
            third = await fresh(backend, demo)
            call = backend.plan(third, Intent(verb="remove")).steps[0].call
            with pytest.raises(Stale):
                await backend.send(Call("perform", call.args | {"version": 99}), key="k")
            assert (await one(backend, third.number)).claim is None


async def test_a_claim_of_our_own_does_not_stand_in_the_way(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DemoServer(copied(world, tmp_path), claiming="required") as demo:
        async with backend_on(connect(demo, tmp_path)) as backend:
            backend._site.claims_required = True
            ours, theirs = await fresh(backend, demo), await fresh(backend, demo)
            demo.claim(int(ours.native["topic_id"]), demo.username)
            demo.claim(int(theirs.native["topic_id"]), "kestrel")

            async def taken(topic: int) -> None:  # what the site says to anybody, also to whom it belongs
                raise Stale("There was an update conflict.")

            monkeypatch.setattr(backend._client, "claim", taken)
            await decide(backend, ours, "approve")
            assert (await one(backend, ours.number)).state == "kept"
            with pytest.raises(Refused, match="Somebody else"):
                await decide(backend, theirs, "approve")


async def test_a_rule_that_is_not_about_claims_keeps_its_words(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        held = await one(backend, hold(demo))
        demo.db.run("UPDATE topics SET deleted_at = 1 WHERE id = ?", [held.native["topic_id"]])
        with pytest.raises(Refused, match="deleted"):
            await decide(backend, held, "approve")
        assert (await one(backend, held.number)).claim is None


async def test_claim_release_and_taking_over(demo: DemoServer, tmp_path: Path) -> None:
    async with (
        backend_on(connect(demo, tmp_path)) as backend,
        backend_on(connect(demo, tmp_path, user="kestrel")) as other,
    ):
        item = await fresh(backend, demo)
        await decide(other, item, "claim")
        with pytest.raises(Refused, match="Somebody else"):
            await decide(backend, item, "claim")
        taken = await one(backend, item.number)
        with pytest.raises(Refused, match="taken by kestrel"):
            backend.plan(taken, Intent(verb="remove"))
        plan = backend.plan(taken, Intent(verb="claim"))
        assert plan.asks and "kestrel" in plan.asks
        await decide(backend, taken, "claim")
        mine = await one(backend, item.number)
        assert mine.claim is not None and mine.claim.mine
        await decide(backend, mine, "release")
        assert (await one(backend, item.number)).claim is None


async def test_notes_go_to_the_item_or_else_to_the_author(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        with pytest.raises(Refused, match="empty"):
            backend.plan(item, Intent(verb="note", text="  "))
        sent = await decide(backend, item, "note", text="Look at the other thread, too.")
        assert sent.answers[0].data["where"] == "item"
        assert [(n.by, n.text) for n in (await one(backend, item.number)).notes] == [
            ("rookmoor", "Look at the other thread, too.")
        ]
        backend._site.item_notes = False
        sent = await decide(backend, item, "note", text="On the member, then.")
        assert sent.answers[0].data["where"] == "user"
        assert item.author is not None
        assert (await backend.dossier(item.author.native)).notes[0].text == "On the member, then."
        demo.site.settings.user_notes = False
        with pytest.raises(Refused, match="no team notes"):
            await decide(backend, item, "note", text="Nowhere")


async def test_lock_unlock_warn_silence_and_lift(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        await decide(backend, item, "lock")
        locked = await one(backend, item.number)
        assert locked.place.closed
        with pytest.raises(Refused, match="locked already"):
            backend.plan(locked, Intent(verb="lock"))
        await decide(backend, locked, "unlock")
        with pytest.raises(Refused, match="empty"):
            backend.plan(item, Intent(verb="warn"))
        await decide(backend, item, "warn", message="This is an official warning.", message_title="Warning")
        assert messages(demo, item)[-1]["is_warning"]
        await decide(backend, item, "silence", reason_title="Shouting", sanction=Sanction("silence", DAY_MS))
        quiet = await one(backend, item.number)
        assert quiet.author is not None and quiet.author.penalties[0].by == "rookmoor"
        await decide(backend, quiet, "unsilence")
    assert user(demo, item)["silenced_till"] is None


async def test_restore_brings_back_what_was_hidden_or_deleted(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        with pytest.raises(Refused, match="visible"):
            backend.plan(await fresh(backend, demo), Intent(verb="restore"))
        for item in (await fresh(backend, demo, hidden=True), await fresh(backend, demo, deleted=True)):
            await decide(backend, item, "restore")
            assert not post(demo, item)["hidden"] and post(demo, item)["deleted_at"] is None
        gone = await fresh(backend, demo)
        await decide(backend, gone, "remove")
        await decide(backend, await one(backend, gone.number), "restore")
        assert not post(demo, gone)["hidden"]


async def test_spam_in_a_chat_is_deleted_as_remove_does_it(demo: DemoServer, tmp_path: Path) -> None:
    """Such a message has two ways to delete it, and one of them stands under "No"."""
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = pick(await all_items(backend), "agree_and_delete", kind="message")
        spam, remove = (backend.plan(item, Intent(verb=verb)) for verb in ("spam", "remove"))
    assert spam.steps[0].call.args["action"] == remove.steps[0].call.args["action"] == "agree_and_delete"
    assert str(spam.label).startswith("Yes")


async def test_urgent_reasons_hide_at_once(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        plan = backend.plan(
            item, Intent(verb="remove", reason="private", reason_title="Personal data", message="Hello")
        )
        assert [(step.call.name, step.waits) for step in plan.steps] == [("perform", False), ("message", True)]
        own = backend.plan(item, Intent(verb="remove", reason="doxing", urgent=True))
        assert [step.waits for step in own.steps] == [False]
        assert all(step.waits for step in backend.plan(item, Intent(verb="remove", reason="spam")).steps)
        assert all(step.waits for step in backend.plan(item, Intent(verb="approve", reason="private")).steps)


async def test_unknown_types_and_actions_keep_their_own_labels(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = next(i for i in await all_items(backend) if i.kind == "other")
        assert {"approve_event", "decline_event"} <= {offer.id for offer in item.offers}
        assert item.body is not None
        with pytest.raises(Refused, match="does not offer"):
            backend.plan(item, Intent(verb="approve"))
        await decide(backend, item, "offer", offer="approve_event")
        assert (await one(backend, item.number)).state != "open"


async def test_words_of_others_never_become_calls(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        with pytest.raises(Refused):
            backend.plan(item, Intent(verb="offer", offer="../../admin"))
        with pytest.raises(UsageError):
            await backend.send(Call("_reread", {}), key="k")
        with pytest.raises(UsageError):
            await backend.send(Call("perform", {"id": "1", "action": "x/../y", "version": 0}), key="k")
        no_author = msgspec.structs.replace(item, author=None)
        with pytest.raises(Refused, match="nobody to write to"):
            backend.plan(no_author, Intent(verb="remove", message="Hi"))


async def test_sentences_show_foreign_names_harmlessly(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        evil = Member(native="5", username=Foreign("bo\x1b[2J\u202e"))
        plan = backend.plan(
            msgspec.structs.replace(item, author=evil),
            Intent(verb="remove", reason_title="x", message="Hi", sanction=BAN),
        )
    said = "".join([*(e.words for e in plan.effects), *(s.words for s in plan.steps), *plan.stays])
    assert "\x1b" not in said and "\u202e" not in said and "bo" in said


async def test_errors_of_the_site_come_as_one_clean_line(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        with pytest.raises(ModtuiError) as caught:
            await decide(backend, item, "warn", message="hey")
    assert "\n" not in caught.value.message and "short" in caught.value.message


async def test_claiming_that_is_switched_off_is_said_and_remembered(world: Path, tmp_path: Path) -> None:
    with DemoServer(copied(world, tmp_path), claiming="disabled") as demo:
        async with backend_on(connect(demo, tmp_path)) as backend:
            item = await fresh(backend, demo)
            with pytest.raises(Refused, match="switched off"):
                await decide(backend, item, "claim")
            offer = (await one(backend, item.number)).offer("claim")
            assert offer is not None and offer.capability == Blocked("setting", "claiming is switched off on this site")
