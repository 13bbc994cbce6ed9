"""The contract against a real Matrix homeserver (install it with `python -m tests.servers prepare synapse`)."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from modtui.backends.base import Connection, Credential
from modtui.domain.subjects import SubjectRef, community_id
from modtui.testing import BackendContract, Site, Standing, Talk
from tests.servers.conftest import synapse  # noqa: F401 (a fixture)
from tests.servers.synapse import SERVER, Synapse

pytestmark = [pytest.mark.servers, pytest.mark.anyio]
MARK = "\u2705"


class People:
    """Who the tests share, and the room in which they talk: setting up costs time, and nothing done to them stays."""

    def __init__(self, server: Synapse) -> None:
        self.server = server
        self.mod, self.other = server.register(admin=True), server.register(admin=True)
        self.author, self.ann, self.bo, self.owner = (server.register() for _ in range(4))
        self.room = server.room(self.owner, "General", moderators=(self.mod, self.other))
        server.join(self.room, self.author, self.ann, self.bo)
        self.numbers = itertools.count(1)


class SynapseSite(Site):
    """A room to talk, and one of its own to ask, made when somebody does. The moderator has power in them and is an
    administrator."""

    name = "synapse"
    page_size = 20
    questions = True
    questions_page = 20

    def __init__(self, people: People) -> None:
        self.server, self.asked = people.server, 0
        server = people.server
        self.mod, self.other, self.owner = people.mod, people.other, people.owner
        self.author, self.ann, self.bo = people.author, people.ann, people.bo
        self.room, self.alias, self._help = people.room, f"help{next(people.numbers)}", ""
        self.id = community_id("synapse", server.url, self.mod.id)
        server.close_all()

    def connection(self, state: Path) -> Connection:
        return Connection(
            community=self.id, url=self.server.url, credential=Credential(kind="token", secret=self.mod.token),
            state=state, options={"question_rooms": [f"#{self.alias}:{SERVER}"], "answer_mark": MARK},
        )  # fmt: skip

    @property
    def help(self) -> str:
        """The room in which members ask."""
        if not self._help:
            made = self.server.room(self.owner, "Help", moderators=(self.mod, self.other), alias=self.alias)
            self.server.join(made, self.author, self.ann, self.bo)
            self._help = made
        return self._help

    def _event(self, ref: SubjectRef) -> str:
        return ref.native.partition("/")[2]

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        event = self.server.send(self.author, self.room, text)
        self.server.report(self.room, event, *[self.ann, self.bo][:reporters])
        return SubjectRef(self.id, "event", f"{self.room}/{event}")

    async def report_again(self, ref: SubjectRef) -> None:
        self.server.report(self.room, self._event(ref), self.owner, reason=None)

    async def edit(self, ref: SubjectRef, text: str) -> None:
        self.server.change(self.author, self.room, self._event(ref), text)

    async def approve(self, ref: SubjectRef) -> None:
        for row in self.server.reports():
            if row["event_id"] == self._event(ref):
                self.server.close(row["id"], self.other)

    async def standing(self, ref: SubjectRef) -> Standing:
        reported = any(row["event_id"] == self._event(ref) for row in self.server.reports())
        found = self.server.seen(self.bo, self.room, self._event(ref))
        edit = found["unsigned"].get("m.relations", {}).get("m.replace", {}).get("content", {}).get("m.new_content")
        text = (edit or found["content"]).get("body", "")
        return Standing(reported=reported, shown=bool(text), text=text)

    async def spoil(self) -> bool:
        """A reported message that nobody outside can read."""
        content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnAC", "session_id": "x"}
        event = self.server.send(self.author, self.room, content, "m.room.encrypted")
        self.server.report(self.room, event, self.ann)
        return True

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        return SubjectRef(ref.community, ref.kind, f"{self.room}/${'x' * 43}")

    async def ask(self, text: str, *, title: str = "") -> SubjectRef:
        self.asked += 1
        body = f"{title or f'Question {self.asked} of the contract'}\n\n{text}"
        return SubjectRef(self.id, "question", f"{self.help}/{self.server.send(self.author, self.help, body)}")

    async def answer(self, ref: SubjectRef, text: str, *, by_asker: bool = False) -> str:
        who = self.author if by_asker else self.ann
        return self.server.answer(who, self.help, self._event(ref), text, thread=self.asked % 2 == 0)

    async def mark(self, ref: SubjectRef, post: str) -> None:
        self.server.react(self.author, self.help, post, MARK)

    async def unask(self, ref: SubjectRef) -> None:
        self.server.redact(self.author, self.help, self._event(ref))

    async def talk(self, ref: SubjectRef) -> Talk:
        root = self._event(ref)
        path = self.server.at(self.help, "messages")
        found = self.server.ask(self.bo, "GET", path, params={"dir": "b", "limit": 999})
        events = list(reversed(found["chunk"]))
        below, replies, marked = {root}, dict[str, str](), list[str]()
        for one in events:
            relates = one["content"].get("m.relates_to", {})
            above = {relates.get("m.in_reply_to", {}).get("event_id"), relates.get("event_id")}
            if one["type"] == "m.room.message" and below & above:
                below.add(one["event_id"])
                replies[one["event_id"]] = one["content"]["body"]
        for one in events:
            relates = one["content"].get("m.relates_to", {})
            if one["type"] == "m.reaction" and relates.get("key") == MARK and relates.get("event_id") in replies:
                marked.append(replies[relates["event_id"]])
        return Talk(replies=tuple(replies.values()), marked=tuple(marked))


@pytest.fixture(scope="module")
def people(synapse: Synapse) -> People:  # noqa: F811
    """A community on the running server."""
    return People(synapse)


class TestSynapse(BackendContract):
    """Reported messages, and questions in a room of their own."""

    @pytest.fixture
    def site(self, people: People) -> Site:
        return SynapseSite(people)
