"""What happened, in the past tense. Screens and the command line listen; only the desk speaks.

Handlers are called on the event loop, in the order of subscription, and must return at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from modtui.backends.base import RequestSeen
from modtui.domain.decisions import Decision
from modtui.domain.subjects import CommunityId, Lane

LinkState = Literal[
    "starting", "live", "offline", "down", "signed-out", "no-rights", "too-fast", "wrong-site", "closed"
]  # fmt: skip


class Link(Struct, frozen=True):
    """How the line to a community is. `since_ms` when this state began, `next_ms` when it is tried again (0: not)."""

    state: LinkState = "starting"
    words: str = ""
    since_ms: int = 0
    next_ms: int = 0


class LinkChanged(Struct, frozen=True):
    """The line to a community went up or down."""

    community: CommunityId
    link: Link


class LaneLoaded(Struct, frozen=True):
    """A page of a lane arrived and is in the cache: `added` rows are new here, `first` says it was the first page.

    `ids` are all open rows of the page; `backlog` says that they waited before the desk was opened (older pages that
    are read later), so they are not news.
    """

    community: CommunityId
    lane: Lane
    added: int
    first: bool
    ids: tuple[str, ...] = ()
    backlog: bool = False


class Reordered(Struct, frozen=True):
    """The list of a lane (of a community, or of all: None) stands in the order now that was asked for."""

    lane: Lane
    community: CommunityId | None


class ItemsChanged(Struct, frozen=True):
    """These items (by id) are not as they were: read them again from the desk."""

    items: tuple[str, ...]


class CountsChanged(Struct, frozen=True):
    """A lane count moved."""

    community: CommunityId


class ContextLoaded(Struct, frozen=True):
    """Something around an item arrived (thread or dossier), or could not be had."""

    item: str


class DecisionChanged(Struct, frozen=True):
    """A decision was committed or one of its steps moved. `decision` is its state now."""

    decision: Decision


class RequestMade(Struct, frozen=True):
    """A request was answered (or failed)."""

    community: CommunityId
    request: RequestSeen


class Troubled(Struct, frozen=True):
    """Something went wrong that is nobody's answer: a sentence for the message line."""

    words: str


Event = (
    LinkChanged | LaneLoaded | Reordered | ItemsChanged | CountsChanged | ContextLoaded | DecisionChanged
    | RequestMade | Troubled
)


class Events:
    """The desk's voice: subscribe with a function, call what is returned to stop."""

    def __init__(self) -> None:
        self._handlers: list[Callable[[Event], None]] = []

    def subscribe(self, handler: Callable[[Event], None]) -> Callable[[], None]:
        """Call `handler` for every event from now on; the returned function ends it."""
        self._handlers.append(handler)

        def stop() -> None:
            if handler in self._handlers:
                self._handlers.remove(handler)

        return stop

    def tell(self, event: Event) -> None:
        """Tell all listeners."""
        for handler in tuple(self._handlers):
            handler(event)
