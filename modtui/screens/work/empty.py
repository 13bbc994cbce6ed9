"""The queue without rows: which kind of empty it is, what was done, what is not out yet, where work waits next."""

from __future__ import annotations

from modtui.desk import words
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.later import WHEN_IT_CHANGES
from modtui.desk.link import words_for
from modtui.desk.summary import summarize
from modtui.desk.view import View
from modtui.domain.capability import Blocked
from modtui.domain.subjects import CommunityId, Lane
from modtui.screens.shell import Shell
from modtui.screens.work.outage import ADVICE
from modtui.screens.work.tell import LANE_NAMES
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import duration
from modtui.text.width import cells, wrap
from modtui.widgets.draw import Line

Piece = tuple[Shown, str]
BLOCK = 60
"""The widest that the block of words gets."""

def empty_lines(
    desk: Desk, view: View, community: CommunityId | None, shell: Shell, width: int, height: int
) -> list[Line]:
    """The whole middle of an empty queue, in a block in the middle."""
    room = min(BLOCK, width - 4)
    block: list[Piece] = []
    for text, style in _block(desk, view, community, shell):
        if not text or text[0] == " ":
            block.append((text, style))
        else:
            block += [(line, style) for line in wrap(text, room)]
    wide = max((cells(text) for text, _ in block), default=0)
    lines: list[Line] = [((own(""), "text"),)] * max(0, (height - len(block)) // 3)
    for n, (text, style) in enumerate(block):
        if not text and n and not block[n - 1][0]:
            continue
        size = cells(text) if style == "heading" else wide
        lines.append(((own(" " * max(1, (width - size) // 2)), "text"), (text, style)))
    return lines


def _block(desk: Desk, view: View, community: CommunityId | None, shell: Shell) -> list[Piece]:
    lane = LANE_NAMES[view.lane][0]
    here = [one for one in desk.communities if community in (None, one.id)]
    troubled = [one for one in here if one.link.state not in ("live", "starting", "closed")]
    closed = [_blocked(one, view.lane) for one in here]
    blocked = closed[0] if closed and None not in closed else None
    if view.filtered and (view.loaded or not troubled):
        what = " ".join(filter(None, (view.filter, f"L:{view.language or '??'}" if view.language is not None else "")))
        others = say("{n} hidden.", n=count(view.others, "other is", "others are"))
        return [
            (say("Nothing matches {what}.", what=own(what)), "heading"),
            (own(""), "text"),
            (say("{others} Esc clears the filter, F changes it.", others=others), "text"),
        ]
    if not desk.communities:
        return [(own("No community is set up yet."), "heading")]
    if troubled:
        return _trouble(desk, troubled, shell)
    if any(one.link.state == "starting" for one in here):
        name = next(one.name for one in here if one.link.state == "starting")
        return [
            (say("Reading {name} ...", name=show_line(name)), "heading"),
            (own(""), "text"),
            (own("The first page will be here in a moment. Keys that you press now decide nothing."), "dim"),
        ]
    if blocked is not None:
        why = blocked.sentence[:1].upper() + blocked.sentence[1:].rstrip(".")
        return [
            (say("{lane} is not possible here.", lane=own(lane)), "heading"),
            (own(""), "text"),
            (say("{why}.", why=why), "text"),
        ]
    return _done(desk, view, community, shell)


def _blocked(one: Community, lane: Lane) -> Blocked | None:
    if lane == "escalated":  # modtui's own: no site has to have it
        return None
    able = one.backend.capabilities.lane(lane)
    return able if isinstance(able, Blocked) and one.identified else None


def _trouble(desk: Desk, troubled: list[Community], shell: Shell) -> list[Piece]:
    """The line is down and nothing is here to work on."""
    block: list[Piece] = []
    for one in troubled:
        name = show_line(one.name, 30)
        said = words_for(one.link, one.name, shell.now_ms(), clock=shell.time_of_day)
        block.append((say("{name}: {words}", name=name, words=said), "status.alert"))
        if one.link.words and one.link.state not in ("wrong-site", "too-fast"):
            block.append((show_line(one.link.words, 200), "text"))
        block += [(own(""), "text"), (own(ADVICE.get(one.link.state, "R tries again.")), "text"), (own(""), "text")]
    if held := desk.outbox().held:
        verb = "waits" if held == 1 else "wait"
        block.append((say("{n} {verb} to be sent: U shows them.", n=count(held, "decision"), verb=own(verb)), "text"))
    return block


def _done(desk: Desk, view: View, community: CommunityId | None, shell: Shell) -> list[Piece]:
    """Nothing is waiting: the account of the session, and where to go."""
    now = shell.now_ms()
    found = summarize(desk, view.lane, desk.since_ms, community)
    block: list[Piece] = [
        (say("Nothing is waiting in {lane}.", lane=own(LANE_NAMES[view.lane][0])), "heading"),
        (own(""), "text"),
    ]
    if found.total:
        counts = sorted(((n, words.did(verb, view.lane)) for verb, n in found.decided.items() if n), reverse=True)
        parts = ", ".join(f"{did} {n}" for n, did in counts)
        time = duration(max(60_000, (now - found.since_ms) // 60_000 * 60_000))
        template = "You decided {n} in {time}: {parts}."
        block.append((say(template, n=found.total, time=time, parts=own(parts)), "text"))
    box = desk.outbox()
    if box.on_their_way:
        due = max((step.due_ms for one in box.decisions for t in one.targets for step in t.steps), default=0)
        wait = say("; the last goes in about {time}", time=duration(max(1000, due - now))) if due > now else own("")
        are = "is" if box.on_their_way == 1 else "are"
        block.append((say("{n} {are} not out yet{wait}.", n=box.on_their_way, are=own(are), wait=wait), "text"))
    if box.conflict or box.failed:
        bad = count(box.conflict + box.failed, "decision was", "decisions were")
        block.append((say("{bad} not done: U shows why.", bad=bad), "status.alert"))
    aside = _aside(found.snoozed, found.next_back_ms, found.skipped, found.undone, shell)
    if aside:
        mine = found.snoozed + found.skipped + found.undone
        block += [(own(""), "text"), (own("Not here, but yours:"), "text"), *aside]
        if mine:
            shows = "it" if mine == 1 else f"all {mine}"
            block.append((own(f"{'':<20}(F is:mine shows {shows})"), "dim"))
    if found.lanes:
        block.append((own(""), "text"))
    for n, other in enumerate(found.lanes):
        digit = list(LANE_NAMES).index(other.lane) + 1
        oldest = ""
        if other.oldest_ms is not None:
            oldest = f"oldest {duration(max(60_000, now - other.oldest_ms))}"
        name = f"{digit} {LANE_NAMES[other.lane][0]} {other.count}"
        block.append((own(f"{'' if n else 'Next':<6} {name:<16}{oldest}"), "text"))
    block += [
        (own(""), "text"),
        (own("All caught up. A good moment for a break."), "good"),
        (own(""), "text"),
        (own("New ones appear here by themselves."), "dim"),
    ]
    return block


def _aside(snoozed: int, back_ms: int | None, skipped: int, undone: int, shell: Shell) -> list[Piece]:
    """What the moderator put aside, so that an empty lane does not lie."""
    rows: list[tuple[str, str]] = []
    if snoozed:
        changes = back_ms is not None and back_ms >= WHEN_IT_CHANGES
        when = "until it changes" if changes else f"the next comes back {shell.when(back_ms)}" if back_ms else ""
        rows.append((f"{snoozed} put aside", when))
    if skipped:
        rows.append((f"{skipped} not for me", "left for the others"))
    if undone:
        rows.append((f"{undone} taken back", "by you, open again"))
    return [(own(f"  {what:<18}{more}"), "text") for what, more in rows]
