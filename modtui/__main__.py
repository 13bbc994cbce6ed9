"""`python -m modtui` is `modtui`."""

from __future__ import annotations

import sys

from modtui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
