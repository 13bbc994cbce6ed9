"""Receivers for the tests of routes: a real HTTP server, a real SMTP server with TLS, a route that can be spoiled."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from modtui.domain.capability import ALLOWED, Capability
from modtui.domain.decisions import Answer, Call
from modtui.routes.base import Kind
from modtui.settings.model import RouteSettings


@dataclass
class Taken:
    """One request as the receiver got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, object]:
        """The body's JSON."""
        found: dict[str, object] = msgspec.json.decode(self.body)
        return found


@dataclass
class Receiver:
    """An HTTP server on this machine. `answers` are statuses for the next requests: 0 cuts the line after the body was
    read, -1 before anything is read. When they are used up it says 200. It remembers keys that it took."""

    url: str = ""
    answers: deque[int] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    headers: str = ""
    """More lines for the head of an answer."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        status = self.answers.popleft() if self.answers else 200
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if status >= 0:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                self.taken.append(Taken(method, path, fields, body))
            if status > 0:
                head_of = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n{self.headers}\r\n"
                writer.write(head_of.encode())
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Mailbox:
    """A mail server's mails. `answers` are answers to the next DATA ("" takes it, "cut" hangs up after the text)."""

    port: int = 0
    answers: deque[str] = field(default_factory=deque)
    greets: deque[str] = field(default_factory=deque)
    """Answers to the next MAIL commands, before any text: "" takes it."""
    mails: list[Envelope] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """aiosmtpd asks whether the sender is welcome."""
        said = self.greets.popleft() if self.greets else ""
        if said:
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd hands over a mail."""
        said = self.answers.popleft() if self.answers else ""
        if said and said != "cut":
            return said
        self.mails.append(envelope)
        self.tls.append(session.ssl is not None)
        if said == "cut":
            transport = server.transport
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        return "250 OK"


@asynccontextmanager
async def posting(
    folder: Path, *, login: tuple[str, str] | None = None, tls: str = "starttls"
) -> AsyncIterator[Mailbox]:
    """A mail server on 127.0.0.1 with TLS as an option says it; its certificate is signed by `folder`/ca.pem (made
    here)."""
    from aiosmtpd.smtp import AuthResult, LoginPassword

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    box = Mailbox()

    def check(server: object, session: object, envelope: object, mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        fits = login is not None and (given.login.decode(), given.password.decode()) == login
        return AuthResult(success=fits, handled=False)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            box, tls_context=context if tls == "starttls" else None, require_starttls=tls == "starttls", loop=loop,
            auth_required=login is not None,
            authenticator=check if login is not None else None,
        ),
        "127.0.0.1", 0, ssl=context if tls == "implicit" else None,
    )  # fmt: skip
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


class FakeRoute:
    """A route in memory. `faults` are raised by the next deliveries, one each."""

    kind: Kind = "webhook"

    def __init__(self, name: str = "legal", key: str = "l", *, due_ms: int | None = None, share: bool = True) -> None:
        self.name, self.key, self.title, self.due_ms, self.share = name, key, name.capitalize(), due_ms, share
        self.where, self.hours, self.stays = f"webhook at {name}.example", "", f"what {self.title} was sent stays sent"
        self.able: Capability = ALLOWED
        self.faults: deque[Exception] = deque()
        self.got: list[tuple[str, dict[str, object]]] = []
        self.tries: list[str] = []

    @property
    def capability(self) -> Capability:
        """What the test says."""
        return self.able

    async def deliver(self, call: Call, key: str) -> Answer:
        """Take it, or fail as told."""
        self.tries.append(key)
        await asyncio.sleep(0)
        if self.faults:
            raise self.faults.popleft()
        self.got.append((key, call.args))
        return Answer(data={"status": 200})

    async def aclose(self) -> None:
        """Nothing is kept."""


def entry(**fields: object) -> RouteSettings:
    """A `[[routes]]` entry called legal."""
    return msgspec.convert({"name": "legal", "key": "l", "title": "Legal", **fields}, RouteSettings)
