"""modtui as it is, that tells on SIGUSR1 what should stand on the terminal: the whole screen, composed anew.

It is put before modtui's command. The picture goes into the file that PAINTING names; a mark in what is written to the
terminal says where it holds. While anything waits to be drawn, the mark says so, and there is no picture.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from modtui import terminal
from modtui.__main__ import main
from modtui.text.width import cells
from modtui.widgets.steady import steady

MARK = "\x1b_painting {}\x1b\\"
"""What is written: a string that a terminal leaves out, with `at rest` or `busy`."""


def placed(app: Any) -> str:
    """The screen composed anew, each piece with all of its style and in its place."""
    from rich.color import ColorSystem
    from rich.style import Style
    from textual.strip import Strip

    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    out = []
    for y, strips in enumerate(update.strips):
        x = 0
        for text, style, _ in (segment for strip in strips for segment in strip):
            code = Strip.render_ansi(style or Style.null(), app.console._color_system or ColorSystem.TRUECOLOR)
            out.append(f"\x1b[{y + 1};{x + 1}H\x1b[0;{code}m{steady(text, x)}")
            x += cells(text)
    return "".join(out)


def at_rest(app: Any) -> bool:
    """Whether nothing waits to be drawn or to be written."""
    screen = app.screen
    sizes = {tuple(os.get_terminal_size(1)), tuple(app.size), tuple(screen._compositor.size)}
    if len(sizes) > 1 or app._resize_event is not None or not screen.is_mounted:
        return False
    waiting = any(one.message_queue_size for one in (app, *app.screen_stack, *screen.walk_children()))
    drawing = screen._dirty_widgets or screen._compositor._dirty_regions or screen._callbacks
    wanted = screen._layout_required or screen._repaint_required or screen._scroll_required
    behind = getattr(getattr(app._driver, "_output", None), "behind", 0)
    soon = any(one._repeat == 0 and one._interval < 1 and one._task and not one._task.done() for one in screen._timers)
    return not (waiting or drawing or wanted or behind or soon)


def tell(app: Any) -> None:
    """Compose the whole screen, and mark the place."""
    rests = at_rest(app)
    if rests:
        Path(os.environ["PAINTING"]).write_text(placed(app), encoding="utf-8")
    app._driver.write(MARK.format("at rest" if rests else "busy"))
    app._driver.flush()


def listen() -> None:
    """Take the signal from when the program draws."""
    terminal.prepare(terminal.look())
    from modtui.app import ModtuiApp

    first = ModtuiApp._first_drawn

    def drawn(self: ModtuiApp) -> None:
        first(self)

        def asked(number: int, frame: object) -> None:
            if self._loop is not None:  # None once it ends
                self._loop.call_soon_threadsafe(self.call_later, tell, self)

        signal.signal(signal.SIGUSR1, asked)

    ModtuiApp._first_drawn = drawn  # type: ignore[method-assign]


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    listen()
    del sys.argv[1]  # the program itself
    sys.exit(main())
