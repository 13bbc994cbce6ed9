"""Where words go: data to standard output, narration to standard error. A reader that has seen enough is no error."""

from __future__ import annotations

import contextlib
import os
import sys

from modtui.errors import ModtuiError
from modtui.text import Shown, json_line, own, show

_state = {"closed": False}


def setup() -> None:
    """Make both streams take any text, whatever the locale says, and be there even where the caller closed them.

    A closed one is opened on nothing first: else the next file that is opened, perhaps the journal, would become
    standard output for everything that prints.
    """
    _state["closed"] = False
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def emit(line: Shown | str) -> bool:
    """Print a line of data at once. False when nobody reads any more (`| head`); then it is forgotten quietly.

    Raises ModtuiError when it cannot be written, e.g. to a file on a full disk.
    """
    if _state["closed"]:
        return False
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        end_output()
        return False
    except OSError as error:
        end_output()
        raise unwritable(error) from None
    return True


def end_output() -> None:
    """Nothing is printed any more. What Python still holds for standard output must have somewhere to go at exit."""
    _state["closed"] = True
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def unwritable(error: OSError) -> ModtuiError:
    """What is said when standard output takes no more."""
    words = own(f"The output could not be written: {error.strerror or 'unknown error'}.")
    return ModtuiError(words, "What was decided is in modtui log.")


def emit_json(value: object) -> bool:
    """Print one JSON line (ASCII only). As `emit`."""
    return emit(json_line(value))


def narrate(words: Shown | str) -> None:
    """Say something to the person at the terminal."""
    try:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
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
