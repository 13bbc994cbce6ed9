"""`python -m modtui` is `modtui`: both start here, so that ctrl+c is no traceback even while modules are imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run modtui and return the exit code."""
    try:
        from modtui.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
