"""`modtui` without a command: the screens."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from modtui import terminal
from modtui.cli.opening import opening, settings_of
from modtui.errors import UsageError
from modtui.settings.options import Options


def open_screens(options: Options) -> int:
    """Open the screens and return the exit code when they are left. Raises ModtuiError before they open.

    Keys are looked up first: a keyring may ask something at the terminal, which is not ours yet.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screens need a terminal.", "For pipes and scripts there are modtui queue and modtui act."
        )
    gc.disable()  # what a start makes stays; looking through it again and again costs a tenth of the start
    try:
        settings = settings_of(options)
        terminal.prepare(terminal.look(setting=settings.screen.color))  # before anything imports Textual
        with opening(options, settings, none=True, later=True, meanwhile=lambda: import_module("modtui.app")) as desk:
            from modtui.app import run

            return run(desk, settings, options)
    finally:
        gc.enable()
