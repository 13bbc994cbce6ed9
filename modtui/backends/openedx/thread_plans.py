"""What is done to a thread: replies, marked answers, its topic, who is told. The steps, what each causes, how it is
undone. Pure.

It works for questions and for reported posts alike. A response that only the step before makes is named by the digest
of its text (`after`), since a plan cannot know its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modtui.backends.openedx.offers import thread_capability
from modtui.backends.openedx.questions import comment_id
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import Item
from modtui.domain.seen import text_digest
from modtui.errors import Refused, UsageError
from modtui.text import Foreign, say, show_line

VERBS = frozenset({"reply", "accept", "unaccept", "duplicate", "move", "watch", "unwatch"})
DUPLICATE, ANSWERED = "duplicate", "read-only"
"""Codes with which a thread is closed: the forum stores any word, these are the platform's own."""
_LABELS = {
    "reply": "Reply", "accept": "Mark a response as the answer", "unaccept": "Take the mark off the answer",
    "duplicate": "Link the original and close", "move": "Move to another topic", "watch": "Watch the thread",
    "unwatch": "Stop watching",
}  # fmt: skip
_READ = "whoever has read the reply has read it"
_ADDRESS = re.compile(r"/(?:posts|threads)/(\d{1,19})(?:[/?#].*)?$")
"""How the platform's pages name a thread, in its newer discussions and its older ones."""
Made = tuple[list[PlannedStep], list[Effect]]


def handles(item: Item, intent: Intent) -> bool:
    """Whether a verb on the thread is meant (closing and opening one stand among the offers of every post)."""
    return intent.verb in VERBS and item.ref.kind in ("thread", "comment", "question")


def plan(item: Item, intent: Intent, moderator: str, address: str) -> Plan:
    """The plan of a verb on the thread of `item`. Raises Refused where it is not possible, UsageError where the intent
    leaves out what it needs."""
    verb = intent.verb
    if intent.offer not in (None, verb):
        raise Refused(f"The forum has no action {show_line(intent.offer or '', 40)} here.")
    offer = item.offer(verb)
    can = offer.capability if offer is not None else thread_capability(item, verb)
    if isinstance(can, Blocked) or not moderator:
        words = can.sentence if isinstance(can, Blocked) else "the settings do not name the acting member"
        raise Refused(f"{verb.capitalize()} is not possible here: {words}.")
    steps, effects = _MAKERS[verb](item, intent, moderator, address)
    stays: list[str] = []
    for step in steps:
        back = inverse(step.call, {"post": "comment-0"})
        stays += [words for words in (back[1] if back else ()) if words not in stays]
    return Plan(
        verb=verb, offer=offer.id if offer is not None else None, label=Foreign(_LABELS[verb]), steps=tuple(steps),
        effects=tuple(effects), reversal="partial" if stays else "full", stays=tuple(stays),
    )  # fmt: skip


# --- replies


