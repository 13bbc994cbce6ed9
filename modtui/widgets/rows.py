"""One row of the list as a drawn line. Pure: an item and its state in, styled pieces out.

Columns (from the left): cursor, state letter, how long it waits, reports, language, why, author, title. Narrow lists
leave out the language, then `why`. Foreign text stands last and in the author column only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from modtui.domain.items import SEVERE, Item
from modtui.ondemand import on_demand
from modtui.text import EMPTY, Shown, is_hostile, own, say, show_line
from modtui.text.time import age
from modtui.text.width import cells, pad
from modtui.widgets.draw import Line

if TYPE_CHECKING:
    from modtui.text.document import plain_text
    from modtui.text.html import from_html
else:
    on_demand(__name__, "modtui.text.html", "from_html")
    on_demand(__name__, "modtui.text.document", "plain_text")

WHY = {
    "spam": "spam",
    "insult": "insult",
    "hate": "hate",
    "private": "private",
    "illegal": "illegal",
    "threat": "threat",
    "offtopic": "offtopic",
    "double": "double",
    "held": "held",
    "sign-up": "sign-up",
    "other": "other",
}
"""The words of the column `why`."""

LETTER_STYLES = {
    "H": "state.held",
    ">": "state.held",
    "x": "state.bad",
    "!": "state.bad",
    "?": "state.bad",
    "o": "state.other",
    "c": "state.held",
    "*": "row.marked",
}


class RowData(Struct, frozen=True):
    """What a row shows, ready to draw."""

    id: str
    letter: str
    wait: Shown
    reports: Shown
    language: Shown
    why: Shown
    severe: bool
    author: Shown
    title: Shown
    title_style: str
    alike: Alike | None = None
    chip: Chip | None = None


class Chip(Struct, frozen=True):
    """Of which community a row is, in a list of several: its letters in its own colour (a style's name)."""

    words: Shown
    style: str


CHIP = 4
"""Cells that the column of chips takes from a list, with the space before it."""


def chip_pieces(chip: Chip | None) -> Line:
    """The column of the community; nothing in a list of one."""
    return () if chip is None else ((_SPACE, "row.title"), (pad(chip.words, CHIP - 1), chip.style))


class Alike(Struct, frozen=True):
    """What a row shows instead while near copies are listed: how like the sought post it is, how old the account is,
    how many posts it has, and the text with what differs set apart."""

    share: Shown
    member: Shown
    posts: Shown
    text: tuple[tuple[Shown, str], ...]


def excerpt_of(item: Item, limit: int = 200) -> Shown:
    """The beginning of the item's text on one line, without markup."""
    if item.source is not None:
        return show_line(item.source[: limit * 2], limit)
    if item.body is None:
        return own("")
    if item.body.format == "html":
        return show_line(plain_text(from_html(type(item.body.text)(item.body.text[:4000]))), limit)
    return show_line(item.body.text[: limit * 2], limit)


def row_data(
    item: Item, *, letter: str, words: Shown | None, marked: bool, now_ms: int, kind: str = "open",
    alike: Alike | None = None, chip: Chip | None = None,
) -> RowData:  # fmt: skip
    """A row of `item`. `letter`, `words` and `kind` are its state (modtui.desk.outcome.RowState); a mark shows where no
    letter stands. `chip` says of which community it is, where there are several."""
    reasons = item.reasons
    why = WHY.get(reasons[0], reasons[0]) if reasons else item.kind
    severe = any(reason in SEVERE for reason in reasons)
    title, style = title_of(item)
    if words:
        # what is on its way or put off is still known by its title; what is over says only how it ended
        with_title = kind in TITLED and style == "row.title"
        title = say("{words}: {title}", words=words, title=title) if with_title else words
        style = "row.handled"
    by_site = bool(item.reports) and all(report.reporter is None for report in item.reports) and item.lane == "pending"
    return RowData(
        id=item.id,
        letter="*" if marked and letter in ("", " ") else letter or " ",
        wait=age(item.since_ms, now_ms),
        reports=own(str(len(item.reports)) if item.reports and not by_site else ""),
        language=own((item.language or "")[:2].upper() or "  "),
        why=say("{why}{mark}", why=own(why), mark="!" if severe else ""),
        severe=severe,
        author=show_line(item.author.username, 40) if item.author else own("-"),
        title=title,
        title_style="row.marked" if marked and style == "row.title" else style,
        alike=alike if not words else None,
        chip=chip,
    )


TITLED = frozenset({"deciding", "held", "sending", "later", "skipped"})
"""Kinds of row states with which the title stays in sight."""


def title_of(item: Item) -> tuple[Shown, str]:
    """The title column of an open row, and its style: folded and hostile titles are named, not drawn."""
    if item.problem:
        return say("(unreadable: {problem})", problem=item.problem), "row.folded"
    if item.folded:
        return own("(folded: personal data)"), "row.folded"
    if is_hostile(item.title):
        return own("(text hidden: unusual signs; enter shows it)"), "row.folded"
    title, away = show_line(item.title, 160) or excerpt_of(item), item.escalation
    if away is not None and item.lane != "escalated" and away.state in ("due", "answered"):  # it came back
        template = "no answer from {to}: {title}" if away.state == "due" else "back from {to}, answered: {title}"
        title = say(template, to=show_line(away.title, 16), title=title)
    return title, "row.title"


def alike_of(item: Item, share: float, source: Item | None, now_ms: int) -> Alike:
    """The columns of a near copy. `share` is 0 to 1; words that the sought post does not have are set apart."""
    member = item.author
    since = age(member.since_ms, now_ms) if member is not None and member.since_ms else own("")
    posts = own(str(member.posts) if member is not None and member.posts is not None else "")
    if item.folded:
        text: tuple[tuple[Shown, str], ...] = ((own("(folded: personal data)"), "row.folded"),)
    else:
        text = tuple(_differing(excerpt_of(item), excerpt_of(source) if source is not None else own("")))
        if source is not None and item.id == source.id:
            text = ((own("(this one) "), "row.folded"), *text)
        elif text and all(style == "row.title" for _, style in text):
            text = ((own("(same) "), "row.folded"), *text)
    return Alike(own(f"{round(100 * share)}%"), since, posts, text)


def _differing(text: Shown, source: Shown) -> list[tuple[Shown, str]]:
    """The words of `text`, in pieces: those that `source` does not have are bold."""
    known = {word.casefold() for word in source.split()}
    pieces: list[tuple[Shown, str]] = []
    for word in text.split(" "):
        style = "row.title" if not known or word.casefold() in known else "row.differs"
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (own(f"{pieces[-1][0]} {word}"), style)
        else:
            pieces.append((own(f" {word}" if pieces else word), style))
    return pieces


class Columns(Struct, frozen=True):
    """The widths at one list width; 0 leaves the column out."""

    language: int
    why: int
    author: int


@lru_cache(16)
def columns(width: int) -> Columns:
    """The column widths for a list of `width` cells."""
    if width < 46:
        return Columns(0, 0, 12)
    if width < 56:
        return Columns(0, 8, 12)
    if width < 76:
        return Columns(2, 8, 12)
    if width < 110:
        return Columns(2, 9, 13)
    return Columns(2, 9, 18)


_SPACE = own(" ")


def row_line(row: RowData | None, width: int, *, cursor: bool) -> Line:
    """The row as pieces; a row that cannot be read is one dim sentence."""
    mark = (own(">" if cursor else " "), "state")
    if row is None:
        return (mark, (own(" (not here any more)"), "row.folded"))
    letter = (own(row.letter), LETTER_STYLES.get(row.letter, "state"))
    chip = chip_pieces(row.chip)
    if row.alike is not None:
        near = row.alike
        return (
            mark,
            letter,
            *chip,
            (pad(near.share, 5, "right"), "row.count"),
            (_SPACE, "row.title"),
            (pad(row.author, 13), "row.author"),
            (pad(near.member, 5, "right"), "row.age"),
            (pad(near.posts, 6, "right"), "row.count"),
            (_SPACE, "row.title"),
            *near.text,
        )
    c = columns(width - CHIP // 2 if chip else width)
    pieces = [
        mark,
        letter,
        *chip,
        (pad(row.wait, 5, "right"), "row.age"),
        (pad(row.reports, 3, "right"), "row.count"),
        (_SPACE, "row.title"),
    ]
    if c.language:
        pieces += [(pad(row.language, c.language), "row.language"), (_SPACE, "row.title")]
    if c.why:
        pieces += [(pad(row.why, c.why), "row.severe" if row.severe else "row.reason"), (_SPACE, "row.title")]
    pieces += [(pad(row.author, c.author), "row.author"), (_SPACE, "row.title"), (row.title, row.title_style)]
    return tuple(pieces)


def header_line(width: int, *, alike: bool = False, note: Shown = EMPTY, chips: bool = False) -> Line:
    """The head over the rows. `note` stands at its right end ("as of 12:02"); `chips` for rows with their community."""
    words = "   co " if chips else "  "
    if alike:
        words += " like author          age posts text (what differs is bold)"
    else:
        c = columns(width - CHIP // 2 if chips else width)
        words += " wait rp "
        if c.language:
            words += "la "
        if c.why:
            words += "why".ljust(c.why) + " "
        words += "author".ljust(c.author) + " title"
    if not note:
        return ((own(words), "row.head"),)
    head = pad(own(words), max(0, width - cells(note) - 2))
    return ((head, "row.head"), (_SPACE, "row.head"), (note, "status.alert"), (_SPACE, "row.head"))
