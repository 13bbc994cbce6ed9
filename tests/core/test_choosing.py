"""What can be picked is asked of a site once, and again for what it did not list."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from modtui.desk.choosing import Chooser
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.items import Choice, Item
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign

pytestmark = pytest.mark.anyio
ITEM = Item(lane="questions", ref=SubjectRef(CommunityId("c0ffee"), "topic", "7"), kind="question", number="7",
            title=Foreign("Solder fumes"), since_ms=0)  # fmt: skip
ALL = {"thread": ["Zebra stripes"], "assignee": ["bea", "ben"], "category": ["Sync", "Export"]}
BEFORE = {"thread": [], "assignee": ["bea"], "category": ["Sync", "Export"]}
"""What is listed before a text is typed."""


class Site:
    """A backend that lists some things, and more of them for a text."""

    capabilities = Capabilities(features={"choices": ALLOWED})

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def choices(self, kind: str, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """Those that begin with the text."""
        self.asked.append(text)
        names = [name for name in ALL[kind] if name.casefold().startswith(text)] if text else BEFORE[kind]
        return tuple(Choice(id=name, title=Foreign(name)) for name in names)


def chooser(site: Site) -> Chooser:
    async def identify() -> None:
        return None

    community = SimpleNamespace(backend=site, identified=True, identify=identify)
    desk: Any = SimpleNamespace(community=lambda _: community, clock=SimpleNamespace(now_ms=lambda: 0))
    return Chooser(desk)


@pytest.mark.parametrize(
    ("kind", "text", "found", "asked"),
    [
        ("thread", "zeb", ["Zebra stripes"], ["", "zeb"]), ("assignee", "ben", ["ben"], ["", "ben"]),
        ("assignee", "be", ["bea"], [""]), ("category", "ex", ["Export"], [""]), ("category", "zzz", [], [""]),
    ],
)  # fmt: skip
async def test_a_list_that_is_not_whole_is_asked_again(
    kind: Any, text: str, found: list[str], asked: list[str]
) -> None:
    site = Site()
    chooses = chooser(site)
    await chooses.ask(ITEM, kind)
    for _ in range(2):
        assert [str(one.title) for one in await chooses.ask(ITEM, kind, text)] == found
    assert site.asked == asked, "and what was answered is remembered"
