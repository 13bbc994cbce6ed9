"""Every action of a screen by name: type a part, enter does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import events
from textual.widgets import Input

from modtui.actions import Action, Scope
from modtui.screens.commands import matches
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import own
from modtui.text.width import pad
from modtui.widgets.draw import Line


class PalettePage(LinesPage):
    """Filters the registry while one types."""

    TITLE_WORDS = "Palette"

    def __init__(self, shell: Shell, scope: Scope, chosen: Callable[[str | None], None]) -> None:
        super().__init__(shell)
        self.about, self.chosen = scope, chosen
        self.found: list[Action] = matches("", scope)
        self.cursor = 0

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.ask_text(own("Which action? up and down choose"), self._done, left=self.act_back, changed=self._typed)

    def _typed(self, text: str) -> None:
        self.found = matches(text, self.about)
        self.cursor = 0
        self.show()

    def _done(self, text: str) -> None:
        picked = self.found[self.cursor or 0].id if self.found else None
        self.dismiss(None)
        self.chosen(picked)

    def on_key(self, event: events.Key) -> None:
        """Arrows choose while the field has the other keys."""
        if (
            self.focused is not None
            and isinstance(self.focused, Input)
            and event.key in ("up", "down", "pageup", "pagedown")
        ):
            event.stop()
            event.prevent_default()
            self._move({"up": -1, "down": 1, "pageup": -10, "pagedown": 10}[event.key])
            return
        super().on_key(event)

    def rows(self) -> int:
        """The matches."""
        return len(self.found)

    def body(self, width: int) -> Iterable[Line]:
        """A line for each match: key, title, help."""
        if not self.found:
            yield ((own(" No action has this name."), "dim"),)
        for action in self.found:
            key = self.shell.keymap.shown(action.id) or "-"
            yield (
                (own(f"  {key:<10} "), "panel.key"),
                (pad(own(action.title or action.id), 20), "text"),
                (own(action.help), "dim"),
            )
