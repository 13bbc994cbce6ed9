"""What happens when modtui itself is wrong: one sentence, and a private file with the trace."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback

import modtui
from modtui import credentials, paths
from modtui.cli.output import narrate
from modtui.errors import ModtuiError
from modtui.text.patterns import pattern

DEBUG = "MODTUI_DEBUG"
_KEPT = 10
_KEYLIKE = pattern(r"[A-Za-z0-9+/_-]{28,}={0,2}")


def redact(text: str) -> str:
    """The text without the secrets that were read, and without anything that looks like a key."""
    text = credentials.redact(text)
    lines = (line if line.lstrip().startswith("File ") else _KEYLIKE.sub("(key?)", line) for line in text.split("\n"))
    return "\n".join(lines)


def _of_a_thread(failed: threading.ExceptHookArgs) -> None:
    """What ends a thread goes to standard error as Python has it, but without keys."""
    narrate(redact("".join(traceback.format_exception(failed.exc_type, failed.exc_value, failed.exc_traceback))))


def guard() -> None:
    """What Python itself prints of an error that nobody caught (in a thread, in a task) holds no key either."""
    import logging

    class Redacting(logging.Formatter):
        """The plain words of a record and its trace, without keys."""

        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(Redacting())
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _of_a_thread


def forget(name: str) -> None:
    """Delete the reports in which this name stands; a mistake may have quoted a text."""
    for path in (paths.state_dir() / "crashes").glob("*.txt"):
        try:
            if name.casefold() in path.read_text("utf-8", "replace").casefold():
                path.unlink()
        except OSError as error:
            narrate(f"{path} could not be deleted: {error.strerror}.")


def report(error: BaseException) -> None:
    """Tell of an unexpected error: with MODTUI_DEBUG=1 all of it, else a sentence and where the rest is."""
    trace = redact("".join(traceback.format_exception(error)))
    if os.environ.get(DEBUG) == "1":
        narrate(trace)
        return
    name = type(error).__name__
    head = f"modtui {modtui.__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n"
    try:
        folder = paths.private(paths.state_dir() / "crashes")
        path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        paths.replace_private(path, head + trace)
        for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
            old.unlink(missing_ok=True)
        where = f"What happened is in {path}; it holds no key."
    except (ModtuiError, OSError):
        where = f"{DEBUG}=1 shows more."
    narrate(f"modtui stopped because of a mistake of its own ({name}). What was decided is in the journal. {where}")
