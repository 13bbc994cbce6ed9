"""Where escalations go: the protocol of a route, and what travels.

A route delivers one packet and says what became of it in the words the outbox knows: an `Answer` means that it was
taken, `NetworkError` or `SiteError` with sent=False that no byte can have been accepted (it is tried again with the
same key), with sent=True that nobody knows (it is never sent again by itself), `RateLimited` that it shall wait, and
`Refused` that it will not be taken. Delivery is at least once; the key is the same over all tries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

from modtui.domain.capability import Capability
from modtui.domain.decisions import Answer, Call

FORMAT = 1
"""The number of the payload's shape; it rises when something that is there changes its meaning."""
DELIVER = "deliver"
"""The name of a route step's call. Its arguments are the payload, whole: see docs/escalation.md."""
Kind = Literal["webhook", "mail", "command", "site"]
Payload = dict[str, Any]
"""JSON values; instants are ISO 8601 in UTC."""
Secret = Callable[[], str | None]
"""Gives the route's secret when it is needed, None where there is none. May block; raises AuthError."""


@runtime_checkable
class Route(Protocol):
    """One way out of the settings: a department's webhook, mailbox or program."""

    name: str
    """What the settings call it; an intent and a step's executor name it so."""
    title: str
    """What people read: the title of the settings, else the name."""
    key: str
    """Its letter on the route line."""
    kind: Kind
    where: str
    """Where it leads, in a few words without a secret: "e-mail to legal@harbour.example"."""
    due_ms: int | None
    """How soon an answer is expected, as a duration."""
    hours: str
    """The working hours in which that counts; "" for all hours."""
    share: bool
    """Whether the post's text travels unless the moderator says otherwise."""
    stays: str
    """What cannot be taken back once it is delivered: "the e-mail stays sent"."""

    @property
    def capability(self) -> Capability:
        """Whether it can be used, as far as that shows without trying."""
        ...

    async def deliver(self, call: Call, key: str) -> Answer:
        """Hand over the payload `call.args` under the step's `key`. See the module's words for what is raised."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
