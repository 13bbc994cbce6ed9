"""What the work screen says of an item: what each key does, where it stands, what others do with it. No state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from modtui.actions import BY_ID
from modtui.desk import words
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.outcome import RowState
from modtui.desk.view import View
from modtui.domain.capability import Blocked, Capability
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import Claim, Item, Thread
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError
from modtui.keymap import Keymap
from modtui.ondemand import on_demand
from modtui.screens.work.places import EFFECTS, ONLY_WHY, REPORT_EFFECTS
from modtui.text import Shown, join, own, say, show_line
from modtui.text.time import age

if TYPE_CHECKING:
    from modtui.desk.possible import complete
    from modtui.widgets.effect_lines import KeyEffect
else:
    on_demand(__name__, "modtui.desk.possible", "complete")
    on_demand(__name__, "modtui.widgets.effect_lines", "KeyEffect")

LANE_NAMES: dict[Lane, tuple[str, str]] = {
    "reports": ("Reports", "Reports"),
    "pending": ("Pending", "Pending"),
    "questions": ("Questions", "Quest."),
    "members": ("Members", "Memb."),
    "escalated": ("Escalated", "Esc."),
}
HANDLED = {"kept": "kept", "removed": "removed", "ignored": "ignored", "deleted": "deleted", "gone": "took away"}
"""What somebody did, by the state that it left."""

_WORDED = frozenset({"reply", "accept", "escalate"})
"""Verbs whose plan needs more than the verb."""


def community_of(desk: Desk, id: CommunityId | None) -> Community | None:
    """The community with this id; None for all."""
    return next((community for community in desk.communities if community.id == id), None)


def with_text(item: Item, thread: Thread | None) -> Item:
    """The item with its text: lists tell some questions by their title only, and the thread has the rest."""
    if item.question is None or (item.body is not None and item.body.text.strip()) or thread is None:
        return item
    first = next((post for post in thread.posts if post.number == 1), None)
    return replace(item, body=first.body) if first is not None else item


def plan_words(plan: Plan) -> Shown:
    """The effects of a plan in one sentence."""
    sentence = words.effects(plan)
    if plan.reversal == "none":
        sentence = say("{sentence}; cannot be taken back once sent", sentence=sentence)
    return sentence


def brief_of(plan: Plan) -> tuple[Shown, ...]:
    """The effects as short clauses, what matters most first: `hidden`, `author is told`, `1 report closed as right`.

    That a post stays goes without saying, unless nothing else happens."""
    order = {"post": 0, "author": 1, "thread": 2, "team": 3, "reporters": 4}
    found: list[Shown] = []
    for effect in sorted(plan.effects, key=lambda one: order.get(one.on, 5)):
        if effect.on == "author" and plan.tells_author and "writes to" in effect.words:
            found.append(own("author is told"))
        elif effect.on == "author" and effect.words == "is told nothing":
            found.append(own("author is not told"))
        elif effect.on == "thread" and effect.words.startswith("gets "):
            found.append(say("thread {words}", words=effect.words.partition(", ")[0]))
        elif effect.on != "post" or not effect.words.startswith("stays"):
            found.append(own(effect.words.removeprefix("is ").partition(";")[0]))
    if plan.reversal == "none":
        found.insert(0, own("FOR GOOD"))
    return tuple(found) or (own("stays"),)


def effects_of(
    desk: Desk, item: Item, keymap: Keymap, can: Callable[[Item, str], Capability]
) -> tuple[KeyEffect, ...]:
    """What the plain keys do on this item, or why they do nothing. `can` is the desk's word, perhaps remembered."""
    found: list[KeyEffect] = []
    for name in EFFECTS.get(item.lane, REPORT_EFFECTS):
        action = BY_ID[name]
        key = own(keymap.shown(name))
        if not key or action.verb is None or action.missing:
            continue
        verb = action.verb
        if verb == "lock" and item.place.closed:
            verb = "unlock"
        able = can(item, verb)
        if isinstance(able, Blocked):
            # What the platform never has is no news; what this row has and cannot do is.
            if name != "item.restore" and (able.code != "platform" or item.offer(verb) is not None):
                found.append(KeyEffect(key, own(action.title), own(able.sentence), blocked=True))
            continue
        if name in ONLY_WHY:
            continue
        try:
            plan = desk.plan(item, complete(verb) if verb in _WORDED else Intent(verb=verb))
        except ModtuiError as error:
            found.append(KeyEffect(key, own(action.title), own(error.message.rstrip(".")), blocked=True))
            continue
        offer = item.offer(verb)
        label = show_line(plan.label or (offer.label if offer else "") or action.title, 40)
        title = own(words.do(verb, item.lane) if name != "item.spam" else action.title)
        found.append(KeyEffect(key, label, plan_words(plan), title=title, brief=brief_of(plan)))
    return tuple(found)


