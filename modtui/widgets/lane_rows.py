"""Rows of the lanes that are not about reports: questions, members, what was handed on. Pure.

A lane's columns are a table: what stands over a column, how wide it is, and from which list width on it is there. The
title takes what is left.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from modtui.domain.items import Due, Item, Member, Question
from modtui.text import EMPTY, Shown, own, say, show_line
from modtui.text.time import DAY, HOUR, MINUTE, age
from modtui.text.width import cells, cut, pad
from modtui.widgets.draw import Line
from modtui.widgets.rows import CHIP, LETTER_STYLES, TITLED, Chip, RowData, chip_pieces, row_line, title_of

_SPACE = own(" ")


class Column(Struct, frozen=True):
    """One column. `least` is the list width from which on it is shown, `wide` its width from 110 columns on."""

    head: str
    width: int
    least: int = 0
    right: bool = False
    wide: int = 0


COLUMNS: dict[str, tuple[Column, ...]] = {
    "questions": (
        Column("", 1),
        Column("due", 6, right=True),
        Column("la", 2, least=46),
        Column("what", 9, least=56),
        Column("category", 8, least=66, wide=14),
        Column("asker", 12, wide=18),
    ),
    "members": (
        Column("member", 16, wide=22),
        Column("since", 5, right=True),
        Column("seen", 5, least=52, right=True),
        Column("trust", 5, least=60, right=True),
        Column("posts", 6, right=True),
        Column("la", 2, least=66),
    ),
    "escalated": (
        Column("", 1),
        Column("due", 6, right=True),
        Column("la", 2, least=56),
        Column("to", 9, least=46, wide=14),
        Column("author", 12, wide=18),
    ),
}
"""The columns of each lane, from the left, after the cursor and the state letter."""

TITLES = {"questions": "title", "members": "what is known", "escalated": "what, and what happened"}

WHAT = {
    "unanswered": "no answer", "asker": "asker 2nd", "unsolved": "unsolved", "held": "held", "answered": "answered",
    "solved": "solved", "closed": "closed",
}  # fmt: skip
"""The column `what`: where a question stands."""


class LaneRow(Struct, frozen=True):
    """A row, ready to draw: the cells of its lane's columns with their styles, and what takes the rest."""

    id: str
    lane: str
    letter: str
    cells: tuple[tuple[Shown, str], ...]
    title: Shown
    title_style: str
    chip: Chip | None = None


def urgency(due: Due | None, now_ms: int) -> str:
    """The letter of a clock: "R" from nine tenths of its target on (and when late), "A" from half of it, else ""."""
    if due is None or now_ms < due.amber_ms:
        return ""
    return "R" if now_ms >= due.red_ms else "A"


def left(due_ms: int, now_ms: int) -> Shown:
    """Until an instant, or since (with a minus), in at most six signs: `0h12`, `1h05`, `-1h20`, `3d`, `-12d`."""
    gap = due_ms - now_ms
    sign = "-" if gap < 0 else ""
    gap = abs(gap)
    if gap >= 2 * DAY:
        return own(f"{sign}{gap // DAY}d")
    return own(f"{sign}{gap // HOUR}h{gap % HOUR // MINUTE:02d}")


URGENT = {"R": "state.bad", "A": "row.severe", "": "row.age"}
"""The styles of the letters of a clock."""


def lane_row(
    item: Item, lane: str, *, letter: str, words: Shown | None, marked: bool, now_ms: int, kind: str = "open",
    chip: Chip | None = None,
) -> LaneRow:
    """A row of `item` in a lane of `COLUMNS`. `letter`, `words` and `kind` are its state, as for `rows.row_data`."""
    make = {"questions": _question, "members": _member, "escalated": _escalated}[lane]
    found, title, style = make(item, now_ms)
    if words:
        with_title = kind in TITLED and style == "row.title"
        title = say("{words}: {title}", words=words, title=title) if with_title else words
        style = "row.handled"
    return LaneRow(
        id=item.id, lane=lane, letter="*" if marked and letter in ("", " ") else letter or " ", cells=found,
        title=title, title_style="row.marked" if marked and style == "row.title" else style, chip=chip,
    )  # fmt: skip


Made = tuple[tuple[tuple[Shown, str], ...], Shown, str]


def _clock(due: Due | None, since_ms: int, now_ms: int) -> tuple[tuple[Shown, str], tuple[Shown, str]]:
    """The letter and the time that is left; without a target how long it waits."""
    letter = urgency(due, now_ms)
    style = URGENT[letter]
    when = left(due.due_ms, now_ms) if due is not None else age(since_ms, now_ms)
    return (own(letter or " "), style), (when, style)


def _language(item: Item) -> tuple[Shown, str]:
    return own((item.language or "")[:2].upper() or "  "), "row.language"


def what_of(question: Question) -> str:
    """The word of the column `what`."""
    if question.first and question.state == "unanswered":
        return "first!"
    return WHAT[question.state]


def _question(item: Item, now_ms: int) -> Made:
    question = item.question
    since = question.clock_ms if question is not None else item.since_ms
    what = what_of(question) if question is not None else item.kind
    title, style = title_of(item)
    if question is not None and question.assigned and style == "row.title":
        who = own("you") if question.assigned_mine else show_line(question.assigned, 20)
        title = say("[{who}] {title}", who=who, title=title)
    return (
        (
            *_clock(item.due, since, now_ms),
            _language(item),
            (own(what), "row.severe" if what == "first!" else "row.reason"),
            (show_line(item.place.category or "", 24), "row.author"),
            (show_line(item.author.username, 40) if item.author else own("-"), "row.author"),
        ),
        title,
        style,
    )


