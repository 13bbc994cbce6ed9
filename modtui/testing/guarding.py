"""Bad lines, wrong sites, wrong keys, and secrets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Backend, Connection
from modtui.errors import AuthError, ModtuiError, NetworkError, SiteError
from modtui.testing.site import Site
from modtui.testing.steps import all_items, intent, one_of

_PAGE = b"<!doctype html><title>Bakery</title><p>Fresh bread every day."


@asynccontextmanager
async def answering(status: str, kind: str, body: bytes) -> AsyncIterator[str]:
    """A server on loopback that gives one and the same answer to everything; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = (await reader.readuntil(b"\r\n\r\n")).lower()
            # A body left unread would reset the line, which can overtake the answer.
            await reader.readexactly(int(asked.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or b"0"))
            head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _elsewhere(connection: Connection, url: str) -> Connection:
    return msgspec.structs.replace(connection, url=url)


class GuardingContract:
    """What goes wrong is said in a sentence, and the secret is in none."""

    async def _refused(self, site: Site, connection: Connection) -> ModtuiError:
        backend = site.make(connection)
        try:
            with pytest.raises(ModtuiError) as trouble:
                await backend.identify()
        finally:
            await backend.aclose()
        assert trouble.value.message and trouble.value.__cause__ is None, "a sentence, and no library's error behind it"
        return trouble.value

    async def test_a_wrong_secret_is_an_auth_error(self, site: Site, tmp_path: Path) -> None:
        """Raise AuthError in `identify` when the site does not take the credential; the message does not hold
        the secret."""
        right = site.connection(tmp_path)
        assert right.credential is not None
        wrong = msgspec.structs.replace(right.credential, secret="wrong-0123456789abcdef")
        error = await self._refused(site, msgspec.structs.replace(right, credential=wrong))
        assert isinstance(error, AuthError)
        assert "0123456789abcdef" not in str(error)

    async def test_no_credential_is_an_auth_error(self, site: Site, tmp_path: Path) -> None:
        """Raise AuthError in `identify` when there is no credential."""
        error = await self._refused(site, msgspec.structs.replace(site.connection(tmp_path), credential=None))
        assert isinstance(error, AuthError)

    async def test_another_kind_of_site_is_a_site_error(self, site: Site, tmp_path: Path) -> None:
        """Raise WrongSite or SiteError in `identify` when the address answers with a web page."""
        for status in ("200 OK", "404 Not Found"):
            async with answering(status, "text/html; charset=utf-8", _PAGE) as url:
                error = await self._refused(site, _elsewhere(site.connection(tmp_path), url))
            assert isinstance(error, SiteError), f"{status}: {error!r}"

    async def test_cut_data_is_a_site_error(self, site: Site, tmp_path: Path) -> None:
        """Raise SiteError when the answer is cut off, never the decoder's own error."""
        async with answering("200 OK", "application/json", b'{"collection": [{"id": ') as url:
            error = await self._refused(site, _elsewhere(site.connection(tmp_path), url))
        assert isinstance(error, SiteError)

    async def test_data_of_another_shape_is_a_site_error(self, site: Site, tmp_path: Path) -> None:
        """Raise SiteError when the answer is JSON of another shape, never a KeyError or TypeError."""
        for body in (b"[]", b'{"hello": "world"}', b"null", b"7"):
            async with answering("200 OK", "application/json", body) as url:
                error = await self._refused(site, _elsewhere(site.connection(tmp_path), url))
            assert isinstance(error, SiteError | AuthError), f"{body!r}: {error!r}"

    async def test_nobody_there_is_a_network_error(self, site: Site, tmp_path: Path) -> None:
        """Raise NetworkError(sent=False) when nobody listens at the address."""
        async with answering("200 OK", "text/plain", b"") as url:
            pass
        error = await self._refused(site, _elsewhere(site.connection(tmp_path), url))
        assert isinstance(error, NetworkError) and not error.sent

    async def test_the_secret_is_shown_nowhere(self, site: Site, backend: Backend) -> None:
        """Keep the secret out of every repr, request row, plan and item: leave the credential to the door's
        `auth`."""
        credential = backend.connection.credential
        assert credential is not None
        ref = await site.report("Nothing secret.")
        item = one_of(await all_items(backend, site.lane), ref)
        plan = backend.plan(item, intent("approve"))
        shown = [
            repr(backend), repr(backend.connection), repr(backend.wire), repr(vars(backend)),
            msgspec.json.encode([list(backend.wire.requests), plan, item]).decode(),
        ]  # fmt: skip
        pair = base64.b64encode(f"{credential.user}:{credential.secret}".encode()).decode()
        for text in shown:
            assert credential.secret not in text
            assert pair not in text

    async def test_requests_are_visible(self, site: Site, backend: Backend) -> None:
        """Say with each request what it is for (`why=`), and send it through the door, which shows it."""
        heard: list[str] = []
        backend.wire.watch(lambda seen: heard.append(seen.path))
        await backend.counts()
        assert heard and heard[-1] == backend.wire.requests[-1].path
        assert all(seen.why for seen in backend.wire.requests), "each says what it is for"
