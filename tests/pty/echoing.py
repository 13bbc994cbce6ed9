"""A program as small as can be, on the driver under test: it shows what came from the terminal.

Arguments: the driver (`own` or `textual`), how long an escape is held in seconds (what has begun as a sequence is held
for no less), and a file that gets a line for each key and one when the terminal takes nothing more, so that a test
knows of both also when it reads nothing. Every key paints the whole screen anew.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar, Literal, cast

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["TEXTUAL_SMOOTH_SCROLL"] = "0"

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.widgets import Static

from modtui.drivers import Hooks, choose, keyboard


class Echo(App[int], inherit_bindings=False):
    """Shows what came, the last of it last, how many keys, and the size."""

    ENABLE_COMMAND_PALETTE = False
    CSS: ClassVar[str] = "Static { height: 1fr; }"

    def __init__(self, driver: str, escape_s: float, log: Path) -> None:
        self.wanted, self.escape_s, self.log_path = driver, escape_s, log
        self.came: list[str] = []
        self.keys = 0
        keyboard.SEQUENCE_S = max(keyboard.SEQUENCE_S, escape_s)
        super().__init__()

    def get_driver_class(self) -> type[Driver]:
        """The driver under test."""
        hooks = Hooks(self._stuck, self._redraw, lambda: self.exit(return_code=7))
        setting = cast(Literal["own", "textual"], self.wanted)
        return choose(super().get_driver_class(), setting, escape_s=self.escape_s, hooks=hooks)

    def _stuck(self, yes: bool) -> None:
        self._write("STUCK" if yes else "FREED")

    def _write(self, word: str) -> None:
        with self.log_path.open("a") as log:
            log.write(f"{word}\n")

    def _redraw(self) -> None:
        self.refresh(layout=True)

    def compose(self) -> list[Static]:
        """One text over the whole screen."""
        return [Static("", markup=False)]

    def on_ready(self) -> None:
        """The first picture."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        body = "\n".join(f"{self.keys:5} " + "." * (width - 10) for _ in range(height - 6))
        words = f"{width}x{height} keys {self.keys}\n{' '.join(self.came)[-300:]}|\n{body}\nready"
        self.query_one(Static).update(words)

    def _note(self, word: str) -> None:
        self.came.append(word)
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Show the key; q ends."""
        self.keys += 1
        self._write(event.key)
        if event.key == "q":
            self.exit(return_code=0)
        self._note(event.key)

    def on_paste(self, event: events.Paste) -> None:
        """Show the text."""
        self._note(f"<{event.text}>")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Show where."""
        self._note(f"mouse({event.screen_x:g},{event.screen_y:g})")

    def on_app_focus(self) -> None:
        """Show it."""
        self._note("focus")

    def on_app_blur(self) -> None:
        """Show it."""
        self._note("blur")

    def on_resize(self) -> None:
        """Show the size."""
        if self._running:
            self.call_after_refresh(self._draw)


if __name__ == "__main__":
    if "deaf" in sys.argv:  # a hang-up does not end it by itself
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    app = Echo(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
    app.run(mouse=True)
    sys.exit(app.return_code or 0)