def _member(item: Item, now_ms: int) -> Made:
    member = item.author
    if member is None:
        title, style = title_of(item)
        return (((own("-"), "row.author"), *[(EMPTY, "row.age")] * 5), title, style)
    known, bad = record(member)
    return (
        (
            (show_line(member.username, 40), "row.author"),
            (age(member.since_ms, now_ms) if member.since_ms else EMPTY, "row.age"),
            (age(member.seen_ms, now_ms) if member.seen_ms else EMPTY, "row.age"),
            (own("" if member.trust is None else str(member.trust)), "row.count"),
            (own("" if member.posts is None else str(member.posts)), "row.count"),
            (own((item.language or member.locale or "")[:2].upper()), "row.language"),
        ),
        known,
        "row.severe" if bad else "row.title",
    )


FLAG_WORDS = {
    "new": "new", "staff": "staff", "suspect": "suspect", "waiting": "waits for approval",
    "unanswered": "first post unanswered",
}  # fmt: skip
"""What a directory marks, in words."""


_COUNTED = ("removed", "silenced", "banned", "warned")


def record(member: Member) -> tuple[Shown, bool]:
    """What is known of a member in a few words, what is in force first; and whether something is."""
    force = [("BANNED" if one.kind == "ban" else "SILENCED") for one in member.penalties]
    parts = [*force, *([member.role] if member.role else [])]
    parts += [FLAG_WORDS[flag] for flag in member.flags if flag in FLAG_WORDS and (flag != "staff" or not member.role)]
    counts = [f"{word} {getattr(member, word)}" for word in _COUNTED if getattr(member, word)]
    words = own(", ".join([*parts, *counts]))
    if member.name:
        name = show_line(member.name, 40)
        return (say("{words}  {name}", words=words, name=name) if words else name), bool(force)
    return words, bool(force)


def _escalated(item: Item, now_ms: int) -> Made:
    away = item.escalation
    title, style = title_of(item)
    due = item.due
    letter, when = (own(" "), "row.age"), (EMPTY, "row.age")
    route = EMPTY
    if away is not None:
        route = show_line(away.title, 24)
        if away.state == "failed":
            letter = (own("x"), "state.bad")
        if away.due_ms is not None:
            late = now_ms >= away.due_ms
            style_of = "state.bad" if late else "row.age"
            letter = letter if away.state == "failed" else (own("R" if late else " "), style_of)
            when = (left(away.due_ms, now_ms), style_of)
        elif due is not None:
            letter, when = _clock(due, item.since_ms, now_ms)
        if away.trail and style == "row.title":
            # what happened must not fall off a narrow list: it stands first, the title after it
            trail = show_line(away.trail.removeprefix(f"to {away.title} "), 80)
            title = say("{trail}  {title}", title=title, trail=trail)
    return (
        (
            letter,
            when,
            _language(item),
            (route, "row.reason"),
            (show_line(item.author.username, 40) if item.author else own("-"), "row.author"),
        ),
        title,
        style,
    )


@lru_cache(64)
def _widths(lane: str, width: int) -> tuple[int, ...]:
    """How wide each column is in a list of `width` cells; 0 leaves it out."""
    return tuple(
        0 if width < column.least else column.wide if column.wide and width >= 110 else column.width
        for column in COLUMNS[lane]
    )


def lane_line(row: LaneRow, width: int, *, cursor: bool) -> Line:
    """The row as pieces."""
    pieces: list[tuple[Shown, str]] = [
        (own(">" if cursor else " "), "state"),
        (own(row.letter), LETTER_STYLES.get(row.letter, "state")),
        *chip_pieces(row.chip),
    ]
    widths = _widths(row.lane, width - CHIP // 2 if row.chip is not None else width)
    for column, size, (text, style) in zip(COLUMNS[row.lane], widths, row.cells, strict=True):
        if size:
            pieces += [(_SPACE, "row.title"), (pad(cut(text, size), size, "right" if column.right else "left"), style)]
    return (*pieces, (_SPACE, "row.title"), (row.title, row.title_style))


def any_line(row: RowData | LaneRow | None, width: int, *, cursor: bool) -> Line:
    """The row of any lane as pieces."""
    if isinstance(row, LaneRow):
        return lane_line(row, width, cursor=cursor)
    return row_line(row, width, cursor=cursor)


def lane_header(lane: str, width: int, note: Shown = EMPTY, *, chips: bool = False) -> Line:
    """The head over the rows. `note` stands at its right end ("as of 12:02"); `chips` for rows with their community."""
    words = "   co " if chips else "  "
    for column, size in zip(COLUMNS[lane], _widths(lane, width - CHIP // 2 if chips else width), strict=True):
        if size:
            head = column.head[:size]
            words += " " + (head.rjust(size) if column.right else head.ljust(size))
    head = own(f"{words} {TITLES[lane]}")
    if not note:
        return ((head, "row.head"),)
    head = pad(head, max(0, width - cells(note) - 2))
    return ((head, "row.head"), (_SPACE, "row.head"), (note, "status.alert"), (_SPACE, "row.head"))
