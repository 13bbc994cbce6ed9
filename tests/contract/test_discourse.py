"""The contract against the embedded community, over HTTP, with Discourse's shapes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from modtui.backends.base import Connection, Credential
from modtui.demo import effects
from modtui.demo.model import now_ms
from modtui.demo.review_json import Serializer
from modtui.demo.server import DemoServer
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import BackendContract, Site, Standing, Talk

pytestmark = pytest.mark.anyio

_number = itertools.count(1)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One small world for all tests here; each makes its own posts."""
    with DemoServer(tmp_path_factory.mktemp("demo"), items=6, members=60, seed=11) as server:
        yield server


class DemoSite(Site):
    """Posts of members that others report, on the embedded community."""

    name = "discourse"
    page_size = 10
    undoable = ("approve",)  # an agreed flag stays agreed: the post comes back, the item does not
    questions = True
    questions_page = 10
    approval_requests = 3

    def __init__(self, demo: DemoServer, key: str, patch: pytest.MonkeyPatch) -> None:
        self.demo, self.key, self.patch = demo, key, patch
        patch.setattr("modtui.backends.discourse.lane.SIZE", self.questions_page)  # else a page is a hundred topics
        self.id = community_id("discourse", demo.url, demo.username)
        staff = "SELECT id, username FROM users WHERE id > 0 AND NOT admin AND NOT moderator AND trust_level < 3"
        alive = " AND deleted_at IS NULL AND suspended_till IS NULL AND silenced_till IS NULL ORDER BY id"
        self.author, *self.members = [(row["id"], row["username"]) for row in demo.db.all(staff + alive)]

    def connection(self, state: Path) -> Connection:
        user = self.key == "user"
        credential = Credential(
            kind="token",
            secret=self.demo.user_api_key if user else self.demo.api_key,
            user=None if user else self.demo.username,
        )
        # No pacing: a key's own twenty requests a minute would make a test wait.
        options: dict[str, object] = {"budget": 0}
        return Connection(community=self.id, url=self.demo.url, credential=credential, state=state, options=options)

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        title = f"A topic of the contract, number {next(_number)}"
        with self.demo.db.write():
            _, post = effects.new_topic(self.demo.site, self.author[0], title, text, category_id=1)
        for _, name in self.members[:reporters]:
            native = self.demo.flag(post, name)
        return SubjectRef(self.id, "reviewable", str(native))

    async def hostile(self, text: str) -> SubjectRef:
        with self.demo.db.write():
            _, post = effects.new_topic(self.demo.site, self.author[0], text, text, category_id=1)
        for _, name in self.members[:2]:
            native = self.demo.flag(post, name, "something_else", message=text)
        return SubjectRef(self.id, "reviewable", str(native))

    async def report_again(self, ref: SubjectRef) -> None:
        self.demo.flag(self._post(ref), self.members[5][1])

    async def edit(self, ref: SubjectRef, text: str) -> None:
        self.demo.edit_post(self._post(ref), text)

    async def approve(self, ref: SubjectRef) -> None:
        self.demo.perform(int(ref.native), "disagree", "kestrel")

    async def standing(self, ref: SubjectRef) -> Standing:
        item = self.demo.db.one("SELECT status FROM reviewables WHERE id = ?", [int(ref.native)])
        post = self.demo.db.one("SELECT raw, hidden, deleted_at FROM posts WHERE id = ?", [self._post(ref)])
        assert item is not None and post is not None
        shown = not post["hidden"] and post["deleted_at"] is None
        return Standing(reported=item["status"] == 0, shown=shown, text=post["raw"])

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        return SubjectRef(ref.community, ref.kind, "99999999")

    def counted(self, items: Sequence[Item]) -> int:
        return sum(item.claim is None or item.claim.mine or item.claim.automatic for item in items)

    async def spoil(self) -> bool:
        """A row as a broken plugin might send it: the right keys with the wrong kinds of values."""
        native = int((await self.report("About to break.")).native)
        honest = Serializer.items

        def items(serializer: Serializer, rows: list[Any]) -> list[Any]:
            broken = {"id": native, "type": ["ReviewableFlaggedPost"], "created_at": {}, "reviewable_score_ids": "none"}
            return [broken if row["id"] == native else row for row in honest(serializer, rows)]

        self.patch.setattr(Serializer, "items", items)
        return True

    async def ask(self, text: str, *, title: str = "") -> SubjectRef:
        title = title or f"A question of the contract, number {next(_number)}"
        solving = self.demo.db.value("SELECT id FROM categories WHERE solved AND NOT read_restricted ORDER BY id")
        return SubjectRef(self.id, "topic", str(self.demo.ask(self.members[6][1], title, text, category=solving)))

    async def answer(self, ref: SubjectRef, text: str, *, by_asker: bool = False) -> str:
        return str(self.demo.answer(int(ref.native), self.members[6 if by_asker else 7][1], text))

    async def mark(self, ref: SubjectRef, post: str) -> None:
        self.demo.db.run("UPDATE topics SET accepted_post_id = ? WHERE id = ?", [int(post), int(ref.native)])

    async def unask(self, ref: SubjectRef) -> None:
        self.demo.db.run("UPDATE topics SET deleted_at = ? WHERE id = ?", [now_ms(), int(ref.native)])

    async def talk(self, ref: SubjectRef) -> Talk:
        db, native = self.demo.db, int(ref.native)
        rows = db.all(
            "SELECT id, raw FROM posts WHERE topic_id = ? AND post_number > 1 AND deleted_at IS NULL AND NOT hidden"
            " AND post_type = 1 ORDER BY post_number", [native],
        )  # fmt: skip
        topic = db.one("SELECT accepted_post_id, closed FROM topics WHERE id = ?", [native])
        assert topic is not None
        marked = tuple(row["raw"] for row in rows if row["id"] == topic["accepted_post_id"])
        return Talk(replies=tuple(row["raw"] for row in rows), marked=marked, closed=bool(topic["closed"]))

    def _post(self, ref: SubjectRef) -> int:
        return int(self.demo.db.value("SELECT target_id FROM reviewables WHERE id = ?", [int(ref.native)]))


@pytest.mark.parametrize("key", [pytest.param("admin", marks=pytest.mark.long), "user"])
class TestDiscourse(BackendContract):
    """With a moderator's own key, and in the long form with an admin's, with which the tests of the core run, too."""

    @pytest.fixture
    def site(self, demo: DemoServer, key: str, monkeypatch: pytest.MonkeyPatch) -> Site:
        return DemoSite(demo, key, monkeypatch)