def _reply(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    if intent.audience != "public":
        what = "posts that only the team reads" if intent.audience == "staff" else "messages to members"
        raise Refused(f"The forum has no {what}.")
    text = _typed(intent)
    if not text:
        raise UsageError("The reply is empty.")
    to = _answered(item, intent)
    steps, effects = [_post(item, text, moderator, to)], _told(to)
    if intent.accept:
        if to is not None:
            raise Refused("The forum marks responses to the thread, not replies to a response.")
        mark = text_digest(text)
        args = {"thread": thread_of(item), "id": None, "after": mark, "user": moderator}
        steps.append(PlannedStep(call=Call("endorse", args), words="reply marked as the answer"))
        effects.append(Effect("thread", say("counts as answered by this reply")))
    if intent.close:
        steps.append(_close(item, moderator, ANSWERED))
        effects.append(Effect("thread", say("closed: it can be read, and nobody can answer on the site")))
    return steps, effects


def _typed(intent: Intent) -> str:
    return (intent.text or "").replace("\r\n", "\n").strip()


def _answered(item: Item, intent: Intent) -> str | None:
    """The response or reply that is answered; None for the thread itself."""
    if intent.post is None:
        return item.ref.native if item.ref.kind == "comment" else None
    if intent.post == f"thread-{thread_of(item)}" or (item.ref.kind != "comment" and intent.post == item.place.post_id):
        return None
    return _comment(intent.post)


def _comment(given: str) -> str:
    found = comment_id(given)
    if found is None:
        raise UsageError("A response is named by its number on the site.")
    return found


def _post(item: Item, text: str, moderator: str, to: str | None) -> PlannedStep:
    args = {"thread": thread_of(item), "to": to, "body": text, "user": moderator}
    return PlannedStep(call=Call("reply", args), words="reply sent", reaches=True)


def _told(to: str | None) -> list[Effect]:
    where = say("gets your reply to this response") if to else say("gets your reply")
    return [
        Effect("thread", where),
        Effect("author", say("sees it in the thread; the platform around the forum decides who is told")),
    ]


def _close(item: Item, moderator: str, code: str) -> PlannedStep:
    if item.place.closed:
        raise Refused("The thread is closed already.")
    return PlannedStep(
        call=Call("close", {"id": thread_of(item), "user": moderator, "code": code}), words="thread closed"
    )


def _duplicate(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    given = (intent.to or "").strip()
    found = _ADDRESS.search(given) if given.startswith(("http://", "https://")) else None
    original = found[1] if found else given if given.isascii() and given.isdecimal() else None
    if original is None or not int(original):
        raise UsageError("Name the thread that this one repeats: its number or its address.")
    if original == thread_of(item):
        raise Refused("A thread does not repeat itself: name another one.")
    link = given if found else address.replace("{thread}", original)
    where = link or f"thread {original}"
    text = _typed(intent)
    if not text:
        text = f"This question has been asked before. It goes on here: {where}"
    elif where not in text:
        text = f"{text}\n\n{where}"
    steps = [_post(item, text, moderator, None), _close(item, moderator, DUPLICATE)]
    effects = [*_told(None), Effect("thread", say("closed as a duplicate; the reply names the original"))]
    return steps, effects


# --- answers


def _accept(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    if intent.post is None:
        if item.kind != "question":
            raise Refused("Accept is not possible here: choose the response that answers it.")
        raise UsageError("Choose the response that answers the question.")
    if intent.post == item.place.post_id and item.kind == "question":
        raise Refused("The question itself cannot be its answer.")
    post, question = _comment(intent.post), item.question
    before = comment_id(question.accepted) if question is not None and question.accepted else None
    if before == post:
        raise Refused("This response is marked as the answer already.")
    args = {"thread": thread_of(item), "id": post, "user": moderator}
    effects = [Effect("thread", say("counts as answered: this response is marked"))]
    if before is not None:
        effects.append(Effect("thread", say("the response that was marked before stays marked, too")))
    return [PlannedStep(call=Call("endorse", args), words="answer marked")], effects


def _unaccept(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    given = intent.post or (item.question.accepted if item.question is not None else None)
    if given is None:
        raise UsageError("Choose the response that is marked as the answer.")
    args = {"thread": thread_of(item), "id": _comment(given), "user": moderator}
    effects = [Effect("thread", say("this response is no marked answer any more"))]
    return [PlannedStep(call=Call("unendorse", args), words="mark taken off")], effects


# --- its place, and who is told


def _move(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    to = (intent.to or "").strip()
    if not to:
        raise UsageError("Choose the topic to move it to.")
    if to == item.place.category_id:
        raise Refused("It stands in this topic already.")
    call = Call("move", {"id": thread_of(item), "topic": to, "before": item.place.category_id})
    words = say("moved to {name}", name=to)
    return [PlannedStep(call=call, words=str(words))], [Effect("thread", words)]


def _watch(item: Item, intent: Intent, moderator: str, address: str) -> Made:
    on = intent.verb == "watch"
    call = Call("watch" if on else "unwatch", {"id": thread_of(item), "user": moderator})
    words = say("the platform tells you of new posts") if on else say("the platform tells you of new posts no more")
    return [PlannedStep(call=call, words="watched" if on else "not watched any more")], [Effect("team", words)]


_MAKERS = {
    "reply": _reply, "accept": _accept, "unaccept": _unaccept, "duplicate": _duplicate, "move": _move, "watch": _watch,
    "unwatch": _watch,
}  # fmt: skip


def thread_of(item: Item) -> str:
    """The number of the thread in which `item` stands."""
    if item.ref.kind != "comment":
        return item.ref.native
    if not item.place.thread_id:
        raise Refused("The forum does not say in which thread this stands.")
    return item.place.thread_id


# --- and back


def inverse(call: Call, data: Mapping[str, Any]) -> tuple[list[PlannedStep], tuple[str, ...]] | None:
    """The steps that take back a call of this file and what stays all the same; None for other calls. `data` is what
    its answer said."""
    args = call.args
    match call.name:
        case "reply":
            number = comment_id(str(data.get("post") or ""))
            if number is None:
                return [], ("the reply stays",)
            gone = {"kind": "comment", "id": number}
            return [PlannedStep(call=Call("take_back", gone), words="reply deleted")], (_READ,)
        case "endorse" | "unendorse":
            number = comment_id(str(args.get("id") or data.get("post") or ""))
            if number is None:
                return [], ("the mark stays",)
            other = "unendorse" if call.name == "endorse" else "endorse"
            back = {"thread": args["thread"], "id": number, "user": args["user"]}
            words = "mark taken off" if call.name == "endorse" else "answer marked again"
            return [PlannedStep(call=Call(other, back), words=words)], ()
        case "move":
            if not args.get("before"):
                return [], ("it had no topic before",)
            back = {"id": args["id"], "topic": args["before"], "before": args["topic"]}
            return [PlannedStep(call=Call("move", back), words="moved back")], ()
        case "watch" | "unwatch":
            other = "unwatch" if call.name == "watch" else "watch"
            words = "not watched any more" if call.name == "watch" else "watched again"
            return [PlannedStep(call=Call(other, dict(args)), words=words)], ()
    return None
