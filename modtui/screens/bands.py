"""The lines of every screen: two on top, the message and the hint at the bottom, the panel of an open line between.

They never scroll and never vanish. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.timer import Timer

from modtui.actions import BY_ID, Scope
from modtui.screens.lines.base import Drawn, Line
from modtui.screens.shell import Shell
from modtui.text import Shown, own, say
from modtui.text.width import cut, wrap
from modtui.widgets.bars import Bars, Drawing, TopState, hint_pieces

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.settings import Settings
    from modtui.widgets.patch import Patching as Screen
else:
    Screen = object  # only the class that builds on it is a screen: Textual goes through all names of each

MESSAGE_ROWS = 3
"""A message that does not fit on its line gets more of them for as long as it stands."""

QUESTION_ROWS = 9
"""A question says all that a yes will do, so it may have more."""


class Bands(Screen):
    """What they say, and how many rows they have."""

    SCOPE: ClassVar[Scope] = "text"
    HINTS: tuple[str, ...] = ("back", "help.show")
    """The actions whose keys the last line shows, the important ones first."""

    KEEP_HINTS: ClassVar[int] = 1
    """How many of the last hints are shown in any width."""

    panel_shown = 0
    """How many rows the panel of the open line has now."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.line: Line | None = None
        self._sequences = shell.keymap.sequences(self.SCOPE)
        self._panel_rows = 1
        self._message: Shown = own("")
        self._message_style = "message"
        self._message_rows = 1
        self._tick: Timer | None = None

    # the parts
    def middle(self) -> ComposeResult:
        """What stands between the lines on top and at the bottom."""
        yield from ()

    def compose(self) -> ComposeResult:
        """Two lines, the middle, the panel of an open line, the message, the hint or the text field."""
        paint = self.shell.painter
        yield Bars(paint, id="bars")
        yield from self.middle()
        panel = Drawing(paint, self._draw_panel, fill="panel", id="panel")
        panel.display = False  # before it is laid out: hidden later, it would cost a second layout
        yield panel
        yield Drawing(paint, self._draw_message, fill="message", id="message")
        yield Drawing(paint, self._draw_hint, fill="hint", id="hint")

    @property
    def desk(self) -> Desk:
        """The desk."""
        return self.shell.desk

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.shell.settings

    def when(self, ms: int) -> str:
        """An instant in the moderator's zone: "at 14:00", "on Tue 21 Nov 08:00"."""
        return self.shell.when(ms)

    @property
    def built(self) -> bool:
        """Whether the screen can be drawn: it is there with all its parts, and not on its way out."""
        return self.is_mounted and self in self.app.screen_stack

    _opening = False

    @property
    def drawable(self) -> bool:
        """Whether its parts can be filled: once it is built, and before its first picture."""
        return self.built or self._opening

    def top_state(self) -> TopState:
        """What the first two lines say."""
        return TopState(place=own("modtui"), where=own(type(self).__name__))

    def refresh_top(self) -> None:
        """Draw the first two lines again if they changed; while something counts down, once a second."""
        if not self.drawable:
            return
        try:
            bars = self.query_one("#bars", Bars)
        except NoMatches:
            return  # the program ends: its parts go before the screen does, and a draft may be told of meanwhile
        bars.put(self.top_state())
        box = self.desk.outbox()
        counting = (box.next_due_ms is not None and box.held > 0) or any(c.link.next_ms for c in self.desk.communities)
        if counting and self._tick is None:
            self._tick = self.set_timer(1.0, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        if self.app.screen is self:
            self.refresh_top()
            self.ticked()

    def ticked(self) -> None:
        """What else counts down on this screen."""

    # messages and hints
    def say(self, words: Shown, *, error: bool = False) -> None:
        """Put a sentence on the message line."""
        self._message, self._message_style = words, "message.error" if error else "message"
        self._fit_message()

    def ask(self, words: Shown) -> None:
        """Put a question on the message line; the line that asked takes the answer."""
        self._message, self._message_style = words, "question"
        self._fit_message()

    def _fit_message(self) -> None:
        if not self.built:
            return
        try:
            place = self.query_one("#message", Drawing)
        except NoMatches:
            return  # as in `refresh_top`
        rows = max(1, len(self._draw_message(self.size.width)))
        if rows != self._message_rows:
            place.styles.height = self._message_rows = rows
        place.put()

    def refuse(self, words: Shown) -> None:
        """Say why a key does nothing; input is ignored for half a second."""
        self.shell.gate.refuse()
        self._sequences.reset()
        self.say(words, error=True)

    def hints(self) -> Sequence[tuple[str, str, bool]]:
        """Key, words and whether possible, for the last line."""
        keymap = self.shell.keymap
        return [
            (keymap.shown(name), BY_ID[name].title, self.possible(name)) for name in self.HINTS if keymap.shown(name)
        ]

    def possible(self, action: str) -> bool:
        """Whether an action can be done now (a dim one says why when pressed)."""
        return not BY_ID[action].missing

    def refresh_hint(self) -> None:
        """Draw the last line again."""
        if self.drawable:
            self.query_one("#hint", Drawing).put()

    def _draw_message(self, width: int) -> Sequence[Drawn]:
        room = max(10, width - 2)
        most = MESSAGE_ROWS if self._message_style != "question" else QUESTION_ROWS
        lines = [*islice(wrap(self._message, room), most + 1)]
        if len(lines) > most:
            rest = say("{last} {more}", last=lines[most - 1], more=lines[most])
            lines = [*lines[: most - 1], cut(rest, room)]
        return [((say(" {line}", line=line), self._message_style),) for line in lines] if self._message else []

    def _draw_hint(self, width: int) -> Sequence[Drawn]:
        if self.line is not None:
            return [self.line.hint(width)]
        if self._sequences.pending:
            found = self._sequences.continuations()
            pairs = [(key, BY_ID[name].title, self.possible(name)) for key, name in found]
            pairs.sort(key=lambda pair: not pair[2])
            return [hint_pieces([(" ".join(self._sequences.pending), "then", True), *pairs], width)]
        return [hint_pieces(self.hints(), width, self.KEEP_HINTS)]

    def _draw_panel(self, width: int) -> Sequence[Drawn]:
        return self.line.draw(width) if self.line is not None else []

    # lines
    def open_line(self, line: Line) -> None:
        """Show a line; it has the keys until it closes."""
        self.line = line
        self._sequences.reset()
        if self._message_style != "question":
            self.say(own(""))  # what happened before is read; what follows is about the line
        self.redraw_line()

    def close_line(self) -> None:
        """Take the line away."""
        self.line = None
        self.redraw_line()

    def panel_room(self) -> int:
        """How many rows the panel of a line may have."""
        return self.size.height - 8

    def redraw_line(self) -> None:
        """Draw the panel and the hint again; the panel is as high as its line draws."""
        if not self.built:
            return
        panel = self.query_one("#panel", Drawing)
        most = max(3, self.panel_room())
        if self.line is not None:
            self.line.room = most
        rows = min(len(self._draw_panel(self.size.width)), most)
        self.panel_shown = rows
        if panel.display != bool(rows):
            panel.display = bool(rows)
        if rows and self._panel_rows != rows:
            panel.styles.height = self._panel_rows = rows
        panel.put()
        self.refresh_hint()
