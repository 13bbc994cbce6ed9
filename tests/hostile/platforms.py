"""The platforms with no server: a backend on each, on what a server of it answered once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from modtui.backends.base import Backend, Connection, Credential
from modtui.backends.http import Door
from modtui.backends.nodebb import factory as nodebb
from modtui.backends.ozone import factory as ozone
from modtui.backends.synapse import factory as synapse
from modtui.domain.subjects import community_id
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_app import serving
from tests.hostile.tape import Recorder, Tape, tape
from tests.hostile.tour import Tour

KEY = "0123456789abcdef-key-of-a-moderator"


class Platform(Struct, frozen=True):
    """A kind of site: its tape, and what it takes to make a backend."""

    name: str
    tape: Tape
    factory: Callable[[Connection], Backend]
    options: dict[str, object] = {}
    user: str | None = None

    def make(self, state: Path, *, url: str = "http://127.0.0.1:9", key: str = KEY, read_only: bool = False) -> Backend:
        """A backend at this address."""
        state.mkdir(parents=True, exist_ok=True)
        kind: Literal["token", "service"] = "service" if self.name == "ozone" else "token"
        return self.factory(Connection(
            community=community_id(self.name, url, self.user or "mod"), url=url, state=state, options=self.options,
            credential=Credential(kind=kind, secret=key, user=self.user), read_only=read_only,
        ))  # fmt: skip


def matrix() -> Platform:
    """A Matrix homeserver with reports, questions and a team."""
    kept = tape("synapse")
    options: dict[str, object] = {
        "question_rooms": [kept.facts["asked"]], "answer_mark": kept.facts["mark"], "team_rooms": [kept.facts["team"]],
    }  # fmt: skip
    return Platform("synapse", kept, synapse, options)


def bluesky() -> Platform:
    """A moderation service with reports of posts and accounts."""
    kept = tape("ozone")
    return Platform("ozone", kept, ozone, {"labeler": kept.facts["labeler"]}, kept.facts["user"])


def community() -> Forum:
    """A NodeBB forum with reports, what waits, and questions."""
    forum = Forum()
    mara, okafor, ilya, spam = (forum.member(name) for name in ("mara", "okafor", "ilya", "spamlord"))
    topic = forum.topic(mara, "Favourite keyboards", "Mechanical or not?")
    for text in ("BUY WATCHES", "BUY CLOCKS"):
        post = forum.add(topic, spam, text)
        forum.report(mara, "post", post.pid, "Spam")
        forum.report(ilya, "post", post.pid, "Offensive")
    forum.report(okafor, "user", spam.uid, "A bad name")
    for number in range(3):
        question = forum.topic(ilya, f"How do I do this ({number})?", "It does not work.", cid=5, question=True)
        if number:
            forum.add(question, okafor, "So.")
    forum.wait(ilya, "I wait.", tid=topic.tid)
    forum.wait(ilya, "I wait, too.", title="A new topic")
    forum.sign_up("newcomer")
    return forum


async def forum(state: Path) -> Platform:
    """The fake forum's answers."""
    recorder = Recorder()
    made = community()
    with serving(made) as url:
        backend = Platform("nodebb", Tape({}, []), nodebb).make(state, url=url, key=made.token(made.admin))
        once = Door._once
        Door._once = recorder.around(once)  # type: ignore[method-assign]
        try:
            tour = await Tour().read(backend)
            kinds = {(item.lane, item.ref.kind): item for item in tour.items}
            for item in kinds.values():
                for name, call in tour.plan(backend, item).items():
                    await tour.send(backend, item, name, call)
        finally:
            Door._once = once  # type: ignore[method-assign]
            await backend.aclose()
    return Platform("nodebb", Tape({}, list(recorder.told.values())), nodebb)


NAMES = ("nodebb", "synapse", "ozone")
_made: dict[str, Platform] = {}


async def platform_named(name: str, folder: Path) -> Platform:
    """Each of them; the fake forum is asked once in a process."""
    if name not in _made:
        made = {"synapse": matrix, "ozone": bluesky}
        _made[name] = made[name]() if name in made else await forum(folder)
    return _made[name]
