"""`python -m modtui` is `modtui`: both start here, so that ctrl+c is no traceback even while modules are imported.

The calls that are made most, `modtui [options]` and `modtui --version`, are answered without the library for command
lines.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # as in `typing`, whose import takes 2 ms
if TYPE_CHECKING:
    from modtui.settings.options import Options


def main() -> int:
    """Run modtui and return the exit code."""
    try:
        if sys.argv[1:] == ["--version"] and _said_version():
            return 0
        return _run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


def _said_version() -> bool:
    """Whether the version could be printed just so; where not, the long way says what is wrong with the output."""
    from modtui import __version__

    try:
        return os.write(1, f"modtui {__version__}\n".encode()) > 0
    except OSError:
        return False


def _run() -> int:
    gc.disable()  # what a start makes stays; looking through it again and again costs a tenth of the start
    from modtui import credentials
    from modtui.cli import ending
    from modtui.cli.plain import options_of

    token = credentials.take_token()
    options = options_of(sys.argv[1:], token)
    ending.begin()
    return ending.ended(lambda: _called(token) if options is None else _screens(options))


def _screens(options: Options) -> int:
    from modtui.cli.screens import open_screens

    return open_screens(options)


def _called(token: str | None) -> int:
    gc.enable()
    from modtui.cli.main import called

    return called(None, token)


if __name__ == "__main__":
    sys.exit(main())
