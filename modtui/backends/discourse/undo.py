"""Taking back what was sent, as far as Discourse allows.

No call of Discourse's reopens a decided item. What can be done is to put the post back as it was, or to report it again
ourselves, which reopens the item under its id. What stays is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from modtui.backends.discourse import member_verbs, thread_undo
from modtui.backends.discourse.actions import meaning
from modtui.domain.decisions import Answer, Call, Effect, Intent, Plan, PlannedStep, Step
from modtui.domain.items import Item
from modtui.text import say, show_line

Reversal = Literal["full", "partial", "none"]
OFF_TOPIC, INAPPROPRIATE = 3, 4


class Inverse(msgspec.Struct, frozen=True):
    """How one call is taken back: the steps (none: it cannot be), and what stays all the same."""

    steps: tuple[PlannedStep, ...] = ()
    stays: tuple[str, ...] = ()


def plan_undo(item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
    """The steps that take back `done`, the last one first. `reversal` none where there is no way."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    missing = False
    for step in reversed(done):
        back = inverse(item, step.call, step.answer)
        missing = missing or not back.steps
        steps += back.steps
        stays += back.stays
    effects = tuple(
        Effect("post" if step.call.args.get("post") else "team", say("{w}", w=step.words)) for step in steps
    )
    kept = tuple(dict.fromkeys(stays))
    return Plan(
        verb="reopen", steps=tuple(steps), effects=effects, reversal=_reversal(bool(steps), bool(kept) or missing),
        stays=kept,
    )  # fmt: skip


def reversal_of(item: Item, calls: Sequence[Call]) -> tuple[Reversal, tuple[str, ...]]:
    """How far calls that are about to be planned could be taken back, and what would stay."""
    backs = [inverse(item, call, None) for call in calls]
    stays = tuple(dict.fromkeys(line for back in backs for line in back.stays))
    some, every = any(back.steps for back in backs), all(back.steps for back in backs)
    return _reversal(some, bool(stays) or not every), stays


def _reversal(some: bool, less: bool) -> Reversal:
    return "none" if not some else "partial" if less else "full"


def inverse(item: Item, call: Call, answer: Answer | None) -> Inverse:
    """What takes back `call`. `answer` None asks about a call that is not sent yet: ids that only an answer has are
    taken as given."""
    args: Mapping[str, Any] = call.args
    data: Mapping[str, Any] = answer.data if answer is not None else {}
    ours = member_verbs.inverse(call, answer) or thread_undo.inverse(call, data, planned=answer is None)
    if ours is not None:
        return Inverse(*ours)
    match call.name:
        case "perform":
            return _perform(item, args, data, planned=answer is None)
        case "message":
            return Inverse(stays=(str(say("the message to {to} stays sent", to=str(args.get("to", "")))),))
        case "penalise":
            word = "unsilence" if args["kind"] == "silence" else "unsuspend"
            words = "silence lifted" if args["kind"] == "silence" else "ban lifted"
            stays = ["the sanction stays in the member's record"]
            stays += ["the e-mail about it stays sent"] if args.get("message") else []
            return Inverse((_step(word_call("lift", kind=word, user=args["user"]), words),), tuple(stays))
        case "lift":
            return Inverse(stays=("a lifted sanction does not come back by itself",))
        case "topic":
            on = not args["enabled"]
            again = word_call("topic", topic=args["topic"], status=args["status"], enabled=on)
            return Inverse((_step(again, "thread locked again" if on else "thread open again"),))
        case "claim":
            return Inverse((_step(word_call("release", topic=args["topic"], id=args.get("id")), "claim released"),))
        case "release":
            return Inverse((_step(word_call("claim", topic=args["topic"], id=args.get("id")), "claimed again"),))
        case "note":
            if answer is not None and not data.get("note"):
                return Inverse(stays=("the note stays",))
            gone = word_call(
                "unnote", id=args.get("id"), user=args.get("user"), note=data.get("note"), where=data.get("where")
            )
            return Inverse((_step(gone, "note deleted"),))
        case "edit_held":
            version = data.get("version", args.get("version"))
            back = word_call(
                "edit_held", id=args["id"], version=version, changes=args["before"], before=args["changes"]
            )
            return Inverse((_step(back, "old text back"),))
        case "edit_post":
            return Inverse(
                (_step(word_call("edit_post", post=args["post"], raw=args["original"], original=args["raw"],
                                 reason="Edit taken back"), "old text back"),),
                ("the edit stays in the post's history",),
            )  # fmt: skip
        case "recover":
            return Inverse((_step(word_call("delete", post=args["post"]), "post deleted again"),))
        case "delete":
            return Inverse((_step(word_call("recover", post=args["post"]), "post back"),))
        case "unhide":
            return Inverse((_flag(item, args["post"], hide=True),), ("a report of your own hides it again",))
    return Inverse(stays=("this cannot be taken back",))


