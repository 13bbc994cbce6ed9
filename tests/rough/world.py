"""A desk on the embedded community, with the rough network between them."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse import backend as discourse
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.backends.discourse.client import USER_LIMIT, auth_headers
from modtui.backends.discourse.errors import explain, pauses_all, spends_day
from modtui.backends.http import Door, Limits
from modtui.backends.reply import Reply
from modtui.demo import effects
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.events import DecisionChanged, Event, Link, LinkChanged
from modtui.desk.link import words_for
from modtui.domain.decisions import Decision, Intent
from modtui.domain.items import Item
from modtui.domain.subjects import community_id
from modtui.store.store import Store
from tests.rough.clock import Passing
from tests.rough.faults import Fault
from tests.rough.proxy import Proxy, Trouble, port_of

PATIENCE_S = 60.0
"""How long a condition may take on a busy machine, in real seconds."""


class Hurried(Limits):
    """Time limits that a silent site meets soon, though the sentence says what it says to people."""

    read = 1.0
    total = 3.0


class WatchedDoor(Door):
    """Counts the requests that are out, so that no time is skipped under them."""

    out = 0

    async def _once(self, *given: Any) -> Reply:
        self.out += 1
        try:
            return await super()._once(*given)
        finally:
            self.out -= 1


@dataclass
class Rough:
    """A desk that is live on the community, through the proxy, with the moderator's own key: 20 requests a minute."""

    desk: Desk
    demo: DemoServer
    proxy: Proxy
    clock: Passing
    door: WatchedDoor
    monkeypatch: pytest.MonkeyPatch
    certificates: Certificates | None
    told: list[Event] = field(default_factory=list)

    @property
    def community(self) -> Community:
        """The one community."""
        return self.desk.communities[0]

    # --- the network

    def begin(self, fault: Fault, *, first_writes: bool = False) -> None:
        """From now on this goes wrong; with `first_writes` only to the first try of each request that writes, where the
        fault is one of requests."""
        if fault.how == "refuse":
            self.proxy.refuse()
        elif fault.how == "dns":
            self.monkeypatch.setattr(socket, "getaddrinfo", _unknown_name)
            self.proxy.cut()
        elif fault.how == "tls":
            assert self.certificates is not None
            if fault.detail == "plain":
                self.proxy.refuse()
                self.proxy.tls = None
                self.proxy.listen()
            else:
                self.certificates.show(fault.detail)
                self.proxy.cut()
        else:
            trouble = fault.trouble
            self.proxy.set(Trouble(trouble.spoil, first_writes, trouble.accept))

    def end(self, fault: Fault) -> None:
        """The network is good again."""
        if fault.how == "refuse":
            self.proxy.listen()
        elif fault.how == "dns":
            self.monkeypatch.undo()
        elif fault.how == "tls":
            assert self.certificates is not None
            self.certificates.show("good")
            if self.proxy.tls is None:
                self.proxy.refuse()
                self.proxy.tls = self.certificates.context
                self.proxy.listen()
        self.proxy.clear()

    # --- time

    async def until(self, holds: Callable[[], object], what: str, *, most_s: float = 30.0) -> None:
        """Wait until something holds, and let time pass while nothing is on the network; steps grow up to `most_s`."""
        end, step = time.monotonic() + PATIENCE_S, 1.0
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}: {self.community.link}"
            for _ in range(8):
                await asyncio.sleep(0.003)
                if holds():
                    return
            if self.door.out <= self.proxy.asleep:
                self.clock.skip(step)
                step = min(most_s, step * 1.3)

    async def at_once(self, holds: Callable[[], object], what: str) -> None:
        """Wait for what needs neither time nor the network."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}: {self.community.link}"
            await asyncio.sleep(0.002)

    # --- what is told

    def links(self) -> list[Link]:
        """The states of the line as they were told, oldest first."""
        return [event.link for event in self.told if isinstance(event, LinkChanged)]

    def plain(self, words: str) -> str:
        """Words as the table has them: one host, one time of day, one first wait."""
        words = re.sub(r"(localhost|127\.0\.0\.1)(:\d+)?", "forum.example", words)
        words = re.sub(r"\b\d\d:\d\d\b", "12:02", words)
        words = re.sub(r"within \d+ s\.", "within 45 s.", words)
        words = re.sub(r"^\d\d\d: ", "", words)
        return re.sub(r"(next try in) \d+ s", r"\1 2 s", words)

    def line(self, link: Link) -> str:
        """Line 2 at the beginning of a state."""
        return self.plain(str(words_for(link, "harbour", link.since_ms)))

    # --- deciding

    async def decide(self, item: Item, intent: Intent) -> Decision:
        """Decide, while the network stands still: a key waits for no site."""
        self.proxy.gate.clear()
        try:
            skipped = self.clock.skipped
            decided = await asyncio.wait_for(self.desk.decide([item], intent), PATIENCE_S)
            assert self.clock.skipped == skipped
        finally:
            self.proxy.gate.set()
        assert decided.decision is not None, decided.skipped
        return decided.decision

    def state(self, decision: Decision) -> str:
        """The state of a decision by now."""
        found = self.desk.decision(decision.id)
        assert found is not None
        return str(found.state)

    def been(self, decision: Decision, step: int = 0) -> set[str]:
        """The states in which a step of it was."""
        return {
            event.decision.targets[0].steps[step].state
            for event in self.told
            if isinstance(event, DecisionChanged) and event.decision.id == decision.id
        }

    async def report(self) -> Item:
        """A fresh report on a post, and its row, read from the site."""
        author = self.demo.db.one(
            "SELECT id FROM users WHERE trust_level = 1 AND moderator = 0 AND admin = 0 AND active = 1 AND id > 10"
            " AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT 1"
        )
        topic = self.demo.db.one(
            "SELECT id FROM topics t WHERE archetype = 'regular' AND NOT closed AND deleted_at IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM claims c WHERE c.topic_id = t.id) ORDER BY id LIMIT 1"
        )
        assert author is not None and topic is not None
        with self.demo.db.write():
            post = effects.new_post(self.demo.site, topic["id"], author["id"], "You lot have no idea of all this.")
        reporter = self.demo.db.one(
            "SELECT username FROM users WHERE trust_level = 2 AND moderator = 0 AND admin = 0 AND active = 1"
            " AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT 1"
        )
        assert reporter is not None
        number = self.demo.flag(post, reporter["username"])
        return await self._row("reviewable", number)

    async def question(self) -> Item:
        """A fresh question, and its row, read from the site."""
        asker = self.demo.db.one(
            "SELECT username FROM users WHERE trust_level = 1 AND moderator = 0 AND admin = 0 AND active = 1"
            " AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT 1"
        )
        assert asker is not None
        number = self.demo.ask(asker["username"], "How do I export my own course?", "I looked everywhere for it.")
        return await self._row("topic", number)

    async def _row(self, kind: str, number: int) -> Item:
        from modtui.domain.subjects import SubjectRef

        ref = SubjectRef(self.community.id, kind, str(number))
        reading = asyncio.create_task(self.desk.read([ref]))
        await self.until(reading.done, "the row")
        found = (await reading)[ref]
        assert isinstance(found, Item)
        return found


def _unknown_name(*given: object, **more: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


class Certificates:
    """A server's certificates, good or bad as `show` says; `authority` is a file that modtui is told to trust."""

    def __init__(self, folder: Path) -> None:
        from datetime import UTC, datetime, timedelta

        ours, theirs = trustme.CA(), trustme.CA()
        self.authority = folder / "authority.pem"
        ours.cert_pem.write_to_path(str(self.authority))
        ago = datetime.now(UTC) - timedelta(days=9)
        self._contexts = {
            "good": _context(ours.issue_cert("localhost")),
            "unknown": _context(theirs.issue_cert("localhost")),
            "name": _context(ours.issue_cert("elsewhere.example")),
            "expired": _context(ours.issue_cert("localhost", not_before=ago, not_after=ago + timedelta(days=1))),
            "own": self._own(folder),
        }
        self.context = _context(ours.issue_cert("localhost"))
        self._shown = "good"
        self.context.sni_callback = self._choose

    def show(self, which: str) -> None:
        """Which certificate the next connections see."""
        self._shown = which

    def _choose(self, line: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext) -> None:
        line.context = self._contexts[self._shown]

    @staticmethod
    def _own(folder: Path) -> ssl.SSLContext:
        from tests.core.test_http_door import self_signed

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self_signed(folder))
        return context


