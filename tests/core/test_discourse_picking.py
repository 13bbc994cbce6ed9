"""What can be picked, what was solved before, templates, the site's search and who is writing, over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import stamina

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import Answered
from modtui.errors import UsageError
from tests.core.asking import ask, category, people, post, question
from tests.core.discourse_world import backend_on, connect, copied
from tests.core.scripted_site import Asked, connection, scripted
from tests.core.scripted_site import answer as answered

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@pytest.fixture(scope="module")
def demo(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for this module; its tests read."""
    server = DemoServer(copied(world, tmp_path_factory.mktemp("picked")))
    with server, stamina.set_testing(True, attempts=3):
        yield server


async def costs(backend: DiscourseBackend, asked: Awaitable[T], requests: int) -> T:
    """The answer, which may cost so many requests."""
    before = len(backend.wire.requests)
    found = await asked
    assert len(backend.wire.requests) - before <= requests, [one.path for one in backend.wire.requests[before:]]
    return found


async def test_categories_and_tags(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        found = await costs(backend, backend.choices("category"), 1)
        assert str(category(demo)) in {one.id for one in found}
        some = await costs(backend, backend.choices("category", "sy"), 0)
        assert [(str(one.title), one.written) for one in some] == [("Sync", "sync")]
        assert {one.id for one in await costs(backend, backend.choices("tag", "res"), 1)} == {"restore"}
        assert len(await backend.choices("tag")) > 3


async def test_who_can_be_given_a_thread_written_to_and_mentioned(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other")
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        found = {one.id: one for one in await costs(backend, backend.choices("assignee", item=item), 1)}
        assert found[f"user:{demo.username}"].mine and "group:product-team" in found
        assert "user:kestrel" in {one.id for one in await costs(backend, backend.choices("assignee", "kest"), 2)}
        asked = people(demo)[0]["username"]
        refused = await backend.choices("assignee", asked)
        assert refused == (), "who is in no group that can be assigned to is not offered"
        assert "moderators" in {one.id for one in await costs(backend, backend.choices("group", "mod"), 1)}
        asker = people(demo)[0]["username"]
        named = await costs(backend, backend.choices("person", asker[:4], item=item), 1)
        assert asker in {one.id for one in named}


async def test_threads_are_found_by_words_number_and_address(demo: DemoServer, tmp_path: Path) -> None:
    topic, other = ask(demo, title="Zebra stripes on the printout"), ask(demo, title="Zebra stripes again today")
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, other)
        found = await costs(backend, backend.choices("thread", "zebra", item=item), 1)
        assert [one.id for one in found] == [str(topic)], "and not the thread itself"
        for given in (str(topic), f"{demo.url}/t/words/{topic}"):
            (one,) = await costs(backend, backend.choices("thread", given, item=item), 1)
            assert (one.id, one.title) == (str(topic), "Zebra stripes on the printout")
        for nothing in ("ze", "", "424242", "https://elsewhere.example/t/3"):
            assert await backend.choices("thread", nothing, item=item) == ()


async def test_routes_cost_two_requests(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        found = {one.id for one in await costs(backend, backend.choices("route"), 2)}
    assert {"assign:group:product-team", "assign:group:legal-team", "message:moderators", "flag"} <= found
    assert f"assign:user:{demo.username}" not in found


async def test_solved_threads_come_newest_first_with_their_question(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other", title="How to whiten a blue screen", raw="My screen is blue since the update of today.")
    demo.db.run("UPDATE topics SET accepted_post_id = ? WHERE id = ?", [post(demo, topic, 2), topic])
    wanted = demo.db.value("SELECT count(*) FROM topics WHERE accepted_post_id IS NOT NULL AND deleted_at IS NULL"
                           " AND archetype = 'regular'")  # fmt: skip
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await costs(backend, backend.answered(), 3)
        found: dict[str, Answered] = {one.id: one for one in first.threads}
        cursor = first.cursor
        while cursor is not None:
            page = await costs(backend, backend.answered(cursor), 2)
            found |= {one.id: one for one in page.threads}
            cursor = page.cursor
        with pytest.raises(UsageError):
            await backend.answered("x")
        here = await costs(backend, backend.search("whiten blue screen"), 1)
    assert len(found) == wanted
    times = [one.at_ms or 0 for one in first.threads]
    assert times == sorted(times, reverse=True)
    one = found[str(topic)]
    assert one.solved and "My screen is blue" in one.text and one.url == f"{demo.url}/t/{topic}" and one.category
    assert one.by == people(demo)[0]["username"]
    assert [hit.id for hit in here] == [str(topic)] and here[0].solved


async def test_the_search_asks_for_solved_ones_or_for_all(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, title="Giraffes in the margin of every page")
    async with backend_on(connect(demo, tmp_path)) as backend:
        assert await backend.search("giraffes in the margin") == ()
        (one,) = await backend.search("giraffes in the margin", solved=False)
        assert await costs(backend, backend.search("gi"), 0) == ()
    assert one.id == str(topic) and not one.solved


async def test_templates_in_their_language(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        found = await costs(backend, backend.templates(), 1)
    assert len(found) == demo.db.value("SELECT count(*) FROM templates")
    assert {"de", "en", "fr"} <= {one.language for one in found} and all(one.text and one.title for one in found)


async def test_who_is_writing(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)

    def by(request: Asked) -> bytes:
        channel = f"/discourse-presence/reply/{topic}"
        users = [{"id": 5, "username": "kestrel"}, {"id": 1, "username": ""}]
        return answered(body={channel: {"count": 1, "users": users}})

    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        assert isinstance(await costs(backend, backend.writing(item), 1), tuple)
    async with scripted(by=by) as site, backend_on(connection(site.url, tmp_path), identify=False) as backend:
        assert await backend.writing(item) == ("kestrel",)
    async with (
        scripted(answered(404, {"error_type": "not_found"})) as site,
        backend_on(connection(site.url, tmp_path), identify=False) as backend,
    ):
        assert await backend.writing(item) == () and await backend.writing(item) == ()
        assert len(site.asked) == 1, "that the plugin is off is found out once"


async def test_without_templates_and_tag_search(tmp_path: Path) -> None:
    def by(request: Asked) -> bytes:
        if request.path.startswith("/session"):
            user = {"id": 1, "username": "ann", "moderator": True, "can_use_templates": True}
            return answered(body={"current_user": user})
        if request.path.startswith("/tags.json"):
            return answered(body={"tags": [{"id": "glue", "text": "glue", "count": 3}, {"id": 4, "name": "gum"}]})
        return answered(404, {"error_type": "not_found"})

    async with scripted(by=by) as site, backend_on(connection(site.url, tmp_path)) as backend:
        assert backend.capabilities.feature("templates") == ALLOWED
        assert await backend.templates() == ()
        blocked: Any = backend.capabilities.feature("templates")
        assert isinstance(blocked, Blocked) and blocked.code == "plugin"
        assert [one.id for one in await backend.choices("tag", "g")] == ["glue", "gum"]
        assert (await backend.answered()).threads == ()
