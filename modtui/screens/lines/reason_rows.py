"""How the reason line is drawn: reasons, what goes with them, the beginning of the message, what will happen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from modtui.desk import words
from modtui.domain.decisions import Plan, Sanction
from modtui.domain.ladder import Proposal
from modtui.domain.reasons import Reason
from modtui.screens.lines.base import Drawn, Piece
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import duration
from modtui.text.width import cells, cut, wrap

Cell = tuple[str, Shown, bool]
"""A digit, its words, and whether it is the chosen one."""

ROOMY = 22
"""With so many rows for the panel, every modifier has one of its own."""


COMFORT = 12
"""With fewer rows than this for the panel all modifiers share one row."""


def reason_rows(listed: Sequence[Cell], width: int) -> list[Drawn]:
    """The reasons in columns, the first column first; `>` stands at the chosen one."""
    columns = 3 if width >= 60 else 2
    height = -(-len(listed) // columns)
    size = (width - 2) // columns
    rows: list[Drawn] = []
    for y in range(height):
        pieces: list[tuple[Shown, str]] = []
        for at in range(y, len(listed), height):
            digit, label, here = listed[at]
            pieces.append((own(f"{'>' if here else ' '}{digit} "), "panel.key"))
            text = cut(label, size - 4)
            pieces.append((text, "panel.chosen" if here else "panel"))
            pieces.append((own(" " * max(1, size - 3 - cells(text))), "panel"))
        rows.append(tuple(pieces))
    return rows


def box(on: bool) -> str:
    """`[x]` or `[ ]`."""
    return "[x]" if on else "[ ]"


def message_row(tell: bool, mute: Shown | None, codes: Sequence[str], code: str, missing: str | None) -> Drawn:
    """Whether a message goes out, and in which language. `missing`: the author's language, which has none."""
    if mute is not None:
        return ((own(" m "), "hint.dim"), (say("[ ] message: not possible, {why}", why=mute), "panel.dim"))
    names = " ".join(f"[{c.upper()}]" if c == code else c.upper() for c in codes) or "no message in any language"
    if missing:
        names += f" {missing.upper()}-missing"
    return (
        (own(" m "), "panel.key"),
        (own(f"{box(tell)} message to the author"), "panel"),
        (own("   L "), "panel.key"),
        (own(names), "panel"),
        (own("   e "), "panel.key"),
        (own("edit it first"), "panel"),
    )


def sanction_piece(
    kind: str, chosen: Sanction | None, blocked: Shown | None, lengths: Sequence[Shown], width: int,
    proposed: Proposal | None = None,
) -> Drawn:
    """The ban or silence modifier: its box, its length, which lengths come with the key again. `proposed` is what the
    ladder says of it; why, only where there is room for all of it."""
    key = kind[0]
    if blocked is not None:
        why = say("[ ] {kind}: not possible, {why}", kind=own(kind), why=blocked)
        return ((own(f" {key} "), "hint.dim"), (why, "panel.dim"))
    if chosen is None:
        more = say("{kind} the author", kind=own(kind))
        drawn: Drawn = ((own(f" {key} "), "panel.key"), (say("[ ] {more}", more=more), "panel"))
        if proposed is None or proposed.kind != kind:
            return drawn
        length = own("for good") if proposed.duration_ms is None else duration(proposed.duration_ms)
        speaks: list[Piece] = [
            (say("   the ladder proposes {told}", told=told), "panel.dim") for told in (proposed.words, length)
        ]
        return (*drawn, speaks[0] if _cells_of((*drawn, speaks[0])) < width else speaks[1])
    length = own("for good") if chosen.duration_ms is None else duration(chosen.duration_ms)
    rest = join(", ", lengths) if lengths else own("off")
    return (
        (own(f" {key} "), "panel.key"),
        (say("[x] {kind} {length}", kind=own(kind), length=length), "panel.chosen"),
        (say("   {key} again: {rest}", key=own(key), rest=rest), "panel.dim"),
    )


def lock_piece(on: bool, blocked: Shown | None) -> Drawn:
    """The lock modifier."""
    if blocked is not None:
        return ((own(" l "), "hint.dim"), (say("[ ] lock: not possible, {why}", why=blocked), "panel.dim"))
    return ((own(" l "), "panel.key"), (own(f"{box(on)} lock the thread too"), "panel.chosen" if on else "panel"))


def modifier_rows(
    ban: Drawn, silence: Drawn, lock: Drawn, width: int, room: int, route: Drawn | None = None
) -> list[Drawn]:
    """Ban, silence, lock, and `route`, which hands the item over too: each on its row where there is room, else two
    share one if they fit."""
    rows = _three_rows(ban, silence, lock, width, room)
    if route is None:
        return rows
    if room < ROOMY and len(rows) > 1 and _fits(ban, lock, width) and _fits(silence, route, width):
        return [_beside(ban, lock, width), _beside(silence, route, width)]
    for at in range(len(rows) - 1, -1, -1):
        if _fits(rows[at], route, width):
            return [*rows[:at], _beside(rows[at], route, width), *rows[at + 1 :]]
    return [*rows, route]


