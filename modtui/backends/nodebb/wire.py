"""The rows of NodeBB's read API and write API, as they are sent.

Each struct has an `of` that takes what a row has and leaves out what it cannot read; only a row without its own number
is `Unreadable`. `escaped` is for forums before 4.14, which send titles, tags, reasons and notes as HTML-escaped text.
"""

from __future__ import annotations

import html
import re

import msgspec

from modtui.backends.nodebb.values import (
    Row,
    Unreadable,
    count_of,
    number,
    row_of,
    rows_of,
    text,
    time_ms,
    unkeyed,
    whole,
    yes,
)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A member as posts, lists and profiles carry one. `*_told` says whether the end of a sanction was in the row."""

    uid: int
    username: str
    slug: str = ""
    name: str = ""
    about: str = ""
    joined_ms: int | None = None
    seen_ms: int | None = None
    posts: int | None = None
    threads: int | None = None
    reputation: int | None = None
    flags: int | None = None
    banned: bool = False
    banned_until_ms: int | None = None
    ban_told: bool = False
    muted: bool = False
    muted_until_ms: int | None = None
    mute_told: bool = False
    mute_reason: str = ""
    admin: bool = False
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: object, *, escaped: bool = False) -> User:
        """From a row. Raises Unreadable for a guest (0) and for no member at all."""
        row = row_of(value)
        uid, username = number(row.get("uid")), text(row.get("username"))
        if uid is None or not username:
            raise Unreadable("no member")
        groups = tuple(name for one in rows_of(row.get("groups")) if (name := text(one.get("name"))))
        titles = row.get("groupTitleArray")
        more = tuple(one for one in titles if isinstance(one, str)) if isinstance(titles, list) else ()
        return cls(
            # A name cannot hold "&", so taking the escapes off never changes one that was sent plain.
            uid=uid, username=html.unescape(username), slug=text(row.get("userslug")),
            name=text(row.get("fullname"), escaped=escaped), about=text(row.get("aboutme"), escaped=escaped),
            joined_ms=time_ms(row.get("joindate")), seen_ms=time_ms(row.get("lastonline")),
            posts=count_of(row.get("postcount")), threads=count_of(row.get("topiccount")),
            reputation=whole(row.get("reputation")), flags=count_of(row.get("flags")),
            banned=yes(row.get("banned")), banned_until_ms=time_ms(row.get("banned:expire")),
            ban_told="banned:expire" in row, muted=yes(row.get("muted")),
            muted_until_ms=time_ms(row.get("mutedUntil")), mute_told="mutedUntil" in row,
            mute_reason=text(row.get("mutedReason"), escaped=escaped), admin=yes(row.get("isTargetAdmin")),
            groups=tuple(dict.fromkeys((*groups, *more))),
        )  # fmt: skip

    @classmethod
    def maybe(cls, value: object, *, escaped: bool = False) -> User | None:
        """From a row, None where it is no member."""
        try:
            return cls.of(value, escaped=escaped)
        except Unreadable:
            return None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post: `content` is sanitised HTML in pages and in flags, Markdown from `/api/v3/posts/:pid`."""

    pid: int
    tid: int | None = None
    uid: int | None = None
    content: str = ""
    at_ms: int | None = None
    edited_ms: int | None = None
    deleted: bool = False
    deleter: int | None = None
    user: User | None = None
    to_pid: int | None = None
    index: int | None = None
    answer: bool = False

    @classmethod
    def of(cls, value: object, *, escaped: bool = False) -> Post:
        """From a row. Raises Unreadable."""
        row = row_of(value)
        pid = number(row.get("pid"))
        if pid is None:
            raise Unreadable("no post")
        index = whole(row.get("index"))
        return cls(
            pid=pid, tid=number(row.get("tid")), uid=number(row.get("uid")), content=text(row.get("content")),
            at_ms=time_ms(row.get("timestamp")), edited_ms=time_ms(row.get("edited")),
            deleted=yes(row.get("deleted")), deleter=number(row.get("deleterUid")),
            user=User.maybe(row.get("user"), escaped=escaped), to_pid=number(row.get("toPid")),
            index=index if index is not None and 0 <= index < 2**31 else None, answer=yes(row.get("isAnswer")),
        )  # fmt: skip

    @classmethod
    def maybe(cls, value: object, *, escaped: bool = False) -> Post | None:
        """From a row, None where it is no post."""
        try:
            return cls.of(value, escaped=escaped)
        except Unreadable:
            return None


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic of a list, of its own page or of `/api/v3/topics/:tid` (which has no user, category and teaser)."""

    tid: int
    uid: int | None = None
    cid: int | None = None
    title: str = ""
    slug: str = ""
    first: int | None = None
    """The post that opens it."""
    last: int | None = None
    """The newest post that is not deleted, None where that is the first."""
    posts: int = 1
    """With the deleted ones: deleting a post does not lower it."""
    at_ms: int | None = None
    last_ms: int | None = None
    views: int | None = None
    votes: int | None = None
    locked: bool = False
    pinned: bool = False
    deleted: bool = False
    scheduled: bool = False
    question: bool = False
    solved: bool = False
    answer: int | None = None
    tags: tuple[str, ...] = ()
    user: User | None = None
    category: str = ""
    teaser: Post | None = None
    followed: bool = False

    @classmethod
    def of(cls, value: object, *, escaped: bool = False) -> Topic:
        """From a row. Raises Unreadable."""
        row = row_of(value)
        tid = number(row.get("tid"))
        if tid is None:
            raise Unreadable("no topic")
        raw = row.get("titleRaw")
        title = raw if isinstance(raw, str) and raw else text(row.get("title"), escaped=escaped)
        first, teaser = number(row.get("mainPid")), Post.maybe(row.get("teaser"), escaped=escaped)
        last = number(row.get("teaserPid")) or (teaser.pid if teaser is not None else None)
        return cls(
            tid=tid, uid=number(row.get("uid")), cid=whole(row.get("cid")), title=title, slug=text(row.get("slug")),
            first=first, last=last if last != first else None, posts=count_of(row.get("postcount")) or 1,
            at_ms=time_ms(row.get("timestamp")), last_ms=time_ms(row.get("lastposttime")),
            views=count_of(row.get("viewcount")), votes=whole(row.get("votes")), locked=yes(row.get("locked")),
            pinned=yes(row.get("pinned")), deleted=yes(row.get("deleted")), scheduled=yes(row.get("scheduled")),
            question=yes(row.get("isQuestion")), solved=yes(row.get("isSolved")), answer=number(row.get("solvedPid")),
            tags=tags_of(row.get("tags"), escaped=escaped), user=User.maybe(row.get("user"), escaped=escaped),
            category=text(row_of(row.get("category")).get("name"), escaped=escaped), teaser=teaser,
            followed=yes(row.get("isFollowing")) or yes(row.get("followed")),
        )  # fmt: skip


def tags_of(value: object, *, escaped: bool = False) -> tuple[str, ...]:
    """The names of tags: objects with a `value`, or bare texts (in the post queue)."""
    rows = value if isinstance(value, list) else []
    names = (text(row_of(one).get("value") if isinstance(one, dict) else one, escaped=escaped) for one in rows)
    return tuple(dict.fromkeys(name for name in names if name))


class FlagRow(msgspec.Struct, frozen=True, kw_only=True):
    """A flag as the list has it: neither reasons nor text. `heat` counts reports."""

    id: int
    state: str
    type: str
    target: int | None
    assignee: int | None
    at_ms: int
    heat: int = 0

    @classmethod
    def of(cls, value: object) -> FlagRow:
        """From a row. Raises Unreadable."""
        row = row_of(value)
        native = number(row.get("flagId"))
        if native is None:
            raise Unreadable("no flag")
        return cls(
            id=native, state=text(row.get("state")), type=text(row.get("type")), target=number(row.get("targetId")),
            assignee=number(row.get("assignee")), at_ms=time_ms(row.get("datetime")) or 0,
            heat=count_of(row.get("heat")) or 0,
        )  # fmt: skip

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the list, oldest first, whatever joins or leaves."""
        return self.at_ms, self.id

    @property
    def mark(self) -> str:
        """What changes when somebody reports, claims or decides."""
        return f"{self.state}:{self.assignee or 0}:{self.heat}"


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A note of a flag, known by its time; or a line of its history."""

    at_ms: int
    uid: int | None
    by: str
    text: str = ""
    fields: dict[str, str] = {}


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """One member's report."""

    value: str
    at_ms: int | None
    user: User | None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A flag with its target, reports and notes. `history` and `people` (who can have it) come with its page only;
    `purged` says that the target is gone for good."""

    row: FlagRow
    target_uid: int | None
    post: Post | None
    user: User | None
    reports: tuple[Reported, ...]
    notes: tuple[Noted, ...]
    history: tuple[Noted, ...] = ()
    people: tuple[User, ...] = ()
    purged: bool = False

    @classmethod
    def of(cls, value: object, *, escaped: bool = False) -> Flag:
        """From a row. Raises Unreadable."""
        row = row_of(value)
        target = row_of(row.get("target"))
        post = Post.maybe(target, escaped=escaped) if row.get("type") == "post" else None
        user = User.maybe(target, escaped=escaped) if row.get("type") == "user" else None
        people = (User.maybe(one) for one in rows_of(row.get("assignees")))
        return cls(
            row=FlagRow.of(row), target_uid=number(row.get("targetUid")), post=post, user=user,
            reports=tuple(_reported(one, escaped) for one in rows_of(row.get("reports"))),
            notes=notes_of(row.get("notes"), escaped=escaped), history=history_of(row.get("history")),
            people=tuple(one for one in people if one is not None), purged=post is None and user is None,
        )  # fmt: skip


def _reported(row: Row, escaped: bool) -> Reported:
    return Reported(
        value=text(row.get("value"), escaped=escaped), at_ms=time_ms(row.get("timestamp")),
        user=User.maybe(row.get("reporter"), escaped=escaped),
    )  # fmt: skip


def notes_of(value: object, *, escaped: bool = False) -> tuple[Noted, ...]:
    """The team's notes on a flag, newest first as they come. One without text (the forum takes empty ones) is kept."""
    return tuple(_noted(row, text(row.get("content"), escaped=escaped)) for row in rows_of(value))


