"""How modtui talks to the terminal: Textual's driver, or our own on top of it."""

from __future__ import annotations

import os
import sys
from typing import Literal

from textual.driver import Driver
from textual.geometry import Size

from modtui.drivers.output import Hooks

ESCAPE_S = 0.005
"""How long an escape is held to see whether more follows. A terminal on this machine sends a sequence in one piece."""
ESCAPE_REMOTE_S = 0.05
"""The same over a line that may cut a sequence. SSH rarely does, and what comes later than this is still no text."""


def escape_wait(setting_ms: int | None, *, remote: bool) -> float:
    """How long an escape is held, in seconds: what the settings say, else what fits a terminal here or far away."""
    return (ESCAPE_REMOTE_S if remote else ESCAPE_S) if setting_ms is None else setting_ms / 1000


def choose(
    base: type[Driver], setting: Literal["auto", "own", "textual"], *, escape_s: float, hooks: Hooks
) -> type[Driver]:
    """Our own driver on top of `base` where that can be, else `base`.

    `auto` is our own on Linux, the only system it is tested on. It cannot be where Textual is another than it was
    written for, where `base` is not Textual's for this system, and where the terminal cannot be opened.
    """
    if setting == "textual" or (setting == "auto" and sys.platform != "linux"):
        return base
    try:
        from textual._xterm_parser import XTermParser
        from textual.drivers.linux_driver import LinuxDriver

        from modtui.drivers import own
    except ImportError:
        return base
    if base is not LinuxDriver or not own.fits(base) or not hasattr(XTermParser, "feed"):
        return base
    try:
        os.close(own.open_terminal(0, 2))
    except OSError:
        return base
    return own.make(base, XTermParser, escape_s=escape_s, hooks=hooks)


def size_now(driver: Driver | None) -> Size | None:
    """The size of the terminal at this moment, in cells; None where its driver does not know.

    What Textual's handler of the signal tells can be older than what it told before: a second signal may come while it
    is at work, and is told first. Sizes that the terminal itself reports come in order.
    """
    ask = getattr(driver, "_get_terminal_size", None)
    if ask is None or getattr(driver, "_in_band_window_resize", False):
        return None
    return Size(*ask())


__all__ = ["ESCAPE_REMOTE_S", "ESCAPE_S", "Hooks", "choose", "escape_wait", "size_now"]
