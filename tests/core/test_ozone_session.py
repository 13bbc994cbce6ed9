"""The session of Ozone against a scripted server: renewed once, repeated once, kept privately, shown nowhere."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import stamina

from modtui.backends.base import Connection, Credential
from modtui.backends.http import Door
from modtui.backends.ozone.client import Client, explain
from modtui.backends.ozone.session import CREATE, REFRESH, Session
from modtui.backends.redact import Redactor, on_secret
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, SiteError, WrongSite
from tests.core.scripted_site import Asked, Script, answer, scripted

pytestmark = pytest.mark.anyio
PASSWORD = "abcd-efgh-ijkl-mnop"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def token(name: str, scope: str = "com.atproto.appPass") -> str:
    """A token as servers make them, that says its scope."""
    part = base64.urlsafe_b64encode(json.dumps({"scope": scope, "name": name}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.signature-{name}"


class Pds:
    """A server that knows one account: `good` is the access token that it takes now."""

    def __init__(self, scope: str = "com.atproto.appPass") -> None:
        self.made, self.scope, self.good, self.renews = 0, scope, "", ""
        self.refuses_renewal = self.refuses_password = False

    def session(self) -> bytes:
        """New tokens; the ones before are not taken any more."""
        self.made += 1
        self.good, self.renews = token(f"access-{self.made}", self.scope), token(f"refresh-{self.made}")
        return answer(body={
            "accessJwt": self.good, "refreshJwt": self.renews, "did": "did:plc:mod", "handle": "mod.test",
        })  # fmt: skip

    def __call__(self, asked: Asked) -> bytes:
        """The answer to a request."""
        shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.path == CREATE:
            wrong = {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
            return answer(401, wrong) if self.refuses_password else self.session()
        if asked.path == REFRESH:
            over = {"error": "ExpiredToken", "message": "Token has been revoked"}
            return answer(400, over) if self.refuses_renewal or shown != self.renews else self.session()
        if asked.path.endswith("deleteSession"):
            return answer(body={})
        if shown != self.good:
            return answer(400, {"error": "ExpiredToken", "message": "Token has expired"})
        return answer(body={"echo": shown, "text": "so"})


def client(site: Script, state: Path, *, secret: str = PASSWORD) -> Client:
    """A client of its own, as another process would have it."""
    given = Connection(
        community=CommunityId("0123456789ab"), url=site.url, state=state,
        credential=Credential(kind="service", user="mod.test", secret=secret),
    )  # fmt: skip
    door = Door(given, explain=explain, reading_posts=(CREATE, REFRESH), signing_in=(CREATE, REFRESH))
    made = Client(door, Session(door, given))
    made.labeler = "did:plc:service"
    return made


async def ask(one: Client) -> dict[str, object]:
    """Any call to the service."""
    found: dict[str, object] = (await one.ask("GET", "tools.ozone.x", why="a test")).mapping()
    return found


async def test_a_call_goes_through_the_pds_and_its_token_is_left_out_of_the_answer(tmp_path: Path) -> None:
    async with scripted(by=Pds()) as site:
        one = client(site, tmp_path)
        found = await ask(one)
        await one.door.aclose()
    assert found == {"echo": "...", "text": "so"}
    asked = site.asked[-1]
    assert asked.headers["atproto-proxy"] == "did:plc:service#atproto_labeler"
    assert "authorization" not in site.asked[0].headers, "signing in shows nothing but the password"


async def test_an_expired_token_costs_one_renewal_for_all_who_wait(tmp_path: Path) -> None:
    pds = Pds()
    async with scripted(by=pds) as site:
        both = [client(site, tmp_path) for _ in range(2)]
        for one in both:
            await ask(one)
        pds.good = "gone"
        await asyncio.gather(*(ask(one) for one in both for _ in range(3)))
        for one in both:
            await one.door.aclose()
    paths = [asked.path for asked in site.asked]
    assert (paths.count(CREATE), paths.count(REFRESH)) == (1, 1)
    (file,) = tmp_path.glob("session-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["access"] == pds.good and PASSWORD not in file.read_text()


async def test_when_renewing_is_refused_it_signs_in_again_and_then_says_so(tmp_path: Path) -> None:
    pds = Pds()
    async with scripted(by=pds) as site:
        one = client(site, tmp_path)
        await ask(one)
        pds.good, pds.refuses_renewal = "gone", True
        assert (await ask(one))["text"] == "so"
        pds.good, pds.refuses_password = "gone", True
        with pytest.raises(AuthError, match="does not accept this handle and app password") as refused:
            await ask(one)
        await one.door.aclose()
    assert PASSWORD not in str(refused.value)


async def test_a_file_of_another_password_is_not_used(tmp_path: Path) -> None:
    async with scripted(by=Pds()) as site:
        for secret in (PASSWORD, PASSWORD, "zzzz-zzzz-zzzz-zzzz"):
            one = client(site, tmp_path, secret=secret)
            await ask(one)
            await one.door.aclose()
    assert [asked.path for asked in site.asked].count(CREATE) == 2


@pytest.mark.parametrize("content", ["", "{cut", "[]", '{"did": "x"}', json.dumps({
    "did": "did:plc:x", "handle": "h", "access": "bad\nheader", "refresh": "x" * 30, "check": "aa:bb"})])  # fmt: skip
async def test_a_broken_file_means_signing_in(tmp_path: Path, content: str) -> None:
    async with scripted(by=Pds()) as site:
        first = client(site, tmp_path)
        await ask(first)
        await first.door.aclose()
        (file,) = tmp_path.glob("session-*.json")
        file.write_text(content)
        one = client(site, tmp_path)
        assert (await ask(one))["text"] == "so"
        await one.door.aclose()
    assert [asked.path for asked in site.asked].count(CREATE) == 2


async def test_a_session_of_the_main_password_is_ended(tmp_path: Path) -> None:
    async with scripted(by=Pds("com.atproto.access")) as site:
        one = client(site, tmp_path)
        with pytest.raises(AuthError, match="main password"):
            await ask(one)
        await one.door.aclose()
    assert site.asked[-1].path.endswith("deleteSession") and not list(tmp_path.glob("session-*.json"))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(404, b"<html>", kind="text/html"), WrongSite), (answer(200, b"<html>", kind="text/html"), SiteError),
        (answer(200, {"accessJwt": "x", "refreshJwt": "y", "did": "did:plc:x", "handle": "h"}), SiteError),
        (answer(200, {"accessJwt": token("a"), "refreshJwt": token("b"), "did": "did:x", "handle": PASSWORD}),
         SiteError),
        (answer(401, {"error": "AuthFactorTokenRequired", "message": "A code"}), AuthError),
        (answer(400, {"error": "InvalidRequest", "message": f"you sent {PASSWORD}"}), AuthError),
    ],
)  # fmt: skip
async def test_a_strange_answer_is_a_sentence_without_the_password(
    tmp_path: Path, given: bytes, kind: type[Exception]
) -> None:
    async with scripted(given) as site:
        one = client(site, tmp_path)
        with pytest.raises(kind) as trouble:
            await ask(one)
        shown = msgspec.json.encode(list(one.door.requests)).decode()
        await one.door.aclose()
    assert PASSWORD not in f"{trouble.value} {shown}"


def test_what_is_learnt_later_is_left_out_too_and_told_to_whoever_asked() -> None:
    heard: list[str] = []
    on_secret(heard.append)
    redact = Redactor(["first-secret-0123456789"])
    redact.learn(["second-secret-0123456789", ""])
    assert redact("a first-secret-0123456789 b second-secret-0123456789") == "a ... b ..."
    assert redact.raw(b"x second-secret-0123456789") == b"x ..."
    assert "second-secret-0123456789" in heard and "" not in heard