def word_call(name: str, **args: Any) -> Call:
    """A call with its arguments."""
    return Call(name, args)


def _step(call: Call, words: str) -> PlannedStep:
    return PlannedStep(call=call, words=words)


def _flag(item: Item, post: int, *, hide: bool) -> PlannedStep:
    """Report the post ourselves. Never as spam: a moderator's spam report may hide a new member's post by itself."""
    kind = OFF_TOPIC if item.native.get("flag") == OFF_TOPIC else INAPPROPRIATE
    call = word_call("flag", post=post, kind=kind, hide=hide, id=item.ref.native)
    return _step(call, "in the queue again, hidden" if hide else "in the queue again")


def _perform(item: Item, args: Mapping[str, Any], data: Mapping[str, Any], *, planned: bool) -> Inverse:
    sense = meaning(str(args["action"]), sign_up=item.kind == "sign-up")
    post = item.native.get("post_id")
    hidden = bool(args.get("hidden", item.hidden))
    stays: list[str] = []
    if sense.verdict in ("right", "wrong"):
        stays.append(f"the reports stay counted as {sense.verdict}")
    if sense.tells or (args["action"] == "disagree" and hidden):
        name = show_line(item.author.username) if item.author else "the author"
        stays.append(f"what the site wrote to {name} stays sent")
    steps: list[PlannedStep] = []
    match sense.inverse:
        case "unhide" if post:
            steps.append(_step(word_call("unhide", post=post), "post visible again"))
            stays.append("the item stays closed")
        case "recover" if post:
            steps.append(_step(word_call("recover", post=post), "post back"))
            stays.append("the item stays closed")
            if "replies" in str(args["action"]):
                stays.append("the replies stay deleted")
        case "flag" if post:
            steps.append(_flag(item, post, hide=hidden))
            stays.append("the report that brings it back is your own")
            if sense.verdict == "right" and not hidden:  # its score comes on top of those that were right
                stays.append("the site may hide the post for it")
            if "silence" in item.native.get("caused", ()) and args["action"] == "disagree":
                stays.append("the silence that was lifted stays lifted")
        case "delete again" if post:
            steps.append(_step(word_call("delete", post=post), "post deleted again"))
            stays.append("the item stays closed")
        case "publish":
            again = dict(args) | {"action": "approve_post", "version": data.get("version", 0), "extra": []}
            steps.append(_step(Call("perform", again), "post published"))
            stays.append("the post cannot wait again: taking this back publishes it")
        case "unpublish":
            created = data.get("created_post_id")
            if created or planned:
                steps.append(_step(word_call("delete", post=created), "published post deleted"))
                stays.append("the post cannot wait again: taking this back deletes it")
        case "deactivate" if item.native.get("user_id"):
            steps.append(_step(word_call("deactivate", user=item.native["user_id"]), "account deactivated"))
            stays.append("the sign-up does not wait again")
    if sense.verb == "unsilence":
        stays.append("a lifted sanction does not come back by itself")
    if not steps and not stays:
        stays.append("the site keeps this as decided")
    return Inverse(tuple(steps), tuple(stays))
