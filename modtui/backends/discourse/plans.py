"""What an intent would do to an item: the steps in their order, what each causes, and how far it can be taken back.

Pure. The reason line, forms, dry runs, the outbox and undo all read this.
"""

from __future__ import annotations

from typing import Any

from modtui.backends.discourse import member_verbs, thread_plans
from modtui.backends.discourse.actions import Meaning, meaning
from modtui.backends.discourse.effects import about_action, about_author, about_sanction
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.undo import reversal_of
from modtui.backends.discourse.words import choose, cut, reason_of
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep, Sanction
from modtui.domain.items import SEVERE, Item, Offer
from modtui.errors import Refused
from modtui.text import Foreign, say, show_line

REASON_LIMIT, REJECT_LIMIT, TITLE_LIMIT = 300, 500, 250
_ABOUT_AUTHOR = frozenset({"warn", "note", "silence", "unsilence", "ban", "unban", "logout"})
_REMOVING = frozenset({"remove", "spam"})


def plan(site: Site, item: Item, intent: Intent) -> Plan:
    """The plan. Raises Refused with a sentence where it is not possible."""
    if item.ref.kind == "user":
        return member_verbs.plan(site, item, intent)
    if thread_plans.handles(item, intent):
        return thread_plans.plan(site, item, intent)
    if item.kind == "question" and intent.verb in _ABOUT_AUTHOR:
        return member_verbs.plan(site, item, intent)  # its author is meant
    offer = choose(item, intent)
    luggage = item.native.get("actions", {}).get(offer.id)
    made = _act(item, intent, offer, luggage) if luggage else _own(site, item, intent, offer)
    steps, effects, tells = made
    reversal, stays = reversal_of(item, [step.call for step in steps])
    asks = offer.confirm
    if asks is None and offer.irreversible:
        asks = Foreign("This cannot be taken back. Go on?")
    claim = item.claim
    if asks is None and offer.verb in ("claim", "release") and claim is not None and not claim.mine:
        asks = Foreign(f"{claim.by} is on it. Take it all the same?")
    return Plan(
        verb=intent.verb, offer=offer.id, label=offer.label, steps=tuple(steps), effects=tuple(effects),
        reversal=reversal, stays=stays, tells_author=tells, asks=asks,
    )  # fmt: skip


# --- actions of the server


def _act(
    item: Item, intent: Intent, offer: Offer, luggage: dict[str, Any]
) -> tuple[list[PlannedStep], list[Effect], bool]:
    action = str(luggage["do"])
    sign_up = item.kind == "sign-up"
    sense = meaning(action, sign_up=sign_up, client=luggage.get("client"))
    if luggage.get("client") == "scrub":
        call = Call("scrub", {"id": item.ref.native, "reason": reason_of(intent)})
        return [PlannedStep(call=call, words=sense.words)], [Effect("author", say("erased from the queue"))], False
    message, extra = intent.message, []
    mails = (sign_up and sense.verb == "remove") or bool(luggage.get("reason"))
    if mails:
        extra = [
            ["reject_reason", cut(message or reason_of(intent, required=bool(luggage.get("reason"))), REJECT_LIMIT)]
        ]
        extra += [["send_email", "true" if message else "false"]]
    elif action == "revise_and_reject_post":
        extra = [
            ["revise_reason", cut(reason_of(intent), REASON_LIMIT)],
            ["revise_feedback", message or intent.reason_text or ""],
        ]
    steps: list[PlannedStep] = []
    if luggage.get("client") == "edit":
        steps.append(_edit_post(item, intent))
    urgent = intent.verb in _REMOVING and (intent.urgent or intent.reason in SEVERE)
    steps.append(_perform(item, action, extra, sense, reaches=bool(mails and message), waits=not urgent))
    told_by_us = bool(message) and (mails or action == "revise_and_reject_post")
    sanction = intent.sanction or _needed(offer)
    if message and not told_by_us and sanction is None:
        steps.append(_message(item, intent, message))
    if sanction is not None:
        _may_sanction(item, offer)
        steps.append(_penalty(item, intent, sanction, None if told_by_us else message))
    if intent.lock:
        steps.append(_lock(item, intent, True))
    effects, tells = about_action(item, action, sense)
    effects += about_author(item, intent.message, mails) if intent.message else []
    effects += about_sanction(item, sanction, intent) if sanction else []
    effects += [Effect("thread", say("locked for replies"))] if intent.lock else []
    return steps, effects, tells


