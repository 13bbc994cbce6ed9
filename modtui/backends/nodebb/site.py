"""What is known of one forum and of the account on it: what `identify` found, and what reading taught since."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from modtui.backends.nodebb.values import Row, number, row_of, rows_of, text, whole, yes
from modtui.backends.nodebb.wire import User
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign

STAFF_GROUPS = frozenset({"administrators", "Global Moderators"})
NO_MODERATOR = Blocked("right", "this account moderates nothing on the forum")
_ONLY_GLOBAL = "only administrators and global moderators may do this"


class Site:
    """One forum, seen by one account. `role` is the highest one; `uid` 0 means not signed in yet."""

    def __init__(self, community: CommunityId, base: str) -> None:
        self.community, self.base = community, base
        self.uid = 0
        self.username = Foreign("")
        self.role = "member"
        self.version = ""
        self.title = ""
        self.escaped = False
        """Whether titles, tags, reasons and notes come HTML-escaped (forums before 4.14)."""
        self.queue_calls = True
        """Whether the queue can be decided by calls (forums from 4.4.3 on)."""
        self.can_ban = self.can_mute = False
        self.answers: bool | None = None
        """Whether the plugin for questions and answers is there."""
        self.search = False
        self.categories: dict[int, str] = {}
        self.staff: dict[int, str] = {}
        """Members that are known to be staff, with their role."""
        self.names: dict[int, str] = {}
        """What they are called."""
        self.taught: set[int] = set()
        """Categories whose moderators are known (0: the forum as a whole)."""

    def me(self, body: Row) -> None:
        """Take over `/api/self`."""
        self.uid = number(body.get("uid")) or 0
        self.username = Foreign(text(body.get("username")))
        if yes(body.get("isAdmin")):
            self.role = "admin"
        elif yes(body.get("isGlobalModerator")):
            self.role = "global moderator"
        elif yes(body.get("isModerator")):
            self.role = "category moderator"
        else:
            self.role = "member"
        # Both are about the account itself, and an administrator cannot be banned: of them they say no.
        admin = self.role == "admin"
        self.can_ban, self.can_mute = admin or yes(body.get("canBan")), admin or yes(body.get("canMute"))

    def told_version(self, version: str) -> None:
        """Take over the version, which says how texts are sent."""
        self.version = version
        found = re.match(r"(\d{1,4})\.(\d{1,4})", version)
        if found:
            self.escaped = (int(found[1]), int(found[2])) < (4, 14)
        more = re.match(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version)
        self.queue_calls = more is None or (int(more[1]), int(more[2]), int(more[3])) >= (4, 4, 3)

    @property
    def moderates(self) -> Capability:
        """Whether the account moderates anything."""
        return ALLOWED if self.role != "member" else NO_MODERATOR

    @property
    def everywhere(self) -> Capability:
        """Whether the account is more than a moderator of categories."""
        return ALLOWED if self.role in ("admin", "global moderator") else Blocked("right", _ONLY_GLOBAL)

    @property
    def may_ban(self) -> Capability:
        """Whether the account may ban at all."""
        return ALLOWED if self.can_ban else Blocked("right", "this account was not given the right to ban")

    @property
    def may_mute(self) -> Capability:
        """Whether the account may mute at all. A new forum gives its global moderators no such right."""
        words = "this account was not given the right to mute; an administrator can give it"
        return ALLOWED if self.can_mute else Blocked("right", words)

    def ref(self, kind: str, native: object) -> SubjectRef:
        """The reference of a subject here."""
        return SubjectRef(self.community, kind, str(native))

    # --- staff, who must not be banned: the forum takes their groups away and does not give them back

    def learn_staff(self, people: Iterable[User], cid: int | None = None) -> None:
        """Who can be given a flag is staff: administrators, global moderators, and those of the flag's category."""
        for one in people:
            self.staff[one.uid] = "admin" if "administrators" in one.groups else self.staff.get(one.uid, "moderator")
            self.names[one.uid] = one.username
        self.taught.add(cid or 0)

    def role_of(self, user: User) -> Any:
        """"admin", "moderator" or None, as far as it is known."""
        if user.admin or "administrators" in user.groups:
            self.staff[user.uid] = "admin"
        elif "Global Moderators" in user.groups:
            self.staff.setdefault(user.uid, "moderator")
        return self.staff.get(user.uid)

    # --- categories

    def learn_categories(self, body: Row) -> None:
        """The names of the categories, those below others too."""
        waiting = rows_of(body.get("categories"))
        for _ in range(20):
            below: list[Row] = []
            for row in waiting:
                cid = whole(row.get("cid"))
                if cid is not None and text(row.get("name")):
                    self.categories[cid] = text(row.get("name"), escaped=self.escaped)
                below += rows_of(row.get("children"))
            if not below:
                break
            waiting = below

    def category(self, cid: int | None, told: str = "") -> Foreign | None:
        """The name of a category, where it is known."""
        if told and cid is not None:
            self.categories.setdefault(cid, told)
        name = told or self.categories.get(cid if cid is not None else -1, "")
        return Foreign(name) if name else None


def config_of(body: Row) -> tuple[str, bool]:
    """The forum's title and whether it has a search, from `/api/config`."""
    found = row_of(body)
    return text(found.get("siteTitle")) or text(found.get("browserTitle")), yes(found.get("searchEnabled"))
