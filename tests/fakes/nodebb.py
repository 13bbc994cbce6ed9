"""A hand-made FAKE of a NodeBB forum: its people, topics, flags and queue, and the rules that 4.15.1 was seen to keep.

It is no NodeBB. What it answers has the shapes of exchanges that were recorded on a real one (tests/data/nodebb; the
tests compare both, so that it cannot drift), and it keeps the rules that matter to a moderator, odd ones included. It
imports nothing of modtui. `nodebb_app` puts it on HTTP.
"""

from __future__ import annotations

import functools
import html
import threading
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from tests.fakes.nodebb_records import SYSTEM, Entry, Flag, Post, Says, Topic, User

P = ParamSpec("P")
R = TypeVar("R")
STATES = ("open", "wip", "resolved", "rejected")
PER_PAGE = 20


def _alone(act: Callable[Concatenate[Forum, P], R]) -> Callable[Concatenate[Forum, P], R]:
    """Nobody else looks or acts meanwhile: tests act on the forum while it answers in a thread of its own."""

    @functools.wraps(act)
    def alone(self: Forum, /, *args: P.args, **more: P.kwargs) -> R:
        with self.lock:
            return act(self, *args, **more)

    return alone


class Forum:
    """The whole forum. Members act through its methods; the app asks the same of it."""

    def __init__(self, *, version: str = "4.15.1", plugin: bool = True, mutes: bool = True) -> None:
        self.lock = threading.RLock()
        self.version, self.plugin, self.mutes = version, plugin, mutes
        self.title = "Keyboards and more"
        self.categories = {5: "Help desk", 7: "Off topic", 8: "Staff room"}
        self.users: dict[int, User] = {}
        self.topics: dict[int, Topic] = {}
        self.posts: dict[int, Post] = {}
        self.flags: dict[int, Flag] = {}
        self.queue: dict[str, Entry] = {}
        self.sign_ups: list[dict[str, Any]] = []
        self.tokens: dict[str, int] = {}
        self.queued_users: set[int] = set()
        self.published: list[str] = []
        self.served: list[tuple[str, str, int]] = []
        """Method, path and status of every answer."""
        self.down = ""
        """"maintenance" makes every answer a 503."""
        self.spoiled: list[dict[str, Any]] = []
        """Rows that stand at the end of the list of open flags, whatever they are."""
        self.resolves = True
        """Whether deleting a flagged post closes its flag, as 4.15.1 does."""
        self._last = 0
        self._next = {"tid": 0, "pid": 0, "flag": 0, "uid": 0}
        self._begin()

    @_alone
    def clear(self) -> None:
        """An empty forum again; numbers go on, as nothing is ever numbered twice."""
        for kept in (self.users, self.topics, self.posts, self.flags, self.queue, self.tokens):
            kept.clear()
        for listed in (self.sign_ups, self.published, self.served, self.spoiled):
            listed.clear()
        self.queued_users.clear()
        self._begin()

    def _begin(self) -> None:
        """The team."""
        self.admin = self.member("admin", groups=["administrators"])
        self.gmod = self.member("gmod", groups=["Global Moderators"])
        self.catmod = self.member("catmod", moderates=[7])

    # --- time and numbers

    def now(self) -> int:
        """Milliseconds; never the same twice."""
        self._last = max(self._last + 1, int(time.time() * 1000))
        return self._last

    def number(self, kind: str) -> int:
        """The next number of a kind."""
        self._next[kind] += 1
        return self._next[kind]

    @property
    def escapes(self) -> bool:
        """Forums before 4.14 send titles, tags, reasons and notes as HTML-escaped text."""
        major, minor = map(int, self.version.split(".")[:2])
        return (major, minor) < (4, 14)

    def told(self, words: str | None) -> Any:
        """A text as this version sends it."""
        if words is None or not self.escapes:
            return words
        return html.escape(words, quote=True).replace("/", "&#x2F;")

    # --- members act

    @_alone
    def member(self, name: str, /, **more: Any) -> User:
        """A new member."""
        uid = self.number("uid")
        user = User(uid=uid, username=name, joined=self.now(), **more)
        user.email = user.email or f"{user.slug}@example.test"
        self.users[uid] = user
        return user

    @_alone
    def token(self, user: User | None) -> str:
        """A token of this member; of nobody: a master token."""
        text = f"token-{len(self.tokens) + 1:04d}-of-{user.username if user else 'the-forum'}"
        self.tokens[text] = user.uid if user else 0
        return text

    @_alone
    def topic(
        self, user: User, title: str, raw: str, *, cid: int = 7, question: bool = False, tags: list[str] | None = None
    ) -> Topic:
        """A new topic with its first post."""
        at = self.now()
        made = Topic(tid=self.number("tid"), cid=cid, uid=user.uid, title=title, at=at, question=question,
                     tags=list(tags or []))  # fmt: skip
        self.topics[made.tid] = made
        self.add(made, user, raw, at)
        return made

    @_alone
    def add(self, topic: Topic, user: User, raw: str, at: int = 0, to: int | None = None) -> Post:
        """One more post."""
        post = Post(pid=self.number("pid"), tid=topic.tid, uid=user.uid, raw=raw, at=at or self.now(), to=to)
        self.posts[post.pid] = post
        topic.pids.append(post.pid)
        return post

    @_alone
    def reply(self, user: User, topic: Topic, raw: str, to: int | None = None) -> Post | Entry:
        """A reply, or an entry of the queue where the member's posts wait."""
        if not raw.strip():
            raise Says(400, "Invalid Data")
        if len(raw.strip()) < 3:
            raise Says(400, "Please enter a longer post. Posts should contain at least 3 character(s).")
        if user.muted:
            raise Says(400, "You have been muted, you can not post right now.")
        if topic.locked and not self.may(user, topic.cid):
            raise Says(400, "Topic locked")
        if user.uid in self.queued_users:
            return self.wait(user, raw, tid=topic.tid)
        return self.add(topic, user, raw, to=to)

    @_alone
    def wait(self, user: User, raw: str, *, tid: int = 0, title: str = "", cid: int = 5) -> Entry:
        """A post that waits for approval."""
        at, kind = self.now(), "reply" if tid else "topic"
        entry = Entry(id=f"{kind}-{at}", type=kind, uid=user.uid, raw=raw, at=at, title=title, tid=tid,
                      cid=0 if tid else cid)  # fmt: skip
        self.queue[entry.id] = entry
        return entry

    @_alone
    def sign_up(self, name: str) -> None:
        """Somebody wants to become a member."""
        email, ip = f"{name}@example.test", "198.51.100.9"
        self.sign_ups.append({"username": name, "email": email, "ip": ip, "at": self.now()})

    @_alone
    def report(self, user: User, kind: str, target: int, reason: str) -> Flag:
        """Report a post or a member: one flag for each target. A further report opens it again."""
        owner = self.posts[target].uid if kind == "post" else target
        flag = next((one for one in self.flags.values() if (one.type, one.target) == (kind, target)), None)
        at = self.now()
        if flag is None:
            flag = Flag(id=self.number("flag"), type=kind, target=target, target_uid=owner, at=at)
            self.flags[flag.id] = flag
        flag.reports.insert(0, {"value": reason, "at": at, "uid": user.uid})
        flag.state = "open"
        self.line(flag, user, {"state": "[[flags:state-open]]"})
        return flag

    # --- moderators act

    def may(self, user: User, cid: int) -> bool:
        """Whether a member moderates the category."""
        return user.everywhere or cid in user.moderates

    def line(self, flag: Flag, user: User, fields: dict[str, Any]) -> None:
        """A line of a flag's history."""
        flag.history.insert(0, {"uid": user.uid, "fields": fields, "at": self.now()})

    @_alone
    def set_flag(self, user: User, flag: Flag, body: dict[str, Any]) -> None:
        """Change state or assignee. What it does not know it ignores, and says nothing."""
        changes: dict[str, Any] = {}
        state, to = body.get("state"), body.get("assignee")
        if state in STATES and state != flag.state:
            flag.state = state
            changes["state"] = f"[[flags:state-{state}]]"
        if "assignee" in body and (to == "" or self.assignable(flag, to)) and (flag.assignee or "") != to:
            flag.assignee = str(to) if to != "" else ""
            changes["assignee"] = self.users[int(str(to))].username if to != "" else "[[global:guest]]"
        if changes:
            self.line(flag, user, changes)

    def assignable(self, flag: Flag, to: Any) -> bool:
        """Whether a member can be given a flag."""
        user = self.users.get(int(to)) if str(to).isdigit() else None
        return user is not None and user in self.people(flag)

    def people(self, flag: Flag) -> list[User]:
        """Who can be given a flag."""
        cid = self.topics[self.posts[flag.target].tid].cid if flag.type == "post" and flag.target in self.posts else 0
        if flag.type == "user":
            return [one for one in self.users.values() if one.admin]
        return [one for one in self.users.values() if one.everywhere or cid in one.moderates]

    def resolve(self, user: User, kind: str, target: int) -> None:
        """What deleting, erasing and banning do to the flag of their target."""
        for flag in self.flags.values():
            if self.resolves and (flag.type, flag.target) == (kind, target):
                self.set_flag(user, flag, {"state": "resolved"})

    @_alone
    def delete_post(self, user: User, post: Post) -> None:
        """Delete, so that members no longer read it. The only post takes its topic along."""
        if post.deleted:
            raise Says(400, "This post has already been deleted")
        post.deleted, post.deleter = True, user.uid
        if len(self.topics[post.tid].pids) == 1:
            self.topics[post.tid].deleted = True
        self.resolve(user, "post", post.pid)

    @_alone
    def restore_post(self, post: Post) -> None:
        """Bring it back. The flag stays as it is."""
        if not post.deleted:
            raise Says(400, "This post has already been restored")
        post.deleted, post.deleter = False, 0
        if len(self.topics[post.tid].pids) == 1:
            self.topics[post.tid].deleted = False

    @_alone
    def purge_post(self, user: User, post: Post) -> None:
        """Erase for good."""
        topic = self.topics[post.tid]
        if topic.pids[0] == post.pid and len(topic.pids) > 1:
            raise Says(400, "Main post can't be deleted, please delete topic instead")
        topic.pids.remove(post.pid)
        del self.posts[post.pid]
        if not topic.pids:
            del self.topics[topic.tid]
        self.resolve(user, "post", post.pid)

    @_alone
    def punish(self, user: User, target: User, kind: str, until: int, reason: str) -> None:
        """Ban or mute. An end that is over means for good, and a ban takes the forum's own groups away."""
        self.punisher(user, kind)
        if target.admin:
            raise Says(400, "You can't ban other admins!" if kind == "ban" else "You can't mute other admins!")
        end = until if until > self.now() else 0
        target.log.insert(0, {"type": kind, "by": user.uid, "at": self.now(), "until": end, "reason": reason})
        if kind == "ban":
            target.banned, target.ban_until = True, end
            target.groups = [name for name in target.groups if name not in SYSTEM]
            self.resolve(user, "user", target.uid)
        else:
            target.muted, target.mute_until, target.mute_reason = True, end, reason

    @_alone
    def pardon(self, user: User, target: User, kind: str, reason: str) -> None:
        """Lift a ban or mute; also one that is not there."""
        self.punisher(user, kind)
        target.log.insert(0, {"type": f"un{kind}", "by": user.uid, "at": self.now(), "until": None, "reason": reason})
        if kind == "ban":
            target.banned, target.ban_until = False, 0
        else:
            target.muted, target.mute_until, target.mute_reason = False, 0, None

    def punisher(self, user: User, kind: str) -> None:
        """Raises Says where the account may not ban, or not mute."""
        if not (user.everywhere if kind == "ban" else self.can_mute(user)):
            raise Says(403, "You do not have enough privileges for this action.")

    def can_mute(self, user: User) -> bool:
        """A fresh forum gives its global moderators no right to mute."""
        return user.admin or (user.everywhere and self.mutes)

    @_alone
    def accept(self, entry: Entry) -> Post:
        """Publish what waits, with the time at which it was written."""
        user = self.users[entry.uid]
        self.queue.pop(entry.id, None)
        self.published.append(entry.id)
        if entry.type == "topic":
            topic = self.topic(user, entry.title, entry.raw, cid=entry.cid, tags=entry.tags)
            topic.at = self.posts[topic.pids[0]].at = entry.at
            return self.posts[topic.pids[0]]
        return self.add(self.topics[entry.tid], user, entry.raw, at=entry.at)

    # --- what is to be seen

    def last(self, topic: Topic) -> Post:
        """The newest post that is not deleted, else the first."""
        alive = [self.posts[pid] for pid in topic.pids if not self.posts[pid].deleted]
        return max(alive, key=lambda post: post.at, default=self.posts[topic.pids[0]])

    def recent(self) -> list[Topic]:
        """The newest two hundred topics, where something was written last."""
        return sorted(self.topics.values(), key=lambda topic: -self.last(topic).at)[:200]
