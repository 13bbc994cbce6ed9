"""What became of a call whose answer was lost: read from the server, never by sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.synapse.calls import Calls, txn
from modtui.backends.synapse.client import Client, read_rows
from modtui.backends.synapse.rooms import POWER, Power
from modtui.backends.synapse.texts import media_parts, said
from modtui.backends.synapse.wire import Event, ReportRow, UserReportRow
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound
from modtui.text import show_line

Args = dict[str, Any]
_FLAGS = {"suspend": "suspended", "lock": "locked", "shadow": "shadow_banned", "deactivate": "deactivated"}
_DONE, _NOT = Fate(is_="done", answer=Answer()), Fate(is_="not sent")
_REMEMBERED_MS = 20 * 60_000
"""How long the server knows the transaction id of a notice, less some minutes: until then sending again is harmless."""


async def fate(
    client: Client, calls: Calls, call: Call, *, key: str, since_ms: int, now_ms: int, known: Sequence[Answer]
) -> Fate:
    """What became of `call`, which was sent after `since_ms` under this key."""
    args = call.args
    try:
        match call.name:
            case "close":
                open_ = [one for one in args["ids"] if await client.has_report(str(args["kind"]), int(one))]
                return _NOT if open_ else _DONE
            case "report":
                return await _reported(client, calls, args, since_ms)
            case "redact" | "take_back" | "unmark":
                return await _removed(client, calls, call)
            case "reply" | "post" | "mark":
                return await _posted(client, calls, call, txn(key, call), since_ms, known)
            case "power":
                return await _power(client, args)
            case "ban" | "unban" | "kick":
                now = await calls.membership(args)
                wanted = {"ban": now == "ban", "unban": now != "ban", "kick": now in ("leave", "ban", "")}
                return _DONE if wanted[call.name] else _NOT
            case "suspend" | "lock" | "shadow" | "deactivate":
                account = await client.account(str(args["user"]))
                return _DONE if bool(getattr(account, _FLAGS[call.name])) == bool(args["on"]) else _NOT
            case "quarantine":
                held = [await client.quarantined(*media_parts(str(url))) for url in args["media"]]
                return _DONE if all(one == bool(args["on"]) for one in held) else _NOT
            case "notice":
                if now_ms - since_ms < _REMEMBERED_MS:
                    return Fate(is_="not sent", words="sending it again does no harm: the server knows its number")
                return Fate(is_="unclear", words="nobody but its reader can see a server notice")
            case "redact_all":
                return await _job(client, args, since_ms, known)
            case "take_power":
                levels = await client.state(str(args["room"]), POWER)
                users = levels.get("users")
                return _DONE if isinstance(users, dict) and users.get(calls.me) is not None else _NOT
    except NotFound:
        return Fate(is_="not sent", words="it is not on the server any more")
    return Fate(is_="unclear", words="Matrix has no such action")


async def _reported(client: Client, calls: Calls, args: Args, since_ms: int) -> Fate:
    """A report of ours that is younger than the step."""
    if "user" in args:
        people = await client.user_reports(0, 100, newest=True, target=str(args["user"]), why="my report")
        mine = [row.received_ts for row in read_rows(people.user_reports, UserReportRow)[0] if row.user_id == calls.me]
    else:
        room = str(args["room"])
        page = await client.event_reports(0, 100, newest=True, room=room, reporter=calls.me, why="my report")
        mine = [row.received_ts for row in read_rows(page.event_reports, ReportRow)[0]
                if row.user_id == calls.me and row.event_id == args["event"]]  # fmt: skip
    return _DONE if any(when >= since_ms - 1000 for when in mine) else _NOT


async def _removed(client: Client, calls: Calls, call: Call) -> Fate:
    event = (await client.context(str(call.args["room"]), str(call.args["event"]))).event
    redaction = event.redaction
    if redaction is None:
        return _NOT
    if redaction.get("sender") != calls.me:
        return Fate(is_="not sent", words="somebody else removed it")
    made = redaction.get("event_id")
    if call.name != "redact":
        return _DONE
    original = await client.original(event.event_id) if client.admin else None
    left = said(event, original=original).source
    return Fate(is_="done", answer=Answer(data={"event": str(made), "text": text_digest(left)}, edits=True))


async def _posted(
    client: Client, calls: Calls, call: Call, wanted: str, since_ms: int, known: Sequence[Answer]
) -> Fate:
    """An event of ours, known by the transaction id that the server shows to the session that sent it; one that another
    session of ours sent (the token was another one then) by its text and time."""
    args, room = call.args, str(call.args["room"])
    near = args.get("to") or args.get("event")
    found = await calls.around(room, str(near)) if near else await _newest(client, room)
    mine: Event | None = next((one for one in reversed(found) if one.transaction == wanted), None)
    if mine is None and "text" in args:
        others = {str(one.data.get("post")) for one in known}
        mine = next(
            (one for one in reversed(found) if one.sender == calls.me and one.transaction is None
             and one.at_ms >= since_ms - 1000 and one.event_id not in others and said(one).source == args["text"]),
            None,
        )  # fmt: skip
    if mine is None:
        return _NOT
    if call.name == "mark":
        post = str(mine.relation.get("event_id") or "")
        marked = {"event": mine.event_id, "post": post, "topic": room, "mark": mine.event_id}
        return Fate(is_="done", answer=Answer(data=marked))
    data: dict[str, Any] = {"post": mine.event_id, **({"number": None, "topic": room} if call.name == "reply" else {})}
    return Fate(is_="done", answer=Answer(data=data))


async def _newest(client: Client, room: str) -> list[Event]:
    page = await client.messages(room, limit=60, own=True, why="my messages")
    return list(reversed(read_rows(page.chunk, Event)[0]))


async def _power(client: Client, args: Args) -> Fate:
    levels = await client.state(str(args["room"]), POWER, why="power levels")
    now = Power(levels=levels).own(str(args["user"]))
    if now == args.get("to"):
        return _DONE
    if now == args.get("from"):
        return _NOT
    return Fate(is_="unclear", words="the power level is neither the old nor the new one")


async def _job(client: Client, args: Args, since_ms: int, known: Sequence[Answer]) -> Fate:
    others = {str(one.data.get("job")) for one in known}
    for task in await client.tasks(str(args["user"])):
        job, when = str(task.get("id") or ""), task.get("timestamp_ms") or task.get("timestamp") or 0
        if job and job not in others and isinstance(when, int) and when >= since_ms - 1000:
            words = f"the server says: {show_line(str(task.get('status')), 60)}"
            return Fate(is_="done", answer=Answer(data={"job": job}), words=words)
    return Fate(is_="unclear", words="the server does not say whether the job was accepted")
