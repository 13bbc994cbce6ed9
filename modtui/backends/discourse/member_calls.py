"""Discourse's calls about members: lists, records, private data, and what staff do to an account.

Lists are asked without e-mail addresses (`show_emails` would be logged on the site, and is never sent).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from modtui.backends.http import Door

PAGE = 100
"""Rows in a page of /admin/users/list, fixed by the server ..."""
ITEMS = 50
"""... and in a page of /directory_items."""
ACTIONS = 60
"""Newest posts that are asked for."""
LOG = 50


class MemberCalls:
    """The calls. Every method raises the errors of the door and of `errors.explain`."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def listed(
        self, query: str, page: int, *, order: str = "created", text: str = ""
    ) -> list[dict[str, Any]]:
        """A page of what staff see of the members; 404 for everybody else."""
        params = [("order", order), ("page", str(page))] + ([("filter", text)] if text else [])
        reply = await self.door.get(f"/admin/users/list/{query}.json", params, why="members")
        return _rows(reply.json())

    async def directory(self, page: int, text: str = "") -> tuple[list[dict[str, Any]], int | None, bool]:
        """A page of the public directory: rows, how many there are, whether there are more."""
        params = [("period", "all"), ("order", "post_count"), ("page", str(page))]
        params += [("name", text)] if text else []
        answer = (await self.door.get("/directory_items.json", params, why="members")).mapping()
        meta = answer.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        total = meta.get("total_rows_directory_items")
        rows = _rows(answer.get("directory_items"))
        return rows, total if isinstance(total, int) else None, bool(meta.get("load_more_directory_items"))

    async def log_of(self, username: str) -> list[dict[str, Any]]:
        """What staff did to a member, newest first. 404 for everybody else."""
        params = [("target_user", username), ("limit", str(LOG))]
        answer = (await self.door.get("/admin/logs/staff_action_logs.json", params, why="member's history")).mapping()
        return _rows(answer.get("staff_action_logs"))

    async def reported(self, username: str) -> dict[str, Any]:
        """The newest items of the review queue about a member's posts, in any state."""
        params = [
            ("username", username), ("status", "all"), ("priority", "low"), ("sort_order", "created_at"),
        ]  # fmt: skip
        return (await self.door.get("/review.json", params, why="reports about the member")).mapping()

    async def actions(self, username: str, kinds: str, limit: int = ACTIONS) -> list[dict[str, Any]]:
        """A member's newest topics (4), replies (5) or accepted answers (15)."""
        params = [("username", username), ("filter", kinds), ("limit", str(limit))]
        answer = (await self.door.get("/user_actions.json", params, why="member's posts")).mapping()
        return _rows(answer.get("user_actions"))

    async def summary(self, username: str) -> dict[str, Any]:
        """The counts of a public profile."""
        answer = (await self.door.get(f"/u/{quote(username, safe='')}/summary.json", why="member")).mapping()
        found = answer.get("user_summary")
        return found if isinstance(found, dict) else {}

    async def warnings(self, username: str) -> list[dict[str, Any]]:
        """The official warnings that a member was sent. Staff."""
        path = f"/topics/private-messages-warnings/{quote(username, safe='')}.json"
        listed = (await self.door.get(path, why="warnings")).mapping().get("topic_list")
        return _rows(listed.get("topics")) if isinstance(listed, dict) else []

    async def emails(self, username: str) -> dict[str, Any]:
        """A member's e-mail addresses. Staff; the site writes this look into its log."""
        return (await self.door.get(f"/u/{quote(username, safe='')}/emails.json", why="e-mail, asked for")).mapping()

    async def same_ip(self, ip: str) -> list[dict[str, Any]]:
        """The members who were last seen from this address. Staff."""
        params = [("ip", ip), ("page", "1")]
        reply = await self.door.get("/admin/users/list/active.json", params, why="accounts that share an address")
        return _rows(reply.json())

    async def log_out(self, native: str) -> None:
        """End every session of a member."""
        (await self.door.ask("POST", f"/admin/users/{int(native)}/log_out.json", why="log out")).settled()

    async def erase(self, native: str, context: str) -> dict[str, Any]:
        """Delete an account as a spammer's: with its posts, its addresses blocked. `deleted` false: the site will not.
        403 for an account that is too old or has written too much."""
        yes = "true"
        form = [
            ("delete_posts", yes), ("block_email", yes), ("block_urls", yes), ("block_ip", yes),
            ("delete_as_spammer", yes), ("context", context),
        ]  # fmt: skip
        return (await self.door.ask("DELETE", f"/admin/users/{int(native)}.json", form=form, why="erase")).mapping()


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
