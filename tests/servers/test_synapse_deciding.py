"""A moderator's whole way on a real Matrix homeserver: the report, the decision, and what others see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from modtui.backends.synapse.backend import SynapseBackend
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Gone, Item
from modtui.errors import RateLimited, Refused, Stale
from modtui.testing.steps import all_items, steps_of
from tests.servers.synapse import Answer, Synapse
from tests.servers.synapse_world import World, answer_of, do, item_of, opened, ref_of, row_of, undo

pytestmark = [pytest.mark.servers, pytest.mark.anyio]
HOUR = 3_600_000


@pytest.fixture(scope="module")
def world(synapse: Synapse) -> World:
    return World(synapse)


@pytest.fixture
async def mod(world: World, tmp_path: Path) -> AsyncIterator[SynapseBackend]:
    async with opened(world.server, world.mod, tmp_path / "mod") as backend:
        yield backend


@pytest.fixture
async def other(world: World, tmp_path: Path) -> AsyncIterator[SynapseBackend]:
    async with opened(world.server, world.other, tmp_path / "other") as backend:
        yield backend


def because(reason: str = "Advertising") -> Intent:
    return Intent(verb="remove", reason="spam", reason_title=reason)


def refusal(trouble: pytest.ExceptionInfo[Answer]) -> str:
    body = trouble.value.body
    assert isinstance(body, dict)
    return str(body["errcode"])


# --- reports and messages


async def test_a_report_is_read_decided_and_seen_by_others(world: World, mod: SynapseBackend) -> None:
    world.server.send(world.ann, world.room, "Good morning.")
    event = world.reported("Cheap watches!", reason="spam link")
    world.server.answer(world.ann, world.room, event, "Please stop.")
    item = await row_of(mod, event)
    assert [(one.reason, one.label) for one in item.reports] == [("spam", "spam link")] * 2
    assert item.author is not None and item.author.username == world.author.name
    thread = await mod.thread(item)
    words = [str(post.body.text) for post in thread.posts if not post.small]
    assert words.index("Good morning.") < words.index("Cheap watches!") < words.index("Please stop.")
    await do(mod, item, because())
    seen = world.server.seen(world.bo, world.room, event)
    assert seen["content"] == {} and seen["unsigned"]["redacted_because"]["content"]["reason"] == "Advertising"
    assert world.open_reports(event) == 0
    now = await item_of(mod, world.room, event)
    assert (now.state, now.handled_by, now.deleted) == ("removed", world.mod.name, True)
    assert now.source == "Cheap watches!", "an administrator can still read what was removed"


async def test_only_the_reports_that_were_shown_are_closed(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    item = await row_of(mod, event)
    world.server.report(world.room, event, world.owner, reason="and insults")
    plan, _ = await do(mod, item, Intent(verb="approve"))
    assert plan.reversal == "partial" and "in your name" in plan.stays[0]
    assert world.open_reports(event) == 1
    again = await row_of(mod, event)
    assert [one.label for one in again.reports] == ["and insults"] and world.text(event) == "Cheap watches!"


async def test_closed_reports_come_back_in_the_moderators_name(world: World, mod: SynapseBackend) -> None:
    event = world.reported(reason="spam link")
    intent = Intent(verb="approve")
    item = await row_of(mod, event)
    _, done = await do(mod, item, intent)
    kept = await item_of(mod, world.room, event)
    assert kept.state == "kept" and world.open_reports(event) == 0
    await undo(mod, kept, intent, done)
    (row,) = [one for one in world.server.reports() if one["event_id"] == event]
    assert row["user_id"] == world.mod.id and "again" in row["reason"]
    again = await row_of(mod, event)
    assert again.state == "open" and again.reasons == ("spam",)


async def test_two_moderators_close_the_same_reports(world: World, mod: SynapseBackend, other: SynapseBackend) -> None:
    event = world.reported()
    mine, theirs = await row_of(mod, event), await row_of(other, event)
    await do(other, theirs, Intent(verb="approve"))
    with pytest.raises(Stale) as trouble:
        await do(mod, mine, Intent(verb="approve"))
    assert "another moderator" in trouble.value.message.lower()
    found = (await mod.reread([mine.ref]))[mine.ref]
    assert isinstance(found, Item) and found.state == "kept", "the row stays known when its reports are closed"


async def test_two_moderators_remove_the_same_message(world: World, mod: SynapseBackend, other: SynapseBackend) -> None:
    event = world.reported()
    mine = await row_of(mod, event)
    await do(other, await row_of(other, event), because("First"))
    with pytest.raises(Stale):
        await do(mod, mine, because("Second"))
    reason = world.server.seen(world.bo, world.room, event)["unsigned"]["redacted_because"]["content"]["reason"]
    assert reason == "First"


async def test_some_of_the_reports_were_closed_by_somebody_else(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    item = await row_of(mod, event)
    world.server.close(int(item.reports[0].id), world.other)
    _, done = await do(mod, item, Intent(verb="approve"))
    assert world.open_reports(event) == 0 and "somebody else" in str(answer_of(done[0]).words)
    assert len(done) == 2


async def test_a_message_that_does_not_exist_is_not_removed(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    (step, *_) = steps_of(mod.plan(await row_of(mod, event), because()), "never")
    nowhere = step.call.args | {"event": "$" + "x" * 43}
    with pytest.raises(Stale):  # the server itself answers 200
        await mod.send(type(step.call)(step.call.name, nowhere), key="nowhere")


async def test_an_edited_message_shows_both_texts_and_is_removed_whole(world: World, mod: SynapseBackend) -> None:
    event = world.reported("Cheap watches!")
    world.server.change(world.author, world.room, event, "Nothing to see here.")
    item = await row_of(mod, event)
    assert item.source == "Nothing to see here." and item.edits == 1
    words = [post.body.text for post in (await mod.thread(item)).posts]
    assert "Cheap watches!" in words and "changed to: Nothing to see here." in words
    await do(mod, item, because())
    assert world.text(event) == "" and world.open_reports(event) == 0


async def test_a_removed_message_is_gone_only_when_the_server_has_it_no_more(
    world: World, mod: SynapseBackend
) -> None:
    kept, removed = world.reported("Kept."), world.reported("Removed.")
    missing = ref_of(mod, world.room, "$" + "y" * 43)
    await do(mod, await row_of(mod, kept), Intent(verb="approve"))
    world.server.redact(world.author, world.room, removed)
    found = await mod.reread([ref_of(mod, world.room, kept), ref_of(mod, world.room, removed), missing])
    assert [one.state if isinstance(one, Item) else "gone" for one in found.values()] == ["kept", "open", "gone"]
    gone = found[missing]
    assert isinstance(gone, Gone) and gone.why
    row = await row_of(mod, removed)
    assert row.deleted and row.source == "Removed.", "its author took it away, and its reports are still open"
    away = row.offer("remove")
    assert away is not None and isinstance(away.capability, Blocked)


async def test_a_reply_that_is_sent_twice_arrives_once(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    item = await row_of(mod, event)
    (step,) = steps_of(mod.plan(item, Intent(verb="reply", text="Please stop this.")), "twice")
    first = await mod.send(step.call, key=step.key)
    assert (await mod.send(step.call, key=step.key)).data == first.data
    found = world.server.ask(world.bo, "GET", world.server.at(world.room, "messages"), params={"dir": "b", "limit": 20})
    mine = [one for one in found["chunk"] if one["content"].get("body") == "Please stop this."]
    assert len(mine) == 1 and mine[0]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == event


async def test_a_reply_of_an_earlier_session_is_found_by_its_words(
    world: World, mod: SynapseBackend, tmp_path: Path
) -> None:
    item = await row_of(mod, world.reported())
    (step,) = steps_of(mod.plan(item, Intent(verb="reply", text="From another session.")), "earlier")
    since = mod.wire.clock_ms - 2000
    sent = await mod.send(step.call, key=step.key)
    second = world.server.login(world.mod)
    async with opened(world.server, second, tmp_path / "second") as later:
        found = await later.fate(item, step.call, key=step.key, since_ms=since)
        assert found.is_ == "done" and found.answer is not None and found.answer.data == sent.data
        assert (await later.fate(item, step.call, key="x", since_ms=since, known=[sent])).is_ == "not sent"


# --- members


async def test_muting_is_taken_back(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(verb="silence", sanction=Sanction("silence", 24 * HOUR))
    item = await item_of(mod, world.room, event)
    plan, done = await do(mod, item, intent)
    assert any("Matrix knows no ends" in effect.words for effect in plan.effects)
    with pytest.raises(Answer) as trouble:
        world.server.send(world.author, world.room, "May I?")
    assert refusal(trouble) == "M_FORBIDDEN"
    muted = await item_of(mod, world.room, event)
    back = muted.offer("unsilence")
    assert back is not None and back.id == "unmute" and back.capability == ALLOWED
    assert (await undo(mod, muted, intent, done)).reversal == "full"
    assert world.author.id not in world.server.state(world.bo, world.room, "m.room.power_levels")["users"]
    world.server.send(world.author, world.room, "Thanks.")


async def test_a_power_level_that_was_changed_meanwhile_is_not_overwritten(
    world: World, mod: SynapseBackend
) -> None:
    item = await item_of(mod, world.room, world.reported())
    levels = world.server.state(world.owner, world.room, "m.room.power_levels")
    levels["users"][world.author.id] = 10
    path = world.server.at(world.room, "state", "m.room.power_levels")
    world.server.ask(world.owner, "PUT", path, json=levels)
    with pytest.raises(Stale):
        await do(mod, item, Intent(verb="silence"))
    assert world.server.state(world.bo, world.room, "m.room.power_levels")["users"][world.author.id] == 10
    levels["users"].pop(world.author.id)
    world.server.ask(world.owner, "PUT", path, json=levels)


async def test_a_ban_from_the_room_is_lifted(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(verb="ban", reason="spam", reason_title="Advertising")
    plan, done = await do(mod, await item_of(mod, world.room, event), intent)
    assert plan.reversal == "partial" and plan.stays
    with pytest.raises(Answer):
        world.server.join(world.room, world.author)
    banned = await item_of(mod, world.room, event)
    with pytest.raises(Refused):
        mod.plan(banned, intent)
    await undo(mod, banned, intent, done)
    world.server.join(world.room, world.author)


async def test_a_kick_says_what_stays(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(verb="offer", offer="kick", reason_title="Calm down")
    plan, _ = await do(mod, await item_of(mod, world.room, event), intent)
    assert plan.reversal == "none"
    member = world.server.state(world.bo, world.room, "m.room.member", world.author.id)
    assert (member["membership"], member["reason"]) == ("leave", "Calm down")
    out = await item_of(mod, world.room, event)
    with pytest.raises(Refused):
        mod.plan(out, intent)
    world.server.join(world.room, world.author)


@pytest.mark.parametrize(("offer", "back", "errcode"), [
    ("suspend", "unsuspend", "M_USER_SUSPENDED"), ("lock", "unlock", "M_USER_LOCKED"),
])  # fmt: skip
async def test_an_account_is_sanctioned_and_free_again(
    world: World, mod: SynapseBackend, offer: str, back: str, errcode: str
) -> None:
    event = world.reported()
    verb = "silence" if offer == "suspend" else "ban"
    intent = Intent(verb=verb, offer=offer, reason_title="Advertising")
    plan, done = await do(mod, await item_of(mod, world.room, event), intent)
    assert plan.reversal == "full"
    with pytest.raises(Answer) as trouble:
        world.server.send(world.author, world.room, "Hello?")
    assert refusal(trouble) == errcode
    now = await item_of(mod, world.room, event)
    assert now.author is not None and [one.kind for one in now.author.penalties] == [verb]
    again = next(one for one in now.offers if one.id == offer)
    lift = next(one for one in now.offers if one.id == back)
    assert isinstance(again.capability, Blocked) and lift.capability == ALLOWED
    await undo(mod, now, intent, done)
    world.server.send(world.author, world.room, "Hello.")


async def test_a_shadow_ban_is_set_and_lifted(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(verb="offer", offer="shadow-ban")
    _, done = await do(mod, await item_of(mod, world.room, event), intent)
    assert world.server.account(world.author.id)["shadow_banned"] is True
    await undo(mod, await item_of(mod, world.room, event), intent, done)
    assert world.server.account(world.author.id)["shadow_banned"] is False


async def test_an_administrator_is_not_sanctioned_by_accident(world: World, mod: SynapseBackend) -> None:
    event = world.server.send(world.other, world.room, "I am one of the team.")
    world.server.report(world.room, event, world.ann)
    item = await row_of(mod, event)
    assert item.author is not None and item.author.role == "admin"
    for offer in ("mute", "ban", "kick", "suspend", "lock", "deactivate", "shadow-ban", "redact-all"):
        found = next(one for one in item.offers if one.id == offer)
        assert isinstance(found.capability, Blocked), offer
        with pytest.raises(Refused):
            mod.plan(item, Intent(verb=found.verb, offer=offer))
    victim = await item_of(mod, world.room, world.reported())
    for offer in ("suspend", "lock", "deactivate", "shadow-ban", "redact-all"):
        verb = next(one.verb for one in victim.offers if one.id == offer)
        (step,) = steps_of(mod.plan(victim, Intent(verb=verb, offer=offer)), offer)
        call = type(step.call)(step.call.name, step.call.args | {"user": world.other.id})
        with pytest.raises(Refused):  # the account became an administrator's meanwhile
            await mod.send(call, key=step.key)
    account = world.server.account(world.other.id)
    assert not account["suspended"] and not account["locked"] and not account["deactivated"]


async def test_an_account_is_closed_only_after_a_question(world: World, mod: SynapseBackend) -> None:
    spammer = world.server.register()
    world.server.join(world.room, spammer)
    event = world.server.send(spammer, world.room, "Buy!")
    world.server.report(world.room, event, world.ann)
    item = await row_of(mod, event)
    intent = Intent(verb="ban", offer="deactivate", reason_title="Advertising")
    plan = mod.plan(item, intent)
    assert plan.asks and plan.reversal == "none" and plan.stays
    await do(mod, item, intent)
    assert world.server.account(spammer.id)["deactivated"] is True
    now = await item_of(mod, world.room, event)
    assert isinstance(next(one for one in now.offers if one.id == "deactivate").capability, Blocked)


async def test_everything_of_a_member_is_removed_by_the_server(world: World, mod: SynapseBackend) -> None:
    spammer = world.server.register()
    second = world.server.room(world.owner, moderators=(world.mod,))
    for room in (world.room, second):
        world.server.join(room, spammer)
    places = [(room, world.server.send(spammer, room, f"Buy number {n}!")) for room in (world.room, second)
              for n in range(3)]  # fmt: skip
    world.server.report(world.room, places[0][1], world.ann)
    world.server.join(second, world.bo)
    item = await row_of(mod, places[0][1])
    intent = Intent(verb="offer", offer="redact-all", reason_title="Advertising")
    plan, done = await do(mod, item, intent)
    assert plan.asks and plan.reversal == "none" and answer_of(done[0]).data["job"]
    for _ in range(300):  # it goes on at the server: at most 30 s and what the looks take
        if not any(world.text(event, room=room) for room, event in places):
            break
        await anyio.sleep(0.1)
    assert all(world.text(event, room=room) == "" for room, event in places)
    found = await mod.fate(item, done[0].call, key="x", since_ms=mod.wire.clock_ms - 60_000)
    assert found.is_ == "done" and found.answer is not None
    assert found.answer.data["job"] == answer_of(done[0]).data["job"]


async def test_a_file_is_hidden_and_shown_again(world: World, mod: SynapseBackend) -> None:
    url = world.server.upload(world.author)
    content = {"msgtype": "m.image", "body": "dot.png", "url": url}
    event = world.server.send(world.author, world.room, content)
    world.server.report(world.room, event, world.ann, reason="a bad picture")
    item = await row_of(mod, event)
    assert item.source == "[picture: dot.png]" and not item.hidden
    intent = Intent(verb="offer", offer="quarantine")

    def loaded() -> httpx.Response:
        path = f"/_matrix/client/v1/media/download/{url.removeprefix('mxc://')}"
        return world.server.call(world.bo, "GET", path)

    assert loaded().status_code == 200
    plan, done = await do(mod, item, intent)
    assert loaded().status_code == 404 and plan.reversal == "full"
    hidden = await item_of(mod, world.room, event)
    assert hidden.hidden
    await undo(mod, hidden, intent, done)
    assert loaded().status_code == 200 and not (await item_of(mod, world.room, event)).hidden


async def test_the_author_is_written_to_once_by_the_server(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(verb="warn", message="Please read the rules of this room.")
    plan, done = await do(mod, await item_of(mod, world.room, event), intent, "warn")
    assert plan.reaches and plan.stays
    again = await mod.send(done[0].call, key=done[0].key)
    assert again.data == answer_of(done[0]).data, "the same step is the same message"
    synced = world.server.ask(world.author, "GET", "/_matrix/client/v3/sync", params={"timeout": 0})
    invited = list(synced["rooms"]["invite"])
    world.server.join(invited[0], world.author)
    found = world.server.ask(world.author, "GET", world.server.at(invited[0], "messages"), params={"dir": "b"})
    texts = [one["content"].get("body") for one in found["chunk"] if one["type"] == "m.room.message"]
    assert texts.count("Please read the rules of this room.") == 1


async def test_remove_with_a_message_and_a_ban_is_one_plan(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    intent = Intent(
        verb="remove", reason="spam", reason_title="Advertising", message="Your message was removed.",
        sanction=Sanction("ban", None),
    )  # fmt: skip
    item = await item_of(mod, world.room, event)
    assert [step.call.name for step in mod.plan(item, intent).steps] == ["redact", "close", "close", "notice", "ban"]
    _, done = await do(mod, item, intent)
    member = world.server.state(world.bo, world.room, "m.room.member", world.author.id)
    assert member["membership"] == "ban" and world.text(event) == ""
    back = await undo(mod, await item_of(mod, world.room, event), intent, done)
    assert back.reversal == "partial" and len(back.stays) >= 3
    world.server.join(world.room, world.author)


# --- a reported member


async def test_a_reported_member_is_one_row(world: World, mod: SynapseBackend) -> None:
    rude = world.server.register()
    world.server.report_user(rude.id, world.ann, world.bo, reason="insults in the name")
    rows = await all_items(mod, "reports")
    (item,) = [one for one in rows if one.ref.kind == "account" and one.ref.native == rude.id]
    assert item.kind == "member" and [one.reason for one in item.reports] == ["insult", "insult"]
    suspend = item.offer("silence")
    assert suspend is not None and suspend.id == "suspend"
    await do(mod, item, Intent(verb="approve"))
    assert item.ref not in {one.ref for one in await all_items(mod, "reports")}
    now = (await mod.reread([item.ref]))[item.ref]
    assert isinstance(now, Item) and now.state == "kept"


# --- haste


async def test_haste_is_told_with_the_seconds_to_wait(limited_synapse: Synapse, tmp_path: Path) -> None:
    world = World(limited_synapse)
    event = world.reported()
    async with opened(limited_synapse, world.mod, tmp_path) as backend:
        item = await row_of(backend, event)
        with pytest.raises(RateLimited) as trouble:
            for number in range(40):
                (step,) = steps_of(backend.plan(item, Intent(verb="reply", text=f"Reply {number}.")), str(number))
                await backend.send(step.call, key=step.key)
        assert 0 < trouble.value.wait_s < 60 and not trouble.value.whole_client
        assert [seen.status for seen in backend.wire.requests][-1] == 429
        assert (await backend.fate(item, step.call, key=step.key, since_ms=0)).is_ == "not sent"
        assert (await row_of(backend, event)).ref == item.ref, "other requests do not have to wait for it"
