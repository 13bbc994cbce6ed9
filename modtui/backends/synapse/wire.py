"""The JSON of Matrix' client API and of Synapse's admin API (1.163), as it is sent.

Rows of lists stay raw, so that one that cannot be read does not lose the others. Every field but the ones a row is
nothing without has a default, unknown keys are ignored.
"""

from __future__ import annotations

from typing import Any

import msgspec

Content = dict[str, Any]
_NEVER_MS = 4_102_444_800_000
"""The year 2100."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a room. `content` was written by a member (or their server): nothing in it has a sure type."""

    event_id: str = ""
    type: str
    sender: str
    room_id: str = ""
    origin_server_ts: int = 0
    state_key: str | None = None
    content: Content = {}
    unsigned: Content = {}
    redacts: Any = None

    @property
    def at_ms(self) -> int:
        """When its author's server says that it was sent, UTC milliseconds; 0 for what is no time."""
        return moment(self.origin_server_ts) or 0

    @property
    def redaction(self) -> Content | None:
        """The event that took this one away, where there is one."""
        found = self.unsigned.get("redacted_because")
        return found if isinstance(found, dict) else None

    @property
    def edit(self) -> Content | None:
        """The newest event that replaces this one's text, where the server added it."""
        relations = self.unsigned.get("m.relations")
        found = relations.get("m.replace") if isinstance(relations, dict) else None
        return found if isinstance(found, dict) and isinstance(found.get("content"), dict) else None

    @property
    def relation(self) -> Content:
        """What it says of its relation to another event: empty where it has none."""
        found = self.content.get("m.relates_to")
        return found if isinstance(found, dict) else {}

    @property
    def replaces(self) -> str | None:
        """The id of the event whose text this one replaces."""
        return _id(self.relation.get("event_id")) if self.relation.get("rel_type") == "m.replace" else None

    @property
    def answers(self) -> str | None:
        """The id of the event that it replies to."""
        inner = self.relation.get("m.in_reply_to")
        return _id(inner.get("event_id")) if isinstance(inner, dict) else None

    @property
    def threaded(self) -> str | None:
        """The id of the event at the root of its thread."""
        return _id(self.relation.get("event_id")) if self.relation.get("rel_type") == "m.thread" else None

    @property
    def transaction(self) -> str | None:
        """The transaction id with which this very session sent it; servers tell nobody else."""
        return _id(self.unsigned.get("transaction_id"))


def moment(found: object) -> int | None:
    """A time in UTC milliseconds, None for what cannot be one: other servers write what they like."""
    sound = isinstance(found, int) and not isinstance(found, bool) and 0 < found < _NEVER_MS
    return found if sound and isinstance(found, int) else None


def _id(found: object) -> str | None:
    return found if isinstance(found, str) and found else None


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """An event with what was said around it, and the room's state at that time (members only as far as they spoke)."""

    event: Event
    events_before: list[msgspec.Raw] = []
    events_after: list[msgspec.Raw] = []
    state: list[msgspec.Raw] = []


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a room's events, the newest first. `end` is missing on the last page; `state` has those who spoke."""

    chunk: list[msgspec.Raw]
    state: list[msgspec.Raw] = []
    end: str | None = None


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report of an event: of one reporter, who may report it again. `sender` wrote the event."""

    id: int
    received_ts: int = 0
    room_id: str
    event_id: str
    user_id: str = ""
    sender: str | None = None
    score: float | None = None
    reason: Any = None
    canonical_alias: str | None = None
    name: str | None = None


class ReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of reports of events. The list has no text of the message."""

    event_reports: list[msgspec.Raw]
    total: int = 0


class UserReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a member."""

    id: int
    received_ts: int = 0
    target_user_id: str
    user_id: str = ""
    reason: Any = None


class UserReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of reports of members."""

    user_reports: list[msgspec.Raw]
    total: int = 0


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A local account. Lists give `creation_ts` in milliseconds, a single read in seconds; flags are true or 1.
    Addresses are not decoded here: `Addresses` is asked for by key."""

    name: str
    displayname: str | None = None
    admin: bool | int | None = False
    deactivated: bool | int | None = False
    locked: bool | int | None = False
    suspended: bool | int | None = False
    shadow_banned: bool | int | None = False
    creation_ts: int | None = None
    last_seen_ts: int | None = None
    user_type: str | None = None

    @property
    def created_ms(self) -> int | None:
        """When it was made, UTC milliseconds, whichever unit the answer had."""
        if not self.creation_ts:
            return None
        return moment(self.creation_ts if self.creation_ts > 100_000_000_000 else self.creation_ts * 1000)


class AccountPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the directory. `next_token` is a text here (and a number in lists of reports)."""

    users: list[msgspec.Raw]
    total: int = 0
    next_token: str | int | None = None


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """The e-mail addresses and telephone numbers of an account."""

    threepids: list[dict[str, Any]] = []


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """Whose access token it is."""

    user_id: str
    device_id: str | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to what made an event."""

    event_id: str
