"""A fake NodeBB forum for a test, and backends on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.nodebb import factory
from modtui.backends.nodebb.backend import NodeBBBackend
from modtui.domain.subjects import community_id
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_app import serving
from tests.fakes.nodebb_records import Post, User
from tests.nodebb.acting import Open


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Forum, str]]:
    """One server for all tests; each has an empty forum."""
    made = Forum()
    with serving(made) as url:
        yield made, url


@pytest.fixture
def forum(place: tuple[Forum, str]) -> Forum:
    """An empty forum, as new."""
    made, _ = place
    made.clear()
    made.version, made.plugin, made.mutes, made.down, made.resolves = "4.15.1", True, True, "", True
    return made




@pytest.fixture
async def open_(place: tuple[Forum, str], forum: Forum, tmp_path: Path) -> AsyncIterator[Open]:
    """Makes a backend for a member; `signed` has it identify itself."""
    made: list[NodeBBBackend] = []

    async def start(
        user: User | None, *, signed: bool = True, key: str = "", url: str = place[1], **options: object
    ) -> NodeBBBackend:
        connection = Connection(
            community=community_id("nodebb", url, user.username if user else "master"), url=url, state=tmp_path,
            credential=Credential(kind="token", secret=key or forum.token(user)), options=options,
        )  # fmt: skip
        backend = factory(connection)
        assert isinstance(backend, NodeBBBackend)
        made.append(backend)
        if signed:
            await backend.identify()
        return backend

    yield start
    for one in made:
        await one.aclose()


@pytest.fixture
def mara(forum: Forum) -> User:
    """Somebody who writes and reports."""
    return forum.member("mara")


@pytest.fixture
def bad(forum: Forum, mara: User) -> Post:
    """A reported post by a spammer, in a topic of somebody else."""
    topic = forum.topic(mara, "Favourite keyboards", "Mechanical or not?")
    post = forum.add(topic, forum.member("spamlord"), "BUY WATCHES")
    forum.report(mara, "post", post.pid, "Spam")
    return post
