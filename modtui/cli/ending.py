"""How a run begins and ends: no secret in what Python prints, and no expected error with a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from modtui.cli import crash, output
from modtui.errors import ModtuiError, SettingsError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says of an output on a full or broken disk."""


def begin() -> None:
    """Make the process fit for secrets, and its streams for any text."""
    os.umask(0o077)  # whatever a library writes beside our files stays private too
    _no_core()
    crash.guard()
    output.setup()


def ended(work: Callable[[], int]) -> int:
    """Do `work` and return the exit code: its own, or that of the error that ended it, which is told."""
    try:
        return work()
    except KeyboardInterrupt:
        output.narrate("Stopped.")
        return 130
    except SettingsError as error:
        for problem in error.problems:
            output.narrate(output.safe(problem))
        number = len(error.problems)
        output.narrate(f"{number} mistake{'' if number == 1 else 's'} in the settings; nothing was done.")
        return error.exit_code
    except ModtuiError as error:
        output.narrate(output.safe(str(error)))
        return error.exit_code
    except BrokenPipeError:
        output.end_output()
        return 0
    except OSError as error:
        if error.errno not in _NO_ROOM:
            crash.report(error)
            return 1
        output.end_output()
        output.narrate(output.safe(str(output.unwritable(error))))
        return 1
    except Exception as error:  # a mistake of ours: one sentence, and the trace in a private file
        crash.report(error)
        return 1


def _no_core() -> None:
    """Should Python itself crash, no copy of its memory, with keys in it, is left on the disk."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    except (ImportError, OSError, ValueError):
        pass  # a system without it


__all__ = ["begin", "ended"]
