"""The two lines on top and the two at the bottom. They never scroll and never vanish.

The builders are pure: a state in, drawn lines out, each exactly as wide as asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual import events
from textual.geometry import Region, Size
from textual.message import Message

from modtui.text import EMPTY, Shown, join, own, say
from modtui.text.width import cells, cut
from modtui.widgets.draw import Line, Painted, Painter, stale
from modtui.widgets.patch import Lined


class LaneTab(Struct, frozen=True):
    """A lane in the first line. `count` None: not known; `short` is used where there is little room."""

    digit: str
    name: str
    short: str
    count: int | None
    active: bool
    blocked: bool = False


class TopState(Struct, frozen=True):
    """What the first two lines say. `where` replaces the lanes on other screens ("harbour > Journal").

    Line 2 from the left: `left` (or `parts`, of which the last matter most; the last `keep` of them are there before
    the minor ones), which gives way first, then `marks`
    (reversed), then on the right `alert` (the longest words first, shorter ones for when there is little room), the
    `notes` (counters: text, style), which never give way, and the `minor` ones, which do.
    """

    place: Shown
    lanes: tuple[LaneTab, ...] = ()
    where: Shown | None = None
    communities: int = 1
    name: Shown = EMPTY
    left: Shown = EMPTY
    parts: tuple[Shown, ...] = ()
    keep: int = 0
    marks: Shown = EMPTY
    alert: tuple[Shown, ...] = ()
    notes: tuple[tuple[Shown, str], ...] = ()
    minor: tuple[tuple[Shown, str], ...] = ()


def _fill(left: list[tuple[Shown, str]], right: list[tuple[Shown, str]], width: int, style: str) -> Line:
    """`left` and `right` with space between; what does not fit is cut from the left part."""
    need = sum(cells(text) for text, _ in right)
    room = width - need
    out: list[tuple[Shown, str]] = []
    for text, name in left:
        if room <= 0:
            break
        piece = cut(text, room)
        room -= cells(piece)
        out.append((piece, name))
    out.append((own(" " * max(0, room)), style))
    return (*out, *right)


def lane_line(state: TopState, width: int) -> Line:
    """Line 1: community, lanes with counts, who I am."""
    long = width >= 110
    more: list[tuple[Shown, str]] = []
    if long and state.communities > 1:
        more.append((own(" < > community   0 all "), "bar"))
    if state.where is not None:
        return _fill([*_place(state, NAMES), (state.where, "bar")], _name(state, NAMES), width, "bar")
    # Names give way before a lane does: first to a length that still tells whose they are, at last altogether.
    # A lane's name in three letters says more than its digit alone.
    ways = [(level, NAMES, three) for level in ((0, 1, 2, 3) if long else (1, 2, 3)) for three in (False, level == 1)]
    ways += [(4, NAMES, True), (4, 12, True)]
    ways += [(level, most, True) for level, most in ((5, NAMES), (5, 12), (5, 6), (6, 12), (6, 6), (6, 0))]
    for level, most, three in ways:
        left = [*_place(state, most), *(_tab(tab, level, three) for tab in state.lanes)]
        name = [*more, *_name(state, most)]
        if sum(cells(text) for text, _ in (*left, *name)) <= width:
            break
    return _fill(left, name, width, "bar")


NAMES = 24
"""How many columns the names in line 1, the community's and the account's, have at most."""


def _place(state: TopState, most: int) -> list[tuple[Shown, str]]:
    return [(say(" {place}  ", place=cut(state.place, most)), "bar.name")] if most else [(own(" "), "bar.name")]


def _name(state: TopState, most: int) -> list[tuple[Shown, str]]:
    return [(say(" {name} ", name=cut(state.name, most)), "bar.name")] if most else []


def _tab(tab: LaneTab, level: int, three: bool = False) -> tuple[Shown, str]:
    """A lane: its whole name, its short one (`three`: three letters of it), only the digit where there is nothing to do
    (level 2), nothing at all where it is not possible (level 3), only digits and counts beside the lane one is in
    (level 5), and at last counts in thousands (level 6)."""
    if level >= 3 and tab.blocked and not tab.active:
        return EMPTY, "bar"
    number = "" if tab.count is None else _short(tab.count) if level == 6 else f"{tab.count}"
    count = f" {number}" if number else ""
    title = tab.name if tab.active or not level else f"{tab.short[:3]}." if three else tab.short
    if level >= 5 and not tab.active:
        return own(f" {tab.digit}{f': {number}' if tab.count else ''} "), "bar.dim" if tab.blocked else "bar"
    words = f" {title.upper() if tab.active else title}" if level < 2 or tab.active or tab.count else ""
    style = "bar.lane" if tab.active else "bar.dim" if tab.blocked else "bar"
    return own(f" {tab.digit}{words}{count if words else ''} "), style


def _short(number: int) -> str:
    """A count in at most four signs: `999`, `12k`, `999k`, `1M`."""
    for unit, word in ((1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            return f"{number // unit}{word}"
    return f"{number}"


def status_line(state: TopState, width: int) -> Line:
    """Line 2: order, filter and marks on the left; trouble, held, sending, failed, budget and link on the right."""
    marks: list[tuple[Shown, str]] = [(state.marks, "status.marked"), (own(" "), "status")] if state.marks else []
    used = sum(cells(text) for text, _ in marks)
    minor = list(state.minor)
    alerts = list(state.alert)
    while True:
        notes = [*((alert, "status.alert") for alert in alerts[:1]), *state.notes, *minor]
        right = [piece for text, style in notes for piece in ((own("  "), "status"), (text, style))]
        need = used + sum(cells(text) for text, _ in right) + 1
        kept = sum(cells(text) + 2 for text in state.parts[-state.keep :]) + 1 if minor and state.keep else 0
        if need + kept <= width or (not minor and len(alerts) < 2):
            break
        if minor:
            minor.pop()
        else:
            alerts.pop(0)
    room = max(0, width - need)
    words = _left_words(state, room - 1)
    if right:
        right[0] = (own("| " if words or marks else ""), "status")
    bar = [*right, (own(" "), "status")]
    return _fill([(words or own(" "), "status"), *marks], bar, width, "status")


def _left_words(state: TopState, room: int) -> Shown:
    """The left part: as many of its parts as fit, the last ones first."""
    parts = list(state.parts) or [state.left]
    while parts:
        words = join("", (own(" "), join("  ", parts), own(" ")))
        if cells(words) <= room:
            return words
        if len(parts) == 1:
            return cut(words, room) if room > 8 and not state.parts else own("")
        parts.pop(0)
    return own("")


def lane_at(state: TopState, width: int, x: int) -> int | None:
    """Which lane stands in column `x` of line 1 (from 0), for the mouse; None beside them."""
    at = 0
    for text, style in lane_line(state, width):
        n = cells(text)
        if at <= x < at + n:
            digit = text.strip()[:1]
            known = [tab.digit for tab in state.lanes]
            return known.index(digit) if style != "bar.name" and digit in known else None
        at += n
    return None


class Bars(Lined):
    """The two lines on top."""

    class LaneClicked(Message):
        """A lane of line 1 was clicked; `index` counts from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.state = TopState(place=own("modtui"))

    def put(self, state: TopState) -> None:
        """Show a state; only a line that changed is painted again."""
        if state == self.state:
            return
        width = self.size.width
        if not width:
            self.state = state
            self.refresh()
            return
        before = (lane_line(self.state, width), status_line(self.state, width))
        self.state = state
        now = (lane_line(state, width), status_line(state, width))
        changed = [Region(0, y, width, 1) for y in (0, 1) if before[y] != now[y]]
        if changed:
            self.refresh(*changed)

    def on_click(self, event: events.Click) -> None:
        """A click on a lane asks for it."""
        index = lane_at(self.state, self.size.width, event.x) if event.y == 0 else None
        if index is not None:
            self.post_message(self.LaneClicked(index))

    def painted_line(self, y: int) -> Painted:
        """One of the two lines."""
        width = self.room.width
        if y == 0:
            return self.painter.painted(lane_line(self.state, width), width, fill="bar")
        return self.painter.painted(status_line(self.state, width), width, fill="status")


