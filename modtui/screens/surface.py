"""What all screens share: keys by scope, a text field, what runs beside the screen.

A key goes to the text field if one is open, else to the open line, else through the keymap to the method `act_...` of
the screen. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.widgets import Input

from modtui.actions import BY_ID, method_of
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.ondemand import on_demand
from modtui.screens.bands import Bands
from modtui.screens.shell import Shell
from modtui.screens.tokens import AZERTY, token_of
from modtui.text import Shown, own, say
from modtui.widgets.bars import Drawing
from modtui.widgets.patch import Patching

if TYPE_CHECKING:
    from modtui.screens.fields import Field
    from modtui.text import unescape
else:
    on_demand(__name__, "modtui.text", "unescape")

_REPEATABLE = ("j", "k", "down", "up")
"""Keys that may be held down in a line: they only move. Any other counts once, however long it is held."""


class Surface(Bands, Patching, inherit_bindings=False):
    """A screen with two lines on top, two at the bottom, and something between."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._text_done: Callable[[str], None] | None = None
        self._text_left: Callable[[], None] | None = None
        self._text_changed: Callable[[str], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._field: Field | None = None

    def on_mount(self) -> None:
        """Nothing has the focus (see AUTO_FOCUS): keys come to the screen."""
        self.call_after_refresh(self.refresh_top)

    def on_resize(self) -> None:
        """The message may need more lines now, or fewer."""
        self._fit_message()

    def keep(self) -> None:
        """The program is about to stop: what is being written here is to be kept."""

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
