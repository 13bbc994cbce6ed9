"""The usual call, `modtui [options]`, without the library for command lines: it takes 8 ms of the start to load.

Only what is beyond doubt is taken here: known options, each with its value, and nothing else. For everything else
`options_of` is None, and `modtui.cli.main` reads the call, with all its rules and messages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modtui.settings.options import Options

_VALUED = {"--url": "url", "--user": "user", "--backend": "backend", "--community": "community", "-c": "community"}
_FLAGS = {"--read-only": "read_only", "--insecure": "insecure"}
_FOLDER = "--config-dir"


def options_of(args: Sequence[str], token: str | None, environ: Mapping[str, str] = os.environ) -> Options | None:
    """The options of a call that opens the screens; None when it is another one, or perhaps a mistaken one."""
    if "_MODTUI_COMPLETE" in environ:
        return None
    found: dict[str, Any] = {}
    left = list(args)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name in _FLAGS and not equals:
            found[_FLAGS[name]] = True
            continue
        if (name not in _VALUED and name != _FOLDER) or (equals and not name.startswith("--")):
            return None
        if not equals:
            value = left.pop(0) if left else ""
        if not value or value.startswith("-"):
            return None
        if name == _FOLDER:
            if os.path.exists(value) and not os.path.isdir(value):
                return None
            found["config"] = Path(value)
        else:
            found[_VALUED[name]] = value
    return Options(token=token, **found)


__all__ = ["options_of"]
