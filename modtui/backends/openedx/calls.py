"""Carries out the calls of a plan, and looks up what became of one.

The forum has no versions and lets the last writer win, so edits read the post first and compare (`expect`), and what a
write answers, which is the post as it is then, is compared with what was wanted. Everything else is harmless twice:
closing reports, reporting as the same member, closing and opening a thread all end in the same state.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.openedx.client import Client, Unshowable
from modtui.backends.openedx.wire import Comment, Content, Thread
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound, Refused, Stale, UsageError
from modtui.text import Foreign

Args = dict[str, Any]
_GONE = "It is not on the forum any more, so nothing was changed."
_CHANGED = "Its text was changed meanwhile, so nothing was sent."
_DIFFERS = Foreign("somebody else changed the post at the same moment")


async def send(client: Client, call: Call) -> Answer:
    """Do one call. Raises Stale when the post is gone or its text is another one, Refused, and the door's errors."""
    act = _ACTS.get(call.name)
    if act is None:
        raise UsageError(f"The Open edX forum has no action {call.name}.")
    try:
        return await act(client, call.args)
    except NotFound:
        raise Stale(_GONE) from None


async def fate(client: Client, call: Call) -> Fate:
    """What became of a call that was never answered: the post says so itself."""
    if call.name not in _ACTS:
        return Fate(is_="unclear", words="the Open edX forum has no such action")
    args = call.args
    try:
        now = await _read(client, str(args.get("kind", "thread")), str(args["id"]))
    except NotFound:
        if call.name in ("delete", "unflag", "unflag_one"):
            return Fate(is_="done", answer=Answer(), words="the post is not on the forum any more")
        return Fate(is_="not sent", words="the post is not on the forum any more")
    except Unshowable:
        return Fate(is_="unclear", words="the forum cannot show this thread")
    done, clear = _is_done(call.name, args, now)
    if done:
        return Fate(is_="done", answer=_edited(now) if call.name in ("edit", "edit_back") else Answer())
    if not clear:
        return Fate(is_="unclear", words="the post has a text that is neither the old nor the new one")
    return Fate(is_="not sent")


def _is_done(name: str, args: Args, now: Content) -> tuple[bool, bool]:
    """Whether the post is as the call wanted it, and whether it is clear that the call was not carried out."""
    flaggers = set(now.flaggers)
    if name == "unflag":
        return not flaggers.intersection(map(str, args.get("reporters", ()))), True
    if name in ("flag", "unflag_one"):
        return (str(args["reporter"]) in flaggers) == (name == "flag"), True
    if name in ("close", "reopen"):
        return isinstance(now, Thread) and now.closed == (name == "close"), True
    if name == "delete":
        return False, True
    unchanged = text_digest(now.text) == args.get("expect")
    wanted = args["body"].strip() if name == "edit" else _entry(now, args)
    title = args.get("title")
    titled = title is None or (isinstance(now, Thread) and now.title.strip() == str(title).strip())
    return now.text == wanted and titled and bool(now.edit_history), unchanged


async def _unflag(client: Client, args: Args) -> Answer:
    now = await client.flag(_kind(args), str(args["id"]), str(args["user"]), report=False, everybody=True)
    if now.flaggers:
        return Answer(words=Foreign("it was reported again at the same moment"))
    return Answer()


async def _flag(client: Client, args: Args) -> Answer:
    await client.flag(_kind(args), str(args["id"]), str(args["reporter"]), report=True)
    return Answer()


async def _unflag_one(client: Client, args: Args) -> Answer:
    await client.flag(_kind(args), str(args["id"]), str(args["reporter"]), report=False)
    return Answer()


async def _edit(client: Client, args: Args) -> Answer:
    now = await _read(client, _kind(args), str(args["id"]))
    if text_digest(now.text) != args.get("expect"):
        raise Stale(_CHANGED)
    return await _replace(client, args, str(args["body"]))


async def _edit_back(client: Client, args: Args) -> Answer:
    now = await _read(client, _kind(args), str(args["id"]))
    before = _entry(now, args)
    if before is None:
        raise Refused("The forum's edit history does not have the text before any more.")
    if text_digest(now.text) != args.get("expect"):
        raise Stale(_CHANGED)
    return await _replace(client, args, before)


async def _replace(client: Client, args: Args, text: str) -> Answer:
    now = await client.edit(
        _kind(args), str(args["id"]), text, str(args["user"]), code=args.get("code") or None, title=args.get("title")
    )
    return _edited(now, None if now.text == text.strip() else _DIFFERS)


def _edited(now: Content, words: Foreign | None = None) -> Answer:
    """Where in the history the text before stands, and the digest of the text now: an undo needs both."""
    return Answer(data={"entry": len(now.edit_history) - 1, "text": text_digest(now.text)}, edits=True, words=words)


async def _close(client: Client, args: Args) -> Answer:
    await client.close(str(args["id"]), str(args["user"]), str(args["code"]))
    return Answer()


async def _reopen(client: Client, args: Args) -> Answer:
    await client.reopen(str(args["id"]))
    return Answer()


async def _delete(client: Client, args: Args) -> Answer:
    await client.delete(_kind(args), str(args["id"]))
    return Answer()


_ACTS: dict[str, Callable[[Client, Args], Awaitable[Answer]]] = {
    "unflag": _unflag, "flag": _flag, "unflag_one": _unflag_one, "edit": _edit, "edit_back": _edit_back,
    "close": _close, "reopen": _reopen, "delete": _delete,
}  # fmt: skip


def _kind(args: Args) -> str:
    return "comment" if args.get("kind") == "comment" else "thread"


def _entry(now: Content, args: Args) -> str | None:
    """The text before the edit with this number in the history, None where the history is shorter."""
    number = int(args.get("entry", -1))
    return now.edit_history[number].original_body.strip() if 0 <= number < len(now.edit_history) else None


async def _read(client: Client, kind: str, native: str) -> Thread | Comment:
    return await (client.comment(native) if kind == "comment" else client.thread(native))
