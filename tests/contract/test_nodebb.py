"""The contract against a hand-made fake of a NodeBB forum (tests/fakes/nodebb.py), over real HTTP. No real NodeBB runs
here: what the fake answers is compared with recorded exchanges in tests/nodebb/test_recorded.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.domain.items import Offer
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import BackendContract, Site, Standing, Talk
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_app import serving
from tests.fakes.nodebb_records import Flag, Post, Topic

pytestmark = pytest.mark.anyio


class NodeBBSite(Site):
    """One forum. Everything here is done to the forum itself, beside its HTTP."""

    name = "nodebb"
    page_size = 20
    questions = True
    questions_page = 20

    def __init__(self, forum: Forum, url: str) -> None:
        self.forum, self.url, self.asked = forum, url, 0
        self.id = community_id("nodebb", url, "gmod")
        self.secret = forum.token(forum.gmod)
        self.people = [forum.member(name) for name in ("mara", "tomasz", "priya")]
        self.author, self.asker, self.other = (forum.member(name) for name in ("okafor", "ilya", "yuki"))

    def connection(self, state: Path) -> Connection:
        credential = Credential(kind="token", secret=self.secret)
        return Connection(community=self.id, url=self.url, credential=credential, state=state)

    # --- reports

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        topic = self.forum.topic(self.people[0], "A place to write", "Write below, please.")
        post = self.forum.add(topic, self.author, text)
        return self._flagged(post, reporters, "Spam")

    def _flagged(self, post: Post, reporters: int, reason: str) -> SubjectRef:
        flags = [self.forum.report(user, "post", post.pid, reason) for user in self.people[:reporters]]
        return SubjectRef(self.id, "flag", str(flags[0].id))

    async def hostile(self, text: str) -> SubjectRef:
        topic = self.forum.topic(self.people[0], text, "Write below, please.")
        post = self.forum.add(topic, self.forum.member(f"o'{text[20:30]}"), text)
        return self._flagged(post, 2, text)

    def flag(self, ref: SubjectRef) -> Flag:
        """The forum's own flag."""
        return self.forum.flags[int(ref.native)]

    async def report_again(self, ref: SubjectRef) -> None:
        self.forum.report(self.people[2], "post", self.flag(ref).target, "Offensive")

    async def edit(self, ref: SubjectRef, text: str) -> None:
        post = self.forum.posts[self.flag(ref).target]
        post.raw, post.edited = text, self.forum.now()

    async def approve(self, ref: SubjectRef) -> None:
        self.forum.set_flag(self.forum.admin, self.flag(ref), {"state": "rejected"})

    async def standing(self, ref: SubjectRef) -> Standing:
        flag = self.forum.flags.get(int(ref.native))
        post = self.forum.posts.get(flag.target) if flag is not None else None
        if flag is None or post is None:
            return Standing(reported=False, shown=False)
        shown = not post.deleted and not self.forum.topics[post.tid].deleted
        return Standing(reported=flag.state in ("open", "wip"), shown=shown, text=post.raw)

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        return SubjectRef(ref.community, ref.kind, "99999999")

    async def spoil(self) -> bool:
        self.forum.spoiled.append({"state": "open", "flagId": None, "type": "post"})
        return True

    def tries(self, offer: Offer) -> bool:
        return super().tries(offer) or offer.verb in ("spam", "offer", "watch", "unwatch")

    # --- questions

    def topic(self, ref: SubjectRef) -> Topic:
        """The forum's own topic."""
        return self.forum.topics[int(ref.native)]

    async def ask(self, text: str, *, title: str = "") -> SubjectRef:
        self.asked += 1
        title = title or f"Question {self.asked} of the contract"
        topic = self.forum.topic(self.asker, title, text, cid=5, question=True)
        return SubjectRef(self.id, "question", str(topic.tid))

    async def answer(self, ref: SubjectRef, text: str, *, by_asker: bool = False) -> str:
        return str(self.forum.add(self.topic(ref), self.asker if by_asker else self.other, text).pid)

    async def mark(self, ref: SubjectRef, post: str) -> None:
        self.topic(ref).solved = int(post)

    async def unask(self, ref: SubjectRef) -> None:
        self.topic(ref).deleted = True

    async def talk(self, ref: SubjectRef) -> Talk:
        topic = self.topic(ref)
        posts = [self.forum.posts[pid] for pid in topic.pids[1:]]
        shown = [post for post in posts if not post.deleted]
        marked = tuple(post.raw for post in shown if post.pid == topic.solved)
        return Talk(replies=tuple(post.raw for post in shown), marked=marked, closed=topic.locked)


@pytest.fixture(scope="module")
def forum() -> Iterator[tuple[Forum, str]]:
    """One forum for all tests here."""
    made = Forum()
    with serving(made) as url:
        yield made, url


class TestNodeBB(BackendContract):
    """The whole contract, as a global moderator with a token of their own."""

    @pytest.fixture
    def site(self, forum: tuple[Forum, str]) -> Site:
        made, url = forum
        made.clear()  # one server, and each test has it to itself
        return NodeBBSite(made, url)
