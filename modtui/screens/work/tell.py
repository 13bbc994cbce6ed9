"""What the work screen says: counters on top, what each key does, the empty queue. No state of its own."""

from __future__ import annotations

from modtui.actions import BY_ID
from modtui.desk import words
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.link import words_for
from modtui.desk.view import View
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError
from modtui.keymap import Keymap
from modtui.screens.shell import Shell
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import age
from modtui.widgets.bars import LaneTab, TopState
from modtui.widgets.draw import Line
from modtui.widgets.item_lines import KeyEffect

LANE_NAMES: dict[Lane, tuple[str, str]] = {
    "reports": ("Reports", "Reports"),
    "pending": ("Pending", "Pending"),
    "questions": ("Questions", "Quest."),
    "members": ("Members", "Memb."),
    "escalated": ("Escalated", "Esc."),
}
EFFECT_ACTIONS = ("item.approve", "item.remove", "item.spam", "item.ignore", "item.restore", "thread.lock")


def community_of(desk: Desk, id: CommunityId | None) -> Community | None:
    """The community with this id; None for all."""
    return next((community for community in desk.communities if community.id == id), None)


def plan_words(plan: Plan) -> Shown:
    """The effects of a plan in one sentence."""
    sentence = words.effects(plan)
    if plan.reversal == "none":
        sentence = say("{sentence}; cannot be taken back once sent", sentence=sentence)
    return sentence


def effects_of(desk: Desk, item: Item, keymap: Keymap) -> tuple[KeyEffect, ...]:
    """What the plain keys do on this item, or why they do nothing."""
    found: list[KeyEffect] = []
    for name in EFFECT_ACTIONS:
        action = BY_ID[name]
        key = own(keymap.shown(name))
        if not key or action.verb is None:
            continue
        verb = action.verb
        if verb == "lock" and item.place.closed:
            verb = "unlock"
        able = desk.can(item, verb)
        if isinstance(able, Blocked):
            if name != "item.restore" and able.code != "platform":
                found.append(KeyEffect(key, own(action.title), own(able.sentence), blocked=True))
            continue
        try:
            plan = desk.plan(item, Intent(verb=verb))
        except ModtuiError as error:
            found.append(KeyEffect(key, own(action.title), own(error.message.rstrip(".")), blocked=True))
            continue
        offer = item.offer(verb)
        label = show_line(plan.label or (offer.label if offer else "") or action.title, 40)
        found.append(KeyEffect(key, label, plan_words(plan)))
    return tuple(found)


def end_of_item(following: Item | None) -> Shown:
    """ "end of item, next: #4122 spam quietbyte77"."""
    if following is None:
        return own("end of item, no other is open")
    who = show_line(following.author.username, 24) if following.author else own("-")
    why = following.reasons[0] if following.reasons else following.kind
    return say("end of item, next: #{number} {why} {who}", number=following.number, why=own(why), who=who)


def where_words(lane: Lane, item: Item, cursor: int, view: View, now_ms: int) -> Shown:
    """ "> Reports 1 of 120 > #4121   waits 26h   DE"."""
    total = view.total if view.total and not view.filtered else len(view)
    return say(
        "> {lane} {at} of {all} > #{number}    waits {wait}    {language}",
        lane=own(LANE_NAMES[lane][0]),
        at=cursor + 1,
        all=max(total, len(view)),
        number=item.number,
        wait=age(item.since_ms, now_ms),
        language=own((item.language or "")[:2].upper()),
    )


def top_state(
    desk: Desk, view: View, lane: Lane, community: CommunityId | None, shell: Shell, where: Shown | None, width: int
) -> TopState:
    """Everything on the first two lines."""
    one = community_of(desk, community) or (desk.communities[0] if len(desk.communities) == 1 else None)
    counts = desk.counts(community)
    tabs = tuple(
        LaneTab(
            digit=str(n + 1),
            name=names[0],
            short=names[1],
            active=name == lane,
            count=counts.get(name),
            blocked=one is not None and isinstance(one.backend.capabilities.lane(name), Blocked),
        )
        for n, (name, names) in enumerate(LANE_NAMES.items())
    )
    wide = width >= 110
    place = show_line(one.name, 24) if one else own("all communities")
    name = show_line(one.account.username, 24) if one and one.account else own("")
    marks = len(view.marks)
    left: list[Shown] = [own({"oldest": "oldest first", "newest": "newest first"}.get(view.sort, f"by {view.sort}"))]
    if view.filter:
        left.append(say("filter {filter}", filter=show_line(view.filter, 30)))
    elif wide:
        left.append(own("no filter"))
    if view.language is not None:
        left.append(say("L: {language}", language=own(view.language.upper() or "??")))
    if not marks:
        left.append(own("0 marked"))
    if view.total is not None and view.total > view.loaded and not view.filtered and wide:
        left.append(say("{n} of {all} read", n=view.loaded, all=view.total))
    if view.new:
        left.append(say("{n} new: R", n=view.new))
    notes = _notes(desk, one, shell, wide)
    if marks:
        notes.insert(0, (say(" {n} MARKED ", n=marks), "status.marked"))
    return TopState(
        place=place,
        lanes=tabs,
        where=where,
        communities=len(desk.communities),
        name=name,
        left=join("  ", left),
        notes=tuple(notes),
    )


