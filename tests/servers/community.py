"""A small community on a running Open edX forum, and how its refusals are read."""

from __future__ import annotations

import httpx

from tests.servers.openedx import Json, Member, OpenEdx


class Community:
    """A course of its own with an author, two reporters and a moderator."""

    def __init__(self, server: OpenEdx) -> None:
        self.server = server
        self.course = server.course()
        self.author, self.ann, self.bo, self.mod = (server.create_user() for _ in range(4))

    def thread(self, body: str = "A body.", *, kind: str = "discussion", author: Member | None = None) -> str:
        """A thread in this course; its id."""
        return self.server.create_thread(self.course, author or self.author, body, kind=kind)

    def respond(self, thread: str, body: str = "A response.") -> str:
        """A response by the author; its id."""
        return self.server.create_comment(self.course, thread, self.author, body)

    def queue(self, **params: str | int) -> list[Json]:
        """The threads on one page of the queue of reported posts."""
        found = self.server.flagged(self.course, **params)["collection"]
        assert isinstance(found, list)
        return found

    def stats(self, member: Member) -> Json:
        """The numbers of one member."""
        (row,) = self.server.stats(self.course, usernames=member.name)["user_stats"]
        assert isinstance(row, dict)
        return row


def refused(answer: httpx.Response) -> tuple[int, object]:
    """Status and JSON of an error."""
    return answer.status_code, answer.json()