def _perform(
    item: Item, action: str, extra: list[list[str]], sense: Meaning, *, reaches: bool, waits: bool
) -> PlannedStep:
    args = {
        "id": item.ref.native, "action": action, "version": item.version or 0, "extra": extra,
        "topic": item.native.get("topic_id"), "mine": bool(item.claim and item.claim.mine),
        "hidden": item.hidden,  # as it was before: taking back puts it there again
    }  # fmt: skip
    words = sense.words
    if action == "disagree" and item.hidden:
        words = "post visible again"
    return PlannedStep(call=Call("perform", args), words=words, reaches=reaches, waits=waits)


def _needed(offer: Offer) -> Sanction | None:
    if "duration" in offer.needs:
        raise Refused("This needs a length: say for how long.")
    return None


# --- calls of our own


def _own(site: Site, item: Item, intent: Intent, offer: Offer) -> tuple[list[PlannedStep], list[Effect], bool]:
    native, verb = item.native, offer.verb
    steps: list[PlannedStep] = []
    effects: list[Effect] = []
    match verb:
        case "claim" | "release":
            args = {"topic": native["topic_id"], "id": item.ref.native}
            claim = item.claim
            if verb == "claim" and claim is not None and not claim.mine and not claim.automatic:
                steps.append(PlannedStep(call=Call("release", args), words="claim released"))
            words = "thread claimed" if verb == "claim" else "claim released"
            steps.append(PlannedStep(call=Call(verb, args), words=words))
            effects.append(Effect("team", say("every item of this thread counts as yours") if verb == "claim"
                                  else say("the items of this thread are free again")))  # fmt: skip
        case "note":
            text = (intent.text or "").strip()
            if not text:
                raise Refused("The note is empty.")
            args = {"id": item.ref.native, "user": native.get("user_id"), "post": native.get("post_id"), "text": text}
            steps.append(PlannedStep(call=Call("note", args), words="note added"))
            effects.append(Effect("team", say("staff can read the note")))
        case "silence" | "ban":
            sanction = intent.sanction or _needed(offer)
            if sanction is None or sanction.kind != verb:
                raise Refused("This needs a length: say for how long.")
            steps.append(_penalty(item, intent, sanction, intent.message))
            effects += about_sanction(item, sanction, intent)
        case "unsilence" | "unban":
            kind = "unsilence" if verb == "unsilence" else "unsuspend"
            words = "silence lifted" if verb == "unsilence" else "ban lifted"
            steps.append(PlannedStep(call=Call("lift", {"kind": kind, "user": native["user_id"]}), words=words))
            what = "may post again" if verb == "unsilence" else "may sign in again"
            effects.append(Effect("author", say("{name} " + what, name=_name(item))))
        case "warn":
            steps.append(_message(item, intent, intent.message or "", warning=True))
            effects.append(Effect("author", say("{name} gets an official warning, which is counted", name=_name(item))))
        case "edit":
            steps.append(_edit_held(item, intent))
            effects.append(Effect("post", say("gets the new text and goes on waiting")))
        case "lock" | "unlock":
            steps.append(_lock(item, intent, verb == "lock"))
            effects.append(Effect("thread", say("locked for replies") if verb == "lock" else say("open for replies")))
        case "restore":
            post = native["post_id"]
            if item.hidden and not item.deleted:
                steps.append(PlannedStep(call=Call("unhide", {"post": post}), words="post visible"))
            elif item.deleted:
                steps.append(PlannedStep(call=Call("recover", {"post": post}), words="post back"))
            else:
                # Closed items do not say whether the post was hidden or deleted; the step looks before it acts.
                steps.append(PlannedStep(call=Call("restore", {"post": post}), words="post back"))
            effects.append(Effect("post", say("is shown again")))
        case _:
            raise Refused(f"The site does not offer {show_line(verb)} on this item.")
    if intent.lock and verb not in ("lock", "unlock"):
        steps.append(_lock(item, intent, True))
    return steps, effects, False


