"""The JSON of the Open edX forum's HTTP API (openedx-forum 0.4.1), as it is sent.

Every field but the id has a default and unknown keys are ignored, because lists, single reads and answers to writes
differ in their keys. Ids are numbers written as text; a number is taken as well.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

Id = str | int


class Edit(msgspec.Struct, frozen=True):
    """One entry of `edit_history`, oldest first: the text before that edit, who edited it and why."""

    original_body: str = ""
    reason_code: str | None = None
    editor_username: str = ""
    created_at: str | None = None


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What threads and comments have in common. `abuse_flaggers` are the ids of those who report it now."""

    id: Id
    body: str = ""
    user_id: Id | None = None
    username: str | None = None
    anonymous: bool = False
    anonymous_to_peers: bool = False
    created_at: str | None = None
    abuse_flaggers: list[Id] = []
    edit_history: list[Edit] = []

    @property
    def native(self) -> str:
        """The id as text."""
        return str(self.id)

    @property
    def text(self) -> Foreign:
        """The text without blanks around it: single reads trim it and lists do not."""
        return Foreign(self.body.strip())

    @property
    def created_ms(self) -> int | None:
        """When it was written, UTC milliseconds."""
        return parse_iso_or_none(self.created_at)

    @property
    def flaggers(self) -> tuple[str, ...]:
        """Who reports it, in a steady order."""
        return tuple(sorted({str(one) for one in self.abuse_flaggers}, key=id_order))


class Comment(Content, frozen=True, kw_only=True):
    """A response (no `parent_id`) or a reply to one. `depth` is always 0, so it is not read; `children` are replies;
    `endorsement` says who marked it as an answer and when."""

    thread_id: Id = ""
    parent_id: Id | None = None
    endorsed: bool = False
    endorsement: Any = None
    child_count: int = 0
    children: list[msgspec.Raw] = []

    @property
    def endorsed_ms(self) -> int | None:
        """When it was marked as an answer, where the forum says so."""
        when = self.endorsement.get("time") if isinstance(self.endorsement, dict) else None
        return parse_iso_or_none(when) if isinstance(when, str) else None

    @property
    def above(self) -> str | None:
        """The response that it replies to; None for a response (which some answers write as the word None)."""
        return str(self.parent_id) if self.parent_id not in (None, "", "None") else None


class Thread(Content, frozen=True, kw_only=True):
    """A thread. `children`, `resp_total` and the like come only where responses were asked for; `abuse_flagged_count`
    counts reports on comments, only in lists and only where there are some."""

    title: str = ""
    course_id: str = ""
    commentable_id: str | None = None
    thread_type: str = "discussion"
    closed: bool = False
    closed_by: str | None = None
    close_reason_code: str | None = None
    pinned: bool | None = False
    tags: list[str] = []
    last_activity_at: str | None = None
    votes: Any = None
    comments_count: int = 0
    abuse_flagged_count: int = 0
    children: list[msgspec.Raw] = []
    resp_total: int = 0


class ThreadPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of threads. Rows stay raw, so that one that cannot be read does not lose the page."""

    collection: list[msgspec.Raw]
    num_pages: int
    page: int = 1
    thread_count: int | None = None


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of new posts in a thread: a page of at most twenty."""

    collection: list[dict[str, Any]] = []


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A member as `users/{id}` has it: no join date, no counts."""

    id: Id
    username: str = ""


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """A member's numbers in a course. Flags are posts of this member that are (or were) reported; they lag behind."""

    username: str = ""
    active_flags: int = 0
    inactive_flags: int = 0
    threads: int = 0
    responses: int = 0
    replies: int = 0
    last_activity_at: str | None = None


class StatsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `users/{course}/stats`."""

    user_stats: list[Stats] = []
    num_pages: int = 0
    count: int = 0


def id_order(native: str) -> tuple[int, str]:
    """Sorts ids as the numbers they are."""
    return (int(native), "") if native.isdecimal() else (0, native)


def time_order(one: Content) -> tuple[int, tuple[int, str]]:
    """Sorts posts by time (the site sorts responses by id as text)."""
    return one.created_ms or 0, id_order(one.native)


def error_words(found: dict[str, Any]) -> str:
    """The sentence of an error answer: `detail`, or `error` as text or by field; "" where there is none."""
    for key in ("error", "detail"):
        value = found.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            parts = [f"{name}: {' '.join(map(str, told))}" for name, told in value.items() if isinstance(told, list)]
            return "; ".join(parts)
    return ""
