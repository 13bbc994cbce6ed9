"""The protocol between the desk and a platform.

A backend is thin: it turns one platform's wire shapes into domain objects and intents into requests. It keeps no
state but its connection and what `identify` found, knows nothing of keys, holds, journals or other communities.
`docs/protocol.md` has every method and field filled in for five platforms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import msgspec

from modtui.domain.capability import Capabilities
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import (
    Account,
    Answered,
    Answers,
    Changes,
    Choice,
    Dossier,
    Gone,
    Item,
    MemberKind,
    Page,
    Private,
    Template,
    Thread,
)
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.errors import UsageError
from modtui.text import Foreign

ChoiceKind = Literal["category", "tag", "assignee", "group", "person", "thread", "route"]
"""What can be picked: `assignee` who can be given a thread, `group` who can be written to, `person` to mention,
`thread` to be linked as the original, `route` the platform's own escalations."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What the site is shown. `kind` token: `secret` is an API key (with `user` an admin's key acting as that account,
    without a user's own key). `kind` service: a service login, `user` and `secret` (HTTP Basic, app password)."""

    kind: Literal["token", "service"]
    secret: str
    user: str | None = None
    source: str = ""

    def __repr__(self) -> str:
        return f"Credential(kind={self.kind!r}, user={self.user!r}, source={self.source!r}, secret=...)"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend is made from. `url` is the community's own address without a final slash; `state` the folder of
    the shared budget ledger; `read_only` makes the HTTP door refuse everything that writes."""

    community: CommunityId
    url: str
    credential: Credential | None
    state: Path
    read_only: bool = False
    insecure: bool = False
    """Plain http to another host than loopback was allowed by name."""
    options: dict[str, object] = {}
    """The community's own settings for this backend, e.g. `course` for the Open edX forum."""


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request whose answer was lost. `not sent` means it may be sent again."""

    is_: Literal["done", "not sent", "unclear"]
    answer: Answer | None = None
    words: str = ""


class Budget(msgspec.Struct, frozen=True):
    """The request budget of the credential, over all processes that use it. `limit` 0: the site names none.

    `used` counts the last `window_s` seconds; `wait_s` is how long the next request has to wait (0: none).
    """

    limit: int
    used: int
    window_s: float = 60.0
    wait_s: float = 0.0


class RequestSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the requests screen shows it: no header, no body, no secret. `status` 0 means no answer."""

    at_ms: int
    method: str
    path: str
    status: int
    took_ms: int
    size: int
    why: str = ""
    error: str = ""
    tries: int = 1


@runtime_checkable
class Wire(Protocol):
    """What is visible of a backend's HTTP door."""

    @property
    def budget(self) -> Budget:
        """The budget now; reading it costs nothing."""
        ...

    @property
    def requests(self) -> Sequence[RequestSeen]:
        """The newest requests, oldest first (a bounded number)."""
        ...

    def watch(self, seen: Callable[[RequestSeen], None]) -> None:
        """Call `seen` after each request."""
        ...

    @property
    def clock_ms(self) -> int:
        """The site's clock (from its last Date header, else ours), in UTC milliseconds."""
        ...


@runtime_checkable
class Backend(Protocol):
    """One account on one site. Every method may raise the errors of `modtui.errors`; `identify` comes first."""

    name: str
    connection: Connection

    @property
    def wire(self) -> Wire:
        """The HTTP door, to look at."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What `identify` found; before it, everything is blocked."""
        ...

    async def identify(self) -> Account:
        """Who the credential is and what it may do. Raises AuthError, WrongSite, NetworkError."""
        ...

    async def counts(self) -> Mapping[Lane, int]:
        """How many open items each lane has, as cheaply as the site tells."""
        ...

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """One page of open items, oldest first where the site can. One unreadable row never loses the page."""
        ...

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """The subjects as they are now, in any state, in as few requests as the site allows. Every ref is answered."""
        ...

    async def thread(self, item: Item) -> Thread:
        """The posts around the item's subject, about twenty, with their source."""
        ...

    async def dossier(self, member: str) -> Dossier:
        """Everything about the member with this native id or username."""
        ...

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What `intent` would do to `item`. Pure. Raises Refused with a sentence where it is not possible."""
        ...

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps, in the order in which to send it. Pure.

        `reversal` is none where there is no way.
        """
        ...

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. Raises Refused/Stale when the site will not, NetworkError(sent=True) when its fate is unknown.

        A request that may have arrived is never repeated here.
        """
        ...

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """Look up on the site what became of a `send` that was made after `since_ms` and never answered.

        `known` are the answers to other calls of this name: what belongs to one of them is not what is looked for.
        """
        ...

    async def changes(self, position: str | None) -> Changes:
        """Look once for what happened since `position` (None: from now on)."""
        ...

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """A page of the directory as items of the lane members (kind "member", subject kind "user"); with `text` those
        whose name or username begins so. Feature "members"."""
        ...

    async def private(self, member: str) -> Private:
        """IP addresses and e-mail of the member with this native id, asked for by key. Feature "private"."""
        ...

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """What can be picked for a verb on `item`, filtered by the beginning `text`; at most about fifty. Feature
        "choices"."""
        ...

    async def templates(self) -> tuple[Template, ...]:
        """The site's own saved texts. Feature "templates"."""
        ...

    async def answered(self, cursor: str | None = None) -> Answers:
        """A page of solved or answered threads, newest first, for the search for similar ones. Feature "answered"."""
        ...

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        """Ask the site's own search for threads, the best first, at most about ten. Feature "search"."""
        ...

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        """Who else is writing in the item's thread just now. Feature "writing"."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Plain:
    """The optional reads for a platform that lacks them. An adapter inherits it and overrides what its site has."""

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """No directory."""
        raise UsageError("This platform has no directory of members.")

    async def private(self, member: str) -> Private:
        """Nothing private is shown."""
        raise UsageError("This platform shows no private data.")

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """Nothing to pick."""
        return ()

    async def templates(self) -> tuple[Template, ...]:
        """No saved texts."""
        return ()

    async def answered(self, cursor: str | None = None) -> Answers:
        """No such list."""
        return Answers(threads=())

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        """No search."""
        return ()

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        """Nobody is known to write."""
        return ()


class Factory(Protocol):
    """What an entry point of the group `modtui.backends` is: makes a backend from a connection, without I/O.

    It may have `parts`, a tuple with the names of options that tell communities of one account on one site apart. It
    may have `check(connection)`, which raises all that making a backend could raise; then it may be made later, when it
    is first needed.
    """

    def __call__(self, connection: Connection) -> Backend: ...


def part_of(factory: Factory, options: Mapping[str, object]) -> str:
    """The `part` of a community's identity (`community_id`): the values of the options that the factory names in
    `parts`; "" where it names none."""
    parts: tuple[str, ...] = getattr(factory, "parts", ())
    return "\n".join(f"{name}={str(options.get(name, '')).strip()}" for name in parts)
