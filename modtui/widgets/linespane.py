"""A pane of lines: a head and a foot that stay, a body that is made line by line only as far as it is seen.

Own offset, one repaint: a scrolling container with a virtual size costs a layout and a second repaint (measured).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from textual.geometry import Size

from modtui.text import Shown, own, say
from modtui.text.width import cells, cut
from modtui.widgets.draw import Line, Painted, Painter, stale
from modtui.widgets.patch import Lined


class Anchor(Struct, frozen=True):
    """A named place in the body; it takes no line. J and K step from anchor to anchor."""

    name: str


Body = Callable[[int], Iterable[Line | Anchor]]
"""Makes the body for a width, lazily."""

AROUND = 4
"""The lines that every screen has on top and at the bottom."""

_FAR = 200_000
"""More lines than this are never made for jumping to the end."""


class LinesPane(Lined):
    """Shows lines; `key` names what is shown, so that the place is kept when the same thing comes again."""

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.head: Sequence[Line] = ()
        self.foot: Sequence[Line] = ()
        self.key = ""
        self.top = 0
        self.cursor: int | None = None
        self.end_words: Shown | None = None
        self._body: Body = lambda width: ()
        self._source: Iterator[Line | Anchor] = iter(())
        self._lines: list[Line] = []
        self._anchors: list[tuple[str, int]] = []
        self._complete = True
        self._width = 0
        self._hit: int | None = None
        self._made: dict[int, Painted] = {}
        self._made_for = Size(0, 0)
        self._painted: dict[int, Painted] = {}

    # what is shown
    def show(
        self,
        body: Body,
        *,
        head: Sequence[Line] = (),
        foot: Sequence[Line] = (),
        key: str = "",
        end: Shown | None = None,
        cursor: int | None = None,
    ) -> None:
        """Show something (else). `end` is said where the body ends; `cursor` highlights a body line."""
        if key != self.key:
            self.top = 0
            self._hit = None
        self.key, self.head, self.foot, self._body, self.end_words, self.cursor = key, head, foot, body, end, cursor
        self._begin()
        self._repaint()

    def _repaint(self) -> None:
        """Paint the lines that are not as they were painted last."""
        width, height = self._made_for = self.size
        if not height:  # hidden: it is drawn when it comes back
            self.refresh()
            return
        if width != self._width:
            self._begin()
        end = self.at_end
        self._made = {y: self._line(y, width, height, end) for y in range(height)}
        regions = stale(self._painted, self._made, width)
        if regions:
            self.refresh(*regions)

    def _begin(self) -> None:
        self._width = self.size.width
        self._lines, self._anchors, self._complete = [], [], False
        self._source = iter(self._body(self._width or max(1, self.app.size.width)))  # before the first layout
        self._made = {}

    def _need(self, count: int) -> None:
        """Make lines until there are `count` of them or no more."""
        while not self._complete and len(self._lines) < count:
            made = next(self._source, None)
            if made is None:
                self._complete = True
                if self.end_words is not None:
                    self._lines.append(((self.end_words, "rule"),))
            elif isinstance(made, Anchor):
                self._anchors.append((made.name, len(self._lines)))
            else:
                self._lines.append(made)

    @property
    def body_rows(self) -> int:
        """How many body lines fit."""
        height = self.size.height or self.app.size.height - AROUND  # before the first layout
        return max(1, height - len(self.head) - len(self.foot))

    @property
    def at_end(self) -> bool:
        """Whether the last line is in sight."""
        self._need(self.top + self.body_rows + 1)
        return self._complete and self.top + self.body_rows >= len(self._lines)

    def place(self) -> Shown:
        """ "more below (62 %)", or nothing at the end; a huge text says only that there is more."""
        if self.at_end:
            return say("")
        if not self._complete:
            self._need(self.top + 400)
        if not self._complete:
            return say("more below")
        share = round(100 * (self.top + self.body_rows) / max(1, len(self._lines)))
        return say("more below ({share} %)", share=min(99, share))

    def painted_line(self, y: int) -> Painted:
        """Head, body, or foot."""
        size = self.room
        if size != self._made_for:
            self._made, self._made_for = {}, size
        line = self._made.get(y)
        if line is None:
            if size.width != self._width:
                self._begin()
            line = self._made[y] = self._line(y, size.width, size.height, self.at_end)
        self._painted[y] = line
        return line

    def _line(self, y: int, width: int, height: int, end: bool) -> Painted:
        """A line of the pane at this size; `end` is `at_end`."""
        if y < len(self.head):
            return self.painter.painted(self.head[y], width)
        if y >= height - len(self.foot):
            return self.painter.painted(self.foot[y - (height - len(self.foot))], width)
        index = self.top + y - len(self.head)
        self._need(index + 1)
        if index >= len(self._lines):
            return self.painter.painted((), width)
        line = self._lines[index]
        over = "cursor" if index == self.cursor else "hit" if index == self._hit else ""
        if index == self.cursor:
            line = _pointed(line)
        if not end and y == height - len(self.foot) - 1:
            line = self._more(line, width)
        return self.painter.painted(line, width, over=over)

    def _more(self, line: Line, width: int) -> Line:
        """The last visible body line, with the word that there is more."""
        words = say(" -- {place} ", place=self.place())
        room = width - cells(words)
        out: list[tuple[Shown, str]] = []
        for text, style in line:
            if room <= 0:
                break
            piece = cut(text, room)
            room -= cells(piece)
            out.append((piece, style))
        out.append((say(" " * max(0, room)), "text"))
        out.append((words, "dim"))
        return tuple(out)

    # moving
    def scroll(self, by: int) -> bool:
        """Scroll by lines; False when it is already at that end."""
        return self._go(self.top + by)

    def page(self, pages: float) -> bool:
        """Scroll by pages, one line of overlap."""
        step = int(max(1, self.body_rows - 1) * pages)
        return self.scroll(step or (1 if pages > 0 else -1))

    def home(self) -> None:
        """To the first line."""
        self._go(0)

    def end(self) -> None:
        """To the last line (of what is reasonable to make)."""
        self._need(_FAR)
        self._go(len(self._lines))

    def _go(self, top: int) -> bool:
        self._need(top + self.body_rows + 1)
        new = max(0, min(top, len(self._lines) - self.body_rows)) if self._complete else max(0, top)
        if new == self.top:
            return False
        self.top = new
        self._repaint()
        return True

    def step(self, direction: int) -> bool:
        """To the next or previous anchor; within a long stretch it scrolls first. False when there is none."""
        if direction > 0:
            self._need(self.top + 4 * self.body_rows)
            nxt = next((line for _, line in self._anchors if line > self.top), None)
            if nxt is None or nxt >= self.top + self.body_rows:
                return self.page(1) if not self.at_end else False
            return self._go(nxt)
        before = [line for _, line in self._anchors if line < self.top]
        if not before or self.top - before[-1] > self.body_rows:
            return self.page(-1)
        return self._go(before[-1])

    def below(self, name: str) -> bool:
        """Whether the anchor stands below what is in sight."""
        return dict(self.anchors()).get(name, 0) > self.top + self.body_rows

    def anchors(self) -> list[tuple[str, int]]:
        """The anchors as far as they are made: name and body line."""
        self._need(4000)
        return list(self._anchors)

    def to_anchor(self, name: str, *, before: int = 0) -> None:
        """Scroll so that the anchor stands near the top, with some lines before it."""
        self._need(4000)
        at = next((line for anchor, line in self._anchors if anchor == name), None)
        if at is not None:
            self._go(max(0, at - before))

    def line_shown(self, index: int) -> None:
        """Scroll so that body line `index` is in sight (a page cursor moved there)."""
        self._need(index + 1)
        if index < self.top:
            self.top = index
        elif index >= self.top + self.body_rows:
            self.top = index - self.body_rows + 1
        self._repaint()

    def put_cursor(self, index: int | None) -> None:
        """Move the highlight; two lines are painted again where that is enough."""
        self.cursor = index
        if index is None or self.top <= index < self.top + self.body_rows:
            self._repaint()
        else:
            self.line_shown(index)

    def find(self, text: str, direction: int = 1) -> bool:
        """Go to the next line that holds `text` (any case), from the last hit or the top; False when there is none."""
        self._need(20_000)
        wanted = text.casefold()
        count = len(self._lines)
        start = self._hit if self._hit is not None else self.top - direction
        for n in range(1, count + 1):
            index = (start + n * direction) % count
            if wanted in "".join(piece for piece, _ in self._lines[index]).casefold():
                self._hit = index
                self.line_shown(index)
                return True
        return False

    def on_resize(self) -> None:
        """Wrap again for the new width; what was drawn for it already stays."""
        self._repaint()

    def on_mouse_scroll_down(self) -> None:
        """The wheel scrolls by three lines."""
        self.scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """The wheel scrolls by three lines."""
        self.scroll(-3)


def _pointed(line: Line) -> Line:
    """The line with a `>` in its first column, where that is free: a letter beside the colour of the cursor."""
    if not line or not line[0][0].startswith(" "):
        return line
    text, style = line[0]
    return ((own(">" + text[1:]), style), *line[1:])
