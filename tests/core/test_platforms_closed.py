"""NodeBB, Matrix and Ozone: what is read-only writes nothing, whatever is tried; no answer leads a request elsewhere;
and a site that refuses, rests or answers with a page is told in a sentence, with nothing sent twice."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import stamina

from modtui.backends.base import Backend
from modtui.backends.http import Door
from modtui.backends.synapse import calls as matrix_calls
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.capability import Blocked
from modtui.domain.decisions import VERBS, Call
from modtui.domain.items import Item
from modtui.errors import ModtuiError, RateLimited, ReadOnly, SiteError
from modtui.store.store import Store
from modtui.text import show
from tests.core.fakes import SkippingClock
from tests.core.scripted_site import Asked, answer, scripted
from tests.hostile.platforms import KEY, NAMES, Platform, bluesky, matrix, platform_named
from tests.hostile.spoiling import everywhere
from tests.hostile.tape import Change
from tests.hostile.tour import Tour, intents

pytestmark = pytest.mark.anyio
URL = "http://127.0.0.1:9"
LONG = pytest.mark.long
READING_POSTS = {
    "nodebb": set[str](), "synapse": set[str](),
    "ozone": {f"/xrpc/com.atproto.server.{name}Session" for name in ("create", "refresh", "delete")},
}  # fmt: skip
"""What is POSTed although nothing is decided by it: a session begins, is renewed, and ends."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is waited for."""
    monkeypatch.setattr(matrix_calls, "_PAUSE_S", 0)
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(params=NAMES)
async def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Each of them; the fake forum is asked once."""
    return await platform_named(request.param, tmp_path_factory.mktemp("forum"))


Play = Callable[..., list[str]]


@pytest.fixture
def play(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Play:
    """`play(change)`: from now on the tape answers; gives the list of what is asked."""

    def start(change: Change | None = None) -> list[str]:
        asked: list[str] = []
        once = platform.tape.once(change, asked)
        monkeypatch.setattr(Door, "_once", lambda self, *given: once(self, *given))
        return asked

    return start


def writes(platform: Platform, asked: list[str]) -> list[str]:
    """What of it was no reading."""
    return [
        one for one in asked
        if not one.startswith(("GET ", "HEAD ")) and urlsplit(one.split()[1]).path not in READING_POSTS[platform.name]
    ]  # fmt: skip


def kinds(items: list[Item]) -> list[Item]:
    """One row of each kind."""
    return list({(item.lane, item.ref.kind): item for item in items}.values())


# --- read-only


async def test_read_only_lets_no_call_of_any_plan_out(platform: Platform, play: Play, tmp_path: Path) -> None:
    """Should the desk fail to stop it, the door does."""
    asked = play()
    able, closed = platform.make(tmp_path / "able"), platform.make(tmp_path / "closed", read_only=True)
    try:
        tour = await Tour().read(able, items=9)
        asked.clear()
        looked = await Tour().read(closed, items=2)
        assert looked.worked == tour.worked and writes(platform, asked) == [], "reading needs no writing"
        calls: dict[str, tuple[Item, Call]] = {}
        for item in kinds(tour.items):
            calls |= {f"{name} {item.lane}": (item, call) for name, call in tour.plan(able, item).items()}
        asked.clear()
        sent = 0
        for item, call in calls.values():
            try:
                await closed.send(call, key="k")
            except ReadOnly:
                sent += 1
            except ModtuiError:
                pass  # a few look first, and find that there is nothing to do
            with contextlib.suppress(ModtuiError):  # the tape has no answer to some
                await closed.fate(item, call, key="k", since_ms=0)
        assert writes(platform, asked) == []
        for name, (item, call) in calls.items():
            await Tour().send(able, item, name, call)
        done = {one.split()[0] + urlsplit(one.split()[1]).path for one in writes(platform, asked)}
        assert sent >= 8 and len(calls) >= 15 and len(done) >= 3, "else this test would show nothing"
    finally:
        await able.aclose()
        await closed.aclose()


@pytest.mark.parametrize("desk_only", [True, False], ids=["started read-only", "a read-only community"])
async def test_no_verb_gets_through_the_desk(
    platform: Platform, play: Play, tmp_path: Path, desk_only: bool
) -> None:
    asked = play()
    backend = platform.make(tmp_path / "state", read_only=not desk_only)
    store = Store.open(tmp_path / "state", tmp_path / "cache")
    community = Community(name=platform.name, backend=backend, url=URL)
    desk = Desk([community], store, clock=SkippingClock(), hold_override_s=0, read_only=desk_only)
    try:
        await community.identify()
        tour = await Tour().read(backend, items=9)
        items = kinds(tour.items)
        await store.cache.put_items(items)
        await desk.start(sync=False)
        asked.clear()
        tried = 0
        for item in items:
            for verb in VERBS:
                assert isinstance(desk.can(item, verb), Blocked), verb
            for intent in intents(item):
                tried += 1
                try:
                    decided = await desk.decide([item], intent)
                except ReadOnly:
                    continue
                assert not desk_only and decided.decision is None and "Read-only" in decided.skipped[item.id]
        assert tried > len(items) * len(VERBS) and await desk.settle(30)
        assert desk.store.journal.history(limit=5) == [] and desk.outbox().decisions == ()
        assert writes(platform, asked) == []
    finally:
        await desk.close()
        await store.close()
        await backend.aclose()


# --- where requests go

ELSEWHERE = [
    "@evil.example/1/../../x?y=z#\r\nHost: evil.example", "../../../admin",
    *(pytest.param(one, marks=LONG) for one in ("https://evil.example/1", "//evil.example/1", "..", "1?x=y")),
]  # fmt: skip
API = {"nodebb": ("/api/", "/nodeinfo/2.0"), "synapse": ("/_matrix/", "/_synapse/", "/.well-known/matrix/client"),
       "ozone": ("/xrpc/",)}  # fmt: skip
IDS = {
    "nodebb": ("flagId", "pid", "tid", "uid", "slug", "userslug", "id", "cid", "username", "targetId"),
    "synapse": ("event_id", "room_id", "user_id", "sender", "url", "name", "target_user_id", "end", "next_token",
                "room_id"),
    "ozone": ("did", "uri", "cid", "subject", "handle", "cursor", "id", "labeler", "val", "name"),
}  # fmt: skip


@pytest.mark.parametrize("to", ELSEWHERE)
async def test_no_answer_leads_elsewhere(platform: Platform, play: Play, tmp_path: Path, to: str) -> None:
    """Ids, names and the marks of next pages come to stand in addresses."""
    honest = platform.make(tmp_path)
    play()
    try:
        tour = await Tour().read(honest, items=1)
    finally:
        await honest.aclose()
    for field in IDS[platform.name]:
        asked = play(everywhere(field, to))
        backend = platform.make(tmp_path)
        try:
            found = await Tour().read(backend, items=1)
            for item in (*kinds(tour.items), *kinds(found.items)):
                for call in list(found.plan(backend, item).values())[:6] if field in ("id", "event_id", "did") else ():
                    try:
                        await backend.send(call, key="k")
                    except ModtuiError:
                        continue
        finally:
            await backend.aclose()
        for url in asked:
            path = urlsplit(url.split(" ", 1)[1]).path
            assert url.split(" ", 1)[1].startswith(URL + "/") and path.startswith(API[platform.name]), url
            assert not {".", ".."} & set(unquote(path).split("/")) or "%2F" in path.upper(), url
            assert "\r" not in url and "//" not in path, url


async def test_a_redirect_takes_no_key_along(platform: Platform, tmp_path: Path) -> None:
    """Of reads and of writes, by each kind of redirect; a session is not begun elsewhere either."""
    async with scripted(answer(200, {})) as evil:
        for status in (301, 302, 303, 307, 308):
            def turned(asked: Asked, status: int = status) -> bytes:
                return answer(status, {}, Location=f"{evil.url}{asked.path}")

            async with scripted(by=turned) as site:
                backend = platform.make(tmp_path / str(status), url=site.url)
                try:
                    for work in (backend.identify, partial(backend.page, "reports"), backend.counts):
                        with pytest.raises(ModtuiError):
                            await work()
                    if platform.name == "ozone":
                        assert "password" not in " ".join(one.path for one in site.asked)
                    assert site.asked, "else this would show nothing"
                finally:
                    await backend.aclose()
        assert evil.asked == []


async def test_a_server_name_that_points_elsewhere_gets_no_token(tmp_path: Path) -> None:
    """Matrix' well-known address is told, and not followed; it is asked for without the token."""
    async with scripted(answer(200, {})) as evil:
        def site_(asked: Asked) -> bytes:
            if asked.path.endswith("/.well-known/matrix/client"):
                assert "authorization" not in asked.headers
                return answer(200, {"m.homeserver": {"base_url": f"{evil.url}/\x1b[2J"}})
            return answer(404, b"<html>", kind="text/html")

        async with scripted(by=site_) as site:
            backend = matrix().make(tmp_path, url=site.url)
            try:
                with pytest.raises(ModtuiError, match="that you did not name") as caught:
                    await backend.identify()
                assert show(str(caught.value)) == str(caught.value)
            finally:
                await backend.aclose()
        assert evil.asked == []