def route_piece(on: bool) -> Drawn:
    """The modifier that hands the item over too."""
    words = own(f"{box(on)} escalate too (the route is asked next)")
    return ((own(" r "), "panel.key"), (words, "panel.chosen" if on else "panel"))


def _three_rows(ban: Drawn, silence: Drawn, lock: Drawn, width: int, room: int) -> list[Drawn]:
    if room >= ROOMY:
        return [ban, silence, lock]
    wide = [max(_cells_of(part), 24) for part in (ban, silence, lock)]
    if wide[1] + wide[2] + 3 <= width:
        return [ban, _beside(silence, lock, width)]
    if wide[0] + wide[2] + 3 <= width:
        return [_beside(ban, lock, width), silence]
    why = {text.partition(": ")[2] for part in (silence, lock) for text, style in part if style == "panel.dim"}
    if len(why) == 1 and silence[0][1] == lock[0][1] == "hint.dim":
        both = say("silence, lock: {why}", why=own(why.pop()))
        return [ban, ((own(" s l "), "hint.dim"), (both, "panel.dim"))]
    return [ban, silence, lock]


def _cells_of(part: Drawn) -> int:
    return sum(cells(text) for text, _ in part)


def _fits(left: Drawn, right: Drawn, width: int) -> bool:
    return _cells_of(left) + _cells_of(right) + 3 <= width


def _beside(left: Drawn, right: Drawn, width: int) -> Drawn:
    used, need = _cells_of(left), _cells_of(right)
    column = max(used + 2, min(width // 2, width - need - 1))
    return (*left, (own(" " * (column - used)), "panel"), *right)


def text_row(text: str | None, width: int) -> Drawn:
    """The beginning of the message on one row."""
    if not text:
        return ((own("   This reason has no message; 0 takes your own words."), "panel.dim"),)
    lines = count(text.count("\n") + 1, "line")
    flat = cut(show_line(text, 300), width - 28)
    return ((say('   "{flat}"', flat=flat), "italic"), (say("  ({lines}, e shows)", lines=lines), "panel.dim"))


def will_need(plan: Plan, hold_s: float, sanction: bool, width: int) -> int:
    """How many rows `will_rows` takes when nothing is cut."""
    return len(will_rows(plan, hold_s, sanction, width, 9))


def will_rows(plan: Plan, hold_s: float, sanction: bool, width: int, rows: int) -> list[Drawn]:
    """What will happen, whether the author is told, and how long it can be taken back for nothing: at most `rows`."""
    told = "yes" if plan.tells_author or plan.reaches or sanction else "no"
    at_once = any(not step.waits for step in plan.steps)
    if not hold_s:
        free = "Goes out at once"
    elif at_once and plan.reaches:
        free = f"Goes out at once, the message in {hold_s:.0f} s"
    elif at_once:
        free = "Goes out at once"
    else:
        free = f"Goes out in {hold_s:.0f} s; u is free until then"
    stays = f", afterwards {plan.stays[0]}" if plan.stays else ""
    first = list(islice(wrap(say("Will happen: {effects}.", effects=words.effects(plan)), width - 2), 3))
    second = say("Tells the author: {told}. {free}{stays}.", told=own(told), free=own(free), stays=stays)
    after = list(islice(wrap(second, width - 2), 2))
    while len(first) + len(after) > max(1, rows):
        if len(after) > 1:
            after = [cut(second, width - 2)]
        elif rows == 1:
            first = []
        else:
            first = [*first[:-2], cut(join(" ", first[-2:]), width - 2)]
    return [((say(" {line}", line=line), "panel"),) for line in (*first, *after)]


def title_of(verb: str, lane: str, number: int, who: Shown, marked: bool, inside: bool) -> Shown:
    """The panel's title: what, how many, whose, and that a digit decides."""
    what = own(words.do(verb, lane).upper())
    thing = {"reports": "post"}.get(lane, "item")
    if not marked:
        return say("{what} this 1 {thing} by {who}: a digit decides", what=what, thing=own(thing), who=who)
    tail = "this one is one of them" if inside else "this one is NOT among them"
    return say("{what} {n} ({tail}): a digit decides", what=what, n=count(number, f"marked {thing}"), tail=own(tail))


def cells_of(listed: Sequence[Reason], chosen: int, default: int | None, more: int, back: bool) -> list[Cell]:
    """The reasons with their digits, then `9` for the other page and `0` for own words."""
    found: list[Cell] = []
    for n, reason in enumerate(listed):
        digit = str(n + 1) if back else reason.digit
        mark = "  <d>" if n == default else ""
        found.append((digit, say("{title}{mark}", title=reason.title, mark=own(mark)), n == chosen))
    if back:
        found.append(("9", own("back"), False))
    elif more:
        found.append(("9", say("more ({n})", n=more), False))
    found.append(("0", own("own words"), False))
    return found