class Drawing(Lined):
    """A few lines made by a function of the width: the panel, the message and hint lines."""

    def __init__(
        self, painter: Painter, draw: Callable[[int], Sequence[Line]], *, fill: str = "text", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.fill = fill
        self.draw = draw
        self._painted: dict[int, Painted] = {}
        self._lines: Sequence[Line] = ()
        self._drawn: Size | None = None
        """The size for which `put` drew, until that is painted."""

    def put(self) -> None:
        """Draw anew; only lines that are not as they were painted last are painted again."""
        width, height = self._drawn = self.size
        if not height:  # hidden: it is drawn when it comes back
            self.refresh()
            return
        self._lines = self.draw(width)
        regions = stale(self._painted, {y: self._line(y, width) for y in range(height)}, width)
        if regions:
            self.refresh(*regions)
        else:
            self._drawn = None

    def _line(self, y: int, width: int) -> Painted:
        line = self._lines[y] if y < len(self._lines) else ()
        return self.painter.painted(tuple(line), width, fill=self.fill)

    def painted_line(self, y: int) -> Painted:
        """The line, or nothing below the last."""
        size = self.room
        if y == 0 and self._drawn != size:
            self._lines = self.draw(size.width)
        self._drawn = None
        line = self._painted[y] = self._line(y, size.width)
        return line


def hint_pieces(hints: Sequence[tuple[str, str, bool]], width: int, keep: int = 0) -> Line:
    """Keys and what they do, as many as fit. Each hint is (key, words, possible); the last `keep` never give way. What
    is not possible stands in brackets."""
    out: list[tuple[Shown, str]] = [(own(" "), "hint")]
    last = len(hints) - keep

    def need(key: str, words: str, possible: bool) -> int:
        return len(key) + len(words) + 3 + (0 if possible else 2)

    room = width - 1 - sum(need(*hint) for hint in hints[last:])
    for n, (key, words, possible) in enumerate(hints):
        if n < last:
            if need(key, words, possible) > room:
                continue
            room -= need(key, words, possible)
        if possible:
            out += [(own(f"{key} "), "hint.key"), (own(f"{words}  "), "hint")]
        else:
            out += [(own(f"({key} {words})  "), "hint.dim")]
    return tuple(out)
