"""What became of a request whose answer was lost: looked up on the site, never guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.discourse import member_verbs, thread_send
from modtui.backends.discourse.actions import meaning
from modtui.backends.discourse.around import user_note
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.members import FOREVER_MS, name_of
from modtui.backends.discourse.site import Site
from modtui.domain.decisions import Answer, Call
from modtui.domain.items import Item, Note
from modtui.domain.seen import text_digest
from modtui.errors import NotFound
from modtui.text import show_line
from modtui.text.time import parse_iso_or_none

SKEW_MS = 120_000
"""How far the site's clock may be from ours when its times are compared with our own."""
_PAGES = 10
"""Pages of sent messages that are looked through at most."""

Reread = Callable[[str], Awaitable[Item | None]]
_ENDS = {"approve": ("kept",), "remove": ("removed", "deleted"), "ignore": ("ignored", "removed")}
"""The states in which an item is after an action of this verb (an ignored post that is deleted reads as removed)."""
DONE, NOT_SENT = Fate(is_="done"), Fate(is_="not sent")


async def fate(
    client: Client, site: Site, reread: Reread, call: Call, since_ms: int, known: Sequence[Answer] = ()
) -> Fate:
    """Whether `call`, sent after `since_ms`, arrived. `known` are the answers to other calls of its name."""
    args, since = call.args, since_ms - SKEW_MS
    try:
        about_member = await member_verbs.fate(client, site, call, since, known)
        if about_member is not None:
            return about_member
        about_thread = await thread_send.fate(client, site, call, since, known)
        if about_thread is not None:
            return about_thread
        match call.name:
            case "perform":
                return _perform(site, await reread(str(args["id"])), args, since)
            case "message":
                return await _message(client, site, args, since, known)
            case "penalise":
                user = await client.admin_user(str(args["user"]))
                return _penalty(site, user, args, since, client.door.clock_ms, known)
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
                return await _note(client, site, await reread(str(args["id"])), args, since, known)
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
    if now.handled_by != site.me:
        who = show_line(now.handled_by) if now.handled_by else "somebody else"
        return Fate(is_="not sent", words=f"It is {now.state} by {who}.")
    if now.handled_ms is not None and now.handled_ms < since:
        return Fate(is_="unclear", words="Your account had decided it before.")
    if now.state not in _ENDS.get(sense.verb, (now.state,)):
        return Fate(is_="not sent", words=f"Your account decided it otherwise: {now.state}.")
    data: dict[str, Any] = {"version": version}
    if sense.inverse == "unpublish" and now.native.get("target_id"):
        data["created_post_id"] = now.native["target_id"]
    return Fate(is_="done", answer=Answer(data=data))


async def _message(client: Client, site: Site, args: dict[str, Any], since: int, known: Sequence[Answer]) -> Fate:
    """A batch sends the same title to many: only recipient and text together tell whose message it is."""
    others = {str(answer.data.get("topic")) for answer in known}
    wanted = _letters(str(args["title"]))
    for page in range(_PAGES):
        rows = await client.sent_messages(str(site.me), page)
        for row in rows:
            created, native = parse_iso_or_none(row.get("created_at")), row.get("id")
            if created is None or created < since or not isinstance(native, int) or str(native) in others:
                continue
            if _letters(str(row.get("title") or "")) == wanted and await _is_message(client, native, args):
                return Fate(is_="done", answer=Answer(data={"topic": native}))
        latest = [parse_iso_or_none(row.get("bumped_at") or row.get("created_at")) for row in rows]
        if not rows or (latest[-1] is not None and latest[-1] < since):
            break
    return NOT_SENT


def _letters(title: str) -> str:
    """What the site leaves of a title: it may change capitals and signs."""
    return "".join(sign for sign in title.casefold() if sign.isalnum())


