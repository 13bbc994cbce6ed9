"""Who and what is moderated, by name."""

from __future__ import annotations

from typing import Literal, NewType

import msgspec

CommunityId = NewType("CommunityId", str)
Lane = Literal["reports", "pending", "questions", "members", "escalated"]
LANES: tuple[Lane, ...] = ("reports", "pending", "questions", "members", "escalated")


def community_id(backend: str, url: str, account: str, *, part: str = "") -> CommunityId:
    """The identity of one account on one site: it survives renaming in the settings. 12 hex digits.

    `part` tells communities apart that share site and account (a course of a forum): `backends.base.part_of`.
    """
    import hashlib  # late: OpenSSL takes longer to load than all that `modtui --version` needs of this module

    text = "\n".join((backend, url.rstrip("/").lower(), account.lower(), *([part] if part else ())))
    return CommunityId(hashlib.sha256(text.encode()).hexdigest()[:12])


class SubjectRef(msgspec.Struct, frozen=True, order=True):
    """One subject on one community. A reviewable, a topic and a user with the same number are three subjects."""

    community: CommunityId
    kind: str
    native: str

    def __str__(self) -> str:
        return f"{self.community}/{self.kind}/{self.native}"


def item_id(lane: str, ref: SubjectRef) -> str:
    """The opaque id of a row of work, as `queue --json` prints it."""
    return f"{lane}/{ref}"


def parse_item_id(text: str) -> tuple[str, SubjectRef] | None:
    """Back from `item_id`; None when `text` is not one (a bare native id, perhaps)."""
    parts = text.split("/", 3)
    if len(parts) != 4 or not all(parts):
        return None
    return parts[0], SubjectRef(CommunityId(parts[1]), parts[2], parts[3])
