"""What the author of a backend fills in: how things happen on a running server, without the backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from modtui.backends.base import Backend, Connection, Factory
from modtui.domain.items import Item, Offer
from modtui.domain.subjects import Lane, SubjectRef


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a reported subject stands, asked of the server by other means than the backend.

    `reported`: somebody's report on it is open. `shown`: ordinary members can read its text. `text`: as its author
    typed it ("" where it is gone).
    """

    reported: bool
    shown: bool
    text: str = ""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """How a question stands, asked of the server by other means than the backend.

    `replies` are the texts below it that ordinary members can read, as they were typed, the oldest first; `marked`
    those of them that are marked as the answer.
    """

    replies: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    closed: bool = False


class Site(ABC):
    """A running community for the contract. Every method acts as somebody else than the moderator, on the server."""

    name: str
    """The name of the backend in the entry-point group `modtui.backends`."""
    lane: Lane = "reports"
    """The lane in which `report` makes rows."""
    page_size: int = 10
    """Rows of one page. The contract makes three more."""
    undoable: tuple[str, ...] = ("approve", "remove")
    """Verbs whose undo also puts the item back into the lane."""
    questions: bool = False
    """Whether the platform has the lane of questions. Then `ask`, `answer`, `mark`, `unask` and `talk` are filled in,
    and the contract has a second half for it; else those tests are skipped."""
    questions_page: int = 10
    """Rows of one page of questions."""
    approval_requests: int = 8
    """How many requests the thread around a row, the look before sending and an approval may cost together."""
    reread_requests: int = 3
    """How many requests reading one subject again may cost (or one batch of them, where the site reads several)."""
    optional: frozenset[str] = frozenset()
    """Keys that the site may leave out of its answers; the contract leaves them out, and whatever is null."""

    @abstractmethod
    def connection(self, state: Path) -> Connection:
        """A connection of the moderator with a valid credential. `state` is a private folder."""

    @abstractmethod
    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        """A new post with this text, reported by so many members. The subject as the backend names it."""

    @abstractmethod
    async def report_again(self, ref: SubjectRef) -> None:
        """One more member reports it."""

    @abstractmethod
    async def edit(self, ref: SubjectRef, text: str) -> None:
        """The author changes the text."""

    @abstractmethod
    async def approve(self, ref: SubjectRef) -> None:
        """Another moderator closes the reports and keeps the post."""

    @abstractmethod
    async def standing(self, ref: SubjectRef) -> Standing:
        """How it stands now, by the server's own word."""

    @abstractmethod
    def unknown(self, ref: SubjectRef) -> SubjectRef:
        """A subject of the same kind that does not exist."""

    def counted(self, items: Sequence[Item]) -> int:
        """How many the site counts where these are all rows of the lane (some count threads, some leave claims out)."""
        return len(items)

    async def spoil(self) -> bool:
        """Bring a row into the lane that the backend cannot read whole. False where the server has no such thing."""
        return False

    async def hostile(self, text: str) -> SubjectRef:
        """A new reported post with this text in every field of strangers that the site takes: besides the post its
        title, the reporter's words, names. As long as nothing else is filled in, the post."""
        return await self.report(text)

    def tries(self, offer: Offer) -> bool:
        """Whether the contract may carry out this offer on a row of its own. Not what touches the author, whom the
        rows share; a site whose `report` takes a new author each time may say yes to more."""
        return offer.verb in (
            "approve", "remove", "ignore", "restore", "edit", "lock", "unlock", "note", "claim", "release", "purge"
        )  # fmt: skip

    # --- questions (only where `questions` is True)

    async def ask(self, text: str, *, title: str = "") -> SubjectRef:
        """A member asks, where answers can be marked. The subject as the lane of questions names it. Without a title
        the site makes one up that no other question has."""
        raise NotImplementedError

    async def answer(self, ref: SubjectRef, text: str, *, by_asker: bool = False) -> str:
        """Another member (neither the asker nor the moderator), or the asker, answers. The post's `ThreadPost.id`."""
        raise NotImplementedError

    async def mark(self, ref: SubjectRef, post: str) -> None:
        """Somebody else marks this post (as `answer` named it) as the answer."""
        raise NotImplementedError

    async def unask(self, ref: SubjectRef) -> None:
        """The question is deleted."""
        raise NotImplementedError

    async def talk(self, ref: SubjectRef) -> Talk:
        """How the question stands now, by the server's own word."""
        raise NotImplementedError

    def make(self, connection: Connection) -> Backend:
        """The backend, as modtui itself makes it: through its entry point (in a checkout that is not installed, from
        the package `modtui.backends.NAME`)."""
        found = next(iter(entry_points(group="modtui.backends", name=self.name)), None)
        factory: Factory = found.load() if found else import_module(f"modtui.backends.{self.name}").factory
        return factory(connection)
