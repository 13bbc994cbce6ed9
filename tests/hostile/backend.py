"""The mire: a community whose every field holds a hostile text. A backend of its own, found through the entry points.

Item n begins with attack n, and the next field takes the next attack: over all items every field has held every
attack. The walk tells what it saw in `MIRE_SEEN`, a file.
"""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from msgspec.structs import replace

from modtui.backends.base import Backend, ChoiceKind, Connection
from modtui.desk.clock import Clock
from modtui.domain.capability import ALLOWED, Blocked, Capabilities
from modtui.domain.decisions import Answer, Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import (
    Account,
    Answered,
    Answers,
    Body,
    Changes,
    Choice,
    Dossier,
    Format,
    Gone,
    Item,
    Member,
    MemberKind,
    Offer,
    Page,
    Private,
    Question,
    Report,
    Template,
    Thread,
    ThreadPost,
)
from modtui.domain.subjects import Lane, SubjectRef, community_id
from modtui.errors import NetworkError, NotFound, Refused, RightsError, SiteError
from modtui.text import Foreign, show
from tests.core.fakes import FakeBackend, FakeClock, FakeSite
from tests.hostile.corpus import SHORT, TEXTS
from tests.hostile.filling import Filler

VERBS = (
    "approve", "remove", "spam", "ignore", "restore", "edit", "claim", "note", "lock", "silence", "ban", "purge",
    "reply", "escalate", "warn", "logout", "accept", "assign", "move", "tag", "duplicate", "bookmark", "watch",
)  # fmt: skip
FEATURES = ("members", "private", "choices", "templates", "answered", "search", "writing", "whisper", "message")
FORMATS: tuple[Format, ...] = ("html", "markdown", "plain")

ON: tuple[Literal["post", "author", "reporters"], ...] = ("post", "author", "reporters")


