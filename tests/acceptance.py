"""What the acceptance tests know of a community: only what its own API says, asked as an administrator would.

Nothing here uses modtui's code or the embedded community's tables: the same questions can be put to a real site.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

STATUS = ("pending", "approved", "rejected", "ignored", "deleted")
"""A Discourse review item's status, by its number."""


class Api:
    """A Discourse site asked with an admin key. `username` is whom the key acts as."""

    def __init__(self, url: str, key: str, username: str) -> None:
        self.url, self._key, self.username = url.rstrip("/"), key, username

    def __repr__(self) -> str:
        return f"Api({self.url!r}, {self.username!r})"

    def get(self, path: str, **params: object) -> Any:
        """The JSON of a GET. Raises urllib.error.HTTPError."""
        return self._ask("GET", f"{path}.json?{urllib.parse.urlencode(params)}", None)

    def send(self, method: str, path: str, **form: object) -> Any:
        """The JSON of a POST, PUT or DELETE with a form. Raises urllib.error.HTTPError."""
        return self._ask(method, f"{path}.json", urllib.parse.urlencode(form).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Api-Key": self._key, "Api-Username": self.username, "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def acting_as(self, username: str) -> Api:
        """The same site and key as another member."""
        return Api(self.url, self._key, username)

    def item(self, number: int) -> dict[str, Any]:
        """A review item, whatever its status."""
        found: dict[str, Any] = self.get(f"/review/{number}")["reviewable"]
        return found

    def status(self, number: int) -> str:
        """A review item's status as a word of STATUS."""
        return STATUS[self.item(number)["status"]]

    def pending(self) -> int:
        """How many items wait for a moderator."""
        return int(self.get("/review/count")["count"])

    def post(self, number: int) -> dict[str, Any]:
        """A post, also a hidden or a deleted one."""
        found: dict[str, Any] = self.get(f"/posts/{number}")
        return found

    def member(self, username: str) -> dict[str, Any]:
        """A member as staff see them."""
        user = self.get(f"/u/{username}")["user"]
        found: dict[str, Any] = self.get(f"/admin/users/{user['id']}")
        return found

    def messages_to(self, username: str) -> list[str]:
        """The texts of the private messages that a member has got, newest first."""
        topics = self.get(f"/topics/private-messages/{username}")["topic_list"]["topics"]
        threads = [self.get(f"/t/{topic['id']}", include_raw="true") for topic in topics]
        return [str(thread["post_stream"]["posts"][0]["raw"]) for thread in threads]
