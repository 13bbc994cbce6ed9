"""The text field of the composer: Textual's text area, whose keys are taken in the order in which they were pressed."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from modtui.screens.pad import Pad
from modtui.screens.tokens import token_of
from modtui.text import escape


class Area(Pad):
    """`takes(event, token)` is asked first about each key. Textual runs the keys that move and delete only after they
    came back to the app, so that letters typed just after them would overtake them; here they are done at once.
    """

    def __init__(self, text: str, takes: Callable[[events.Key, str], bool], *, id: str) -> None:
        super().__init__(escape(text), id=id, soft_wrap=True)
        self.takes = takes
        self.cursor_blink = False
        self.highlight_cursor_line = False

    @property
    def line_before(self) -> str:
        """What stands before the cursor on its line."""
        row, column = self.cursor_location
        return self.document[row][:column]

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        token = token_of(event)
        if event.key.startswith("alt+") or self.takes(event, token):
            event.prevent_default()
            return
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.prevent_default()
            await self.run_action(binding.action)
            return

    def swap(self, old: str, new: str) -> bool:
        """Replace the first `old` in the text by foreign text; False when it is not there."""
        for row in range(self.document.line_count):
            column = self.document[row].find(old)
            if column >= 0:
                self.replace(escape(new), (row, column), (row, column + len(old)), maintain_selection_offset=False)
                return True
        return False
