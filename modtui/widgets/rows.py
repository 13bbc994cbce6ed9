"""One row of the list as a drawn line. Pure: an item and its state in, styled pieces out.

Columns (from the left): cursor, state letter, how long it waits, reports, language, why, author, title. Narrow lists
leave out the language, then `why`. Foreign text stands last and in the author column only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from modtui.domain.items import SEVERE, Item
from modtui.text import Shown, is_hostile, own, say, show_line
from modtui.text.document import plain_text
from modtui.text.html import from_html
from modtui.text.time import age
from modtui.text.width import pad
from modtui.widgets.draw import Line

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


@dataclass(frozen=True, slots=True)
class RowData:
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


def excerpt_of(item: Item, limit: int = 200) -> Shown:
    """The beginning of the item's text on one line, without markup."""
    if item.source is not None:
        return show_line(item.source[: limit * 2], limit)
    if item.body is None:
        return own("")
    if item.body.format == "html":
        return show_line(plain_text(from_html(type(item.body.text)(item.body.text[:4000]))), limit)
    return show_line(item.body.text[: limit * 2], limit)


def row_data(item: Item, *, letter: str, words: Shown | None, marked: bool, now_ms: int) -> RowData:
    """A row of `item`. `letter` and `words` are its state; a mark shows where no letter stands."""
    reasons = item.reasons
    why = WHY.get(reasons[0], reasons[0]) if reasons else item.kind
    severe = any(reason in SEVERE for reason in reasons)
    style = "row.title"
    if words:
        title, style = words, "row.handled"
    elif item.problem:
        title, style = say("(unreadable: {problem})", problem=item.problem), "row.folded"
    elif item.folded:
        title, style = own("(folded: personal data)"), "row.folded"
    elif is_hostile(item.title):
        title, style = own("(text hidden: unusual signs; enter shows it)"), "row.folded"
    else:
        title = show_line(item.title, 160)
        if not title:
            title = excerpt_of(item)
    return RowData(
        id=item.id,
        letter="*" if marked and letter in ("", " ") else letter or " ",
        wait=age(item.since_ms, now_ms),
        reports=own(str(len(item.reports)) if item.reports else ""),
        language=own((item.language or "")[:2].upper() or "  "),
        why=say("{why}{mark}", why=own(why), mark="!" if severe else ""),
        severe=severe,
        author=show_line(item.author.username, 40) if item.author else own("-"),
        title=title,
        title_style="row.marked" if marked and style == "row.title" else style,
    )


@dataclass(frozen=True, slots=True)
class Columns:
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
    if row is None:
        return ((own("> " if cursor else "  "), "state"), (own("(this row could not be read)"), "row.folded"))
    c = columns(width)
    pieces = [
        (own(">" if cursor else " "), "state"),
        (own(row.letter), LETTER_STYLES.get(row.letter, "state")),
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


def header_line(width: int) -> Line:
    """The head over the rows."""
    c = columns(width)
    words = "   wait rp "
    if c.language:
        words += "la "
    if c.why:
        words += "why".ljust(c.why) + " "
    return ((own(words + "author".ljust(c.author) + " title"), "row.head"),)
