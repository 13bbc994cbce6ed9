"""From an intent to the calls that carry it out. Pure.

A call names everything it needs (it is journalled). Almost all are events of the service's log: `event` is what
happens, `subject` to what, `reports` the reports that it closes or escalates: those that were shown, and no others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from modtui.backends.ozone import team
from modtui.backends.ozone.offers import DAY_H, NEVER, NO_SUCH, POSSIBLE, WEEK_H
from modtui.backends.ozone.parts import (
    COMMENT,
    Made,
    comment,
    event_step,
    name_of,
    past,
    untold,
    waiting,
)
from modtui.backends.ozone.site import Policy, Site
from modtui.domain.capability import Blocked, as_sentence
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep, Sanction
from modtui.domain.items import SEVERE, Item, Offer
from modtui.errors import Refused
from modtui.text import Foreign, count, own, say, show_line
from modtui.text.time import duration

LOG_STAYS = "the service's log keeps what was done"
REVIEWED_STAYS = "the site counts it as reviewed; its reports are open again"
MAIL_STAYS = "an e-mail cannot be called back"
STRIKES_STAY = "the strikes that were counted stay counted"
READ_STAYS = "whoever has read the reply has read it"
_HOUR_MS = 3_600_000
_POST = 300


def choose(site: Site, item: Item, intent: Intent) -> Offer:
    """The offer that the intent means. Raises Refused where there is none or it is blocked."""
    if intent.offer:
        offer = next((one for one in item.offers if one.id == intent.offer), None)
    else:
        offer = item.offer(intent.verb)
    if offer is None:
        raise Refused(as_sentence(_why_not(site, item, intent)))
    if isinstance(offer.capability, Blocked):
        raise Refused(as_sentence(offer.capability.sentence))
    return offer


def _why_not(site: Site, item: Item, intent: Intent) -> str:
    if item.ref.kind == "chat":
        return "modtui does not read chat messages; single reports about them can be closed"
    if intent.offer:
        return f"there is no action {show_line(intent.offer, 40)} on this as it stands"
    native = item.native
    match intent.verb:
        case "remove" | "spam" if native.get("takendown"):
            return "it is taken down already"
        case "restore":
            return "it is not taken down"
        case "unban":
            return "the account is not taken down"
        case "ban":
            return "the account is taken down already" if native.get("banned") else "there is no account to ban"
        case "claim" | "release":
            return "you have not taken it" if intent.verb == "release" and waiting(item) else "no report on it is open"
        case "escalate":
            return "it is escalated already"
        case "reply":
            return "there is no post to reply to"
    return NEVER.get(intent.verb, NO_SUCH if intent.verb not in POSSIBLE else "that is not possible as it stands")


def plan(site: Site, item: Item, intent: Intent) -> Plan:
    """What the intent does to the item. Raises Refused with a sentence."""
    from modtui.backends.ozone.undo import reversal_of

    offer: Offer | None = None
    if intent.verb in _FREE and intent.offer is None:
        if item.ref.kind == "chat":
            raise Refused(as_sentence(_why_not(site, item, intent)))
        steps, effects = _FREE[intent.verb](site, item, intent)
    else:
        offer = choose(site, item, intent)
        steps, effects = _steps(site, item, intent, offer)
    if intent.lock:
        raise Refused(as_sentence(NEVER["lock"]))
    steps, effects = list(steps), list(effects)
    _add(site, item, intent, offer, steps, effects)
    reversal, stays = reversal_of([step.call for step in steps])
    whole = item.ref.kind in ("account", "user") and offer is not None and offer.verb in ("remove", "spam")
    return Plan(
        verb=intent.verb, offer=offer.id if offer else None, label=offer.label if offer else None, steps=tuple(steps),
        effects=tuple(effects), reversal=reversal, stays=stays,
        asks=Foreign(f"Take down the whole account of {name_of(item)}?") if whole else None,
    )  # fmt: skip


def _add(
    site: Site, item: Item, intent: Intent, offer: Offer | None, steps: list[PlannedStep], effects: list[Effect]
) -> None:
    """The mail and the sanction that go with a decision, in this order: a banned account may get no mail."""
    verb = offer.verb if offer is not None else intent.verb
    if intent.message and verb not in ("warn", "reply"):
        if verb in ("note", "tag", "assign", "unassign", "escalate"):
            raise Refused("This does not write to the author; warn does.")
        mail, told = _mail(site, item, intent)
        steps += mail
        effects[:] = [one for one in effects if one.words != own("is told nothing")] + told
    if intent.sanction is not None and verb != "ban":
        steps_, effects_ = _ban(site, item, intent)
        steps += steps_
        effects += effects_


def _steps(site: Site, item: Item, intent: Intent, offer: Offer) -> Made:
    kind, _, rest = offer.id.partition(":")
    match kind:
        case "acknowledge":
            return _acknowledge(site, item, intent)
        case "acknowledge_all":
            return _acknowledge_all(item, intent)
        case "takedown" | "spam":
            policy = site.policies.get(rest) if rest else _policy(site, intent, offer)
            return _takedown(site, item, intent, policy=policy, spam=kind == "spam")
        case "takedown_day" | "takedown_week":
            hours = DAY_H if kind == "takedown_day" else WEEK_H
            return _takedown(site, item, intent, policy=_policy(site, intent, offer), hours=hours)
        case "restore":
            step = event_step(item, "modEventReverseTakedown", {"comment": comment(intent)}, "takedown reversed")
            return [step], [Effect("post", own("everybody can see it again")), untold()]
        case "unban":
            step = event_step(item, "modEventReverseTakedown", {"comment": comment(intent)}, "ban lifted", account=True)
            return [step], [Effect("author", say("{n} can sign in and is seen again", n=name_of(item)))]
        case "ban":
            return _ban(site, item, intent)
        case "email":
            return _mail(site, item, intent)
        case "note" | "sticky":
            return _note(item, intent, sticky=kind == "sticky")
        case "reply":
            return _reply(item, intent)
        case "claim" | "release":
            return team.claim(site, item, kind)
        case "escalate":
            return team.escalate(site, item, intent)
        case "resolve_appeal":
            step = event_step(item, "modEventResolveAppeal", {"comment": comment(intent)}, "appeal resolved")
            return [step], [Effect("author", own("the appeal is over; a takedown stays as it is"))]
        case "mute_day" | "mute_week":
            hours = DAY_H if kind == "mute_day" else WEEK_H
            step = event_step(item, "modEventMute", {"comment": comment(intent), "durationInHours": hours}, "muted")
            return [step], [Effect("team", say("out of everybody's queue for {d}", d=duration(hours * _HOUR_MS)))]
        case "unmute":
            step = event_step(item, "modEventUnmute", {"comment": comment(intent)}, "unmuted")
            return [step], [Effect("team", own("back in the queue"))]
        case "label" | "unlabel":
            return _label(item, intent, rest, on=kind == "label")
        case "close" | "reopen":
            step = PlannedStep(call=Call(kind, {"reports": [int(rest)]}), words=f"report {past(kind)}")
            return [step], [Effect("reporters", own(f"this report is {past(kind)}; the others stay as they are"))]
    raise Refused(f"There is no action {show_line(offer.id, 40)}.")


# --- deciding


def _acknowledge(site: Site, item: Item, intent: Intent) -> Made:
    reports = waiting(item)
    words = "review closed"
    steps = [event_step(item, "modEventAcknowledge", {"comment": comment(intent)}, words, reports=reports)]
    effects = [Effect("post", own("stays taken down" if item.native.get("takendown") else "stays as it is"))]
    if reports:
        effects.append(_reports_close(site, reports, None))
    if item.native.get("appealed"):
        steps.append(event_step(item, "modEventResolveAppeal", {"comment": comment(intent)}, "appeal resolved"))
        effects.append(Effect("author", own("the appeal is over, without success")))
    return steps, [*effects, untold()]


def _acknowledge_all(item: Item, intent: Intent) -> Made:
    event = {"comment": comment(intent), "acknowledgeAccountSubjects": True}
    step = event_step(item, "modEventAcknowledge", event, "all reviews closed", reports=waiting(item))
    effects = [
        Effect("post", say("stays as it is, as all that {n} wrote", n=name_of(item))),
        Effect("reporters", own("this one's reports are closed; those on other posts stay open reports")),
    ]
    return [step], effects


def _takedown(
    site: Site, item: Item, intent: Intent, *, policy: Policy | None, spam: bool = False, hours: int | None = None
) -> Made:
    reports = waiting(item)
    event: dict[str, Any] = {"comment": comment(intent) or ("Spam" if spam else "")}
    if hours:
        event["durationInHours"] = hours
    if policy is not None:
        event |= _under(policy)
    note = _note_to_reporters(site, intent)
    urgent = intent.urgent or intent.reason in SEVERE
    account = item.ref.kind in ("account", "user")
    words = f"{name_of(item)} taken down" if account else "taken down"
    step = event_step(item, "modEventTakedown", event, words, reports=reports, note=note, waits=not urgent)
    length = say(" for {d}", d=duration(hours * _HOUR_MS)) if hours else own("")
    who = say("the account of {n} ", n=name_of(item)) if account else own("")
    effects = [Effect("author" if account else "post", say("{who}is shown to nobody{length}", who=who, length=length))]
    if reports:
        effects.append(_reports_close(site, reports, note))
    if policy is not None and policy.strikes:
        effects.append(Effect("author", say("{n} against the account", n=count(policy.strikes, "strike"))))
    return [step], [*effects, untold()]


def _ban(site: Site, item: Item, intent: Intent) -> Made:
    sanction = intent.sanction
    if sanction is None or sanction.kind != "ban":
        raise Refused(as_sentence(NEVER["silence"]) if sanction else "This needs a length: say for how long.")
    if site.decides != site.reads and isinstance(site.decides, Blocked):
        raise Refused(as_sentence(site.decides.sentence))
    if item.author is None:
        raise Refused("There is no account to ban.")
    if item.author.native in (site.me, site.labeler):
        raise Refused("This is the account of the service, or your own.")
    if item.native.get("banned"):
        raise Refused("The account is taken down already.")
    event: dict[str, Any] = {"comment": comment(intent)}
    hours = _hours(sanction)
    if hours is not None:
        event["durationInHours"] = hours
    policy = _policy(site, intent, None)
    if policy is not None:
        event |= _under(policy)
    whole = item.ref.kind in ("account", "user")
    step = event_step(
        item, "modEventTakedown", event, f"{name_of(item)} banned", account=True,
        reports=waiting(item) if whole and item.ref.kind == "account" else (),
    )  # fmt: skip
    length = own("for good") if hours is None else say("for {d}", d=duration(hours * _HOUR_MS))
    words = say("{n} cannot sign in and is not seen, {length}", n=name_of(item), length=length)
    effects = [Effect("author", words)]
    if whole and waiting(item):
        effects.append(_reports_close(site, waiting(item), None))
    return [step], effects


def _hours(sanction: Sanction) -> int | None:
    """The length in whole hours, which is what the service takes; at least one."""
    if sanction.duration_ms is None:
        return None
    if sanction.duration_ms <= 0:
        raise Refused("A ban needs a length above zero.")
    return max(1, math.ceil(sanction.duration_ms / _HOUR_MS))


def _mail(site: Site, item: Item, intent: Intent) -> Made:
    text = (intent.message or "").strip()
    if not text:
        raise Refused("The e-mail is empty.")
    if item.author is None or not item.native.get("did"):
        raise Refused("There is nobody to write to.")
    title = (intent.message_title or intent.reason_title or "About your account").strip()
    event = {"subjectLine": title[:200], "content": text, "comment": comment(intent)}
    step = event_step(item, "modEventEmail", event, f"e-mail sent to {name_of(item)}", account=True)
    step = PlannedStep(call=step.call, words=step.words, reaches=True)
    return [step], [Effect("author", say("{n} gets an e-mail by the moderation service", n=name_of(item)))]


def _note(item: Item, intent: Intent, *, sticky: bool) -> Made:
    text = (intent.text or "").strip()
    if not text:
        raise Refused("The note is empty.")
    event: dict[str, Any] = {"comment": text[:COMMENT], **({"sticky": True} if sticky else {})}
    if sticky:
        before = next((str(note.text) for note in item.notes if note.id == "sticky"), "")
        step = event_step(item, "modEventComment", event, "sticky note set", before=before)
    else:
        step = event_step(item, "modEventComment", event, "note added")
    where = "it stands at the subject for the team" if sticky else "the team can read it in the log"
    return [step], [Effect("team", own(where))]


def _label(item: Item, intent: Intent, name: str, *, on: bool) -> Made:
    vals = {"createLabelVals": [name] if on else [], "negateLabelVals": [] if on else [name]}
    event = {"comment": comment(intent), **vals}
    shown = show_line(name, 60)
    words = f"label {shown} {'set' if on else 'taken off'}"
    step = event_step(item, "modEventLabel", event, words)
    effect = "carries the label {l}; apps show or hide it as their users want" if on else "loses the label {l}"
    return [step], [Effect("post", say(effect, l=shown))]


def _reply(item: Item, intent: Intent) -> Made:
    text = (intent.text or "").strip()
    if not text:
        raise Refused("The reply is empty.")
    if len(text) > _POST:
        raise Refused(f"A post has at most {_POST} signs; this one has {len(text)}.")
    if intent.audience != "public":
        raise Refused("The network has public replies only; warn writes an e-mail.")
    if intent.accept or intent.close:
        raise Refused(as_sentence(NEVER["accept" if intent.accept else "lock"]))
    parent = intent.post or item.ref.native
    if not parent.startswith("at://"):
        raise Refused("This is not a post, so there is nothing to reply to.")
    step = PlannedStep(call=Call("post", {"text": text, "parent": parent}), words="reply posted", reaches=True)
    return [step], [Effect("thread", own("everybody can read it, under your own name"))]


_FREE: dict[str, Callable[[Site, Item, Intent], Made]] = {
    "tag": team.tag, "assign": team.assign, "unassign": team.assign, "escalate": team.escalate,
    "reply": lambda site, item, intent: _reply(item, intent),
}  # fmt: skip
"""Verbs that need no offer: what is chosen for them says what they do."""


def _note_to_reporters(site: Site, intent: Intent) -> str | None:
    return (comment(intent) or None) if site.options.tell_reporters else None


def _policy(site: Site, intent: Intent, offer: Offer | None) -> Policy | None:
    """The policy that the settings name for the reason, with the severity that they name."""
    reason = "spam" if offer is not None and offer.id == "spam" else intent.reason or ""
    named, _, severity = site.options.policies.get(reason, "").partition("/")
    policy = site.policies.get(named)
    if policy is None or not severity:
        return policy
    return replace(policy, severity=severity, strikes=site.strikes.get(severity))


def _under(policy: Policy) -> dict[str, Any]:
    """What an event says of a policy. The strikes come from its severity."""
    event: dict[str, Any] = {"policies": [policy.id], "severityLevel": policy.severity, "strikeCount": policy.strikes}
    return {name: value for name, value in event.items() if value}


def _reports_close(site: Site, reports: Sequence[int], note: str | None) -> Effect:
    told = own("who reported is told why") if note else own("nobody is told")
    return Effect("reporters", say("{n} closed, {told}", n=count(len(reports), "report"), told=told))
