"""Where words go: data to standard output, narration to standard error. A reader that has seen enough is no error."""

from __future__ import annotations

import os
import sys

from modtui.text import Shown, json_line, show

_state = {"closed": False}


def setup() -> None:
    """Make both streams take any text, whatever the locale says."""
    _state["closed"] = False
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def emit(line: Shown | str) -> bool:
    """Print a line of data at once. False when nobody reads any more (`| head`); then it is forgotten quietly."""
    if _state["closed"]:
        return False
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _state["closed"] = True
        # what Python still holds for standard output must have somewhere to go at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def emit_json(value: object) -> bool:
    """Print one JSON line (ASCII only). As `emit`."""
    return emit(json_line(value))


def narrate(words: Shown | str) -> None:
    """Say something to the person at the terminal."""
    try:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        pass  # nobody listens; that is their choice


def width() -> int:
    """Columns for a plain table: the terminal's, or 200 when the output goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 200


def safe(text: str) -> Shown:
    """A message of any origin, fit for the terminal; its lines stay."""
    return show(text)