async def _is_message(client: Client, topic: int, args: dict[str, Any]) -> bool:
    """Whether a private message is the one that `args` sends."""
    try:
        found = await client.topic(topic)
    except NotFound:
        return False
    details, stream = found.get("details"), found.get("post_stream")
    allowed = details.get("allowed_users") if isinstance(details, dict) else None
    names = {str(name_of(one)).lower() for one in allowed if name_of(one)} if isinstance(allowed, list) else set()
    groups = details.get("allowed_groups") if isinstance(details, dict) else None
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict) and isinstance(group.get("name"), str):
            names.add(group["name"].lower())
    if names and str(args["to"]).lower() not in names:
        return False
    posts = stream.get("posts") if isinstance(stream, dict) else None
    first = posts[0] if isinstance(posts, list) and posts and isinstance(posts[0], dict) else {}
    return str(first.get("raw") or "").strip() == str(args["raw"]).strip()


def _penalty(
    site: Site, user: dict[str, Any], args: dict[str, Any], since: int, now_ms: int, known: Sequence[Answer]
) -> Fate:
    word = "silenced" if args["kind"] == "silence" else "suspended"
    until = parse_iso_or_none(user.get(f"{word}_till"))
    if until is None or until <= now_ms:
        return NOT_SENT
    at = parse_iso_or_none(user.get(f"{word}_at"))
    by = user.get(f"{word}_by")
    name = by.get("username") if isinstance(by, dict) else None
    if name == site.me and (at is None or at >= since):
        for_good = until - now_ms > FOREVER_MS
        ends = [answer.data.get("until_ms", 0) for answer in known if answer.data.get("user") == args["user"]]
        if any(_same_end(end, until, for_good) for end in ends):
            return Fate(is_="not sent", words="Another decision of yours put it in force.")
        return Fate(is_="done", answer=Answer(data={"user": args["user"], "until_ms": None if for_good else until}))
    if at is not None and at < since:
        return Fate(is_="not sent", words="An older sanction is in force.")
    return Fate(is_="unclear", words=f"A sanction by {show_line(str(name or 'somebody else'))} is in force.")


def _same_end(answered: int | None, until: int, for_good: bool) -> bool:
    """Whether a sanction that ends at `until` is the one that was answered with `answered` (None: for good)."""
    return for_good if answered is None else abs(answered - until) < 1000


def _claim(now: Item | None, name: str) -> Fate:
    if now is None:
        return Fate(is_="unclear", words="The item is not on the site any more.")
    if name == "claim":
        return DONE if now.claim is not None and now.claim.mine else NOT_SENT
    return NOT_SENT if now.claim is not None and not now.claim.automatic else DONE


async def _note(
    client: Client, site: Site, now: Item | None, args: dict[str, Any], since: int, known: Sequence[Answer]
) -> Fate:
    others = {(answer.data.get("where"), str(answer.data.get("note"))) for answer in known}

    def mine(note: Note, where: str) -> bool:
        fresh = (note.created_ms or since) >= since and (where, note.id) not in others
        return fresh and note.text.strip() == str(args["text"]).strip() and note.by == site.me

    for note in now.notes if now is not None else ():
        if mine(note, "item"):
            return Fate(is_="done", answer=Answer(data={"where": "item", "note": note.id}))
    if args.get("user") and site.user_notes is not False:
        for note in map(user_note, await client.user_notes(str(args["user"]))):
            if mine(note, "user"):
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
    if (now.source or "").strip() == str(args["changes"]["payload"]["raw"]).strip():
        return Fate(is_="done", answer=Answer(data={"version": now.version}))
    return NOT_SENT if (now.version or 0) <= int(args["version"]) else Fate(is_="unclear", words="It was edited again.")


async def _post(client: Client, call: Call) -> Fate:
    post = await client.post(int(call.args["post"]))
    if post is None:
        return Fate(is_="unclear")
    deleted = bool(post.deleted_at or post.user_deleted)
    match call.name:
        case "edit_post":
            if (post.raw or "").strip() != str(call.args["raw"]).strip():
                return NOT_SENT
            return Fate(is_="done", answer=Answer(data={"text": text_digest(post.raw or "")}, edits=True))
        case "recover":
            return NOT_SENT if deleted else DONE
        case "unhide":
            return NOT_SENT if post.hidden else DONE
        case "restore":
            return NOT_SENT if deleted or post.hidden else DONE
    return DONE if deleted else NOT_SENT
