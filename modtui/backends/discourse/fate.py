"""What became of a request whose answer was lost: looked up on the site, never guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.discourse.actions import meaning
from modtui.backends.discourse.around import user_note
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.site import Site
from modtui.domain.decisions import Answer, Call
from modtui.domain.items import Item
from modtui.errors import NotFound
from modtui.text import show_line
from modtui.text.time import parse_iso_or_none

SKEW_MS = 120_000
"""How far the site's clock may be from ours when its times are compared with our own."""

Reread = Callable[[str], Awaitable[Item | None]]
DONE, NOT_SENT = Fate(is_="done"), Fate(is_="not sent")


async def fate(client: Client, site: Site, reread: Reread, before: Item | None, call: Call, since_ms: int) -> Fate:
    """Whether `call`, sent after `since_ms`, arrived."""
    args, since = call.args, since_ms - SKEW_MS
    try:
        match call.name:
            case "perform":
                return _perform(site, await reread(str(args["id"])), args, since)
            case "message":
                return await _message(client, site, args, since)
            case "penalise":
                return _penalty(site, await client.admin_user(str(args["user"])), args, since, client.door.clock_ms)
            case "lift":
                user = await client.admin_user(str(args["user"]))
                word = "silenced" if args["kind"] == "unsilence" else "suspended"
                until = parse_iso_or_none(user.get(f"{word}_till"))
                return NOT_SENT if until is not None and until > client.door.clock_ms else DONE
            case "deactivate":
                return NOT_SENT if (await client.admin_user(str(args["user"]))).get("active") else DONE
            case "topic":
                topic = await client.topic(int(args["topic"]))
                return DONE if bool(topic.get(str(args["status"]))) == bool(args["enabled"]) else NOT_SENT
            case "claim" | "release":
                return _claim(await reread(str(args["id"])) if args.get("id") else None, call.name)
            case "note":
                return await _note(client, site, await reread(str(args["id"])), args, since)
            case "unnote":
                return await _unnote(client, await reread(str(args["id"])) if args.get("id") else None, args)
            case "edit_held":
                return _edit_held(await reread(str(args["id"])), args)
            case "edit_post" | "recover" | "unhide" | "restore" | "delete":
                return await _post(client, call)
            case "flag":
                now = await reread(str(args["id"])) if args.get("id") else None
                return Fate(is_="unclear") if now is None else DONE if now.state == "open" else NOT_SENT
            case "scrub":
                now = await reread(str(args["id"]))
                offered = now is not None and any(offer.id == "scrub" for offer in now.offers)
                return NOT_SENT if offered else DONE
    except NotFound:
        if call.name == "delete":
            return DONE
        return Fate(is_="unclear", words="The site does not have this any more.")
    return Fate(is_="unclear", words="This cannot be looked up.")


def _perform(site: Site, now: Item | None, args: dict[str, Any], since: int) -> Fate:
    if now is None:
        return Fate(is_="unclear", words="The item is not on the site any more.")
    version = now.version or 0
    if version <= int(args["version"]):
        return NOT_SENT
    sense = meaning(str(args["action"]), sign_up=now.kind == "sign-up")
    if now.state == "open":
        # Either a secondary action, which leaves the item open, or a report has reopened what somebody decided.
        answer = Answer(data={"version": version})
        return (
            Fate(is_="done", answer=answer) if sense.verb == "unsilence" else Fate(is_="unclear", words="Open again.")
        )
    mine = now.handled_by == site.me
    if not mine:
        who = show_line(now.handled_by) if now.handled_by else "somebody else"
        return Fate(is_="not sent", words=f"It is {now.state} by {who}.")
    if now.handled_ms is not None and now.handled_ms < since:
        return Fate(is_="unclear", words="Your account had decided it before.")
    data: dict[str, Any] = {"version": version}
    if sense.inverse == "unpublish" and now.native.get("target_id"):
        data["created_post_id"] = now.native["target_id"]
    return Fate(is_="done", answer=Answer(data=data))


async def _message(client: Client, site: Site, args: dict[str, Any], since: int) -> Fate:
    for row in await client.sent_messages(str(site.me)):
        created = parse_iso_or_none(row.get("created_at"))
        if row.get("title") == args["title"] and created is not None and created >= since:
            return Fate(is_="done", answer=Answer(data={"topic": row.get("id")}))
    return NOT_SENT


def _penalty(site: Site, user: dict[str, Any], args: dict[str, Any], since: int, now_ms: int) -> Fate:
    word = "silenced" if args["kind"] == "silence" else "suspended"
    until = parse_iso_or_none(user.get(f"{word}_till"))
    if until is None or until <= now_ms:
        return NOT_SENT
    at = parse_iso_or_none(user.get(f"{word}_at"))
    by = user.get(f"{word}_by")
    name = by.get("username") if isinstance(by, dict) else None
    if name == site.me and (at is None or at >= since):
        return Fate(is_="done", answer=Answer(data={"until_ms": until}))
    if at is not None and at < since:
        return Fate(is_="not sent", words="An older sanction is in force.")
    return Fate(is_="unclear", words=f"A sanction by {show_line(str(name or 'somebody else'))} is in force.")


def _claim(now: Item | None, name: str) -> Fate:
    if now is None:
        return Fate(is_="unclear", words="The item is not on the site any more.")
    if name == "claim":
        return DONE if now.claim is not None and now.claim.mine else NOT_SENT
    return NOT_SENT if now.claim is not None and not now.claim.automatic else DONE


async def _note(client: Client, site: Site, now: Item | None, args: dict[str, Any], since: int) -> Fate:
    text = args["text"]
    for note in now.notes if now is not None else ():
        if note.text == text and note.by == site.me and (note.created_ms or since) >= since:
            return Fate(is_="done", answer=Answer(data={"where": "item", "note": note.id}))
    if args.get("user") and site.user_notes is not False:
        for note in map(user_note, await client.user_notes(str(args["user"]))):
            if note.text == text and note.by == site.me and (note.created_ms or since) >= since:
                return Fate(is_="done", answer=Answer(data={"where": "user", "note": note.id}))
    return NOT_SENT


async def _unnote(client: Client, now: Item | None, args: dict[str, Any]) -> Fate:
    if args.get("where") == "user":
        left = [str(row.get("id")) for row in await client.user_notes(str(args["user"]))]
    else:
        left = [note.id for note in now.notes] if now is not None else []
    return NOT_SENT if str(args["note"]) in left else DONE


def _edit_held(now: Item | None, args: dict[str, Any]) -> Fate:
    if now is None:
        return Fate(is_="unclear", words="The item is not on the site any more.")
    if now.source == args["changes"]["payload"]["raw"]:
        return Fate(is_="done", answer=Answer(data={"version": now.version}))
    return NOT_SENT if (now.version or 0) <= int(args["version"]) else Fate(is_="unclear", words="It was edited again.")


async def _post(client: Client, call: Call) -> Fate:
    post = await client.post(int(call.args["post"]))
    if post is None:
        return Fate(is_="unclear")
    deleted = bool(post.deleted_at or post.user_deleted)
    match call.name:
        case "edit_post":
            return DONE if post.raw == call.args["raw"] else NOT_SENT
        case "recover":
            return NOT_SENT if deleted else DONE
        case "unhide":
            return NOT_SENT if post.hidden else DONE
        case "restore":
            return NOT_SENT if deleted or post.hidden else DONE
    return DONE if deleted else NOT_SENT
