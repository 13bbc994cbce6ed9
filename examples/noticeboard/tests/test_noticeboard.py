"""The contract of modtui on a running board, and what is the board's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from board import READER, TOKEN, Board, running

from modtui.backends.base import Backend, Connection, Credential
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import RightsError
from modtui.testing import BackendContract, Site, Standing, carry_out

_number = itertools.count(1)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """One board for all tests; each pins notices of its own."""
    with running() as board:
        yield board


class NoticeboardSite(Site):
    """How things happen on a board, without the backend."""

    name = "noticeboard"
    page_size = 10
    approval_requests = 3

    def __init__(self, board: Board) -> None:
        self.board, self.wall = board, f"wall {next(_number)}"
        self.id = community_id("noticeboard", board.url, "the-moderator")

    def connection(self, state: Path) -> Connection:
        credential = Credential(kind="token", secret=TOKEN)
        return Connection(community=self.id, url=self.board.url, credential=credential, state=state)

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        native = self.board.pin("bo", text, self.wall)
        for member in ("ann", "kim", "lee")[:reporters]:
            self.board.complain(native, member)
        return SubjectRef(self.id, "notice", str(native))

    async def report_again(self, ref: SubjectRef) -> None:
        self.board.complain(int(ref.native), "somebody-else")

    async def edit(self, ref: SubjectRef, text: str) -> None:
        self.board.edit(int(ref.native), text)

    async def approve(self, ref: SubjectRef) -> None:
        complaints = self.board.notices[int(ref.native)]["complaints"]
        self.board.change(int(ref.native), {"close": [one["id"] for one in complaints]})

    async def standing(self, ref: SubjectRef) -> Standing:
        notice = self.board.notices[int(ref.native)]
        reported = any(one["open"] for one in notice["complaints"])
        return Standing(reported=reported, shown=not notice["hidden"], text=notice["text"])

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        return SubjectRef(ref.community, ref.kind, "99999999")

    async def spoil(self) -> bool:
        self.board.spoilt.add(int((await self.report("About to break.")).native))
        return True

    async def hostile(self, text: str) -> SubjectRef:
        native = self.board.pin("bo", text, text)
        for member in (text, "ann"):
            self.board.complain(native, member, kind=text, words=text)
        return SubjectRef(self.id, "notice", str(native))

    def tries(self, offer: object) -> bool:
        return True


@pytest.fixture
def site(board: Board) -> NoticeboardSite:
    """The board, for the contract and for the tests below."""
    return NoticeboardSite(board)


class TestNoticeboard(BackendContract):
    """Everything that modtui wants of a backend."""

    @pytest.fixture
    def site(self, board: Board) -> Site:
        return NoticeboardSite(board)


class TestOurOwn:
    """What only the board has."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_a_pin_is_put_in_and_taken_out(self, site: NoticeboardSite, tmp_path: Path) -> None:
        backend, item = await self._ready(site, site.connection(tmp_path))
        intent = Intent(verb="offer", offer="pin")
        done = await carry_out(backend, backend.plan(item, intent), "pin")
        assert site.board.notices[int(item.ref.native)]["pinned"]
        pinned = (await backend.reread([item.ref]))[item.ref]
        assert isinstance(pinned, Item) and "unpin" in {offer.id for offer in pinned.offers}
        await carry_out(backend, backend.plan_undo(item, intent, done), "back")
        assert not site.board.notices[int(item.ref.native)]["pinned"]
        await backend.aclose()

    async def test_a_reader_is_offered_nothing(self, site: NoticeboardSite, tmp_path: Path) -> None:
        credential = Credential(kind="token", secret=READER)
        connection = msgspec.structs.replace(site.connection(tmp_path), credential=credential)
        backend, item = await self._ready(site, connection)
        for offer in item.offers:
            assert isinstance(offer.capability, Blocked) and offer.capability.code == "right"
        moderator, same = await self._ready(site, site.connection(tmp_path))
        with pytest.raises(RightsError, match="moderators only"):
            await carry_out(backend, moderator.plan(same, Intent(verb="approve")), "never")
        await backend.aclose()
        await moderator.aclose()

    async def _ready(self, site: NoticeboardSite, connection: Connection) -> tuple[Backend, Item]:
        backend = site.make(connection)
        await backend.identify()
        ref = await site.report("A notice of its own.")
        item = (await backend.reread([ref]))[ref]
        assert isinstance(item, Item)
        return backend, item
