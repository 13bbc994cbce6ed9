"""Carries out the calls of a plan, and looks up what became of one.

Every event carries the step's key twice: as `externalId`, so that the service refuses it a second time, and in
`modTool`, where it can be found again. Checking and writing are not one transaction there: two takedowns at the same
moment both succeed. So the log is read after a takedown, and what else happened is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.ozone.client import REPORT, Already, Client, read_rows
from modtui.backends.ozone.wire import Event, Report, inner, number, rows, text
from modtui.domain.decisions import Answer, Call
from modtui.errors import ModtuiError, NotFound, Refused, Stale, UsageError
from modtui.text import Foreign, show_line
from modtui.text.time import parse_iso_or_none

Args = dict[str, Any]
_GONE = "It is not on the network any more, so nothing was changed."
_TAKEDOWNS = ("modEventTakedown", "modEventReverseTakedown")
_NEWEST = 30
_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.5)
_POST = "app.bsky.feed.post"
_REASONS = {
    "modEventAcknowledge": "acknowledge", "modEventTakedown": "take down", "modEventReverseTakedown": "reverse the "
    "takedown", "modEventEscalate": "escalate", "modEventLabel": "label", "modEventTag": "tag", "modEventEmail":
    "send the e-mail", "modEventComment": "note", "modEventMute": "mute", "modEventUnmute": "unmute",
    "modEventResolveAppeal": "resolve the appeal",
}  # fmt: skip


async def send(client: Client, call: Call, key: str) -> Answer:
    """Do one call. Raises Stale when others were faster, Refused, and the door's errors."""
    act = _ACTS.get(call.name)
    if act is None:
        raise UsageError(f"Ozone has no action {call.name}.")
    try:
        return await act(client, call.args, key)
    except NotFound:
        raise Stale(_GONE) from None


# --- the log


async def _event(client: Client, args: Args, key: str) -> Answer:
    kind = str(args["kind"])
    event = {"$type": f"tools.ozone.moderation.defs#{kind}", **args["event"]}
    if kind == "modEventEmail":
        event["content"] = _html(str(event.get("content", "")))
    if kind == "modEventComment":
        event.setdefault("comment", "")
    try:
        made = await client.emit(
            event, args["subject"], key=key, reports=args.get("reports", ()), note=args.get("note"),
            why=_REASONS.get(kind, "write the log"),
        )  # fmt: skip
    except Already as already:
        return await _already(client, args, key, already)
    data = {"event": made.get("id")}
    if kind == "modEventEmail" and inner(made, "event", "isDelivered") is False:
        return Answer(data=data, words=Foreign("the service could not hand the e-mail to its mail server"))
    words = await _meanwhile(client, args, key) if kind in _TAKEDOWNS else None
    return Answer(data=data, words=words)


async def _already(client: Client, args: Args, key: str, already: Already) -> Answer:
    """Ours, when it was done before (its answer was lost); else who was faster. Raises Stale."""
    kind = str(args["kind"])
    events = await _log(client, args, _TAKEDOWNS if kind in _TAKEDOWNS else (kind,))
    mine = next((one for one in events if one.made_with == key and one.kind == kind), None)
    if mine is not None:
        return Answer(data={"event": mine.id})
    if already.code == "DuplicateExternalId":  # done by this key, but further back in the log than we look
        return Answer(data={"event": None})
    if already.code == "ReportsClosed":
        raise Stale("One of its reports was closed meanwhile, so nothing was changed.")
    if already.code in ("TakenDown", "NotTakenDown") and events:
        what = "took it down" if already.code == "TakenDown" else "reversed the takedown"
        raise Stale(f"{show_line(_who(events[0]), 60)} {what} already.")
    raise already


async def _meanwhile(client: Client, args: Args, key: str) -> Foreign | None:
    """What the log says about takedowns right after ours; None when ours stands alone."""
    events = await _log(client, args, _TAKEDOWNS)
    place = next((number for number, one in enumerate(events) if one.made_with == key), None)
    if place is None:
        return Foreign("the service's log does not show it yet")
    if place:
        newest = events[0]
        what = "took it down" if newest.kind == "modEventTakedown" else "reversed the takedown"
        return Foreign(f"{_who(newest)} {what} right after this")
    before = events[1] if len(events) > 1 else None
    if before is not None and before.kind == events[0].kind:
        what = "took it down" if before.kind == "modEventTakedown" else "reversed the takedown"
        return Foreign(f"{_who(before)} {what} at the same moment; both stand in the log")
    return None


