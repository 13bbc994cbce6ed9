"""From an intent to the requests that carry it out. Pure.

Calls name everything they need (they are journalled). A text that is removed is not copied into a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modtui.backends.synapse.offers import NEVER, NO_SUCH
from modtui.backends.synapse.rooms import MUTED
from modtui.backends.synapse.undo import inverse
from modtui.domain.capability import Blocked, as_sentence
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import SEVERE, Item, Offer
from modtui.errors import Refused, UsageError
from modtui.text import count, own, show_line
from modtui.text.time import duration

Made = tuple[list[PlannedStep], list[Effect]]
_SILENT = frozenset({"warn", "reply", "accept", "unaccept", "escalate"})
"""Verbs with which no message of the server goes to the author beside (a warning is one itself)."""
_CLOSING = 8
"""Steps that close reports, at most."""


def choose(item: Item, intent: Intent) -> Offer:
    """The offer that the intent means. Raises Refused where there is none or it is blocked."""
    if intent.offer:
        offer = next((one for one in item.offers if one.id == intent.offer), None)
    else:
        offer = item.offer(intent.verb) if intent.verb != "offer" else None
    if offer is None:
        if not intent.offer:
            raise Refused(as_sentence(NEVER.get(intent.verb, NO_SUCH)))
        raise Refused(f"This {item.kind} has no action {show_line(intent.offer or intent.verb, 40)}.")
    if isinstance(offer.capability, Blocked):
        raise Refused(as_sentence(offer.capability.sentence))
    return offer


def plan(item: Item, intent: Intent) -> Plan:
    """What the intent does to the item. Raises Refused with a sentence, UsageError where something has to be said."""
    offer = choose(item, intent)
    make = MAKERS.get(offer.id)
    if make is None:
        raise Refused(as_sentence(NO_SUCH))
    steps, effects = make(item, intent)
    if intent.message and offer.verb not in _SILENT:
        more = _with_message(item, intent)
        steps, effects = [*steps, *more[0]], [*effects, *more[1]]
    if intent.sanction is not None and offer.verb not in ("silence", "ban"):
        more = _with_sanction(item, intent)
        steps, effects = [*steps, *more[0]], [*effects, *more[1]]
    if intent.lock:
        raise Refused("A thread cannot be closed in Matrix.")
    stays: list[str] = []
    backs = 0
    for step in steps:
        back, left = inverse(step.call, {"post": "$", "mark": "$"})
        backs += bool(back)
        stays += [words for words in left if words not in stays]
    return Plan(
        verb=intent.verb, offer=offer.id, label=offer.label, steps=tuple(steps), effects=tuple(effects),
        reversal="none" if not backs else "partial" if stays else "full", stays=tuple(stays),
        asks=offer.confirm if offer.irreversible else None,
    )  # fmt: skip


# --- reports and messages


def _close(item: Item, intent: Intent) -> Made:
    if not item.native.get("reports"):
        raise Refused("Nobody reports it now.")
    what = "message" if item.kind == "message" else "member"
    stays = Effect("post" if item.kind == "message" else "author", own("stays as it is"))
    effects = [stays, _reports_close(item)]
    if what == "message":
        effects.append(_untold())
    return _closing(item, alone=True), effects


def _closing(item: Item, *, alone: bool) -> list[PlannedStep]:
    """A step for each report, so that each is one request whose fate can be told; with very many reports, one for
    several. `alone`: nothing else is done, so that it is somebody else's decision when the first finds none open."""
    kind, ids = "user" if item.kind == "member" else "event", [int(one) for one in item.native["reports"]]
    size = -(-len(ids) // _CLOSING)
    parts = [ids[start : start + size] for start in range(0, len(ids), size)]
    steps = []
    for number, part in enumerate(parts, 1):
        args: dict[str, Any] = {"kind": kind, "ids": part}
        if alone and number == 1:
            args["all"] = ids
        if alone and (again := _again(item)):
            args["again"] = again
        words = "report closed" if len(ids) == 1 else f"reports closed ({number} of {len(parts)})"
        steps.append(PlannedStep(call=Call("close", args), words=words))
    return steps


def _again(item: Item) -> dict[str, Any]:
    """How the item is reported again to undo closing its reports; empty where this account cannot (it has to be in the
    room)."""
    reason = f"Opened again by a moderator: {', '.join(item.reasons) or 'other'}."  # reporters' words stay here
    if item.kind == "member":
        return {"user": item.native["user"], "reason": reason}
    if not item.native.get("inside") or item.deleted:
        return {}
    return {"room": item.native["room"], "event": item.native["event"], "reason": reason}


def _redact(item: Item, intent: Intent) -> Made:
    args = {**_message(item), "reason": _why(intent)}
    urgent = intent.urgent or intent.reason in SEVERE
    steps = [PlannedStep(call=Call("redact", args), words="message removed", waits=not urgent)]
    effects = [Effect("post", own("removed for everybody in the room, which shows that you removed it"))]
    if args["reason"]:
        effects.append(Effect("thread", own("everybody in the room can read the reason")))
    if item.native.get("reports") and item.native.get("admin"):
        steps += _closing(item, alone=False)
        effects.append(_reports_close(item))
    return steps, [*effects, _untold()]


def _reply(item: Item, intent: Intent) -> Made:
    if intent.audience != "public":
        what = "messages that only the team reads" if intent.audience == "staff" else "private messages from modtui"
        raise Refused(f"There are no {what} in Matrix.")
    text = (intent.text or "").replace("\r\n", "\n").strip()
    if not text:
        raise UsageError("The reply is empty.")
    if intent.close:
        raise Refused("A thread cannot be closed in Matrix.")
    message = _message(item)
    args = {"room": message["room"], "to": intent.post or message["event"], "text": text}
    root = item.native.get("root")
    if root:
        args["root"] = root
    steps = [PlannedStep(call=Call("reply", args), words="reply sent", reaches=True)]
    if intent.accept:
        raise_unless_marks(item)
        steps.append(PlannedStep(call=Call("mark", {"room": args["room"], "after": text_key(text), "to": args["to"]}),
                                 words="reply marked as the answer"))  # fmt: skip
    effects = [Effect("thread", own("gets your reply")), Effect("author", own("sees it in the room"))]
    if intent.accept:
        effects.append(Effect("thread", own("counts as answered: your mark stands at the reply")))
    return steps, effects


def raise_unless_marks(item: Item) -> None:
    """Raises Refused where answers are not marked."""
    if not item.native.get("marks"):
        raise Refused("The settings name no mark for answers (answer_mark).")


def text_key(text: str) -> str:
    """How a step names the reply that the step before it makes: by its text."""
    from modtui.domain.seen import text_digest

    return text_digest(text)


def _accept(item: Item, intent: Intent) -> Made:
    raise_unless_marks(item)
    if intent.post is None:
        raise UsageError("Choose the reply that answers the question.")
    if intent.post == item.native["event"]:
        raise Refused("The question itself cannot be its answer.")
    if item.question is not None and item.question.accepted == intent.post:
        raise Refused("This reply is marked as the answer already.")
    call = Call("mark", {"room": item.native["room"], "event": intent.post})
    return [PlannedStep(call=call, words="answer marked")], [Effect("thread", own("counts as answered"))]


def _unaccept(item: Item, intent: Intent) -> Made:
    mark = item.native.get("mark")
    if not mark:
        raise Refused("The mark is somebody else's: only who set it can take it off.")
    args = {"room": item.native["room"], "event": mark, "of": item.question.accepted if item.question else None}
    call = Call("unmark", args)
    return [PlannedStep(call=call, words="mark taken off")], [Effect("thread", own("this reply is no answer any more"))]


def _quarantine(item: Item, intent: Intent) -> Made:
    on = intent.offer != "release"
    files = list(item.native.get("media") or ())
    words = "file in quarantine" if on else "file released"
    told = "nobody can load its files from this server any more" if on else "its files can be loaded again"
    steps = [PlannedStep(call=Call("quarantine", {"media": [one], "on": on}), words=words) for one in files]
    return steps, [Effect("post", own(told))]


# --- members


def _mute(item: Item, intent: Intent) -> Made:
    level = item.native.get("level")
    effects = [Effect("author", own(f"reads this room and cannot write in it (power level {MUTED}), {_ends(intent)}"))]
    return [_power(item, level, MUTED, "muted in the room")], effects


def _unmute(item: Item, intent: Intent) -> Made:
    step = _power(item, item.native.get("level"), None, "may write in the room")
    return [step], [Effect("author", own("may write in this room again"))]


def _power(item: Item, before: object, level: int | None, words: str) -> PlannedStep:
    args = {"room": item.native["room"], "user": item.native["user"], "from": before, "to": level}
    return PlannedStep(call=Call("power", args), words=words)


def _room_act(name: str, words: str, effect: str) -> Callable[[Item, Intent], Made]:
    def make(item: Item, intent: Intent) -> Made:
        args = {"room": item.native["room"], "user": item.native["user"], "reason": _why(intent)}
        told = effect.replace("{ends}", _ends(intent))
        effects = [Effect("author", own(told))]
        if args["reason"] and name != "unban":
            effects.append(Effect("thread", own("everybody in the room can read the reason")))
        return [PlannedStep(call=Call(name, args), words=words)], effects

    return make


def _account_act(name: str, on: bool, words: str, effect: str) -> Callable[[Item, Intent], Made]:
    def make(item: Item, intent: Intent) -> Made:
        call = Call(name, {"user": item.native["user"], "on": on})
        return [PlannedStep(call=call, words=words)], [Effect("author", own(effect.replace("{ends}", _ends(intent))))]

    return make


def _notice(item: Item, intent: Intent) -> Made:
    text = (intent.message or intent.text or "").strip()
    if not text:
        raise UsageError("The message is empty.")
    call = Call("notice", {"user": item.native["user"], "text": text})
    effects = [Effect("author", own("gets a message from the server, which cannot be answered"))]
    return [PlannedStep(call=call, words="message sent to the author", reaches=True)], effects


def _redact_all(item: Item, intent: Intent) -> Made:
    call = Call("redact_all", {"user": item.native["user"], "rooms": [], "reason": _why(intent)})
    step = PlannedStep(call=call, words="everything of the member removed")
    return [step], [Effect("post", own("every message of this member is removed, in all rooms that this server knows")),
                    Effect("team", own("the server goes on with it for a while"))]  # fmt: skip


def _take_power(item: Item, intent: Intent) -> Made:
    step = PlannedStep(call=Call("take_power", {"room": item.native["room"]}), words="power in the room taken")
    return [step], [Effect("thread", own("the room shows that you came in and what power you were given"))]


def _escalate(item: Item, intent: Intent) -> Made:
    route = (intent.route or "").removeprefix("site:")
    if not route.startswith("!"):
        raise UsageError("Choose the room of the team that it goes to.")
    parts = [f"Please look at this message in {show_line(item.title, 80)}:", item.url]
    if intent.share and not item.folded and item.source:
        parts.append("\n".join(f"> {line}" for line in str(item.source).splitlines()[:30]))
    if intent.text and intent.text.strip():
        parts.append(intent.text.strip())
    call = Call("post", {"room": route, "text": "\n\n".join(part for part in parts if part)})
    effects = [Effect("team", own("a message with the link in the room of the team"))]
    return [PlannedStep(call=call, words="handed over", reaches=True)], effects


MAKERS: dict[str, Callable[[Item, Intent], Made]] = {
    "close": _close, "redact": _redact, "spam": _redact, "reply": _reply, "accept": _accept, "unaccept": _unaccept,
    "quarantine": _quarantine, "release": _quarantine, "mute": _mute, "unmute": _unmute, "notice": _notice,
    "redact-all": _redact_all, "take-power": _take_power, "team-room": _escalate,
    "ban": _room_act("ban", "banned from the room", "leaves the room and cannot come back, {ends}"),
    "unban": _room_act("unban", "ban lifted", "may come back into the room"),
    "kick": _room_act("kick", "kicked from the room", "leaves the room and may come back"),
    "suspend": _account_act("suspend", True, "suspended", "reads, and cannot write on this server, {ends}"),
    "unsuspend": _account_act("suspend", False, "suspension ended", "may write again"),
    "lock": _account_act("lock", True, "account locked", "cannot use the account, {ends}"),
    "unlock": _account_act("lock", False, "account unlocked", "can use the account again"),
    "deactivate": _account_act("deactivate", True, "account closed", "has lost the account for good"),
    "shadow-ban": _account_act("shadow", True, "shadow banned", "sends what reaches nobody, and is not told"),
    "shadow-unban": _account_act("shadow", False, "shadow ban lifted", "reaches the others again"),
}  # fmt: skip


def _with_message(item: Item, intent: Intent) -> Made:
    notice = next((one for one in item.offers if one.id == "notice"), None)
    can = notice.capability if notice is not None else Blocked("platform", "nobody can be written to")
    if isinstance(can, Blocked):
        raise Refused(f"The author cannot be told: {can.sentence}.")
    return _notice(item, intent)


def _with_sanction(item: Item, intent: Intent) -> Made:
    assert intent.sanction is not None
    offer = item.offer(intent.sanction.kind)
    can = offer.capability if offer is not None else Blocked("platform", NO_SUCH)
    if offer is None or isinstance(can, Blocked):
        raise Refused(as_sentence(can.sentence if isinstance(can, Blocked) else NO_SUCH))
    return MAKERS[offer.id](item, intent)


# --- pieces


def _message(item: Item) -> dict[str, Any]:
    if "event" not in item.native:
        raise Refused("This is no message.")
    return {"room": item.native["room"], "event": item.native["event"]}


def _why(intent: Intent) -> str:
    """The reason as everybody in the room may read it."""
    return (intent.reason_title or intent.reason_text or "").strip()[:500]


def _ends(intent: Intent) -> str:
    """Matrix knows no ends: said where the moderator chose one."""
    length = intent.sanction.duration_ms if intent.sanction is not None else None
    if length is None:
        return "until it is lifted"
    return f"until you lift it: Matrix knows no ends, so {duration(length)} is not kept by the server"


def _reports_close(item: Item) -> Effect:
    return Effect("reporters", own(f"{count(len(item.reports), 'report')} closed; the server tells nobody"))


def _untold() -> Effect:
    return Effect("author", own("is told nothing"))
