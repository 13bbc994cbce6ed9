"""A mail server that says again what it was told: the password comes into no error, hence into no journal."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from modtui import credentials
from modtui.domain.decisions import Call
from modtui.errors import ModtuiError
from modtui.routes.build import make_routes
from modtui.settings.model import RouteSettings
from tests.canary import ROUTE, leaks

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", ["PLAIN", "LOGIN"])
async def test_a_mail_server_that_echoes(tmp_path: Path, how: str) -> None:
    told: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 echo\r\n")
        while line := (await reader.readline()).decode().strip():
            told.append(line)
            decoded = "".join(_plain(word) for word in line.split())
            verb = line.split()[0].upper()
            if verb == "EHLO":
                writer.write(f"250-echo\r\n250 AUTH {how}\r\n".encode())
            elif line == "AUTH LOGIN" or (how == "LOGIN" and verb == "AUTH" and len(line.split()) == 3):
                writer.write(b"334 UGFzc3dvcmQ6\r\n")
            elif verb == "QUIT":
                break
            else:
                writer.write(f"535 cannot log in with {line} which is {decoded}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "tls": "none", "user": "modtui", "from": "modtui@harbour.example"}
    one = RouteSettings(name="pager", key="p", kind="mail", to="legal@harbour.example", options=options)
    [route] = make_routes([one], state=tmp_path, tokens={credentials.route_variable("pager"): ROUTE})
    with pytest.raises(ModtuiError) as caught:
        await route.deliver(Call("deliver", {"item": {"number": "1"}}), "k-0-0")
    await route.aclose()
    server.close()
    assert any(ROUTE in _plain(word) for line in told for word in line.split()), "it got the password"
    said = str(caught.value).encode()
    assert b"535" in said and leaks(said, [ROUTE]) == []
    plain = base64.b64encode(f"\0modtui\0{ROUTE}".encode())
    assert plain not in said


def _plain(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""