def _context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


@asynccontextmanager
async def rough(
    demo: DemoServer, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch, *, key: str
) -> AsyncIterator[Rough]:
    """A desk that is live, through a proxy in front of `demo`; its clock is the community's, too."""
    clock = Passing()
    demo.site.clock = clock.monotonic
    demo.site.windows.clear()
    certificates = Certificates(tmp_path) if fault.how == "tls" else None
    if certificates is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    limits = Hurried if fault.slow else Limits
    doors: list[WatchedDoor] = []

    def door(connection: Connection) -> Door:
        made = WatchedDoor(
            connection, auth=auth_headers(connection), limit=USER_LIMIT, explain=explain, pauses_all=pauses_all,
            spends_day=spends_day, reading_posts=("/message-bus/",), sleep=clock.sleep, now=clock.now, limits=limits,
        )  # fmt: skip
        doors.append(made)
        return made

    with (
        Proxy(port_of(demo.url), clock, certificates.context if certificates else None) as proxy,
        monkeypatch.context() as patched,
    ):
        patched.setattr(discourse, "door", door)
        url = proxy.url.replace("127.0.0.1", "localhost") if fault.how == "dns" else proxy.url
        connection = Connection(
            community=community_id("discourse", url, demo.username), url=url,
            credential=Credential(kind="token", secret=key), state=tmp_path / "state",
        )  # fmt: skip
        backend = DiscourseBackend(connection)
        store = Store.open(tmp_path / "state", tmp_path / "cache", now_ms=clock.now_ms)
        desk = Desk(
            [Community(name="harbour", backend=backend, url=url)], store, clock=clock, hold_override_s=0,
            resume_after_s=1e9,
        )
        with pytest.MonkeyPatch.context() as network:
            it = Rough(desk, demo, proxy, clock, doors[0], network, certificates)
            desk.events.subscribe(it.told.append)
            await desk.start()
            try:
                await it.until(lambda: it.community.link.state == "live", "the line")
                yield it
            finally:
                proxy.gate.set()
                await desk.close(timeout_s=1.0)
                await backend.aclose()
                await store.close()
