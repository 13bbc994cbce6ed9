"""The way back: the steps that undo what was done, and what stays all the same. Pure.

What our own account made is redacted, what was switched is switched back. A removed message and a closed report are
gone for good; who closed reports can only report the message again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.domain.decisions import Call, Effect, Plan, PlannedStep, Step
from modtui.domain.items import Item
from modtui.text import own

REPORTS_STAY = "closed reports stay closed: the server forgets them"
IN_YOUR_NAME = "the reports are gone: it is reported again in your name"
_MESSAGE_STAYS = "a removed message stays removed"
_READ = "who has read it has read it"


def inverse(call: Call, data: dict[str, Any]) -> tuple[list[PlannedStep], list[str]]:
    """The steps that take back a call, and what stays all the same. `data` is what its answer said."""
    args = call.args
    match call.name:
        case "close" if args.get("again"):
            return [PlannedStep(call=Call("report", args["again"]), words="reported again")], [IN_YOUR_NAME]
        case "close":
            return [], [REPORTS_STAY]
        case "report":
            return [], ["the report stays until it is closed"]
        case "redact":
            return [], [_MESSAGE_STAYS]
        case "reply" | "post" | "mark":
            posted = data.get("mark") if call.name == "mark" else data.get("post")
            if not posted:
                return [], ["what was posted stays"]
            words = {"reply": "reply removed", "post": "message to the team removed", "mark": "mark taken off"}
            back = Call("take_back", {"room": args["room"], "event": posted})
            return [PlannedStep(call=back, words=words[call.name])], [] if call.name == "mark" else [_READ]
        case "unmark":
            if not args.get("of"):
                return [], ["the mark stays off"]
            back = Call("mark", {"room": args["room"], "event": args["of"]})
            return [PlannedStep(call=back, words="answer marked again")], []
        case "power":
            back = Call("power", {**args, "from": args["to"], "to": args["from"]})
            return [PlannedStep(call=back, words="power level as before")], []
        case "ban":
            back = Call("unban", {**args, "reason": ""})
            return [PlannedStep(call=back, words="ban lifted")], ["they are out of the room until they come back"]
        case "unban":
            return [PlannedStep(call=Call("ban", dict(args)), words="banned again")], []
        case "kick":
            return [], ["they are out of the room until they come back"]
        case "suspend" | "lock" | "shadow":
            what = {"suspend": "suspension", "lock": "lock", "shadow": "shadow ban"}[call.name]
            back = Call(call.name, {**args, "on": not args["on"]})
            return [PlannedStep(call=back, words=f"{what} {'ended' if args['on'] else 'back'}")], []
        case "deactivate":
            return [], ["a closed account has lost its rooms and its sessions"]
        case "quarantine":
            back = Call("quarantine", {**args, "on": not args["on"]})
            return [PlannedStep(call=back, words="file released" if args["on"] else "file in quarantine")], []
        case "notice":
            return [], ["the message stays"]
        case "redact_all":
            return [], ["removed messages stay removed"]
        case "take_power":
            return [], ["the power stays: give it up in a Matrix client"]
    return [], [f"{call.name}: it cannot be taken back"]


def plan_undo(item: Item, done: Sequence[Step]) -> Plan:
    """How to take back the done steps: the last one first."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    for step in reversed(done):
        back, left = inverse(step.call, step.answer.data if step.answer else {})
        steps += [one for one in back if one not in steps]  # one report again, however many were closed
        stays += [words for words in left if words not in stays]
    effects = tuple(Effect("post", own(one.words)) for one in steps)
    return Plan(
        verb="reopen", steps=tuple(steps), effects=effects, stays=tuple(stays),
        reversal="none" if not steps else "partial" if stays else "full",
    )  # fmt: skip
