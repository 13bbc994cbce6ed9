"""Members: what is known of one, the sanctions on them, and what is shown of them only when asked for."""

from __future__ import annotations

from typing import Literal

import msgspec

from modtui.text import Foreign

MemberKind = Literal["all", "new", "staff", "silenced", "suspended", "suspect", "waiting"]


class Penalty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sanction that is in force (or was). `until_ms` None means for good; `automatic` means the site did it. `told`
    False: a list said only that there is one, so its end is not known here."""

    kind: Literal["silence", "ban"]
    until_ms: int | None = None
    by: Foreign | None = None
    since_ms: int | None = None
    reason: Foreign | None = None
    automatic: bool = False
    told: bool = True


class Member(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a member; every count may be unknown (None). `native` is the site's own id."""

    native: str
    username: Foreign
    name: Foreign | None = None
    trust: int | None = None
    role: Literal["admin", "moderator", "staff"] | None = None
    since_ms: int | None = None
    seen_ms: int | None = None
    posts: int | None = None
    threads: int | None = None
    accepted: int | None = None
    upheld: int | None = None
    """Reports by this member that were right ..."""
    wrong: int | None = None
    """... and wrong ..."""
    left: int | None = None
    """... and closed without a verdict."""
    removed: int | None = None
    flags: tuple[str, ...] = ()
    """What a directory marks: "new", "staff", "suspect", "waiting" (for approval), "unanswered" (first post)."""
    silenced: int | None = None
    banned: int | None = None
    warned: int | None = None
    notes: int | None = None
    locale: str | None = None
    penalties: tuple[Penalty, ...] = ()


class Sanctioned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a member's history: what was done, when, by whom, why and until when. `kind` is "silence", "ban",
    "unsilence", "unban", "warning", "removal", "note" or the site's own word; `until_ms` None means no end is known."""

    kind: str
    at_ms: int | None = None
    by: Foreign | None = None
    reason: Foreign | None = None
    until_ms: int | None = None
    title: Foreign | None = None
    url: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Reports counted by how they ended; None where the site does not tell."""

    total: int | None = None
    right: int | None = None
    wrong: int | None = None
    ignored: int | None = None
    open: int | None = None


class Private(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown only when asked for, kept in memory only, never encoded: IP addresses and e-mail of a member, and
    the accounts that share an address. `logged`: the site keeps a record of this look."""

    email: Foreign | None = None
    ip: Foreign | None = None
    registration_ip: Foreign | None = None
    shares: tuple[Member, ...] = ()
    logged: bool = False

    def __repr__(self) -> str:
        return "Private(...)"
