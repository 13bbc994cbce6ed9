"""A fake site with questions, on which one can answer: for the tests of the composer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modtui.backends.base import ChoiceKind
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.decisions import Answer, Call, Intent, Plan, PlannedStep, Step
from modtui.domain.items import (
    Body,
    Choice,
    Item,
    Member,
    Place,
    Question,
    Template,
    Thread,
    ThreadPost,
)
from modtui.domain.subjects import Lane, SubjectRef
from modtui.errors import Refused
from modtui.text import Foreign
from tests.core.fakes import START_MS, FakeSite
from tests.ui.world import HOUR, PictureBackend

VERBS = ("reply", "accept", "unaccept")


class WritingBackend(PictureBackend):
    """Takes replies and accepted answers; who is `busy` writes, `people` and `saved` are what the site knows."""

    busy: tuple[str, ...] = ()
    people: tuple[str, ...] = ("bo_lind", "bob_the_second", "bobbel")
    saved: tuple[Template, ...] = (
        Template(id="t1", title=Foreign("House rules"), text=Foreign("Please read the [rules](/guidelines).")),
    )

    def __init__(self, site: FakeSite, state: Path, **how: Any) -> None:
        super().__init__(site, state, **how)
        capabilities = self._capabilities
        features = ("whisper", "message", "choices", "templates", "writing")
        self._capabilities: Capabilities = msgspec.structs.replace(
            capabilities, verbs={**capabilities.verbs, **dict.fromkeys(VERBS, ALLOWED)},
            lanes={**capabilities.lanes, "questions": ALLOWED}, features=dict.fromkeys(features, ALLOWED),
        )  # fmt: skip

    def plan(self, item: Item, intent: Intent) -> Plan:
        if intent.verb == "reply":
            if not (intent.text or "").strip():
                raise Refused("There is no text.")
            args = {
                "native": item.ref.native, "text": intent.text, "audience": intent.audience, "post": intent.post,
                "accept": intent.accept, "close": intent.close,
            }  # fmt: skip
            steps = [PlannedStep(call=Call("reply", args), words="reply sent", reaches=True)]
            if intent.accept:
                steps.append(PlannedStep(call=Call("accept", {"native": item.ref.native}), words="marked as answer"))
            if intent.close:
                raise Refused("closing needs trust 4 or staff")
            return Plan(verb="reply", steps=tuple(steps))
        if intent.verb in ("accept", "unaccept"):
            call = Call(intent.verb, {"native": item.ref.native, "post": intent.post})
            return Plan(verb=intent.verb, steps=(PlannedStep(call=call, words=intent.verb),))
        return super().plan(item, intent)

    async def counts(self) -> Mapping[Lane, int]:
        found = dict(await super().counts())
        found["reports"] = sum(one.lane == "reports" for one in self.site.items.values())
        found["questions"] = sum(one.lane == "questions" for one in self.site.items.values())
        return found

    async def thread(self, item: Item) -> Thread:
        if item.lane != "questions":
            return await super().thread(item)
        self._reach()
        return Thread(id=item.ref.native, title=item.title, posts=posts_of(item), total=3)

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        self._reach()
        names = self.people if kind == "person" else ("support", "export")
        return tuple(Choice(id=name, title=Foreign(name)) for name in names if name.startswith(text))

    async def templates(self) -> tuple[Template, ...]:
        self._reach()
        return self.saved

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        self._reach()
        return tuple(Foreign(name) for name in self.busy)

    def sent(self) -> list[dict[str, Any]]:
        """The replies that reached the site."""
        return [call.args for _, call in self.site.applied if call.name == "reply"]


def _post(n: int, name: str, text: str, hours: float, **fields: Any) -> ThreadPost:
    author = Member(native=f"u-{name}", username=Foreign(name))
    when = START_MS - int(hours * HOUR)
    return ThreadPost(id=str(500 + n), number=n, author=author, body=Body(Foreign(text), "markdown"),
                      created_ms=when, **fields)  # fmt: skip


def posts_of(item: Item) -> tuple[ThreadPost, ...]:
    """The thread of a question: the question, an answer, a word of thanks."""
    return (
        _post(1, "zimtstern", str(item.body.text if item.body else ""), 3.3, subject=True),
        _post(2, "tante_erna", "Use the export with *BOM*, then Excel reads it.", 2),
        _post(3, "bo_lind", "Same here, thanks for asking.", 1),
    )


def question(backend: PictureBackend, native: str = "77", **fields: Any) -> Item:
    """A question in German that nobody has answered."""
    text = "Hallo, seit dem Update auf 4.2 sind in der CSV alle ä ö ü kaputt. Excel zeigt nur Fragezeichen."
    title = Foreign("Export als CSV: Umlaute kaputt")
    item = Item(
        lane="questions", ref=SubjectRef(backend.connection.community, "topic", native), kind="question",
        number=native, title=title,
        author=Member(native="u-zimtstern", username=Foreign("zimtstern"), posts=3), body=Body(Foreign(text)),
        since_ms=START_MS - int(3.3 * HOUR), created_ms=START_MS - int(3.3 * HOUR), language="de",
        place=Place(category=Foreign("Export"), thread_id=native, thread_title=title, post_number=1),
        question=Question(state="unanswered", clock_ms=START_MS - int(3.3 * HOUR), replies=0, last="501",
                          last_by=Foreign("zimtstern"), can_accept=True),
        url=f"https://harbour.example/t/export-als-csv/{native}",
    )  # fmt: skip
    return msgspec.structs.replace(item, **fields) if fields else item


__all__ = ["Answer", "Step", "WritingBackend", "posts_of", "question"]
