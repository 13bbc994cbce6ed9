"""The first two lines of the work screen: lanes with counts, order and filter, what is on its way, budget and link."""

from __future__ import annotations

from modtui.desk.desk import Desk
from modtui.desk.overview import lane_counts
from modtui.desk.view import View
from modtui.domain.capability import Blocked
from modtui.domain.subjects import CommunityId, Lane
from modtui.screens.shell import Shell
from modtui.screens.status import alert_of, minor_of, notes_of, troubled_of
from modtui.screens.work import tell
from modtui.text import Shown, own, say, show_line
from modtui.widgets.bars import LaneTab, TopState


def top_state(
    desk: Desk, view: View, lane: Lane, community: CommunityId | None, shell: Shell, where: Shown | None, width: int
) -> TopState:
    """Everything on the first two lines."""
    one = tell.community_of(desk, community) or (desk.communities[0] if len(desk.communities) == 1 else None)
    name = show_line(one.account.username, 24) if one and one.account else own("")
    troubled = troubled_of(desk, one)
    marks = len(view.marks)
    return TopState(
        place=show_line(one.name, 24) if one else own("all communities"),
        lanes=_tabs(desk, lane, community),
        where=where,
        communities=len(desk.communities),
        name=name,
        parts=_left(desk, view, width >= 110),
        keep=bool(view.filter) + (view.language is not None) + bool(view.new) if view.filtered else 0,
        marks=say(" {n} MARKED ", n=marks) if marks else own(""),
        alert=alert_of(troubled, one, shell),
        notes=tuple(notes_of(desk, shell, bool(troubled))),
        minor=tuple(minor_of(desk, one, width >= 110)) if not troubled else (),
    )


def _tabs(desk: Desk, lane: Lane, community: CommunityId | None) -> tuple[LaneTab, ...]:
    counts: dict[Lane, int] = {}
    for each in desk.communities:  # what a site does not count is how many are known here
        if community in (None, each.id):
            for name, number in lane_counts(desk, each).items():
                counts[name] = counts.get(name, 0) + number
    shown = [each for each in desk.communities if community in (None, each.id)]
    return tuple(
        LaneTab(
            digit=str(n + 1),
            name=names[0],
            short=names[1],
            active=name == lane,
            count=counts.get(name),
            blocked=name != "escalated" and bool(shown) and all(
                each.identified and isinstance(each.backend.capabilities.lane(name), Blocked) for each in shown
            ),
        )
        for n, (name, names) in enumerate(tell.LANE_NAMES.items())
    )


def _left(desk: Desk, view: View, wide: bool) -> tuple[Shown, ...]:
    """Order, how much of the lane is here, marks, what is late, filter and language, new ones: the last matter most.
    What hides rows is said even where there is little room."""
    left: list[Shown] = [own(view.order_words)]
    if view.lane == "members":
        left.append(desk.members.known(view.community).words)
        if view.prefix:
            left.append(say("names: {prefix}", prefix=show_line(view.prefix, 24)))
    elif wide and not view.filtered and (total := view.total) is not None and total > view.loaded:
        left.append(say("{n} of {all} read", n=view.loaded, all=total))
    if wide and not view.filter:
        left.append(own("no filter"))
    if not len(view.marks):
        left.append(own("0 marked"))
    if view.lane == "questions":
        late, soon = desk.lateness("questions", view.community)
        left += [own(words) for n, words in ((late, f"R {late} late"), (soon, f"A {soon} soon")) if n]
    if view.filter:
        left.append(say("filter {filter}", filter=show_line(view.filter, 30)))
    if view.language is not None:
        left.append(say("L: {language}", language=own(view.language.upper() or "??")))
    if view.new:
        left.append(say("{n} new: R", n=view.new))
    return tuple(left)
