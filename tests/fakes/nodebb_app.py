"""The fake forum on HTTP, with NodeBB's two APIs and three styles of errors. `python -m tests.fakes.nodebb_app` serves
a small forum on loopback to try modtui on."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.nodebb import PER_PAGE, Flag, Forum, Post, Says, Topic, User
from tests.fakes.nodebb_rows import Row, Rows, cooked, iso, pages

UNDEFINED = "Cannot read properties of undefined (reading '{}')"
CODES = {400: "bad-request", 401: "not-authorised", 403: "forbidden", 404: "not-found", 500: "internal-server-error"}
DENIED = "You do not have enough privileges for this action."


class Missing(Exception):
    """A page that is not there: the text "Not found"."""


class Denied(Exception):
    """A page that is not for this account."""


def envelope(value: Any, status: int = 200, words: str = "OK") -> JSONResponse:
    """An answer of the write API."""
    code = "ok" if status == 200 else CODES[status]
    return JSONResponse({"status": {"code": code, "message": words}, "response": value}, status)


class App:
    """The routes of one forum. `pages_` are those of the read API, `calls` those of the write API."""

    def __init__(self, forum: Forum) -> None:
        self.forum, self.rows = forum, Rows(forum)
        self.pages_: list[tuple[str, Any]] = [
            (r"self", self.myself), (r"config", self.config), (r"flags", self.flags), (r"flags/(\d+)", self.flag_page),
            (r"post-queue", self.queue), (r"post-queue/([\w-]+)", self.queue), (r"registration-queue", self.sign_ups),
            (r"recent", self.recent), (r"unsolved", self.unsolved), (r"solved", self.solved),
            (r"topic/(\d+)(?:/x/(\d+))?", self.topic), (r"user/([^/]+)", self.user), (r"user/([^/]+)/info", self.info),
            (r"users", self.users), (r"categories", self.categories), (r"tags", self.tags), (r"search", self.search),
        ]  # fmt: skip
        self.calls: list[tuple[str, str, Any]] = [
            ("GET", r"flags/(\d+)", self.flag), ("PUT", r"flags/(\d+)", self.set_flag),
            ("DELETE", r"flags/(\d+)", self.erase_flag), ("POST", r"flags/(\d+)/notes", self.note),
            ("DELETE", r"flags/(\d+)/notes/(\d+)", self.unnote), ("GET", r"posts/(\d+)", self.post),
            ("GET", r"posts/(\d+)/summary", self.summary), ("GET", r"posts/(\d+)/index", self.index),
            ("PUT", r"posts/(\d+)", self.edit), ("DELETE", r"posts/(\d+)", self.purge),
            ("DELETE", r"posts/(\d+)/state", self.delete), ("PUT", r"posts/(\d+)/state", self.restore),
            ("POST", r"posts/queue/([\w-]+)", self.accept), ("DELETE", r"posts/queue/([\w-]+)", self.decline),
            ("PUT", r"posts/queue/([\w-]+)", self.edit_queued),
            ("POST", r"posts/queue/([\w-]+)/notify", self.notify),
            ("GET", r"topics/(\d+)", self.bare_topic), ("POST", r"topics/(\d+)", self.reply),
            ("DELETE", r"topics/(\d+)", self.purge_topic),
            ("PUT", r"topics/(\d+)/(lock|pin|state|follow)", self.set_topic),
            ("DELETE", r"topics/(\d+)/(lock|pin|state|follow)", self.set_topic),
            ("PUT", r"topics/(\d+)/move", self.move), ("PUT", r"topics/(\d+)/tags", self.set_tags),
            ("GET", r"users/(\d+)", self.bare_user), ("PUT", r"users/(\d+)/(ban|mute)", self.punish),
            ("DELETE", r"users/(\d+)/(ban|mute)", self.pardon),
        ]  # fmt: skip

    # --- every request

    async def __call__(self, request: Request) -> Response:
        """Answer, with an ETag, and 304 where the caller knows it."""
        reply = await self.answer(request)
        self.forum.served.append((request.method, request.url.path, reply.status_code))
        if request.method == "GET" and reply.status_code == 200:
            tag = f'W/"{len(reply.body):x}-{hashlib.sha1(bytes(reply.body)).hexdigest()[:27]}"'
            if request.headers.get("if-none-match") == tag:
                self.forum.served[-1] = (request.method, request.url.path, 304)
                return Response(status_code=304, headers={"ETag": tag})
            reply.headers["ETag"] = tag
        return reply

    async def answer(self, request: Request) -> Response:
        """The answer without its ETag."""
        path, forum = request.url.path, self.forum
        if path == "/nodeinfo/2.0":
            return JSONResponse({"version": "2.0", "software": {"name": "nodebb", "version": forum.version}})
        if forum.down:
            return JSONResponse({"site_title": forum.title}, 503)
        given = await request.body()
        body: Any = None
        if given:
            try:
                body = json.loads(given)
            except ValueError:
                return envelope({}, 500, "Unexpected token in JSON")
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        actor = forum.tokens.get(key)
        write = path.startswith("/api/v3/")
        if actor == 0:
            uid = request.query_params.get("_uid") or str((body or {}).get("_uid") or "")
            if not uid:
                return JSONResponse({"path": path, "error": "[[error:api.master-token-no-uid]]", "bodyClass": ""}, 500)
            actor = int(uid)
        viewer = forum.users.get(actor or 0)
        if viewer is None:
            if write or path != "/api/self":
                return envelope({}, 401, "A valid login session was not found. Please log in and try again.")
            return JSONResponse("not-authorized", 401)
        try:
            if write:
                for method, pattern, act in self.calls:
                    found = re.fullmatch(pattern, path.removeprefix("/api/v3/"))
                    if found and method == request.method:
                        return envelope(act(viewer, body, *found.groups(), request))
                return envelope({}, 404, "Invalid API call")
            for pattern, page in self.pages_:
                found = re.fullmatch(pattern, path.removeprefix("/api/"))
                if found:
                    return JSONResponse(page(viewer, request.query_params, *found.groups()))
            raise Missing
        except Says as error:
            return envelope({}, error.status, error.words)
        except Missing:
            return PlainTextResponse("Not found", 404)
        except Denied:
            return JSONResponse(
                {"path": path.removeprefix("/api"), "loggedIn": True, "title": "[[global:403.title]]", "bodyClass": ""},
                403,
            )

    def plainly(self, method: str, path: str, viewer: User, body: Any = None) -> Any:
        """What stands in an answer (of the write API: in its envelope), without HTTP. `path` is below /api/."""
        if not path.startswith("v3/"):
            for pattern, page in self.pages_:
                found = re.fullmatch(pattern, path)
                if found:
                    return page(viewer, QueryParams({}), *found.groups())
        for wanted, pattern, act in self.calls:
            found = re.fullmatch(pattern, path.removeprefix("v3/"))
            if found and wanted == method:
                return act(viewer, body, *found.groups(), None)
        raise Missing

    # --- the read API

    def myself(self, viewer: User, query: Any) -> Row:
        """Who am I?"""
        return self.rows.account(viewer, viewer)

    def config(self, viewer: User, query: Any) -> Row:
        """What the forum has."""
        return {"siteTitle": self.forum.title, "browserTitle": self.forum.title, "searchEnabled": True,
                "minimumPostLength": 3, "postQueue": 1, "uid": viewer.uid}  # fmt: skip

    def visible(self, viewer: User, flag: Flag) -> bool:
        """Whether a moderator sees the flag: those of categories see flags of posts there."""
        if viewer.everywhere:
            return True
        post = self.forum.posts.get(flag.target) if flag.type == "post" else None
        return post is not None and self.forum.topics[post.tid].cid in viewer.moderates

    def flags(self, viewer: User, query: Any) -> Row:
        """The list. What it does not know of the query it drops without a word."""
        if not viewer.moderator:
            raise Denied
        filters: Row = {}
        if query.get("state") in ("open", "wip", "resolved", "rejected") and len(query.getlist("state")) == 1:
            filters["state"] = query["state"]
        at, per_page = int(query.get("page") or 1), int(query.get("perPage") or 20)
        filters |= {"page": at, "perPage": per_page}
        found = [flag for flag in self.forum.flags.values() if self.visible(viewer, flag)]
        found = [flag for flag in found if filters.get("state") in (None, flag.state)]
        oldest = query.get("sort") == "oldest"
        found.sort(key=lambda flag: flag.at, reverse=not oldest)
        chosen = found[(at - 1) * per_page : at * per_page]
        spoiled = self.forum.spoiled if filters.get("state") == "open" else []
        return {"flags": [*(self.rows.flag_row(flag) for flag in chosen), *spoiled], "count": len(found),
                "analytics": [0] * 30,
                "selectedCategory": None, "selected": {"assignee": [], "reporterId": [], "targetUid": []},
                "hasFilter": "state" in filters, "filters": filters, "expanded": False,
                "sort": "oldest" if oldest else "newest", "title": "[[pages:flags]]",
                "pagination": pages(at, len(found), per_page)}  # fmt: skip

    def flag_page(self, viewer: User, query: Any, native: str) -> Row:
        """A flag with its history."""
        flag = self.forum.flags.get(int(native))
        if flag is None or not self.visible(viewer, flag):
            raise Missing
        return self.rows.flag_page(flag, viewer)

    def queue(self, viewer: User, query: Any, native: str | None = None) -> Row:
        """The post queue; one entry of it, or none, without an error."""
        found = [self.rows.entry(one, viewer) for one in self.forum.queue.values()]
        found = [row for row in found if row["canAccept"] or row["uid"] == str(viewer.uid)]
        at = int(query.get("page") or 1)
        body: Row = {"title": "[[pages:post-queue]]", "isAdmin": viewer.admin, "canAccept": viewer.moderator,
                     "selectedCids": [], "selectedCategory": None, "allCategoriesUrl": "post-queue", "enabled": 1,
                     "singlePost": native is not None, "customReasons": []}  # fmt: skip
        if native is not None:
            return {**body, "posts": [row for row in found if row["id"] == native]}
        return {**body, "posts": found[(at - 1) * PER_PAGE : at * PER_PAGE], "pagination": pages(at, len(found))}

    def sign_ups(self, viewer: User, query: Any) -> Row:
        """Who waits to be let in."""
        if not viewer.everywhere:
            raise Missing
        rows = [
            {"username": one["username"], "email": one["email"], "ip": one["ip"], "_opts": "{}",
             "timestampISO": iso(one["at"]), "ipMatch": [], "customActions": []}
            for one in self.forum.sign_ups
        ]  # fmt: skip
        return {"title": "[[pages:registration-queue]]", "customHeaders": [], "invites": [], "users": rows,
                "registrationQueueCount": len(rows), "queueEnabled": True}  # fmt: skip

    def listed(self, viewer: User, query: Any, found: list[Topic], title: str) -> Row:
        """A list of topics."""
        cids = {int(one) for one in query.getlist("cid")}
        found = [topic for topic in found if not cids or topic.cid in cids]
        at = int(query.get("page") or 1)
        chosen = found[(at - 1) * PER_PAGE : at * PER_PAGE]
        return {"topics": [self.rows.topic_row(topic, viewer) for topic in chosen], "showSelect": True,
                "selectedCids": [], "pagination": pages(at, len(found)), "title": title}  # fmt: skip

    def recent(self, viewer: User, query: Any) -> Row:
        """Where something was written last."""
        found = self.forum.recent()
        body = self.listed(viewer, query, found, "[[pages:recent]]")
        return {**body, "topicCount": len(found), "nextStart": PER_PAGE}

    def unsolved(self, viewer: User, query: Any) -> Row:
        """The plugin's list of questions without an answer."""
        if not self.forum.plugin:
            raise Missing
        found = [topic for topic in self.forum.recent() if topic.question and not topic.solved and not topic.deleted]
        return self.listed(viewer, query, found, "[[qanda:menu.unsolved]]")

    def solved(self, viewer: User, query: Any) -> Row:
        """The plugin's list of solved ones."""
        if not self.forum.plugin:
            raise Missing
        found = [topic for topic in self.forum.recent() if topic.solved and not topic.deleted]
        return self.listed(viewer, query, found, "[[qanda:menu.solved]]")

    def topic(self, viewer: User, query: Any, tid: str, index: str | None) -> Row:
        """A topic's page."""
        topic = self.forum.topics.get(int(tid))
        if topic is None:
            raise Missing
        if topic.deleted and not self.forum.may(viewer, topic.cid):
            raise Denied
        at = (int(index) - 1) // PER_PAGE + 1 if index else int(query.get("page") or 1)
        return self.rows.topic_page(topic, viewer, at)

    def by_slug(self, slug: str) -> User:
        """The member of this address."""
        found = next((user for user in self.forum.users.values() if user.slug == slug), None)
        if found is None:
            raise Missing
        return found

    def user(self, viewer: User, query: Any, slug: str) -> Row:
        """A profile with the newest posts."""
        user = self.by_slug(slug)
        mine = sorted((post for post in self.forum.posts.values() if post.uid == user.uid), key=lambda post: -post.at)
        posts = [self.rows.summary(post, viewer) for post in mine[:10]]
        return {**self.rows.account(user, viewer), "posts": posts, "latestPosts": posts, "title": user.username}

    def info(self, viewer: User, query: Any, slug: str) -> Row:
        """What moderators know of a member."""
        if not viewer.everywhere:
            raise Denied
        return self.rows.info(self.by_slug(slug), viewer)

    def users(self, viewer: User, query: Any) -> Row:
        """The directory."""
        section, words = query.get("section") or "joindate", (query.get("query") or "").lower()
        found = sorted(self.forum.users.values(), key=lambda user: -user.joined)
        body: Row = {"displayUserSearch": True, "isAdmin": viewer.admin, "isAdminOrGlobalMod": viewer.everywhere}
        if section in ("banned", "muted", "flagged") and not words:
            if not viewer.everywhere:
                raise Denied
            flagged = {flag.target_uid for flag in self.forum.flags.values()}
            holds = {"banned": {one.uid for one in found if one.banned}, "flagged": flagged,
                     "muted": {one.uid for one in found if one.muted}}  # fmt: skip
            found = [user for user in found if user.uid in holds[section]]
        if words:
            found = [user for user in found if user.username.lower().startswith(words)]
            body |= {"matchCount": len(found), "pageCount": max(1, -(-len(found) // 50)), "timing": "0.00"}
        else:
            body |= {"userCount": len(found), "title": "[[pages:users/latest]]"}
        at = int(query.get("page") or 1)
        return {**body, "users": [self.rows.listed(user) for user in found[(at - 1) * 50 : at * 50]],
                "pagination": pages(at, len(found), 50)}  # fmt: skip

    def categories(self, viewer: User, query: Any) -> Row:
        """The categories."""
        rows = [{**self.rows.category(cid), "parentCid": 0, "children": []} for cid in self.forum.categories]
        return {"title": "[[pages:categories]]", "categories": rows}

    def tags(self, viewer: User, query: Any) -> Row:
        """The tags that topics have."""
        names = sorted({tag for topic in self.forum.topics.values() for tag in topic.tags} | {"firmware", "layout"})
        told = self.forum.told
        return {"tags": [{"value": told(tag), "valueEncoded": tag, "class": tag} for tag in names],
                "title": "[[pages:tags]]"}  # fmt: skip

    def search(self, viewer: User, query: Any) -> Row:
        """The search plugin: posts with the words, one after another."""
        words = (query.get("term") or "").lower()
        found = [
            post for post in self.forum.posts.values()
            if words in post.raw.lower() or words in self.forum.topics[post.tid].title.lower()
        ]  # fmt: skip
        return {"posts": [self.rows.summary(post, viewer) for post in found[:10]], "matchCount": len(found),
                "pageCount": 1, "time": "0.00", "pagination": pages(1, len(found), 10), "multiplePages": False,
                "term": words}  # fmt: skip

    # --- the write API: flags

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


@contextmanager
def serving(forum: Forum, port: int = 0) -> Iterator[str]:
    """The forum on loopback, in a thread of its own; its address."""
    app = App(forum)
    methods = ["GET", "POST", "PUT", "DELETE"]
    starlette = Starlette(routes=[Route("/{path:path}", app.__call__, methods=methods)])
    config = uvicorn.Config(starlette, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def small(forum: Forum) -> str:
    """Fill a forum with something to look at; a token of its global moderator."""
    mara, priya, tomasz = (forum.member(name) for name in ("mara", "priya", "tomasz"))
    okafor, spam = forum.member("okafor", about="Likes keys"), forum.member("spamlord")
    keys = forum.topic(okafor, "Favourite keyboards", "Mechanical or not?")
    for number in range(25):
        forum.add(keys, (mara, priya, tomasz)[number % 3], f"I like number {number}, it has a nice sound.")
    bad = forum.add(keys, spam, "BUY CHEAP WATCHES http://spam.example.test/watches NOW!!!")
    rude = forum.add(keys, okafor, "You are all idiots and your keyboards are trash.")
    odd = forum.topic(spam, "Escape \x1b[31mred & <b>bold</b> \u202eevil", "ANSI \x1b[2J and \x07 bells")
    for user, reason in ((mara, "Spam"), (tomasz, "Advertising watches in every topic")):
        forum.report(user, "post", bad.pid, reason)
    forum.report(priya, "post", rude.pid, "Offensive")
    forum.report(mara, "post", odd.pids[0], "weird \x1b[31mreason")
    forum.report(mara, "user", spam.uid, "Spam account")
    forum.wait(forum.member("newbie"), "Hello, how do I *reset* my password?", title="My very first question")
    forum.wait(spam, "More watches, and cheaper ones", tid=keys.tid)
    forum.sign_up("waiting1")
    asked = forum.topic(mara, "How do I export my data as CSV?", "The button is greyed out.", cid=5, question=True)
    forum.add(asked, tomasz, "Which version have you?")
    forum.add(asked, mara, "The newest one, 2.4.")
    forum.topic(priya, "Login loop after update", "I cannot sign in any more.", cid=5, question=True)
    return forum.token(forum.gmod)


if __name__ == "__main__":
    shown = Forum()
    secret = small(shown)
    with serving(shown, 4599) as address:
        print(address, secret, flush=True)
        threading.Event().wait()