def _message(item: Item, intent: Intent, text: str, *, warning: bool = False) -> PlannedStep:
    if item.author is None or not item.native.get("user_id"):
        raise Refused("There is nobody to write to: the author has no account any more.")
    if not text.strip():
        raise Refused("The message is empty.")
    title = intent.message_title or intent.reason_title or f"About your post in {item.title}"
    if item.kind == "sign-up":
        title = intent.message_title or intent.reason_title or "About your account"
    args = {"to": item.author.username, "title": cut(title, TITLE_LIMIT), "raw": text, "warning": warning}
    words = f"{'warning' if warning else 'message'} sent to {show_line(item.author.username)}"
    return PlannedStep(call=Call("message", args), words=words, reaches=True)


def _penalty(item: Item, intent: Intent, sanction: Sanction, message: str | None) -> PlannedStep:
    if sanction.duration_ms is not None and sanction.duration_ms <= 0:
        raise Refused("A sanction needs a length above zero.")
    args = {
        "kind": "silence" if sanction.kind == "silence" else "suspend", "user": item.native.get("user_id"),
        "duration_ms": sanction.duration_ms, "reason": cut(reason_of(intent), REASON_LIMIT), "message": message,
        "post": item.native.get("post_id"), "id": item.ref.native,
    }  # fmt: skip
    past = "silenced" if sanction.kind == "silence" else "banned"
    return PlannedStep(call=Call("penalise", args), words=f"{_name(item)} {past}", reaches=True)


def _may_sanction(item: Item, offer: Offer) -> None:
    if item.author is None or not item.native.get("user_id"):
        raise Refused("The author cannot be sanctioned: there is no account any more.")
    if item.author.role is not None:
        raise Refused(
            "The author cannot be sanctioned: the author is staff; an admin has to take that role away first."
        )
    if offer.irreversible:
        raise Refused("The account is deleted by this, so a sanction makes no sense.")


def _lock(item: Item, intent: Intent, on: bool) -> PlannedStep:
    topic = item.native.get("topic_id")
    if not topic:
        raise Refused("There is no thread to lock.")
    call = Call("topic", {"topic": topic, "status": "closed", "enabled": on})
    return PlannedStep(call=call, words="thread locked" if on else "thread unlocked")


def _edit_post(item: Item, intent: Intent) -> PlannedStep:
    if intent.text is None or not intent.text.strip():
        raise Refused("There is no new text.")
    if item.source is None or not item.native.get("post_id"):
        raise Refused("The site did not give the text as it was typed, so it cannot be edited here.")
    args = {
        "post": item.native["post_id"], "raw": intent.text, "original": item.source,
        "reason": cut(intent.reason_title or "", REASON_LIMIT),
    }  # fmt: skip
    return PlannedStep(call=Call("edit_post", args), words="post edited")


def _edit_held(item: Item, intent: Intent) -> PlannedStep:
    if intent.text is None or not intent.text.strip():
        raise Refused("There is no new text.")
    fields = item.native.get("fields", ())
    changes: dict[str, Any] = {"payload": {"raw": intent.text}}
    before: dict[str, Any] = {"payload": {"raw": item.source or ""}}
    if intent.title is not None and intent.title != item.native.get("queued_title"):
        if "payload.title" not in fields:
            raise Refused("The title cannot be changed: this is a reply.")
        changes["payload"]["title"] = intent.title
        before["payload"]["title"] = item.native.get("queued_title") or ""
    args = {"id": item.ref.native, "version": item.version or 0, "changes": changes, "before": before}
    return PlannedStep(call=Call("edit_held", args), words="held post edited")


def _name(item: Item) -> str:
    return str(show_line(item.author.username)) if item.author else "the author"
