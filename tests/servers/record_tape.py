"""Records what a real server answers on the tour: `python -m tests.servers.record_tape synapse` (or ozone)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from modtui.backends.base import Backend, Connection, Credential
from modtui.backends.http import Door
from modtui.backends.ozone import factory as ozone_factory
from modtui.backends.synapse.backend import SynapseBackend
from modtui.domain.subjects import community_id
from tests.hostile.tape import Recorder
from tests.hostile.tour import Tour
from tests.servers import ozone as ozone_server
from tests.servers import synapse as matrix
from tests.servers.ozone_world import connection
from tests.servers.synapse_world import World

MARK = "\u2705"


def matrix_backend(server: matrix.Synapse, state: Path) -> tuple[Backend, dict[str, str]]:
    """A room with reports of every kind, a room of questions, and a team's room."""
    world = World(server)
    world.reported("Cheap watches!")
    edited = world.reported("Cheap clocks!")
    server.change(world.author, world.room, edited, "Free clocks!")
    picture = server.send(world.author, world.room, {
        "msgtype": "m.image", "body": "dot.png", "url": server.upload(world.author), "info": {"mimetype": "image/png"},
        })  # fmt: skip
    server.report(world.room, picture, world.ann)
    server.report(world.room, server.send(world.author, world.room, {
        "msgtype": "m.text", "body": "bold", "format": "org.matrix.custom.html", "formatted_body": "<b>bold</b>",
        }), world.bo)  # fmt: skip
    server.report_user(world.author.id, world.ann, world.bo)
    asked = server.room(world.owner, "Help", moderators=(world.mod,), alias="help")
    team = server.room(world.owner, "Team", moderators=(world.mod, world.other), alias="team")
    server.join(asked, world.author, world.ann, world.bo)
    for number in range(3):
        question = server.send(world.author, asked, f"How do I do this ({number})?\n\nIt does not work.")
        if number:
            server.react(world.bo, asked, server.answer(world.ann, asked, question, "So."), "\u2764")
            server.answer(world.author, asked, question, "No.", thread=number == 2)
    options: dict[str, object] = {"question_rooms": [asked], "answer_mark": MARK, "team_rooms": [team]}
    made = SynapseBackend(
        Connection(
            community=community_id("synapse", server.url, world.mod.id), url=server.url, state=state, options=options,
            credential=Credential(kind="token", secret=world.mod.token),
        )
    )  # fmt: skip
    return made, {"user": world.mod.id, "asked": asked, "team": team, "mark": MARK}


def ozone_backend(server: ozone_server.Ozone, state: Path) -> tuple[Backend, dict[str, str]]:
    """Posts and accounts that are reported, with templates, a queue, labels and a log."""
    admin = server.staff("admin", "boss")
    author, ann, bo = (server.named(name) for name in ("author", "ann", "bo"))
    server.introduce(author, "About me.")
    queue = {"name": "Spam", "subjectTypes": ["account", "record"], "description": "Advertising",
             "reportTypes": ["com.atproto.moderation.defs#reasonSpam"]}  # fmt: skip
    server.as_mod(admin, "tools.ozone.queue.createQueue", json=queue)
    template = {"subject": "Hello", "contentMarkdown": "**Hi** there.", "name": "Hello", "lang": "en"}
    template["createdBy"] = admin.did
    server.as_mod(admin, "tools.ozone.communication.createTemplate", json=template)
    above = server.post(ann, "What do you sell?")
    root = {"uri": above[0], "cid": above[1]}
    first = server.post(author, "Watches, cheap.", {"root": root, "parent": root}, langs=["en"])
    second, third = server.post(author, "Clocks, cheap."), server.post(bo, "Rude words.")
    server.process()
    server.report(ann, author.did, "Look at this.", "reasonOther")
    for one, reason in ((first, "reasonSpam"), (second, "reasonSpam"), (third, "reasonRude")):
        server.report(ann, one, "Look at this.", reason)
    server.report(bo, first, "And I say so, too.", "reasonMisleading")
    server.process()
    server.emit(server.staff(name="other"), author.did, "modEventComment", comment="Seen before.")
    server.emit(server.staff(name="other"), second, "modEventTag", add=["watched"], remove=[])
    given = connection(server, state)
    return ozone_factory(given), {"user": server.user, "did": server.staff().did, "labeler": server.labeler}


async def record(name: str, backend: Backend, facts: dict[str, str]) -> None:
    """Take the tour, with everything sent at the end."""
    recorder = Recorder()
    once = Door._once
    Door._once = recorder.around(once)  # type: ignore[method-assign]
    tour = Tour()
    try:
        await tour.read(backend)
        kinds = {(item.lane, item.ref.kind): item for item in tour.items}
        for item in kinds.values():
            for call_name, call in tour.plan(backend, item).items():
                await tour.send(backend, item, call_name, call)
    finally:
        await backend.aclose()
    file = recorder.save(name, facts)
    print(f"{file}: {len(recorder.told)} answers, {file.stat().st_size:,} bytes; {sorted(tour.worked)}")
    for error in tour.errors:
        print(" ", type(error).__name__, str(error)[:150])


def main() -> None:
    """Start the server, fill it, record."""
    name = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        if name == "synapse":
            with matrix.running(Path(folder) / "data") as synapse:
                asyncio.run(record(name, *matrix_backend(synapse, state)))
        else:
            with ozone_server.running(Path(folder) / "data") as ozone:
                asyncio.run(record(name, *ozone_backend(ozone, state)))


if __name__ == "__main__":
    main()
