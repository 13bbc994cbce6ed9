"""What all screens share: keys by scope, the message and hint lines, lines, a text field.

A key goes to the text field if one is open, else to the open line, else through the keymap to the method `act_...` of
the screen. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widgets import Input

from modtui.actions import BY_ID, Scope, method_of
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.ondemand import on_demand
from modtui.screens.lines.base import Drawn, Line
from modtui.screens.shell import Shell
from modtui.screens.tokens import AZERTY, token_of
from modtui.text import Shown, own, say
from modtui.text.width import cut, wrap
from modtui.widgets.bars import Bars, Drawing, TopState, hint_pieces
from modtui.widgets.patch import Patching

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.screens.fields import Field
    from modtui.settings import Settings
    from modtui.text import unescape
else:
    on_demand(__name__, "modtui.text", "unescape")

MESSAGE_ROWS = 3
"""A message that does not fit on its line gets more of them for as long as it stands."""

QUESTION_ROWS = 9
"""A question says all that a yes will do, so it may have more."""

_REPEATABLE = ("j", "k", "down", "up")
"""Keys that may be held down in a line: they only move. Any other counts once, however long it is held."""


class Surface(Patching, inherit_bindings=False):
    """A screen with two lines on top, two at the bottom, and something between."""

    SCOPE: ClassVar[Scope] = "text"
    HINTS: tuple[str, ...] = ("back", "help.show")
    """The actions whose keys the last line shows, the important ones first."""

    KEEP_HINTS: ClassVar[int] = 1
    """How many of the last hints are shown in any width."""

    panel_shown = 0
    """How many rows the panel of the open line has now."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.line: Line | None = None
        self._sequences = shell.keymap.sequences(self.SCOPE)
        self._panel_rows = 1
        self._message: Shown = own("")
        self._message_style = "message"
        self._message_rows = 1
        self._text_done: Callable[[str], None] | None = None
        self._text_left: Callable[[], None] | None = None
        self._text_changed: Callable[[str], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tick: Timer | None = None
        self._field: Field | None = None

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

    def on_mount(self) -> None:
        """Nothing has the focus (see AUTO_FOCUS): keys come to the screen."""
        self.call_after_refresh(self.refresh_top)

    def on_resize(self) -> None:
        """The message may need more lines now, or fewer."""
        self._fit_message()

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

    def keep(self) -> None:
        """The program is about to stop: what is being written here is to be kept."""

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

    # text
    def ask_text(
        self,
        prompt: Shown,
        done: Callable[[str], None],
        *,
        text: str = "",
        left: Callable[[], None] | None = None,
        changed: Callable[[str], None] | None = None,
        enter: str = "enter takes it",
    ) -> None:
        """Ask for one line of text in the place of the last line. `enter` says what that key does."""
        self._text_done, self._text_left, self._text_changed = done, left, changed
        self.ask(say("{prompt}   ({enter}, ctrl+g leaves)", prompt=prompt, enter=own(enter)))
        field = self._field = self._field or self._make_field()
        field.load(text)
        self.query_one("#hint", Drawing).display = False
        field.display = True
        self.set_focus(field)  # at once: the next key may be on its way

    def _make_field(self) -> Field:
        """The text field, from the first question on: its style sheet is the longest of all."""
        from modtui.screens.fields import Field

        field = Field(id="field", compact=True, select_on_focus=False)
        field.display = False
        field.cursor_blink = False
        self.mount(field)
        return field

    def _end_text(self) -> None:
        if self._field is not None:
            self._field.display = False
        self.query_one("#hint", Drawing).display = True
        self.set_focus(None)
        self._text_done = self._text_left = self._text_changed = None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell who wants to follow the typing."""
        event.stop()
        if self._text_changed is not None and self.focused is event.input:
            self._text_changed(unescape(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the text."""
        event.stop()
        self.shell.gate.key("")  # the field had the keys: what the text decides is decided now
        done = self._text_done
        self._end_text()
        self.say(own(""))
        if done is not None:
            done(unescape(event.value))

    def ask_long_text(
        self, title: Shown, text: str, done: Callable[[str], None], *, draft: str | None = None
    ) -> None:
        """Ask for text of several lines on a screen of its own."""
        from modtui.screens.pages.editor import EditorPage

        self.app.push_screen(EditorPage(self.shell, title, text, done, draft=draft))

    # keys
    def on_key(self, event: events.Key) -> None:
        """Every key comes by here."""
        if self.app.screen is not self:
            # Typed ahead, before the screen on top of this one was there: it is meant for that one, and for none if
            # this screen has gone.
            event.stop()
            event.prevent_default()
            if self in self.app.screen_stack and isinstance(self.app.screen, Surface):
                self.app.screen.typed_ahead(event)
            return
        if self.focused is not None:
            if event.is_printable and event.character and isinstance(self.focused, Input):
                # A field takes what it gets itself; this came to the screen before the field was open.
                event.stop()
                event.prevent_default()
                self.focused.insert_text_at_cursor(event.character)
            elif event.key in ("ctrl+g", "escape"):
                event.stop()
                event.prevent_default()
                left = self._text_left
                self._end_text()
                self.say(own(""))
                if left is not None:
                    left()
            return
        event.stop()
        event.prevent_default()
        token = token_of(event)
        if not self.shell.gate.key(token, late_s=events.Event().time - event.time):
            return
        if self.line is not None:
            if self.settings.screen.keyboard == "azerty":
                token = AZERTY.get(token, token)
            if self.shell.gate.repeating and token not in _REPEATABLE:
                self.say(own("A key that repeats counts once."))
            elif token == "enter" and self.shell.gate.hurried:
                self.say(own("As fast as pasted text, so it does not count: press enter again."), error=True)
            else:
                self.line.key(token)
            return
        pending = bool(self._sequences.pending)
        action = self._sequences.feed(token)
        if action:
            self.act(action)
        elif action is None and not pending:
            self.unbound(token)
        if pending or action == "":
            self.refresh_hint()

    def typed_ahead(self, event: events.Key) -> None:
        """Take a key that came to the screen below while this one was opening."""
        again = events.Key(event.key, event.character)
        again.time = event.time
        self.post_message(again)

    def unbound(self, token: str) -> None:
        """A key that means nothing here."""

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text decides nothing."""
        if self.focused is None:
            event.stop()
            self.say(say("Pasted text decides nothing ({n} keys ignored).", n=len(event.text)), error=True)

    def act(self, action: str) -> None:
        """Do an action by its id, or say why it is not done here."""
        if BY_ID[action].missing:
            title = BY_ID[action].title
            name = title[:1].upper() + title[1:]
            self.refuse(say("{name} is not possible here: {why}.", name=own(name), why=own(BY_ID[action].missing)))
            return
        method = getattr(self, method_of(action), None)
        if method is None:
            self.refuse(say("{title} is not possible here.", title=BY_ID[action].title.capitalize() or action))
            return
        cast(Callable[[], None], method)()

    def run(self, work: Awaitable[None]) -> None:
        """Run `work` beside the screen. Its errors become a message; the program goes on."""

        async def guarded() -> None:
            try:
                await work
            except ModtuiError as error:
                if self.built:
                    self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
                    self.refresh_top()  # the journal's trouble stands there

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self.app._handle_exception(error)  # a mistake of ours ends the program and is told; it is never swallowed

    def decide(self, items: Sequence[Item], intent: Intent) -> None:
        """Pages do not decide; the work screen does."""
        raise NotImplementedError

    def blocked_words(self, what: str, blocked: Blocked) -> Shown:
        """The sentence of a dim verb."""
        return say("{what} is not possible here: {why}.", what=what.capitalize(), why=blocked.sentence.rstrip("."))
