"""What can be done with a notice, how it is done, and how it is taken back. Pure: nothing here asks the site.

The board has one call for all of it, which puts a notice into a state: hidden or not, pinned or not, these complaints
closed or open. So a decision is one step, doing it twice ends in the same state, and its opposite takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS, Call, Effect, Intent, Plan, PlannedStep, Step
from modtui.domain.items import Item, Offer
from modtui.errors import Refused
from modtui.text import Foreign, count, own, show_line

POSSIBLE = frozenset({"approve", "remove", "restore", "reopen", "offer"})
NEVER = {
    "edit": "a notice can only be changed by who wrote it",
    "spam": "the board makes no difference between spam and other complaints: remove hides the notice",
    "purge": "nothing is deleted on the board, only hidden",
    "warn": "the board has no messages to members",
    "silence": "the board cannot silence a member",
    "ban": "the board cannot ban a member",
}
"""Why some verbs are not there. Say it in the platform's words, so that nobody looks for the key."""
_LACKS = "the board has no such action"


def verbs(can: Capability) -> dict[str, Capability]:
    """What this account can do at all; `can` is Blocked where it may only read."""
    return {verb: can if verb in POSSIBLE else Blocked("platform", NEVER.get(verb, _LACKS)) for verb in VERBS}


def offers(*, open_: bool, hidden: bool, pinned: bool, can: Capability) -> tuple[Offer, ...]:
    """What can be done with a notice as it stands. What cannot is Blocked with the reason, never left out."""

    def when(condition: bool, otherwise: str) -> Capability:
        return can if can != ALLOWED or condition else Blocked("state", otherwise)

    return (
        Offer(
            id="keep", verb="approve", label=Foreign("Keep the notice"), default=True,
            capability=when(open_, "nobody complains about it now"),
            description=Foreign("It stays where it is, and the complaints are closed."),
        ),
        Offer(
            id="hide", verb="remove", label=Foreign("Hide the notice"), default=True, needs=("reason",),
            capability=when(not hidden, "it is hidden already"),
            description=Foreign("Only moderators see it, and the complaints are closed."),
        ),
        Offer(
            id="show", verb="restore", label=Foreign("Show it again"), default=True,
            capability=when(hidden, "it is not hidden"),
        ),
        # The platform's own action, which no verb of modtui means: it is reached under , and from the palette.
        Offer(
            id="unpin" if pinned else "pin", verb="offer",
            label=Foreign("Take the pin out" if pinned else "Pin it to the top"), capability=can,
        ),
    )  # fmt: skip


def plan(item: Item, intent: Intent) -> Plan:
    """What the intent does to the notice. Raises Refused with a sentence."""
    offer = _choose(item, intent)
    if intent.message or intent.sanction or intent.lock:
        raise Refused("The board has no messages to members, no sanctions and no locks.")
    closes = [int(report.id) for report in item.reports if report.open]
    args: dict[str, Any] = {"id": int(item.ref.native), "revision": item.version}
    match offer.id:
        case "keep":
            args |= {"close": closes}
            words, post = "complaints closed", "stays as it is"
        case "hide":
            args |= {"hidden": True, "close": closes}
            words, post = "notice hidden", "only moderators see it"
        case "show":
            args |= {"hidden": False}
            words, post = "notice shown", "everybody sees it again"
        case _:
            args |= {"pinned": offer.id == "pin"}
            words, post = f"{offer.id} done", "its place on the wall changes"
    effects = [Effect("post", own(post))]
    if "close" in args:
        effects.append(Effect("reporters", own(f"{count(len(closes), 'complaint')} closed; the board tells nobody")))
    step = PlannedStep(call=Call("put", args), words=words, waits=not intent.urgent)
    return Plan(verb=intent.verb, offer=offer.id, label=offer.label, steps=(step,), effects=tuple(effects))


def _choose(item: Item, intent: Intent) -> Offer:
    """The offer that the intent means: the one it names, else the default of its verb."""
    named = next((one for one in item.offers if one.id == intent.offer), None)
    offer = named if intent.offer else item.offer(intent.verb)
    if offer is None:
        sentence = NEVER.get(intent.verb, f"{_LACKS} as {show_line(intent.offer or intent.verb, 40)}")
        raise Refused(f"{sentence[:1].upper()}{sentence[1:]}.")
    if isinstance(offer.capability, Blocked):
        raise Refused(f"{offer.capability.sentence[:1].upper()}{offer.capability.sentence[1:]}.")
    return offer


def plan_undo(done: Sequence[Step]) -> Plan:
    """The opposite of the done steps, the last one first. The moderator's own change does not raise the revision, so
    the one that was read before still guards the text."""
    steps = []
    for step in reversed(done):
        args = {name: step.call.args[name] for name in ("id", "revision")}
        for name, value in step.call.args.items():
            if name in ("hidden", "pinned"):
                args[name] = not value
            elif name in ("close", "reopen"):
                args["reopen" if name == "close" else "close"] = value
        steps.append(PlannedStep(call=Call("put", args), words=f"{step.words}: taken back"))
    effects = tuple(Effect("post", own(step.words)) for step in steps)
    return Plan(verb="reopen", steps=tuple(steps), effects=effects)
