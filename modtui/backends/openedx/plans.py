"""From an intent to the requests that carry it out, and back. Pure.

Calls name everything they need (they are journalled), so sending one needs no memory. A text that is replaced is not
copied into the call: the site's edit history keeps it, and `expect` holds a digest to notice a change meanwhile. The
site keeps no earlier titles, so `was_title` carries one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from modtui.backends.openedx import thread_plans
from modtui.backends.openedx.codes import CLOSE_REASONS, EDIT_REASONS, close_code, edit_code, removal_code
from modtui.backends.openedx.offers import NEVER
from modtui.backends.openedx.shape import notice
from modtui.domain.capability import Blocked, as_sentence
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep, Step
from modtui.domain.items import SEVERE, Item, Offer
from modtui.domain.seen import text_digest
from modtui.domain.subjects import SubjectRef
from modtui.errors import Refused
from modtui.text import Foreign, count, own, show_line

_MEMBER_STAYS = "the post stays marked as edited by a moderator"


def choose(item: Item, intent: Intent) -> Offer:
    """The offer that the intent means. Raises Refused where there is none or it is blocked."""
    if intent.offer:
        offer = next((one for one in item.offers if one.id == intent.offer), None)
    else:
        offer = item.offer(intent.verb)
    if offer is None:
        if not intent.offer and intent.verb in NEVER:
            raise Refused(as_sentence(NEVER[intent.verb]))
        words = show_line(intent.offer or intent.verb, 40)
        raise Refused(f"This {item.ref.kind} has no action {words}.")
    if isinstance(offer.capability, Blocked):
        raise Refused(as_sentence(offer.capability.sentence))
    return offer


def plan(item: Item, intent: Intent, moderator: str, base: str, address: str = "") -> Plan:
    """What the intent does to the item. `moderator` is the acting member's id, `base` the words of the notice,
    `address` where the page of a thread is (with `{thread}` in place of its number).

    Raises Refused with a sentence.
    """
    if thread_plans.handles(item, intent):
        return thread_plans.plan(item, intent, moderator, address)
    offer = choose(item, intent)
    if intent.message:
        raise Refused("The forum has no messages to members, so the author cannot be told.")
    if intent.sanction:
        raise Refused(f"The forum cannot {intent.sanction.kind} a member.")
    if item.ref.kind == "question":  # the post that asks is the thread's own
        item = replace(item, ref=SubjectRef(item.ref.community, "thread", item.ref.native))
    if item.ref.kind not in ("thread", "comment"):
        raise Refused("This is neither a thread nor a comment of the forum.")
    name, _, code = offer.id.partition(":")
    made = _MAKERS[name](item, replace(intent, reason=code) if code else intent, moderator, base)
    if intent.lock and name not in ("close", "lock", "delete"):
        made = _with_lock(made, item, intent, moderator)
    return Plan(
        verb=intent.verb, offer=offer.id, label=offer.label, steps=made.steps, effects=made.effects,
        reversal=made.reversal, stays=made.stays, asks=made.asks,
    )  # fmt: skip


def _unflag(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    effects = (
        Effect("post", own("stays as it is")),
        _reports_close(item),
        _author_untold(),
    )
    return Plan(verb="approve", steps=(_close_reports(item, moderator),), effects=effects)


def _withdraw(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    words = notice(base, intent.reason_title)
    args = {**_edit(item, moderator, words), "code": removal_code(intent.reason)}
    if item.ref.kind == "thread":
        args |= {"title": words, "was_title": str(item.title)}
    # What must not be read goes out at once; the forum writes to nobody, so nothing else is held.
    urgent = intent.urgent or intent.reason in SEVERE
    steps = [PlannedStep(call=Call("edit", args), words="text replaced", waits=not urgent)]
    if item.reports:
        steps.append(_close_reports(item, moderator))
    what = "title and text" if item.ref.kind == "thread" else "text"
    effects = [
        Effect("post", own(f"{what} replaced by {show_line(words)}; moderators can read the old text in its history")),
        *([_reports_close(item)] if item.reports else ()),
        _author_untold(),
    ]
    return Plan(verb="remove", steps=tuple(steps), effects=tuple(effects), reversal="partial", stays=(_MEMBER_STAYS,))


def _edit_text(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    if not (intent.text or "").strip():
        raise Refused("The forum cannot keep a post without text.")
    code = edit_code(intent.reason)
    args = {**_edit(item, moderator, str(intent.text)), "code": code}
    if intent.title is not None and item.ref.kind == "thread" and intent.title != item.title:
        if not intent.title.strip():
            raise Refused("The forum cannot keep a thread without a title.")
        args |= {"title": intent.title, "was_title": str(item.title)}
    why = f" and why: {EDIT_REASONS[code]}" if code else ""
    effects = (Effect("post", own(f"edited; the history keeps the text before{why}")), _author_untold())
    step = PlannedStep(call=Call("edit", args), words="post edited")
    return Plan(verb="edit", steps=(step,), effects=effects, reversal="partial", stays=(_MEMBER_STAYS,))


def _restore(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    args = {**_edit(item, moderator, None), "entry": int(item.native.get("edits", item.edits)) - 1}
    step = PlannedStep(call=Call("edit_back", args), words="text back")
    stays = (_MEMBER_STAYS,)
    effects = [Effect("post", own("the text before the notice stands there again"))]
    if item.ref.kind == "thread":
        effects.append(Effect("thread", own("the title stays: the forum keeps no earlier titles")))
    return Plan(verb="restore", steps=(step,), effects=tuple(effects), reversal="partial", stays=stays)


def _close(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    steps = [_lock_step(item, intent, moderator)]
    if item.reports:
        steps.append(_close_reports(item, moderator))
    effects = (_locked(intent), *([_reports_close(item)] if item.reports else ()), _author_untold())
    return Plan(verb="remove", steps=tuple(steps), effects=effects)


def _lock(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    return Plan(verb="lock", steps=(_lock_step(item, intent, moderator),), effects=(_locked(intent),))


def _unlock(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    args = {"id": _thread_id(item), "user": moderator, "code": str(item.native.get("code") or close_code(None))}
    step = PlannedStep(call=Call("reopen", args), words="thread open")
    return Plan(verb="unlock", steps=(step,), effects=(Effect("thread", own("open again")),))


def _delete(item: Item, intent: Intent, moderator: str, base: str) -> Plan:
    replies = int(item.native.get("replies") or 0)
    below = "response" if item.ref.kind == "thread" else "reply"
    also = f" and {count(replies, below, 'replies' if below == 'reply' else '')} below it" if replies else ""
    what = "thread" if item.ref.kind == "thread" else "post"
    step = PlannedStep(call=Call("delete", _subject(item)), words="deleted for good")
    return Plan(
        verb="purge", steps=(step,), effects=(Effect("post", own(f"deleted for good{also}")), _author_untold()),
        reversal="none", stays=("nothing of it can be brought back",),
        asks=Foreign(f"Delete this {what}{also} for good? Nothing can bring it back."),
    )  # fmt: skip


_MAKERS = {
    "unflag": _unflag, "withdraw": _withdraw, "spam": _withdraw, "edit": _edit_text, "restore": _restore,
    "close": _close, "lock": _lock, "unlock": _unlock, "delete": _delete,
}  # fmt: skip


def _with_lock(made: Plan, item: Item, intent: Intent, moderator: str) -> Plan:
    """The plan with the thread closed after its first step. Raises Refused where there is no thread to close."""
    lock = next((one for one in item.offers if one.id == "lock"), None)
    if lock is None or isinstance(lock.capability, Blocked):
        blocked = lock.capability if lock else None
        raise Refused(as_sentence(blocked.sentence if isinstance(blocked, Blocked) else "there is no thread to close"))
    steps = (made.steps[0], _lock_step(item, intent, moderator), *made.steps[1:])
    return Plan(
        verb=made.verb, steps=steps, effects=(*made.effects, _locked(intent)), reversal=made.reversal, stays=made.stays
    )


def plan_undo(item: Item, done: Sequence[Step], moderator: str) -> Plan:
    """How to take back the done steps: the last one first."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    effects: list[Effect] = []
    for step in reversed(done):
        data = step.answer.data if step.answer else {}
        back = thread_plans.inverse(step.call, data)
        if back is not None:
            steps += back[0]
            stays += [words for words in back[1] if words not in stays]
            effects += [Effect("thread", own(one.words)) for one in back[0]]
            continue
        made = _BACK[step.call.name](step) if step.call.name in _BACK else None
        if made is None:
            stays.append(f"{step.words}: the forum cannot take this back")
            continue
        steps += made
        effects += [Effect("post", own(one.words)) for one in made]
        if step.call.name in ("edit", "edit_back") and _MEMBER_STAYS not in stays:
            stays.append(_MEMBER_STAYS)
    lost = not steps
    return Plan(
        verb="reopen", steps=tuple(steps), effects=tuple(effects), stays=tuple(stays),
        reversal="none" if lost else "partial" if stays else "full",
    )  # fmt: skip


