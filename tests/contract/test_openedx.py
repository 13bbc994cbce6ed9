"""The contract against a real Open edX forum (install it with `python -m tests.servers prepare openedx`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.domain.items import Item, Offer
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import BackendContract, Site, Standing, Talk
from tests.servers.community import Community
from tests.servers.conftest import openedx  # noqa: F401 (a fixture)
from tests.servers.openedx import Answer, OpenEdx

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


class OpenEdxSite(Site):
    """A course of its own, in which threads or responses are reported."""

    name = "openedx"
    page_size = 20
    questions = True
    questions_page = 20
    approval_requests = 4
    """The thread, the post (of a response also its thread, which tells whether it is closed), the approval."""

    def __init__(self, community: Community, kind: str) -> None:
        self.community, self.kind, self.asked = community, kind, 0
        self.id = community_id("openedx", community.server.url, community.mod.name)

    def connection(self, state: Path) -> Connection:
        server = self.community.server
        return Connection(
            community=self.id,
            url=server.url,
            credential=Credential(kind="service", user=server.user, secret=server.password),
            state=state,
            options={"course": self.community.course, "acting_user": self.community.mod.id},
        )

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        server = self.community.server
        who = [self.community.ann, self.community.bo][:reporters]
        if self.kind == "thread":
            native = self.community.thread(text)
            server.flag_thread(native, *who)
        else:
            native = self.community.respond(self.community.thread("What do you think?"), text)
            server.flag_comment(native, *who)
        return SubjectRef(self.id, self.kind, native)

    async def hostile(self, text: str) -> SubjectRef:
        server, course = self.community.server, self.community.course
        thread = server.create_thread(course, self.community.author, text, title=text[:1000])
        server.flag_thread(thread, self.community.ann)
        if self.kind == "thread":
            return SubjectRef(self.id, self.kind, thread)
        native = self.community.respond(thread, text)
        server.flag_comment(native, self.community.ann)
        return SubjectRef(self.id, self.kind, native)

    def tries(self, offer: Offer) -> bool:
        """Of those that differ only in a code, one for each verb; test_openedx_forum.py has them all."""
        return super().tries(offer) and (":" not in offer.id or offer.id in ("lock:duplicate", "edit:format-change"))

    async def report_again(self, ref: SubjectRef) -> None:
        server = self.community.server
        (server.flag_thread if ref.kind == "thread" else server.flag_comment)(ref.native, server.create_user())

    async def edit(self, ref: SubjectRef, text: str) -> None:
        self.community.server.ask(
            "PUT", f"{ref.kind}s/{ref.native}", json={"body": text, "editing_user_id": self.community.author.id}
        )

    async def approve(self, ref: SubjectRef) -> None:
        body = {"user_id": self.community.server.create_user().id, "all": True}
        self.community.server.ask("PUT", f"{ref.kind}s/{ref.native}/abuse_unflag", json=body)

    async def standing(self, ref: SubjectRef) -> Standing:
        try:
            found = self.community.server.ask("GET", f"{ref.kind}s/{ref.native}")
        except Answer:
            return Standing(reported=False, shown=False)
        shown = "Removed by a moderator" not in found["body"]
        return Standing(reported=bool(found["abuse_flaggers"]), shown=shown, text=found["body"] if shown else "")

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        return SubjectRef(ref.community, ref.kind, "99999999")

    async def ask(self, text: str, *, title: str = "") -> SubjectRef:
        server, course = self.community.server, self.community.course
        self.asked += 1
        native = server.create_thread(
            course, self.community.author, text, title=title or f"Question {self.asked} of the contract",
            kind="question", topic=("general", "help")[self.asked % 2],
        )  # fmt: skip
        return SubjectRef(self.id, "question", native)

    async def answer(self, ref: SubjectRef, text: str, *, by_asker: bool = False) -> str:
        who = self.community.author if by_asker else self.community.ann
        return f"comment-{self.community.server.create_comment(self.community.course, ref.native, who, text)}"

    async def mark(self, ref: SubjectRef, post: str) -> None:
        body = {"endorsed": True, "endorsement_user_id": self.community.bo.id}
        self.community.server.ask("PUT", f"comments/{post.removeprefix('comment-')}", json=body)

    async def unask(self, ref: SubjectRef) -> None:
        self.community.server.ask("DELETE", f"threads/{ref.native}")

    async def talk(self, ref: SubjectRef) -> Talk:
        found = self.community.server.thread(
            ref.native, recursive="true", with_responses="true", reverse_order="false",
            merge_question_type_responses="true",
        )  # fmt: skip
        posts = [post for top in found["children"] for post in (top, *top["children"])]
        posts.sort(key=lambda post: int(post["id"]))
        marked = tuple(post["body"] for post in posts if post["endorsed"])
        return Talk(replies=tuple(post["body"] for post in posts), marked=marked, closed=found["closed"])

    def counted(self, items: Sequence[Item]) -> int:
        return len({item.place.thread_id for item in items})

    async def spoil(self) -> bool:
        """A reported response in a thread that also holds a response without text: the forum cannot show it."""
        thread = self.community.thread("A thread that breaks.")
        self.community.server.flag_comment(self.community.respond(thread, "Reported."), self.community.ann)
        body = {"body": "", "course_id": self.community.course, "user_id": self.community.bo.id}
        self.community.server.call("POST", f"threads/{thread}/comments", json=body)
        return True


class TestThreads(BackendContract):
    """Reported threads."""

    @pytest.fixture
    def site(self, openedx: OpenEdx) -> Site:  # noqa: F811
        return OpenEdxSite(Community(openedx), "thread")


class TestResponses(BackendContract):
    """Reported responses."""

    @pytest.fixture
    def site(self, openedx: OpenEdx) -> Site:  # noqa: F811
        return OpenEdxSite(Community(openedx), "comment")
