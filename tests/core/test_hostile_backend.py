"""What a backend that is not ours gives is made whole before anything keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modtui.backends.base import Connection
from modtui.backends.whole import mended, whole
from modtui.domain.items import Answered, Item, Member, Note, Thread
from modtui.domain.subjects import SubjectRef, community_id
from modtui.store.store import Store
from modtui.text import Foreign
from tests.hostile.backend import factory
from tests.hostile.corpus import SHORT
from tests.hostile.filling import Filler

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9/fine"


def test_lone_halves_go_and_nothing_else_changes() -> None:
    honest = Member(native="1", username=Foreign("m\xfcller \U0001f469"), penalties=())
    assert mended(honest) is honest
    broken = Member(native="\ud800", username=Foreign("a\udc00b"), flags=("new", "\ud83d"))
    assert mended(broken) == Member(native="\ufffd", username=Foreign("a\ufffdb"), flags=("new", "\ufffd"))
    ref, item = SubjectRef(community_id("x", URL, "me"), "topic", "\ud800"), {"a": ["\udfff", 1, None]}
    assert mended({ref: item}) == {SubjectRef(ref.community, "topic", "\ufffd"): {"a": ["\ufffd", 1, None]}}
    assert mended("\ud83d\udc00") == "\U0001f400", "two halves that belong together are one sign"


async def test_every_field_of_every_object_can_be_kept(tmp_path: Path) -> None:
    """The cache takes whatever such a backend gives, and gives it back."""
    community = community_id("mire", URL, "mod")
    backend = whole(factory(Connection(community=community, url=URL, credential=None, state=tmp_path)))
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    try:
        for lane in ("reports", "pending", "questions", "members"):
            page = await backend.page(lane)
            await store.cache.put_items(page.items)
            assert list(store.cache.items([item.id for item in page.items])) == list(page.items)
        item = page.items[0]
        await store.cache.put_thread(item.id, await backend.thread(item))
        await store.cache.put_dossier(community, item.ref.native, await backend.dossier(item.ref.native))
    finally:
        await store.close()


@pytest.mark.parametrize("kind", [Item, Member, Thread, Note, Answered])
def test_the_filler_leaves_no_text_field_out(kind: Any) -> None:
    """The walk through the screens rests on this: over all starts each text field has held each attack."""
    held: dict[str, set[str]] = {}
    for start in range(len(SHORT)):
        made = Filler(SHORT, start).make(kind)
        for name in kind.__struct_fields__:
            value = getattr(made, name)
            if isinstance(value, str) and value in SHORT:
                held.setdefault(name, set()).add(value)
    texts = {name for name, hint in kind.__annotations__.items() if hint.startswith("Foreign")}
    assert texts and texts <= set(held)
    assert all(values == set(SHORT) for values in held.values())
