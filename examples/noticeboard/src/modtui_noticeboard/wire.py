"""The board's JSON. Lenient: only ids are required, unknown keys are ignored, null is the same as none."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from modtui.backends.reply import Reply

T = TypeVar("T")


class Complaint(msgspec.Struct):
    """One member's complaint about a notice. Times are Unix seconds."""

    id: int
    member: str = ""
    kind: str = "other"
    words: str | None = None
    made: float = 0
    open: bool = True


class Notice(msgspec.Struct):
    """One notice. `revision` rises when its author changes the text, and only then."""

    id: int
    wall: str = ""
    author: str = ""
    text: str = ""
    posted: float = 0
    edited: float | None = None
    revision: int = 1
    hidden: bool = False
    pinned: bool = False
    complaints: list[Complaint] = []


class Notices(msgspec.Struct):
    """A list of notices. They are not decoded yet, so that one that is broken does not cost the others. `next` is
    where the next page begins: the oldest complaint of the last row, which stays when other rows leave the list."""

    notices: list[object]
    total: int | None = None
    next: int | None = None


class Me(msgspec.Struct):
    """Who the token belongs to."""

    username: str
    role: str = "reader"
    board: str | None = None
    version: str | None = None


class Member(msgspec.Struct):
    """A member's own page."""

    username: str
    joined: float | None = None
    notices: int | None = None
    complained: int | None = None


class News(msgspec.Struct):
    """What happened since a position: the notices concerned, and whether a complaint is among it."""

    position: int
    notices: list[int] = []
    complaints: bool = False


def decode(reply: Reply, kind: type[T]) -> T:
    """The answer as `kind`. Raises SiteError when it is a web page, cut off, or of another shape."""
    try:
        return msgspec.convert(reply.mapping(), kind)
    except msgspec.ValidationError:
        raise reply.bad(f"{reply.place} answered with data of another shape than a noticeboard's.") from None


def rows(page: Notices) -> tuple[list[Notice], int]:
    """The notices of a list, and how many could not be read."""
    found, bad = [], 0
    for row in page.notices:
        try:
            found.append(msgspec.convert(row, Notice))
        except msgspec.ValidationError:
            bad += 1
    return found, bad
