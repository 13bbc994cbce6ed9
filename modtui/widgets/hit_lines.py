"""A hit of the search as lines: its row in the list, and what stands below the list about the chosen one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import lru_cache
from itertools import islice

from modtui.domain.items import WAITING, Item
from modtui.text import Foreign, Shown, join, own, say, show_line
from modtui.text.around import around
from modtui.text.around import rows as in_rows
from modtui.text.document import plain_text
from modtui.text.html import from_html
from modtui.text.time import age, stamp
from modtui.text.width import cells, cut, pad
from modtui.widgets.draw import Line
from modtui.widgets.rows import Chip, chip_pieces, title_of

WIDE = 100
"""From this width on a row has the words around the hit beside the title."""
READ = 20_000
"""Signs of a text that are looked through for the words around a hit."""
_LANES = {
    "reports": "report", "pending": "held", "questions": "question", "members": "member", "escalated": "handed on",
}  # fmt: skip
_KIND = 10


def kind_of(item: Item) -> Shown:
    """What it is in a word: the lane in which it waits, else what became of it."""
    if item.state != "open":
        return own(item.state)
    if item.question is not None and item.question.state not in WAITING:
        return own(item.question.state)
    return own("sign-up" if item.kind == "sign-up" else _LANES.get(item.lane, item.kind))


def text_of(item: Item) -> Shown:
    """All that a row may show of the text, on one line; nothing of what is folded."""
    if item.folded or item.problem:
        return own("")
    if item.source is not None:
        return show_line(item.source[:READ], None)
    if item.body is None:
        return own("")
    if item.body.format == "html":
        return _plain(item.body.text[:READ])
    return show_line(item.body.text[:READ], None)


@lru_cache(500)
def _plain(text: str) -> Shown:
    """Kept: the same rows are drawn again at each key."""
    return show_line(plain_text(from_html(Foreign(text))), None)


def hit_line(
    item: Item, words: Sequence[str], width: int, now_ms: int, *, letter: str, chip: Chip | None
) -> Line:  # fmt: skip
    """A row: letter of its state, when, community where there are several, what it is, author, title; where there is
    room the words around the hit."""
    author = show_line(item.author.username, 40) if item.author is not None else own("-")
    wide = width >= WIDE
    name = 16 if wide else 13
    left: Line = (
        (own(f" {letter or ' '} "), "state"),
        (pad(age(item.since_ms, now_ms), 5), "row.age"),
        *chip_pieces(chip),
        (own(" "), "text"),
        (pad(kind_of(item), _KIND), "dim" if item.state != "open" else "row.reason"),
        (pad(author, name), "row.author"),
        (own(" "), "text"),
    )
    room = max(8, width - sum(cells(text) for text, _ in left) - 1)
    title, style = title_of(item)
    sought = words if style == "row.title" else ()  # else modtui's own words stand in its place
    if not wide:
        return (*left, *_styled(around(title, sought, room), style))
    beside = min(44, max(30, room * 2 // 5))
    name_of = around(cut(title, beside), sought, beside)
    gap = own(" " * (beside + 2 - sum(cells(text) for text, _ in name_of)))
    text = around(text_of(item), words, room - beside - 2)
    if not any(hit for _, hit in (*name_of, *text)) and sought:
        text = around(title, words, room - beside - 2)  # it stands where the title was cut
    return (*left, *_styled(name_of, style), (gap, "text"), *_styled(text, "dim"))


def _styled(pieces: Iterable[tuple[Shown, bool]], style: str) -> Iterator[tuple[Shown, str]]:
    return ((text, "hit" if hit else style) for text, hit in pieces)


def hit_foot(
    item: Item, words: Sequence[str], width: int, *, rows: int, where: Shown, tz: tzinfo, now_ms: int
) -> list[Line]:  # fmt: skip
    """About the chosen hit, `rows` and two lines: what it is and where it stands, and its text around the first hit.
    `where` is its community, where there are several."""
    place = item.place
    facts = [kind_of(item), say("#{number}", number=item.number), *([where] if where else [])]
    if place.category:
        facts.append(show_line(place.category, 40))
    if place.post_number is not None and place.thread_posts:
        facts.append(say("post {n} of {all}", n=place.post_number, all=place.thread_posts))
    facts.append(stamp(item.since_ms, tz, now_ms=now_ms))
    lines: list[Line] = [
        ((own("-" * width), "rule"),),
        ((cut(say(" {facts}", facts=join(", ", facts)), width - 1), "dim"),),
    ]
    inside = max(10, width - 2)
    pieces = around(text_of(item) or title_of(item)[0], words, rows * inside - 20)  # some lists bring no text
    if item.folded:
        pieces = ((own("(folded: personal data of somebody; enter opens it)"), False),)
    for row in islice(in_rows(pieces, inside), rows):
        lines.append(((own(" "), "text"), *_styled(row, "text")))
    return [*lines, *([((own(""), "text"),)] * (rows + 2 - len(lines)))]
