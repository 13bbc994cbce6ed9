"""Every action of a screen by name: type a part, enter does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from modtui.actions import Action, Scope
from modtui.screens.commands import matches
from modtui.screens.pages.lines_page import TypedPage
from modtui.screens.shell import Shell
from modtui.text import own
from modtui.text.width import cut, pad
from modtui.widgets.draw import Line


class PalettePage(TypedPage):
    """Filters the registry while one types."""

    TITLE_WORDS = "Palette"

    def __init__(
        self, shell: Shell, scope: Scope, chosen: Callable[[str | None], None], blocked: Mapping[str, str]
    ) -> None:
        super().__init__(shell)
        self._blocked = blocked
        self.about, self.chosen = scope, chosen
        self.found: list[Action] = matches("", scope)
        self.cursor = 0

    def on_mount(self) -> None:
        """Type at once."""
        self.ask_text(own("Which action? up and down choose"), self._done, left=self.act_back, changed=self._typed)

    def _typed(self, text: str) -> None:
        self.found = matches(text, self.about)
        self.cursor = 0
        self.show()

    def _done(self, text: str) -> None:
        picked = self.found[self.cursor or 0].id if self.found else None
        self.dismiss(None)
        self.chosen(picked)

    def rows(self) -> int:
        """The matches."""
        return len(self.found)

    def body(self, width: int) -> Iterable[Line]:
        """A line for each match: key, title, help."""
        if not self.found:
            yield ((own(" No action has this name."), "dim"),)
        for action in self.found:
            key = self.shell.keymap.shown(action.id) or "-"
            why = action.missing or self._blocked.get(action.id, "")
            words = f"not possible here: {why}" if why else action.help
            yield (
                (own(f"  {key:<10} "), "hint.dim" if why else "panel.key"),
                (pad(own(action.title or action.id), 20), "hint.dim" if why else "text"),
                (cut(own(words), max(10, width - 35)), "hint.dim" if why else "dim"),
            )
