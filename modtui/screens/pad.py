"""The text field of several lines: it holds the reversible form of the text (`escape`), however it came into it.

Textual's own field takes what is pasted as it is and draws it as it is. A module of its own: it is loaded late.
"""

from __future__ import annotations

from textual import events
from textual.widgets import TextArea

from modtui.text import escape, unescape
from modtui.text.output import carried


class Pad(TextArea):
    """Text of several lines."""

    @property
    def written(self) -> str:
        """The text as it is meant."""
        return unescape(self.text)

    def put(self, text: str) -> None:
        """Insert foreign text where the cursor stands, instead of what is selected."""
        self.replace(escape(text), *self.selection, maintain_selection_offset=False)

    def load(self, text: str) -> None:
        """Put a whole foreign text, with the cursor at its end; ctrl+z brings back what was there."""
        last = self.document.line_count - 1
        self.replace(escape(text), (0, 0), (last, len(self.document[last])), maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.put(_lines(event.text))

    def action_paste(self) -> None:
        """What was copied in modtui is foreign, too."""
        if not self.read_only:
            self.put(_lines(self.app.clipboard))

    def action_copy(self) -> None:
        """Copy the text as it is meant."""
        if self.selected_text:
            self.app.copy_to_clipboard(carried(unescape(self.selected_text)))

    def action_cut(self) -> None:
        """Copy, then take it out: what is selected, else the line."""
        if self.read_only:
            return
        start, end = self.selection
        if start == end:
            row = self.cursor_location[0]
            last = row == self.document.line_count - 1
            start, end = (row, 0), (row, len(self.document[row])) if last else (row + 1, 0)
        held = self.get_text_range(start, end)
        if held:
            self.app.copy_to_clipboard(carried(unescape(held)))
            self.delete(start, end, maintain_selection_offset=False)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
