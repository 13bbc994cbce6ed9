"""What the fake forum keeps: members, topics, posts, flags, and what waits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

SYSTEM = ("administrators", "Global Moderators")


class Says(Exception):
    """An error of the write API: a status and the sentence."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass
class User:
    """A member. `log` has bans and mutes, the newest first; `until` 0 means for good."""

    uid: int
    username: str
    joined: int
    groups: list[str] = field(default_factory=list)
    moderates: list[int] = field(default_factory=list)
    about: str = ""
    email: str = ""
    ip: str = "203.0.113.7"
    banned: bool = False
    ban_until: int = 0
    muted: bool = False
    mute_until: int = 0
    mute_reason: str | None = None
    log: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The name in addresses."""
        return re.sub(r"[\s-]+", "-", self.username.lower())

    @property
    def admin(self) -> bool:
        """Whether this is an administrator."""
        return "administrators" in self.groups

    @property
    def everywhere(self) -> bool:
        """Administrator or global moderator."""
        return any(name in self.groups for name in SYSTEM)

    @property
    def moderator(self) -> bool:
        """Whether this account moderates anything."""
        return self.everywhere or bool(self.moderates)


@dataclass
class Post:
    """A post, with what was typed."""

    pid: int
    tid: int
    uid: int
    raw: str
    at: int
    to: int | None = None
    edited: int = 0
    deleted: bool = False
    deleter: int = 0


@dataclass
class Topic:
    """A topic. `pids` are all its posts; deleting one does not take it from them."""

    tid: int
    cid: int
    uid: int
    title: str
    at: int
    pids: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    locked: bool = False
    pinned: bool = False
    deleted: bool = False
    question: bool = False
    solved: int = 0
    followers: set[int] = field(default_factory=set)


@dataclass
class Flag:
    """A flag: one for each target, however many report it."""

    id: int
    type: str
    target: int
    target_uid: int
    at: int
    state: str = "open"
    assignee: str | None = None
    reports: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Entry:
    """An entry of the post queue."""

    id: str
    type: str
    uid: int
    raw: str
    at: int
    title: str = ""
    cid: int = 0
    tid: int = 0
    tags: list[str] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
