"""What is done to a member: plans, how they are taken back, the requests, and what became of a lost one.

These act on the account itself, without any post: no `reviewable_id` or `post_id` goes along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.discourse.around import user_note
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.effects import about_sanction
from modtui.backends.discourse.member_calls import MemberCalls
from modtui.backends.discourse.member_offers import with_offers
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.words import choose, cut, reason_of
from modtui.domain.decisions import Answer, Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import Item
from modtui.errors import NotFound, Refused, RightsError
from modtui.text import Foreign, count, say, show_line

TITLE_LIMIT, REASON_LIMIT = 250, 300


def plan(site: Site, item: Item, intent: Intent) -> Plan:
    """The plan of a verb on a member. Raises Refused with a sentence."""
    from modtui.backends.discourse.undo import reversal_of

    offer = choose(with_offers(site, item), intent)
    steps, effects = _steps(site, item, intent, offer.verb)
    reversal, stays = reversal_of(item, [step.call for step in steps])
    asks = Foreign(f"{_name(item)} is deleted for good, with everything above. Go on?") if offer.irreversible else None
    return Plan(
        verb=intent.verb, offer=offer.id, label=offer.label, steps=tuple(steps), effects=tuple(effects),
        reversal=reversal, stays=stays, asks=asks,
    )  # fmt: skip


def _steps(site: Site, item: Item, intent: Intent, verb: str) -> tuple[list[PlannedStep], list[Effect]]:
    user, name = item.native.get("user_id"), _name(item)
    if item.author is None or not user:
        raise Refused("The site does not say whose account this is.")
    match verb:
        case "silence" | "ban":
            sanction = intent.sanction
            if sanction is None or sanction.kind != verb:
                raise Refused("This needs a length: say for how long.")
            if sanction.duration_ms is not None and sanction.duration_ms <= 0:
                raise Refused("A sanction needs a length above zero.")
            args = {
                "kind": "silence" if verb == "silence" else "suspend", "user": user,
                "duration_ms": sanction.duration_ms, "reason": cut(reason_of(intent), REASON_LIMIT),
                "message": intent.message, "post": None, "id": None,
            }  # fmt: skip
            past = "silenced" if verb == "silence" else "banned"
            step = PlannedStep(call=Call("penalise", args), words=f"{name} {past}", reaches=True)
            return [step], about_sanction(item, sanction, intent)
        case "unsilence" | "unban":
            kind = "unsilence" if verb == "unsilence" else "unsuspend"
            words = "silence lifted" if verb == "unsilence" else "ban lifted"
            may = "post" if verb == "unsilence" else "sign in"
            step = PlannedStep(call=Call("lift", {"kind": kind, "user": user}), words=words)
            return [step], [Effect("author", say("{name} may {may} again", name=name, may=may))]
        case "warn":
            text = (intent.message or "").strip()
            if not text:
                raise Refused("The message is empty.")
            title = intent.message_title or intent.reason_title or "About your account"
            args = {"to": item.author.username, "title": cut(title, TITLE_LIMIT), "raw": intent.message,
                    "warning": True}  # fmt: skip
            step = PlannedStep(call=Call("message", args), words=f"warning sent to {name}", reaches=True)
            return [step], [Effect("author", say("{name} gets an official warning, which is counted", name=name))]
        case "note":
            text = (intent.text or "").strip()
            if not text:
                raise Refused("The note is empty.")
            step = PlannedStep(call=Call("user_note", {"user": user, "text": text}), words="note added")
            return [step], [Effect("team", say("staff can read the note"))]
        case "logout":
            step = PlannedStep(call=Call("logout", {"user": user}), words=f"{name} logged out")
            return [step], [Effect("author", say("{name} has to sign in again on every device", name=name))]
        case "approve":
            step = PlannedStep(call=Call("approve_member", {"user": user}), words="sign-up approved")
            return [step], [Effect("author", say("{name} can sign in", name=name))]
        case "erase":
            return _erase(item, intent, user)
    raise Refused(f"The site does not offer {show_line(verb)} on a member.")


def _erase(item: Item, intent: Intent, user: int) -> tuple[list[PlannedStep], list[Effect]]:
    """Deleting an account: everything that goes is named first."""
    assert item.author is not None
    name, posts = _name(item), item.author.posts
    threads = item.author.threads
    effects = [Effect("author", say("the account of {name} is deleted", name=name))]
    if posts is None:
        effects.append(Effect("author", say("all posts of {name} are deleted", name=name)))
    elif posts:
        effects.append(Effect("author", say("{n} by {name} deleted", n=count(posts, "post"), name=name)))
    if threads:
        effects.append(Effect("team", say("{n} that {name} began deleted, with the replies",
                                            n=count(threads, "thread"), name=name)))  # fmt: skip
    effects += [
        Effect("author", say("the e-mail and IP addresses are blocked, and the links screened")),
        Effect("reporters", say("open reports about {name} closed as right", name=name)),
        Effect("team", say("the site's log keeps who deleted the account")),
    ]
    context = cut(reason_of(intent, required=False) or "spam", REASON_LIMIT)
    args = {"user": user, "context": context}
    return [PlannedStep(call=Call("erase", args), words=f"account of {name} deleted")], effects


def inverse(call: Call, answer: Answer | None) -> tuple[tuple[PlannedStep, ...], tuple[str, ...]] | None:
    """How one of these calls is taken back: steps, and what stays; None for a call that is not ours."""
    args: Mapping[str, Any] = call.args
    data: Mapping[str, Any] = answer.data if answer is not None else {}
    match call.name:
        case "user_note":
            if answer is not None and not data.get("note"):
                return (), ("the note stays",)
            gone = Call("user_unnote", {"user": args["user"], "note": data.get("note")})
            return (PlannedStep(call=gone, words="note deleted"),), ()
        case "approve_member":
            back = Call("deactivate", {"user": args["user"]})
            return (PlannedStep(call=back, words="account deactivated"),), ("the sign-up does not wait again",)
        case "logout":
            return (), ("the sessions stay ended; signing in again brings them back",)
        case "erase":
            return (), ("a deleted account cannot be brought back",)
    return None


class MemberSteps:
    """The requests of these calls, for the sender."""

    _client: Client
    _site: Site

    async def _do_user_note(self, args: dict[str, Any]) -> Answer:
        try:
            body = await self._client.note_user(str(args["user"]), str(args["text"]))
        except NotFound:
            self._site.user_notes = False
            raise Refused("This site keeps no notes on members: the User Notes plugin is off.") from None
        self._site.user_notes = True
        inner = body.get("user_note")
        found = inner.get("id") if isinstance(inner, dict) else body.get("id")
        return Answer(data={"where": "user", "note": str(found) if found is not None else None})

    async def _do_user_unnote(self, args: dict[str, Any]) -> Answer:
        await self._client.unnote_user(str(args["user"]), str(args["note"]))
        return Answer()

    async def _do_logout(self, args: dict[str, Any]) -> Answer:
        await MemberCalls(self._client.door).log_out(str(args["user"]))
        return Answer()

    async def _do_approve_member(self, args: dict[str, Any]) -> Answer:
        await self._client.admin_put(str(args["user"]), "approve")
        return Answer()

    async def _do_erase(self, args: dict[str, Any]) -> Answer:
        try:
            body = await MemberCalls(self._client.door).erase(str(args["user"]), str(args["context"]))
        except RightsError:
            raise Refused(
                "The site does not let this account delete that member: it is too old or has written too much."
            ) from None
        if body.get("deleted") is not True:
            given = body.get("message")
            words = f": {show_line(given, 200)}" if isinstance(given, str) and given else "."
            raise Refused(f"The site did not delete the account{words}")
        return Answer()


async def fate(
    client: Client, site: Site, call: Call, since_ms: int, known: Sequence[Answer]
) -> Fate | None:
    """What became of one of these calls; None for one that is not ours. Raises NotFound where the member is gone."""
    args = call.args
    match call.name:
        case "user_note":
            others = {str(answer.data.get("note")) for answer in known}
            for note in map(user_note, await client.user_notes(str(args["user"]))):
                fresh = (note.created_ms or since_ms) >= since_ms and note.id not in others
                if fresh and note.text.strip() == str(args["text"]).strip() and note.by == site.me:
                    return Fate(is_="done", answer=Answer(data={"where": "user", "note": note.id}))
            return Fate(is_="not sent")
        case "user_unnote":
            left = [str(row.get("id")) for row in await client.user_notes(str(args["user"]))]
            return Fate(is_="not sent" if str(args["note"]) in left else "done")
        case "approve_member":
            user = await client.admin_user(str(args["user"]))
            return Fate(is_="done" if user.get("approved") else "not sent")
        case "erase":
            try:
                await client.admin_user(str(args["user"]))
            except NotFound:
                return Fate(is_="done")
            return Fate(is_="not sent")
        case "logout":
            return await _logged_out(client, site, args, since_ms)
    return None


async def _logged_out(client: Client, site: Site, args: Mapping[str, Any], since_ms: int) -> Fate:
    """Doing it twice harms nobody, but the site's log says whether it was done."""
    from modtui.text.time import parse_iso_or_none

    user = await client.admin_user(str(args["user"]))
    for row in await MemberCalls(client.door).log_of(str(user.get("username") or "")):
        by = row.get("acting_user")
        mine = isinstance(by, dict) and by.get("username") == site.me
        at = parse_iso_or_none(row.get("created_at"))
        if row.get("action_name") in ("log_out", "log_out_user") and mine and at is not None and at >= since_ms:
            return Fate(is_="done")
    return Fate(is_="not sent")


def _name(item: Item) -> str:
    return str(show_line(item.author.username)) if item.author else "the member"