async def _log(client: Client, args: Args, kinds: Sequence[str], *, mine: bool = False) -> list[Event]:
    subject = args["subject"]
    found = await client.events(
        str(subject.get("uri") or subject.get("did")), kinds, limit=_NEWEST,
        by=client.session.did if mine else None, why="read back",
    )  # fmt: skip
    return read_rows(found.events, Event)[0]


def _who(event: Event) -> str:
    return event.creator_handle or event.created_by


def _html(markdown: str) -> str:
    """The e-mail's text: the service sends HTML."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False, "breaks": True}).render(markdown))


# --- single reports


async def _activities(client: Client, args: Args, kind: str, why: str) -> Answer:
    for report in args["reports"]:
        try:
            await client.activity(int(report), kind, why=why)
        except Already:
            continue  # it is so already
    return Answer()


async def _close(client: Client, args: Args, key: str) -> Answer:
    return await _activities(client, args, "closeActivity", "close the report")


async def _reopen(client: Client, args: Args, key: str) -> Answer:
    return await _activities(client, args, "reopenActivity", "reopen the report")


async def _assign(client: Client, args: Args, key: str) -> Answer:
    """All of them, or none: what somebody else has meanwhile stays there."""
    done: list[int] = []
    for report in args["reports"]:
        body = {"reportId": int(report), "did": args["did"], "isPermanent": True}
        try:
            await client.write(f"{REPORT}.assignModerator", body, why="take the report")
        except Already as already:
            if already.code != "AlreadyAssigned":
                continue
            await _free(client, done)
            holder = await _holder(client, int(report))
            raise Stale(f"{show_line(holder, 60)} has taken it meanwhile.") from None
        done.append(int(report))
    return Answer()


async def _unassign(client: Client, args: Args, key: str) -> Answer:
    await _free(client, args["reports"])
    return Answer()


async def _free(client: Client, reports: Sequence[Any]) -> None:
    for report in reports:
        try:
            await client.write(f"{REPORT}.unassignModerator", {"reportId": int(report)}, why="give the report back")
        except Already:
            continue


async def _holder(client: Client, report: int) -> str:
    found = await _report(client, report)
    profile = inner(found.assignment, "moderator", "profile")
    return text(profile, "handle") or text(found.assignment, "did") or "Somebody else"


async def _queue(client: Client, args: Args, key: str) -> Answer:
    for report in args["reports"]:
        body: Args = {"reportId": int(report), "queueId": int(args["queue"])}
        if args.get("note"):
            body["comment"] = args["note"]
        try:
            await client.write(f"{REPORT}.reassignQueue", body, why="move to the queue")
        except Already as already:
            if already.code == "ReportClosed":
                raise Stale("One of its reports was closed meanwhile.") from None
    return Answer()


# --- posts of our own


async def _post(client: Client, args: Args, key: str) -> Answer:
    """A reply in public. What it answers is read first: a reply names the version of it, and how the thread began."""
    found = await client.read(
        "app.bsky.feed.getPosts", dict[str, Any], [("uris", str(args["parent"]))], why="what is answered", proxy=False
    )
    parent = next((one for one in rows(found.get("posts")) if text(one, "uri") == args["parent"]), None)
    if parent is None:
        raise Stale("The post is not shown on the network any more, so there was no reply.")
    above = {"uri": text(parent, "uri"), "cid": text(parent, "cid")}
    root = inner(parent, "record", "reply", "root")
    record = {
        "$type": _POST, "text": args["text"], "createdAt": _now(client),
        "reply": {"root": root if text(root, "uri") else above, "parent": above},
    }  # fmt: skip
    body = {"repo": client.session.did, "collection": _POST, "record": record}
    made = await client.write("com.atproto.repo.createRecord", body, why="reply", proxy=False)
    if not text(made, "uri"):
        raise Refused("The network did not say where the reply is.")
    await _until_shown(client, text(made, "uri"), shown=True)
    return Answer(data={"post": text(made, "uri"), "topic": text(root, "uri") or above["uri"]})


async def _unpost(client: Client, args: Args, key: str) -> Answer:
    uri = str(args["uri"])
    repo, collection, rkey = uri.removeprefix("at://").split("/")
    if repo != client.session.did:
        raise Refused("This post is not your own.")
    body = {"repo": repo, "collection": collection, "rkey": rkey}
    await client.write("com.atproto.repo.deleteRecord", body, why="delete the reply", proxy=False)
    await _until_shown(client, uri, shown=False)
    return Answer()


async def _until_shown(client: Client, uri: str, *, shown: bool) -> None:
    """Wait a little until the appview has it too: what members see follows the repository by a second or so, and the
    thread that is read next should have it. It is written in any case."""
    for wait in _WAITS_S:
        await asyncio.sleep(wait)
        try:
            found = await client.read(
                "app.bsky.feed.getPosts", dict[str, Any], [("uris", uri)], why="is it shown?", proxy=False
            )
        except ModtuiError:
            return
        if bool(rows(found.get("posts"))) == shown:
            return


def _now(client: Client) -> str:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(client.door.clock_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_ACTS: dict[str, Callable[[Client, Args, str], Awaitable[Answer]]] = {
    "event": _event, "close": _close, "reopen": _reopen, "assign": _assign, "unassign": _unassign, "queue": _queue,
    "post": _post, "unpost": _unpost,
}  # fmt: skip


# --- what became of it


async def fate(client: Client, call: Call, key: str, since_ms: int, known: Sequence[Answer]) -> Fate:
    """What became of a call that was never answered."""
    args = call.args
    match call.name:
        case "event":
            events = await _log(client, args, (str(args["kind"]),), mine=True)
            mine = next((one for one in events if one.made_with == key), None)
            return Fate(is_="done", answer=Answer(data={"event": mine.id})) if mine else Fate(is_="not sent")
        case "close" | "reopen" | "assign" | "unassign" | "queue":
            reports = [await _report(client, int(one)) for one in args["reports"]]
            done = all(_is_so(call.name, args, one) for one in reports)
            return Fate(is_="done", answer=Answer()) if done else Fate(is_="not sent")
        case "post":
            return await _posted(client, args, since_ms, known)
        case "unpost":
            there = any(text(one, "uri") == args["uri"] for one in await _own_posts(client))
            return Fate(is_="not sent") if there else Fate(is_="done", answer=Answer())
    return Fate(is_="unclear", words="Ozone has no such action")


def _is_so(name: str, args: Args, report: Report) -> bool:
    if name in ("close", "reopen"):
        return (report.status == "closed") == (name == "close")
    if name == "queue":
        return (number(report.queue, "id") or -1) == int(args["queue"])
    holder = text(report.assignment, "did")
    return holder == args.get("did") if name == "assign" else not holder


async def _report(client: Client, report: int) -> Report:
    return await client.read(f"{REPORT}.getReport", Report, [("id", str(report))], why="the report again")


async def _own_posts(client: Client) -> list[dict[str, Any]]:
    params = [("repo", client.session.did), ("collection", _POST), ("limit", "50")]
    found = await client.read(
        "com.atproto.repo.listRecords", dict[str, Any], params, why="your newest posts", proxy=False
    )
    return rows(found.get("records"))


async def _posted(client: Client, args: Args, since_ms: int, known: Sequence[Answer]) -> Fate:
    others = {answer.data.get("post") for answer in known}
    for one in await _own_posts(client):
        value = inner(one, "value")
        at = parse_iso_or_none(text(value, "createdAt") or None) or 0
        same = text(value, "text") == args["text"] and text(inner(value, "reply", "parent"), "uri") == args["parent"]
        if same and at >= since_ms - 2000 and text(one, "uri") not in others:
            root = text(inner(value, "reply", "root"), "uri")
            return Fate(is_="done", answer=Answer(data={"post": text(one, "uri"), "topic": root}))
    return Fate(is_="not sent")