def end_of_item(following: Item | None) -> Shown:
    """ "end of item, next: #4122 spam quietbyte77"."""
    if following is None:
        return own("end of item, no other is open")
    who = show_line(following.author.username, 24) if following.author else own("-")
    why = following.reasons[0] if following.reasons else following.kind
    return say("end of item, next: #{number} {why} {who}", number=following.number, why=own(why), who=who)


def where_words(lane: Lane, item: Item, cursor: int, view: View, state: RowState, now_ms: int) -> Shown:
    """ "> Reports 1 of 120 > #4121   waits 26h   DE", or what somebody does with it: "TAKEN by kestrel"."""
    total = view.total if view.total and not view.filtered else len(view)
    if item.claim is not None and not item.claim.mine:
        what = claim_words(item.claim, now_ms)
    elif not state.open:
        what = own(str(state.words).upper() if state.kind in ("conflict", "refused", "unknown") else state.words)
    else:
        language = own((item.language or "")[:2].upper())
        what = say("  waits {wait}    {language}", wait=age(item.since_ms, now_ms), language=language)
    place = say(
        "> {lane} {at} of {all} > #{number}  ",
        lane=own(LANE_NAMES[lane][0]), at=cursor + 1, all=max(total, len(view)), number=item.number,
    )  # fmt: skip
    return join("", (place, what))


def claim_words(claim: Claim, now_ms: int) -> Shown:
    """ "TAKEN by kestrel 20 s ago"."""
    ago = own("")
    if claim.since_ms is not None:
        when = age(claim.since_ms, now_ms)
        ago = own(" just now") if when == "now" else say(" {age} ago", age=when)
    return say("TAKEN by {by}{ago}", by=show_line(claim.by, 24), ago=ago)


def taken_words(item: Item) -> Shown:
    """Somebody took the item that the moderator reads."""
    by = item.claim.by if item.claim is not None else own("somebody")
    what = own("the thread" if item.place.thread_id else "this")
    template = "{by} took {what} while you were reading. Nothing is sent; a decision of yours asks first."
    return say(template, by=by, what=what)


def handled_words(item: Item) -> Shown:
    """Somebody decided on the item that the moderator reads."""
    by = item.handled_by if item.handled_by is not None else own("Somebody")
    template = "{by} {did} #{number} while you were reading. Nothing of yours was sent."
    return say(template, by=by, did=own(HANDLED.get(item.state, "handled")), number=item.number)


def batch_time(desk: Desk, items: Sequence[Item], intent: Intent) -> Shown | None:
    """ "Needs about 327 requests at 20 a minute: 17 min. modtui must stay open."; None when it takes no time."""
    ids = dict.fromkeys(item.ref.community for item in items)
    longest: tuple[int, Shown] = (1, own(""))
    for id in ids:  # each is paced by its own budget, all at the same time: the slowest tells how long it takes
        mine = [item for item in items if item.ref.community == id]
        community, budget = community_of(desk, id), desk.budget(id)
        if community is None or not budget.limit:
            continue
        try:
            steps = max(1, len(desk.plan(mine[0], intent).steps))
        except ModtuiError:
            steps = 1
        reads = -(-len(mine) // max(1, community.backend.capabilities.reread_batch))
        need = len(mine) * steps + reads
        minutes = -(-need // budget.limit)
        if minutes > longest[0]:
            template = "{what} about {need} requests at {limit} a minute: {minutes} min, while modtui must stay open."
            what = say("{name} needs", name=show_line(community.name, 24)) if len(ids) > 1 else own("Needs")
            longest = minutes, say(template, what=what, need=need, limit=budget.limit, minutes=minutes)
    return longest[1] or None