def history_of(value: object) -> tuple[Noted, ...]:
    """The lines of a flag's history that are about the flag, newest first. Those about the member's bans and addresses,
    which the forum mixes in, are left out."""
    found = []
    for row in rows_of(value):
        fields = {key: unkeyed(text(one)) for key, one in row_of(row.get("fields")).items()}
        if fields:
            found.append(_noted(row, "", fields))
    return tuple(found)


def _noted(row: Row, words: str, fields: dict[str, str] | None = None) -> Noted:
    user = row_of(row.get("user"))
    return Noted(
        at_ms=time_ms(row.get("datetime")) or 0, uid=number(row.get("uid")), text=words, fields=fields or {},
        by=html.unescape(text(user.get("username"))) or f"member {text(row.get('uid')) or '?'}",
    )  # fmt: skip


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the post queue. `raw` is what the author typed, `content` the same as HTML."""

    id: str
    type: str
    title: str
    content: str
    raw: str
    tid: int | None
    cid: int | None
    category: str
    tags: tuple[str, ...]
    at_ms: int | None
    user: User | None
    can_accept: bool
    can_edit: bool

    @classmethod
    def of(cls, value: object, *, escaped: bool = False) -> Queued:
        """From a row. Raises Unreadable."""
        row = row_of(value)
        data, topic, category = row_of(row.get("data")), row_of(row.get("topic")), row_of(row.get("category"))
        native = text(row.get("id"))
        if not re.fullmatch(r"[a-z]{1,20}-[0-9A-Za-z-]{1,60}", native):
            raise Unreadable("no entry")
        own, above = text(data.get("title"), escaped=escaped), text(topic.get("title"), escaped=escaped)
        return cls(
            id=native, type=text(row.get("type")), title=own or above, content=text(data.get("content")),
            raw=text(data.get("rawContent")), tid=number(data.get("tid")),
            cid=whole(data.get("cid")) or whole(topic.get("cid")), category=text(category.get("name"), escaped=escaped),
            tags=tags_of(data.get("tags"), escaped=escaped), at_ms=time_ms(data.get("timestamp")),
            user=User.maybe(row.get("user"), escaped=escaped), can_accept=yes(row.get("canAccept")),
            can_edit=yes(row.get("canEdit")),
        )  # fmt: skip
