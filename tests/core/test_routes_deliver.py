"""Routes against real receivers: an HTTP server, an SMTP server with TLS, a program. One stable key over all tries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from modtui import credentials
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Call
from modtui.errors import NetworkError, RateLimited, Refused, SiteError
from modtui.routes import Route, make_routes
from modtui.settings.model import RouteSettings
from tests.core.desk_out import bench
from tests.core.fakes import until
from tests.core.routes_world import Mailbox, Receiver, entry, posting, receiving

pytestmark = pytest.mark.anyio

SECRET = "correct-horse-battery"
VARIABLE = "MODTUI_ROUTE_LEGAL"


def make(one: RouteSettings, folder: Path, tokens: Mapping[str, str] | None = None) -> Route:
    """The route of an entry, with no key anywhere but in `tokens`."""
    [found] = make_routes([one], state=folder, tokens=tokens, config=folder)
    return found


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No keyring of this machine, no folders but the test's."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for kind in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"MODTUI_{kind}_DIR", str(tmp_path / kind.lower()))


def call(**fields: object) -> Call:
    """A payload as the courier hands it over."""
    return Call("deliver", {
        "format": 1, "event": "escalation", "key": "d-0-0", "route": "legal", "route_title": "Legal", "by": "rookmoor",
        "note": "please look", "due": "2026-11-22T16:10:00.000Z", "reports": [],
        "community": {"name": "harbour", "url": "https://harbour.example"}, "text": "You fool.", "excerpt": "You fool.",
        "item": {"number": "4302", "title": "About Foo", "url": "https://harbour.example/p/1", "author": "bo"},
        **fields,
    })  # fmt: skip


def legal(receiver: Receiver, **fields: object) -> RouteSettings:
    return entry(url=receiver.url, **fields)


# ------------------------------------------------------------------------------------------------------------ webhook


async def test_a_webhook_is_signed_over_time_and_body(tmp_path: Path) -> None:
    async with receiving() as receiver:
        route = make(legal(receiver), tmp_path, {VARIABLE: SECRET})
        await route.deliver(call(), "d-0-0")
        await route.aclose()
    [taken] = receiver.taken
    assert (taken.method, taken.path) == ("POST", "/hook")
    assert taken.headers["idempotency-key"] == "d-0-0" and taken.headers["content-type"] == "application/json"
    signed = taken.headers["modtui-timestamp"].encode() + b"." + taken.body
    expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(taken.headers["modtui-signature"], expected)
    assert taken.data["note"] == "please look"
    assert SECRET not in str(taken.headers) + taken.body.decode()


async def test_without_a_secret_it_is_not_signed(tmp_path: Path) -> None:
    async with receiving() as receiver:
        route = make(legal(receiver), tmp_path)
        await route.deliver(call(), "d-0-0")
        await route.aclose()
    assert "modtui-signature" not in receiver.taken[0].headers


async def test_the_private_file_has_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text(f'["route legal"]\nkind = "user"\nsecret = "{SECRET}"\n')
    path.chmod(0o600)
    async with receiving() as receiver:
        route = make(legal(receiver), tmp_path)
        await route.deliver(call(), "d-0-0")
        await route.aclose()
    assert receiver.taken[0].headers["modtui-signature"].startswith("v1=")


async def test_a_secret_that_was_promised_and_is_not_there_sends_nothing(tmp_path: Path) -> None:
    async with receiving() as receiver:
        route = make(legal(receiver, token_command=["/nonexistent/pass"]), tmp_path)
        with pytest.raises(NetworkError) as caught:
            await route.deliver(call(), "d-0-0")
    assert not caught.value.sent and receiver.taken == []


@pytest.mark.parametrize("status", [408, 425, 500, 503])
async def test_a_receiver_that_says_later_did_not_take_it(tmp_path: Path, status: int) -> None:
    async with receiving() as receiver:
        receiver.answers.append(status)
        route = make(legal(receiver), tmp_path)
        with pytest.raises(SiteError) as caught:
            await route.deliver(call(), "d-0-0")
        assert not caught.value.sent and str(status) in caught.value.message
        await route.aclose()


async def test_too_many_requests_says_how_long(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answers.append(429)
        receiver.headers = "Retry-After: 17\r\n"
        route = make(legal(receiver), tmp_path)
        with pytest.raises(RateLimited) as caught:
            await route.deliver(call(), "d-0-0")
        assert caught.value.wait_s == 17
        await route.aclose()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 302, 307])
async def test_what_is_refused_or_moved_is_not_repeated(tmp_path: Path, status: int) -> None:
    async with receiving() as receiver:
        receiver.answers.append(status)
        receiver.headers = f"Location: {receiver.url}/elsewhere\r\n" if status < 400 else ""
        route = make(legal(receiver), tmp_path)
        with pytest.raises(Refused):
            await route.deliver(call(), "d-0-0")
        assert len(receiver.taken) == 1, "a redirect is not followed"
        await route.aclose()


@pytest.mark.parametrize("status", [0, 502, 504])
async def test_a_lost_answer_may_have_arrived(tmp_path: Path, status: int) -> None:
    async with receiving() as receiver:
        receiver.answers.append(status)
        route = make(legal(receiver), tmp_path)
        with pytest.raises((NetworkError, SiteError)) as caught:
            await route.deliver(call(), "d-0-0")
        assert caught.value.sent and len(receiver.taken) == 1  # type: ignore[attr-defined]
        await route.aclose()


async def test_nobody_listens(tmp_path: Path) -> None:
    async with receiving() as receiver:
        pass
    route = make(legal(receiver), tmp_path)
    with pytest.raises(NetworkError) as caught:
        await route.deliver(call(), "d-0-0")
    assert not caught.value.sent
    await route.aclose()


async def test_a_webhook_through_the_desk_that_fails_twice(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answers.extend([503, 503])
        route = make(legal(receiver), tmp_path, {VARIABLE: SECRET})
        async with bench(tmp_path, routes=[route]) as it:
            decision = await it.decide(await it.post("1"), "escalate", route="legal", text="please look")
            await it.clock.advance(61)
            await until(lambda: len(receiver.taken) == 1)
            for tries in (2, 3):
                await it.clock.advance(6)
                await until(lambda tries=tries: len(receiver.taken) >= tries)  # type: ignore[misc]
            await it.becomes(decision, "done")
            assert SECRET not in str(it.desk.decision(decision.id))
        assert len(receiver.taken) == 3
        assert {taken.headers["idempotency-key"] for taken in receiver.taken} == {decision.targets[0].steps[0].key}
        assert {taken.data["key"] for taken in receiver.taken} == {decision.targets[0].steps[0].key}


async def test_a_webhook_through_the_desk_whose_answer_is_lost(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answers.append(0)
        route = make(legal(receiver), tmp_path)
        async with bench(tmp_path, routes=[route], hold_override_s=0) as it:
            decision = await it.decide(await it.post("1"), "escalate", route="legal")
            await it.becomes(decision, "unknown")
            await it.clock.advance(600)
            assert len(receiver.taken) == 1, "it is not sent again by itself"
            await it.desk.retry(decision.id)
            await it.becomes(decision, "done")
        assert len(receiver.taken) == 2
        assert len({taken.headers["idempotency-key"] for taken in receiver.taken}) == 1


# --------------------------------------------------------------------------------------------------------------- mail


def mailing(box: Mailbox, **options: object) -> RouteSettings:
    given = {"host": "127.0.0.1", "port": box.port, "from": "modtui@harbour.example", **options}
    return entry(kind="mail", to="legal@harbour.example, anna@harbour.example", options=given)


def letters(box: Mailbox) -> list[EmailMessage]:
    """The mails as their readers get them."""
    found: list[EmailMessage] = []
    for envelope in box.mails:
        raw = envelope.content
        assert isinstance(raw, bytes)
        found.append(message_from_bytes(raw, policy=policy.default))
    return found


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own certificate authority is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
async def test_a_mail_with_starttls_and_a_stable_id(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        route = make(mailing(box), tmp_path)
        await route.deliver(call(text="first\n.hidden dot\nlast"), "d-0-0")
        await route.deliver(call(), "d-0-0")
    first, second = letters(box)
    assert box.tls == [True, True]
    assert box.mails[0].rcpt_tos == ["legal@harbour.example", "anna@harbour.example"]
    assert first["Message-ID"] == second["Message-ID"] == "<d-0-0.modtui@harbour.example>"
    assert first["Subject"] == "[harbour] About Foo (#4302)"
    text = first.get_content()
    for words in ("please look", "https://harbour.example/p/1", "> .hidden dot", "2026-11-22 16:10 UTC", "rookmoor"):
        assert words in text, text


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", ["implicit", "none"])
async def test_other_ways_to_a_mail_server(tmp_path: Path, tls: str) -> None:
    async with posting(tmp_path, tls=tls) as box:
        await make(mailing(box, tls=tls), tmp_path).deliver(call(), "d-0-0")
    assert len(box.mails) == 1


@pytest.mark.usefixtures("trusted")
async def test_a_server_without_tls_gets_nothing(tmp_path: Path) -> None:
    async with posting(tmp_path, tls="none") as box:
        with pytest.raises(Refused, match="no TLS"):
            await make(mailing(box), tmp_path).deliver(call(), "d-0-0")
    assert box.mails == []


@pytest.mark.usefixtures("trusted")
async def test_a_title_cannot_add_headers_or_recipients(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        title = "x\r\nBcc: eve@evil.example\r\n\r\nbody"
        item = {"number": "1", "title": title, "url": "u\r\n.\r\nQUIT", "author": "b\0o"}
        note = "a\r\n.\r\nMAIL FROM:<eve@evil.example>"
        await make(mailing(box), tmp_path).deliver(call(item=item, note=note), "d-0-0")
    [mail] = letters(box)
    assert mail["Bcc"] is None and "eve@evil.example" not in str(box.mails[0].rcpt_tos)
    assert len(box.mails) == 1 and "MAIL FROM:<eve@evil.example>" in mail.get_content()


@pytest.mark.usefixtures("trusted")
async def test_a_mail_without_text_has_none(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        await make(mailing(box), tmp_path).deliver(call(text=None, excerpt=None), "d-0-0")
    assert "You fool" not in letters(box)[0].get_content()


@pytest.mark.usefixtures("trusted")
async def test_own_words_for_subject_and_text(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        options = {"subject": "{reasons}: {title}", "template": "{note} / {excerpt} / {{title}}"}
        reports = [{"reason": "insult", "by": "ann", "text": "rude"}]
        await make(mailing(box, **options), tmp_path).deliver(call(reports=reports), "d-0-0")
    [mail] = letters(box)
    assert mail["Subject"] == "insult: About Foo"
    assert mail.get_content().strip() == "please look / You fool. / {About Foo}"


@pytest.mark.usefixtures("trusted")
async def test_a_mail_server_with_a_login(tmp_path: Path) -> None:
    async with posting(tmp_path, login=("modtui", SECRET)) as box:
        one = mailing(box, user="modtui")
        await make(one, tmp_path, {VARIABLE: SECRET}).deliver(call(), "d-0-0")
        with pytest.raises(Refused) as caught:
            await make(one, tmp_path, {VARIABLE: "wrong-password"}).deliver(call(), "d-0-0")
    assert len(box.mails) == 1 and "wrong-password" not in str(caught.value)


async def test_a_certificate_that_nobody_trusts_gets_nothing(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        with pytest.raises(NetworkError, match="certificate") as caught:
            await make(mailing(box), tmp_path).deliver(call(), "d-0-0")
    assert not caught.value.sent and box.mails == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("said", "error", "sent"),
    [("451 try later", SiteError, False), ("554 no such thing here", Refused, None), ("cut", NetworkError, True)],
)
async def test_what_a_mail_server_says(tmp_path: Path, said: str, error: type[Exception], sent: bool | None) -> None:
    async with posting(tmp_path) as box:
        box.answers.append(said)
        with pytest.raises(error) as caught:
            await make(mailing(box), tmp_path).deliver(call(), "d-0-0")
        assert sent is None or caught.value.sent is sent  # type: ignore[attr-defined]


async def test_no_mail_server(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        pass
    with pytest.raises(NetworkError) as caught:
        await make(mailing(box), tmp_path).deliver(call(), "d-0-0")
    assert not caught.value.sent


@pytest.mark.usefixtures("trusted")
async def test_a_mail_through_the_desk_that_fails_twice(tmp_path: Path) -> None:
    async with posting(tmp_path) as box:
        box.answers.append("451 later")
        box.greets.append("421 go away")
        async with bench(tmp_path, routes=[make(mailing(box), tmp_path)], hold_override_s=0) as it:
            decision = await it.decide(await it.post("1"), "escalate", route="legal", text="please look")
            await until(lambda: not box.greets)
            await it.clock.advance(6)
            await until(lambda: not box.answers)
            await it.clock.advance(6)
            await it.becomes(decision, "done")
    [mail] = letters(box)
    assert mail["Message-ID"] == f"<{decision.targets[0].steps[0].key}.modtui@harbour.example>"


# ------------------------------------------------------------------------------------------------------------ command

PROGRAM = """
import json, os, sys
folder = {folder!r}
data = json.load(sys.stdin)
tries = len(os.listdir(folder))
with open(os.path.join(folder, str(tries)), "w") as file:
    json.dump({{"data": data, "argv": sys.argv[1:], "env": dict(os.environ)}}, file)
