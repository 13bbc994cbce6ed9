"""Carries out the calls of a plan.

What makes an event carries a transaction id made from the step's key: the server answers the same event when it is sent
again by the same session, so repeating does no harm. Everything else ends in the same state however often it is sent,
and is looked at first, because the server tells nobody that it had nothing to do.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from modtui.backends.synapse.client import Client, NoSuchCall, read_rows
from modtui.backends.synapse.rooms import POWER, Power
from modtui.backends.synapse.texts import media_parts, said
from modtui.backends.synapse.wire import Content, Event
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import ModtuiError, NotFound, Refused, RightsError, Stale, UsageError
from modtui.text import Foreign

Args = dict[str, Any]
_GONE = "It is not on the server any more, so nothing was changed."
_FASTER = "Another moderator has closed these reports already."
_LOOKS, _PAUSE_S = 8, 0.5
_OVER = ("complete", "failed", "cancelled")


def txn(key: str, call: Call) -> str:
    """The transaction id of a step: the same for the same step, and nothing in it tells what it is about."""
    facts = msgspec.json.encode([key, call.name, call.args], order="deterministic")
    return "modtui-" + hashlib.sha256(facts).hexdigest()[:32]


class Calls:
    """The steps of one account. `me` is its id; `mark` the reaction that marks an answer."""

    def __init__(
        self, client: Client, *, mark: str, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._client, self._mark, self._sleep = client, mark, sleep
        self.me = ""
        self._acts: dict[str, Callable[[Args, str], Awaitable[Answer]]] = {
            "close": self._close, "report": self._report, "redact": self._redact, "reply": self._reply,
            "post": self._post, "take_back": self._take_back, "mark": self._set_mark, "unmark": self._take_back,
            "power": self._power, "ban": self._ban, "unban": self._unban, "kick": self._kick,
            "suspend": self._suspend, "lock": self._lock, "shadow": self._shadow, "deactivate": self._deactivate,
            "quarantine": self._quarantine, "notice": self._notice, "redact_all": self._redact_all,
            "take_power": self._take_power,
        }  # fmt: skip

    async def send(self, call: Call, key: str) -> Answer:
        """Do one step. Raises Stale when somebody else was faster, Refused, and the door's errors."""
        act = self._acts.get(call.name)
        if act is None:
            raise UsageError(f"Matrix has no action {call.name}.")
        try:
            return await act(call.args, txn(key, call))
        except NotFound:
            raise Stale(_GONE) from None

    # --- reports and messages

    async def _close(self, args: Args, txn: str) -> Answer:
        kind, late = str(args["kind"]), 0
        for native in args["ids"]:
            try:
                await self._client.close_report(kind, int(native))
            except NotFound:
                late += 1
        if late == len(args["ids"]) and args.get("all"):
            rest = [one for one in args["all"] if one not in args["ids"]]
            if not [one for one in rest if await self._client.has_report(kind, int(one))]:
                raise Stale(_FASTER)
        return Answer(words=Foreign("somebody else had closed it already") if late else None)

    async def _report(self, args: Args, txn: str) -> Answer:
        if "user" in args:
            await self._client.report_user(str(args["user"]), str(args["reason"]))
        else:
            await self._client.report(str(args["room"]), str(args["event"]), str(args["reason"]))
        return Answer()

    async def _redact(self, args: Args, txn: str) -> Answer:
        room, event = str(args["room"]), str(args["event"])
        before = (await self._client.context(room, event)).event
        if before.redaction is not None:
            raise Stale("The message was removed already.")
        made = await self._client.redact(room, event, str(args.get("reason") or ""), txn)
        # What can still be read of it now is what it said first: for who looks before the next step that is no edit.
        shown = said(before)
        left = said(before, edited=False).source if self._client.admin else ""
        changed = shown.edits > 0 or left != shown.source
        return Answer(data={"event": made, **({"text": text_digest(left)} if changed else {})}, edits=changed)

    async def _reply(self, args: Args, txn: str) -> Answer:
        room, to = str(args["room"]), str(args["to"])
        above = (await self._client.near(room, to, 0)).event
        if above.redaction is not None:
            raise Refused("The message that you answer was removed meanwhile.")
        root = above.threaded or args.get("root")
        relates: Content = {"m.in_reply_to": {"event_id": to}}
        if root:
            relates |= {"rel_type": "m.thread", "event_id": str(root), "is_falling_back": False}
        content = {"msgtype": "m.text", "body": str(args["text"]), "m.relates_to": relates}
        made = await self._client.send(room, "m.room.message", content, txn, why="reply")
        return Answer(data={"post": made, "number": None, "topic": room})

    async def _post(self, args: Args, txn: str) -> Answer:
        content = {"msgtype": "m.text", "body": str(args["text"])}
        made = await self._client.send(str(args["room"]), "m.room.message", content, txn, why="tell the team")
        return Answer(data={"post": made})

    async def _take_back(self, args: Args, txn: str) -> Answer:
        await self._client.redact(str(args["room"]), str(args["event"]), "", txn, why="take back")
        return Answer()

    async def _set_mark(self, args: Args, txn: str) -> Answer:
        room, event = str(args["room"]), args.get("event")
        if event is None:
            event = await self.mine(room, str(args["to"]), str(args["after"]))
            if event is None:
                raise Refused("The reply is not in the room, so it cannot be marked as the answer.")
        relates = {"rel_type": "m.annotation", "event_id": str(event), "key": self._mark}
        content = {"m.relates_to": relates}
        try:
            made = await self._client.send(room, "m.reaction", content, txn, why="mark the answer")
        except Refused as refusal:
            if "same reaction" in refusal.message:
                raise Stale("You have marked this reply already.") from None
            raise
        return Answer(data={"event": made, "post": str(event), "topic": room, "mark": made})

    async def mine(self, room: str, near: str, mark: str) -> str | None:
        """The newest message of ours near an event whose text has this digest."""
        found = await self.around(room, near)
        for one in reversed(found):
            if one.sender == self.me and one.redaction is None and text_digest(said(one).source) == mark:
                return one.event_id
        return None

    async def around(self, room: str, near: str) -> list[Event]:
        """What was said after an event, with what this session sent, oldest first."""
        found: dict[str, Event] = {}
        context = await self._client.near(room, near, 60)
        later, _ = read_rows(context.events_after, Event)
        found.update((one.event_id, one) for one in later)
        newest, _ = read_rows((await self._client.messages(room, limit=60, own=True, why="my messages")).chunk, Event)
        found.update((one.event_id, one) for one in reversed(newest))
        return list(found.values())

    # --- members in a room

    async def _power(self, args: Args, txn: str) -> Answer:
        room, user, before, to = str(args["room"]), str(args["user"]), args.get("from"), args.get("to")
        levels = await self._client.state(room, POWER, why="power levels")
        users = levels.get("users")
        users, now = dict(users) if isinstance(users, dict) else {}, Power(levels=levels).own(user)
        if now == to:
            raise Stale("Their power level is so already.")
        if now != before:
            raise Stale("Somebody changed their power level meanwhile, so nothing was sent.")
        if to is None:
            users.pop(user, None)
        else:
            users[user] = to
        wanted = {**levels, "users": users}
        await self._client.set_state(room, POWER, wanted, why="change a power level")
        differs = await self._client.state(room, POWER, why="power levels again") != wanted
        return Answer(words=Foreign("somebody changed power levels at the same moment") if differs else None)

    async def _ban(self, args: Args, txn: str) -> Answer:
        if await self.membership(args) == "ban":
            raise Stale("They are banned from the room already.")
        await self._client.membership(str(args["room"]), "ban", str(args["user"]), str(args.get("reason") or ""))
        return Answer()

    async def _unban(self, args: Args, txn: str) -> Answer:
        if await self.membership(args) != "ban":
            raise Stale("The ban is lifted already.")
        await self._client.membership(str(args["room"]), "unban", str(args["user"]))
        return Answer()

    async def _kick(self, args: Args, txn: str) -> Answer:
        if await self.membership(args) not in ("join", "invite", "knock"):
            raise Stale("They are not in the room any more.")
        await self._client.membership(str(args["room"]), "kick", str(args["user"]), str(args.get("reason") or ""))
        return Answer()

    async def membership(self, args: Args) -> str:
        """How a member stands to a room: join, leave, ban, invite, knock; "" where the room never saw them."""
        try:
            found = await self._client.state(str(args["room"]), "m.room.member", str(args["user"]), why="in the room?")
        except NotFound:
            return ""
        return str(found.get("membership") or "")

    # --- accounts

    async def _suspend(self, args: Args, txn: str) -> Answer:
        await self._check(args, "suspended", "suspended")
        await self._client.suspend(str(args["user"]), on=bool(args["on"]))
        return Answer()

    async def _lock(self, args: Args, txn: str) -> Answer:
        await self._check(args, "locked", "locked")
        words = "lock an account" if args["on"] else "unlock an account"
        await self._client.change_account(str(args["user"]), {"locked": bool(args["on"])}, why=words)
        return Answer()

    async def _shadow(self, args: Args, txn: str) -> Answer:
        await self._check(args, "shadow_banned", "shadow banned")
        await self._client.shadow_ban(str(args["user"]), on=bool(args["on"]))
        return Answer()

    async def _deactivate(self, args: Args, txn: str) -> Answer:
        await self._check(args, "deactivated", "closed")
        await self._client.deactivate(str(args["user"]))
        return Answer()

    async def _check(self, args: Args, field: str, words: str) -> None:
        """Look at the account before it is changed: the server lets one administrator lock another, and answers what
        was so already like a success."""
        user, on = str(args["user"]), bool(args["on"])
        account = await self._client.account(user)
        if on and account.admin:
            raise Refused("The account is an administrator of the server, so nothing was done.")
        if on and user == self.me:
            raise Refused("This is your own account, so nothing was done.")
        if bool(getattr(account, field)) == on:
            raise Stale(f"The account is {words} already." if on else f"The account is not {words} any more.")

    async def _notice(self, args: Args, txn: str) -> Answer:
        try:
            made = await self._client.notice(str(args["user"]), str(args["text"]), txn)
        except Refused as refusal:
            if "not enabled" in refusal.message:
                raise Refused("The server is not set up for server notices, so nobody can be written to.") from None
            raise
        return Answer(data={"message": made})

    async def _redact_all(self, args: Args, txn: str) -> Answer:
        account = await self._client.account(str(args["user"]))
        if account.admin or account.name == self.me:
            raise Refused("The account is an administrator of the server, so nothing was done.")
        rooms = [str(one) for one in args.get("rooms") or ()]
        job = await self._client.redact_all(str(args["user"]), rooms, str(args.get("reason") or ""))
        return Answer(data={"job": job}, words=Foreign(await self._wait(job)) or None)

    async def _wait(self, job: str) -> str:
        """Look for a moment how far the job gets: it goes on at the server either way."""
        try:
            for _ in range(_LOOKS):
                found = await self._client.redact_status(job)
                status, failed = str(found.get("status") or ""), found.get("failed_redactions")
                if status in _OVER:
                    number = len(failed) if isinstance(failed, dict) else 0
                    lost = f"; {number} could not be removed" if number else ""
                    return "" if status == "complete" and not lost else f"the server says: {status}{lost}"
                await self._sleep(_PAUSE_S)
        except (ModtuiError, NoSuchCall):
            return "accepted; the server does not say how far it is"
        return "accepted; the server is still at it"

    # --- files and power

    async def _quarantine(self, args: Args, txn: str) -> Answer:
        on = bool(args["on"])
        for url in args["media"]:
            server, native = media_parts(str(url))
            await self._client.quarantine(server, native, on=on)
        return Answer()

    async def _take_power(self, args: Args, txn: str) -> Answer:
        room = str(args["room"])
        await self._client.make_room_admin(room, self.me)
        try:
            await self._client.join(room)
        except (Refused, RightsError, NotFound):
            return Answer(words=Foreign("you have the power, and an invitation into the room"))
        return Answer()