def _flag_again(step: Step) -> list[PlannedStep]:
    args = step.call.args
    who = [str(one) for one in args.get("reporters", ())]
    return [
        PlannedStep(
            call=Call("flag", {"kind": args["kind"], "id": args["id"], "reporter": one}),
            words=f"reported again by member {one}",
        )
        for one in who
    ]


def _unflag_one(step: Step) -> list[PlannedStep]:
    args = {name: step.call.args[name] for name in ("kind", "id", "reporter")}
    return [PlannedStep(call=Call("unflag_one", args), words=f"report of member {args['reporter']} closed")]


def _flag_one(step: Step) -> list[PlannedStep]:
    args = {name: step.call.args[name] for name in ("kind", "id", "reporter")}
    return [PlannedStep(call=Call("flag", args), words=f"reported again by member {args['reporter']}")]


def _edit_back(step: Step) -> list[PlannedStep] | None:
    """Put back what stood there before: the entry that our edit left in the history."""
    data = step.answer.data if step.answer else {}
    if "entry" not in data or "text" not in data:
        return None
    call = step.call.args
    args: dict[str, Any] = {
        "kind": call["kind"], "id": call["id"], "user": call["user"], "entry": data["entry"], "expect": data["text"],
    }  # fmt: skip
    if "was_title" in call:
        args |= {"title": call["was_title"], "was_title": call["title"]}
    return [PlannedStep(call=Call("edit_back", args), words="text back")]


