"""Text of several lines: a held post, a message. ctrl+o takes it, ctrl+e opens $EDITOR, ctrl+g leaves.

The text field holds the reversible form of foreign text, so hostile signs are visible and survive.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult

from modtui.screens.pad import Pad
from modtui.screens.page import Page
from modtui.screens.shell import Shell
from modtui.screens.status import page_top
from modtui.text import Shown, escape, own, say, unescape
from modtui.widgets.bars import TopState, hint_pieces
from modtui.widgets.draw import Line


class EditorPage(Page):
    """Edits `text`; `done` gets it when it is taken. With `draft` (a name) leaving keeps what was written."""

    def __init__(
        self, shell: Shell, title: Shown, text: str, done: Callable[[str], None], *, draft: str | None = None
    ) -> None:
        super().__init__(shell)
        self.title_words, self.text, self.done, self.draft = title, text, done, draft
        self._kept = shell.drafts.get(draft) if draft is not None else None

    def middle(self) -> ComposeResult:
        """One text area."""
        area = Pad(escape(self.text if self._kept is None else self._kept), id="area", soft_wrap=True)
        area.cursor_blink = False
        area.highlight_cursor_line = False
        yield area

    def on_mount(self) -> None:
        """Write at once."""
        self.set_focus(self.query_one("#area", Pad))
        if self._kept is not None:
            self.say(own("This is your draft from before. To begin anew, empty it and leave."))

    def top_state(self) -> TopState:
        """What is written, and for whom."""
        communities = self.desk.communities
        one = communities[0] if len(communities) == 1 else None
        return page_top(self.shell, one, say("> {title}", title=self.title_words), own("nothing is sent before ctrl+o"))

    def _draw_hint(self, width: int) -> list[Line]:
        return [
            hint_pieces(
                [
                    ("ctrl+o", "take it", True),
                    ("ctrl+e", "editor", True),
                    ("ctrl+z", "undo typing", True),
                    ("ctrl+g", "leave", True),
                ],
                width,
            )
        ]

    def on_key(self, event: events.Key) -> None:
        """Only four keys are not the text's."""
        if event.key in ("ctrl+o", "ctrl+e", "ctrl+g", "escape"):
            event.stop()
            event.prevent_default()
            if event.key == "ctrl+o":
                self._take()
            elif event.key == "ctrl+e":
                self.run(self._edit_outside())
            else:
                self._leave()
        elif (event.is_printable and event.character) or event.key == "enter":
            # The area takes what it gets itself; this came before it was there.
            event.stop()
            event.prevent_default()
            self.query_one("#area", Pad).insert("\n" if event.key == "enter" else event.character or "")

    def _written(self) -> str:
        return self.query_one("#area", Pad).written

    def _take(self) -> None:
        text = self._written()
        if self.draft is not None:
            self.shell.drafts.pop(self.draft, None)
        self.dismiss(None)
        self.done(text)

    def _leave(self) -> None:
        """Leaving never asks and never loses."""
        text = self._written()
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        words = own("Left without a change.")
        if self.draft is not None and text.strip() and text != self.text:
            self.shell.drafts[self.draft] = text
            words = own("Left; what you wrote is kept until modtui ends, and is there when you come back.")
        elif self.draft is not None:
            self.shell.drafts.pop(self.draft, None)
        self.dismiss(None)
        if isinstance(below, Page):
            below.say(words)

    async def _edit_outside(self) -> None:
        """Open the moderator's own editor; if it fails, nothing is lost."""
        from modtui.screens.outside import edit_outside

        area = self.query_one("#area", Pad)
        text = await edit_outside(self, area.text)
        if text is not None:
            area.load(unescape(text))
            self.say(own("Taken from the editor. ctrl+o takes it, ctrl+g leaves."))
