"""What is read from a real Matrix homeserver: the queue that moves, encrypted rooms, rooms of other versions,
moderators without rights on the server, members, news, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.synapse.backend import SynapseBackend
from modtui.backends.synapse.lane import read_reports
from modtui.backends.synapse.wire import ReportPage
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Gone, Item
from modtui.domain.subjects import community_id
from modtui.errors import AuthError, NotFound, Refused, RightsError
from modtui.testing.steps import all_items
from tests.servers.synapse import SERVER, Member, Synapse
from tests.servers.synapse_world import World, do, item_of, opened, ref_of, row_of, undo

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


@pytest.fixture(scope="module")
def world(synapse: Synapse) -> World:
    return World(synapse)


@pytest.fixture
async def mod(world: World, tmp_path: Path) -> AsyncIterator[SynapseBackend]:
    async with opened(world.server, world.mod, tmp_path / "mod") as backend:
        yield backend


# --- the queue that moves


async def test_no_row_is_missed_while_others_close_reports(world: World, mod: SynapseBackend) -> None:
    world.server.close_all()
    events = [world.server.send(world.author, world.room, f"Number {number}.") for number in range(14)]
    for event in events:
        world.server.report(world.room, event, world.ann)
    rows = {row["event_id"]: row["id"] for row in world.server.reports()}
    asked: list[int] = []
    client = mod._client
    plainly = client.event_reports

    async def shaken(start: int = 0, limit: int = 100, **more: object) -> ReportPage:
        page = await plainly(start, limit, **more)  # type: ignore[arg-type]
        asked.append(start)
        if len(asked) in (1, 2):  # somebody closes what was read just now, so that everything moves up
            for event in events[3 * len(asked) - 3 : 3 * len(asked)]:
                await asyncio.to_thread(world.server.close, rows[event], world.other)
        return page

    client.event_reports = shaken  # type: ignore[method-assign]
    try:
        found = await read_reports(client, chunk=4)
    finally:
        client.event_reports = plainly  # type: ignore[method-assign]
    assert {group.native for group in found.groups} >= set(events[6:]), "nothing that is open is missing"
    assert len(found.groups) == len({group.native for group in found.groups})
    assert len(asked) > 4


async def test_pages_of_rows_do_not_move(world: World, mod: SynapseBackend) -> None:
    world.server.close_all()
    events = [world.reported(f"Row {number}.") for number in range(23)]
    first = await mod.page("reports")
    assert first.cursor is not None and first.total == 23 and len(first.items) == 20
    for row in world.server.reports():
        if row["event_id"] in events[:5]:
            world.server.close(row["id"], world.other)
    second = await mod.page("reports", first.cursor)
    assert [item.native["event"] for item in (*first.items, *second.items)] == events
    assert second.cursor is None


async def test_an_encrypted_message_is_a_row_that_says_so(world: World, mod: SynapseBackend) -> None:
    room = world.server.room(world.owner, encrypted=True, moderators=(world.mod,))
    world.server.join(room, world.author, world.ann)
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
               "sender_key": "x", "session_id": "y", "device_id": "z"}  # fmt: skip
    event = world.server.send(world.author, room, content, "m.room.encrypted")
    world.server.report(room, event, world.ann, reason="threats")
    item = await row_of(mod, event)
    assert item.problem is not None and "encrypted" in item.problem and item.source == ""
    assert "encrypted" in (await mod.thread(item)).posts[-1].body.text
    await do(mod, item, Intent(verb="remove", reason="threat", reason_title="Threats"))
    assert world.server.seen(world.ann, room, event)["content"] == {}
    assert world.open_reports(event) == 0


async def test_a_message_that_the_server_has_deleted_is_still_a_row(world: World, mod: SynapseBackend) -> None:
    room = world.server.room(world.owner, moderators=(world.mod,))
    world.server.join(room, world.author, world.ann)
    event = world.reported_by_ann(room)
    last = world.server.send(world.owner, room, "The end.")
    world.server.purge(room, last)
    item = await row_of(mod, event)
    assert item.problem is not None and "not on the server any more" in item.problem and len(item.reports) == 1
    again = (await mod.reread([item.ref]))[item.ref]
    assert isinstance(again, Item) and again.problem == item.problem
    with pytest.raises(Refused):
        await do(mod, item, Intent(verb="remove", reason_title="Advertising"))
    await do(mod, item, Intent(verb="approve"))
    assert world.open_reports(event) == 0
    gone = (await mod.reread([item.ref]))[item.ref]
    assert isinstance(gone, Gone) and gone.why


@pytest.mark.parametrize("version", ["10", "11", "12"])
async def test_rooms_of_every_version_are_moderated(world: World, mod: SynapseBackend, version: str) -> None:
    room = world.server.room(world.owner, moderators=(world.mod,), version=version)
    world.server.join(room, world.author, world.ann)
    owned = world.server.send(world.owner, room, "I made this room.")
    world.server.report(room, owned, world.ann)
    theirs = await row_of(mod, owned)
    ban = next(one for one in theirs.offers if one.id == "ban")
    assert isinstance(ban.capability, Blocked), "whoever made the room stands above"
    event = world.reported_by_ann(room)
    await do(mod, await row_of(mod, event), Intent(verb="remove", reason_title="Advertising"))
    assert world.text(event, world.ann, room) == ""


async def test_a_removed_message_keeps_its_words_for_the_team(world: World, mod: SynapseBackend) -> None:
    event = world.reported("What was said.")
    world.server.redact(world.other, world.room, event)
    item = await row_of(mod, event)
    assert item.state == "open" and item.deleted and item.source == "What was said."
    assert item.handled_by == world.other.name
    subject = next(post for post in (await mod.thread(item)).posts if post.subject)
    assert subject.deleted and "What was said." in subject.body.text


async def test_power_is_taken_where_it_is_missing(world: World, mod: SynapseBackend) -> None:
    room = world.server.room(world.owner)
    world.server.join(room, world.author, world.ann)
    event = world.reported_by_ann(room)
    item = await row_of(mod, event)
    away = item.offer("remove")
    assert away is not None and away.capability == Blocked("right", "you are not in this room: take power in it first")
    silence = item.offer("silence")
    assert silence is not None and silence.id == "suspend", "what the server can do is still there"
    await do(mod, item, Intent(verb="offer", offer="take-power"))
    await mod.page("reports")
    await do(mod, await row_of(mod, event), Intent(verb="remove", reason_title="Advertising"))
    assert world.text(event, world.ann, room) == ""


# --- without rights on the server


@pytest.fixture
async def keeper(world: World, tmp_path: Path) -> AsyncIterator[tuple[SynapseBackend, Member, str]]:
    """A moderator of one room who is no administrator; the room is one in which members ask."""
    member = world.server.register()
    room = world.server.room(world.owner, moderators=(member,))
    world.server.join(room, world.author, world.ann)
    async with opened(world.server, member, tmp_path / "keeper", question_rooms=[room]) as backend:
        yield backend, member, room


async def test_a_room_moderator_has_no_queue_and_is_told_why(
    world: World, keeper: tuple[SynapseBackend, Member, str]
) -> None:
    backend, _, _ = keeper
    for lane in ("reports", "members"):
        can = backend.capabilities.lane(lane)
        assert isinstance(can, Blocked) and can.code == "right" and "administrator" in can.sentence
        with pytest.raises(RightsError):
            await backend.page(lane)
    assert backend.capabilities.lane("questions") == ALLOWED
    assert "reports" not in await backend.counts()
    with pytest.raises(RightsError):
        await backend.members()
    found = await backend.dossier(world.author.id)
    assert found.member.username == world.author.name and isinstance(found.sanctionable, Blocked)


async def test_a_room_moderator_acts_by_power_level(
    world: World, keeper: tuple[SynapseBackend, Member, str]
) -> None:
    backend, member, room = keeper
    event = world.server.send(world.author, room, "Buy cheap watches?")
    (item,) = (await backend.page("questions")).items
    assert item.native["event"] == event
    can = {offer.id: offer.capability for offer in item.offers}
    assert can["redact"] == can["mute"] == can["ban"] == can["reply"] == ALLOWED
    for offer in ("suspend", "lock", "deactivate", "shadow-ban", "notice"):
        blocked = can[offer]
        assert isinstance(blocked, Blocked) and blocked.code == "right", offer
    await do(backend, item, Intent(verb="remove", reason_title="Advertising"))
    assert world.text(event, world.ann, room) == ""
    removed = await item_of(backend, room, event)
    assert removed.state == "removed" and removed.handled_by == member.name
    banned = Intent(verb="ban", reason_title="Advertising")
    _, done = await do(backend, removed, banned, "ban")
    await undo(backend, await item_of(backend, room, event), banned, done)
    world.server.join(room, world.author)


async def test_without_power_everything_says_what_is_missing(world: World, tmp_path: Path) -> None:
    async with opened(world.server, world.bo, tmp_path) as backend:
        event = world.reported()
        item = await item_of(backend, world.room, event)
        away = item.offer("remove")
        assert away is not None and isinstance(away.capability, Blocked)
        assert away.capability.sentence == "this room asks for the power level 50 and you have 0"
        with pytest.raises(Refused):
            backend.plan(item, Intent(verb="remove"))


# --- members


async def test_members_are_listed_with_their_times(world: World, mod: SynapseBackend) -> None:
    page = await mod.members(world.author.name)
    item = next(one for one in page.items if one.ref.native == world.author.id)
    listed = item.author
    again = (await mod.dossier(world.author.name)).member
    assert listed is not None and listed.since_ms is not None and again.since_ms is not None
    assert abs(listed.since_ms - again.since_ms) < 1000, "milliseconds in one place, seconds in the other"
    offer = item.offer("ban")
    assert offer is not None and offer.id == "lock"
    staff = {one.ref.native for one in (await mod.members(kind="staff")).items}
    assert world.mod.id in staff and world.author.id not in staff


async def test_a_dossier_counts_reports_and_knows_sanctions(world: World, mod: SynapseBackend) -> None:
    rude, room = world.server.register(), world.room
    world.server.join(room, rude)
    event = world.server.send(rude, room, "Rude words.")
    world.server.report(room, event, world.ann, world.bo)
    world.server.report_user(rude.id, world.bo)
    item = await row_of(mod, event)
    await do(mod, item, Intent(verb="silence", offer="suspend"))
    found = await mod.dossier(rude.id)
    title = world.server.state(world.bo, room, "m.room.name")["name"]
    assert (found.got.open, found.reports_got) == (3, 3) and title in found.groups
    assert [one.kind for one in found.member.penalties] == ["silence"] and found.sanctionable == ALLOWED
    assert isinstance((await mod.dossier(world.other.id)).sanctionable, Blocked)
    made = await mod.dossier(world.bo.name)
    assert made.made.open is not None and made.made.open >= 1
    private = await mod.private(rude.id)
    assert repr(private) == "Private(...)"


async def test_members_of_other_servers_can_only_be_met_in_rooms(world: World, mod: SynapseBackend) -> None:
    with pytest.raises(NotFound):
        await mod.dossier(f"@nobody-at-all:{SERVER}")
    refs = [ref_of(mod, "@somebody:elsewhere.example", "", "user")]
    found = await mod.reread(refs)
    assert not isinstance(found[refs[0]], Item)


# --- news


async def test_news_of_reports_is_heard_by_the_next_look(world: World, mod: SynapseBackend) -> None:
    event = world.reported()
    first = await mod.changes(None)
    assert not (await mod.changes(first.position)).reload
    world.server.report(world.room, event, world.owner)
    more = await mod.changes(first.position)
    assert more.reload and more.lanes == ("reports",)
    world.server.report_user(world.author.id, world.ann)
    members = await mod.changes(more.position)
    assert members.reload
    (row,) = [one for one in await all_items(mod, "reports") if one.native.get("event") == event]
    world.server.close(int(row.reports[0].id), world.other)
    assert (await mod.changes(members.position)).reload
    assert (await mod.changes("something that another version wrote")).position


# --- the team


async def test_something_is_handed_to_a_room_of_the_team(world: World, tmp_path: Path) -> None:
    team = world.server.room(world.mod, "Team", moderators=(world.other,), private=True)
    async with opened(world.server, world.mod, tmp_path, team_rooms=[team]) as backend:
        item = await row_of(backend, world.reported("Is this allowed?"))
        (choice,) = await backend.choices("route", item=item)
        assert choice.title == "Team" and await backend.choices("route", "nothing", item=item) == ()
        intent = Intent(verb="escalate", route=f"site:{choice.id}", text="I am not sure.")
        plan, done = await do(backend, item, intent)
        assert plan.reaches
        path = world.server.at(team, "messages")
        found = world.server.ask(world.other, "GET", path, params={"dir": "b", "limit": 5})
        text = found["chunk"][0]["content"]["body"]
        assert item.url in text and "> Is this allowed?" in text and "I am not sure." in text
        fate = await backend.fate(item, done[0].call, key=done[0].key, since_ms=0)
        assert fate.is_ == "done"
        await undo(backend, item, intent, done)
        found = world.server.ask(world.other, "GET", path, params={"dir": "b", "limit": 5})
        assert all("Is this allowed?" not in str(one["content"]) for one in found["chunk"])


# --- what goes wrong


def connection(server: Synapse, token: str, state: Path) -> Connection:
    return Connection(
        community=community_id("synapse", server.url, "x"), url=server.url, state=state,
        credential=Credential(kind="token", secret=token),
    )  # fmt: skip


async def test_tokens_that_ended_and_locked_accounts_are_told_apart(world: World, tmp_path: Path) -> None:
    gone, locked = world.server.register(), world.server.register(admin=True)
    world.server.ask(gone, "POST", "/_matrix/client/v3/logout", json={})
    path = f"/_synapse/admin/v2/users/{locked.id}"
    world.server.ask(world.mod, "PUT", path, json={"locked": True})
    words: Sequence[tuple[Member, str]] = ((gone, "does not accept this access token"), (locked, "has locked"))
    for member, told in words:
        backend = SynapseBackend(connection(world.server, member.token, tmp_path / member.name))
        with pytest.raises(AuthError) as trouble:
            await backend.identify()
        assert told in trouble.value.message and member.token not in str(trouble.value)
        await backend.aclose()


async def test_rights_that_end_meanwhile_are_said(world: World, tmp_path: Path) -> None:
    fallen = world.server.register(admin=True)
    async with opened(world.server, fallen, tmp_path) as backend:
        path = f"/_synapse/admin/v1/users/{fallen.id}/admin"
        world.server.ask(world.mod, "PUT", path, json={"admin": False})
        with pytest.raises(RightsError):
            await backend.page("reports")


async def test_items_survive_the_cache_and_plan_alike(world: World, mod: SynapseBackend) -> None:
    item = await row_of(mod, world.reported())
    stored = msgspec.json.decode(msgspec.json.encode(item), type=Item)
    assert stored == item and mod.plan(stored, Intent(verb="approve")) == mod.plan(item, Intent(verb="approve"))
