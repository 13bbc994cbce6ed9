"""How a call is taken back, and what cannot be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from modtui.backends.ozone.plans import LOG_STAYS, MAIL_STAYS, READ_STAYS, REVIEWED_STAYS, STRIKES_STAY
from modtui.domain.decisions import Call, Effect, Plan, PlannedStep, Step
from modtui.text import own

Back = tuple[list[PlannedStep], list[str]]


def reversal_of(calls: Sequence[Call]) -> tuple[Literal["full", "partial", "none"], tuple[str, ...]]:
    """How far these calls can be taken back, as the plan says it beforehand."""
    steps = 0
    stays: list[str] = []
    for call in calls:
        back, left = inverse(call, {})
        steps += len(back)
        stays += [words for words in left if words not in stays]
    return ("none" if not steps else "partial" if stays else "full"), tuple(stays)


def plan_undo(done: Sequence[Step]) -> Plan:
    """How to take back the done steps, the last one first."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    for step in reversed(done):
        back, left = inverse(step.call, step.answer.data if step.answer is not None else {})
        steps += back
        stays += [words for words in left if words not in stays]
    return Plan(
        verb="reopen", steps=tuple(steps), effects=tuple(Effect("post", own(step.words)) for step in steps),
        reversal="none" if not steps else "partial" if stays else "full", stays=tuple(stays),
    )  # fmt: skip


def inverse(call: Call, data: dict[str, Any]) -> Back:
    """The calls that take one back, and what stays all the same. `data` is what the call brought."""
    args = call.args
    match call.name:
        case "event":
            return _event(args)
        case "close":
            return [PlannedStep(call=Call("reopen", {"reports": args["reports"]}), words="report open again")], []
        case "reopen":
            return [PlannedStep(call=Call("close", {"reports": args["reports"]}), words="report closed")], []
        case "assign":
            back = Call("unassign", {"reports": args["reports"], "did": args["did"]})
            return [PlannedStep(call=back, words="reports given back")], []
        case "unassign":
            if not args.get("did"):
                return [], ["nobody is assigned any more"]
            back = Call("assign", {"reports": args["reports"], "did": args["did"], "before": None})
            return [PlannedStep(call=back, words="reports assigned again")], []
        case "queue":
            return _moved(args)
        case "post":
            return [PlannedStep(call=Call("unpost", {"uri": data.get("post")}), words="reply deleted")], [READ_STAYS]
    return [], [LOG_STAYS]


def _event(args: dict[str, Any]) -> Back:
    event = args.get("event", {})
    match str(args.get("kind")):
        case "modEventAcknowledge":
            return _reviewed(args)
        case "modEventTakedown":
            steps = [_emit(args, "modEventReverseTakedown", {"comment": "Taken back"}, "takedown reversed")]
            again, stays = _reviewed(args)
            strikes = [STRIKES_STAY] if event.get("strikeCount") else []
            return [*steps, *again], [*strikes, *(stays if args.get("reports") else [LOG_STAYS])]
        case "modEventReverseTakedown":
            return [_emit(args, "modEventTakedown", {"comment": "Taken back"}, "taken down again")], [LOG_STAYS]
        case "modEventEscalate":
            return [], ["what is escalated stays so until a moderator closes it"]
        case "modEventLabel":
            turned = {
                "createLabelVals": event.get("negateLabelVals", []), "negateLabelVals": event.get("createLabelVals", [])
            }  # fmt: skip
            return [_emit(args, "modEventLabel", turned, "label as it was")], []
        case "modEventTag":
            turned = {"add": event.get("remove", []), "remove": event.get("add", [])}
            return [_emit(args, "modEventTag", turned, "tags as they were")], []
        case "modEventMute":
            return [_emit(args, "modEventUnmute", {}, "unmuted")], []
        case "modEventUnmute":
            return [], ["it is not muted any more"]
        case "modEventComment" if event.get("sticky"):
            before = {"comment": args.get("before") or "", "sticky": True}
            return [_emit(args, "modEventComment", before, "sticky note as it was")], [LOG_STAYS]
        case "modEventEmail":
            return [], [MAIL_STAYS]
        case "modEventResolveAppeal":
            return [], ["the appeal stays resolved"]
    return [], [LOG_STAYS]


def _reviewed(args: dict[str, Any]) -> Back:
    """Reopens what a decision closed. An open review cannot be had back, an escalated one can."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    if args.get("reports"):
        call = Call("reopen", {"reports": args["reports"]})
        steps.append(PlannedStep(call=call, words="reports open again"))
    if args.get("was") == "escalated":
        steps.append(_emit(args, "modEventEscalate", {"comment": "Taken back"}, "escalated again"))
    else:
        stays.append(REVIEWED_STAYS if args.get("reports") else "the review stays closed until somebody reports it")
    return steps, stays


def _moved(args: dict[str, Any]) -> Back:
    steps = []
    stays: list[str] = []
    before = args.get("before", {})
    for queue in dict.fromkeys(before.values()):
        reports = [int(one) for one, was in before.items() if was == queue]
        if queue == args.get("queue"):
            continue
        now = {str(one): args.get("queue") for one in reports}
        to = queue if queue is not None else -1
        call = Call("queue", {"reports": reports, "queue": to, "note": "", "before": now})
        steps.append(PlannedStep(call=call, words="back in its queue" if queue else "out of the queue"))
    return steps, stays


def _emit(args: dict[str, Any], kind: str, event: dict[str, Any], words: str) -> PlannedStep:
    call = Call("event", {"kind": kind, "event": event, "subject": args["subject"], "reports": []})
    return PlannedStep(call=call, words=words)
