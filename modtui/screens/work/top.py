"""The first two lines of the work screen: lanes with counts, order and filter, what is on its way, budget and link."""

from __future__ import annotations

from modtui.actions import LANES_HERE
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.link import short_words, words_for
from modtui.desk.outcome import OutboxState
from modtui.desk.view import View
from modtui.domain.capability import Blocked
from modtui.domain.decisions import FINAL, Decision
from modtui.domain.subjects import CommunityId, Lane
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.text import Shown, join, own, say, show_line
from modtui.text.time import duration
from modtui.widgets.bars import LaneTab, TopState

Note = tuple[Shown, str]
QUIET = ("live", "starting", "closed")
"""States of a line that need no alarm."""


def top_state(
    desk: Desk, view: View, lane: Lane, community: CommunityId | None, shell: Shell, where: Shown | None, width: int
) -> TopState:
    """Everything on the first two lines."""
    one = tell.community_of(desk, community) or (desk.communities[0] if len(desk.communities) == 1 else None)
    name = show_line(one.account.username, 24) if one and one.account else own("")
    here = [each for each in desk.communities if one is None or each is one]
    troubled = [each for each in here if each.link.state not in QUIET]
    troubled += [each for each in desk.communities if each not in here and each.link.state not in QUIET]
    marks = len(view.marks)
    return TopState(
        place=show_line(one.name, 24) if one else own("all communities"),
        lanes=_tabs(desk, lane, community, one),
        where=where,
        communities=len(desk.communities),
        name=name,
        left=_left(view, width >= 110),
        marks=say(" {n} MARKED ", n=marks) if marks else own(""),
        alert=_alert(troubled, one, shell),
        notes=tuple(_notes(desk, shell, bool(troubled))),
        minor=tuple(_minor(desk, one, width >= 110)) if not troubled else (),
    )


def _tabs(desk: Desk, lane: Lane, community: CommunityId | None, one: Community | None) -> tuple[LaneTab, ...]:
    counts = desk.counts(community)
    return tuple(
        LaneTab(
            digit=str(n + 1),
            name=names[0],
            short=names[1],
            active=name == lane,
            count=counts.get(name),
            blocked=name not in LANES_HERE
            or (one is not None and isinstance(one.backend.capabilities.lane(name), Blocked) and one.identified),
        )
        for n, (name, names) in enumerate(tell.LANE_NAMES.items())
    )


def _left(view: View, wide: bool) -> Shown:
    """Order, filter, language, marks, and how much of the lane is here."""
    left: list[Shown] = [own(view.order_words)]
    if view.filter:
        left.append(say("filter {filter}", filter=show_line(view.filter, 30)))
    elif wide:
        left.append(own("no filter"))
    if view.language is not None:
        left.append(say("L: {language}", language=own(view.language.upper() or "??")))
    if not len(view.marks):
        left.append(own("0 marked"))
    if view.new:
        left.append(say("{n} new: R", n=view.new))
    if view.total is not None and view.total > view.loaded and not view.filtered and wide:
        left.append(say("{n} of {all} read", n=view.loaded, all=view.total))
    return join("  ", left)


def _alert(troubled: list[Community], one: Community | None, shell: Shell) -> tuple[Shown, Shown] | None:
    """What is wrong with the line; of several communities the name is said."""
    if not troubled:
        return None
    first = troubled[0]
    now = shell.now_ms()
    long, short = words_for(first.link, first.name, now, clock=shell.time_of_day), short_words(first.link)
    if one is None or first is not one:
        name = show_line(first.name, 20)
        return say("{name}: {words}", name=name, words=long), say("{name}: {words}", name=name, words=short)
    return long, short


def _notes(desk: Desk, shell: Shell, troubled: bool) -> list[Note]:
    """The counters that never give way."""
    box = desk.outbox()
    now = shell.now_ms()
    notes: list[Note] = []
    if shell.read_only:
        notes.append((own("READ-ONLY"), "status.alert"))
    for word, n in (("conflict", box.conflict), ("failed", box.failed), ("unknown", box.unknown)):
        if n:
            notes.append((say("{word} {n}: U", word=own(word), n=n), "status.alert"))
    batch = _batch(box, now)
    waiting = box.held - box.waiting
    if batch is not None:
        notes.append((batch, "status.good"))
    elif troubled and box.held:
        notes.append((say("waiting to be sent {n}: U", n=box.held), "status.alert"))
    elif waiting:
        due = box.next_due_ms
        seconds = max(0, -(-(due - now) // 1000)) if due is not None else 0
        words = say("held {n} ({s} s)", n=waiting, s=seconds) if seconds else say("held {n}", n=waiting)
        notes.append((words, "status.good"))
    elif not troubled and not box.waiting:
        notes.append((own("held 0"), "status"))
    if box.waiting and not troubled:
        notes.append((say("waiting {n}: g o", n=box.waiting), "status.alert"))
    if box.sending and batch is None:
        notes.append((say("sending {n}", n=box.sending), "status.good"))
    return notes


def _batch(box: OutboxState, now_ms: int) -> Shown | None:
    """ "batch 118 of 297, refused 3, 19 min left: U": a decision on many that is going out just now."""
    for decision in box.decisions:
        if len(decision.targets) > 1 and decision.open:
            words = batch_words(decision, now_ms)
            if words is not None:
                return words
    return None


def batch_words(decision: Decision, now_ms: int) -> Shown | None:
    """How far a decision on many is; None while all of it is held or after it has ended."""
    total = len(decision.targets)
    final = [target for target in decision.targets if all(step.state in FINAL for step in target.steps)]
    begun = final or [t for t in decision.targets if any(step.state != "held" for step in t.steps)]
    if not begun or len(final) == total:
        return None
    bad = sum(target.state in ("refused", "conflict", "partly") for target in final)
    refused = f", refused {bad}" if bad else ""
    started = decision.created_ms + decision.hold_ms
    left = own("")
    if len(final) >= 3 and now_ms > started:
        rest = (now_ms - started) * (total - len(final)) // len(final)
        left = say(", {time} left", time=_about(rest))
    return say("batch {n} of {all}{refused}{left}: U", n=len(final), all=total, refused=own(refused), left=left)


def _about(ms: int) -> Shown:
    """A time to wait, in one unit."""
    return own(f"{-(-ms // 60_000)} min") if ms > 90_000 else duration(max(1000, ms // 1000 * 1000))


def _minor(desk: Desk, one: Community | None, wide: bool) -> list[Note]:
    """The request budget and the link: the first to give way."""
    notes: list[Note] = []
    if one is None:
        return [(own("live"), "status.good")] if all(c.link.state == "live" for c in desk.communities) else []
    budget = desk.budget(one.id)
    if budget.limit:
        template = "requests {used} of {limit} a minute" if wide else "{used}/{limit} a min"
        style = "status.alert" if budget.used >= budget.limit else "status"
        notes.append((say(template, used=budget.used, limit=budget.limit), style))
    live = one.link.state == "live"
    notes.append((own("live" if live else "reading the site ..."), "status.good"))
    return notes
