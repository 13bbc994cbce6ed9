"""Rooms in which members ask, on a real Matrix homeserver: who waits for an answer, and what ends the waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.backends.synapse.backend import SynapseBackend
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Gone, Item
from modtui.errors import Refused, Stale
from tests.servers.synapse import Synapse
from tests.servers.synapse_world import World, do, item_of, opened, ref_of, undo

pytestmark = [pytest.mark.servers, pytest.mark.anyio]
MARK = "\u2705"


@pytest.fixture(scope="module")
def world(synapse: Synapse) -> World:
    return World(synapse)


@pytest.fixture
def room(world: World) -> str:
    """A room that nobody has used."""
    made = world.server.room(world.owner, "Help", moderators=(world.mod, world.other))
    world.server.join(made, world.author, world.ann, world.bo)
    return made


async def waiting(backend: SynapseBackend) -> dict[str, str]:
    """What waits: text and state."""
    items = (await backend.page("questions")).items
    return {str(item.title): item.question.state for item in items if item.question is not None}


async def test_a_reply_of_somebody_else_ends_the_waiting(world: World, room: str, tmp_path: Path) -> None:
    server = world.server
    async with opened(server, world.mod, tmp_path, question_rooms=[room]) as backend:
        server.send(world.owner, room, "Welcome, everybody.")  # who made the room asks nothing
        server.send(world.author, room, {"msgtype": "m.notice", "body": "I am a program."})
        alone, replied, again, threaded = [
            server.send(world.author, room, text) for text in ("Alone?", "Replied?", "Again?", "Threaded?")
        ]
        assert set((await waiting(backend)).values()) == {"unanswered"} and len(await waiting(backend)) == 4
        server.answer(world.author, room, alone, "I mean it.")
        server.answer(world.ann, room, replied, "Yes.")
        inner = server.answer(world.ann, room, threaded, "In a thread.", thread=True)
        server.answer(world.ann, room, again, "Yes.")
        server.answer(world.author, room, again, "How?")
        assert await waiting(backend) == {"Alone?": "unanswered", "Again?": "asker"}
        assert (await backend.counts())["questions"] == 2
        server.redact(world.ann, room, inner)
        assert (await waiting(backend))["Threaded?"] == "unanswered", "a reply that was removed is none"
        accept = (await item_of(backend, room, again, "question")).offer("accept")
        assert accept is not None and isinstance(accept.capability, Blocked)
        assert accept.capability.code == "setting"


async def test_a_reply_goes_where_the_talk_is(world: World, room: str, tmp_path: Path) -> None:
    server = world.server
    plain, threaded = server.send(world.author, room, "Plain?"), server.send(world.author, room, "Threaded?")
    first = server.answer(world.ann, room, threaded, "Have you tried?", thread=True)
    async with opened(server, world.mod, tmp_path, question_rooms=[room]) as backend:
        for event, above in ((plain, plain), (threaded, first)):
            item = await item_of(backend, room, event, "question")
            _, done = await do(backend, item, Intent(verb="reply", text="Like this.", post=above), event)
            assert done[0].answer is not None
            sent = server.seen(world.bo, room, str(done[0].answer.data["post"]))["content"]["m.relates_to"]
            assert sent["m.in_reply_to"]["event_id"] == above
            assert (sent.get("rel_type"), sent.get("event_id")) == (
                ("m.thread", threaded) if event == threaded else (None, None)
            )


async def test_a_mark_counts_only_of_the_asker_or_the_team(world: World, room: str, tmp_path: Path) -> None:
    server = world.server
    event = server.send(world.author, room, "Who decides?\n\nI want to know.")
    post = server.answer(world.ann, room, event, "You do.")
    options = {"question_rooms": [room], "answer_mark": MARK}
    async with opened(server, world.mod, tmp_path / "mod", **options) as backend:
        server.react(world.bo, room, post, MARK)
        assert await waiting(backend) == {"Who decides?": "unsolved"}
        item = await item_of(backend, room, event, "question")
        intent = Intent(verb="accept", post=post)
        _, done = await do(backend, item, intent)
        assert await waiting(backend) == {}
        marked = await item_of(backend, room, event, "question")
        assert marked.question is not None and marked.question.accepted == post
        async with opened(server, world.other, tmp_path / "other", **options) as other:
            theirs = await item_of(other, room, event, "question")
            off = theirs.offer("unaccept")
            assert off is not None and isinstance(off.capability, Blocked), "the mark is not theirs"
        with pytest.raises(Stale):
            again = type(done[0].call)("mark", {"room": room, "event": post})
            await backend.send(again, key="again")
        await undo(backend, marked, intent, done)
        assert await waiting(backend) == {"Who decides?": "unsolved"}
        assert world.text(post, room=room) == "You do.", "only the mark is gone"


async def test_edits_and_removals_are_seen_without_reading_everything_again(
    world: World, room: str, tmp_path: Path
) -> None:
    server = world.server
    event = server.send(world.author, room, "Is it on?")
    async with opened(server, world.mod, tmp_path, question_rooms=[room]) as backend:
        await waiting(backend)
        server.change(world.author, room, event, "Is it off?")
        before = len(backend.wire.requests)
        assert await waiting(backend) == {"Is it off?": "unanswered"}
        asked = [one.path for one in backend.wire.requests[before:] if "/messages" in one.path]
        assert len(asked) == 1
        item = await item_of(backend, room, event, "question")
        assert item.edits == 1 and item.source == "Is it off?"
        _, _ = await do(backend, item, Intent(verb="remove", reason_title="Off topic"))
        ref = ref_of(backend, room, event, "question")
        gone = (await backend.reread([ref]))[ref]
        assert isinstance(gone, Gone) and "removed" in gone.why and await waiting(backend) == {}


async def test_old_questions_are_found_though_only_the_newest_are_kept(
    world: World, room: str, tmp_path: Path
) -> None:
    server = world.server
    old = server.send(world.author, room, "Old?")
    for number in range(60):
        server.send(world.ann, room, {"msgtype": "m.notice", "body": f"Line {number}."})
    async with opened(server, world.mod, tmp_path, question_rooms=[room], question_events=50) as backend:
        assert await waiting(backend) == {}
        assert (await item_of(backend, room, old, "question")).title == "Old?"
        thread = await backend.thread(await item_of(backend, room, old, "question"))
        assert [str(post.body.text) for post in thread.posts] == ["Old?"]


async def test_a_room_is_named_by_its_address_and_a_wrong_one_hides_nothing(
    world: World, tmp_path: Path
) -> None:
    server = world.server
    body = {"preset": "public_chat", "room_alias_name": "help", "name": "Help desk"}
    made = str(server.ask(world.owner, "POST", "/_matrix/client/v3/createRoom", json=body)["room_id"])
    server.join(made, world.author)
    event = server.send(world.author, made, "Anybody?")
    rooms = ["#nowhere:modtest.localhost", "#help:modtest.localhost"]
    async with opened(server, world.mod, tmp_path, question_rooms=rooms) as backend:
        (item,) = (await backend.page("questions")).items
        assert item.native["event"] == event and item.place.category == "Help desk"
        reply = item.offer("reply")
        assert reply is not None and isinstance(reply.capability, Blocked), "it can be read, and not answered"
        with pytest.raises(Refused):
            backend.plan(item, Intent(verb="reply", text="Here."))


async def test_encrypted_questions_are_rows_without_words(world: World, tmp_path: Path) -> None:
    server = world.server
    room = server.room(world.owner, encrypted=True, moderators=(world.mod,))
    server.join(room, world.author)
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}
    event = server.send(world.author, room, content, "m.room.encrypted")
    async with opened(server, world.mod, tmp_path, question_rooms=[room]) as backend:
        (item,) = (await backend.page("questions")).items
        assert item.native["event"] == event and item.problem is not None and isinstance(item, Item)
