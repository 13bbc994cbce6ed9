"""The contract against a real Ozone (install it with `python -m tests.servers prepare ozone`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.backends.base import Backend, Connection, Credential
from modtui.backends.ozone import lane
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import Refused
from modtui.testing import BackendContract, Site, Standing
from tests.servers.conftest import ozone  # noqa: F401 (a fixture)
from tests.servers.ozone import Ozone

pytestmark = [pytest.mark.servers, pytest.mark.anyio]

PER_PAGE = 6


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few posts fill several pages."""
    monkeypatch.setattr(lane, "PER_PAGE", PER_PAGE)


class OzoneSite(Site):
    """The network's moderation service, on which posts or accounts are reported."""

    name = "ozone"
    page_size = PER_PAGE
    approval_requests = 6
    reread_requests = 5

    def __init__(self, server: Ozone, kind: str) -> None:
        self.server, self.kind = server, kind
        server.empty()
        self.id = community_id("ozone", server.url, server.user)
        self.author = server.named("author")
        self.reporters = [server.named("ann"), server.named("bo"), server.named("cy")]

    def connection(self, state: Path) -> Connection:
        server = self.server
        return Connection(
            community=self.id,
            url=server.url,
            credential=Credential(kind="service", user=server.user, secret=server.password),
            state=state,
            options={"labeler": server.labeler},
        )

    async def report(self, text: str, *, reporters: int = 2) -> SubjectRef:
        server = self.server
        if self.kind == "account":
            who = server.create_account("reported", text)
            subject: str | tuple[str, str] = who.did
        else:
            subject = server.post(self.author, text)
        for member in self.reporters[:reporters]:
            server.report(member, subject, "Look at this.")
        server.process()
        return SubjectRef(self.id, self.kind, subject if isinstance(subject, str) else subject[0])

    async def report_again(self, ref: SubjectRef) -> None:
        self.server.report(self.reporters[2], self._subject(ref), reason="reasonRude")
        self.server.process()

    async def edit(self, ref: SubjectRef, text: str) -> None:
        if self.kind == "account":
            self.server.introduce(self.server.by_did(ref.native), text)
        else:
            self.server.rewrite(self.author, ref.native, text)
        self.server.process()

    async def approve(self, ref: SubjectRef) -> None:
        other = self.server.staff(name="other")
        self.server.emit(other, self._subject(ref), "modEventAcknowledge", reportAction={"all": True})

    async def standing(self, ref: SubjectRef) -> Standing:
        shown = not self.server.status(ref.native).get("takendown")
        text = self.server.text_of(ref.native) if shown else ""
        return Standing(reported=bool(self.server.waiting(ref.native)), shown=shown, text=text)

    def unknown(self, ref: SubjectRef) -> SubjectRef:
        nobody = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
        native = nobody if ref.kind == "account" else f"at://{nobody}/app.bsky.feed.post/3aaaaaaaaaaa2"
        return SubjectRef(ref.community, ref.kind, native)

    async def spoil(self) -> bool:
        """A reported post that its author deletes: there is nothing to read any more."""
        post = self.server.post(self.author, "Soon gone.")
        self.server.process()
        self.server.report(self.reporters[0], post)
        self.server.unpost(self.author, post[0])
        self.server.process()
        return True

    async def hostile(self, text: str) -> SubjectRef:
        """A post holds 300 signs and a profile even fewer, so this is a record of a kind that the network does not
        know; the reporter's words hold the text, too."""
        subject = self.server.post(self.author, text, kind="org.example.note")
        self.server.report(self.reporters[0], subject, text)
        self.server.process()
        return SubjectRef(self.id, "record", subject[0])

    def _subject(self, ref: SubjectRef) -> str | tuple[str, str]:
        if ref.kind == "account":
            return ref.native
        return ref.native, self.server.cid_of(ref.native)


class TestPosts(BackendContract):
    """Reported posts."""

    @pytest.fixture
    def site(self, ozone: Ozone) -> Site:  # noqa: F811
        return OzoneSite(ozone, "record")


class TestAccounts(BackendContract):
    """Reported accounts."""

    @pytest.fixture
    def site(self, ozone: Ozone) -> Site:  # noqa: F811
        return OzoneSite(ozone, "account")

    async def test_a_reported_post_can_be_answered(self, site: Site, backend: Backend) -> None:
        """An account is no post: there is nothing to answer, which is said."""
        ref = await site.report("About myself.")
        item = (await backend.reread([ref]))[ref]
        assert isinstance(item, Item)
        with pytest.raises(Refused):
            backend.plan(item, Intent(verb="reply", text="An answer."))
