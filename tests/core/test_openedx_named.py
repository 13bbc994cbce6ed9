"""Questions and members of an Open edX forum, named by number or name as on the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.openedx import factory
from modtui.cli.targets import Named, resolve
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.items import Item
from modtui.errors import NotFound
from modtui.store.store import Store
from tests.core.scripted_site import answer, scripted
from tests.core.test_openedx_questions import ASKED, ID, MOD, Forum, recorded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on a forum with one question, which does not look by itself."""
    forum = Forum()
    forum.more = {"users/1001": answer(200, recorded("user")), "/stats": answer(200, recorded("stats-of-one"))}
    async with scripted(by=forum) as site:
        backend = factory(Connection(
            community=ID, url=site.url, credential=Credential(kind="service", user="service", secret="secret"),
            state=tmp_path, options={"course": "course-v1:A+B+C", "acting_user": MOD},
        ))  # fmt: skip
        store = Store.open(tmp_path / "state", tmp_path / "cache")
        made = Desk([Community(name="course", backend=backend, url=site.url)], store)
        try:
            await made.start(sync=False)
            await made.communities[0].identify()
            yield made
        finally:
            await made.close()
            await store.close()
            await backend.aclose()


async def test_a_number_out_of_the_list_of_questions_is_the_question(desk: Desk) -> None:
    (item,) = (await desk.communities[0].backend.page("questions")).items
    (found,) = await resolve(desk, [Named("3")], "questions", names=["course"])
    assert found.item is not None and found.item.ref == ASKED, "the lane says what kind it is"
    await desk.store.cache.put_items([item])
    (found,) = await resolve(desk, [Named("3")], names=["course"])
    assert found.item is not None and found.item.ref == ASKED, "no report has this number"


async def test_a_member_is_read_by_name_though_nobody_is_listed(desk: Desk) -> None:
    item = await desk.members.named("ada", ID)
    assert isinstance(item, Item) and (item.lane, item.kind, item.offers) == ("members", "member", ())
    assert item.author is not None and item.author.posts == 2
    with pytest.raises(NotFound):
        await desk.members.named("zoe", ID)
