"""The rows that the fake forum sends, shaped as recorded ones: with their odd types (numbers as text, flags as "0")."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Any

from tests.fakes.nodebb import PER_PAGE, Forum
from tests.fakes.nodebb_records import Entry, Flag, Post, Topic, User

ALWAYS = "[[user:info.banned-permanently]]"
"""What `banned_until_readable` says of everybody, banned or not."""
AUTHOR = ("username", "userslug", "uid", "displayname", "isLocal")
Row = dict[str, Any]


def iso(at: int) -> str:
    """A time as text."""
    if not at:
        return ""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cooked(raw: str) -> str:
    """Post HTML: what was typed, in paragraphs, with nothing taken out but tags."""
    parts = [html.escape(part, quote=False) for part in raw.strip().split("\n\n")]
    return "".join(f'<p dir="auto">{part}</p>\n' for part in parts)


def pages(at: int, count: int, per_page: int = PER_PAGE) -> Row:
    """The part of an answer that tells its page."""
    total = max(1, -(-count // per_page))
    side = {"page": at, "active": False}
    return {"prev": side, "next": side, "first": side, "last": side, "rel": [], "pages": [], "currentPage": at,
            "pageCount": total}  # fmt: skip


class Rows:
    """The rows of one forum."""

    def __init__(self, forum: Forum) -> None:
        self.forum = forum

    # --- members

    def small(self, uid: int) -> Row:
        """A member beside a report, a note or a line of history."""
        user = self.forum.users[uid]
        return {"username": user.username, "userslug": user.slug, "picture": None, "uid": uid,
                "icon:bgColor": "#673ab7", "displayname": user.username, "isLocal": True,
                "icon:text": user.username[:1].upper()}  # fmt: skip

    def counted(self, user: User) -> Row:
        """The numbers of a member."""
        mine = [post for post in self.forum.posts.values() if post.uid == user.uid and not post.deleted]
        return {"reputation": 1, "postcount": len(mine),
                "topiccount": sum(topic.uid == user.uid for topic in self.forum.topics.values())}  # fmt: skip

    def poster(self, uid: int) -> Row:
        """A member beside a post."""
        user = self.forum.users[uid]
        row = {**self.small(uid), **self.counted(user), "signature": "", "banned": user.banned,
               "banned:expire": user.ban_until, "status": "online", "lastonline": user.joined, "groupTitle": None,
               "muted": user.muted, "mutedUntil": user.mute_until, "groupTitleArray": list(user.groups),
               "lastonlineISO": iso(user.joined), "banned_until": 0, "banned_until_readable": ALWAYS,
               "selectedGroups": [], "custom_profile_info": []}  # fmt: skip
        if user.groups:
            row["groupTitle"] = json.dumps(user.groups)
        return row

    def raw(self, user: User) -> Row:
        """A member as a flag's page has colleagues, and a flag on a member its target."""
        row = {key: value for key, value in self.poster(user.uid).items()
               if key not in ("selectedGroups", "custom_profile_info")}  # fmt: skip
        return {**row, "signature": None, "joindate": user.joined}

    def listed(self, user: User) -> Row:
        """A member of the directory: nothing of mutes."""
        flags = sum(flag.target_uid == user.uid for flag in self.forum.flags.values())
        numbers = self.counted(user)
        del numbers["topiccount"]
        return {**self.small(user.uid), **numbers, "status": "online", "email:confirmed": 1, "flags": flags,
                "lastonline": user.joined, "banned": user.banned, "banned:expire": user.ban_until,
                "joindate": user.joined, "joindateISO": iso(user.joined), "lastonlineISO": iso(user.joined),
                "banned_until": 0, "banned_until_readable": ALWAYS}  # fmt: skip

    def account(self, user: User, viewer: User) -> Row:
        """A profile, as `viewer` sees it. What it says of roles is about the viewer, but for `isTargetAdmin`."""
        rest = {key: value for key, value in self.poster(user.uid).items()
                if key not in ("selectedGroups", "custom_profile_info")}  # fmt: skip
        flags = sum(flag.target_uid == user.uid for flag in self.forum.flags.values())
        row = {**rest, "joindate": user.joined, "joindateISO": iso(user.joined), "fullname": "", "birthday": "",
               "aboutme": user.about, "profileviews": 1, "flags": flags, "lastposttime": user.joined,
               "mutedReason": user.mute_reason, "yourid": viewer.uid, "theirid": user.uid,
               "isTargetAdmin": user.admin, "isAdmin": viewer.admin,
               "isGlobalModerator": viewer.everywhere and not viewer.admin, "isModerator": viewer.moderator,
               "isAdminOrGlobalModerator": viewer.everywhere, "canBan": viewer.everywhere and not user.admin,
               "canMute": self.forum.can_mute(viewer) and not user.admin, "isSelf": viewer.uid == user.uid,
               "groups": [{"name": name} for name in user.groups]}  # fmt: skip
        if viewer.everywhere:
            row |= {"email": user.email, "email:confirmed": True, "ips": [user.ip]}
        return row

    def info(self, user: User, viewer: User) -> Row:
        """What moderators know of a member."""
        forum = self.forum
        history: Row = {"bans": [], "mutes": [], "flags": []}
        for line in user.log:
            row = {"type": line["type"], "uid": str(user.uid), "timestamp": str(line["at"]), "fromUid": str(line["by"]),
                   "reason": forum.told(line["reason"]), "user": self.small(line["by"]), "until": line["until"],
                   "untilISO": iso(line["until"] or 0), "timestampISO": iso(line["at"])}  # fmt: skip
            history["mutes" if line["type"].endswith("mute") else "bans"].append(row)
        for flag in sorted(forum.flags.values(), key=lambda one: -one.at):
            if flag.target_uid == user.uid:
                history["flags"].append(self.told_flag(flag))
        notes = [
            {"uid": str(note["by"]), "note": cooked(note["raw"]), "rawNote": note["raw"], "id": str(note["at"]),
             "timestamp": str(note["at"]), "timestampISO": iso(note["at"]), "user": self.small(note["by"])}
            for note in user.notes
        ]  # fmt: skip
        return {**self.account(user, viewer), "history": history, "moderationNotes": notes, "sessions": [],
                "usernames": [{"value": user.username, "timestamp": user.joined, "timestampISO": iso(user.joined),
                               "byUid": ""}], "pagination": pages(1, len(notes), 10)}  # fmt: skip

    def told_flag(self, flag: Flag) -> Row:
        """A flag in a member's history."""
        row: Row = {"flagId": str(flag.id), "type": flag.type, "targetId": str(flag.target), "datetime": str(flag.at),
                    "timestamp": flag.at, "timestampISO": iso(flag.at), "reports": self.reports(flag)}  # fmt: skip
        post = self.forum.posts.get(flag.target) if flag.type == "post" else None
        if post is not None:
            row |= {"pid": post.pid, "title": self.forum.told(self.forum.topics[post.tid].title)}
        elif flag.type == "post":
            row |= {"targetPurged": True, "title": "null"}
        return row

    # --- posts and topics

    def post(self, post: Post) -> Row:
        """A post with its source, as the write API has it."""
        return {"pid": post.pid, "uid": post.uid, "tid": post.tid, "content": post.raw, "timestamp": post.at,
                "flagId": 0, "deleted": int(post.deleted), "upvotes": 0, "downvotes": 0, "deleterUid": post.deleter,
                "edited": post.edited, "replies": 0, "bookmarks": 0, "announces": 0, "votes": 0,
                "timestampISO": iso(post.at), "editedISO": iso(post.edited), "attachments": [], "uploads": [],
                "upvoted": False, "downvoted": False}  # fmt: skip

    def shown(self, post: Post, viewer: User) -> Row:
        """A post of a page: as HTML, with its author."""
        row = {key: value for key, value in self.post(post).items() if key != "replies"}
        row |= {"content": cooked(post.raw), "user": self.poster(post.uid), "editor": None, "bookmarked": False,
                "selfPost": post.uid == viewer.uid}  # fmt: skip
        return row

    def summary(self, post: Post, viewer: User) -> Row:
        """A post with its topic and category."""
        topic = self.forum.topics[post.tid]
        to = str(post.to) if post.to else None
        return {"pid": post.pid, "tid": post.tid, "toPid": to, "url": f"http://127.0.0.1:4567/post/{post.pid}",
                "content": cooked(post.raw), "sourceContent": None, "uid": post.uid, "timestamp": post.at,
                "deleted": post.deleted, "upvotes": 0, "downvotes": 0,
                "replies": 0, "votes": 0, "timestampISO": iso(post.at), "user": self.small(post.uid),
                "topic": {**self.bare(topic, text=False), "tags": self.tags(topic), "isQuestion": int(topic.question),
                          "isSolved": int(bool(topic.solved))},
                "category": self.category(topic.cid), "isMainPost": topic.pids[0] == post.pid}  # fmt: skip

    def category(self, cid: int) -> Row:
        """A category beside something."""
        name = self.forum.categories.get(cid, "")
        return {"cid": cid, "name": name, "icon": "hidden", "slug": f"{cid}/{name.lower()}", "bgColor": "#A1B56C",
                "color": "#ffffff", "imageClass": "cover"}  # fmt: skip

    def tags(self, topic: Topic) -> list[Row]:
        """The tags of a topic."""
        told = self.forum.told
        return [{"value": told(tag), "valueEncoded": tag, "class": tag} for tag in topic.tags]

    def bare(self, topic: Topic, *, text: bool = True) -> Row:
        """What every row of a topic has. In lists the plugin's marks are texts."""
        last = self.forum.last(topic)
        row: Row = {"tid": topic.tid, "uid": topic.uid, "cid": topic.cid, "mainPid": topic.pids[0],
                    "title": self.forum.told(topic.title), "slug": f"{topic.tid}/topic", "timestamp": topic.at,
                    "timestampISO": iso(topic.at), "postcount": len(topic.pids), "deleted": int(topic.deleted),
                    "generatedTitle": 0, "scheduled": False,
                    "teaserPid": str(last.pid) if last.pid != topic.pids[0] else None}  # fmt: skip
        if self.forum.escapes:
            row["titleRaw"] = topic.title
        if text:
            row |= {"lastposttime": last.at, "lastposttimeISO": iso(last.at), "viewcount": 0,
                    "postercount": len({self.forum.posts[pid].uid for pid in topic.pids}), "followercount": 1,
                    "locked": int(topic.locked), "pinned": int(topic.pinned), "pinExpiry": 0, "pinExpiryISO": "",
                    "upvotes": 0, "downvotes": 0, "deleterUid": 0, "votes": 0, "numThumbs": 0,
                    "thumbs": []}  # fmt: skip
            if topic.question and self.forum.plugin:
                row |= {"isQuestion": "1", "isSolved": "1" if topic.solved else "0"}
                if topic.solved:
                    row["solvedPid"] = str(topic.solved)
        return row

    def topic_row(self, topic: Topic, viewer: User) -> Row:
        """A topic of a list, with what was said last."""
        last = self.forum.last(topic)
        user = self.forum.users[topic.uid]
        numbers = self.counted(user)
        del numbers["topiccount"]
        place = topic.pids.index(last.pid) + 1
        return {**self.bare(topic), "tags": self.tags(topic), "category": self.category(topic.cid),
                "user": {**self.small(topic.uid), **numbers, "signature": None, "banned": user.banned,
                         "status": "online", "banned_until": 0, "banned_until_readable": ALWAYS},
                "teaser": {"pid": last.pid, "uid": last.uid, "timestamp": last.at, "tid": topic.tid,
                           "content": last.raw.strip() + "\n", "sourceContent": None, "timestampISO": iso(last.at),
                           "user": self.small(last.uid), "index": place},
                "isOwner": topic.uid == viewer.uid, "ignored": False, "followed": viewer.uid in topic.followers,
                "unread": True, "bookmark": None, "unreplied": False, "icons": [], "index": 0}  # fmt: skip

    def topic_page(self, topic: Topic, viewer: User, at: int) -> Row:
        """A topic's page."""
        forum = self.forum
        shown = topic.pids[(at - 1) * PER_PAGE : at * PER_PAGE]
        rows = []
        for index, pid in enumerate(shown, (at - 1) * PER_PAGE):
            post = forum.posts[pid]
            row = {**self.shown(post, viewer), "index": index, "events": [], "topicOwnerPost": post.uid == topic.uid}
            if topic.question and forum.plugin:
                row["isAnswer"] = topic.solved == pid
            if post.to:
                row["toPid"] = str(post.to)
            rows.append(row)
        moderates = forum.may(viewer, topic.cid)
        return {**self.bare(topic), "tags": self.tags(topic), "category": self.category(topic.cid), "posts": rows,
                "isFollowing": viewer.uid in topic.followers, "isNotFollowing": viewer.uid not in topic.followers,
                "author": {key: value for key, value in self.small(topic.uid).items() if key in AUTHOR},
                "privileges": {"isAdminOrMod": moderates, "posts:delete": moderates, "posts:edit": moderates,
                               "purge": moderates, "view_deleted": moderates},
                "pagination": pages(at, len(topic.pids)), "unreplied": False}  # fmt: skip

    # --- flags

    def flag_row(self, flag: Flag) -> Row:
        """A flag of the list: bare."""
        label = {"open": "danger", "wip": "warning", "resolved": "success", "rejected": "secondary"}[flag.state]
        what = "Post" if flag.type == "post" else "User"
        return {"state": flag.state, "assignee": flag.assignee, "heat": len(flag.reports), "flagId": flag.id,
                "type": flag.type, "targetId": str(flag.target), "targetUid": flag.target_uid, "datetime": flag.at,
                "labelClass": label, "target_readable": f"{what} {flag.target}",
                "datetimeISO": iso(flag.at)}  # fmt: skip

    def reports(self, flag: Flag) -> list[Row]:
        """The reports of a flag, newest first."""
        return [
            {"value": self.forum.told(one["value"]), "timestamp": one["at"], "timestampISO": iso(one["at"]),
             "reporter": {**self.small(one["uid"]), "reputation": 1}}
            for one in flag.reports
        ]  # fmt: skip

    def notes(self, flag: Flag) -> list[Row]:
        """The notes of a flag, newest first."""
        return [
            {"uid": note["uid"], "content": self.forum.told(note["text"]), "datetime": note["at"],
             "datetimeISO": iso(note["at"]), "user": self.small(note["uid"])}
            for note in flag.notes
        ]  # fmt: skip

    def history(self, flag: Flag) -> list[Row]:
        """What happened to a flag, and to the member that it is about."""
        rows: list[Row] = [
            {"uid": line["uid"], "fields": line["fields"], "datetime": line["at"], "datetimeISO": iso(line["at"]),
             "user": self.small(line["uid"])}
            for line in flag.history
        ]  # fmt: skip
        user = self.forum.users[flag.target_uid]
        rows.append(
            {"uid": str(user.uid), "datetime": user.joined, "datetimeISO": iso(user.joined),
             "meta": [{"key": "[[user:change-email]]", "value": user.email, "labelClass": "primary"}],
             "user": self.small(user.uid)}
        )  # fmt: skip
        return rows

    def flag(self, flag: Flag, viewer: User) -> Row:
        """A flag with its target."""
        forum = self.forum
        target: Row = {}
        if flag.type == "post" and flag.target in forum.posts:
            target = self.shown(forum.posts[flag.target], viewer)
            target["flagId"] = flag.id
        elif flag.type == "user" and flag.target in forum.users:
            user = forum.users[flag.target]
            target = self.raw(user) | {"aboutme": user.about or None, "fullname": None, "flags": 1,
                       "mutedReason": user.mute_reason}
        row = {key: value for key, value in self.flag_row(flag).items() if key not in ("heat", "labelClass")}
        return {**row, "targetId": flag.target, "target": target, "notes": self.notes(flag),
                "reports": self.reports(flag)}  # fmt: skip

    def flag_page(self, flag: Flag, viewer: User) -> Row:
        """A flag's page: with its history, and who can have it."""
        row = self.flag(flag, viewer)
        kind = flag.type if row["target"] else "empty"
        people = [
            {**self.raw(one), "email": one.email, "groupTitle": json.dumps(one.groups)}
            for one in self.forum.people(flag)
        ]
        return {**row, "history": self.history(flag), "assignees": people,
                "type_path": "uid" if flag.type == "user" else "post",
                "type_bool": {name: name == kind for name in ("post", "user", "empty")},
                "states": {name: {"label": f"[[flags:state-{name}]]", "class": "danger"}
                           for name in ("open", "wip", "resolved", "rejected")},
                "title": f"[[pages:flag-details, {flag.id}]]",
                "privileges": {"ban": viewer.everywhere, "mute": self.forum.can_mute(viewer),
                               "view:users:info": viewer.everywhere}}  # fmt: skip

    # --- the queue

    def entry(self, entry: Entry, viewer: User) -> Row:
        """An entry of the queue."""
        forum = self.forum
        topic = forum.topics.get(entry.tid)
        cid = topic.cid if topic else entry.cid
        user = forum.users[entry.uid]
        data: Row = {"content": cooked(entry.raw), "_uid": entry.uid, "uid": entry.uid, "timestamp": entry.at,
                     "fromQueue": False, "timestampISO": iso(entry.at), "rawContent": entry.raw,
                     "title": forum.told(entry.title)}  # fmt: skip
        if topic:
            data["tid"] = str(topic.tid)
        else:
            data |= {"cid": cid, "tags": list(entry.tags)}
        about = {"cid": cid, "title": forum.told(topic.title)} if topic else {"cid": cid}
        numbers = self.counted(user)
        del numbers["topiccount"]
        person = {**self.small(entry.uid), **numbers, "joindate": user.joined, "joindateISO": iso(user.joined)}
        may = forum.may(viewer, cid)
        return {"type": entry.type, "uid": str(entry.uid), "id": entry.id, "data": data, "user": person,
                "topic": about, "category": {"cid": cid, "name": forum.categories.get(cid, "")},
                "canAccept": may, "canEdit": may}  # fmt: skip