def _reopen(step: Step) -> list[PlannedStep]:
    args = {name: step.call.args[name] for name in ("id", "user", "code")}
    return [PlannedStep(call=Call("reopen", args), words="thread open")]


def _close_again(step: Step) -> list[PlannedStep]:
    args = {name: step.call.args[name] for name in ("id", "user", "code")}
    return [PlannedStep(call=Call("close", args), words="thread closed")]


_BACK = {
    "unflag": _flag_again, "flag": _unflag_one, "unflag_one": _flag_one, "edit": _edit_back, "edit_back": _edit_back,
    "close": _reopen, "reopen": _close_again,
}  # fmt: skip


# --- pieces


def _subject(item: Item) -> dict[str, Any]:
    return {"kind": item.ref.kind, "id": item.ref.native}


def _thread_id(item: Item) -> str:
    return item.ref.native if item.ref.kind == "thread" else str(item.place.thread_id)


def _edit(item: Item, moderator: str, text: str | None) -> dict[str, Any]:
    args = {**_subject(item), "user": moderator, "expect": text_digest(str(item.source or ""))}
    return args if text is None else {**args, "body": text}


def _close_reports(item: Item, moderator: str) -> PlannedStep:
    args = {**_subject(item), "user": moderator, "reporters": [report.id for report in item.reports]}
    return PlannedStep(call=Call("unflag", args), words="reports closed")


def _lock_step(item: Item, intent: Intent, moderator: str) -> PlannedStep:
    args = {"id": _thread_id(item), "user": moderator, "code": close_code(intent.reason)}
    return PlannedStep(call=Call("close", args), words="thread closed")


def _reports_close(item: Item) -> Effect:
    number = len(item.reports)
    return Effect("reporters", own(f"{count(number, 'report')} closed; the forum tells nobody"))


def _locked(intent: Intent) -> Effect:
    why = CLOSE_REASONS[close_code(intent.reason)]
    return Effect("thread", own(f"closed ({why}): it can be read, and nobody can answer on the site"))


def _author_untold() -> Effect:
    return Effect("author", own("is told nothing"))
