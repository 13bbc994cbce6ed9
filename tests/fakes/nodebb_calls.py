"""The fake forum's write API, with the rules and the sentences that were seen."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_records import Flag, Post, Says, Topic, User
from tests.fakes.nodebb_rows import Row, Rows, cooked

UNDEFINED = "Cannot read properties of undefined (reading '{}')"
DENIED = "You do not have enough privileges for this action."


class Calls:
    """The calls of one forum. Each takes who asks, the body (None: none came), and what stands in the path."""

    forum: Forum
    rows: Rows

    def visible(self, viewer: User, flag: Flag) -> bool:
        """Whether a moderator sees the flag."""
        raise NotImplementedError

    # --- flags

    def a_flag(self, viewer: User, native: str) -> Flag:
        """A flag that this account sees."""
        flag = self.forum.flags.get(int(native))
        if flag is None or not viewer.moderator or not self.visible(viewer, flag):
            raise Says(404, "Flag does not exist")
        return flag

    def flag(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """A flag with its target."""
        return self.rows.flag(self.a_flag(viewer, native), viewer)

    def set_flag(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Change state or assignee."""
        flag = self.a_flag(viewer, native)
        self.forum.set_flag(viewer, flag, body or {})
        return {"history": self.rows.history(flag)}

    def erase_flag(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Erase for good."""
        del self.forum.flags[self.a_flag(viewer, native).id]
        return {}

    def note(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """A note, also one without text."""
        flag = self.a_flag(viewer, native)
        flag.notes.insert(0, {"uid": viewer.uid, "text": (body or {}).get("note"), "at": self.forum.now()})
        self.forum.line(flag, viewer, {"notes": None})
        return {"notes": self.rows.notes(flag), "history": self.rows.history(flag)}

    def unnote(self, viewer: User, body: Any, native: str, at: str, request: Request | None) -> Row:
        """Delete an own note."""
        flag = self.a_flag(viewer, native)
        note = next((one for one in flag.notes if one["at"] == int(at)), None)
        if note is None:
            raise Says(400, "Invalid Data")
        if note["uid"] != viewer.uid:
            raise Says(403, DENIED)
        flag.notes.remove(note)
        self.forum.line(flag, viewer, {"notes": "[[flags:note-deleted]]"})
        return {"notes": self.rows.notes(flag), "history": self.rows.history(flag)}

    # --- posts

    def a_post(self, pid: str, viewer: User | None = None) -> Post:
        """A post; with `viewer` one that this account moderates."""
        post = self.forum.posts.get(int(pid))
        if post is None:
            raise Says(404, "Post does not exist")
        if viewer is not None and not self.forum.may(viewer, self.forum.topics[post.tid].cid):
            raise Says(403, DENIED)
        return post

    def post(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """A post with its source; of a deleted one members get other words."""
        post = self.a_post(pid)
        row = self.rows.post(post)
        if post.deleted and not self.forum.may(viewer, self.forum.topics[post.tid].cid):
            row["content"] = "[[topic:post-is-deleted]]"
        return row

    def summary(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """A post with its topic."""
        return self.rows.summary(self.a_post(pid), viewer)

    def index(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """Where it stands in its topic."""
        post = self.a_post(pid)
        return {"index": self.forum.topics[post.tid].pids.index(post.pid)}

    def edit(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """Another text. The first post of a question sent without its mark makes it an ordinary topic."""
        post = self.a_post(pid, viewer)
        topic = self.forum.topics[post.tid]
        post.raw, post.edited = body["content"], self.forum.now()
        if topic.pids[0] == post.pid:
            topic.title = body.get("title", topic.title)
            topic.question = bool(body.get("isQuestion"))
        return self.rows.summary(post, viewer)

    def delete(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """Delete, softly."""
        self.forum.delete_post(viewer, self.a_post(pid, viewer))
        return {}

    def restore(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """Bring back."""
        self.forum.restore_post(self.a_post(pid, viewer))
        return {}

    def purge(self, viewer: User, body: Any, pid: str, request: Request | None) -> Row:
        """Erase for good."""
        self.forum.purge_post(viewer, self.a_post(pid, viewer))
        return {}

    # --- the queue

    def an_entry(self, viewer: User, native: str) -> Any:
        """An entry that still waits."""
        entry = self.forum.queue.get(native)
        if entry is None:
            raise Says(400, "Post does not exist")
        cid = self.forum.topics[entry.tid].cid if entry.tid else entry.cid
        if not self.forum.may(viewer, cid):
            raise Says(403, DENIED)
        return entry

    def accept(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Publish."""
        entry = self.an_entry(viewer, native)
        post = self.forum.accept(entry)
        return {"post": {"type": entry.type, "pid": post.pid, "tid": post.tid}}

    def decline(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Reject; it needs a body."""
        if body is None:
            raise Says(400, UNDEFINED.format("message"))
        del self.forum.queue[self.an_entry(viewer, native).id]
        return {}

    def edit_queued(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Another text for what waits."""
        entry = self.an_entry(viewer, native)
        if not body:
            raise Says(400, "Invalid Data")
        entry.raw, entry.title = body.get("content", entry.raw), body.get("title", entry.title)
        return {"postData": {"id": entry.id, "content": cooked(entry.raw), "title": entry.title}}

    def notify(self, viewer: User, body: Any, native: str, request: Request | None) -> Row:
        """Tell the author."""
        self.an_entry(viewer, native).notified.append(body["message"])
        return {}

    # --- topics

    def a_topic(self, tid: str, viewer: User | None = None) -> Topic:
        """A topic; with `viewer` one that this account moderates."""
        topic = self.forum.topics.get(int(tid))
        if topic is None:
            raise Says(404, "Topic does not exist")
        if viewer is not None and not self.forum.may(viewer, topic.cid):
            raise Says(403, DENIED)
        return topic

    def bare_topic(self, viewer: User, body: Any, tid: str, request: Request | None) -> Row:
        """A topic without its posts."""
        topic = self.a_topic(tid)
        return {**self.rows.bare(topic), "tags": self.rows.tags(topic)}

    def reply(self, viewer: User, body: Any, tid: str, request: Request | None) -> Row:
        """A reply; twice the same is two."""
        to = body.get("toPid")
        made = self.forum.reply(viewer, self.a_topic(tid), body["content"], int(to) if to else None)
        if not isinstance(made, Post):
            return {"queued": True, "id": made.id}
        topic = self.forum.topics[made.tid]
        return {**self.rows.summary(made, viewer), "user": self.rows.poster(viewer.uid),
                "index": topic.pids.index(made.pid), "bookmarked": False, "selfPost": False}  # fmt: skip

    def set_topic(self, viewer: User, body: Any, tid: str, what: str, request: Request | None) -> Row:
        """Lock, pin, delete, follow, and back. Only deleting minds a second time."""
        on = request is not None and request.method == "PUT"
        topic = self.a_topic(tid, None if what == "follow" else viewer)
        if what == "lock":
            topic.locked = on
        elif what == "pin":
            topic.pinned = on
        elif what == "follow":
            (topic.followers.add if on else topic.followers.discard)(viewer.uid)
        elif topic.deleted != on:
            raise Says(400, f"This topic has already been {'restored' if on else 'deleted'}")
        else:
            topic.deleted = not on
        return {}

    def purge_topic(self, viewer: User, body: Any, tid: str, request: Request | None) -> Row:
        """Erase with all its posts."""
        topic = self.a_topic(tid, viewer)
        for pid in topic.pids:
            del self.forum.posts[pid]
        del self.forum.topics[topic.tid]
        return {}

    def move(self, viewer: User, body: Any, tid: str, request: Request | None) -> Row:
        """Into another category."""
        self.a_topic(tid, viewer).cid = int(body["cid"])
        return {}

    def set_tags(self, viewer: User, body: Any, tid: str, request: Request | None) -> Row:
        """All tags; too long ones are dropped without a word."""
        self.a_topic(tid, viewer).tags = [tag for tag in body["tags"] if len(tag) <= 15]
        return {}

    # --- members

    def a_user(self, uid: str) -> User:
        """A member."""
        user = self.forum.users.get(int(uid))
        if user is None:
            raise Says(404, "User does not exist")
        return user

    def bare_user(self, viewer: User, body: Any, uid: str, request: Request | None) -> Row:
        """A member by number."""
        return self.rows.listed(self.a_user(uid))

    def punish(self, viewer: User, body: Any, uid: str, kind: str, request: Request | None) -> Row:
        """Ban or mute."""
        given = body or {}
        self.forum.punish(viewer, self.a_user(uid), kind, int(given.get("until") or 0), str(given.get("reason") or ""))
        return {}

    def pardon(self, viewer: User, body: Any, uid: str, kind: str, request: Request | None) -> Row:
        """Lift it; it needs a body."""
        if body is None:
            raise Says(400, UNDEFINED.format("reason"))
        self.forum.pardon(viewer, self.a_user(uid), kind, str(body.get("reason") or ""))
        return {}
