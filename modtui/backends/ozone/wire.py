"""The JSON of Ozone 0.4 (`tools.ozone.*`) as it is sent, and the little of the PDS and the appview that is read.

Every field but the ids has a default and unknown keys are ignored. What is only shown, or whose shape differs between
services, stays a plain value and is read by the helpers below, so that one odd field does not cost a row. The e-mail
address that some answers carry is no field here: lists do not decode it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

EVENTS = "tools.ozone.moderation.defs#"
STATES = {"reviewOpen": "open", "reviewEscalated": "escalated", "reviewClosed": "closed", "reviewNone": "none"}
WAITING = ("open", "queued", "assigned", "escalated")
"""The states of a report that is not closed."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Names a subject: an account (`did`), a record (`uri`, `cid`), a conversation or message."""

    type: str = msgspec.field(name="$type", default="")
    did: str | None = None
    uri: str | None = None
    cid: str | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a subject stands (`subjectStatusView`)."""

    id: int
    review_state: str = ""
    created_at: str | None = None
    updated_at: str | None = None
    last_reported_at: str | None = None
    last_reviewed_at: str | None = None
    last_reviewed_by: str | None = None
    takendown: bool | None = None
    appealed: bool | None = None
    mute_until: str | None = None
    suspend_until: str | None = None
    subject_repo_handle: str | None = None
    tags: Any = None
    priority_score: Any = None
    comment: str | None = None
    subject: Named = Named()
    account_stats: Any = None
    records_stats: Any = None
    account_strike: Any = None
    hosting: Any = None

    @property
    def state(self) -> str:
        """open, escalated, closed or none."""
        return STATES.get(self.review_state.rpartition("#")[2], "none")

    @property
    def key(self) -> str:
        """The at:// address of a record, the DID of an account; "" for what is neither."""
        return self.subject.uri or self.subject.did or ""


class Moderation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The moderation part of a record or an account."""

    subject_status: Status | None = None


class Repo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An account (`repoView`)."""

    did: str
    handle: str = ""
    related_records: Any = None
    indexed_at: str | None = None
    moderation: Moderation = Moderation()
    labels: Any = None

    @property
    def profile(self) -> dict[str, Any]:
        """The account's own profile record."""
        return next((one for one in rows(self.related_records) if "displayName" in one or "description" in one), {})


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A record (`recordView`): `value` is what its author wrote."""

    uri: str
    cid: str = ""
    value: Any = None
    labels: Any = None
    moderation: Moderation = Moderation()


class Detail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subject with what is known of it (`subjectView`). `type` is record, account or chat."""

    type: str = ""
    subject: str = ""
    repo: Repo | None = None
    record: Record | None = None
    profile: Any = None
    status: Status | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A report (`reportView`)."""

    id: int
    event_id: int = 0
    status: str = "open"
    subject: Detail = Detail()
    report_type: str = ""
    reported_by: str = ""
    reporter: Any = None
    comment: str | None = None
    created_at: str | None = None
    assignment: Any = None
    queue: Any = None
    is_muted: bool | None = False


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the log (`modEventView`). `event` has its kind in `$type`."""

    id: int
    event: Any = None
    subject: Named = Named()
    created_by: str = ""
    created_at: str | None = None
    subject_handle: str | None = None
    creator_handle: str | None = None
    mod_tool: Any = None

    @property
    def kind(self) -> str:
        """Such as modEventTakedown."""
        return text(self.event, "$type").rpartition("#")[2]

    @property
    def key(self) -> str:
        """The address or DID of its subject."""
        return self.subject.uri or self.subject.did or ""

    @property
    def made_with(self) -> str:
        """The key that modtui put there; "" for what came from elsewhere."""
        return text(inner(self.mod_tool, "meta"), "key")

    @property
    def at_ms(self) -> int | None:
        """When, UTC milliseconds."""
        return parse_iso_or_none(self.created_at)


class Activity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody of the team did to a single report (`reportActivityView`)."""

    id: int
    report_id: int = 0
    activity: Any = None
    created_by: str = ""
    created_at: str | None = None
    report: Any = None


class Statuses(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of `queryStatuses`; a cursor comes on the last page too, unless it is empty."""

    subject_statuses: list[msgspec.Raw]
    cursor: str | None = None


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """A page of `queryReports`."""

    reports: list[msgspec.Raw]
    cursor: str | None = None


class Subjects(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `getSubjects`."""

    subjects: list[msgspec.Raw]


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """A page of `queryEvents`."""

    events: list[msgspec.Raw]
    cursor: str | None = None


class Activities(msgspec.Struct, frozen=True, kw_only=True):
    """A page of `queryActivities`."""

    activities: list[msgspec.Raw]
    cursor: str | None = None


class Repos(msgspec.Struct, frozen=True, kw_only=True):
    """A page of `searchRepos`."""

    repos: list[msgspec.Raw]
    cursor: str | None = None


# --- plain values


def inner(value: Any, *names: str) -> Any:
    """What stands below these names, one after the other; None where the way ends."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, name: str) -> str:
    """The text below `name`; "" where there is none."""
    found = inner(value, name)
    return found if isinstance(found, str) else ""


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """The texts of a list, each once."""
    return list(dict.fromkeys(one for one in value if isinstance(one, str) and one)) if isinstance(value, list) else []


def number(value: Any, name: str) -> int | None:
    """The count below `name`; None where there is none."""
    found = inner(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**12 else None


def foreign(value: str | None) -> Foreign | None:
    """Text from the site; None when absent or empty."""
    return Foreign(value) if value else None
