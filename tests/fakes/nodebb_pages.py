"""The fake forum's read API: the data that its web pages are made from, without an envelope."""

from __future__ import annotations

from typing import Any

from tests.fakes.nodebb import PER_PAGE, Forum
from tests.fakes.nodebb_records import Flag, Topic, User
from tests.fakes.nodebb_rows import Row, Rows, iso, pages


class Missing(Exception):
    """A page that is not there: the text "Not found"."""


class Denied(Exception):
    """A page that is not for this account."""


class Pages:
    """The pages of one forum. Each takes who looks, the query, and what stands in the path."""

    forum: Forum
    rows: Rows

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
        at = int(query.get("page") or 1)
        return {"title": "[[pages:registration-queue]]", "customHeaders": [], "invites": [],
                "users": rows[(at - 1) * PER_PAGE : at * PER_PAGE], "pagination": pages(at, len(rows)),
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
