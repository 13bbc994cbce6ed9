"""Matrix without a server: what power levels allow, what a plan does and takes back, lists that move, the options, and
the address that a server's name points to."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.backends.synapse import plans, undo
from modtui.backends.synapse.backend import SynapseBackend
from modtui.backends.synapse.calls import txn
from modtui.backends.synapse.client import enc, explain
from modtui.backends.synapse.lane import Group, after, grouped, read_all
from modtui.backends.synapse.offers import Rights
from modtui.backends.synapse.options import Options
from modtui.backends.synapse.rooms import Power, Room
from modtui.backends.synapse.shape import message_item, name_of, parts_of, reason_of, user_id
from modtui.backends.synapse.texts import title_of
from modtui.backends.synapse.wire import Account, Event, ReportRow
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Answer, Call, Intent, Step
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, ModtuiError, NotFound, RateLimited, Refused, RightsError, SettingsError, WrongSite
from modtui.testing.steps import steps_of

pytestmark = pytest.mark.anyio
ID = CommunityId("0123456789ab")
ME, BO = "@mod:here.example", "@bo:here.example"


def item(
    levels: dict[str, object] | None = None, *, reports: int = 2, admin: bool = True, author: str = BO,
    joined: bool = True, account: Account | None = None, membership: str = "join",
) -> Item:  # fmt: skip
    power = Power(levels=levels if levels is not None else {"users": {ME: 100}}, creators=frozenset({"@own:x"}))
    room = Room(id="!room", name="General", power=power, memberships={author: membership})
    rows = [ReportRow(id=one, received_ts=one, room_id="!room", event_id="$e") for one in range(1, reports + 1)]
    rights = Rights(
        me=ME, server="here.example", joined=frozenset({"!room"} if joined else ()),
        admin=ALLOWED if admin else Blocked("right", "no"),
    )  # fmt: skip
    event = Event(event_id="$e", type="m.room.message", sender=author, content={"body": "Hello", "msgtype": "m.text"})
    return message_item(
        event, room, Group(room="!room", native="$e", events=tuple(rows)), community=ID, rights=rights,
        account=account or Account(name=author),
    )  # fmt: skip


def offer(one: Item, native: str) -> object:
    return next(found.capability for found in one.offers if found.id == native)


# --- power levels


@pytest.mark.parametrize(("levels", "native", "allowed"), [
    ({"users": {ME: 50}}, "redact", True), ({"users": {ME: 49}}, "redact", False),
    ({"users": {ME: 50}, "redact": 60}, "redact", False), ({"users": {ME: "50"}}, "redact", True),
    ({"users": {ME: 50}, "events": {"m.room.redaction": 60}}, "redact", False),
    ({"users": {ME: 50, BO: 50}}, "ban", False), ({"users": {ME: 51, BO: 50}}, "ban", True),
    ({"users": {ME: 50}}, "mute", True), ({"users": {ME: 50}, "events": {"m.room.power_levels": 100}}, "mute", False),
    ({"users_default": 50}, "redact", True), ({"users_default": 50}, "ban", False),
    ({"users": {ME: 10}, "events_default": 20}, "reply", False), ({"users": "broken", "ban": []}, "redact", False),
])  # fmt: skip
def test_power_levels_decide(levels: dict[str, object], native: str, allowed: bool) -> None:
    assert (offer(item(levels), native) == ALLOWED) == allowed


def test_who_made_a_newer_room_stands_above_all_levels() -> None:
    made = frozenset({"@own:x"})
    assert Power(levels={"users": {ME: 100}}, creators=made, above=True).of("@own:x") > 10**6
    assert Power(levels={"users": {ME: 100}}, creators=made).of("@own:x") == 0
    assert Power(creators=made).of("@own:x") == 100


def test_what_the_room_denies_the_server_may_still_do() -> None:
    one = item({"users": {ME: 0}})
    silence = one.offer("silence")
    assert silence is not None and silence.id == "suspend"
    outside = item(joined=False)
    assert isinstance(offer(outside, "redact"), Blocked) and offer(outside, "take-power") == ALLOWED
    remote = item({"users": {ME: 0}}, author="@bo:elsewhere.example")
    assert all(isinstance(offer(remote, native), Blocked) for native in ("suspend", "lock", "deactivate", "notice"))


def test_who_is_banned_already_is_not_locked_by_the_same_key() -> None:
    ban = item(membership="ban").offer("ban")
    assert ban is not None and isinstance(ban.capability, Blocked)


def test_without_a_name_a_platforms_own_action_is_refused() -> None:
    for intent in (Intent(verb="offer"), Intent(verb="offer", offer="nonsense"), Intent(verb="lock")):
        with pytest.raises(Refused):
            plans.plan(item(), intent)


# --- plans


def test_removing_closes_the_reports_in_steps_of_their_own() -> None:
    plan = plans.plan(item(), Intent(verb="remove", reason="spam", reason_title="Advertising"))
    assert [step.call.name for step in plan.steps] == ["redact", "close", "close"]
    assert plan.steps[0].call.args["reason"] == "Advertising" and plan.steps[0].waits
    assert any("can read the reason" in effect.words for effect in plan.effects)
    assert not plans.plan(item(), Intent(verb="remove", reason="private")).steps[0].waits, "it goes out at once"
    assert [step.call.name for step in plans.plan(item(admin=False), Intent(verb="remove")).steps] == ["redact"]
    many = plans.plan(item(reports=50), Intent(verb="approve"))
    assert len(many.steps) == 8 and sum(len(step.call.args["ids"]) for step in many.steps) == 50


def done(call: Call, answer: Answer) -> Step:
    return Step(index=0, call=call, words="so", key="k", due_ms=0, state="done", answer=answer)


def test_undo_takes_back_our_own_and_nothing_else() -> None:
    mark = done(Call("mark", {"room": "!room", "event": "$theirs"}), Answer(data={"post": "$theirs", "mark": "$mine"}))
    reply = done(Call("reply", {"room": "!room", "to": "$e", "text": "So."}), Answer(data={"post": "$reply"}))
    gone = done(Call("redact", {"room": "!room", "event": "$e"}), Answer(data={"event": "$x"}))
    back = undo.plan_undo(item(), [gone, reply, mark])
    assert [step.call.args["event"] for step in back.steps] == ["$mine", "$reply"]
    assert back.reversal == "partial" and any("stays removed" in words for words in back.stays)
    assert undo.plan_undo(item(), [gone]).reversal == "none"


def test_closed_reports_are_opened_again_once() -> None:
    steps = steps_of(plans.plan(item(reports=3), Intent(verb="approve")), "close")
    for some in (steps, steps[:1], steps[2:]):
        back = undo.plan_undo(item(reports=0), [done(step.call, Answer()) for step in some])
        assert [step.call.name for step in back.steps] == ["report"] and back.reversal == "partial"
    outside = plans.plan(item(joined=False), Intent(verb="approve"))
    assert outside.reversal == "none" and "forgets" in outside.stays[0]


def test_a_step_and_its_copy_have_one_transaction_id() -> None:
    (one, two) = steps_of(plans.plan(item(), Intent(verb="approve")), "x")
    reply = Call("reply", {"room": "!room", "to": "$e", "text": "So."})
    names = {txn("k", reply), txn("k2", reply), txn("k", Call("reply", {**reply.args, "text": "No."})),
             txn("k", one.call), txn("k", two.call)}  # fmt: skip
    assert len(names) == 5 and txn("k", reply) == txn("k", Call("reply", dict(reply.args)))
    assert all(name.isascii() and len(name) < 60 for name in names)


# --- lists that move


def rows_of(count: int) -> list[ReportRow]:
    return [
        ReportRow(id=number, received_ts=1000 + number // 2, room_id="!r", event_id=f"${number % 7}")
        for number in range(count)
    ]


@pytest.mark.parametrize(("chunk", "gone"), list(itertools.product((3, 5, 10), (0, 1, 4, 9))))
async def test_nothing_open_is_missed_however_many_are_closed_between_pages(chunk: int, gone: int) -> None:
    there = rows_of(40)
    closed: list[int] = []

    async def ask(start: int, limit: int) -> tuple[Sequence[msgspec.Raw], int]:
        page = there[start : start + limit]
        answer = [msgspec.Raw(msgspec.json.encode(row)) for row in page], len(there)
        if len(closed) < 3 * gone:
            closed.extend(row.id for row in there[:gone])
            del there[:gone]
        await asyncio.sleep(0)
        return answer

    found, bad = await read_all(ask, ReportRow, chunk=chunk, overlap=max(1, chunk // 4))
    assert {row.id for row in found} >= {row.id for row in there} and bad == 0
    assert len(found) == len({row.id for row in found})


async def test_broken_rows_cost_only_themselves() -> None:
    whole = [msgspec.json.encode(row) for row in rows_of(12)]
    whole[4] = b'{"id": "nonsense"}'

    async def ask(start: int, limit: int) -> tuple[Sequence[msgspec.Raw], int]:
        return [msgspec.Raw(row) for row in whole[start : start + limit]], len(whole)

    found, bad = await read_all(ask, ReportRow, chunk=5, overlap=2)
    assert bad == 1 and [row.id for row in found] == [one for one in range(12) if one != 4]


def test_a_subject_is_one_row_and_pages_are_cut_by_age() -> None:
    groups = grouped(rows_of(40))
    assert len(groups) == 7 and sum(len(group.events) for group in groups) == 40
    first, cursor = after(groups, None, 3)
    rest, end = after([group for group in groups if group not in first[:2]], cursor, 10)
    assert [*first, *rest] == list(groups) and end is None
    with pytest.raises(ModtuiError):
        after(groups, "nonsense", 3)


# --- small things


@pytest.mark.parametrize(("words", "reason"), [
    ("SPAM!", "spam"), ("this is doxxing", "private"), ("he threatens me", "threat"), ("illegal things", "illegal"),
    ("harassment", "insult"), ("", "other"), ("I do not like it", "other"),
])  # fmt: skip
def test_reasons_are_read_from_the_reporters_words(words: str, reason: str) -> None:
    assert reason_of(words) == reason


def test_names_and_ids() -> None:
    assert name_of(BO, "here.example") == "bo" and name_of("@bo:else.example", "here.example") == "bo:else.example"
    for name in ("bo", "@bo", BO):
        assert user_id(name, "here.example") == BO
    assert user_id("bo:else.example", "here.example") == "@bo:else.example"
    assert parts_of("!room/$event/x") == ("!room", "$event/x") and parts_of("nonsense") == ("", "")
    assert enc("!a:b/c $d") == "%21a%3Ab%2Fc%20%24d"
    with pytest.raises(NotFound):
        enc("..")


def test_the_first_line_of_a_long_question_is_its_title() -> None:
    assert title_of("How?\n\nI tried it.\nTwice.") == ("How?", "I tried it.\nTwice.")
    title, text = title_of("word " * 60)
    assert len(title) <= 120 and title.endswith("\u2026") and text == ("word " * 60).strip()


def test_options_are_checked_all_at_once() -> None:
    found = Options.read({"question_rooms": "#help:x, !id", "answer_mark": " \u2705 ", "team_rooms": ["#team:x"]})
    assert found.question_rooms == ("#help:x", "!id") and found.answer_mark == "\u2705"
    with pytest.raises(SettingsError) as trouble:
        Options.read({"question_rooms": ["help"], "answer_mark": 4, "team_rooms": 3, "question_events": "many"})
    assert len(trouble.value.problems) == 4


def said(status: int, body: object, kind: str = "application/json") -> ModtuiError:
    return explain(Reply(status, {"content-type": kind}, msgspec.json.encode(body), "here.example"))


@pytest.mark.parametrize(("status", "code", "error"), [
    (401, "M_UNKNOWN_TOKEN", AuthError), (401, "M_USER_LOCKED", AuthError), (403, "M_FORBIDDEN", RightsError),
    (403, "M_USER_SUSPENDED", RightsError), (403, "M_BAD_STATE", Refused), (404, "M_NOT_FOUND", NotFound),
    (404, "M_UNRECOGNIZED", WrongSite), (400, "M_INVALID_PARAM", Refused), (401, None, AuthError),
])  # fmt: skip
def test_refusals_are_told_by_their_code(status: int, code: str | None, error: type[ModtuiError]) -> None:
    assert isinstance(said(status, {"errcode": code, "error": "No \x1b[2J"}), error)
    assert isinstance(said(404, "<html>", "text/html"), WrongSite)


# --- a server on loopback that is made up


async def answers(table: dict[str, tuple[str, str]], tmp_path: Path) -> tuple[SynapseBackend, asyncio.Server]:
    """A backend and a server that answers by the beginning of the path: status and JSON."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            status, body = next((one for start, one in table.items() if path.startswith(start)), ("404 No", ""))
            kind = "application/json" if body.startswith(("{", "[")) else "text/html"
            head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
            writer.write("\r\n".join([*head, "", body]).encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    credential = Credential(kind="token", secret="syt_not-a-real-one")
    return SynapseBackend(Connection(community=ID, url=url, credential=credential, state=tmp_path)), server


async def test_the_token_goes_to_no_address_that_only_a_server_named(tmp_path: Path) -> None:
    elsewhere = '{"m.homeserver": {"base_url": "https://matrix.elsewhere.example/"}}'
    backend, server = await answers({"/.well-known/matrix/client": ("200 OK", elsewhere)}, tmp_path)
    async with server:
        with pytest.raises(WrongSite) as trouble:
            await backend.identify()
        await backend.aclose()
    assert "https://matrix.elsewhere.example" in trouble.value.message and "that you did not name" in trouble.value.hint
    assert [seen.path for seen in backend.wire.requests][-1] == "/.well-known/matrix/client"


async def test_a_homeserver_that_is_not_synapse_is_moderated_by_room(tmp_path: Path) -> None:
    client = "/_matrix/client/v3/"
    backend, server = await answers({
        client + "account/whoami": ("200 OK", f'{{"user_id": "{ME}"}}'),
        client + "joined_rooms": ("200 OK", '{"joined_rooms": ["!room"]}'),
    }, tmp_path)  # fmt: skip
    async with server:
        account = await backend.identify()
        await backend.aclose()
    assert (account.username, account.role) == ("mod", "member")
    lane = backend.capabilities.lane("reports")
    assert isinstance(lane, Blocked) and lane.code == "platform" and "not Synapse" in lane.sentence


async def test_a_wait_in_milliseconds_is_kept(tmp_path: Path) -> None:
    body = '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 86000000}'
    backend, server = await answers({"/": ("429 Too Many Requests", body)}, tmp_path)
    async with server:
        door: Door = backend.wire
        with pytest.raises(RateLimited) as trouble:
            await door.ask("PUT", "/_matrix/client/v3/rooms/x/send/m.room.message/t", json={}, why="reply")
        await backend.aclose()
    assert trouble.value.wait_s == 86_000 and not trouble.value.whole_client
