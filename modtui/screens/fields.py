"""The one-line text field: what it holds is the reversible form of the text (`escape`), however it came into it.

Textual's own field takes what is pasted as it is and draws it as it is.
"""

from __future__ import annotations

import re

from textual import events
from textual.widgets import Input

from modtui.text import escape, unescape
from modtui.text.output import carried

_LINE_END = re.compile(r"[\r\n]")


class Field(Input):
    """One line of text."""

    @property
    def written(self) -> str:
        """The text as it is meant."""
        return unescape(self.value)

    def load(self, text: str) -> None:
        """Hold a foreign text, with the cursor at its end."""
        self.value = _one_line(text)
        self.cursor_position = len(self.value)

    def put(self, text: str) -> None:
        """Insert a foreign text where the cursor stands, instead of what is selected: its first line."""
        self.replace(_one_line(text), *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        # Textual does what a key is bound to after the keys that came with it: a letter typed right after ctrl+u, in
        # one read over a slow line, would be taken away as well.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            # Enter is told, and up and down are the page's: where a list follows what is typed they choose in it.
            if binding.action != "submit" and not binding.action.startswith(("scroll_", "page_")):
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)
                return

    def _on_paste(self, event: events.Paste) -> None:
        # Textual calls the handler of every class above as well
        event.stop()
        event.prevent_default()
        self.put(event.text)

    def action_paste(self) -> None:
        """What was copied in modtui is foreign, too."""
        self.put(self.app.clipboard)

    def action_copy(self) -> None:
        """Copy the text as it is meant."""
        if self.selected_text:
            self.app.copy_to_clipboard(carried(unescape(self.selected_text)))

    def action_cut(self) -> None:
        """Copy, then take it out."""
        self.action_copy()
        self.delete_selection()


def _one_line(text: str) -> str:
    return escape(_LINE_END.split(text, maxsplit=1)[0].replace("\t", " "))
