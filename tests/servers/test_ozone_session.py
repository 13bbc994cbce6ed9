"""The session on a real network: kept, renewed, shared by two processes, and never shown."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.backends.ozone import factory
from modtui.backends.ozone.session import sign_out
from modtui.backends.redact import on_secret
from modtui.domain.capability import ALLOWED, Blocked
from modtui.errors import AuthError, RightsError, SettingsError, WrongSite
from tests.servers.ozone import Answer, Ozone
from tests.servers.ozone_world import connection

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


def session_file(state: Path) -> Path:
    """Where the tokens are kept."""
    (found,) = state.glob("session-*.json")
    return found


def tokens(state: Path) -> tuple[str, str]:
    """The kept access token and the one that renews it."""
    kept = json.loads(session_file(state).read_text())
    return kept["access"], kept["refresh"]


def expire(ozone: Ozone, state: Path) -> None:
    """Let two hours go by: the kept access token is not good any more."""
    file = session_file(state)
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "access": ozone.expired(kept["access"])}))


def sign_ins(backend: Backend) -> list[str]:
    """What was asked for the session, in order."""
    paths = [seen.path for seen in backend.wire.requests if "com.atproto.server." in seen.path]
    return [path.rpartition(".")[2] for path in paths]


async def test_signing_in_once_is_enough_for_every_start(ozone: Ozone, tmp_path: Path) -> None:
    first, second = (factory(connection(ozone, tmp_path)) for _ in range(2))
    try:
        account = await first.identify()
        assert (account.username, account.role) == (ozone.user, "moderator")
        assert await second.identify() == account
        assert sign_ins(first) == ["createSession"] and sign_ins(second) == []
    finally:
        await first.aclose()
        await second.aclose()
    mode = stat.S_IMODE(os.stat(session_file(tmp_path)).st_mode)
    assert mode == 0o600
    assert ozone.password not in session_file(tmp_path).read_text()


async def test_an_expired_token_is_renewed_and_the_call_repeated(ozone: Ozone, tmp_path: Path) -> None:
    first = factory(connection(ozone, tmp_path))
    await first.identify()
    await first.aclose()
    expire(ozone, tmp_path)
    before = tokens(tmp_path)
    backend = factory(connection(ozone, tmp_path))
    try:
        assert (await backend.identify()).username == ozone.user
        assert sign_ins(backend) == ["refreshSession"]
        assert not set(tokens(tmp_path)) & set(before), "both tokens are new"
    finally:
        await backend.aclose()


async def test_two_processes_renew_once_and_both_go_on(ozone: Ozone, tmp_path: Path) -> None:
    both = [factory(connection(ozone, tmp_path)) for _ in range(2)]
    try:
        for backend in both:
            await backend.identify()
        # Both hold the same token; the site takes it no more.
        expire(ozone, tmp_path)
        dead, used_up = tokens(tmp_path)
        for backend in both:
            session = backend._client.session  # type: ignore[attr-defined]
            session._use(msgspec.structs.replace(session._tokens, access=dead))
        await asyncio.gather(*(backend.counts() for backend in both))
        asked = [path for backend in both for path in sign_ins(backend)]
        assert asked.count("refreshSession") == 1 and asked.count("createSession") == 1
        assert not {dead, used_up} & set(tokens(tmp_path)), "both have the new ones"
        assert len({backend._client.session.current for backend in both}) == 1  # type: ignore[attr-defined]
        for backend in both:
            await backend.counts()
    finally:
        for backend in both:
            await backend.aclose()


async def test_a_session_that_is_over_begins_anew(ozone: Ozone, tmp_path: Path) -> None:
    first = factory(connection(ozone, tmp_path))
    await first.identify()
    await first.aclose()
    ozone.call("POST", "com.atproto.server.deleteSession", token=tokens(tmp_path)[1])
    expire(ozone, tmp_path)
    backend = factory(connection(ozone, tmp_path))
    try:
        assert (await backend.identify()).username == ozone.user
        assert sign_ins(backend) == ["refreshSession", "createSession"]
    finally:
        await backend.aclose()


async def test_a_withdrawn_app_password_is_said(ozone: Ozone, tmp_path: Path) -> None:
    member = ozone.create_account("leaver")
    ozone.role(member, "moderator")
    given = connection(ozone, tmp_path, member)
    backend = factory(given)
    try:
        await backend.identify()
        named = ozone.call("GET", "com.atproto.server.listAppPasswords", token=member.token)["passwords"]
        for one in named:
            ozone.call("POST", "com.atproto.server.revokeAppPassword", json={"name": one["name"]}, token=member.token)
        expire(ozone, tmp_path)
        session = backend._client.session  # type: ignore[attr-defined]
        session._use(msgspec.structs.replace(session._tokens, access=tokens(tmp_path)[0]))
        with pytest.raises(AuthError, match="handle and app password"):
            await backend.counts()
    finally:
        await backend.aclose()


async def test_another_password_does_not_find_the_session(ozone: Ozone, tmp_path: Path) -> None:
    first = factory(connection(ozone, tmp_path))
    await first.identify()
    await first.aclose()
    given = connection(ozone, tmp_path)
    assert given.credential is not None
    wrong = msgspec.structs.replace(given.credential, secret="abcd-efgh-ijkl-mnop")
    backend = factory(msgspec.structs.replace(given, credential=wrong))
    try:
        with pytest.raises(AuthError):
            await backend.identify()
    finally:
        await backend.aclose()


async def test_the_main_password_is_not_taken(ozone: Ozone, tmp_path: Path) -> None:
    member = ozone.staff()
    given = connection(ozone, tmp_path)
    assert given.credential is not None
    whole = msgspec.structs.replace(given.credential, secret=member.password)
    backend = factory(msgspec.structs.replace(given, credential=whole))
    try:
        with pytest.raises(AuthError, match="main password") as refused:
            await backend.identify()
        assert "app password" in refused.value.hint
        assert sign_ins(backend) == ["createSession", "deleteSession"], "the session is ended at once"
    finally:
        await backend.aclose()
    assert not list(tmp_path.glob("session-*.json"))


async def test_tokens_are_shown_nowhere(ozone: Ozone, tmp_path: Path) -> None:
    told: list[str] = []
    on_secret(told.append)
    backend = factory(connection(ozone, tmp_path))
    try:
        await backend.identify()
        expire(ozone, tmp_path)
        old = tokens(tmp_path)
        session = backend._client.session  # type: ignore[attr-defined]
        session._use(msgspec.structs.replace(session._tokens, access=old[0]))
        await backend.counts()
        secrets = {*old, *tokens(tmp_path), ozone.password}
        shown = [
            repr(backend), repr(vars(backend)), repr(vars(session)), repr(session), repr(backend.wire),
            msgspec.json.encode(list(backend.wire.requests)).decode(),
        ]  # fmt: skip
        assert not any(secret in text for secret in secrets for text in shown)
        echo = " ".join(secrets)
        assert not any(secret in backend.wire.redact(echo) for secret in secrets)  # type: ignore[attr-defined]
        assert set(tokens(tmp_path)) <= set(told), "what is written elsewhere leaves them out, too"
    finally:
        await backend.aclose()


async def test_signing_out_ends_the_session(ozone: Ozone, tmp_path: Path) -> None:
    given = connection(ozone, tmp_path)
    backend = factory(given)
    await backend.identify()
    await backend.aclose()
    refresh = tokens(tmp_path)[1]
    await sign_out(given)
    assert not list(tmp_path.glob("session-*.json"))
    with pytest.raises(Answer):
        ozone.call("POST", "com.atproto.server.refreshSession", token=refresh)


async def test_who_is_not_on_the_team_is_told_so(ozone: Ozone, tmp_path: Path) -> None:
    backend = factory(connection(ozone, tmp_path, ozone.named("ann")))
    try:
        with pytest.raises(RightsError, match="not on the moderation service's team"):
            await backend.identify()
        assert isinstance(backend.capabilities.verb("approve"), Blocked)
    finally:
        await backend.aclose()


async def test_a_labeler_that_is_none_is_said(ozone: Ozone, tmp_path: Path) -> None:
    for labeler in ("", ozone.named("ann").did):
        backend = factory(connection(ozone, tmp_path, labeler=labeler))
        try:
            with pytest.raises((SettingsError, WrongSite), match="labeler"):
                await backend.identify()
        finally:
            await backend.aclose()


async def test_triage_may_not_take_down_and_is_told_why(ozone: Ozone, tmp_path: Path) -> None:
    member = ozone.staff("triage", "tri")
    backend = factory(connection(ozone, tmp_path, member))
    try:
        assert (await backend.identify()).role == "triage"
        for verb in ("remove", "spam", "ban", "restore"):
            can = backend.capabilities.verb(verb)
            assert isinstance(can, Blocked) and can.code == "right" and "your role is triage" in can.sentence
        for verb in ("approve", "note", "claim", "warn", "escalate"):
            assert backend.capabilities.verb(verb) == ALLOWED
    finally:
        await backend.aclose()
