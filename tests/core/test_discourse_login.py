"""Getting a key without a password: device code, paste-back, and giving it back."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import stamina

from modtui.backends.discourse.login import DeviceLogin, PasteLogin, client_id, probe, revoke
from modtui.demo.server import DemoServer
from modtui.errors import AuthError, NetworkError, Refused, SiteError, UsageError
from tests.core.discourse_world import backend_on, connect
from tests.core.scripted_site import answer, scripted

pytestmark = pytest.mark.anyio


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def test_probe_tells_the_ways_in(demo: DemoServer, tmp_path: Path) -> None:
    found = await probe(demo.url + "/", state=tmp_path)
    assert (found.kind, found.title, found.url) == ("discourse", "Harbour Community", demo.url)
    assert found.user_keys and found.device_code and not found.login_required
    demo.site.settings.device_code = False
    older = await probe(demo.url, state=tmp_path)
    assert older.user_keys and not older.device_code


@pytest.mark.parametrize(
    "raw",
    [answer(body=b"<html>", kind="text/html"), answer(404, {"a": 1}), answer(body={"name": "x"}), answer(body=[])],
)
async def test_probe_of_something_else(raw: bytes, tmp_path: Path) -> None:
    async with scripted(raw) as site:
        assert (await probe(site.url, state=tmp_path)).kind == "unknown"


async def test_probe_of_nothing(tmp_path: Path) -> None:
    async with scripted(answer()) as site:
        url = site.url
    with stamina.set_testing(True, attempts=1), pytest.raises(NetworkError):
        await probe(url, state=tmp_path)
    with pytest.raises(UsageError):
        await probe("http://forum.example", state=tmp_path)


async def test_device_code_login_gives_a_working_key(demo: DemoServer, tmp_path: Path) -> None:
    waits: list[float] = []
    codes: list[str] = []

    async def wait_then_approve(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            demo.approve(codes[0])

    login = DeviceLogin(demo.url, state=tmp_path, sleep=wait_then_approve)
    code = await login.start()
    codes.append(code.user_code)
    assert code.verification_uri.startswith(demo.url) and code.expires_s == 600
    key = await login.wait()
    await login.aclose()
    assert waits == [5, 5]
    assert key.secret not in repr(key)
    async with backend_on(connect(demo, tmp_path, user=None, key=key.secret)) as backend:
        assert (await backend.identify()).username == demo.username


async def test_a_refused_login_says_so(demo: DemoServer, tmp_path: Path) -> None:
    login = DeviceLogin(demo.url, state=tmp_path, sleep=at_once)
    code = await login.start()
    demo.approve(code.user_code, allow=False)
    with pytest.raises(AuthError, match="refused"):
        await login.wait()
    demo.site.devices.clear()
    with pytest.raises(AuthError, match="no longer valid"):
        await login.wait()
    await login.aclose()


async def test_a_site_without_device_codes(demo: DemoServer, tmp_path: Path) -> None:
    demo.site.settings.device_code = False
    login = DeviceLogin(demo.url, state=tmp_path, sleep=at_once)
    with pytest.raises(Exception, match="has no such thing"):
        await login.start()
    await login.aclose()


async def test_a_code_page_on_another_site_is_not_shown(tmp_path: Path) -> None:
    body = {"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://evil.example/activate"}
    async with scripted(answer(body=body)) as site:
        login = DeviceLogin(site.url, state=tmp_path, sleep=at_once)
        with pytest.raises(SiteError, match="another site"):
            await login.start()
        await login.aclose()


@pytest.mark.parametrize("padding", ["oaep", "pkcs1"])
@pytest.mark.parametrize("pasted", ["as it is", "one line", "url"])
async def test_paste_back(padding: str, pasted: str, demo: DemoServer, tmp_path: Path) -> None:
    login = PasteLogin(demo.url, state=tmp_path)
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    assert login.url.startswith(demo.url + "/user-api-key/new?") and "auth_redirect" not in query
    payload = demo.paste_payload(query | {"padding": padding})
    if pasted == "one line":
        payload = "  " + payload.replace("\n", " ")
    elif pasted == "url":
        payload = payload.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D").replace("\n", "%0A")
    key = login.finish(payload)
    async with backend_on(connect(demo, tmp_path, user=None, key=key.secret)) as backend:
        assert (await backend.identify()).username == demo.username


async def test_a_damaged_or_foreign_paste_is_explained(demo: DemoServer, tmp_path: Path) -> None:
    login, other = PasteLogin(demo.url, state=tmp_path), PasteLogin(demo.url, state=tmp_path)
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    payload = demo.paste_payload(query)
    for text in ("", "not base64!", payload[: len(payload) // 2], payload[:-8] + "AAAA\n", "AAAA"):
        with pytest.raises(AuthError):
            login.finish(text)
    with pytest.raises(AuthError, match="another attempt"):
        other.finish(payload)
    wrong = demo.paste_payload(query | {"nonce": "f" * 32})
    with pytest.raises(AuthError, match="another attempt"):
        login.finish(wrong)


async def test_revoking(demo: DemoServer, tmp_path: Path) -> None:
    mine = connect(demo, tmp_path, user=None)
    await revoke(mine)
    async with backend_on(mine, identify=False) as backend:
        with pytest.raises(AuthError):
            await backend.identify()
    await revoke(mine)
    with pytest.raises(Refused, match="admin key"):
        await revoke(connect(demo, tmp_path))


def test_the_installation_keeps_its_name(tmp_path: Path) -> None:
    first = client_id(tmp_path / "state")
    assert client_id(tmp_path / "state") == first and len(first) == 32
    path = tmp_path / "state" / "client-id"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    path.write_bytes(b"\xff damaged")
    assert client_id(tmp_path / "state") != first