# --- what a site says instead

SOON = {"nodebb": 400, "synapse": 429, "ozone": 429}


def refusing(platform: Platform, how: str) -> bytes:
    """What the site answers to everything from now on."""
    page = b"<!doctype html><title>Just a moment</title>"
    if how == "maintenance":
        body: Any = {"nodebb": {"site_title": "Forum"}, "synapse": {"errcode": "M_UNKNOWN", "error": "Resting"},
                     "ozone": {"error": "UpstreamFailure", "message": "Resting"}}[platform.name]  # fmt: skip
        return answer(503, body)
    if how == "page":
        return answer(200, page, kind="text/html")
    if how == "gateway":
        return answer(502, page, kind="text/html")
    if how == "half":
        return answer(200, b'{"flags": [{"a', kind="application/json")
    assert how == "limit"
    if platform.name == "synapse":
        return answer(429, {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 700_000})
    if platform.name == "ozone":
        return answer(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, Retry_After="700",
                      RateLimit_Limit="30", RateLimit_Remaining="0")  # fmt: skip
    return answer(429, b"Too many requests", kind="text/plain", Retry_After="700")


@pytest.mark.parametrize("how", ["limit", "maintenance", "page", pytest.param("gateway", marks=LONG), "half"])
async def test_a_refusal_is_a_sentence_and_nothing_is_sent_twice(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    troubled = False

    def site_(asked: Asked) -> bytes:
        if troubled:
            return refusing(platform, how)
        status, body = platform.tape.reply(asked.method, asked.path)
        return answer(status, body)

    async with scripted(by=site_) as site:
        backend = platform.make(tmp_path, url=site.url)
        try:
            tour = await Tour().read(backend, items=2)
            item = tour.pages["reports"].items[0]
            calls = tour.plan(backend, item)
            troubled = True
            site.asked.clear()
            with pytest.raises(ModtuiError) as caught:
                await backend.page("reports")
            _sentence(platform, how, caught.value)
            assert item.ref in {one.ref for one in tour.pages["reports"].items}
            for name in list(calls)[:5]:
                site.asked.clear()
                with pytest.raises(ModtuiError) as caught:
                    await backend.send(calls[name], key="k")
                assert not isinstance(caught.value, ReadOnly)
                sent = [one for one in site.asked if one.method not in ("GET", "HEAD")]
                assert len(sent) <= 1, (name, sent)
            for name in list(calls)[:2]:
                with pytest.raises(ModtuiError):  # nobody can say what became of it while the site answers so
                    await backend.fate(item, calls[name], key="k", since_ms=0)
            troubled = False
            if how != "limit":
                assert (await backend.page("reports")).items, "it goes on when the site does"
        finally:
            await backend.aclose()


def _sentence(platform: Platform, how: str, error: ModtuiError) -> None:
    words = {
        "limit": "allows no more", "maintenance": "503", "page": "a web page instead of data",
        "gateway": "not available at the moment (502)", "half": "cut off or damaged",
    }[how]  # fmt: skip
    assert words in error.message and show(str(error)) == str(error), error.message
    if how == "limit":
        assert isinstance(error, RateLimited) and 600 < error.wait_s <= 700, error
    else:
        assert isinstance(error, SiteError)


async def test_a_forum_that_is_posted_to_too_fast_says_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NodeBB's is a 400 with a sentence; nothing but this action waits, and nothing is sent again by the adapter."""
    platform = await platform_named("nodebb", tmp_path / "forum")
    words = "You can only post once every 90 second(s) - please wait before posting again"

    def site_(asked: Asked) -> bytes:
        if asked.method == "POST":
            body = {"status": {"code": "bad-request", "message": words}, "response": {}}
            return answer(400, body)
        status, body = platform.tape.reply(asked.method, asked.path)
        return answer(status, body)

    async with scripted(by=site_) as site:
        backend: Backend = platform.make(tmp_path / "state", url=site.url)
        try:
            tour = await Tour().read(backend, items=9)
            item = tour.pages["questions"].items[0]
            (reply,) = [call for name, call in tour.plan(backend, item).items() if name.endswith("reply None")]
            site.asked.clear()
            with pytest.raises(RateLimited) as caught:
                await backend.send(reply, key="k")
            assert caught.value.wait_s == 90 and not caught.value.whole_client
            assert "once every 90 second" in caught.value.message
            assert len([one for one in site.asked if one.method == "POST"]) == 1
            assert await backend.page("reports"), "the rest goes on"
        finally:
            await backend.aclose()


def test_the_key_is_nowhere_on_the_tapes() -> None:
    """What was recorded holds nothing to sign in with."""
    for name in ("synapse", "ozone"):
        kept = json.dumps([one.body for one in _platform(name).tape.told])
        assert KEY not in kept and "accessJwt" not in kept and "access_token" not in kept and "syt_" not in kept


def _platform(name: str) -> Platform:
    return matrix() if name == "synapse" else bluesky()