def _notes(desk: Desk, one: Community | None, shell: Shell, wide: bool) -> list[tuple[Shown, str]]:
    """The counters on the right of line 2, the important ones first."""
    box = desk.outbox()
    now = shell.now_ms()
    notes: list[tuple[Shown, str]] = []
    if shell.read_only:
        notes.append((own("READ-ONLY"), "status.alert"))
    troubled = [c for c in desk.communities if c.link.state not in ("live", "starting", "closed")]
    for community in troubled[:1]:
        notes.append((words_for(community.link, community.name, now), "status.alert"))
    if box.conflict:
        notes.append((say("conflict {n}: U", n=box.conflict), "status.alert"))
    if box.failed:
        notes.append((say("failed {n}: U", n=box.failed), "status.alert"))
    if box.unknown:
        notes.append((say("unknown {n}: U", n=box.unknown), "status.alert"))
    if box.held:
        due = box.next_due_ms
        seconds = max(0, -(-(due - now) // 1000)) if due is not None else None
        words = say("held {n} ({s} s)", n=box.held, s=seconds) if seconds else say("held {n}", n=box.held)
        notes.append((words, "status.good"))
    else:
        notes.append((own("held 0"), "status"))
    if box.sending:
        notes.append((say("sending {n}", n=box.sending), "status.good"))
    if one is not None and not troubled:
        budget = desk.budget(one.id)
        if budget.limit:
            template = "requests {used} of {limit} a minute" if wide else "{used}/{limit} a min"
            tight = budget.used >= budget.limit
            notes.append((say(template, used=budget.used, limit=budget.limit), "status.alert" if tight else "status"))
        notes.append((own("live" if one.link.state == "live" else "reading the site ..."), "status.good"))
    return notes


def empty_lines(
    desk: Desk, view: View, community: CommunityId | None, width: int, height: int, now_ms: int
) -> list[Line]:
    """The empty queue: which kind of empty, what was done, what is not out yet, where to go next."""
    lane = LANE_NAMES[view.lane][0]
    block: list[tuple[Shown, str]] = []
    here = [one for one in desk.communities if community in (None, one.id)]
    starting = [one for one in here if one.link.state == "starting"]
    troubled = [one for one in here if one.link.state not in ("live", "starting")]
    blocked = next(
        (
            able
            for c in desk.communities
            if community in (None, c.id) and isinstance(able := c.backend.capabilities.lane(view.lane), Blocked)
        ),
        None,
    )
    if view.filtered:
        what = view.filter or f"lang:{view.language or '??'}"
        block.append((say("Nothing matches {what}.", what=own(what)), "heading"))
        block.append((say("{n} others are hidden. Esc clears the filter.", n=view.others), "text"))
    elif not desk.communities:
        block.append((own("No community is set up yet."), "heading"))
    elif troubled and not view.loaded:
        for one in troubled:
            block.append((words_for(one.link, one.name, now_ms), "status.alert"))
        block.append((own("R tries again. U shows what waits to be sent."), "text"))
    elif starting:
        block.append((say("Reading {name} ...", name=show_line(starting[0].name)), "heading"))
        block.append((own("The first page will be here in a moment."), "dim"))
    elif blocked is not None:
        block.append((say("{lane} is not possible here.", lane=own(lane)), "heading"))
        block.append((say("{why}", why=blocked.sentence[:1].upper() + blocked.sentence[1:] + "."), "text"))
    else:
        block.append((say("Nothing is waiting in {lane}.", lane=own(lane)), "heading"))
        block += _account(desk, community)
        block.append((own("All caught up. A good moment for a break."), "good"))
        block.append((own(""), "text"))
        block.append((own("New ones appear here by themselves."), "dim"))
    wide = max((len(text) for text, _ in block), default=0)
    margin = own(" " * max(1, (width - wide) // 2))
    above = max(1, (height - 2 * len(block)) // 3)
    lines: list[Line] = [((own(""), "text"),)] * above
    for text, style in block:
        lines += [((margin, "text"), (text, style)), ((own(""), "text"),)]
    return lines


def _account(desk: Desk, community: CommunityId | None) -> list[tuple[Shown, str]]:
    """What was done in this session, what is not out yet, which lane has work."""
    out: list[tuple[Shown, str]] = []
    done = {verb: n for verb, n in desk.session_counts().items() if n}
    if done:
        total = sum(done.values())
        from modtui.desk.words import did

        parts = ", ".join(f"{did(verb)} {n}" for verb, n in done.items())
        out.append((say("You decided {total}: {parts}.", total=total, parts=own(parts)), "text"))
    box = desk.outbox()
    if box.on_their_way:
        out.append(
            (
                say("{n} not out yet. They go out by themselves; U shows them.", n=count(box.on_their_way, "decision")),
                "text",
            )
        )
    for n, (lane, names) in enumerate(LANE_NAMES.items()):
        waiting = desk.counts(community).get(lane, 0)
        if waiting and lane in ("reports", "pending"):
            out.append((say("Next: {digit} {name} {n}", digit=n + 1, name=own(names[0]), n=waiting), "text"))
    return out
