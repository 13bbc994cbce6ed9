"""Discourse's calls, one method each. Paths, parameters and encodings are settled here and nowhere else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from modtui.backends.base import Connection
from modtui.backends.budget import Priority, current_priority
from modtui.backends.discourse import factory, wire
from modtui.backends.discourse.errors import explain, pauses_all, spends_day
from modtui.backends.discourse.member_wire import without_private
from modtui.backends.http import Door, Pairs
from modtui.errors import UsageError

ADMIN_LIMIT, USER_LIMIT = 60, 20
"""Requests a minute, as Discourse ships (a host may have changed them; they cannot be asked for)."""
MESSAGE_BUS = "/message-bus/"


def auth_headers(connection: Connection) -> dict[str, str]:
    """How the key is shown: an admin's key names the account it acts as, a user's own key stands alone."""
    credential = connection.credential
    if credential is None:
        return {}
    factory.check(connection)
    if credential.user:
        return {"Api-Key": credential.secret, "Api-Username": credential.user}
    headers = {"User-Api-Key": credential.secret}
    client_id = connection.options.get("client_id")
    if isinstance(client_id, str) and client_id:
        headers["User-Api-Client-Id"] = client_id
    return headers


def limit_of(connection: Connection) -> int:
    """The request budget a minute of this kind of key; 0 without one."""
    credential = connection.credential
    return 0 if credential is None else ADMIN_LIMIT if credential.user else USER_LIMIT


def door(connection: Connection) -> Door:
    """The HTTP door to a Discourse site."""
    return Door(
        connection, auth=auth_headers(connection), limit=limit_of(connection), explain=explain, pauses_all=pauses_all,
        spends_day=spends_day, reading_posts=(MESSAGE_BUS,),
    )  # fmt: skip


class Client:
    """The calls. Every method raises the errors of the door and of `errors.explain`."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._bus_id = uuid.uuid4().hex
        self._bus_seq = 0

    # --- who and where

    async def current_user(self) -> wire.CurrentUser | None:
        """The account behind the key, None when the answer names none."""
        reply = await self.door.get("/session/current.json", why="who am I")
        found, _ = wire.lenient(reply.mapping().get("current_user"), wire.CurrentUser)
        return found

    async def about(self) -> dict[str, Any]:
        """Title and version, as members see them."""
        about = (await self.door.get("/about.json", why="site")).mapping().get("about")
        return about if isinstance(about, dict) else {}

    async def basic_info(self) -> dict[str, Any]:
        """The public title and description. Asked without the key: with a wrong one, everything is refused."""
        return (await self.door.ask("GET", "/site/basic-info.json", why="site", anonymous=True)).mapping()

    async def categories(self) -> dict[int, str]:
        """Names by id, subcategories included."""
        params = [("include_subcategories", "true")]
        answer = (await self.door.get("/categories.json", params, why="category names")).mapping()
        found: dict[int, str] = {}
        outer = answer.get("category_list")
        todo = list(outer.get("categories") or []) if isinstance(outer, dict) else []
        while todo:
            one = todo.pop()
            if not isinstance(one, dict):
                continue
            if isinstance(one.get("id"), int) and isinstance(one.get("name"), str):
                found[one["id"]] = one["name"]
            todo += [sub for sub in one.get("subcategory_list") or [] if isinstance(sub, dict)]
        return found

    # --- the review queue

    async def review(self, params: Pairs, *, why: str, priority: Priority | None = None) -> dict[str, Any]:
        """One page (10 rows) of the review queue."""
        return (await self.door.get("/review.json", params, why=why, priority=priority)).mapping()

    async def review_count(self) -> int | None:
        """Pending items that this account sees; the cheapest question there is."""
        count = (await self.door.get("/review/count.json", why="count")).mapping().get("count")
        return count if isinstance(count, int) else None

    async def perform(self, native: str, action: str, version: int, more: Pairs = ()) -> wire.Perform:
        """Act on an item. 409 when `version` is old, 403 when the action is not legal (any more), 422 by rule."""
        if not action.replace("_", "").isalpha():
            raise UsageError("This action's name cannot be sent to the site.")
        path = f"/review/{int(native)}/perform/{action}.json"
        reply = await self.door.ask("PUT", path, [("version", str(version))], form=list(more), why=action)
        found, _ = wire.lenient(reply.mapping().get("reviewable_perform_result") or {}, wire.Perform)
        return found or wire.Perform()

    async def edit_queued(self, native: str, version: int, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change a held post. Answers the changed fields and the new version."""
        body = {"version": version, "reviewable": dict(changes)}
        return (await self.door.ask("PUT", f"/review/{int(native)}.json", json=body, why="edit held post")).mapping()

    async def note_item(self, native: str, text: str) -> dict[str, Any]:
        """A team note on an item (newer servers; 404 elsewhere)."""
        form = [("reviewable_note[content]", text)]
        return (await self.door.ask("POST", f"/review/{int(native)}/notes.json", form=form, why="note")).mapping()

    async def unnote_item(self, native: str, note: str) -> None:
        """Delete a note on an item."""
        (await self.door.ask("DELETE", f"/review/{int(native)}/notes/{int(note)}.json", why="delete note")).settled()

    async def scrub(self, native: str, reason: str) -> None:
        """Erase what is kept of a rejected sign-up (admins, newer servers)."""
        (
            await self.door.ask("PUT", f"/review/{int(native)}/scrub.json", form=[("reason", reason)], why="scrub")
        ).settled()

    async def claim(self, topic: int) -> None:
        """Claim a topic's items. 409 when somebody else has it, 403 where claiming is off."""
        form = [("reviewable_claimed_topic[topic_id]", str(topic))]
        (await self.door.ask("POST", "/reviewable_claimed_topics.json", form=form, why="claim")).settled()

    async def release(self, topic: int) -> None:
        """Release a topic's claim, one's own or another's. 404 when there is none."""
        (await self.door.ask("DELETE", f"/reviewable_claimed_topics/{topic}.json", why="release")).settled()

    # --- topics and posts

    async def topic(self, topic: int, post_number: int | None = None) -> dict[str, Any]:
        """The twenty posts around a post, with their source."""
        path = f"/t/{topic}/{post_number}.json" if post_number else f"/t/{topic}.json"
        return (await self.door.get(path, [("include_raw", "true")], why="thread")).mapping()

    async def post(self, post: int, *, priority: Priority | None = None) -> wire.Post | None:
        """One post with its source."""
        answer = (await self.door.get(f"/posts/{post}.json", why="post", priority=priority)).mapping()
        return wire.lenient(answer, wire.Post)[0]

    async def edit_post(self, post: int, raw: str, reason: str, original: str | None = None) -> None:
        """Change a post's text; 409 when it is not `original` any more."""
        fields = {"raw": raw, "edit_reason": reason} | ({"original_text": original} if original is not None else {})
        (await self.door.ask("PUT", f"/posts/{post}.json", json={"post": fields}, why="edit post")).settled()

    async def delete_post(self, post: int) -> None:
        """Delete a post softly; the first post takes its topic along."""
        (await self.door.ask("DELETE", f"/posts/{post}.json", why="delete post")).settled()

    async def recover_post(self, post: int) -> None:
        """Bring a deleted post back."""
        (await self.door.ask("PUT", f"/posts/{post}/recover.json", why="bring post back")).settled()

    async def unhide_post(self, post: int) -> None:
        """Show a hidden post again."""
        (await self.door.ask("PUT", f"/posts/{post}/unhide.json", why="unhide post")).settled()

    async def flag(self, post: int, kind: int, message: str | None, *, hide: bool = False) -> None:
        """Report a post; `hide` also hides it and puts it in the queue (staff)."""
        form = [("id", str(post)), ("post_action_type_id", str(kind))]
        form += [("message", message)] if message else []
        form += [("queue_for_review", "true")] if hide else []
        (await self.door.ask("POST", "/post_actions.json", form=form, why="report again")).settled()

    async def topic_status(self, topic: int, status: str, enabled: bool) -> None:
        """Close or open a topic."""
        form = [("status", status), ("enabled", "true" if enabled else "false")]
        (
            await self.door.ask("PUT", f"/t/{topic}/status.json", form=form, why="lock" if enabled else "unlock")
        ).settled()

    async def message(self, to: str, title: str, raw: str, *, key: str = "", warning: bool = False) -> dict[str, Any]:
        """A private message to a member; `warning` makes it an official one. A held one has `action: enqueued`.

        To an admin's key the site gives the same answer to the same fields for two minutes, and posts once. `key`,
        which it does not read, makes two messages that say the same two.
        """
        form = [("archetype", "private_message"), ("title", title), ("raw", raw), ("target_recipients", to)]
        form += [("is_warning", "true")] if warning else []
        form += [("modtui_step", key)] if key else []
        return (await self.door.ask("POST", "/posts.json", form=form, why="message")).mapping()

    # --- members

    async def card(self, username: str) -> dict[str, Any]:
        """A member's public profile; `user` is the interesting part."""
        answer = (await self.door.get(f"/u/{_segment(username)}.json", why="member")).mapping()
        user = answer.get("user")
        return user if isinstance(user, dict) else {}

    async def admin_user(self, native: str, *, priority: Priority | None = None) -> dict[str, Any]:
        """What staff see of a member, without addresses. 404 for everybody else."""
        reply = await self.door.get(f"/admin/users/{int(native)}.json", why="member", priority=priority)
        return without_private(reply.mapping())

    async def penalise(self, native: str, kind: str, form: Pairs) -> dict[str, Any]:
        """Suspend or silence; `kind` is the path's last word. 409 when it is in force already."""
        reply = await self.door.ask("PUT", f"/admin/users/{int(native)}/{kind}.json", form=form, why=kind)
        return reply.mapping()

    async def admin_put(self, native: str, what: str) -> None:
        """unsuspend, unsilence, deactivate ..."""
        (await self.door.ask("PUT", f"/admin/users/{int(native)}/{what}.json", why=what)).settled()

    async def user_notes(self, native: str) -> list[dict[str, Any]]:
        """Team notes on a member (a plugin; 404 without it)."""
        answer = (await self.door.get("/user_notes.json", [("user_id", native)], why="notes")).mapping()
        rows = answer.get("user_notes")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def note_user(self, native: str, text: str, post: int | None = None) -> dict[str, Any]:
        """A team note on a member."""
        form = [("user_note[user_id]", native), ("user_note[raw]", text)]
        form += [("user_note[post_id]", str(post))] if post else []
        return (await self.door.ask("POST", "/user_notes.json", form=form, why="note")).mapping()

    async def unnote_user(self, native: str, note: str) -> None:
        """Delete a team note on a member."""
        path = f"/user_notes/{_segment(note)}.json"
        (await self.door.ask("DELETE", path, [("user_id", native)], why="delete note")).settled()

    async def actions_of(self, username: str) -> list[dict[str, Any]]:
        """A member's newest topics and replies."""
        params = [("username", username), ("filter", "4,5"), ("limit", "10")]
        answer = (await self.door.get("/user_actions.json", params, why="member's posts")).mapping()
        rows = answer.get("user_actions")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def sent_messages(self, username: str, page: int = 0) -> list[dict[str, Any]]:
        """A page of one's own private messages, the latest first."""
        path = f"/topics/private-messages-sent/{_segment(username)}.json"
        params = [("page", str(page))] if page else []
        found = await self.door.get(path, params, why="sent messages", priority=current_priority("decision"))
        answer = found.mapping()
        listed = answer.get("topic_list")
        rows = listed.get("topics") if isinstance(listed, dict) else None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    # --- live

    async def bus(self, positions: Mapping[str, int]) -> list[dict[str, Any]]:
        """Ask the message bus once, without waiting for something to happen."""
        self._bus_seq += 1
        reply = await self.door.ask(
            "POST", f"{MESSAGE_BUS}{self._bus_id}/poll", [("dlp", "t")],
            json={**positions, "__seq": self._bus_seq}, headers={"Dont-Chunk": "true"}, why="changes",
            priority=current_priority("read"),
        )  # fmt: skip
        # Some hosts serve the bus from another process, which calls its JSON plain text.
        rows = reply.json() if reply.kind != "text/plain" else reply.parsed()
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _segment(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def pairs(values: Mapping[str, object]) -> Pairs:
    """Query pairs of what is not None."""
    return [(name, str(value)) for name, value in values.items() if value is not None]


def ids_pairs(ids: Sequence[str]) -> Pairs:
    """`ids[]` once per id."""
    return [("ids[]", one) for one in ids]
