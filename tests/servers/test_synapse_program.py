"""The whole program on a real Matrix homeserver: sign in, list, decide, take back, by the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run, run  # noqa: F401 (a fixture)
from tests.servers.synapse import Synapse
from tests.servers.synapse_world import World

pytestmark = pytest.mark.servers


@pytest.fixture
def world(synapse: Synapse) -> World:
    """A community of its own; what others reported is closed."""
    synapse.close_all()
    return World(synapse)


def test_a_moderators_day_by_the_command_line(world: World, run: Run) -> None:  # noqa: F811
    kept, spam = world.reported("Is this allowed?", reason="not sure"), world.reported("Cheap watches!")
    token = world.mod.token
    found = run("login", world.server.url, "--backend", "synapse", "--store", "file", "--name", "matrix", token=token)
    assert found.code == 0 and f"You are {world.mod.name} (admin)" in found.err, found.err
    assert token not in found.err + found.out
    rows = {row["number"]: row for row in run("queue", "--json").lines}
    assert set(rows) == {kept[1:9], spam[1:9]}
    approve = run("act", "approve", stdin=json.dumps(rows[kept[1:9]]))
    assert approve.code == 0 and [line["state"] for line in approve.lines] == ["done"], approve.out + approve.err
    remove = run("act", "remove", "--reason", "spam", "--silence", "1d", stdin=json.dumps(rows[spam[1:9]]))
    assert remove.code == 0 and [line["state"] for line in remove.lines] == ["done"], remove.out + remove.err
    assert world.text(kept) == "Is this allowed?" and world.text(spam) == ""
    assert world.open_reports(kept) == world.open_reports(spam) == 0
    users = world.server.state(world.bo, world.room, "m.room.power_levels")["users"]
    assert users[world.author.id] == -1
    assert run("queue", "--json").lines == []
    back = run("undo", remove.lines[0]["decision"])
    assert "stays removed" in back.out + back.err
    users = world.server.state(world.bo, world.room, "m.room.power_levels")["users"]
    assert world.author.id not in users
    again = run("undo", approve.lines[0]["decision"])
    assert again.code == 0, again.out + again.err
    assert world.open_reports(kept) == 1
    assert run("log", "verify").code == 0


def test_a_decision_that_comes_too_late_is_a_conflict(world: World, run: Run) -> None:  # noqa: F811
    event = world.reported("Cheap watches!")
    site = ("--url", world.server.url, "--backend", "synapse")
    (row,) = run("queue", "--json", *site, token=world.mod.token).lines
    for report in world.server.reports():
        world.server.close(report["id"], world.other)
    late = run("act", "remove", "--reason", "spam", *site, token=world.mod.token, stdin=json.dumps(row))
    assert late.code == 9 and late.lines[0]["state"] in ("conflict", "refused", "skipped"), late.out
    assert world.text(event) == "Cheap watches!"


def test_a_token_that_ended_is_told_and_not_kept(world: World, run: Run) -> None:  # noqa: F811
    gone = world.server.register()
    world.server.ask(gone, "POST", "/_matrix/client/v3/logout", json={})
    found = run("login", world.server.url, "--backend", "synapse", "--store", "file", token=gone.token)
    assert found.code == 4 and "does not accept this access token" in found.err and gone.token not in found.err
    named = run("login", world.server.url, "--backend", "synapse", "--store", "file", "--user", "bo", token=gone.token)
    assert named.code == 2 and "Leave --user out" in named.err
