"""A fake site with questions that take replies, for the tests of replying."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import Troubled
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.decisions import Answer, Call, Decision, Intent, Plan, PlannedStep, Step
from modtui.domain.items import Account, Body, Item, Member, Place, Question, Template
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError, Refused
from modtui.store.store import Store
from modtui.text import Foreign
from tests.core.deciding import Deciding
from tests.core.fakes import START_MS, FakeBackend, FakeClock, FakeSite


class AnsweringSite(FakeSite):
    """Threads with numbered posts: a reply is the next one, and a question's `last` follows it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.posts: dict[str, list[tuple[str, str]]] = {}
        self.deleted: list[str] = []
        self.holds = False
        """Whether the site keeps replies for approval."""

    def post(self, native: str, by: str, text: str) -> str:
        """Somebody writes in the thread; gives the post's id."""
        posts = self.posts.setdefault(native, [("asker", "?")])
        posts.append((by, text))
        number = str(len(posts))
        item = self.items[native]
        assert item.question is not None
        asked = replace(
            item.question, last=f"p{native}-{number}", last_by=Foreign(by), last_ms=self.clock.now_ms(),
            state="unsolved", replies=len(posts) - 1,
        )  # fmt: skip
        self.change(native, question=asked)
        return f"p{native}-{number}"

    def apply(self, call: Call, key: str) -> Answer:
        native = str(call.args.get("native", ""))
        if call.name == "create":
            if self.holds:
                self.applied.append((key, call))
                return Answer(held=True)
            id = self.post(native, self.me, str(call.args["text"]))
            self.applied.append((key, call))
            return Answer(data={"post": id, "number": len(self.posts[native]), "topic": native})
        if call.name == "delete":
            self.deleted.append(str(call.args["post"]))
        return super().apply(call, key)


class AnsweringBackend(FakeBackend):
    """Knows reply, accept and lock."""

    site: AnsweringSite

    def __init__(self, site: AnsweringSite, state: Path, **more: Any) -> None:
        super().__init__(site, state, **more)
        self._capabilities = Capabilities(
            verbs={**self._capabilities.verbs, "reply": ALLOWED, "accept": ALLOWED},
            lanes={"reports": ALLOWED, "questions": ALLOWED}, reread_batch=10,
            features={"templates": ALLOWED, "writing": ALLOWED},
        )  # fmt: skip
        self.kept: tuple[Template, ...] = ()
        self.typing: tuple[str, ...] = ()
        self.asked: list[str] = []
        """Optional reads, as they came."""
        self.broken: ModtuiError | None = None

    def plan(self, item: Item, intent: Intent) -> Plan:
        native = item.ref.native
        if intent.verb == "accept":
            call = Call("accept", {"native": native, "post": intent.post})
            return Plan(verb="accept", steps=(PlannedStep(call=call, words="marked as the answer"),))
        if intent.verb != "reply":
            return super().plan(item, intent)
        if not intent.text:
            raise Refused("There is no text.")
        call = Call("create", {"native": native, "text": intent.text, "audience": intent.audience})
        steps = [PlannedStep(call=call, words="reply published", reaches=True)]
        if intent.accept:
            steps.append(PlannedStep(call=Call("accept", {"native": native}), words="marked as the answer"))
        if intent.close:
            steps.append(PlannedStep(call=Call("close", {"native": native}), words="thread closed"))
        return Plan(verb="reply", steps=tuple(steps))

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        created = [step for step in done if step.call.name == "create" and step.answer is not None]
        if not created:
            return super().plan_undo(item, intent, done)
        post = created[0].answer.data.get("post") if created[0].answer else None
        step = PlannedStep(call=Call("delete", {"native": item.ref.native, "post": post}), words="the reply is deleted")
        return Plan(verb="reopen", steps=(step,))

    async def templates(self) -> tuple[Template, ...]:
        self.asked.append("templates")
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        return self.kept

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        self.asked.append("writing")
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        return tuple(Foreign(name) for name in self.typing)


class Answering(Deciding):
    """A started desk on such a site."""

    def __init__(self, desk: Desk, site: AnsweringSite, backend: AnsweringBackend, clock: FakeClock) -> None:
        self.desk, self.site, self.backend, self.clock = desk, site, backend, clock
        self.said: list[str] = []

    async def question(self, native: str, *, author: str = "zimtstern", **fields: Any) -> Item:
        """A question nobody has answered, on the site and in the cache."""
        item = Item(
            lane="questions", ref=SubjectRef(self.backend.connection.community, "topic", native), kind="question",
            number=native, title=Foreign(f"Question {native}"),
            author=Member(native=f"u-{author}", username=Foreign(author)), body=Body(Foreign("How?")),
            since_ms=START_MS - 3_600_000, url=f"https://harbour.example/t/{native}",
            place=Place(thread_id=native, post_id=f"p{native}-1", post_number=1, category=Foreign("Export")),
            question=Question(state="unanswered", clock_ms=START_MS - 3_600_000, last=f"p{native}-1",
                              last_by=Foreign(author), last_ms=START_MS - 3_600_000),
        )  # fmt: skip
        item = replace(item, **fields)
        self.site.items[native] = item
        self.site.posts[native] = [(author, "How?")]
        await self.desk.store.cache.put_items([item])
        return item

    async def reply(self, item: Item, text: str = "Like this.", **more: Any) -> Decision:
        """Decide on a reply and give the decision."""
        return await self.decide(item, "reply", text=text, **more)


@asynccontextmanager
async def answering(
    folder: Path, *, clock: Clock | None = None, site: AnsweringSite | None = None, **settings: Any
) -> AsyncIterator[Answering]:
    """A started desk, without sync, on a fake site that takes replies. A second one on the same folder is another
    process; with a real clock time passes by itself."""
    site = site or AnsweringSite(FakeClock())
    clock = clock or site.clock
    backend = AnsweringBackend(site, folder / "state")
    store = Store.open(folder / "state", folder / "cache", now_ms=clock.now_ms)
    account = Account(native="1", username=Foreign(site.me), role="moderator", site_title=Foreign("Harbour"))
    community = Community(name="harbour", backend=backend, url=backend.connection.url, account=account)
    desk = Desk([community], store, clock=clock, **settings)
    it = Answering(desk, site, backend, site.clock)
    desk.events.subscribe(lambda event: it.said.append(event.words) if isinstance(event, Troubled) else None)
    busy = lambda: not site.gated and not desk._outbox.resting  # noqa: E731
    try:
        await desk.start(sync=False)
        site.clock.busy.append(busy)
        yield it
    finally:
        site.clock.busy.remove(busy)
        await desk.close(timeout_s=1.0)
        await store.close()