codes = {codes!r}
sys.stderr.write("told\\nmore")
sys.exit(codes[tries] if tries < len(codes) else 0)
"""


def program(tmp_path: Path, *codes: int) -> tuple[RouteSettings, Path]:
    """A command that notes what it gets and ends with these codes, then with 0."""
    taken = tmp_path / "taken"
    taken.mkdir()
    script = tmp_path / "page.py"
    script.write_text(PROGRAM.format(folder=str(taken), codes=codes))
    return entry(kind="command", command=[sys.executable, str(script), "--from-{title}"]), taken


def noted(taken: Path) -> list[dict[str, object]]:
    return [json.loads((taken / name).read_text()) for name in sorted(os.listdir(taken))]


async def test_a_command_gets_json_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODTUI_TOKEN", SECRET)
    monkeypatch.setenv("MODTUI_ROUTE_OTHER", SECRET)
    one, taken = program(tmp_path)
    await make(one, tmp_path).deliver(call(), "d-0-0")
    [got] = noted(taken)
    assert got["data"] == call().args
    assert got["argv"] == ["--from-{title}"], "nothing is filled in"
    assert SECRET not in str(got["env"]) and "MODTUI_TOKEN" not in str(got["env"])


@pytest.mark.parametrize(("code", "error", "sent"), [(75, SiteError, False), (1, Refused, None), (2, Refused, None)])
async def test_exit_codes(tmp_path: Path, code: int, error: type[Exception], sent: bool | None) -> None:
    one, _ = program(tmp_path, code)
    with pytest.raises(error, match="told") as caught:
        await make(one, tmp_path).deliver(call(), "d-0-0")
    assert sent is None or caught.value.sent is sent  # type: ignore[attr-defined]


async def test_a_command_that_hangs_is_ended_and_may_have_done_it(tmp_path: Path) -> None:
    one = entry(kind="command", command=["/bin/sh", "-c", "sleep 600"], options={"timeout": 1})
    with pytest.raises(NetworkError, match="was ended") as caught:
        await make(one, tmp_path).deliver(call(), "d-0-0")
    assert caught.value.sent


async def test_a_command_that_reads_nothing_and_says_much(tmp_path: Path) -> None:
    code = "import sys; sys.stdin.close(); sys.stderr.write('x' * 3_000_000)"
    one = entry(kind="command", command=[sys.executable, "-c", code])
    await make(one, tmp_path).deliver(call(text="y" * 500_000), "d-0-0")


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    route = make(entry(kind="command", command=["/nonexistent/page"]), tmp_path)
    assert isinstance(route.capability, Blocked) and "page" in route.capability.sentence
    with pytest.raises(Refused):
        await route.deliver(call(), "d-0-0")


async def test_a_command_through_the_desk_that_fails_twice(tmp_path: Path) -> None:
    one, taken = program(tmp_path, 75, 75)
    async with bench(tmp_path, routes=[make(one, tmp_path)], hold_override_s=0) as it:
        decision = await it.decide(await it.post("1"), "escalate", route="legal", text="please look")
        for tries in (1, 2, 3):
            await until(lambda tries=tries: len(os.listdir(taken)) >= tries)  # type: ignore[misc]
            await it.clock.advance(6)
        await it.becomes(decision, "done")
    assert {str(one["data"]["key"]) for one in noted(taken)} == {decision.targets[0].steps[0].key}  # type: ignore[index]
    assert len(noted(taken)) == 3


def test_secrets_of_routes_leave_the_environment() -> None:
    environ = {"MODTUI_ROUTE_LEGAL": f" {SECRET} ", "MODTUI_ROUTE_EMPTY": "", "PATH": "/bin"}
    assert credentials.take_token(environ) is None
    assert environ == {"PATH": "/bin"} and credentials.route_tokens() == {"MODTUI_ROUTE_LEGAL": SECRET}
    credentials.take_token({})
    assert credentials.route_tokens() == {}
    assert credentials.route_variable("Legal & Co") == "MODTUI_ROUTE_LEGAL___CO"


def test_secrets_stand_in_no_repr(tmp_path: Path) -> None:
    route = make(entry(url="https://desk.example/hook?token=abcdef"), tmp_path, {VARIABLE: SECRET})
    assert SECRET not in repr(route) + str(vars(route)) and "abcdef" not in repr(route) + route.where
    asyncio.run(route.aclose())
