"""The tour: everything that modtui ever asks of a backend, one after the other, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from modtui.backends.base import Backend
from modtui.desk.possible import complete
from modtui.domain.capability import Blocked
from modtui.domain.decisions import VERBS, Call, Intent, Plan, Step
from modtui.domain.items import Item, Page
from modtui.domain.subjects import LANES
from modtui.errors import ModtuiError
from modtui.testing.steps import intent_for

T = TypeVar("T")
CHOICES = ("tag", "category", "assignee", "route", "person", "thread", "group")


class Tour:
    """What was seen: objects of the domain, plans, errors; and the names of the questions that were answered."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.errors: list[ModtuiError] = []
        self.worked: set[str] = set()
        self.pages: dict[str, Page] = {}
        self.items: list[Item] = []
        self.plans: list[Plan] = []

    async def _ask(self, name: str, work: Awaitable[T]) -> T | None:
        try:
            found = await work
        except ModtuiError as error:
            self.errors.append(error)
            return None
        self.worked.add(name)
        self.seen.append(found)
        return found

    async def read(self, backend: Backend, *, items: int = 3) -> Tour:
        """Every read: lanes with their next pages, and of the first `items` rows of each everything there is."""
        await self._ask("identify", backend.identify())
        self.seen.append(backend.capabilities)
        await self._ask("counts", backend.counts())
        position: str | None = None
        for _ in range(2):
            changes = await self._ask("changes", backend.changes(position))
            position = changes.position if changes is not None else position
        for lane in (one for one in LANES if not isinstance(backend.capabilities.lane(one), Blocked)):
            page = await self._ask(lane, backend.page(lane, None) if lane != "members" else backend.members())
            if page is None:
                continue
            self.pages[lane] = page
            if page.cursor is not None:
                await self._ask(f"{lane} next", backend.page(lane, page.cursor))
            shown = page.items[:items]
            self.items += shown
            await self._ask("reread", backend.reread([item.ref for item in shown]))
            for item in shown:
                await self._around(backend, item)
        await self._more(backend)
        return self

    async def _around(self, backend: Backend, item: Item) -> None:
        await self._ask("reread", backend.reread([item.ref]))
        await self._ask("thread", backend.thread(item))
        await self._ask("writing", backend.writing(item))
        for kind in CHOICES:
            await self._ask("choices", backend.choices(kind, item=item))  # type: ignore[arg-type]
        if item.author is not None:
            await self._ask("dossier", backend.dossier(item.author.native))
            await self._ask("private", backend.private(item.author.native))

    async def _more(self, backend: Backend) -> None:
        await self._ask("templates", backend.templates())
        await self._ask("answered", backend.answered())
        await self._ask("search", backend.search("watches"))
        await self._ask("person", backend.choices("person", "m"))
        for kind in ("staff", "suspended"):
            await self._ask("members", backend.members(kind=kind))

    def plan(self, backend: Backend, item: Item) -> dict[str, Call]:
        """Every verb and every offer on an item, planned; the calls by name."""
        calls: dict[str, Call] = {}
        for intent in intents(item):
            try:
                plan = backend.plan(item, intent)
            except ModtuiError as error:
                self.errors.append(error)
                continue
            self.plans.append(plan)
            self.seen.append(plan)
            calls |= {f"{step.call.name} {intent.verb} {intent.offer}": step.call for step in plan.steps
                      if step.executor == "backend"}  # fmt: skip
        return calls

    async def send(self, backend: Backend, item: Item, name: str, call: Call, *, key: str = "k") -> None:
        """Send a call, look its fate up, and plan how to take it back."""
        answer = await self._ask(f"send {name}", backend.send(call, key=key))
        await self._ask("fate", backend.fate(item, call, key=key, since_ms=0))
        step = Step(index=0, call=call, words="", key=key, due_ms=0, state="done", answer=answer)
        verb = name.split()[1]
        try:
            self.seen.append(backend.plan_undo(item, complete(verb), [step]))
        except ModtuiError as error:
            self.errors.append(error)


def intents(item: Item) -> list[Intent]:
    """Every verb, and every offer of the item with all that it may ask for."""
    found = [complete(verb) for verb in VERBS]
    for offer in item.offers:
        found.append(intent_for(offer))
        to = Intent(verb=offer.verb, offer=offer.id, text="So.", to="1", tags=("tag",), route="site:1", post="1")
        found.append(to)
    return found