class MireBackend(FakeBackend):
    """Answers every read of the protocol, optional ones too; every fifth subject is refused, every fifth conflicts."""

    name = "mire"

    def __init__(self, connection: Connection) -> None:
        site = FakeSite(cast(FakeClock, Clock()))
        super().__init__(site, connection.state, url=connection.url)
        self.connection = connection
        self._asked, self._read = 0, set[str]()
        self.community = connection.community or community_id("mire", connection.url, "mod")
        self._capabilities = Capabilities(
            verbs={**dict.fromkeys(VERBS, ALLOWED), "erase": Blocked("right", show(SHORT[0]))},
            lanes=dict.fromkeys(("reports", "pending", "questions", "members", "escalated"), ALLOWED),
            features=dict.fromkeys(FEATURES, ALLOWED), reread_batch=10,
        )  # fmt: skip
        lanes: tuple[Lane, ...] = ("reports", "pending", "questions", "members")
        self.lanes: dict[Lane, list[Item]] = {lane: [self.item(lane, n) for n in range(len(SHORT))] for lane in lanes}
        for found in self.lanes.values():
            for item in found:
                site.items[item.ref.native] = item

    def item(self, lane: Lane, n: int) -> Item:
        """Row `n` of a lane."""
        kept: dict[str, Any] = {"due": None, "escalation": None, "state": "open", "claim": None}
        if n % 7:
            kept["problem"] = None  # an item with one shows nothing else
        fill = Filler(SHORT, n, **kept)
        kind = {"questions": "question", "members": "member", "pending": "held post"}.get(lane, "post")
        subject = "user" if lane == "members" else "topic"
        ref = SubjectRef(self.community, subject, f"{lane[0]}{n}-{_whole(fill.text())}")
        offers = tuple(
            fill.make(Offer, verb=verb, default=True, capability=ALLOWED, needs=(), irreversible=False)
            for verb in ("approve", "remove", "spam", "ignore")
        )
        blocked = fill.make(Offer, verb="edit", capability=Blocked("state", show(fill.text())), needs=())
        body = Body(Foreign(TEXTS[n]), FORMATS[n % 3])
        reports = tuple(fill.make(Report, reason=reason, open=True) for reason in ("insult", "spam", "other"))
        question = None
        if lane == "questions":
            question = fill.make(Question, state="unanswered", can_accept=True, accepted=None)
        now = time.time_ns() // 1_000_000
        return fill.make(
            Item, lane=lane, ref=ref, number=f"{n}{fill.text()[3:6]}", kind=kind, offers=(*offers, blocked), body=body,
            reports=reports, since_ms=now - n * 60_000, created_ms=now - n * 60_000, edited_ms=None, handled_by=None,
            handled_ms=None, hidden=False, deleted=False, native={}, question=question, version=None,
            author=fill.make(Member, penalties=()),
        )  # fmt: skip

    async def identify(self) -> Account:
        return Filler(SHORT, 0).make(Account)

    async def counts(self) -> Mapping[Lane, int]:
        return {lane: len(items) for lane, items in self.lanes.items()}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        if lane in self._read:  # the first time it is well, so that there is something to stand on
            self._asked += 1
            self._troubled()
        self._read.add(lane)
        items = tuple(self.lanes.get(lane, ()))
        return Page(items=items, total=len(items))

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        found: dict[SubjectRef, Item | Gone] = {}
        for ref in refs:
            item = self.site.items.get(ref.native)
            if item is None:
                found[ref] = Filler(SHORT, 3).make(Gone, ref=ref)
            elif "conflict" in self.site.refusing and item.lane != "members":
                text = Foreign(f"{item.body.text if item.body else ''}\nchanged {SHORT[2]}")
                found[ref] = replace(item, body=Body(text), handled_by=Foreign(SHORT[1]), state="removed")
            else:
                found[ref] = item
        return found

    def _troubled(self) -> None:
        """Where the site is in trouble, it says so in words that attack."""
        if "trouble" in self.site.refusing:
            text = "; ".join(SHORT[:8])
            raise (NetworkError, SiteError, RightsError, NotFound)[self._asked % 4](text, SHORT[9])

    async def thread(self, item: Item) -> Thread:
        self._asked += 1
        self._troubled()
        n = self._number(item)
        posts = tuple(
            Filler(TEXTS, n + k).make(
                ThreadPost, id=f"post{k}", number=k + 1, subject=k == 1, small=False,
                body=Body(Foreign(TEXTS[(n + k) % len(TEXTS)]), FORMATS[k % 3]),
                author=Filler(SHORT, n + k).make(Member),
            )
            for k in range(6)
        )  # fmt: skip
        return Filler(SHORT, n).make(Thread, posts=posts, total=6)

    def _number(self, item: Item) -> int:
        return self.lanes.get(item.lane, [item]).index(item) if item in self.lanes.get(item.lane, ()) else 0

    async def dossier(self, member: str) -> Dossier:
        self._asked += 1
        self._troubled()
        n = sum(map(ord, member)) % len(SHORT)
        return Filler(SHORT, n).make(Dossier)

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        return Page(items=tuple(self.lanes["members"]), total=len(SHORT))

    async def private(self, member: str) -> Private:
        return Filler(SHORT, 1).make(Private)

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        return tuple(Filler(SHORT, n).make(Choice) for n in range(len(SHORT)))

    async def templates(self) -> tuple[Template, ...]:
        return tuple(Filler(SHORT, n).make(Template, language="de") for n in range(len(SHORT)))

    async def answered(self, cursor: str | None = None) -> Answers:
        return Answers(threads=await self.search(""))

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        return tuple(Filler(SHORT, n).make(Answered, id=str(n), solved=True) for n in range(len(SHORT)))

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        return tuple(map(Foreign, SHORT[:3]))

    async def changes(self, position: str | None) -> Changes:
        return Changes(position="1")

    def plan(self, item: Item, intent: Intent) -> Plan:
        fill = Filler(SHORT, self._number(item))
        if intent.verb == "lock":
            raise Refused(fill.text(), fill.text())
        call = Call("do", {"native": item.ref.native, "verb": intent.verb})
        step = PlannedStep(call=call, words=fill.text(), reaches=bool(intent.message))
        effects = tuple(Effect(on, show(fill.text())) for on in ON)
        asks = Foreign(fill.text()) if intent.verb in ("watch", "claim") else None
        return Plan(
            verb=intent.verb, steps=(step,), label=Foreign(fill.text()), effects=effects, stays=(fill.text(),),
            asks=asks,
        )  # fmt: skip

    async def send(self, call: Call, *, key: str) -> Answer:
        if "refuse" in self.site.refusing:
            raise Refused(SHORT[1], SHORT[2])
        return Answer(words=Foreign(SHORT[3]), data={"text": SHORT[4]})

    def turn(self, to: str) -> None:
        """What the site does from now on: "conflict", "refuse", or "" as it should."""
        self.site.refusing = {to}


def _whole(text: str) -> str:
    """A text that can be an id: modtui mends lone halves, and then the site would not know its own id."""
    return text.encode("utf-8", "ignore").decode()


def _tell() -> None:
    """Which pieces came to be drawn that had not come through the door: an empty file is the answer to hope for."""
    from modtui.widgets.draw import Painter

    Path(os.environ["MIRE_SEEN"]).write_text("\n".join(map(repr, Painter.mended)), encoding="utf-8")


def factory(connection: Connection) -> Backend:
    """The entry point: what the site does to decisions is told by the community's address."""
    if "MIRE_SEEN" in os.environ:
        atexit.register(_tell)
    made: Any = MireBackend(connection)
    made.turn(connection.url.rsplit("/", 1)[-1])
    return cast(Backend, made)
