"""Names of other modules that are loaded when they are first called.

Before the first picture modtui loads only what it shows. A module that needs another's functions and classes only after
a key, and only to call them, says so in place of importing them:

    if TYPE_CHECKING:
        from modtui.screens.lines.question import QuestionLine
    else:
        on_demand(__name__, "modtui.screens.lines.question", "QuestionLine")

A name is then a stand-in until its first call. So it cannot be a base class, stand in `isinstance` or `except`, or be a
plain value; such things are imported where they are used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def on_demand(into: str, module: str, *names: str) -> None:
    """Put stand-ins for `names` of `module` into the module `into`; the first call of one of them puts the real ones in
    their place."""
    space = sys.modules[into].__dict__
    space.update({name: _stand_in(space, module, name, names) for name in names})


def _stand_in(space: dict[str, Any], module: str, name: str, names: tuple[str, ...]) -> Callable[..., Any]:
    def stand_in(*args: Any, **more: Any) -> Any:
        from importlib import import_module

        found = import_module(module)
        for one in names:
            if getattr(space.get(one), "__qualname__", "") == stand_in.__qualname__:  # not what a test put there
                space[one] = getattr(found, one)
        return getattr(found, name)(*args, **more)

    return stand_in


__all__ = ["on_demand"]
