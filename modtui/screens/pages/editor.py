"""Text of several lines: a held post, a message. ctrl+o takes it, ctrl+e opens $EDITOR, ctrl+g leaves.

The text field holds the reversible form of foreign text, so hostile signs are visible and survive.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.app import ComposeResult, SuspendNotSupported
from textual.widgets import TextArea

from modtui.screens.page import Page
from modtui.screens.shell import Shell
from modtui.text import Shown, escape, own, say, unescape
from modtui.widgets.bars import TopState, hint_pieces
from modtui.widgets.draw import Line


class EditorPage(Page):
    """Edits `text`; `done` gets it when it is taken."""

    def __init__(self, shell: Shell, title: Shown, text: str, done: Callable[[str], None]) -> None:
        super().__init__(shell)
        self.title_words, self.text, self.done = title, text, done

    def middle(self) -> ComposeResult:
        """One text area."""
        area = TextArea(escape(self.text), id="area", soft_wrap=True)
        area.cursor_blink = False
        area.highlight_cursor_line = False
        yield area

    def on_mount(self) -> None:
        """Write at once."""
        super().on_mount()
        self.set_focus(self.query_one("#area", TextArea))

    def top_state(self) -> TopState:
        """What is written."""
        return TopState(
            place=own("modtui"),
            where=say("> {title}", title=self.title_words),
            left=own("ctrl+o takes it   ctrl+e your editor   ctrl+g leaves without a change"),
        )

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
                text = unescape(self.query_one("#area", TextArea).text)
                self.dismiss(None)
                self.done(text)
            elif event.key == "ctrl+e":
                self.act_editor()
            else:
                self.dismiss(None)
        elif (event.is_printable and event.character) or event.key == "enter":
            # The area takes what it gets itself; this came before it was there.
            event.stop()
            event.prevent_default()
            self.query_one("#area", TextArea).insert("\n" if event.key == "enter" else event.character or "")

    def act_editor(self) -> None:
        """Open the moderator's own editor on a private file; sending pauses meanwhile."""
        area = self.query_one("#area", TextArea)
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        folder = Path(tempfile.mkdtemp(prefix="modtui-"))
        path = folder / "text.md"
        path.write_text(area.text, encoding="utf-8")
        try:
            with self.app.suspend():
                subprocess.run([*command, str(path)], check=False)
            area.text = path.read_text(encoding="utf-8", errors="replace")
        except (OSError, SuspendNotSupported) as error:
            self.say(
                say("The editor {name} cannot be started: {error}.", name=command[0], error=str(error)), error=True
            )
        finally:
            for left in folder.glob("*"):
                left.unlink(missing_ok=True)
            folder.rmdir()
