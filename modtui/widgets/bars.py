"""The two lines on top and the two at the bottom. They never scroll and never vanish.

The builders are pure: a state in, drawn lines out, each exactly as wide as asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.strip import Strip
from textual.widget import Widget

from modtui.text import EMPTY, Shown, own, say
from modtui.text.width import cells, cut
from modtui.widgets.draw import Line, Painter


@dataclass(frozen=True, slots=True)
class LaneTab:
    """A lane in the first line. `count` None: not known; `short` is used where there is little room."""

    digit: str
    name: str
    short: str
    count: int | None
    active: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class TopState:
    """What the first two lines say. `where` replaces the lanes on other screens ("harbour > Journal").

    `notes` are the counters of line 2: (text, style), the important ones first; they are never cut before the others.
    """

    place: Shown
    lanes: tuple[LaneTab, ...] = ()
    where: Shown | None = None
    communities: int = 1
    name: Shown = EMPTY
    left: Shown = EMPTY
    notes: tuple[tuple[Shown, str], ...] = ()


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
    name = [(say(" {name} ", name=state.name), "bar.name")]
    left: list[tuple[Shown, str]] = [(say(" {place}  ", place=state.place), "bar.name")]
    if state.where is not None:
        left.append((state.where, "bar"))
        return _fill(left, name, width, "bar")
    long = width >= 110
    for tab in state.lanes:
        title = tab.name if long or tab.active else tab.short
        count = "" if tab.count is None else f" {tab.count}"
        text = f"{tab.digit} {title.upper() if tab.active else title}{count}"
        left.append((own(f" {text} "), "bar.lane" if tab.active else "bar"))
    if long and state.communities > 1:
        name.insert(0, (own(" < > community   0 all "), "bar"))
    return _fill(left, name, width, "bar")


def status_line(state: TopState, width: int) -> Line:
    """Line 2: order, filter and marks on the left; held, sending, failed, budget and link on the right."""
    right: list[tuple[Shown, str]] = []
    for text, style in state.notes:
        right += [(own("| " if not right else "  "), "status"), (text, style)]
    right.append((own(" "), "status"))
    total = sum(cells(text) for text, _ in right)
    if total > width:
        while len(right) > 3 and sum(cells(text) for text, _ in right) > width:
            right = [*right[:-3], right[-1]]
    return _fill([(own(" "), "status"), (state.left, "status"), (own(" "), "status")], right, width, "status")


class Bars(Widget):
    """The two lines on top."""

    can_focus = False

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.state = TopState(place=own("modtui"))
        self._drawn: tuple[Line, ...] = ()

    def put(self, state: TopState) -> None:
        """Show a state; only a line that changed is painted again."""
        if state != self.state:
            self.state = state
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One of the two lines."""
        width = self.size.width
        if y == 0:
            return self.painter.strip(lane_line(self.state, width), width, fill="bar")
        return self.painter.strip(status_line(self.state, width), width, fill="status")


class Drawing(Widget):
    """A few lines made by a function of the width: the panel, the message and hint lines."""

    can_focus = False

    def __init__(
        self, painter: Painter, draw: Callable[[int], Sequence[Line]], *, fill: str = "text", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.fill = fill
        self.draw = draw

    def render_line(self, y: int) -> Strip:
        """The line, or nothing below the last."""
        width = self.size.width
        lines = self.draw(width)
        return self.painter.strip(lines[y] if y < len(lines) else (), width, fill=self.fill)


def hint_pieces(hints: Sequence[tuple[str, str, bool]], width: int, keep: int = 0) -> Line:
    """Keys and what they do, as many as fit. Each hint is (key, words, possible); the last `keep` never give way."""
    out: list[tuple[Shown, str]] = [(own(" "), "hint")]
    last = len(hints) - keep
    room = width - 1 - sum(len(key) + len(words) + 3 for key, words, _ in hints[last:])
    for n, (key, words, possible) in enumerate(hints):
        need = len(key) + len(words) + 3
        if n < last:
            if need > room:
                continue
            room -= need
        out.append((own(f"{key} "), "hint.key" if possible else "hint.dim"))
        out.append((own(f"{words}  "), "hint" if possible else "hint.dim"))
    return tuple(out)
