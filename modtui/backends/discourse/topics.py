"""Discourse's calls about topics, answers, assigning and bookmarks, one method each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from modtui.backends.budget import current_priority
from modtui.backends.http import Door, Pairs
from modtui.text.time import iso

LAST = 1_000_000
"""A post number beyond the end: the site shows the last posts of the topic."""


class Topics:
    """The calls. Every method raises the errors of the door and of `errors.explain`."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def _get(self, path: str, params: Pairs = (), *, why: str) -> dict[str, Any]:
        return (await self.door.get(path, params, why=why, priority=current_priority("read"))).mapping()

    # --- lists

    async def filter(self, query: str, *, page: int = 0, size: int = 100, why: str = "questions") -> dict[str, Any]:
        """Topics by the filter language (404 on servers that have none)."""
        params = [("q", query), ("per_page", str(size))]
        return await self._get("/filter.json", [*params, *_page(page)], why=why)

    async def latest(self, params: Pairs, *, page: int = 0, why: str = "questions") -> dict[str, Any]:
        """The plain list of topics; `params` narrow it (`max_posts`, `min_posts`, `topic_ids`, `solved`, `order`)."""
        return await self._get("/latest.json", [*params, *_page(page)], why=why)

    async def search(self, query: str, *, page: int = 1, why: str = "search") -> dict[str, Any]:
        """Posts with their beginnings (`blurb`) and topics, 50 a page."""
        params = [("q", query)] + ([("page", str(page))] if page > 1 else [])
        return await self._get("/search.json", params, why=why)

    async def pending(self, username: str) -> list[dict[str, Any]]:
        """One's own posts that wait for approval."""
        path = f"/posts/{quote(username, safe='')}/pending.json"
        return rows_of(await self._get(path, why="held replies"), "pending_posts")

    # --- one topic

    async def topic(
        self, topic: int, number: int | None = None, *, username: str | None = None, why: str = "thread"
    ) -> dict[str, Any]:
        """A topic's page with the source of twenty posts: the first ones, or those around a number, or one member's."""
        params = [("include_raw", "true")] + ([("username_filters", username)] if username else [])
        return await self._get(f"/t/{topic}/{number}.json" if number else f"/t/{topic}.json", params, why=why)

    async def posts(self, topic: int, ids: Sequence[int]) -> dict[str, Any]:
        """Some posts of a topic, with their source."""
        params = [("post_ids[]", str(one)) for one in ids]
        return await self._get(f"/t/{topic}/posts.json", [*params, ("include_raw", "true")], why="thread")

    async def change(self, topic: int, form: Pairs, *, why: str) -> None:
        """Category or tags of a topic; 409 when the tags are not `original_tags[]` any more."""
        (await self.door.ask("PUT", f"/t/-/{topic}.json", form=form, why=why)).settled()

    async def level(self, topic: int, level: int) -> None:
        """How much is told about a topic: 0 muted, 1 normal, 2 tracking, 3 watching."""
        form = [("notification_level", str(level))]
        path = f"/t/{topic}/notifications.json"
        (await self.door.ask("POST", path, form=form, why="watch" if level == 3 else "unwatch")).settled()

    async def reply(
        self, topic: int, raw: str, *, to_number: int | None, whisper: bool, key: str
    ) -> dict[str, Any]:
        """A post in a topic; held for approval it has `action: enqueued` and no id.

        To an admin's key the site gives the same answer to the same fields for two minutes, and posts once. `key`,
        which it does not read, makes two replies that say the same two.
        """
        form = [("topic_id", str(topic)), ("raw", raw)]
        form += [("reply_to_post_number", str(to_number))] if to_number else []
        form += [("whisper", "true")] if whisper else []
        form += [("modtui_step", key)] if key else []
        return (await self.door.ask("POST", "/posts.json", form=form, why="reply")).mapping()

    # --- answers, assigning, bookmarks

    async def accept(self, post: int) -> None:
        """Mark a post as the answer (solved plugin)."""
        (await self.door.ask("POST", "/solution/accept.json", form=[("id", str(post))], why="accept")).settled()

    async def unaccept(self, post: int) -> None:
        """Take that mark away."""
        (await self.door.ask("POST", "/solution/unaccept.json", form=[("id", str(post))], why="unaccept")).settled()

    async def assign(self, topic: int, who: Mapping[str, str], note: str = "") -> None:
        """Assign a topic to `username` or `group_name` (assign plugin)."""
        form = [("target_id", str(topic)), ("target_type", "Topic"), *who.items()]
        form += [("note", note)] if note else []
        (await self.door.ask("PUT", "/assign/assign.json", form=form, why="assign")).settled()

    async def unassign(self, topic: int) -> None:
        """Take the assignment away."""
        form = [("target_id", str(topic)), ("target_type", "Topic")]
        (await self.door.ask("PUT", "/assign/unassign.json", form=form, why="unassign")).settled()

    async def assignees(self) -> dict[str, Any]:
        """Who can be given topics: `suggestions`, `assign_allowed_on_groups`, `assign_allowed_for_groups`."""
        return await self._get("/assign/suggestions.json", why="who can be assigned")

    async def bookmark(self, topic: int, when_ms: int | None) -> dict[str, Any]:
        """Bookmark a topic. 400 or 422 when it is bookmarked already."""
        form = [("bookmarkable_id", str(topic)), ("bookmarkable_type", "Topic")]
        form += [("reminder_at", iso(when_ms))] if when_ms is not None else []
        return (await self.door.ask("POST", "/bookmarks.json", form=form, why="bookmark")).mapping()

    async def rebookmark(self, bookmark: int, when_ms: int | None) -> None:
        """Another date for a bookmark."""
        form = [("reminder_at", iso(when_ms) if when_ms is not None else "")]
        (await self.door.ask("PUT", f"/bookmarks/{bookmark}.json", form=form, why="bookmark")).settled()

    async def unbookmark(self, bookmark: int) -> None:
        """Delete a bookmark."""
        (await self.door.ask("DELETE", f"/bookmarks/{bookmark}.json", why="unbookmark")).settled()

    async def withdraw(self, queued: int) -> None:
        """Take back one's own post that waits for approval."""
        (await self.door.ask("DELETE", f"/review/{queued}.json", why="withdraw held reply")).settled()

    async def unflag(self, post: int, kind: int) -> None:
        """Take one's own report back."""
        params = [("post_action_type_id", str(kind))]
        (await self.door.ask("DELETE", f"/post_actions/{post}.json", params, why="take report back")).settled()

    # --- what can be picked

    async def categories(self) -> list[dict[str, Any]]:
        """All categories, subcategories included, each once."""
        answer = await self._get("/categories.json", [("include_subcategories", "true")], why="category names")
        outer = answer.get("category_list")
        todo = list(rows_of(outer, "categories")) if isinstance(outer, dict) else []
        found: list[dict[str, Any]] = []
        for one in todo:
            found.append(one)
            todo += rows_of(one, "subcategory_list")
        return found

    async def tags(self, text: str) -> list[dict[str, Any]]:
        """Tags whose name has `text`."""
        params = [("q", text), ("limit", "50")]
        return rows_of(await self._get("/tags/filter/search.json", params, why="tags"), "results")

    async def all_tags(self) -> list[dict[str, Any]]:
        """Every tag (where tags cannot be searched)."""
        return rows_of(await self._get("/tags.json", why="tags"), "tags")

    async def people(
        self, text: str, topic: int | None = None, *, groups: bool = False, among: Sequence[str] = ()
    ) -> dict[str, Any]:
        """`users` (and `groups` that can be written to) whose name begins with `text`; `among`: only members of these
        groups."""
        params = [("term", text), ("limit", "20")]
        params += [("topic_id", str(topic))] if topic else []
        params += [("groups[]", name) for name in among]
        params += [("include_groups", "true"), ("include_messageable_groups", "true")] if groups else []
        return await self._get("/u/search/users.json", params, why="members")

    async def templates(self) -> list[dict[str, Any]]:
        """The site's saved texts (templates plugin; 403 or 404 without it)."""
        return rows_of(await self._get("/discourse_templates.json", why="templates"), "templates")

    async def presence(self, topic: int) -> list[dict[str, Any]]:
        """Who is writing in a topic (presence plugin)."""
        channel = f"/discourse-presence/reply/{topic}"
        answer = await self._get("/presence/get.json", [("channels[]", channel)], why="who writes")
        found = answer.get(channel)
        return rows_of(found, "users") if isinstance(found, dict) else []


def rows_of(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list in an answer; empty when there is no such list."""
    rows = answer.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _page(page: int) -> list[tuple[str, str]]:
    return [("page", str(page))] if page else []
